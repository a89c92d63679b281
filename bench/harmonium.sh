#!/usr/bin/env bash
# Trains with defaults on the sets of the comparison and prints a JSON line for each: exact log-likelihood of the test part.
# usage: bench/harmonium.sh DATA_FOLDER [PASSES]; without PASSES the default number of passes
set -euo pipefail
data=$1 passes=${2:+--epochs $2}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
go build -o "$out/harmonium" ./cmd/harmonium

# measure NAME TRAIN TEST HIDDEN FLAGS…
measure() {
	local name=$1 train=$2 test=$3 hidden=$4
	shift 4
	local grey=
	case $name in mnist) grey='--threshold 127' ;; esac
	"$out/harmonium" train "$data/$train" --hidden "$hidden" $grey "$@" -q --json -o "$out/$name" >"$out/train.json"
	"$out/harmonium" eval "$out/$name" --data "$data/$test" $grey --method exact -q --json >"$out/eval.json"
	printf '{"dataset":"%s","n":%s,"train":%s,"test":%s}\n' "$name" "$hidden" "$(cat "$out/train.json")" "$(cat "$out/eval.json")"
}

measure nltcs debd/nltcs.{train,test}.data.gz 30 $passes
measure mushrooms debd/mushrooms.{train,test}.data.gz 20 $passes
measure adult debd/adult.{train,valid}.data.gz 20 $passes
measure connect4 debd/connect4.{train,valid}.data.gz 20 $passes
measure dna debd/dna.{train,test}.data.gz 20 $passes
measure nips debd/nips.{train,test}.data.gz 20 $passes
measure mnist mnist/{train-images,t10k-images}-idx3-ubyte.gz 20 --epochs 10 --batch 100
