"""RBM: everything that the command has, as an estimator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from . import _rows
from ._engine import Scratch
from ._flags import flags_of
from ._machine import MODEL, Machine
from ._sklearn import validate_data
from .io import Model


class RBM(Machine):
    """Restricted Boltzmann machine of any kind of units, trained by maximum likelihood.

    P(v,h) = e^(−E(v,h))/Z with E(v,h) = U(v) + U(h) − Σ_ij w_ij v_i h_j. Parameters have scikit-learn's names
    where it has one. None leaves a setting to the command, whose defaults and reasons are in docs/cli.md:

    ======================== ============================== ====================
    here                     ``harmonium train``            default there
    ======================== ============================== ====================
    ``n_components``         ``--hidden``
    ``visible``              ``--visible``                  as the data is
    ``hidden``               ``--hidden-units``             as the data is
    ``learning_rate``        ``--rate``                     0.005, spins 0.00125
    ``batch_size``           ``--batch``                    100
    ``n_iter``               ``--epochs``                   300
    ``validation_fraction``  ``--holdout``                  none
    ``binarize``             ``--threshold, --bernoulli``   none
    ``random_state``         ``--seed``
    ``n_jobs``               ``--workers``                  all cores
    ``verbose``              the opposite of ``--quiet``
    ``warm_start``           ``--from``
    ``validation`` of fit    ``--valid``
    ``weights`` of fit       ``--weights``
    ``negative``, ``steps``, ``chains``, ``l1``, ``l2``, ``patience``, ``device``: the flags of these names
    ``settings``             any other flag
    ======================== ============================== ====================

    Parameters
    ----------
    n_components : int
        Hidden units n.
    visible : {"auto", "bernoulli", "spin", "categorical", "gaussian"}
        Kind of the visible units. auto: of an array of 0 and 1 bernoulli, of −1 and 1 spin, of other numbers
        gaussian; of a DataFrame each column by itself, as ``harmonium data info`` says. categorical: numbers
        are categories.
    hidden : {"auto", "bernoulli", "spin", "categorical", "gaussian", "relu", "drelu"}
        Kind of the hidden units. auto: spin beside spins, else bernoulli.
    learning_rate, batch_size, n_iter, l1, l2, patience
        See `harmonium train`. ``n_iter`` are passes over the data.
    negative : {"pcd", "cd", "exact"}, optional
        Negative phase.
    steps, chains : int, optional
        Gibbs sweeps an update, and persistent chains.
    validation_fraction : float, optional
        Part of the rows to keep for validation, which chooses the best model. At most one of it and `fit`'s
        ``validation``.
    binarize : "draw" or float, optional
        Makes numbers bits: "draw", 1 with the number as probability, drawn for every epoch; a float, 1 above
        it.
    settings : dict, optional
        Other flags of ``harmonium train`` by their names, with _ for -, such as ``{"replicas": 0, "centered":
        False}``.
    warm_start : bool
        Whether `fit` goes on from the model that there is, perhaps with more hidden units.
    n_jobs : int, optional
        Cores to use. The result doesn't depend on it.
    device : {"cpu", "cuda", "auto"}, optional
        What computes. The result doesn't depend on it.
    verbose : int
        Whether to show progress.
    random_state : int, RandomState or None
        A number is the seed: the same one gives the same bytes, here and with the command.

    Attributes
    ----------
    model_ : harmonium.io.Model
        The parameters.
    components_, intercept_hidden_, intercept_visible_ : ndarray
        Wᵀ, c and b.
    history_ : list of dict
        Evaluations along the training.
    findings_ : tuple of Finding
        Of the training.
    n_updates_, n_iter_ : int
        Updates, and passes over the data.
    n_features_in_, feature_names_in_
        Columns of X in `fit`.

    Examples
    --------
    >>> from harmonium import RBM
    >>> rbm = RBM(16, n_iter=20, validation_fraction=0.1, random_state=1).fit(X)  # doctest: +SKIP
    >>> print(rbm.log_likelihood(X_test))                                         # doctest: +SKIP
    """

    def __init__(
        self,
        n_components: int = 64,
        *,
        visible: str = "auto",
        hidden: str = "auto",
        learning_rate: float | None = None,
        batch_size: int | None = None,
        n_iter: int | None = None,
        negative: str | None = None,
        steps: int | str | None = None,
        chains: int | None = None,
        l1: float | None = None,
        l2: float | None = None,
        validation_fraction: float | None = None,
        patience: int | None = None,
        binarize: str | float | None = None,
        settings: Mapping[str, Any] | None = None,
        warm_start: bool = False,
        n_jobs: int | None = None,
        device: str | None = None,
        verbose: int = 0,
        random_state: Any = None,
    ) -> None:
        self.n_components = n_components
        self.visible = visible
        self.hidden = hidden
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.negative = negative
        self.steps = steps
        self.chains = chains
        self.l1 = l1
        self.l2 = l2
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.binarize = binarize
        self.settings = settings
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.device = device
        self.verbose = verbose
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, *, validation: Any = None, weights: Any = None) -> RBM:
        """Train on rows: ``harmonium train``.

        Cells that are NaN are summed over. Ctrl-C ends the training and keeps the model of the updates so
        far, with a warning.

        Parameters
        ----------
        X : {array, sparse matrix, DataFrame} of shape (n_samples, n_features)
            A DataFrame is a table, whose columns may be of different kinds.
        y : None
            There for scikit-learn.
        validation : like X, optional
            Rows that choose the best model along the training.
        weights : array of shape (n_samples,), optional
            How much each row counts.

        Returns
        -------
        RBM
            Itself.
        """
        start = self._run[MODEL] if self.warm_start and self.__sklearn_is_fitted__() else None
        return self._fit(X, start, flags_of(epochs=self.n_iter), validation, weights)

    def partial_fit(self, X: Any, y: Any = None) -> RBM:
        """Go on from the model that there is by one pass over X, or begin with one.

        Chains are new in each call, and come to the model first; the rate falls over the pass, as it does in
        `fit`. Real columns are shifted and scaled by the first X.

        Parameters
        ----------
        X : {array, sparse matrix, DataFrame} of shape (n_samples, n_features)
        y : None
            There for scikit-learn.

        Returns
        -------
        RBM
            Itself.
        """
        start = self._run[MODEL] if self.__sklearn_is_fitted__() else None
        return self._fit(X, start, flags_of(epochs=1), None, None)

    def _fit(self, X: Any, start: bytes | None, bounds: list[str], validation: Any, weights: Any) -> RBM:
        X = self._checked(X, reset=start is None, gaps=True)
        if validation is not None:
            validation = self._checked_validation(X, validation)
        if weights is not None:
            weights = np.asarray(weights, np.float64).reshape(-1, 1)
        flags = [
            *bounds,
            *flags_of(
                hidden=self.n_components,
                rate=self.learning_rate,
                batch=self.batch_size,
                negative=self.negative,
                steps=self.steps,
                chains=self.chains,
                l1=self.l1,
                l2=self.l2,
                patience=self.patience,
                holdout=self.validation_fraction,
                seed=self._seed(),
                **dict(self.settings or {}),
            ),
            *self._machine(),
        ]
        return self._train(X, flags, start=start, valid=validation, weights=weights)

    def score_samples(self, X: Any) -> np.ndarray:
        """Log-likelihood log P(v) of each row in nats, of reals that of the density: ``harmonium score``.

        Of a row with missing cells, NaN, it is log P(known). The error of log Z, which shifts all rows alike,
        is in `log_likelihood`.

        Parameters
        ----------
        X : {array, sparse matrix, DataFrame} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        X = self._checked(X, gaps=True)
        with Scratch() as scratch:
            out = scratch.path("scores.npy")
            self._command("score", scratch, *self._data(scratch, X), "-o", out, *flags_of(seed=self._seed()))
            return scratch.load("scores")[:, 1]

    def score(self, X: Any, y: Any = None) -> float:
        """Mean of `score_samples`, by which scikit-learn compares models. `log_likelihood` has its errors."""
        return float(self.score_samples(X).mean())

    def transform(self, X: Any) -> np.ndarray:
        """Hidden units of each row: P(h=1∣v), or the mean of h_j given v where units are no bits.

        Of a row with missing cells, NaN, it is the mean over P(missing∣known). With ``binarize="draw"``
        numbers x between 0 and 1 are not drawn: hidden units are those of the inputs c + Wᵀx.

        Parameters
        ----------
        X : {array, sparse matrix, DataFrame} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_components)
            As float64 where X is, else float32; good to 1e-4.
        """
        X = self._checked(X, gaps=True)
        if self._grey(X):
            return self._transform_means(self._checked(X))  # which refuses missing cells: units are drawn
        return self._transform(X)

    # What X is

    def _takes_table(self, X: Any, reset: bool) -> bool:
        if reset:
            self._table = _rows.is_table(X)
        return _rows.is_table(X) and (self._table or self.model_.columns is not None)

    def _checked_validation(self, X: Any, validation: Any) -> Any:
        if self._table:
            return validation
        return validate_data(
            self, validation, reset=False, accept_sparse=["csr", "csc", "coo"], ensure_all_finite="allow-nan"
        )

    @property
    def _categories(self) -> bool:  # type: ignore[override]
        return self.visible == "categorical"

    def _reading(self, kind: str, start: bytes | None) -> list[str]:
        flags = self._bits()
        if start is not None:
            return flags
        if self.hidden != "auto":
            flags += flags_of(hidden_units=self.hidden)
        if self.visible == "categorical" and kind != _rows.TABLE:
            return [*flags, "--categories=all"]
        if self.visible != "auto":
            return [*flags, *flags_of(visible=self.visible)]
        return [*flags, "--visible=gaussian"] if kind == _rows.REALS and self.binarize is None else flags

    def _data(self, scratch: Scratch, X: Any) -> list[str]:
        return [*super()._data(scratch, X), *self._bits()]

    def _grey(self, X: Any) -> bool:
        if self.binarize != "draw" or _rows.is_table(X) or self.model_.visible != "bernoulli":
            return False
        return not _rows.are_bits(X)

    def _bits(self) -> list[str]:
        """Flags that make numbers bits."""
        if self.binarize is None:
            return []
        return ["--bernoulli"] if self.binarize == "draw" else flags_of(threshold=self.binarize)

    def _machine(self) -> list[str]:
        """Flags of what computes."""
        workers = None if self.n_jobs is None else max(0, self.n_jobs)
        return flags_of(workers=workers, device=self.device)

    def _call(self, args: Any) -> Any:
        return super()._call([*args, *self._machine()] if args[0] != "train" else args)

    def _column(self, key: Any) -> Any:
        """A column's number from 0 is its name where columns have names."""
        names = getattr(self, "feature_names_in_", None)
        if self._table and names is not None and isinstance(key, (int, np.integer)):
            return names[key]
        return super()._column(key)

    def _accept(self, model: Model) -> None:
        self.visible = "auto" if model.visible == "mixed" else model.visible
        self.hidden = model.hidden

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
