#!/usr/bin/env python3
"""Train a state of QuCumber's and print its fidelity and its processor seconds as JSON, for ../quantum.py.

usage: quantum.py SETTINGS, with the package qucumber

SETTINGS is JSON: rows, state and perhaps bases are files, hidden, auxiliary and seed numbers, scale a factor
of the first weights, drop the epochs after which Adadelta's rate is halved, threads their number, and the rest
arguments of fit.
"""

import json
import sys
import time

import numpy as np
import qucumber
import qucumber.utils.training_statistics as ts
import torch
from qucumber.nn_states import ComplexWaveFunction, DensityMatrix, PositiveWaveFunction


def fit(rows: str, state: str, hidden: int, seed: int, auxiliary: int = 0, bases: str = "", scale: float = 1,
        drop: int = 0, threads: int = 1, **arguments: float) -> dict[str, object]:
    """Train. Seconds are those of fit alone, of the processor, and wall those of the clock."""
    torch.set_num_threads(threads)
    qucumber.set_random_seed(seed, cpu=True, gpu=False)
    outcomes = torch.tensor(np.load(rows) if rows.endswith(".npy") else np.loadtxt(rows), dtype=torch.double)
    known = [np.loadtxt(part) for part in state.split(",")]
    sites = outcomes.shape[1]
    target = torch.tensor(known[0].T.copy() if len(known) == 1 else np.stack(known))
    if auxiliary:
        model = DensityMatrix(sites, hidden, auxiliary, gpu=False)
    else:
        model = (ComplexWaveFunction if bases else PositiveWaveFunction)(sites, hidden, gpu=False)
        model.rbm_am.weights.data *= scale
    if bases:
        arguments["input_bases"] = np.loadtxt(bases, dtype=str)
    if drop:
        arguments |= {"optimizer": torch.optim.Adadelta, "scheduler": torch.optim.lr_scheduler.StepLR,
                      "scheduler_args": {"step_size": drop, "gamma": 0.5}}
    begun, clock = time.process_time(), time.monotonic()
    model.fit(outcomes, **arguments)
    seconds, wall = time.process_time() - begun, time.monotonic() - clock
    return {
        "fidelity": ts.fidelity(model, target, space=model.generate_hilbert_space()),
        "seconds": round(seconds, 2),
        "wall": round(wall, 2),
        "version": f"{qucumber.__version__}, torch {torch.__version__}",
    }


if __name__ == "__main__":
    print(json.dumps(fit(**json.loads(sys.argv[1]))))
