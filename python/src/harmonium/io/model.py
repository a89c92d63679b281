"""A model as NumPy arrays, E(v,h) = U_v(v) + U_h(h) − Σ_ij w_ij v_i h_j, and its free energy."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from . import safetensors
from .layers import KINDS, MIXED, Part, cgf, check_values, energy

FORMAT, VERSION = "harmonium-rbm", "1"
MAX_PARAMETER = 1e29  # as in the command: sums of that many float32 numbers stay finite
COLUMN_KINDS = ("spin", "bernoulli", "categorical", "gaussian")  # the order of the units of a table


@dataclass
class Model:
    """A restricted Boltzmann machine: its parameters, and the kinds of its units.

    The kinds, their energies U and their values are those of docs/formats.md. The arrays keep the precision
    that they come with; a model file has float32.

    Parameters
    ----------
    W : ndarray of shape (m, n)
        Weights w_ij: a row for each visible unit.
    b, c : ndarrays of shape (m,) and (n,)
        Biases of visible and hidden units.
    visible, hidden : str
        Kinds of units.
    visible_layout, hidden_layout : sequence of Part, optional
        Of categorical and mixed layers: what units they have.
    columns : list of dict, optional
        Of the model of a table: its columns, as in a model file.
    tensors : dict of ndarrays
        What kinds have beside biases, such as ``visible.precisions``.
    offset : float
        What the free energy of the program that the model comes from exceeds this model's by. It is the same
        for all v, so that it changes no probability, and it is no part of a model file.

    Raises
    ------
    ValueError
        If shapes, layouts, columns and kinds don't fit each other, or a number is NaN, infinite, beyond
        ±1e29, or not above 0 where it must be.
    """

    W: np.ndarray
    b: np.ndarray
    c: np.ndarray
    visible: str = "bernoulli"
    hidden: str = "bernoulli"
    visible_layout: tuple[Part, ...] = ()
    hidden_layout: tuple[Part, ...] = ()
    columns: list[dict[str, Any]] | None = None
    tensors: dict[str, np.ndarray] = field(default_factory=dict)
    offset: float = 0.0

    def __post_init__(self) -> None:
        self.W, self.b, self.c = _numbers("W", self.W, 2), _numbers("b", self.b, 1), _numbers("c", self.c, 1)
        m, n = self.W.shape
        for name, x, units in (("b", self.b, m), ("c", self.c, n)):
            if len(x) != units:
                raise ValueError(f"{name} has {len(x)} numbers, but W is {m}×{n}: want {units}")
        self.visible_layout = _layout("visible", self.visible, m, self.visible_layout)
        self.hidden_layout = _layout("hidden", self.hidden, n, self.hidden_layout)
        self.tensors = self._tensors()
        if self.columns is not None:
            self.columns = check_columns(self.columns, self.visible, self.visible_layout)

    def _tensors(self) -> dict[str, np.ndarray]:
        """Tensors beside W, b and c, in the order of a model file."""
        want = {}
        for layer, layout in (("visible", self.visible_layout), ("hidden", self.hidden_layout)):
            for part in layout:
                for name in KINDS[part.kind]:
                    want[f"{layer}.{name}"] = part.units
        if missing := [name for name in want if name not in self.tensors]:
            raise ValueError(f"{missing[0]} is missing, which {self.visible}-{self.hidden} models have")
        if more := [name for name in self.tensors if name not in want]:
            raise ValueError(
                f"there is a tensor {more[0]}, which {self.visible}-{self.hidden} models don't have"
            )
        tensors = {}
        for name, units in want.items():
            x = _numbers(name, self.tensors[name], 1)
            if len(x) != units:
                raise ValueError(f"{name} has {len(x)} numbers, want {units}: one a unit")
            if "precisions" in name and not (x.astype(np.float32) > 0).all():
                raise ValueError(
                    f"{name}: number {int(np.argmin(x)) + 1} is {x.min():g}, want a number above 0"
                )
            tensors[name] = x
        return tensors

    @property
    def m(self) -> int:
        """Number of visible units."""
        return self.W.shape[0]

    @property
    def n(self) -> int:
        """Number of hidden units."""
        return self.W.shape[1]

    def free_energy(self, v: np.ndarray) -> np.ndarray:
        """Free energy F(v) = U_v(v) − Γ_h(Wᵀv) of each row, in nats, so that P(v) ∝ e^(−F(v)).

        Parameters
        ----------
        v : array of shape (rows, m) or (m,)
            Values of the visible units; sites as bits, see `one_hot`.

        Returns
        -------
        ndarray of shape (rows,)
            In float64.
        """
        v = np.atleast_2d(np.asarray(v, np.float64))
        if v.ndim != 2 or v.shape[1] != self.m:
            raise ValueError(f"rows have {v.shape[-1]} numbers, but the model has {self.m} visible units")
        check_values(self.visible_layout, v)
        x = v @ self.W.astype(np.float64)
        return energy(self.visible_layout, *self._layer("visible"), v) - cgf(
            self.hidden_layout, *self._layer("hidden"), x
        )

    def _layer(self, name: str) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Biases and other parameters of a layer, in float64."""
        biases = self.b if name == "visible" else self.c
        prefix = name + "."
        more = {
            key.removeprefix(prefix): x.astype(np.float64)
            for key, x in self.tensors.items()
            if key.startswith(prefix)
        }
        return biases.astype(np.float64), more

    def one_hot(self, states: np.ndarray) -> np.ndarray:
        """Rows of states 0, 1, … of categorical sites, as the bits of their units.

        Parameters
        ----------
        states : array of shape (rows, sites)

        Returns
        -------
        ndarray of shape (rows, m)
        """
        if self.visible != "categorical":
            raise ValueError(f"the visible units are {self.visible}, want categorical")
        (part,), states = self.visible_layout, np.atleast_2d(np.asarray(states))
        q = np.array(part.states)
        if (
            states.shape[1] != len(q)
            or not ((states >= 0) & (states < q) & (states == states.astype(int))).all()
        ):
            raise ValueError(
                f"rows of {states.shape[1]} states, want {len(q)}, each from 0 to its site's number less one"
            )
        v = np.zeros((len(states), part.units))
        np.put_along_axis(v, states.astype(int) + np.cumsum(q) - q, 1.0, 1)
        return v

    def to_bits(self) -> Model:
        """The same model with units v of 0 and 1 in place of spins s = 2v − 1 (docs/math.md, "Spins").

        Free energies shift by the same number for all rows; `offset` takes it up.
        """
        parts = {"bernoulli": (1, 0), "spin": (2, -1)}
        if self.visible not in parts or self.hidden not in parts:
            raise ValueError(f"the units are {self.visible} and {self.hidden}, want bernoulli or spin")
        (alpha, beta), (gamma, delta) = parts[self.visible], parts[self.hidden]
        W, b, c = (x.astype(np.float64) for x in (self.W, self.b, self.c))
        constant = -beta * b.sum() - delta * c.sum() - beta * delta * W.sum()
        return replace(
            self,
            W=alpha * gamma * W,
            b=alpha * (b + delta * W.sum(1)),
            c=gamma * (c + beta * W.sum(0)),
            visible="bernoulli",
            hidden="bernoulli",
            visible_layout=(),
            hidden_layout=(),
            offset=self.offset + constant,
        )

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Model:
        """Model of a file that Harmonium wrote, or of a run's folder."""
        path = Path(path)
        if path.is_dir():
            path /= "model.safetensors"
        try:
            return cls.from_bytes(path.read_bytes())
        except ValueError as err:
            raise ValueError(f"{path}: {err}") from None

    @classmethod
    def from_bytes(cls, data: bytes) -> Model:
        """Model of the bytes of a file that Harmonium wrote."""
        metadata, tensors = safetensors.decode(data)
        if metadata.get("format") != FORMAT:
            raise ValueError(
                f"metadata format is {metadata.get('format')!r}, want {FORMAT!r}: not a model of Harmonium"
            )
        if metadata.get("version") != VERSION:
            raise ValueError(
                f"metadata version is {metadata.get('version')!r}, this program reads version {VERSION!r}"
            )
        if metadata.get("state", "wavefunction") != "wavefunction":  # which is √P of an ordinary model
            raise ValueError(
                f"a quantum state of the kind {metadata['state']}, which 'harmonium observe' and 'eval' take, "
                "and 'harmonium export' gives to NumPy: want a model without phases"
            )
        tensors = dict(tensors)
        for name in ("W", "b", "c"):
            if name not in tensors:
                raise ValueError(f"there is no tensor {name}")
        for name, x in tensors.items():
            if x.dtype != np.dtype("<f4"):
                raise ValueError(f"tensor {name} holds {x.dtype}, want float32 (F32)")
        return cls(
            *(tensors.pop(name) for name in ("W", "b", "c")),
            visible=_kind(metadata, "visible"),
            hidden=_kind(metadata, "hidden"),
            visible_layout=_parts(metadata, "visible"),
            hidden_layout=_parts(metadata, "hidden"),
            columns=_json(metadata, "columns"),
            tensors=tensors,
        )

    def to_bytes(self) -> bytes:
        """Bytes of the model file: those that the command writes for the same numbers."""
        metadata = {"format": FORMAT, "version": VERSION, "visible": self.visible, "hidden": self.hidden}
        for layer, kind, layout in (
            ("visible", self.visible, self.visible_layout),
            ("hidden", self.hidden, self.hidden_layout),
        ):
            if kind in ("categorical", MIXED):
                metadata[f"{layer}.layout"] = _compact([_described(part) for part in layout])
        if self.columns is not None:
            metadata["columns"] = _compact(self.columns)
        return safetensors.encode(metadata, {name: x.astype("<f4") for name, x in self._ordered().items()})

    def _ordered(self) -> dict[str, np.ndarray]:
        """All tensors in the order of the command: W, those of the visible and those of the hidden layer."""
        of = {
            layer: {k: x for k, x in self.tensors.items() if k.startswith(layer)}
            for layer in ("visible", "hidden")
        }
        return {"W": self.W, "b": self.b, **of["visible"], "c": self.c, **of["hidden"]}

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model file, whole or not at all."""
        write_whole(Path(path), self.to_bytes())


def write_whole(path: Path, data: bytes) -> None:
    """Write a file under a temporary name in its folder, and rename it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_bytes(data)
        os.replace(temporary, path)
    except OSError as err:  # which names the temporary file
        raise type(err)(err.errno, err.strerror, str(path)) from None
    finally:
        temporary.unlink(missing_ok=True)


def _numbers(name: str, x: Any, axes: int) -> np.ndarray:
    """Array of finite numbers in float32 or float64."""
    x = np.asarray(x)
    if x.dtype.kind not in "fiub" or x.ndim != axes or x.size == 0:
        raise ValueError(
            f"{name} has shape {x.shape} and type {x.dtype}, want numbers on {axes} axes, none of them empty"
        )
    if x.dtype not in (np.float32, np.float64):
        x = x.astype(np.float64)
    elif not x.flags.writeable:  # a view of a file's bytes
        x = x.copy()
    sound = np.abs(x) <= MAX_PARAMETER  # False for NaN
    if not sound.all():
        place = tuple(int(i) + 1 for i in np.argwhere(~sound)[0])
        where = f"number {place[0]}" if axes == 1 else f"row {place[0]}, column {place[1]}"
        raise ValueError(f"{name}: {where} is {x[~sound][0]}, want a finite number within ±{MAX_PARAMETER:g}")
    return x


def _layout(name: str, kind: str, units: int, layout: Any) -> tuple[Part, ...]:
    """Parts of a layer, checked against its kind and its number of units."""
    layout = tuple(layout)
    if kind not in KINDS and kind != MIXED:
        raise ValueError(f"{name} units are {kind!r}, want one of {', '.join(KINDS)} and {MIXED}")
    if not layout and kind not in ("categorical", MIXED):
        return (Part(kind, units),)
    for part in layout:
        if part.kind not in KINDS or part.units <= 0 or (part.kind == "categorical") != bool(part.states):
            raise ValueError(f"{name}: a part {part} of the layout is none")
        if part.states and (min(part.states) < 2 or sum(part.states) != part.units):
            raise ValueError(
                f"{name}: a part has {part.units} units, but its sites {sum(part.states)} states in all"
            )
    kinds = [part.kind for part in layout]
    order = ["bernoulli", "categorical", "gaussian"]
    in_order = len(kinds) > 1 and kinds == [k for k in order if k in kinds]
    sound = kinds == [kind] or (kind == MIXED and in_order)
    if not sound:
        raise ValueError(f"{name} units are {kind}, but the layout is of {kinds}")
    if sum(part.units for part in layout) != units:
        raise ValueError(
            f"the {name} layout has {sum(part.units for part in layout)} units, but W has {units}"
        )
    return layout


def check_columns(columns: Any, visible: str, layout: tuple[Part, ...]) -> list[dict[str, Any]]:
    """Columns of a table, in the form of a model file; they must be those of the layer."""
    if not isinstance(columns, list) or not all(isinstance(column, dict) for column in columns):
        raise ValueError("the columns are no list of objects")
    names: set[str] = set()
    for k, column in enumerate(columns):
        if more := set(column) - {"name", "kind", "categories", "mean", "scale", "genotype"}:
            raise ValueError(f"column {k + 1} has an entry {min(more)!r}, which columns don't have")
        categories, name = column.get("categories", []), column.get("name", "")
        if column.get("kind") not in COLUMN_KINDS:
            raise ValueError(
                f"column {k + 1} is of {column.get('kind')!r} units, want {', '.join(COLUMN_KINDS)}"
            )
        if not isinstance(categories, list) or len(set(map(str, categories))) != len(categories):
            raise ValueError(f"column {k + 1} has a category twice, or none: {categories!r}")
        if column["kind"] == "categorical" and len(categories) < 2:
            raise ValueError(f"column {k + 1} has {len(categories)} categories, want 2 or more")
        if not isinstance(name, str) or (name and name in names):
            raise ValueError(f"two columns are called {name!r}")
        names.add(name)
        for key in ("mean", "scale"):
            x = column.get(key, 0)
            if type(x) not in (int, float) or not abs(x) <= MAX_PARAMETER or (key == "scale" and x < 0):
                raise ValueError(
                    f"column {k + 1} has the {key} {x!r}, want a finite number, no negative scale"
                )
    if visible in ("bernoulli", "spin"):
        fits = len(columns) == layout[0].units and all(
            column["kind"] in ("bernoulli", "spin") for column in columns
        )
    else:
        units = [(c["kind"], len(c["categories"]) if c["kind"] == "categorical" else 1) for c in columns]
        of = {kind: [number for k, number in units if k == kind] for kind in COLUMN_KINDS}
        parts = [Part(k, sum(u), tuple(u) if k == "categorical" else ()) for k, u in of.items() if u]
        fits = tuple(parts) == layout
    if not fits:
        raise ValueError(
            f"the {len(columns)} columns are not those of the visible units, which are {visible}"
        )
    return columns


def _kind(metadata: dict[str, str], layer: str) -> str:
    if layer not in metadata:
        raise ValueError(f"metadata {layer} is missing, want a kind of units: {', '.join(KINDS)} or {MIXED}")
    return metadata[layer]


def _json(metadata: dict[str, str], key: str) -> Any:
    try:
        return json.loads(metadata[key]) if key in metadata else None
    except (ValueError, RecursionError) as err:
        raise ValueError(f"metadata {key} is no JSON: {err}") from None


def _parts(metadata: dict[str, str], layer: str) -> tuple[Part, ...]:
    key = f"{layer}.layout"
    parts = _json(metadata, key)
    needs = metadata[layer] in ("categorical", MIXED)
    if needs != (parts is not None):
        verb = "is missing, which" if needs else "is there, and"
        raise ValueError(f"metadata {key} {verb} {metadata[layer]} units {'need' if needs else 'have none'}")
    try:
        found = tuple(
            Part(part["kind"], part["units"], tuple(part.get("states", ()))) for part in parts or ()
        )
        numbers = [x for part in found for x in (part.units, *part.states)]
    except (TypeError, KeyError, AttributeError):
        raise ValueError(f"metadata {key} is no list of parts with a kind, units and states") from None
    if not all(type(x) is int for x in numbers):
        raise ValueError(f"metadata {key} has numbers of units or states that are no whole numbers")
    return found


def _described(part: Part) -> dict[str, Any]:
    described: dict[str, Any] = {"kind": part.kind, "units": part.units}
    return {**described, "states": list(part.states)} if part.states else described


def _compact(x: Any) -> str:
    """JSON as Go's encoding/json writes it."""
    return safetensors._json(x)
