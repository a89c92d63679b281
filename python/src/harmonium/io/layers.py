"""Kinds of units: energies U and cumulant generating functions Γ(x) = log Σ_s e^(x·s − U(s)), in float64.

The formulas are those of docs/math.md, "Kinds of units". With θ = b + x:

=========== ================= =====================================
kind        U(s) + b s        Γ(x), one unit
=========== ================= =====================================
bernoulli   0                 log(1 + e^θ)
spin        0                 log(2 cosh θ)
categorical 0                 log Σ_a e^(θ_a), one site
gaussian    ½γ s²             θ²/(2γ) + ½ log(2π/γ)
relu        ½γ s², s ≥ 0      log M(θ/√γ) − ½ log γ
drelu       ½γ± s² + d|s|     log(M(a⁺)/√γ⁺ + M(a⁻)/√γ⁻)
=========== ================= =====================================

M(a) = ∫_0^∞ e^(at − t²/2) dt, and a± = (±θ − d)/√γ±.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

MIXED = "mixed"
# Kinds, and what they have beside biases.
KINDS: dict[str, tuple[str, ...]] = {
    "bernoulli": (),
    "spin": (),
    "categorical": (),
    "gaussian": ("precisions",),
    "relu": ("precisions",),
    "drelu": ("precisions_plus", "precisions_minus", "thresholds"),
}
FAR = 25  # −a beyond which the series of Mills' ratio has all digits of float64, as in rbm/half.go


@dataclass(frozen=True)
class Part:
    """Units of one kind that follow each other.

    Parameters
    ----------
    kind : str
        One of bernoulli, spin, categorical, gaussian, relu and drelu.
    units : int
        How many numbers stand for them: of categorical sites the sum of `states`.
    states : tuple of int
        Of categorical sites: the number of states of each.
    """

    kind: str
    units: int
    states: tuple[int, ...] = ()


def energy(
    layout: Sequence[Part], biases: np.ndarray, more: dict[str, np.ndarray], s: np.ndarray
) -> np.ndarray:
    """U(s) of each row of s."""
    total = -(s @ biases)
    for part, units in _spans(layout):
        x = s[:, units]
        if part.kind in ("gaussian", "relu"):
            total += 0.5 * (x * x) @ more["precisions"]
        elif part.kind == "drelu":
            gamma = np.where(x > 0, more["precisions_plus"], more["precisions_minus"])
            total += (0.5 * gamma * x * x + more["thresholds"] * np.abs(x)).sum(1)
    return total


def cgf(layout: Sequence[Part], biases: np.ndarray, more: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """Γ(x) of each row of inputs x."""
    total = np.zeros(len(x))
    for part, units in _spans(layout):
        total += _terms(part, biases[units] + x[:, units], more).sum(1)
    return total


def _terms(part: Part, theta: np.ndarray, more: dict[str, np.ndarray]) -> np.ndarray:
    """Γ of each unit, or site."""
    if part.kind == "bernoulli":
        return np.logaddexp(0, theta)
    if part.kind == "spin":
        return np.logaddexp(theta, -theta)
    if part.kind == "categorical":
        return np.stack([np.logaddexp.reduce(theta[:, site], axis=1) for site in sites(part.states)], axis=1)
    if part.kind == "gaussian":
        gamma = more["precisions"]
        return theta * theta / (2 * gamma) + 0.5 * np.log(2 * np.pi / gamma)
    if part.kind == "relu":
        return _side(theta, more["precisions"])
    d = more["thresholds"]
    return np.logaddexp(
        _side(theta - d, more["precisions_plus"]), _side(-theta - d, more["precisions_minus"])
    )


def _side(theta: np.ndarray, gamma: np.ndarray) -> np.ndarray:
    """log of ∫_0^∞ e^(θs − ½γ s²) ds."""
    return log_mills(theta / np.sqrt(gamma)) - 0.5 * np.log(gamma)


def log_mills(a: np.ndarray) -> np.ndarray:
    """log M(a) = log[√(2π) e^(a²/2) Φ(a)]; below −25 its asymptotic series."""
    near = np.maximum(a, -FAR)
    erfc = np.vectorize(math.erfc, otypes=[float])(-near / math.sqrt(2))
    y = 1 / np.minimum(a, -FAR) ** 2
    far = 0.5 * np.log(y) + np.log1p(-y * (1 - y * (3 - y * (15 - y * (105 - 945 * y)))))
    return np.where(a < -FAR, far, 0.5 * math.log(math.pi / 2) + near * near / 2 + np.log(erfc))


def check_values(layout: Sequence[Part], v: np.ndarray) -> None:
    """Refuse rows that are not values of the units; between 0 and 1, probabilities are values of bits too."""
    for part, units in _spans(layout):
        x = v[:, units]
        if part.kind == "spin":
            sound, want = np.abs(x) == 1, "−1 or 1"
        elif part.kind in ("bernoulli", "categorical"):
            sound, want = (x >= 0) & (x <= 1), "0 or 1"
        else:
            sound, want = (
                np.isfinite(x) & ((x >= 0) | (part.kind != "relu")),
                "finite numbers, of relu units none below 0",
            )
        if not sound.all():
            row, unit = np.argwhere(~sound)[0]
            raise ValueError(
                f"row {row + 1}, unit {units.start + unit + 1} is {x[row, unit]:g}, "
                f"want {want}: {part.kind} units"
            )
        for k, site in enumerate(sites(part.states)):
            if not (np.abs(x[:, site].sum(1) - 1) < 1e-9).all():
                raise ValueError(
                    f"site {k + 1} has none or several of its {part.states[k]} states on, "
                    "want one: see one_hot"
                )


def sites(states: Iterable[int]) -> Iterator[slice]:
    """Units of each site."""
    at = 0
    for q in states:
        yield slice(at, at + q)
        at += q


def _spans(layout: Sequence[Part]) -> Iterator[tuple[Part, slice]]:
    yield from zip(layout, sites(part.units for part in layout), strict=True)
