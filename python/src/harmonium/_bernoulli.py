"""BernoulliRBM: the estimator of scikit-learn's name, with its parameters, by this engine."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from . import _rows
from ._engine import Scratch
from ._flags import flags_of
from ._machine import MODEL, HarmoniumWarning, Machine
from .io import Model


class BernoulliRBM(Machine):
    """Restricted Boltzmann machine of bits, in place of ``sklearn.neural_network.BernoulliRBM``.

    Parameters, methods and attributes have the same names and meaning. What is different:

    - Values between 0 and 1 are probabilities: the bits of a row are drawn for every epoch, where
      scikit-learn takes the values themselves for bits. `transform` takes them as scikit-learn does, σ(c +
      Wx).
    - Values above 1, such as counts, count as 1, with a warning, and negative ones are refused. scikit-learn
      computes with them as if they were bits.
    - The gradient is centered, and visible biases start at the log-odds of the data's means.
    - `score_samples` is the pseudo-log-likelihood, Σ_i log P(v_i∣v_−i), of which scikit-learn draws one term
      at random.
    - Features are good to 1e-4, as the engine computes in integers. Parameters are read-only; `partial_fit`
      begins chains at its rows (CD-1), as persistent ones don't outlive a call, and there is no
      ``h_samples_``.
    - There is more: `log_likelihood`, `log_partition`, `sample`, `impute`, `watch`, `save` and `load`. For
      other units, validation data and other settings take `RBM`.

    Parameters
    ----------
    n_components : int
        Hidden units.
    learning_rate : float
        Rate of plain stochastic gradient descent.
    batch_size : int
        Rows a minibatch, all if there are fewer; also the number of persistent chains.
    n_iter : int
        Passes over the data.
    verbose : int
        Whether to show progress.
    random_state : int, RandomState or None
        A number is the seed: the same one gives the same bytes.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
        Weights Wᵀ, float32.
    intercept_hidden_, intercept_visible_ : ndarray
        Biases c and b.
    n_features_in_, feature_names_in_
        Columns of X in `fit`.

    Examples
    --------
    >>> import numpy as np
    >>> from harmonium import BernoulliRBM
    >>> X = np.array([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
    >>> BernoulliRBM(n_components=2, random_state=1).fit(X).transform(X).shape
    (4, 2)
    """

    def __init__(
        self,
        n_components: int = 256,
        *,
        learning_rate: float = 0.1,
        batch_size: int = 10,
        n_iter: int = 10,
        verbose: int = 0,
        random_state: Any = None,
    ) -> None:
        self.n_components = n_components
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.verbose = verbose
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> BernoulliRBM:
        """Train by persistent contrastive divergence: a chain for each row of a minibatch, a sweep an update.

        Parameters
        ----------
        X : {array, sparse matrix} of shape (n_samples, n_features)
            Bits, or numbers from 0 to 1.
        y : None
            There for scikit-learn.

        Returns
        -------
        BernoulliRBM
            Itself.
        """
        X = self._checked(X, reset=True)
        batch = min(self.batch_size, X.shape[0])
        pcd = flags_of(negative="pcd", steps=1, chains=self.batch_size, replicas=0, trust=0)
        self.__dict__.pop("random_state_", None)
        return self._train(X, [*self._settings(batch), *pcd, *flags_of(epochs=self.n_iter)])

    def partial_fit(self, X: Any, y: Any = None) -> BernoulliRBM:
        """Make one update by the rows of X.

        Parameters
        ----------
        X : {array, sparse matrix} of shape (n_samples, n_features)
            A minibatch.
        y : None
            There for scikit-learn.

        Returns
        -------
        BernoulliRBM
            Itself.
        """
        start = self._run[MODEL] if self.__sklearn_is_fitted__() else None
        X = self._checked(X, reset=start is None)
        flags = [*self._settings(X.shape[0]), *flags_of(negative="cd", steps=1, updates=1)]
        return self._train(X, flags, start=start, judge=False)  # by a minibatch

    def _settings(self, batch: int) -> list[str]:
        """Flags of a training, less bounds and negative phase."""
        return flags_of(
            hidden=self.n_components,
            optimizer="sgd",
            rate=self.learning_rate,
            schedule="constant",
            batch=batch,
            seed=self._next_seed(),
        )

    def score_samples(self, X: Any) -> np.ndarray:
        """Pseudo-log-likelihood Σ_i log P(v_i∣v_−i) of each row in nats: the mean of what scikit-learn draws.

        It needs no log Z, and is no log-likelihood: for that see `log_likelihood`. Of values x between 0 and
        1 a term is log σ(F(x with 1−x_i) − F(x)), as in scikit-learn, which costs as much as n_features
        transforms.

        Parameters
        ----------
        X : {array, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        X = self._checked(X)
        if self._grey(X):
            return _pseudo_log_likelihood(self.model_, X.toarray() if _rows.is_sparse(X) else X)
        with Scratch() as scratch:
            out = scratch.path("scores.npy")
            data = self._data(scratch, X)
            self._command("score", scratch, *data, "-o", out, "--free-energy", "--pseudo")
            return scratch.load("scores")[:, 2]

    def gibbs(self, v: Any) -> np.ndarray:
        """Make one Gibbs step: h drawn from P(h∣v), then v from P(v∣h).

        Parameters
        ----------
        v : array of shape (n_samples, n_features)
            Bits.

        Returns
        -------
        ndarray of bool, of shape (n_samples, n_features)
        """
        X = self._checked(v)
        model = self.model_
        h = self._transform(X, "--draw", *flags_of(seed=self._next_seed()))
        turned = Model(model.W.T, model.c, model.b)  # whose hidden units are the visible ones of this
        return self._transform(h, "--draw", *flags_of(seed=self._next_seed()), model=turned).astype(bool)

    def _next_seed(self) -> int:
        """The seed, and after it others: a step or an update follows another."""
        if "random_state_" not in self.__dict__:
            first = self._seed()
            self.random_state_ = np.random.default_rng(first)
            return first
        return self._seed(self.random_state_)

    # What X is

    def _checked(self, X: Any, *, reset: bool = False, gaps: bool = False) -> Any:
        """Numbers from 0 to 1."""
        X = super()._checked(X, reset=reset, gaps=gaps)
        values = X.data if _rows.is_sparse(X) else X
        if values.dtype == bool or not values.size:
            return X
        low, high = np.nanmin(values), np.nanmax(values)
        if low < 0:
            raise ValueError(
                f"Negative values in data passed to {type(self).__name__}: {low:g}, where it has bits or "
                "probabilities. Scale X by MinMaxScaler, or take harmonium.RBM, whose units may be spins or "
                "real"
            )
        if high <= 1:
            return X
        warnings.warn(
            f"X has values up to {high:g}, where a BernoulliRBM has bits or probabilities: those above 1 "
            "count as 1. If they are no counts, scale X by MinMaxScaler, or take harmonium.RBM, whose units may "
            "be real",
            HarmoniumWarning,
            stacklevel=3,
        )
        if not _rows.is_sparse(X):
            return np.minimum(X, 1)
        X = X.copy()
        X.data = np.minimum(X.data, 1)
        return X

    def _grey(self, X: Any) -> bool:
        return not _rows.are_bits(X)

    def _reading(self, kind: str, start: bytes | None) -> list[str]:
        return [] if kind == _rows.BITS else ["--bernoulli"]

    def _accept(self, model: Model) -> None:
        if (model.visible, model.hidden) != ("bernoulli", "bernoulli"):
            raise ValueError(
                f"the units are {model.visible} and {model.hidden}, a BernoulliRBM has bernoulli: "
                "want harmonium.RBM, or Model.to_bits for spins"
            )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.positive_only = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _pseudo_log_likelihood(model: Model, X: np.ndarray) -> np.ndarray:
    """Σ_i log σ(F(x with 1−x_i) − F(x)), also of values between 0 and 1."""
    W, b, c = (a.astype(np.float64) for a in (model.W, model.b, model.c))
    inputs = X @ W + c
    softplus = np.logaddexp(0, inputs).sum(axis=1)
    total = np.zeros(len(X))
    for i, (row, bias) in enumerate(zip(W, b, strict=True)):
        change = 1 - 2 * X[:, i]
        flipped = np.logaddexp(0, inputs + change[:, None] * row).sum(axis=1)
        total -= np.logaddexp(0, change * bias + flipped - softplus)
    return total
