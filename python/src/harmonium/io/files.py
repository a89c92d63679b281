"""Which program wrote a file, and in which form one is written."""

from __future__ import annotations

import io
import os
import pickle
import re
from pathlib import Path
from typing import Any

from . import hdf5, learnergy, pgm, pickles, qucumber, rbmjl, rbms, scikit, torchfiles
from .model import Model, write_whole

PICKLE = re.compile(rb"\x80[\x00-\x05]|\(|c[a-z_.]+\n")  # of protocols 2 to 5, 0 and 1
PROGRAMS = "Harmonium, scikit-learn, rbms, QuCumber, learnergy, PGM and RestrictedBoltzmannMachines.jl"


def load(
    path: str | os.PathLike[str],
    *,
    update: int | None = None,
    machine: str | None = None,
    visible: str | None = None,
) -> Model:
    """Model of a file of any of the programs; contents tell which.

    Parameters
    ----------
    path : path
        A file, or the folder of one of Harmonium's runs.
    update : int, optional
        Of rbms' files: which saved update; the last by default.
    machine : {"am", "ph"}, optional
        Of QuCumber's files: amplitude (the default) or phase.
    visible : {"bernoulli", "gaussian"}, optional
        Of state_dicts of learnergy's: what the visible units are.

    Returns
    -------
    Model

    Raises
    ------
    ValueError
        If the file is of no program, is damaged, or has no such update or machine. The message names the
        file.
    """
    path = Path(path)
    if path.is_dir():
        path /= "model.safetensors"
    options = {"update": update, "machine": machine, "visible": visible}
    try:
        return _read(path, {name: x for name, x in options.items() if x is not None})
    except ValueError as err:
        raise ValueError(f"{path}: {err}") from None


def _read(path: Path, options: dict[str, Any]) -> Model:
    """Model of a file; options are those that were given."""
    with path.open("rb") as opened:
        if opened.read(len(hdf5.MAGIC)) == hdf5.MAGIC:
            file = hdf5.File(path, *rbms.wanted(options.get("update")), *rbmjl.WANTED)
            if rbmjl.HEADER in file:
                return rbmjl.read(file, **_only(options, "RestrictedBoltzmannMachines.jl"))
            return rbms.read(file, **_only(options, "rbms", "update"))
        opened.seek(0)
        data = opened.read()
    if data.startswith((b"PK\x03\x04", torchfiles.LEGACY)):
        saved = torchfiles.File(data, learnergy.admits, "a state of QuCumber's or a model of learnergy's")
        if isinstance(saved.contents, dict) and set(qucumber.MACHINES.values()) & set(saved.contents):
            return qucumber.read(saved, **_only(options, "QuCumber", "machine"))
        return learnergy.read(saved, **_only(options, "learnergy", "visible"))
    if data[8:9] == b"{":
        return Model.from_bytes(data, **_only(options, "Harmonium"))
    plain = pickles.unpacked(data)
    if PICKLE.match(plain):
        return _pickled(plain, options)
    raise ValueError(f"the file begins with {data[:8]!r}, as no model of {PROGRAMS} does")


def _pickled(plain: bytes, options: dict[str, Any]) -> Model:
    """Model of a pickle, or of a joblib file."""

    def admits(name: str) -> bool:
        return scikit.admits(name) or pgm.admits(name)

    contents = pickles.load(
        io.BytesIO(plain), admits, "a BernoulliRBM of scikit-learn's or a machine of PGM's"
    )
    if isinstance(contents, pickles.Record) and contents.name == "rbm.RBM":
        return pgm.read(contents, **_only(options, "PGM"))
    return scikit.read(contents, **_only(options, "scikit-learn"))


def _only(options: dict[str, Any], program: str, *names: str) -> dict[str, Any]:
    """Options, which must be those that a program's files have."""
    if more := [name for name in options if name not in names]:
        raise ValueError(f"{more[0]}={options[more[0]]} is nothing that files of {program} have")
    return options


def save(model: Model, path: str | os.PathLike[str]) -> None:
    """Write a model, in the form that the name tells, whole or not at all.

    Parameters
    ----------
    model : Model
    path : path
        ``.safetensors`` is Harmonium's; ``.h5`` and ``.hdf5`` are rbms'; ``.joblib`` and ``.pkl`` are a
        fitted BernoulliRBM of scikit-learn's.

    Raises
    ------
    ValueError
        If the name tells no form, or the program has no such units.
    """
    path = Path(path)
    form = {".hdf5": ".h5", ".pickle": ".pkl"}.get(path.suffix, path.suffix)
    if form == ".safetensors":
        data = model.to_bytes()
    elif form == ".h5":
        data = rbms.write(model)
    elif form in (".joblib", ".pkl"):
        data = _dumped(scikit.to_sklearn(model), form)
    else:
        raise ValueError(f"{path}: want a name in .safetensors, .h5 (rbms), .joblib or .pkl (scikit-learn)")
    write_whole(path, data)


def _dumped(estimator: Any, form: str) -> bytes:
    if form == ".pkl":
        return pickle.dumps(estimator)
    import joblib

    file = io.BytesIO()
    joblib.dump(estimator, file)
    return file.getvalue()
