"""Runs a program to its end: output in a file, a deadline, and nothing left behind."""

import ctypes
import os
import pathlib
import signal
import subprocess
import time
from dataclasses import dataclass

PR_SET_CHILD_SUBREAPER = 36
GRACE_SECONDS = 3


@dataclass
class Ended:
    status: int
    output: str
    timed_out: bool = False

    @property
    def good(self):
        return self.status == 0 and not self.timed_out

    def tail(self, lines=40):
        return "\n".join(self.output.splitlines()[-lines:])


def run(command, timeout=None, log=None, **options):
    """Output goes through a file, so a grandchild that holds it open cannot make us wait."""
    log = pathlib.Path(log or f"/tmp/farshore-check-{os.getpid()}-{time.monotonic_ns()}.log")
    keep = log.parent != pathlib.Path("/tmp")
    log.parent.mkdir(parents=True, exist_ok=True)
    timed_out = False
    with open(log, "wb") as sink:
        child = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                                 stdout=sink, stderr=subprocess.STDOUT,
                                 start_new_session=True, **options)
        try:
            status = child.wait(timeout)
        except subprocess.TimeoutExpired:
            timed_out = True
            os.killpg(child.pid, signal.SIGABRT)
            try:
                status = child.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                status = child.wait()
    output = log.read_text(errors="replace")
    if not keep:
        log.unlink()
    return Ended(status, output, timed_out)


def become_reaper():
    """Orphans below us become our children, so that we see who was left behind."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children():
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            fields = pathlib.Path("/proc", entry, "stat").read_text()
        except OSError:
            continue
        state, parent = fields[fields.rindex(")") + 2:].split()[:2]
        if int(parent) == os.getpid() and state != "Z":
            found.append(int(entry))
    return found


def name_of(pid):
    try:
        words = pathlib.Path("/proc", str(pid), "cmdline").read_bytes()
        return words.replace(b"\0", b" ").decode(errors="replace").strip()[:120]
    except OSError:
        return "?"


def reap():
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def left_behind():
    """Who is still there a moment after the program's end; ends them."""
    deadline = time.monotonic() + GRACE_SECONDS
    while children() and time.monotonic() < deadline:
        time.sleep(0.05)
        reap()
    names = []
    for _ in range(20):
        alive = children()
        if not alive:
            break
        for pid in alive:
            names.append(f"{pid} {name_of(pid)}")
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.1)
        reap()
    return names
