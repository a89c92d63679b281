#!/usr/bin/env python3
"""Trains on sets of the DEBD collection with the defaults of harmonium train, and scores the test part by harmonium eval
with its defaults. One JSON line a run.

usage: bench/equilibrium.py HARMONIUM DATA OUT.jsonl [--hidden 20,100] [--seeds 1,2,3] [--sets NAME,…] [-- FLAGS of train]

adult and connect4 have no test part here and are scored on their validation part, which has chosen the model.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

SETS = "nltcs,mushrooms,adult,connect4,dna,nips,bnetflix,pumsb_star,bbc"


def run(*command):
    """Returns the exit status, the output and the seconds of a command."""
    begun = time.time()
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in (0, 3):
        sys.exit(f"{' '.join(command)}: exit status {done.returncode}: {done.stderr}")
    return done.returncode, done.stdout, round(time.time() - begun, 1)


def measure(harmonium, data, name, hidden, seed, flags):
    part = {p: f"{data}/debd/{name}.{p}.data.gz" for p in ("train", "valid", "test")}
    test = part["test"] if os.path.exists(part["test"]) else part["valid"]
    with tempfile.TemporaryDirectory() as folder:
        out = folder + "/run"
        trained, _, seconds = run(harmonium, "train", part["train"], "--valid", part["valid"], "--hidden", str(hidden),
                                  "--seed", str(seed), "--workers", "1", "-q", "-o", out, *flags)
        judged, text, eval_seconds = run(harmonium, "eval", out, "--data", test, "--workers", "1", "-q", "--json")
        with open(out + "/metrics.jsonl") as f:
            metrics = [json.loads(line) for line in f]
        with open(out + "/config.json") as f:
            training = json.load(f)["training"]
    score = json.loads(text)
    first = next((m["update"] for m in metrics if m["epoch"] >= 1), 0)
    errors = sorted(m["log_z_stderr"] for m in metrics if m["update"] >= first)
    best = [m for m in metrics if m["best"]][-1]
    return {
        "set": name, "hidden": hidden, "seed": seed, "part": os.path.basename(test).split(".")[1], "flags": flags,
        "rate": training["rate"], "negative": training["negative"],
        "log_likelihood": score["log_likelihood"], "log_z": {k: score["log_z"][k] for k in ("value", "stderr")},
        "method": score["method"], "train_exit": trained, "eval_exit": judged, "train_seconds": seconds,
        "eval_seconds": eval_seconds, "updates": metrics[-1]["update"], "best_epoch": best["epoch"], "epochs": metrics[-1]["epoch"],
        "live": {"log_z": best["log_z"], "stderr": best["log_z_stderr"], "evaluations": len(errors),
                 "at_most_0.3": sum(e <= 0.3 for e in errors), "stderr_95": errors[int(0.95 * len(errors))]},
        "findings": [f["code"] for f in score["findings"]],
    }


def main():
    argv, flags = sys.argv[1:], []
    if "--" in argv:
        argv, flags = argv[:argv.index("--")], argv[argv.index("--") + 1:]
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("harmonium")
    p.add_argument("data")
    p.add_argument("out")
    p.add_argument("--hidden", default="20,100")
    p.add_argument("--seeds", default="1,2,3")
    p.add_argument("--sets", default=SETS)
    o = p.parse_args(argv)
    for hidden in map(int, o.hidden.split(",")):
        for seed in map(int, o.seeds.split(",")):
            for name in o.sets.split(","):
                result = measure(o.harmonium, o.data, name, hidden, seed, flags)
                with open(o.out, "a") as f:
                    f.write(json.dumps(result) + "\n")
                print(name, hidden, seed, result["log_likelihood"], result["log_z"]["stderr"], result["train_exit"],
                      result["eval_exit"], result["train_seconds"], flush=True)


if __name__ == "__main__":
    main()
