// Fantasy particles: block Gibbs chains of the newest model, moving.
import { make, number, fetchRun, failure, bytes } from './dom.js';
import { runTabs } from './summary.js';

const count = 24;

export function particlesView(main, id) {
  const status = make('p', { class: 'faint' });
  const problems = make('div');
  const tiles = make('div', {
    class: 'tiles',
    role: 'img',
    'aria-label': `${count} configurations that Gibbs sampling draws from the model`,
  });
  const button = make('button', { type: 'button' });
  main.append(
    make('h2', {}, id),
    runTabs(id, 'particles'),
    problems,
    make(
      'p',
      {},
      'Chains begin at independent units with the model’s biases and make a sweep, h ~ P(h|v) and then v ~ P(v|h), five ' +
        'times a second. When the training saves a better model, they go on with that one.',
    ),
    make('div', { class: 'tools' }, button, status),
    tiles,
  );
  let events = null;
  let closed = false;
  const canvases = [];

  async function start() {
    try {
      await fetchRun(id);
    } catch (error) {
      problems.replaceChildren(failure(error));
      stop();
      return;
    }
    if (closed || events) return;
    events = new EventSource(`api/particles?${new URLSearchParams({ run: id, count })}`);
    events.onmessage = ({ data }) => draw(JSON.parse(data));
    events.onerror = () => {
      status.textContent = 'no particles: the run is gone, or the server busy or away';
      if (events?.readyState === EventSource.CLOSED) stop();
    };
    button.textContent = 'Pause';
  }

  function stop() {
    events?.close();
    events = null;
    button.textContent = 'Move';
  }

  button.addEventListener('click', () => (events ? stop() : start()));

  function draw({ rows, columns, layout, sweeps, particles, free, error }) {
    if (problems.textContent !== (error ?? '')) problems.replaceChildren(...(error ? [failure(new Error(error))] : []));
    if (error) return;
    const mean = free.reduce((a, b) => a + b, 0) / free.length;
    status.textContent = `sweep ${sweeps}; mean free energy ${number(mean, 6)} nats. ${layout ?? ''}`;
    const style = getComputedStyle(document.documentElement);
    const [on, off] = [style.getPropertyValue('--text'), style.getPropertyValue('--raised')];
    const pixel = Math.max(1, Math.min(12, Math.floor(112 / Math.max(rows, columns / 4))));
    particles.forEach((text, k) => {
      if (!canvases[k]) {
        canvases[k] = make('canvas', { width: columns, height: rows });
        tiles.append(make('div', { class: 'tile' }, canvases[k]));
      }
      const canvas = canvases[k];
      canvas.style.width = `${columns * pixel}px`;
      canvas.style.height = `${rows * pixel}px`;
      const context = canvas.getContext('2d');
      const bits = bytes(text);
      for (let i = 0; i < rows * columns; i++) {
        context.fillStyle = (bits[i >> 3] >> (i & 7)) & 1 ? on : off;
        context.fillRect(i % columns, Math.floor(i / columns), 1, 1);
      }
    });
  }

  let paused = false;
  const hide = () => {
    if (document.hidden) {
      paused = events !== null;
      stop();
    } else if (paused) start();
  };
  document.addEventListener('visibilitychange', hide);
  if (matchMedia('(prefers-reduced-motion: reduce)').matches) stop();
  else start();
  return {
    close: () => {
      closed = true;
      document.removeEventListener('visibilitychange', hide);
      stop();
    },
  };
}
