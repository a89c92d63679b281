#!/usr/bin/env python3
"""Train scikit-learn's BernoulliRBM on a grid of settings and score it exactly.

Prints one JSON object a run: the exact test log-likelihood in nats a row, by enumerating the smaller layer in float64.
The data folder holds debd/NAME.{train,test,valid}.data.gz and mnist/*-ubyte.gz; sets without a test part are scored on their
validation part. --selftest compares the exact score with a sum over all joint states of a small model.
"""

import argparse
import gzip
import itertools
import json
import os
import platform
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import sklearn
from sklearn.neural_network import BernoulliRBM


def load(folder, name):
    if name == "mnist":
        def images(part):
            with gzip.open(f"{folder}/mnist/{part}-images-idx3-ubyte.gz") as f:
                return np.frombuffer(f.read(), np.uint8, offset=16).reshape(-1, 784) > 127
        return images("train").astype(np.float32), images("t10k").astype(np.float32)
    part = "test" if os.path.exists(f"{folder}/debd/{name}.test.data.gz") else "valid"
    return tuple(np.loadtxt(f"{folder}/debd/{name}.{p}.data.gz", delimiter=",", dtype=np.float32) for p in ("train", part))


def softplus(x):
    return np.logaddexp(0, x)


def log_z(W, b, c):
    """W is m×n; the smaller layer is enumerated, the low ten units of it as the rows of a block."""
    if W.shape[0] < W.shape[1]:
        return log_z(W.T, c, b)
    n = W.shape[1]
    low = min(n, 10)
    bits = lambda count: (np.arange(2**count)[:, None] >> np.arange(count) & 1).astype(np.float64)
    block = bits(low)
    x_low, e_low = block @ W[:, :low].T, block @ c[:low]
    parts = []
    for h in bits(n - low):
        parts.append(np.logaddexp.reduce(e_low + h @ c[low:] + softplus(b + W[:, low:] @ h + x_low).sum(axis=1)))
    return np.logaddexp.reduce(parts)


def log_likelihood(W, b, c, v):
    logs = v @ b + softplus(c + v.astype(np.float64) @ W).sum(axis=1) - log_z(W, b, c)
    return logs.mean(), logs.std(ddof=1) / np.sqrt(len(logs))


def selftest():
    rng = np.random.default_rng(1)
    W, b, c = rng.normal(size=(3, 2)), rng.normal(size=3), rng.normal(size=2)
    total = sum(np.exp(np.dot(b, v) + np.dot(c, h) + np.dot(v, W @ h))
                for v in itertools.product((0, 1), repeat=3) for h in itertools.product((0, 1), repeat=2))
    assert abs(log_z(W, b, c) - np.log(total)) < 1e-12
    print("selftest passed")


def cpu():
    with open("/proc/cpuinfo") as f:
        return next((line.split(":")[1].strip() for line in f if line.startswith("model name")), platform.processor())


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--data")
    p.add_argument("--set", nargs="+", default=["nltcs", "mushrooms", "adult", "connect4", "mnist"])
    p.add_argument("--hidden", type=int, default=20)
    p.add_argument("--passes", type=int, default=50)
    p.add_argument("--batch", type=int, nargs="+", default=[10, 20, 100])
    p.add_argument("--rate", type=float, nargs="+", default=[0.1, 0.03, 0.01])
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--selftest", action="store_true")
    o = p.parse_args()
    if o.selftest:
        return selftest()
    for name in o.set:
        train, test = load(o.data, name)
        means = (train.sum(axis=0) + 1) / (len(train) + 2)
        independent = (test @ np.log(means) + (1 - test) @ np.log(1 - means)).mean()
        for batch, rate in itertools.product(o.batch, o.rate):
            model = BernoulliRBM(n_components=o.hidden, learning_rate=rate, batch_size=batch, n_iter=o.passes, random_state=o.seed)
            begun = time.time()
            model.fit(train)
            seconds = time.time() - begun
            parameters = [np.float64(x) for x in (model.components_.T, model.intercept_visible_, model.intercept_hidden_)]
            ll, error = log_likelihood(*parameters, test)
            print(json.dumps({
                "peer": "scikit-learn BernoulliRBM", "version": sklearn.__version__, "dataset": name, "m": train.shape[1],
                "n": o.hidden, "passes": o.passes, "batch": batch, "learning_rate": rate, "seed": o.seed,
                "test_ll": ll, "test_stderr": error, "independent_ll": float(independent), "train_seconds": seconds,
                "cpu": cpu(), "threads": 1,
            }), flush=True)


if __name__ == "__main__":
    main()
