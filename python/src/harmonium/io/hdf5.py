"""HDF5 files, by h5py: datasets of the file itself alone, none larger than the file."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

MAGIC = b"\x89HDF\r\n\x1a\n"


class File:
    """Datasets of an HDF5 file's bytes.

    Raises
    ------
    ModuleNotFoundError
        Without h5py.
    ValueError
        If the bytes are no HDF5 file, or are damaged.
    """

    def __init__(self, data: bytes) -> None:
        self.size = len(data)
        self.file = _guarded(h5py().File, io.BytesIO(data), "r")

    def names(self, group: str = "/") -> list[str]:
        """Names in a group; none if it is not there."""
        return _guarded(self._names, group)

    def _names(self, group: str) -> list[str]:
        found = self._find(group)
        return [] if found is None or isinstance(found, h5py().Dataset) else list(found)

    def __contains__(self, name: str) -> bool:
        return _guarded(self._find, name) is not None

    def numbers(self, name: str) -> np.ndarray:
        """Array of a dataset of numbers."""
        x = _guarded(self._read, name)
        if not isinstance(x, np.ndarray | np.generic) or x.dtype.kind not in "fiub":
            raise ValueError(f"{name} holds {getattr(x, 'dtype', type(x).__name__)}, want numbers")
        return np.asarray(x)

    def text(self, name: str) -> str:
        """Text of a dataset of one."""
        x = _guarded(self._read, name)
        if isinstance(x, bytes):
            x = x.decode("utf-8", "replace")
        if not isinstance(x, str):
            raise ValueError(f"{name} holds {type(x).__name__}, want a text")
        return x

    def _find(self, name: str) -> Any:
        """Object of a path whose links all stay in the file; None if it is not there."""
        found = self.file
        for part in filter(None, name.split("/")):
            link = found.get(part, getlink=True) if isinstance(found, h5py().Group) else None
            if link is None:
                return None
            if not isinstance(link, h5py().HardLink):
                raise ValueError(f"{name} leads elsewhere, by a link")
            found = found[part]
        return found

    def _read(self, name: str) -> Any:
        found = self._find(name)
        if not isinstance(found, h5py().Dataset):
            raise ValueError(f"there is no {name}")
        if found.external or found.is_virtual:
            raise ValueError(f"{name} is in another file")
        packed = 1 if found.compression is None else 1000
        if found.nbytes > packed * self.size:
            raise ValueError(f"{name} has {found.nbytes} bytes, the file {self.size}")
        return found[()]


def h5py() -> Any:
    """The module, or an error that says how to get it."""
    try:
        import h5py
    except ModuleNotFoundError:
        raise ModuleNotFoundError("HDF5 files need h5py: pip install 'harmonium[peers]'") from None
    return h5py


def _guarded(function: Any, *args: Any) -> Any:
    """Result of a function of h5py's, which fails in any way on damaged files."""
    try:
        return function(*args)
    except (ModuleNotFoundError, ValueError):
        raise
    except Exception as err:
        raise ValueError(f"the HDF5 file is truncated or damaged ({err})") from None
