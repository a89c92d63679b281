"""docs/tutorials/python.md: its programs run, one after the other, and print what it says."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "tutorials" / "python.md"


def test_every_program_runs(tmp_path, monkeypatch):
    if not PAGE.is_file():
        pytest.skip("there is no documentation beside the package")
    monkeypatch.chdir(tmp_path)
    text = PAGE.read_text(encoding="utf-8")
    programs = re.findall(r"```python\n(.*?)```\n(?:\n((?:    [^\n]*\n)+))?", text, re.DOTALL)
    assert len(programs) == text.count("```python") > 5
    names: dict[str, object] = {}
    for program, output in programs:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(program, str(PAGE), "exec"), names)  # noqa: S102 (the page is our own)
        want = re.sub("^    ", "", output, flags=re.MULTILINE)
        assert printed.getvalue() == want, f"{program} prints\n{printed.getvalue()}, the page says\n{want}"
    assert names["accuracy"] > 0.92 and names["peer"].transform(names["test"]).shape == (540, 256)
    assert names["difference"] > 0.5 and names["right"] > names["by_means"] + 0.02
    assert names["new"].shape == (100, 64) and (names["topped"][:, :3] == (0, 0, 1)).all()
    assert (names["again"].components_ == names["model"].components_).all()
    print({name: names[name] for name in ("accuracy", "difference", "right", "by_means")})
