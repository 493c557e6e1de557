#!/usr/bin/env python3
"""run.py [STAGE]...: all checks of the repository, or those of the named stages.

The last line is the count of all cases: `N passed, N failed` (`, N skipped`).
"""

import argparse
import pathlib
import sys

import debian_package
import fuzzers
import house
import programs
import style
from tally import Tally, say

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMON = ["-Db_lundef=false"]
# Not optimised, and with line numbers only: compiling is what takes the time, and no test asks how
# fast anything is.
QUICK = ["-Doptimization=0", "-Ddebug=false", "-Dcpp_args=-g1"]
# The normal build holds warnings as errors; under a sanitizer GCC's warnings are guesses.
SANITIZED = [*COMMON, *QUICK, "-Dwerror=false"]
UNDEFINED = {"UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"}

NORMAL = programs.Build("normal", ROOT, [*COMMON, *QUICK])
# As the demo has it and about as the package: GCC says more when it optimises.
OPTIMISED = programs.Build("demo", ROOT, [*COMMON, "-Dtests=false"])
ADDRESS = programs.Build(
    "address", ROOT, [*SANITIZED, "-Db_sanitize=address,undefined"],
    environment={**UNDEFINED, "ASAN_OPTIONS": "detect_stack_use_after_return=1"},
    patience=3)
THREAD = programs.Build(
    "thread", ROOT, [*SANITIZED, "-Db_sanitize=thread"],
    environment={"TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1"}, patience=4)


# Values and codecs have no threads: only what runs on several is built a third time.
WITH_THREADS = ("tests/agent/", "tests/end_to_end/", "tests/storage/spool/",
                "tests/storage/evidence/")


def has_threads(test):
    return any(place in test["cmd"][0] for place in WITH_THREADS)


def normal(tally):
    if programs.compile_build(NORMAL, tally):
        programs.run_tests(NORMAL, tally)


def optimised(tally):
    programs.compile_build(OPTIMISED, tally, targets=["agent/farshore"])


def address(tally):
    if programs.compile_build(ADDRESS, tally):
        programs.run_tests(ADDRESS, tally)


def thread(tally):
    if programs.compile_build(THREAD, tally, targets=["agent/farshore"], wanted=has_threads):
        programs.run_tests(THREAD, tally, wanted=has_threads)


def format_(tally):
    style.check_format(ROOT, tally)


def shell(tally):
    style.check_shell(ROOT, tally)


def tidy(tally):
    house.check_house(ROOT, tally)


def analysis(tally):
    if not (NORMAL.folder / "compile_commands.json").exists():
        programs.compile_build(NORMAL, tally, targets=["protocol/libfarshore_protocol.a"])
    style.check_analysis(ROOT, NORMAL.folder, tally)


def fuzz(tally):
    fuzzers.check_fuzzers(ROOT, tally)


def deb(tally):
    debian_package.check_package(ROOT, tally)


# In the order of cheap and telling to dear and rare.
STAGES = {"tidy": tidy, "format": format_, "shell": shell, "normal": normal,
          "optimised": optimised, "address": address, "thread": thread,
          "clang-tidy": analysis, "fuzz": fuzz, "deb": deb}


# What a run without arguments does. The others are asked for by name until they have been seen
# green as a whole: thread, clang-tidy, deb.
USUAL = ("tidy", "format", "shell", "normal", "optimised", "address", "fuzz")


def main():
    parser = argparse.ArgumentParser(description="All checks, or those of the named stages.")
    parser.add_argument("stages", nargs="*", metavar="STAGE", help=", ".join(STAGES))
    wanted = parser.parse_args().stages or list(USUAL)
    for name in wanted:
        if name not in STAGES:
            parser.error(f"no stage {name}: one of {', '.join(STAGES)}")
    tally = Tally()
    for name in wanted:
        before = tally.line()
        try:
            STAGES[name](tally)
        except Exception as error:  # a stage that breaks is a failure, and the next still runs
            tally.check(f"{name} (the stage itself)", f"{type(error).__name__}: {error}")
        say(f"{name}: done ({before} -> {tally.line()})")
    for name, reason in tally.skips:
        print(f"skipped: {name}: {reason or 'no reason given'}")
    for name in tally.failures:
        print(f"failed: {name}")
    print(tally.line(), flush=True)
    return 0 if tally.total and not tally.failures else 1


if __name__ == "__main__":
    sys.exit(main())
