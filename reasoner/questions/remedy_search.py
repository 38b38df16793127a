"""The cheapest sets of changes under which a part of the law holds for certain, found by clingo one after the other.

Each open atom of the part becomes two, "holds for certain" and "fails for certain", so that a fact that stays unknown is
neither and nothing rests on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from reasoner.questions.remedy_moves import Moves
from reasoner.questions.remedy_part import Part

Chosen = tuple[int, ...]
"""For each move the option taken."""


class Search:
    """Chooses one option of each move so that a goal holds."""

    def __init__(self, moves: Moves, part: Part) -> None:
        from clingo import Control

        self.moves, self.part = moves, part
        self.control = Control(["--warn=none", "--opt-mode=opt", "0"])
        self.picks: list[list[int]] = []
        with self.control.backend() as self.backend:
            self._choices()
            self._rails()
            self._goals()
            self._constraints()
            self._costs()

    # -- the program --------------------------------------------------------------------------------------------

    @cached_property
    def _number(self) -> dict[Any, int]:
        return {}

    def _atom(self, *key: Any) -> int:
        number = self._number.get(key)
        if number is None:
            number = self._number[key] = self.backend.add_atom()
        return number

    def _pick(self, move: int, option: int | None) -> int:
        return -self.picks[move][0] if option is None else self.picks[move][option]

    def _choices(self) -> None:
        rule = self.backend.add_rule
        for move in self.moves.moves:
            atoms = [self.backend.add_atom() for _ in move.options]
            self.picks.append(atoms)
            rule(atoms, choice=True)
            rule([], [-atom for atom in atoms])
            self.backend.add_weight_rule([], 2, [(atom, 1) for atom in atoms])
        for (move, option), (other, needed) in self.moves.needs:
            rule([], [self._pick(move, option), -self._pick(other, needed)])

    def _rails(self) -> None:
        rule = self.backend.add_rule
        for picks, leaf, value in self.moves.settings:
            rule([self._atom(value, leaf)], [self._pick(*pick) for pick in picks])
        for atom, bodies in self.part.rules.items():
            broken = []
            for index, (true, false) in enumerate(bodies):
                rule(
                    [self._atom(True, atom)],
                    [*(self._atom(True, n) for n in true), *(self._atom(False, n) for n in false)],
                )
                out = self._atom("broken", atom, index)
                broken.append(out)
                for n in true:
                    rule([out], [self._atom(False, n)])
                for n in false:
                    rule([out], [self._atom(True, n)])
            rule([self._atom(False, atom)], broken)

    def _goals(self) -> None:
        for option, (yes, no) in enumerate(self.moves.goals):
            for atom in (*(self._atom(True, n) for n in yes), *(self._atom(False, n) for n in no)):
                self.backend.add_rule([], [self.picks[0][option], -atom])

    def _constraints(self) -> None:
        for true, false in self.part.constraints:
            self.backend.add_rule([], [*(self._atom(True, n) for n in true), *(self._atom(False, n) for n in false)])

    def _costs(self) -> None:
        units: dict[Any, int] = {}
        costs = []
        for move, atoms in zip(self.moves.moves, self.picks, strict=True):
            unit = units.setdefault(move.unit, self._atom("unit", move.unit))
            for option, atom in zip(move.options, atoms, strict=True):
                if option.cost:
                    costs.append((atom, option.cost))
                if option.facts:
                    self.backend.add_rule([unit], [atom])
        self.backend.add_minimize(0, costs)
        self.units = tuple(units.values())

    # -- its solutions ------------------------------------------------------------------------------------------

    def solutions(self) -> Iterator[Chosen]:
        """Minimal sets of changes, the cheapest first: no set includes another."""
        while (found := self.best()) is not None:
            yield found
            self.exclude(found)

    def best(self, fewer: int | None = None) -> Chosen | None:
        """The cheapest choice, of ``fewer`` than so many changes; None when there is none."""
        assumptions = []
        if fewer is not None:
            with self.control.backend() as backend:
                many = backend.add_atom()
                backend.add_weight_rule([many], fewer, [(unit, 1) for unit in self.units])
            assumptions = [-many]
        found: Chosen | None = None
        with self.control.solve(assumptions=assumptions, yield_=True) as handle:
            for model in handle:
                found = tuple(
                    next(option for option, atom in enumerate(atoms) if model.is_true(atom)) for atoms in self.picks
                )
        return found

    def exclude(self, chosen: Chosen) -> None:
        """Takes a set of changes, and all sets that include it, out of what is still to be found: a later day counts as
        a longer wait, and another date of the same kind as the same change."""
        moves = self.moves.moves
        with self.control.backend() as backend:
            body = []
            for move, option in enumerate(chosen):
                if not moves[move].options[option].facts:
                    continue
                same = [
                    self.picks[move][other]
                    for other in range(len(moves[move].options))
                    if self._includes(move, other, option)
                ]
                atom = backend.add_atom()
                for each in same:
                    backend.add_rule([atom], [each])
                body.append(atom)
            backend.add_rule([], body)

    def _includes(self, move: int, other: int, option: int) -> bool:
        if move == 1:
            return other >= option
        each = self.moves.moves[move]
        if each.dated:
            first, second = ({fact.path for fact in each.options[o].facts} for o in (option, other))
            return first <= second
        return other == option

    def size(self, chosen: Chosen) -> int:
        """How many changes a choice makes."""
        pairs = zip(self.moves.moves, chosen, strict=True)
        return len({move.unit for move, option in pairs if move.options[option].facts})


def cost(moves: Moves, chosen: Sequence[int]) -> int:
    """What a choice costs."""
    return sum(move.options[option].cost for move, option in zip(moves.moves, chosen, strict=True))
