#!/usr/bin/env python3
"""Training with cells missing at random: rows with gaps as they are, only the complete ones, and filled by the columns'
frequencies. One JSON line a training: the log-likelihood of the test rows, all of whose cells are known.

usage: bench/gaps.py HARMONIUM FOLDER NAME OUT.jsonl [--hide 0.1,0.3] [--hidden 20] [--updates 3000] [--seed 1]

FOLDER has the binary density-estimation sets (NAME.train.data.gz, .valid. and .test.). Each cell of the rows to train on
and to validate with is hidden with the probability of --hide. "whole" is the training before anything is hidden, and
"filled" draws each hidden cell from the frequency of its column. Log-likelihoods are exact, in nats a row, and their
errors are over the test rows; "difference" is that of the same model to the one of "gaps", from `harmonium eval`.

Needs numpy.
"""
import argparse
import csv
import gzip
import json
import os
import subprocess
import tempfile

import numpy as np


def read(folder, name, part):
    with gzip.open(os.path.join(folder, f"{name}.{part}.data.gz"), "rt") as f:
        return np.array([[int(c) for c in line.strip().split(",")] for line in f])


def write(path, rows, hidden=None):
    with open(path, "w", newline="") as f:
        out = csv.writer(f)
        out.writerow([f"x{k + 1}" for k in range(rows.shape[1])])
        for r, row in enumerate(rows):
            out.writerow(["" if hidden is not None and hidden[r, k] else x for k, x in enumerate(row)])


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("harmonium", "folder", "name", "out"):
        p.add_argument(name)
    p.add_argument("--hide", default="0.1,0.3")
    p.add_argument("--hidden", default="20")
    p.add_argument("--updates", default="3000")
    p.add_argument("--seed", default="1", help="of the trainings; the hidden cells stay the same")
    o = p.parse_args()
    call = lambda *args: json.loads(subprocess.run([o.harmonium, *args, "--json", "-q"], check=False, stdout=subprocess.PIPE).stdout)
    random = np.random.default_rng(1)
    parts = {part: read(o.folder, o.name, part) for part in ("train", "valid", "test")}
    frequencies = parts["train"].mean(axis=0)
    with tempfile.TemporaryDirectory() as dir:
        at = lambda name: os.path.join(dir, name)
        write(at("test.csv"), parts["test"])
        for hide in [0.0] + [float(x) for x in o.hide.split(",")]:
            hidden = {part: random.random(parts[part].shape) < hide for part in ("train", "valid")}
            runs = {}
            for way in ["whole"] if hide == 0 else ["gaps", "complete", "filled"]:
                rows = []
                for part in ("train", "valid"):
                    x, gaps = parts[part], hidden[part]
                    if way == "complete":
                        x, gaps = x[~gaps.any(axis=1)], None
                    elif way == "filled":
                        x, gaps = np.where(gaps, random.random(x.shape) < frequencies, x), None
                    rows.append(len(x))
                    write(at(part + ".csv"), x, gaps)
                result = {"data": o.name, "seed": int(o.seed), "hide": hide, "way": way, "rows": rows[0]}
                runs[way] = at(f"{way}-{hide}")
                if min(rows) < 20:
                    result["error"] = "too few complete rows"
                else:
                    call("train", at("train.csv"), "--valid", at("valid.csv"), "--hidden", o.hidden, "--updates", o.updates,
                         "--seed", o.seed, "-o", runs[way])
                    if not os.path.exists(os.path.join(runs[way], "model.safetensors")):
                        result["error"] = "columns that never change"
                    else:
                        scores = call("eval", runs[way], "--data", at("test.csv"))
                        result["log_likelihood"], result["method"] = scores["log_likelihood"], scores["method"]
                        if way in ("complete", "filled"):
                            pair = call("eval", runs["gaps"], runs[way], "--data", at("test.csv"))["models"]
                            result["difference"] = pair[1]["difference"] if pair[1]["model"] == runs[way] else {
                                k: -v if k == "value" else v for k, v in pair[1]["difference"].items()}
                with open(o.out, "a") as f:
                    f.write(json.dumps(result) + "\n")
                print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
