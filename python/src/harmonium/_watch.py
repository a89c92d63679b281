"""The page that follows trainings: ``harmonium serve`` over a folder of runs, until this process ends."""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import threading
import time
from pathlib import Path

from ._engine import BadInput, EngineError, Scratch, engine

START_SECONDS = 30.0  # that the page may take to answer


class Page:
    """A folder of runs, and the page that shows them."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._runs = Path(Scratch().path("runs"))  # gone at the end of the process
        self._runs.mkdir()
        self._numbers = itertools.count(1)
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None
        self._port = 0

    def new_run(self, name: str) -> Path:
        """Where a run is to be written that the page shall show."""
        self._runs.mkdir(parents=True, exist_ok=True)
        return self._runs / f"{next(self._numbers):03d}-{name}"

    def address(self) -> str:
        """Address of the page, which is started if it isn't there."""
        if self._thread is None or not self._thread.is_alive():
            with socket.create_server(("127.0.0.1", 0)) as free:
                self._port = free.getsockname()[1]
            self._thread = threading.Thread(target=self._serve, name="harmonium page", daemon=True)
            self._thread.start()
            self._wait()
        return f"http://127.0.0.1:{self._port}/"

    def _serve(self) -> None:
        """Run the command until the engine ends."""
        try:
            engine().run(["serve", str(self._runs), f"--address=127.0.0.1:{self._port}", "--json"])
        except (EngineError, BadInput, KeyboardInterrupt) as error:  # among them the end of the process
            self._failure = error

    def _wait(self) -> None:
        """Wait for the page to answer."""
        until = time.monotonic() + START_SECONDS
        while self._thread is not None and self._thread.is_alive() and time.monotonic() < until:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 1):
                return
            time.sleep(0.02)
        raise EngineError(f"the page does not answer: {self._failure or 'it is not there after 30 s'}")


_page: Page | None = None


def page() -> Page:
    """The page of this process."""
    global _page
    if _page is None or _page.pid != os.getpid():
        _page = Page()
    return _page
