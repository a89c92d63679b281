// The weights of the hidden units, as tiles in the layout of the data.
import { make, number, fetchJSON, fetchRun, failure, bytes, arrows } from './dom.js';
import { logo, legend as inksOf, split, strongest } from './logo.js';
import { runTabs } from './summary.js';

const orders = {
  norm: ['norm, falling', (a, b) => b.norm - a.norm],
  bias: ['bias, falling', (a, b) => b.bias - a.bias],
  index: ['number', (a, b) => a.j - b.j],
};

const strong = 5; // weights in words

export function weightsView(main, id) {
  const tiles = make('div', { class: 'tiles', role: 'group', 'aria-label': 'Hidden units' });
  const order = make(
    'select',
    { id: 'order', onchange: draw },
    ...Object.entries(orders).map(([key, [name]]) => make('option', { value: key }, name)),
  );
  const legend = make('p', { class: 'faint' });
  const inks = make('div');
  const problems = make('div');
  const wide = make('div', { class: 'wide' });
  main.append(make('h2', {}, id), runTabs(id, 'weights'), problems,
    make('div', { class: 'tools' }, make('label', { for: 'order' }, 'Sort by '), order), legend, inks, tiles, wide);
  let answer = null;
  let chosen = -1; // the first of the sorted ones
  let closed = false;

  async function load() {
    try {
      if (!(await fetchRun(id)).model) throw new Error('there is no model yet');
      answer = await fetchJSON('api/weights', { run: id });
      for (const unit of answer.units) unit.values = new Int8Array(bytes(unit.w).buffer);
      problems.replaceChildren();
    } catch (error) {
      problems.replaceChildren(failure(error));
    }
    if (!closed && answer) draw();
  }

  function draw() {
    if (!answer) return;
    const { rows, columns, units, hidden, scale, layout } = answer;
    legend.textContent = `w_ij from ${number(-scale, 3)} (blue) over 0 (grey) to ${number(scale, 3)} (red). ` +
      `${units.length} of ${hidden} units. ${layout ?? ''} Hover, or choose with Tab and the arrow keys.`;
    inks.replaceChildren(...(answer.sites ? [inksOf(answer.sites)].filter(Boolean) : []));
    const sorted = [...units].sort(orders[order.value][1]);
    const focused = tiles.contains(document.activeElement);
    const pixel = Math.max(1, Math.min(12, Math.floor(64 / Math.max(rows, columns / 4))));
    tiles.replaceChildren(
      ...sorted.map((unit) => {
        const tile = make(
          'button',
          {
            type: 'button',
            class: 'tile',
            tabindex: unit.j === chosen ? 0 : -1,
            'data-unit': unit.j,
            'aria-label': caption(unit),
          },
          picture(unit, pixel),
        );
        tile.addEventListener('mouseenter', () => choose(unit));
        tile.addEventListener('focus', () => choose(unit));
        return tile;
      }),
    );
    if (!units.some((u) => u.j === chosen)) chosen = sorted[0].j;
    choose(units.find((u) => u.j === chosen));
    if (focused) tiles.querySelector('.chosen')?.focus();
  }

  const caption = (unit) => `unit ${unit.j + 1}: norm ${number(unit.norm, 3)}, bias ${number(unit.bias, 3)}`;

  function choose(unit) {
    chosen = unit.j;
    for (const tile of tiles.children) {
      const here = Number(tile.dataset.unit) === chosen;
      tile.classList.toggle('chosen', here);
      tile.tabIndex = here ? 0 : -1;
    }
    const pixel = Math.max(1, Math.min(16, Math.floor(200 / Math.max(answer.rows, answer.columns / 2))));
    const tile = picture(unit, pixel);
    wide.replaceChildren(tile, ...(answer.sites ? letters(unit, answer.columns * pixel) : [make('p', {}, caption(unit))]));
  }

  // letters are a logo of the weights, centred at each site, with what is strongest in words.
  function letters(unit, beside) {
    const { sites, scale } = answer;
    const heights = split(sites, unit.values).map((list) => {
      const mean = list.reduce((a, b) => a + b, 0) / list.length;
      return list.map((w) => ((w - mean) * scale) / 127);
    });
    const words = `${caption(unit)}. Strongest are ${strongest(sites, heights, strong)}.`;
    tiles.querySelector('.chosen').setAttribute('aria-label', words);
    return [logo(sites, heights, Math.max(200, wide.clientWidth - beside - 32), `Logo of the weights of unit ${unit.j + 1}`),
      make('p', {}, words)];
  }

  arrows(tiles);

  // picture draws one byte a pixel; the style makes a pixel so large.
  function picture(unit, pixel) {
    const { rows, columns, shades } = answer;
    const canvas = make('canvas', { width: columns, height: rows, 'aria-hidden': 'true' });
    canvas.style.width = `${columns * pixel}px`;
    canvas.style.height = `${rows * pixel}px`;
    const context = canvas.getContext('2d');
    unit.values.forEach((w, k) => {
      context.fillStyle = shades[w + 127];
      context.fillRect(k % columns, Math.floor(k / columns), 1, 1);
    });
    return canvas;
  }

  load();
  let planned = null; // the whole model is asked for, so not at every word of a training
  const news = (changed) => {
    if (!changed.has(id) || planned) return;
    planned = setTimeout(() => {
      planned = null;
      load();
    }, 5000);
  };
  return {
    load, news, redraw: draw,
    close: () => {
      closed = true;
      clearTimeout(planned);
    },
  };
}
