"""What a command line may end with other than a result."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Completed:
    """What a command ended with.

    Attributes
    ----------
    exit : int
        Its exit status: 0, or 3 where a finding says that the answer can't be trusted.
    stdout : str
        The result.
    stderr : str
        Warnings.
    """

    exit: int
    stdout: str
    stderr: str

    def json(self) -> Any:
        """Return the result of a command that ran with ``--json``."""
        return json.loads(self.stdout)


class EngineError(RuntimeError):
    """The command failed, or the engine.

    Attributes
    ----------
    completed : Completed or None
        What the command ended with, warnings among it; None where it did not come to an end.
    """

    completed: Completed | None = None


class EngineDied(EngineError):
    """The engine's process ended while a command was running, or would not start."""


class BadInput(ValueError):
    """Bad usage or bad input, in the command's words.

    Attributes
    ----------
    completed : Completed or None
        What the command ended with, warnings among it.
    """

    completed: Completed | None = None


class Interrupted(KeyboardInterrupt):
    """The command was interrupted and has saved its work.

    Attributes
    ----------
    completed : Completed
        What the command ended with. Its exit status is 130, or 0 or 3 where the command was done just then.
    """

    def __init__(self, completed: Completed) -> None:
        super().__init__("interrupted")
        self.completed = completed


def judge(completed: Completed, interrupted: bool) -> Completed:
    """Return what a command ended with, or raise what its exit status says.

    Parameters
    ----------
    completed : Completed
    interrupted : bool
        Whether Ctrl-C came meanwhile, which a command that was done just then does not tell.
    """
    status = completed.exit
    if status == 130 or status in (0, 3) and interrupted:
        raise Interrupted(completed)
    if status in (0, 3):
        return completed
    text = completed.stderr.strip()
    _, _, words = ("\n" + text).rpartition("\nharmonium: ")
    error = (BadInput if status == 2 else EngineError)(words or text or f"exit status {status}")
    error.completed = completed
    raise error
