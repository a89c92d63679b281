#!/usr/bin/env python3
"""Time scikit-learn and PyTorch at what the table in docs/performance.md compares. Prints one JSON object.

Data: 60,000 MNIST images thresholded at 127 (DATA/mnist/train-images-idx3-ubyte.gz) for the epochs, random numbers else.
Every figure is a median with all repetitions beside it. Each part runs in a process of its own, since the BLAS reads its settings from
the environment when it is loaded. OpenBLAS has threads of its own beside PyTorch's: BLAS always gets two (but for torch_product_1), and
PyTorch's own operations one or two, since two pools of two threads on two cores can be slower than one.
"""

import argparse
import gzip
import json
import os
import platform
import statistics
import subprocess
import sys
import time

THREADS = 2


def images(folder):
    import numpy as np

    with gzip.open(f"{folder}/mnist/train-images-idx3-ubyte.gz") as f:
        pixels = np.frombuffer(f.read(), np.uint8, offset=16).reshape(-1, 784)
    return (pixels > 127).astype(np.float32)


def repeat(count, f):
    """Seconds of count calls, after one to warm up."""
    f()
    seconds = []
    for _ in range(count):
        begun = time.perf_counter()
        f()
        seconds.append(time.perf_counter() - begun)
    return {"seconds": statistics.median(seconds), "all": seconds}


def sklearn_epoch(data, quick):
    """BernoulliRBM in float32: persistent contrastive divergence, one step, minibatches of 100."""
    import numpy as np
    import sklearn
    from sklearn.neural_network import BernoulliRBM

    x = images(data)[: 6000 if quick else 60000]
    rbm = BernoulliRBM(n_components=500, batch_size=100, learning_rate=0.05, n_iter=1, random_state=1)
    dtypes = set()

    def epoch():
        rbm.fit(x)
        dtypes.add(str(rbm.components_.dtype))

    result = repeat(1 if quick else 3, epoch)
    return result | {"sklearn": sklearn.__version__, "numpy": np.__version__, "dtypes": sorted(dtypes), "blas": blas()}


def blas():
    try:
        from threadpoolctl import threadpool_info

        return [{k: p.get(k) for k in ("internal_api", "version", "num_threads", "architecture")} for p in threadpool_info()]
    except ImportError:
        return []


def torch_setup(threads):
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(1)
    torch.set_grad_enabled(False)
    return torch


def torch_model(torch, m, n):
    return torch.randn(m, n) * 0.1, torch.zeros(m), torch.zeros(n)


def bernoulli(torch, x, u):
    """Bits with probability σ(x); x becomes σ(x), u is scratch."""
    return (u.uniform_() < x.sigmoid_()).float()


def torch_epoch(data, quick, threads, batch=500, rate=0.05):
    """A plain loop: PCD-1, 500 chains, stochastic gradient descent."""
    torch = torch_setup(threads)
    x = torch.from_numpy(images(data)[: 6000 if quick else 60000])
    W, b, c = torch_model(torch, 784, 500)
    W *= 0.1
    chains = (torch.rand(batch, 784) < 0.5).float()
    uv, uh = torch.empty(batch, 784), torch.empty(batch, 500)

    def epoch():
        nonlocal chains
        for rows in x[torch.randperm(len(x))].split(batch):
            positive = torch.addmm(c, rows, W).sigmoid_()
            h = bernoulli(torch, torch.addmm(c, chains, W), uh)
            chains = bernoulli(torch, torch.addmm(b, h, W.t()), uv)
            negative = torch.addmm(c, chains, W).sigmoid_()
            W.addmm_(rows.t(), positive, alpha=rate / batch).addmm_(chains.t(), negative, alpha=-rate / batch)
            b.add_(rows.mean(0) - chains.mean(0), alpha=rate)
            c.add_(positive.mean(0) - negative.mean(0), alpha=rate)

    return repeat(1 if quick else 3, epoch) | {"torch": torch.__version__, "threads": threads}


def torch_gibbs(quick, threads, chains=1024, m=784, n=512):
    torch = torch_setup(threads)
    W, b, c = torch_model(torch, m, n)
    v = (torch.rand(chains, m) < 0.5).float()
    uv, uh = torch.empty(chains, m), torch.empty(chains, n)

    def sweep():
        nonlocal v
        h = bernoulli(torch, torch.addmm(c, v, W), uh)
        v = bernoulli(torch, torch.addmm(b, h, W.t()), uv)

    result = repeat(3 if quick else 50, sweep)
    return result | {"threads": threads, "chain_steps_per_second": chains / result["seconds"]}


def torch_log_z(quick, threads, m=784, n=20):
    """All 2^n states of the hidden layer, a block at a time."""
    torch = torch_setup(threads)
    W, b, c = torch_model(torch, m, n)
    best = None
    for low in (8, 10, 12):
        states = 1 << (n - 4 if quick else n)
        index = torch.arange(1 << low)
        bits = torch.stack([(index >> j & 1).float() for j in range(low)], 1)
        x_low, c_low = torch.addmm(b, bits, W[:, :low].t()), bits @ c[:low]

        def log_z():
            parts = []
            for block in range(states >> low):
                high = torch.tensor([block >> j & 1 for j in range(n - low)], dtype=torch.float32)
                x = x_low + W[:, low:] @ high
                parts.append(torch.logsumexp((torch.nn.functional.softplus(x).sum(1) + c_low).double() + float(c[low:] @ high), 0))
            return torch.logsumexp(torch.stack(parts), 0)

        result = repeat(1 if quick else 3, log_z) | {"threads": threads, "block": 1 << low, "states": states}
        if best is None or result["seconds"] < best["seconds"]:
            best = result
    return best


def torch_product(quick, threads, rows=1024, inner=784, cols=512):
    torch = torch_setup(threads)
    x, W = (torch.rand(rows, inner) < 0.5).float(), torch.randn(inner, cols)
    out = torch.empty(rows, cols)
    result = repeat(3 if quick else 50, lambda: torch.mm(x, W, out=out))
    return result | {"threads": threads, "gmacs": rows * inner * cols / result["seconds"] / 1e9}


PARTS = {
    "sklearn_epoch": lambda a: sklearn_epoch(a.data, a.quick),
    "torch_epoch_2": lambda a: torch_epoch(a.data, a.quick, 2),
    "torch_epoch_1": lambda a: torch_epoch(a.data, a.quick, 1),
    "torch_gibbs_2": lambda a: torch_gibbs(a.quick, 2),
    "torch_gibbs_1": lambda a: torch_gibbs(a.quick, 1),
    "torch_log_z_2": lambda a: torch_log_z(a.quick, 2),
    "torch_log_z_1": lambda a: torch_log_z(a.quick, 1),
    "torch_product_1": lambda a: torch_product(a.quick, 1),
    "torch_product_2": lambda a: torch_product(a.quick, 2),
}


def child(arguments, part, core=None):
    blas_threads = 1 if part == "torch_product_1" else THREADS
    environment = dict(os.environ, OMP_NUM_THREADS=str(THREADS), OPENBLAS_NUM_THREADS=str(blas_threads))
    if core:
        environment["OPENBLAS_CORETYPE"] = core
    command = [sys.executable, __file__, "--part", part, "--data", arguments.data] + ["--quick"] * arguments.quick
    return json.loads(subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="folder with mnist/train-images-idx3-ubyte.gz")
    parser.add_argument("--quick", action="store_true", help="a tenth of the data, one repetition: to see that it runs")
    parser.add_argument("--part", choices=PARTS, help="run one part in this process")
    parser.add_argument("--only", help="comma-separated parts")
    arguments = parser.parse_args()
    if arguments.part:
        print(json.dumps(PARTS[arguments.part](arguments)))
        return
    result = {"python": platform.python_version(), "cores": os.cpu_count(), "date": time.strftime("%Y-%m-%d", time.gmtime())}
    for part in arguments.only.split(",") if arguments.only else PARTS:
        result[part] = child(arguments, part)
        # OpenBLAS up to 0.3.24 takes new processors for old ones; with the right kernels it is several times as fast.
        result[part + "_skylakex"] = child(arguments, part, "SkylakeX")
        print(part, result[part]["seconds"], result[part + "_skylakex"]["seconds"], file=sys.stderr)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
