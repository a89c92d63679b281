"""Files that other programs wrote, and the free energies that they say: goldens/make.py."""

import json
from pathlib import Path

import numpy as np
import pytest

from harmonium.io import load

GOLDENS = Path(__file__).parent / "goldens"
CASES = json.loads((GOLDENS / "energies.json").read_text())["cases"]


def rows(model, v):
    """Rows of the other program in the values of the model's units."""
    v = np.asarray(v)
    return model.one_hot(v) if model.visible == "categorical" else v


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['file']}{case['options'] or ''}")
def test_free_energies_are_the_programs_own(case):
    if case["file"].endswith(".h5"):
        pytest.importorskip("h5py")
    model = load(GOLDENS / case["file"], **case["options"])
    F = model.free_energy(rows(model, case["v"])) + model.offset
    np.testing.assert_allclose(F, case["F"], rtol=0, atol=1e-5)


def test_all_goldens_are_read():
    files = {path.name for path in GOLDENS.iterdir()} - {"make.py", "energies.json", "__pycache__"}
    assert files == {case["file"] for case in CASES}
