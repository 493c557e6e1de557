"""CPU and memory of the processes that do the work."""
import os
import re
import subprocess
import threading

TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def peak_mib(pid):
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"VmHWM:\s+(\d+)", status.read()).group(1)) // 1024


def machine_busy():
    with open("/proc/stat") as stat:
        values = [int(text) for text in stat.readline().split()[1:9]]
    return (sum(values) - values[3] - values[4]) / TICK


class Monitor(threading.Thread):
    """Watches while it runs: the given processes by name, and the servers' by their titles."""

    def __init__(self, processes, database):
        super().__init__(daemon=True)
        self._named = {pid: name for name, pid in processes.items()}
        self._database = database
        self._ends = threading.Event()
        self._first, self._last, self._peak, self._role = {}, {}, {}, {}
        self._busy = machine_busy()

    def _role_of(self, pid):
        if pid in self._named:
            return self._named[pid]
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            title = file.read().replace(b"\0", b" ").decode(errors="replace")
        if not title.startswith("postgres:"):
            return None
        if "walsender" in title:
            return "walsender"
        if "logical replication worker" in title or "pglogical apply" in title:
            return "applying"
        return "applying" if f" {self._database} " in title else None

    def _look(self):
        for name in os.listdir("/proc"):
            if not name.isdigit():
                continue
            pid = int(name)
            try:
                role = self._role_of(pid)
                if role is None:
                    continue
                seconds = cpu_seconds(pid)
                self._peak[pid] = peak_mib(pid)
            except (OSError, AttributeError):
                continue
            self._first.setdefault(pid, seconds)
            self._last[pid] = seconds
            self._role[pid] = role

    def run(self):
        while not self._ends.wait(0.2):
            self._look()

    def result(self):
        """{role: (cpu seconds, peak MiB)}, and "others": what the machine spent elsewhere."""
        self._ends.set()
        self.join()
        self._look()
        roles = {}
        for pid, role in self._role.items():
            # A process younger than the watch began at 0.
            begin = self._first[pid] if self._first[pid] > 0.5 else 0
            seconds, peak = roles.get(role, (0, 0))
            roles[role] = (round(seconds + self._last[pid] - begin, 1),
                           max(peak, self._peak[pid]))
        known = sum(seconds for seconds, _ in roles.values())
        roles["others"] = (round(machine_busy() - self._busy - known, 1), 0)
        return roles


def bytes_sent(port):
    """{connection: bytes it has sent} of the TCP connections to or from `port`."""
    text = subprocess.run(["ss", "-tinH", f"( sport = :{port} or dport = :{port} )"], check=True,
                          capture_output=True, text=True).stdout
    sent = {}
    lines = text.splitlines()
    for head, facts in zip(lines[::2], lines[1::2]):
        found = re.search(r"bytes_sent:(\d+)", facts)
        sent[" ".join(head.split()[3:5])] = int(found.group(1)) if found else 0
    return sent
