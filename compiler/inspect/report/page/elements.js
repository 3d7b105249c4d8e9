// Elements and numbers as text.

/** An element with attributes, listeners (`onclick`) and children. */
function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

const formatCount = (count) => count.toLocaleString('en-US');

/** `1.2 G` */
function formatLarge(count) {
  const units = [
    [1e12, 'T'],
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ];
  const found = units.find(([size]) => count >= size);
  return found ? `${trim(count / found[0])} ${found[1]}` : `${count}`;
}

const formatBytes = (bytes) => (bytes >= 1000 ? `${formatLarge(bytes)}B` : `${bytes} B`);

function formatSeconds(seconds) {
  if (seconds >= 0.9995) return `${trim(seconds)} s`;
  return seconds >= 0.9995e-3 ? `${trim(seconds * 1e3)} ms` : `${trim(seconds * 1e6)} µs`;
}

/** What was not compared is less than 0. */
function formatError(error) {
  if (error < 0) return '–';
  if (error === 0) return '0';
  return Number.isFinite(error) ? error.toExponential(1) : 'NaN or ∞';
}

const trim = (number) => `${Number(number.toPrecision(3))}`;

const METRIC_TEXT = {
  ops: formatCount,
  left: formatCount,
  bytes: formatBytes,
  work: formatLarge,
  moved: formatBytes,
  error: formatError,
  time: (time) => (time < 0 ? '–' : formatSeconds(time / 1e3)),
};

/** A bar that fills a part of its cell, at least a hair where there is anything. */
function bar(part, kind = '') {
  const width = part > 0 ? Math.max(0.5, 100 * Math.min(1, part)) : 0;
  return h('span', { class: 'track' }, h('span', { class: `bar ${kind}`, style: `width:${width}%` }));
}

/** Errors span magnitudes: 1e-8 is nothing, 1e-1 is everything. */
const errorPart = (error) =>
  error <= 0 ? 0 : Math.min(1, Math.max(0.02, (Math.log10(Math.min(error, 1)) + 8) / 7));

const formatDecibels = (snr) => (Number.isFinite(snr) ? `${snr.toFixed(1)} dB` : 'exact');

/** How much of a bar a loss fills: 0 dB, as much noise as weight, all of it; 80 dB nothing. */
const lossPart = (snr) => Math.min(1, Math.max(0, 1 - snr / 80));

/** A table; columns are [title, is it a number]. */
function table(columns, rows, attributes = {}) {
  const head = columns.map(([title, number]) => h('th', { class: number ? 'number' : null }, title));
  const body = rows.map((cells) =>
    h(
      'tr',
      cells.attributes,
      (cells.cells || cells).map((cell, position) =>
        h('td', { class: columns[position][1] ? 'number' : null }, cell),
      ),
    ),
  );
  return h(
    'div',
    { class: 'scroll' },
    h('table', attributes, h('thead', {}, h('tr', {}, head)), h('tbody', {}, body)),
  );
}

/** The first rows of many, and a button that brings more. */
function inParts(items, size, draw) {
  const box = h('div', {});
  const more = (from) => {
    box.append(...items.slice(from, from + size).map(draw));
    const left = items.length - from - size;
    if (left <= 0) return;
    const button = h(
      'button',
      {
        class: 'more',
        type: 'button',
        onclick: () => {
          button.remove();
          more(from + size);
        },
      },
      `${formatCount(left)} more`,
    );
    box.append(button);
  };
  more(0);
  return box;
}

const note = (...children) => h('p', { class: 'note' }, children);
const section = (title, ...children) => h('section', {}, h('h2', {}, title), children);

/** A module's name that selects it. */
function moduleLink(id, label) {
  const name = label || modules[id].path || 'the top module';
  return h('button', { class: 'module', type: 'button', onclick: () => go({ module: id }) }, name);
}

/** Where an op comes from: `decoder.py:117`, with the line's text behind it. */
function placeElement(origin) {
  const place = placeOf(origin);
  if (!place) return null;
  return h('span', { class: 'place', title: `${content.tables.files[origin.file]}:${origin.line}` }, place);
}
