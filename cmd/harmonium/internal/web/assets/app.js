// The page: which view is shown, and the stream of news from the server.
import { failure } from './dom.js';
import { runsView } from './runs.js';
import { runView } from './run.js';
import { weightsView } from './weights.js';
import { modesView } from './modes.js';
import { contactsView } from './contacts.js';
import { particlesView } from './particles.js';
import { playView } from './play.js';

const main = document.getElementById('main');
const connection = document.getElementById('connection');
const views = {
  runs: runsView, run: runView, weights: weightsView, modes: modesView, contacts: contactsView, particles: particlesView,
  play: playView,
};
let current = null; // {load(), news(changed, gone), redraw(), close()}, each of which may be missing

function show() {
  const [name, id] = location.hash.replace(/^#\//, '').split('/');
  const view = views[name] ?? runsView;
  current?.close?.();
  current = null;
  main.replaceChildren();
  for (const a of document.querySelectorAll('header nav a')) {
    if (a.hash === `#/${views[name] && !id ? name : 'runs'}`) a.setAttribute('aria-current', 'page');
    else a.removeAttribute('aria-current');
  }
  try {
    current = view(main, id === undefined ? undefined : decodeURIComponent(id));
  } catch (error) {
    main.append(failure(error));
  }
  document.title = `${main.querySelector('h2')?.textContent ?? 'Runs'} – Harmonium`;
}

// listen follows the news while the page can be seen: a browser has few connections to one server, and hidden pages would
// use them up. A stream that breaks is opened again, and the view is loaded again, as nobody knows what was missed.
let events = null;
function listen() {
  if (events || document.hidden) return;
  events = new EventSource('api/events');
  let first = true;
  events.onopen = () => {
    connection.textContent = 'live';
    first = true;
  };
  events.onerror = () => {
    connection.textContent = 'no connection to the server';
    if (events?.readyState !== EventSource.CLOSED) return;
    deaf();
    setTimeout(listen, 3000);
  };
  let waiting = null;
  events.onmessage = ({ data }) => {
    const news = JSON.parse(data);
    if (first) {
      first = false;
      current?.load?.();
      return;
    }
    if (waiting) { // at most two redrawings a second, however fast the news
      news.changed.forEach((id) => waiting.changed.add(id));
      news.gone.forEach((id) => waiting.gone.add(id));
      return;
    }
    waiting = { changed: new Set(news.changed), gone: new Set(news.gone) };
    setTimeout(() => {
      const { changed, gone } = waiting;
      waiting = null;
      current?.news?.(changed, gone);
    }, 500);
  };
}

function deaf() {
  events?.close();
  events = null;
}

function visibility() {
  if (!document.hidden) return listen();
  deaf();
  connection.textContent = '';
}
document.addEventListener('visibilitychange', visibility);
addEventListener('pagehide', deaf);
addEventListener('pageshow', listen);

document.querySelector('.skip').addEventListener('click', (event) => {
  event.preventDefault(); // the hash is the view
  main.focus();
});

// theme follows the system until the button is pressed.
function theme() {
  const button = document.getElementById('theme');
  const system = matchMedia('(prefers-color-scheme: dark)');
  let chosen = localStorage.getItem('theme');
  const apply = () => {
    const isDark = chosen ? chosen === 'dark' : system.matches;
    document.documentElement.classList.toggle('dark', isDark);
    button.textContent = isDark ? 'Light' : 'Dark';
    current?.redraw?.();
  };
  button.addEventListener('click', () => {
    chosen = document.documentElement.classList.contains('dark') ? 'light' : 'dark';
    localStorage.setItem('theme', chosen);
    apply();
  });
  system.addEventListener('change', apply);
  apply();
}

theme();
addEventListener('hashchange', () => {
  show();
  main.focus();
});
show();
listen();
