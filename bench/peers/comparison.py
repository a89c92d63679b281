#!/usr/bin/env python3
"""Time an epoch of Harmonium, scikit-learn, rbms and QuCumber at equal settings, for docs/comparison.md. Prints one JSON object.

usage: comparison.py HARMONIUM DATA [TFIM] [--rounds 3] [--only mnist], with the packages of comparison.txt

DATA holds mnist/train-images-idx3-ubyte.gz, and TFIM is tfim1d_data.txt of QuCumber's first tutorial. Everything runs on one thread, and
what is compared are seconds of processor time, user's and system's, which other work on the machine changes less than the clock's. Each
program does its epochs in a process of its own, in turn, for some rounds. An epoch is a difference of two runs that do a few and more of
them, so that start, reading and end cancel.

mnist: 60,000 images thresholded at 127, 784×500 units, PCD-1, minibatches and chains of 100, gradient ascent at 0.05, float32.
tfim: measurements of 10 spins, 10×10 units, 10 sweeps an update, minibatches and chains of 100, gradient ascent at 0.01. QuCumber starts
its chains at rows of the data (CD-10), Harmonium goes on with them (PCD-10); it is as much work.
"""

import argparse
import gzip
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "GOMAXPROCS": "1"}
PLAIN = (
    "--optimizer", "sgd", "--centered=false", "--replicas", "0", "--trust", "0", "--schedule", "constant", "--every", "1000000",
)


def mnist(options: argparse.Namespace):
    import numpy as np

    with gzip.open(f"{options.data}/mnist/train-images-idx3-ubyte.gz") as f:
        pixels = np.frombuffer(f.read(), np.uint8, offset=16).reshape(-1, 784)
    return (pixels > 127).astype(np.float32)


def harmonium(options: argparse.Namespace, epochs: int, *arguments: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([
            options.harmonium, "train", *arguments, "--epochs", str(epochs), "--batch", "100", "--chains", "100", *PLAIN,
            "--workers", "1", "-q", "-o", os.path.join(folder, "run"),
        ], check=True, stdout=subprocess.DEVNULL)
    done = subprocess.run([options.harmonium, "version"], check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.split(",")[0].removeprefix("harmonium ")


def harmonium_mnist(options: argparse.Namespace, epochs: int) -> str:
    return harmonium(options, epochs, f"{options.data}/mnist/train-images-idx3-ubyte.gz", "--threshold", "127", "--hidden", "500",
                     "--rate", "0.05", "--steps", "1")


def harmonium_tfim(options: argparse.Namespace, epochs: int) -> str:
    return harmonium(options, epochs, options.tfim, "--hidden", "10", "--rate", "0.01", "--steps", "10")


def sklearn_mnist(options: argparse.Namespace, epochs: int) -> str:
    import sklearn
    from sklearn.neural_network import BernoulliRBM

    BernoulliRBM(n_components=500, batch_size=100, learning_rate=0.05, n_iter=epochs, random_state=1).fit(mnist(options))
    return sklearn.__version__


def rbms_mnist(options: argparse.Namespace, epochs: int) -> str:
    """The loop of rbms.training.pcd.train, without what it saves and prints."""
    from importlib.metadata import version

    import numpy as np
    import torch
    from rbms.bernoulli_bernoulli.classes import BBRBM
    from rbms.dataset.dataset_class import RBMDataset
    from rbms.sampler import PCD

    torch.set_num_threads(1)
    torch.manual_seed(1)
    x = mnist(options)
    data = RBMDataset(x, np.zeros(len(x)), np.ones(len(x), np.float32), np.arange(len(x)), "mnist", "bernoulli", "cpu", torch.float32)
    model = BBRBM.init_parameters(num_hiddens=500, dataset=data, device="cpu", dtype=torch.float32)
    model.init_grad()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, maximize=True)
    sampler = PCD(model, model.init_chains(num_samples=100), num_steps=1)
    for _ in range(epochs * len(x) // 100):
        batch = data.batch(100)
        optimizer.zero_grad(set_to_none=False)
        rows = model.init_chains(num_samples=100, weights=batch["weights"], start_v=batch["data"])
        model.compute_gradient(data=rows, chains=sampler.get_conf_grad(batch=batch["data"]), centered=False)
        optimizer.step()
        sampler.post_grad_update(params=model)
    return f"{version('rbms')}, torch {torch.__version__}"


def qucumber_tfim(options: argparse.Namespace, epochs: int) -> str:
    import numpy as np
    import qucumber
    import torch
    from qucumber.nn_states import PositiveWaveFunction

    torch.set_num_threads(1)
    qucumber.set_random_seed(1234, cpu=True, gpu=False)
    rows = torch.tensor(np.loadtxt(options.tfim, dtype=np.float32), dtype=torch.double)
    state = PositiveWaveFunction(num_visible=rows.shape[1], num_hidden=10, gpu=False)
    state.fit(rows, epochs=epochs, pos_batch_size=100, neg_batch_size=100, lr=0.01, k=10)
    return f"{qucumber.__version__}, torch {torch.__version__}"


# Each with the numbers of epochs of its two runs.
PARTS: dict[str, dict[Callable[[argparse.Namespace, int], str], tuple[int, int]]] = {
    "mnist": {harmonium_mnist: (1, 5), sklearn_mnist: (1, 3), rbms_mnist: (1, 3)},
    "tfim": {harmonium_tfim: (10, 210), qucumber_tfim: (1, 101)},
}


def processor_seconds(options: argparse.Namespace, name: str, epochs: int) -> tuple[float, str]:
    """Seconds of a child process and its children, and the version of what it ran."""
    def used() -> float:
        u = resource.getrusage(resource.RUSAGE_CHILDREN)
        return u.ru_utime + u.ru_stime

    before = used()
    done = subprocess.run([sys.executable, __file__, *sys.argv[1:], "--part", name, "--epochs", str(epochs)],
                          env=os.environ | ONE_THREAD, check=True, stdout=subprocess.PIPE, text=True)
    return used() - before, done.stdout.splitlines()[-1]


def cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.processor()


def compare(options: argparse.Namespace, parts: dict[Callable[[argparse.Namespace, int], str], tuple[int, int]]) -> dict[str, object]:
    seconds: dict[str, list[float]] = {f.__name__: [] for f in parts}
    versions = {}
    for _ in range(options.rounds):
        for f, (few, many) in parts.items():
            begun, _ = processor_seconds(options, f.__name__, few)
            ended, versions[f.__name__] = processor_seconds(options, f.__name__, many)
            seconds[f.__name__].append((ended - begun) / (many - few))
            print(f.__name__, seconds[f.__name__][-1], file=sys.stderr)
    ours = statistics.median(next(iter(seconds.values())))
    return {
        name: {"version": versions[name], "seconds": statistics.median(s), "all": s, "times_harmonium": statistics.median(s) / ours}
        for name, s in seconds.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("harmonium")
    parser.add_argument("data")
    parser.add_argument("tfim", nargs="?")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--part", help="run this in this process")
    parser.add_argument("--epochs", type=int)
    options = parser.parse_args()
    if options.part:
        functions = {f.__name__: f for part in PARTS.values() for f in part}
        print(functions[options.part](options, options.epochs))
        return
    result: dict[str, object] = {"cpu": cpu(), "date": time.strftime("%Y-%m-%d", time.gmtime()), "python": platform.python_version()}
    for name, parts in PARTS.items():
        if options.only in (None, name) and (name == "mnist" or options.tfim):
            result[name] = compare(options, parts)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
