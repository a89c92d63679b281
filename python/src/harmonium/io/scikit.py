"""scikit-learn's ``BernoulliRBM``: a fitted one, or a file that joblib or pickle wrote of it.

``components_`` is Wᵀ, ``intercept_visible_`` is b, ``intercept_hidden_`` is c; units are 0 and 1, and the
free energies are the same.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from . import pickles
from .model import Model
from .pickles import Record

NAMES = re.compile(
    r"sklearn\.neural_network\.(_rbm|rbm)\.BernoulliRBM|joblib\.numpy_pickle\.NumpyArrayWrapper"
)
FITTED = ("components_", "intercept_visible_", "intercept_hidden_")


def admits(name: str) -> bool:
    """Whether files of a BernoulliRBM need it."""
    return NAMES.fullmatch(name) is not None


def from_sklearn(estimator: Any) -> Model:
    """Model of a fitted ``sklearn.neural_network.BernoulliRBM``.

    Parameters
    ----------
    estimator : BernoulliRBM
        Names of features become columns.
    """
    if missing := [name for name in FITTED if not hasattr(estimator, name)]:
        raise ValueError(
            f"{type(estimator).__name__} has no {missing[0]}: want a BernoulliRBM that is fitted"
        )
    components, b, c = (np.asarray(getattr(estimator, name)) for name in FITTED)
    names = getattr(estimator, "feature_names_in_", None)
    return Model(components.T, b, c, columns=_columns(None if names is None else list(names)))


def read(contents: Any) -> Model:
    """Model of a file's contents, as records."""
    if not isinstance(contents, Record) or not contents.name.endswith(".BernoulliRBM"):
        raise ValueError(
            f"the file has a {getattr(contents, 'name', type(contents).__name__)}, want a BernoulliRBM"
        )
    state = contents.fields()
    if missing := [name for name in FITTED if name not in state]:
        raise ValueError(f"the BernoulliRBM has no {missing[0]}: it was saved before it was fitted")
    components, b, c = (pickles.array(state[name], name) for name in FITTED)
    return Model(components.T, b, c, columns=_columns(pickles.texts(state.get("feature_names_in_"))))


def to_sklearn(model: Model) -> Any:
    """A fitted ``sklearn.neural_network.BernoulliRBM`` with the model's parameters, in float64.

    `transform`, `score_samples` and `gibbs` work, and `partial_fit` goes on from here with new chains.
    """
    try:
        from sklearn.neural_network import BernoulliRBM
    except ModuleNotFoundError:
        raise ModuleNotFoundError("this needs scikit-learn: pip install 'harmonium[sklearn]'") from None
    if (model.visible, model.hidden) != ("bernoulli", "bernoulli"):
        raise ValueError(
            f"the units are {model.visible} and {model.hidden}, a BernoulliRBM has 0 and 1; "
            "of spins, bits are made by --bits, or Model.to_bits"
        )
    estimator = BernoulliRBM(n_components=model.n)
    estimator.components_ = np.ascontiguousarray(model.W.T, np.float64)
    estimator.intercept_visible_ = model.b.astype(np.float64)
    estimator.intercept_hidden_ = model.c.astype(np.float64)
    estimator.n_features_in_, estimator._n_features_out = model.m, model.n
    estimator.h_samples_ = np.zeros((estimator.batch_size, model.n))
    estimator.random_state_ = np.random.RandomState(0)
    names = [column.get("name", "") for column in model.columns or ()]
    if names and all(names):
        estimator.feature_names_in_ = np.array(names, object)
    return estimator


def _columns(names: list[str] | None) -> list[dict[str, Any]] | None:
    return None if names is None else [{"name": str(name), "kind": "bernoulli"} for name in names]
