// What each pass changed.

const passes = { query: '', onlyChanges: false };

function drawPasses() {
  const list = h('div', { id: 'passes', role: 'listbox', 'aria-label': 'Passes' });
  const filter = h('input', {
    type: 'search',
    id: 'pass-filter',
    placeholder: 'filter passes and rules',
    'aria-label': 'Filter passes and rules',
    value: passes.query,
    oninput: (event) => {
      passes.query = event.target.value.toLowerCase();
      fillPasses(list);
    },
  });
  const only = h(
    'label',
    {},
    h('input', {
      type: 'checkbox',
      id: 'only-changes',
      checked: passes.onlyChanges,
      onchange: (event) => {
        passes.onlyChanges = event.target.checked;
        fillPasses(list);
      },
    }),
    ' that changed something',
  );
  fillPasses(list);
  return h(
    'div',
    { class: 'passes' },
    h('div', { class: 'pass-list' }, h('div', { class: 'controls' }, filter, only), list),
    h('div', { id: 'pass' }, stepElement(content.steps[state.step])),
  );
}

const total = (counts) => sum(Object.values(counts));
const linesOf = (step) => (step.changes ? step.changes.removed + step.changes.added : 0);
const isLowering = (step) => step.name.startsWith('lower to ');
const rewrites = (step) =>
  sum(Object.values(step.applied).map((places) => sum(places.map(([, count]) => count))));

function fillPasses(list) {
  const peak = Math.max(1e-9, ...content.steps.map((step) => step.seconds || 0));
  const rows = [];
  let stage = '';
  content.steps.forEach((step, index) => {
    const words = [step.name, ...Object.keys(step.applied), ...Object.keys(step.declined)].join(' ');
    if (!words.includes(passes.query) || (passes.onlyChanges && !step.changed)) return;
    if (step.stage !== stage) rows.push(h('h3', {}, STAGE_TITLES[(stage = step.stage)]));
    const difference = total(step.after) - total(step.before);
    rows.push(
      h(
        'button',
        {
          type: 'button',
          role: 'option',
          class: `pass${step.changed ? '' : ' idle'}${isLowering(step) ? ' lowering' : ''}`,
          'aria-selected': String(index === state.step),
          'data-step': index,
          onclick: () => go({ step: index }),
        },
        h('span', { class: 'name' }, step.name, dimIfSeveral(step.signature)),
        h(
          'span',
          { class: 'delta' },
          step.changed
            ? difference > 0
              ? `+${difference}`
              : difference < 0
                ? `−${-difference}`
                : '±0'
            : '·',
        ),
        h('span', { class: 'delta' }, rewrites(step) ? `${rewrites(step)}×` : ''),
        step.seconds === undefined
          ? null
          : h('span', { class: 'time' }, bar(step.seconds / peak), formatSeconds(step.seconds)),
      ),
    );
  });
  list.replaceChildren(...(rows.length ? rows : [note('No pass or rule of that name.')]));
}

function stepElement(step) {
  return [
    h('h2', {}, step.name, dimIfSeveral(step.signature)),
    h(
      'p',
      {},
      `${STAGE_TITLES[step.stage]} · `,
      `${formatCount(total(step.before))} ops before, ${formatCount(total(step.after))} after`,
      step.seconds === undefined ? '' : ` · ${formatSeconds(step.seconds)}`,
      step.link ? [' · ', h('a', { href: step.link }, 'the whole program after it')] : '',
    ),
    step.changed ? null : note('It changed nothing.'),
    countTable(step),
    ruleTable(step),
    changesElement(step),
  ].filter(Boolean);
}

/** Ops whose number changed. */
function countTable(step) {
  const kinds = [...new Set([...Object.keys(step.before), ...Object.keys(step.after)])];
  const rows = kinds
    .map((kind) => [kind, step.before[kind] || 0, step.after[kind] || 0])
    .filter(([, before, after]) => before !== after);
  if (!rows.length) return null;
  rows.sort((a, b) => Math.abs(b[2] - b[1]) - Math.abs(a[2] - a[1]));
  const peak = Math.max(...rows.map(([, before, after]) => Math.abs(after - before)));
  return section(
    'Ops',
    table(
      [
        ['op', false],
        ['before', true],
        ['after', true],
        ['', false],
      ],
      rows.map(([kind, before, after]) => [
        h('code', {}, kind),
        before,
        after,
        bar(Math.abs(after - before) / peak, after < before ? 'good' : 'warn'),
      ]),
      { class: 'bars' },
    ),
  );
}

function ruleTable(step) {
  const applied = Object.entries(step.applied).map(([name, places]) => [
    name,
    sum(places.map(([, count]) => count)),
    places,
  ]);
  const vain = Object.entries(step.declined).filter(([name]) => !(name in step.applied));
  if (!applied.length && !vain.length) return null;
  applied.sort((a, b) => b[1] - a[1]);
  const rows = applied.map(([name, count, places]) => [
    h('code', { class: 'whole' }, name),
    formatCount(count),
    formatCount(step.declined[name] || 0),
    [
      moduleLink(places[0][0]),
      places.length > 1
        ? h('span', { class: 'dim' }, ` and ${plural(places.length - 1, 'more module')}`)
        : '',
    ],
  ]);
  return section(
    'Rules',
    rows.length
      ? table(
          [
            ['rule', false],
            ['applied', true],
            ['in vain', true],
            ['in', false],
          ],
          rows,
        )
      : null,
    vain.length
      ? h(
          'details',
          {},
          h('summary', {}, `${plural(vain.length, 'rule')} tried in vain`),
          table(
            [
              ['rule', false],
              ['tries', true],
            ],
            vain.map(([name, count]) => [h('code', { class: 'whole' }, name), formatCount(count)]),
          ),
        )
      : null,
  );
}

function changesElement(step) {
  if (!step.changes)
    return isLowering(step)
      ? note('A lowering replaces every op; see Stages for what became of a module.')
      : null;
  const { groups, removed, added, omitted } = step.changes;
  const within = state.module
    ? groups.filter((group) => group.places.some(([, module]) => isWithin(module, state.module)))
    : groups;
  const scope = state.module
    ? [
        ` in `,
        moduleLink(state.module),
        ` (`,
        h('button', { class: 'module', type: 'button', onclick: () => go({ module: 0 }) }, 'show all'),
        `)`,
      ]
    : '';
  const left = omitted
    ? note(
        `${plural(omitted, 'more group')} of changes ${omitted === 1 ? 'is' : 'are'} left out here. `,
        step.link
          ? h('a', { href: step.link }, 'The dump has all of it.')
          : 'With --dump-ir DIR, a dump has all of it.',
      )
    : null;
  return section(
    'Changes',
    h('p', { class: 'dim' }, `${formatCount(removed)} lines went, ${formatCount(added)} came`, scope),
    within.length
      ? inParts(within, 20, groupOfChanges)
      : note(removed + added ? 'Nothing here.' : 'Nothing but constants, or the order of ops.'),
    left,
  );
}

function groupOfChanges(group) {
  const places = [...group.places].sort(
    (a, b) => Number(isWithin(b[1], state.module)) - Number(isWithin(a[1], state.module)),
  );
  const [[first, module]] = group.places;
  const others =
    places.length > 1
      ? h(
          'details',
          {},
          h('summary', {}, `and ${places.length - 1} alike`),
          places.slice(1).map(([name, each]) => h('div', {}, moduleLink(each), dimIfSeveral(name))),
        )
      : null;
  const prefix = modules[module].path ? `%${modules[module].path}.` : '';
  const lines = group.lines.map((line) => (prefix ? line.split(prefix).join('%') : line));
  return h(
    'div',
    { class: 'change' },
    h('div', { class: 'where' }, moduleLink(module), dimIfSeveral(first), others),
    h(
      'pre',
      {},
      lines.map((line, index) =>
        h(
          'span',
          { class: line[0] === '-' ? 'gone' : 'come' },
          `${line[0]} `,
          emphasised(line.slice(1), counterpart(lines, index)),
          '\n',
        ),
      ),
      group.omitted ? h('span', { class: 'dim' }, `  … ${plural(group.omitted, 'more line')}\n`) : null,
    ),
  );
}

/** A signature's name, where there are several to tell apart. */
const dimIfSeveral = (name) =>
  signatures.length > 1 && name ? h('span', { class: 'dim' }, ` ${name}`) : null;

/** The neighbouring line that computes the same value on the other side of the change. */
function counterpart(lines, index) {
  const name = (line) => (line ? line.slice(1).split(' = ')[0] : '');
  const other = lines[index][0] === '-' ? lines[index + 1] : lines[index - 1];
  return other && other[0] !== lines[index][0] && name(other) === name(lines[index]) ? other.slice(1) : null;
}

/** A line with what its counterpart does not have set off. */
function emphasised(line, other) {
  if (other === null) return line;
  const [mine, theirs] = [line, other].map((text) => text.split(/(?<=[(), ])|(?=[(), ])/));
  let from = 0;
  while (from < mine.length && mine[from] === theirs[from]) from++;
  let until = 0;
  while (
    until < Math.min(mine.length, theirs.length) - from &&
    mine[mine.length - 1 - until] === theirs[theirs.length - 1 - until]
  )
    until++;
  const middle = mine.slice(from, mine.length - until).join('');
  return [
    mine.slice(0, from).join(''),
    middle ? h('mark', {}, middle) : null,
    mine.slice(mine.length - until).join(''),
  ];
}
