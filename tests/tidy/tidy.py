#!/usr/bin/env python3
"""The lint of the house: tidy.py [--rule NAME]... [--list] [ROOT]

Prints one line for each finding (path:line: rule: message) and ends with 1 if there is any.
What is allowed all the same stands in exceptions.txt beside this file, each with its reason.
"""

import argparse
import fnmatch
import pathlib
import sys

import rules_calls
import rules_layers
import rules_signs
import rules_size
import rules_words
from source_tree import Finding, SourceTree

RULES = {**rules_size.RULES, **rules_layers.RULES, **rules_calls.RULES, **rules_words.RULES,
         **rules_signs.RULES}
EXCEPTIONS = "tests/tidy/exceptions.txt"


class Exceptions:
    """Lines `rule path-pattern reason`; one that excuses nothing any more is itself a finding."""

    def __init__(self, tree):
        self.entries, self.faults, self.used = [], [], set()
        file = tree.by_path.get(EXCEPTIONS)
        for number, line in enumerate(file.lines if file else [], 1):
            if not line.strip() or line.startswith("#"):
                continue
            words = line.split(None, 2)
            if len(words) < 3 or words[0] not in RULES:
                self.faults.append(Finding("exceptions", EXCEPTIONS, number,
                                           "is not: rule path reason"))
            else:
                self.entries.append((number, words[0], words[1]))

    def excuse(self, finding):
        for number, rule, pattern in self.entries:
            if rule == finding.rule and fnmatch.fnmatchcase(finding.path, pattern):
                self.used.add(number)
                return True
        return False

    def unused(self, rules):
        return [Finding("exceptions", EXCEPTIONS, number, f"excuses nothing: {rule} {pattern}")
                for number, rule, pattern in self.entries
                if rule in rules and number not in self.used]


def findings_by_rule(root, rules=None):
    """Every rule's findings, {rule: [Finding]}, with the exceptions taken out."""
    tree = SourceTree(root)
    exceptions = Exceptions(tree)
    names = list(rules or RULES)
    result = {name: [found for found in RULES[name](tree) if not exceptions.excuse(found)]
              for name in names}
    result["exceptions"] = exceptions.faults + exceptions.unused(names)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rule", action="append", choices=sorted(RULES), help="only this rule")
    parser.add_argument("--list", action="store_true", help="the rules and what they say")
    parser.add_argument("root", nargs="?", default=pathlib.Path(__file__).resolve().parents[2])
    arguments = parser.parse_args()
    if arguments.list:
        for name, rule in RULES.items():
            print(f"{name:24} {rule.__doc__.splitlines()[0]}")
        return 0
    found = [finding for findings in findings_by_rule(arguments.root, arguments.rule).values()
             for finding in findings]
    for finding in found:
        print(finding)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
