// The modes of a run's model: typical configurations, with their shares of the model and of the data.
import { make, counted, table, bytes } from './dom.js';
import { logo, legend, split } from './logo.js';
import { runTabs } from './summary.js';
import { Task } from './task.js';

const named = 8; // shares in the line above the tiles
const space = '\u00a0'; // where no line breaks

export function modesView(main, id) {
  const line = make('p', { class: 'words' });
  const inks = make('div');
  const tiles = make('ol', { class: 'modes', 'aria-label': 'Modes, the largest first' });
  const numbers = make('details', { hidden: true }, make('summary', {}, 'Numbers'));
  const work = new Task(id, 'api/modes', draw);
  main.append(make('h2', {}, id), runTabs(id, 'modes'), work.problems,
    make('p', { class: 'faint' },
      'Fixed points of mean-field theory: means of the visible units from 0 to 1. Every configuration belongs to the mode ' +
        'whose means make it most probable. A mode has a share of the model, by annealed importance sampling, which is rough ' +
        'where modes run into each other, and a share of the training data.'),
    work.tools, line, inks, tiles, numbers);

  function draw(shown) {
    line.textContent = words(shown);
    inks.replaceChildren(...(shown.sites ? [legend(shown.sites)].filter(Boolean) : []));
    tiles.classList.toggle('rows', shown.rows === 1 || Boolean(shown.sites));
    tiles.replaceChildren(...shown.list.filter((mode) => mode.means).map((mode, k) => card(shown, mode, k)));
    const open = numbers.open;
    numbers.hidden = false;
    numbers.replaceChildren(numbers.firstChild, table('Parts of all, the largest first', ['mode', 'model', 'standard error', 'data'],
      shown.list.map((mode, k) => [String(k + 1), mode.share, mode.stderr, mode.data ?? undefined])));
    numbers.open = open;
  }

  // card is a mode with bars as long as its shares are beside the largest one.
  function card(shown, mode, k) {
    const longest = Math.max(...shown.list.flatMap((m) => [m.share, m.data ?? 0])) || 1;
    const bar = (name, share, text) => {
      const filled = make('span', { class: `bar ${name}` });
      filled.style.width = `${(100 * share) / longest}%`;
      return make('div', {}, make('span', { class: 'track', 'aria-hidden': 'true' }, filled), make('span', {}, `${name} ${text}`));
    };
    return make('li', {}, ...(shown.sites ? letters(shown, mode, k) : [means(shown, mode, k)]), bar('model', mode.share, withError(mode)),
      mode.data == null ? null : bar('data', mode.data, percent(mode.data)));
  }

  // letters are the most probable states, and a logo of all.
  function letters({ sites }, mode, k) {
    const heights = split(sites, bytes(mode.means)).map((list) => stack(list.map((mean) => mean / 255)));
    return [logo(sites, heights, tiles.clientWidth, `probabilities of the states in mode ${k + 1}, times information, in bits`),
      make('p', { class: 'states' }, mode.consensus)];
  }

  // means is a tile in the layout of the data.
  function means({ rows, columns }, mode, k) {
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
    return canvas;
  }

  work.begin();
  return { load: () => work.load(), news: (changed) => work.news(changed), redraw: () => work.redraw(), close: () => work.close() };
}

// stack is the heights of letters in a logo, p (log₂ q + Σ p log₂ p) in bits.
function stack(p) {
  const bits = p.reduce((sum, x) => (x > 0 ? sum + x * Math.log2(x) : sum), Math.log2(p.length));
  return p.map((x) => x * Math.max(0, bits));
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
