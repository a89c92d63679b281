// Sequence logos: at each site its states stand on top of each other as letters, each as tall as its number says.
import { make, number, dark, sharp, every, roomOf } from './dom.js';

const height = 150; // of the letters
const axis = 44; // to their left
const below = 22; // for the names of the sites
const [least, widest, longest] = [12, 32, 4]; // pixels of a letter; letters that make a site wider
const most = 1000; // sites: browsers have no canvas of any width
const slim = 0.3; // a letter such as I, narrower than this part of its height, fills the part narrow of its site
const narrow = 0.35;

// split divides one number a unit into those of the states of each site.
export function split({ states }, units) {
  let first = 0;
  return states.map(({ length }) => {
    first += length;
    return Array.from(units.slice(first - length, first));
  });
}

// logo draws heights of the states of each site; those below 0 stand below the line. It is room pixels wide, or scrolls.
export function logo(sites, heights, room, label) {
  const shown = heights.slice(0, most);
  const letters = Math.min(longest, sites.states.flat().reduce((n, state) => Math.max(n, state.length), 1));
  const width = Math.max(least, Math.min(widest * letters, Math.floor((room - axis) / shown.length)));
  const sum = (list) => list.reduce((a, b) => a + b, 0);
  const high = Math.max(1e-9, ...shown.map((h) => sum(h.filter((x) => x > 0))));
  const low = Math.min(0, ...shown.map((h) => sum(h.filter((x) => x < 0))));
  const y = (x) => 8 + (height * (high - x)) / (high - low);
  const [canvas, context] = sharp(axis + width * shown.length, height + below + 16);
  const style = getComputedStyle(document.documentElement);
  const text = (words, x, at, align) => {
    context.fillStyle = style.getPropertyValue('--faint');
    context.font = '12px system-ui, sans-serif';
    [context.textAlign, context.textBaseline] = [align, 'middle'];
    context.fillText(words, x, at);
  };
  for (const tick of new Set([high, 0, low])) {
    context.fillStyle = style.getPropertyValue('--line');
    context.fillRect(axis - 4, Math.round(y(tick)), width * shown.length + 4, 1);
    if (tick === 0 || Math.abs(tick) > (high - low) / 10) text(number(tick, 2), axis - 8, y(tick), 'right');
  }
  const inks = new Map(sites.inks.flatMap((ink) => ink.states.map((state) => [state, dark() ? ink.dark : ink.light])));
  const step = every(width, roomOf(sites.names));
  shown.forEach((list, site) => {
    let [up, down] = [0, 0];
    const order = list.map((_, a) => a).sort((a, b) => Math.abs(list[a]) - Math.abs(list[b]));
    for (const a of order) {
      const x = list[a];
      const top = x > 0 ? (up += x) : down;
      if (x < 0) down += x;
      const state = sites.states[site][a];
      letter(context, state, inks.get(state), axis + site * width + 0.5, y(top), width - 1, y(top - Math.abs(x)) - y(top));
    }
    if ((site + 1) % step === 0) text(sites.names[site], axis + (site + 0.5) * width, height + 8 + below / 2, 'center');
  });
  const scrolls = axis + width * shown.length > room;
  const rest = heights.length - shown.length;
  return make('div', { class: 'scroll logo', role: scrolls ? 'region' : 'img', tabindex: scrolls ? 0 : null, 'aria-label': label }, canvas,
    rest > 0 ? make('p', { class: 'faint' }, `Without ${rest} more sites, which 'harmonium inspect' draws.`) : null);
}

// letter fills a box with a text.
function letter(context, words, ink, left, top, width, tall) {
  if (tall < 0.5) return;
  context.fillStyle = ink;
  if (words === '-') { // would be a block anyhow, but for what its bounds are rounded by
    context.fillRect(left, top, width, tall);
    return;
  }
  context.font = 'bold 500px sans-serif'; // large, as the bounds of letters are in whole pixels
  [context.textAlign, context.textBaseline] = ['left', 'alphabetic'];
  const m = context.measureText(words);
  const [w, h] = [m.actualBoundingBoxLeft + m.actualBoundingBoxRight, m.actualBoundingBoxAscent + m.actualBoundingBoxDescent];
  if (!(w > 0 && h > 0)) return;
  const wide = w < slim * h ? width * narrow : width;
  context.save();
  context.translate(left + (width - wide) / 2, top);
  context.scale(wide / w, tall / h);
  context.fillText(words, m.actualBoundingBoxLeft, m.actualBoundingBoxAscent);
  context.restore();
}

// legend names the classes of letters, or the states if they are few.
export function legend({ inks }) {
  const named = inks.filter((ink) => ink.name);
  if (named.length > 12) return null;
  return make('ul', { class: 'inks', 'aria-label': 'Colours of the letters' }, ...named.map((ink) => {
    const swatch = make('span', { class: 'swatch', 'aria-hidden': 'true' });
    swatch.style.background = dark() ? ink.dark : ink.light;
    const [only] = ink.states;
    return make('li', {}, swatch, ink.states.length > 1 || ink.name !== only ? `${ink.name}: ${ink.states.join(' ')}` : ink.name);
  }));
}

// strongest lists the states with the largest numbers, as "W at 9: +1.2".
export function strongest(sites, heights, count) {
  return heights.flatMap((list, site) => list.map((x, a) => ({ x, words: `${sites.states[site][a]} at ${sites.names[site]}` })))
    .sort((p, q) => Math.abs(q.x) - Math.abs(p.x)).slice(0, count)
    .map(({ x, words }) => `${words}: ${x > 0 ? '+' : '−'}${number(Math.abs(x), 2)}`).join(', ');
}
