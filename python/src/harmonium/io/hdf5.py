"""HDF5 files, read by h5py in a process of its own: the HDF5 library may crash on damaged files.

Read are datasets of the file itself alone, none larger than the file. The process costs a quarter of a
second.
"""

from __future__ import annotations

import importlib.util
import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

MAGIC = b"\x89HDF\r\n\x1a\n"
PROGRAM = Path(__file__).with_name("hdf5_process.py")
MISSING = "HDF5 files need h5py: pip install 'harmonium[peers]'"
SECONDS = 600  # that reading may take


class File:
    """Datasets of an HDF5 file.

    Parameters
    ----------
    path : path
        Of the file.
    names : str
        Datasets to read, where they are there. A * stands for the largest number that a name in the root has in
        its place.

    Raises
    ------
    ModuleNotFoundError
        Without h5py.
    ValueError
        If the file is no HDF5 file, or is damaged.
    """

    def __init__(self, path: str | os.PathLike[str], *names: str) -> None:
        if importlib.util.find_spec("h5py") is None:
            raise ModuleNotFoundError(MISSING)
        answer = _ask(path, names)
        self.names = [str(name) for name in answer.pop("names")]
        self.found = {name.removeprefix("/"): x for name, x in answer.items()}

    def __contains__(self, name: str) -> bool:
        return name in self.found

    def numbers(self, name: str) -> np.ndarray:
        """Array of a dataset of numbers."""
        x = self._get(name)
        if x.dtype.kind not in "fiub":
            raise ValueError(f"{name} holds {x.dtype}, want numbers")
        return x

    def text(self, name: str) -> str:
        """Text of a dataset of one."""
        x = self._get(name)
        if x.dtype.kind != "U" or x.ndim != 0:
            raise ValueError(f"{name} holds {x.dtype}, want a text")
        return str(x)

    def _get(self, name: str) -> np.ndarray:
        if name not in self.found:
            raise ValueError(f"there is no {name}")
        return self.found[name]


def h5py() -> Any:
    """The module, for writing."""
    try:
        import h5py
    except ModuleNotFoundError:
        raise ModuleNotFoundError(MISSING) from None
    return h5py


def _ask(path: str | os.PathLike[str], names: Sequence[str]) -> dict[str, np.ndarray]:
    """What the process says of a file."""
    process = [sys.executable, str(PROGRAM), os.fspath(path), *names]
    try:
        done = subprocess.run(process, capture_output=True, check=False, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise ValueError(f"the HDF5 file is damaged, or too large: it can't be read in {SECONDS} s") from None
    if done.returncode == 1:
        raise ValueError(done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2])
    try:
        with np.load(io.BytesIO(done.stdout), allow_pickle=False) as contents:
            return {name: contents[name] for name in contents.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile):
        raise ValueError("the HDF5 file is damaged: the HDF5 library crashed on it") from None
