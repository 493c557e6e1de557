#!/usr/bin/env python3
"""An independent verifier of farshore's evidence. It shares no code with farshore: it follows
protocol/MARKS.md alone, in Python 3.11 with `cryptography`, and unpacks lists by program `zstd`.
It checks the chain, every signature, every list that a manifest names and its folding to the marks,
and computes [minute, worst RPO, its error, objective] in nanoseconds. A bucket is read as `aws s3
sync s3://BUCKET/PREFIX DIR` brought it; where it keeps versions give also what `aws s3api
list-object-versions --bucket BUCKET --prefix PREFIX/` said. Exit: 0 sound, 1 a finding, 2 error."""
import argparse, base64, datetime, hashlib, json, os, re, sqlite3, subprocess, sys, tempfile
import tomllib
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
MINUTE, OBJECT, LINE, NAME = 60 * 10**9, 256 << 20, 2 << 20, r"([A-Za-z0-9][A-Za-z0-9._-]{0,62})"
KEYS = {kind: re.compile(rf"{kind}/{NAME}/(\d{{8}}){rest}") for kind, rest in (
    ("epochs", r"\.json"), ("failovers", r"\.json"), ("manifests", rf"/{NAME}/(\d{{12}})\.json"),
    ("receipts", rf"/{NAME}/(\d{{12}})\.json"),
    *((kind, rf"/{NAME}/(\d{{12}})-{NAME}\.jsonl\.zst") for kind in ("changes", "checkpoints")))}
class Bad(Exception): pass  # the kind of finding, and why
def need(condition, kind, why):
    if not condition: raise Bad(kind, why)
def raw(text): return base64.b64decode(text, validate=True)
def sha(data): return "sha256:" + hashlib.sha256(data).hexdigest()
def span(seconds): return None if seconds is None else round(seconds * 10**9)  # -> nanoseconds
def split(key):  # of the store -> its kind, and a match of stream, epoch, agent, sequence
    return next(((k, m) for k, form in KEYS.items() if (m := form.fullmatch(key))), (None, None))
def when(text):  # RFC 3339 in UTC -> nanoseconds
    match = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z", text)
    whole = int(datetime.datetime.fromisoformat(match[1] + "+00:00").timestamp())
    return whole * 10**9 + int((match[2] or "0").ljust(9, "0"))
def parse(data):  # strict: UTF-8, no member twice, bounded depth
    def once(pairs):
        need(len(dict(pairs)) == len(pairs), "object_malformed", "a member that is there twice")
        return dict(pairs)
    return json.loads(data.decode(), object_pairs_hook=once)
class Folder:
    def __init__(self, path):
        self.path = os.path.realpath(path, strict=True)
    def keys(self):
        return sorted(os.path.relpath(os.path.join(at, name), self.path)
                      for at, _, names in os.walk(self.path) for name in names)
    def read(self, key):
        path = os.path.realpath(os.path.join(self.path, key))
        need(path.startswith(self.path + "/"), "object_malformed", "not a key of the store")
        need(os.path.isfile(path), "object_missing", "nothing")
        need(os.path.getsize(path) <= OBJECT, "object_malformed", "too large")
        with open(path, "rb") as file: return file.read(OBJECT)
def lines(data, count):  # of a list; one line in memory at a time, whatever the bytes are
    with tempfile.TemporaryFile() as file:
        file.write(data), file.seek(0)
        with subprocess.Popen(["zstd", "-dcq", "--memory=8MB"], stdin=file, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL) as unpack:
            for _ in range(count):
                line = unpack.stdout.readline(LINE + 1)
                need(line.endswith(b"\n"), "object_malformed", f"not {count} lines")
                yield line
            need(not unpack.stdout.read(1), "object_malformed", f"more than {count} lines")
            need(unpack.wait() == 0, "object_malformed", "not a whole zstd frame")
def line_digest(entry):  # of the line without `mark`, by RFC 8785: sorted by UTF-16 code units
    def ordered(value):
        if not isinstance(value, dict): return value
        return {n: ordered(value[n]) for n in sorted(value, key=lambda n: n.encode("utf-16-be"))}
    bare = ordered({name: value for name, value in entry.items() if name != "mark"})
    return hashlib.sha256(json.dumps(bare, ensure_ascii=False,
                                     separators=(",", ":")).encode()).digest()
class Tree:  # a listing in a temporary database, and its totals: entries, bytes, digest
    def __init__(self):
        self.db, self.totals = sqlite3.connect(""), (0, 0, 0)
        self.db.execute("CREATE TABLE e (path BLOB PRIMARY KEY, there INT, size INT, digest BLOB)")
    def apply(self, path, entry):
        none, size = (path, 0, 0, b""), int(entry["size"]) if entry["type"] == "file" else 0
        old = self.db.execute("SELECT * FROM e WHERE path = ?", (path,)).fetchone() or none
        new = none if entry["type"] == "deleted" else (path, 1, size, line_digest(entry))
        self.db.execute("INSERT OR REPLACE INTO e VALUES (?, ?, ?, ?)", new)
        change = (new[1] - old[1], new[2] - old[2], int.from_bytes(new[3]) - int.from_bytes(old[3]))
        self.totals = tuple((total + by) % 2**256 for total, by in zip(self.totals, change))
def overlaid(file):  # what lies over the oldest version of each key: (key, what)
    with open(file or os.devnull, "rb") as listing: said = json.loads(listing.read() or b"{}")
    every = sorted((item["Key"].removeprefix(said.get("Prefix") or ""), item["LastModified"], kind)
                   for kind in ("Versions", "DeleteMarkers") for item in said.get(kind) or [])
    oldest = {key: (key, at, kind) for key, at, kind in reversed(every) if kind == "Versions"}
    return [(item[0], f"{item[2]} {item[1]}") for item in every if item != oldest.get(item[0])]
class Verifier:
    def __init__(self, store, trust):
        self.store, self.stream, self.findings = store, trust["stream"], []
        self.trusted, self.opened, self.db = {}, None, sqlite3.connect("")
        for agent in trust["agent"]:
            limits = (when(agent[k]) if k in agent else None for k in ("valid_from", "valid_until"))
            key = Ed25519PublicKey.from_public_bytes(raw(agent["key"]))  # of 32 bytes, or it throws
            self.trusted[sha(raw(agent["key"]))[7:]] = (agent["name"], key, *limits)
        self.db.execute("CREATE TABLE marks (epoch, mark, digest, time, error, objective, as_of, "
                        "trees, PRIMARY KEY (epoch, mark))")
        self.db.execute("CREATE TABLE received (at, epoch, mark, error, shift, shift_error)")
    def find(self, kind, place, why):
        self.findings.append({"kind": kind, "place": place, "why": why})
    def attempt(self, place, work, *values):  # what it returns, or None and a finding
        try:
            return work(*values)
        except Bad as bad:
            self.find(bad.args[0], place, bad.args[1])
        except InvalidSignature:
            self.find("bad_signature", place, "wrong")
        except (KeyError, ValueError, TypeError, AttributeError, RecursionError) as error:
            self.find("object_malformed", place, f"{type(error).__name__} {error}")
    def key(self, kind, epoch, agent, sequence):
        return f"{kind}/{self.stream}/{epoch:08d}/{agent}/{sequence:012d}.json"
    def open(self, envelope, kind, signer):  # payload and digest of a signed envelope
        kind = f"application/vnd.farshore.{kind.removesuffix('s')}.v1+json"
        need(envelope["payloadType"] == kind, "object_malformed", f"not {kind}")
        [signature] = envelope["signatures"]
        need(signature["keyid"] in self.trusted, "bad_signature", "by a key that nobody trusts")
        agent, key, begin, end = self.trusted[signature["keyid"]]
        payload = raw(envelope["payload"])
        head = f"DSSEv1 {len(kind)} {kind} {len(payload)} ".encode()
        key.verify(raw(signature["sig"]), head + payload)
        value = parse(payload)
        need(agent == (signer or value["primary"]), "bad_signature", f"by agent {agent}")
        times = [value[name] for name in ("opened", "time") if name in value]
        for time in map(when, times + [item["at"] for item in value.get("received", [])]):
            need((begin is None or begin <= time) and (end is None or time < end), "bad_signature",
                 "by a key that is not valid at its time")
        return value, sha(payload)
    def link(self, place, kind, signer, its, previous):  # an object of a chain
        value, digest = self.open(parse(self.store.read(place)), kind, signer)
        said = tuple(value[name] for name in ("stream", "epoch", "agent", "sequence")[:len(its)])
        need(said == its, "bad_order", f"it says that it is {said}")
        if value["previous"] != (previous or value["previous"]):
            self.find("bad_previous", place, previous)
        return value, digest
    def run(self, versions, witness):
        keys, epochs = {key: split(key) for key in self.store.keys()}, {1: {}}
        keys = {k: v for k, v in keys.items() if not v[0] or v[1][1] == self.stream}
        for kind, match in keys.values():
            if kind in ("epochs", "manifests", "receipts"):
                chains = epochs.setdefault(int(match[2]), {})
                if kind != "epochs": chains.setdefault((kind, match[3]), []).append(int(match[4]))
        self.unnamed, digest, due = set(keys), None, 1
        for epoch, chains in sorted(epochs.items()):
            if epoch > due: self.find("object_missing", f"epochs/{self.stream}/{due:08d}.json", "")
            digest, due = self.epoch(epoch, chains, digest if epoch == due else None), epoch + 1
        for key in sorted(self.unnamed):
            kind, match = keys[key]
            place = key if kind not in ("changes", "checkpoints") else self.key(
                "manifests", int(match[2]), match[3], int(match[4]))
            self.find(*(("object_extra", key) if place in keys else ("object_missing", place)), key)
        for key, what in versions:
            if key in keys or not split(key)[0]: self.find("object_altered", key, what)
        for key in (key for key in (witness.keys() if witness else []) if split(key)[0]):
            if key not in keys: self.find("object_missing", key, "the witness holds it")
            elif witness.read(key) != self.store.read(key): self.find("fork", key, "the witness's")
    def epoch(self, number, chains, previous):
        place = f"epochs/{self.stream}/{number:08d}.json"
        self.unnamed -= {place, place.replace("epochs", "failovers", 1)}
        its = self.stream, number
        found = self.attempt(place, self.link, place, "epochs", "", its, previous)
        record, digest = found or ({}, None)
        self.opened = self.opened or (when(record["opened"]) if record else None)
        primary = record.get("primary") or min([a for k, a in chains if k == "manifests"] or [None])
        self.mark, self.trees, self.before = 0, {}, {}
        for (kind, agent), numbers in sorted(chains.items()):
            if kind == "manifests" and agent != primary:
                self.find("fork", self.key(kind, number, agent, numbers[0]), f"not by {primary}")
            elif primary: self.chain((number, agent, primary), kind, numbers, digest)
        return digest
    def chain(self, who, kind, numbers, previous):
        due, self.gap, self.received, self.applied, self.differs = 1, False, 0, 0, None
        for number in numbers:
            place = self.key(kind, *who[:2], number)
            self.unnamed.discard(place)
            if number > due:
                self.find("object_missing", self.key(kind, *who[:2], due), "nothing")
                previous, self.gap, self.trees = None, True, dict.fromkeys(self.trees)
            its, due = (self.stream, *who[:2], number), number + 1
            link = self.attempt(place, self.link, place, kind, who[1], its, previous)
            value, previous = link or (None, None)
            if not value or not self.attempt(place, getattr(self, kind), who, place, value):
                previous, self.gap, self.trees = None, True, dict.fromkeys(self.trees)
        if self.differs: self.find("bad_fold", *self.differs)
    def manifests(self, who, place, value):
        before, sealed = self.mark, lambda mark: self.sealed(who, place, mark, True)
        marks = [self.attempt(place, sealed, mark) for mark in value["marks"]]
        last = marks[-1] if marks and all(marks) else None
        self.gap = self.gap or not all(marks)
        lists = {k: {item["tree"]: item for item in value[k]} for k in ("changes", "checkpoints")}
        for kind, item in ((kind, item) for kind in lists for item in value[kind]):
            self.unnamed.discard(item["object"])
            due = place.replace("manifests", kind, 1).replace(".json", f"-{item['tree']}.jsonl.zst")
            if item["object"] != due: self.find("bad_order", place, item["object"])
        for name in {**self.trees, **lists["changes"], **lists["checkpoints"]}:
            tree = self.trees.get(name) if last else None
            if last and (item := lists["changes"].get(name)):
                tree = self.attempt(item["object"], self.fold, item, tree, before, last["mark"])
            if last and (item := lists["checkpoints"].get(name)):
                whole = self.attempt(item["object"], self.fold, item, Tree(), -1, last["mark"])
                if tree and whole and tree.totals != whole.totals:
                    self.find("bad_fold", item["object"], "it is not what the lists add up to")
                tree = whole or tree
            its = tree and last["sources"].get(name)
            its = its and (its["entries"], int(its["bytes"]), int(its["digest"][7:], 16))
            if its and its != tree.totals: tree = self.find("bad_fold", f"mark {last['mark']}", "")
            self.trees[name] = tree
        return True
    def fold(self, item, tree, before, last):  # a checkpoint's marks begin anywhere: before is -1
        data, previous, wrong = self.store.read(item["object"]), b"", None
        need(sha(data) == item["digest"], "object_altered", sha(data))
        for entry in map(parse, lines(data, item["count"])):
            path = entry["path"].encode() if "path" in entry else raw(entry["path_base64"])
            need(path > previous, "object_malformed", "it is not sorted")
            if not before < entry["mark"] <= last or before < 0 and entry["type"] == "deleted":
                wrong = wrong or f"mark {entry['mark']}"
            if tree: tree.apply(path, entry)
            previous = path
        return self.find("bad_order", item["object"], wrong) or tree if wrong else tree
    def sealed(self, who, place, envelope, in_manifest):  # a mark of the epoch's primary
        mark, digest = self.open(envelope, "mark", who[2])
        its, number, at = (mark["stream"], mark["epoch"]), mark["mark"], when(mark["time"])
        need(its == (self.stream, who[0]) and mark["agent"] == who[2], "bad_order", f"of {its}")
        known = self.known(who[0], number)
        need(in_manifest or not known or known[0] == digest, "fork", f"mark {number}")
        as_of = {n: when(s["as_of"]) for n, s in mark["sources"].items() if s["as_of"]}
        if in_manifest:
            now = {(n, s["system_identifier"]): [int(part, 16) for part in s["lsn"].split("/")]
                   for n, s in mark["sources"].items() if s["kind"] == "database"}
            now.update({"": at, **as_of})
            follows = number > self.mark if self.gap else number == self.mark + 1
            back = any(now[name] < self.before.get(name, now[name]) for name in now)
            if not follows or back or max(as_of.values(), default=at) > at:
                self.find("bad_order", f"{place}, mark {number}", f"after mark {self.mark}")
            self.mark, self.gap, self.before = number, False, {**self.before, **now}
        oldest = min(as_of.values()) if as_of and len(as_of) == len(mark["sources"]) else None
        trees = {n: s["digest"] for n, s in mark["sources"].items() if s["kind"] == "tree"}
        self.db.execute("INSERT OR REPLACE INTO marks VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (
            who[0], number, digest, at, span(mark["clock_error_seconds"]),
            span(mark["objective_seconds"]), oldest, json.dumps(trees)))
        return mark
    def known(self, epoch, mark):
        return self.db.execute("SELECT digest, time, error, trees FROM marks WHERE epoch = ? "
                               "AND mark = ?", (epoch, mark)).fetchone()
    def receipts(self, who, place, value):
        if value["primary"] != who[2]: self.find("fork", place, f"primary {value['primary']}")
        for mark in value["marks"]: self.attempt(place, self.sealed, who, place, mark, False)
        for item in value["received"]:
            number, at, error = item["mark"], when(item["at"]), span(item["clock_error_seconds"])
            there, known = f"{place}, received mark {number}", self.known(who[0], number)
            if number <= self.received: self.find("bad_order", place, f"mark {number} again")
            self.received = max(number, self.received)
            if not known or known[0] != item["mark_digest"]:
                self.find("fork" if known else "object_missing", there, "not what was signed")
                continue
            if None not in (error, known[2]) and at + error < known[1] - known[2]:
                self.find("bad_order", there, "before it was sealed")
            self.db.execute("INSERT INTO received VALUES (?, ?, ?, ?, ?, ?)", (at, who[0], number,
                error, span(value["offset_seconds"]), span(value["offset_error_seconds"])))
        for item in value["applied"]:
            number, known = item["mark"], self.known(who[0], item["mark"])
            if number <= self.applied or number > self.received and not self.gap:
                self.find("bad_order", place, f"applied mark {number}")
            self.applied = max(number, self.applied)
            wrong = [n for n, digest in (json.loads(known[3]) if known else {}).items()
                     if item["sources"].get(n, digest) != digest]
            self.differs = wrong and (f"{place}, applied mark {number}", ", ".join(wrong))
        return True
    def minutes(self, until):  # (begin, worst RPO, its error, least objective); None: not known
        events = self.db.execute(
            "SELECT at, epoch, mark, r.error + m.error, shift, shift_error, as_of "
            "FROM received r JOIN marks m USING (epoch, mark) ORDER BY at")
        marks = self.db.execute("SELECT time, objective FROM marks ORDER BY epoch, mark")
        def upper(moment):  # of the RPO, by the clock that received: the tighter of two bounds
            *_, error, shift, shift_error, as_of = state or (None,) * 4
            bounds = [(e, by) for e, by in ((error, 0), (shift_error, shift)) if e is not None]
            error, shift = min(bounds, default=(None, 0))
            return None if None in (as_of, error) else (moment + shift - as_of + error, error)
        event, mark, state, objective = next(events, None), next(marks, None), None, None
        for begin in range((self.opened or until) // MINUTE * MINUTE, until, MINUTE):
            end, least, worst = min(begin + MINUTE, until), objective, []
            while mark and mark[0] < end:
                least = mark[1] if mark[0] <= begin or least is None else min(least, mark[1])
                objective, mark = mark[1], next(marks, None)
            while event and event[0] < end:
                if event[0] > begin: worst.append(upper(event[0]))
                state = event if not state or event[1:3] > state[1:3] else state
                event = next(events, None)
            worst.append(upper(end))
            yield begin, *((None, None) if None in worst else max(worst)), least
def main():
    options = argparse.ArgumentParser(description=__doc__)
    for name, text in (("store", "folder"), ("trust", "trust.toml"), ("versions", "what S3 said"),
                       ("witness", "an agent's own evidence folder: the store must hold all of it"),
                       ("rpo", "up to this time (2026-11-22T18:44:00Z), minute by minute")):
        options.add_argument("--" + name, help=text, required=len(name) == 5)
    options = options.parse_args()
    with open(options.trust, "rb") as file: trust = tomllib.load(file)
    verifier = Verifier(Folder(options.store), trust)
    verifier.run(overlaid(options.versions), options.witness and Folder(options.witness))
    minutes = list(verifier.minutes(when(options.rpo))) if options.rpo else []
    json.dump({"findings": verifier.findings, "minutes": minutes}, sys.stdout, indent=1)
    return 1 if verifier.findings else 0
if __name__ == "__main__":
    try: sys.exit(main())
    except (OSError, KeyError, TypeError, ValueError, Bad) as error:
        sys.exit(print(f"farshore-verify: {error}", file=sys.stderr) or 2)
