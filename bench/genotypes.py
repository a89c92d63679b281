#!/usr/bin/env python3
"""Genotypes as two bits beside sites of three states: log-likelihoods of the same rows, in nats a row.

usage: bench/genotypes.py HARMONIUM [SEED…] [--hidden 20]

Each set is made up: 6,000 samples of 30 sites in blocks of five, in which a copy of the genome has one of three haplotypes,
with other frequencies in two populations, and 2 % of other alleles; a tenth of the samples has the same copy twice. Half of
them are trained on, by the defaults. Errors are those of rows, of differences in pairs.
"""
import argparse
import csv
import random
import statistics
import subprocess
import sys
import tempfile


def simulate(seed, path, rows=6000, sites=30, block=5):
    draw = random.Random(seed)
    haplotypes = [
        [[draw.random() < draw.choice([0.1, 0.3, 0.5]) for _ in range(block)] for _ in range(3)] for _ in range(sites // block)
    ]

    def copy(population):
        alleles = []
        for of in haplotypes:
            alleles += [a ^ (draw.random() < 0.02) for a in draw.choices(of, ([6, 3, 1], [1, 3, 6])[population])[0]]
        return alleles

    with open(path, "w") as f:
        print(*("rs%d" % (k + 1) for k in range(sites)), sep=",", file=f)
        for _ in range(rows):
            population = draw.random() < 0.5
            one = copy(population)
            other = one if draw.random() < 0.1 else copy(population)
            print(*(a + b for a, b in zip(one, other)), sep=",", file=f)


def main():
    a = argparse.ArgumentParser(usage=__doc__)
    a.add_argument("harmonium"), a.add_argument("seeds", nargs="*", type=int, default=[1, 2, 3, 4])
    a.add_argument("--hidden", default="20")
    o = a.parse_args()
    for seed in o.seeds:
        with tempfile.TemporaryDirectory() as folder:

            def run(*command):
                out = subprocess.run([o.harmonium, *command, "-q"], cwd=folder, capture_output=True, text=True)
                if out.returncode not in (0, 3):
                    sys.exit("%s\n%s" % (" ".join(command), out.stderr))
                return out

            simulate(seed, folder + "/all.csv")
            run("data", "split", "all.csv", "--genotypes", "all", "--parts", "0.5,0.5", "-o", "train.csv,test.csv")
            scores = []
            for coding in ("genotypes", "categories"):
                run("train", "train.csv", "--" + coding, "all", "--holdout", "0.1", "--hidden", o.hidden, "-o", coding)
                run("score", coding, "--data", "test.csv", "-o", coding + ".csv")
                with open(folder + "/" + coding + ".csv", newline="") as f:
                    scores.append([float(line["log_likelihood"]) for line in csv.DictReader(f)])
            odd = run("sample", "genotypes", "-n", "3000", "-o", "new.csv").stderr
        n = len(scores[0]) ** 0.5
        d = [x - y for x, y in zip(*scores)]
        print("%d: two bits %.3f ± %.3f, three states %.3f ± %.3f, difference %.3f ± %.3f; %s" % (
            seed, *(f(s) / g for s in scores for f, g in ((statistics.mean, 1), (statistics.stdev, n))),
            statistics.mean(d), statistics.stdev(d) / n, odd.strip()), flush=True)


main()
