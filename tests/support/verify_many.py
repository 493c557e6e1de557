#!/usr/bin/env python3
"""Runs packaging/verify/farshore-verify.py over many stores in one process. Standard input: a line
of JSON for each, {"store", "trust", "witness", "versions", "until"}; standard output: a line for
each, {"findings", "minutes"}."""
import importlib.util, json, pathlib, sys, tomllib

path = pathlib.Path(__file__).resolve().parents[2] / "packaging/verify/farshore-verify.py"
spec = importlib.util.spec_from_file_location("farshore_verify", path)
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)

for line in sys.stdin:
    wanted = json.loads(line)
    verifier = module.Verifier(module.Folder(wanted["store"]),
                               tomllib.loads(pathlib.Path(wanted["trust"]).read_text()))
    verifier.run(module.overlaid(wanted.get("versions")),
                 module.Folder(wanted["witness"]) if wanted.get("witness") else None)
    until = wanted.get("until")
    minutes = [list(minute) for minute in verifier.minutes(module.when(until))] if until else []
    print(json.dumps({"findings": verifier.findings, "minutes": minutes}))
