"""Files that are damaged, of no program, or made to do harm: a ValueError that names the file, no more."""

import bz2
import gzip
import io
import os
import pickle
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest

from harmonium.io import Model, load, pickles, save, torchfiles

GOLDENS = Path(__file__).parent / "goldens"
FILES = sorted(path for path in GOLDENS.iterdir() if path.suffix not in (".json", ".py", ".h5", ""))
FILES += [GOLDENS / "rbms-PBRBM.h5", GOLDENS / "rbmjl-Potts-xReLU.h5"]
SEEDS = {".h5": 3}  # more take long: each is a process


def read(path):
    """Load a golden; it may want to be told what it is."""
    try:
        return load(path)
    except ValueError as err:
        if "does not tell RBM" not in str(err):
            raise
        return load(path, visible="gaussian")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_damage_is_a_value_error(path, tmp_path):
    """Cut anywhere, or with some bytes changed: refused, or read as a model whose numbers are sound."""
    if path.suffix == ".h5":
        pytest.importorskip("h5py")
    data, copy = path.read_bytes(), tmp_path / "copy"
    rng = np.random.default_rng(len(data))
    for k in range(SEEDS.get(path.suffix, 60)):
        changed = bytearray(data)
        if k % 3 == 0:
            del changed[rng.integers(len(data)) :]
        else:
            for at in rng.integers(0, len(data), rng.integers(1, 5)):
                changed[at] = rng.integers(256)
        copy.write_bytes(changed)
        try:
            model = read(copy)
        except ValueError as err:
            assert str(err).startswith(f"{copy}: ")
        else:
            assert np.isfinite(model.W).all() and model.W.size < len(data)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_truncated_file_is_read(path, tmp_path):
    if path.suffix == ".h5":
        pytest.importorskip("h5py")
    data, copy = path.read_bytes(), tmp_path / "copy"
    for length in np.linspace(0, len(data) * 0.9, SEEDS.get(path.suffix, 25)).astype(int):
        copy.write_bytes(data[:length])
        with pytest.raises(ValueError, match="copy: "):
            read(copy)


def test_damage_to_a_model_file_is_noticed(tmp_path):
    W = np.random.default_rng(1).normal(size=(4, 3))
    model, path = Model(W, W[:, 0], W[0]), tmp_path / "model.safetensors"
    data = model.to_bytes()
    for at in range(0, len(data), 3):
        changed = bytearray(data)
        changed[at] ^= 1 << at % 8
        path.write_bytes(changed)
        try:
            again = load(path)
        except ValueError:
            continue
        assert again.to_bytes() == data  # white space of the header is part of no digest
    for length in range(0, len(data), 7):
        path.write_bytes(data[:length])
        with pytest.raises(ValueError, match="model.safetensors: "):
            load(path)


class Call:
    """What a pickle calls when it is loaded: made of names alone, as an attacker would."""

    def __init__(self, function, *args):
        self.function, self.args = function, args

    def __reduce__(self):
        return self.function, self.args


def harm(tmp_path):
    """Pickles that would write a file if they were run."""
    mark = tmp_path / "harm"
    code = f"open({str(mark)!r}, 'w').close()"
    yield "system", pickle.dumps(Call(os.system, f"touch {mark}"))
    yield "exec", pickle.dumps(Call(exec, code))
    yield "eval of protocol 0", pickle.dumps(Call(eval, code), 0)
    yield "getattr", pickle.dumps(Call(getattr, Call(__import__, "os"), "system"))
    yield "apply", b"cos\nsystem\n(S'touch " + str(mark).encode() + b"'\ntR."
    yield "instance", b"(S'touch " + str(mark).encode() + b"'\nios\nsystem\n."
    yield "object", b"(cos\nsystem\nS'touch " + str(mark).encode() + b"'\no."
    yield "stack global", b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x07touch x\x85R."
    yield "build", pickle.dumps(Call(os.putenv, "HARM", "1"))
    # Names that are admitted, used against their purpose.
    yield "numpy alias", b"cnumpy.random\n_pickle.os.system\n(S'touch " + str(mark).encode() + b"'\ntR."
    yield "numpy runs", b"cnumpy.random.mtrand\nRandomState\n(S'touch'\ntR."
    yield "extension", b"\x80\x02\x82\x01."


@pytest.mark.parametrize("form", ["bare", "zlib", "gzip", "bz2", "torch", "legacy"])
def test_hostile_pickles_are_refused_and_not_run(form, tmp_path):
    for name, data in harm(tmp_path):
        path = tmp_path / "file"
        if form == "torch":
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("archive/data.pkl", data)
        else:
            packed = {"zlib": zlib.compress, "gzip": gzip.compress, "bz2": bz2.compress}.get(form, bytes)
            path.write_bytes(packed(torchfiles.LEGACY + data if form == "legacy" else data))
        with pytest.raises(ValueError, match="file: "):
            load(path)
        assert not (tmp_path / "harm").exists(), name
        assert "HARM" not in os.environ, name


def test_the_refusal_says_what_was_asked_for(tmp_path):
    (tmp_path / "rbm.pkl").write_bytes(pickle.dumps(Call(os.system, "true")))
    with pytest.raises(
        ValueError, match=r"rbm\.pkl: the pickle asks for (posix|nt)\.system, which a BernoulliRBM .* nothing"
    ):
        load(tmp_path / "rbm.pkl")


def test_bombs_are_defused(tmp_path):
    """Structures whose parts are shared, so that to walk or to hash them takes 2^200 steps."""
    doubled = b")" + 200 * b"2\x86"  # a tuple, and 200 times the pair of what is there twice
    shared = b"]" + 200 * b"2\x86"
    bombs = {
        "dict": b"\x80\x02}" + doubled + b"K\x01s.",
        "dict of items": b"\x80\x02}(" + doubled + b"K\x01u.",
        "old dict": b"\x80\x02(" + doubled + b"K\x01d.",
        "set": b"\x80\x04\x8f(" + doubled + b"\x90.",
        "frozenset": b"\x80\x04(" + doubled + b"\x91.",
        "walk": torchfiles.LEGACY + b"\x80\x02M\xe9\x03.\x80\x02}.\x80\x02" + shared + b".\x80\x02].",
    }
    for name, data in bombs.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(ValueError, match="a tuple is a key|the file has no W, a and b"):
            load(tmp_path / name)
    dtype = b"cnumpy\ndtype\n(X\x02\x00\x00\x00f8tR"
    shape = b"cnumpy.core.multiarray\n_reconstruct\n)R(K\x01" + doubled + dtype + b"NC\x00tb"
    array = pickles.read(b"\x80\x03" + shape + b".", lambda name: False, "anything")
    with pytest.raises(ValueError, match=r"x is a damaged array \(shape"):
        pickles.array(array, "x")


def test_reading_imports_nothing(tmp_path):
    """A record stands for a class that would import; the module stays out."""
    import sys

    record = pickles.read(b"cnumpy.random.harmful_module\nThing\n(tR.", lambda name: False, "anything")
    assert (record.name, record.args) == ("numpy.random.harmful_module.Thing", ())
    assert "numpy.random.harmful_module" not in sys.modules


def pickled(**state):
    """Pickle of a BernoulliRBM of these attributes, without scikit-learn."""
    file = io.BytesIO()
    pickler = pickle._Pickler(file, 2)
    pickler.write(b"\x80\x02csklearn.neural_network._rbm\nBernoulliRBM\n)\x81")
    pickler.save(state)
    pickler.write(b"b.")
    return file.getvalue()


SOUND = {"components_": np.ones((3, 4)), "intercept_visible_": np.ones(4), "intercept_hidden_": np.ones(3)}


@pytest.mark.parametrize(
    "x",
    [
        np.arange(12.0).reshape(3, 4),
        np.asfortranarray(np.arange(12.0).reshape(3, 4)),
        np.arange(24.0).reshape(3, 8)[:, ::2],
        np.arange(12).reshape(3, 4).astype(">f4"),
        np.arange(12, dtype=np.int16).reshape(3, 4),
    ],
)
def test_arrays_of_every_layout(x, tmp_path):
    (tmp_path / "rbm").write_bytes(pickled(**{**SOUND, "components_": x}))
    np.testing.assert_array_equal(load(tmp_path / "rbm").W, x.T)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"components_": np.full((3, 4), np.nan)}, "W: row 1, column 1 is nan, want a finite number"),
        ({"components_": np.ones((4, 3))}, "b has 4 numbers, but W is 3×4: want 3"),
        ({"components_": np.ones(3)}, "W has shape"),
        ({"components_": "weights"}, "components_ is str, want an array of numbers"),
        ({"components_": np.array([[None]])}, "components_ is a damaged array"),
        ({"components_": np.ones((3, 4), complex)}, "components_ is a damaged array"),
        ({"components_": np.ones((3, 0))}, "none of them empty"),
        ({"intercept_visible_": 3}, "b has shape"),
    ],
)
def test_attributes_that_are_no_parameters_are_refused(state, message, tmp_path):
    (tmp_path / "rbm").write_bytes(pickled(**SOUND))
    assert load(tmp_path / "rbm").W.shape == (4, 3)
    (tmp_path / "rbm").write_bytes(pickled(**{**SOUND, **state}))
    with pytest.raises(ValueError, match=message):
        load(tmp_path / "rbm")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "begins with b''"),
        (b"hello, world", "begins with b'hello, w', as no model of Harmonium, scikit-learn, rbms"),
        (b"\x93NUMPY\x01\x00v\x00{'descr': '<f8'}", "as no model of"),
        (struct.pack("<Q", 1 << 62) + b"{}", "truncated, or no safetensors file"),
        (struct.pack("<Q", 2) + b"{}", "metadata format is None, want 'harmonium-rbm'"),
        (struct.pack("<Q", 30) + b'{"W":1,"W":2}' + b" " * 17, "a name comes twice"),
        (pickle.dumps({"a": 1}), "the file has a dict, want a BernoulliRBM"),
        (pickle.dumps(3), "the file has a int, want a BernoulliRBM"),
        (b"\x80\x04\x95" + b"\xff" * 8, "the pickle is truncated or damaged"),
        (
            b"\x80\x05\x96" + struct.pack("<Q", 1 << 40) + b"x.",
            "the pickle is truncated or damaged",
        ),  # no room is made for it
        (b"\x80\x02r\xff\xff\xff\xff.", "the pickle is truncated or damaged"),  # memo beyond the memory
        (b"PK\x03\x04 and no zip", "the archive is truncated or damaged"),
        (zlib.compress(b"x" * 100)[:-8], "the compressed file is truncated or damaged"),
    ],
)
def test_files_of_no_program_are_refused(data, message, tmp_path):
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(ValueError, match=message) as caught:
        load(tmp_path / "file")
    assert str(caught.value).startswith(f"{tmp_path / 'file'}: ")


def test_archives_that_are_no_models_are_refused(tmp_path):
    np.savez(tmp_path / "x.npz", W=np.ones(3))
    with pytest.raises(ValueError, match="the archive has no data.pkl"):
        load(tmp_path / "x.npz")
    with zipfile.ZipFile(tmp_path / "bomb", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"0" * 1_000_000)
    with pytest.raises(ValueError, match="it is compressed, which PyTorch's are not"):
        load(tmp_path / "bomb")


def test_hdf5_of_no_program_and_links_out_of_it_are_refused(tmp_path):
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file["x"] = np.ones(3)
    with pytest.raises(ValueError, match="there is no update_N, as archives of rbms have"):
        load(path)
    with h5py.File(path, "w") as file:
        file["update_1/params/vbias"] = np.ones(3)
        file["update_1/params/hbias"] = np.ones(2)
        file["update_1/params/weight_matrix"] = h5py.ExternalLink("/etc/other.h5", "/W")
    with pytest.raises(ValueError, match="weight_matrix leads elsewhere, by a link"):
        load(path)
    with h5py.File(path, "w") as file:
        file.create_dataset(
            "update_1/params/weight_matrix", (1 << 20, 1 << 20), "f4"
        )  # nothing of it is stored
    with pytest.raises(ValueError, match="weight_matrix has 4398046511104 bytes, the file"):
        load(path)


def test_nothing_is_left_where_writing_fails(tmp_path):
    folder = tmp_path / "m.safetensors"
    folder.mkdir()
    with pytest.raises(OSError, match="m.safetensors"):
        save(Model(np.ones((2, 2)), np.ones(2), np.ones(2)), folder)
    assert [path.name for path in tmp_path.iterdir()] == ["m.safetensors"]
