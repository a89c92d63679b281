"""learnergy's models, as ``torch.save(model, path)`` or ``torch.save(model.state_dict(), path)`` writes them.

W has a row for each visible unit; a are visible, b hidden biases. The classes and what they are here:

======================== ==========================================================================
RBM, SigmoidRBM,         bernoulli, bernoulli; F is the same
DropoutRBM, EDropoutRBM,
DropConnectRBM
GaussianRBM              gaussian, bernoulli: ½(v − a)² is ½v² − av + ½a²
VarianceGaussianRBM      gaussian, bernoulli: (v − a)²/(2s²), inputs Σ w v/s²: γ = 1/s², w/s²
======================= =========================================================================

Sampling at a temperature T, and the standardisation of inputs that Gaussian models do while they train, are
no part of the energy. A state_dict does not name its class: W, a, b may be of bits or of real numbers, as the
caller has to say.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from .model import Model
from .pickles import Record
from .torchfiles import File

BITS = ("RBM", "SigmoidRBM", "SigmoidRBM4Deep", "DropoutRBM", "EDropoutRBM", "DropConnectRBM")
REALS = ("GaussianRBM", "GaussianRBM4deep")
VARIANCE = "VarianceGaussianRBM"
NAMES = re.compile(r"learnergy\.models\..+|torch\.optim\..+")
EPSILON = float(np.finfo(np.float32).eps)  # learnergy adds it to the variance


def admits(name: str) -> bool:
    """Whether learnergy's files need it."""
    return NAMES.fullmatch(name) is not None


def read(file: File, visible: str | None = None) -> Model:
    """Model of a file.

    Parameters
    ----------
    file : File
        That learnergy's models were saved in.
    visible : {"bernoulli", "gaussian"}, optional
        Kind of the visible units, where the file does not tell: of state_dicts.
    """
    tensors, told = file.contents, visible
    if isinstance(tensors, Record):
        cls = tensors.name.rpartition(".")[2]
        told = "bernoulli" if cls in BITS else "gaussian" if cls in (*REALS, VARIANCE) else None
        if told is None:
            raise ValueError(
                f"the file has a {tensors.name}, want one of {', '.join((*BITS, *REALS, VARIANCE))}"
            )
        if visible not in (None, told):
            raise ValueError(f"the visible units of a {cls} are {told}, not {visible}")
        tensors = tensors.fields().get("_parameters")
    if not isinstance(tensors, dict) or not {"W", "a", "b"} <= set(tensors):
        raise ValueError("the file has no W, a and b, as learnergy's models have")
    W, a, b = (file.tensor(tensors[name], name) for name in ("W", "a", "b"))
    if "sigma" in tensors:
        return _gaussian(W, a, b, file.tensor(tensors["sigma"], "sigma"))
    if told is None:
        raise ValueError(
            "the file is a state_dict, which does not tell RBM from GaussianRBM: "
            "say visible=bernoulli or visible=gaussian"
        )
    if told == "gaussian":
        return _gaussian(W, a, b, None)
    if told != "bernoulli":
        raise ValueError(f"visible units are {told!r}, want bernoulli or gaussian")
    return Model(W, a, b)


def _gaussian(W: Any, a: Any, b: Any, sigma: Any) -> Model:
    """Model of E = Σ γ(v − a)²/2 − Σ_j b_j h_j − Σ γ_i w_ij v_i h_j."""
    Model(W, a, b)  # shapes first
    W, a = W.astype(np.float64), a.astype(np.float64)
    gamma = np.ones(len(a)) if sigma is None else 1 / (sigma.astype(np.float64) ** 2 + EPSILON)
    if gamma.shape != a.shape:
        raise ValueError(f"sigma has shape {gamma.shape}, want {a.shape}: one number a visible unit")
    return Model(
        W if sigma is None else W * gamma[:, None],
        gamma * a,
        b,
        visible="gaussian",
        tensors={"visible.precisions": gamma},
        offset=float((gamma * a * a).sum() / 2),
    )
