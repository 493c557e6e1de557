"""The house's own lint (tests/tidy), a case for each rule, and the lint's own tests."""

import sys
import unittest

from tally import FAILED, PASSED, SKIPPED, say


class Cases(unittest.TestResult):
    """Hands each case of unittest to the tally."""

    def __init__(self, tally, prefix):
        super().__init__()
        self.tally, self.prefix = tally, prefix

    def _name(self, test):
        return f"{self.prefix}/{test.id().split('.', 1)[-1]}"

    def addSuccess(self, test):
        self.tally.add(self._name(test), PASSED)

    def addFailure(self, test, err):
        self.tally.add(self._name(test), FAILED, self._exc_info_to_string(err, test))

    addError = addFailure

    def addSkip(self, test, reason):
        self.tally.add(self._name(test), SKIPPED, reason)


def check_house(root, tally):
    say("tidy: the house's own rules")
    folder = str(root / "tests/tidy")
    sys.path.insert(0, folder)
    suite = unittest.defaultTestLoader.discover(folder, pattern="*_test.py")
    suite.run(Cases(tally, "tidy-test"))
    import tidy
    for rule, findings in tidy.findings_by_rule(root).items():
        tally.check(f"tidy/{rule}", "\n".join(str(finding) for finding in findings))
