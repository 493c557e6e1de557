"""Runs each fuzzer for a moment: a smoke test of every reader of outside bytes."""

import concurrent.futures
import os
import tempfile

import process
import programs
from tally import say

SECONDS = 3
MEMORY_MB = 1024


def fuzz_build(root):
    return programs.Build("fuzz", root, ["-Dfuzzers=true", "-Db_lundef=false", "-Dwerror=false",
                                         "-Dunity=on", "-Dunity_size=8", "-Doptimization=1",
                                         "-Ddebug=false"],
                          compiler=programs.compiler_environment(root, "clang++-14"))


def run_fuzzer(build, source, seconds):
    name = source.stem
    seeds = source.parent / "seeds" / name.removesuffix("_fuzz")
    with tempfile.TemporaryDirectory(prefix="farshore-fuzz-") as corpus:
        command = [build.folder / "tests/fuzz" / name, f"-max_total_time={seconds}",
                   f"-rss_limit_mb={MEMORY_MB}", "-timeout=10", "-print_final_stats=1",
                   f"-artifact_prefix={build.folder}/{name}-", corpus]
        if seeds.is_dir():
            command.append(seeds)
        environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=1",
                       "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"}
        return process.run(command, timeout=seconds + 120, env=environment, log=build.log(name))


def check_fuzzers(root, tally, jobs=2):
    sources = sorted((root / "tests/fuzz").glob("*_fuzz.cpp"))
    build = fuzz_build(root)
    if not sources or not programs.compile_build(build, tally, ["fuzzers"]):
        return
    say(f"fuzz: {len(sources)} fuzzers, {SECONDS} s each")
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        runs = pool.map(lambda source: run_fuzzer(build, source, SECONDS), sources)
        for source, ended in zip(sources, runs):
            tally.check(f"fuzz/{source.stem}", "" if ended.good else ended.tail(60))
