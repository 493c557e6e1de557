"""Format and static analysis: clang-format, clang-tidy, shellcheck."""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re

import process
from tally import say

FINDING = re.compile(r"^(\S+?):\d+:\d+: error: .*?(\[[\w.,-]+\])?$", re.MULTILINE)
INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]', re.MULTILINE)


def tracked(root, *endings):
    ended = process.run(["git", "-c", "core.quotePath=off", "-C", root, "ls-files", "--cached",
                         "--others", "--exclude-standard"])
    return sorted(root / line for line in set(ended.output.splitlines())
                  if line.endswith(endings) and (root / line).exists())


def check_format(root, tally):
    """One case a file."""
    files = tracked(root, ".cpp", ".hpp")
    say(f"format: {len(files)} files")
    ended = process.run(["clang-format-14", "--dry-run", "-Werror", *files])
    complaints = {}
    for path, line in re.findall(r"^(/.*?):(\d+):\d+: error:", ended.output, re.MULTILINE):
        complaints.setdefault(path, []).append(line)
    for file in files:
        lines = complaints.get(str(file))
        problem = f"clang-format-14 differs at lines {', '.join(lines[:20])}" if lines else ""
        tally.check(f"format/{file.relative_to(root)}", problem)
    if not ended.good and not complaints:
        tally.check("format (clang-format-14 itself)", ended.tail())


def check_shell(root, tally):
    """One case a script."""
    for file in [*tracked(root, ".sh"), root / ".ci/run"]:
        ended = process.run(["shellcheck", "--severity=warning", file])
        tally.check(f"shellcheck/{file.relative_to(root)}", "" if ended.good else ended.output)


class ClangTidy:
    """clang-tidy over a compile database; what is good is remembered by what it was made of."""

    def __init__(self, root, database, extra):
        self.root, self.database, self.extra = root, database, extra
        cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
        self.cache = pathlib.Path(cache) / "farshore-checks" / "clang-tidy"
        self.cache.mkdir(parents=True, exist_ok=True)
        self.texts = {}
        versions = process.run(["dpkg-query", "--show", "clang-tidy-14", "libboost1.81-dev",
                                "libstdc++-12-dev", "libpqxx-dev"]).output
        self.setting = versions + (root / ".clang-tidy").read_text() + " ".join(extra)

    def units(self, layers):
        """{what the compiler is given: its command}, of those layers."""
        entries = json.loads((self.database / "compile_commands.json").read_text())
        found = {}
        for entry in entries:
            path = (self.database / entry["file"]).resolve()
            place = self.database if path.is_relative_to(self.database) else self.root
            if path.relative_to(place).parts[0] in layers:
                found[path] = entry["command"].replace(str(self.root), "")
        return found

    def text(self, path):
        if path not in self.texts:
            self.texts[path] = path.read_text(errors="replace")
        return self.texts[path]

    def closure(self, path):
        """The file and all of ours that it includes, directly or not."""
        seen, waiting = set(), [path]
        while waiting:
            file = waiting.pop()
            if file in seen:
                continue
            seen.add(file)
            for name in INCLUDE.findall(self.text(file)):
                for candidate in (self.root / name, file.parent / name):
                    if candidate.is_file():
                        waiting.append(candidate.resolve())
                        break
        return sorted(seen)

    def token(self, path, command):
        digest = hashlib.sha256(self.setting.encode() + command.encode())
        for file in self.closure(path):
            digest.update(str(file.relative_to(self.root)).encode() + b"\0")
            digest.update(self.text(file).replace(str(self.root), "").encode() + b"\0")
        return self.cache / digest.hexdigest()

    def check_one(self, path, command):
        token = self.token(path, command)
        if token.exists():
            return ""
        # GCC's warnings are GCC's business; its flags that clang does not know are dropped.
        ended = process.run(["clang-tidy-14", "--quiet", "-p", self.database,
                             "--extra-arg=-Wno-unknown-warning-option", "--extra-arg=-Wno-error",
                             *self.extra, path], timeout=900)
        found = FINDING.findall(ended.output)
        if ended.good or (found and all(self.is_of_asio(*finding) for finding in found)):
            token.touch()
            return ""
        lines = [line for line in ended.output.splitlines() if "warnings generated" not in line]
        return "\n".join(lines[:60]) or f"ended with {ended.status}"

    def is_of_asio(self, name, check):
        """Version 14's analyzer does not follow coroutines: it finds faults within Asio."""
        theirs = not (self.database / name).resolve().is_relative_to(self.root)
        return theirs and check.startswith("[clang-analyzer-")

    def check(self, layers, name, tally, jobs=2):
        units = sorted(self.units(layers).items())
        say(f"{name}: {len(units)} units")
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            problems = pool.map(lambda item: self.check_one(*item), units)
            for (path, _), problem in zip(units, problems):
                place = self.database if path.is_relative_to(self.database) else self.root
                tally.check(f"{name}/{path.relative_to(place)}", problem)


def check_clang_tidy(root, unity_database, tally):
    """One case for some sources that are compiled as one: all checks but the analyzer's, which
    would take them for headers."""
    extra = ["--checks=-clang-analyzer-*,-bugprone-suspicious-include"]
    ClangTidy(root, unity_database, extra).check(("protocol", "storage", "agent"), "clang-tidy",
                                                 tally)


def check_analysis(root, database, tally):
    """One case a source file: all checks, and every path through every function."""
    ClangTidy(root, database, []).check(("protocol", "storage", "agent"), "analysis", tally)
