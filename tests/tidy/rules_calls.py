"""Calls that have one place: what passes through one door can be audited and broken on purpose."""

import re

from source_tree import Finding


def anywhere(*names):
    """A call of a plain name that nothing else in the house bears."""
    return re.compile(r"(?<![\w.>:])(?:::)?(?:" + "|".join(names) + r")\s*\(")


def qualified(*names):
    """A call written with a leading :: (the bare name may be a method of ours)."""
    return re.compile(r"(?<![\w>])::(?:" + "|".join(names) + r")\s*\(")


FILE_CALLS = [
    anywhere("openat2?", "creat", "fopen", "fdopen", "freopen", "fsync", "fdatasync", "syncfs",
             "renameat2?", "unlinkat", "linkat", "symlinkat", "mkdirat", "mknodat?", "mkfifoat?",
             "fchmod", "fchmodat", "fchownat?", "lchown", "utimensat", "futimens", "[lf]?setxattr",
             "[lf]?getxattr", "[lf]?listxattr", "[lf]?removexattr", "copy_file_range", "fallocate",
             "ftruncate", "opendir", "fdopendir", "readdir", "readlinkat", "fstatat", "statx",
             "mkstemp", "mkdtemp", "realpath", "flock"),
    qualified("open", "rename", "unlink", "link", "symlink", "mkdir", "rmdir", "chmod", "chown",
              "truncate", "stat", "lstat", "fstat", "access", "readlink", "remove", "chdir",
              "pread", "pwrite", "lseek", "sync"),
    re.compile(r"\bstd::(?:basic_)?[io]?fstream\b"),
    re.compile(r"\bstd::filesystem::(?!path\b)\w+"),
    re.compile(r"\b(?:fs|filesystem)::(?:remove|rename|create|copy|exists|is_|last_write|resize)"),
]
FILE_DOORS = ("storage/disk/posix_", "agent/primary/files/inotify_", "agent/runtime/child_process",
              "tests/")

CHANCE_AND_TIME = [
    re.compile(r"::now\s*\("),
    re.compile(r"\b(?:steady_timer|system_timer|high_resolution_timer|deadline_timer)\b"),
    re.compile(r"\brandom_device\b"),
    re.compile(r"\bsleep_(?:for|until)\b"),
    anywhere("getrandom", "getentropy", "arc4random\\w*", "RAND_bytes", "clock_gettime",
             "gettimeofday", "usleep", "nanosleep", "clock_nanosleep", "srand"),
    qualified("time", "sleep", "rand"),
]
COROUTINES = [re.compile(r"\bco_spawn\b"), re.compile(r"\basio::detached\b")]
THREADS = [re.compile(r"\bstd::j?thread\b(?!::)"), re.compile(r"\bstd::async\b"),
           re.compile(r"\bpthread_create\b"), re.compile(r"\.detach\s*\(\s*\)")]
PROCESSES = [anywhere("fork", "vfork", "execvp?e?", "execlp?e?", "posix_spawnp?", "popen"),
             qualified("system"), re.compile(r"\bstd::system\b")]
SPEECH = [re.compile(r"\bstd::c(?:out|err|log)\b"), anywhere("printf", "puts", "perror"),
          re.compile(r"\bspdlog::"), re.compile(r"\bsyslog\s*\(")]

# rule: (patterns, where they may stand, why)
DOORS = {
    "one-door-to-the-disk": (
        FILE_CALLS, FILE_DOORS, "file system calls go through storage::FileSystem"),
    "time-and-chance": (
        CHANCE_AND_TIME, ("agent/runtime/", "tests/"),
        "time and chance come in by interfaces of agent/runtime"),
    "coroutines": (
        COROUTINES, ("agent/runtime/", "agent/connection/", "tests/"),
        "a coroutine belongs to a scope that waits for it"),
    "threads": (
        THREADS, ("agent/runtime/", "tests/"), "a thread belongs to a task group"),
    "processes": (
        PROCESSES, ("agent/runtime/child_process", "tests/"),
        "a child process belongs to agent/runtime/child_process"),
    "speech": (
        SPEECH, ("agent/", "tests/"), "protocol and storage return, throw or report: no output"),
}


def door(rule):
    patterns, places, reason = DOORS[rule]

    def check(tree):
        for file in tree.code():
            if file.path.startswith(places):
                continue
            for pattern in patterns:
                for match in pattern.finditer(file.code):
                    yield Finding(rule, file.path, file.line_of(match.start()),
                                  f"{match.group(0).strip(' (')}: {reason}")

    check.__doc__ = reason[0].upper() + reason[1:] + "."
    return check


def cassert(tree):
    """Assumptions are checked in production too: FARSHORE_ASSERT, never <cassert>."""
    for file in tree.code():
        for match in re.finditer(r"#\s*include\s*<(?:cassert|assert\.h)>", file.text):
            yield Finding("cassert", file.path, file.line_of(match.start()), "use FARSHORE_ASSERT")


RULES = {rule: door(rule) for rule in DOORS} | {"cassert": cassert}
