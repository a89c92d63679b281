#!/usr/bin/env python3
"""Fit the time of an update on ranks, and say what it comes to on many.

usage: bench/ranks.py [BENCH.txt], in the root of the repository. BENCH.txt is the output of
    go test ./train -run '^$' -bench BenchmarkNetwork -benchtime 40x
which it runs without it. The model is, for minibatches of B rows, as many chains, k sweeps and e exchanges,

    t(R) = U + α·mn·(p + q) + β·2Bn·q + δ·mn·(k·p + (3 + k)·q) + γ·mnB·(k·p' + (3 + k)·q') + network,
    U = ε·B·(2m + k·(m + n)).

α and β are numbers that are rounded for products and summed to means, γ a product of a bit and a weight, δ a weight's part in
the tables of a product, and ε a bit that all ranks transpose or unpack. Columns of W are divided where R words of 64 units fit
into the smaller layer, and B is 8 times that layer at most. Then p = p' and q = q' are the largest parts of a rank of the
visible and of the hidden units, ⌈⌈m/64⌉/R⌉ and ⌈⌈n/64⌉/R⌉ words. Else p = q = 1, p' = q' = 1/R. What a rank gets are

    bytes = (8·mn/R + 8·B·k·(⌈m/64⌉ + ⌈n/64⌉) + 4·n·⌈m/⌊4096/n⌋⌋/R)·(R−1)/R where columns are divided, and
            (8·B·n + 4·m·n + 4·n·⌈m/⌊4096/n⌋⌋/R)·(R−1)/R elsewhere.

An exchange takes ⌈log2 R⌉ latencies; one whose bytes differ for each rank a latency, and a fifth of it for each message to
another rank. Those are parts of W, twice, and of <v h>, where columns are divided, and what W contributes to c. The constants
are fitted to processor times of one, two and four ranks, and the model is compared with eight, and with a network.
"""

import math
import re
import subprocess
import sys

LINE = re.compile(r"BenchmarkNetwork/(\d+)x(\d+)-(\d+)-PCD(\d+)/(\w+)/(\d+)ranks\S*\s(.*)")
NETWORKS = {"none": (0, math.inf), "slow": (50e-6, 1e9)}


def divided(m, n, batch, ranks):
    """Whether columns of W are divided."""
    return m * n >= 1 << 15 and 64 * (ranks - 1) < min(m, n) and batch <= 8 * min(m, n)


def crossing(m, n, batch, sweeps, ranks):
    """Bytes that a rank gets in an update."""
    records = 4 * n * math.ceil(m / max(1, 4096 // n)) / ranks
    if divided(m, n, batch, ranks):
        bits = 8 * batch * sweeps * (math.ceil(m / 64) + math.ceil(n / 64))
        return (8 * m * n / ranks + bits + records) * (ranks - 1) / ranks
    return (8 * batch * n + 4 * m * n + records) * (ranks - 1) / ranks


def part(units, ranks):
    """The largest part of a rank of the units of a layer."""
    return 1 if ranks == 1 else 64 * math.ceil(math.ceil(units / 64) / ranks) / units


def terms(m, n, batch, sweeps, ranks):
    """What the five constants are multiplied by: nanoseconds times numbers."""
    p = q = 1
    visible = hidden = 1 / ranks
    if divided(m, n, batch, ranks):
        p = visible = part(m, ranks)
        q = hidden = part(n, ranks)
    return [m * n * (p + q), 2 * batch * n * q, m * n * batch * (sweeps * visible + (3 + sweeps) * hidden),
            m * n * (sweeps * p + (3 + sweeps) * q), batch * (2 * m + sweeps * (m + n))]


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
    m, n, batch, sweeps = shape
    computed = sum(a * c for a, c in zip(terms(*shape, ranks), constants)) / workers * 1e-9
    latencies = exchanges * math.ceil(math.log2(ranks))
    if ranks > 1:
        each = 4 if divided(m, n, batch, ranks) else 1
        latencies += each * (1 + (ranks - 1) / 5 - math.ceil(math.log2(ranks)))
    return computed, latencies * latency + crossing(*shape, ranks) / bandwidth


def exchanges_of(shape, ranks):
    """Exchanges of an update, as measured."""
    m, n, batch, sweeps = shape
    return 11 + 2.6 * sweeps if divided(m, n, batch, ranks) else 8.5 + 0.6 * sweeps


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
    print("α, β, γ, δ, ε:", ", ".join(f"{c:.3g}" for c in constants), "ns")
    print("\n| m×n, B, k | network | ranks | measured, ms | model | bytes | model | exchanges |\n" + "| --- " * 8 + "|")
    for (shape, wire, ranks), v in measured.items():
        m, n, batch, sweeps = shape
        t = sum(predicted(constants, shape, ranks, 1, *NETWORKS[wire], v["exchanges"]))
        print(f"| {m}×{n}, {batch}, {sweeps} | {wire} | {ranks} | {v['ms']:.2f} | {1e3 * t:.2f} | {v['bytes']:.0f} "
              f"| {crossing(*shape, ranks):.0f} | {v['exchanges']:.2f} |")
    latency, bandwidth = 5e-6, 10e9
    print("\nranks of 64 cores, 10 GB/s, 5 µs: milliseconds computed and crossing\n")
    print("| m×n, B, k | 1 | 2 | 4 | 8 | 16 | 32 | 64 |\n" + "| --- " * 8 + "|")
    for shape in [(784, 500, 500, 1), (784, 500, 500, 10), (4000, 1000, 1000, 1), (20000, 1000, 10000, 10), (20000, 1000, 100000, 10)]:
        cells = []
        for ranks in [1, 2, 4, 8, 16, 32, 64]:
            computed, crossed = predicted(constants, shape, ranks, 64, latency, bandwidth, exchanges_of(shape, ranks))
            cells.append(f"{1e3 * computed:.3g} + {1e3 * crossed:.3g}")
        m, n, batch, sweeps = shape
        print(f"| {m}×{n}, {batch}, {sweeps} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
