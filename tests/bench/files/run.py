#!/usr/bin/env python3
"""run.py ROW... | all [--quick] [--rounds N] [--workspace DIR] [--json FILE]

Measures farshore (an optimised build of this checkout) against what people use today, in one run on
this machine. Prints medians and ratios; --json keeps them. Rows: see --list and ../README.md."""

import argparse
import json
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import large  # noqa: E402
import pair  # noqa: E402
import peers  # noqa: E402
import rows  # noqa: E402

ROWS = {**rows.ROWS, **large.ROWS}


def parse():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("row", nargs="*", help="names of rows, or `all`")
    parser.add_argument("--list", action="store_true", help="the rows there are")
    parser.add_argument("--quick", action="store_true", help="smaller, and one round")
    parser.add_argument("--rounds", type=int, help="medians of so many (5)")
    parser.add_argument("--workspace", help="where to write; made trees are kept in it")
    parser.add_argument("--farshore", help="this program instead of a build")
    parser.add_argument("--json", help="write the figures there, too")
    return parser.parse_args()


def show(name, result):
    print("== %s (%d files)" % (name, result["files"]))
    for who, figures in result["figures"].items():
        print("   %-22s %s" % (who, "  ".join("%s %.4g" % pair for pair in figures.items())))
    for goal in result["goals"]:
        print("   %-34s %.3g (at most %g): %s" % (goal["goal"], goal["figure"], goal["limit"],
                                                 "met" if goal["met"] else "MISSED"))
    sys.stdout.flush()


def main():
    options = parse()
    if options.list or not options.row:
        for name, row in ROWS.items():
            print("%-14s %s" % (name, row.__doc__.split("\n")[0]))
        return 0
    names = list(ROWS) if options.row == ["all"] else options.row
    workspace = options.workspace or tempfile.mkdtemp(prefix="farshore-bench-")
    os.makedirs(workspace, exist_ok=True)
    results = {}
    try:
        peers.install()
        farshore = options.farshore or pair.build()
        with peers.Peers(os.path.join(os.path.abspath(workspace), "peers")) as servers:
            bench = rows.Bench(farshore, servers, os.path.abspath(workspace),
                               options.rounds or (1 if options.quick else 5), options.quick)
            for name in names:
                results[name] = ROWS[name](bench)
                show(name, results[name])
    finally:
        if options.json:
            with open(options.json, "w", encoding="utf-8") as file:
                json.dump(results, file, indent=2)
        if not options.workspace:
            shutil.rmtree(workspace, ignore_errors=True)
    return 0 if all(goal["met"] for result in results.values() for goal in result["goals"]) else 1


if __name__ == "__main__":
    sys.exit(main())
