// The tree of modules, with a bar for whichever number is asked for.

const tree = { metric: 'ops', query: '', open: new Set([0]) };
// A few modules at the top tell little: what is in them is shown at once.
if (modules[0].children.length <= 3) modules[0].children.forEach((id) => tree.open.add(id));

const hasTimes = signatures.some((signature) => signature.times.length);
const METRIC_OF_TAB = {
  time: hasTimes ? 'time' : 'work',
  bytes: 'bytes',
  delegation: 'left',
  numbers: 'error',
};

function drawSide() {
  const select = h(
    'select',
    {
      id: 'metric',
      'aria-label': 'What the bars show',
      onchange: (event) => {
        tree.metric = event.target.value;
        drawTree();
      },
    },
    Object.entries(METRICS)
      .filter(([key]) => (key !== 'error' || content.errors) && (key !== 'time' || hasTimes))
      .map(([key, { title }]) => h('option', { value: key, selected: key === tree.metric }, title)),
  );
  const filter = h('input', {
    id: 'filter',
    type: 'search',
    placeholder: 'filter modules  /',
    'aria-label': 'Filter modules',
    oninput: (event) => {
      tree.query = event.target.value.trim().toLowerCase();
      drawTree();
    },
  });
  document
    .getElementById('side')
    .replaceChildren(
      h('div', { class: 'controls' }, filter, select),
      h('div', { id: 'tree', role: 'tree', 'aria-label': 'Module tree', onkeydown: moveInTree }),
    );
}

function drawTree() {
  const signature = currentSignature();
  const totals = totalsOf(signature, tree.metric);
  const peak = METRICS[tree.metric].worst ? null : totals[0] || 1;
  const rows = [];
  for (let id = state.module; id > 0; id = modules[id].parent) tree.open.add(modules[id].parent);
  collectRows(0, 0, rows, tree.query ? matching(tree.query) : null);
  document.getElementById('tree').replaceChildren(...rows.map((row) => treeRow(row, totals, peak)));
}

/** Modules that a query finds, and those around them. */
function matching(query) {
  const found = new Set();
  for (const module of modules) {
    if (!`${module.path} ${module.kind}`.toLowerCase().includes(query)) continue;
    for (let id = module.id; id >= 0; id = modules[id].parent) found.add(id);
  }
  return found;
}

function collectRows(id, depth, rows, wanted) {
  if (wanted && !wanted.has(id)) return;
  rows.push({ id, depth });
  if (!wanted && !tree.open.has(id)) return;
  for (const run of runsOf(modules[id].children)) {
    const key = `run ${run[0]}`;
    const isFolded = run.length > 2 && !wanted;
    if (isFolded) rows.push({ run, key, depth: depth + 1 });
    if (isFolded && !tree.open.has(key)) continue;
    run.forEach((child) => collectRows(child, depth + (isFolded ? 2 : 1), rows, wanted));
  }
}

const shapes = new Map();

/** What a module looks like from inside: layers of one shape are shown as one. */
function shapeOf(id) {
  if (!shapes.has(id)) {
    const { name, kind, children } = modules[id];
    shapes.set(id, `${name.replace(/\d+/g, '#')}:${kind}(${children.map(shapeOf).join(',')})`);
  }
  return shapes.get(id);
}

/** Children of one shape together; what is selected stands by itself. */
function runsOf(children) {
  const runs = [];
  const isSelected = (id) => isWithin(state.module, id);
  for (const child of children) {
    const last = runs[runs.length - 1];
    const joins = last && /\d/.test(modules[child].name) && shapeOf(last[0]) === shapeOf(child);
    if (joins && !isSelected(last[0]) && !isSelected(child)) last.push(child);
    else runs.push([child]);
  }
  return runs;
}

function treeRow({ id, run, key, depth }, totals, peak) {
  const open = tree.open.has(run ? key : id);
  const leaf = !run && !modules[id].children.length;
  const module = modules[run ? run[0] : id];
  const worst = METRICS[tree.metric].worst;
  const numbers = (run || [id]).map((each) => totals[each]);
  const value = worst || numbers.some((each) => each < 0) ? Math.max(...numbers) : sum(numbers);
  const toggle = () => {
    const name = run ? key : id;
    if (!tree.open.delete(name)) tree.open.add(name);
    drawTree();
  };
  const label = run
    ? `${module.name} … ${modules[run[run.length - 1]].name.split('.').pop()}`
    : module.name || content.title;
  const selected = !run && id === state.module;
  return h(
    'div',
    {
      class: `row${selected ? ' selected' : ''}${value > 0 ? '' : ' empty'}`,
      role: 'treeitem',
      'aria-selected': String(selected),
      'aria-expanded': leaf ? null : String(open),
      'data-module': run ? null : id,
      style: `--depth:${depth}`,
      tabindex: selected ? 0 : -1,
      onclick: () => (run ? toggle() : go({ module: id })),
      ondblclick: leaf ? null : toggle,
    },
    h(
      'button',
      {
        class: `twisty${leaf ? ' leaf' : ''}`,
        type: 'button',
        tabindex: -1,
        'aria-hidden': 'true',
        onclick: (event) => {
          event.stopPropagation();
          if (!leaf) toggle();
        },
      },
      leaf ? '' : open ? '▾' : '▸',
    ),
    h('span', { class: 'name' }, label),
    h('span', { class: 'kind' }, run ? `${run.length} × ${module.kind || 'alike'}` : module.kind),
    worst ? errorBar(value, signatureTolerance()) : bar(value / peak, tree.metric),
    h('span', { class: 'value' }, METRIC_TEXT[tree.metric](value)),
  );
}

const signatureTolerance = () => (currentSignature().errors || { tolerance: 0 }).tolerance;

function moveInTree(event) {
  const rows = [...document.querySelectorAll('#tree .row')];
  const at = rows.indexOf(document.activeElement);
  const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
  if (next !== undefined && rows[next]) rows[next].focus();
  else if (event.key === 'Enter' || event.key === ' ') document.activeElement.click();
  else if (event.key === 'ArrowRight' || event.key === 'ArrowLeft') {
    const row = rows[at];
    if (row && row.getAttribute('aria-expanded') === String(event.key === 'ArrowLeft'))
      row.querySelector('.twisty').click();
    const again =
      row && row.dataset.module && document.querySelector(`#tree [data-module="${row.dataset.module}"]`);
    if (again) again.focus();
  } else return;
  event.preventDefault();
}
