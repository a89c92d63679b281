"""scikit-learn's base classes and checks, or what stands in for them where scikit-learn 1.6 is not there.

The stand-ins have what an estimator needs by itself: parameters that can be read and set, which is also all
that `sklearn.base.clone` asks for, names of features, and checks of shapes.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

try:
    from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError:

    class NotFittedError(ValueError, AttributeError):
        """A method was called that needs a fitted model."""

    class BaseEstimator:  # type: ignore[no-redef]
        """Parameters are those of the constructor, under the same names."""

        def get_params(self, deep: bool = True) -> dict[str, Any]:
            """Parameters by their names."""
            names = [p.name for p in inspect.signature(type(self)).parameters.values()]
            return {name: getattr(self, name) for name in sorted(names)}

        def set_params(self, **params: Any) -> Any:
            """Set parameters, and return the estimator."""
            known = self.get_params()
            for name, value in params.items():
                if name not in known:
                    raise ValueError(f"there is no parameter {name!r}: want one of {', '.join(known)}")
                setattr(self, name, value)
            return self

        def __repr__(self) -> str:
            signature = inspect.signature(type(self)).parameters
            params = self.get_params().items()
            changed = [f"{name}={value!r}" for name, value in params if value is not signature[name].default]
            return f"{type(self).__name__}({', '.join(changed)})"

    class TransformerMixin:  # type: ignore[no-redef]
        """`fit` and `transform` in one."""

        def fit_transform(self, X: Any, y: Any = None) -> Any:
            """Fit to X, and transform it."""
            return self.fit(X, y).transform(X)  # type: ignore[attr-defined]

    class ClassNamePrefixFeaturesOutMixin:  # type: ignore[no-redef]
        """Features are called after the class."""

        def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
            """Names of the hidden units: the class's name with a number."""
            check_is_fitted(self)
            prefix = type(self).__name__.lower()
            return np.array([f"{prefix}{j}" for j in range(self._n_features_out)], object)  # type: ignore[attr-defined]

    def check_is_fitted(estimator: Any) -> None:  # type: ignore[misc]
        """Raise NotFittedError before `fit`."""
        if not estimator.__sklearn_is_fitted__():
            raise NotFittedError(f"this {type(estimator).__name__} is not fitted yet: call fit first")

    def validate_data(  # type: ignore[misc]
        estimator: Any, X: Any, *, reset: bool = True, skip_check_array: bool = False, **checks: Any
    ) -> Any:
        """X as an array of numbers on two axes, with as many columns as in `fit`."""
        names = getattr(X, "columns", None)
        if not skip_check_array and not (checks.get("accept_sparse") and hasattr(X, "tocsr")):
            X = np.asarray(X)
            if X.dtype.kind not in "fiub":
                X = X.astype(np.float64)
        if len(X.shape) != 2 or 0 in X.shape:
            raise ValueError(f"X has shape {X.shape}: want rows and columns, at least one of each")
        finite = skip_check_array or checks.get("ensure_all_finite") is not True or hasattr(X, "tocsr")
        if not finite and not np.isfinite(X).all():
            raise ValueError("X has NaN or infinite numbers: want finite ones")
        if reset:
            estimator.n_features_in_ = X.shape[1]
            estimator.__dict__.pop("feature_names_in_", None)
            if names is not None and all(isinstance(name, str) for name in names):
                estimator.feature_names_in_ = np.array(names, object)
        elif X.shape[1] != estimator.n_features_in_:
            raise ValueError(
                f"X has {X.shape[1]} features, but {type(estimator).__name__} is expecting "
                f"{estimator.n_features_in_} features as input"
            )
        return X


__all__ = [
    "BaseEstimator",
    "ClassNamePrefixFeaturesOutMixin",
    "TransformerMixin",
    "check_is_fitted",
    "validate_data",
]
