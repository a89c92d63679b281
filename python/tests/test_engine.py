"""The engine: what a command line ends with, and programs that are none."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from processes import ENDLESS, in_thread, runs

from harmonium import _engine
from harmonium._engine import BadInput, Engine, EngineDied, EngineError, Progress, Scratch, binary, engine

posix = pytest.mark.skipif(os.name != "posix", reason="of POSIX")


# What a command ends with


def test_result_findings_and_errors(scratch: Scratch, bits: str) -> None:
    done = engine().run(["data", "info", bits, "--json"])
    assert done.exit == 0 and done.json()["rows"] == 200 and done.stderr == ""
    same = scratch.save("same", np.ones((3, 4), np.uint8))
    findings = engine().run(["data", "info", same, "--json"])
    assert findings.exit == 3 and findings.json()["findings"][0]["code"] == "constant-data"
    with pytest.raises(EngineError, match=r"^train: .*a parameter is no longer .* nothing is kept") as failed:
        engine().run(
            ["train", bits, "--hidden", "4", "--optimizer", "sgd", "--rate", "1e38", "-o", scratch.path("r")]
        )
    assert failed.value.completed.exit == 1 and not isinstance(failed.value, EngineDied)


@pytest.mark.parametrize(
    "args",
    [
        ["data", "info", "nothing.npy"],
        ["train", "--hiden", "3"],
        ["no-verb"],
        ["eval", "x", "y", "--data", "z"],
    ],
)
def test_bad_input_in_the_words_of_the_command(args: list[str]) -> None:
    alone = subprocess.run([binary(), *args], capture_output=True, text=True, check=False)
    assert alone.returncode == 2
    with pytest.raises(BadInput) as refused:
        engine().run(args)
    assert f"harmonium: {refused.value}\n" == alone.stderr == refused.value.completed.stderr
    assert isinstance(refused.value, ValueError)


def test_long_lines() -> None:
    with pytest.raises(BadInput, match="file name too long"):
        engine().run(["data", "info", "x" * 2_000_000])
    assert len(engine().run(["train", "--help"]).stdout) > 2000


def test_long_command_lines() -> None:
    with pytest.raises(BadInput, match="a command line of 9437188 characters, want at most 8388608"):
        engine().run(["data", "\x00" * (9 << 20)])
    with pytest.raises(BadInput):  # which is the command's: JSON has six bytes for each of these, and they fit
        engine().run(["version", "\x01" * ((8 << 20) - 7)])
    assert engine().run(["version"]).exit == 0


def test_names_that_are_not_utf8() -> None:
    with pytest.raises(BadInput, match=r"'\\udcff.npy' is not in UTF-8"):
        engine().run(["data", "info", os.fsdecode(b"\xff.npy")])
    with pytest.raises(BadInput, match=r"'\\ufffd.npy' is not in UTF-8"):
        engine().run(["data", "info", "\ufffd.npy"])
    with pytest.raises(TypeError, match="'version', want a list of its words"):
        engine().run("version")


def test_progress_and_warnings(scratch: Scratch, bits: str) -> None:
    seen: list[Progress] = []
    warnings: list[str] = []
    done = engine().run(
        ["train", bits, "--hidden", "4", "--updates", "50", "-o", scratch.path("run")],
        on_progress=seen.append,
        on_warning=warnings.append,
    )
    assert done.exit == 0
    assert [(p.name, p.done, p.total) for p in (seen[0], seen[-1])] == [("train", 1, 50), ("train", 50, 50)]
    with pytest.raises(BadInput) as refused:
        engine().run(["data", "info", "nothing.npy"], on_warning=warnings.append)
    assert warnings == [f"harmonium: {refused.value}"]


def test_an_exception_of_a_callable_interrupts(scratch: Scratch, bits: str) -> None:
    pid, run = engine()._process.pid, scratch.path("run")
    with pytest.raises(KeyError, match="mine"):
        engine().run(["train", bits, *ENDLESS, "-o", run], on_progress=lambda _: {}["mine"])
    assert list(Path(run, "checkpoint").iterdir()) and engine()._process.pid == pid
    assert not engine()._calls


def test_relative_paths_follow_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = engine()
    monkeypatch.chdir(tmp_path)
    np.save("here.npy", np.eye(4, dtype=np.uint8))
    assert engine().run(["data", "info", "here.npy", "--json"]).json()["rows"] == 4
    assert not old.alive() and not runs(old._process.pid)


def test_threads_side_by_side(scratch: Scratch) -> None:
    def work(rows: int) -> None:
        path = scratch.save(f"rows{rows}", np.random.default_rng(rows).random((rows, 5)) < 0.5)
        for _ in range(10):
            assert engine().run(["data", "info", path, "--json"]).json()["rows"] == rows

    assert [wait() for wait in [in_thread(lambda n=n: work(n)) for n in range(20, 28)]] == [None] * 8


HELLO = 'say(protocol=1, version="0")\n'


# Programs that are no worker


@posix
@pytest.mark.parametrize(
    ("program", "says"),
    [
        ('print("what?", file=sys.stderr)\nsys.exit(2)', r"ended at once: exit status 2\nwhat\?"),
        ("", "ended at once: exit status 0"),
        ('print("hello")\ntime.sleep(99)', "'hello' is no answer of a worker"),
        ("print(7)\ntime.sleep(99)", "'7' is no answer of a worker"),
        (
            'say(protocol=7, version="9")\ntime.sleep(99)',
            "version 9, speaks version 7 of the protocol .* version 1",
        ),
        ("time.sleep(99)", "does not answer after 1 s"),
        ("os.close(1)\ntime.sleep(99)", "ended at once"),
    ],
)
def test_no_worker(
    program: str, says: str, fake: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(program)
    monkeypatch.setattr(
        _engine, "START_SECONDS", 10 if "sleep" not in program or "os.close" in program else 1
    )
    before = set(_engine._live)
    with pytest.raises(EngineDied, match=says):
        Engine()
    assert _engine._live == before


@posix
@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ('print("oops"); time.sleep(99)', "'oops' is no answer of a worker"),
        ('say(error="line 1: no request"); time.sleep(99)', "line 1: no request"),
        ("os.close(1); time.sleep(99)", "while a command was running"),
        ("sys.exit(5)", "exit status 5"),
        ('sys.stdout.write("{"); sys.exit(5)', "exit status 5"),
    ],
)
def test_a_worker_that_errs(answer: str, says: str, fake: Callable[[str], Path]) -> None:
    fake(HELLO + "hear()\n" + answer)
    bad = Engine()
    with pytest.raises(EngineDied, match=says):
        bad.run(["version"])
    assert not bad.alive() and bad._process.returncode is not None


@posix
def test_a_worker_that_writes_much_to_standard_error(fake: Callable[[str], Path]) -> None:
    fake(
        HELLO
        + 'n = hear()["id"]\nsys.stderr.write("x" * 3_000_000)\nsay(id=n, exit=0, stdout="out", stderr="")\nhear()'
    )
    loud = Engine()
    assert loud.run(["version"]).stdout == "out"
    loud.kill()


@posix
def test_no_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARMONIUM", str(tmp_path / "nothing"))
    with pytest.raises(EngineDied, match="nothing can't be started: .*No such file"):
        Engine()
    (tmp_path / "text").write_text("text")
    monkeypatch.setenv("HARMONIUM", str(tmp_path / "text"))
    with pytest.raises(EngineDied, match="text can't be started: .*Permission denied"):
        Engine()


def test_where_the_program_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "harmonium.exe" if os.name == "nt" else "harmonium"
    monkeypatch.setattr(_engine, "__file__", str(tmp_path / "package/_engine.py"))
    monkeypatch.delenv("HARMONIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    with pytest.raises(EngineError, match=r"HARMONIUM is not set.*package.bin.*none is on PATH"):
        binary()
    for place in ("path", "package/bin"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / name).write_text("")
        (tmp_path / place / name).chmod(0o755)
        assert binary() == tmp_path / place / name
    monkeypatch.setenv("HARMONIUM", "another")
    assert binary() == Path("another")
