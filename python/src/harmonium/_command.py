"""The command ``harmonium`` of an installed package: the binary of the wheel, run before anything slow is imported."""

import os
import signal
import subprocess
import sys
from pathlib import Path


def main() -> None:
    """Run the wheel's binary with the arguments of this process, in its place where the system can do that."""
    binary = Path(__file__).parent / "bin" / ("harmonium.exe" if os.name == "nt" else "harmonium")
    command = [os.fspath(binary), *sys.argv[1:]]
    try:
        if os.name != "nt":
            os.execv(binary, command)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the binary too, which saves its work
        sys.exit(subprocess.call(command))
    except OSError as error:
        sys.exit(f"harmonium: {binary}: {error.strerror}: install a wheel, or build the command with Go: "
                 "go install ./cmd/harmonium")
