#!/usr/bin/env bash
# Trains on sets of the DEBD collection with several numbers of hidden units and learning rates, chooses by the log-likelihood of the
# validation part alone, among the models for which eval has no finding, and scores the test part of the chosen model once. One JSON line a
# model, and one a set with "test".
#
# usage: [STEPS=10] [SPLIT=N] bench/density.sh DATA [SET…], in the root of the repository. STEPS are those of harmonium train. With SPLIT the rows of
# the three parts are dealt anew into parts of the same sizes, by the seed N: a test part that nothing was ever chosen or reported by.
set -euo pipefail
data=$1
shift
sets=${*:-nips dna mushrooms}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
go build -o "$out/harmonium" ./cmd/harmonium

field() { python3 -c 'import json,sys; print(json.load(sys.stdin)["log_likelihood"]["value"])'; }

for set in $sets; do
	for part in train valid test; do
		gzip -dc "$data/debd/$set.$part.data.gz" >"$out/$set.$part.data"
	done
	if [ -n "${SPLIT:-}" ]; then
		cat "$out/$set".{train,valid,test}.data | shuf --random-source=<(yes "$SPLIT") >"$out/all"
		from=1
		for part in train valid test; do
			rows=$(wc -l <"$out/$set.$part.data")
			sed -n "$from,$((from + rows - 1))p" "$out/all" >"$out/$set.$part.data"
			from=$((from + rows))
		done
	fi
	best=
	for hidden in 20 50 100 200; do
		for rate in 0.003 0.01; do
			run="$out/$set-$hidden-$rate"
			"$out/harmonium" train "$out/$set.train.data" --valid "$out/$set.valid.data" --hidden $hidden --rate $rate \
				--steps "${STEPS:-10}" --chains 200 --epochs 200 --patience 20 -q -o "$run" >/dev/null
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
