#!/usr/bin/env python3
"""Contacts by mean-field direct coupling analysis (F. Morcos and others, PNAS 108 (2011) E1293), to stand beside those of
harmonium inspect: precision of the first pairs that are at least --separation apart, for both.

usage: bench/dca.py FASTA CONTACTS [--scores contacts.csv] [--separation 4] [--identity 0.8]

CONTACTS has two sites a line, from 1, those that touch. --scores is a contacts.csv of harmonium inspect.

Frequencies have a pseudocount of half, couplings are minus the inverse of the covariances of all letters but the last, and
scores are their Frobenius norms in the zero-sum gauge without gaps, less the average product (APC; M. Ekeberg and others,
Phys. Rev. E 87 (2013) 012707).
"""
import argparse
import csv
import gzip

import numpy as np


def read(path):
    opened = gzip.open(path, "rt") if path.endswith(".gz") else open(path)
    rows, row = [], ""
    for line in [*opened, ">"]:
        if line.startswith(">"):
            rows, row = rows + [row] if row else rows, ""
        else:
            row += line.strip()
    letters = sorted(set("".join(rows)) - {"-"}) + ["-"] * any("-" in row for row in rows)
    return np.array([[letters.index(x) for x in row] for row in rows]), letters


def weights(x, identity):
    return np.array([1 / np.sum((x == row).mean(1) >= identity) for row in x]) if identity else np.ones(len(x))


def scores(x, q, gap, w):
    n, m = x.shape
    one = np.zeros((n, m * q), np.float32)
    for i in range(m):
        one[np.arange(n), i * q + x[:, i]] = 1
    pair = ((one * w[:, None]).T @ one / w.sum()).astype(float) / 2 + 0.5 / q ** 2
    single = np.diag((one * w[:, None]).T @ one).astype(float) / w.sum() / 2 + 0.5 / q
    for i in range(m):
        pair[i * q:(i + 1) * q, i * q:(i + 1) * q] = np.diag(single[i * q:(i + 1) * q])
    keep = np.arange(m * q) % q < q - 1
    covariance = pair - np.outer(single, single)
    J = np.zeros((m * q, m * q))
    J[np.ix_(keep, keep)] = -np.linalg.inv(covariance[np.ix_(keep, keep)])
    J = J.reshape(m, q, m, q)
    J = J - J.mean(1, keepdims=True) - J.mean(3, keepdims=True) + J.mean((1, 3), keepdims=True)
    if gap:
        J = J[:, :-1, :, :-1]
    norm = np.sqrt((J ** 2).sum((1, 3)))
    np.fill_diagonal(norm, 0)
    mean = norm.sum(1) / (m - 1)
    return norm - np.outer(mean, mean) / (norm.sum() / (m * (m - 1)))


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("fasta")
    p.add_argument("contacts")
    p.add_argument("--scores")
    p.add_argument("--separation", type=int, default=4)
    p.add_argument("--identity", type=float, default=0)
    o = p.parse_args()
    x, letters = read(o.fasta)
    known = {tuple(sorted(map(int, line.split()))) for line in open(o.contacts)}
    m = x.shape[1]
    S = scores(x, len(letters), letters[-1] == "-", weights(x, o.identity))
    pairs = [(i + 1, j + 1) for i in range(m) for j in range(i + o.separation, m)]
    lists = {"mean-field DCA": sorted(pairs, key=lambda pair: -S[pair[0] - 1, pair[1] - 1])}
    if o.scores:
        with open(o.scores) as f:
            rows = list(csv.reader(f))[1:]
        lists["inspect"] = [pair for a, b, *_ in rows if (pair := tuple(sorted((int(a), int(b)))))[1] - pair[0] >= o.separation]
    total = sum(pair in known for pair in pairs)
    print(f"{total} of {len(pairs)} pairs touch ({total / len(pairs):.2f})")
    for name, ranked in lists.items():
        hits = np.cumsum([pair in known for pair in ranked])
        print(name, *(f"first {k}: {hits[k - 1] / k:.2f}" for k in (m // 2, m, 2 * m)))


if __name__ == "__main__":
    main()
