"""Files of other programs with their own free energies, for tests without these programs.

Each program that is installed writes its files here, and energies.json beside them: rows v, and F(v) as the
program says. Programs that are not installed leave theirs as they are. What each was made by is in
energies.json.

usage: python make.py              (pip install scikit-learn joblib rbms qucumber learnergy h5py torch)
       PGM=/path/to/PGM python make.py  (github.com/jertubiana/PGM at f68dfe3, and pip install numba scipy)

PGM approximates log of e^(x²/2) erfc(x/√2) for rectified units: by Abramowitz and Stegun 7.1.25, which is
good to 2.5e-5, and from x = 4 on by a series that is off by 3e-3 there. For F, SciPy's erfcx takes its place
here, in plain Python (NUMBA_DISABLE_JIT). Everything else is PGM's own.

RestrictedBoltzmannMachines.jl is Julia; rbmjl-*.h5 are written by h5py as its ext/HDF5Ext.jl writes files,
and F is its free energy by the formulas of its layers, once more in NumPy and SciPy: not the program itself.
"""

import json
import os
import pickle
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
ROWS = 20


def f32(rng, *shape):
    """Normal numbers that float32 holds."""
    return rng.normal(0, 1, shape).astype(np.float32)


def bits(rng, m):
    return rng.integers(0, 2, (ROWS, m)).astype(float)


def scikit():
    import joblib
    from sklearn.neural_network import BernoulliRBM

    rng = np.random.default_rng(1)
    rbm = BernoulliRBM(n_components=4, n_iter=3, learning_rate=0.5, random_state=1).fit(bits(rng, 7))
    rbm.components_, v = rbm.components_ + f32(rng, 4, 7), bits(rng, 7)
    joblib.dump(rbm, HERE / "sklearn.joblib")
    joblib.dump(rbm, HERE / "sklearn.joblib.z", compress=3)
    (HERE / "sklearn.pkl").write_bytes(pickle.dumps(rbm, 2))
    for name in ("sklearn.joblib", "sklearn.joblib.z", "sklearn.pkl"):
        yield name, "scikit-learn", {}, v, rbm._free_energy(v)


def qucumber():
    import torch
    from qucumber.nn_states import ComplexWaveFunction, DensityMatrix, PositiveWaveFunction

    rng = np.random.default_rng(2)
    v = bits(rng, 6)
    for state, name in (
        (PositiveWaveFunction(6, 4, gpu=False), "qucumber-positive.pt"),
        (ComplexWaveFunction(6, 4, gpu=False), "qucumber-complex.pt"),
        (DensityMatrix(6, 4, 3, gpu=False), "qucumber-density.pt"),
    ):
        for net in state.networks:
            for x in getattr(state, net).parameters():
                x.data = torch.tensor(rng.normal(0, 1, x.shape))
        state.save(str(HERE / name))
        for net in state.networks:
            F = getattr(state, net).effective_energy(torch.tensor(v)).numpy()
            yield name, "qucumber", {"machine": net.removeprefix("rbm_")}, v, F
    torch.save(
        torch.load(HERE / "qucumber-positive.pt", weights_only=True),
        HERE / "qucumber-legacy.pt",
        _use_new_zipfile_serialization=False,
    )
    state = PositiveWaveFunction.autoload(str(HERE / "qucumber-positive.pt"), gpu=False)
    yield "qucumber-legacy.pt", "qucumber", {}, v, state.rbm_am.effective_energy(torch.tensor(v)).numpy()


def rbms():
    import h5py
    import torch
    from rbms.io import save_model
    from rbms.map_model import map_model

    rng = np.random.default_rng(3)
    shapes = {"BBRBM": (6,), "PBRBM": (4, 3), "IIRBM": (6,), "BGRBM": (6,), "IGRBM": (6,)}
    for kind in (kind for kind in shapes if kind in map_model):
        path = HERE / f"rbms-{kind}.h5"
        path.unlink(missing_ok=True)
        for update in (1, 20) if kind == "BBRBM" else (20,):
            tensors = (
                torch.tensor(0.5 * f32(rng, *shape)) for shape in ((*shapes[kind], 3), shapes[kind], (3,))
            )
            model = map_model[kind](*tensors)
            v = rng.integers(0, 3, (ROWS, 4)).astype(float) if kind == "PBRBM" else bits(rng, 6)
            v = 2 * v - 1 if kind.startswith("I") else v
            x = torch.tensor(v, dtype=torch.float32)
            more = () if version("rbms") < "0.6" else (torch.tensor(0.01), np.zeros(1))
            save_model(path, model, {"visible": x[:2]}, update, 0.0, *more)
            model.weight_matrix, model.vbias, model.hbias = (y.double() for y in model.parameters())
            yield path.name, "rbms", {"update": update}, v, model.compute_energy_visibles(x.double()).numpy()
        # Without the states of random number generators, which are most of the file.
        with h5py.File(path) as old, h5py.File(path.with_suffix(".new"), "w") as new:
            for name in (name for name in old if name.startswith("update_")):
                for key in old[name]:
                    if not key.endswith("_rng_state") and not key.startswith("numpy"):
                        old.copy(old[name][key], new.require_group(name), key)
            for key in ("model_type", "parallel_chains"):
                old.copy(old[key], new, key)
        path.with_suffix(".new").rename(path)


def learnergy():
    import torch
    from learnergy.models.bernoulli import RBM
    from learnergy.models.gaussian import GaussianRBM, VarianceGaussianRBM

    rng = np.random.default_rng(4)
    for cls in (RBM, GaussianRBM, VarianceGaussianRBM):
        model = cls(n_visible=6, n_hidden=4)
        for name, x in model.named_parameters():
            x.data = (
                torch.tensor(f32(rng, *x.shape)).abs_() + 0.5
                if name == "sigma"
                else torch.tensor(f32(rng, *x.shape))
            )
        v = bits(rng, 6) if cls is RBM else f32(rng, ROWS, 6).astype(float)
        F = model.double().energy(torch.tensor(v)).detach().numpy()
        model.float()
        torch.save(model, HERE / f"learnergy-{cls.__name__}.pth")
        torch.save(model.state_dict(), HERE / f"learnergy-{cls.__name__}-state.pth")
        kind = {} if cls is VarianceGaussianRBM else {"visible": "bernoulli" if cls is RBM else "gaussian"}
        yield f"learnergy-{cls.__name__}.pth", "learnergy", {}, v, F
        yield f"learnergy-{cls.__name__}-state.pth", "learnergy", kind, v, F


def pgm():
    root = Path(os.environ["PGM"])
    sys.path[:0] = [str(root / "source"), str(root / "utilities")]
    os.environ["NUMBA_DISABLE_JIT"] = "1"
    import layer as layers
    import numba_utilities
    import rbm as peer
    from scipy.special import erfcx

    def exact(x):
        return np.log(erfcx(x / np.sqrt(2)) * np.sqrt(np.pi / 2))

    layers.log_erf_times_gauss = numba_utilities.log_erf_times_gauss_numba0 = exact
    rng = np.random.default_rng(5)
    for visible, hidden in (
        ("Bernoulli", "Bernoulli"),
        ("Spin", "Spin"),
        ("Potts", "dReLU"),
        ("Bernoulli", "ReLU"),
        ("Gaussian", "Bernoulli"),
        ("Spin", "Gaussian"),
        ("Bernoulli", "ReLUplus"),
        ("Potts", "Potts"),
    ):
        model = peer.RBM(n_v=5, n_h=3, visible=visible, hidden=hidden, n_cv=4, n_ch=2)
        for layer in (model.vlayer, model.hlayer):
            for name in layer.list_params:
                x = f32(rng, *getattr(layer, name).shape)
                setattr(layer, name, np.abs(x) + np.float32(0.3) if name.startswith("gamma") else x)
        model.weights = f32(rng, *model.weights.shape)
        v = (
            rng.integers(0, 4, (ROWS, 5)).astype(np.int16)
            if visible == "Potts"
            else bits(rng, 5).astype(np.float32)
        )
        v = 2 * v - 1 if visible == "Spin" else f32(rng, ROWS, 5) if visible == "Gaussian" else v
        name = f"pgm-{visible}-{hidden}.data"
        (HERE / name).write_bytes(pickle.dumps(model))
        yield name, "PGM", {}, v, model.free_energy(v)


def rbmjl():
    import h5py
    from scipy.special import erfcx, logsumexp

    rng = np.random.default_rng(6)

    def free(theta, gamma):  # -relu_free of src/layers/relu.jl: log of the integral over x > 0
        return np.log(np.sqrt(np.pi / (2 * gamma)) * erfcx(-theta / np.sqrt(2 * gamma)))

    def cgf(kind, par, x):
        if kind == "Binary":
            return np.logaddexp(0, par[0] + x)
        if kind == "Spin":
            return np.logaddexp(par[0] + x, -par[0] - x)
        if kind == "Potts":
            return logsumexp(par[0] + x, axis=-1)
        gamma = np.abs(par[1])
        if kind == "Gaussian":
            return (par[0] + x) ** 2 / (2 * gamma) - np.log(gamma / np.pi / 2) / 2
        if kind == "ReLU":
            return free(par[0] + x, gamma)
        if kind == "nsReLU":
            par = (par[0], np.ones_like(par[0]), par[1], par[2])
        tp, tn, gp, gn = par
        if kind != "dReLU":
            theta, gamma, delta, eta = par
            if kind != "pReLU":
                xp, xn = (
                    (1 + np.abs(eta)) / (1 + np.maximum(2 * eta, 0)),
                    (1 + np.abs(eta)) / (1 - np.minimum(2 * eta, 0)),
                )
            else:
                xp, xn = 1 / (1 + eta), 1 / (1 - eta)
            tp, tn, gp, gn = theta + delta * xp, theta - delta * xn, gamma * xp, gamma * xn
        return np.logaddexp(free(tp + x, np.abs(gp)), free(-(tn + x), np.abs(gn)))

    counts = {"Gaussian": 2, "ReLU": 2, "dReLU": 4, "pReLU": 4, "xReLU": 4, "nsReLU": 3}
    for visible, hidden, kind in (
        ("Binary", "Binary", "RBM"),
        ("Spin", "Spin", "StandardizedRBM"),
        ("Potts", "xReLU", "StandardizedRBM"),
        ("Potts", "dReLU", "RBM"),
        ("Binary", "pReLU", "CenteredRBM"),
        ("Binary", "nsReLU", "RBM"),
        ("Binary", "ReLU", "RBM"),
        ("Spin", "Gaussian", "CenteredRBM"),
        ("Gaussian", "Potts", "RBM"),
    ):
        # Axes in h5py's order, which is Julia's in reverse. Layers are of Julia's sizes (3, 2), Potts (4, 3).
        vshape, hshape = (3, 4) if visible == "Potts" else (2, 3), (3, 2) if hidden == "Potts" else (5,)
        par_v, par_h = (
            rng.normal(size=(*vshape, counts.get(visible, 1))),
            rng.normal(size=(*hshape, counts.get(hidden, 1))),
        )
        if hidden == "pReLU":
            par_h[..., 3] = np.tanh(par_h[..., 3])
        w = rng.normal(0, 0.5, (*hshape, *vshape))
        file = {
            "rbm_hdf5_file_format_version": "1.0.0",
            "rbm_type": kind,
            "weights": w,
            "visible_par": par_v,
            "hidden_par": par_h,
            "visible_type": visible,
            "hidden_type": hidden,
        }
        offset_v, offset_h, scale_v, scale_h = (
            np.zeros(vshape),
            np.zeros(hshape),
            np.ones(vshape),
            np.ones(hshape),
        )
        if kind != "RBM":
            file["offset_v"], file["offset_h"] = offset_v, offset_h = (
                rng.normal(size=vshape),
                rng.normal(size=hshape),
            )
        if kind == "StandardizedRBM":
            file["scale_v"], file["scale_h"] = scale_v, scale_h = (
                rng.uniform(0.5, 2, vshape),
                rng.uniform(0.5, 2, hshape),
            )
        name = f"rbmjl-{visible}-{hidden}.h5"
        with h5py.File(HERE / name, "w") as h5:
            for key, x in file.items():
                h5[key] = x
        rows = (
            rng.integers(0, 4, (ROWS, 3))
            if visible == "Potts"
            else rng.integers(0, 2, (ROWS, *vshape)).astype(float)
        )
        rows = (
            2 * rows - 1
            if visible == "Spin"
            else rng.normal(size=rows.shape)
            if visible == "Gaussian"
            else rows
        )
        v = np.eye(4)[rows] if visible == "Potts" else rows
        inputs = (
            np.tensordot((v - offset_v) / scale_v, w, ((1, 2), tuple(range(len(hshape), w.ndim)))) / scale_h
        )
        E = -(v * par_v[..., 0]).sum((1, 2))
        if visible == "Gaussian":
            E = E + (np.abs(par_v[..., 1]) * v * v / 2).sum((1, 2))
        gamma = cgf(hidden, np.moveaxis(par_h, -1, 0), inputs)
        F = E - gamma.sum(-1) + (inputs * offset_h).sum(tuple(range(1, inputs.ndim)))
        yield name, "RestrictedBoltzmannMachines.jl", {}, rows.reshape(ROWS, -1), F


def main():
    path = HERE / "energies.json"
    cases = json.loads(path.read_text())["cases"] if path.exists() else []
    for program in (scikit, qucumber, rbms, learnergy, pgm, rbmjl):
        try:
            found = list(program())
        except (ModuleNotFoundError, KeyError) as err:
            print(f"{program.__name__}: left as it is: {err!r}", file=sys.stderr)
            continue
        names = {name for name, *_ in found}
        cases = [case for case in cases if case["file"] not in names]
        for name, peer, options, v, F in found:
            try:
                made = f"{peer} {version(peer)}"
            except PackageNotFoundError:
                made = (
                    "PGM f68dfe3"
                    if peer == "PGM"
                    else f"{peer}: written by h5py {version('h5py')}, F by its formulas"
                )
            cases.append(
                {"file": name, "by": made, "options": options, "v": np.asarray(v).tolist(), "F": F.tolist()}
            )
    cases.sort(key=lambda case: (case["file"], str(case["options"])))
    lines = ",\n".join(json.dumps(case) for case in cases)
    path.write_text(f'{{"made_by": "make.py", "cases": [\n{lines}\n]}}\n')


main()
