"""Parts of command lines: flags, values, seeds."""

from __future__ import annotations

from typing import Any

import numpy as np

SEEDS = 1 << 31


def flags_of(**values: Any) -> list[str]:
    """Flags of a command. Those that are None are left to it."""
    flags = []
    for name, value in values.items():
        if value is not None:
            text = str(value).lower() if isinstance(value, (bool, np.bool_)) else str(value)
            flags.append(f"--{name.replace('_', '-')}={text}")
    return flags


def plain(value: Any) -> str:
    """Text of a value: whole numbers without a decimal point, true and false as 1 and 0."""
    if (
        isinstance(value, (bool, np.bool_))
        or isinstance(value, (float, np.floating))
        and float(value).is_integer()
    ):
        return str(int(value))
    return str(value)


def seed_of(random_state: Any) -> int:
    """Seed of a random state: a number is the seed itself, None draws one of NumPy's global generator."""
    if isinstance(random_state, (int, np.integer)):
        return int(random_state)
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(SEEDS))
    return int((np.random if random_state is None else random_state).randint(SEEDS))


def without(files: dict[str, str], text: str) -> str:
    """A message that calls files by their names alone, without the temporary folder."""
    for name, path in files.items():
        text = text.replace(path, name)
    return text
