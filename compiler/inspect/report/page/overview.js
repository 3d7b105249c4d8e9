// The first view: how large, how fast, where it runs, how exact.

function drawOverview() {
  return [
    h('div', { class: 'cards' }, cards()),
    section('Signatures', signatures.map(signatureBox)),
    content.seconds ? section('Where time went', timeBars(), moreIn('time')) : null,
    section('Where bytes went', byteBars(), moreIn('bytes')),
    content.errors ? section('Farthest from eager torch', worstLayers(5), moreIn('numbers')) : null,
  ].filter(Boolean);
}

function cards() {
  const ops = sum(signatures.map((each) => each.steps.length));
  const left = sum(signatures.map((each) => each.steps.filter((step) => !isDelegated(step)).length));
  const found = [
    ['file', formatBytes(content.bytes)],
    ['ops', formatCount(ops)],
    ['not delegated', formatCount(left), left ? 'warn' : 'good'],
  ];
  if (signatures.every((each) => each.placed)) {
    found.push(['partitions', signatures.map((each) => each.measured.partitions).join(' + ')]);
  }
  if (content.seconds) found.push(['converted in', formatSeconds(conversionSeconds())]);
  const latencies = signatures.filter((each) => each.measured && each.measured.latency);
  if (latencies.length) {
    found.push([
      latencies.length > 1 ? `a call: ${latencies.map((each) => each.name).join(' + ')}` : 'a call',
      latencies.map((each) => formatSeconds(each.measured.latency.median / 1e3)).join(' + '),
    ]);
  }
  const results = signatures
    .filter((each) => each.errors)
    .flatMap((each) =>
      Object.values(each.errors.results).map((error) => [Number(error), each.errors.tolerance]),
    );
  if (results.length) {
    const worst = Math.max(...results.map(([error]) => error));
    found.push([
      'worst error of a result',
      formatError(worst),
      results.every(([error, tolerance]) => error <= tolerance) ? 'good' : verdict(worst, 0),
    ]);
  }
  return found.map(([label, value, kind]) =>
    h('div', { class: `card ${kind || ''}` }, h('b', {}, value), h('span', {}, label)),
  );
}

const sum = (numbers) => numbers.reduce((total, each) => total + each, 0);
const conversionSeconds = () =>
  content.seconds.capture + sum(content.steps.map((step) => step.seconds)) + content.seconds.write;
const moreIn = (tab) =>
  h('button', { class: 'more', type: 'button', onclick: () => go({ tab }) }, `more in ${TABS[tab][0]}`);

function signatureBox(signature) {
  const left = signature.steps.filter((step) => !isDelegated(step));
  const parts = Object.entries(signature.histogram).map(([name, count]) => `${count} ${name}`);
  return h(
    'article',
    { class: 'signature' },
    h('h3', {}, signature.name),
    h(
      'dl',
      {},
      h('dt', {}, 'inputs'),
      h('dd', {}, foldedList(signature.inputs)),
      h('dt', {}, 'outputs'),
      h('dd', {}, foldedList(signature.outputs)),
      h('dt', {}, 'ops'),
      h('dd', {}, h('span', { class: 'histogram' }, parts.join(' · '))),
      h('dt', {}, 'delegated'),
      h(
        'dd',
        {},
        h(
          'span',
          { class: 'half' },
          bar((signature.steps.length - left.length) / (signature.steps.length || 1), 'good'),
        ),
        ` ${signature.steps.length - left.length} of ${signature.steps.length}`,
        signature.placed
          ? ` in ${plural(signature.measured.partitions, 'partition')}, LiteRT says`
          : ', the table of the target says',
        signature.measured && signature.measured.failed
          ? `. LiteRT did not run it: ${signature.measured.failed}`
          : '',
      ),
    ),
  );
}

const plural = (count, noun) => `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;

/** Names of tensors, those that differ in numbers alone as one. */
function foldedList(texts) {
  const groups = new Map();
  for (const text of texts) {
    const key = text.replace(/_\d+(?=:)/, '_#');
    groups.set(key, [...(groups.get(key) || []), text]);
  }
  return [...groups.values()]
    .flatMap((group) => (group.length < 3 ? group : [`${group[0]}  … ${group.length} alike`]))
    .map((text) => h('code', { class: 'tensor' }, text));
}

/** Capture, lowerings, writing, and all passes of a stage together, in order. */
function timeBars() {
  const parts = new Map([['capture (torch.export)', content.seconds.capture]]);
  for (const step of content.steps) {
    add(parts, isLowering(step) ? step.name : `passes on ${STAGE_TITLES[step.stage]}`, step.seconds);
  }
  parts.set('write the file', content.seconds.write);
  return secondsTable([...parts]);
}

/** Every pass by itself, those that ran several times together, the longest first. */
function passBars() {
  const parts = new Map();
  const runs = new Map();
  for (const step of content.steps.filter((each) => !isLowering(each))) {
    add(parts, step.name, step.seconds);
    add(runs, step.name, 1);
  }
  return secondsTable(
    [...parts]
      .sort((a, b) => b[1] - a[1])
      .map(([name, seconds]) => [
        [name, runs.get(name) > 1 ? h('span', { class: 'dim' }, ` ${runs.get(name)} runs`) : ''],
        seconds,
      ]),
  );
}

function secondsTable(parts) {
  const peak = Math.max(1e-9, ...parts.map(([, seconds]) => seconds));
  return table(
    [
      ['part', false],
      ['', false],
      ['time', true],
    ],
    parts.map(([name, seconds]) => [name, bar(seconds / peak), formatSeconds(seconds)]),
    { class: 'bars' },
  );
}

/** Weights and constants by element type. */
function byteBars() {
  const kinds = new Map();
  for (const [, type, bytes] of content.weights) add(kinds, `weights, ${textOf(type).split('[')[0]}`, bytes);
  for (const [, type, bytes] of content.constants) add(kinds, `constants, ${textOf(type)}`, bytes);
  const rows = [...kinds].sort((a, b) => b[1] - a[1]);
  const peak = Math.max(1, ...rows.map(([, bytes]) => bytes));
  return table(
    [
      ['what', false],
      ['', false],
      ['bytes', true],
    ],
    rows.map(([name, bytes]) => [name, bar(bytes / peak, 'bytes'), formatBytes(bytes)]),
    { class: 'bars' },
  );
}

function add(counts, key, number) {
  counts.set(key, (counts.get(key) || 0) + number);
}
