#!/usr/bin/env bash
# Runs fuzz targets for real, each for so many seconds, and prints what each has done:
# `fuzz/run.sh SECONDS [TARGET...]`, all of them by default. It needs a nightly toolchain, a C++
# compiler, and `cargo install cargo-fuzz --locked`. A finding fails it.
set -euo pipefail
cd "$(dirname "$0")"
readonly SECONDS_EACH=$1
shift
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
    mapfile -t targets < <(cargo +nightly fuzz list | grep -v '^seeds$')
fi
cargo +nightly fuzz build

for target in "${targets[@]}"; do
    mkdir -p "corpus/$target"
    log=$(mktemp)
    if ! cargo +nightly fuzz run "$target" "corpus/$target" "seeds/$target" -- \
        -max_total_time="$SECONDS_EACH" -max_len=4096 -timeout=20 -rss_limit_mb=1024 \
        -print_final_stats=1 >"$log" 2>&1; then
        tail -n 40 "$log" >&2
        exit 1
    fi
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    edges=$(grep -ao 'cov: [0-9]*' "$log" | tail -n 1)
    echo "$target: $executions executions, $edges"
    rm "$log"
done
