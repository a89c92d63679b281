"""QuCumber's states: wave functions and density matrices, as ``state.save("x.pt")`` writes them.

A positive wave function has one machine, ``am``, with P(v) = |ψ(v)|² ∝ e^(−F(v)) for v in 0, 1. Complex wave
functions and density matrices have a second one, ``ph``, of phases. QuCumber's effective energy is our free
energy: E(v) = −Σ_j b_j v_j − Σ_i log(1 + e^(c_i + Σ_j W_ij v_j)), with a row of W for each hidden unit.

A density matrix' machines have auxiliary units too, with weights U and biases d. Traced over both, their
effective energy is that of one layer of hidden units: W and U side by side.
"""

from __future__ import annotations

import numpy as np

from .model import Model
from .torchfiles import File

MACHINES = {"am": "rbm_am", "ph": "rbm_ph"}


def admits(name: str) -> bool:
    """Whether QuCumber's files need it: they hold tensors in dictionaries alone."""
    return False


def read(file: File, machine: str | None = None) -> Model:
    """Model of a file.

    Parameters
    ----------
    file : File
        That QuCumber wrote.
    machine : {"am", "ph"}, optional
        Amplitude (the default) or phase.
    """
    contents, machine = file.contents, machine or "am"
    there = [
        name
        for name, key in MACHINES.items()
        if isinstance(contents, dict) and isinstance(contents.get(key), dict)
    ]
    if machine not in MACHINES or machine not in there:
        raise ValueError(
            f"there is no machine {machine!r}, the file has {', '.join(there) or 'none of am and ph'}"
        )
    tensors = {str(name): x for name, x in contents[MACHINES[machine]].items()}

    def tensor(name: str) -> np.ndarray:
        if name not in tensors:
            raise ValueError(
                f"machine {machine} has no {name}, as QuCumber's have: it has {', '.join(tensors)}"
            )
        return file.tensor(tensors[name], name)

    if "weights" in tensors:
        return Model(tensor("weights").T, tensor("visible_bias"), tensor("hidden_bias"))
    W, U = tensor("weights_W"), tensor("weights_U")
    if W.ndim != 2 or U.ndim != 2 or W.shape[1] != U.shape[1]:
        raise ValueError(
            f"weights_W has shape {W.shape} and weights_U {U.shape}, want as many columns: visible units"
        )
    return Model(
        np.concatenate([W, U]).T,
        tensor("visible_bias"),
        np.concatenate([tensor("hidden_bias"), tensor("aux_bias")]),
    )
