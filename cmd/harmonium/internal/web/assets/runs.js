// The overview of all runs, and the comparison of the ticked ones.
import { make, number, counted, withError, table, fetchJSON, failure } from './dom.js';
import { Chart } from './charts.js';
import { state, settingsOf } from './summary.js';

const comparedAtFirst = 6;
const comparedAtMost = 12;
const points = 400;
const columns = ['run', 'compare', 'state', 'units', 'update', 'passes', 'log-likelihood', 'findings'];
const numeric = new Set(['update', 'passes']);

// score is a run's log-likelihood: of validation data, or else of the training data.
const score = (metric) => metric?.valid_ll ?? metric?.train_ll;
const total = (metric) => Math.hypot(score(metric)?.stderr ?? 0, metric?.log_z_stderr ?? 0);

export function runsView(main) {
  const list = table('runs', columns, []);
  const empty = make('p', { class: 'faint', hidden: true }, 'No runs yet. They appear here when harmonium train makes them.');
  const chart = new Chart({
    title: 'Log-likelihood of validation data, or of training data where there are none, with errors',
    x: 'passes over the data',
    y: 'nats',
    height: 340,
  });
  const differences = make('div');
  const problems = make('div');
  main.append(make('h2', {}, 'Runs'), problems, empty, list, make('h2', {}, 'Comparison'), chart.element, differences);

  let summaries = [];
  const compared = new Set(); // identifiers
  let ticked = false; // by the user: until then the first runs are compared
  const rows = new Map(); // of the table, by identifier
  const curves = new Map();
  let closed = false;

  async function load(changed) {
    try {
      const fetched = performance.now();
      summaries = (await fetchJSON('api/runs')).map((s) => ({ ...s, fetched }));
      if (!ticked) summaries.filter((s) => s.last).slice(0, comparedAtFirst).forEach((s) => compared.add(s.id));
      const wanted = summaries.filter((s) => compared.has(s.id) && (!curves.has(s.id) || changed?.has(s.id)));
      await Promise.all(
        wanted.map(async ({ id }) =>
          curves.set(id, (await fetchJSON('api/metrics', { run: id, points })).metrics ?? []),
        ),
      );
      problems.replaceChildren();
    } catch (error) {
      problems.replaceChildren(failure(error));
    }
    if (!closed) draw();
  }

  function draw() {
    empty.hidden = summaries.length > 0;
    list.hidden = !empty.hidden;
    list.querySelector('caption').textContent = counted(summaries.length, 'run');
    fill();
    chart.set(
      summaries
        .filter((s) => compared.has(s.id))
        .map(({ id }) => {
          const metrics = (curves.get(id) ?? []).filter((m) => score(m) && !m.average);
          return {
            name: id,
            x: metrics.map((m) => m.epoch),
            y: metrics.map((m) => score(m).value),
            error: metrics.map(total),
          };
        }),
    );
    differences.replaceChildren(differing());
  }

  // fill updates the rows of the table. Elements that stay keep their place, for whoever is reading or clicking.
  function fill() {
    const body = list.querySelector('tbody');
    const shown = summaries.filter((s) => compared.has(s.id)).length;
    for (const [id, row] of rows) {
      if (summaries.some((s) => s.id === id)) continue;
      row.element.remove();
      rows.delete(id);
    }
    summaries.forEach((s, k) => {
      if (!rows.has(s.id)) rows.set(s.id, newRow(s.id));
      const row = rows.get(s.id);
      if (body.children[k] !== row.element) body.insertBefore(row.element, body.children[k] ?? null);
      row.tick.checked = compared.has(s.id);
      row.tick.disabled = !s.last || (!row.tick.checked && shown >= comparedAtMost);
      cells(s).forEach((text, c) => { if (row.cells[c].textContent !== text) row.cells[c].textContent = text; });
    });
  }

  function newRow(id) {
    const tick = make('input', {
      type: 'checkbox', 'aria-label': `compare ${id}`,
      onchange: () => {
        ticked = true;
        if (tick.checked) compared.add(id);
        else compared.delete(id);
        load();
      },
    });
    const some = columns.slice(2).map((name) => make('td', { class: numeric.has(name) ? 'number' : null }));
    const link = make('th', { scope: 'row' }, make('a', { href: `#/run/${encodeURIComponent(id)}` }, id));
    return { tick, cells: some, element: make('tr', {}, link, make('td', {}, tick), ...some) };
  }

  function cells(s) {
    if (s.error && !s.settings) return ['broken', '', '', '', '', s.error];
    const findings = [...new Set((s.last?.findings ?? []).map((f) => f.code))].join(', ');
    return [
      state(s),
      `${s.settings.model.visible} × ${s.settings.model.hidden}`,
      number(s.last?.update),
      number(s.last?.epoch),
      s.last ? withError(score(s.last)?.value, total(s.last)) : '–',
      s.error ?? (findings || 'none'),
    ];
  }

  // differing is the table of settings that are not the same in all runs compared.
  function differing() {
    const chosen = summaries.filter((s) => compared.has(s.id) && s.settings);
    if (chosen.length < 2) return make('p', { class: 'faint' }, 'Tick two runs or more to compare their settings.');
    const settings = chosen.map((s) => new Map(settingsOf(s)));
    const names = [...new Set(settings.flatMap((s) => [...s.keys()]))].filter(
      (name) => new Set(settings.map((s) => s.get(name))).size > 1,
    );
    if (names.length === 0) return make('p', { class: 'faint' }, 'All settings are the same.');
    return table(
      'Settings that differ',
      ['setting', ...chosen.map((s) => s.id)],
      names.map((name) => [name, ...settings.map((s) => s.get(name) ?? '–')]),
    );
  }

  load();
  const clock = setInterval(draw, 15000); // a state gets older without news
  return {
    load: () => {
      curves.clear();
      load();
    },
    news: (changed, gone) => {
      gone.forEach((id) => curves.delete(id));
      load(changed);
    },
    redraw: draw,
    close: () => {
      closed = true;
      clearInterval(clock);
      chart.close();
    },
  };
}
