#!/usr/bin/env python3
"""Measure Harmonium and its peers in one sitting on this machine and print one JSON object with the ratios.

usage: bench/speed.py DATA [OUT.json], in the root of the repository. Peers run in the Python that runs this script; without
their packages use the system's (python3-torch, python3-sklearn).
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout


def epoch_seconds(harmonium, data, folder, workers, *flags):
    """Seconds an epoch: the difference of four epochs and one, so that start and end cancel. Each run has one evaluation, at its end, which
    takes up to a twelfth of the run."""
    seconds = {}
    for epochs in (1, 4):
        out = os.path.join(folder, f"run{len(os.listdir(folder))}")
        result = run(
            harmonium, "train", f"{data}/mnist/train-images-idx3-ubyte.gz", "--threshold", "127",
            "--hidden", "500", "--epochs", str(epochs),
            "--every", "1000000", "--workers", str(workers), "-q", "--json", "-o", out, *flags,
        )
        seconds[epochs] = json.loads(result)["seconds"]
    return (seconds[4] - seconds[1]) / 3


PLAIN = ("--optimizer", "sgd", "--rate", "0.05", "--centered=false", "--steps", "1", "--replicas", "0", "--trust", "0",
         "--schedule", "constant")
RUNS = {
    "pcd-1, batch 100, 100 chains, sgd, plain gradient": ("--batch", "100", "--chains", "100", *PLAIN),
    "pcd-1, batch 500, 500 chains, sgd, plain gradient": ("--batch", "500", "--chains", "500", *PLAIN),
    "pcd-10, batch 100, 100 chains, adam, centered": ("--batch", "100"),
}


def epochs(harmonium, data, rounds):
    result = {}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            for name, flags in RUNS.items():
                for workers in (1, 2):
                    key = f"{name}, {workers} workers"
                    result.setdefault(key, []).append(epoch_seconds(harmonium, data, folder, workers, *flags))
    return result


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    data = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        harmonium = os.path.join(folder, "harmonium")
        run("go", "build", "-o", harmonium, "./cmd/harmonium")
        # Harmonium before, between and after its peers: what else the machine does should meet all.
        ours = epochs(harmonium, data, 1)
        bench = json.loads(run(harmonium, "bench", "--json", "-q"))
        peers = json.loads(run(sys.executable, os.path.join(os.path.dirname(__file__), "peers", "speed.py"), "--data", data))
        for key, values in epochs(harmonium, data, 2).items():
            ours[key] += values
    ours = {key: {"seconds": statistics.median(values), "all": values} for key, values in ours.items()}

    def best(name):
        """The fastest variant of a peer: threads and kernels."""
        return min(part["seconds"] for key, part in peers.items() if key.startswith(name))

    gibbs = {(g["visible"], g["hidden"], g["chains"], g["workers"]): g["steps_per_second"] for g in bench["gibbs"]}
    exact = {(e["visible"], e["hidden"], e["workers"]): e["seconds"] for e in bench["exact"]}
    batch100, batch500 = (f"pcd-1, batch {n}, {n} chains, sgd, plain gradient, 2 workers" for n in (100, 500))
    result = {
        "commit": run("git", "rev-parse", "HEAD").strip(),
        "clean": run("git", "status", "--porcelain").strip() == "",
        "ratios": {
            "epoch, batch 100, against scikit-learn": best("sklearn_epoch") / ours[batch100]["seconds"],
            "epoch, batch 500, against PyTorch": best("torch_epoch") / ours[batch500]["seconds"],
            "Gibbs, 1024 chains of 784x512, against PyTorch": gibbs[784, 512, 1024, 2] * best("torch_gibbs") / 1024,
            "log Z of 784x20 against PyTorch": best("torch_log_z") / exact[784, 20, 2],
        },
        "epochs": ours,
        "bench": bench,
        "peers": peers,
    }
    text = json.dumps(result, indent=1)
    if len(sys.argv) == 3:
        with open(sys.argv[2], "w") as f:
            f.write(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
