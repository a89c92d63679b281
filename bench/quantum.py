#!/usr/bin/env python3
"""Reconstruct quantum states from measurements, beside QuCumber, for docs/quantum-results.md.

usage: quantum.py HARMONIUM OUT.jsonl [--tutorials FOLDER] [--only PART …] [--seeds 1 2 3] [--threads 1]

It adds a JSON line to OUT for each run, and does not repeat what is there. Its Python has numpy, scipy and,
for QuCumber's runs, qucumber. Parts, all by default:

tutorial1  QuCumber's first three tutorials, by its settings in both programs, by Harmonium's own, and of two
tutorial2  sites the most likely state of all, without a model. FOLDER has its files, in tutorial1, tutorial2 and
tutorial3  tutorial3; without it these parts are left out.
random     random complex states of six sites, in 16 bases.
xxz        ten sites of the XXZ chain that evolved from |0101…⟩ for the time 1, in 28 bases.
density    Werner states, and GHZ and W states with depolarising noise, of 2 to 6 sites.
tfim10     ground states of the Ising chain in a transverse field: means over 10,000 samples with error bars,
           thrice, beside the model's exact values and the state's; absolute magnetisations by outcomes in
           their own bases.
tfim20     the same of 20 sites, without the latter.
draws      one model of 20 sites of each, and 30 sets of 10,000 samples.

All is done on one thread, or on those that are asked for. Seconds are the processor's, user and system, in
Harmonium's case of the whole command, in QuCumber's of fit alone, without imports and files. "wall" are those of
the clock, and "whole" are [processor, clock] of QuCumber's whole command, which also compares the states. A
fidelity is |⟨ψ|φ⟩|² or (Tr √(√ρ σ √ρ))².
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "GOMAXPROCS")
PROGRAMS = ["harmonium", "qucumber", "maximum likelihood"]
DRAWS = 3  # of 10,000 samples from each model

Case = dict[str, object]  # what names a run, and, by names that begin with _, how it is done
Files = dict[str, "Path | str"]  # rows, state and perhaps bases
Make = Callable[[argparse.Namespace, Path], Files]
# Bases, a number of hidden units, and what makes so many measurements in each basis.
Measurements = tuple[list[str], int, Callable[[int, argparse.Namespace, Path], Files]]

# What names no run.
RESULTS = {"fidelity", "fidelities", "fidelity_from_state", "kl", "trace_distance", "log_likelihood",
           "log_likelihood_from_state", "entropy", "seconds", "wall", "whole", "rows", "observables", "date", "version"}

# QuCumber's tutorials and their published settings.
BATCHES = {"pos_batch_size": 100, "neg_batch_size": 100, "k": 10}
TUTORIALS: dict[int, dict] = {
    1: {"rows": "tfim1d_data.txt", "state": "tfim1d_psi.txt", "hidden": 10, "train": [],
        "fit": BATCHES | {"epochs": 500, "lr": 0.01}},
    2: {"rows": "qubits_train.txt", "bases": "qubits_train_bases.txt", "state": "qubits_psi.txt", "hidden": 2,
        "train": ["--kind", "complex"], "fit": BATCHES | {"epochs": 500, "lr": 0.1}},
    3: {"rows": "N2_W_state_100_samples_data.txt", "bases": "N2_W_state_100_samples_bases.txt",
        "state": "N2_W_state_target_real.txt,N2_W_state_target_imag.txt", "hidden": 2,
        "train": ["--kind", "density"],
        "fit": BATCHES | {"epochs": 500, "lr": 10, "drop": 125, "auxiliary": 2}},
}
# What of the settings of the first two is the same in Harmonium, but for the rate; weights begin smaller, the gradient
# is centred, and phases are dephased at first.
NEAR = ("--optimizer sgd --schedule constant --epochs 500 --batch 100 --negative cd --steps 10 "
        "--every 1000000 --rate").split()
# The rest: weights begin at N(0, 1/n) for n sites.
SAME = "--centered=false --data-biases=false --initial-std".split()


def main() -> None:
    """Do the parts that were asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("harmonium")
    parser.add_argument("out", type=Path)
    parser.add_argument("--tutorials", type=Path)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--programs", nargs="+", choices=PROGRAMS, default=PROGRAMS)
    parser.add_argument("--states", type=Path, help="folder that keeps ground states from call to call")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    os.environ |= {name: str(options.threads) for name in THREADS}
    done = set()
    if options.out.exists():
        done = {key(json.loads(line)) for line in options.out.read_text(encoding="utf-8").splitlines()}
    with tempfile.TemporaryDirectory() as states:
        options.states = options.states or Path(states)
        for part in options.only:
            for case in PARTS[part](options):
                case = {"part": part} | case | ({"threads": options.threads} if options.threads > 1 else {})
                if case["program"] in options.programs and key(case) not in done:
                    with tempfile.TemporaryDirectory() as folder:
                        run(options, case, Path(folder))


def key(case: Case) -> str:
    """Return what names a run."""
    named = {k: v for k, v in case.items() if k not in RESULTS and not k.startswith("_")}
    return json.dumps(named, sort_keys=True)


def run(options: argparse.Namespace, case: Case, folder: Path) -> None:
    """Make the measurements of a case, reconstruct the state, and write down what came."""
    files = case["_make"](options, folder)
    if case["program"] == "qucumber":
        settings = case["_fit"] | {k: str(v) for k, v in files.items()}
        settings |= {k: case[k] for k in ("seed", "hidden")} | {"threads": options.threads}
        peer = Path(__file__).parent / "peers" / "quantum.py"
        printed, *whole = timed(sys.executable, peer, json.dumps(settings))
        result = json.loads(printed.splitlines()[-1]) | {"whole": whole}
    elif case["program"] == "harmonium":
        result = harmonium(options, case, files, folder)
    else:
        result = most_likely(files) | {"version": ""}
        if "_bases" in case:
            result["entropy"] = entropy(files["state"], case["_bases"])
    line = {k: v for k, v in case.items() if not k.startswith("_")} | result
    line["date"] = time.strftime("%Y-%m-%d", time.gmtime())
    with options.out.open("a", encoding="utf-8") as f:
        f.write(json.dumps(line, ensure_ascii=False) + "\n")
    print({k: v for k, v in line.items() if k != "observables"}, file=sys.stderr)


def output(*command: object) -> str:
    """Return what a command prints."""
    words = [str(word) for word in command]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode not in (0, 3):  # 3: with a warning
        raise SystemExit(f"{' '.join(words)}: exit status {done.returncode}")
    return done.stdout


def timed(*command: object) -> tuple[str, float, float]:
    """Return what a command prints, its processor seconds, user and system, and those of the clock."""
    before = os.times()
    printed = output(*command)
    after = os.times()
    return printed, round(sum(after[2:4]) - sum(before[2:4]), 2), round(after[4] - before[4], 2)


def harmonium(options: argparse.Namespace, case: Case, files: Files, folder: Path) -> Case:
    """Train Harmonium, and compare its state with the known one."""
    command = [options.harmonium, "train", files["rows"], "--hidden", case["hidden"], "--seed", case["seed"],
               "--workers", options.threads, "-q", "--json", "-o", folder / "run", *case["_train"]]
    if "bases" in files:
        command += ["--bases", files["bases"]]
    printed, seconds, wall = timed(*command)
    trained = json.loads(printed)
    observe = [options.harmonium, "observe", folder / "run", "--workers", 1, "--json"]
    for operator in case.get("_operators", ["sz"]):
        observe += ["--op", operator]
    seen = json.loads(output(*observe, "--state", files["state"]))
    result: Case = {"log_likelihood": trained["train_ll"]["value"], "seconds": seconds, "wall": wall}
    result |= {k: seen[k] for k in ("fidelity", "kl", "trace_distance")}
    if "_bases" in case:
        result["entropy"] = entropy(files["state"], case["_bases"])
    if "_operators" in case:
        values = {
            o["name"]: {"exact": o["exact"], "state": o["state"], "samples": []}
            for o in seen["observables"]
        }
        for seed in seeds_of(case):
            sampled = json.loads(output(*observe, "--method", "samples", "-n", 10000, "--seed", seed))
            for o in sampled["observables"]:
                values[o["name"]]["samples"].append([o["value"], o["stderr"]])
        result["observables"] = values | absolute(options, case, folder)
    version = output(options.harmonium, "version").split(",")[0]
    return result | {"version": version.removeprefix("harmonium ").strip()}


def seeds_of(case: Case) -> range:
    """Return the seeds of the samples from a model."""
    if "draws" in case:
        return range(1001, 1001 + case["draws"])
    return range(case["seed"] * DRAWS, (case["seed"] + 1) * DRAWS)


def measured(*arguments: object, bases: list[str] | None = None, density: bool = False) -> Make:
    """Return what makes measurements by `harmonium data`, in Z where no bases are given."""
    def make(options: argparse.Namespace, folder: Path) -> Files:
        state = f"{folder}/re.txt,{folder}/im.txt" if density else folder / "psi.txt"
        files: Files = {"rows": folder / "rows.npy", "state": state}
        command = [options.harmonium, "data", *arguments, "-q", "-o", files["rows"], "--state", state]
        if bases:
            files["bases"] = folder / "bases.txt"
            (folder / "measure.txt").write_text("\n".join(bases) + "\n", encoding="utf-8")
            command += ["--measure", folder / "measure.txt", "--bases", files["bases"]]
        output(*command)
        return files
    return make


def tutorial(options: argparse.Namespace, number: int) -> Iterator[Case]:
    """One of QuCumber's first three tutorials, whose rows are the same for all seeds."""
    if options.tutorials is None:
        return
    t, folder = TUTORIALS[number], options.tutorials / f"tutorial{number}"
    for seed in options.seeds:
        files = {k: folder / t[k] for k in ("rows", "bases") if k in t}
        files["state"] = ",".join(str(folder / name) for name in t["state"].split(","))
        case = {"seed": seed, "hidden": t["hidden"],
                "_make": lambda _options, _folder, files=files: files}
        ours = case | {"program": "harmonium"}
        yield ours | {"settings": "defaults", "_train": t["train"]}
        yield case | {"program": "qucumber", "settings": "QuCumber's", "_fit": t["fit"]}
        if number < 3:
            near = [*t["train"], *NEAR, t["fit"]["lr"]]
            if number == 2:
                near += ["--phase-hidden", t["hidden"]]
            same = [*near, *SAME, t["hidden"] ** -0.5]  # as many sites
            if number == 2:
                same += ["--dephasing=false"]
            yield ours | {"settings": "QuCumber's", "_train": same}
            yield ours | {"settings": "QuCumber's, centred, from Harmonium's start", "_train": near}
        if number == 1:
            for epochs in (10, 100):
                yield ours | {"settings": f"defaults, {epochs} epochs", "_train": ["--epochs", epochs]}
            yield ours | {"settings": "QuCumber's, weights begin at N(0, 0.01²)",
                          "_train": [*near, "--centered=false"]}
            yield case | {"program": "qucumber", "settings": "QuCumber's, weights begin at N(0, 0.01²)",
                          "_fit": t["fit"] | {"scale": 10**-1.5}}
        elif seed == options.seeds[0]:
            yield case | {"program": "maximum likelihood", "seed": 0}


def complex_states(options: argparse.Namespace, make: Callable[[int], Measurements]) -> Iterator[Case]:
    """Complex states by the number of measurements; a seed has its state or rows, and its training."""
    for seed, rows in itertools.product(options.seeds, (1000, 4000, 16000)):
        bases, hidden, measure = make(seed)
        each = rows // len(bases)
        case = {"sites": len(bases[0]), "bases": len(bases), "rows": each * len(bases), "measurements": rows,
                "seed": seed, "hidden": hidden, "_bases": bases, "_make": partial(measure, each)}
        yield case | {"program": "harmonium", "settings": "defaults", "_train": ["--kind", "complex"]}
        yield case | {"program": "maximum likelihood"}
        yield case | {"program": "qucumber", "settings": "tutorial 2's, 5,000 updates",
                      "_fit": BATCHES | {"epochs": max(1, 500000 // rows), "lr": 0.1}}


def random_states(seed: int) -> Measurements:
    """Return those of a state of normal amplitudes."""
    draw = random.Random(seed)
    bases = ["ZZZZZZ"]
    while len(bases) < 16:
        bases += {"".join(draw.choice("XYZ") for _ in range(6))} - set(bases)

    def measure(each: int, options: argparse.Namespace, folder: Path) -> Files:
        draw = random.Random(seed)
        psi = np.array([[draw.gauss(0, 1), draw.gauss(0, 1)] for _ in range(64)])
        np.savetxt(folder / "random.txt", psi / np.linalg.norm(psi))
        make = measured("measure", folder / "random.txt", "-n", each, "--seed", seed, bases=bases)
        return make(options, folder)
    return bases, 24, measure


def xxz_states(seed: int) -> Measurements:
    """Return those of an evolved chain: Z, and pairs of neighbours in X and Y."""
    bases = ["Z" * 10]
    bases += ["Z" * i + pair + "Z" * (8 - i) for i in range(9) for pair in ("XX", "YY", "XY")]

    def measure(each: int, options: argparse.Namespace, folder: Path) -> Files:
        state = ("xxz", "--sites", 10, "--time", 1)
        return measured(*state, "-n", each, "--seed", seed, bases=bases)(options, folder)
    return bases, 20, measure


def density(options: argparse.Namespace) -> Iterator[Case]:
    """Mixed states by their noise and their number of sites; QuCumber's of two sites, where rows are few."""
    states = [("werner", 2, p) for p in (0, 0.25, 0.5, 0.75, 1)]
    states += itertools.product(("ghz", "w"), range(2, 7), (0.1, 0.3))
    for seed, (name, sites, p) in itertools.product(options.seeds, states):
        bases = ["".join(letters) for letters in itertools.product("ZXY", repeat=sites)]
        if sites > 4:  # the three that all sites share, and 57 others
            others = [b for b in bases if len(set(b)) > 1]
            bases = [letter * sites for letter in "ZXY"] + random.Random(seed).sample(others, 57)
        state = ("werner", "--p", p) if name == "werner" else (name, "--sites", sites, "--noise", p)
        for each in (100, 1000) if sites == 2 else (200,):
            case = {"state": name, "sites": sites, "p": p, "bases": len(bases), "rows": each * len(bases),
                    "each": each, "seed": seed, "hidden": sites,
                    "_make": measured(*state, "-n", each, "--seed", seed, bases=bases, density=True)}
            yield case | {"program": "harmonium", "settings": "defaults", "_train": ["--kind", "density"]}
            if sites == 2 and each == 100:
                yield case | {"program": "qucumber", "settings": "tutorial 3's", "_fit": TUTORIALS[3]["fit"]}
                yield case | {"program": "maximum likelihood"}


def tfim(options: argparse.Namespace, sites: int, draws: int = 0) -> Iterator[Case]:
    """Ground states of the Ising chain: the sampling error and that of the reconstruction, apart.

    With a number of draws it is that of one model, of the seed 101.
    """
    def measure(h: float, seed: int, options: argparse.Namespace, folder: Path) -> Files:
        state = options.states / f"tfim{sites}-{h}.txt"
        if not state.exists():
            made = measured("tfim", "--sites", sites, "--h", h, "-n", 1)(options, folder)
            state.write_bytes(Path(made["state"]).read_bytes())
        return measured("measure", state, "-n", 10000, "--seed", seed)(options, folder)

    for seed, h in itertools.product([101] if draws else options.seeds, (0.5, 1, 2)):
        operators = ["sx", "sz", "sz:abs", "zz:3", f"energy:tfim:h={h}", f"renyi2:0-{sites // 2 - 1}"]
        case = {"program": "harmonium", "settings": "defaults", "sites": sites, "h": h, "rows": 10000,
                "seed": seed, "hidden": sites, "_make": partial(measure, h, seed), "_train": [],
                "_operators": operators}
        yield case | ({"draws": draws} if draws else {})


TURN = {"X": np.array([[1, 1], [1, -1]]) / 2**0.5, "Y": np.array([[1, -1j], [1, 1j]]) / 2**0.5}
TURN["Z"] = np.eye(2)


def turned(psi: np.ndarray, basis: str) -> np.ndarray:
    """Return the probabilities of the outcomes of a state's amplitudes in a basis."""
    psi = psi.reshape((2,) * len(basis))
    for axis, letter in enumerate(basis):
        psi = np.moveaxis(np.tensordot(TURN[letter], psi, axes=(1, axis)), 0, axis)
    return np.abs(psi.ravel()) ** 2


def amplitudes(path: Path | str) -> np.ndarray:
    """Read a pure state."""
    real, imaginary = np.loadtxt(path).T
    return real + 1j * imaginary


def entropy(path: Path | str, bases: list[str]) -> float:
    """Return the mean entropy of outcomes: minus the log-likelihood of a row by the state itself."""
    psi = amplitudes(path)
    all_bases = np.concatenate([turned(psi, b) for b in bases])
    seen = all_bases[all_bases > 0]
    return float(-(seen @ np.log(seen)) / len(bases))


def absolute(options: argparse.Namespace, case: Case, folder: Path) -> dict[str, dict]:
    """Return |Σσ^x|/n and |Σσ^y|/n of a small positive state, from outcomes in their own bases.

    Their local values are sums over all configurations. The exact ones are computed here, from the parameters
    of the model and by turning all amplitudes, which checks `sample --basis` as well.
    """
    if case["sites"] != 10:
        return {}
    bits = np.array(list(itertools.product((0, 1), repeat=10)))
    p = parameters(folder / "run" / "model.safetensors")
    log_p = bits @ p["b"] + np.logaddexp(0, bits @ p["W"] + p["c"]).sum(axis=1)
    psi, known = np.exp((log_p - log_p.max()) / 2), amplitudes(folder / "psi.txt")
    modulus = np.abs(1 - 2 * bits.mean(axis=1))
    result = {}
    for basis in ("X" * 10, "Y" * 10):
        draws = []
        for seed in seeds_of(case):
            file = folder / f"{seed}{basis}.npy"
            output(options.harmonium, "sample", folder / "run", "--basis", basis, "-n", 10000, "--seed", seed,
                   "-q", "-o", file)
            x = np.abs(1 - 2 * np.load(file).mean(axis=1))
            draws.append([float(x.mean()), float(x.std(ddof=1) / len(x) ** 0.5)])
        result[f"s{basis[0].lower()}:abs"] = {
            "exact": float(turned(psi, basis) @ modulus / (psi @ psi)),
            "state": float(turned(known, basis) @ modulus),
            "samples": draws,
        }
    return result


def parameters(path: Path) -> dict[str, np.ndarray]:
    """Read the arrays of a safetensors file."""
    content = path.read_bytes()
    end = 8 + int.from_bytes(content[:8], "little")
    arrays = {}
    for name, x in json.loads(content[8:end]).items():
        if name != "__metadata__":
            numbers = np.frombuffer(content[end:][slice(*x["data_offsets"])], np.float32)
            arrays[name] = numbers.reshape(x["shape"]).astype(float)
    return arrays


def most_likely(files: Files) -> dict[str, float]:
    """Return the fidelity and the log-likelihood of a row of the most likely state without a model.

    It is a vector, or of two sites a density matrix.
    """
    from scipy.optimize import minimize

    rows = str(files["rows"])
    outcomes = np.load(rows) if rows.endswith(".npy") else np.loadtxt(rows).astype(int)
    bases = ["".join(words) for words in np.loadtxt(files["bases"], dtype=str)]
    parts = str(files["state"]).split(",")
    if len(parts) == 1:
        return most_likely_vector(outcomes, bases, amplitudes(parts[0]))
    target = np.loadtxt(parts[0]) + 1j * np.loadtxt(parts[1])
    rows = np.array([np.kron(TURN[x][a], TURN[y][b]) for (a, b), (x, y) in zip(outcomes, bases, strict=True)])

    def rho(x: np.ndarray) -> np.ndarray:  # LL†/Tr LL†
        half = (x[: len(x) // 2] + 1j * x[len(x) // 2 :]).reshape(4, 4)
        whole = half @ half.conj().T
        return whole / np.trace(whole).real

    def loss(x: np.ndarray) -> float:
        return -np.mean(np.log(np.einsum("ni,ij,nj->n", rows, rho(x), rows.conj()).real))

    starts = [np.random.default_rng(s).normal(size=32) for s in range(5)]
    found = min((minimize(loss, x) for x in starts), key=lambda r: r.fun)
    fidelity = np.sqrt(np.abs(np.linalg.eigvals(rho(found.x) @ target).real)).sum() ** 2
    return {"fidelity": float(fidelity), "log_likelihood": -float(found.fun)}


def most_likely_vector(outcomes: np.ndarray, bases: list[str], psi: np.ndarray) -> dict[str, float]:
    """Return what L-BFGS finds of three random starts that are dephased first, and what it finds from psi.

    The likelihood is that of a dephased vector (docs/decisions/0098), whose κ falls from 30 to 0. Without this
    random starts end in worse optima. What starts at psi is the nearest optimum to it, which nobody finds who
    does not know psi, and which need not be the most likely one.
    """
    from scipy.optimize import minimize
    from scipy.sparse import csr_matrix

    factors, columns, ends = [], [], [0]
    for outcome, basis in zip(outcomes, bases, strict=True):
        factor, column = np.ones(1, complex), np.zeros(1, int)
        for bit, letter in zip(outcome, basis, strict=True):
            if letter == "Z":
                column = 2 * column + bit
                continue
            factor = np.concatenate([factor * u for u in TURN[letter][bit]])
            column = np.concatenate([2 * column, 2 * column + 1])
        factors.append(factor)
        columns.append(column)
        ends.append(ends[-1] + len(factor))
    rows = csr_matrix((np.concatenate(factors), np.concatenate(columns), ends), shape=(len(bases), len(psi)))
    squares = rows.multiply(rows.conj()).real.tocsr()
    adjoint, transpose = rows.conj().T.tocsr(), squares.T.tocsr()

    def loss(x: np.ndarray, kappa: float) -> tuple[float, np.ndarray]:
        phi = x[: len(psi)] + 1j * x[len(psi) :]
        seen, norm = rows @ phi, np.vdot(phi, phi).real
        p = np.maximum(np.abs(seen) ** 2 + kappa * (squares @ np.abs(phi) ** 2), 1e-300)
        slope = adjoint @ (seen / p) + kappa * phi * (transpose @ (1 / p))
        gradient = 2 * phi / norm - 2 * slope / len(bases)
        value = np.log(norm * (1 + kappa)) - np.mean(np.log(p))
        return value, np.concatenate([gradient.real, gradient.imag])

    def climb(x: np.ndarray, kappas: tuple[float, ...] = ()) -> tuple[float, float]:
        for kappa in kappas:
            x = minimize(loss, x / np.linalg.norm(x), kappa, jac=True, method="L-BFGS-B", options={"maxiter": 300}).x
        to_the_end = {"maxiter": 5000, "maxfun": 10000, "ftol": 1e-12, "gtol": 1e-8}
        end = minimize(loss, x / np.linalg.norm(x), 0.0, jac=True, method="L-BFGS-B", options=to_the_end)
        phi = end.x[: len(psi)] + 1j * end.x[len(psi) :]
        fidelity = np.abs(np.vdot(psi, phi)) ** 2 / (np.vdot(phi, phi).real * np.vdot(psi, psi).real)
        return -float(end.fun), float(fidelity)

    starts = [np.random.default_rng(s).normal(size=2 * len(psi)) for s in range(3)]
    found = [climb(x, (30, 10, 3, 1, 0.3, 0.1, 0.03, 0.01)) for x in starts]
    nearest = climb(np.concatenate([psi.real, psi.imag]))
    best = max(found)
    return {"fidelity": best[1], "log_likelihood": best[0], "fidelities": [f for _, f in sorted(found)[::-1]],
            "fidelity_from_state": nearest[1], "log_likelihood_from_state": nearest[0]}


PARTS: dict[str, Callable[[argparse.Namespace], Iterator[Case]]] = {
    "tutorial1": partial(tutorial, number=1),
    "tutorial2": partial(tutorial, number=2),
    "tutorial3": partial(tutorial, number=3),
    "random": partial(complex_states, make=random_states),
    "xxz": partial(complex_states, make=xxz_states),
    "density": density,
    "tfim10": partial(tfim, sites=10),
    "tfim20": partial(tfim, sites=20),
    "draws": partial(tfim, sites=20, draws=30),
}


if __name__ == "__main__":
    main()
