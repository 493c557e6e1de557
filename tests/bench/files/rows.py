"""What is measured: each row is a function of a Bench, and says what it saw and what was hoped."""

import os
import statistics
import subprocess
import time

import trees
from pair import Pair, memory_mib, processor_seconds, remove_tree


class Bench:
    """What a row works with: the program, the peers' servers, where to write, how often."""

    def __init__(self, farshore, peers, workspace, rounds, quick):
        self.farshore = farshore
        self.peers = peers
        self.workspace = workspace
        self.rounds = rounds
        self.quick = quick

    def pair(self, tree, options=(), tree_options=()):
        return Pair(self.farshore, os.path.join(self.workspace, "pair"), tree, options,
                    tree_options)

    def empty_target(self):
        target = os.path.join(self.workspace, "target")
        remove_tree(target)
        os.makedirs(target)
        return target


def medians(runs):
    """Of each figure, over the rounds."""
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def goal(text, figure, limit):
    return {"goal": text, "figure": figure, "limit": limit, "met": figure <= limit}


def compare_trees(one, other):
    difference = subprocess.run(["rsync", "-anciHAX", "--delete", "--exclude=/.farshore",
                                 one + "/", other + "/"], check=True, capture_output=True).stdout
    if difference:
        raise RuntimeError("the replica differs: " + difference[:1000].decode(errors="replace"))


def first_copy(bench, tree, check=False):
    """From the primary's start to everything applied and durable on the secondary."""
    with bench.pair(tree) as pair:
        pair.start("west")
        time.sleep(1)
        begin = time.monotonic()
        pair.start("east")
        pair.flush()
        figures = {"s": time.monotonic() - begin, **pair.costs()}
        figures["cpu_s"] = figures["primary_cpu_s"] + figures["secondary_cpu_s"]
        if check:
            compare_trees(tree, pair.replica)
        return figures


def small_files(bench):
    """First copy of many small files, against rsync and tar."""
    count = 20_000 if bench.quick else 100_000
    tree = trees.kept(bench.workspace, trees.small_files, count, 3)
    runs = {"farshore": [], "rsync -a over ssh": [], "tar+zstd over mTLS": []}
    for number in range(bench.rounds):
        runs["farshore"].append(first_copy(bench, tree, check=number == 0))
        runs["rsync -a over ssh"].append(bench.peers.rsync_ssh(tree, bench.empty_target()))
        runs["tar+zstd over mTLS"].append(bench.peers.tar_tls(tree, bench.empty_target()))
        bench.empty_target()
    figures = {name: medians(of) for name, of in runs.items()}
    ours = figures["farshore"]
    return {"files": count, "figures": figures, "goals": [
        goal("s / rsync -a over ssh", ours["s"] / figures["rsync -a over ssh"]["s"], 0.5),
        goal("s / tar+zstd over mTLS", ours["s"] / figures["tar+zstd over mTLS"]["s"], 1.0),
        goal("peak MiB of the primary", ours["primary_peak_mib"], 300),
        goal("peak MiB of the secondary", ours["secondary_peak_mib"], 300)]}


def place_file(root, name, content, by_rename):
    """Returns the moment at which an application would call it written."""
    path = os.path.join(root, name)
    with open(path + ".part" if by_rename else path, "wb") as file:
        file.write(content)
    if by_rename:
        os.rename(path + ".part", path)
    return time.monotonic()


def await_files(root, sizes, limit=60.0):
    """When each of the files was there with its size; polls."""
    seen = {}
    waiting = dict(sizes)
    end = time.monotonic() + limit
    while waiting and time.monotonic() < end:
        for name in list(waiting):
            try:
                if os.stat(os.path.join(root, name)).st_size == waiting[name]:
                    seen[name] = time.monotonic()
                    del waiting[name]
                else:
                    break
            except FileNotFoundError:
                break  # they come about in their order; the rest is looked at next
        time.sleep(0.0003)
    if waiting:
        raise RuntimeError("%d files never came" % len(waiting))
    return seen


def latency(bench):
    """Close or rename to visible on the secondary, five small files a second."""
    seconds = 10 if bench.quick else 60
    tree = os.path.join(bench.workspace, "live")
    waits = {"close": [], "rename": []}
    remove_tree(tree)
    os.makedirs(tree)
    with bench.pair(tree) as pair:
        pair.start("west")
        pair.start("east")
        pair.flush()
        time.sleep(2)
        for number in range(seconds * 5):
            turn = time.monotonic() + 0.2
            way = "rename" if number % 2 else "close"
            name, content = "f%05d" % number, os.urandom(4096)
            written = place_file(tree, name, content, way == "rename")
            seen = await_files(pair.replica, {name: len(content)})
            waits[way].append((seen[name] - written) * 1000)
            time.sleep(max(0.0, turn - time.monotonic()))
        costs = pair.costs()
    every = waits["close"] + waits["rename"]
    figures = {"p50_ms": percentile(every, 0.5), "p99_ms": percentile(every, 0.99),
               "close_p50_ms": percentile(waits["close"], 0.5),
               "rename_p50_ms": percentile(waits["rename"], 0.5), **costs}
    return {"files": len(every), "figures": {"farshore": figures}, "goals": [
        goal("p50 ms", figures["p50_ms"], 30), goal("p99 ms", figures["p99_ms"], 100)]}


def burst(bench):
    """A thousand small files at once: until the last of them is there."""
    tree = os.path.join(bench.workspace, "live")
    runs = []
    remove_tree(tree)
    os.makedirs(tree)
    with bench.pair(tree) as pair:
        pair.start("west")
        pair.start("east")
        pair.flush()
        for round_number in range(bench.rounds):
            time.sleep(2)
            sizes = {}
            begin = time.monotonic()
            for number in range(1000):
                name = "r%d-%04d" % (round_number, number)
                place_file(tree, name, os.urandom(4096), by_rename=True)
                sizes[name] = 4096
            written = time.monotonic()
            seen = await_files(pair.replica, sizes)
            runs.append({"s": max(seen.values()) - begin, "writing_s": written - begin})
    figures = medians(runs)
    return {"files": 1000, "figures": {"farshore": figures},
            "goals": [goal("s", figures["s"], 0.7)]}


def sweep(bench):
    """Nothing changed: a whole look at the tree (by a new start), against rsync -an over ssh."""
    count = 20_000 if bench.quick else 1_000_000
    count = int(os.environ.get("BENCH_SWEEP_FILES", count))
    tree = trees.kept(bench.workspace, trees.many_entries, count, 5)
    ours, theirs, idle = [], [], None
    with bench.pair(tree) as pair:
        pair.start("west")
        pair.start("east")
        pair.flush()
        first = pair.costs()
        for _ in range(bench.rounds):
            pair.stop("east")
            begin = time.monotonic()
            pid = pair.start("east")
            pair.flush()
            ours.append({"s": time.monotonic() - begin, "cpu_s": processor_seconds(pid),
                         "primary_peak_mib": memory_mib(pid, "VmHWM")})
            theirs.append(bench.peers.rsync_ssh(tree, pair.replica, "-a", "-n"))
        idle = idle_costs(pair, 10 if bench.quick else 30)
    figures = {"farshore": medians(ours), "rsync -an over ssh": medians(theirs),
               "first copy": first, "idle": idle}
    return {"files": count, "figures": figures, "goals": [
        goal("s / rsync -an over ssh",
             figures["farshore"]["s"] / figures["rsync -an over ssh"]["s"], 0.5),
        goal("idle share of a core, primary", idle["primary_share"], 0.005),
        goal("idle share of a core, secondary", idle["secondary_share"], 0.005),
        goal("idle resident MiB, primary", idle["primary_resident_mib"], 150),
        goal("idle resident MiB, secondary", idle["secondary_resident_mib"], 150)]}


def idle_costs(pair, seconds):
    """Share of a core and memory while nothing happens."""
    time.sleep(5)
    before = pair.costs()
    time.sleep(seconds)
    after = pair.costs()
    figures = {side + "_share": (after[side + "_cpu_s"] - before[side + "_cpu_s"]) / seconds
               for side in ("primary", "secondary")}
    for side in ("primary", "secondary"):
        figures[side + "_resident_mib"] = after[side + "_resident_mib"]
    return figures


ROWS = {"small-files": small_files, "latency": latency, "burst": burst, "sweep": sweep}
