"""Other programs, where they are installed: their free energies of 100 rows equal ours, in each direction."""

import pickle
import sys
from inspect import signature

import numpy as np
import pytest

from harmonium.io import Model, Part, from_sklearn, load, rbms_updates, save, to_sklearn
from harmonium.io.rbms import KINDS

RNG = np.random.default_rng(11)
BITS = RNG.integers(0, 2, (100, 8)).astype(float)


def close(F, theirs):
    np.testing.assert_allclose(F, np.asarray(theirs), rtol=0, atol=1e-5)


def small_model(visible="bernoulli", hidden="bernoulli", m=8, n=5, **more):
    W, b, c = (RNG.normal(0, 0.6, shape).astype(np.float32) for shape in ((m, n), m, n))
    return Model(W, b, c, visible, hidden, **more)


# scikit-learn


@pytest.fixture
def fitted():
    rbm = pytest.importorskip("sklearn.neural_network").BernoulliRBM(
        n_components=5, n_iter=5, learning_rate=0.5, random_state=0
    )
    return rbm.fit(BITS)


def test_sklearn_estimator(fitted, tmp_path):
    model = from_sklearn(fitted)
    close(model.free_energy(BITS), fitted._free_energy(BITS))
    save(model, tmp_path / "m.safetensors")
    close(load(tmp_path / "m.safetensors").free_energy(BITS), fitted._free_energy(BITS))


@pytest.mark.parametrize("compress", [0, 3, ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3)])
def test_sklearn_joblib_file(fitted, tmp_path, compress):
    joblib = pytest.importorskip("joblib")
    joblib.dump(fitted, tmp_path / "rbm", compress=compress)
    close(load(tmp_path / "rbm").free_energy(BITS), fitted._free_energy(BITS))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_sklearn_pickle_of_every_protocol(fitted, tmp_path, protocol):
    (tmp_path / "rbm").write_bytes(pickle.dumps(fitted, protocol))
    close(load(tmp_path / "rbm").free_energy(BITS), fitted._free_energy(BITS))


@pytest.mark.parametrize("name", ["m.joblib", "m.pkl"])
def test_sklearn_gets_a_model(name, tmp_path):
    pytest.importorskip("sklearn")
    model = small_model()
    save(model, tmp_path / name)
    with (tmp_path / name).open("rb") as file:
        rbm = (
            pickle.load(file) if name.endswith("pkl") else pytest.importorskip("joblib").load(tmp_path / name)
        )
    close(model.free_energy(BITS), rbm._free_energy(BITS))
    close(model.free_energy(BITS), load(tmp_path / name).free_energy(BITS))
    assert rbm.transform(BITS).shape == (100, 5)
    assert rbm.gibbs(BITS).shape == BITS.shape
    assert rbm.score_samples(BITS).shape == (100,)
    rbm.partial_fit(BITS)
    rbm.fit(BITS)


def test_sklearn_names_of_features_become_columns(tmp_path):
    sklearn = pytest.importorskip("sklearn.neural_network")
    joblib = pytest.importorskip("joblib")
    rbm = sklearn.BernoulliRBM(n_components=2, n_iter=1).fit(BITS)
    rbm.feature_names_in_ = np.array([f"c{k}" for k in range(8)], object)  # as of a DataFrame
    joblib.dump(rbm, tmp_path / "rbm.joblib", compress=3)
    (tmp_path / "rbm.pkl").write_bytes(pickle.dumps(rbm))
    names = [f"c{k}" for k in range(8)]
    for model in (from_sklearn(rbm), load(tmp_path / "rbm.joblib"), load(tmp_path / "rbm.pkl")):
        assert [column["name"] for column in model.columns] == names
    assert list(to_sklearn(from_sklearn(rbm)).feature_names_in_) == names


def test_sklearn_has_bits_alone():
    pytest.importorskip("sklearn")
    with pytest.raises(
        ValueError, match="the units are spin and spin, a BernoulliRBM has 0 and 1; of spins, bits are made by --bits"
    ):
        to_sklearn(small_model("spin", "spin"))


def test_sklearn_unfitted_and_other_estimators_are_refused(tmp_path):
    sklearn = pytest.importorskip("sklearn")
    from sklearn.neural_network import BernoulliRBM
    from sklearn.pipeline import Pipeline

    with pytest.raises(
        ValueError, match="BernoulliRBM has no components_: want a BernoulliRBM that is fitted"
    ):
        from_sklearn(BernoulliRBM())
    (tmp_path / "rbm").write_bytes(pickle.dumps(BernoulliRBM()))
    with pytest.raises(ValueError, match="has no components_: it was saved before it was fitted"):
        load(tmp_path / "rbm")
    (tmp_path / "pipe").write_bytes(pickle.dumps(Pipeline([("rbm", BernoulliRBM())])))
    with pytest.raises(
        ValueError,
        match=r"asks for sklearn\.pipeline\.Pipeline, which .* does not need; nothing of it was run",
    ):
        load(tmp_path / "pipe")
    assert sklearn


# rbms


@pytest.fixture
def rbms():
    pytest.importorskip("torch")
    pytest.importorskip("rbms")
    return pytest.importorskip("rbms.io")


def rbms_rows(kind):
    if kind == "PBRBM":
        return RNG.integers(0, 4, (100, 2)).astype(float)
    return 2 * BITS - 1 if KINDS[kind][0] == "spin" else BITS


def rbms_shape(kind):
    return (2, 4) if kind == "PBRBM" else (8,)


@pytest.mark.parametrize("kind", KINDS)
def test_rbms_file(rbms, kind, tmp_path):
    import torch
    from rbms.map_model import map_model

    if kind not in map_model:
        pytest.skip(f"this version of rbms has no {kind}")
    path, v, energies = tmp_path / "x.h5", rbms_rows(kind), {}
    for update in (1, 30, 200):
        shapes = ((*rbms_shape(kind), 3), rbms_shape(kind), (3,))
        theirs = map_model[kind](*(torch.tensor(RNG.normal(0, 0.5, shape)) for shape in shapes))
        more = (
            (torch.tensor(0.1), np.zeros(1))
            if "effective_time" in signature(rbms.save_model).parameters
            else ()
        )
        rbms.save_model(path, theirs, {"visible": torch.tensor(v[:3])}, update, 0.0, *more)
        energies[update] = theirs.compute_energy_visibles(torch.tensor(v)).numpy()
    assert rbms_updates(path) == [1, 30, 200]
    for update in (1, 30, 200, None):
        model = load(path, update=update)
        rows = model.one_hot(v) if kind == "PBRBM" else v
        close(model.free_energy(rows) + model.offset, energies[update or 200])
    with pytest.raises(ValueError, match="update 2 is not saved, these are: 1, 30, 200"):
        load(path, update=2)


@pytest.mark.parametrize("kind", KINDS)
def test_rbms_gets_a_model(rbms, kind, tmp_path):
    import torch
    from rbms.map_model import map_model

    if kind not in map_model:
        pytest.skip(f"this version of rbms has no {kind}")
    visible, hidden = KINDS[kind]
    more = {"visible_layout": (Part("categorical", 8, (4, 4)),)} if visible == "categorical" else {}
    if hidden == "gaussian":
        more["tensors"] = {"hidden.precisions": np.array([1, 2, 0.5, 8, 3])}
    model = small_model(visible, hidden, **more)
    v = rbms_rows(kind)
    rows = model.one_hot(v) if kind == "PBRBM" else v
    save(model, tmp_path / "x.h5")
    theirs = rbms.load_params(str(tmp_path / "x.h5"), 1, "cpu", torch.float64)
    F, energies = model.free_energy(rows), theirs.compute_energy_visibles(torch.tensor(v)).numpy()
    close(F - F.mean(), energies - energies.mean())  # the scale of gaussian units shifts F
    again = load(tmp_path / "x.h5")
    close(again.free_energy(rows) + again.offset, energies)
    if hidden != "gaussian":
        close(F, energies)
    opened = rbms.load_model(str(tmp_path / "x.h5"), 1, "cpu", torch.float64)
    assert opened[1]["visible"].shape == (100, v.shape[1])


def test_rbms_has_not_all_units(tmp_path):
    pytest.importorskip("h5py")
    with pytest.raises(
        ValueError, match="the units are spin and bernoulli; rbms has bernoulli and bernoulli; "
    ):
        save(small_model("spin", "bernoulli"), tmp_path / "x.h5")
    with pytest.raises(
        ValueError, match=r"sites have \[3, 5\] states; those of rbms all have the same number"
    ):
        save(small_model("categorical", visible_layout=(Part("categorical", 8, (3, 5)),)), tmp_path / "x.h5")
    assert not list(tmp_path.iterdir())


# QuCumber


@pytest.mark.parametrize("form", ["zip", "legacy"])
@pytest.mark.parametrize("cls", ["PositiveWaveFunction", "ComplexWaveFunction", "DensityMatrix"])
def test_qucumber_state(cls, form, tmp_path):
    torch = pytest.importorskip("torch")
    pytest.importorskip("qucumber")
    from qucumber import nn_states

    state = getattr(nn_states, cls)(8, 5, gpu=False)
    for net in state.networks:
        getattr(state, net).hidden_bias.data += torch.tensor(RNG.normal(0, 1, 5))
        getattr(state, net).visible_bias.data += torch.tensor(RNG.normal(0, 1, 8))
    path = tmp_path / "state.pt"
    state.save(
        str(path), metadata={"note": "metadata of all kinds", "numbers": [1, 2.5], "array": np.arange(3)}
    )
    if form == "legacy":
        torch.save(torch.load(path, weights_only=False), path, _use_new_zipfile_serialization=False)
    for net in state.networks:
        model = load(path, machine=net.removeprefix("rbm_"))
        close(model.free_energy(BITS), getattr(state, net).effective_energy(torch.tensor(BITS)))
    # P(v) = |ψ(v)|², or ρ(v, v)
    close(-load(path).free_energy(BITS), state.probability(torch.tensor(BITS)).log())
    if cls == "PositiveWaveFunction":
        with pytest.raises(ValueError, match="there is no machine 'ph', the file has am"):
            load(path, machine="ph")


@pytest.mark.parametrize("legacy", [False, True])
def test_tensors_of_every_layout(legacy, tmp_path):
    torch = pytest.importorskip("torch")
    whole = torch.arange(80, dtype=torch.float64).reshape(8, 10)
    for weights in (whole.T[2:7], whole[:5, ::2][:, :4].repeat(1, 2), whole[1, 2].expand(5, 8).clone()):
        state = {"weights": weights, "visible_bias": whole[0, :8], "hidden_bias": whole.half()[0, 3:8]}
        torch.save({"rbm_am": state}, tmp_path / "x.pt", _use_new_zipfile_serialization=not legacy)
        model = load(tmp_path / "x.pt")
        np.testing.assert_array_equal(model.W, weights.numpy().T)
        np.testing.assert_array_equal(model.c, state["hidden_bias"].numpy())


# learnergy


@pytest.mark.parametrize("cls", ["RBM", "GaussianRBM", "VarianceGaussianRBM"])
@pytest.mark.parametrize("form", ["model", "state"])
def test_learnergy_model(cls, form, tmp_path):
    torch = pytest.importorskip("torch")
    pytest.importorskip("learnergy")
    from learnergy.models import bernoulli, gaussian

    model = getattr(bernoulli if cls == "RBM" else gaussian, cls)(n_visible=8, n_hidden=5)
    for name, x in model.named_parameters():
        x.data = torch.tensor(RNG.normal(0, 0.5, x.shape) + 2 * (name == "sigma"), dtype=torch.float32)
    torch.save(model if form == "model" else model.state_dict(), tmp_path / "x.pth")
    v = BITS if cls == "RBM" else RNG.normal(0, 1, (100, 8))
    if form == "state" and cls != "VarianceGaussianRBM":
        with pytest.raises(ValueError, match="does not tell RBM from GaussianRBM"):
            load(tmp_path / "x.pth")
        ours = load(tmp_path / "x.pth", visible="bernoulli" if cls == "RBM" else "gaussian")
    else:
        ours = load(tmp_path / "x.pth")
    close(ours.free_energy(v) + ours.offset, model.double().energy(torch.tensor(v)).detach())


def test_learnergy_classes_without_a_free_energy_are_refused(tmp_path):
    torch = pytest.importorskip("torch")
    pytest.importorskip("learnergy")
    from learnergy.models.gaussian import GaussianReluRBM

    torch.save(GaussianReluRBM(8, 5), tmp_path / "x.pth")
    with pytest.raises(
        ValueError, match="the file has a learnergy.models.gaussian.gaussian_rbm.GaussianReluRBM, want one of"
    ):
        load(tmp_path / "x.pth")


# safetensors


def test_safetensors_library(tmp_path):
    numpy = pytest.importorskip("safetensors.numpy")
    model, path = small_model(), tmp_path / "m.safetensors"
    tensors = {"W": model.W, "b": model.b, "c": model.c}
    kinds = {"format": "harmonium-rbm", "version": "1", "visible": "bernoulli", "hidden": "bernoulli"}
    numpy.save_file(tensors, path, metadata=kinds)
    np.testing.assert_array_equal(load(path).W, model.W)
    save(model, path)
    for name, x in numpy.load_file(path).items():
        np.testing.assert_array_equal(x, tensors[name])


# Options


@pytest.mark.parametrize("option", [{"update": 1}, {"machine": "am"}, {"visible": "gaussian"}])
def test_options_of_other_programs_are_refused(option, tmp_path):
    save(small_model(), tmp_path / "m.safetensors")
    with pytest.raises(ValueError, match="is nothing that files of Harmonium have"):
        load(tmp_path / "m.safetensors", **option)


def test_names_tell_the_form(tmp_path):
    with pytest.raises(ValueError, match="want a name in .safetensors, .h5"):
        save(small_model(), tmp_path / "m.pt")


@pytest.mark.parametrize(("name", "module"), [("m.h5", "h5py"), ("m.joblib", "sklearn.neural_network")])
def test_missing_programs_are_named(name, module, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'harmonium\[(peers|sklearn)\]'"):
        save(small_model(), tmp_path / name)
    (tmp_path / "x.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ModuleNotFoundError, match=r"HDF5 files need h5py: pip install 'harmonium\[peers\]'"):
        load(tmp_path / "x.h5")


@pytest.mark.parametrize("zipped", [True, False])
def test_torch_views(tmp_path, zipped):
    """A view that PyTorch negates when it is read is refused: its numbers in the file have the other sign."""
    torch = pytest.importorskip("torch")
    W, a, b = torch.ones(3, 2), torch.zeros(3), torch.zeros(2)
    path = tmp_path / "x.pt"
    torch.save({"W": W.T.clone().T, "a": a, "b": b}, path, _use_new_zipfile_serialization=zipped)
    assert (load(path, visible="bernoulli").W == 1).all()
    torch.save({"W": torch._neg_view(W), "a": a, "b": b}, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(ValueError, match="W is a view of PyTorch's with {'neg': True}: save a copy"):
        load(path, visible="bernoulli")
