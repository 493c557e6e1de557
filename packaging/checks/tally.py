"""What was checked and how it ended: every case counts once, and a skipped one says why."""

import sys
import time
from dataclasses import dataclass, field

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


@dataclass
class Tally:
    counts: dict = field(default_factory=lambda: {PASSED: 0, FAILED: 0, SKIPPED: 0})
    failures: list = field(default_factory=list)
    skips: list = field(default_factory=list)

    def add(self, name, outcome, detail=""):
        self.counts[outcome] += 1
        if outcome == FAILED:
            self.failures.append(name)
            say(f"FAILED  {name}")
            if detail:
                print("    " + detail.strip().replace("\n", "\n    "), flush=True)
        elif outcome == SKIPPED:
            self.skips.append((name, detail))
            say(f"skipped {name}: {detail or 'no reason given'}")

    def check(self, name, problem):
        """One case: failed with the problem's text, passed when there is none."""
        self.add(name, FAILED if problem else PASSED, problem or "")

    @property
    def total(self):
        return sum(self.counts.values())

    def line(self):
        line = f"{self.counts[PASSED]} passed, {self.counts[FAILED]} failed"
        return line + (f", {self.counts[SKIPPED]} skipped" if self.counts[SKIPPED] else "")


STARTED = time.monotonic()


def say(text):
    passed = int(time.monotonic() - STARTED)
    print(f"[{passed // 60:3}:{passed % 60:02}] {text}", flush=True)
    sys.stdout.flush()
