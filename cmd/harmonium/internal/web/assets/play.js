// A small RBM to play with: everything about it is exact, and every number is on the page.
import { make, svg, number } from './dom.js';
import { Chart } from './charts.js';
import { RBM, Random, dataSets, trainers } from './rbm.js';

const mostVisible = 8;
const mostHidden = 6;
const updatesEvery = 5; // between two points of the curves
const mostUpdates = 4000;

const columnHead = (name) => make('th', { scope: 'col' }, name);
const rowHead = (name) => make('th', { scope: 'row' }, name);

export function playView(main) {
  const random = new Random(1);
  let model = new RBM(4, 3);
  model.randomise(random, 1);
  let v = Array(4).fill(0);
  let h = Array(3).fill(0);

  const drawing = make('div');
  const numbers = make('dl', { class: 'figures' });
  const conditionals = make('div');
  const parameters = make('div');
  const said = make('p', { class: 'faint', role: 'status' });
  const size = (name, label, most, value) => make('label', {}, `${label} `,
    make('input', { type: 'number', name, min: 1, max: most, value, onchange: resize }));
  const button = (text, action) => make('button', { type: 'button', onclick: action }, text);

  main.append(
    make('h2', {}, 'A small RBM'),
    make('p', {}, 'P(v,h) = e^(−E)/Z with E = −Σ b_i v_i − Σ c_j h_j − Σ w_ij v_i h_j. Units are 0 or 1: click one, or focus ' +
      'it and press the space bar. Orange lines are positive weights, blue dashed ones negative.'),
    make('div', { class: 'tools' }, size('m', 'visible units', mostVisible, 4), size('n', 'hidden units', mostHidden, 3),
      button('Random weights', () => { model.randomise(random, 1); update(); }),
      button('All parameters 0', () => { for (const array of [model.W, model.b, model.c]) array.fill(0); update(); })),
    make('div', { class: 'columns' },
      make('div', {}, drawing,
        make('div', { class: 'tools' },
          button('Draw h given v', () => {
            h = model.sampleHidden(v, random);
            update('h was drawn from P(h|v)');
          }),
          button('Draw v given h', () => {
            v = model.sampleVisible(h, random);
            update('v was drawn from P(v|h)');
          }),
          button('Gibbs step', () => {
            h = model.sampleHidden(v, random);
            v = model.sampleVisible(h, random);
            update('a step of block Gibbs sampling: h, then v');
          })), said),
      make('div', {}, make('h3', {}, 'This configuration'), numbers, conditionals)),
    make('h3', {}, 'Parameters'), parameters);
  const training = trainingPart((trained) => {
    model = trained.clone();
    [v, h] = [Array(model.m).fill(0), Array(model.n).fill(0)];
    main.querySelector('[name=m]').value = model.m;
    main.querySelector('[name=n]').value = model.n;
    build();
    said.textContent = 'these are the parameters after the training';
  });
  main.append(training.element);

  function resize() {
    const read = (name, most) => {
      const input = main.querySelector(`[name=${name}]`);
      input.value = Math.max(1, Math.min(most, Math.round(Number(input.value)) || 1));
      return Number(input.value);
    };
    const old = model;
    model = new RBM(read('m', mostVisible), read('n', mostHidden));
    for (let i = 0; i < Math.min(old.m, model.m); i++) {
      model.b[i] = old.b[i];
      for (let j = 0; j < Math.min(old.n, model.n); j++) model.W[i * model.n + j] = old.W[i * old.n + j];
    }
    for (let j = 0; j < Math.min(old.n, model.n); j++) model.c[j] = old.c[j];
    v = Array.from({ length: model.m }, (_, i) => v[i] ?? 0);
    h = Array.from({ length: model.n }, (_, j) => h[j] ?? 0);
    build();
  }

  // build makes a new drawing and a new table of parameters; update fills them.
  function build() {
    const width = 640;
    const place = (k, count) => ((k + 0.5) * width) / count;
    const picture = svg('svg', {
      class: 'rbm', viewBox: `0 0 ${width} 260`, role: 'group', 'aria-label': 'Hidden units above, visible units below',
    });
    for (let i = 0; i < model.m; i++) {
      for (let j = 0; j < model.n; j++) {
        const ends = { x1: place(i, model.m), y1: 215, x2: place(j, model.n), y2: 45 };
        picture.append(svg('line', { ...ends, class: 'edge', 'data-edge': `${i},${j}` }, svg('title', {}, '')));
      }
    }
    const unit = (layer, k, count, y) => {
      const toggle = () => {
        const states = layer === 'v' ? v : h;
        states[k] = 1 - states[k];
        update();
      };
      const g = svg('g', {
        class: 'unit', role: 'switch', tabindex: 0, 'data-unit': `${layer}${k}`,
        transform: `translate(${place(k, count)} ${y})`,
      }, svg('circle', { r: 24 }), svg('text', { dy: 5 }, `${layer}${k + 1}`));
      g.addEventListener('click', toggle);
      g.addEventListener('keydown', (event) => {
        if (event.key !== ' ' && event.key !== 'Enter') return;
        event.preventDefault();
        toggle();
      });
      return g;
    };
    for (let j = 0; j < model.n; j++) picture.append(unit('h', j, model.n, 45));
    for (let i = 0; i < model.m; i++) picture.append(unit('v', i, model.m, 215));
    drawing.replaceChildren(picture);

    const input = (name, array, k) => make('input', {
      type: 'number', step: 0.1, 'aria-label': name, 'data-parameter': name,
      oninput: (event) => {
        const x = event.target.valueAsNumber;
        if (!Number.isFinite(x)) return; // half typed
        array[k] = Math.max(-1000, Math.min(1000, x));
        update();
      },
      onchange: (event) => show(event.target), // what is in use
    });
    const names = Array.from({ length: model.n }, (_, j) => j);
    parameters.replaceChildren(make('div', { class: 'scroll' }, make('table', {},
      make('caption', {}, 'w_ij, with the biases b_i and c_j'),
      make('thead', {}, make('tr', {}, ...['unit', ...names.map((j) => `h${j + 1}`), 'b'].map(columnHead))),
      make('tbody', {},
        ...Array.from({ length: model.m }, (_, i) => make('tr', {}, rowHead(`v${i + 1}`),
          ...names.map((j) => make('td', {}, input(`w ${i + 1} ${j + 1}`, model.W, i * model.n + j))),
          make('td', {}, input(`b ${i + 1}`, model.b, i)))),
        make('tr', {}, rowHead('c'), ...names.map((j) => make('td', {}, input(`c ${j + 1}`, model.c, j))), make('td'))))));
    update();
  }

  function update(message = '') {
    said.textContent = message;
    for (const g of drawing.querySelectorAll('.unit')) {
      const states = g.dataset.unit[0] === 'v' ? v : h;
      const k = Number(g.dataset.unit.slice(1));
      g.setAttribute('aria-checked', String(states[k] === 1));
      g.setAttribute('aria-label', `${g.dataset.unit[0] === 'v' ? 'visible' : 'hidden'} unit ${k + 1}`);
    }
    for (const edge of drawing.querySelectorAll('.edge')) {
      const [i, j] = edge.dataset.edge.split(',').map(Number);
      const w = model.W[i * model.n + j];
      edge.classList.toggle('positive', w > 0);
      edge.classList.toggle('negative', w < 0);
      edge.setAttribute('stroke-width', Math.min(10, 3 * Math.abs(w)));
      edge.firstChild.textContent = `w ${i + 1} ${j + 1} = ${number(w)}`;
    }
    for (const input of parameters.querySelectorAll('input')) {
      if (input !== document.activeElement) show(input); // nobody's typing is disturbed
    }
    const logZ = model.logZ();
    const [energy, free] = [model.energy(v, h), model.freeEnergy(v)];
    const entry = (key, name, x) => make('div', {}, make('dt', {}, name),
      make('dd', { 'data-value': key, 'data-exact': String(x) }, number(x, 6)));
    numbers.replaceChildren(
      entry('energy', 'E(v,h)', energy),
      entry('free', 'F(v) = −log Σ_h e^(−E)', free),
      entry('logZ', 'log Z', logZ),
      entry('pv', 'P(v) = e^(−F)/Z', Math.exp(-free - logZ)),
      entry('pvh', 'P(v,h) = e^(−E)/Z', Math.exp(-energy - logZ)),
    );
    const row = (name, values, layer) => make('tr', {}, rowHead(name),
      ...values.map((p, k) => make('td', { 'data-value': `${layer}${k}`, 'data-exact': String(p) }, p.toFixed(4))));
    const head = (layer, count) => make('tr', {}, make('td'),
      ...Array.from({ length: count }, (_, k) => columnHead(`${layer}${k + 1}`)));
    conditionals.replaceChildren(make('div', { class: 'scroll' },
      make('table', {}, make('caption', {}, 'Conditionals: given the other layer, the units of a layer are independent'),
        make('thead', {}, head('h', model.n)),
        make('tbody', {}, row('P(h_j = 1 | v)', model.hiddenProbabilities(v), 'h')),
        make('thead', {}, head('v', model.m)),
        make('tbody', {}, row('P(v_i = 1 | h)', model.visibleProbabilities(h), 'v')))));
  }

  // show writes a parameter into its field.
  function show(input) {
    const [kind, i, j] = input.dataset.parameter.split(' ');
    const x = kind === 'w' ? model.W[(i - 1) * model.n + (j - 1)] : model[kind][i - 1];
    input.value = Number(x.toFixed(4));
  }

  build();
  return { redraw: () => training.redraw(), close: () => training.close() };
}

// trainingPart trains three models from the same start and shows their exact KL divergences.
function trainingPart(take) {
  const title = 'Exact KL divergence from the data to the model';
  const chart = new Chart({ title, x: 'updates', y: 'nats', log: true, height: 320 });
  const select = make('select', { id: 'data' }, ...Object.keys(dataSets).map((name) => make('option', { value: name }, name)));
  const field = (label, name, value, min, max, step) => make('label', {}, `${label} `,
    make('input', { type: 'number', name, value, min, max, step }));
  const fields = [
    field('visible', 'trained-m', 6, 2, mostVisible, 1),
    field('hidden', 'trained-n', 4, 1, mostHidden, 1),
    field('learning rate', 'rate', 0.1, 0.01, 2, 0.01),
  ];
  const go = make('button', { type: 'button', onclick: () => (timer ? pause() : start()) }, 'Train');
  const results = make('dl', { class: 'figures' });
  const takers = make('div', { class: 'tools' });
  const element = make('section', { 'aria-label': 'Training' }, make('h2', {}, 'Training it'),
    make('p', {}, 'Three models begin with the same small weights and learn the same distribution, which is known exactly. ' +
      'The exact gradient sums the negative phase over all states; CD-1 takes it from one Gibbs step that starts at the data; ' +
      'PCD from chains that go on from update to update. 40 rows a minibatch, 40 chains.'),
    make('div', { class: 'tools' }, make('label', { for: 'data' }, 'data '), select, ...fields, go,
      make('button', { type: 'button', onclick: reset }, 'Start over')),
    results, chart.element, takers);
  let timer = null;
  let state = null;

  function setting(name, low, high) {
    const input = element.querySelector(`[name=${name}]`);
    const x = Number(input.value);
    const inside = Number.isFinite(x) && input.value !== '' ? Math.max(low, Math.min(high, x)) : low;
    if (input !== document.activeElement) input.value = inside; // nobody's typing is disturbed
    return inside;
  }

  function reset() {
    pause();
    const [m, n] = [Math.round(setting('trained-m', 2, mostVisible)), Math.round(setting('trained-n', 1, mostHidden))];
    const first = new RBM(m, n);
    first.randomise(new Random(7), 0.1);
    const p = dataSets[select.value](m);
    const runs = Object.entries(trainers).map(([name, make]) => (
      { name, model: first.clone(), train: make(new Random(3)), x: [0], y: [first.klFrom(p)] }));
    state = { updates: 0, p, runs };
    takers.replaceChildren(...runs.map((r) => make('button', { type: 'button', onclick: () => take(r.model) },
      `Look into the model of ${r.name}`)));
    show();
  }

  function start() {
    if (state.updates >= mostUpdates) reset();
    go.textContent = 'Pause';
    timer = setInterval(turn, 30);
  }

  function pause() {
    clearInterval(timer);
    timer = null;
    go.textContent = 'Train';
  }

  function turn() {
    const rate = setting('rate', 0.01, 2);
    for (let k = 0; k < updatesEvery; k++) state.runs.forEach((r) => r.train(r.model, state.p, rate));
    state.updates += updatesEvery;
    for (const r of state.runs) {
      r.x.push(state.updates);
      r.y.push(r.model.klFrom(state.p));
    }
    show();
    if (state.updates >= mostUpdates) pause();
  }

  function show() {
    chart.set(state.runs.map(({ name, x, y }) => ({ name, x, y })));
    const entry = (name, x) => make('div', {}, make('dt', {}, name),
      make('dd', { 'data-kl': name, 'data-exact': String(x) }, number(x, 4)));
    results.replaceChildren(
      make('div', {}, make('dt', {}, 'updates'), make('dd', { 'data-kl': 'updates' }, String(state.updates))),
      ...state.runs.map((r) => entry(r.name, r.y.at(-1))),
    );
  }

  select.addEventListener('change', reset);
  for (const name of ['trained-m', 'trained-n']) {
    const input = element.querySelector(`[name=${name}]`);
    input.addEventListener('change', () => {
      reset();
      const { m, n } = state.runs[0].model;
      input.value = name === 'trained-m' ? m : n;
    });
  }
  // The parameters of what is shown, for whoever wants to check them.
  element.trained = () => state.runs.map(({ name, model: { m, n, W, b, c } }) => (
    { name, m, n, W: [...W], b: [...b], c: [...c] }));
  reset();
  return { element, redraw: show, close: () => { pause(); chart.close(); } };
}
