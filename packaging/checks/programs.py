"""Builds with meson, runs the test programs that it registers, counts each case of GoogleTest."""

import concurrent.futures
import json
import os
import pathlib
import re
import sys
import xml.etree.ElementTree as xml
from dataclasses import dataclass, field

import process
from tally import FAILED, PASSED, SKIPPED, say

LEAST_TIMEOUT_SECONDS = 300
MESON_SKIP = 77


@dataclass
class Build:
    name: str
    root: pathlib.Path
    options: list
    environment: dict = field(default_factory=dict)  # of the tests that run
    compiler: dict = field(default_factory=dict)     # of meson setup
    patience: float = 1.0                            # how much slower than the normal build

    @property
    def folder(self):
        return self.root / "build" / self.name

    def log(self, name):
        return self.root / "build" / "logs" / self.name / (name + ".log")


def compiler_environment(root, compiler="g++"):
    environment = {**os.environ, "CXX": compiler, "CCACHE_BASEDIR": str(root),
                   "CCACHE_NOHASHDIR": "1", "CCACHE_COMPRESS": "1"}
    if process.run(["which", "mold"]).good:
        environment["CXX_LD"] = "mold"
    if process.run(["which", "ccache"]).good:
        environment["CXX"] = "ccache " + compiler
    return environment


def set_up(build):
    command = ["meson", "setup", build.folder, build.root, *build.options]
    if (build.folder / "build.ninja").exists():
        command.insert(2, "--reconfigure")
    return process.run(command, env={**compiler_environment(build.root), **build.compiler},
                       log=build.log("setup"))


def compile_build(build, tally, targets=(), wanted=None):
    """One case: it compiles, without a warning. All of it, or the targets and wanted tests."""
    say(f"{build.name}: building")
    ended = set_up(build)
    if ended.good:
        if wanted:
            programs = {test["cmd"][0] for test in registered_tests(build) if wanted(test)}
            targets = [*targets,
                       *sorted(os.path.relpath(program, build.folder) for program in programs)]
        ended = process.run(["ninja", "-C", build.folder, "-k", "0", *targets],
                            env={**compiler_environment(build.root), **build.compiler},
                            log=build.log("compile"))
    tally.check(f"{build.name}/compiles", "" if ended.good else failures_of(ended.output))
    return ended.good


def failures_of(output):
    """What the compiler said, without the lines of progress."""
    lines = [line for line in output.splitlines() if not re.match(r"\[\d+/\d+\] ", line)]
    return "\n".join(lines[:120])


def registered_tests(build):
    ended = process.run(["meson", "introspect", "--tests", build.folder])
    return json.loads(ended.output[ended.output.index("["):]) if ended.good else []


def run_tests(build, tally, wanted=lambda test: True, gtest_filter=None, jobs=2):
    tests = [test for test in registered_tests(build) if wanted(test)]
    say(f"{build.name}: running {len(tests)} test programs")
    together = [test for test in tests if test["is_parallel"]]
    alone = [test for test in tests if not test["is_parallel"]]
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for cases in pool.map(lambda test: run_one(build, test, gtest_filter), together):
            record(tally, cases)
    for test in alone:
        record(tally, run_one(build, test, gtest_filter))


def record(tally, cases):
    for case in cases:
        tally.add(*case)


def run_one(build, test, gtest_filter):
    """The cases (name, outcome, detail) of one test program."""
    name = f"{build.name}/{test['name']}"
    log = build.log(re.sub(r"[^\w.-]", "_", test["name"]))
    report = log.with_suffix(".xml")
    report.unlink(missing_ok=True)
    command = list(test["cmd"])
    if test["protocol"] == "gtest":
        command.append(f"--gtest_output=xml:{report}")
        if gtest_filter:
            command.append(f"--gtest_filter={gtest_filter}")
    environment = {**os.environ, **build.environment, **test["env"]}
    timeout = max(test["timeout"], LEAST_TIMEOUT_SECONDS) * build.patience
    reaper = [sys.executable, pathlib.Path(__file__).parent / "reaper.py", str(timeout)]
    ended = process.run(reaper + command, timeout=timeout + 60, log=log, env=environment,
                        cwd=test["workdir"] or build.folder)
    if test["protocol"] != "gtest":
        outcome = {0: PASSED, MESON_SKIP: SKIPPED}.get(ended.status, FAILED)
        return [(name, outcome, "" if outcome == PASSED else ended.tail())]
    return gtest_cases(name, ended, report)


def gtest_cases(name, ended, report):
    cases = from_report(name, report, ended) if report.exists() else from_output(name, ended)
    failed = any(outcome == FAILED for _, outcome, _ in cases)
    if not ended.good and not failed:
        cases.append((f"{name} (as a whole)", FAILED, ended.tail()))
    return cases


def from_report(name, report, ended):
    cases = []
    for case in xml.parse(report).iter("testcase"):
        full = f"{name}: {case.get('classname')}.{case.get('name')}"
        if case.get("status") == "notrun":
            continue
        skipped, failures = case.find("skipped"), case.findall("failure")
        if failures:
            detail = "\n".join(failure.get("message", "") for failure in failures)
            cases.append((full, FAILED, detail))
        elif skipped is not None or case.get("result") == "skipped":
            reason = skipped.get("message", "") if skipped is not None else ""
            lines = [line for line in reason.splitlines() if line.strip()]
            cases.append((full, SKIPPED, lines[-1] if lines else ""))
        else:
            cases.append((full, PASSED, ""))
    return cases


def from_output(name, ended):
    """A program that died wrote no report: count what it said before, and what it died in."""
    begun = re.findall(r"\[ RUN      \] (\S+)", ended.output)
    passed = set(re.findall(r"\[       OK \] (\S+)", ended.output))
    skipped = set(re.findall(r"\[  SKIPPED \] (\S+)", ended.output))
    cases = []
    for case in begun:
        outcome = PASSED if case in passed else SKIPPED if case in skipped else FAILED
        reason = "timed out" if ended.timed_out else f"ended with {ended.status}"
        detail = f"{reason}\n{ended.tail(60)}" if outcome == FAILED else ""
        cases.append((f"{name}: {case}", outcome, detail))
    return cases
