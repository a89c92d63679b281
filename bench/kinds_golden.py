"""Free energies of small models by the formulas of J. Tubiana, S. Cocco and R. Monasson, eLife 8 (2019) e39397, and of
their program PGM, written once more in NumPy and SciPy: what rbm/testdata/kinds.json holds, and a test of rbm reads.

usage: python3 bench/kinds_golden.py > rbm/testdata/kinds.json      (NumPy 2.4.6, SciPy 1.17.1)

The visible layer is categorical. F(v) = -sum_i g_i(v_i) - sum_j Gamma_j(I_j), with I_j = sum_i w_ij(v_i) and Gamma(I) =
log of the integral of exp(-U(h) + h I):

  Bernoulli   U = -c h, h in {0,1}
  Gaussian    U = gamma h^2/2 + theta h
  ReLU        the same, h >= 0
  dReLU       U = gamma+ h+^2/2 + gamma- h-^2/2 + theta+ h+ + theta- h-, h+ = max(h,0), h- = min(h,0)

In biases b and thresholds d, as rbm/drelu.go has them, theta+ = d - b and theta- = -d - b.
"""

import json

import numpy as np
from scipy.special import erfcx


def half(theta, gamma):
    """log of the integral over h > 0 of exp(-gamma h^2/2 - theta h)."""
    return np.log(np.sqrt(np.pi / (2 * gamma)) * erfcx(theta / np.sqrt(2 * gamma)))


def cgf(kind, p, I):
    if kind == "bernoulli":
        return np.logaddexp(0, p["biases"] + I)
    b = p["biases"]
    if kind == "gaussian":
        theta, gamma = -b, p["precisions"]
        return (I - theta) ** 2 / (2 * gamma) + np.log(2 * np.pi / gamma) / 2
    if kind == "relu":
        return half(-b - I, p["precisions"])
    d = p["thresholds"]
    plus, minus = d - b, -d - b
    return np.logaddexp(half(plus - I, p["precisions_plus"]), half(-minus + I, p["precisions_minus"]))


def main():
    r = np.random.default_rng(2019)
    states, n, rows = [3, 2, 5, 4], 6, 20
    m = sum(states)
    first = np.cumsum([0] + states[:-1])
    f32 = lambda x: np.asarray(x, np.float32).astype(float)
    cases = []
    for kind, names in [("bernoulli", []), ("gaussian", ["precisions"]), ("relu", ["precisions"]),
                        ("drelu", ["precisions_plus", "precisions_minus", "thresholds"])]:
        W, g = f32(r.normal(0, 1, (m, n))), f32(r.normal(0, 1, m))
        p = {"biases": f32(r.normal(0, 1, n))}
        for name in names:
            p[name] = f32(r.normal(0, 1, n) if name == "thresholds" else r.uniform(0.3, 3, n))
        v = np.stack([r.integers(0, q, rows) for q in states], 1)
        units = v + first
        F = [-g[u].sum() - cgf(kind, p, W[u].sum(0)).sum() for u in units]
        cases.append({"hidden": kind, "states": states, "W": W.ravel().tolist(), "b": g.tolist(),
                      "parameters": {k: x.tolist() for k, x in p.items()}, "v": v.tolist(), "F": F})
    print(json.dumps({"source": "bench/kinds_golden.py", "cases": cases}))


main()
