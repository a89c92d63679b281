#!/usr/bin/env python3
"""Tables of real numbers: held-out log-likelihood of harmonium train beside scikit-learn's normal distributions with a full
covariance, one of them and mixtures of up to ten. One JSON line a model and table.

usage: bench/tables.py HARMONIUM OUT.jsonl [--tables iris,…] [--hidden 5,10,20] [--kinds bernoulli,…] [--folds 5] [-- FLAGS]

The tables come with scikit-learn (iris, wine, breast_cancer, diabetes, digits) or are drawn (faithful, ridge), and then the
true density is scored as well. Each fifth of the rows is held out once: the fifth after it is the validation part, which
stops the training, and chooses the number of components of a mixture; the other three are for training. All models of a
fold have the same parts. digits and drawn tables have one fold. Flags after -- are those of train.

Scores are nats a row in the table's own units, over all held-out rows of all folds, with the standard error over rows.
"gaussian" and "mixture" are the differences to these two of the same rows, and their errors. Ours is computed from the
model file and the log Z of eval, row by row, and has to have the mean that eval says.

Needs numpy, scipy and scikit-learn (bench/peers/kinds.txt).
"""
import argparse
import json
import os
import struct
import subprocess
import sys
import tempfile
import time

import numpy as np
from scipy.special import erfcx
from scipy.stats import multivariate_normal
from sklearn import datasets
from sklearn.mixture import GaussianMixture

TABLES = "faithful,ridge,iris,wine,diabetes,breast_cancer,digits"
KINDS = "bernoulli,gaussian,categorical,relu,drelu"


class Normals:
    """A mixture of normal densities to draw from, and its log density."""

    def __init__(self, *parts):
        self.parts = parts  # (weight, mean, covariance)

    def draw(self, r, rows):
        weights = [w for w, _, _ in self.parts]
        which = r.choice(len(weights), rows, p=weights)
        return np.array([r.multivariate_normal(*self.parts[k][1:]) for k in which])

    def score(self, x):
        return np.logaddexp.reduce([np.log(w) + multivariate_normal(m, c).logpdf(x) for w, m, c in self.parts])


DRAWN = {
    # eruptions and waiting times, in minutes, somewhat like those of Old Faithful
    "faithful": Normals((0.36, [2.0, 54.5], [[0.07, 0.44], [0.44, 33.7]]), (0.64, [4.3, 80.0], [[0.17, 0.94], [0.94, 36.0]])),
    "ridge": Normals((1.0, [0.0, 0.0], [[1.0, 0.9], [0.9, 1.0]])),
}


def table(name):
    """Returns the rows of a table, and the density that they are drawn from if that is known."""
    r = np.random.default_rng(17)
    if name in DRAWN:
        return DRAWN[name].draw(r, 3000), DRAWN[name]
    if name == "digits":  # whole numbers, made continuous by uniform noise
        x = datasets.load_digits().data
        x = x + r.random(x.shape)
    elif name == "diabetes":  # without the sex, which has two values
        x = np.delete(datasets.load_diabetes(scaled=False).data, 1, axis=1)
    else:
        x = getattr(datasets, "load_" + name)().data
    return x[r.permutation(len(x))], None


def parts(x, fold):
    fifth = np.arange(len(x)) * 5 // len(x)
    test, valid = fifth == fold, fifth == (fold + 1) % 5
    return x[~test & ~valid], x[valid], x[test]


def run(*command):
    begun = time.time()
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in (0, 3):
        raise RuntimeError(f"{' '.join(command)}: exit status {done.returncode}: {done.stderr[:300]}")
    return done.returncode, json.loads(done.stdout), time.time() - begun


def read(path):
    with open(path, "rb") as f:
        data = f.read()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])
    meta = header.pop("__metadata__")
    tensors = {}
    for key, entry in header.items():
        a, b = entry["data_offsets"]
        tensors[key] = np.frombuffer(data[8 + size + a:8 + size + b], "<f4").reshape(entry["shape"]).astype(float)
    return tensors, meta


def half(theta, gamma):
    """log of the integral over h > 0 of exp(-gamma h^2/2 + theta h)."""
    return np.log(np.sqrt(np.pi / (2 * gamma)) * erfcx(-theta / np.sqrt(2 * gamma)))


def row_scores(path, x, log_z):
    """log p of each row in the table's units: -F - log Z - sum of log scales."""
    p, meta = read(path)
    columns = json.loads(meta["columns"])
    scale = np.array([c["scale"] for c in columns])
    v = np.float32((x - [c["mean"] for c in columns]) / scale).astype(float)
    inputs, kind = p["c"] + v @ p["W"], meta["hidden"]
    if kind == "bernoulli":
        cgf = np.logaddexp(0, inputs)
    elif kind == "categorical":
        cgf = np.logaddexp.reduce(inputs, axis=1)[:, None]
    elif kind == "gaussian":
        cgf = inputs ** 2 / (2 * p["hidden.precisions"]) + np.log(2 * np.pi / p["hidden.precisions"]) / 2
    elif kind == "relu":
        cgf = half(inputs, p["hidden.precisions"])
    else:
        d = p["hidden.thresholds"]
        cgf = np.logaddexp(half(inputs - d, p["hidden.precisions_plus"]), half(-inputs - d, p["hidden.precisions_minus"]))
    return v @ p["b"] - (v * v) @ p["visible.precisions"] / 2 + cgf.sum(1) - log_z - np.log(scale).sum()


def ours(harmonium, split, kind, hidden, flags):
    with tempfile.TemporaryDirectory() as folder:
        files = [f"{folder}/{name}.csv" for name in ("train", "valid", "test")]
        for path, rows in zip(files, split):
            header = ",".join(f"column{i}" for i in range(rows.shape[1]))
            np.savetxt(path, rows, delimiter=",", header=header, comments="", fmt="%.17g")
        out = folder + "/run"
        common = ["--workers", "1", "-q", "--json"]
        trained, t, seconds = run(harmonium, "train", files[0], "--valid", files[1], "--visible", "gaussian", "--hidden-units", kind,
                                  "--hidden", str(hidden), "-o", out, *common, *flags)
        judged, e, _ = run(harmonium, "eval", out, "--data", files[2], *common)
        test = row_scores(out + "/model.safetensors", split[2], e["log_z"]["value"])
        mean = e["log_likelihood"]["value"]
        assert abs(test.mean() - mean) < 1e-3 * (1 + abs(mean)), (test.mean(), mean)
        valid = t["valid_ll"]["value"]
    return test, {"valid": valid, "exit": [trained, judged], "updates": t["updates"], "seconds": seconds,
                  "log_z_stderr": e["log_z"]["stderr"]}


def normals(split, components, covariance):
    """The best of some mixtures by the validation part, fitted in standardised units."""
    mean, scale = split[0].mean(0), split[0].std(0)
    train, valid, test = ((x - mean) / scale for x in split)
    best = None
    for k in components:
        model = GaussianMixture(k, covariance_type=covariance, n_init=3, random_state=1).fit(train)
        if best is None or model.score(valid) > best.score(valid):
            best = model
    shift = np.log(scale).sum()
    return best.score_samples(test) - shift, {"valid": best.score(valid) - shift, "components": best.n_components}


def mean_error(x):
    return [round(float(np.mean(x)), 4), round(float(np.std(x) / np.sqrt(len(x) - 1)), 4)]


def main():
    argv, flags = sys.argv[1:], []
    if "--" in argv:
        argv, flags = argv[:argv.index("--")], argv[argv.index("--") + 1:]
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("harmonium")
    p.add_argument("out")
    p.add_argument("--tables", default=TABLES)
    p.add_argument("--hidden", default="5,10,20")
    p.add_argument("--kinds", default=KINDS)
    p.add_argument("--folds", type=int, default=5)
    o = p.parse_args(argv)
    for name in o.tables.split(","):
        x, truth = table(name)
        folds = range(1 if truth or name == "digits" else o.folds)
        splits = [parts(x, fold) for fold in folds]
        base = {}

        def report(model, results, more):
            rows = np.concatenate([test for test, _ in results])
            line = {"table": name, "rows": len(x), "columns": x.shape[1], "model": model, **more, "test": mean_error(rows),
                    "folds": [{k: round(v, 4) if isinstance(v, float) else v for k, v in r.items()} for _, r in results]}
            for peer, scores in base.items():
                line[peer] = mean_error(rows - scores)
            with open(o.out, "a") as f:
                f.write(json.dumps(line) + "\n")
            print(name, model, *more.values(), line["test"], *(line[peer] for peer in base), flush=True)
            return rows

        if truth:
            report("truth", [(truth.score(s[2]), {}) for s in splits], {})
        report("independent", [normals(s, [1], "diag") for s in splits], {})
        base["gaussian"] = report("gaussian", [normals(s, [1], "full") for s in splits], {})
        base["mixture"] = report("mixture", [normals(s, range(1, 11), "full") for s in splits], {})
        for kind in o.kinds.split(","):
            for hidden in map(int, o.hidden.split(",")):
                more = {"hidden": hidden, "flags": flags}
                try:
                    report(kind, [ours(o.harmonium, s, kind, hidden, flags) for s in splits], more)
                except (RuntimeError, AssertionError) as error:
                    print(name, kind, hidden, "failed:", str(error)[:400], flush=True)
                    with open(o.out, "a") as f:
                        f.write(json.dumps({"table": name, "model": kind, **more, "error": str(error)[:200]}) + "\n")


if __name__ == "__main__":
    main()
