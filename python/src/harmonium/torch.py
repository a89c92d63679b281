"""A model as a PyTorch module: its free energy, to differentiate.

>>> from harmonium.torch import RBM
>>> rbm = RBM.load("run/model.safetensors")  # doctest: +SKIP
>>> rbm(v).mean().backward()                 # doctest: +SKIP
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence

import numpy as np
import torch
from torch.nn import functional as F

from .io import Model, Part, load
from .io.layers import sites


class RBM(torch.nn.Module):
    """A restricted Boltzmann machine whose `forward` is the free energy.

    Parameters are W, b and c, and those that kinds of units have beside, such as ``visible_precisions``. They
    are float32; ``.double()`` makes them float64.

    Parameters
    ----------
    model : Model
        Of `harmonium.io`.
    """

    def __init__(self, model: Model) -> None:
        super().__init__()
        self._model = model
        self._names = {
            "W": "W",
            "b": "b",
            "c": "c",
            **{name: name.replace(".", "_") for name in model.tensors},
        }
        arrays = {"W": model.W, "b": model.b, "c": model.c, **model.tensors}
        for name, attribute in self._names.items():
            values = torch.from_numpy(np.array(arrays[name], np.float32))
            self.register_parameter(attribute, torch.nn.Parameter(values))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> RBM:
        """Module of a model file of any program that `harmonium.io.load` reads."""
        return cls(load(path))

    def model(self) -> Model:
        """The model with the parameters of now, to save."""
        arrays = {
            name: getattr(self, attribute).detach().cpu().numpy().copy()
            for name, attribute in self._names.items()
        }
        W, b, c = (arrays.pop(name) for name in ("W", "b", "c"))
        m = self._model
        return Model(
            W, b, c, m.visible, m.hidden, m.visible_layout, m.hidden_layout, m.columns, arrays, m.offset
        )

    def forward(self, v: torch.Tensor) -> torch.Tensor:
        """Free energy F(v) = U_v(v) − Γ_h(Wᵀv), in nats.

        Parameters
        ----------
        v : tensor of shape (…, m)
            Values of the visible units, sites as bits (`Model.one_hot`).

        Returns
        -------
        tensor of shape (…)
        """
        return self._energy(v) - self._cgf(v @ self.W)

    def _energy(self, v: torch.Tensor) -> torch.Tensor:
        """U of the visible layer."""
        total = -(v @ self.b)
        for part, units in _spans(self._model.visible_layout):
            x = v[..., units]
            if part.kind in ("gaussian", "relu"):
                total = total + 0.5 * (x * x) @ self.visible_precisions
            elif part.kind == "drelu":
                gamma = torch.where(x > 0, self.visible_precisions_plus, self.visible_precisions_minus)
                total = total + (0.5 * gamma * x * x + self.visible_thresholds * x.abs()).sum(-1)
        return total

    def _cgf(self, x: torch.Tensor) -> torch.Tensor:
        """Γ of the hidden layer: docs/math.md, "Kinds of units"."""
        return sum(
            self._terms(part, self.c[units] + x[..., units]).sum(-1)
            for part, units in _spans(self._model.hidden_layout)
        )

    def _terms(self, part: Part, theta: torch.Tensor) -> torch.Tensor:
        if part.kind == "bernoulli":
            return F.softplus(theta)
        if part.kind == "spin":
            return torch.logaddexp(theta, -theta)
        if part.kind == "categorical":
            return torch.stack([theta[..., site].logsumexp(-1) for site in sites(part.states)], -1)
        if part.kind == "gaussian":
            return theta * theta / (2 * self.hidden_precisions) + 0.5 * torch.log(
                2 * math.pi / self.hidden_precisions
            )
        if part.kind == "relu":
            return _side(theta, self.hidden_precisions)
        d = self.hidden_thresholds
        return torch.logaddexp(
            _side(theta - d, self.hidden_precisions_plus), _side(-theta - d, self.hidden_precisions_minus)
        )


def _side(theta: torch.Tensor, gamma: torch.Tensor) -> torch.Tensor:
    """log of ∫_0^∞ e^(θs − ½γ s²) ds, by erfcx where the tail is far and by log Φ elsewhere."""
    a = theta / gamma.sqrt()
    far = torch.log(torch.special.erfcx(-a.clamp(max=0) / math.sqrt(2))) + 0.5 * math.log(math.pi / 2)
    b = a.clamp(min=0)
    near = 0.5 * math.log(2 * math.pi) + b * b / 2 + torch.special.log_ndtr(b)
    return torch.where(a < 0, far, near) - 0.5 * gamma.log()


def _spans(layout: Sequence[Part]) -> list[tuple[Part, slice]]:
    return list(zip(layout, sites(part.units for part in layout), strict=True))
