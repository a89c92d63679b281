#!/usr/bin/env python3
"""Reconstruct quantum states by Harmonium and QuCumber from the same measurements, for docs/quantum-results.md. Adds a JSON line a run.

usage: quantum.py HARMONIUM OUT.jsonl [--tutorials FOLDER] [--only PART …] [--seeds 1 2 3], with the package qucumber for its part

Parts, all by default; what OUT.jsonl has already is not done again:

tutorials  QuCumber's first three, with its settings in both programs, and with Harmonium's own. FOLDER has its example files, in
           tutorial1, tutorial2 and tutorial3; without it the part is left out.
complex    random states of six sites in 16 bases, and ten sites of the XXZ chain, evolved from |0101…⟩ by a time, in 28 bases of neighbours.
density    Werner states, and GHZ and W states with depolarising noise.
tfim10     ground states of the transverse-field Ising chain of 10 sites: means over 10,000 samples and their error bars, three times,
           beside the model's own exact value, and that of the state; absolute magnetisations by outcomes in their own bases.
tfim20     the same of 20 sites, without the latter.

Everything runs on one thread. Seconds are those of the processor, user's and system's: of the whole command in Harmonium's case, of fit
alone in QuCumber's, without imports and files. A fidelity is ⟨ψ|ρ|ψ⟩ or (Tr √(√ρ σ √ρ))², computed by each program from all amplitudes.
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
from collections.abc import Iterator
from pathlib import Path

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "GOMAXPROCS": "1"}

PROGRAMS = ["harmonium", "qucumber", "maximum likelihood"]
DRAWS = 3  # of 10,000 samples from each model

Case = dict[str, object]

# QuCumber's tutorials: files, published settings, and the same in Harmonium, but for the start of the weights.
TUTORIALS: dict[int, dict] = {
    1: {
        "rows": "tfim1d_data.txt", "state": "tfim1d_psi.txt", "hidden": 10, "train": [],
        "fit": {"epochs": 500, "pos_batch_size": 100, "neg_batch_size": 100, "lr": 0.01, "k": 10},
        "same": ["--rate", "0.01"],
    },
    2: {
        "rows": "qubits_train.txt", "bases": "qubits_train_bases.txt", "state": "qubits_psi.txt", "hidden": 2,
        "train": ["--kind", "complex"],
        "fit": {"epochs": 500, "pos_batch_size": 100, "neg_batch_size": 100, "lr": 0.1, "k": 10},
        "same": ["--rate", "0.1"],
    },
    3: {
        "rows": "N2_W_state_100_samples_data.txt", "bases": "N2_W_state_100_samples_bases.txt",
        "state": "N2_W_state_target_real.txt,N2_W_state_target_imag.txt", "hidden": 2, "auxiliary": 2,
        "train": ["--kind", "density"],
        "fit": {"epochs": 500, "pos_batch_size": 100, "neg_batch_size": 100, "lr": 10, "k": 10, "drop": 125},
    },
}
SGD = ["--optimizer", "sgd", "--schedule", "constant", "--epochs", "500", "--batch", "100", "--negative", "cd", "--steps", "10",
       "--every", "1000000"]


def main() -> None:
    """Do the parts that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("harmonium")
    parser.add_argument("out", nargs="?", type=Path)
    parser.add_argument("--tutorials", type=Path)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--programs", nargs="+", choices=PROGRAMS, default=PROGRAMS)
    parser.add_argument("--states-of", nargs="+", choices=["random", "xxz"], default=["random", "xxz"])
    parser.add_argument("--states", type=Path, help="folder that keeps ground states from run to run")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--fit", type=json.loads, help=argparse.SUPPRESS)  # train QuCumber in this process
    options = parser.parse_args()
    if options.fit:
        print(json.dumps(fit(options.fit)))
        return
    with tempfile.TemporaryDirectory() as states:
        options.states = options.states or Path(states)
        run_parts(options)


def run_parts(options: argparse.Namespace) -> None:
    """Do what has not been done."""
    done = {key(json.loads(line)) for line in options.out.open(encoding="utf-8")} if options.out.exists() else set()
    for part in options.only:
        for case in PARTS[part](options):
            if case["program"] in options.programs and key(case) not in done:
                with tempfile.TemporaryDirectory() as folder:
                    run(options, case, Path(folder))


# Not part of what names a run.
RESULTS = {"fidelity", "kl", "trace_distance", "log_likelihood", "entropy", "seconds", "rows", "observables", "date", "version"}


def key(case: Case) -> str:
    """Return what names a run."""
    return json.dumps({k: v for k, v in case.items() if k not in RESULTS and not k.startswith("_")}, sort_keys=True)


def run(options: argparse.Namespace, case: Case, folder: Path) -> None:
    """Make the measurements of a case, reconstruct the state, and write down what came."""
    files = case["_make"](options, folder)
    if case["program"] == "qucumber":
        settings = case["_fit"] | {k: str(v) for k, v in files.items()} | {"seed": case["seed"], "hidden": case["hidden"]}
        text = output(sys.executable, __file__, options.harmonium, "--fit", json.dumps(settings))
        result = json.loads(text.splitlines()[-1])
    elif case["program"] == "harmonium":
        result = harmonium(options, case, files, folder)
    else:
        result = most_likely(files)
    line = {k: v for k, v in case.items() if not k.startswith("_")} | result | {"date": time.strftime("%Y-%m-%d", time.gmtime())}
    with options.out.open("a", encoding="utf-8") as f:
        f.write(json.dumps(line, ensure_ascii=False) + "\n")
    print({k: v for k, v in line.items() if k != "observables"}, file=sys.stderr)


def output(*command: str | os.PathLike) -> str:
    """Return what a command prints."""
    done = subprocess.run(list(map(str, command)), env=os.environ | ONE_THREAD, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode not in (0, 3):  # 3: with a warning
        raise SystemExit(f"{' '.join(map(str, command))}: exit status {done.returncode}")
    return done.stdout


def harmonium(options: argparse.Namespace, case: Case, files: dict[str, Path], folder: Path) -> Case:
    """Train Harmonium, and compare its state with the known one."""
    command = [
        options.harmonium, "train", files["rows"], "--hidden", str(case["hidden"]), "--seed", str(case["seed"]), "--workers", "1", "-q",
        "--json", "-o", folder / "run", *case["_train"],
    ]
    if "bases" in files:
        command += ["--bases", files["bases"]]
    before = os.times()
    trained = json.loads(output(*command))
    after = os.times()
    seconds = after.children_user + after.children_system - before.children_user - before.children_system
    observe = [options.harmonium, "observe", folder / "run", "--workers", "1", "--json"]
    operators = list(itertools.chain(*(("--op", o) for o in case.get("_operators", ["sz"]))))
    seen = json.loads(output(*observe, *operators, "--state", files["state"]))
    result: Case = {"log_likelihood": trained["train_ll"]["value"]} | {k: seen[k] for k in ("fidelity", "kl", "trace_distance")}
    result["seconds"] = round(seconds, 2)
    if case["part"] == "complex":
        result["entropy"] = entropy(files["state"], case["_bases"])
    if "_operators" in case:
        values = {o["name"]: {"exact": o["exact"], "state": o["state"], "samples": []} for o in seen["observables"]}
        for k in range(DRAWS):
            sampling = ["--method", "samples", "-n", "10000", "--seed", str(case["seed"] * DRAWS + k)]
            for o in json.loads(output(*observe, *operators, *sampling))["observables"]:
                values[o["name"]]["samples"].append([o["value"], o["stderr"]])
        result["observables"] = values | absolute(options, case, folder)
    return result | {"version": output(options.harmonium, "version").split(",")[0].removeprefix("harmonium ").strip()}


def fit(settings: dict) -> Case:
    """Train QuCumber in this process."""
    import numpy as np
    import qucumber
    import qucumber.utils.training_statistics as ts
    import torch
    from qucumber.nn_states import ComplexWaveFunction, DensityMatrix, PositiveWaveFunction

    torch.set_num_threads(1)
    name = settings["rows"]
    rows = torch.tensor(np.load(name) if name.endswith(".npy") else np.loadtxt(name), dtype=torch.double)
    known = [np.loadtxt(part) for part in settings["state"].split(",")]
    arguments = {k: settings[k] for k in ("epochs", "pos_batch_size", "neg_batch_size", "lr", "k")}
    qucumber.set_random_seed(settings["seed"], cpu=True, gpu=False)
    if "bases" in settings:
        arguments["input_bases"] = np.loadtxt(settings["bases"], dtype=str)
    if "auxiliary" in settings:
        state = DensityMatrix(rows.shape[1], settings["hidden"], settings["auxiliary"], gpu=False)
        target = torch.tensor(np.stack(known))
        arguments |= {
            "optimizer": torch.optim.Adadelta, "scheduler": torch.optim.lr_scheduler.StepLR,
            "scheduler_args": {"step_size": settings["drop"], "gamma": 0.5},
        }
    else:
        state = (ComplexWaveFunction if "bases" in settings else PositiveWaveFunction)(rows.shape[1], settings["hidden"], gpu=False)
        target = torch.tensor(known[0].T.copy())
    state.rbm_am.weights.data *= settings.get("scale", 1) if "auxiliary" not in settings else 1
    begun = time.process_time()
    state.fit(rows, **arguments)
    seconds = time.process_time() - begun
    return {
        "fidelity": ts.fidelity(state, target, space=state.generate_hilbert_space()), "seconds": round(seconds, 2),
        "version": f"{qucumber.__version__}, torch {torch.__version__}",
    }


def measured(*arguments: str, bases: list[str] | None = None, density: bool = False):
    """Return what makes measurements by `harmonium data`, by default those of all sites in Z."""
    def make(options: argparse.Namespace, folder: Path) -> dict[str, Path | str]:
        state = f"{folder}/re.txt,{folder}/im.txt" if density else folder / "psi.txt"
        files: dict[str, Path | str] = {"rows": folder / "rows.npy", "state": state}
        command = [options.harmonium, "data", *(a.format(folder=folder) for a in arguments), "-q", "-o", files["rows"], "--state", state]
        if bases:
            files["bases"] = folder / "bases.txt"
            (folder / "measure.txt").write_text("\n".join(bases) + "\n", encoding="utf-8")
            command += ["--measure", folder / "measure.txt", "--bases", files["bases"]]
        output(*command)
        return files
    return make


def tutorials(options: argparse.Namespace) -> Iterator[Case]:
    """QuCumber's first three tutorials; its rows are the same for all seeds."""
    if options.tutorials is None:
        return
    for seed, (number, t) in itertools.product(options.seeds, TUTORIALS.items()):
        folder = options.tutorials / f"tutorial{number}"

        def make(_options, _folder, folder=folder, t=t):
            files = {k: folder / t[k] for k in ("rows", "bases") if k in t}
            return files | {"state": ",".join(str(folder / name) for name in t["state"].split(","))}

        case = {"part": "tutorials", "tutorial": number, "seed": seed, "hidden": t["hidden"], "_make": make, "_train": t["train"],
                "_fit": t["fit"] | {k: t[k] for k in ("auxiliary",) if k in t}}
        yield case | {"program": "harmonium", "settings": "Harmonium's defaults"}
        if "same" in t:
            yield case | {"program": "harmonium", "settings": "QuCumber's", "_train": t["train"] + SGD + t["same"]}
        if number != 1 and seed == options.seeds[0]:
            yield case | {"program": "maximum likelihood", "settings": "", "seed": 0}
        if number == 1:
            yield case | {"program": "harmonium", "settings": "QuCumber's, not centred",
                          "_train": t["train"] + SGD + t["same"] + ["--centered=false"]}
        yield case | {"program": "qucumber", "settings": "QuCumber's"}
        if number == 1:
            case["_fit"] = case["_fit"] | {"scale": 10**-1.5}  # N(0, 1/10) becomes N(0, 0.01²)
            yield case | {"program": "qucumber", "settings": "QuCumber's, with Harmonium's start"}


def updates(count: int, rows: int) -> dict:
    """Return settings of QuCumber's tutorials with a number of updates."""
    return {"epochs": max(1, round(count * 100 / rows)), "pos_batch_size": 100, "neg_batch_size": 100, "k": 10}


def random_state(seed: int, sites: int, path: Path) -> None:
    """Write a complex state of normal amplitudes."""
    draw = random.Random(seed)
    amplitudes = [(draw.gauss(0, 1), draw.gauss(0, 1)) for _ in range(1 << sites)]
    norm = sum(a * a + b * b for a, b in amplitudes) ** 0.5
    path.write_text("".join(f"{a / norm:.17g} {b / norm:.17g}\n" for a, b in amplitudes), encoding="utf-8")


def complex_states(options: argparse.Namespace) -> Iterator[Case]:
    """Complex states by the number of measurements; another state, other bases and another training for each seed."""
    for seed, rows, name in itertools.product(options.seeds, (1000, 4000, 16000), options.states_of):
        if name == "random":
            sites, hidden = 6, 24
            draw = random.Random(seed)
            bases = ["Z" * sites]
            while len(bases) < 16:
                bases += {"".join(draw.choice("XYZ") for _ in range(sites))} - set(bases)

            def make(options, folder, bases=bases, rows=rows, seed=seed):
                each = rows // len(bases)
                random_state(seed, sites=6, path=folder / "random.txt")
                return measured("measure", "{folder}/random.txt", "-n", str(each), "--seed", str(seed), bases=bases)(options, folder)
        else:
            sites, hidden = 10, 20
            bases = ["Z" * sites] + ["Z" * i + pair + "Z" * (sites - 2 - i) for i in range(sites - 1) for pair in ("XX", "YY", "XY")]
            make = measured("xxz", "--sites", str(sites), "--time", TIME, "-n", str(rows // len(bases)), "--seed", str(seed), bases=bases)
        case = {"part": "complex", "state": name, "sites": sites, "bases": len(bases), "rows": rows // len(bases) * len(bases),
                "measurements": rows, "seed": seed, "hidden": hidden, "_make": make, "_bases": bases, "_train": ["--kind", "complex"]}
        yield case | {"program": "harmonium", "settings": "defaults"}
        yield case | {"program": "qucumber", "settings": "tutorial 2's, 5,000 updates", "_fit": updates(5000, rows) | {"lr": 0.1}}


TIME = "1"  # of the XXZ chain


def entropy(path: Path, bases: list[str]) -> float:
    """Return the mean entropy of the outcomes of a pure state: minus the log-likelihood of a row by the state itself."""
    import numpy as np

    real, imaginary = np.loadtxt(path).T
    total = 0.0
    for basis in bases:
        p = turned(real + 1j * imaginary, basis)
        total -= p[p > 0] @ np.log(p[p > 0])
    return total / len(bases)


def unitaries() -> dict:
    """Return the rotations that take the Pauli matrices X and Y to Z."""
    import numpy as np

    return {"Z": np.eye(2), "X": np.array([[1, 1], [1, -1]]) / 2**0.5, "Y": np.array([[1, -1j], [1, 1j]]) / 2**0.5}


def turned(psi, basis: str):
    """Return the probabilities of the outcomes of a state's amplitudes in a basis."""
    import numpy as np

    turn = unitaries()
    psi = psi.reshape((2,) * len(basis))
    for axis, letter in enumerate(basis):
        psi = np.moveaxis(np.tensordot(turn[letter], psi, axes=(1, axis)), 0, axis)
    return np.abs(psi.ravel()) ** 2


def density(options: argparse.Namespace) -> Iterator[Case]:
    """Mixed states, by their noise and their number of sites; QuCumber's where two sites are few enough for it."""
    states = [("werner", 2, p) for p in (0, 0.25, 0.5, 0.75, 1)]
    states += [(name, sites, noise) for sites in range(2, 7) for name in ("ghz", "w") for noise in (0.1, 0.3)]
    for seed, (name, sites, p) in itertools.product(options.seeds, states):
        bases = ["".join(letters) for letters in itertools.product("ZXY", repeat=sites)]
        if sites > 4:  # the three that all sites share, and 57 others
            others = [b for b in bases if len(set(b)) > 1]
            bases = ["Z" * sites, "X" * sites, "Y" * sites] + random.Random(seed).sample(others, 57)
        for each in (100, 1000) if sites == 2 else (200,):
            option = ["--p", str(p)] if name == "werner" else ["--sites", str(sites), "--noise", str(p)]
            make = measured(name, *option, "-n", str(each), "--seed", str(seed), bases=bases, density=True)
            case = {"part": "density", "state": name, "sites": sites, "p": p, "bases": len(bases), "rows": each * len(bases),
                    "each": each, "seed": seed, "hidden": sites, "_make": make, "_train": ["--kind", "density"]}
            yield case | {"program": "harmonium", "settings": "defaults"}
            if sites == 2 and each == 100:
                settings = TUTORIALS[3]["fit"] | {"auxiliary": 2}
                yield case | {"program": "qucumber", "settings": "tutorial 3's", "_fit": settings}


def tfim(options: argparse.Namespace, sites: int) -> Iterator[Case]:
    """Ground states of the Ising chain: the sampling error and that of the reconstruction, apart."""
    for seed, h in itertools.product(options.seeds, (0.5, 1, 2)):

        def make(options, folder, seed=seed, h=h):
            state = options.states / f"tfim{sites}-{h}.txt"
            if not state.exists():
                measured("tfim", "--sites", str(sites), "--h", str(h), "-n", "1")(options, folder)["state"].rename(state)
            return measured("measure", str(state), "-n", "10000", "--seed", str(seed))(options, folder)

        operators = ["sx", "sz", "sz:abs", "zz:3", f"energy:tfim:h={h}", f"renyi2:0-{sites // 2 - 1}"]
        yield {"part": f"tfim{sites}", "program": "harmonium", "settings": "defaults", "sites": sites, "h": h, "rows": 10000,
               "seed": seed, "hidden": sites, "_make": make, "_train": [], "_operators": operators}


def absolute(options: argparse.Namespace, case: Case, folder: Path) -> dict[str, dict[str, float]]:
    """Return |Σσ^x|/n and |Σσ^y|/n of a small positive state, from outcomes in their own bases.

    They have local values only as sums over all configurations. The exact ones are computed here, from the parameters
    of the model and by turning all amplitudes, so that they check `sample --basis` as well.
    """
    if case["sites"] != 10:
        return {}
    import numpy as np

    bits = np.array(list(itertools.product((0, 1), repeat=case["sites"])))
    w, b, c = (parameters(folder / "run" / "model.safetensors", np)[name] for name in ("W", "b", "c"))
    log_p = bits @ b + np.logaddexp(0, bits @ w + c).sum(axis=1)
    psi = np.exp((log_p - log_p.max()) / 2)
    real, imaginary = np.loadtxt(folder / "psi.txt").T
    known = real + 1j * imaginary
    modulus = np.abs(1 - 2 * bits.mean(axis=1))
    result = {}
    for letter in "XY":
        basis = letter * case["sites"]
        value = {"exact": float(turned(psi, basis) @ modulus / (psi @ psi)), "state": float(turned(known, basis) @ modulus)}
        draws = []
        for k in range(DRAWS):
            file = folder / f"{letter}{k}.npy"
            seed = str(case["seed"] * DRAWS + k)
            output(options.harmonium, "sample", folder / "run", "--basis", letter, "-n", "10000", "--seed", seed, "-q", "-o", file)
            x = np.abs(1 - 2 * np.load(file).mean(axis=1))
            draws.append([float(x.mean()), float(x.std(ddof=1) / len(x) ** 0.5)])
        result[f"s{letter.lower()}:abs"] = value | {"samples": draws}
    return result


def parameters(path: Path, np) -> dict:
    """Read the arrays of a safetensors file."""
    content = path.read_bytes()
    end = 8 + int.from_bytes(content[:8], "little")
    return {
        name: np.frombuffer(content[end:][slice(*x["data_offsets"])], np.float32).reshape(x["shape"]).astype(float)
        for name, x in json.loads(content[8:end]).items() if name != "__metadata__"
    }


def most_likely(files: dict[str, str | Path]) -> Case:
    """Return the fidelity of the most likely state of two qubits, pure or mixed as the known one is: that of no model."""
    import numpy as np
    from scipy.optimize import minimize

    turn = unitaries()
    outcomes, bases = np.loadtxt(files["rows"]).astype(int), np.loadtxt(files["bases"], dtype=str)
    rows = np.array([np.kron(turn[x][a], turn[y][b]) for (a, b), (x, y) in zip(outcomes, bases, strict=True)])
    known = [np.loadtxt(part) for part in str(files["state"]).split(",")]
    columns = 1 if len(known) == 1 else 4  # of L in ρ = LL†/Tr LL†
    if columns == 1:
        psi = known[0][:, 0] + 1j * known[0][:, 1]
        target = np.outer(psi, psi.conj()) / np.vdot(psi, psi)
    else:
        target = known[0] + 1j * known[1]

    def rho(x):
        half = (x[: len(x) // 2] + 1j * x[len(x) // 2 :]).reshape(4, columns)
        whole = half @ half.conj().T
        return whole / np.trace(whole).real

    def loss(x):
        return -np.mean(np.log(np.einsum("ni,ij,nj->n", rows, rho(x), rows.conj()).real))

    starts = [np.random.default_rng(s).normal(size=8 * columns) for s in range(5)]
    best = rho(min((minimize(loss, x) for x in starts), key=lambda r: r.fun).x)
    return {"fidelity": float(np.sqrt(np.abs(np.linalg.eigvals(best @ target).real)).sum() ** 2), "version": ""}


PARTS = {"tutorials": tutorials, "complex": complex_states, "density": density, "tfim10": lambda options: tfim(options, 10),
         "tfim20": lambda options: tfim(options, 20)}


if __name__ == "__main__":
    main()
