"""Fixtures of the tests of the engine."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from harmonium._engine import Scratch


@pytest.fixture
def scratch() -> Iterator[Scratch]:
    with Scratch() as s:
        yield s


@pytest.fixture
def bits(scratch: Scratch) -> str:
    return scratch.save("bits", np.random.default_rng(1).random((200, 9)) < 0.4)


FAKE = """#!{python}
import json, os, sys, time
def say(**answer):
    print(json.dumps(answer), flush=True)
def hear():
    return json.loads(sys.stdin.readline())
"""


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Make a program that the engine takes for harmonium."""

    def make(program: str) -> Path:
        path = tmp_path / "harmonium"
        path.write_text(FAKE.format(python=sys.executable) + textwrap.dedent(program))
        path.chmod(0o755)
        monkeypatch.setenv("HARMONIUM", str(path))
        return path

    return make
