// One run while it is trained.
import { make, number, withError, fetchJSON, fetchRun, failure } from './dom.js';
import { Chart } from './charts.js';
import { state, settingsOf, runTabs } from './summary.js';

const points = 600;

export function runView(main, id) {
  const x = 'passes over the data';
  const charts = {
    likelihood: new Chart({
      title: 'Log-likelihood, with errors of the rows and of log Z together', x, y: 'nats', height: 340,
    }),
    fidelity: new Chart({ title: 'Fidelity with the known state', x, y: 'fidelity' }),
    pseudo: new Chart({ title: 'Pseudo-log-likelihood: no likelihood, but needs no log Z', x, y: 'nats' }),
    gradient: new Chart({ title: 'Norm of the gradient', x, y: 'norm', log: true }),
    ess: new Chart({ title: 'Round trips of replicas that the estimate of log Z comes from', x, y: 'round trips' }),
    speed: new Chart({ title: 'Speed', x, y: 'updates a second' }),
    spectrum: new Chart({ title: 'Largest singular values of W', x, y: 'singular value', log: true }),
  };
  const figures = make('dl', { class: 'figures' });
  const problems = make('div');
  const settings = make('details', {}, make('summary', {}, 'Settings'), make('dl', { class: 'figures' }));
  main.append(make('h2', {}, id), runTabs(id, 'run'), problems, figures,
    make('div', { class: 'charts' }, ...Object.values(charts).map((c) => c.element)), settings);
  let shown = { metrics: [] };
  let closed = false;

  async function load() {
    try {
      const summary = await fetchRun(id);
      const answer = await fetchJSON('api/metrics', { run: id, points });
      shown = { summary, metrics: answer.metrics ?? [], error: answer.error };
    } catch (error) {
      shown = { metrics: shown.metrics, error: error.message };
    }
    if (!closed) draw();
  }

  function draw() {
    const { summary, metrics, error } = shown;
    const last = metrics.findLast((m) => !m.average);
    const average = metrics.findLast((m) => m.average); // of the last updates, at the end
    const findings = (last?.findings ?? []).map((f) => make('div', { class: 'finding' }, make('strong', {}, f.code),
      `: ${f.message}; ${f.consequence}. `, make('em', {}, `What to do: ${f.remedy}.`)));
    problems.replaceChildren(...(error ? [failure(new Error(error))] : []), ...findings);
    const entry = (name, value) => make('div', {}, make('dt', {}, name), make('dd', {}, value));
    const likelihood = (s, of = last) => (s ? withError(s.value, Math.hypot(s.stderr, of.log_z_stderr)) : '–');
    figures.replaceChildren(
      entry('state', summary ? state(summary) : 'gone'),
      entry('update', number(last?.update, 9)),
      entry('passes', number(last?.epoch)),
      entry('training data, nats', likelihood(last?.train_ll)),
      entry('validation data, nats', likelihood(last?.valid_ll)),
      ...(last?.fidelity != null ? [entry('fidelity', number(last.fidelity, 4))] : []),
      entry('log Z', last ? withError(last.log_z, last.log_z_stderr) : '–'),
      entry('learning rate', number(last?.rate, 3)),
      ...(average
        ? [entry(`mean of the last updates, ${average.best ? 'kept' : 'no better'}`, likelihood(average.valid_ll, average))]
        : []),
    );
    const curve = (name, value, stderr) => {
      const some = metrics.filter((m) => value(m) != null && !m.average);
      return { name, x: some.map((m) => m.epoch), y: some.map(value), error: stderr ? some.map(stderr) : undefined };
    };
    const band = (key) => (m) => Math.hypot(m[key].stderr, m.log_z_stderr);
    charts.likelihood.set([
      curve('training data', (m) => m.train_ll?.value, band('train_ll')),
      curve('validation data', (m) => m.valid_ll?.value, band('valid_ll')),
    ]);
    charts.fidelity.set([curve('model', (m) => m.fidelity)]);
    charts.pseudo.set([curve('some rows', (m) => m.pseudo_ll?.value, (m) => m.pseudo_ll.stderr)]);
    charts.gradient.set([curve('all parameters', (m) => m.gradient_norm)]);
    charts.ess.set([curve('round trips', (m) => m.ess)]);
    charts.speed.set([{ name: 'updates a second', ...speed(metrics) }]);
    charts.spectrum.set([0, 1, 2, 3, 4, 5].map((k) => curve(String(k + 1), (m) => m.singular_values?.[k])));
    for (const name of ['fidelity', 'pseudo', 'ess', 'spectrum']) charts[name].element.hidden = charts[name].series.length === 0;
    const pairs = summary?.settings ? settingsOf(summary) : [];
    settings.lastChild.replaceChildren(...pairs.map(([name, text]) => entry(name, text)));
  }

  load();
  const clock = setInterval(() => { if (shown.summary) draw(); }, 15000); // a state gets older without news
  return {
    load,
    news: (changed, gone) => { if (changed.has(id) || gone.has(id)) load(); },
    redraw: draw,
    close: () => {
      closed = true;
      clearInterval(clock);
      Object.values(charts).forEach((c) => c.close());
    },
  };
}

// speed is updates over seconds between one point and the next, where the clock has moved.
function speed(metrics) {
  const x = [];
  const y = [];
  for (let k = 1; k < metrics.length; k++) {
    const seconds = metrics[k].seconds - metrics[k - 1].seconds;
    if (seconds <= 0) continue;
    x.push(metrics[k].epoch);
    y.push((metrics[k].update - metrics[k - 1].update) / seconds);
  }
  return { x, y };
}
