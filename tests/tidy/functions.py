"""Finds the functions of a C++ file by its braces: good enough to measure them, no parser."""

import re
from dataclasses import dataclass

BEHIND_PARAMETERS = re.compile(
    r"\)\s*(?:(?:const|noexcept|override|final|mutable|try|&&?|noexcept\s*\([^)]*\)"
    r"|\[\[\w+\]\]|->[^;{}]*|requires\b[^;{}]*)\s*)*$")
CONSTRUCTOR_LIST = re.compile(r"\)\s*(?:noexcept\s*)?:(?!:)")
SCOPE = re.compile(r"^\s*(?:inline\s+)?namespace\b|\bextern\s*\"\s*\"\s*$")
TYPE = re.compile(r"(?:^|[\s>;])(?:class|struct|union|enum)\s[^()=]*$")


@dataclass(frozen=True)
class Function:
    name: str
    first_line: int
    last_line: int

    @property
    def length(self):
        return self.last_line - self.first_line + 1


def without_preprocessor(code):
    blank = lambda match: re.sub(r"[^\n]", " ", match.group(0))  # noqa: E731
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", blank, code, flags=re.MULTILINE)


def kind_of(head):
    """What a brace opens, told from the text before it."""
    if SCOPE.search(head):
        return "scope"
    if CONSTRUCTOR_LIST.search(head):
        return "function" if head.rstrip().endswith((")", "}")) else "value"
    if BEHIND_PARAMETERS.search(head):
        return "function"
    if TYPE.search(head):
        return "scope"
    return "value"


def name_of(head):
    match = re.search(r"([~\w:]+|operator[^\w\s(]+)\s*\(", head)
    return match.group(1) if match else "?"


def functions_of(code):
    """The outermost functions: a lambda counts as part of the function that holds it."""
    code = without_preprocessor(code)
    found, stack, head_start = [], [], 0
    for match in re.finditer(r"[{};]|(?<=[a-z]):(?=\s)", code):
        inside = any(kind == "function" for kind, _, _ in stack)
        at, what = match.start(), match.group(0)
        if what == ":":
            if code[:at].endswith(("public", "private", "protected")):
                head_start = match.end()
        elif what == "{":
            head = code[head_start:at]
            kind = "inner" if inside else kind_of(head)
            begin = head_start + len(head) - len(head.lstrip())
            stack.append((kind, begin, head.strip()))
            if kind != "value":
                head_start = match.end()
        elif what == "}":
            if not stack:
                continue
            kind, begin, head = stack.pop()
            if kind == "function":
                first, last = code.count("\n", 0, begin) + 1, code.count("\n", 0, at) + 1
                found.append(Function(name_of(head), first, last))
            if kind != "value":
                head_start = match.end()
        elif not any(kind == "value" for kind, _, _ in stack):
            head_start = match.end()
    return found
