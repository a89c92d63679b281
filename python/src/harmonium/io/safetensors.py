"""The safetensors format in NumPy: the header's length, a JSON header, and the numbers, little-endian.

Reading is strict, as files come from anywhere: every byte is accounted for once, no name comes twice, and no
more memory is used than the file's own size justifies. Writing gives the bytes that the command gives
(internal/safetensors), so that both compute the same digest.
"""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any

import numpy as np

DTYPES = {"F32": "<f4", "F64": "<f8", "U64": "<u8", "I64": "<i8", "U8": "|u1"}
MAX_HEADER = 100_000_000  # the reference implementation's bound, in bytes
DIGEST = "sha256"


def decode(data: bytes) -> tuple[dict[str, str], dict[str, np.ndarray]]:
    """Metadata and tensors of a file's bytes.

    Raises
    ------
    ValueError
        If the bytes are no safetensors file, are damaged, or don't fit the digest in their metadata.
    """
    if len(data) < 8:
        raise ValueError(
            f"{len(data)} bytes are no safetensors file: want at least 8, the length of the header"
        )
    length = int.from_bytes(data[:8], "little")
    if length > MAX_HEADER or length > len(data) - 8:
        raise ValueError(
            f"a header of {length} bytes in a file of {len(data)}: truncated, or no safetensors file"
        )
    try:
        header = json.loads(data[8 : 8 + length].decode("utf-8"), object_pairs_hook=_no_doubles)
    except (ValueError, RecursionError) as err:
        raise ValueError(f"the header is damaged: {err}") from None
    if type(header) is not dict:
        raise ValueError("the header is damaged: it is no JSON object")
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(x, str) for x in metadata.values()):
        raise ValueError("the header is damaged: metadata are not texts")
    tensors = _tensors(header, memoryview(data)[8 + length :])
    if DIGEST in metadata:
        bare = {key: value for key, value in metadata.items() if key != DIGEST}
        digest = hashlib.sha256(_encode(bare, tensors)).hexdigest()
        if digest != metadata[DIGEST]:
            raise ValueError(
                f"damaged, or changed by another program: the contents have the sha256 {digest[:12]}…, "
                f"the metadata says {metadata[DIGEST][:12]}… (who changes a file leaves this entry out)"
            )
    return metadata, tensors


def encode(metadata: dict[str, str], tensors: dict[str, np.ndarray]) -> bytes:
    """Bytes of a file with these tensors, in their order, and with its digest among the metadata."""
    bare = {key: value for key, value in metadata.items() if key != DIGEST}
    digest = hashlib.sha256(_encode(bare, tensors)).hexdigest()
    return _encode({**bare, DIGEST: digest}, tensors)


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice")
    return found


def _tensors(header: dict[str, Any], data: memoryview) -> dict[str, np.ndarray]:
    """Tensors of a header, which must follow each other from the first byte of the data to the last."""
    entries = []
    for name, entry in header.items():
        if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
            raise ValueError(f"tensor {name!r}: want dtype, shape and data_offsets")
        dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
        if not isinstance(dtype, str) or dtype not in DTYPES:
            raise ValueError(f"tensor {name!r} has type {dtype!r}, want F32, F64, U64, I64 or U8")
        if not _naturals(shape) or not _naturals(offsets) or len(offsets) != 2 or len(shape) > 64:
            raise ValueError(f"tensor {name!r}: shape {shape!r} or place {offsets!r} is damaged")
        size = math.prod(shape) * np.dtype(DTYPES[dtype]).itemsize
        if offsets[1] - offsets[0] != size:
            raise ValueError(
                f"tensor {name!r} of type {dtype} and shape {shape} is given the bytes {offsets}"
            )
        entries.append((offsets[0], offsets[1], name, dtype, shape))
    tensors, end = {}, 0
    for start, stop, name, dtype, shape in sorted(entries):
        if start != end:
            raise ValueError(
                f"tensor {name!r} begins at byte {start} of the data, want {end}: right after the one before"
            )
        if stop > len(data):
            raise ValueError(
                f"truncated: tensor {name!r} ends at byte {stop} of the data, the file holds {len(data)}"
            )
        tensors[name] = np.frombuffer(data[start:stop], DTYPES[dtype]).reshape(shape)
        end = stop
    if end < len(data):
        raise ValueError(f"{len(data) - end} bytes too many: the header describes {end} bytes of data")
    return tensors


def _naturals(numbers: Any) -> bool:
    return isinstance(numbers, list) and all(type(x) is int and 0 <= x < 1 << 63 for x in numbers)


def _encode(metadata: dict[str, str], tensors: dict[str, np.ndarray]) -> bytes:
    parts, blocks, at = [], [], 0
    if metadata:
        parts.append('"__metadata__":' + _json(dict(sorted(metadata.items()))))
    for name, x in tensors.items():
        dtype = next(key for key, value in DTYPES.items() if np.dtype(value) == x.dtype.newbyteorder("<"))
        blocks.append(np.ascontiguousarray(x, DTYPES[dtype]).tobytes())
        end = at + len(blocks[-1])
        parts.append(
            f'{_json(name)}:{{"dtype":"{dtype}","shape":{_json(list(x.shape))},"data_offsets":[{at},{end}]}}'
        )
        at = end
    header = ("{" + ",".join(parts) + "}").encode("utf-8")
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + b"".join(blocks)


def _json(x: Any) -> str:
    """JSON as Go's encoding/json writes it."""
    text = json.dumps(x, ensure_ascii=False, separators=(",", ":"))
    for c in "<>&\u2028\u2029":
        text = text.replace(c, f"\\u{ord(c):04x}")
    return text
