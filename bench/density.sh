#!/usr/bin/env bash
# Trains on sets of the DEBD collection with several numbers of hidden units and learning rates, chooses by the
# log-likelihood of the validation part alone, among the models for which eval has no finding, and scores the test part
# of the chosen model once. One JSON line a model, and one a set with "test".
#
# usage: [STEPS=10] [HIDDEN="20 50 100 200"] [SPLIT=N] bench/density.sh DATA [SET…], in the root of the repository.
# STEPS are those of harmonium train. With SPLIT the rows of the three parts are shuffled by the seed N and dealt into
# new parts of the same sizes.
set -euo pipefail
data=$1
shift
sets=${*:-nips dna mushrooms}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
go build -o "$out/harmonium" ./cmd/harmonium

field() { python3 -c 'import json,sys; print(json.load(sys.stdin)["log_likelihood"]["value"])'; }

for set in $sets; do
	python3 - "$data" "$set" "$out" "${SPLIT:-}" <<'END'
import gzip, random, sys
data, name, out, split = sys.argv[1:]
parts = {part: gzip.open(f"{data}/debd/{name}.{part}.data.gz", "rt").readlines() for part in ("train", "valid", "test")}
rows = [row for part in parts.values() for row in part]
if split:
    random.Random(int(split)).shuffle(rows)
for part, old in parts.items():
    with open(f"{out}/{name}.{part}.data", "w") as f:
        f.writelines(rows[:len(old)])
    rows = rows[len(old):]
END
	pass=$(($(wc -l <"$out/$set.train.data") / 20)) # updates: an evaluation each, as early stopping needs it
	best=
	for hidden in ${HIDDEN:-20 50 100 200}; do
		for rate in 0.003 0.01; do
			run="$out/$set-$hidden-$rate"
			"$out/harmonium" train "$out/$set.train.data" --valid "$out/$set.valid.data" --hidden $hidden --rate $rate \
				--batch 20 --steps "${STEPS:-10}" --chains 200 --epochs 200 --patience 20 --every $pass -q -o "$run" >/dev/null
			trusted=true
			"$out/harmonium" eval "$run" --data "$out/$set.valid.data" --budget 8000000 -q --json >"$out/eval.json" || trusted=false
			valid=$(field <"$out/eval.json")
			echo "{\"set\":\"$set\",\"hidden\":$hidden,\"rate\":$rate,\"valid\":$valid,\"trusted\":$trusted}"
			[ $trusted = true ] || continue
			if [ -z "$best" ] || python3 -c "import sys; sys.exit(not $valid > $best)"; then
				best=$valid chosen=$run name="\"hidden\":$hidden,\"rate\":$rate,\"valid\":$valid"
			fi
		done
	done
	test=$("$out/harmonium" eval "$chosen" --data "$out/$set.test.data" -q --json) || true
	echo "{\"set\":\"$set\",${SPLIT:+\"split\":$SPLIT,}$name,\"test\":$test}"
done
