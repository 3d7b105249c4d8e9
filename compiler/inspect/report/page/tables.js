// Time, bytes, delegation and numbers.

function drawTime() {
  const signature = currentSignature();
  const latency = signature.measured && signature.measured.latency;
  const work = totalsOf(signature, 'work');
  const moved = totalsOf(signature, 'moved');
  return [
    content.seconds
      ? section(
          'Conversion',
          h('p', {}, `${formatSeconds(conversionSeconds())} in all, without what it took to look on.`),
          timeBars(),
          h('details', {}, h('summary', {}, 'Every pass'), passBars()),
        )
      : section('Conversion', note('Not in this report.')),
    section(
      'A call',
      latency
        ? h(
            'p',
            {},
            `${formatSeconds(latency.median / 1e3)} (median of ${formatCount(latency.runs)}, fastest ${formatSeconds(latency.fastest / 1e3)}) on one thread of the machine that made this page.`,
          )
        : note('Not measured.'),
    ),
    signature.times.length
      ? section(
          'Time by module',
          note(
            'Each module cut out of the program and run alone on LiteRT, the fastest of several calls. A call has costs of its own, some microseconds, and modules that are fused with their neighbours cost less together; modules of one shape were measured once. Nothing is said of a module that is most of the model, or too large to cut out.',
          ),
          moduleTable([['time alone', totalsOf(signature, 'time'), METRIC_TEXT.time, 'time']]),
        )
      : null,
    section(
      'Work by module',
      note(
        'Counted from shapes, not measured: multiply-and-add steps of contractions and convolutions, and the bytes of operands and results. They say what a module asks for, not how long it takes.',
      ),
      moduleTable([
        ['multiplications', work, formatLarge, 'work'],
        ['bytes moved', moved, formatBytes, 'moved'],
      ]),
    ),
  ].filter(Boolean);
}

/** The children of the selected module with some numbers each. */
function moduleTable(columns) {
  const ids = [state.module, ...modules[state.module].children];
  const peak = (totals) =>
    totals[state.module] > 0 ? totals[state.module] : Math.max(1e-9, ...ids.map((id) => totals[id]));
  const rows = ids.map((id) => [
    id === state.module ? h('b', {}, modules[id].path || content.title) : moduleLink(id, modules[id].name),
    ...columns.flatMap(([, totals, format, kind]) => [
      kind === 'error'
        ? errorBar(totals[id], currentSignature().errors.tolerance)
        : bar(totals[id] / peak(totals), kind),
      format(totals[id]),
    ]),
  ]);
  return table(
    [
      ['module', false],
      ...columns.flatMap(([title]) => [
        ['', false],
        [title, true],
      ]),
    ],
    rows,
    { class: 'bars' },
  );
}

function drawBytes() {
  const bytes = totalsOf(currentSignature(), 'bytes');
  const weights = content.weights.filter(([, , , module]) => isWithin(module, state.module));
  const peak = Math.max(1, ...weights.map(([, , size]) => size));
  return [
    section('By element type', byteBars()),
    section('By module', moduleTable([['bytes', bytes, formatBytes, 'bytes']])),
    lossSection(weights),
    section(
      `${plural(weights.length, 'weight')}${state.module ? ` in ${modules[state.module].path}` : ''}`,
      note(
        'The name says what was folded into a weight. A weight that several signatures read is in the file once.',
      ),
      weights.length ? inParts([weights], 1, (all) => weightTable(all.slice(0, 200), peak)) : null,
      weights.length > 200 ? note(`The 200 largest are shown; choose a module to see its own.`) : null,
    ),
  ].filter(Boolean);
}

/** The rounded weights, who loses most first; null where none is. */
function lossSection(weights) {
  const rounded = weights.filter((weight) => weight[5] !== null).sort((a, b) => Number(a[5]) - Number(b[5]));
  if (!rounded.length) return null;
  return section(
    'What rounding has lost',
    note(
      'Weights by their signal-to-noise ratio, who loses most first: the sum of squares of the floats over that of the differences to what is stored. 6 dB are a bit; what a loss does to the results is another matter, which the numbers tell.',
    ),
    lossTable(rounded.slice(0, 200)),
    rounded.length > 200 ? note(`The 200 that lose most are shown; choose a module to see its own.`) : null,
  );
}

const lossTable = (weights) =>
  table(
    [
      ['module', false],
      ['weight', false],
      ['', false],
      ['SNR', true],
      ['bytes', true],
    ],
    weights.map(([symbol, , size, module, , snr]) => [
      moduleLink(module),
      h('code', {}, symbol),
      bar(lossPart(Number(snr)), 'error'),
      formatDecibels(Number(snr)),
      formatBytes(size),
    ]),
    { class: 'bars', id: 'losses' },
  );

const weightTable = (weights, peak) =>
  table(
    [
      ['weight', false],
      ['type', false],
      ['', false],
      ['bytes', true],
      ['read by', false],
    ],
    weights.map(([symbol, type, size, , readers]) => [
      h('code', {}, symbol),
      h('code', { class: 'whole' }, textOf(type)),
      bar(size / peak, 'bytes'),
      formatBytes(size),
      readers.map((reader) => signatures[reader].name).join(', '),
    ]),
    { class: 'bars' },
  );

function drawDelegation() {
  const signature = currentSignature();
  const steps = signature.steps.filter((step) => isWithin(step.module, state.module));
  const left = steps.filter((step) => !isDelegated(step));
  const differing = steps.filter(
    (step) => step.partition !== null && step.partition >= 0 === Boolean(step.reason),
  );
  const reasons = new Map();
  for (const step of left) {
    const reason = step.reason || 'the table of the target would delegate it';
    reasons.set(reason, [...(reasons.get(reason) || []), step]);
  }
  const rows = [...reasons].sort((a, b) => b[1].length - a[1].length);
  return [
    h('div', { class: 'crumbs' }, crumbs()),
    section(
      `${steps.length - left.length} of ${steps.length} ops delegated`,
      note(
        signature.placed
          ? `This is what LiteRT did when it loaded the file, in ${plural(signature.measured.partitions, 'partition')}; the reasons are those of the table of the target.`
          : 'This is what the table of the target says; LiteRT was not asked.',
      ),
      moduleTable([
        ['not delegated', totalsOf(signature, 'left'), formatCount, 'left'],
        ['ops', totalsOf(signature, 'ops'), formatCount, 'ops'],
      ]),
    ),
    section(
      'Not delegated',
      left.length
        ? h(
            'div',
            { id: 'left' },
            rows.map(([reason, group]) => reasonElement(reason, group)),
          )
        : note('Nothing: the delegate takes every op.'),
    ),
    differing.length
      ? section(
          'Where LiteRT and the table differ',
          table(
            [
              ['op', false],
              ['LiteRT', false],
              ['table', false],
              ['module', false],
            ],
            differing.map((step) => [
              h('code', {}, step.kind),
              step.partition >= 0 ? 'delegated' : 'not',
              step.reason || 'delegated',
              moduleLink(step.module),
            ]),
          ),
        )
      : null,
  ].filter(Boolean);
}

function reasonElement(reason, steps) {
  return h(
    'details',
    { open: true, class: 'reason' },
    h('summary', {}, h('b', {}, reason), h('span', { class: 'dim' }, ` ${plural(steps.length, 'op')}`)),
    inParts([...foldedSteps(steps)], 40, ([, group]) =>
      h(
        'div',
        { class: 'left-op' },
        h('code', {}, group[0].kind),
        ' ',
        h('span', { class: 'type' }, group[0].type),
        ' ',
        moduleLink(group[0].module),
        ' ',
        placeElement(origins[group[0].origin]),
        group.length > 1
          ? h('span', { class: 'dim' }, ` and ${group.length - 1} alike in other layers`)
          : null,
      ),
    ),
  );
}

/** Steps that differ in the number of their layer alone, together. */
function foldedSteps(steps) {
  const groups = new Map();
  for (const step of steps) {
    const key = [
      step.kind,
      step.type,
      modules[step.module].path.replace(/\.\d+(?=\.|$)/g, '.#'),
      placeOf(origins[step.origin]),
    ].join(' ');
    groups.set(key, [...(groups.get(key) || []), step]);
  }
  return groups;
}

function drawNumbers() {
  const signature = currentSignature();
  if (!signature.errors)
    return note(
      signature.failed ? `It could not be compared: ${signature.failed}` : 'This signature was not compared.',
    );
  const { results, tolerance } = signature.errors;
  const inside = signature.layers.filter(({ call }) => isWithin(call.module, state.module));
  const rearranged = signature.rearranged.filter(({ call }) => isWithin(call.module, state.module));
  return [
    h('div', { class: 'crumbs' }, crumbs()),
    section(
      'Results',
      note(
        `The file on LiteRT beside eager torch, on random inputs: the largest difference over the largest magnitude. ${content.quantised ? 'The weights are quantised, and most of the difference is what that costs.' : `${tolerance} is what is tolerated.`}`,
      ),
      table(
        [
          ['result', false],
          ['', false],
          ['error', true],
        ],
        Object.entries(results).map(([name, error]) => [
          h('code', {}, name),
          errorBar(Number(error), tolerance),
          formatError(Number(error)),
        ]),
        { class: 'bars' },
      ),
    ),
    section(
      'Worst by module',
      moduleTable([['worst error', totalsOf(signature, 'error'), formatError, 'error']]),
    ),
    section(
      'Layers',
      note(
        `${plural(inside.length, 'value')} that both compute, the farthest first. Values in between may be a multiple of what they were, where a pass has moved a factor into a weight; then the factor is told and the rest is compared.`,
      ),
      inside.length
        ? layerTable([...inside].sort((a, b) => b.error - a.error).slice(0, 200), tolerance)
        : null,
    ),
    rearranged.length
      ? section(
          'Computed in another way',
          note(
            'These values differ, but nothing that is computed from them does: the passes have found another way to the same results.',
          ),
          table(
            [
              ['module', false],
              ['op', false],
              ['line', false],
            ],
            rearranged.map(({ call }) => [
              moduleLink(call.module),
              h('code', {}, call.label || call.kind),
              placeElement(origins[call.origin]) || '',
            ]),
          ),
        )
      : null,
  ].filter(Boolean);
}

/** How an error is judged; what quantisation costs is for the reader to judge. */
const verdict = (error, tolerance) => (error <= tolerance ? 'good' : content.quantised ? '' : 'bad');
const errorBar = (error, tolerance) => bar(errorPart(error), verdict(error, tolerance));

function worstLayers(limit) {
  const all = signatures.flatMap((signature) =>
    signature.layers.map((layer) => ({ ...layer, tolerance: signature.errors.tolerance })),
  );
  return layerTable(all.sort((a, b) => b.error - a.error).slice(0, limit), null);
}

const layerTable = (layers, tolerance) =>
  table(
    [
      ['module', false],
      ['op', false],
      ['line', false],
      ['', false],
      ['error', true],
      ['times', true],
    ],
    layers.map(({ call, error, factor, tolerance: own }) => [
      moduleLink(call.module),
      h('code', {}, call.label || call.kind),
      placeElement(origins[call.origin]) || '',
      errorBar(error, tolerance || own),
      formatError(error),
      factor === 1 ? '' : trim(factor),
    ]),
    { class: 'bars' },
  );
