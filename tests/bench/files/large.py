"""Rows about one large file: how it is copied at first, and what a change of it costs."""

import os
import random
import re
import shutil
import subprocess
import time

from pair import remove_tree
from rows import compare_trees, goal, medians

MIB = 1 << 20
PAGE = 4096


def incompressible(path, size, seed):
    """A file of noise, the same for the same seed."""
    generator = random.Random(seed)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        while file.tell() < size:
            file.write(generator.randbytes(min(16 * MIB, size - file.tell())))


def change_pages(path, share, seed):
    """Writes over this share of its pages, at random and in place."""
    generator = random.Random(seed)
    pages = os.path.getsize(path) // PAGE
    with open(path, "r+b") as file:
        for page in sorted(generator.sample(range(pages), int(pages * share))):
            file.seek(page * PAGE)
            file.write(generator.randbytes(PAGE))


def put_in_front(path, size, seed):
    """A new file in its place that begins with so much more; made outside of the tree."""
    aside = os.path.dirname(path) + ".aside"
    with open(path, "rb") as old, open(aside, "wb") as new:
        new.write(random.Random(seed).randbytes(size))
        shutil.copyfileobj(old, new, 16 * MIB)
    os.rename(aside, path)


def wire_bytes(port):
    """What went over the connections to this port so far, both ways."""
    text = subprocess.run(["ss", "-tinH", "dport = :%d" % port], check=True, capture_output=True,
                          text=True).stdout
    return sum(int(count) for count in re.findall(r"bytes_(?:sent|received):(\d+)", text))


def rsync(bench, source, target, *options):
    """rsync over ssh onto what the target has, then sync, with what it sent and received."""
    shell = "ssh -F %s/ssh_config" % bench.peers.folder
    begin = time.monotonic()
    said = subprocess.run(["rsync", "-a", "--stats", *options, "-e", shell, source + "/",
                           "127.0.0.1:" + target + "/"], check=True, capture_output=True,
                          text=True).stdout
    subprocess.run(["sync", "--file-system", target], check=True)
    seconds = time.monotonic() - begin
    counts = re.findall(r"Total bytes (?:sent|received): ([\d,]+)", said)
    return {"s": seconds, "bytes": sum(int(count.replace(",", "")) for count in counts)}


def large_copy(bench):
    """First copy of one 1 GiB file that does not compress, against rsync (ssh, daemon)."""
    tree = os.path.join(bench.workspace, "large-copy")
    if not os.path.exists(tree + "/big"):
        incompressible(tree + "/big", 256 * MIB if bench.quick else 1024 * MIB, 1)
    runs = {"farshore": [], "rsync -a over ssh": [], "rsync's daemon": []}
    for _ in range(bench.rounds):
        with bench.pair(tree) as pair:
            pair.start("west")
            pair.start("east")
            time.sleep(1)
            # The file comes while they are connected, by a rename; so nothing else is timed.
            os.rename(tree + "/big", bench.workspace + "/aside")
            pair.flush()
            begin = time.monotonic()
            os.rename(bench.workspace + "/aside", tree + "/big")
            pair.flush()
            runs["farshore"].append({"s": time.monotonic() - begin, **pair.costs()})
        runs["rsync -a over ssh"].append(bench.peers.rsync_ssh(tree, bench.empty_target()))
        runs["rsync's daemon"].append(bench.peers.rsync_daemon(tree, bench.empty_target()))
    bench.empty_target()
    figures = {name: medians(of) for name, of in runs.items()}
    ours = figures["farshore"]
    return {"files": 1, "figures": figures, "goals": [
        goal("s / rsync -a over ssh", ours["s"] / figures["rsync -a over ssh"]["s"], 0.5),
        goal("s / rsync's daemon", ours["s"] / figures["rsync's daemon"]["s"], 1.2),
        goal("peak MiB of the primary", ours["primary_peak_mib"], 300),
        goal("peak MiB of the secondary", ours["secondary_peak_mib"], 300)]}


def changed(bench, change):
    """A 2 GiB file that both sides have is changed: farshore and rsync, seconds and bytes."""
    tree, target = os.path.join(bench.workspace, "large-change"), bench.empty_target()
    remove_tree(tree)
    incompressible(tree + "/big", 256 * MIB if bench.quick else 2048 * MIB, 2)
    shutil.copy2(tree + "/big", target + "/big")
    os.sync()
    runs = {"farshore": [], "rsync -a over ssh": []}
    # The rounds follow each other so fast that the file would rest in between.
    with bench.pair(tree, tree_options=["reread_share = 100"]) as pair:
        pair.start("west")
        pair.start("east")
        pair.flush()
        for number in range(bench.rounds):
            # The peer's turn comes while nobody else works: farshore's is over, or not begun.
            time.sleep(1)
            before, begin = wire_bytes(pair.port), time.monotonic()
            change(tree + "/big", number)
            written = time.monotonic()
            pair.flush()
            runs["farshore"].append({"s": time.monotonic() - written,
                                     "bytes": wire_bytes(pair.port) - before,
                                     "change_s": written - begin, **pair.costs()})
            runs["rsync -a over ssh"].append(rsync(bench, tree, target, "--exclude=/.farshore"))
        compare_trees(tree, pair.replica)
    remove_tree(tree)
    bench.empty_target()
    return {name: medians(of) for name, of in runs.items()}


def large_pages(bench):
    """1 % of the pages of a 2 GiB file changed at random, against rsync."""
    figures = changed(bench, lambda path, number: change_pages(path, 0.01, 100 + number))
    ours, theirs = figures["farshore"], figures["rsync -a over ssh"]
    return {"files": 1, "figures": figures, "goals": [
        goal("bytes / rsync", ours["bytes"] / theirs["bytes"], 0.35),
        goal("s / rsync", ours["s"] / theirs["s"], 0.5),
        goal("peak MiB of the primary", ours["primary_peak_mib"], 300),
        goal("peak MiB of the secondary", ours["secondary_peak_mib"], 300)]}


def large_insert(bench):
    """1 MiB put in front of a 2 GiB file, against rsync."""
    figures = changed(bench, lambda path, number: put_in_front(path, MIB, 200 + number))
    return {"files": 1, "figures": figures,
            "goals": [goal("MB on the wire", figures["farshore"]["bytes"] / 1e6, 1.5)]}


def large_rename(bench):
    """A folder with 1 GiB in it gets another name; a file in it gets a copy."""
    tree = os.path.join(bench.workspace, "large-rename")
    remove_tree(tree)
    for number in range(64):
        incompressible("%s/old/sub/f%02d" % (tree, number), 4 * MIB if bench.quick else 16 * MIB,
                       number)
    runs, copies = [], []
    with bench.pair(tree) as pair:
        pair.start("west")
        pair.start("east")
        pair.flush()
        time.sleep(2)
        names = [tree + "/old", tree + "/new"]
        for _ in range(bench.rounds):
            before, begin = wire_bytes(pair.port), time.monotonic()
            os.rename(*names)
            there = [name.replace(tree, pair.replica) for name in names]
            while os.path.exists(there[0]) or not os.path.exists(there[1] + "/sub/f63"):
                time.sleep(0.0005)
            seconds = time.monotonic() - begin
            pair.flush()
            runs.append({"ms": seconds * 1000, "bytes": wire_bytes(pair.port) - before})
            names.reverse()
            time.sleep(2)
        for number in range(bench.rounds):
            before = wire_bytes(pair.port)
            shutil.copyfile(names[0] + "/sub/f00", "%s/copy%d" % (tree, number))
            pair.flush()
            copies.append({"bytes": wire_bytes(pair.port) - before})
            time.sleep(1)
        compare_trees(tree, pair.replica)
    remove_tree(tree)
    figures = {"farshore, renamed": medians(runs), "farshore, copied": medians(copies)}
    return {"files": 64, "figures": figures, "goals": [
        goal("KiB on the wire, renamed", figures["farshore, renamed"]["bytes"] / 1024, 64),
        goal("ms to applied, renamed", figures["farshore, renamed"]["ms"], 200),
        goal("KiB on the wire, copied", figures["farshore, copied"]["bytes"] / 1024, 64)]}


def large_growing(bench):
    """A 2 GiB file grows by 64 KiB each second: the share of a core that either side spends."""
    tree = os.path.join(bench.workspace, "large-growing")
    seconds = 20 if bench.quick else 120
    figures = {}
    for name, options in (("farshore", []), ("append_only", ['append_only = ["big"]'])):
        remove_tree(tree)
        incompressible(tree + "/big", 256 * MIB if bench.quick else 2048 * MIB, 3)
        with bench.pair(tree, tree_options=options) as pair:
            pair.start("west")
            pair.start("east")
            pair.flush()
            before, begin = pair.costs(), time.monotonic()
            wire = wire_bytes(pair.port)
            for number in range(seconds):
                with open(tree + "/big", "ab") as file:
                    file.write(random.Random(number).randbytes(64 << 10))
                time.sleep(1)
            after, passed = pair.costs(), time.monotonic() - begin
            figures[name] = {side: (after[side + "_cpu_s"] - before[side + "_cpu_s"]) / passed
                             for side in ("primary", "secondary")}
            figures[name]["bytes"] = wire_bytes(pair.port) - wire
            pair.flush()
            compare_trees(tree, pair.replica)
    remove_tree(tree)
    return {"files": 1, "figures": figures, "goals": [
        goal("share of a core, primary", figures["farshore"]["primary"], 0.1),
        goal("share of a core, append_only", figures["append_only"]["primary"], 0.1)]}


ROWS = {"large-copy": large_copy, "large-pages": large_pages, "large-insert": large_insert,
        "large-rename": large_rename, "large-growing": large_growing}
