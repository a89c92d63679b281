#!/usr/bin/env python3
"""Labels and hidden cells of a table: harmonium eval --label beside scikit-learn's logistic regression, and harmonium
complete beside scikit-learn's IterativeImputer and the frequencies of the columns. One JSON line a method and task.

usage: bench/labels.py HARMONIUM TABLE.csv|digits OUT.jsonl --label COLUMN [--hidden 32] [--hide 0.1,0.3] [-- FLAGS]

TABLE.csv has columns of categories, with their names in its first line, such as the mushrooms of the UCI repository
(agaricus-lepiota.data with names); digits are those of scikit-learn, pixels above 7. The rows are dealt out into 2,000 to
train on, or half of them, a quarter as many for validation, and the others for the test. A cell that is empty or ? is a
category of its own, and columns that never change in the rows to train on are left
out. Flags after -- are those of train.

Labels: the regression has the one-hot columns, and the one of C = 10^-2 to 10^3 that is best on the validation rows.
Cells of the first 1,000 rows of the test are hidden at random. The imputer predicts one-hot numbers, but for the most
frequent value of each column, which has what is left to 1 (in results/labels.jsonl it had all, and did worse); they are
clipped to 10^-3 to 1 and scaled to the sum 1 for each cell. Log losses are in nats a row, or a cell. Errors are over rows, also of
cells, and "difference" is that of the same rows to harmonium, above 0 where harmonium is better.

Needs numpy and scikit-learn (bench/peers/kinds.txt).
"""
import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time

import numpy as np
from sklearn import datasets
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer
from sklearn.linear_model import LogisticRegression


def table(name, label):
    """Returns the names of the columns and the rows, in an order drawn at random."""
    if name == "digits":
        x = datasets.load_digits()
        names = ["p%d" % k for k in range(64)] + ["digit"]
        rows = [["on" if p > 7 else "off" for p in row] + ["d%d" % y] for row, y in zip(x.data, x.target)]
    else:
        with open(name, newline="") as f:
            names, *rows = list(csv.reader(f))
    rows = np.array([[c if c not in ("", "?") else "unknown" for c in row] for row in rows])
    if label not in names:
        sys.exit("%s has no column %s" % (name, label))
    rows = rows[np.random.default_rng(1).permutation(len(rows))]
    keep = [k for k in range(len(names)) if len(set(rows[: size(rows), k])) > 1]
    return [names[k] for k in keep], rows[:, keep]


def size(rows):
    """Returns the number of rows to train on."""
    return min(2000, len(rows) // 2)


def write(path, names, rows):
    with open(path, "w", newline="") as f:
        csv.writer(f).writerows([names, *rows])


def run(*command):
    out = subprocess.run(command, capture_output=True, text=True)
    if out.returncode not in (0, 3):
        sys.exit("%s\n%s" % (" ".join(command), out.stderr))
    return json.loads(out.stdout) if "--json" in command else None


class OneHot:
    """One-hot columns of a table: first[k] is that of the first category of column k."""

    def __init__(self, rows):
        self.categories = [sorted(set(column)) for column in rows.T]
        self.first = np.cumsum([0] + [len(c) for c in self.categories])

    def __call__(self, rows, columns):
        return np.hstack([[[c == x for x in self.categories[k]] for c in rows[:, k]] for k in columns]).astype(float)


def labels(o, folder, names, parts, say):
    train, valid, test = parts
    at = names.index(o.label)
    run(o.harmonium, "score", folder + "/run", "--data", folder + "/test.csv", "--label", o.label, "-o", folder + "/p.csv")
    with open(folder + "/p.csv", newline="") as f:
        lines = list(csv.DictReader(f))
    ours = -np.array([float(line["log_probability"]) for line in lines])
    right = np.array([line["predicted"] == line["label"] for line in lines])
    judged = run(o.harmonium, "eval", folder + "/run", "--data", folder + "/test.csv", "--label", o.label, "--json")
    assert abs(judged["log_loss"]["value"] - ours.mean()) < 1e-4 and judged["accuracy"]["value"] == right.mean()
    say("label", "harmonium", ours, right)
    encode, others = OneHot(np.vstack(parts)), [k for k in range(len(names)) if k != at]
    x = [encode(rows, others) for rows in parts]
    best = None
    for c in 10.0 ** np.arange(-2, 4):
        model = LogisticRegression(C=c, max_iter=5000).fit(x[0], train[:, at])
        loss = losses(model, x[1], valid[:, at])[0].mean()
        if best is None or loss < best[0]:
            best = loss, c, model
    theirs, hits = losses(best[2], x[2], test[:, at])
    say("label", "logistic regression", theirs, hits, ours, C=best[1])
    count = {y: (train[:, at] == y).sum() + 1 for y in encode.categories[at]}
    most = max(count, key=count.get)
    guesses = -np.log([count[y] / (len(train) + len(count)) for y in test[:, at]])
    say("label", "frequencies", guesses, test[:, at] == most, ours)


def losses(model, x, y):
    p = model.predict_proba(x)
    at = [list(model.classes_).index(c) for c in y]
    return -np.log(np.maximum(p[np.arange(len(y)), at], 1e-12)), model.predict(x) == y


def cells(o, folder, names, parts, part, say):
    """Scores the probabilities of hidden cells, as sums and numbers a row."""
    train, test = parts[0], parts[2][:1000]
    hidden = np.random.default_rng(2).random(test.shape) < part
    gaps = np.where(hidden, "", test)
    write(folder + "/gaps.csv", names, gaps)
    begun = time.time()
    run(o.harmonium, "complete", folder + "/run", "--data", folder + "/gaps.csv", "--cells", folder + "/cells.csv", "--json")
    ours_seconds = time.time() - begun
    encode = OneHot(np.vstack(parts))
    p = {"harmonium": np.zeros((len(test), encode.first[-1]))}
    with open(folder + "/cells.csv", newline="") as f:
        for line in csv.DictReader(f):
            r, k, mean = int(line["row"]) - 1, names.index(line["column"]), float(line["mean"])
            values = encode.categories[k]
            a = values.index(line["value"])
            p["harmonium"][r, encode.first[k] + a] = mean
            if len(values) == 2:  # of a column of two values the second alone is told
                p["harmonium"][r, encode.first[k] + 1 - a] = 1 - mean
    every = range(len(names))
    x = encode(train, every)
    y = encode(test, every)
    unit = np.hstack([np.repeat(hidden[:, [k]], len(encode.categories[k]), axis=1) for k in every])
    begun = time.time()
    # Without the most frequent value of each column: with all, a missing one is known to be 1 less the others, missing too.
    most = [encode.first[k] + x[:, encode.first[k] : encode.first[k + 1]].sum(0).argmax() for k in every]
    rest = np.delete(np.arange(x.shape[1]), most)
    imputer = IterativeImputer(max_iter=10, random_state=0).fit(x[:, rest])
    guess = np.zeros(y.shape)
    guess[:, rest] = imputer.transform(np.where(unit, np.nan, y)[:, rest])
    for k in every:
        guess[:, most[k]] = 1 - guess[:, encode.first[k] : encode.first[k + 1]].sum(1)
    guess = np.clip(guess, 1e-3, 1)
    seconds = {"harmonium": ours_seconds, "IterativeImputer": time.time() - begun}
    p["IterativeImputer"] = guess
    p["frequencies"] = np.tile((x.sum(0) + 1) / (len(x) + 1), (len(test), 1))
    base = None
    for method, q in p.items():
        loss, hits = np.zeros(test.shape), np.zeros(test.shape, bool)
        for k in every:
            of = slice(encode.first[k], encode.first[k + 1])
            share = q[:, of] / np.maximum(q[:, of].sum(1, keepdims=True), 1e-300)
            loss[:, k] = -np.log(np.maximum((share * y[:, of]).sum(1), 1e-12))
            hits[:, k] = share.argmax(1) == y[:, of].argmax(1)
        loss, hits = np.where(hidden, loss, 0), hidden & hits
        say("%g of the cells" % part, method, loss.sum(1), hits.sum(1), base, hidden.sum(1), seconds=seconds.get(method))
        if base is None:
            base = loss.sum(1)


def main():
    own, flags = sys.argv[1:], []
    if "--" in own:
        flags, own = own[own.index("--") + 1 :], own[: own.index("--")]
    a = argparse.ArgumentParser(usage=__doc__)
    a.add_argument("harmonium"), a.add_argument("table"), a.add_argument("out")
    a.add_argument("--label", required=True), a.add_argument("--hidden", default="32"), a.add_argument("--hide", default="")
    o = a.parse_args(own)
    names, rows = table(o.table, o.label)
    n = size(rows)
    parts = rows[:n], rows[n : n * 5 // 4], rows[n * 5 // 4 :]
    with tempfile.TemporaryDirectory() as folder, open(o.out, "a") as out:
        for name, part in zip(("train", "valid", "test"), parts):
            write("%s/%s.csv" % (folder, name), names, part)
        with open(folder + "/schema.csv", "w", newline="") as f:  # as some categories are rare
            values = [sorted(set(column)) for column in rows.T]
            csv.writer(f).writerows([[n, "binary" if len(v) == 2 else "categorical", *v] for n, v in zip(names, values)])
        begun = time.time()
        run(o.harmonium, "train", folder + "/train.csv", "--schema", folder + "/schema.csv", "--valid", folder + "/valid.csv",
            "--hidden", o.hidden, "-o", folder + "/run", "-q", *flags)
        trained = time.time() - begun

        def say(task, method, loss, right, base=None, count=None, **more):
            """Writes a line, of means over rows, or of sums of rows over the sum of their counts."""
            n = np.ones(len(loss)) if count is None else count
            ratio = lambda x: {
                "value": float(x.sum() / n.sum()),
                "stderr": float(np.sqrt(((x - n * x.sum() / n.sum()) ** 2).sum()) / n.sum()),
            }
            line = {"table": os.path.basename(o.table), "task": task, "label": o.label, "method": method,
                    "hidden": int(o.hidden), "rows": len(loss), "accuracy": ratio(right), "log_loss": ratio(loss), **more}
            if base is not None:
                line["difference"] = ratio(loss - base)
            if method == "harmonium":
                line["train_seconds"] = trained
            print(json.dumps(line), file=out, flush=True)
            print("%-18s %-20s accuracy %.4f ± %.4f  log loss %.4f ± %.4f  %s" % (
                task, method, *line["accuracy"].values(), *line["log_loss"].values(),
                "difference %+.4f ± %.4f" % tuple(line["difference"].values()) if base is not None else ""))

        labels(o, folder, names, parts, say)
        for part in o.hide.split(",") if o.hide else []:
            cells(o, folder, names, parts, float(part), say)


main()
