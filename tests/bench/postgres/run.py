#!/usr/bin/python3
"""Farshore beside native logical replication: run.py [--quick] [--times N] [--program PATH] ROW...

Two throw-away clusters on loopback, every peer with a slot of its own, the same work for all of
them in the same run. Prints each run, and at the end the medians and their ratios to native.
"""
import argparse
import statistics
import sys

import rows
from clusters import Clusters
from peers import Farshore, Native, Pglogical, Recvlogical

# name: (row, goals as ratios to peers, with a tree, other peers)
ROWS = {
    "tpcb": (rows.TpcB, {"native": 1.5}, False, "native recvlogical pglogical"),
    "thousands": (rows.Thousands, {"native": 1.2, "recvlogical": 0.9}, False,
                  "native recvlogical pglogical"),
    "update": (rows.OneStatement, {"native": 1.3}, False, "native recvlogical"),
    "delete": (rows.OneDelete, {"native": 1.3}, False, "native recvlogical"),
    "large": (rows.LargeTransaction, {"native": 1.2}, False, "native native_stream"),
    "copy": (rows.FirstCopy, {"native": 1.5}, False, "native"),
    "latency": (rows.Latency, {}, False, "native"),
    "latency-tree": (rows.Latency, {}, True, ""),
    "idle": (rows.Idle, {}, False, ""),
}


def make_peers(clusters, names, program, with_tree):
    made = {"native": lambda: Native(clusters),
            "native_stream": lambda: Native(clusters, "native_stream", ", streaming = on"),
            "recvlogical": lambda: Recvlogical(clusters),
            "pglogical": lambda: Pglogical(clusters)}
    return [made[name]() for name in names] + [Farshore(clusters, program, with_tree)]


def show(row, peer, result):
    figures = ", ".join(f"{name} {value:.2f}" for name, value in result.items()
                        if name not in ("roles", "rate"))
    roles = ", ".join(f"{role} {seconds} s" + (f" {peak} MiB" if peak else "")
                      for role, (seconds, peak) in sorted(result.get("roles", {}).items()))
    print(f"  {row:13} {peer:13} {result['rate']:>9,.0f}/s  {figures}  [{roles}]", flush=True)


def measure(name, options):
    kind, goals, with_tree, others = ROWS[name]
    row = kind(rows.Sizes(options.quick))
    names = [other for other in others.split() if other in options.peers.split(",")]
    results = {}
    with Clusters("pglogical" in names) as clusters:
        row.prepare(clusters)
        peers = make_peers(clusters, names, options.program, with_tree)
        if not isinstance(row, rows.FirstCopy):
            for peer in peers:
                peer.prepare()
        for turn in range(options.times):
            try:
                found = row.measure(clusters, peers[turn % len(peers):]
                                    + peers[:turn % len(peers)])
            except Exception:
                print(peers[-1].last_words(), file=sys.stderr)
                raise
            finally:
                for peer in peers:
                    if peer.processes():
                        peer.stop()
            for peer, result in found.items():
                results.setdefault(peer, []).append(result)
                show(name, peer, result)
    return summary(name, row, results, goals)


def median(results, figure):
    return statistics.median(result[figure] for result in results)


def summary(name, row, results, goals):
    lines = [f"{name}: {row.__doc__.strip().splitlines()[0]}"]
    ours = median(results["farshore"], "rate")
    for peer, runs in results.items():
        figures = {figure: median(runs, figure) for figure in runs[0] if figure != "roles"}
        text = ", ".join(f"{figure} {value:,.2f}" for figure, value in figures.items())
        goal = f" (goal {goals[peer]})" if peer in goals else ""
        ratio = "" if peer == "farshore" else f"  farshore / {peer} = {ours / figures['rate']:.2f}"
        lines.append(f"  {peer:13} {text}{ratio}{goal}")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="+", choices=[*ROWS, "all"], metavar="ROW",
                        help=", ".join(ROWS) + " or all")
    parser.add_argument("--program", default="build/release/agent/farshore",
                        help="an optimised build (default: %(default)s)")
    parser.add_argument("--times", type=int, default=3, help="runs a row (default: 3)")
    parser.add_argument("--quick", action="store_true",
                        help="a tenth of the work, to see whether it runs")
    parser.add_argument("--peers", default="native,native_stream,recvlogical",
                        help="which others; pglogical wants its package (default: %(default)s)")
    options = parser.parse_args()
    names = list(ROWS) if "all" in options.rows else options.rows
    summaries = [measure(name, options) for name in names]
    print("\n" + "\n".join(summaries))


if __name__ == "__main__":
    main()
