"""Free energies and log Z of small models by programs and formulas of others: what rbm/testdata/kinds.json holds, and a
test of rbm reads. Each case names its source.

usage: python3 bench/kinds_golden.py > rbm/testdata/kinds.json      (pip install -r bench/peers/kinds.txt)

PGM      the formulas of J. Tubiana, S. Cocco and R. Monasson, eLife 8 (2019) e39397, and of their program PGM, written
         once more in NumPy and SciPy. The visible layer is categorical: F(v) = -sum_i g_i(v_i) - sum_j Gamma_j(I_j), with
         I_j = sum_i w_ij(v_i) and Gamma(I) = log of the integral of exp(-U(h) + h I):

           Bernoulli   U = -c h, h in {0,1}
           Gaussian    U = gamma h^2/2 + theta h
           ReLU        the same, h >= 0
           dReLU       U = gamma+ h+^2/2 + gamma- h-^2/2 + theta+ h+ + theta- h-, h+ = max(h,0), h- = min(h,0)

         In biases b and thresholds d, as rbm/drelu.go has them, theta+ = d - b and theta- = -d - b.
rbms     the PyPI package of that name, run in float64: Bernoulli-Bernoulli (BBRBM) and Potts-Bernoulli (PBRBM) are all the
         kinds that it has. Its parameters are ours; its sites have the same number of states each. It takes x for
         log(1+exp(x)) from x = 10 on, 5e-5 too little at 10, so that the inputs of hidden units here are kept below.
GaussianMixture
         scikit-learn's. A Gaussian layer with precisions gamma above Bernoulli units is a mixture of 2^n normal densities,
         one for each h, with the means (b + W h)/gamma, the variances 1/gamma and weights
         exp(c h + sum_i [(b + W h)_i^2/(2 gamma_i) + log(2 pi/gamma_i)/2]) / Z; F(v) = -log p(v) - log Z.
multivariate_normal
         SciPy's. Gaussian layers together are normal with the precision matrix (gamma_v, -W; -W^T, gamma_h); p(v) is the
         marginal, and Z = (2 pi)^((m+n)/2) exp(mu^T K mu/2) / sqrt(det K) with K mu = (b, c).
"""

import itertools
import json
from importlib.metadata import version

import numpy as np
import torch
from rbms.bernoulli_bernoulli.classes import BBRBM
from rbms.partition_function.exact import compute_partition_function
from rbms.potts_bernoulli.classes import PBRBM
from scipy.special import erfcx, logsumexp
from scipy.stats import multivariate_normal
from sklearn.mixture import GaussianMixture


def f32(x):
    """Numbers that float32 holds."""
    return np.asarray(x, np.float32).astype(float)


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


def case(source, visible, hidden, W, visible_parameters, hidden_parameters, v, F, log_z=None, states=None):
    lists = lambda p: {k: x.tolist() for k, x in p.items()}
    return {"source": source, "visible": visible, "hidden": hidden, "states": states, "W": W.ravel().tolist(),
            "visible_parameters": lists(visible_parameters), "hidden_parameters": lists(hidden_parameters),
            "v": v.tolist(), "F": np.asarray(F).tolist(), "log_z": log_z}


def pgm():
    r = np.random.default_rng(2019)
    states, n, rows = [3, 2, 5, 4], 6, 20
    m = sum(states)
    first = np.cumsum([0] + states[:-1])
    for kind, names in [("bernoulli", []), ("gaussian", ["precisions"]), ("relu", ["precisions"]),
                        ("drelu", ["precisions_plus", "precisions_minus", "thresholds"])]:
        W, g = f32(r.normal(0, 1, (m, n))), f32(r.normal(0, 1, m))
        p = {"biases": f32(r.normal(0, 1, n))}
        for name in names:
            p[name] = f32(r.normal(0, 1, n) if name == "thresholds" else r.uniform(0.3, 3, n))
        v = np.stack([r.integers(0, q, rows) for q in states], 1)
        F = [-g[u].sum() - cgf(kind, p, W[u].sum(0)).sum() for u in v + first]
        yield case("PGM", "categorical", kind, W, {"biases": g}, p, v, F, states=states)


def rbms():
    r = np.random.default_rng(5)
    n, rows = 6, 20
    hidden = torch.tensor(list(itertools.product([0, 1], repeat=n)), dtype=torch.float64)
    for kind, shape in [("bernoulli", (12,)), ("categorical", (5, 4))]:
        W, b, c = f32(r.normal(0, 1, (*shape, n))), f32(r.normal(0, 1, shape)), f32(r.normal(0, 1, n))
        v = r.integers(0, 2 if kind == "bernoulli" else shape[1], (rows, shape[0]))
        inputs = c + (v @ W if kind == "bernoulli" else W[np.arange(shape[0]), v].sum(1))
        assert inputs.max() < 10, inputs.max()
        theirs = BBRBM if kind == "bernoulli" else PBRBM
        model = theirs(*(torch.tensor(x) for x in (W, b, c)))
        F = model.compute_energy_visibles(torch.tensor(v, dtype=torch.float64)).numpy()
        log_z = compute_partition_function(model, hidden)
        if kind == "bernoulli":  # rbms' cut at 10 bears on log Z too: by less than 1e-6 here
            b_h = b + np.asarray(hidden) @ W.T
            log_z_whole = logsumexp(np.asarray(hidden) @ c + np.logaddexp(0, b_h).sum(1))
            assert abs(log_z - log_z_whole) < 1e-6, (log_z, log_z_whole)
        yield case("rbms " + version("rbms"), kind, "bernoulli", W, {"biases": b.ravel()}, {"biases": c}, v, F, log_z,
                   None if kind == "bernoulli" else [shape[1]] * shape[0])


def mixture():
    r = np.random.default_rng(6)
    m, n, rows = 5, 6, 20
    W, b, c = f32(r.normal(0, 1, (m, n))), f32(r.normal(0, 1, m)), f32(r.normal(0, 1, n))
    gamma = f32(r.uniform(0.3, 3, m))
    h = np.array(list(itertools.product([0, 1], repeat=n)), float)
    x = b + h @ W.T
    log_w = h @ c + (x * x / (2 * gamma) + np.log(2 * np.pi / gamma) / 2).sum(1)
    log_z = logsumexp(log_w)
    model = GaussianMixture(len(h), covariance_type="diag")
    model.weights_, model.means_ = np.exp(log_w - log_z), x / gamma
    model.precisions_cholesky_ = np.tile(np.sqrt(gamma), (len(h), 1))
    v = f32(r.normal(0, 3, (rows, m)))
    yield case("scikit-learn " + version("scikit-learn") + ", GaussianMixture", "gaussian", "bernoulli", W,
               {"biases": b, "precisions": gamma}, {"biases": c}, v, -model.score_samples(v) - log_z, float(log_z))


def normal():
    r = np.random.default_rng(7)
    m, n, rows = 5, 3, 20
    W, b, c = f32(r.normal(0, 0.3, (m, n))), f32(r.normal(0, 1, m)), f32(r.normal(0, 1, n))
    gamma_v, gamma_h = f32(r.uniform(1, 3, m)), f32(r.uniform(1, 3, n))
    K = np.block([[np.diag(gamma_v), -W], [-W.T, np.diag(gamma_h)]])
    bias = np.concatenate([b, c])
    mean = np.linalg.solve(K, bias)
    log_z = float((m + n) / 2 * np.log(2 * np.pi) + mean @ bias / 2 - np.linalg.slogdet(K)[1] / 2)
    v = f32(r.normal(0, 3, (rows, m)))
    log_p = multivariate_normal(mean[:m], np.linalg.inv(K)[:m, :m]).logpdf(v)
    yield case("SciPy " + version("scipy") + ", multivariate_normal", "gaussian", "gaussian", W,
               {"biases": b, "precisions": gamma_v}, {"biases": c, "precisions": gamma_h}, v, -log_p - log_z, log_z)


def main():
    cases = [*pgm(), *rbms(), *mixture(), *normal()]
    print(json.dumps({"made_by": "bench/kinds_golden.py", "cases": cases}))


main()
