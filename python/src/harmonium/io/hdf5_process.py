"""The process that `harmonium.io.hdf5` reads a file in: ``python hdf5_process.py FILE [DATASET…]``.

It writes an .npz to its standard output: the datasets that are asked for, where they are there, each named with
a leading /, and the ``names`` of all that is in the root. A * in the name of a dataset stands for the largest
number there. Texts become NumPy's. It ends with 1 and a line that says why it can't.
"""

import os
import re
import sys

# Without this folder, whose modules are part of a package.
sys.path[:] = [path for path in sys.path if path != os.path.dirname(os.path.abspath(__file__))]


def main() -> int:
    """Write what is asked for; the exit status is 0 or 1."""
    import io

    import h5py
    import numpy as np

    try:
        with h5py.File(sys.argv[1], "r") as file:
            names = list(file)
            wanted = [_filled(name, names) for name in sys.argv[2:]]
            found = {name: _found(file, name) for name in wanted}
            size = file.id.get_filesize()
            answer = {f"/{name}": _contents(x, name, size) for name, x in found.items() if _is_dataset(x)}
        out = io.BytesIO()
        np.savez(out, names=np.array(names, str), **answer)
    except Exception as err:  # noqa: BLE001 -- h5py fails in any way on damaged files
        print(
            err if isinstance(err, Refused) else f"the HDF5 file is truncated or damaged ({err})",
            file=sys.stderr,
        )
        return 1
    sys.stdout.buffer.write(out.getvalue())
    return 0


class Refused(ValueError):
    """What is in the file is no dataset to read."""


def _filled(name, names):
    """Path whose * is the largest number that names have there."""
    before, star, after = name.partition("*")
    if not star:
        return name
    numbers = [int(found[1]) for x in names if (found := re.fullmatch(re.escape(before) + r"(\d{1,18})", x))]
    return f"{before}{max(numbers, default=0)}{after}"


def _found(file, name):
    """Object of a path whose links all stay in the file; None if it is not there."""
    import h5py

    found = file
    for part in name.split("/"):
        link = found.get(part, getlink=True) if isinstance(found, h5py.Group) else None
        if link is None:
            return None
        if not isinstance(link, h5py.HardLink):
            raise Refused(f"{name} leads elsewhere, by a link")
        found = found[part]
    return found


def _is_dataset(x):
    import h5py

    return isinstance(x, h5py.Dataset)


def _contents(dataset, name, size):
    """Array of a dataset, which is as large as the file at most, or packed in it."""
    import numpy as np

    if dataset.external or dataset.is_virtual:
        raise Refused(f"{name} is in another file")
    if dataset.nbytes > (1 if dataset.compression is None else 1000) * size:
        raise Refused(f"{name} has {dataset.nbytes} bytes, the file {size}")
    x = dataset[()]
    if isinstance(x, bytes):
        return np.array(x.decode("utf-8", "replace"), str)
    x = np.asarray(x)
    return x if x.dtype.kind in "fiub" else np.array([str(x.dtype)])  # something that is not read


if __name__ == "__main__":
    sys.exit(main())
