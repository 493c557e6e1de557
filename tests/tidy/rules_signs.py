"""Signs on the doors: READMEs, invariants, tests that mirror the tree, files that are built."""

import re

from rules_size import README_LINES
from source_tree import Finding


def folder_readmes(tree):
    """Each source folder has a README of at most 60 lines that names each of its headers."""
    folders = {}
    for file in tree.code(product_only=True):
        folders.setdefault(file.folder, []).append(file)
    for folder, files in sorted(folders.items()):
        readme = tree.by_path.get(folder + "/README.md")
        if readme is None:
            yield Finding("folder-readmes", folder, 0, "has no README.md")
            continue
        if len(readme.lines) > README_LINES:
            yield Finding("folder-readmes", readme.path, len(readme.lines),
                          f"{len(readme.lines)} lines, at most {README_LINES}")
        for file in files:
            named = re.search(rf"(?<![\w/]){re.escape(file.stem)}\.(?:hpp|\{{hpp)", readme.text)
            if file.path.endswith(".hpp") and not named:
                yield Finding("folder-readmes", readme.path, 1, f"does not name {file.name}")
        names = {file.name for file in tree.files}
        for match in re.finditer(r"(?<![\w/*<])([a-z0-9_]+\.hpp)", readme.text):
            if match.group(1) not in names:
                yield Finding("folder-readmes", readme.path, readme.line_of(match.start()),
                              f"names {match.group(1)}, which is not there")


def document_links(tree):
    """A relative link in a document leads somewhere."""
    for file in tree.files:
        if not file.path.endswith(".md"):
            continue
        for match in re.finditer(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", file.text):
            if not (tree.root / file.folder / match.group(1)).exists():
                yield Finding("document-links", file.path, file.line_of(match.start()),
                              f"{match.group(1)} is not there")


def stateful_classes(tree):
    """A class with state that must hold together begins with its invariants."""
    listing = tree.by_path.get("tests/tidy/stateful.txt")
    for number, line in enumerate(listing.lines if listing else [], 1):
        path = line.split("#")[0].strip()
        if not path:
            continue
        if not tree.has(path):
            yield Finding("stateful-classes", listing.path, number, f"{path} is not there")
        elif "Invariants:" not in tree.by_path[path].text:
            yield Finding("stateful-classes", path, 1, "says no invariants (\"Invariants:\")")


def tests_mirror(tree):
    """Each source of protocol/ and storage/ has the test file of its name."""
    for file in tree.code(product_only=True):
        if not file.path.endswith(".cpp") or file.path.startswith("agent/"):
            continue
        test = f"tests/{file.folder}/{file.stem}_test.cpp"
        if not tree.has(test):
            yield Finding("tests-mirror", file.path, 1, f"has no {test}")


def tests_registered(tree):
    """A source or test file that no meson.build names is never built."""
    for file in tree.code():
        if not file.path.endswith(".cpp") or file.path.startswith("tests/fuzz/"):
            continue
        folder = file.folder
        while folder and folder != ".":
            build = tree.by_path.get(folder + "/meson.build")
            relative = file.path[len(folder) + 1:]
            if build and (f"'{relative}'" in build.text or f"'{file.stem}'" in build.text):
                break
            folder = folder.rpartition("/")[0]
        else:
            yield Finding("tests-registered", file.path, 1, "no meson.build names it")


def fuzzers(tree):
    """A fuzzer is an entry point for libFuzzer, and has a name that says what it feeds."""
    for file in tree.code():
        if file.path.startswith("tests/fuzz/") and file.path.endswith(".cpp"):
            if not file.stem.endswith("_fuzz"):
                yield Finding("fuzzers", file.path, 1, "is not called *_fuzz.cpp")
            elif "LLVMFuzzerTestOneInput" not in file.text:
                yield Finding("fuzzers", file.path, 1, "has no LLVMFuzzerTestOneInput")


RULES = {
    "folder-readmes": folder_readmes,
    "document-links": document_links,
    "stateful-classes": stateful_classes,
    "tests-mirror": tests_mirror,
    "tests-registered": tests_registered,
    "fuzzers": fuzzers,
}
