#!/usr/bin/env python3
"""reaper.py SECONDS COMMAND...: runs a test program that shall leave nothing running."""

import os
import pathlib
import signal
import subprocess
import sys

import process

LEFT_SOMETHING_BEHIND = 98
TIMED_OUT = 99


def threads_of(pid):
    """A line for each thread: its name, its state and where in the kernel it waits."""
    lines = []
    for task in sorted(pathlib.Path(f"/proc/{pid}/task").iterdir()):
        try:
            name = (task / "comm").read_text().strip()
            state = (task / "stat").read_text().rpartition(")")[2].split()[0]
            lines.append(f"{task.name} {name}: {state}, {(task / 'wchan').read_text()}, "
                         f"{(task / 'syscall').read_text().strip()}")
        except OSError as error:  # it has ended meanwhile, or others may not look
            lines.append(f"{task.name}: {error}")
    return lines


def main():
    process.become_reaper()
    child = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL)
    try:
        status = child.wait(float(sys.argv[1]))
    except subprocess.TimeoutExpired:
        print(f"reaper: not finished after {sys.argv[1]} s; its threads:\n  " +
              "\n  ".join(threads_of(child.pid)), flush=True)
        os.kill(child.pid, signal.SIGABRT)
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        status = TIMED_OUT
    left = process.left_behind()
    if left:
        print("reaper: left behind:\n  " + "\n  ".join(left), flush=True)
    if status < 0:
        print(f"reaper: ended by {signal.Signals(-status).name}", flush=True)
        return 128 - status
    return status or (LEFT_SOMETHING_BEHIND if left else 0)


if __name__ == "__main__":
    sys.exit(main())
