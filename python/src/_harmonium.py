"""The command ``harmonium`` of an installed package: runs the binary of the wheel.

It is a module of its own because a module of the package would import NumPy before the command starts.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path


def main() -> None:
    """Run the wheel's binary with this process's arguments, in its place where the system can do that."""
    binary = Path(__file__).parent / "harmonium" / "bin" / ("harmonium.exe" if os.name == "nt" else "harmonium")
    command = [os.fspath(binary), *sys.argv[1:]]
    try:
        if os.name != "nt":
            os.execv(binary, command)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the binary, which saves its work
        sys.exit(subprocess.call(command))
    except OSError as error:
        sys.exit(f"harmonium: {binary}: {error.strerror}: install a wheel, or build the command with Go: "
                 "go install ./cmd/harmonium")
