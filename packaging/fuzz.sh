#!/bin/bash
# packaging/fuzz.sh NAME [SECONDS]
#
# Runs tests/fuzz/NAME_fuzz.cpp for SECONDS (default: 600) with the corpus kept in
# build/fuzz-corpus/NAME; what it finds is left beside it. Without a NAME: lists the fuzzers.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ $# = 0 ]; then
  for source in tests/fuzz/*_fuzz.cpp; do
    basename "$source" _fuzz.cpp
  done
  exit
fi
name=${1%_fuzz}
packaging/dependencies.sh
[ -f build/fuzz/build.ninja ] ||
  CXX="ccache clang++-14" meson setup build/fuzz -Dfuzzers=true -Db_lundef=false -Dwerror=false \
    -Doptimization=1 -Ddebug=false
ninja -C build/fuzz fuzzers
corpus=build/fuzz-corpus/$name
mkdir -p "$corpus"
seeds=()
[ ! -d "tests/fuzz/seeds/$name" ] || seeds=("tests/fuzz/seeds/$name")
exec build/fuzz/tests/fuzz/"${name}_fuzz" -max_total_time="${2:-600}" -rss_limit_mb=2048 \
  -timeout=20 -print_final_stats=1 -artifact_prefix="$corpus-" "$corpus" "${seeds[@]}"
