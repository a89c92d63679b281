"""The end of the engine's process, Ctrl-C and forks: an exception or none, never a wait, and nothing left."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from processes import ENDLESS, finish, in_thread, python, rows_of, runs, until

from harmonium import _engine
from harmonium._engine import EngineDied, EngineError, Interrupted, Progress, Scratch, engine

posix = pytest.mark.skipif(os.name != "posix", reason="of POSIX")


# The end of the process


@posix
def test_killed_worker(scratch: Scratch, bits: str) -> None:
    used, begun = engine(), threading.Barrier(3)
    told: set[int] = set()

    def train(number: int) -> None:
        def on_progress(_: Progress) -> None:
            if number not in told:
                told.add(number)
                begun.wait(30)

        used.run(["train", bits, *ENDLESS, "-o", scratch.path(f"run{number}")], on_progress=on_progress)

    waits = [in_thread(lambda k=k: train(k)) for k in range(2)]
    begun.wait(30)
    used._process.kill()
    killed = time.monotonic()
    for error in [wait() for wait in waits]:
        assert isinstance(error, EngineDied) and "while a command was running: SIGKILL" in str(error)
    assert time.monotonic() - killed < 5 and used._process.returncode == -signal.SIGKILL
    with pytest.raises(EngineDied, match="has ended: SIGKILL"):
        used.run(["version"])
    assert engine() is not used and engine().run(["version"]).exit == 0
    assert used not in _engine._live


@posix
def test_crash_of_the_worker_tells_its_last_words(scratch: Scratch, bits: str) -> None:
    used = engine()

    def abort(_: Progress) -> None:
        used._process.send_signal(signal.SIGABRT)  # Go then writes what it was doing

    with pytest.raises(EngineDied, match=r"(?s)exit status 2\nSIGABRT: abort\n.*goroutine") as died:
        used.run(["train", bits, *ENDLESS, "-o", scratch.path("run")], on_progress=abort)
    assert len(str(died.value)) < 9_000


def test_close_saves_the_work(scratch: Scratch, bits: str, tmp_path: Path) -> None:
    used, begun = engine(), threading.Event()
    train = ["train", bits, *ENDLESS, "-o", str(tmp_path / "run")]
    wait = in_thread(lambda: used.run(train, on_progress=lambda _: begun.set()))
    begun.wait(30)
    used.close()
    error = wait()
    assert isinstance(error, Interrupted) and error.completed.exit == 130
    assert (tmp_path / "run/model.safetensors").is_file() and used._process.returncode == 0


@posix
@pytest.mark.parametrize("end", ["", "raise SystemExit", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_nothing_is_left_at_exit(end: str, tmp_path: Path) -> None:
    """A training runs in another thread while Python ends, or is killed."""
    child = python(
        """
        begun, scratch = threading.Event(), Scratch()
        bits = scratch.save("bits", np.random.default_rng(1).random((200, 9)) < 0.4)
        args = ["train", bits, *ENDLESS, "-o", sys.argv[1]]
        with Scratch() as other:
            other.save("x", np.zeros(9))
            def train():
                with contextlib.suppress(Interrupted):
                    engine().run(args, on_progress=lambda _: begun.set())
            threading.Thread(target=train, daemon=True).start()
            begun.wait(30)
            print(engine()._process.pid, *_scratch.folders(), flush=True)
            exec(sys.argv[2])
        """,
        str(tmp_path / "run"),
        end,
    )
    stdout, stderr = child.communicate(timeout=60)
    assert child.returncode == (-signal.SIGKILL if "SIGKILL" in end else 0) and stderr == ""
    pid, *folders = stdout.split()
    assert folders
    until(lambda: not runs(int(pid)))
    assert not any(map(os.path.exists, folders))
    assert (tmp_path / "run/model.safetensors").is_file()


# Ctrl-C

TRAIN = """
    run, told = sys.argv[1], []
    def on_progress(p):
        if not told:
            told.append(p)
            print("begun", flush=True)
    with Scratch() as scratch:
        bits = scratch.save("bits", np.random.default_rng(1).random((200, 9)) < 0.4)
        try:
            engine().run(["train", bits, *ENDLESS, "--json", "-o", run], on_progress=on_progress)
        except Interrupted as e:
            print(e.completed.exit, e.completed.json()["finished"], os.path.exists(run + "/model.safetensors"))
        print(engine().run(["version"]).exit)
"""


@posix
@pytest.mark.parametrize("whole_group", [False, True])
def test_ctrl_c_keeps_the_model(whole_group: bool, tmp_path: Path) -> None:
    """A terminal sends SIGINT to all processes in the foreground."""
    child = python(TRAIN, str(tmp_path / "run"), start_new_session=True)
    assert child.stdout is not None and child.stdout.readline() == "begun\n"
    (os.killpg if whole_group else os.kill)(child.pid, signal.SIGINT)
    assert finish(child) == "130 interrupted True\n0\n"


HELLO = 'say(protocol=1, version="0")\n'


@posix
def test_ctrl_c_twice_kills_a_worker_that_does_not_hear(fake: Callable[[str], Path]) -> None:
    path = fake(
        HELLO
        + 'say(id=hear()["id"], warning="begun")\nhear()\nprint("heard", file=sys.stderr)\ntime.sleep(99)'
    )
    child = python(
        """
        def told(line):
            print(line, engine()._process.pid, flush=True)
        try:
            engine().run(["train"], on_warning=told)
        except KeyboardInterrupt as e:
            print(type(e).__name__, engine().alive() and "another")
            _scratch.remove_folders()
            os._exit(0)  # a fake one would not end by itself
        """
    )
    assert child.stdout is not None
    begun, pid = child.stdout.readline().split()
    os.kill(child.pid, signal.SIGINT)
    time.sleep(0.5)
    assert begun == "begun" and child.poll() is None and runs(int(pid))
    os.kill(child.pid, signal.SIGINT)
    assert finish(child) == "KeyboardInterrupt another\n"
    assert not runs(int(pid)) and path.exists()


# Forks


@posix
def test_a_fork_has_an_engine_of_its_own(bits: str, scratch: Scratch) -> None:
    used = engine()
    child = os.fork()
    if child == 0:
        status = 1
        with contextlib.suppress(BaseException):
            with pytest.raises(EngineError, match="forked from"):
                used.run(["version"])
            assert rows_of(bits) == (200, engine()._process.pid) and engine() is not used
            with Scratch() as own:
                own.save("x", np.zeros(3))
            scratch.remove()  # which is the parent's
            engine().close()
            status = 0
        os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert engine() is used and rows_of(bits) == (200, used._process.pid)


@pytest.mark.parametrize(
    "method", [m for m in ("fork", "spawn") if m in multiprocessing.get_all_start_methods()]
)
def test_multiprocessing(method: str, bits: str) -> None:
    own = engine()._process.pid
    with multiprocessing.get_context(method).Pool(2) as pool:
        answers = pool.map(rows_of, [bits] * 6)
        pool.close()
        pool.join()
    assert {rows for rows, _ in answers} == {200} and own not in {pid for _, pid in answers}
    until(lambda: not any(runs(pid) for _, pid in answers))
    assert rows_of(bits) == (200, own)


def test_joblib(bits: str) -> None:
    joblib = pytest.importorskip("joblib")
    answers = joblib.Parallel(n_jobs=2)(joblib.delayed(rows_of)(bits) for _ in range(4))
    assert {rows for rows, _ in answers} == {200} and engine()._process.pid not in {pid for _, pid in answers}


@posix
def test_a_forked_process_does_not_keep_the_worker(tmp_path: Path) -> None:
    """The worker ends where its parent does, whatever other processes that one has made."""
    child = python(
        """
        engine()
        if os.fork() == 0:
            os.closerange(0, 3)
            time.sleep(20)
            os._exit(0)
        print(engine()._process.pid, *_scratch.folders(), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    pid, *folders = child.communicate(timeout=30)[0].split()
    until(lambda: not runs(int(pid)))
    assert folders and not any(map(os.path.exists, folders))
