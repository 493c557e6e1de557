"""A primary and a secondary of farshore on loopback, with what they cost."""

import os
import shutil
import signal
import socket
import subprocess
import time

CHECKOUT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__)))))
TICKS = os.sysconf("SC_CLK_TCK")


def build():
    """The program as it is shipped (-O2), in a build folder of its own."""
    folder = os.path.join(CHECKOUT, "build", "bench")
    environment = dict(os.environ, CCACHE_BASEDIR=CHECKOUT, CCACHE_NOHASHDIR="1")
    if not os.path.exists(os.path.join(folder, "build.ninja")):
        if shutil.which("ccache"):
            environment.setdefault("CXX", "ccache g++")
        subprocess.run(["meson", "setup", folder, CHECKOUT, "-Dbuildtype=plain", "-Doptimization=2",
                        "-Dcpp_args=-g1", "-Dtests=false", "-Db_lundef=false"],
                       check=True, env=environment, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", folder, "--quiet", "agent/farshore"], check=True,
                   env=environment)
    return os.path.join(folder, "agent", "farshore")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def processor_seconds(pid):
    """User and system time of a process and of its children that have ended."""
    with open("/proc/%d/stat" % pid, encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return sum(int(field) for field in fields[11:15]) / TICKS


def memory_mib(pid, field):
    """VmRSS (now) or VmHWM (the most so far)."""
    with open("/proc/%d/status" % pid, encoding="ascii") as file:
        for line in file:
            if line.startswith(field + ":"):
                return int(line.split()[1]) / 1024
    return 0.0


def remove_tree(path):
    # Much quicker than shutil for many files.
    subprocess.run(["rm", "-rf", "--", path], check=True)


class Pair:
    """Two agents with one tree; `options` are lines for the config's [replication] of the primary,
    `tree_options` for its [[tree]].

    Both end with the pair, whatever happens in between."""

    def __init__(self, farshore, folder, tree, options=(), tree_options=()):
        self.farshore = farshore
        self.folder = folder
        self.tree = tree
        self.replica = os.path.join(folder, "replica")
        self.processes = {}
        remove_tree(folder)
        remove_tree(os.path.join(tree, ".farshore"))
        os.makedirs(self.replica)
        self.port = free_port()
        subprocess.run(
            [farshore, "init", "--stream", "bench", "--out", os.path.join(folder, "pair"),
             "--primary", "east=127.0.0.1:%d" % free_port(),
             "--secondary", "west=127.0.0.1:%d" % self.port,
             "--store", "file:" + os.path.join(folder, "store"),
             "--tree", "files=" + tree, "--replica-tree", "files=" + self.replica],
            check=True, stdout=subprocess.DEVNULL)
        if options:
            self._add_options("[replication]", options)
        if tree_options:
            self._add_options("[[tree]]", tree_options)

    def _config(self, name):
        return os.path.join(self.folder, "pair", name, "farshore.toml")

    def _add_options(self, section, options):
        with open(self._config("east"), encoding="utf-8") as file:
            lines = file.read().split("\n")
        if section in lines:
            at = lines.index(section) + 1
            lines[at:at] = list(options)
        else:
            lines += [section, *options, ""]
        with open(self._config("east"), "w", encoding="utf-8") as file:
            file.write("\n".join(lines))

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        for name in list(self.processes):
            self.stop(name)
        remove_tree(os.path.join(self.tree, ".farshore"))

    def start(self, name):
        with open(os.path.join(self.folder, name + ".log"), "ab") as log:
            self.processes[name] = subprocess.Popen(
                [self.farshore, "agent", "--config", self._config(name)], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log)
        return self.processes[name].pid

    def stop(self, name):
        process = self.processes.pop(name)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def pid(self, name):
        return self.processes[name].pid

    def flush(self, until="applied", limit=3600.0):
        """Returns when everything of before the call is safe on the secondary."""
        command = [self.farshore, "flush", "--until", until, "--timeout", "600s",
                   "--socket", os.path.join(self.folder, "pair", "east", "agent.sock")]
        end = time.monotonic() + limit
        while subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                             check=False).returncode != 0:
            for name, process in self.processes.items():
                if process.poll() is not None:
                    raise RuntimeError("the agent %s has ended, see %s/%s.log" % (
                        name, self.folder, name))
            if time.monotonic() > end:
                raise RuntimeError("nothing was safe after %g s" % limit)
            time.sleep(0.02)

    def costs(self):
        """What both have used so far."""
        figures = {}
        for name, side in (("east", "primary"), ("west", "secondary")):
            if name in self.processes:
                pid = self.processes[name].pid
                figures[side + "_cpu_s"] = processor_seconds(pid)
                figures[side + "_peak_mib"] = memory_mib(pid, "VmHWM")
                figures[side + "_resident_mib"] = memory_mib(pid, "VmRSS")
        return figures
