"""Sizes: what fits on a screen is read; what does not is skimmed."""

import ast

from functions import functions_of
from source_tree import Finding

FUNCTION_LINES, SHORT_FUNCTION_LINES, SHORT_SHARE = 70, 40, 0.90
SOURCE_LINES, HEADER_LINES, MAIN_LINES, LINE_COLUMNS = 500, 250, 60, 100
README_LINES = 60


def function_length(tree):
    """No function is longer than 70 lines, and nine of ten stay within 40."""
    short = total = 0
    for file in tree.code():
        for function in functions_of(file.code):
            total += 1
            short += function.length <= SHORT_FUNCTION_LINES
            if function.length > FUNCTION_LINES:
                yield Finding("function-length", file.path, function.first_line,
                              f"{function.name} has {function.length} lines, "
                              f"at most {FUNCTION_LINES}")
    if total and short / total < SHORT_SHARE:
        yield Finding("function-length", ".", 0, f"only {100 * short / total:.1f} % of {total} "
                      f"functions have {SHORT_FUNCTION_LINES} lines or fewer")


def python_function_length(tree):
    """The same for the functions of our Python."""
    for file in tree.files:
        if not file.path.endswith(".py"):
            continue
        for node in ast.walk(ast.parse(file.text)):
            if isinstance(node, ast.FunctionDef):
                length = node.end_lineno - node.lineno + 1
                if length > FUNCTION_LINES:
                    yield Finding("python-function-length", file.path, node.lineno,
                                  f"{node.name} has {length} lines, at most {FUNCTION_LINES}")


def file_length(tree):
    """Sources keep to 500 lines, headers to 250, main.cpp to 60."""
    for file in tree.files:
        if file.path == "agent/main.cpp":
            most = MAIN_LINES
        elif file.path.endswith((".cpp", ".py", ".sh")):
            most = SOURCE_LINES
        elif file.path.endswith(".hpp"):
            most = HEADER_LINES
        else:
            continue
        if len(file.lines) > most:
            yield Finding("file-length", file.path, len(file.lines),
                          f"{len(file.lines)} lines, at most {most}")


def line_length(tree):
    """No line of code is wider than 100 columns."""
    for file in tree.files:
        if not file.path.endswith((".cpp", ".hpp", ".py", ".sh")):
            continue
        for number, line in enumerate(file.lines, 1):
            if len(line) > LINE_COLUMNS:
                yield Finding("line-length", file.path, number,
                              f"{len(line)} columns, at most {LINE_COLUMNS}")


RULES = {
    "function-length": function_length,
    "python-function-length": python_function_length,
    "file-length": file_length,
    "line-length": line_length,
}
