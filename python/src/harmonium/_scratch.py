"""Files that carry arrays between this process and the engine's, in shared memory where they fit."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np

from ._errors import EngineError

SHARED_MEMORY = Path("/dev/shm")
SPARE_BYTES = 64 << 20  # of shared memory that is left to others
WAY_OUT = "Where that is full make room, or set TMPDIR to another folder"

_folders: dict[Path, Path] = {}  # this process's own, by the folder that each is in


def folders() -> list[Path]:
    """Make the folders of this process's temporary files, and return them. All that `Scratch` makes is in them."""
    places = [SHARED_MEMORY]
    with contextlib.suppress(OSError):  # as where every disk is full, which matters to who needs one
        places.append(Path(tempfile.gettempdir()))
    for place in places:
        if place not in _folders and os.access(place, os.W_OK | os.X_OK):
            with contextlib.suppress(OSError):
                _folders[place] = Path(tempfile.mkdtemp(prefix="harmonium-", dir=place))
    for folder in _folders.values():
        with contextlib.suppress(OSError):
            folder.mkdir(0o700, exist_ok=True)  # others may have cleared away what was not in use
    return [folder for folder in _folders.values() if folder.is_dir()]


def remove_folders() -> None:
    """Remove the folders of this process's temporary files."""
    for folder in _folders.values():
        shutil.rmtree(folder, ignore_errors=True)
    _folders.clear()


def forget_folders() -> None:
    """Leave the folders to the process that this one was forked from."""
    _folders.clear()


class Scratch:
    """A temporary folder for the arrays of a command, which is gone at the end of ``with``, or of the process.

    Examples
    --------
    >>> with Scratch() as scratch:
    ...     done = engine().run(["data", "info", scratch.save("x", array), "--json"])
    """

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._own: dict[Path, Path] = {}  # a folder in each of this process's
        self._files: dict[str, Path] = {}

    def __enter__(self) -> Scratch:  # noqa: PYI034 (Self is of Python 3.11)
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def path(self, name: str, size: int = 0) -> str:
        """Return where the file or folder of this name is, or shall be.

        Parameters
        ----------
        name : str
        size : int, optional
            About how many bytes it will take. Where shared memory has no room for them it is on disk.
        """
        if name not in self._files:
            self._files[name] = self._folder(size) / name
        return str(self._files[name])

    def save(self, name: str, array: np.ndarray) -> str:
        """Write an array to ``name.npy`` and return its path.

        Raises
        ------
        EngineError
            If it can't be written, as where the disk is full.
        """
        path = self.path(name + ".npy", array.nbytes)
        try:
            np.save(path, array, allow_pickle=False)
        except OSError as e:
            with contextlib.suppress(OSError):
                os.remove(path)
            del self._files[name + ".npy"]
            raise EngineError(
                f"an array of {array.nbytes / 1e6:.1f} MB can't be written to {Path(path).parent}: {e}. {WAY_OUT}"
            ) from e
        return path

    def load(self, name: str) -> np.ndarray:
        """Return the array of ``name.npy``, which a command wrote, or `save`."""
        return np.load(self.path(name + ".npy"), allow_pickle=False)

    def remove(self) -> None:
        """Remove the folder."""
        if self._pid == os.getpid():  # a process that was forked meanwhile leaves it to its parent
            for folder in self._own.values():
                shutil.rmtree(folder, ignore_errors=True)
        self._own.clear()
        self._files.clear()

    def _folder(self, size: int) -> Path:
        """Return the folder for a file of a size: in shared memory if it fits there, else on disk."""
        places = folders()
        if not places:
            raise EngineError(
                f"no folder for temporary files can be made in {SHARED_MEMORY} or where the system has them. {WAY_OUT}"
            )
        place = places[0] if _fits(places[0], size) else places[-1]
        if place not in self._own:
            try:
                self._own[place] = Path(tempfile.mkdtemp(dir=place))
            except OSError as e:
                raise EngineError(
                    f"no folder for temporary files can be made in {place}: {e}. {WAY_OUT}"
                ) from e
        return self._own[place]


def _fits(place: Path, size: int) -> bool:
    try:
        return shutil.disk_usage(place).free >= size + SPARE_BYTES
    except OSError:
        return False
