"""The engine: a process ``harmonium worker`` that runs command lines.

Every feature, message and file format is the command's, so that it is there once. A call costs a millisecond or two, as
the process stays. docs/cli.md describes the commands and the protocol.
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
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ._errors import BadInput, Completed, EngineDied, EngineError, Interrupted, judge
from ._scratch import Scratch, folders, forget_folders, remove_folders

__all__ = [
    "BadInput",
    "Completed",
    "Engine",
    "EngineDied",
    "EngineError",
    "Interrupted",
    "Progress",
    "Scratch",
    "binary",
    "engine",
]

PROTOCOL = 1  # of the worker
START_SECONDS = 60  # that a worker may take to say its first line
END_SECONDS = 30  # that it may take to save the work of what it runs and end
LAST_SECONDS = 1  # that it may take to end when its output has
LONGEST = 8 << 20  # characters of a command line: a request has 64 MiB at most, and JSON six bytes for some
_Messages = queue.SimpleQueue  # of lines of the process as dict[str, Any], and of None for its end


@dataclass(frozen=True)
class Progress:
    """How far a command is: ``done`` of ``total`` steps of what ``name`` says."""

    name: str
    done: int
    total: int
    message: str


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
        f"there is no program harmonium: HARMONIUM is not set, this package has none of its own in {own.parent}, "
        "and none is on PATH. Install a wheel for this platform, or build the program by "
        "'go build ./cmd/harmonium' and set HARMONIUM to its path"
    )


class Engine:
    """A process ``harmonium worker``. Use `engine` to get the one of this process.

    Threads may use it side by side: so do their commands run.
    """

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.folder = _working_directory()
        self._lock = threading.Lock()  # of what follows, and of what is written to the process
        self._ids = itertools.count(1)
        self._calls: dict[int, _Messages] = {}
        self._hello: _Messages = queue.SimpleQueue()
        self._ended = self._retired = False
        self._garbled = ""  # what was no line of the protocol
        self._noise = bytearray()  # the beginning and the end of the process's standard error
        program = binary()
        arguments = [part for folder in folders() for part in ("--scratch", str(folder))]
        try:
            self._process = subprocess.Popen(
                [program, "worker", *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                # Ctrl-C of the terminal is for this process, which tells the worker what to interrupt.
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
                | getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as e:
            raise EngineDied(f"{program} can't be started: {e}") from e
        _live.add(self)
        self._threads = [
            threading.Thread(target=work, name="harmonium", daemon=True)
            for work in (self._listen, self._drain)
        ]
        try:
            for thread in self._threads:
                thread.start()
            self.version = self._greet(program)
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
            Is given the `Progress`, up to ten times a second, in this thread.
        on_warning : callable, optional
            Is given each line of standard error as it comes, in this thread. Completed.stderr has all of them.

        Raises
        ------
        BadInput
            For exit status 2, in the command's words.
        EngineError
            For exit status 1, in the command's words.
        EngineDied
            If the process ends meanwhile.
        Interrupted
            After Ctrl-C, when the command has saved its work. A second Ctrl-C kills the process.

        Notes
        -----
        Where a callable raises an exception, the command is interrupted, and the exception is raised when the
        command has ended.
        """
        call: _Messages = queue.SimpleQueue()
        number = next(self._ids)
        stopped: BaseException | None = None
        try:
            self._begin(number, call, _texts(args))
            while True:
                try:
                    message = _next(call)
                    if message is None or "exit" in message:
                        break
                    if stopped is None:
                        _tell(message, on_progress, on_warning)
                except BaseException as e:
                    if stopped is not None:
                        self.kill()
                        raise
                    stopped = e
                    self._send({"interrupt": number})
        finally:
            self._leave(number)
        if message is None:
            raise self._death("the engine's process ended while a command was running") from stopped
        if stopped is not None and not isinstance(stopped, KeyboardInterrupt):
            raise stopped
        return judge(Completed(message["exit"], message["stdout"], message["stderr"]), stopped is not None)

    def alive(self) -> bool:
        """Report whether it takes commands."""
        return self.pid == os.getpid() and not self._ended and self._process.poll() is None

    def close(self) -> None:
        """End the process. Commands that run are interrupted, and save their work."""
        if self._lock.acquire(timeout=END_SECONDS):
            self._process.stdin.close()
            self._lock.release()
        self._await()

    def kill(self) -> None:
        """End the process at once. Commands that run raise `EngineDied`."""
        self._process.kill()
        self._await()

    def retire(self) -> None:
        """End the process as soon as it runs no command."""
        with self._lock:
            self._retired = True
            idle = not self._calls
        if idle:
            self.kill()

    def forget(self) -> None:
        """Let go of the process after a fork: it is the parent's, and must see its input end with the parent."""
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            pipe.close()
        self._process.returncode = 0  # there is nothing to wait for

    def _greet(self, program: Path) -> str:
        """Wait for the first line, and return the version of the program."""
        try:
            hello = self._hello.get(timeout=START_SECONDS)
        except queue.Empty:
            raise EngineDied(
                f"{program} does not answer after {START_SECONDS} s: want a program harmonium with the command worker"
            ) from None
        if hello is None:
            raise self._death(f"'{program} worker' ended at once")
        if hello["protocol"] != PROTOCOL:
            raise EngineDied(
                f"{program}, version {hello.get('version')}, speaks version {hello['protocol']} of the protocol of workers, "
                f"and this package version {PROTOCOL}: want both from one release"
            )
        return hello["version"]

    def _begin(self, number: int, call: _Messages, args: list[str]) -> None:
        """Ask for a command."""
        if self.pid != os.getpid():
            raise EngineError(
                "this engine is of the process that this one was forked from: call engine() for one here"
            )
        with self._lock:
            if self._ended:
                raise self._death("the engine's process has ended")
            self._calls[number] = call
        try:
            self._send({"id": number, "run": args})
        except BaseException:
            self._send({"interrupt": number})
            raise

    def _leave(self, number: int) -> None:
        with self._lock:
            self._calls.pop(number, None)
            last = self._retired and not self._calls
        if last:
            self.kill()

    def _send(self, request: dict[str, Any]) -> None:
        """Write a line. Where the process has ended the listener sees that, and tells all who wait."""
        line = memoryview(json.dumps(request).encode() + b"\n")
        try:
            with self._lock, contextlib.suppress(OSError, ValueError):
                while line:
                    line = line[self._process.stdin.write(line) :]
        except BaseException:  # half a line may be written
            self.kill()
            raise

    def _listen(self) -> None:
        """Hand each line to who waits for it, and the end to all."""
        parts: list[bytes] = []
        with contextlib.suppress(OSError, ValueError):
            while chunk := self._process.stdout.read(1 << 16):
                first, *others = chunk.split(b"\n")
                parts.append(first)
                for other in others:
                    self._dispatch(b"".join(parts))
                    parts = [other]
        try:
            self._process.wait(LAST_SECONDS)
        except subprocess.TimeoutExpired:  # without its output it is of no use
            self._process.kill()
            self._process.wait()
        self._threads[1].join(LAST_SECONDS)  # for its last words
        with self._lock:
            self._ended = True
            waiting = [self._hello, *self._calls.values()]
            for pipe in (self._process.stdin, self._process.stdout):
                pipe.close()
        _live.discard(self)
        for call in waiting:
            call.put(None)

    def _dispatch(self, line: bytes) -> None:
        try:
            message = json.loads(line)
            if "error" in message:
                raise ValueError(message["error"])
            call = self._hello if "protocol" in message else self._calls.get(message["id"])
        except (ValueError, KeyError, TypeError) as e:  # it is no worker, or did not understand a request
            self._garbled = f"{line[:200].decode(errors='replace')!r} is no answer of a worker: {e}"
            self._process.kill()
            return
        if call is not None:
            call.put(message)

    def _drain(self) -> None:
        """Read standard error, so that the process never waits for a reader. A crash is told at its beginning."""
        with contextlib.suppress(OSError, ValueError):
            while chunk := self._process.stderr.read(1 << 16):
                self._noise += chunk
                if len(self._noise) > 1 << 13:
                    self._noise[1 << 12 : -(1 << 12)] = b"\n...\n"
        self._process.stderr.close()

    def _await(self) -> None:
        """Wait for the end of the process, and end it if that takes too long."""
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def _death(self, what: str) -> EngineDied:
        status = self._process.poll()
        how = f"exit status {status}"
        if status is not None and status < 0:
            how = f"signal {-status}"
            with contextlib.suppress(ValueError):
                how = signal.Signals(-status).name
            if how == "SIGKILL" and not self._garbled:
                how += ", which the system sends where memory runs out"
        text = bytes(self._noise).decode(errors="replace").strip()
        return EngineDied("\n".join(filter(None, [f"{what}: {how}", self._garbled, text])))


def _texts(args: Sequence[str | os.PathLike[str]]) -> list[str]:
    """Return the arguments of a command line, which the protocol takes in UTF-8."""
    if isinstance(args, str | bytes | os.PathLike):
        raise TypeError(f"a command line is {args!r}, want a list of its words")
    texts = [os.fsdecode(a) for a in args]
    if (length := sum(map(len, texts))) > LONGEST:
        raise BadInput(f"a command line of {length} characters, want at most {LONGEST}: give the data as files")
    for text in texts:
        try:
            text.encode()
            sound = "\ufffd" not in text  # which stands for what is not in UTF-8
        except UnicodeEncodeError:
            sound = False
        if not sound:
            raise BadInput(f"{text!a} is not in UTF-8: want another name for the file")
    return texts


def _next(call: _Messages) -> dict[str, Any] | None:
    """Wait for a message, by a row of short waits: on Windows Ctrl-C does not end a wait."""
    while True:
        with contextlib.suppress(queue.Empty):
            return call.get(timeout=0.2)


def _tell(
    message: dict[str, Any],
    on_progress: Callable[[Progress], None] | None,
    on_warning: Callable[[str], None] | None,
) -> None:
    if on_progress is not None and "progress" in message:
        on_progress(Progress(**message["progress"]))
    elif on_warning is not None and "warning" in message:
        on_warning(message["warning"])


_live: set[Engine] = set()  # whose processes have not ended
_engine: Engine | None = None
_engine_lock = threading.Lock()


def engine() -> Engine:
    """Return the engine of this process.

    It is started at first use, and again where it died, after a fork, and where the working directory changed, in
    which relative paths begin. HARMONIUM_ISA and GOMEMLIMIT are those at its start.
    """
    global _engine
    with _engine_lock:
        if _engine is None or not _engine.alive():
            _engine = Engine()
        elif _engine.folder != _working_directory():
            old, _engine = _engine, Engine()
            old.retire()
        return _engine


def _working_directory() -> str | None:
    try:
        return os.getcwd()
    except OSError:  # it was removed
        return None


@atexit.register
def _close() -> None:
    for live in list(_live):
        live.close()
    remove_folders()


def _after_fork() -> None:
    """Leave engines and folders to the parent."""
    global _engine, _engine_lock
    for live in list(_live):
        live.forget()
    _live.clear()
    _engine, _engine_lock = None, threading.Lock()
    forget_folders()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
