"""The learning curve, as a drawing of matplotlib or as HTML for a notebook."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from typing import Any

from ._likelihood import plus_minus

NAMES = {"train_ll": "training", "valid_ll": "validation"}


def curves(history: Sequence[dict[str, Any]]) -> dict[str, tuple[list[int], list[float], list[float]]]:
    """Updates, log-likelihoods and their errors, for each kind of rows that was scored."""
    found = {}
    for key, name in NAMES.items():
        points = [(line["update"], line[key]) for line in history if line.get(key)]
        if points:
            updates, scores = zip(*points, strict=True)
            found[name] = (list(updates), [s["value"] for s in scores], [s["stderr"] for s in scores])
    return found


def plot(history: Sequence[dict[str, Any]], ax: Any = None) -> Any:
    """Draw log-likelihood against updates into Axes of matplotlib, and return them."""
    if ax is None:
        from matplotlib import pyplot

        ax = pyplot.figure().add_subplot()
    draw(history, ax)
    return ax


def draw(history: Sequence[dict[str, Any]], ax: Any) -> None:
    """The curves, each with a band of a standard error."""
    for name, (updates, values, errors) in curves(history).items():
        (line,) = ax.plot(updates, values, label=name)
        low = [v - e for v, e in zip(values, errors, strict=True)]
        high = [v + e for v, e in zip(values, errors, strict=True)]
        ax.fill_between(updates, low, high, color=line.get_color(), alpha=0.2, linewidth=0)
    ax.set_xlabel("updates")
    ax.set_ylabel("log-likelihood, nats a row")
    ax.legend()


def html_of(history: Sequence[dict[str, Any]]) -> str:
    """The last scores, and the curves where matplotlib is there."""
    rows = []
    for name, (updates, values, errors) in curves(history).items():
        text = f"{plus_minus(values[-1], errors[-1])} nats a row after {updates[-1]} updates"
        rows.append(f"<tr><td>log-likelihood ({name})</td><td>{html.escape(text)}</td></tr>")
    return f"<table>{''.join(rows)}</table>{_image(history)}" if rows else ""


def _image(history: Sequence[dict[str, Any]]) -> str:
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return ""
    figure = Figure(figsize=(5, 3), layout="constrained")
    draw(history, figure.add_subplot())
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=110)
    data = base64.b64encode(file.getvalue()).decode()
    return f'<img alt="learning curve" width="500" src="data:image/png;base64,{data}">'
