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
# Several sources are compiled as one, not optimised, and with line numbers only: compiling is what
# takes the time, and no test asks how fast anything is. That each source stands for itself, and
# what GCC says when it optimises, is the package's build to find out.
QUICK = [*COMMON, "-Dunity=on", "-Dunity_size=8", "-Doptimization=0", "-Ddebug=false",
         "-Dcpp_args=-g1"]
# The normal build holds warnings as errors; under a sanitizer GCC's warnings are guesses.
SANITIZED = [*QUICK, "-Dwerror=false"]
UNDEFINED = {"UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"}

NORMAL = programs.Build("normal", ROOT, QUICK)
# Never compiled: each source by itself, for the analyzer.
ONE_BY_ONE = programs.Build("analysis", ROOT, [*COMMON, "-Dtests=false"])
ADDRESS = programs.Build(
    "address", ROOT, [*SANITIZED, "-Db_sanitize=address,undefined"],
    environment={**UNDEFINED, "ASAN_OPTIONS": "detect_stack_use_after_return=1:handle_abort=1"},
    patience=3)
THREAD = programs.Build(
    "thread", ROOT, [*SANITIZED, "-Db_sanitize=thread"],
    environment={"TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1:handle_abort=1"},
    patience=4)


# Values and codecs have no threads: only what runs on several is built a third time.
WITH_THREADS = ("tests/agent/", "tests/end_to_end/", "tests/storage/spool/",
                "tests/storage/evidence/")


def has_threads(test):
    return any(place in test["cmd"][0] for place in WITH_THREADS)


def normal(tally):
    if programs.compile_build(NORMAL, tally):
        programs.run_tests(NORMAL, tally)


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


def clang_tidy(tally):
    programs.set_up(NORMAL)
    style.check_clang_tidy(ROOT, NORMAL.folder, tally)


def analysis(tally):
    programs.set_up(ONE_BY_ONE)
    style.check_analysis(ROOT, ONE_BY_ONE.folder, tally)


def fuzz(tally):
    fuzzers.check_fuzzers(ROOT, tally)


def deb(tally):
    debian_package.check_package(ROOT, tally)


# In the order of cheap and telling to dear and rare.
STAGES = {"tidy": tidy, "format": format_, "shell": shell, "normal": normal,
          "clang-tidy": clang_tidy, "address": address, "thread": thread, "fuzz": fuzz, "deb": deb,
          "analysis": analysis}


# By name only: clang's analyzer takes the longest of all; under ThreadSanitizer a test's first
# thread was seen to hang, once, for a reason that isn't known yet (the reaper will say where).
USUAL = [name for name in STAGES if name not in ("thread", "analysis")]


def main():
    parser = argparse.ArgumentParser(description="All checks, or those of the named stages.")
    parser.add_argument("stages", nargs="*", metavar="STAGE", help=", ".join(STAGES))
    wanted = parser.parse_args().stages or USUAL
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
