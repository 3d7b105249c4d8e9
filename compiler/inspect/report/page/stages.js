// The stages of a module side by side, row by row of the user's own source lines.

const stages = { which: { fx: 1, stablehlo: 1, tfl: 1 }, pinned: -1 };
const GROUPS_AT_ONCE = 60;

function drawStages() {
  const signature = currentSignature();
  const shown = STAGES.filter((stage) => (content.snapshots[signature.name] || {})[stage]);
  const groups = groupsOf(signature, shown);
  const head = shown.map((stage) =>
    h(
      'div',
      { class: 'stage-head' },
      h('b', {}, STAGE_TITLES[stage]),
      h(
        'span',
        { class: 'dim' },
        plural(sum([...groups.values()].map((group) => (group.ops[stage] || []).length)), 'op'),
      ),
      content.snapshots[signature.name][stage].length > 1 ? whichButton(stage) : null,
    ),
  );
  return [
    h('div', { class: 'crumbs' }, crumbs()),
    h(
      'div',
      { class: `stages columns-${shown.length}` },
      h('div', { class: 'line stage-heads' }, head),
      groups.size
        ? inParts([...groups.values()], GROUPS_AT_ONCE, (group) => groupElement(group, shown, signature))
        : note('No op comes from this module: what it computed has become part of others.'),
    ),
  ];
}

function whichButton(stage) {
  const titles = ['as lowered', 'after its passes'];
  if (stage === 'fx') titles[0] = 'as captured';
  return h(
    'span',
    { class: 'switch' },
    titles.map((title, which) =>
      h(
        'button',
        {
          type: 'button',
          'aria-pressed': String(stages.which[stage] === which),
          onclick: () => {
            stages.which[stage] = which;
            draw();
          },
        },
        title,
      ),
    ),
  );
}

function crumbs() {
  const path = [];
  for (let id = state.module; id >= 0; id = modules[id].parent) path.unshift(id);
  return path.map((id) => [
    id ? h('span', { class: 'dim' }, ' › ') : null,
    moduleLink(id, modules[id].name || content.title),
  ]);
}

/** Ops of the module by source line, in the order of the earliest stage that has the line. */
function groupsOf(signature, shown) {
  const groups = new Map();
  for (const stage of shown) {
    for (const op of opsOf(signature.name, stage, stages.which[stage])) {
      if (op.isConstant || !isWithin(op.module, state.module)) continue;
      const origin = origins[op.origin];
      const key = `${op.module} ${origin.file} ${origin.line}`;
      if (!groups.has(key)) groups.set(key, { origin, module: op.module, ops: {} });
      const group = groups.get(key);
      (group.ops[stage] = group.ops[stage] || []).push(op);
    }
  }
  return groups;
}

function groupElement(group, shown, signature) {
  const source = sourceOf(group.origin);
  return h(
    'div',
    { class: 'group' },
    h(
      'div',
      { class: 'source' },
      group.module === state.module
        ? null
        : moduleLink(group.module, nameWithin(modules[group.module].path, state.module)),
      placeElement(group.origin),
      source ? h('code', {}, source) : null,
    ),
    h(
      'div',
      { class: 'line' },
      shown.map((stage) =>
        h(
          'div',
          { class: 'cell', 'data-stage': stage },
          (group.ops[stage] || []).map((op) => opElement(op, stage, signature)),
        ),
      ),
    ),
  );
}

function opElement(op, stage, signature) {
  const ops = opsOf(signature.name, stage, stages.which[stage]);
  const operands = op.operands.map((operand) => ops.operandText(operand, op.module)).join(', ');
  const last = stage === 'tfl' && stages.which.tfl === 1;
  const step = last ? signature.byRow.get(op.row) : null;
  return h(
    'div',
    {
      class: `op${op.origin === stages.pinned ? ' pinned' : ''}`,
      'data-origin': op.origin,
      title: op.name,
      onmouseenter: () => mark(op.origin, 'marked', true),
      onmouseleave: () => mark(op.origin, 'marked', false),
      onclick: () => pin(op.origin),
    },
    step ? placementDot(step) : null,
    h('b', {}, op.kind),
    h('span', { class: 'dim' }, '('),
    operands,
    h('span', { class: 'dim' }, ')'),
    op.attributes ? h('span', { class: 'attributes' }, ` ${op.attributes}`) : null,
    h('span', { class: 'type' }, ` ${op.type}`),
    step && step.error !== null
      ? h('span', { class: 'error', title: 'error beside eager torch' }, ` ${formatError(step.error)}`)
      : null,
  );
}

function placementDot(step) {
  const taken = isDelegated(step);
  const why = taken
    ? `delegated${step.partition === null ? '' : `, partition ${step.partition}`}`
    : `not delegated: ${step.reason || 'LiteRT left it to a kernel'}`;
  return h('span', { class: `dot ${taken ? 'good' : 'warn'}`, title: why, 'aria-label': why });
}

/** Marks the ops of one origin at all stages. */
function mark(origin, name, on) {
  for (const element of document.querySelectorAll(`.op[data-origin="${origin}"]`))
    element.classList.toggle(name, on);
}

function pin(origin) {
  const same = stages.pinned === origin;
  mark(stages.pinned, 'pinned', false);
  stages.pinned = same ? -1 : origin;
  if (!same) mark(origin, 'pinned', true);
}
