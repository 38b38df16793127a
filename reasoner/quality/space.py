"""All possible cases of a shape, as one answer-set program to be searched.

Inputs are free. What stands at one place of a case file has one value, a point has one value, and the constraints of
``encodings/possible.lp`` hold. Comparisons of dates are answered by a propagator with exact calendar arithmetic
(:mod:`reasoner.quality.timing`); those of countries, languages and numbers by the values that make a difference.
Several *sides* (two versions of the law, two days, a case and its neighbour) can stand in one program: they share
what is not theirs alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from typing import Any, NamedTuple

import clingo
from clingo.propagator import PropagateControl, PropagateInit, PropagatorCheckMode

from reasoner.case_checks import CHAINS
from reasoner.case_model import Place as FieldKind
from reasoner.case_model import field_at
from reasoner.dates import Atom, Calendar
from reasoner.days import OpenPeriods, Periods
from reasoner.facts import Thing, address, class_table
from reasoner.ground import GroundProgram
from reasoner.program import Law, star
from reasoner.quality import lists
from reasoner.quality.timing import Bound, Conflict, bound, readable, settle
from reasoner.terms import leaves

Place = tuple[Thing, tuple[str, ...]]
"""Where a case file says something: a thing and the names of the field in it."""

LIKELY = ("US", "JP", "BR", "IN", "ja", "hi", "pt")  # codes to use for "in none of the classes"


class Side(NamedTuple):
    """One reading of the case: a ground program, points that have a value of their own, and inputs that are settled.

    ``own`` are the inputs that this side does not share with the others.
    """

    law: Law
    program: GroundProgram
    pinned: Mapping[Atom, date] = {}
    settled: Mapping[Atom, bool] = {}
    own: frozenset[Atom] = frozenset()


@dataclass(eq=False, repr=False)
class Values:
    """A possible case: what holds at each place of the case file, the value of each point, and the comparisons that
    are true."""

    truth: dict[Any, bool]
    points: dict[Any, Any]
    true: frozenset[int]


@dataclass(eq=False, repr=False)
class Space:
    """The possible cases on which ``targets`` (atoms of each side) can be asked about.

    With ``readings_free`` every answer to the questions that the law leaves open is tried, not only the usual one.
    ``complete`` turns False when something was excluded that is not known to be impossible: then nothing may be
    concluded from finding no case.
    """

    sides: Sequence[Side]
    targets: Sequence[Iterable[int]]
    readings_free: bool = False
    control: clingo.Control = field(init=False)
    complete: bool = True

    def __post_init__(self) -> None:
        self.control = clingo.Control(["--warn=none", "--configuration=tweety"])
        self.inputs: dict[Any, int] = {}
        self.comparisons: dict[Any, int] = {}
        self.points: dict[Any, dict[Any, int]] = {}
        self.exists: dict[Any, int] = {}
        self.weights: list[tuple[int, int]] = []
        self._literals: list[dict[int, int]] = []
        self.loose: list[int] = []
        self.listed: dict[Any, tuple[dict[lists.Spans, int], int]] = {}
        self.unfiled: dict[Any, int] = {}
        with self.control.backend() as backend:
            self.backend = backend
            self._never: int = backend.add_atom()
            self.instances: list[dict[int, list[int]]] = [{} for _ in self.sides]
            for index, targets in enumerate(self.targets):
                self._side(index, targets)
            self._comparisons()
            self._places()
            backend.add_minimize(0, self.weights)
        self.theory = _Theory(self)
        self.control.register_propagator(self.theory)  # type: ignore[arg-type]

    # -- building -----------------------------------------------------------------------------------------------

    def literal(self, side: int, number: int) -> int:
        """The literal of an atom of a side; an atom that no rule of the cone reads is false."""
        return self._literals[side].get(number, self._never)

    def rule(self, head: int | None, body: Iterable[int], *, choice: bool = False) -> int:
        """Adds a rule; without a head a constraint. Returns the head."""
        self.backend.add_rule([] if head is None else [head], list(body), choice=choice)
        return head or 0

    def atom(self, *, free: bool = False) -> int:
        """A new atom."""
        atom = int(self.backend.add_atom())
        if free:
            self.rule(atom, (), choice=True)
        return atom

    def _side(self, index: int, targets: Iterable[int]) -> None:
        side, literals = self.sides[index], dict[int, int]()
        key: tuple[Any, int | None]
        self._literals.append(literals)
        program, inputs = side.program, frozenset(side.program.inputs)
        reached = _cone(program, targets)
        for number in reached:
            if number in program.comparisons:
                key = (_pinned(program.comparisons[number], side.pinned), None)
                literals[number] = self.comparisons.setdefault(key, 0) or self._new_comparison(key)
            elif number in program.rules:
                literals[number] = self.atom()
            elif number not in inputs:
                literals[number] = self._never  # nothing in this shape can make it true
            else:
                atom = program.atoms[number]
                key = (atom, index if atom in side.own else None)
                literals[number] = self.inputs.setdefault(key, 0) or self._new_input(key)
                if atom in side.settled:
                    literal = literals[number]
                    self.rule(None, [-literal if side.settled[atom] else literal])
        for number in reached:
            for rule, _, true, false in program.rules.get(number, ()):
                instance = self.rule(self.atom(), _body(true, false, literals))
                self.rule(literals[number], [instance])
                self.instances[index].setdefault(rule, []).append(instance)
        for true, false in program.constraints:
            if all(number in reached for number in (*true, *false)):
                self.rule(None, _body(true, false, literals))

    def _new_comparison(self, key: Any) -> int:
        self.comparisons[key] = self.atom()
        return self.comparisons[key]

    def _new_input(self, key: Any) -> int:
        self.inputs[key] = self.atom(free=True)
        return self.inputs[key]

    @property
    def law(self) -> Law:
        """The law whose vocabulary describes the case file."""
        return self.sides[0].law

    # -- points -------------------------------------------------------------------------------------------------

    def _comparisons(self) -> None:
        found: dict[Any, list[tuple[Atom, int]]] = {}
        for (comparison, owner), literal in self.comparisons.items():
            for point in dict.fromkeys(leaves(comparison)):
                found.setdefault((point, owner), []).append((comparison, literal))
        self.kinds = {key: self.law.point_kinds[key[0][0]] for key in found}
        self._periods(found)
        for key, read in found.items():
            if self.kinds[key] == "number":
                self._options(key, self._numbers(key[0], read))
        for key, read in found.items():
            if self.kinds[key] in ("country", "language"):
                self._options(key, self._codes(key[0], read, found))
        for key in found:
            if self.kinds[key] in ("date", "time"):
                self._date(key)
        for (comparison, owner), literal in self.comparisons.items():
            self._answered(comparison, owner, literal)

    def _date(self, key: Any) -> None:
        entry = self.law.vocabulary[key[0][0]]
        always = entry.path == "assessed_on" or entry.path.endswith(".filed")
        exists = self.exists[key] = self.atom(free=not always)
        if always:
            self.rule(exists, ())
            return
        self.weights.append((exists, 1) if entry.silence == "no" else (-exists, 3))

    def _options(self, key: Any, values: Sequence[Any]) -> None:
        chosen = self.points[key] = {value: self.atom(free=True) for value in values}
        self.rule(None, [-literal for literal in chosen.values()])
        literals = list(chosen.values())
        for place, literal in enumerate(literals):
            self.weights.append((literal, min(place, 3)))
            for other in literals[:place]:
                self.rule(None, [literal, other])

    def _numbers(self, point: Atom, read: Sequence[tuple[Atom, int]]) -> list[int]:
        low, high = _field(self.law, point).range
        if high - low <= 25:
            return list(range(low, high + 1))
        near = {n + step for comparison, _ in read for n in comparison if isinstance(n, int) for step in (-1, 0, 1)}
        return sorted(n for n in near | {low, high} if low <= n <= high)

    def _codes(self, point: Atom, read: Sequence[tuple[Atom, int]], found: Mapping[Any, Any]) -> list[Any]:
        """Codes that stand for all others in the same classes: two of each sort where codes are compared."""
        kind, members = self.law.point_kinds[point[0]], class_table(self.law)
        alike = [key[0] for key in found if self.kinds[key] == kind]
        atoms = {comparison for key in found if key[0] in alike for comparison, _ in found[key]}
        classes = sorted({comparison[1] for comparison in atoms if comparison[0] == "class"})
        copies = 2 if any(comparison[0] == "same" for comparison, _ in read) else 1
        sorts: dict[Any, list[str]] = {}
        length = len("US") if kind == "country" else 2
        fallback = [code for code in LIKELY if code.isupper() == (kind == "country") and len(code) == length]
        for code in (*fallback, *sorted({code for name in classes for code in members(name)})):
            sorts.setdefault(tuple(members(name).get(code) for name in classes), []).append(code)
        codes: list[Any] = [code for listed in sorts.values() for code in listed[:copies]]
        entry = self.law.vocabulary[point[0]]
        return [None, *codes] if entry.silence == "no" else codes

    def _periods(self, found: Mapping[Any, Sequence[tuple[Atom, int]]]) -> None:
        """Lists of periods: those of the library whose quantities answer some comparison in another way."""
        places: dict[Any, list[Any]] = {}
        for key in found:
            if self.kinds[key] == "periods":
                thing, names = address(self.law.vocabulary[key[0][0]], key[0])
                place = (thing, tuple(name for name in names if name != "lawful"), key[1])
                places.setdefault(place, []).append(key)
        for place, keys in places.items():
            read = list(dict.fromkeys(pair for key in keys for pair in found[key]))
            answers: dict[tuple[bool, ...], lists.Spans] = {}
            for spans in lists.LIBRARY:
                answers.setdefault(tuple(_of_list(self.law, spans, c) for c, _ in read), spans)
            chosen = {spans: self.atom(free=True) for spans in answers.values()}
            other = self.atom(free=True)  # any other list: what it would answer is free
            self.weights += [(literal, len(spans)) for spans, literal in chosen.items()] + [(other, 50)]
            literals = [*chosen.values(), other]
            self.rule(None, [-literal for literal in literals])
            for index, literal in enumerate(literals):
                for earlier in literals[:index]:
                    self.rule(None, [literal, earlier])
            self.listed[place] = (chosen, other)
            for number, (_, literal) in enumerate(read):
                for answer, spans in answers.items():
                    if answer[number]:
                        self.rule(literal, [chosen[spans]])
                free = self.rule(self.atom(), [other], choice=True)
                self.rule(literal, [free])

    def _answered(self, comparison: Atom, owner: int | None, literal: int) -> None:
        kind = comparison[0]
        points = [(point, owner) for point in dict.fromkeys(leaves(comparison))]
        if any(self.kinds[key] == "periods" for key in points):
            return
        if kind == "happened":
            key = points[0]
            if key in self.exists:
                self.rule(literal, [self.exists[key]])
            else:
                for value, chosen in self.points[key].items():
                    if value is not None:
                        self.rule(literal, [chosen])
        elif kind == "date":
            self.rule(literal, (), choice=True)
            for key in points:
                if key in self.exists:
                    self.rule(None, [literal, -self.exists[key]])
        elif kind in ("class", "same", "number") and all(key in self.points for key in points):
            self._by_value(comparison, points, literal)
        else:
            self.rule(literal, (), choice=True)  # answered only when a case is confirmed
            self.loose.append(literal)

    def _by_value(self, comparison: Atom, points: Sequence[Any], literal: int) -> None:
        """The comparison is true for those values of its points for which the calendar says so."""
        chosen: list[tuple[dict[Any, Any], list[int]]] = [({}, [])]
        for key in points:
            chosen = [
                ({**values, key[0]: value}, [*body, atom])
                for values, body in chosen
                for value, atom in self.points[key].items()
            ]
        for values, body in chosen:
            if None not in values.values():
                calendar = Calendar(partial(_get, values), class_table(self.law))
                if calendar.answer(comparison):
                    self.rule(literal, body)

    # -- places -------------------------------------------------------------------------------------------------

    def _places(self) -> None:
        """One value at each place, things that must be there for what is said of them, and what a case costs."""
        places: dict[Any, list[tuple[Atom, int]]] = {}
        for (atom, owner), literal in self.inputs.items():
            places.setdefault((*address(self.law.vocabulary[atom[0]], atom), owner), []).append((atom, literal))
        present = {place[0]: listed for place, listed in places.items() if not place[1] and place[0][0] == "unions"}
        for (thing, names, _), listed in places.items():
            entry = self.law.vocabulary[listed[0][0][0]]
            if names and not _field(self.law, listed[0][0]).repeated and _wanting(entry):
                self._one_value(entry, listed)
            for _, literal in listed:
                self.weights.append((-literal, 1) if entry.silence == "yes" else (literal, 2 if not names else 1))
                if thing[0] == "unions" and names:
                    self._needs_union(literal, thing, present)
            if entry.silence == "default":
                self._reading(listed)
        for key, exists in self.exists.items():
            thing, _ = address(self.law.vocabulary[key[0][0]], key[0])
            if thing[0] == "unions":
                self._needs_union(exists, thing, present)
        self._filed()

    def _one_value(self, entry: Any, listed: Sequence[tuple[Atom, int]]) -> None:
        literals = [literal for _, literal in listed]
        for index, literal in enumerate(literals):
            for other in literals[:index]:
                self.rule(None, [literal, other])
        values = self.law.choices.get(star(entry.path, listed[0][0]), ())
        if "none" in values and len(values) == len(literals):
            self.rule(None, [-literal for literal in literals])  # "none" is one of the values, so there always is one

    def _reading(self, listed: Sequence[tuple[Atom, int]]) -> None:
        """A question that the law leaves open is answered as usual, unless a side answers it otherwise."""
        defaults = {(str(q), str(a)) for q, a in self.law.table("default_reading")}
        told = [atom for side in self.sides for atom in side.settled]
        usual = {str(question) for question, _ in defaults} & {str(atom[1]) for atom, _ in listed}
        if self.readings_free or not usual:
            self.rule(None, [-literal for _, literal in listed])  # without a usual answer one has to be given
        elif not any(atom in told for atom, _ in listed):
            for atom, literal in listed:
                self.rule(None, [-literal if (str(atom[1]), str(atom[2])) in defaults else literal])

    def _needs_union(self, literal: int, thing: Thing, present: Mapping[Thing, Sequence[tuple[Atom, int]]]) -> None:
        """What is said of a union needs that union, or any of the pair."""
        _, one, other, kind = thing
        there = [
            listed[0][1]
            for union, listed in present.items()
            if {union[1], union[2]} == {one, other} and kind in ("any", union[3])
        ]
        self.rule(None, [literal, *(-each for each in there)])

    def _filed(self) -> None:
        """An application that is not filed is looked at as if it were, on the day of the assessment."""
        for (atom, owner), literal in self.inputs.items():
            thing, names = address(self.law.vocabulary[atom[0]], atom)
            if thing[0] == "applications" and not names:
                self.unfiled[thing[1], owner] = literal

    # -- asking -------------------------------------------------------------------------------------------------

    def find(self, assumptions: Sequence[int], *, simplest: bool = True) -> Values | None:
        """A possible case in which all assumptions hold, on request the simplest, or None."""
        self.control.configuration.solve.opt_mode = "opt" if simplest else "ignore"  # type: ignore[union-attr]
        best: Values | None = None
        with self.control.solve(assumptions=list(assumptions), yield_=True) as handle:
            for model in handle:
                best = self._values(model)  # each model is better than the one before
                if not simplest:
                    break
        return best

    def holding(self, assumptions: Sequence[int], asked: Iterable[int]) -> frozenset[int] | None:
        """Which of the literals asked for hold in some possible case that fits the assumptions; None without one."""
        self.control.configuration.solve.opt_mode = "ignore"  # type: ignore[union-attr]
        with self.control.solve(assumptions=list(assumptions), yield_=True) as handle:
            model = handle.model()
            return None if model is None else frozenset(literal for literal in asked if model.is_true(literal))

    def exclude(self, values: Values) -> None:
        """Leaves out the cases that answer everything as this one, which turned out not to be possible."""
        self.complete = False
        body = [literal if values.truth[key] else -literal for key, literal in self.inputs.items()]
        body += [literal if literal in values.true else -literal for literal in self.comparisons.values()]
        self.add((None, body))

    def add(self, *rules: tuple[int | None, Sequence[int]]) -> None:
        """Adds rules after the program was built."""
        with self.control.backend() as self.backend:
            for head, body in rules:
                self.rule(head, body)

    def choose(self, atoms: Sequence[int]) -> None:
        """Makes exactly one of some new atoms true."""
        with self.control.backend() as self.backend:
            for index, atom in enumerate(atoms):
                self.rule(atom, (), choice=True)
                for other in atoms[:index]:
                    self.rule(None, [atom, other])
            self.rule(None, [-atom for atom in atoms])

    def new(self) -> int:
        """A new atom after the program was built."""
        with self.control.backend() as self.backend:
            return self.atom()

    def _values(self, model: clingo.Model) -> Values:
        truth = {key: model.is_true(literal) for key, literal in self.inputs.items()}
        points: dict[Any, Any] = {}
        for key, chosen in self.points.items():
            points[key] = next(value for value, literal in chosen.items() if model.is_true(literal))
        days = self.theory.days(model.is_true)
        for key, exists in self.exists.items():
            points[key] = days.get(key) if model.is_true(exists) else None
        for (thing, names, owner), (chosen, other) in self.listed.items():
            spans = next((spans for spans, literal in chosen.items() if model.is_true(literal)), None)
            points[thing, names, owner] = None if model.is_true(other) else spans
        true = frozenset(literal for literal in self.comparisons.values() if model.is_true(literal))
        return Values(truth, points, true)


def _body(true: Iterable[int], false: Iterable[int], literals: Mapping[int, int]) -> list[int]:
    return [*(literals[number] for number in true), *(-literals[number] for number in false)]


def _cone(program: GroundProgram, targets: Iterable[int]) -> set[int]:
    """Everything that the targets can depend on, through rules and through what is possible."""
    seen: set[int] = set()
    stack = list(targets)
    while True:
        while stack:
            current = stack.pop()
            if current not in seen:
                seen.add(current)
                for _, _, true, false in program.rules.get(current, ()):
                    stack += (*true, *false)
        for true, false in program.constraints:
            body = {*true, *false}
            if body & seen and not body <= seen:
                stack += body - seen
        if not stack:
            return seen


def _pinned(term: Any, pinned: Mapping[Atom, date]) -> Any:
    if isinstance(term, tuple):
        if term in pinned:
            return pinned[term].isoformat()
        return tuple(_pinned(part, pinned) for part in term)
    return term


def _wanting(entry: Any) -> bool:
    """Whether the input asks which of several values stands at its place."""
    return entry.enumerated or any("{" + name + "}" not in entry.path for name in entry.arguments)


def _field(law: Law, atom: Atom) -> FieldKind:
    thing, names = address(law.vocabulary[atom[0]], atom)
    return field_at(str(thing[0]), names)


def _of_list(law: Law, spans: lists.Spans, comparison: Atom) -> bool:
    """What a comparison answers on a list of periods, whichever day they are counted back from."""

    def lookup(point: Any) -> Any:
        if law.point_kinds[point[0]] != "periods":
            return lists.END
        lawful = law.vocabulary[point[0]].path.endswith(".lawful")
        value = lists.periods(spans, lawful=lawful)
        return value if isinstance(value, Periods) else OpenPeriods()

    return Calendar(lookup, class_table(law)).answer(comparison) is True


class _Theory:
    """Refuses answers to comparisons that no days can give together."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.dates = [
            (comparison, owner, literal)
            for (comparison, owner), literal in space.comparisons.items()
            if comparison[0] == "date"
        ]
        self.births = frozenset(key for key in space.exists if space.law.vocabulary[key[0][0]].path.endswith(".born"))
        self._solver: dict[int, int] = {}
        self.orders = list(self._orders())

    def init(self, init: PropagateInit) -> None:
        """Called by clingo before it searches."""
        init.check_mode = PropagatorCheckMode.Total
        space = self.space
        used = [literal for _, _, literal in self.dates]
        used += [*space.exists.values(), *space.unfiled.values(), *space.inputs.values()]
        used += [literal for chosen in space.points.values() for literal in chosen.values()]
        self._solver = {literal: init.solver_literal(literal) for literal in used}

    def check(self, control: PropagateControl) -> None:
        """Called by clingo with a candidate."""
        assignment = control.assignment

        def holds(literal: int) -> bool:
            return bool(assignment.is_true(self._solver[literal]))

        found = settle(list(self.space.exists), self._bounds(holds), {})
        if isinstance(found, Conflict):
            if not found.certain:
                self.space.complete = False
            nogood = [self._solver[abs(n)] * (1 if n > 0 else -1) for n in found.literals]
            control.add_nogood(nogood)

    def days(self, holds: Any) -> dict[Any, date]:
        """Days for a candidate that was accepted, as people would write them."""
        there = [key for key, exists in self.space.exists.items() if holds(exists)]
        bounds = [each for each in self._bounds(holds) if all(self._is_there(end, there) for end in each[:2])]
        return readable(there, bounds, self.births)

    @staticmethod
    def _is_there(end: Any, there: Sequence[Any]) -> bool:
        return isinstance(end, str) or end in there

    def _bounds(self, holds: Any) -> list[Bound]:
        space, bounds = self.space, list[Bound]()
        numbers: dict[Any, int] = {}
        reasons: dict[Any, int] = {}
        for key, chosen in space.points.items():
            if space.kinds[key] == "number":
                numbers[key], reasons[key] = next((v, n) for v, n in chosen.items() if holds(n))
        for comparison, owner, literal in self.dates:
            points = [(point, owner) for point in dict.fromkeys(leaves(comparison))]
            read = [key for key in points if key in space.exists]
            if all(holds(space.exists[key]) for key in read):
                true = holds(literal)
                known = {key[0]: numbers[key] for key in points if key in numbers}
                because = [literal if true else -literal, *(space.exists[key] for key in read)]
                because += [reasons[key] for key in points if key in numbers]
                made = bound(comparison, true, known, tuple(because))
                bounds.append(made._replace(source=_owned(made.source, owner), target=_owned(made.target, owner)))
        for before, after, why in self.orders:
            if all(holds(literal) for literal in why):
                both = before in self.births and after in self.births
                bounds.append(Bound(before, after, _next_day if both else _same_day, why))
        for (person, owner), filed in space.unfiled.items():
            if not holds(filed):
                bounds += self._as_assessed(person, owner, -filed)
        return bounds

    def _as_assessed(self, person: str, owner: int | None, why: int) -> Iterable[Bound]:
        paths = {space_key: self.space.law.vocabulary[space_key[0][0]].path for space_key in self.space.exists}
        assessed = next((key for key, path in paths.items() if path == "assessed_on"), None)
        for key, path in paths.items():
            if path.endswith(".filed") and key[0][1] == person and assessed is not None:
                yield Bound(key, assessed, _same_day, (why,))
                yield Bound(assessed, key, _same_day, (why,))

    def _orders(self) -> Iterable[tuple[Any, Any, tuple[int, ...]]]:
        """The order that the dates of a case file must have, whoever it is about."""
        space = self.space
        by_place: dict[Any, Any] = {}
        for key in space.exists:
            thing, names = address(space.law.vocabulary[key[0][0]], key[0])
            by_place[thing, names] = key
        for (thing, names), key in by_place.items():
            for chain in CHAINS.get(str(thing[0]), ()):
                if names in chain:
                    for earlier in chain[: chain.index(names)]:
                        if (before := by_place.get((thing, earlier))) is not None:
                            yield before, key, (space.exists[before], space.exists[key])
        for (thing, names), key in by_place.items():
            for person in _acting(thing, names):
                if (born := by_place.get((("persons", person), ("born",)))) is not None:
                    yield born, key, (space.exists[born], space.exists[key])
        parents = [(atom, n) for (atom, _), n in space.inputs.items() if _names(space.law, atom) == ("parents",)]
        for atom, literal in parents:
            older, younger = (by_place.get((("persons", person), ("born",))) for person in atom[1:3])
            if older is not None and younger is not None:
                yield older, younger, (literal, space.exists[older], space.exists[younger])
        for (thing, names), key in by_place.items():
            before = by_place.get(((*thing[:-1], thing[-1] - 1), names)) if thing[0] == "extensions" else None
            if before is not None:
                yield before, key, (space.exists[before], space.exists[key])


def _acting(thing: Thing, names: tuple[str, ...]) -> tuple[str, ...]:
    """Who must have been born when something was done."""
    if thing[0] == "applications" and names == ("filed",):
        return (thing[1],)
    return thing[1:3] if thing[0] == "unions" and names in (("concluded",), ("known_since",)) else ()


def _names(law: Law, atom: Atom) -> tuple[str, ...]:
    return address(law.vocabulary[atom[0]], atom)[1]


def _owned(end: Any, owner: int | None) -> Any:
    return end if isinstance(end, str) else (end, owner)


def _same_day(day: date) -> date:
    return day


def _get(values: Mapping[Any, Any], key: Any) -> Any:
    return values[key]


def _next_day(day: date) -> date:
    return day + timedelta(1)
