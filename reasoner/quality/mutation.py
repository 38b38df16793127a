"""Which small mistakes in the law its tests would notice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from reasoner.quality.equivalence import unobservable
from reasoner.quality.processes import spread
from reasoner.quality.search import shapes
from reasoner.quality.shared import shared
from reasoner.quality.suite import LawTest
from reasoner.quality.trial import Bench
from reasoner.quality.variants import Variant
from reasoner.quality.worlds import bits

NEAREST = 3  # tests named for a survivor

Prover = Callable[[Variant], str | None]
"""Proves that a variant decides all possible cases as the law does, and says how; None when it cannot."""


class Verdict(NamedTuple):
    """What became of a variant: ``killed`` by the test ``by``, ``equivalent`` by the proof ``by``, or ``survived``.

    ``nearest`` are tests whose decision is another in the variant, though not in what they expect.
    """

    variant: Variant
    state: str
    by: str | None
    nearest: tuple[str, ...] = ()


class Report(NamedTuple):
    """The verdicts on all variants that were looked at."""

    verdicts: tuple[Verdict, ...]
    tests: int
    failing: tuple[str, ...] = ()

    @property
    def score(self) -> float:
        """The percentage of killed variants among those that are not equivalent; 100 when there are none."""
        return score(self.verdicts)


def score(verdicts: Iterable[Verdict]) -> float:
    """The percentage of killed variants among those that are not equivalent; 100 when there are none."""
    states = [verdict.state for verdict in verdicts if verdict.state != "equivalent"]
    return 100 * states.count("killed") / len(states) if states else 100.0


class Found(NamedTuple):
    """What some tests showed: by which of them variants are killed, and which tests saw a difference and passed."""

    killed: dict[int, str]
    noticed: dict[int, list[str]]
    failing: list[str]
    same: int
    alike: int


def judge(
    bench: Bench,
    tests: Sequence[LawTest],
    equivalent: Prover = lambda variant: None,
    advance: Callable[[int], object] = lambda done: None,
    processes: int | None = None,
) -> Report:
    """What the tests make of the variants.

    ``equivalent`` is asked about those that no test kills and that are not plainly the law in other words. ``advance``
    hears how many tests are done.
    """
    asked = bench.variants.listed
    whole = sum(1 << variant.number for variant in asked)
    found = Found({}, {}, [], whole, whole)

    def alive() -> int:
        return whole & ~sum(1 << number for number in found.killed)

    for part, done in shared(bench, tests, alive, _chunk, processes):
        for number, test in part.killed.items():
            found.killed.setdefault(number, test)
        found.failing.extend(part.failing)
        for number, names in part.noticed.items():
            found.noticed.setdefault(number, []).extend(names)
        found = found._replace(same=found.same & part.same, alike=found.alike & part.alike)
        advance(done)
    for shape in shapes(bench.variants.law) if alive() & found.alike else ():
        same, alike = unobservable(bench.worlds(shape)), unobservable(bench.worlds(shape), citations=False)
        found = found._replace(same=found.same & same, alike=found.alike & alike)
    proofs: dict[int, str | None] = {}
    for number in (variant.number for variant in asked if variant.number not in found.killed):
        proofs[number] = "same" if found.same >> number & 1 else "citation" if found.alike >> number & 1 else None
    hard = [variant for variant in asked if proofs.get(variant.number, "killed") is None]
    proofs.update(zip((v.number for v in hard), spread(equivalent, hard, processes), strict=True))
    verdicts = []
    for variant in asked:
        number = variant.number
        if number in found.killed:
            verdicts.append(Verdict(variant, "killed", found.killed[number]))
        elif proof := proofs[number]:
            verdicts.append(Verdict(variant, "equivalent", proof))
        else:
            verdicts.append(Verdict(variant, "survived", None, tuple(found.noticed.get(number, ())[:NEAREST])))
    return Report(tuple(verdicts), len(tests), tuple(found.failing))


def _chunk(bench: Bench, tests: Sequence[LawTest], alive: int) -> Found:
    found = Found({}, {}, [], alive, alive)
    for test in tests:
        trial = bench.trial(test)
        if trial.failing:
            found.failing.append(test.id)
            continue
        for number in bits(trial.suspects & alive):
            if trial.differences(number):
                found.killed[number] = test.id
                alive &= ~(1 << number)
        for number in bits(trial.noticed & alive):
            found.noticed.setdefault(number, []).append(test.id)
    for worlds in bench.met():
        found = found._replace(
            same=found.same & unobservable(worlds), alike=found.alike & unobservable(worlds, citations=False)
        )
    return found
