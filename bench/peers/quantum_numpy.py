#!/usr/bin/env python3
"""QuCumber's algorithm for complex wavefunctions in NumPy, for its second tutorial, many seeds at a time.

usage: quantum_numpy.py FOLDER [--seeds 20]

FOLDER has the files of tutorial 2. It prints the fidelities from first weights N(0, 1/2), QuCumber's own, and then
three times those from ten starts that are the same each time (docs/quantum-results.md).
"""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path

import numpy as np

TURN = {"X": np.array([[1, 1], [1, -1]]) / 2**0.5, "Y": np.array([[1, -1j], [1, 1j]]) / 2**0.5, "Z": np.eye(2)}
ALL = np.array(list(itertools.product((0.0, 1.0), repeat=2)))  # configurations
EPOCHS, BATCH, SWEEPS, RATE = 500, 100, 10, 0.1


def main() -> None:
    """Train from both kinds of starts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=20)
    options = parser.parse_args()
    rows = np.loadtxt(options.folder / "qubits_train.txt")
    bases = np.loadtxt(options.folder / "qubits_train_bases.txt", dtype=str)
    psi = np.loadtxt(options.folder / "qubits_psi.txt") @ (1, 1j)
    show(train(rows, bases, psi, np.random.default_rng(1).standard_normal((2, options.seeds, 2, 2)) / 2**0.5, 1))
    each = [np.random.default_rng(101 + k).standard_normal((2, 2, 2)) for k in range(10)]
    for seed in (1, 2, 3):
        show(train(rows, bases, psi, np.stack(each, axis=1) / 2**0.5, seed))


def show(f: np.ndarray) -> None:
    """Print fidelities."""
    print(f"{f.mean():.4f} ± {f.std(ddof=1) / len(f)**0.5:.4f}, of one {f.std(ddof=1):.4f}:", *np.round(f, 4))


def on(x: np.ndarray) -> np.ndarray:
    """Return the probability of a unit."""
    return 1 / (1 + np.exp(-x))


def transposed(x: np.ndarray) -> np.ndarray:
    """Transpose the matrix of each seed."""
    return x.transpose(0, 2, 1)


def train(rows: np.ndarray, bases: np.ndarray, target: np.ndarray, weights: np.ndarray, seed: int) -> np.ndarray:
    """Return the fidelity from each of the first weights, those of the moduli and those of the phases."""
    draw, seeds = np.random.default_rng(seed), weights.shape[1]
    turns = np.array([np.kron(TURN[x][int(a)], TURN[y][int(b)]) for (a, b), (x, y) in zip(rows, bases, strict=True)])
    starts = rows[(bases == "Z").all(axis=1)]
    machines = [[w.copy(), np.zeros((seeds, 1, 2)), np.zeros((seeds, 1, 2))] for w in weights]
    configurations = np.broadcast_to(ALL, (seeds, 4, 2))

    def amplitudes() -> np.ndarray:
        moduli, phases = ((configurations @ transposed(b))[..., 0]
                          + np.logaddexp(0, configurations @ w + c).sum(-1) for w, b, c in machines)
        return np.exp((moduli + 1j * phases) / 2)

    def move(machine: list[np.ndarray], v: np.ndarray, weight: np.ndarray, rate: float) -> list[np.ndarray]:
        w, b, c = machine
        h = weight[..., None] * on(v @ w + c)
        return [rate * transposed(v) @ h, rate * (weight[..., None] * v).sum(1, keepdims=True),
                rate * h.sum(1, keepdims=True)]

    for _ in range(EPOCHS):
        order = np.stack([draw.permutation(len(rows)) for _ in range(seeds)])
        for batch in np.split(order, len(rows) // BATCH, axis=1):
            terms = turns[batch] * amplitudes()[:, None, :]
            mixed = (terms / terms.sum(-1, keepdims=True)).mean(1)
            w, b, c = machines[0]
            v = starts[draw.integers(0, len(starts), (seeds, BATCH))]
            for _ in range(SWEEPS):
                h = (draw.random(v.shape) < on(v @ w + c)).astype(float)
                v = (draw.random(v.shape) < on(h @ transposed(w) + b)).astype(float)
            steps = [move(machines[0], configurations, mixed.real, RATE),
                     move(machines[0], v, np.full(v.shape[:2], 1 / BATCH), -RATE),
                     move(machines[1], configurations, -mixed.imag, RATE)]
            machines[0] = [p + x + y for p, x, y in zip(machines[0], steps[0], steps[1], strict=True)]
            machines[1] = [p + x for p, x in zip(machines[1], steps[2], strict=True)]
    psi = amplitudes()
    return np.abs(psi.conj() @ target) ** 2 / (np.abs(psi) ** 2).sum(1) / np.vdot(target, target).real


if __name__ == "__main__":
    main()
