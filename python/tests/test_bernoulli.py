"""harmonium.BernoulliRBM beside scikit-learn's."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
import scipy.sparse
from sklearn.neural_network import BernoulliRBM as Peer
from sklearn.utils.estimator_checks import parametrize_with_checks

from harmonium import RBM, BernoulliRBM, HarmoniumWarning
from harmonium.io import Model, to_sklearn

SIGMAS = 5

rng = np.random.default_rng(0)
X = rng.random((400, 8)) < 0.5
X[:, 4:] = X[:, :4]
GREY = rng.random((50, 8))


@pytest.fixture(scope="module")
def rbm() -> BernoulliRBM:
    return BernoulliRBM(5, n_iter=30, random_state=0).fit(X)


@pytest.fixture(scope="module")
def peer(rbm) -> Peer:
    return to_sklearn(rbm.model_)


@parametrize_with_checks([BernoulliRBM(4, n_iter=2)])
def test_scikit_learn(estimator, check):
    check(estimator)


def test_constructor_is_the_peers():
    def defaults(cls):
        return {p.name: (p.kind, p.default) for p in inspect.signature(cls).parameters.values()}

    assert defaults(BernoulliRBM) == defaults(Peer)


def test_attributes(rbm):
    want = Peer(5, n_iter=1, random_state=0).fit(X)
    for name in ("components_", "intercept_hidden_", "intercept_visible_", "n_features_in_"):
        assert np.shape(getattr(rbm, name)) == np.shape(getattr(want, name))
    assert list(rbm.get_feature_names_out()) == list(want.get_feature_names_out())


def test_transform_is_the_peers(rbm, peer):
    for rows in (
        X.astype(float),
        GREY,
        scipy.sparse.csr_matrix(X.astype(float)),
        scipy.sparse.csr_matrix(GREY),
    ):
        assert rbm.transform(rows) == pytest.approx(peer.transform(rows), abs=1e-4)


def test_score_is_the_expectation_of_the_peers(rbm, peer):
    for rows in (X[:20].astype(float), GREY[:20]):
        draws = np.array([peer.set_params(random_state=k).score_samples(rows) for k in range(400)])
        error = draws.std(axis=0) / np.sqrt(len(draws))
        assert (abs(rbm.score_samples(rows) - draws.mean(axis=0)) <= SIGMAS * error + 1e-6).all()


def test_gibbs_draws_from_the_conditionals(rbm):
    v = np.tile(X[0], (4000, 1))
    steps = rbm.gibbs(v)
    model, count = rbm.model_, len(v)
    h = np.array(np.meshgrid(*[[0, 1]] * 5)).reshape(5, -1).T
    on = 1 / (1 + np.exp(-(v[0] @ model.W + model.c)))
    p = np.prod(np.where(h, on, 1 - on), axis=1)
    mean = p @ (1 / (1 + np.exp(-(h @ model.W.T + model.b))))
    assert steps.dtype == bool and steps.shape == v.shape
    assert (abs(steps.mean(axis=0) - mean) <= SIGMAS * np.sqrt(mean * (1 - mean) / count)).all()
    assert (rbm.gibbs(v) != steps).any()


def test_it_learns(rbm):
    # Four pairs of equal bits: log P(v) = −4 log 2 at best, −8 log 2 for independent units.
    found = rbm.log_likelihood(X)
    assert -4 * np.log(2) > found.value > -8 * np.log(2) + 1
    better = RBM(8, n_iter=200, random_state=0).fit(X).log_likelihood(X)
    assert better.value > found.value


def test_partial_fit_makes_an_update():
    rbm = BernoulliRBM(5, learning_rate=0.5, random_state=0)
    for at in range(0, 200, 40):
        rbm.partial_fit(X[at : at + 40])
        assert rbm.n_updates_ == 1
    again = BernoulliRBM(5, learning_rate=0.5, random_state=0)
    for at in range(0, 200, 40):
        again.partial_fit(X[at : at + 40])
    assert (again.components_ == rbm.components_).all()
    one = BernoulliRBM(5, learning_rate=0.5, random_state=0).partial_fit(X[:40])
    assert (rbm.components_ != one.components_).all() and (
        rbm.intercept_hidden_ != one.intercept_hidden_
    ).all()


def test_values_that_are_no_probabilities(rbm):
    with pytest.warns(HarmoniumWarning, match="values up to 3,"):
        counted = rbm.transform(3.0 * X)
    assert counted == pytest.approx(rbm.transform(X), abs=1e-6)
    with pytest.raises(ValueError, match=r"^Negative values in data passed to BernoulliRBM: -1,"):
        BernoulliRBM(3).fit(2.0 * X - 1)


def test_models_of_other_units_are_refused():
    with pytest.raises(ValueError, match="the units are spin and spin"):
        BernoulliRBM.from_model(
            Model(np.zeros((2, 2)), np.zeros(2), np.zeros(2), visible="spin", hidden="spin")
        )


def test_large_batches_and_names():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=list("abcdefgh"))
    rbm = BernoulliRBM(3, batch_size=10**4, n_iter=2, random_state=0).fit(frame)
    assert list(rbm.feature_names_in_) == list("abcdefgh") and rbm.n_updates_ == 2
