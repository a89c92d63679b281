"""Results with their errors: log-likelihoods, log Z and findings."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NAN = float("nan")


@dataclass(frozen=True)
class Finding:
    """Why a result may be less than it seems.

    Attributes
    ----------
    code : str
        Its name in docs/evaluation.md, such as ``hidden-mode``.
    message : str
        What was found.
    value, threshold : float
        The number that was found, and the one from which on it matters; NaN where there is none.
    consequence, remedy : str
        What it does to the result, and what to do about it.
    """

    code: str
    message: str
    value: float
    threshold: float
    consequence: str
    remedy: str

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Finding:
        """Finding of the command's JSON."""
        value, threshold = (_number(found.get(key)) for key in ("value", "threshold"))
        texts = (found.get(key) or "" for key in ("consequence", "remedy"))
        return cls(found["code"], found["message"], value, threshold, *texts)

    def __str__(self) -> str:
        rest = "; ".join(text for text in (self.consequence, self.remedy) if text)
        return f"{self.code}: {self.message}" + (f" ({rest})" if rest else "")


@dataclass(frozen=True)
class Estimate:
    """A number with its standard error: 0 where it is exact, NaN where it is unknown."""

    value: float
    error: float

    def __float__(self) -> float:
        return self.value

    def __str__(self) -> str:
        return plus_minus(self.value, self.error)

    @classmethod
    def of(cls, found: Mapping[str, Any] | None) -> Estimate | None:
        """Estimate of the command's JSON, None of null."""
        return (
            None
            if found is None or found["value"] is None
            else cls(_number(found["value"]), _number(found["stderr"]))
        )


@dataclass(frozen=True)
class LogPartition(Estimate):
    """log Z = log Σ_{v,h} e^(−E(v,h)), in nats.

    Attributes
    ----------
    value, error : float
        The estimate and its standard error: 0 where it is exact, NaN where log Z may be larger by an unknown
        amount.
    bracket : (float, float)
        Lower and upper bound, the latter infinite where none is known.
    method : str
        ``exact`` or ``ais``.
    findings : tuple of Finding
        What makes it less sure than it seems.
    """

    bracket: tuple[float, float]
    method: str
    findings: tuple[Finding, ...] = ()

    @classmethod
    def of_eval(cls, found: Mapping[str, Any]) -> LogPartition:
        """The one in the JSON of ``harmonium eval``."""
        z = found["log_z"]
        upper = math.inf if z["upper"] is None else z["upper"]
        findings = tuple(map(Finding.of, found["findings"]))
        return cls(z["value"], _number(z["stderr"]), (z["lower"], upper), found["method"], findings)

    def __str__(self) -> str:
        lines = [f"{'log Z':<23}{plus_minus(self.value, self.error)} ({self.method})"]
        return "\n".join(lines + _lines(self.findings))


@dataclass(frozen=True)
class LogLikelihood(Estimate):
    """Mean log-likelihood of rows, (1/N) Σ log P(v), in nats a row.

    Attributes
    ----------
    value : float
        The mean.
    error : float
        Standard error of that mean, as the rows are a sample of their source. The error of log Z comes on
        top; it shifts all rows, and all other data under the same model, alike.
    log_z : LogPartition
        log Z, with its own error.
    bracket : (float, float)
        The mean by the upper and by the lower bound of log Z: bounds for these rows.
    pseudo : Estimate or None
        Pseudo-log-likelihood Σ_i log P(v_i∣v_−i), which needs no log Z and is none.
    rows : int
        Number of rows.
    findings : tuple of Finding
        What makes it less sure than it seems.
    """

    log_z: LogPartition
    pseudo: Estimate | None
    rows: int

    @classmethod
    def of_eval(cls, found: Mapping[str, Any]) -> LogLikelihood:
        """The one in the JSON of ``harmonium eval``."""
        mean = found["log_likelihood"]
        log_z, pseudo = LogPartition.of_eval(found), Estimate.of(found["pseudo_log_likelihood"])
        return cls(_number(mean["value"]), _number(mean["stderr"]), log_z, pseudo, found["rows"])

    @property
    def bracket(self) -> tuple[float, float]:
        """Bounds of the mean by those of log Z."""
        lower, upper = self.log_z.bracket
        return self.value + (self.log_z.value - upper), self.value + (self.log_z.value - lower)

    @property
    def method(self) -> str:
        """How log Z was found."""
        return self.log_z.method

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Findings, those of log Z among them."""
        return self.log_z.findings

    def _table(self) -> list[tuple[str, str]]:
        z, (lower, upper) = self.log_z, self.bracket
        lines = [
            ("rows", f"{self.rows}"),
            ("log-likelihood", f"{plus_minus(self.value, self.error)} nats a row ({self.method})"),
            ("log Z", plus_minus(z.value, z.error)),
        ]
        if lower < upper:
            lines.append(("bounds", f"{lower:.4f} to {upper:.4f} nats a row"))
        if self.pseudo is not None:
            lines.append(("pseudo-log-likelihood", f"{self.pseudo} nats a row"))
        return lines

    def __str__(self) -> str:
        return "\n".join([f"{name:<23}{text}" for name, text in self._table()] + _lines(self.findings))

    def _repr_html_(self) -> str:
        rows = [f"<tr><td>{name}</td><td>{html.escape(text)}</td></tr>" for name, text in self._table()]
        found = [f"<li>{html.escape(str(finding))}</li>" for finding in self.findings]
        return f"<table>{''.join(rows)}</table>" + (f"<ul>{''.join(found)}</ul>" if found else "")


def plus_minus(value: float, error: float) -> str:
    """Text of a number with its error, which has two digits that count: −9.377 ± 0.059."""
    if not math.isfinite(error):
        return f"{value:.4f} ± unknown"
    if error <= 0:
        return f"{value:.4f}"
    digits = min(max(1 - math.floor(math.log10(error)), 0), 12)
    return f"{value:.{digits}f} ± {error:.{digits}f}"


def _number(x: float | None) -> float:
    return NAN if x is None else float(x)


def _lines(findings: tuple[Finding, ...]) -> list[str]:
    return [f"{'finding':<23}{finding}" for finding in findings]
