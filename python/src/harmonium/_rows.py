"""Rows of data as files that the engine reads."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._engine import Scratch

BLOCK = 256  # rows that are looked at together

BITS, SPINS, REALS, TABLE, TEXT = "bits", "spins", "reals", "table", "text"


def is_table(X: Any) -> bool:
    """Whether X is a pandas DataFrame."""
    return hasattr(X, "iloc") and hasattr(X, "dtypes")


def is_sparse(X: Any) -> bool:
    """Whether X is a matrix or an array of scipy.sparse."""
    return hasattr(X, "tocsr") and hasattr(X, "nnz")


def write(scratch: Scratch, name: str, X: Any, *, categories: bool = False) -> tuple[str, str]:
    """Write rows into a file.

    Parameters
    ----------
    scratch : Scratch
        The folder.
    name : str
        Name of the file, without what tells its format.
    X : DataFrame, sparse matrix or ndarray of numbers
    categories : bool
        Whether numbers of an array are categories. Those with gaps become text, as arrays can't say it.

    Returns
    -------
    path : str
    kind : str
        BITS, SPINS or REALS by the values that are not missing, TABLE, or TEXT without names.
    """
    if is_table(X):
        path = scratch.path(name + ".csv", 12 * X.size)
        X.to_csv(path, index=False, header=[str(column) for column in X.columns])
        return path, TABLE
    if is_sparse(X):
        import scipy.sparse

        X = X.tocsr()
        path = scratch.path(name + ".npz", 16 * X.nnz)
        scipy.sparse.save_npz(path, scipy.sparse.csr_matrix(X), compressed=False)
        return path, BITS if are_bits(X) else REALS
    if categories and np.isnan(X).any():
        path = scratch.path(name + ".csv", 4 * X.size)
        np.savetxt(path, X, fmt="%.17g", delimiter=",")
        return path, TEXT
    X, kind = narrow(X)
    return scratch.save(name, X), kind


def is_float64(X: Any) -> bool:
    """Whether X is an array of double precision, and so is what is made of it."""
    return getattr(X, "dtype", None) == np.float64


def are_bits(X: Any) -> bool:
    """Whether all numbers are 0 or 1."""
    if is_sparse(X):
        return bool(((X.data == 0) | (X.data == 1)).all())
    return narrow(X)[1] == BITS


def narrow(X: np.ndarray) -> tuple[np.ndarray, str]:
    """Array of the same numbers that takes the least bytes, and what they are."""
    if X.dtype == bool:
        return X.view(np.uint8), BITS
    small = np.empty(X.shape, np.int8)
    for first in range(0, len(X), BLOCK):  # a block stays in the cache
        rows = slice(first, first + BLOCK)
        with np.errstate(invalid="ignore"):
            np.copyto(small[rows], X[rows], casting="unsafe")
        if not np.array_equal(small[rows], X[rows]):
            return X, _kind_with_gaps(X)
    low, high = small.min(), small.max()
    if low >= 0 and high <= 1:
        return small.view(np.uint8), BITS
    if low == -1 and high <= 1 and small.all():
        return small, SPINS
    return X, REALS


def _kind_with_gaps(X: np.ndarray) -> str:
    """Kind of the numbers that are not NaN."""
    if X.dtype.kind != "f":
        return REALS
    known = X[~np.isnan(X)]
    if known.size == X.size or known.size == 0:
        return REALS
    return narrow(known)[1]


def fill(X: Any, filled: Any) -> Any:
    """A copy of X with its missing cells from `filled`, all others as they are."""
    if not is_table(X):
        return np.where(np.isnan(X), filled, X).astype(X.dtype)
    result = X.copy()
    for at, column in enumerate(X.columns):
        missing = X[column].isna()
        if missing.any():
            values = filled.iloc[:, at]
            result[column] = X[column].where(~missing, values.set_axis(X.index))
    return result
