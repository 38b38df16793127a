"""Proofs over all possible cases that a variant of the law decides every case as the law does."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from reasoner.engine import Engine
from reasoner.ground import Shape
from reasoner.quality.apart import Apart
from reasoner.quality.mutation import Prover
from reasoner.quality.search import shapes
from reasoner.quality.variants import Variant, Variants
from reasoner.quality.worlds import Worlds

SEARCHED = "searched"
"""The name of a proof by search: no possible case of any shape is decided differently."""


def prover(engine: Engine, variants: Variants) -> Prover:
    """A prover that searches all possible cases; it proves nothing where a search ended without certainty."""

    @cache
    def place(shape: Shape) -> tuple[Worlds, Apart]:
        worlds = Worlds(variants, shape)
        law = {head: listed[0] for head, listed in worlds.grouped.items()}
        return worlds, Apart(engine, shape, replace(worlds.program, rules=law))

    def proof(variant: Variant) -> str | None:
        for shape in shapes(engine.law):
            worlds, apart = place(shape)
            if worlds.circular >> variant.number & 1:
                return None  # refused as a law, which tells it from this one
            changed = {
                head: listed[variant.number] for head, listed in worlds.grouped.items() if variant.number in listed
            }
            if changed:
                told = apart.case(changed, simplest=False)
                if told.case is not None or not told.certain:
                    return None
        return SEARCHED

    return proof
