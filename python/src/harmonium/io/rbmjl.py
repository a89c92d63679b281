"""RestrictedBoltzmannMachines.jl's HDF5 files, as its ``save_rbm`` writes them (format 1.0.0).

Julia's arrays are column-major, so that h5py sees their axes in reverse. In Julia's order ``weights`` is
[visible…, hidden…], and ``visible_par`` and ``hidden_par`` are [parameters, units…]. In Julia's notation,
energies of a unit are

=================== ============== ==========================================================
type                parameters     U(x)
=================== ============== ==========================================================
Binary, Spin        θ              −θ x
Potts, PottsGumbel  θ              −θ x; units are [states, sites…]
Gaussian            θ, γ           ½|γ| x² − θ x
ReLU                θ, γ           the same, x ≥ 0
dReLU               θp, θn, γp, γn ½|γp| x² − θp x for x > 0, ½|γn| x² − θn x for x < 0
pReLU               θ, γ, Δ, η     dReLU, θp = θ + Δ/(1+η), γp = γ/(1+η), θn, γn with −Δ, −η
xReLU               θ, γ, Δ, ξ     pReLU with η = ξ/(1+|ξ|)
nsReLU              θ, Δ, ξ        xReLU with γ = 1
=================== ============== ==========================================================

so that ours are b = θ, or of double rectified units b = (θp + θn)/2 and the threshold d = (θn − θp)/2. A
StandardizedRBM has the interaction −Σ w_ij (v_i − λ_i)(h_j − λ_j)/(σ_i σ_j), and a CenteredRBM the same
without σ. Ours are then w'_ij = w_ij/(σ_i σ_j), b − W'λ_h, c − W'ᵀλ_v, and our F is λ_vᵀ W' λ_h larger.
"""

from __future__ import annotations

import numpy as np

from . import hdf5
from .layers import Part
from .model import Model

HEADER, VERSION = "rbm_hdf5_file_format_version", "1.0.0"
LAYER = ("visible_type", "visible_par", "hidden_type", "hidden_par")
STANDARD = ("offset_v", "offset_h", "scale_v", "scale_h")
WANTED = (HEADER, "rbm_type", "weights", *LAYER, *STANDARD)  # all datasets of a file
TYPES = {"RBM": (), "CenteredRBM": ("offset",), "StandardizedRBM": ("offset", "scale")}
# Types of layers: their kind here, and the number of their parameters.
LAYERS = {
    "Binary": ("bernoulli", 1),
    "Spin": ("spin", 1),
    "Potts": ("categorical", 1),
    "PottsGumbel": ("categorical", 1),
    "Gaussian": ("gaussian", 2),
    "ReLU": ("relu", 2),
    "dReLU": ("drelu", 4),
    "pReLU": ("drelu", 4),
    "xReLU": ("drelu", 4),
    "nsReLU": ("drelu", 3),
}


def read(file: hdf5.File) -> Model:
    """Model of a file that ``save_rbm`` wrote."""
    version, kind = file.text(HEADER), file.text("rbm_type") if "rbm_type" in file else None
    if version != VERSION or kind not in TYPES:
        raise ValueError(
            f"format {version!r}, rbm_type {kind!r}: want format {VERSION!r}, one of {', '.join(TYPES)}"
        )
    visible, hidden = _Layer(file, "visible"), _Layer(file, "hidden")
    m, n = len(visible.biases), len(hidden.biases)
    W = file.numbers("weights").astype(np.float64)
    if W.size != m * n:
        raise ValueError(f"weights have {W.size} numbers, want {m}·{n}")
    W, b, c, offset = W.reshape(n, m).T, visible.biases, hidden.biases, 0.0
    if "scale" in TYPES[kind]:
        W = W / np.outer(_units(file, "scale_v", m), _units(file, "scale_h", n))
    if "offset" in TYPES[kind]:
        lambda_v, lambda_h = _units(file, "offset_v", m), _units(file, "offset_h", n)
        b, c, offset = b - W @ lambda_h, c - lambda_v @ W, -float(lambda_v @ W @ lambda_h)
    return Model(
        W,
        b,
        c,
        visible=visible.kind,
        hidden=hidden.kind,
        visible_layout=visible.layout,
        hidden_layout=hidden.layout,
        tensors={**visible.tensors, **hidden.tensors},
        offset=offset,
    )


def _units(file: hdf5.File, name: str, units: int) -> np.ndarray:
    x = file.numbers(name).astype(np.float64).ravel()
    if len(x) != units or (name.startswith("scale") and not x.all()):
        raise ValueError(f"{name} has {len(x)} numbers, want {units}, and none of a scale 0")
    return x


class _Layer:
    """Parameters of a layer, in our terms."""

    def __init__(self, file: hdf5.File, name: str) -> None:
        layer, par = file.text(f"{name}_type"), file.numbers(f"{name}_par").astype(np.float64)
        if layer not in LAYERS:
            raise ValueError(f"{name}_type is {layer!r}, want one of {', '.join(LAYERS)}")
        self.kind, count = LAYERS[layer]
        axes = 3 if self.kind == "categorical" else 2
        if par.ndim < axes or par.shape[-1] != count or par.size == 0:
            raise ValueError(
                f"{name}_par has shape {par.shape[::-1]} in Julia, want {count} first: parameters of {layer}"
            )
        self.layout: tuple[Part, ...] = ()
        if self.kind == "categorical":
            sites, states = par[..., 0].size // par.shape[-2], par.shape[-2]
            self.layout = (Part("categorical", sites * states, (states,) * sites),)
        theta, *more = par.reshape(-1, count).T
        self.biases, self.tensors = theta, {}
        if count == 2:
            self.tensors = {f"{name}.precisions": np.abs(more[0])}
        if self.kind == "drelu":
            plus, minus, *precisions = _double(layer, theta, more)
            self.biases = (plus + minus) / 2
            self.tensors = {
                f"{name}.precisions_plus": np.abs(precisions[0]),
                f"{name}.precisions_minus": np.abs(precisions[1]),
                f"{name}.thresholds": (minus - plus) / 2,
            }


def _double(layer: str, theta: np.ndarray, more: list[np.ndarray]) -> tuple[np.ndarray, ...]:
    """θp, θn, γp, γn of a double rectified unit."""
    if layer == "dReLU":
        return (theta, *more)
    gamma, delta, eta = more if len(more) == 3 else (np.ones_like(theta), *more)
    if layer != "pReLU":
        eta = eta / (1 + np.abs(eta))
    if not (np.abs(eta) < 1).all():
        raise ValueError(f"η of {layer} is beyond ±1")
    return theta + delta / (1 + eta), theta - delta / (1 - eta), gamma / (1 + eta), gamma / (1 - eta)
