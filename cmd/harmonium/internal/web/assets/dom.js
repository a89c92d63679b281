// Small helpers to build the page. Text never goes through HTML, so nothing in a file can become markup.

// make builds an element: make('p', {class: 'faint'}, 'text', otherElement).
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter((c) => c != null));
  return element;
}

export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// number formats for people; a number that is not there is a dash.
export function number(x, digits = 5) {
  if (x == null || !Number.isFinite(x)) return '–';
  if (Number.isSafeInteger(x)) return (x + 0).toLocaleString('en', { useGrouping: Math.abs(x) >= 1e4 });
  if (x !== 0 && Math.abs(x) < 1e-4) return x.toExponential(Math.min(2, digits - 1));
  return Number(x.toPrecision(digits)).toLocaleString('en', {
    maximumSignificantDigits: digits,
    useGrouping: Math.abs(x) >= 1e4,
  });
}

// counted says how many there are of something: 1 run, 2 runs.
export const counted = (n, thing) => `${n} ${thing}${n === 1 ? '' : 's'}`;

// withError formats a value with the number of digits that its error leaves.
export function withError(value, stderr) {
  if (value == null) return '–';
  if (!(stderr > 0)) return value.toFixed(3);
  const decimals = Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(stderr))));
  return `${value.toFixed(decimals)} ± ${stderr.toFixed(decimals)}`;
}

// table builds a table with a caption from rows of cells; numbers stand right.
export function table(caption, head, rows) {
  const cell = (tag, c, attributes = {}) =>
    make(
      tag,
      { ...attributes, class: typeof c === 'number' ? 'number' : c?.length > 60 ? 'long' : null },
      typeof c === 'number' ? number(c) : (c ?? '–'),
    );
  return make(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption },
    make(
      'table',
      {},
      make('caption', {}, caption),
      make('thead', {}, make('tr', {}, ...head.map((c) => cell('th', c, { scope: 'col' })))),
      make(
        'tbody',
        {},
        ...rows.map((row) =>
          make('tr', {}, ...row.map((c, k) => (k ? cell('td', c) : cell('th', c, { scope: 'row' })))),
        ),
      ),
    ),
  );
}

// fetchJSON asks the server, and throws what it refuses with.
export async function fetchJSON(path, parameters = {}) {
  const query = new URLSearchParams(parameters).toString();
  const response = await fetch(query ? `${path}?${query}` : path);
  const body = await response.json();
  if (!response.ok) throw new Error(body.error ?? response.statusText);
  return body;
}

// fetchRun asks for the summary of a run, and throws what is wrong with it: then there is nothing more to ask for.
export async function fetchRun(id) {
  const [summary] = await fetchJSON('api/runs', { run: id });
  if (!summary) throw new Error(`no such run: ${id}`);
  if (!summary.settings) throw new Error(summary.error);
  return { ...summary, fetched: performance.now() };
}

export const failure = (error) => make('p', { class: 'error', role: 'alert' }, error.message ?? String(error));

// bytes decodes base64.
export const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

// sharp makes a canvas as fine as the screen, to be drawn on in pixels of the page.
export function sharp(width, height) {
  const fine = Math.min(2, devicePixelRatio || 1);
  const canvas = make('canvas', { width: Math.ceil(width * fine), height: Math.ceil(height * fine) });
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext('2d');
  context.scale(fine, fine);
  return [canvas, context];
}

// every is the least step of 1, 2, 5, 10 … at which things of a size have so much room.
export function every(size, room) {
  for (let power = 1; ; power *= 10) {
    for (const digit of [1, 2, 5]) if (digit * power * size >= room) return digit * power;
  }
}

// roomOf is the width of the longest of some names in small type.
export const roomOf = (names) => names.reduce((room, name) => Math.max(room, 6 + 7 * name.length), 0);

// arrows lets the arrow keys, Home and End move the focus between the children of an element.
export function arrows(element) {
  element.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -Infinity, End: Infinity }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [...element.children];
    const next = all.indexOf(document.activeElement) + step;
    all[Math.max(0, Math.min(all.length - 1, next))].focus();
  });
}

export const dark = () => document.documentElement.classList.contains('dark');
