// What is selected, in the page's address, and what is drawn for it.

const TABS = {
  overview: ['Overview', drawOverview],
  stages: ['Stages', drawStages],
  passes: ['Passes', drawPasses],
  time: ['Time', drawTime],
  bytes: ['Bytes', drawBytes],
  delegation: ['Delegation', drawDelegation],
  numbers: ['Numbers', drawNumbers],
};
if (!content.steps.length) delete TABS.passes;
if (!content.errors) delete TABS.numbers;

const state = { tab: 'overview', signature: 0, module: 0, step: 0 };

const currentSignature = () => signatures[state.signature];

// The pass to begin with is the one that did most.
const busiest = content.steps.reduce(
  (best, step, index) => (linesOf(step) > linesOf(content.steps[best]) ? index : best),
  0,
);

function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  const named = (list, name, key) =>
    Math.max(
      0,
      list.findIndex((each) => each[key] === name),
    );
  state.tab = given.get('tab') in TABS ? given.get('tab') : 'overview';
  state.signature = named(signatures, given.get('signature'), 'name');
  state.module = named(modules, given.get('module') || '', 'path');
  const step = Number(given.get('step') || busiest);
  state.step = content.steps[step] ? step : busiest;
}

/** Changes the selection; the address changes with it, so that a view can be linked to. */
function go(change) {
  if (change.tab && change.tab !== state.tab) tree.metric = METRIC_OF_TAB[change.tab] || 'ops';
  Object.assign(state, change);
  const address = new URLSearchParams({ tab: state.tab });
  if (state.signature) address.set('signature', currentSignature().name);
  if (state.module) address.set('module', modules[state.module].path);
  if (state.step !== busiest) address.set('step', state.step);
  if (`#${address}` !== location.hash) history.pushState(null, '', `#${address}`);
  draw();
}

function drawTop() {
  const choices = signatures.map((each, index) =>
    h('option', { value: index, selected: index === state.signature }, each.name),
  );
  const picker =
    signatures.length > 1
      ? h(
          'select',
          {
            id: 'signature',
            'aria-label': 'Signature',
            onchange: (event) => go({ signature: Number(event.target.value) }),
          },
          choices,
        )
      : h('span', { class: 'dim' }, signatures[0] ? signatures[0].name : '');
  const tabs = Object.entries(TABS).map(([key, [title]]) =>
    h(
      'button',
      {
        type: 'button',
        role: 'tab',
        id: `tab-${key}`,
        'aria-selected': String(key === state.tab),
        onclick: () => go({ tab: key }),
      },
      title,
    ),
  );
  document
    .getElementById('top')
    .replaceChildren(
      h(
        'div',
        { class: 'brand' },
        h('strong', {}, content.title),
        picker,
        h('span', { class: 'dim' }, `for ${content.target.name}`),
        h(
          'button',
          {
            id: 'theme',
            type: 'button',
            title: 'Light or dark',
            'aria-label': 'Light or dark',
            onclick: switchTheme,
          },
          '◐',
        ),
      ),
      h('nav', { role: 'tablist', 'aria-label': 'Views' }, tabs),
    );
}

function switchTheme() {
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  const now = document.documentElement.dataset.theme || (dark ? 'dark' : 'light');
  document.documentElement.dataset.theme = now === 'dark' ? 'light' : 'dark';
}

function draw() {
  drawTop();
  document.getElementById('metric').value = tree.metric;
  drawTree();
  const main = document.getElementById('main');
  const list = document.getElementById('passes');
  const scrolled = list ? list.scrollTop : 0;
  main.replaceChildren(...[TABS[state.tab][1]()].flat(Infinity));
  main.dataset.tab = state.tab;
  main.scrollTop = 0;
  const again = document.getElementById('passes');
  if (again && list) again.scrollTop = scrolled;
}

addEventListener('popstate', () => {
  readAddress();
  draw();
});
addEventListener('hashchange', () => {
  readAddress();
  draw();
});
addEventListener('keydown', (event) => {
  const typing = /INPUT|SELECT|TEXTAREA/.test(event.target.tagName);
  if (event.key === '/' && !typing) {
    event.preventDefault();
    document.getElementById('filter').focus();
  }
});

readAddress();
tree.metric = METRIC_OF_TAB[state.tab] || 'ops';
drawSide();
draw();
