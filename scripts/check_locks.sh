#!/bin/sh
# Says whether the locks still follow from what is asked for; $1 is the command that resolves.
set -eu
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp locks/runtime.txt locks/dev.txt locks/bench.txt "$scratch"
$1 pyproject.toml -o "$scratch/runtime.txt"
$1 pyproject.toml --group dev -c locks/runtime.txt -o "$scratch/dev.txt"
$1 benchmarks/requirements.txt -o "$scratch/bench.txt"
for lock in runtime.txt dev.txt bench.txt; do
    if ! diff -u "locks/$lock" "$scratch/$lock"; then
        echo "error: locks/$lock is not current" >&2
        echo "hint: make lock" >&2
        exit 1
    fi
done
