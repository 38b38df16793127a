"""Which small mistakes in the law its tests would notice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple

from reasoner.ground import Shape
from reasoner.quality.equivalence import unobservable
from reasoner.quality.processes import spread
from reasoner.quality.search import shapes
from reasoner.quality.shared import shared
from reasoner.quality.suite import LawTest
from reasoner.quality.trial import Bench
from reasoner.quality.variants import Variant, Variants
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


class Tried(NamedTuple):
    """What some tests showed: by which of them variants are killed, which tests saw a difference and passed or fail
    anyway, and which variants (bits) are plainly the ``same`` law in other words, or ``alike`` but for what it cites.
    """

    killed: dict[int, str]
    noticed: dict[int, list[str]]
    failing: list[str]
    same: int
    alike: int
    tests: int = 0

    def open(self, variants: Variants) -> list[Variant]:
        """The variants that are neither killed nor plainly the law: a proof has to be looked for."""
        return [v for v in variants.listed if v.number not in self.killed and not self.alike >> v.number & 1]


def attempt(
    bench: Bench,
    tests: Sequence[LawTest],
    advance: Callable[[int], object] = lambda done: None,
    processes: int | None = None,
) -> Tried:
    """What the tests make of the variants. ``advance`` hears how many are done."""
    whole = sum(1 << variant.number for variant in bench.variants.listed)
    found = Tried({}, {}, [], whole, whole, len(tests))

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
    left = alive() & found.alike
    bench.only(left)
    for same, alike in spread(partial(_plainly, bench), list(shapes(bench.variants.law)) if left else [], processes):
        found = found._replace(same=found.same & same, alike=found.alike & alike)
    return found


def judge(
    variants: Variants,
    tried: Tried,
    proving: Callable[[Variants], Prover] = lambda variants: lambda variant: None,
    advance: Callable[[int], object] = lambda done: None,
    processes: int | None = None,
) -> Report:
    """The verdicts on the variants. ``proving`` makes a prover for those that are open; ``advance`` hears of each."""
    proofs: dict[int, str | None] = {}
    for variant in variants.listed:
        if tried.alike >> variant.number & 1:
            proofs[variant.number] = "same" if tried.same >> variant.number & 1 else "citation"
    hard = tried.open(variants)
    equivalent = proving(variants.only(sum(1 << variant.number for variant in hard)))
    for variant, proof in zip(hard, spread(equivalent, hard, processes), strict=True):
        proofs[variant.number] = proof
        advance(1)
    verdicts = []
    for variant in variants.listed:
        number = variant.number
        if number in tried.killed:
            verdicts.append(Verdict(variant, "killed", tried.killed[number]))
        elif proof := proofs[number]:
            verdicts.append(Verdict(variant, "equivalent", proof))
        else:
            verdicts.append(Verdict(variant, "survived", None, tuple(tried.noticed.get(number, ())[:NEAREST])))
    return Report(tuple(verdicts), tried.tests, tuple(tried.failing))


def _plainly(bench: Bench, shape: Shape) -> tuple[int, int]:
    worlds = bench.worlds(shape)
    return unobservable(worlds), unobservable(worlds, citations=False)


def _chunk(bench: Bench, tests: Sequence[LawTest], alive: int) -> Tried:
    bench.only(alive)
    found = Tried({}, {}, [], alive, alive)
    for test in tests:
        trial = bench.trial(test)
        if trial.failing:
            found.failing.append(test.id)
            continue
        for number in bits(trial.suspects & alive):
            if trial.failed >> number & 1 or trial.differences(number):
                found.killed[number] = test.id
                alive &= ~(1 << number)
        for number in bits(trial.noticed & alive):
            found.noticed.setdefault(number, []).append(test.id)
    for shape in bench.met():
        same, alike = _plainly(bench, shape)
        found = found._replace(same=found.same & same, alike=found.alike & alike)
    return found
