#!/usr/bin/env python3
"""Does a training give each mode its weight? Rows are drawn from distributions that are known exactly: planted clusters
(prototypes of random bits, each of which a row has flipped with probability 0.1) and the 4×4 Ising model in a small
field. Training is by the defaults of harmonium train but for the passes, and by the exact gradient at the same rate; kl
is D_KL(truth‖model) in nats by 20,000 other rows, with the standard error of the rows, and log Z exact. One JSON line a
run; a line a distribution at the end, with the ratio of the mean kl.

usage: bench/weights.py HARMONIUM OUT.jsonl [--passes 50] [--seeds 1,2,3]
"""
import argparse
import json
import math
import os
import subprocess
import sys
import tempfile

import numpy as np

ROWS, TEST, FLIPPED = 4000, 20000, 0.1


def clusters(weights, units, seed):
    """Returns draw(count), and log p of rows."""
    r = np.random.default_rng(1000 + seed)
    prototypes = r.integers(0, 2, (len(weights), units))

    def draw(count):
        v = prototypes[r.choice(len(weights), count, p=weights)]
        return v ^ (r.random(v.shape) < FLIPPED)

    def log_p(v):
        distance = (v[:, None, :] != prototypes).sum(2)
        return np.logaddexp.reduce(np.log(weights) + distance * math.log(FLIPPED) + (units - distance) * math.log(1 - FLIPPED), axis=1)
    return draw, log_p


def ising(temperature, field, seed):
    r = np.random.default_rng(2000 + seed)
    states = (np.arange(1 << 16)[:, None] >> np.arange(16)) & 1
    s = (2 * states - 1).reshape(-1, 4, 4)
    energy = -(s * np.roll(s, 1, 1)).sum((1, 2)) - (s * np.roll(s, 1, 2)).sum((1, 2)) - field * s.sum((1, 2))
    log_p = -energy / temperature
    log_p -= np.logaddexp.reduce(log_p)
    p = np.exp(log_p)
    return lambda count: states[r.choice(1 << 16, count, p=p / p.sum())], lambda v: log_p[(v << np.arange(16)).sum(1)]


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in (0, 3):
        sys.exit(f"{' '.join(command)}: exit status {done.returncode}: {done.stderr}")
    return done.returncode, done.stdout


def train(harmonium, folder, name, passes, seed, *flags):
    """Returns the exit status, the rate, and log q of the test rows."""
    out = f"{folder}/{name}"
    status, _ = run(harmonium, "train", folder + "/train.npy", "--hidden", "12", "--epochs", str(passes), "--seed", str(seed), "-q",
                    "--workers", "1", "-o", out, *flags)
    run(harmonium, "score", out, "--data", folder + "/test.npy", "-o", out + ".npy", "-q", "--workers", "1")
    with open(out + "/config.json") as f:
        return status, json.load(f)["training"]["rate"], np.load(out + ".npy")[:, 1]


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("harmonium")
    p.add_argument("out")
    p.add_argument("--passes", type=int, default=50)
    p.add_argument("--seeds", default="1,2,3")
    o = p.parse_args()
    harmonium = os.path.abspath(o.harmonium)
    of = {"2 clusters, .7": lambda s: clusters([0.7, 0.3], 30, s), "2 clusters, .89": lambda s: clusters([0.89, 0.11], 40, s),
          "4 clusters": lambda s: clusters([0.5, 0.25, 0.15, 0.1], 40, s),
          "8 clusters": lambda s: clusters([0.3, 0.2, 0.15, 0.1, 0.1, 0.07, 0.05, 0.03], 40, s),
          "Ising 4×4, T 1.5, field 0": lambda s: ising(1.5, 0, s), "Ising 4×4, T 1.5, field .02": lambda s: ising(1.5, 0.02, s)}
    for name, make in of.items():
        means = []
        for seed in map(int, o.seeds.split(",")):
            draw, log_p = make(seed)
            with tempfile.TemporaryDirectory() as folder:
                np.save(folder + "/train.npy", draw(ROWS).astype(np.uint8))
                test = draw(TEST).astype(np.uint8)
                np.save(folder + "/test.npy", test)
                truth = log_p(test.astype(int))
                result = {"truth": name, "seed": seed, "passes": o.passes}
                status, rate, log_q = train(harmonium, folder, "default", o.passes, seed)
                _, _, exact = train(harmonium, folder, "exact", o.passes, seed, "--negative", "exact", "--rate", str(rate))
                for which, q in (("default", log_q), ("exact", exact)):
                    gap = truth - q
                    result[which] = {"kl": gap.mean(), "stderr": gap.std() / math.sqrt(TEST)}
                result.update(rate=rate, exit=status)
            means.append((result["default"]["kl"], result["exact"]["kl"]))
            with open(o.out, "a") as f:
                f.write(json.dumps(result) + "\n")
        a, b = np.mean(means, axis=0)
        each = " ".join(f"{x:.4f}/{y:.4f}" for x, y in means)
        print(f"{name}: default {a:.4f}, exact gradient {b:.4f}, ratio {a / b:.2f}; {each}", flush=True)


if __name__ == "__main__":
    main()
