#!/usr/bin/env python3
"""Time PyTorch at PCD-1 of Gaussian visible and Bernoulli hidden units, 784 x 500, in float32. Prints one JSON object.

usage: bench/peers/gaussian.py ROWS.npy BATCH THREADS EPOCHS. A plain loop: unit variance, as many chains as a minibatch has rows,
stochastic gradient descent, no operation that the update does not need, and memory that is kept.
"""

import json
import sys
import time

import numpy as np
import torch


def main():
    file, batch, threads, epochs = sys.argv[1], *map(int, sys.argv[2:])
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    torch.set_grad_enabled(False)
    x = torch.from_numpy(np.load(file))
    m, n, rate = x.shape[1], 500, 0.01
    W, b, c = torch.randn(m, n) * 0.01, torch.zeros(m), torch.zeros(n)
    v, u = torch.randn(batch, m), torch.empty(batch, n)
    z = torch.empty(batch, m)

    spent = []

    def epoch():
        nonlocal v
        begun = time.process_time_ns()
        for rows in x[torch.randperm(len(x))].split(batch):
            positive = torch.addmm(c, rows, W).sigmoid_()
            h = (u.uniform_() < torch.addmm(c, v, W).sigmoid_()).float()
            v = torch.addmm(b, h, W.t()).add_(z.normal_())
            negative = torch.addmm(c, v, W).sigmoid_()
            W.addmm_(rows.t(), positive, alpha=rate / batch).addmm_(v.t(), negative, alpha=-rate / batch)
            b.add_(rows.mean(0) - v.mean(0), alpha=rate)
            c.add_(positive.mean(0) - negative.mean(0), alpha=rate)
            now = time.process_time_ns()
            spent.append((now - begun) / 1e6)
            begun = now

    epoch()  # to warm up
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(epochs):
        epoch()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    update = sorted(spent[len(spent) // (epochs + 1) :])
    least = {"update_ms": update[len(update) // 4], "least_update_ms": update[len(update) // 20]}
    print(json.dumps({"torch": torch.__version__, "seconds": wall / epochs, "cpu": cpu / epochs} | least))


if __name__ == "__main__":
    main()
