"""The tests that are missing: for what coverage leaves uncovered, pairs of cases as a test file."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from reasoner.engine import Engine
from reasoner.quality.coverage import Coverage, ignoring
from reasoner.quality.generate import Pair, as_tests, pair
from reasoner.quality.proving import Places
from reasoner.quality.variants import Variant, Variants

if TYPE_CHECKING:
    from reasoner.wording import Wording


class Missing(NamedTuple):
    """A rule or literal that no test covers, with a pair of cases for it; without a pair, whether there can be none."""

    variant: Variant
    place: str
    comment: str
    pair: Pair | None
    proved: bool


def missing(engine: Engine, variants: Variants, coverage: Coverage, limit: int) -> Iterator[Missing]:
    """What the tests do not cover, up to ``limit``, in the order of the law."""
    places = Places(engine, variants)
    for variant in islice(_uncovered(variants, coverage), limit):
        rule = engine.law.rules[variant.rule]
        found, proved = pair(engine, places.changes(variant))
        yield Missing(variant, f"{rule.file}:{rule.line}", rule.comment or rule.head, found, proved)


def _uncovered(variants: Variants, coverage: Coverage) -> Iterator[Variant]:
    """The variants whose difference from the law no test sees: without a rule, or without one of its literals."""
    without = ignoring(variants)
    for found in coverage.rules:
        if not found.tests and (found.rule.index, None) in without:
            yield without[found.rule.index, None]
        for literal in found.literals:
            if not literal.failing and (found.rule.index, literal.place) in without:
                yield without[found.rule.index, literal.place]


def written(found: list[Missing], wording: Wording) -> str:
    """The pairs as a test file; what has none is named in comments."""
    import yaml

    lines = [f"# {wording.ui('generate_confirm')}", f"topic: {wording.ui('generate_topic')}"]
    tests: list[dict[str, Any]] = []
    for one in found:
        literal = one.variant.before if one.variant.place is not None else ""
        if one.pair is None:
            key = "generate_none" if one.proved else "generate_not_found"
            lines.insert(1, f"# {one.place} {literal}: {wording.ui(key)}")
        else:
            tests += as_tests(f"{one.comment} {literal}".strip(), one.pair)
    listed = yaml.safe_dump({"tests": tests}, allow_unicode=True, sort_keys=False, width=120)
    return "\n".join(lines) + "\n" + listed
