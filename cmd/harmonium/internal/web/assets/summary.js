// What the views share about a run: its state, its settings, and the links between its views.
import { make, fetchRun } from './dom.js';

export function state(summary) {
  if (summary.error && !summary.settings) return 'broken';
  if (summary.finished) return summary.finished === 'done' ? 'finished' : `finished (${summary.finished})`;
  const quiet = summary.quiet + (performance.now() - summary.fetched) / 1000;
  return quiet < 15 ? 'running' : `quiet for ${age(quiet)}`;
}

function age(seconds) {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86400)} days`;
}

// settingsOf lists a run's settings as pairs of name and text. The kind of a negative phase or optimiser comes before its
// settings.
export function settingsOf({ settings: { model, data, training } }) {
  const text = (v) => (v === null || v === '' ? 'default' : String(v));
  const pairs = (item) => Object.entries(item).filter(([, v]) => v && v !== '0s').map(([n, v]) => `${n} ${v}`).join(', '); // 0 is no bound
  const own = (name, value) => {
    if (Array.isArray(value)) return value.map((item, k) => [`${name} ${k + 1}`, pairs(item)]); // continuations
    if (!value?.kind) return [[name, text(value)]];
    const { kind, ...rest } = value;
    return [[name, kind], ...Object.entries(rest).map(([n, v]) => [`${name}: ${n}`, text(v)])];
  };
  return [model, data, training].flatMap((part) => Object.entries(part).flatMap(([name, value]) => own(name, value)));
}

// runTabs are the links between the views of one run. Contacts are those of models of categorical sites.
export function runTabs(id, here) {
  const link = (name, text) =>
    make('a', { href: `#/${name}/${encodeURIComponent(id)}`, 'aria-current': name === here ? 'page' : null }, text);
  const contacts = link('contacts', 'Contacts');
  contacts.hidden = here !== 'contacts';
  fetchRun(id).then(({ settings }) => {
    if (settings.model.visible_kind === 'categorical') contacts.hidden = false;
  }, () => {}); // the view says what is wrong with the run
  return make(
    'nav',
    { 'aria-label': `Views of ${id}` },
    link('run', 'Training'),
    link('weights', 'Weights'),
    link('modes', 'Modes'),
    contacts,
    link('particles', 'Particles'),
  );
}
