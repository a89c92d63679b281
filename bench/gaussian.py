#!/usr/bin/env python3
"""Compare an epoch of Gaussian visible 784 x 500 with PyTorch on this machine, in turn, and print one JSON object with the ratios.

usage: bench/gaussian.py [ROUNDS [WORKERS...]], in the root of the repository, by a Python that has torch and numpy. Both train by PCD-1
with as many chains as a minibatch has rows, by stochastic gradient descent on the plain gradient, on 20,000 rows of normal numbers with 40
factors.
Processor seconds (user and system) and wall seconds are those of an epoch: the difference of five epochs and one for Harmonium. The
ratios are those of the least of all rounds: what else the machine does lengthens both.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time

import numpy as np

PLAIN = (
    "--visible", "gaussian", "--hidden", "500", "--optimizer", "sgd", "--rate", "0.01", "--centered=false", "--steps", "1",
    "--replicas", "0", "--trust", "0", "--schedule", "constant", "--every", "1000000", "-q",
)


def data(file):
    random = np.random.default_rng(1)
    factors, loads = random.standard_normal((20000, 40)), random.standard_normal((40, 784)) * 0.8 / np.sqrt(40)
    np.save(file, (factors @ loads + 0.6 * random.standard_normal((20000, 784))).astype(np.float32))


def spend(command):
    """Wall and processor seconds of a command."""
    def used():
        u = resource.getrusage(resource.RUSAGE_CHILDREN)
        return u.ru_utime + u.ru_stime

    wall, cpu = time.perf_counter(), used()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - wall, used() - cpu


def ours(harmonium, rows, folder, batch, workers):
    spent = {}
    for epochs in (1, 5):
        run = os.path.join(folder, f"run{len(os.listdir(folder))}")
        spent[epochs] = spend((
            harmonium, "train", rows, "--epochs", str(epochs), "--batch", str(batch), "--chains", str(batch), "--workers", str(workers),
            "-o", run, *PLAIN))
    return {"seconds": (spent[5][0] - spent[1][0]) / 4, "cpu": (spent[5][1] - spent[1][1]) / 4}


def theirs(rows, batch, threads):
    peer = os.path.join(os.path.dirname(__file__), "peers", "gaussian.py")
    out = subprocess.run((sys.executable, peer, rows, str(batch), str(threads), "2"), check=True, stdout=subprocess.PIPE, text=True,
                         env=os.environ | {"OMP_NUM_THREADS": str(threads)})
    return json.loads(out.stdout)


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    numbers = [int(n) for n in sys.argv[2:]] or [1, 2]
    result = {}
    with tempfile.TemporaryDirectory() as folder:
        harmonium, rows = os.path.join(folder, "harmonium"), os.path.join(folder, "rows.npy")
        subprocess.run(("go", "build", "-o", harmonium, "./cmd/harmonium"), check=True)
        data(rows)
        for _ in range(rounds):
            for batch in (100, 500):
                for workers in numbers:
                    part = result.setdefault(f"batch {batch}, {workers} workers", {"harmonium": [], "torch": []})
                    part["harmonium"].append(ours(harmonium, rows, folder, batch, workers))
                    part["torch"].append(theirs(rows, batch, workers))
    for part in result.values():
        for unit in ("seconds", "cpu"):
            part["ratio of " + unit] = min(p[unit] for p in part["torch"]) / min(p[unit] for p in part["harmonium"])
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
