'use strict';

// The content of the page, decoded: tables of numbers become objects that know their names.

const content = JSON.parse(document.getElementById('content').textContent);
const STAGES = ['fx', 'stablehlo', 'tfl'];
const STAGE_TITLES = { fx: 'FX', stablehlo: 'StableHLO', tfl: 'tfl' };
const CONSTANT_KINDS = new Set(['constant', 'pseudo_const', 'pseudo_qconst', 'no_value']);

const textOf = (number) => content.tables.strings[number];

// Signatures may be of different classes: then the top module has no name of its own.
const modules = content.tables.modules.map(([parent, name, kind], id) => ({
  id,
  parent,
  name,
  kind: id || content.signatures.length === 1 ? kind : '',
  children: [],
}));
for (const module of modules) {
  if (module.parent < 0) {
    Object.assign(module, { path: '', depth: 0 });
    continue;
  }
  const parent = modules[module.parent];
  parent.children.push(module.id);
  module.path = parent.path ? `${parent.path}.${module.name}` : module.name;
  module.depth = parent.depth + 1;
}

const origins = content.tables.origins.map(([module, label, file, line], id) => ({
  id,
  module,
  label: content.tables.labels[label],
  file,
  line,
}));

/** Whether a module is another one or inside of it. */
function isWithin(module, outer) {
  for (let id = module; id >= 0; id = modules[id].parent) if (id === outer) return true;
  return false;
}

/** `decoder.py:117`, empty where no line is known. */
function placeOf(origin) {
  if (origin.file < 0) return '';
  return `${content.tables.files[origin.file].split('/').pop()}:${origin.line}`;
}

/** The text of the line that an origin points to. */
function sourceOf(origin) {
  return (origin.file < 0 ? '' : content.tables.source[origin.file][origin.line]) || '';
}

/** A dotted name as it is read inside of a module: what both have in common is left out, `…` says so. */
function nameWithin(name, module) {
  const { path } = modules[module];
  if (!path) return name;
  if (name.startsWith(path + '.')) return name.slice(path.length + 1);
  const [mine, theirs] = [name.split('.'), path.split('.')];
  let from = 0;
  while (from < mine.length - 1 && mine[from] === theirs[from]) from++;
  // `layer.3` is one name.
  if (/^\d+$/.test(mine[from])) from--;
  return from > 0 ? `…\u2060${mine.slice(from).join('.')}` : name;
}

const decoded = new Map();

/** The ops of a signature at a stage; `which` is 0 as the stage began, 1 as its passes left it. */
function opsOf(signature, stage, which) {
  const kept = (content.snapshots[signature] || {})[stage] || [];
  const snapshot = kept[Math.min(which, kept.length - 1)];
  if (!snapshot) return [];
  if (!decoded.has(snapshot)) decoded.set(snapshot, decodeOps(snapshot));
  return decoded.get(snapshot);
}

function decodeOps(snapshot) {
  const counts = new Map();
  const ops = [];
  snapshot.ops.forEach(([origin, kind, type, operands, attributes], row) => {
    const { module, label } = origins[origin];
    const op = {
      row,
      origin,
      module,
      label,
      operands,
      kind: textOf(kind),
      type: textOf(type),
      attributes: textOf(attributes),
    };
    op.isConstant = !operands.length && CONSTANT_KINDS.has(op.kind);
    const short = op.kind.split(/[ .]/).pop();
    const suffix = label === short || label.startsWith(`${short}_`) ? '' : short;
    const base = [modules[module].path, label, suffix].filter(Boolean).join('.');
    const count = counts.get(base) || 0;
    counts.set(base, count + 1);
    op.name = count ? `${base}_${count}` : base;
    ops.push(op);
  });
  ops.operandText = (reference, module) => {
    const [row, result] = Array.isArray(reference) ? reference : [reference, 0];
    if (row < 0) return nameWithin(snapshot.arguments[-1 - row][0], module);
    const op = ops[row];
    if (op.isConstant && op.attributes && op.attributes.length <= 40) return op.attributes;
    return nameWithin(op.name, module) + (result ? `#${result}` : '');
  };
  return ops;
}

const signatures = content.signatures.map((signature, index) => {
  const measured = (content.measured || {})[signature.name];
  const ops = opsOf(signature.name, 'tfl', 1);
  const placed = measured && measured.partition && measured.partition.length === signature.rows.length;
  const steps = signature.rows.map((row, position) => ({
    ...ops[row],
    index: position,
    reason: signature.reasons[position] < 0 ? '' : textOf(signature.reasons[position]),
    partition: placed ? measured.partition[position] : null,
    multiplications: signature.multiplications[position],
    moved: signature.moved[position],
    error: null,
  }));
  const byRow = new Map(steps.map((step) => [step.row, step]));
  const told = (content.errors || {})[signature.name] || {};
  const errors = told.results ? told : null;
  const calls = opsOf(signature.name, 'fx', 1);
  const compared = ((errors && errors.layers) || []).map(([row, place, error, factor, rearranged]) => {
    const layer = { call: calls[row], step: byRow.get(place), error: Number(error), factor, rearranged };
    if (layer.step && !rearranged) layer.step.error = layer.error;
    return layer;
  });
  const layers = compared.filter((layer) => !layer.rearranged);
  const rearranged = compared.filter((layer) => layer.rearranged);
  const times = (content.module_times || {})[signature.name] || [];
  return {
    ...signature,
    times,
    index,
    measured,
    placed,
    steps,
    byRow,
    errors,
    failed: told.failed,
    layers,
    rearranged,
  };
});

/** Whether the delegate takes a step: what LiteRT says, or the target's table where it was not asked. */
const isDelegated = (step) => (step.partition === null ? !step.reason : step.partition >= 0);

const METRICS = {
  ops: { title: 'ops', add: (total, step) => total + 1 },
  left: { title: 'not delegated', add: (total, step) => total + (isDelegated(step) ? 0 : 1) },
  bytes: { title: 'bytes', weights: true },
  work: { title: 'multiplications', add: (total, step) => total + step.multiplications },
  moved: { title: 'bytes moved', add: (total, step) => total + step.moved },
  time: { title: 'time alone', given: true },
  error: { title: 'worst error', worst: true },
};

/** By module, a metric over the module and all inside of it; less than 0 where nothing is known. */
function totalsOf(signature, metric) {
  const rule = METRICS[metric];
  const own = modules.map(() => (rule.worst || rule.given ? -1 : 0));
  if (rule.given) {
    const latency = signature.measured && signature.measured.latency;
    if (latency) own[0] = latency.fastest;
    for (const [module, time] of signature.times) own[module] = time;
    return own;
  }
  if (rule.weights) {
    for (const [, , bytes, module] of content.weights) own[module] += bytes;
    for (const [module, , bytes] of content.constants) own[module] += bytes;
  } else if (rule.worst) {
    for (const { call, error } of signature.layers) own[call.module] = Math.max(own[call.module], error);
  } else {
    for (const step of signature.steps) own[step.module] = rule.add(own[step.module], step);
  }
  for (let id = modules.length - 1; id > 0; id--) {
    const parent = modules[id].parent;
    own[parent] = rule.worst ? Math.max(own[parent], own[id]) : own[parent] + own[id];
  }
  return own;
}
