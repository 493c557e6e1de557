"""The source tree as the rules see it: files, their text, their text without comments."""

import functools
import pathlib
import re
import subprocess
from dataclasses import dataclass

LAYERS = ("protocol", "storage", "agent")
CODE = (".cpp", ".hpp")


@dataclass(frozen=True)
class Finding:
    rule: str
    path: str
    line: int
    message: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


class SourceFile:
    def __init__(self, root, path):
        self.path = path
        self.text = (root / path).read_text(encoding="utf-8", errors="replace")
        self.lines = self.text.splitlines()

    @functools.cached_property
    def code(self):
        return blank_comments_and_literals(self.text)

    @property
    def name(self):
        return pathlib.PurePosixPath(self.path).name

    @property
    def stem(self):
        return pathlib.PurePosixPath(self.path).stem

    @property
    def folder(self):
        return str(pathlib.PurePosixPath(self.path).parent)

    @property
    def is_code(self):
        return self.path.endswith(CODE)

    @property
    def is_product(self):
        return self.path.split("/")[0] in LAYERS

    def line_of(self, offset):
        return self.text.count("\n", 0, offset) + 1


class SourceTree:
    """All files that git tracks, or would track: what is ignored is not looked at."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.files = [SourceFile(self.root, path) for path in self._list()]
        self.by_path = {file.path: file for file in self.files}

    def _list(self):
        command = ["git", "-C", str(self.root), "ls-files", "--cached", "--others",
                   "--exclude-standard", "-z"]
        listed = subprocess.run(command, check=True, capture_output=True).stdout
        paths = {name.decode() for name in listed.split(b"\0") if name}
        return sorted(path for path in paths
                      if (self.root / path).is_file() and not (self.root / path).is_symlink())

    def code(self, product_only=False):
        return [file for file in self.files
                if file.is_code and (file.is_product or not product_only)]

    def has(self, path):
        return path in self.by_path


TOKEN = re.compile(r"""
      (?P<line_comment>//[^\n]*)
    | (?P<block_comment>/\*.*?\*/)
    | (?P<raw>\b(?:u8|[uUL])?R"(?P<tag>[^()\s\\]{0,16})\(.*?\)(?P=tag)")
    | (?P<string>"(?:\\.|[^"\\\n])*")
    | (?P<character>(?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])+')
""", re.DOTALL | re.VERBOSE)


def blank_comments_and_literals(text):
    """The same text, column for column, with comments gone and literals emptied."""

    def blank(match):
        found = match.group(0)
        hollow = re.sub(r"[^\n]", " ", found)
        if match.lastgroup in ("line_comment", "block_comment"):
            return hollow
        return '"' + hollow[1:-1] + '"'

    return TOKEN.sub(blank, text)
