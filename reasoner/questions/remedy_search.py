"""The cheapest sets of changes under which a part of the law holds for certain, found by clingo one after another.

Each open atom of the part becomes two, "holds for certain" and "fails for certain": a fact that stays unknown is
neither, and nothing rests on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reasoner.questions.remedy_moves import ROUTE, WAIT, Goal, Moves, Setting

Chosen = tuple[int, ...]
"""For each move the option taken."""


class Search:
    """Chooses one option of each move so that the goal of the route that it takes is reached."""

    def __init__(self, moves: Moves, goals: Sequence[Goal]) -> None:
        from clingo import Control

        self.moves, self.part, self.goals = moves, moves.part, goals
        self.control = Control(["--warn=none", "--opt-mode=opt", "0"])
        self._numbers: dict[Any, int] = {}
        self.picks: list[list[int]] = []
        with self.control.backend() as self.backend:
            self._choices()
            for setting in moves.settings:
                self._setting(setting)
            self._rules()
            self._aims()
            self._costs()

    # -- the program --------------------------------------------------------------------------------------------

    def atom(self, *key: Any) -> int:
        """The atom of that name; ``(True, n)`` and ``(False, n)`` are the two of an atom of the part."""
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = self.backend.add_atom()
        return number

    def pick(self, move: int, option: int | None) -> int:
        """The literal of a pick."""
        return -self.picks[move][0] if option is None else self.picks[move][option]

    def _choices(self) -> None:
        rule = self.backend.add_rule
        for move in self.moves.moves:
            atoms = [self.backend.add_atom() for _ in move.options]
            self.picks.append(atoms)
            rule(atoms, choice=True)
            rule([], [-atom for atom in atoms])
            self.backend.add_weight_rule([], 2, [(atom, 1) for atom in atoms])
        for pick, needed in self.moves.needs:
            rule([], [self.pick(*pick), -self.pick(*needed)])

    def _setting(self, setting: Setting) -> None:
        self.backend.add_rule([self.atom(setting.value, setting.leaf)], [self.pick(*pick) for pick in setting.picks])

    def _rules(self) -> None:
        rule, atom = self.backend.add_rule, self.atom
        for head, bodies in self.part.rules.items():
            broken = []
            for index, (true, false) in enumerate(bodies):
                rule([atom(True, head)], [*(atom(True, n) for n in true), *(atom(False, n) for n in false)])
                broken.append(atom("broken", head, index))
                for n in true:
                    rule([broken[-1]], [atom(False, n)])
                for n in false:
                    rule([broken[-1]], [atom(True, n)])
            rule([atom(False, head)], broken)
        for true, false in self.part.constraints:
            rule([], [*(atom(True, n) for n in true), *(atom(False, n) for n in false)])

    def _aims(self) -> None:
        for option, (_, yes, no) in enumerate(self.goals):
            for wanted in (*(self.atom(True, n) for n in yes), *(self.atom(False, n) for n in no)):
                self.backend.add_rule([], [self.picks[ROUTE][option], -wanted])

    def _costs(self) -> None:
        costs: list[tuple[int, int]] = []
        units: dict[Any, int] = {}
        for move, atoms in zip(self.moves.moves, self.picks, strict=True):
            for option, atom in zip(move.options, atoms, strict=True):
                if option.facts:
                    costs.append((atom, option.cost))
                    units.setdefault(move.unit, self.atom("unit", move.unit))
                    self.backend.add_rule([units[move.unit]], [atom])
        self._units = [(unit, 1) for unit in units.values()]
        fresh = [
            (atoms[1], 1) for move, atoms in zip(self.moves.moves, self.picks, strict=True) if move.kind == "paper"
        ]
        for priority, weighted in enumerate((fresh, self._units, costs)):  # the cost counts most
            self.backend.add_minimize(priority, weighted)

    # -- its solutions ------------------------------------------------------------------------------------------

    def best(self, fewer: int | None = None) -> Chosen | None:
        """The cheapest choice, of ``fewer`` than so many changes; None when there is none."""
        assumptions = []
        if fewer is not None:
            with self.control.backend() as backend:
                many = backend.add_atom()
                backend.add_weight_rule([many], fewer, self._units)
            assumptions.append(-many)
        found: Chosen | None = None
        with self.control.solve(assumptions=assumptions, yield_=True) as handle:
            for model in handle:
                found = tuple(next(o for o, atom in enumerate(atoms) if model.is_true(atom)) for atoms in self.picks)
        return found

    def exclude(self, chosen: Chosen, *, exactly: bool = False) -> None:
        """Takes a set of changes, and all that include it, out of what is still to be found; ``exactly`` these changes,
        or any that include them (a longer wait, another day)."""
        with self.control.backend() as backend:
            body = []
            for number, (move, option) in enumerate(zip(self.moves.moves, chosen, strict=True)):
                if move.options[option].facts:
                    body.append(backend.add_atom())
                    for other, atom in enumerate(self.picks[number]):
                        if other == option if exactly else self._includes(number, other, option):
                            backend.add_rule([body[-1]], [atom])
            backend.add_rule([], body)

    def _includes(self, number: int, other: int, option: int) -> bool:
        """Whether one option of a move makes the change of another: a longer wait includes a shorter one."""
        if number == WAIT:
            return other >= option
        move = self.moves.moves[number]
        if move.alike:
            return {fact.path for fact in move.options[other].facts} >= {f.path for f in move.options[option].facts}
        return other == option

    def size(self, chosen: Chosen) -> int:
        """How many changes a choice makes."""
        pairs = zip(self.moves.moves, chosen, strict=True)
        return len({move.unit for move, option in pairs if move.options[option].facts})
