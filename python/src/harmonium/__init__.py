"""Restricted Boltzmann machines that are trained, judged and sampled by the program `harmonium`.

>>> from harmonium import RBM
>>> rbm = RBM(64, random_state=1).fit(X)           # doctest: +SKIP
>>> print(rbm.log_likelihood(X_test))              # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._bernoulli import BernoulliRBM
    from ._engine import BadInput, EngineDied, EngineError
    from ._likelihood import Estimate, Finding, LogLikelihood, LogPartition
    from ._machine import FindingWarning, HarmoniumWarning
    from ._rbm import RBM

_HOMES = {
    "BernoulliRBM": "_bernoulli",
    "RBM": "_rbm",
    "Estimate": "_likelihood",
    "Finding": "_likelihood",
    "LogLikelihood": "_likelihood",
    "LogPartition": "_likelihood",
    "BadInput": "_engine",
    "EngineDied": "_engine",
    "EngineError": "_engine",
    "FindingWarning": "_machine",
    "HarmoniumWarning": "_machine",
}

__all__ = [
    "RBM",
    "BadInput",
    "BernoulliRBM",
    "EngineDied",
    "EngineError",
    "Estimate",
    "Finding",
    "FindingWarning",
    "HarmoniumWarning",
    "LogLikelihood",
    "LogPartition",
]


def __getattr__(name: str) -> Any:
    """Import what is asked for: scikit-learn, which the estimators use where it is there, takes a second."""
    if name not in _HOMES:
        raise AttributeError(f"module 'harmonium' has no attribute {name!r}")
    value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
