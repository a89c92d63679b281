"""rbms' training archives (``.h5``): the parameters of every saved update.

``update_N/params`` has ``weight_matrix``, ``vbias`` and ``hbias``, in our orientation and with our signs;
``model_type`` is the kind of all of them:

===== ==================================================================================
BBRBM bernoulli, bernoulli PBRBM categorical, bernoulli; ``weight_matrix`` is [sites, states, n], ``vbias``
[sites, states] IIRBM spin, spin BGRBM bernoulli, gaussian; E has ½ m h_j²: precisions are m, the number of
visible units IGRBM spin, gaussian; the same, but the constant ½ n log(2π/m) has the opposite sign in its
energies of visible units
===== ==================================================================================

The last three came with rbms 0.6. Energies of visible units are our free energies, but that rbms takes x for
log(1 + e^x) from x = 10 on, 5e-5 too little there.
"""

from __future__ import annotations

import io
import os
import re
from pathlib import Path
from typing import Any

import numpy as np

from . import hdf5
from .layers import Part
from .model import Model

PARAMETERS = ("weight_matrix", "vbias", "hbias")
KINDS = {
    "BBRBM": ("bernoulli", "bernoulli"),
    "PBRBM": ("categorical", "bernoulli"),
    "IIRBM": ("spin", "spin"),
    "BGRBM": ("bernoulli", "gaussian"),
    "IGRBM": ("spin", "gaussian"),
}
CHAINS = 100  # that a written file has, for rbms to go on with


def updates(path: str | os.PathLike[str]) -> list[int]:
    """Updates that an archive of rbms' has, in rising order."""
    path = Path(path)
    with path.open("rb") as opened:
        begins = opened.read(len(hdf5.MAGIC))
    if begins != hdf5.MAGIC:
        raise ValueError(f"{path}: the file begins with {begins!r}, want an archive of rbms', which is HDF5")
    try:
        return saved(hdf5.File(path))
    except ValueError as err:
        raise ValueError(f"{path}: {err}") from None


def saved(file: hdf5.File) -> list[int]:
    """Updates of an opened archive, one at least."""
    found = (re.fullmatch(r"update_(\d{1,18})", name) for name in file.names)
    if there := sorted(int(match[1]) for match in found if match):
        return there
    raise ValueError("there is no update_N, as archives of rbms have")


def wanted(update: int | None) -> list[str]:
    """Datasets that an archive has of an update, or of the last, and of all."""
    at = "*" if update is None else update
    return [*(f"update_{at}/params/{name}" for name in PARAMETERS), "model_type"]


def read(file: hdf5.File, update: int | None = None) -> Model:
    """Model of an archive.

    Parameters
    ----------
    file : hdf5.File
        That rbms wrote.
    update : int, optional
        Which one; the last by default.
    """
    there = saved(file)
    update = there[-1] if update is None else update
    if update not in there:
        shown = ", ".join(map(str, there if len(there) <= 20 else [*there[:10], "…", *there[-9:]]))
        raise ValueError(f"update {update} is not saved, these are: {shown}")
    W, b, c = (file.numbers(name) for name in wanted(update)[:3])
    kind = file.text("model_type") if "model_type" in file else "PBRBM" if W.ndim == 3 else "BBRBM"
    if kind not in KINDS:
        raise ValueError(f"model_type is {kind!r}, want one of {', '.join(KINDS)}")
    visible, hidden = KINDS[kind]
    more: dict[str, Any] = {}
    if visible == "categorical":
        if W.ndim != 3 or W.shape[:2] != b.shape:
            raise ValueError(
                f"weight_matrix is {W.shape} and vbias {b.shape}, want [sites, states, n] and [sites, states]"
            )
        sites, states, n = W.shape
        W, b = W.reshape(sites * states, n), b.ravel()
        more["visible_layout"] = (Part("categorical", sites * states, (states,) * sites),)
    if hidden == "gaussian" and W.ndim == 2:
        m, n = W.shape
        more["tensors"] = {"hidden.precisions": np.full(n, float(m))}
        more["offset"] = n * np.log(2 * np.pi / m) if kind == "IGRBM" else 0.0
    return Model(W, b, c, visible=visible, hidden=hidden, **more)


def write(model: Model) -> bytes:
    """Bytes of an archive with one update, 1, that rbms opens by ``load_params`` and ``load_model``.

    Hidden gaussian units are rescaled to rbms' precision m, h → h √(γ/m), which changes F by a constant. The
    chains that rbms would go on with are random bits, and its settings are placeholders: to train on takes
    one's own.
    """
    h5py = hdf5.h5py()
    kind = next((name for name, kinds in KINDS.items() if kinds == (model.visible, model.hidden)), None)
    if kind is None:
        kinds = "; ".join(f"{visible} and {hidden}" for visible, hidden in KINDS.values())
        raise ValueError(
            f"the units are {model.visible} and {model.hidden}; rbms has {kinds}; "
            "of spins, bits are made by --bits, or Model.to_bits"
        )
    W, b, c = model.W, model.b, model.c
    rng, values = np.random.RandomState(0), (-1, 1) if model.visible == "spin" else (0, 1)
    chains = rng.choice(values, (CHAINS, model.m)).astype(np.float32)
    if model.visible == "categorical":
        states = set(model.visible_layout[0].states)
        if len(states) > 1:
            raise ValueError(f"sites have {sorted(states)} states; those of rbms all have the same number")
        (q,) = states
        W, b = W.reshape(-1, q, model.n), b.reshape(-1, q)
        chains = rng.randint(0, q, (CHAINS, len(b))).astype(np.float32)
    if model.hidden == "gaussian":
        scale = np.sqrt(model.m / model.tensors["hidden.precisions"].astype(np.float64))  # of w and c
        W, c = W * scale, c * scale
    file = io.BytesIO()
    with h5py.File(file, "w") as h5:
        _fill(h5, kind, dict(zip(PARAMETERS, (W, b, c), strict=True)), chains)
    return file.getvalue()


def _fill(h5: Any, kind: str, parameters: dict[str, np.ndarray], chains: np.ndarray) -> None:
    """What rbms' ``save_model`` and the beginning of a training write."""
    h5["hyperparameters/num_visibles"] = chains.shape[1]
    h5["hyperparameters/num_hiddens"] = len(parameters["hbias"])
    for name, value in {
        "num_chains": CHAINS,
        "batch_size": 2000,
        "gibbs_steps": 100,
        "learning_rate": 0.01,
        "L1": 0.0,
        "L2": 0.0,
        "seed": 0,
        "train_size": 0.6,
        "filename": "",
    }.items():
        h5[f"hyperparameters/{name}"] = value
    update = h5.create_group("update_1")
    for name, x in parameters.items():
        update[f"params/{name}"] = x.astype(np.float32)
        update[name] = update[f"params/{name}"]
    for k, part in enumerate(np.random.RandomState(0).get_state()):
        update[f"numpy_rng_arg{k}"] = part
    update["time"] = 0.0
    update.create_group("flags")
    h5["parallel_chains"] = chains
    h5["model_type"] = kind
