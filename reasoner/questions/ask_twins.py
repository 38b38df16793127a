"""Whether a question matters: two possible completions of a case that differ in its answer alone, and in an outcome.

Both stand in one program over the open part of the law. Inputs are free, dates are found by exact calendar arithmetic
(:mod:`reasoner.quality.timing`), numbers and codes take every value that makes a difference. What an open list of
periods amounts to is free.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from itertools import combinations, product
from typing import TYPE_CHECKING, Any, NamedTuple

import clingo

from reasoner.axes import kinds_of_code
from reasoner.case_model import field_at
from reasoner.cast import Path
from reasoner.dates import NONE, Atom, Calendar, Open, OpenCode
from reasoner.facts import address
from reasoner.program import star
from reasoner.questions.ask_dates import SIDES, DateTheory, Timed
from reasoner.questions.ask_goals import Goal
from reasoner.questions.ask_places import Places
from reasoner.residue import Residue
from reasoner.terms import OPERATORS, leaves

if TYPE_CHECKING:
    from reasoner.run import Run

MOST_VALUES = 64  # of a number, to be tried one by one
ADULT = 30  # years that somebody is taken to be old whose day of birth is open, until that is excluded
MOST_COMBINATIONS = 512  # of the values that a comparison reads


class Example(NamedTuple):
    """A possible case: the truth of what was an open input, the value of what was an open point as far as one was
    looked for, and the atoms of the goal that hold."""

    values: dict[Atom, Any]
    holding: frozenset[int]


@dataclass(eq=False, repr=False)
class Twins:
    """The two completions; ``goal`` is what may differ between them."""

    run: Run
    residue: Residue
    places: Places
    goal: Goal
    control: clingo.Control = field(init=False)

    def __post_init__(self) -> None:
        self.control = clingo.Control(["--warn=none", "--heuristic=Domain"])
        self.literal: tuple[dict[int, int], dict[int, int]] = ({}, {})
        self.same: dict[Path, int] = {}
        self.exists: dict[tuple[Atom, int], int] = {}
        self.chosen: dict[tuple[Atom, int], dict[Any, int]] = {}
        self.timed: dict[int, Timed] = {}
        self.place = self.places.place
        with self.control.backend() as backend:
            self.backend = backend
            for place in self.places:
                self.same[place] = self._atom(free=True)
            for place, numbers in self.places.inputs.items():
                self._inputs(place, numbers)
            for place, found in self.places.points.items():
                self._points(place, found)
            for number, read in self.places.open_points.items():
                self._comparison(number, read)
            self._rules()
            self.wanted = self._differing()
        law = self.run.law
        births = frozenset(point[0] for point in self.place if law.vocabulary[point[0]].path.endswith(".born"))
        self.theory = DateTheory(
            self.places,
            self.run.inputs.open_points,
            births,
            self.literal,
            self.same,
            self.exists,
            self.chosen,
            self.timed,
        )
        self.control.register_propagator(self.theory)

    def differ(self, place: Path) -> bool:
        """Whether two possible cases differ in the goal that are the same but for this place."""
        self.theory.free = frozenset({place})
        return bool(self.control.solve(assumptions=self._but_for(place)).satisfiable)

    def open(self) -> bool:
        """Whether two possible cases differ in the goal."""
        self.theory.free = frozenset(self.same)
        return bool(self.control.solve(assumptions=[self.wanted]).satisfiable)

    def examples(self, place: Path) -> tuple[Example, Example] | None:
        """Two possible cases that differ in the goal and are the same but for this place; None without any."""
        self.theory.free = frozenset({place})
        with self.control.solve(assumptions=self._but_for(place), yield_=True) as handle:
            model = handle.model()
            if model is None:
                return None
            one, other = (self._example(model.is_true, side) for side in SIDES)
            return one, other

    def _but_for(self, place: Path) -> list[int]:
        return [self.wanted, *(literal for other, literal in self.same.items() if other != place)]

    def _example(self, holds: Callable[[int], bool], side: int) -> Example:
        atoms, found = self.run.program.atoms, dict[Atom, Any]()
        for number in (number for listed in self.places.inputs.values() for number in listed):
            found[atoms[number]] = holds(self.literal[side][number])
        for (point, own), values in self.chosen.items():
            if own == side:
                found[point] = next(value for value, literal in values.items() if holds(literal))
        days = self.theory.days(holds)
        for point in self.place:
            day = days.get(self.theory.key(point, side))
            if (point, side) in self.exists and not holds(self.exists[point, side]):
                found[point] = NONE
            elif day is not None:
                found[point] = day
        literals = self.literal[side]
        return Example(found, frozenset(n for n in self.goal.atoms if n in literals and holds(literals[n])))

    # -- building -----------------------------------------------------------------------------------------------

    def _atom(self, *, free: bool = False) -> int:
        atom = int(self.backend.add_atom())
        if free:
            self.backend.add_rule([atom], [], choice=True)
        return atom

    def _never(self, *body: int) -> None:
        self.backend.add_rule([], list(body))

    def _equal(self, same: Iterable[int], pair: Sequence[int]) -> None:
        when = list(same)
        self._never(*when, pair[0], -pair[1])
        self._never(*when, pair[1], -pair[0])

    def _inputs(self, place: Path, numbers: Sequence[int]) -> None:
        by_name: dict[str, list[int]] = {}
        for number in numbers:
            by_name.setdefault(self.run.program.atoms[number][0], []).append(number)
        for found in by_name.values():
            for side in SIDES:
                self.literal[side].update((number, self._atom(free=True)) for number in found)
                self._exclusive(found, [self.literal[side][number] for number in found])
        for number in numbers:
            self._equal([self.same[place]], [side[number] for side in self.literal])

    def _exclusive(self, numbers: Sequence[int], literals: Sequence[int]) -> None:
        """One value stands at a place, unless it holds a list or answers for each of its inputs by itself."""
        atom = self.run.program.atoms[numbers[0]]
        entry = self.run.law.vocabulary[atom[0]]
        thing, names = address(entry, atom)
        if not (entry.enumerated or entry.silence == "default") or field_at(str(thing[0]), names).repeated:
            return
        for one, other in combinations(literals, 2):
            self._never(one, other)
        if len(self.run.law.choices.get(star(entry.path, atom), ())) <= len(numbers):
            self._never(*(-literal for literal in literals))

    def _points(self, place: Path, points: Sequence[Atom]) -> None:
        for point in points:
            value, values = self.run.inputs.open_points[point], list(self._values(point))
            for side in SIDES:
                if values:
                    self.chosen[point, side] = made = {each: self._atom(free=True) for each in values}
                    self._never(*(-literal for literal in made.values()))
                    for one, other in combinations(made.values(), 2):
                        self._never(one, other)
                if getattr(value, "may_be_none", False):
                    self.exists[point, side] = self._atom(free=True)
            for each in values:
                self._equal([self.same[place]], [self.chosen[point, side][each] for side in SIDES])
            if (point, 0) in self.exists:
                self._equal([self.same[place]], [self.exists[point, side] for side in SIDES])

    def _values(self, point: Atom) -> Iterable[Any]:
        """The values of a number or code that are tried."""
        value = self.run.inputs.open_points[point]
        if isinstance(value, OpenCode):
            return self._codes[self.run.law.point_kinds[point[0]]]
        if isinstance(value, Open) and isinstance(value.lo, int):
            thing, names = address(self.run.law.vocabulary[point[0]], point)
            low, high = field_at(str(thing[0]), names).range
            low, high = (max(low, value.lo), min(high, value.hi)) if high else (value.lo, value.hi)
            return range(low, high + 1) if high - low < MOST_VALUES else ()
        return ()

    @cached_property
    def _codes(self) -> dict[str, tuple[str, ...]]:
        """For each kind of code those that stand for all."""
        run, found = self.run, dict[str, tuple[str, ...]]()
        points = [point for point in self.place if isinstance(run.inputs.open_points[point], OpenCode)]
        for kind in {run.law.point_kinds[point[0]] for point in points}:
            own = {point for point in points if run.law.point_kinds[point[0]] == kind}
            read = [run.program.comparisons[n] for n, read in self.places.open_points.items() if own.intersection(read)]
            codes = kinds_of_code([c for c in read if c[0] in ("class", "same")], run.inputs.calendar, len(own))
            found[kind] = tuple(codes)
        return found

    def _comparison(self, number: int, points: tuple[Atom, ...]) -> None:
        comparison = self.run.program.comparisons[number]
        dates = tuple(p for p in points if self._is_date(p))
        numbers = tuple(p for p in points if (p, 0) in self.chosen)
        rest = len(points) - len(dates) - len(numbers)
        timed = comparison[0] == "date" and dates and not rest and self._one_a_side(comparison, dates)
        pair = [self._atom(free=bool(rest or dates) and comparison[0] != "happened") for _ in SIDES]
        for side in SIDES:
            self.literal[side][number] = pair[side]
            there = [self.exists[p, side] for p in points if (p, side) in self.exists]
            if comparison[0] == "happened":
                self.backend.add_rule([pair[side]], there)
            elif timed:
                for literal in there:
                    self._never(pair[side], -literal)
            elif not dates and not rest:
                self._tabled(pair[side], comparison, numbers, side)
        if timed:
            self.timed[number] = Timed(self._known(comparison, points), dates, numbers)
            likely = 1 if self._likely.answer(comparison) else -1
            for literal in pair:  # candidates that days can give are found sooner when one is tried first
                self.backend.add_heuristic(literal, clingo.HeuristicType.Sign, likely, 1, [])
        self._equal([self.same[place] for place in self.places.of[number]], pair)

    @cached_property
    def _likely(self) -> Calendar:
        """A calendar in which every open date and number has some value."""
        calendar, opened, law = self.run.inputs.calendar, self.run.inputs.open_points, self.run.law

        def value(point: Any) -> Any:
            known = opened.get(point)
            if not isinstance(known, Open):
                return calendar.lookup(point)
            years = ADULT if law.vocabulary[point[0]].path.endswith(".born") else 1
            wish = self.run.inputs.reader.assessed.replace(day=1) - timedelta(365 * years)
            return min(max(known.lo, wish), known.hi) if isinstance(wish, type(known.lo)) else known.lo

        return Calendar(value, calendar.members)

    @staticmethod
    def _one_a_side(comparison: Atom, dates: tuple[Atom, ...]) -> bool:
        sides = (set(leaves((0, comparison[1]))), set(leaves((0, comparison[3]))))
        return all(len(side.intersection(dates)) < 2 for side in sides)

    def _is_date(self, point: Atom) -> bool:
        value = self.run.inputs.open_points[point]
        return isinstance(value, Open) and isinstance(value.lo, date)

    def _tabled(self, literal: int, comparison: Atom, points: tuple[Atom, ...], side: int) -> None:
        """A comparison that reads numbers and codes alone: true for some combinations of their values."""
        listed = [self.chosen[point, side] for point in points]
        size = 1
        for values in listed:
            size *= len(values)
        if size > MOST_COMBINATIONS:
            self.backend.add_rule([literal], [], choice=True)
            return
        calendar, known = self.run.inputs.calendar, dict[Any, Any]()
        tried = Calendar(lambda point: known[point] if point in known else calendar.lookup(point), calendar.members)
        for row in product(*listed):
            known.update(zip(points, row, strict=True))
            if tried.answer(comparison):
                self.backend.add_rule([literal], [values[v] for values, v in zip(listed, row, strict=True)])

    def _known(self, term: Any, opened: Sequence[Atom]) -> Any:
        """A comparison, or a part of it, with the days and numbers that are known in the place of what has them."""
        if not isinstance(term, tuple) or term in opened:
            return term
        if term[0] != "date" and term[0] not in OPERATORS:
            value = self.run.inputs.calendar.lookup(term)
            return value.isoformat() if isinstance(value, date) else value
        return (term[0], *(self._known(part, opened) for part in term[1:]))

    def _rules(self) -> None:
        for side in SIDES:
            literals = self.literal[side]
            for atom in self.residue.rules:
                literals[atom] = self._atom()
            for atom, instances in self.residue.rules.items():
                for _, positive, negative in instances:
                    self.backend.add_rule([literals[atom]], self._body(positive, negative, literals))
            for positive, negative in self.residue.constraints:
                self._never(*self._body(positive, negative, literals))

    @staticmethod
    def _body(positive: Iterable[int], negative: Iterable[int], literals: Mapping[int, int]) -> list[int]:
        return [*(literals[n] for n in positive), *(-literals[n] for n in negative)]

    def _differing(self) -> int:
        """A literal that holds when the two cases differ in the goal."""
        wanted = self._atom()
        aside = [-self.literal[0][number] for number in self.goal.moot if number in self.literal[0]]
        for number in self.goal.atoms:
            if number in self.literal[0]:
                one, other = (side[number] for side in self.literal)
                self.backend.add_rule([wanted], [one, -other, *aside])
                self.backend.add_rule([wanted], [other, -one, *aside])
        return wanted
