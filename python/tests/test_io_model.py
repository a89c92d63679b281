"""The model as arrays: its file, its free energy, and what it refuses."""

import itertools
import os
import shutil
import subprocess

import numpy as np
import pytest

from harmonium.io import Model, Part, load, safetensors, save
from harmonium.io.layers import log_mills

COMMAND = os.environ.get("HARMONIUM") or shutil.which("harmonium")
SITES = (Part("categorical", 5, (3, 2)),)
MIXED = (Part("bernoulli", 2), *SITES, Part("gaussian", 2))


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(0, 1, shape).astype(np.float32)


def positive(units, seed=0):
    return np.abs(numbers(units, seed=seed)) + np.float32(0.5)


def models():
    """Small models of all kinds."""
    W = numbers(9, 4)
    reals = {
        "precisions_plus": positive(4),
        "precisions_minus": positive(4, 1),
        "thresholds": numbers(4, seed=2),
    }
    for visible, hidden, more in (
        ("bernoulli", "bernoulli", {}),
        ("spin", "spin", {}),
        ("bernoulli", "gaussian", {"tensors": {"hidden.precisions": positive(4)}}),
        ("spin", "relu", {"tensors": {"hidden.precisions": positive(4)}}),
        ("bernoulli", "drelu", {"tensors": {f"hidden.{name}": x for name, x in reals.items()}}),
        ("gaussian", "bernoulli", {"tensors": {"visible.precisions": positive(9)}}),
        ("categorical", "spin", {"visible_layout": (Part("categorical", 9, (3, 3, 3)),)}),
        (
            "mixed",
            "categorical",
            {
                "visible_layout": MIXED,
                "hidden_layout": (Part("categorical", 4, (2, 2)),),
                "tensors": {"visible.precisions": positive(2)},
            },
        ),
    ):
        yield pytest.param(
            Model(W, numbers(9, seed=1), numbers(4, seed=2), visible, hidden, **more),
            id=f"{visible}-{hidden}",
        )


def rows_of(model, rows=100):
    """Random values of the visible units."""
    rng, parts = np.random.default_rng(7), []
    for part in model.visible_layout:
        x = (
            rng.normal(0, 1, (rows, part.units))
            if part.kind == "gaussian"
            else rng.integers(0, 2, (rows, part.units))
        )
        x = 2 * x - 1 if part.kind == "spin" else x
        for k, q in enumerate(part.states):
            at = sum(part.states[:k])
            x[:, at : at + q] = np.eye(q)[rng.integers(0, q, rows)]
        parts.append(x)
    return np.concatenate(parts, 1).astype(np.float32)


def states_of(model, v):
    """Rows of states of sites, which the command reads."""
    ends = np.cumsum(model.visible_layout[0].states)
    return np.stack(
        [v[:, end - q : end].argmax(1) for q, end in zip(model.visible_layout[0].states, ends, strict=True)],
        1,
    )


@pytest.mark.parametrize("model", list(models()))
def test_the_file_holds_the_model(model, tmp_path):
    path, v = tmp_path / "model.safetensors", rows_of(model)
    save(model, path)
    again = load(path)
    assert again.to_bytes() == path.read_bytes()
    assert (again.visible_layout, again.hidden_layout) == (model.visible_layout, model.hidden_layout)
    np.testing.assert_array_equal(again.free_energy(v), model.free_energy(v))
    again.W[0, 0] += 1  # the arrays are the model's own
    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]


@pytest.mark.skipif(COMMAND is None, reason="needs the command, by HARMONIUM or on PATH")
@pytest.mark.parametrize("model", [m for m in models() if m.values[0].visible != "mixed"])
def test_the_command_has_the_same_free_energies(model, tmp_path):
    v = rows_of(model)
    save(model, tmp_path / "model.safetensors")
    np.save(tmp_path / "v.npy", states_of(model, v) if model.visible == "categorical" else v)
    flags = {"categorical": ["--categories", "all"]}.get(model.visible, [])
    score = [
        COMMAND,
        "score",
        "model.safetensors",
        "--data",
        "v.npy",
        "--free-energy",
        "-o",
        "F.npy",
        "--quiet",
        *flags,
    ]
    done = subprocess.run(score, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    within = (
        1e-3 if model.visible == "gaussian" else 1e-5
    )  # the command multiplies rows of real numbers in 16 bits
    np.testing.assert_allclose(model.free_energy(v), np.load(tmp_path / "F.npy")[:, 1], rtol=0, atol=within)


@pytest.mark.skipif(COMMAND is None, reason="needs the command, by HARMONIUM or on PATH")
def test_the_commands_files_are_read_and_written_to_the_byte(tmp_path):
    rng = np.random.default_rng(3)
    rows = zip(
        rng.integers(0, 2, 60), rng.choice(["a", "b & c", "ü"], 60), rng.normal(170, 8, 60), strict=True
    )
    lines = ["coin,letter <x>,height", *(f"{coin},{letter},{height:.3f}" for coin, letter, height in rows)]
    (tmp_path / "people.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    train = [COMMAND, "train", "people.csv", "--hidden", "3", "--updates", "5", "-o", "run", "--quiet"]
    done = subprocess.run(train, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 3), done.stderr
    model = load(tmp_path / "run")
    assert [column["name"] for column in model.columns] == ["coin", "letter <x>", "height"]
    assert model.to_bytes() == (tmp_path / "run" / "model.safetensors").read_bytes()


@pytest.mark.parametrize("visible", ["bernoulli", "spin"])
@pytest.mark.parametrize("hidden", ["bernoulli", "spin", "categorical"])
def test_free_energy_is_a_sum_over_hidden_states(visible, hidden):
    layout = (Part("categorical", 4, (2, 2)),) if hidden == "categorical" else ()
    model = Model(numbers(3, 4), numbers(3), numbers(4), visible, hidden, hidden_layout=layout)
    values = {"bernoulli": (0, 1), "spin": (-1, 1)}
    states = np.array(list(itertools.product(values.get(hidden, (0, 1)), repeat=4)), float)
    if layout:
        states = states[(states[:, :2].sum(1) == 1) & (states[:, 2:].sum(1) == 1)]
    for v in itertools.product(values[visible], repeat=3):
        v = np.array(v, float)
        E = -v @ model.b - states @ model.c - states @ (v @ model.W)
        assert model.free_energy(v)[0] == pytest.approx(-np.log(np.exp(-E).sum()), abs=1e-12)


@pytest.mark.parametrize(
    "model", [m for m in models() if m.values[0].hidden in ("gaussian", "relu", "drelu")]
)
def test_free_energy_is_an_integral_over_real_hidden_units(model):
    """By the trapezoidal rule, whose error at a kink is of the order of the step squared."""
    h = np.linspace(-40, 40, 80_001)
    h = h[h >= 0] if model.hidden == "relu" else h
    v = rows_of(model, 3).astype(float)
    x = v @ model.W.astype(float) + model.c
    for row, inputs in zip(v, x, strict=True):
        total = -row @ model.b.astype(float)
        for j, theta in enumerate(inputs):
            gamma = {name: float(y[j]) for name, y in model.tensors.items()}
            plus = gamma.get("hidden.precisions", gamma.get("hidden.precisions_plus"))
            minus = gamma.get("hidden.precisions_minus", plus)
            U = np.where(h > 0, plus, minus) * h * h / 2 + gamma.get("hidden.thresholds", 0) * np.abs(h)
            p = np.exp(theta * h - U)
            total -= np.log((p.sum() - (p[0] + p[-1]) / 2) * (h[1] - h[0]))
        assert model.free_energy(row)[0] == pytest.approx(total, abs=1e-5)


def test_far_tail_joins_the_series():
    a = np.array([-24.999999, -25.000001, -1000.0, 0.0, 30.0])
    near, far, tail, zero, large = log_mills(a)
    assert far == pytest.approx(near, abs=1e-7)
    assert tail == pytest.approx(-np.log(1000) - 1e-6, abs=1e-9)
    assert (zero, large) == (
        pytest.approx(0.5 * np.log(np.pi / 2)),
        pytest.approx(450 + 0.5 * np.log(2 * np.pi)),
    )


@pytest.mark.parametrize("visible", ["bernoulli", "spin"])
@pytest.mark.parametrize("hidden", ["bernoulli", "spin"])
def test_bits_of_spins_have_the_same_distribution(visible, hidden):
    model = Model(numbers(6, 4), numbers(6), numbers(4), visible, hidden)
    v, bits = rows_of(model), model.to_bits()
    as_bits = (v + 1) / 2 if visible == "spin" else v
    np.testing.assert_allclose(
        bits.free_energy(as_bits) + bits.offset, model.free_energy(v), rtol=0, atol=1e-12
    )


def test_columns_are_kept(tmp_path):
    columns = [
        {"name": "height <cm>", "kind": "gaussian", "mean": 170.5, "scale": 8},
        {"name": "Größe & Form", "kind": "categorical", "categories": ["a", "b", "c"]},
        {"name": "smokes", "kind": "bernoulli", "categories": ["no", "yes"]},
        {"name": "coin", "kind": "categorical", "categories": ["head", "tail"]},
    ]
    layout = (Part("bernoulli", 1), *SITES, Part("gaussian", 1))
    more = {"visible": "mixed", "visible_layout": layout, "tensors": {"visible.precisions": positive(1)}}
    model = Model(numbers(7, 2), numbers(7), numbers(2), columns=columns, **more)
    save(model, tmp_path / "model.safetensors")
    assert load(tmp_path / "model.safetensors").columns == columns
    columns[0]["scale"] = float("nan")
    with pytest.raises(ValueError, match="column 1 has the scale nan, want a finite number"):
        Model(numbers(7, 2), numbers(7), numbers(2), columns=columns, **more)
    with pytest.raises(ValueError, match="the 3 columns are not those of the visible units"):
        Model(numbers(7, 2), numbers(7), numbers(2), columns=columns[1:], **more)
    if COMMAND:
        done = subprocess.run(
            [COMMAND, "export", "model.safetensors", "-o", "m.npz"],
            cwd=tmp_path,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"b": numbers(3)}, "b has 3 numbers, but W is 5×4: want 5"),
        ({"W": numbers(5)}, r"W has shape \(5,\)"),
        ({"W": np.full((5, 4), "x")}, "W has shape .* and type"),
        ({"c": np.array([0, 1, np.nan, 0])}, "c: number 3 is nan, want a finite number"),
        ({"W": np.where(np.eye(5, 4) > 0, np.inf, 0)}, "W: row 1, column 1 is inf"),
        ({"W": np.full((5, 4), 1e30)}, "row 1, column 1 is 1e"),
        ({"visible": "binary"}, "visible units are 'binary', want one of bernoulli"),
        ({"visible": "categorical"}, "visible units are categorical, but the layout is of"),
        (
            {"visible": "categorical", "visible_layout": (Part("categorical", 4, (2, 2)),)},
            "layout has 4 units, but W has 5",
        ),
        (
            {"visible": "categorical", "visible_layout": (Part("categorical", 5, (2, 2)),)},
            "sites 4 states in all",
        ),
        ({"visible": "mixed", "visible_layout": (Part("gaussian", 2), Part("bernoulli", 3))}, "layout is of"),
        ({"hidden": "gaussian"}, "hidden.precisions is missing"),
        (
            {"hidden": "gaussian", "tensors": {"hidden.precisions": np.zeros(4)}},
            "number 1 is 0, want a number above 0",
        ),
        (
            {"hidden": "gaussian", "tensors": {"hidden.precisions": np.ones(3)}},
            "hidden.precisions has 3 numbers, want 4",
        ),
        (
            {"tensors": {"hidden.precisions": np.ones(4)}},
            "tensor hidden.precisions, which bernoulli-bernoulli",
        ),
        ({"columns": [{"kind": "bernoulli"}]}, "the 1 columns are not those"),
    ],
)
def test_what_is_no_model_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Model(**{"W": numbers(5, 4), "b": numbers(5), "c": numbers(4), **change})


@pytest.mark.parametrize(
    ("model", "v", "message"),
    [
        (
            Model(numbers(2, 2), numbers(2), numbers(2)),
            [[0, 1, 1]],
            "rows have 3 numbers, but the model has 2",
        ),
        (Model(numbers(2, 2), numbers(2), numbers(2)), [[0, 1], [0, -1]], "row 2, unit 2 is -1, want 0 or 1"),
        (Model(numbers(2, 2), numbers(2), numbers(2), "spin"), [[0, 1]], "row 1, unit 1 is 0, want −1 or 1"),
        (
            Model(numbers(5, 2), numbers(5), numbers(2), "categorical", visible_layout=SITES),
            [[1, 0, 0, 1, 1]],
            "site 2 has none or several of its 2 states on",
        ),
    ],
)
def test_rows_that_are_no_values_are_refused(model, v, message):
    with pytest.raises(ValueError, match=message):
        model.free_energy(np.array(v))


def test_states_of_sites_are_checked():
    model = Model(numbers(5, 2), numbers(5), numbers(2), "categorical", visible_layout=SITES)
    np.testing.assert_array_equal(model.one_hot([[2, 0]]), [[0, 0, 1, 1, 0]])
    with pytest.raises(ValueError, match="rows of 2 states, want 2, each from 0"):
        model.one_hot([[0, 2]])


def changed(model, metadata=None, tensors=None):
    """File of a model with other metadata or tensors; None takes one out."""
    old_metadata, old_tensors = safetensors.decode(model.to_bytes())
    keep = {k: x for k, x in {**old_metadata, **(metadata or {})}.items() if x is not None}
    return safetensors.encode(
        keep, {k: x for k, x in {**old_tensors, **(tensors or {})}.items() if x is not None}
    )


@pytest.mark.parametrize(
    ("metadata", "tensors", "message"),
    [
        ({"format": "other"}, {}, "metadata format is 'other', want 'harmonium-rbm'"),
        ({"version": "2"}, {}, "metadata version is '2', this program reads version '1'"),
        ({"state": "complex"}, {}, "a quantum state of the kind complex, .* want a model without phases"),
        ({"visible": None}, {}, "metadata visible is missing"),
        ({"visible.layout": "[]"}, {}, "metadata visible.layout is there, and bernoulli units have none"),
        ({"visible": "categorical"}, {}, "metadata visible.layout is missing, which categorical units need"),
        (
            {"visible": "categorical", "visible.layout": "[1]"},
            {},
            "metadata visible.layout is no list of parts",
        ),
        ({"columns": "{"}, {}, "metadata columns is no JSON"),
        ({}, {"W": None}, "there is no tensor W"),
        ({}, {"b": np.zeros(9)}, "tensor b holds float64, want float32"),
        ({}, {"d": np.zeros(9, np.float32)}, "there is a tensor d"),
    ],
)
def test_files_that_hold_no_model_are_refused(metadata, tensors, message, tmp_path):
    path = tmp_path / "x.safetensors"
    path.write_bytes(changed(next(models()).values[0], metadata, tensors))
    with pytest.raises(ValueError, match=message) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}: ")
