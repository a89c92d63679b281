"""harmonium.RBM: what it computes, held against sums over all states, and how it fits into Python."""

from __future__ import annotations

import json
import pickle
import re
import subprocess
import sys
from contextlib import contextmanager
from itertools import product
from urllib.request import urlopen

import joblib
import numpy as np
import pytest
import scipy.sparse
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

import harmonium
from harmonium import RBM, FindingWarning, HarmoniumWarning, LogPartition
from harmonium._engine import binary

SIGMAS = 5  # of the Monte-Carlo error that a mean may be off


def bars(count: int, seed: int = 0) -> np.ndarray:
    """Bars and stripes on 3×3: each line on or off."""
    rng = np.random.default_rng(seed)
    lines, across = rng.random((count, 3)) < 0.5, rng.random(count) < 0.5
    pictures = np.repeat(lines[:, None, :], 3, axis=1)
    return np.where(across[:, None, None], pictures.swapaxes(1, 2), pictures).reshape(count, 9)


X = bars(500)


@pytest.fixture(scope="module")
def rbm() -> RBM:
    return RBM(5, n_iter=60, validation_fraction=0.1, random_state=3).fit(X)


class Enumerated:
    """All states of a small model of bits with their probabilities, from its definition."""

    def __init__(self, rbm: RBM) -> None:
        model = rbm.model_
        self.v = np.array(list(product((0, 1), repeat=model.m)), np.float64)
        minus_free_energy = -model.free_energy(self.v)
        self.log_z = np.logaddexp.reduce(minus_free_energy)
        self.log_p = minus_free_energy - self.log_z

    def of(self, rows: np.ndarray) -> np.ndarray:
        """log P(v) of each row."""
        return self.log_p[rows.astype(int) @ (1 << np.arange(rows.shape[1])[::-1])]

    def given(self, row: np.ndarray) -> np.ndarray:
        """Means of all units, given those of a row that are not NaN."""
        known = ~np.isnan(row)
        p = np.exp(self.log_p) * (self.v[:, known] == row[known]).all(axis=1)
        return p @ self.v / p.sum()


@parametrize_with_checks([RBM(3, n_iter=2)])
def test_scikit_learn(estimator, check):
    check(estimator)


def test_bytes_are_those_of_the_command(tmp_path):
    np.save(tmp_path / "x.npy", X.astype(np.uint8))
    command = [
        binary(),
        "train",
        tmp_path / "x.npy",
        "--hidden=5",
        "--epochs=2",
        "--seed=7",
        "-o",
        tmp_path / "run",
        "-q",
    ]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    want = (tmp_path / "run" / "model.safetensors").read_bytes()
    for rows in (X, X.astype(float), X.tolist(), scipy.sparse.csr_matrix(X.astype(float))):
        RBM(5, n_iter=2, random_state=7).fit(rows).save(tmp_path / "model.safetensors")
        assert (tmp_path / "model.safetensors").read_bytes() == want


def test_likelihood_is_that_of_the_definition(rbm):
    exact, rows = Enumerated(rbm), bars(200, seed=1)
    log_z = rbm.log_partition(method="exact")
    assert isinstance(log_z, LogPartition) and log_z.error == 0
    assert float(log_z) == pytest.approx(exact.log_z, abs=1e-6)
    want, found = exact.of(rows), rbm.log_likelihood(rows)
    assert found.value == pytest.approx(want.mean(), abs=1e-6)
    assert found.error == pytest.approx(want.std(ddof=1) / np.sqrt(len(want)), rel=1e-6)
    assert found.bracket == (found.value, found.value) and found.method == "exact" and found.rows == 200
    assert rbm.score_samples(rows) == pytest.approx(want, abs=1e-5)
    assert rbm.score(rows) == pytest.approx(want.mean(), abs=1e-5)
    value, error = re.match(r"log-likelihood +(\S+) ± (\S+) nats", str(found).splitlines()[1]).groups()
    assert float(value) == pytest.approx(found.value, abs=0.01)
    assert float(error) == pytest.approx(found.error, rel=0.05)  # two digits
    assert "±" in found._repr_html_() and found._repr_html_().startswith("<table>")


def test_an_estimate_has_errors_bounds_and_findings(rbm):
    exact = Enumerated(rbm)
    with pytest.warns(FindingWarning, match="one-run"):
        found = rbm.log_likelihood(X, method="ais", budget=600_000)
    assert 0 < found.log_z.error < 0.1 and abs(found.log_z.value - exact.log_z) < SIGMAS * found.log_z.error
    lower, upper = found.bracket
    assert lower < exact.of(X).mean() < upper
    assert [finding.code for finding in found.findings] == ["one-run"] and "one-run" in str(found)


def test_samples(rbm):
    exact, count = Enumerated(rbm), 4000
    row = np.full(9, np.nan)
    for given in ({}, {0: 1, 4: 0}):
        row[list(given)] = list(given.values())
        samples, mean = rbm.sample(count, given=given), exact.given(row)
        assert samples.shape == (count, 9)
        assert (
            abs(samples.mean(axis=0) - mean) <= SIGMAS * np.sqrt(mean * (1 - mean).clip(0) / count) + 1e-12
        ).all()
    assert (rbm.sample(20) == rbm.sample(20)).all()
    assert (rbm.sample(20) != rbm.sample(20, random_state=9)).any()


def test_missing_cells(rbm):
    exact = Enumerated(rbm)
    row = np.array([1, 1, np.nan, np.nan, 0, 0, np.nan, 1, np.nan])
    rows, mean = np.tile(row, (2000, 1)), exact.given(row)
    filled = rbm.impute(rows)
    known = ~np.isnan(row)
    assert (filled[:, known] == row[known]).all() and np.isin(filled, (0, 1)).all()
    assert (
        abs(filled.mean(axis=0) - mean) <= SIGMAS * np.sqrt(mean * (1 - mean).clip(0) / len(rows)) + 1e-12
    ).all()
    assert (rbm.impute(X[:5].astype(float)) == X[:5]).all()

    p = np.exp(exact.log_p) * (exact.v[:, known] == row[known]).all(axis=1)
    hidden = 1 / (1 + np.exp(-(exact.v @ rbm.components_.T.astype(float) + rbm.intercept_hidden_)))
    want = p @ hidden / p.sum()
    some = np.vstack([row, X[:1]])
    found = rbm.transform(some)
    assert abs(found[0] - want).max() < 1e-4
    assert (found[1] == rbm.transform(X[:1].astype(float))[0]).all()
    assert abs(rbm.score_samples(some)[0] - np.log(p.sum())) < 1e-4

    gaps = np.where(np.random.default_rng(0).random(X.shape) < 0.1, np.nan, X)
    assert RBM(5, n_iter=3, random_state=1).fit(gaps).model_.visible == "bernoulli"


def test_kinds_of_units():
    rng = np.random.default_rng(0)
    reals = rng.normal(50, 10, (300, 4))
    cases = [
        (X, {}, "bernoulli", "bernoulli"),
        (2 * X.astype(int) - 1, {}, "spin", "spin"),
        (reals, {}, "gaussian", "bernoulli"),
        (reals, {"hidden": "relu"}, "gaussian", "relu"),
        (reals, {"binarize": 50}, "bernoulli", "bernoulli"),
        (rng.random((300, 4)), {"binarize": "draw"}, "bernoulli", "bernoulli"),
        (rng.integers(0, 3, (300, 4)), {"visible": "categorical"}, "categorical", "bernoulli"),
    ]
    for rows, settings, visible, hidden in cases:
        fitted = RBM(3, n_iter=2, random_state=0, **settings).fit(rows)
        assert (fitted.model_.visible, fitted.model_.hidden) == (visible, hidden)
        assert fitted.transform(rows).shape == (len(rows), 3)
        assert np.isfinite(fitted.log_likelihood(rows).value)
        samples = fitted.sample(50)
        assert samples.shape == (50, rows.shape[1])
        if visible in ("spin", "categorical"):
            assert np.isin(samples, np.unique(rows)).all()


def test_categories_with_gaps():
    rng = np.random.default_rng(0)
    rows = np.repeat(rng.integers(0, 3, (400, 1)), 4, axis=1).astype(float)
    gaps = np.where(rng.random(rows.shape) < 0.2, np.nan, rows)
    gaps[np.isnan(gaps).all(axis=1)] = 0
    fitted = RBM(6, n_iter=100, visible="categorical", random_state=0).fit(gaps, validation=rows[:50])
    filled = fitted.impute(gaps)
    known = ~np.isnan(gaps)
    assert (filled[known] == gaps[known]).all() and np.isin(filled, (0, 1, 2)).all()
    assert (filled == rows)[~known].mean() > 0.8  # by chance a third
    assert fitted.transform(gaps).shape == (400, 6)


def test_probabilities_are_no_bits():
    rows = np.random.default_rng(0).random((200, 6))
    fitted = RBM(4, n_iter=20, binarize="draw", random_state=0).fit(rows)
    want = 1 / (1 + np.exp(-(rows @ fitted.components_.T.astype(float) + fitted.intercept_hidden_)))
    assert fitted.transform(rows) == pytest.approx(want, abs=1e-4)


def test_dtype_is_kept(rbm):
    assert rbm.transform(X.astype(np.float64)).dtype == np.float64
    assert all(rbm.transform(X.astype(t)).dtype == np.float32 for t in (np.float32, np.int64, bool))


def test_validation_and_weights():
    fitted = RBM(5, n_iter=3, random_state=0).fit(X, validation=bars(100, seed=2), weights=np.arange(len(X)))
    assert fitted.history_[-1]["valid_ll"]["method"] == "exact"
    assert fitted.settings_["epochs"] == 3 and fitted.n_updates_ == 15 and fitted.n_iter_ == 3
    with pytest.raises(ValueError, match="weights"):
        RBM(5, n_iter=3).fit(X, weights=[1, 2, 3])


def test_every_parameter_is_a_flag(rbm):
    fitted = RBM(
        5,
        learning_rate=0.01,
        batch_size=50,
        n_iter=1,
        negative="pcd",
        steps=2,
        chains=30,
        l1=1e-4,
        l2=1e-5,
        validation_fraction=0.2,
        patience=3,
        settings={"replicas": 0},
        n_jobs=-1,
        device="cpu",
        random_state=8,
    ).fit(X)
    found = fitted.settings_
    want = {"rate": 0.01, "batch": 50, "epochs": 1, "l1": 1e-4, "l2": 1e-5, "patience": 3, "seed": 8}
    assert {name: found[name] for name in want} == want
    assert found["negative"] == {"kind": "pcd", "steps": 2, "chains": 30, "replicas": 0, "trust": 0.3}


def test_training_goes_on(rbm):
    more = clone(rbm).set_params(warm_start=True, n_iter=2).fit(X)
    before = more.components_.copy()
    more.set_params(n_components=7).fit(X)
    assert more.components_.shape == (7, 9) and abs(more.components_[:5] - before).max() < 0.2
    more.partial_fit(X[:100])
    assert more.components_.shape == (7, 9) and more.n_updates_ == 1
    first = RBM(5, random_state=0).partial_fit(X)
    assert first.n_iter_ == 1 and first.n_updates_ == 5


def test_bad_input_has_the_words_of_the_command(rbm):
    with pytest.raises(ValueError, match="^train: rate is -1, want a finite number, not negative$"):
        RBM(5, learning_rate=-1).fit(X)
    with pytest.raises(ValueError, match="^--clamp 78=1, but the model has units 1 to 9"):
        rbm.sample(3, given={77: 1})
    with pytest.raises(ValueError, match="unknown flag: --rates"):
        RBM(5, settings={"rates": 1}).fit(X)
    with pytest.raises(ValueError, match=r"^X: row 2, column 3: found 0\.5, want 0 or 1"):
        grey = X[:10].astype(float)
        grey[1, 2] = 0.5
        rbm.transform(grey)
    with pytest.raises(ValueError, match="8 features, but RBM is expecting 9 features"):
        rbm.transform(X[:, :8])


def test_models_as_files(rbm, tmp_path):
    path = tmp_path / "model.safetensors"
    rbm.save(path)
    loaded = RBM.load(path)
    assert (loaded.transform(X) == rbm.transform(X)).all() and loaded.n_features_in_ == 9
    assert loaded.get_params()["n_components"] == 5
    export = [binary(), "export", path, "-o", tmp_path / "model.npz"]
    assert (
        subprocess.run(export, check=True, capture_output=True).stderr == b""
    )  # as of a file without its digest
    with pytest.raises(AttributeError):
        RBM(5).components_  # noqa: B018


def test_copies(rbm):
    assert not clone(rbm).__sklearn_is_fitted__()
    in_others = joblib.Parallel(n_jobs=2)(joblib.delayed(clone(rbm).fit)(X) for _ in range(2))
    for copied in (pickle.loads(pickle.dumps(rbm)), *in_others):
        assert copied._run["model.safetensors"] == rbm._run["model.safetensors"]
        assert (copied.transform(X) == rbm.transform(X)).all()


def test_pipelines_and_searches():
    rows, across = bars(300), np.arange(300) % 2
    pipe = make_pipeline(RBM(4, n_iter=2, random_state=0), LogisticRegression()).fit(rows, across)
    assert pipe.predict(rows).shape == (300,)
    search = GridSearchCV(RBM(random_state=0, n_iter=30), {"n_components": [1, 6]}, cv=2).fit(rows)
    assert search.best_params_ == {"n_components": 6} and search.best_score_ < -3


def test_interrupted(monkeypatch):
    @contextmanager
    def stop(name, verbose):
        def show(progress):
            if progress.name == "train" and progress.done > 20:
                raise KeyboardInterrupt

        yield show

    monkeypatch.setattr(harmonium._machine, "meter", stop)
    rbm = RBM(5, n_iter=10**6, random_state=0)
    with pytest.warns(HarmoniumWarning, match="interrupted"):
        rbm.fit(X)
    assert 20 < rbm.n_updates_ < 5 * 10**6 and rbm.transform(X).shape == (500, 5)


def test_random_states():
    def model(state):
        return RBM(2, n_iter=1, random_state=state).fit(X)._run["model.safetensors"]

    assert model(5) == model(np.int64(5)) != model(6)
    assert model(np.random.RandomState(5)) == model(np.random.RandomState(5))
    assert model(np.random.default_rng(5)) == model(np.random.default_rng(5))
    assert model(None) != model(None)


def test_progress_and_pictures(rbm, capsys):
    verbose = clone(rbm).set_params(verbose=1, n_iter=3).fit(X)
    assert "RBM train" in capsys.readouterr().err
    bundle = verbose._repr_mimebundle_()
    assert "log-likelihood (validation)" in bundle["text/html"]
    assert rbm.history_[-1]["update"] == rbm.n_updates_
    pytest.importorskip("matplotlib")
    assert "data:image/png" in bundle["text/html"] and len(rbm.plot().lines) == 2


def test_the_live_page(rbm):
    watched = clone(rbm).set_params(n_iter=2)
    url = watched.watch(open_browser=False)
    before = len(json.load(urlopen(url + "api/runs")))
    watched.fit(X)
    after = pickle.loads(pickle.dumps(rbm))
    assert after.watch(open_browser=False) == url
    assert len(json.load(urlopen(url + "api/runs"))) == before + 2


def test_without_scikit_learn():
    program = """
import sys
for name in ("sklearn", "scipy", "pandas", "tqdm", "matplotlib"):
    sys.modules[name] = None
import numpy as np
from harmonium import RBM, BernoulliRBM
X = np.random.default_rng(0).random((200, 6)) < 0.5
for rbm in (RBM(3, n_iter=2, random_state=0), BernoulliRBM(3, random_state=0)):
    assert rbm.fit_transform(X).shape == (200, 3), rbm
    assert rbm.get_feature_names_out()[0] == type(rbm).__name__.lower() + "0"
    assert "n_components=3" in repr(rbm) and "text/html" in rbm._repr_mimebundle_()
    assert rbm.set_params(n_components=2).fit(X).sample(4).shape == (4, 6)
    for bad in (X[:, :4], X[0], np.zeros((0, 6))):
        try:
            rbm.transform(bad)
        except ValueError:
            continue
        raise AssertionError("X of shape %s is not refused" % (bad.shape,))
try:
    RBM().transform(X)
except ValueError as error:
    assert "not fitted" in str(error)
print(rbm.log_likelihood(X))
"""
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("rows                   200")
