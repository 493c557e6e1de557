"""The Debian package: builds, is complete, and comes and goes in a clean root without a trace."""

import hashlib
import os
import re
import subprocess
import tempfile

import process
from tally import SKIPPED, say

UNIT = "/usr/lib/systemd/system/farshore.service"
FILES = ["/usr/bin/farshore", UNIT, "/usr/lib/sysusers.d/farshore.conf",
         "/usr/lib/tmpfiles.d/farshore.conf", "/usr/share/doc/farshore/examples/farshore.toml",
         "/usr/share/doc/farshore/copyright"]
CASES = ["installs", "files are there", "version answers", "user and directories are made",
         "unit has no findings", "is neither enabled nor started", "removal leaves only state"]


def check_package(root, tally):
    say("deb: building")
    ended = process.run([root / "packaging/deb.sh"], timeout=3600)
    tally.check("deb/builds", "" if ended.good else ended.tail(60))
    if not ended.good:
        return
    deb = root / ended.output.split()[-1]
    tally.check("deb/depends on its libraries", missing_dependencies(deb))
    if os.geteuid() != 0:
        skip_all(tally, "a clean root needs the rights of root")
        return
    tarball, problem = clean_root(root, depends_of(deb))
    if problem:
        skip_all(tally, f"no clean root could be made: {problem}")
        return
    with tempfile.TemporaryDirectory(prefix="farshore-root-") as folder:
        subprocess.run(["tar", "-xf", tarball, "-C", folder], check=True)
        check_in_root(Root(folder), deb, tally)


def skip_all(tally, reason):
    for case in CASES:
        tally.add(f"deb/{case}", SKIPPED, reason)


def depends_of(deb):
    field = process.run(["dpkg-deb", "--field", deb, "Depends"]).output.strip()
    return [clause.split("|")[0].split("(")[0].strip() for clause in field.split(",")]


def missing_dependencies(deb):
    names = depends_of(deb)
    wanted = ["libc6", "libssl3", "libpq5", "libsqlite3-0", "libcurl4", "libzstd1",
              "postgresql-client"]
    missing = [name for name in wanted if name not in names]
    return f"Depends has no {', '.join(missing)}: {names}" if missing else ""


def clean_root(root, packages):
    """A tar ball of a minimal Debian 12 with what the package depends on; made once, then kept."""
    packages = sorted({*packages, "systemd"})
    name = hashlib.sha256(" ".join(packages).encode()).hexdigest()[:16]
    tarball = root / "build/deb" / f"clean-root-{name}.tar"
    if tarball.exists():
        return tarball, ""
    say("deb: making a clean Debian root")
    part = tarball.with_name("part-" + tarball.name)
    ended = process.run(["mmdebstrap", "--quiet", "--variant=minbase",
                         "--include=" + ",".join(packages), "bookworm", part], timeout=1200)
    if not ended.good:
        part.unlink(missing_ok=True)
        lines = [line for line in ended.output.splitlines() if line.startswith(("E:", "W:"))]
        return None, (lines or ended.output.splitlines() or ["mmdebstrap failed"])[-1]
    part.rename(tarball)
    return tarball, ""


class Root:
    """A Debian root in a directory, and commands in it."""

    def __init__(self, folder):
        self.folder = folder
        with open(self.path("/usr/sbin/policy-rc.d"), "w", encoding="utf-8") as policy:
            policy.write("#!/bin/sh\nexit 101\n")
        os.chmod(self.path("/usr/sbin/policy-rc.d"), 0o755)

    def path(self, inside):
        return self.folder + inside

    def run(self, *command):
        # systemd's tools want /proc; it is mounted for this command alone.
        script = 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"'
        return process.run(["unshare", "--mount", "sh", "-c", script, self.folder, *command],
                           timeout=300,
                           env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
                                "DEBIAN_FRONTEND": "noninteractive"})

    def listing(self):
        """Everything there, with owner and mode; not what changes with any installation."""
        changing = ["/proc", "/var/lib/dpkg", "/var/cache", "/var/log", "/run",
                    "/var/lib/systemd/deb-systemd-helper-*"]
        paths = [word for path in changing for word in ("-o", "-path", path)][1:]
        ended = self.run("find", "/", "-xdev", "(", *paths, ")", "-prune", "-o",
                         "-printf", "%p %U %m\\n")
        return set(ended.output.splitlines())


def check_in_root(root, deb, tally):
    say("deb: installing in the clean root")
    before = root.listing()
    subprocess.run(["cp", deb, root.path("/farshore.deb")], check=True)
    ended = root.run("dpkg", "--install", "/farshore.deb")
    os.unlink(root.path("/farshore.deb"))
    tally.check("deb/installs", "" if ended.good else ended.tail())
    if not ended.good:
        return
    gone = [path for path in FILES if not os.path.exists(root.path(path))]
    tally.check("deb/files are there", f"not there: {', '.join(gone)}" if gone else "")
    ended = root.run("/usr/bin/farshore", "version")
    good = ended.good and re.search(r"farshore \d+\.\d+", ended.output)
    tally.check("deb/version answers", "" if good else ended.tail())
    tally.check("deb/user and directories are made", user_and_directories(root))
    tally.check("deb/unit has no findings", unit_findings(root))
    wants = root.run("find", "/etc/systemd/system", "-name", "farshore*").output.strip()
    tally.check("deb/is neither enabled nor started", wants)
    ended = root.run("dpkg", "--purge", "farshore")
    left = sorted(line for line in root.listing() - before
                  if not line.startswith("/var/lib/farshore ") and is_ours(line))
    problem = "" if ended.good else ended.tail()
    tally.check("deb/removal leaves only state", problem or "\n".join(left))


def is_ours(line):
    """The user stays, as its number owns the state: so the files that list users do change."""
    path = line.split(" ")[0]
    return not re.match(r"/etc/(passwd|group|shadow|gshadow)-?$", path) and path != "/etc/.pwd.lock"


def user_and_directories(root):
    passwd = root.run("getent", "passwd", "farshore").output
    group = root.run("getent", "group", "farshore").output
    if ":/var/lib/farshore:" not in passwd or not group:
        return f"user: {passwd!r}, group: {group!r}"
    wanted = {"/etc/farshore": "root farshore 750", "/var/lib/farshore": "farshore farshore 700"}
    problems = []
    for path, owner in wanted.items():
        found = root.run("stat", "-c", "%U %G %a", path).output.strip()
        if found != owner:
            problems.append(f"{path} is {found}, not {owner}")
    return "\n".join(problems)


def unit_findings(root):
    """systemd-analyze ends with 0 on an unknown key: any output is a finding."""
    ended = root.run("systemd-analyze", "verify", "--man=no", UNIT)
    return ended.output.strip() or ("" if ended.good else f"ended with {ended.status}")
