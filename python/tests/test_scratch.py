"""Files for the engine: where they are, that they go, and disks that are full."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest
from processes import finish, python

from harmonium import _scratch
from harmonium._engine import Engine, EngineError, Scratch, binary

posix = pytest.mark.skipif(os.name != "posix", reason="of POSIX")


def test_scratch(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scratch() as s:
        x = np.arange(12.0).reshape(3, 4)
        path = s.save("x", x)
        assert path == s.path("x.npy") and (s.load("x") == x).all()
        Path(s.path("run", 5)).mkdir()
        monkeypatch.setattr(_scratch, "_fits", lambda *_: False)
        assert (
            os.path.dirname(s.path("large")) not in (os.path.dirname(path), "")
            or len(_scratch.folders()) == 1
        )
    assert not os.path.exists(os.path.dirname(path))


def test_shared_memory_that_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _scratch._fits(_scratch.folders()[0], 1) and not _scratch._fits(_scratch.folders()[0], 1 << 60)
    assert not _scratch._fits(Path("/nothing"), 1)


@posix
def test_full_disk(tmp_path: Path) -> None:
    """The array is larger than a file may be, which a process hears as of a full disk: when a part of it is written."""
    child = python(
        """
        import resource
        engine()
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
        with Scratch() as scratch:
            try:
                scratch.save("x", np.zeros(1 << 20))
            except EngineError as e:
                print(e)
            print(os.listdir(os.path.dirname(scratch.path("y"))))
            print(engine().run(["data", "info", scratch.save("z", np.eye(3, dtype=bool)), "--json"]).exit)
        """
    )
    lines = finish(child).splitlines()
    assert lines[0].startswith("an array of 8.4 MB can't be written to ") and "set TMPDIR" in lines[0]
    assert lines[1:] == ["[]", "0"]


def full(*_: object, **__: object) -> str:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_no_room_for_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    _scratch.folders()
    monkeypatch.setattr(_scratch.tempfile, "mkdtemp", full)
    with Scratch() as s, pytest.raises(EngineError, match="no folder .* No space left on device.*set TMPDIR"):
        s.save("x", np.zeros(3))


def test_no_folder_anywhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(_scratch, "_folders", {})
    monkeypatch.setattr(_scratch, "SHARED_MEMORY", tmp_path / "nothing")
    monkeypatch.setattr(_scratch.tempfile, "gettempdir", full)
    with (
        Scratch() as s,
        pytest.raises(EngineError, match="no folder .*nothing or where the system has them.*set TMPDIR"),
    ):
        s.save("x", np.zeros(3))


@posix
def test_full_disk_of_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker's files may have 50 kB: what the command says is the exception's text, and half a file is gone."""
    script = tmp_path / "harmonium"
    script.write_text(f"#!/bin/sh\nulimit -f 100\ntrap '' XFSZ\nexec '{binary()}' \"$@\"\n")
    script.chmod(0o755)
    monkeypatch.setenv("HARMONIUM", str(script))
    limited = Engine()
    with Scratch() as scratch:
        path = scratch.path("bars.npy")
        with pytest.raises(EngineError, match=r"bars\.npy.*: file too large"):
            limited.run(["data", "bars", "--rows", "9", "--columns", "9", "-n", "9000", "-o", path])
        assert os.listdir(os.path.dirname(path)) == []
        assert limited.run(["version"]).exit == 0
    limited.kill()
