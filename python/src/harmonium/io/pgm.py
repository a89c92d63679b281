"""PGM's machines, as its ``RBM_utils.saveRBM`` pickles them.

PGM is the program of J. Tubiana, S. Cocco and R. Monasson, eLife 8 (2019) e39397. ``weights`` has a row for
each hidden unit: [n_h, n_v], and with Potts layers the states of hidden and then of visible sites as further
axes. Energies of a unit, in PGM's notation:

================ ============================= ====================================================
layer            parameters                    U(h)
================ ============================= ====================================================
Bernoulli, Spin  fields                        −g h
Potts            fields [sites, states]        −g h
Gaussian         gamma, theta                  ½γ h² + θ h
ReLUplus         gamma, theta                  the same, h ≥ 0
ReLU             gamma, theta_plus, …_minus    ½γ h² + θ₊ max(h, 0) + θ₋ max(−h, 0)
dReLU            gamma_plus, …_minus, theta_…  ½γ± h² + θ₊ max(h, 0) + θ₋ max(−h, 0)
================ ============================= ====================================================

so that ours are b = g or −θ, and of double rectified units b = (θ₋ − θ₊)/2 and the threshold d = (θ₊ + θ₋)/2.
(In the paper θ₋ has the opposite sign.) Free energies are the same.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from . import pickles
from .layers import Part
from .model import Model
from .pickles import Record

NAMES = re.compile(r"(rbm\.RBM|layer\.\w+Layer|pgm\.PGM|moi\.\w+)")
KINDS = {
    "Bernoulli": "bernoulli",
    "Spin": "spin",
    "Potts": "categorical",
    "Gaussian": "gaussian",
    "ReLUplus": "relu",
    "ReLU": "drelu",
    "dReLU": "drelu",
}


def admits(name: str) -> bool:
    """Whether PGM's files need it."""
    return NAMES.fullmatch(name) is not None


def read(contents: Any) -> Model:
    """Model of a file's contents, as records."""
    if not isinstance(contents, Record) or contents.name != "rbm.RBM":
        raise ValueError(
            f"the file has a {getattr(contents, 'name', type(contents).__name__)}, want PGM's rbm.RBM"
        )
    state = contents.fields()
    if missing := [name for name in ("vlayer", "hlayer", "weights") if name not in state]:
        raise ValueError(f"the RBM has no {missing[0]}, as PGM's have")
    visible, hidden = _Layer(state["vlayer"], "visible"), _Layer(state["hlayer"], "hidden")
    W = pickles.array(state["weights"], "weights")
    shape = (hidden.shape[0], visible.shape[0], *hidden.shape[1:], *visible.shape[1:])
    if W.shape != shape:
        raise ValueError(f"weights have shape {W.shape}, want {shape}")
    full = W.reshape(
        hidden.shape[0], visible.shape[0], *(hidden.shape[1:] or (1,)), *(visible.shape[1:] or (1,))
    )
    return Model(
        full.transpose(1, 3, 0, 2).reshape(len(visible.biases), len(hidden.biases)),
        visible.biases,
        hidden.biases,
        visible=visible.kind,
        hidden=hidden.kind,
        visible_layout=visible.layout,
        hidden_layout=hidden.layout,
        tensors={**visible.tensors, **hidden.tensors},
    )


class _Layer:
    """Parameters of a layer, in our terms."""

    def __init__(self, record: Any, name: str) -> None:
        title = record.name.removeprefix("layer.") if isinstance(record, Record) else ""
        nature = title.removesuffix("Layer").removesuffix("Interpolate")
        if nature not in KINDS:
            raise ValueError(
                f"the {name} layer is {title or type(record).__name__}, want one of {', '.join(KINDS)}"
            )
        self.kind, self.state, self.tensors = KINDS[nature], record.fields(), {}
        self.layout: tuple[Part, ...] = ()
        if self.kind == "drelu":
            plus, minus = self._get("theta_plus"), self._get("theta_minus")
            first, second = ("gamma", "gamma") if nature == "ReLU" else ("gamma_plus", "gamma_minus")
            self.biases = (minus - plus) / 2
            self.tensors = {
                f"{name}.precisions_plus": self._get(first),
                f"{name}.precisions_minus": self._get(second),
                f"{name}.thresholds": (plus + minus) / 2,
            }
        elif self.kind in ("gaussian", "relu"):
            self.biases, self.tensors = -self._get("theta"), {f"{name}.precisions": self._get("gamma")}
        else:
            self.biases = self._get("fields", 2 if self.kind == "categorical" else 1)
        self.shape = self.biases.shape
        if self.kind == "categorical":
            sites, states = self.shape
            self.layout, self.biases = (
                (Part("categorical", sites * states, (states,) * sites),),
                self.biases.ravel(),
            )

    def _get(self, name: str, axes: int = 1) -> np.ndarray:
        x = pickles.array(self.state.get(name), name).astype(np.float64)
        if x.ndim != axes or x.size == 0:
            raise ValueError(f"{name} has shape {x.shape}, want {axes} axes, none of them empty")
        return x
