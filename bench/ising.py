#!/usr/bin/env python3
"""Trains on configurations of the Ising model with the defaults of harmonium train, and scores others by harmonium eval
with its defaults. One JSON line a run. kl is D_KL(Ising‖model) in nats, as the exact mean log-likelihood of the Ising
model less that of the test rows under the model; stderr is of the rows and of log Z together. up is the part of a
sample's configurations with a magnetisation above 0, where half is right.

usage: bench/ising.py HARMONIUM OUT.jsonl [--sides 4,8,16] [--temperatures 1.5,2,critical] [--hidden 20,100] [--seeds 1]
"""
import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time

import numpy as np

CRITICAL = 2 / math.log(1 + math.sqrt(2))


def log_z(side, k):
    """log Z of the L×L torus at K = J/kT (B. Kaufman, Phys. Rev. 76 (1949) 1232)."""
    def gamma(q):
        if q == 0:
            return 2 * k + math.log(math.tanh(k))
        return math.acosh(math.cosh(2 * k) / math.tanh(2 * k) - math.cos(math.pi * q / side))

    def product(first, f, sign):  # the logarithm and the sign of Π 2 f(Lγ/2)
        total, s = 0.0, 1
        for q in range(first, 2 * side, 2):
            g = side * gamma(q) / 2
            total += abs(g) + math.log1p(sign * math.exp(-2 * abs(g))) if f != "sinh" or g != 0 else -math.inf
            s *= -1 if f == "sinh" and g < 0 else 1
        return total, s
    terms = [product(1, "cosh", 1), product(1, "sinh", -1), product(0, "cosh", 1), product(0, "sinh", -1)]
    largest = max(t for t, _ in terms)
    whole = sum(s * math.exp(t - largest) for t, s in terms)
    return -math.log(2) + side * side / 2 * math.log(2 * math.sinh(2 * k)) + largest + math.log(whole)


def entropy(side, temperature):
    """S = log Z − K ∂log Z/∂K, as the energy is −∂log Z/∂K in units of J."""
    k, step = 1 / temperature, 1e-5
    return log_z(side, k) - k * (log_z(side, k + step) - log_z(side, k - step)) / (2 * step)


def run(*command):
    begun = time.time()
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in (0, 3):
        sys.exit(f"{' '.join(command)}: exit status {done.returncode}: {done.stderr}")
    return done.returncode, done.stdout, round(time.time() - begun, 1)


def measure(harmonium, side, temperature, hidden, seed):
    with tempfile.TemporaryDirectory() as folder:
        rows = {"train": (20000, seed), "valid": (2000, 1000 + seed), "test": (10000, 2000 + seed)}
        for part, (count, of) in rows.items():
            run(harmonium, "data", "ising", "--L", str(side), "--T", str(temperature), "-n", str(count), "--seed", str(of),
                "-o", f"{folder}/{part}.npy", "-q")
        out = folder + "/run"
        trained, _, seconds = run(harmonium, "train", folder + "/train.npy", "--valid", folder + "/valid.npy", "--hidden",
                                  str(hidden), "--seed", str(seed), "--workers", "1", "-q", "-o", out)
        judged, text, eval_seconds = run(harmonium, "eval", out, "--data", folder + "/test.npy", "--workers", "1", "-q", "--json")
        score = json.loads(text)
        sampled, _, sample_seconds = run(harmonium, "sample", out, "-n", "2000", "-o", folder + "/s.npy", "-q", "--workers", "1")
        magnetisation = np.load(folder + "/s.npy").astype(float)
        magnetisation = (magnetisation if magnetisation.min() < 0 else 2 * magnetisation - 1).mean(axis=1)
        with open(out + "/metrics.jsonl") as f:
            metrics = [json.loads(line) for line in f]
    first = next((m["update"] for m in metrics if m["epoch"] >= 1), 0)
    errors = sorted(m["log_z_stderr"] for m in metrics if m["update"] >= first)
    mean = score["log_likelihood"]
    return {
        "side": side, "temperature": temperature, "hidden": hidden, "seed": seed, "entropy": entropy(side, temperature),
        "kl": -entropy(side, temperature) - mean["value"], "stderr": math.hypot(mean["stderr"], score["log_z"]["stderr"] or 0),
        "log_z": {k: score["log_z"][k] for k in ("value", "stderr")}, "method": score["method"],
        "up": float(((magnetisation > 0) + (magnetisation == 0) / 2).mean()), "exits": [trained, judged, sampled],
        "seconds": [seconds, eval_seconds, sample_seconds], "epochs": metrics[-1]["epoch"],
        "live": {"evaluations": len(errors), "at_most_0.3": sum(e <= 0.3 for e in errors)},
        "findings": [f["code"] for f in score["findings"]],
    }


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("harmonium")
    p.add_argument("out")
    p.add_argument("--sides", default="4,8,16")
    p.add_argument("--temperatures", default="1.5,2,critical")
    p.add_argument("--hidden", default="20,100")
    p.add_argument("--seeds", default="1")
    o = p.parse_args()
    for side in map(int, o.sides.split(",")):
        for temperature in o.temperatures.split(","):
            for hidden in map(int, o.hidden.split(",")):
                for seed in map(int, o.seeds.split(",")):
                    result = measure(os.path.abspath(o.harmonium), side, CRITICAL if temperature == "critical" else float(temperature),
                                     hidden, seed)
                    with open(o.out, "a") as f:
                        f.write(json.dumps(result) + "\n")
                    print(side, temperature, hidden, seed, round(result["kl"], 4), round(result["stderr"], 4), result["up"],
                          result["exits"], result["seconds"], flush=True)


if __name__ == "__main__":
    main()
