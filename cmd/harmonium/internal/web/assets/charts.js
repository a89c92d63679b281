// Curves with error bands, by uPlot.
import { make, number, table, dark } from './dom.js';

const palettes = {
  light: ['#0072b2', '#d55e00', '#007a58', '#b0568c', '#a66f00', '#2f86ba', '#555555', '#8a5a00'],
  dark: ['#56b4e9', '#ff8a3d', '#2ec79b', '#e39ac6', '#f0b03f', '#7fc4ee', '#bbbbbb', '#d0a45a'],
};
const tableRows = 12;

// Chart is a figure that shows series {name, x, y, error} and can be given others.
export class Chart {
  constructor({ title, x, y, log = false, height = 260 }) {
    Object.assign(this, { title, x, y, log, height });
    this.plotted = make('div', { role: 'img' });
    this.numbers = make('details', { ontoggle: () => this.tabulate() }, make('summary', {}, 'Numbers'));
    this.element = make('figure', {}, make('figcaption', {}, title), this.plotted, this.numbers);
    this.resize = new ResizeObserver(() => this.plot?.setSize(this.size()));
    this.resize.observe(this.plotted);
    this.series = [];
  }

  size() { return { width: Math.max(200, this.plotted.clientWidth), height: this.height }; }

  // set draws the series. It makes a new plot only where their names or the theme change.
  set(series) {
    this.series = series.filter((s) => s.x.length > 0);
    const key = JSON.stringify([dark(), this.series.map((s) => [s.name, Boolean(s.error)])]);
    const data = this.data();
    if (key === this.key) {
      this.plot?.setData(data);
    } else {
      this.key = key;
      this.plot?.destroy();
      this.plot = this.series.length > 0 ? new uPlot(this.options(), data, this.plotted) : null;
    }
    this.describe();
  }

  // data joins the series on their common x; a band needs its upper and lower edge as series of their own.
  data() {
    const tables = this.series.map((s) => {
      const positive = (v) => (v == null || !Number.isFinite(v) || (this.log && v <= 0) ? null : v);
      const rows = [s.x, s.y.map(positive)];
      if (s.error) rows.push(s.y.map((v, k) => positive(v + s.error[k])), s.y.map((v, k) => positive(v - s.error[k])));
      return rows;
    });
    return tables.length > 0 ? uPlot.join(tables) : [[]];
  }

  options() {
    const style = getComputedStyle(document.documentElement);
    const text = style.getPropertyValue('--text').trim();
    const line = style.getPropertyValue('--line').trim();
    const palette = palettes[dark() ? 'dark' : 'light'];
    const series = [{ label: this.x, value: (_, v) => number(v) }];
    const bands = [];
    this.series.forEach((s, k) => {
      const stroke = palette[k % palette.length];
      series.push({
        label: s.name,
        stroke,
        width: 2,
        spanGaps: true,
        value: (_, v) => number(v),
        dash: k >= palette.length ? [6, 4] : undefined,
        points: { show: () => (this.series[k]?.x.length ?? 0) < 30 },
      });
      if (s.error) {
        const edge = {
          stroke: 'transparent',
          width: 0,
          points: { show: false },
          spanGaps: true,
          value: (_, v) => number(v),
        };
        bands.push({ series: [series.length, series.length + 1], fill: `${stroke}40` });
        series.push({ ...edge, label: 'plus an error' }, { ...edge, label: 'minus an error' });
      }
    });
    const axis = { stroke: text, grid: { stroke: line, width: 1 }, ticks: { stroke: line } };
    return {
      ...this.size(), series, bands,
      scales: { x: { time: false }, y: { distr: this.log ? 3 : 1 } },
      axes: [
        { ...axis, label: this.x },
        { ...axis, label: this.y, size: 70, values: (_, ticks) => ticks.map((v) => (v == null ? '' : number(v, 4))) },
      ],
      hooks: { ready: [hideEdges] },
    };
  }

  // describe tells in words and numbers what the canvas shows.
  describe() {
    const last = this.series.map((s) => `${s.name} ${number(s.y.at(-1))} at ${number(s.x.at(-1))}`).join('; ');
    this.plotted.setAttribute('aria-label', `${this.title}. ${last || 'Nothing to show yet.'}`);
    this.tabulate();
  }

  // tabulate writes some of the points into the table, if it is open. The element that scrolls stays.
  tabulate() {
    if (!this.numbers.open) return;
    const rows = [];
    for (const s of this.series) {
      const step = Math.max(1, Math.ceil(s.x.length / tableRows));
      for (let k = (s.x.length - 1) % step; k < s.x.length; k += step)
        rows.push([s.name, s.x[k], s.y[k], s.error ? s.error[k] : null]);
    }
    const fresh = table(`${this.title}: some of the points`, ['curve', this.x, this.y, 'error'], rows);
    const old = this.numbers.querySelector('.scroll');
    if (old) old.replaceChildren(...fresh.children);
    else this.numbers.append(fresh);
  }

  close() {
    this.resize.disconnect();
    this.plot?.destroy();
  }
}

// hideEdges takes the edges of bands out of the legend, which is for reading values.
function hideEdges(plot) {
  for (const row of plot.root.querySelectorAll('.u-legend .u-series')) {
    if (/ an error$/.test(row.querySelector('.u-label')?.textContent ?? '')) row.hidden = true;
  }
}
