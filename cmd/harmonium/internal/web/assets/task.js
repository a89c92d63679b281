// What the server computes of a run's model in the background, and is asked for until it is there.
import { make, fetchJSON, fetchRun, failure } from './dom.js';

const every = 500; // ms between two looks

// Task begins with the model that the run has when it is loaded, and shows the result. A newer model is told of, and looked
// at when the button is pressed.
export class Task {
  constructor(id, path, show) {
    Object.assign(this, { id, path, show, busy: false, closed: false });
    this.result = null;
    this.version = null; // of the model that is shown or looked at
    this.status = make('p', { class: 'faint', role: 'status' });
    this.again = make('button', { type: 'button', disabled: true, onclick: () => this.begin() }, 'Look again');
    this.problems = make('div');
    this.tools = make('div', { class: 'tools' }, this.again, this.status);
  }

  async begin() {
    if (this.busy) return;
    this.busy = this.again.disabled = true;
    this.version = null;
    try {
      if (!(await fetchRun(this.id)).model) throw new Error('there is no model yet');
      await this.look();
    } catch (error) {
      this.fail(error);
    }
  }

  async look() {
    const answer = await fetchJSON(this.path, this.version ? { run: this.id, version: this.version } : { run: this.id });
    if (this.closed) return;
    if (answer.error) throw new Error(answer.error);
    this.version = answer.version;
    if (answer.result) {
      this.result = answer.result;
      this.busy = false;
      this.problems.replaceChildren();
      this.fresh(answer.newer);
      this.show(this.result);
    } else {
      this.status.textContent = answer.stage + (answer.done > 0 ? `: ${10 * Math.floor(10 * answer.done)} %` : ' …');
      this.timer = setTimeout(() => this.look().catch((error) => this.fail(error)), every);
    }
  }

  fail(error) {
    this.busy = this.again.disabled = false;
    this.status.textContent = '';
    if (!this.closed) this.problems.replaceChildren(failure(error));
  }

  fresh(newer) {
    this.again.disabled = !newer;
    this.status.textContent = newer ? 'The run has a better model by now.' : 'Of the model that the run has now.';
  }

  // load, news, redraw and close are those of a view.
  load() { if (!this.result) this.begin(); }

  news(changed) {
    if (!changed.has(this.id)) return;
    if (!this.result) this.begin();
    else if (!this.busy) this.compare().catch((error) => this.fail(error));
  }

  async compare() {
    const { newer } = await fetchJSON(this.path, { run: this.id, version: this.version });
    if (!this.busy && !this.closed) this.fresh(newer);
  }

  redraw() { if (this.result) this.show(this.result); }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
  }
}
