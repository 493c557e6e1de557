"""Layers: who may include whom. A drawn layering is lost within a month, a checked one is not."""

import re

from source_tree import Finding

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
ANY_INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', re.MULTILINE)

# The agent's rooms from the ground up: each may use those below it; neighbours are strangers.
AGENT_ROWS = [
    {"runtime"},
    {"config"},
    {"connection", "postgres"},
    {"session"},
    {"primary", "secondary"},
    {"verification"},
    {"control", "history"},
    {"daemon"},
    {"commands"},
]
HEIGHT = {room: row for row, rooms in enumerate(AGENT_ROWS) for room in rooms}

# Libraries that belong to some rooms only, and the reason.
FOREIGN = [
    (re.compile(r"^boost/(asio|beast)"), ("agent/", "tests/"),
     "sockets and event loops are the agent's"),
    (re.compile(r"^(spdlog|fmt/)"), ("agent/", "tests/"), "only the agent speaks to a log"),
    (re.compile(r"^(libpq-fe\.h|pqxx/)"), ("agent/", "tests/"), "PostgreSQL is the agent's"),
    (re.compile(r"^sqlite3\.h"), ("storage/state/", "tests/"), "one thin layer speaks SQLite"),
    (re.compile(r"^curl/"), ("storage/objects/", "tests/"), "one client speaks HTTP"),
    (re.compile(r"^(toml\+\+|toml\.hpp)"),
     ("agent/config/", "storage/evidence/", "agent/commands/", "tests/"),
     "TOML is read where config and trust are read"),
    (re.compile(r"^CLI/"), ("agent/commands/", "agent/main.cpp", "tests/"),
     "words of the command line end in commands/"),
]


def room_of(path):
    """"storage", "agent/primary", ...; None for what has no layer."""
    parts = path.split("/")
    if parts[0] == "agent" and len(parts) > 2:
        return "agent/" + parts[1]
    return parts[0] if parts[0] in ("protocol", "storage", "agent") else None


def refusal(source, target):
    """Why a file of room `source` may not include one of `target`, or None."""
    if source == target or source == "agent":
        return None
    order = {"protocol": 0, "storage": 1, "agent": 2}
    source_layer, target_layer = source.split("/")[0], target.split("/")[0]
    if source_layer != target_layer:
        if order[target_layer] > order[source_layer]:
            return f"{source_layer} is below {target_layer}"
        return None
    source_room, target_room = source.split("/")[1], target.split("/")[-1]
    if source_room not in HEIGHT or target_room not in HEIGHT:
        return f"{source} or {target} has no place among the agent's rooms"
    if HEIGHT[target_room] > HEIGHT[source_room]:
        return f"{source} is below {target}"
    if HEIGHT[target_room] == HEIGHT[source_room]:
        return f"{source} and {target} do not know each other"
    return None


def layers(tree):
    """protocol <- storage <- agent, and inside agent each room only what is below it."""
    for file in tree.code(product_only=True):
        source = room_of(file.path)
        for match in INCLUDE.finditer(file.text):
            target = room_of(match.group(1))
            if target is None:
                yield Finding("layers", file.path, file.line_of(match.start(1)),
                              f'"{match.group(1)}" names no room (or <> is meant)')
                continue
            reason = refusal(source, target)
            if reason:
                yield Finding("layers", file.path, file.line_of(match.start(1)),
                              f"includes {match.group(1)}: {reason}")


def foreign_libraries(tree):
    """Each library is spoken to in its own rooms."""
    for file in tree.code():
        for match in ANY_INCLUDE.finditer(file.text):
            for pattern, rooms, reason in FOREIGN:
                if pattern.search(match.group(1)) and not file.path.startswith(rooms):
                    yield Finding("foreign-libraries", file.path, file.line_of(match.start(1)),
                                  f"includes {match.group(1)}: {reason}")


def deed_and_wire(tree):
    """What does the deed knows no frames and no HTTP (applier, verification)."""
    wire = re.compile(r"^(protocol/frame|agent/connection/|boost/beast)")
    for file in tree.code(product_only=True):
        applier = file.path.startswith("agent/secondary/") and "applier" in file.name
        if not applier and not file.path.startswith("agent/verification/"):
            continue
        for match in ANY_INCLUDE.finditer(file.text):
            if wire.search(match.group(1)):
                yield Finding("deed-and-wire", file.path, file.line_of(match.start(1)),
                              f"includes {match.group(1)}: the deed must be testable "
                              "without a connection")


def pragma_once(tree):
    """Every header guards itself the same way."""
    for file in tree.code():
        if file.path.endswith(".hpp") and "#pragma once" not in file.text:
            yield Finding("pragma-once", file.path, 1, "no #pragma once")


RULES = {
    "layers": layers,
    "foreign-libraries": foreign_libraries,
    "deed-and-wire": deed_and_wire,
    "pragma-once": pragma_once,
}
