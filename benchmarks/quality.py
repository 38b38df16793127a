"""How long it takes to check the law, to compare two versions of it, and to try its tests.

    python benchmarks/quality.py

Prints seconds; run it on an otherwise idle machine.
"""

from __future__ import annotations

import time
from datetime import date
from functools import partial

from reasoner.engine import Engine
from reasoner.quality import suite
from reasoner.quality.check import CHECKS, Checker
from reasoner.quality.coverage import KINDS, cover, uncoupled
from reasoner.quality.difference import Version, compare
from reasoner.quality.mutation import attempt, judge
from reasoner.quality.proving import prover
from reasoner.quality.trial import Bench
from reasoner.quality.variants import variants


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


def tests(engine: Engine) -> None:
    """What the tests of the law cover, and which small changes of it they notice, with all proofs."""
    listed = suite.load_all(suite.files([suite.folder()]), engine.law)
    begun = time.perf_counter()
    sides = variants(engine.store, KINDS)
    found = uncoupled(cover(Bench(engine, sides), listed), sides, partial(prover, engine))
    shares = f"{found.percentage('rule'):.1f} % of rules, {found.percentage('literal'):.1f} % of conditions"
    print(f"coverage {time.perf_counter() - begun:20.1f} s  {shares}")
    begun = time.perf_counter()
    changed = variants(engine.store)
    report = judge(changed, attempt(Bench(engine, changed), listed), partial(prover, engine))
    print(f"mutate {time.perf_counter() - begun:22.1f} s  {report.score:.1f} % of {len(report.verdicts)} variants")


if __name__ == "__main__":
    law = Engine()
    diff(law)
    check(law)
    tests(law)
