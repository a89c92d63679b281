// An RBM of Bernoulli units, small enough to sum over all states. Configurations are arrays of 0 and 1; a number k stands
// for the configuration whose unit i is bit i of k.

// Random is mulberry32: the same seed gives the same numbers.
export class Random {
  constructor(seed) { this.state = seed >>> 0; }

  uniform() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  normal() { return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform()); }
}

export const sigmoid = (x) => 1 / (1 + Math.exp(-x));
const softplus = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
export const configuration = (k, m) => Array.from({ length: m }, (_, i) => (k >> i) & 1);

function logSumExp(terms) {
  const most = Math.max(...terms);
  return most + Math.log(terms.reduce((sum, x) => sum + Math.exp(x - most), 0));
}

export class RBM {
  constructor(m, n) {
    Object.assign(this, { m, n, W: new Float64Array(m * n), b: new Float64Array(m), c: new Float64Array(n) });
  }

  clone() {
    const other = new RBM(this.m, this.n);
    for (const name of ['W', 'b', 'c']) other[name].set(this[name]);
    return other;
  }

  randomise(random, scale) { this.W.forEach((_, k) => { this.W[k] = scale * random.normal(); }); }

  // hiddenInput is c_j + Σ_i v_i w_ij, visibleInput b_i + Σ_j w_ij h_j.
  hiddenInput(v) { return Array.from(this.c, (c, j) => v.reduce((x, s, i) => x + s * this.W[i * this.n + j], c)); }
  visibleInput(h) { return Array.from(this.b, (b, i) => h.reduce((x, s, j) => x + s * this.W[i * this.n + j], b)); }
  hiddenProbabilities(v) { return this.hiddenInput(v).map(sigmoid); }
  visibleProbabilities(h) { return this.visibleInput(h).map(sigmoid); }

  energy(v, h) {
    const input = this.hiddenInput(v);
    return -v.reduce((x, s, i) => x + s * this.b[i], 0) - h.reduce((x, s, j) => x + s * input[j], 0);
  }

  // freeEnergy is −log Σ_h e^(−E(v,h)).
  freeEnergy(v) {
    return -v.reduce((x, s, i) => x + s * this.b[i], 0) - this.hiddenInput(v).reduce((x, a) => x + softplus(a), 0);
  }

  freeEnergies() { return Array.from({ length: 1 << this.m }, (_, k) => this.freeEnergy(configuration(k, this.m))); }
  logZ() { return logSumExp(this.freeEnergies().map((f) => -f)); }

  // distribution is P(v) of all 2^m configurations.
  distribution() {
    const free = this.freeEnergies();
    const logZ = logSumExp(free.map((f) => -f));
    return free.map((f) => Math.exp(-f - logZ));
  }

  // klFrom is Σ p log(p/P), in nats.
  klFrom(p) {
    const free = this.freeEnergies();
    const logZ = logSumExp(free.map((f) => -f));
    return p.reduce((sum, x, k) => (x > 0 ? sum + x * (Math.log(x) + free[k] + logZ) : sum), 0);
  }

  // moments are ⟨v_i h_j⟩, ⟨v_i⟩, ⟨h_j⟩ of weighted configurations, with h summed out: [[weight, v], …].
  moments(weighted) {
    const sums = new RBM(this.m, this.n);
    for (const [weight, v] of weighted) {
      if (weight === 0) continue;
      const h = this.hiddenProbabilities(v);
      v.forEach((s, i) => {
        if (!s) return;
        sums.b[i] += weight;
        h.forEach((q, j) => { sums.W[i * this.n + j] += weight * q; });
      });
      h.forEach((q, j) => { sums.c[j] += weight * q; });
    }
    return sums;
  }

  // ascend adds rate·(positive − negative), the gradient of the log-likelihood.
  ascend(rate, positive, negative) {
    for (const name of ['W', 'b', 'c'])
      this[name].forEach((_, k) => {
        this[name][k] += rate * (positive[name][k] - negative[name][k]);
      });
  }

  sampleHidden(v, random) { return this.hiddenProbabilities(v).map((p) => Number(random.uniform() < p)); }
  sampleVisible(h, random) { return this.visibleProbabilities(h).map((p) => Number(random.uniform() < p)); }
  gibbs(v, random) { return this.sampleVisible(this.sampleHidden(v, random), random); }
}

// draw draws a number from a distribution.
function draw(p, random) {
  let u = random.uniform();
  for (let k = 0; k < p.length; k++) {
    u -= p[k];
    if (u < 0) return k;
  }
  return p.findLastIndex((x) => x > 0);
}

const batch = 40;

// The trainers make one update of a model with data of distribution p. They differ in the negative phase alone.
export const trainers = {
  'exact gradient': () => (model, p, rate) => {
    const all = (q) => model.moments(q.map((x, k) => [x, configuration(k, model.m)]));
    model.ascend(rate, all(p), all(model.distribution()));
  },
  'CD-1': (random) => (model, p, rate) => {
    const rows = Array.from({ length: batch }, () => configuration(draw(p, random), model.m));
    const positive = model.moments(rows.map((v) => [1 / batch, v]));
    model.ascend(rate, positive, model.moments(rows.map((v) => [1 / batch, model.gibbs(v, random)])));
  },
  PCD: (random) => {
    let chains = null;
    return (model, p, rate) => {
      const rows = Array.from({ length: batch }, () => configuration(draw(p, random), model.m));
      chains ??= Array.from({ length: batch }, () => Array.from(model.b, (b) => Number(random.uniform() < sigmoid(b))));
      chains = chains.map((v) => model.gibbs(v, random));
      model.ascend(
        rate,
        model.moments(rows.map((v) => [1 / batch, v])),
        model.moments(chains.map((v) => [1 / batch, v])),
      );
    };
  },
};

// The data sets are distributions over the 2^m configurations.
export const dataSets = {
  'two blocks': (m) => {
    const half = Math.floor(m / 2);
    const low = (1 << half) - 1;
    return uniformOver(m, (k) => [0, low].includes(k & low) && [0, (1 << (m - half)) - 1].includes(k >> half));
  },
  'one unit on': (m) => uniformOver(m, (k) => k !== 0 && (k & (k - 1)) === 0),
  'an even number on': (m) => uniformOver(m, (k) => configuration(k, m).reduce((a, b) => a ^ b, 0) === 0),
  'Ising chain, ring of m spins': (m) => {
    const weights = Array.from({ length: 1 << m }, (_, k) => {
      const v = configuration(k, m);
      return Math.exp(v.reduce((sum, s, i) => sum + (s === v[(i + 1) % m] ? 1 : -1), 0));
    });
    const z = weights.reduce((a, b) => a + b, 0);
    return weights.map((w) => w / z);
  },
};

function uniformOver(m, member) {
  const inside = Array.from({ length: 1 << m }, (_, k) => Number(member(k)));
  const count = inside.reduce((a, b) => a + b, 0);
  return inside.map((x) => x / count);
}
