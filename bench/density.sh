#!/usr/bin/env bash
# Trains on sets of the DEBD collection with several numbers of hidden units and learning rates, chooses by the log-likelihood of the
# validation part alone, among the models for which eval has no finding, and scores the test part of the chosen model once. One JSON line a
# model, and one a set with "test".
#
# usage: [STEPS=10] bench/density.sh DATA [SET…], in the root of the repository; STEPS are those of harmonium train
set -euo pipefail
data=$1
shift
sets=${*:-nips dna mushrooms}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
go build -o "$out/harmonium" ./cmd/harmonium

field() { python3 -c 'import json,sys; print(json.load(sys.stdin)["log_likelihood"]["value"])'; }

for set in $sets; do
	best=
	for hidden in 20 50 100 200; do
		for rate in 0.003 0.01; do
			run="$out/$set-$hidden-$rate"
			"$out/harmonium" train "$data/debd/$set.train.data.gz" --valid "$data/debd/$set.valid.data.gz" --hidden $hidden --rate $rate \
				--steps "${STEPS:-10}" --chains 200 --epochs 200 --patience 20 -q -o "$run" >/dev/null
			trusted=true
			"$out/harmonium" eval "$run" --data "$data/debd/$set.valid.data.gz" --budget 8000000 -q --json >"$out/eval.json" || trusted=false
			valid=$(field <"$out/eval.json")
			echo "{\"set\":\"$set\",\"hidden\":$hidden,\"rate\":$rate,\"valid\":$valid,\"trusted\":$trusted}"
			[ $trusted = true ] || continue
			if [ -z "$best" ] || python3 -c "import sys; sys.exit(not $valid > $best)"; then
				best=$valid chosen=$run name="\"hidden\":$hidden,\"rate\":$rate,\"valid\":$valid"
			fi
		done
	done
	test=$("$out/harmonium" eval "$chosen" --data "$data/debd/$set.test.data.gz" -q --json) || true
	echo "{\"set\":\"$set\",$name,\"test\":$test}"
done
