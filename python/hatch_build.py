"""Build hook of the package: the command, built by Go, goes into the wheel, and the Go sources into the sdist.

``GOOS`` and ``GOARCH``, Go's own variables, choose the platform of the wheel; without them it is this machine's.
``GOFLAGS=-tags=cuda`` gives a command that can use NVIDIA GPUs, in a wheel for this kind of Linux alone.
"""

import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# Binaries of CGO_ENABLED=0 are static: they need no libc, glibc's or musl's. Go 1.26 needs Linux 3.2, and macOS 12
# (go.dev/wiki/MinimumRequirements).
TAGS = {
    "linux/amd64": "manylinux_2_17_x86_64.manylinux2014_x86_64.musllinux_1_1_x86_64",
    "linux/arm64": "manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64",
    "darwin/arm64": "macosx_12_0_arm64",
    "darwin/amd64": "macosx_12_0_x86_64",
    "windows/amd64": "win_amd64",
}
# A binary that can load the GPU's driver is linked against glibc, of whichever version (docs/decisions/0067).
CUDA_TAGS = {"linux/amd64": "linux_x86_64", "linux/arm64": "linux_aarch64"}

# What the sdist has of the repository besides this folder, as git's patterns.
SOURCES = ["*", ":!python", ":!bench", ":!docs", ":!.ci", ":!*_test.go", ":!*/testdata/*"]


class Hook(BuildHookInterface):
    """hatchling's build hook."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the command (wheel) or list the Go sources (sdist) before hatchling packs them."""
        root = Path(self.root)
        unpacked = root / "go"  # the module in an unpacked sdist
        module = unpacked if unpacked.is_dir() else root.parent
        if self.target_name == "sdist":
            if module != unpacked:
                build_data["force_include"].update(sources(module))
            return
        platform = go_platform(module)
        tags = CUDA_TAGS if "cuda" in os.environ.get("GOFLAGS", "") else TAGS
        if platform not in tags:
            raise SystemExit(f"GOOS/GOARCH {platform}: wheels are built for {', '.join(tags)}")
        if version == "editable":  # the package is imported from where it is
            build(module, platform, root / "src" / "harmonium" / "bin")
            return
        self.folder = tempfile.TemporaryDirectory()
        build(module, platform, Path(self.folder.name))
        for path in Path(self.folder.name).iterdir():
            build_data["force_include"][os.fspath(path)] = f"harmonium/bin/{path.name}"
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{tags[platform]}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was built, after hatchling has packed it."""
        if hasattr(self, "folder"):
            self.folder.cleanup()


def run(arguments: list[str], folder: Path, **options: Any) -> str:
    """Return what a program prints; end with what to do where it is missing or fails."""
    try:
        return subprocess.run(arguments, cwd=folder, check=True, stdout=subprocess.PIPE, text=True, **options).stdout
    except FileNotFoundError:
        raise SystemExit(
            f"{arguments[0]} is not on the path. The command is built by Go 1.26 or later (go.dev/dl), and an sdist is made "
            "in a git checkout. A wheel needs neither."
        ) from None
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"{' '.join(arguments)} in {folder}: exit status {error.returncode}") from None


def go_platform(module: Path) -> str:
    """Return GOOS/GOARCH as Go has it from the environment or the machine."""
    return "/".join(run(["go", "env", "GOOS", "GOARCH"], module).split())


def build(module: Path, platform: str, folder: Path) -> None:
    """Have the repository's program for releases build the command; that program itself runs on this machine."""
    host = {name: value for name, value in os.environ.items() if name not in ("GOOS", "GOARCH")}
    run(["go", "run", "./cmd/harmonium/internal/release", "binary", platform, os.fspath(folder)], module, env=host)


def sources(module: Path) -> dict[str, str]:
    """Return where the sdist has the Go sources that git knows."""
    listed = run(["git", "ls-files", "-z", "--", *SOURCES], module)
    return {os.fspath(module / name): f"go/{name}" for name in listed.split("\0") if name}
