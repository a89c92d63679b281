// The map of the scores of pairs of sites, and the strongest pairs.
import { make, number, table, bytes, arrows, sharp, every, roomOf } from './dom.js';
import { runTabs } from './summary.js';
import { Task } from './task.js';

const listed = 30; // pairs beside the map
const largest = 620; // pixels of the map
const margin = 8; // between the map and its names
const edge = 2; // above the map, for a frame

export function contactsView(main, id) {
  const line = make('p', { class: 'words' });
  const map = make('div', { class: 'scroll' });
  const readout = make('p', { class: 'faint' });
  const pairs = make('div', { class: 'pairs', role: 'group', 'aria-label': 'The strongest pairs' });
  const heading = make('h3', { hidden: true }, 'The strongest pairs');
  const numbers = make('details', { hidden: true }, make('summary', {}, 'Numbers'));
  const work = new Task(id, 'api/contacts', draw);
  let chosen = 0; // pair of the list
  let cells = null; // one pixel each
  main.append(make('h2', {}, id), runTabs(id, 'contacts'), work.problems,
    make('p', { class: 'faint' },
      'Coupled sites depend on each other directly, as amino acids do that touch in the folded protein. A score is the Frobenius ' +
        'norm of the effective couplings of two sites, without gaps, with the average product correction. Above the diagonal ' +
        'are all scores, below it the largest.'),
    work.tools, line, make('div', { class: 'columns' }, make('div', {}, map, readout), make('div', {}, heading, pairs)), numbers);

  function draw({ sites, separation, pairs: count, list, scale, no_data: noData }) {
    line.textContent = `Scores from ${number(-scale, 3)} (blue) over 0 (grey) to ${number(scale, 3)} (red) of ${number(count)} pairs` +
      (separation > 1 ? ` of sites that are ${separation} or more apart. ` : ' of sites. ') +
      `They are means over ${noData ? `equal frequencies of all states: ${noData}` : 'the frequencies of the training data'}.`;
    cells = cellsOf(work.result);
    chosen = Math.min(chosen, list.length - 1);
    const few = list.slice(0, listed);
    heading.hidden = numbers.hidden = false;
    pairs.replaceChildren(...few.map(({ i, k, score }, at) => make('button', {
      type: 'button', 'data-pair': at, tabindex: at === chosen ? 0 : -1, onfocus: () => choose(at), onmouseenter: () => choose(at),
    }, `${sites[i]} – ${sites[k]}`, make('span', { class: 'faint' }, ` ${number(score, 3)}`))));
    const open = numbers.open;
    numbers.replaceChildren(numbers.firstChild, table(`The ${list.length} pairs below the diagonal, of ${number(count)}`,
      ['site', 'other site', 'score'], list.map(({ i, k, score }) => [sites[i], sites[k], score])));
    numbers.open = open;
    choose(chosen);
  }

  function choose(at) {
    chosen = at;
    [...pairs.children].forEach((button, k) => {
      button.classList.toggle('chosen', k === at);
      button.tabIndex = k === at ? 0 : -1;
    });
    const { list, sites } = work.result;
    const { i, k, score } = list[at];
    readout.textContent = `${sites[i]} – ${sites[k]}: ${number(score, 3)}`;
    const { canvas, left, pixel } = picture(work.result, cells, list[at], Math.max(200, Math.min(largest, map.clientWidth)));
    canvas.setAttribute('aria-label', `Map of the scores of ${sites.length} sites; a frame is around ${readout.textContent}`);
    canvas.addEventListener('mousemove', ({ offsetX, offsetY }) => {
      const [a, b] = [Math.floor((offsetY - edge) / pixel), Math.floor((offsetX - left) / pixel)].sort((x, y) => x - y);
      const value = scoreOf(work.result, a, b);
      if (value !== undefined) readout.textContent = `${sites[a]} – ${sites[b]}: ${number(value, 2)}`;
    });
    map.replaceChildren(canvas);
  }

  arrows(pairs);
  work.begin();
  return { load: () => work.load(), news: (changed) => work.news(changed), redraw: () => work.redraw(), close: () => work.close() };
}

// scoreOf is the score of sites i < k, to 1 % of the largest; undefined where they have none.
function scoreOf({ sites: { length }, values, separation, scale }, i, k) {
  if (!(i >= 0 && k < length && k - i >= separation)) return undefined;
  return (values[(i * (2 * length - i - 1)) / 2 + k - i - 1] * scale) / 127;
}

// cellsOf draws all scores above the diagonal, and the largest below it.
function cellsOf(result) {
  const { sites: { length }, scores, shades, list, scale } = result;
  const canvas = make('canvas', { width: length, height: length });
  const context = canvas.getContext('2d');
  const fill = (shade, row, column) => {
    context.fillStyle = shades[shade + 127];
    context.fillRect(column, row, 1, 1);
  };
  context.fillStyle = shades[127];
  context.fillRect(0, 0, length, length);
  result.values = new Int8Array(bytes(scores).buffer);
  let at = 0;
  for (let i = 0; i < length; i++) for (let k = i + 1; k < length; k++) fill(result.values[at++], i, k);
  for (const { i, k, score } of list) fill(scale > 0 ? Math.round((127 * Math.abs(score)) / scale) : 0, k, i);
  return canvas;
}

// picture draws the map with names of sites, and with a frame around a pair, above the diagonal and below it.
function picture({ sites }, cells, framed, room) {
  const style = getComputedStyle(document.documentElement);
  const beside = Math.min(90, roomOf(sites));
  const pixel = Math.max(1, Math.floor((room - beside - margin) / sites.length));
  const [left, side] = [beside + margin, pixel * sites.length];
  const [canvas, context] = sharp(left + side + edge, edge + side + margin + 20);
  canvas.setAttribute('role', 'img');
  context.imageSmoothingEnabled = false;
  context.translate(0, edge);
  context.drawImage(cells, left, 0, side, side);
  context.strokeStyle = style.getPropertyValue('--text');
  context.lineWidth = 2;
  for (const [row, column] of [[framed.i, framed.k], [framed.k, framed.i]]) {
    context.strokeRect(left + column * pixel - 1, row * pixel - 1, pixel + 2, pixel + 2);
  }
  context.fillStyle = style.getPropertyValue('--faint');
  context.font = '12px system-ui, sans-serif';
  context.textBaseline = 'middle';
  const [down, across] = [every(pixel, 14), every(pixel, roomOf(sites))];
  sites.forEach((name, site) => {
    const middle = (site + 0.5) * pixel;
    context.textAlign = 'right';
    if ((site + 1) % down === 0) context.fillText(name, beside, middle, beside);
    context.textAlign = 'center';
    if ((site + 1) % across === 0) context.fillText(name, left + middle, side + margin + 6);
  });
  return { canvas, left, pixel };
}
