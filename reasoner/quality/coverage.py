"""Which rules of the law, and which literals of their bodies, decide an outcome by themselves in some test.

A rule is covered when without it something that a test asks about would be decided otherwise. A literal is covered on
its true side when its rule is, and on its false side when something would be decided otherwise if it were ignored
while all else stayed: it alone kept the rule from applying. Together that is the criterion MC/DC.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from reasoner.program import Rule
from reasoner.quality.equivalence import unobservable, varying
from reasoner.quality.processes import spread
from reasoner.quality.search import shapes
from reasoner.quality.shared import shared
from reasoner.quality.suite import LawTest
from reasoner.quality.trial import Bench
from reasoner.quality.variants import IGNORE, Variant, Variants
from reasoner.quality.worlds import bits

KINDS = ("drop_rule", "drop_literal", "drop_exception", IGNORE)  # of the variants that it needs


class Literal(NamedTuple):
    """A literal of a body that differs from case to case.

    ``kind`` is ``condition``, ``exception`` (a negated literal) or ``comparison``; the tests are those in which it
    decides an outcome by holding, and by failing.
    """

    place: int
    text: str
    kind: str
    holding: tuple[str, ...]
    failing: tuple[str, ...]

    @property
    def covered(self) -> bool:
        """Whether some tests show both sides."""
        return bool(self.holding and self.failing)


class RuleCoverage(NamedTuple):
    """A rule with the tests in which it decides an outcome, and its literals."""

    rule: Rule
    tests: tuple[str, ...]
    literals: tuple[Literal, ...]


class Coverage(NamedTuple):
    """The coverage of the rules of the law, in its order.

    ``idle`` are rules without which every case of the shapes of the tests is decided the same, ``coupled`` literals
    that are proved to keep no rule from applying by themselves; neither is counted.
    """

    rules: tuple[RuleCoverage, ...]
    idle: tuple[Rule, ...]
    tests: int
    coupled: tuple[tuple[Rule, Literal], ...] = ()

    @property
    def files(self) -> tuple[str, ...]:
        """The law files with rules."""
        return tuple(dict.fromkeys(found.rule.file for found in self.rules))

    def counts(self, kind: str, file: str | None = None) -> tuple[int, int]:
        """How many of a kind are covered, and how many there are: ``rule``, ``literal``, ``condition``, ``exception``
        or ``comparison``; of one law file or of all."""
        rules = [found for found in self.rules if file in (None, found.rule.file)]
        if kind == "rule":
            return sum(1 for found in rules if found.tests), len(rules)
        literals = [one for found in rules for one in found.literals if kind in ("literal", one.kind)]
        return sum(1 for one in literals if one.covered), len(literals)

    def percentage(self, kind: str) -> float:
        """The share of a kind that is covered; 100 where there is none."""
        covered, total = self.counts(kind)
        return 100 * covered / total if total else 100.0


def uncoupled(
    found: Coverage,
    variants: Variants,
    proving: Callable[[Variants], Callable[[Variant], object]],
    advance: Callable[[int], object] = lambda done: None,
) -> Coverage:
    """The coverage without the literals that no case can show to decide by failing.

    What ``proving`` gives is asked for each that no test shows to do so; ``advance`` hears of each.
    """
    without = ignoring(variants)
    asked = [(one.rule, literal) for one in found.rules for literal in one.literals if not literal.failing]
    coupled = list[tuple[Rule, Literal]]()
    sides = [without[rule.index, literal.place] for rule, literal in asked]
    proofs = spread(proving(variants.only(sum(1 << side.number for side in sides))), sides)
    for each, proof in zip(asked, proofs, strict=True):
        advance(1)
        if proof:
            coupled.append(each)
    gone = {(rule.index, literal.place) for rule, literal in coupled}
    rules = (
        one._replace(literals=tuple(each for each in one.literals if (one.rule.index, each.place) not in gone))
        for one in found.rules
    )
    return found._replace(rules=tuple(rules), coupled=tuple(coupled))


def ignoring(variants: Variants) -> dict[tuple[int, int | None], Variant]:
    """The variant in which a literal of a rule is ignored, by the rule's index and the place in its body; without a
    place the one in which the rule is gone."""
    return {(variant.rule, variant.place): variant for variant in reversed(variants.listed)}


class _Found(NamedTuple):
    noticed: dict[int, list[str]]
    settled: int
    varying: frozenset[str]


def cover(
    bench: Bench,
    tests: Sequence[LawTest],
    advance: Callable[[int], object] = lambda done: None,
    processes: int | None = None,
) -> Coverage:
    """The coverage of the law by tests. ``advance`` hears how many are done."""
    variants = bench.variants
    asked = sum(1 << variant.number for variant in variants.listed)
    noticed: dict[int, list[str]] = {}
    settled, varies = asked, frozenset[str]()
    for found, done in shared(bench, tests, lambda: asked, _chunk, processes):
        for number, names in found.noticed.items():
            noticed.setdefault(number, []).extend(names)
        settled, varies = settled & found.settled, varies | found.varying
        advance(done)
    bench.only(settled)
    for shape in shapes(variants.law):
        worlds = bench.worlds(shape)
        settled, varies = settled & unobservable(worlds, citations=False), varies | varying(worlds)
    by_rule: dict[int, list[Variant]] = {}
    for variant in variants.listed:
        by_rule.setdefault(variant.rule, []).append(variant)
    law, idle = variants.law, {rule for rule, listed in by_rule.items() if settled >> listed[0].number & 1}
    rules = (_rule(variants, listed, noticed, settled, varies) for rule, listed in by_rule.items() if rule not in idle)
    return Coverage(tuple(rules), tuple(law.rules[rule] for rule in sorted(idle)), len(tests))


def _chunk(bench: Bench, tests: Sequence[LawTest], asked: int) -> _Found:
    found: dict[int, list[str]] = {}
    for test in tests:
        for number in bits(bench.trial(test).noticed & asked):
            found.setdefault(number, []).append(test.id)
    settled, varies = asked, frozenset[str]()
    for worlds in map(bench.worlds, bench.met()):
        settled, varies = settled & unobservable(worlds, citations=False), varies | varying(worlds)
    return _Found(found, settled, varies)


def _rule(
    variants: Variants, listed: Iterable[Variant], noticed: dict[int, list[str]], settled: int, varies: frozenset[str]
) -> RuleCoverage:
    whole, *parts = listed
    holding = tuple(noticed.get(whole.number, ()))
    literals = []
    for variant in parts:
        atom = variant.before.removeprefix("not ")
        compares = atom.startswith("&")
        # Leaves out what is the same in all cases of a shape, and what plays no role where it stands.
        if (compares or re.split(r"\W", atom)[0] in varies) and not settled >> variant.number & 1:
            kind = "comparison" if compares else "condition" if atom == variant.before else "exception"
            failing = tuple(noticed.get(variant.number, ()))
            literals.append(Literal(variant.place or 0, variant.before, kind, holding, failing))
    return RuleCoverage(variants.law.rules[whole.rule], holding, tuple(literals))
