"""Trains models of other programs for the judge and writes them to a folder: scikit-learn's BernoulliRBM, and contrastive
divergence as most loops in PyTorch have it (CD-1, constant rate, weights from N(0, 0.01), no centering, no decay), in numpy.

usage: peers.py FOLDER
"""

import json
import os
import sys

import numpy as np
from sklearn.neural_network import BernoulliRBM


def save(path, W, b, c):
    """Writes a model file (docs/formats.md)."""
    metadata = {"format": "harmonium-rbm", "version": "1", "visible": "bernoulli", "hidden": "bernoulli"}
    header, parts, at = {"__metadata__": metadata}, [], 0
    for name, x in (("W", W), ("b", b), ("c", c)):
        raw = np.ascontiguousarray(x, dtype="<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(x.shape), "data_offsets": [at, at + len(raw)]}
        parts.append(raw)
        at += len(raw)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(len(text).to_bytes(8, "little") + text + b"".join(parts))


def mixture(rng, m, classes, flips, rows):
    """Rows of noisy templates, and their classes; later classes are rarer."""
    templates = rng.integers(0, 2, (classes, m))
    shares = 1.0 / (1 + np.arange(classes))
    k = rng.choice(classes, rows, p=shares / shares.sum())
    return (templates[k] ^ (rng.random((rows, m)) < flips)).astype(np.uint8), k


def scikit(x, hidden, rate, passes, seed):
    r = BernoulliRBM(n_components=hidden, learning_rate=rate, batch_size=10, n_iter=passes, random_state=seed)
    r.fit(x.astype(np.float64))
    return r.components_.T, r.intercept_visible_, r.intercept_hidden_


def loop(x, hidden, rate, passes, seed):
    rng = np.random.default_rng(seed)
    W, b, c = rng.normal(0, 0.01, (x.shape[1], hidden)), np.zeros(x.shape[1]), np.zeros(hidden)
    sigmoid = lambda a: 1 / (1 + np.exp(-np.clip(a, -500, 500)))
    draw = lambda p: (rng.random(p.shape) < p).astype(np.float64)
    for _ in range(passes):
        order = rng.permutation(len(x))
        for k in range(0, len(x), 64):
            v0 = x[order[k : k + 64]].astype(np.float64)
            p0 = sigmoid(v0 @ W + c)
            v1 = draw(sigmoid(draw(p0) @ W.T + b))
            p1 = sigmoid(v1 @ W + c)
            W += rate * (v0.T @ p0 - v1.T @ p1) / len(v0)
            b += rate * (v0 - v1).mean(0)
            c += rate * (p0 - p1).mean(0)
    return W, b, c


# Visible and hidden units, classes, flipped bits, rate, passes.
SKLEARN = [
    (16, 12, 4, 0.05, 0.3, 60), (24, 12, 6, 0.05, 0.3, 60), (36, 12, 4, 0.10, 0.3, 60), (64, 12, 8, 0.05, 0.3, 60),
    (64, 12, 3, 0.05, 0.3, 60), (100, 12, 6, 0.05, 0.3, 60), (30, 12, 2, 0.10, 0.3, 60), (40, 16, 5, 0.02, 0.3, 60),
    (24, 12, 6, 0.05, 0.1, 30), (48, 12, 4, 0.05, 0.05, 60), (64, 8, 4, 0.05, 1.0, 20), (36, 14, 8, 0.10, 0.1, 100),
]
LOOPS = [
    (16, 16, 4, 0.05, 0.1, 100), (24, 12, 3, 0.05, 0.5, 200), (36, 12, 6, 0.05, 0.1, 200), (64, 12, 4, 0.10, 0.5, 100),
    (64, 16, 8, 0.05, 0.1, 300), (100, 12, 5, 0.05, 0.5, 200), (40, 8, 2, 0.10, 0.1, 100), (30, 14, 6, 0.02, 0.3, 300),
    (48, 12, 4, 0.02, 0.05, 300), (28, 16, 7, 0.10, 0.2, 200),
    (80, 10, 3, 0.05, 0.05, 50), (16, 10, 8, 0.05, 0.5, 300),
]

# Few classes that are far apart: models of scikit-learn have nearly all their mass in one of them, which rows of another don't show.
FAR = [
    (60, 12, 2, 0.05, 0.3, 60), (80, 12, 3, 0.05, 0.3, 60), (100, 12, 2, 0.05, 0.3, 60), (100, 12, 3, 0.05, 0.3, 60),
    (150, 12, 3, 0.05, 0.3, 60), (40, 12, 3, 0.02, 0.3, 60), (100, 12, 4, 0.02, 0.3, 60), (200, 12, 2, 0.10, 0.3, 60),
    (60, 10, 4, 0.02, 0.3, 100), (120, 14, 5, 0.02, 0.3, 60), (80, 12, 2, 0.02, 0.1, 100), (60, 12, 3, 0.05, 1.0, 60),
]
FAR_LOOPS = [
    (60, 12, 2, 0.05, 0.3, 60), (100, 12, 3, 0.05, 0.3, 60), (100, 12, 6, 0.05, 0.3, 60), (40, 12, 4, 0.02, 0.3, 100),
    (150, 10, 2, 0.02, 0.1, 200), (80, 12, 3, 0.02, 0.5, 100),
]


def main(folder):
    lines = []
    families = (("sklearn", scikit, SKLEARN), ("loop", loop, LOOPS), ("sklearn-far", scikit, FAR), ("loop-far", loop, FAR_LOOPS))
    for family, fit, settings in families:
        for k, (m, n, classes, flips, rate, passes) in enumerate(settings):
            name, seed = f"{family}-{k:02d}", 1000 * len(family) + k
            x, labels = mixture(np.random.default_rng(seed), m, classes, flips, 600)
            save(os.path.join(folder, name + ".safetensors"), *fit(x, n, rate, passes, seed))
            if family.endswith("-far"):
                rows = {"one-class": x[labels == 0], "other-class": x[labels == classes - 1]}
            else:
                rows = {"all": x, "one-class": x[labels == k % classes], "one-row": x[:1]}
            for label, part in rows.items():
                np.save(os.path.join(folder, f"{name}.{label}.npy"), part)
            lines.append({"model": name, "shown": list(rows)})
    with open(os.path.join(folder, "peers.jsonl"), "w") as f:
        f.writelines(json.dumps(line) + "\n" for line in lines)


if __name__ == "__main__":
    main(sys.argv[1])
