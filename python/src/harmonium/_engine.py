"""The engine: a process ``harmonium worker`` that runs command lines, and files that carry arrays to it.

Every feature, message and file format is the command's, so that it is there once. A call costs a few milliseconds, as the
process stays. ``harmonium --help`` and docs/cli.md describe the commands and the protocol.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import json
import os
import queue
import shutil
import signal
import subprocess
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

PROTOCOL = 1
START_SECONDS = 60  # that a worker may take to say its first line
END_SECONDS = 30  # that it may take to save the work of what it runs and end


class EngineError(RuntimeError):
    """The command failed, or the engine.

    Attributes
    ----------
    completed : Completed or None
        What the command ended with, its warnings among it; None where it did not come to an end.
    """

    completed: Completed | None = None


class EngineDied(EngineError):
    """The engine's process ended while a command was running, or would not start."""


class BadInput(ValueError):
    """Bad usage or bad input, in the command's words.

    Attributes
    ----------
    completed : Completed or None
        What the command ended with, its warnings among it.
    """

    completed: Completed | None = None


class Interrupted(KeyboardInterrupt):
    """The command was interrupted and has saved its work.

    Attributes
    ----------
    completed : Completed
        What the command ended with. Its ``exit`` is 130, or that of a command that was done just then.
    """

    def __init__(self, completed: Completed) -> None:
        super().__init__("interrupted")
        self.completed = completed


@dataclass(frozen=True)
class Progress:
    """How far a command is: ``done`` of ``total`` steps of what ``name`` says."""

    name: str
    done: int
    total: int
    message: str


@dataclass(frozen=True)
class Completed:
    """What a command ended with: its exit status (0, or 3 where a finding says that the answer can't be trusted) and output."""

    exit: int
    stdout: str
    stderr: str

    def json(self) -> Any:
        """Return the result of a command that ran with ``--json``."""
        return json.loads(self.stdout)


def binary() -> Path:
    """Return the program: $HARMONIUM, else this package's own, else ``harmonium`` on PATH.

    Raises
    ------
    EngineError
        If there is none of them.
    """
    if named := os.environ.get("HARMONIUM"):
        return Path(named)
    own = Path(__file__).parent / "bin" / ("harmonium.exe" if os.name == "nt" else "harmonium")
    if own.is_file():
        return own
    if found := shutil.which("harmonium"):
        return Path(found)
    raise EngineError(
        f"there is no program harmonium: HARMONIUM is not set, this package has none of its own in {own.parent}, and none is on PATH. "
        "Install a wheel of this platform, or build it by 'go build ./cmd/harmonium' and set HARMONIUM to its path"
    )


class Engine:
    """A process ``harmonium worker``. Use `engine` to get the one of this process.

    Threads may use it side by side: so do their commands run.
    """

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.folder = _folder()
        self._lock = threading.Lock()  # of what is below, and of what is written to the process
        self._ids = itertools.count(1)
        self._calls: dict[int, queue.SimpleQueue[dict[str, Any] | None]] = {}
        self._hello: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._ended = False
        self._noise: deque[bytes] = deque(maxlen=16)
        self._garbled = ""
        program = binary()
        try:
            self._process = subprocess.Popen(
                [program, "worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                # Ctrl-C on the terminal goes to this process alone, which tells the worker what to interrupt.
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
                | getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as e:
            raise EngineDied(f"{program} can't be started: {e}") from e
        self._threads = [
            threading.Thread(target=f, name="harmonium", daemon=True) for f in (self._listen, self._drain)
        ]
        try:
            for thread in self._threads:
                thread.start()
            self._greet(program)
        except BaseException:
            self.kill()
            raise

    def run(
        self,
        args: Sequence[str | os.PathLike[str]],
        *,
        on_progress: Callable[[Progress], None] | None = None,
        on_warning: Callable[[str], None] | None = None,
    ) -> Completed:
        """Run a command line, such as ``["version", "--json"]``, and wait for its end.

        Parameters
        ----------
        args : sequence of str
            What follows ``harmonium`` on a command line.
        on_progress : callable, optional
            Is given the `Progress`, some ten times a second, in this thread.
        on_warning : callable, optional
            Is given each line of standard error as it comes, in this thread. All are in ``Completed.stderr``, too.

        Raises
        ------
        BadInput
            For exit status 2, in the command's words.
        EngineError
            For exit status 1, in the command's words.
        EngineDied
            If the process ends meanwhile.
        Interrupted
            After Ctrl-C, when the command has saved its work. A second Ctrl-C ends the process at once.

        Notes
        -----
        Where a callable raises an exception, the command is interrupted, and the exception raised when it has ended.
        """
        call: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        number = self._begin(call, _arguments(args))
        stopped: BaseException | None = None
        try:
            while True:
                try:
                    message = _next(call)
                    if message is None:
                        raise self._death()
                    if "exit" in message:
                        break
                    if stopped is not None:
                        continue
                    if on_progress is not None and "progress" in message:
                        on_progress(Progress(**message["progress"]))
                    elif on_warning is not None and "warning" in message:
                        on_warning(message["warning"])
                except EngineDied:
                    raise
                except BaseException as e:
                    if stopped is not None:
                        self.kill()
                        raise
                    stopped = e
                    self._send({"interrupt": number})
        finally:
            with self._lock:
                self._calls.pop(number, None)
        completed = Completed(message["exit"], message["stdout"], message["stderr"])
        if stopped is not None and not isinstance(stopped, KeyboardInterrupt):
            raise stopped
        return _judge(completed, stopped)

    def alive(self) -> bool:
        """Report whether it takes commands."""
        return self.pid == os.getpid() and not self._ended and self._process.poll() is None

    def close(self) -> None:
        """End the process. Commands that run are interrupted, and save their work."""
        with self._lock, contextlib.suppress(OSError):
            self._process.stdin.close()
        self._await(END_SECONDS)

    def kill(self) -> None:
        """End the process at once. Commands that run raise `EngineDied`."""
        self._process.kill()
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        self._await(END_SECONDS)

    def _await(self, seconds: float) -> None:
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for thread in self._threads:
            if thread.ident is not None and thread is not threading.current_thread():
                thread.join(END_SECONDS)

    def forget(self) -> None:
        """Let go of the process after a fork: it is the parent's, and must see its input end when the parent's does."""
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            with contextlib.suppress(OSError):
                pipe.close()
        self._process.returncode = 0  # nothing to wait for

    def _greet(self, program: Path) -> None:
        """Wait for the first line."""
        try:
            hello = self._hello.get(timeout=START_SECONDS)
        except queue.Empty:
            raise EngineDied(
                f"{program} does not answer after {START_SECONDS} s: want a harmonium that has the command worker"
            ) from None
        if hello is None:
            raise self._death(f"{program} worker ended at once")
        if hello.get("protocol") != PROTOCOL:
            raise EngineDied(
                f"{program} speaks version {hello.get('protocol')} of the protocol of workers, and this package version {PROTOCOL}: "
                "want both from one release"
            )
        self.version: str = hello["version"]

    def _begin(self, call: queue.SimpleQueue[dict[str, Any] | None], args: list[str]) -> int:
        """Ask for a command, and return its id."""
        if self.pid != os.getpid():
            raise EngineError(
                "this engine is of the process that this one was forked from: call engine() for one of its own"
            )
        with self._lock:
            if self._ended:
                raise self._death()
            number = next(self._ids)
            self._calls[number] = call
        self._send({"id": number, "run": args})
        return number

    def _send(self, request: dict[str, Any]) -> None:
        """Write a line to the process. If that fails the listener sees its end, and tells all who wait."""
        line = memoryview(json.dumps(request).encode() + b"\n")
        try:
            with self._lock:
                while line:
                    line = line[self._process.stdin.write(line) :]
        except (OSError, ValueError):  # it has ended, or is closed
            pass
        except BaseException:  # half a line may be written
            self.kill()
            raise

    def _listen(self) -> None:
        """Hand each line of the process to who waits for it, and its end to all."""
        parts: list[bytes] = []
        with contextlib.suppress(OSError, ValueError):
            while chunk := self._process.stdout.read(1 << 16):
                first, *others = chunk.split(b"\n")
                parts.append(first)
                for other in others:
                    self._dispatch(b"".join(parts))
                    parts = [other]
        self._end()

    def _dispatch(self, line: bytes) -> None:
        try:
            message = json.loads(line)
            if "protocol" in message:
                self._hello.put(message)
                return
            if "error" in message:
                raise ValueError(message["error"])
            call = self._calls.get(message["id"])
        except (ValueError, KeyError, TypeError) as e:  # no worker, or one that did not understand a request
            self._garbled = f"{e}: {line[:200].decode(errors='replace')}"
            self._process.kill()
            return
        if call is not None:
            call.put(message)

    def _drain(self) -> None:
        """Keep the last of the process's own standard error, so that it never waits for a reader."""
        with contextlib.suppress(OSError, ValueError):
            while chunk := self._process.stderr.read(4096):
                self._noise.append(chunk)

    def _end(self) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)
        self._threads[1].join(END_SECONDS)
        with self._lock:
            self._ended = True
            waiting = [self._hello, *self._calls.values()]
        for call in waiting:
            call.put(None)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            with contextlib.suppress(OSError):
                pipe.close()

    def _death(self, what: str = "the engine's process ended while a command was running") -> EngineDied:
        status = self._process.poll()
        how = f"exit status {status}"
        if status is None:
            how = "its output is closed"
        elif status < 0:
            with contextlib.suppress(ValueError):
                how = f"killed by {signal.Signals(-status).name}"
                if signal.Signals(-status).name == "SIGKILL":
                    how += ", as the system does where memory runs out"
        text = b"".join(self._noise).decode(errors="replace").strip()
        lines = [f"{what} ({how}). The next call starts another"]
        lines += [self._garbled] if self._garbled else []
        lines += [text] if text else []
        return EngineDied(":\n".join(lines))


def _arguments(args: Sequence[str | os.PathLike[str]]) -> list[str]:
    texts = [os.fspath(a) for a in args]
    for text in texts:
        try:
            text.encode()
        except UnicodeEncodeError:
            raise BadInput(f"{text!a} is not in UTF-8: want another name of the file") from None
    return texts


def _next(call: queue.SimpleQueue[dict[str, Any] | None]) -> dict[str, Any] | None:
    """Wait for a message. Ctrl-C doesn't end a wait on Windows: it is a row of short ones."""
    while True:
        with contextlib.suppress(queue.Empty):
            return call.get(timeout=0.2)


def _judge(completed: Completed, interrupt: BaseException | None) -> Completed:
    """Return what a command ended with, or raise what it says."""
    text = completed.stderr.strip()
    _, found, words = ("\n" + text).rpartition("\nharmonium: ")
    error: BadInput | EngineError
    match completed.exit:
        case 0 | 3 if interrupt is None:
            return completed
        case 0 | 3 | 130:
            raise Interrupted(completed) from None
        case 2:
            error = BadInput(words if found else text)
        case _:
            error = EngineError(words if found else text or f"exit status {completed.exit}")
    error.completed = completed
    raise error


_engine: Engine | None = None
_engine_lock = threading.Lock()


def engine() -> Engine:
    """Return the engine of this process. It is started at first use, and again where it died or the working directory changed."""
    global _engine
    with _engine_lock:
        if _engine is None or not _engine.alive() or _engine.folder != _folder():
            if _engine is not None:
                _retired.append(_engine)
            _engine = Engine()
        for old in [e for e in _retired if not e._calls]:
            _retired.remove(old)
            old.close()
        return _engine


_retired: list[Engine] = []  # which run commands yet


def _folder() -> str | None:
    """Return the working directory, in which the paths of commands begin; None where it is gone."""
    try:
        return os.getcwd()
    except OSError:
        return None


@atexit.register
def _close() -> None:
    global _engine
    for e in [*_retired, *([_engine] if _engine is not None else [])]:
        if e.pid == os.getpid():
            e.close()
    _engine = None
    _retired.clear()


def _after_fork() -> None:
    """Leave engine and folders to the parent."""
    global _engine, _engine_lock
    for e in [*_retired, *([_engine] if _engine is not None else [])]:
        e.forget()
    _engine, _engine_lock = None, threading.Lock()
    _retired.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


SHARED_MEMORY = Path("/dev/shm")
SPARE_BYTES = 64 << 20  # of shared memory that is left to others


class Scratch:
    """A temporary folder for the arrays of a command, in shared memory where they fit. It is gone at the end of ``with``.

    Examples
    --------
    >>> with Scratch() as scratch:
    ...     done = engine().run(["data", "info", scratch.save("x", array), "--json"])
    """

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._folders: dict[Path, Path] = {}  # by where they are
        self._files: dict[str, Path] = {}

    def __enter__(self) -> Scratch:
        _scratches.add(self)
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def path(self, name: str, size: int = 0) -> str:
        """Return where a file or folder of this name is, or shall be, that takes about ``size`` bytes."""
        if name not in self._files:
            self._files[name] = self._folder(size) / name
        return str(self._files[name])

    def save(self, name: str, array: np.ndarray) -> str:
        """Write an array and return the path of its .npy file."""
        path = self.path(name + ".npy", array.nbytes)
        try:
            np.save(path, array, allow_pickle=False)
        except OSError as e:
            self._files.pop(name + ".npy")
            with contextlib.suppress(OSError):
                os.remove(path)
            raise EngineError(
                f"an array of {array.nbytes / 1e6:.1f} MB can't be written to {Path(path).parent}: {e}. "
                "If that is full, make room there or set TMPDIR to another folder"
            ) from e
        return path

    def load(self, name: str) -> np.ndarray:
        """Return the array of a file that a command wrote, or `save`."""
        return np.load(self.path(name + ".npy"), allow_pickle=False)

    def remove(self) -> None:
        """Remove the folder."""
        _scratches.discard(self)
        if self._pid == os.getpid():  # a process that was forked meanwhile leaves it to its parent
            for folder in self._folders.values():
                shutil.rmtree(folder, ignore_errors=True)
            self._folders.clear()

    def _folder(self, size: int) -> Path:
        place = _place(size)
        if place not in self._folders:
            try:
                self._folders[place] = Path(tempfile.mkdtemp(prefix="harmonium-", dir=place))
            except OSError as e:
                raise EngineError(
                    f"no folder can be made in {place}: {e}. Set TMPDIR to another place"
                ) from e
        return self._folders[place]


_scratches: set[Scratch] = set()


@atexit.register
def _remove_scratches() -> None:
    for scratch in list(_scratches):
        scratch.remove()


def _place(size: int) -> Path:
    """Return the folder of temporary files: shared memory if ``size`` bytes fit, else the system's."""
    with contextlib.suppress(OSError):
        if (
            os.access(SHARED_MEMORY, os.W_OK | os.X_OK)
            and shutil.disk_usage(SHARED_MEMORY).free >= size + SPARE_BYTES
        ):
            return SHARED_MEMORY
    return Path(tempfile.gettempdir())
