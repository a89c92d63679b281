"""Processes and threads for the tests of the engine, and what programs for a Python of its own begin with."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from harmonium import _engine, _scratch
from harmonium._engine import EngineError, Interrupted, Scratch, engine

__all__ = [
    "ENDLESS",
    "EngineError",
    "Interrupted",
    "Path",
    "Scratch",
    "_engine",
    "_scratch",
    "contextlib",
    "engine",
    "finish",
    "in_thread",
    "np",
    "os",
    "python",
    "runs",
    "signal",
    "sys",
    "threading",
    "time",
    "until",
]

ENDLESS = ["--hidden", "4", "--epochs", "100000000"]


def until(happened: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it does not happen"
        time.sleep(0.01)


def runs(pid: int) -> bool:
    """Report whether a process runs; a zombie does not."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    if Path("/proc").is_dir():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def python(program: str, *args: str, **options: object) -> subprocess.Popen[str]:
    """Start a program in a Python of its own, which has all of this module."""
    text = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); from processes import *\n"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    return subprocess.Popen(
        [sys.executable, "-c", text + textwrap.dedent(program), *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        **options,
    )


def finish(process: subprocess.Popen[str]) -> str:
    """Wait for a program that must end well, and return what it wrote."""
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr) == (0, ""), stdout + stderr
    return stdout


def in_thread(work: Callable[[], object]) -> Callable[[], BaseException | None]:
    """Begin work in a thread. The function that is returned waits for it and returns what it raised."""
    raised: list[BaseException] = []

    def guarded() -> None:
        try:
            work()
        except BaseException as e:  # noqa: BLE001
            raised.append(e)

    thread = threading.Thread(target=guarded)
    thread.start()

    def wait() -> BaseException | None:
        thread.join(60)
        assert not thread.is_alive(), "it hangs"
        return raised[0] if raised else None

    return wait


def rows_of(path: str) -> tuple[int, int]:
    """Return the number of rows of a file, and the id of the process that said so."""
    return engine().run(["data", "info", path, "--json"]).json()["rows"], engine()._process.pid
