"""What the wheel puts on the machine: the package, the command, and the licences of what is linked into it."""

import subprocess
import sysconfig
from importlib import metadata, resources
from pathlib import Path

import pytest

try:
    VERSION = metadata.version("harmonium")
except metadata.PackageNotFoundError:
    pytest.skip("the package is not installed", allow_module_level=True)

EXE = sysconfig.get_config_var("EXE") or ""
COMMAND = Path(sysconfig.get_path("scripts")) / f"harmonium{EXE}"


def harmonium(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command."""
    return subprocess.run([COMMAND, *arguments], check=False, capture_output=True, text=True, timeout=60)


def test_command_has_the_version_of_the_package() -> None:
    done = harmonium("version")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"harmonium {VERSION}")


def test_command_passes_arguments_and_exit_status_on(tmp_path: Path) -> None:
    done = harmonium("eval", str(tmp_path / "no such run"))
    assert done.returncode == 2
    assert done.stderr.startswith("harmonium: ")


def test_package_is_typed_and_carries_binary_and_licences() -> None:
    package = resources.files("harmonium")
    assert package.joinpath("py.typed").is_file()
    licences = package.joinpath("bin", "licenses.txt").read_text(encoding="utf-8")
    for holder in ("Apache License", "The Go Authors", "github.com/spf13/cobra", "uPlot"):
        assert holder in licences
    assert package.joinpath("bin", f"harmonium{EXE}").is_file()


def test_wheel_is_of_this_platform_and_of_any_python() -> None:
    wheel = metadata.distribution("harmonium").read_text("WHEEL")
    assert wheel is not None
    assert "Root-Is-Purelib: false" in wheel
    tags = [line.removeprefix("Tag: ") for line in wheel.splitlines() if line.startswith("Tag: ")]
    assert tags and all(tag.startswith("py3-none-") and not tag.endswith("-any") for tag in tags)
