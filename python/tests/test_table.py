"""Tables: a pandas DataFrame whose columns are of different kinds."""

from __future__ import annotations

import numpy as np
import pytest

from harmonium import RBM

pd = pytest.importorskip("pandas")


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(0)
    job = rng.choice(["clerk", "nurse", "smith"], 600)
    income = 2000 + 500 * (job == "smith") + rng.normal(0, 100, 600)
    children = rng.integers(0, 4, 600)
    return pd.DataFrame({"job": job, "income": income, "children": children, "smokes": rng.random(600) < 0.3})


@pytest.fixture(scope="module")
def rbm(people):
    return RBM(8, n_iter=150, random_state=1).fit(people)


def test_columns(rbm, people):
    assert list(rbm.feature_names_in_) == list(people.columns) and rbm.n_features_in_ == 4
    kinds = {column["name"]: column["kind"] for column in rbm.model_.columns}
    assert kinds == {
        "job": "categorical",
        "income": "gaussian",
        "children": "categorical",
        "smokes": "bernoulli",
    }
    features = RBM(8, n_iter=1).set_output(transform="pandas").fit_transform(people)
    assert list(features.columns) == [f"rbm{j}" for j in range(8)]
    shuffled = people[people.columns[::-1]]
    with pytest.raises(ValueError, match="same order"):
        rbm.transform(shuffled)


def test_samples_have_names_words_and_units(rbm, people):
    samples = rbm.sample(2000)
    assert list(samples.columns) == list(people.columns)
    assert (
        set(samples.job) == {"clerk", "nurse", "smith"}
        and abs(samples.income.mean() - people.income.mean()) < 50
    )
    smiths = rbm.sample(2000, given={"job": "smith"})
    assert set(smiths.job) == {"smith"}
    assert abs(smiths.income.mean() - people.income[people.job == "smith"].mean()) < 50
    assert set(rbm.sample(5, given={0: "nurse"}).job) == {"nurse"}


def test_missing_cells(rbm, people):
    gaps = people.head(200).copy()
    gaps.loc[:, "income"] = np.nan
    gaps.loc[gaps.index[:50], "job"] = None
    gaps.index = gaps.index + 1000
    filled = rbm.impute(gaps)
    assert not filled.isna().any().any() and (filled.index == gaps.index).all()
    assert (filled.job[50:] == gaps.job[50:]).all() and (filled.children == gaps.children).all()
    known = filled[50:]
    raised = known.income[known.job == "smith"].mean() - known.income[known.job != "smith"].mean()
    assert abs(raised - 500) < 100
    assert rbm.transform(gaps).shape == (200, 8)
    assert (rbm.transform(people.head(3)) == rbm.transform(people.head(4))[:3]).all()


def test_likelihood_has_no_pseudo_one(rbm, people):
    found = rbm.log_likelihood(people)
    assert found.pseudo is None and found.method == "exact" and found.error > 0
    assert rbm.score_samples(people).mean() == pytest.approx(found.value, abs=1e-3)


def test_models_as_files(rbm, people, tmp_path):
    rbm.save(tmp_path / "people.safetensors")
    loaded = RBM.load(tmp_path / "people.safetensors")
    assert (loaded.transform(people) == rbm.transform(people)).all()
    assert list(loaded.sample(3).columns) == list(people.columns)
