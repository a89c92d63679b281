"""What ``torch.save`` writes, read without PyTorch and without running anything (harmonium.io.pickles).

Today's files are a zip archive: ``data.pkl`` names storages, and ``data/KEY`` has the bytes of each. Those
before PyTorch 1.6 are five pickles in a row and then the storages, each after its number of elements.
"""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Callable
from reprlib import repr
from typing import Any

import numpy as np

from . import pickles
from .pickles import Name, Record

LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # a pickle of PyTorch's magic number
STORAGES = {
    "Double": "f8",
    "Float": "f4",
    "Half": "f2",
    "Long": "i8",
    "Int": "i4",
    "Short": "i2",
    "Char": "i1",
    "Byte": "u1",
    "Bool": "?",
}
NAMES = re.compile(
    r"torch\.("
    + "|".join(STORAGES)
    + r")Storage|torch\._utils\._rebuild_(tensor_v2|parameter|parameter_with_state)"
    r"|torch\.nn\.parameter\.Parameter|torch\.Size|torch\.device"
)


class File:
    """A file of PyTorch's: `contents` is what was saved, as records, and `tensor` reads its tensors."""

    def __init__(self, data: bytes, admits: Callable[[str], object], whose: str) -> None:
        def admitted(name: str) -> object:
            return NAMES.fullmatch(name) or admits(name)

        if data.startswith(LEGACY):
            self._read_legacy(io.BytesIO(data), admitted, whose)
        else:
            self._read_zip(data, admitted, whose)

    def _read_zip(self, data: bytes, admits: Callable[[str], object], whose: str) -> None:
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                infos = archive.infolist()
                stored = all(x.compress_type == zipfile.ZIP_STORED for x in infos)
                if not stored or sum(x.file_size for x in infos) > len(data):
                    raise ValueError("it is compressed, which PyTorch's are not")
                members = {x.filename: archive.read(x) for x in infos}
        except Exception as err:  # noqa: BLE001 -- zipfile fails in any way on damaged files
            raise ValueError(f"the archive is truncated or damaged ({err})") from None
        found = [name for name in members if name.rpartition("/")[2] == "data.pkl"]
        if len(found) != 1:
            raise ValueError("the archive has no data.pkl, which torch.save writes")
        root = found[0].removesuffix("data.pkl")
        self.order = ">" if members.get(root + "byteorder", b"little").strip() == b"big" else "<"
        self.storages = {
            name.removeprefix(root + "data/"): x
            for name, x in members.items()
            if name.startswith(root + "data/")
        }
        self.contents = pickles.load(io.BytesIO(members[found[0]]), admits, whose)

    def _read_legacy(self, file: io.BytesIO, admits: Callable[[str], object], whose: str) -> None:
        _, version, system, self.contents, keys = (pickles.load(file, admits, whose) for _ in range(5))
        if version != 1001 or not isinstance(system, dict) or not isinstance(keys, list):
            raise ValueError(f"protocol {repr(version)} of torch.save, want 1001")
        self.order = "<" if system.get("little_endian", True) else ">"
        self.storages = {}
        rest = file.read()
        widths = _widths(self.contents)
        for key in keys:
            width = widths.get(key) if isinstance(key, str) else None
            if width is None:
                raise ValueError(f"storage {repr(key)} belongs to no tensor")
            size = int.from_bytes(rest[:8], "little") * width
            if len(rest) < 8 + size:
                raise ValueError(
                    f"truncated: storage {key} has {size} bytes, the file {max(len(rest) - 8, 0)}"
                )
            self.storages[key], rest = rest[8 : 8 + size], rest[8 + size :]

    def tensor(self, x: Any, what: str) -> np.ndarray:
        """Array of a record of a tensor or a parameter."""
        if isinstance(x, Record) and "_rebuild_parameter" in x.name and x.args:
            x = x.args[0]
        if not isinstance(x, Record) or not x.name.endswith("_rebuild_tensor_v2") or len(x.args) < 4:
            raise ValueError(f"{what} is {getattr(x, 'name', type(x).__name__)}, want a tensor")
        if len(x.args) > 6 and x.args[6]:  # after requires_grad and hooks: that numbers are to be negated, and the like
            raise ValueError(f"{what} is a view of PyTorch's with {repr(x.args[6])}: save a copy, tensor.clone()")
        try:
            return self._strided(*x.args[:4])
        except (TypeError, OverflowError, ValueError) as err:
            raise ValueError(f"{what} is a damaged tensor ({err})") from None

    def _strided(self, storage: Any, offset: Any, shape: Any, strides: Any) -> np.ndarray:
        key, kind, elements = _storage(storage)
        kind = kind.newbyteorder(self.order)
        numbers = [offset, *shape, *strides]
        if (
            not all(type(x) is int and x >= 0 for x in numbers)
            or len(shape) != len(strides)
            or len(shape) > 32
        ):
            raise ValueError(f"shape {repr(shape)}, strides {repr(strides)}")
        contents = self.storages.get(key)
        if contents is None or len(contents) < elements * kind.itemsize:
            raise ValueError(f"storage {key} is not there, or too short")
        last = offset + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
        if 0 in shape or last >= elements or math.prod(shape) > elements:
            raise ValueError(f"shape {repr(shape)} does not fit a storage of {elements}")
        numbers = np.frombuffer(contents, kind, elements)[offset:]
        return np.lib.stride_tricks.as_strided(numbers, shape, [s * kind.itemsize for s in strides]).copy()


def _storage(x: Any) -> tuple[str, np.dtype, int]:
    """Key, type of numbers and number of elements of a storage."""
    pid = x.args[0] if isinstance(x, Record) and x.name == "storage" else None
    if not isinstance(pid, tuple) or len(pid) < 5 or pid[0] != "storage" or not isinstance(pid[1], Name):
        raise ValueError("a tensor without a storage")
    kind = STORAGES.get(pid[1].name.removesuffix("Storage"))
    if kind is None or not isinstance(pid[2], str) or type(pid[4]) is not int or pid[4] < 0:
        raise ValueError(f"a storage of {pid[1]}")
    return pid[2], np.dtype(kind), pid[4]


def _widths(contents: Any) -> dict[str, int]:
    """Bytes of an element of each storage that is named anywhere."""
    found, seen, waiting = {}, set(), [contents]
    while waiting:
        x = waiting.pop()
        if id(x) in seen:
            continue
        seen.add(id(x))
        if isinstance(x, Record) and x.name == "storage":
            key, kind, _ = _storage(x)
            found[key] = kind.itemsize
        elif isinstance(x, Record):
            waiting += [x.args, x.state, x.items]
        elif isinstance(x, dict):
            waiting += x.values()
        elif isinstance(x, list | tuple):
            waiting += x
    return found
