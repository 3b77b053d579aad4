#!/usr/bin/env bash
# run.sh TARGET SECONDS [libFuzzer options]: one target, guided by coverage, on stable Rust.
# Needs a C++ compiler for libFuzzer. The corpus grows in media/core/fuzz/target/corpus/TARGET.
set -euo pipefail
cd "$(dirname "$0")"
target=$1 seconds=$2
shift 2
host=$(rustc -vV | sed -n 's/^host: //p')
coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4"
coverage+=" -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table"
coverage+=" -Cllvm-args=-sanitizer-coverage-trace-compares"
RUSTFLAGS="$coverage" cargo build --quiet --release --target "$host"
built=${CARGO_TARGET_DIR:-target}/$host/release/media-core-fuzz
work=target/corpus/$target
mkdir -p "$work" "../tests/fuzz/corpus/$target"
export SOUK_FUZZ_TARGET=$target
SOUK_FUZZ_SEEDS=$work "$built" -runs=0 2>/dev/null
exec "$built" "$work" "../tests/fuzz/corpus/$target" -max_total_time="$seconds" -dict="$work.dict" \
    -max_len=4096 -timeout=10 -rss_limit_mb=1024 -artifact_prefix=target/ "$@"
