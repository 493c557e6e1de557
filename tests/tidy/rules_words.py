"""Words: one vocabulary, and nothing that only one machine or one day can explain."""

import re

from source_tree import Finding

EMPTY_NAMES = re.compile(r"(?:^|[_.])(?:utils?|helpers?|common|misc|manager|stuff)(?:[_.]|$)")
# Words of the glossary have no synonyms (the README's glossary says which word is meant).
SYNONYMS = {
    re.compile(r"sync_?point|commit_?point|recovery_?point|restore_?point|SyncPoint|CommitPoint"):
        "mark",
    re.compile(r"(?<![A-Za-z])acks?(?![a-z])|[a-z]Ack(?![a-z])|_acked\b"): "receipt or received",
    re.compile(r"\b(?:master|slave|standby)s?\b"): "primary, secondary",
}
OWNED_BY_POSTGRES = {"checkpoint", "snapshot"}
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|HACK|WIP)\b")
OF_A_MACHINE = [
    (re.compile(r"(?<![\w.$}/])/(?:work|farm)(?:/|\b)"), "a path of somebody's machine"),
    (re.compile(r"\b(?:deb|snapshot|registry)\.(?:deb" r"ian|np" r"mjs)"),
     "the host of a package registry"),
]
TEXT = (".cpp", ".hpp", ".py", ".sh", ".md", ".txt", ".build", ".service", ".toml")


def file_names(tree):
    """No file is called util, helper, common, misc or manager; names are snake_case."""
    for file in tree.files:
        if EMPTY_NAMES.search(file.stem):
            yield Finding("file-names", file.path, 1, "a name that says nothing")
        if file.is_code and not re.fullmatch(r"[a-z0-9_]+", file.stem):
            yield Finding("file-names", file.path, 1, "not snake_case")
        for word in OWNED_BY_POSTGRES:
            if file.is_product and word in file.stem and "postgres" not in file.path:
                yield Finding("file-names", file.path, 1,
                              f"{word} is PostgreSQL's word; ours is mark (or listing)")


def vocabulary(tree):
    """The glossary's words, no synonyms, in identifiers and messages."""
    for file in tree.code(product_only=True):
        for pattern, meant in SYNONYMS.items():
            for match in pattern.finditer(file.code):
                yield Finding("vocabulary", file.path, file.line_of(match.start()),
                              f"{match.group(0)}: say {meant}")


def unfinished(tree):
    """What is not there is said in a README, not in a remark that is forgotten."""
    for file in tree.files:
        if file.path.startswith("tests/tidy/") or not file.path.endswith(TEXT):
            continue
        for match in UNFINISHED.finditer(file.text):
            yield Finding("unfinished", file.path, file.line_of(match.start()), match.group(0))


def machine_names(tree):
    """Nothing names a path of one machine or a host of a package registry."""
    for file in tree.files:
        if file.path.startswith("tests/tidy/") or file.path == "LICENSE":
            continue
        for pattern, reason in OF_A_MACHINE:
            for match in pattern.finditer(file.text):
                yield Finding("machine-names", file.path, file.line_of(match.start()),
                              f"{match.group(0)}: {reason}")


RULES = {
    "file-names": file_names,
    "vocabulary": vocabulary,
    "unfinished": unfinished,
    "machine-names": machine_names,
}
