#!/usr/bin/env python3
"""Fit the time of an update on ranks, and say what it comes to on many.

usage: bench/ranks.py [BENCH.txt], in the root of the repository. BENCH.txt is the output of
    go test ./train -run '^$' -bench BenchmarkNetwork -benchtime 40x
which it runs without it. The model is

    t(R) = U + C/R + e·(latency·⌈log2 R⌉) + bytes/bandwidth,
    U = α·2mn + β·2Bn + δ·mn·(3 + 2k),   C = γ·mnB·(3 + 2k),
    bytes = (8·B·n + 4·m·n + 4·n·⌈m/⌊4096/n⌋⌋)·(R−1)/R,

for minibatches of B rows, as many chains, and k sweeps, with 3 + 2k products of bits. α and β are numbers that all ranks
round for products and sum to means, γ a product of a bit and a weight, and δ a weight's part in the tables of a product, which
each rank makes. They are fitted to processor times of one, two and four ranks, and the model is compared with eight, and
with a network.
"""

import math
import re
import subprocess
import sys

LINE = re.compile(r"BenchmarkNetwork/(\d+)x(\d+)-(\d+)-PCD(\d+)/(\w+)/(\d+)ranks\S*\s(.*)")
NETWORKS = {"none": (0, math.inf), "slow": (50e-6, 1e9)}


def crossing(m, n, batch, ranks):
    """Bytes that a rank gets in an update."""
    return (8 * batch * n + 4 * m * n + 4 * n * math.ceil(m / max(1, 4096 // n))) * (ranks - 1) / ranks


def terms(m, n, batch, sweeps, ranks):
    """What the four constants are multiplied by: nanoseconds times numbers."""
    products = 3 + 2 * sweeps
    return [2 * m * n, 2 * batch * n, m * n * batch * products / ranks, m * n * products]


def solve(rows, values):
    """Least squares of relative errors with no negative constant, by cyclic coordinate descent."""
    x = [0.0] * len(rows[0])
    for _ in range(20000):
        for k in range(len(x)):
            rest = [(v - sum(a * y for a, y in zip(r, x)) + r[k] * x[k]) / v for r, v in zip(rows, values)]
            column = [r[k] / v for r, v in zip(rows, values)]
            x[k] = max(0, sum(c * y for c, y in zip(column, rest)) / sum(c * c for c in column))
    return x


def predicted(constants, shape, ranks, workers, latency, bandwidth, exchanges):
    m, n, batch, _ = shape
    computed = sum(a * c for a, c in zip(terms(*shape, ranks), constants)) / workers * 1e-9
    crossed = exchanges * latency * math.ceil(math.log2(ranks)) + crossing(m, n, batch, ranks) / bandwidth
    return computed, crossed


def main():
    if len(sys.argv) > 1:
        text = open(sys.argv[1]).read()
    else:
        command = ["go", "test", "./train", "-run", "^$", "-bench", "BenchmarkNetwork", "-benchtime", "40x"]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    measured = {}
    for line in text.splitlines():
        if (found := LINE.match(line)) and line.rstrip().endswith("ms"):
            m, n, batch, sweeps, wire, ranks, rest = found.groups()
            units = dict(reversed(pair.split()) for pair in re.findall(r"[\d.]+ [\w/]+", rest))
            measured[(int(m), int(n), int(batch), int(sweeps)), wire, int(ranks)] = {k: float(v) for k, v in units.items()}
    fitted = [(key, v) for key, v in measured.items() if key[1] == "none" and key[2] <= 4]
    constants = solve([terms(*key[0], key[2]) for key, _ in fitted], [v["ms"] * 1e6 for _, v in fitted])
    print("α, β, γ, δ:", ", ".join(f"{c:.3g}" for c in constants), "ns")
    print("\n| m×n, B, k | network | ranks | measured, ms | model | bytes | model | exchanges |\n" + "| --- " * 8 + "|")
    for (shape, wire, ranks), v in measured.items():
        m, n, batch, sweeps = shape
        t = sum(predicted(constants, shape, ranks, 1, *NETWORKS[wire], v["exchanges"]))
        print(f"| {m}×{n}, {batch}, {sweeps} | {wire} | {ranks} | {v['ms']:.2f} | {1e3 * t:.2f} | {v['bytes']:.0f} "
              f"| {crossing(m, n, batch, ranks):.0f} | {v['exchanges']:.2f} |")
    latency, bandwidth = 5e-6, 10e9
    print("\nranks of 64 cores, 10 GB/s, 5 µs: milliseconds computed and crossing\n")
    print("| m×n, B, k | 1 | 2 | 4 | 8 | 16 | 32 | 64 |\n" + "| --- " * 8 + "|")
    for shape in [(784, 500, 500, 1), (784, 500, 500, 10), (4000, 1000, 1000, 1), (20000, 1000, 10000, 10), (20000, 1000, 100000, 10)]:
        cells = []
        for ranks in [1, 2, 4, 8, 16, 32, 64]:
            computed, crossed = predicted(constants, shape, ranks, 64, latency, bandwidth, 6.5 + 0.6 * shape[3])
            cells.append(f"{1e3 * computed:.3g} + {1e3 * crossed:.3g}")
        m, n, batch, sweeps = shape
        print(f"| {m}×{n}, {batch}, {sweeps} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
