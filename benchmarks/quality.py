"""How long it takes to check the law, and to compare two versions of it.

    python benchmarks/quality.py

Prints seconds; run it on an otherwise idle machine.
"""

from __future__ import annotations

import time
from datetime import date

from reasoner.engine import Engine
from reasoner.quality.check import CHECKS, Checker
from reasoner.quality.difference import Version, compare


def check(engine: Engine) -> None:
    """Each check, one after the other: later ones use what earlier ones have built."""
    checker = Checker(engine)
    for name in CHECKS:
        begun = time.perf_counter()
        (report,) = checker.run([name])
        print(f"check {name:17} {time.perf_counter() - begun:8.1f} s  {report.questions} questions")


def diff(engine: Engine) -> None:
    """The days before and after a change of the law."""
    days = date(2024, 8, 31), date(2024, 9, 1)
    begun = time.perf_counter()
    one, other = (Version(day.isoformat(), engine, day) for day in days)
    found = compare(one, other)
    print(f"diff {one.name} {other.name} {time.perf_counter() - begun:6.1f} s  {found.questions} questions")


if __name__ == "__main__":
    law = Engine()
    diff(law)
    check(law)
