"""Variants of the law on all possible cases: where each changes it, and proofs that one is the law in other words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from reasoner.engine import Engine
from reasoner.ground import Shape
from reasoner.quality.apart import Apart, Rules
from reasoner.quality.mutation import Prover
from reasoner.quality.search import shapes
from reasoner.quality.variants import Variant, Variants
from reasoner.quality.worlds import Worlds

SEARCHED = "searched"
"""The name of a proof by search: no possible case of any shape is decided differently."""


class Places:
    """The shapes that are searched, with the law and all its variants ground for each when first needed."""

    def __init__(self, engine: Engine, variants: Variants) -> None:
        self.engine, self.variants = engine, variants
        self._place = cache(self._made)

    def _made(self, shape: Shape) -> tuple[Worlds, Apart]:
        worlds = Worlds(self.variants, shape)
        law = {head: listed[0] for head, listed in worlds.grouped.items()}
        return worlds, Apart(self.engine, shape, replace(worlds.program, rules=law))

    def circular(self, variant: Variant) -> bool:
        """Whether a conclusion would depend on itself: such a law is refused, which tells it from this one."""
        return any(self._place(shape)[0].circular >> variant.number & 1 for shape in shapes(self.engine.law))

    def changes(self, variant: Variant) -> Iterator[tuple[Apart, Rules]]:
        """For each shape in which a variant changes rule instances: those that it has instead."""
        for shape in shapes(self.engine.law):
            worlds, apart = self._place(shape)
            number = variant.number
            changed = {head: listed[number] for head, listed in worlds.grouped.items() if number in listed}
            if changed:
                yield apart, changed


def prover(engine: Engine, variants: Variants) -> Prover:
    """A prover that searches all possible cases; it proves nothing where a search ended without certainty."""
    places = Places(engine, variants)

    def proof(variant: Variant) -> str | None:
        if places.circular(variant):
            return None
        for apart, changed in places.changes(variant):
            told = apart.case(changed, simplest=False)
            if told.case is not None or not told.certain:
                return None
        return SEARCHED

    return proof
