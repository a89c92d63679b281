"""The process that `harmonium.io.hdf5` reads a file in: ``python hdf5_process.py FILE [DATASET…]``.

It writes an .npz of the datasets, each named with a leading /, to its standard output; without any, those of the root, and
the ``names`` of all that is there. Texts become NumPy's. It ends with 1 and a line that says why it can't.
"""

import sys

sys.path.pop(0)  # this folder, whose modules are part of a package


def main() -> int:
    """Write what is asked for; the exit status is 0 or 1."""
    import io

    import h5py
    import numpy as np

    try:
        with h5py.File(sys.argv[1], "r") as file:
            size = file.id.get_filesize()
            names = sys.argv[2:] or [name for name in file if isinstance(_found(file, name), h5py.Dataset)]
            answer = {f"/{name}": _contents(_found(file, name), name, size) for name in names}
            answer["names"] = np.array(list(file), str)
        out = io.BytesIO()
        np.savez(out, **answer)
    except Exception as err:  # h5py fails in any way on damaged files
        print(err if isinstance(err, Refused) else f"the HDF5 file is truncated or damaged ({err})", file=sys.stderr)
        return 1
    sys.stdout.buffer.write(out.getvalue())
    return 0


class Refused(ValueError):
    """What is in the file is no dataset to read."""


def _found(file, name):
    """Object of a path whose links all stay in the file."""
    import h5py

    found = file
    for part in name.split("/"):
        link = found.get(part, getlink=True) if isinstance(found, h5py.Group) else None
        if link is None:
            raise Refused(f"there is no {name}")
        if not isinstance(link, h5py.HardLink):
            raise Refused(f"{name} leads elsewhere, by a link")
        found = found[part]
    return found


def _contents(dataset, name, size):
    """Array of a dataset, which is as large as the file at most, or packed in it."""
    import h5py
    import numpy as np

    if not isinstance(dataset, h5py.Dataset):
        raise Refused(f"there is no dataset {name}")
    if dataset.external or dataset.is_virtual:
        raise Refused(f"{name} is in another file")
    if dataset.nbytes > (1 if dataset.compression is None else 1000) * size:
        raise Refused(f"{name} has {dataset.nbytes} bytes, the file {size}")
    x = dataset[()]
    if isinstance(x, bytes):
        return np.array(x.decode("utf-8", "replace"), str)
    x = np.asarray(x)
    return x if x.dtype.kind in "fiub" else np.array(str(x.dtype), str).reshape(1)  # something that is not read


if __name__ == "__main__":
    sys.exit(main())
