#!/usr/bin/env python3
"""The mushrooms of docs/tutorials/table.md: labels beside scikit-learn's logistic regression, and missing cells beside its
IterativeImputer and the columns' frequencies and modes, on the rows and cells of the tutorial.

usage: bench/mushrooms/peers.py FOLDER [HARMONIUM]

FOLDER has train.csv and test.csv with gaps, answers.csv with the rows of test.csv without them, and what harmonium wrote:
of test.csv labels.csv and odors.csv by 'score --label' class and odor, and cells.csv by 'complete --cells'; of answers.csv
whole-labels.csv by 'score --label class'.

With HARMONIUM, the program, one row in a hundred of answers.csv gets one wrong cell, drawn at random but for the class, and
the table tells how many of these are among the 1 % and 2 % least likely rows, by 'score' and by the columns' frequencies.

The regression has one-hot columns, all 0 where a cell is missing, and C of 10^-2 to 10^4, chosen by 5-fold cross-validation
of the log loss on the rows of train.csv that have the label. The imputer, with its defaults, predicts one-hot numbers, but
for the most frequent value of each column, which has what is left to 1; they are clipped to 10^-3 to 1 and scaled to the
sum 1 for each cell.
Frequencies of n values are (count + 1)/(rows + n). Log losses are in nats a row, or a cell; errors are over rows, also of
cells, and "difference" is that of the same rows to harmonium, above 0 where harmonium is better.
Needs numpy and scikit-learn (bench/peers/kinds.txt).
"""
import csv
import os
import random
import subprocess
import sys
import time

import numpy as np
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV


def read(path):
    with open(path, newline="") as f:
        names, *rows = csv.reader(f)
    return names, np.array(rows)


def say(task, method, loss, right, n, base=None):
    """Prints means over rows of n cells each, with the errors of ratios of sums."""
    def ratio(x):
        r = x.sum() / n.sum()
        return r, np.sqrt(((x - n * r) ** 2).sum()) / n.sum()
    more = "" if base is None else "  difference %+.4f ± %.4f" % ratio(loss - base)
    print("%-12s %-18s accuracy %.4f ± %.4f  log loss %.4f ± %.4f%s" % (task, method, *ratio(right), *ratio(loss), more), flush=True)


def slips(harmonium, folder, names, train, whole, values):
    """Ranks rows of which some have a wrong cell."""
    draw = random.Random(1)
    rows, bad = whole.copy(), draw.sample(range(len(whole)), round(len(whole) / 100))
    for r in bad:
        k = draw.choice([k for k in range(1, len(names)) if len(values[k]) > 1])
        rows[r, k] = draw.choice([v for v in values[k] if v != rows[r, k]])
    with open(folder + "/slips.csv", "w", newline="") as f:
        csv.writer(f).writerows([names, *rows])
    subprocess.run([harmonium, "score", "mushrooms", "--data", "slips.csv", "-o", "slips-scores.csv", "-q"], cwd=folder, check=True,
                   capture_output=True)
    with open(folder + "/slips-scores.csv", newline="") as f:
        scores = {"harmonium": np.array([float(line["log_likelihood"]) for line in csv.DictReader(f)])}
    scores["frequencies"] = np.zeros(len(rows))
    for k, all_of in enumerate(values):
        count = {v: (train[:, k] == v).sum() + 1 for v in all_of}
        scores["frequencies"] += np.log([count[v] / sum(count.values()) for v in rows[:, k]])
    for method, score in scores.items():
        order = list(score.argsort(kind="stable"))
        print("%-12s %-18s of %d rows with a wrong cell, %d among the lowest 1 %%, %d among the lowest 2 %%" % (
            "slips", method, len(bad), *(len(set(order[: n * len(bad)]) & set(bad)) for n in (1, 2))))


def main(folder, harmonium=None):
    names, train = read(folder + "/train.csv")
    _, test = read(folder + "/test.csv")
    _, whole = read(folder + "/answers.csv")
    values = [sorted(set(np.concatenate([train[:, k], whole[:, k]])) - {""}) for k in range(len(names))]
    first = np.cumsum([0] + [len(v) for v in values])

    def encode(rows):
        return np.hstack([[[c == x for x in values[k]] for c in rows[:, k]] for k in range(len(names))]).astype(float)

    x, y = encode(train), encode(whole)
    one = np.ones(len(test))

    def label(column, file, rows):
        """Compares P(label|rest) of the rows, which the file has from harmonium."""
        k = names.index(column)
        classes, truth, known = values[k], whole[:, k], train[:, k] != ""
        at = np.array([classes.index(c) for c in truth])
        with open(folder + "/" + file, newline="") as f:
            ours = np.array([[float(line["p_" + c]) for c in classes] for line in csv.DictReader(f)])
        others = np.r_[0:first[k], first[k + 1]:first[-1]]
        search = GridSearchCV(LogisticRegression(max_iter=5000), {"C": 10.0 ** np.arange(-2, 5)}, scoring="neg_log_loss", cv=5)
        search.fit(x[np.ix_(known, others)], train[known, k])
        theirs = np.zeros(ours.shape)
        theirs[:, [classes.index(c) for c in search.classes_]] = search.predict_proba(encode(rows)[:, others])
        count = np.array([(train[:, k] == c).sum() + 1 for c in classes])
        base = None
        for method, q in [("harmonium", ours), ("regression, C=%g" % search.best_params_["C"], theirs),
                          ("frequencies", np.tile(count / count.sum(), (len(rows), 1)))]:
            loss = -np.log(np.maximum(q[np.arange(len(q)), at], 1e-12))
            say(file.removesuffix(".csv"), method, loss, q.argmax(1) == at, one, base)
            base = loss if base is None else base

    label("class", "labels.csv", test)
    label("class", "whole-labels.csv", whole)
    label("odor", "odors.csv", test)

    p = {"harmonium": np.zeros(y.shape)}
    with open(folder + "/cells.csv", newline="") as f:
        for line in csv.DictReader(f):
            r, k, mean = int(line["row"]) - 1, names.index(line["column"]), float(line["mean"])
            a = values[k].index(line["value"]) if line["value"] in values[k] else None
            if a is None:  # a value of the schema that no row has
                continue
            p["harmonium"][r, first[k] + a] = mean
            if len(values[k]) == 2:  # of a column of two values the second alone is told
                p["harmonium"][r, first[k] + 1 - a] = 1 - mean

    def gaps(rows, numbers):
        unit = np.hstack([np.repeat((rows[:, [k]] == ""), len(values[k]), axis=1) for k in range(len(names))])
        return np.where(unit, np.nan, numbers)

    # Without the most frequent value of each column: with all, a missing one is known to be 1 less the others, missing too.
    begun = time.time()
    most = [first[k] + x[:, first[k]:first[k + 1]].sum(0).argmax() for k in range(len(names))]
    rest = np.delete(np.arange(x.shape[1]), most)
    imputer = IterativeImputer(random_state=0).fit(gaps(train, x)[:, rest])
    p["IterativeImputer"] = np.zeros(y.shape)
    p["IterativeImputer"][:, rest] = imputer.transform(gaps(test, y)[:, rest])
    for k, a in enumerate(most):
        p["IterativeImputer"][:, a] = 1 - p["IterativeImputer"][:, first[k]:first[k + 1]].sum(1)
    p["IterativeImputer"] = np.clip(p["IterativeImputer"], 1e-3, 1)
    print("imputer: %.0f s" % (time.time() - begun))
    count = np.array([(train[:, k] != "").sum() + len(values[k]) for k in range(len(names)) for _ in values[k]])
    p["frequencies"] = np.tile((x.sum(0) + 1) / count, (len(test), 1))
    hidden, base = test == "", None
    for method, q in p.items():
        loss, right = np.zeros(test.shape), np.zeros(test.shape)
        for k in range(len(names)):
            of = slice(first[k], first[k + 1])
            share = q[:, of] / np.maximum(q[:, of].sum(1, keepdims=True), 1e-300)
            loss[:, k] = -np.log(np.maximum((share * y[:, of]).sum(1), 1e-12))
            right[:, k] = share.argmax(1) == y[:, of].argmax(1)
        loss, right = np.where(hidden, loss, 0).sum(1), np.where(hidden, right, 0).sum(1)
        say("cells", method, loss, right, hidden.sum(1), base)
        base = loss if base is None else base
    if harmonium:
        slips(os.path.abspath(harmonium), folder, names, train, whole, values)


main(*sys.argv[1:])
