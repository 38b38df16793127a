"""clingo on a ground program: one model under assumptions, or what all and some models have in common.

With ground.py the only module that touches ``clingo.Control``.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from reasoner.errors import RulesError
from reasoner.ground import GroundProgram, output, printed
from reasoner.residue import Residue

if TYPE_CHECKING:
    from clingo import Control, Model

Option = Mapping[int, bool]
"""One value of an open variable: the truth of the inputs and comparisons that it settles."""


class Solver:
    """Decides cases of one ground program, under assumptions and without grounding anything again."""

    def __init__(self, program: GroundProgram) -> None:
        self.program = program
        self._control = _load(program.aspif())

    def has_model(self, truth: Mapping[int, bool | None], conclusions: Mapping[int, bool | None]) -> bool:
        """Whether the stable model under ``truth`` agrees with ``conclusions``; inputs that are open are taken as
        false.

        A stratified program has one stable model under its inputs, so that assuming the conclusions as well asks
        whether they are those of that model. This costs one solve, and not a call for each atom that is read from a
        model.
        """
        assumptions = [number if value else -number for number, value in truth.items()]
        assumptions += [number if value else -number for number, value in conclusions.items()]
        assumptions.append(-self.program.possible)
        return bool(self._control.solve(assumptions=assumptions).satisfiable)

    def model(self, truth: Mapping[int, bool | None]) -> dict[int, bool]:
        """The truth of every shown atom in the stable model; inputs that are open are taken as false.

        Raises :class:`RulesError` when there is no such model, which a stratified law does not allow.
        """
        assumptions = [number if value else -number for number, value in truth.items()]
        assumptions.append(-self.program.possible)
        with self._control.solve(assumptions=assumptions, yield_=True) as handle:
            model = handle.model()
            if model is None:
                raise RulesError("the law has no stable model for this case; it must be stratified")
            return {number: model.is_true(number) for number in self.program.shown}


class Consequences(NamedTuple):
    """What holds in every possible case (``certain``) and what holds in some (``possible``), of the atoms asked for."""

    certain: frozenset[int]
    possible: frozenset[int]


def consequences(part: Residue, variables: Sequence[Sequence[Option]], asked: Iterable[int]) -> Consequences | None:
    """Cautious and brave consequences of what is open, or None when no possible case fits the facts.

    Each of ``variables`` takes exactly one of its options; an open input that no variable settles is free.
    """
    possible = max((*part.rules, *part.leaves), default=0) + 1
    control = _load(printed(part.rules, part.constraints, part.leaves, possible) + output(asked))
    with control.backend() as backend:
        for options in variables:
            atoms = [backend.add_atom() for _ in options]
            backend.add_rule(atoms, choice=True)
            backend.add_rule([], [-atom for atom in atoms])
            backend.add_weight_rule([], 2, [(atom, 1) for atom in atoms])
            for atom, option in zip(atoms, options, strict=True):
                for number, value in option.items():
                    backend.add_rule([], [atom, -number if value else number])
    found = []
    for mode in ("cautious", "brave"):
        control.configuration.solve.enum_mode = mode  # type: ignore[union-attr]
        control.configuration.solve.models = "0"  # type: ignore[union-attr]
        last: list[frozenset[int]] = []

        def keep(model: Model, kept: list[frozenset[int]] = last) -> None:
            kept.append(frozenset(int(symbol.name[1:]) for symbol in model.symbols(shown=True)))

        control.solve(assumptions=[possible], on_last=keep)  # each model before it is only a step on the way
        if not last:
            return None
        found += last
    return Consequences(*found)


def _load(aspif: str) -> Control:
    from clingo import Control

    control = Control(["--warn=none"])
    handle, path = tempfile.mkstemp(suffix=".aspif")
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(aspif)
        control.load_aspif([path])
    finally:
        os.unlink(path)
    return control
