"""``python -m harmonium convert``."""

from pathlib import Path

import numpy as np
import pytest

from harmonium.__main__ import main
from harmonium.io import Model, Part, load, save

GOLDENS = Path(__file__).parent / "goldens"


def convert(*args):
    return main(["convert", *map(str, args)])


def test_a_file_of_another_program_becomes_a_model(tmp_path, capsys):
    out = tmp_path / "model.safetensors"
    assert convert(GOLDENS / "sklearn.joblib", out) == 0
    assert capsys.readouterr().out == f"{out}: 7 bernoulli and 4 bernoulli units\n"
    np.testing.assert_allclose(load(out).W, load(GOLDENS / "sklearn.joblib").W, atol=1e-6)


def test_options_reach_the_reader(tmp_path, capsys):
    out = tmp_path / "model.safetensors"
    for machine in ("am", "ph"):
        assert convert(GOLDENS / "qucumber-complex.pt", out, "--machine", machine) == 0
        np.testing.assert_allclose(
            load(out).W, load(GOLDENS / "qucumber-complex.pt", machine=machine).W, atol=1e-6
        )
    capsys.readouterr()
    assert convert(GOLDENS / "learnergy-GaussianRBM-state.pth", out, "--visible", "gaussian") == 0
    assert "units; free energies of {} are 2.7".format(GOLDENS / "learnergy-GaussianRBM-state.pth") in capsys.readouterr().out
    assert load(out).visible == "gaussian"


def test_updates_of_rbms(tmp_path, capsys):
    pytest.importorskip("h5py")
    assert convert(GOLDENS / "rbms-BBRBM.h5", "--updates") == 0
    assert capsys.readouterr().out == "1\n20\n"
    out = tmp_path / "model.safetensors"
    for update in (1, 20):
        assert convert(GOLDENS / "rbms-BBRBM.h5", out, "--update", update) == 0
        np.testing.assert_array_equal(load(out).W, load(GOLDENS / "rbms-BBRBM.h5", update=update).W)


def test_spins_become_bits(tmp_path):
    spins, out = tmp_path / "spins.safetensors", tmp_path / "bits.safetensors"
    save(Model(np.ones((3, 2)), np.ones(3), np.ones(2), "spin", "spin"), spins)
    assert convert(spins, out, "--bits") == 0
    assert (load(out).visible, load(out).W[0, 0]) == ("bernoulli", 4)


def test_bits_of_categories_are_refused(tmp_path, capsys):
    model, out = tmp_path / "model.safetensors", tmp_path / "bits.safetensors"
    parts = [Part("categorical", 4, (2, 2))]
    save(Model(np.ones((4, 2)), np.ones(4), np.ones(2), "categorical", "bernoulli", parts), model)
    assert convert(model, out, "--bits") == 2
    assert "--bits: the units are categorical and bernoulli, want bernoulli or spin" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["no.pt", "m.safetensors"], "No such file"),
        (
            [GOLDENS / "make.py", "m.safetensors"],
            'make.py: the file begins with b\'"""Files\', as no model of',
        ),
        ([GOLDENS / "sklearn.joblib", "m.txt"], "m.txt: want a name in .safetensors"),
        (
            [GOLDENS / "sklearn.joblib", "m.safetensors", "--update", "3"],
            "update=3 is nothing that files of scikit-learn have",
        ),
        (
            [GOLDENS / "qucumber-positive.pt", "m.safetensors", "--machine", "ph"],
            "there is no machine 'ph', the file has am",
        ),
        ([GOLDENS / "sklearn.joblib", "--updates"], "want an archive of rbms', which is HDF5"),
        (["no.h5", "--updates"], "No such file"),
        ([GOLDENS / "sklearn.joblib", "no/m.safetensors"], "No such file or directory: 'no/m.safetensors'"),
    ],
)
def test_bad_input_is_status_2(args, message, tmp_path, capsys, monkeypatch):
    if "--updates" in args:
        pytest.importorskip("h5py")
    monkeypatch.chdir(tmp_path)
    assert convert(*args) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("harmonium convert: ")
    assert message in told.err
    assert not list(tmp_path.iterdir())


def test_bad_usage_is_status_2(capsys):
    for args in (["convert"], ["convert", "x"], ["other"], []):
        with pytest.raises(SystemExit) as caught:
            main(args)
        assert caught.value.code == 2
    assert "usage: python -m harmonium" in capsys.readouterr().err
