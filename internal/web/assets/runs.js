// The overview of all runs, and the comparison of those that are ticked.
import { make, number, withError, table, fetchJSON, failure } from './dom.js';
import { Chart } from './charts.js';

const comparedAtFirst = 6;
const comparedAtMost = 12;
const points = 400;

// score is a run's log-likelihood: of validation data, or else of the training data.
const score = (metric) => metric?.valid_ll ?? metric?.train_ll;
const total = (metric) => Math.hypot(score(metric)?.stderr ?? 0, metric?.log_z_stderr ?? 0);

export function state(summary) {
  if (summary.error && !summary.settings) return 'broken';
  return summary.quiet < 15 ? 'running' : `quiet for ${age(summary.quiet)}`;
}

function age(seconds) {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86400)} days`;
}

export function runsView(main) {
  const list = make('div');
  const chart = new Chart({ title: 'Log-likelihood of validation data, or of training data where there are none, with errors', x: 'passes over the data', y: 'nats', height: 340 });
  const differences = make('div');
  const problems = make('div');
  main.append(make('h2', {}, 'Runs'), problems, list, make('h2', {}, 'Comparison'), chart.element, differences);

  let summaries = [];
  let compared = null; // identifiers
  const curves = new Map();
  let closed = false;

  async function load(changed) {
    try {
      summaries = await fetchJSON('api/runs');
      compared ??= new Set(summaries.filter((s) => s.last).slice(0, comparedAtFirst).map((s) => s.id));
      const wanted = summaries.filter((s) => compared.has(s.id) && (!curves.has(s.id) || changed?.has(s.id)));
      await Promise.all(wanted.map(async ({ id }) => curves.set(id, (await fetchJSON('api/metrics', { run: id, points })).metrics ?? [])));
      problems.replaceChildren();
    } catch (error) {
      problems.replaceChildren(failure(error));
    }
    if (!closed) draw();
  }

  function draw() {
    const focused = document.activeElement?.dataset?.run;
    list.replaceChildren(summaries.length > 0 ? overview() : make('p', { class: 'faint' }, 'No runs yet. They appear here when harmonium train makes them.'));
    if (focused) [...list.querySelectorAll('input')].find((i) => i.dataset.run === focused)?.focus();
    chart.set(summaries.filter((s) => compared.has(s.id)).map(({ id }) => {
      const metrics = (curves.get(id) ?? []).filter((m) => score(m));
      return { name: id, x: metrics.map((m) => m.epoch), y: metrics.map((m) => score(m).value), error: metrics.map(total) };
    }));
    differences.replaceChildren(differing());
  }

  function overview() {
    const rows = summaries.map((s) => {
      const tick = make('input', {
        type: 'checkbox', 'aria-label': `compare ${s.id}`, 'data-run': s.id, disabled: !s.last || (!compared.has(s.id) && compared.size >= comparedAtMost),
        onchange: (event) => {
          if (event.target.checked) compared.add(s.id);
          else compared.delete(s.id);
          load();
        },
      });
      tick.checked = compared.has(s.id);
      const name = make('a', { href: `#/run/${encodeURIComponent(s.id)}` }, s.id);
      if (s.error && !s.settings) return [name, tick, 'broken', s.error, null, null, null, null];
      const findings = [...new Set((s.last?.findings ?? []).map((f) => f.code))].join(', ');
      return [
        name, tick, state(s), `${s.visible} × ${s.settings.hidden}`, s.last?.update ?? null, s.last ? Number(s.last.epoch.toFixed(2)) : null,
        s.last ? withError(score(s.last)?.value, total(s.last)) : null, s.error ?? (findings || 'none'),
      ];
    });
    return table(`${summaries.length} runs`, ['run', 'compare', 'state', 'units', 'update', 'passes', 'log-likelihood', 'findings'], rows);
  }

  // differing is the table of settings that are not the same in all runs compared.
  function differing() {
    const chosen = summaries.filter((s) => compared.has(s.id) && s.settings);
    if (chosen.length < 2) return make('p', { class: 'faint' }, 'Tick two runs or more to compare their settings.');
    const names = Object.keys(chosen[0].settings).filter((name) => new Set(chosen.map((s) => JSON.stringify(s.settings[name]))).size > 1);
    if (names.length === 0) return make('p', { class: 'faint' }, 'All settings are the same.');
    const text = (v) => (v === null || v === '' ? 'default' : typeof v === 'number' ? number(v) : String(v));
    return table('Settings that differ', ['setting', ...chosen.map((s) => s.id)], names.map((name) => [name, ...chosen.map((s) => text(s.settings[name]))]));
  }

  load();
  return {
    news: (changed, gone) => {
      gone.forEach((id) => curves.delete(id));
      load(changed);
    },
    redraw: draw,
    close: () => {
      closed = true;
      chart.close();
    },
  };
}
