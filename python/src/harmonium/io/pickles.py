"""Pickles, read without running them.

A pickle is a program: it names functions of any module and calls them. Python's own reader runs it, so that a
file from somewhere else may do anything. This one imports nothing and calls nothing. Where the program names
something, a `Name` stands for it; where it calls it, a `Record` holds name and arguments; what would be set
as the state of an object is kept as the record's `state`. Names beyond those that a program's models need are
refused with the first of them. The tree of records is then read as data: `array` makes NumPy arrays of
records of arrays, from their bytes alone.

Three formats come in here: pickle itself, joblib's (a pickle with the bytes of arrays between its
instructions) and PyTorch's (harmonium.io.torchfiles).
"""

from __future__ import annotations

import io
import math
import pickle
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from reprlib import repr  # a short one: shared parts make the whole one endless
from typing import Any, ClassVar

import numpy as np

# Bytes of a compressed file, unpacked: no model that people keep in a pickle is larger.
MAX_UNPACKED = 1 << 32

# What numbers need, in any program's files.
PLAIN = re.compile(
    r"(numpy|numpy\.(core|_core)\.(multiarray|numeric)|_codecs|collections|copyreg|copy_reg|builtins"
    r"|__builtin__)"
    r"\.(ndarray|dtype|_reconstruct|scalar|_frombuffer|encode|OrderedDict|defaultdict|_reconstructor"
    r"|object|dict|set|list|int|float|complex|bytes|bytearray|bool_|u?int\d+|float\d+)|numpy\.random\..+"
)
JOBLIB = "joblib.numpy_pickle.NumpyArrayWrapper"


@dataclass(frozen=True)
class Name:
    """What stands for something in a module; calling it makes a record."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"

    def __call__(self, *args: Any) -> Any:
        if str(self) == "collections.OrderedDict" and not args:
            return {}
        return Record(str(self), args)


class Record:
    """A call that was not made, and the state of the object that it would have returned."""

    def __init__(self, name: str, args: tuple[Any, ...]) -> None:
        self.name, self.args, self.state, self.items = name, args, None, {}

    def __setitem__(self, key: Any, value: Any) -> None:
        self.items[key] = value

    def fields(self) -> dict[str, Any]:
        """Attributes of the object."""
        state = self.state[0] if isinstance(self.state, tuple) and len(self.state) == 2 else self.state
        if type(state) is not dict:
            raise ValueError(f"{self.name} has no attributes")
        return state


def _hashes(instruction: bytes, keys: slice) -> Callable[[pickle._Unpickler], None]:
    """Instruction that hashes some of what is on the stack: no tuples, as nested ones take forever."""
    run = pickle._Unpickler.dispatch[instruction[0]]

    def load(reader: pickle._Unpickler) -> None:
        if any(type(key) is tuple for key in reader.stack[keys]):
            raise ValueError("a tuple is a key")
        run(reader)

    return load


class Reader(pickle._Unpickler):  # the one in Python: its memory is a dict, and its instructions are methods
    """Unpickler of records.

    Parameters
    ----------
    file : binary file
        Where the pickle begins.
    admits : function of str
        Says of ``module.name`` whether the program's models need it.
    whose : str
        The program's models, for messages.
    """

    dispatch: ClassVar = dict(pickle._Unpickler.dispatch)

    def __init__(self, file: io.BytesIO, admits: Callable[[str], object], whose: str) -> None:
        super().__init__(file, encoding="latin1")
        self.file, self.admits, self.whose = file, admits, whose

    def find_class(self, module: str, name: str) -> Name:
        found = Name(module, name)
        if not PLAIN.fullmatch(str(found)) and not self.admits(str(found)):
            raise Refused(
                f"the pickle asks for {found}, which {self.whose} does not need; nothing of it was run"
            )
        return found

    def get_extension(self, code: int) -> None:
        raise Refused(f"the pickle asks for the registered extension {code}; nothing of it was run")

    def persistent_load(self, pid: Any) -> Record:
        return Record("storage", (pid,))

    def load_newobj(self) -> None:
        args, name = self.stack.pop(), self.stack.pop()
        self.append(_called(name, args))

    def load_newobj_ex(self) -> None:
        kwargs, args, name = self.stack.pop(), self.stack.pop(), self.stack.pop()
        self.append(_called(name, (*args, kwargs)))

    def load_reduce(self) -> None:
        args, name = self.stack.pop(), self.stack.pop()
        self.append(_called(name, args))

    def load_build(self) -> None:
        state, made = self.stack.pop(), self.stack[-1]
        if isinstance(made, dict):  # attributes of an OrderedDict: of no use here
            return
        if type(made) is not Record:
            raise ValueError(f"a state is set on {type(made).__name__}")
        made.state = state
        if made.name == JOBLIB:
            made.items["contents"] = self._joblib(made.fields())

    def load_bytearray8(self) -> None:
        self.append(bytearray(self.read(int.from_bytes(self.read(8), "little"))))

    def _joblib(self, wrapper: dict[str, Any]) -> Any:
        """Contents of an array of joblib's, which follow at once: bytes, or of objects a pickle."""
        dtype = wrapper["dtype"]
        if not (isinstance(dtype, Record) and dtype.args and str(dtype.args[0]).startswith("O")):
            if wrapper.get("numpy_array_alignment_bytes") is not None:
                self.file.read(self.file.read(1)[0])
            return self.file.read(_size(wrapper["shape"]) * _dtype(dtype).itemsize)
        return Reader(self.file, self.admits, self.whose).load()

    dispatch[pickle.NEWOBJ[0]] = load_newobj
    dispatch[pickle.NEWOBJ_EX[0]] = load_newobj_ex
    dispatch[pickle.REDUCE[0]] = load_reduce
    dispatch[pickle.BUILD[0]] = load_build
    dispatch[pickle.BYTEARRAY8[0]] = load_bytearray8
    dispatch[pickle.SETITEM[0]] = _hashes(pickle.SETITEM, slice(-2, -1))
    dispatch[pickle.SETITEMS[0]] = _hashes(pickle.SETITEMS, slice(None, None, 2))
    dispatch[pickle.DICT[0]] = _hashes(pickle.DICT, slice(None, None, 2))
    dispatch[pickle.ADDITEMS[0]] = _hashes(pickle.ADDITEMS, slice(None))
    dispatch[pickle.FROZENSET[0]] = _hashes(pickle.FROZENSET, slice(None))


class Refused(ValueError):
    """A pickle that asks for more than the program's models need."""


def read(data: bytes, admits: Callable[[str], object], whose: str) -> Any:
    """Contents of a pickle or a joblib file, compressed or not, as a tree of records.

    Raises
    ------
    ValueError
        If it is damaged, or asks for a name that is not admitted.
    """
    return load(io.BytesIO(unpacked(data)), admits, whose)


def load(file: io.BytesIO, admits: Callable[[str], object], whose: str) -> Any:
    """Contents of one pickle, which begins where the file stands."""
    try:
        return Reader(file, admits, whose).load()
    except Refused:
        raise
    except Exception as err:  # noqa: BLE001 -- a damaged program fails in any way
        raise ValueError(f"the pickle is truncated or damaged ({type(err).__name__}: {err})") from None


def unpacked(data: bytes) -> bytes:
    """Data, decompressed as its first bytes say: zlib, gzip, bzip2, xz, lzma."""
    packer = next((packer for magic, packer in PACKERS.items() if data.startswith(magic)), None)
    if packer is None:
        return data
    try:
        if packer == "zlib":
            unpacker = zlib.decompressobj()
            plain, rest = unpacker.decompress(data, MAX_UNPACKED), unpacker.unconsumed_tail
            if not unpacker.eof and not rest:
                raise EOFError("it ends early")
        else:
            with import_module(packer).open(io.BytesIO(data)) as file:
                plain, rest = file.read(MAX_UNPACKED), file.read(1)
    except Exception as err:  # noqa: BLE001 -- each packer has errors of its own
        raise ValueError(f"the compressed file is truncated or damaged ({err})") from None
    if rest:
        raise ValueError(f"the compressed file has more than {MAX_UNPACKED} bytes, unpacked")
    return plain


# Modules of packers, by the bytes that files begin with. A Python may be built without some of them.
PACKERS = {
    b"\x78\x01": "zlib",
    b"\x78\x5e": "zlib",
    b"\x78\x9c": "zlib",
    b"\x78\xda": "zlib",
    b"\x1f\x8b": "gzip",
    b"BZh": "bz2",
    b"\xfd7zXZ": "lzma",
    b"\x5d\x00\x00": "lzma",
}


def _called(name: Any, args: Any) -> Any:
    if type(name) is not Name or type(args) is not tuple:
        raise ValueError(f"{type(name).__name__} is called")
    if name.name == "_reconstructor" and args and isinstance(args[0], Name):  # an object of protocols 0 and 1
        return Record(str(args[0]), ())
    return name(*args)


def array(x: Any, what: str) -> np.ndarray:
    """NumPy array of a record of one, or of a number.

    Raises
    ------
    ValueError
        If it is no array of numbers, or its bytes are not as many as its shape wants.
    """
    if isinstance(x, int | float):
        return np.asarray(x)
    if type(x) is not Record:
        raise ValueError(f"{what} is {type(x).__name__}, want an array of numbers")
    try:
        if x.name == JOBLIB:
            f = x.fields()
            return _shaped(x.items["contents"], f["dtype"], f["shape"], f["order"])
        if x.name.endswith("._reconstruct"):
            _, shape, dtype, fortran, contents = x.state
            return _shaped(contents, dtype, shape, "F" if fortran else "C")
        if x.name.endswith("._frombuffer"):
            contents, dtype, shape, order = x.args
            return _shaped(contents, dtype, shape, order)
        if x.name.endswith(".scalar"):
            return _shaped(x.args[1], x.args[0], (), "C")
    except (TypeError, KeyError, IndexError, OverflowError, ValueError) as err:
        raise ValueError(f"{what} is a damaged array ({err})") from None
    raise ValueError(f"{what} is {x.name}, want an array of numbers")


def texts(x: Any) -> list[str] | None:
    """Texts of an array of objects; None if it is something else."""
    if isinstance(x, Record) and x.name == JOBLIB:
        x = x.items.get("contents")
    if not (isinstance(x, Record) and isinstance(x.state, tuple) and len(x.state) == 5):
        return None
    contents = x.state[4]
    return (
        contents if isinstance(contents, list) and all(isinstance(text, str) for text in contents) else None
    )


def _shaped(contents: Any, dtype: Any, shape: Any, order: Any) -> np.ndarray:
    if isinstance(contents, Record) and contents.name == "_codecs.encode":  # bytes, in protocols 0 to 2
        contents = contents.args[0]
    elif isinstance(contents, Record) and contents.name.endswith(".bytes") and not contents.args:
        contents = b""
    if isinstance(contents, str):
        contents = contents.encode("latin1")
    kind, size = _dtype(dtype), _size(shape)
    if not isinstance(contents, bytes | bytearray) or len(contents) != size * kind.itemsize:
        raise ValueError(f"shape {repr(shape)} of {kind} does not fit what is there")
    return np.frombuffer(contents, kind).reshape(shape, order=order)


def _size(shape: Any) -> int:
    sizes = [int(array(x, "a size")) if isinstance(x, Record) else x for x in shape]
    if not all(type(x) is int and x >= 0 for x in sizes) or len(sizes) > 32:
        raise ValueError(f"shape {repr(shape)}")
    return math.prod(sizes)


def _dtype(record: Any) -> np.dtype:
    """Type of numbers, of a record of numpy.dtype."""
    code = (
        record.args[0]
        if isinstance(record, Record) and record.name == "numpy.dtype" and record.args
        else None
    )
    if not isinstance(code, str) or not re.fullmatch(r"[fiu][1248]|b1", code) or code == "f1":
        raise ValueError(f"{repr(code)} are no numbers that are read here")
    order = record.state[1] if isinstance(record.state, tuple) and len(record.state) > 1 else "="
    return np.dtype(code).newbyteorder(order if order in ("<", ">") else "=")
