"""What the estimators share: a fitted model is the bytes of a run directory, and each method is a command."""

from __future__ import annotations

import json
import os
import warnings
import webbrowser
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from . import _picture, _rows
from ._engine import BadInput, Completed, Interrupted, Scratch, engine
from ._flags import flags_of, plain, seed_of, without
from ._likelihood import Finding, LogLikelihood, LogPartition
from ._progress import meter
from ._sklearn import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    check_is_fitted,
    validate_data,
)
from ._watch import page
from .io import Model
from .io import load as load_model

MODEL, CONFIG, METRICS = "model.safetensors", "config.json", "metrics.jsonl"  # files of a run directory


class HarmoniumWarning(UserWarning):
    """A warning of the command."""


class FindingWarning(HarmoniumWarning):
    """A finding says that a result can't be trusted (exit status 3 of the command)."""


class Machine(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Restricted Boltzmann machine: what does not depend on how it is trained.

    Attributes
    ----------
    _run : dict of bytes
        Files of the run directory by their names: the model, and where it was trained here its settings and
        metrics.
    _watched : bool
        Whether trainings are shown on the page of `watch`.
    """

    n_components: int
    verbose: int
    random_state: Any
    _run: dict[str, bytes]

    # The model

    @property
    def model_(self) -> Model:
        """The parameters as `harmonium.io.Model`."""
        if not self.__sklearn_is_fitted__():
            raise AttributeError(f"this {type(self).__name__} has no model yet: call fit first")
        return Model.from_bytes(self._run[MODEL])

    @property
    def components_(self) -> np.ndarray:
        """Weights Wᵀ, of shape (n_components, number of visible units), float32."""
        return self.model_.W.T

    @property
    def intercept_hidden_(self) -> np.ndarray:
        """Biases c of the hidden units."""
        return self.model_.c

    @property
    def intercept_visible_(self) -> np.ndarray:
        """Biases b of the visible units."""
        return self.model_.b

    @property
    def _n_features_out(self) -> int:
        return self.model_.n

    @property
    def history_(self) -> list[dict[str, Any]]:
        """Evaluations along the training: the lines of metrics.jsonl (docs/formats.md)."""
        self.model_  # noqa: B018 (raises where there is none)
        return [json.loads(line) for line in self._run.get(METRICS, b"").splitlines()]

    @property
    def settings_(self) -> dict[str, Any]:
        """All settings of the training: `training` of config.json (docs/formats.md)."""
        self.model_  # noqa: B018
        return json.loads(self._run.get(CONFIG, b"{}")).get("training", {})

    def __sklearn_is_fitted__(self) -> bool:
        return "_run" in self.__dict__

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model file, which the command and `load` read (docs/formats.md).

        Parameters
        ----------
        path : str
            Of the file, ``model.safetensors`` say.
        """
        check_is_fitted(self)
        self.model_.save(path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Any:
        """Fitted estimator of a model file or a run's folder.

        Parameters
        ----------
        path : str
            A model file or run directory of Harmonium, or a file of any program that `harmonium.io.load`
            reads.

        Returns
        -------
        estimator
            With the settings of the model, and others by default.
        """
        estimator = cls.from_model(load_model(path))
        for name in (CONFIG, METRICS):
            if (Path(path) / name).is_file():
                estimator._run[name] = (Path(path) / name).read_bytes()
        return estimator

    @classmethod
    def from_model(cls, model: Model) -> Any:
        """Fitted estimator of a `harmonium.io.Model`."""
        estimator = cls(model.n)
        estimator._accept(model)
        columns = model.columns
        estimator._run = {MODEL: model.to_bytes()}
        estimator._table = bool(columns) and any(c["kind"] not in ("bernoulli", "spin") for c in columns)
        estimator.n_features_in_ = len(columns) if columns else model.m
        if columns and all(column.get("name") for column in columns):
            estimator.feature_names_in_ = np.array([column["name"] for column in columns], object)
        return estimator

    def _accept(self, model: Model) -> None:
        """Take parameters over from a model, or refuse it."""

    # Methods

    def transform(self, X: Any) -> np.ndarray:
        """Hidden units of each row: P(h=1∣v), or the mean of h_j given v where units are no bits.

        Parameters
        ----------
        X : {array, sparse matrix, DataFrame} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_components)
            As float64 where X is, else float32; good to 1e-4.
        """
        X = self._checked(X)
        return self._transform_means(X) if self._grey(X) else self._transform(X)

    def log_likelihood(
        self, X: Any, *, method: str | None = None, budget: int | None = None
    ) -> LogLikelihood:
        """Mean log-likelihood of rows with its error, log Z with its own, and findings: ``harmonium eval``.

        Parameters
        ----------
        X : {array, sparse matrix, DataFrame} of shape (n_samples, n_features)
        method : {"auto", "exact", "ais"}, optional
            How log Z is found; auto is exact where that takes up to a minute or so, else AIS.
        budget : int, optional
            Chain steps that AIS may take at most.

        Returns
        -------
        LogLikelihood
        """
        with Scratch() as scratch:
            data = self._data(scratch, self._checked(X))
            completed = self._command(
                "eval", scratch, *data, *flags_of(method=method, budget=budget, seed=self._seed())
            )
            return LogLikelihood.of_eval(completed.json())

    def log_partition(self, *, method: str | None = None, budget: int | None = None) -> LogPartition:
        """log Z = log Σ e^(−E(v,h)) in nats, exact where a layer can be enumerated: ``harmonium eval``.

        Parameters
        ----------
        method : {"auto", "exact", "ais"}, optional
            exact: enumerate, or refuse.
        budget : int, optional
            Chain steps that AIS may take at most.

        Returns
        -------
        LogPartition
        """
        with Scratch() as scratch:  # AIS backwards starts at rows: here at samples
            rows, seed = scratch.path("samples.npy"), self._seed()
            self._command("sample", scratch, "-n", "100", "-o", rows, *flags_of(seed=seed), judge=False)
            flags = flags_of(method=method, budget=budget, seed=seed)
            return LogPartition.of_eval(self._command("eval", scratch, "--data", rows, *flags).json())

    def sample(
        self, n: int = 1, *, given: Any = None, method: str | None = None, random_state: Any = None
    ) -> Any:
        """Draw configurations from P(v), or from P(v∣given): ``harmonium sample``.

        Parameters
        ----------
        n : int
            Configurations.
        given : dict, optional
            Values of visible units that are held, by the number of the unit from 0 or the name of the column.
        method : {"auto", "exact", "gibbs", "tempered"}, optional
            auto: exact where that takes up to a minute or so, else Gibbs chains until they agree, else
            tempering.
        random_state : int, RandomState or None
            None: that of the estimator.

        Returns
        -------
        ndarray or DataFrame of shape (n, n_features)
            A DataFrame where the model is one of a table.
        """
        check_is_fitted(self)
        clamps = [f"--clamp={self._column(key)}={plain(value)}" for key, value in dict(given or {}).items()]
        with Scratch() as scratch:
            path = scratch.path("samples.csv" if self._table else "samples.npy")
            flags = flags_of(method=method, seed=self._seed(random_state))
            self._command("sample", scratch, "-n", str(n), "-o", path, *clamps, *flags)
            return self._read(path)

    def impute(self, X: Any, *, random_state: Any = None) -> Any:
        """Fill in missing cells, NaN, each row by a draw from P(missing∣known): ``harmonium complete``.

        Filled rows are as varied as real ones. The mean of several fills of one row is what is expected of
        its cells.

        Parameters
        ----------
        X : {array, DataFrame} of shape (n_samples, n_features)
        random_state : int, RandomState or None
            None: that of the estimator.

        Returns
        -------
        ndarray or DataFrame
            X with its missing cells filled; the others are as they were.
        """
        X = self._checked(X, gaps=True)
        missing = X.isna().to_numpy() if _rows.is_table(X) else np.isnan(X)
        if not missing.any():
            return X.copy()
        with Scratch() as scratch:
            path = scratch.path("filled.csv" if _rows.is_table(X) else "filled.npy")
            seed = flags_of(seed=self._seed(random_state))
            self._command("complete", scratch, *self._data(scratch, X), "-o", path, *seed)
            return _rows.fill(X, self._read(path))

    def watch(self, *, open_browser: bool = True) -> str:
        """Show the training on a page in the browser, which follows it: ``harmonium serve``.

        Before `fit` it waits for the training, and shows later ones too; after it, it shows what there is.
        All estimators of a process that are watched are on one page, to compare them. It is there until the
        process ends.

        Parameters
        ----------
        open_browser : bool
            Whether to open the page, rather than only return where it is.

        Returns
        -------
        str
            Its address on this machine.
        """
        if "_watched" not in self.__dict__:
            self._watched = True
            if CONFIG in self.__dict__.get("_run", {}):
                folder = page().new_run(type(self).__name__)
                folder.mkdir()
                for name, contents in self._run.items():
                    (folder / name).write_bytes(contents)
        address = page().address()
        if open_browser:
            webbrowser.open(address)
        return address

    def plot(self, ax: Any = None) -> Any:
        """Draw log-likelihood against updates, with matplotlib.

        Parameters
        ----------
        ax : matplotlib Axes, optional

        Returns
        -------
        Axes
        """
        return _picture.plot(self.history_, ax)

    # Scikit-learn

    def __getstate__(self) -> dict[str, Any]:
        get = getattr(super(), "__getstate__", None)
        state = dict(get() if get else self.__dict__)
        state.pop("_watched", None)  # a page of this process
        return state

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        bundle = {"text/plain": repr(self)}
        if hasattr(super(), "_repr_mimebundle_"):
            bundle = super()._repr_mimebundle_(**kwargs)
        if self.__sklearn_is_fitted__() and self.history_:
            bundle["text/html"] = bundle.get("text/html", "") + _picture.html_of(self.history_)
        return bundle

    # How a command is run

    def _checked(self, X: Any, *, reset: bool = False, gaps: bool = False) -> Any:
        """X as a DataFrame, a sparse matrix or an array of numbers with the columns of the model."""
        if not reset:
            check_is_fitted(self)
        if self._takes_table(X, reset):
            validate_data(self, X, reset=reset, skip_check_array=True)
            return X
        finite = "allow-nan" if gaps else True
        return validate_data(
            self,
            X,
            reset=reset,
            accept_sparse=["csr", "csc", "coo"],
            ensure_all_finite=finite,
            ensure_min_samples=2 if reset else 1,  # one row is constant data
        )

    def _takes_table(self, X: Any, reset: bool) -> bool:
        """Whether X goes to the engine as a table."""
        return False

    def _grey(self, X: Any) -> bool:
        """Whether values of X are probabilities of bits, neither 0 nor 1."""
        return False

    _table = False  # whether the model is one of a table
    _categories = False  # whether numbers of an array are categories

    def _data(self, scratch: Scratch, X: Any) -> list[str]:
        """Flags of commands that read rows."""
        path, kind = _rows.write(scratch, "X", X, categories=self._categories)
        return ["--data", path, "--no-names"] if kind == _rows.TEXT else ["--data", path]

    def _transform(self, X: Any, *flags: str, model: Model | None = None) -> np.ndarray:
        """Hidden units of rows as of `_checked`, by another model if it is given."""
        with Scratch() as scratch:
            out = scratch.path("hidden.npy", 4 * X.shape[0] * self.n_components)
            data = self._data(scratch, X) if model is None else Machine._data(self, scratch, X)
            self._command("transform", scratch, *data, "-o", out, *flags, model=model)
            hidden = scratch.load("hidden")
        return hidden.astype(np.float64) if _rows.is_float64(X) else hidden

    def _transform_means(self, X: Any) -> np.ndarray:
        """Hidden units of rows of probabilities x: means at the inputs c + Wᵀx, as of real units."""
        model = self.model_
        ones = {"visible.precisions": np.ones(model.m, np.float32)}
        real = replace(
            model, visible="gaussian", visible_layout=(), columns=None, tensors={**model.tensors, **ones}
        )
        return self._transform(X, model=real)

    def _command(
        self, verb: str, scratch: Scratch, *args: str, judge: bool = True, model: Model | None = None
    ) -> Completed:
        """Run a command on the model, or on another one, and warn of what it finds."""
        check_is_fitted(self)
        contents = self._run[MODEL] if model is None else model.to_bytes()
        path = Path(scratch.path(MODEL, len(contents)))
        path.write_bytes(contents)
        completed = self._call([verb, str(path), *args])
        if judge and completed.exit == 3:
            for found in completed.json().get("findings", ()):
                warnings.warn(str(Finding.of(found)), FindingWarning, stacklevel=3)
        return completed

    def _call(self, args: Sequence[str]) -> Completed:
        """Run a command line. Messages speak of X, not of the file that has its rows."""
        files = {Path(a).name.split(".")[0]: a for a in args if "harmonium-" in os.path.dirname(a)}
        try:
            with meter(f"{type(self).__name__} {args[0]}", self.verbose) as on_progress:
                completed = engine().run([*args, "--json"], on_progress=on_progress)
        except BadInput as error:
            error.args = (without(files, str(error)),)
            raise
        for line in completed.stderr.splitlines():
            if line.startswith("warning: "):
                warnings.warn(without(files, line.removeprefix("warning: ")), HarmoniumWarning, stacklevel=4)
        return completed

    def _train(
        self, X: Any, flags: Sequence[str], *, start: bytes | None = None, judge: bool = True, **more: Any
    ) -> Any:
        """Train on rows, from a model or from small random weights, and keep the run.

        Parameters
        ----------
        X : rows, as of `_checked`
        flags : sequence of str
            Of ``harmonium train``.
        start : bytes, optional
            The model to begin at.
        judge : bool
            Whether to warn of findings.
        more : rows
            Other files by the names of their flags.
        """
        with Scratch() as scratch:
            path, kind = _rows.write(scratch, "X", X, categories=self._categories)
            args, kinds = ["train", path, *flags, *self._reading(kind, start)], {kind}
            for name, rows in more.items():
                if rows is not None:
                    path, kind = _rows.write(
                        scratch, name, rows, categories=self._categories and name == "valid"
                    )
                    args += [f"--{name}", path]
                    kinds.add(kind)
            args += ["--no-names"] if _rows.TEXT in kinds else []
            if start is not None:
                source = Path(scratch.path(MODEL, len(start)))
                source.write_bytes(start)
                args += ["--from", str(source)]
            watched = "_watched" in self.__dict__
            folder = page().new_run(type(self).__name__) if watched else Path(scratch.path("run"))
            try:
                completed = self._call([*args, "-o", str(folder)])
            except Interrupted as interrupt:
                if not (folder / MODEL).is_file():
                    raise
                completed = interrupt.completed
                warnings.warn(
                    "the training was interrupted: the model is that of the updates so far",
                    HarmoniumWarning,
                    stacklevel=3,
                )
            self._keep(folder, completed)
        if judge and completed.exit == 3:
            for finding in self.findings_:
                warnings.warn(str(finding), FindingWarning, stacklevel=3)
        return self

    def _reading(self, kind: str, start: bytes | None) -> list[str]:
        """Flags that say what the values of X are."""
        return []

    def _keep(self, folder: Path, completed: Completed) -> None:
        """Take over what a training has left."""
        names = (MODEL, CONFIG, METRICS)
        self._run = {name: (folder / name).read_bytes() for name in names if (folder / name).is_file()}
        last = self.history_[-1] if self.history_ else {"update": 0, "epoch": 0}
        result = json.loads(completed.stdout or "{}")
        self.n_updates_ = result.get("updates", last["update"])
        self.n_iter_ = max(1, round(last["epoch"]))
        self.findings_ = tuple(map(Finding.of, result.get("findings", ())))

    def _read(self, path: str) -> Any:
        """Rows that a command wrote: a table, or an array, in which categories are numbers as in X."""
        if path.endswith(".csv"):
            import pandas

            return pandas.read_csv(path)
        X = np.load(path, allow_pickle=False)
        if X.ndim == 2:
            return X
        categories = [column["categories"] for column in self.model_.columns or ()]
        if not categories:
            return X
        states = X.argmax(axis=2)
        numbers = [np.array(texts, np.float64)[s] for texts, s in zip(categories, states.T, strict=True)]
        return np.stack(numbers, axis=1)

    def _seed(self, random_state: Any = None) -> int:
        """Seed of a command."""
        return seed_of(self.random_state if random_state is None else random_state)

    def _column(self, key: Any) -> Any:
        """A unit's number from 0 or a column's name, as `--clamp` takes it: numbers from 1."""
        return key + 1 if isinstance(key, (int, np.integer)) else key
