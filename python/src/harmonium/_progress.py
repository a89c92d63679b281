"""Progress of a command: a bar of tqdm where it is there, else lines on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ._engine import Progress

SECONDS = 2.0  # between lines


@contextmanager
def meter(name: str, verbose: int) -> Iterator[Callable[[Progress], None] | None]:
    """What shows progress while a command runs, or None unless `verbose`."""
    if not verbose:
        yield None
        return
    try:
        from tqdm.auto import tqdm
    except ImportError:
        yield _lines(name)
        return
    bar = None

    def show(progress: Progress) -> None:
        nonlocal bar
        if bar is None:
            bar = tqdm(desc=name, total=progress.total)
        bar.total, bar.n = progress.total, progress.done
        bar.set_postfix_str(progress.message)

    try:
        yield show
    finally:
        if bar is not None:
            bar.close()


def _lines(name: str) -> Callable[[Progress], None]:
    """A line every two seconds, and one at the end."""
    last = 0.0

    def show(progress: Progress) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= SECONDS or progress.done == progress.total:
            last = now
            print(f"[{name}] {progress.done}/{progress.total} {progress.message}", file=sys.stderr)

    return show
