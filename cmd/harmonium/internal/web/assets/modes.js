// The modes of a run's model: typical configurations, with their shares of the model and of the data.
import { make, counted, table, fetchJSON, fetchRun, failure, bytes } from './dom.js';
import { runTabs } from './summary.js';

const every = 500; // ms between two looks at a search
const named = 8; // shares in the line above the tiles
const space = '\u00a0'; // where no line breaks

export function modesView(main, id) {
  const status = make('p', { class: 'faint', role: 'status' });
  const line = make('p', { class: 'words' });
  const again = make('button', { type: 'button', disabled: true, onclick: () => load() }, 'Look again');
  const problems = make('div');
  const tiles = make('ol', { class: 'modes', 'aria-label': 'Modes, the largest first' });
  const numbers = make('details', { hidden: true }, make('summary', {}, 'Numbers'));
  main.append(make('h2', {}, id), runTabs(id, 'modes'), problems,
    make('p', { class: 'faint' },
      'Fixed points of mean-field theory: means of the visible units from 0 to 1. Every configuration belongs to the mode ' +
        'whose means make it most probable. A mode has a share of the model, by annealed importance sampling, which is rough ' +
        'where modes run into each other, and a share of the training data.'),
    make('div', { class: 'tools' }, again, status), line, tiles, numbers);
  let shown = null;
  let version = null; // of the model that is shown or looked at
  let timer = null;
  let busy = false;
  let closed = false;

  // load begins with the model that there is now.
  async function load() {
    if (busy) return;
    busy = again.disabled = true;
    version = null;
    try {
      if (!(await fetchRun(id)).model) throw new Error('there is no model yet');
      await look();
    } catch (error) {
      fail(error);
    }
  }

  async function look() {
    const answer = await fetchJSON('api/modes', version ? { run: id, version } : { run: id });
    if (closed) return;
    if (answer.error) throw new Error(answer.error);
    version = answer.version;
    if (answer.state === 'done') {
      shown = answer;
      busy = false;
      problems.replaceChildren();
      draw();
    } else {
      status.textContent = progress(answer);
      timer = setTimeout(() => look().catch(fail), every);
    }
  }

  function fail(error) {
    busy = again.disabled = false;
    status.textContent = '';
    if (!closed) problems.replaceChildren(failure(error));
  }

  function draw() {
    if (!shown) return;
    if (!busy) fresh(shown.newer);
    line.textContent = words(shown);
    tiles.classList.toggle('rows', shown.rows === 1);
    tiles.replaceChildren(...shown.list.filter((mode) => mode.means).map(card));
    const open = numbers.open;
    numbers.hidden = false;
    numbers.replaceChildren(numbers.firstChild, table('Parts of all, the largest first', ['mode', 'model', 'standard error', 'data'],
      shown.list.map((mode, k) => [String(k + 1), mode.share, mode.stderr, mode.data ?? undefined])));
    numbers.open = open;
  }

  function fresh(newer) {
    again.disabled = !newer;
    status.textContent = newer ? 'The run has a better model by now.' : 'Of the model that the run has now.';
  }

  // card is a mode with bars as long as its shares are beside the largest one.
  function card(mode, k) {
    const { rows, columns, list } = shown;
    const longest = Math.max(...list.flatMap((m) => [m.share, m.data ?? 0])) || 1;
    const pixel = Math.max(1, Math.min(24, Math.floor(rows === 1 ? 900 / columns : 160 / Math.max(rows, columns))));
    const canvas = make('canvas', { width: columns, height: rows, role: 'img', 'aria-label': `means of mode ${k + 1}` });
    canvas.style.width = `${columns * pixel}px`;
    canvas.style.height = `${rows === 1 ? 14 : rows * pixel}px`;
    const style = getComputedStyle(document.documentElement);
    const [off, on] = ['--raised', '--text'].map((name) => channels(style.getPropertyValue(name)));
    const context = canvas.getContext('2d');
    bytes(mode.means).forEach((mean, i) => {
      context.fillStyle = `rgb(${on.map((x, c) => Math.round(off[c] + ((x - off[c]) * mean) / 255)).join(' ')})`;
      context.fillRect(i % columns, Math.floor(i / columns), 1, 1);
    });
    const bar = (name, share, text) => {
      const filled = make('span', { class: `bar ${name}` });
      filled.style.width = `${(100 * share) / longest}%`;
      return make('div', {}, make('span', { class: 'track', 'aria-hidden': 'true' }, filled), make('span', {}, `${name} ${text}`));
    };
    return make('li', {}, canvas, bar('model', mode.share, withError(mode)),
      mode.data == null ? null : bar('data', mode.data, percent(mode.data)));
  }

  load();
  return {
    load: () => { if (!shown) load(); },
    news: (changed) => {
      if (!changed.has(id)) return;
      if (!shown) load();
      else if (!busy) fetchJSON('api/modes', { run: id, version }).then((a) => { if (!busy && !closed) fresh(a.newer); }, fail);
    },
    redraw: draw,
    close: () => {
      closed = true;
      clearTimeout(timer);
    },
  };
}

function progress({ state, modes, done }) {
  if (state === 'waiting') return 'Waiting for the search in another model …';
  if (state === 'searching') return 'Looking for modes …';
  return `${modes} modes; measuring their shares: ${10 * Math.floor(10 * done)} %`;
}

// words are "4 modes: 61 %, 30 %, 9.0 %, < 0.1 %", of the model and of the data.
function words({ list, found, no_data: noData }) {
  const some = (key) => list.slice(0, named).map((mode) => percent(mode[key])).join(', ') +
    (list.length > named ? ` and ${list.length - named} more` : '');
  const count = found > list.length ? `${list.length} of ${found} modes` : counted(found, 'mode');
  return `${count}: ${some('share')}. ` +
    (noData ? `Nothing is known of the data: ${noData}.` : `Of the training data ${some('data')}.`);
}

// percent writes a share as a percentage with two digits or more, up to its ends, as the command does.
function percent(share) {
  const x = 100 * share;
  if (x < 0.1) return `<${space}0.1${space}%`;
  if (x > 99.9 && x < 100) return `>${space}99.9${space}%`;
  return `${x.toFixed(x < 9.95 || (x > 99 && x < 100) ? 1 : 0)}${space}%`;
}

function withError({ share, stderr }) {
  if (share < 1e-3 || !(stderr >= 1e-4)) return percent(share);
  const decimals = Math.max(0, -Math.floor(Math.log10(100 * stderr)));
  return `${(100 * share).toFixed(decimals)} ± ${(100 * stderr).toFixed(decimals)}${space}%`;
}

// channels are red, green and blue of a colour "#rgb" or "#rrggbb".
function channels(colour) {
  const digits = colour.trim().slice(1);
  const each = digits.length === 3 ? [...digits].map((d) => d + d) : digits.match(/../g);
  return each.map((d) => parseInt(d, 16));
}
