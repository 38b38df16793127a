"""All possible cases of a shape, as one answer-set program to be searched.

Inputs are free. What stands at one place of a case file has one value, a point has one value, and the constraints of
``encodings/possible.lp`` hold. Comparisons of dates are answered by a propagator with exact calendar arithmetic
(:mod:`reasoner.quality.timing`); those of countries, languages and numbers by the values that make a difference.
Several *sides* (two versions of the law, two days, a case and its neighbour) can stand in one program: they share
what is not theirs alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, partial
from itertools import combinations
from operator import or_
from typing import Any, NamedTuple

import clingo

from reasoner.case_model import Place as FieldKind
from reasoner.case_model import field_at
from reasoner.dates import Atom, Calendar, codes_of
from reasoner.facts import Thing, address, class_table
from reasoner.ground import GroundProgram
from reasoner.program import Entry, Law, star
from reasoner.quality import lists
from reasoner.quality.theory import Theory
from reasoner.terms import leaves

_LISTED = ("unions", "documents")  # things that a file lists or does not
EFFORT = "200"  # conflicts in which a simpler case is looked for once there is one
LIKELY = ("US", "JP", "BR", "IN", "ja", "hi", "pt")  # codes to use for "in none of the classes"


class Side(NamedTuple):
    """One reading of the case: a ground program, points that have a value of their own, and inputs that are settled.

    ``own`` are the inputs that this side does not share with the others, ``same`` the conclusions that are those of the
    first side.
    """

    law: Law
    program: GroundProgram
    pinned: Mapping[Atom, date] = {}
    settled: Mapping[Atom, bool] = {}
    own: frozenset[Atom] = frozenset()
    same: frozenset[int] = frozenset()


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
        self.listed: dict[Any, tuple[dict[lists.Listed, int], int]] = {}
        self.unfiled: dict[Any, int] = {}
        with self.control.backend() as backend:
            self.backend = backend
            self.never: int = backend.add_atom()
            self.instances: list[dict[int, list[int]]] = [{} for _ in self.sides]
            for index, targets in enumerate(self.targets):
                self._side(index, targets)
            self._comparisons()
            self._places()
            backend.add_minimize(0, self.weights)
        self.theory = Theory(self)
        self.control.register_propagator(self.theory)

    # -- building -----------------------------------------------------------------------------------------------

    def literal(self, side: int, number: int) -> int:
        """The literal of an atom of a side; an atom that no rule of the cone reads is false."""
        return self._literals[side].get(number, self.never)

    def comparison(self, side: int, comparison: Atom) -> int | None:
        """The literal of a comparison as a side reads it, or None where nothing asks for it."""
        return self.comparisons.get((_pinned(comparison, self.sides[side].pinned), None))

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
        while unions := self._unions_of(program, reached) - reached:
            reached |= _cone(program, unions)
        shared = {number for number in reached & side.same if number in self._literals[0]} if index else set()
        for number in reached:
            if number in shared:
                literals[number] = self._literals[0][number]
            elif number in program.comparisons:
                key = (_pinned(program.comparisons[number], side.pinned), None)
                literals[number] = self.comparisons.setdefault(key, 0) or self._new_comparison(key)
            elif number in program.rules:
                literals[number] = self.atom()
            elif number not in inputs:
                literals[number] = self.never  # nothing in this shape can make it true
            else:
                atom = program.atoms[number]
                key = (atom, index if atom in side.own else None)
                literals[number] = self.inputs.setdefault(key, 0) or self._new_input(key)
                if atom in side.settled:
                    literal = literals[number]
                    self.rule(None, [-literal if side.settled[atom] else literal])
        for number in reached - shared:
            for rule, _, true, false in program.rules.get(number, ()):
                instance = self.rule(self.atom(), _body(true, false, literals))
                self.rule(literals[number], [instance])
                self.instances[index].setdefault(rule, []).append(instance)
        for true, false in program.constraints:
            if all(number in reached for number in (*true, *false)):
                self.rule(None, _body(true, false, literals))

    def _unions_of(self, program: GroundProgram, reached: Iterable[int]) -> set[int]:
        """The inputs by which those unions are there of which something is said."""

        def unions(number: int) -> Iterator[tuple[frozenset[Any], Any, tuple[str, ...]]]:
            compared = program.comparisons.get(number)
            read: Iterable[Any] = leaves(compared) if compared else (program.atoms[number],)
            for atom in read:
                if entry := self.vocabulary.get(atom[0]):
                    thing, names = address(entry, atom)
                    if thing[0] == "unions":
                        yield frozenset(thing[1:3]), thing[3], names

        said = {(pair, kind) for number in reached for pair, kind, _ in unions(number)}
        return {
            number
            for number in program.inputs
            for pair, kind, names in unions(number)
            if not names and not said.isdisjoint({(pair, kind), (pair, "any")})
        }

    def _new_comparison(self, key: Any) -> int:
        self.comparisons[key] = self.atom()
        return self.comparisons[key]

    def _new_input(self, key: Any) -> int:
        self.inputs[key] = self.atom(free=True)
        return self.inputs[key]

    @cached_property
    def vocabulary(self) -> dict[str, Entry]:
        """The inputs and points of all sides by name."""
        return {name: entry for side in reversed(self.sides) for name, entry in side.law.vocabulary.items()}

    @cached_property
    def point_kinds(self) -> dict[str, str]:
        """The points of all sides with the kinds of their values."""
        return {name: kind for side in reversed(self.sides) for name, kind in side.law.point_kinds.items()}

    @property
    def law(self) -> Law:
        """The law whose tables are used."""
        return self.sides[0].law

    # -- points -------------------------------------------------------------------------------------------------

    def _comparisons(self) -> None:
        found: dict[Any, list[tuple[Atom, int]]] = {}
        for (comparison, owner), literal in self.comparisons.items():
            for point in dict.fromkeys(leaves(comparison)):
                found.setdefault((point, owner), []).append((comparison, literal))
        self.kinds = {key: self.point_kinds[key[0][0]] for key in found}
        for key, read in found.items():
            if self.kinds[key] == "number":
                self._options(key, self._numbers(key[0], read))
        for key, read in found.items():
            if self.kinds[key] in ("country", "language"):
                self._options(key, self._codes(key[0], read, found))
        for key in found:
            if self.kinds[key] in ("date", "time"):
                self._date(key)
        self._periods(found)
        for (comparison, owner), literal in list(self.comparisons.items()):
            self._answered(comparison, owner, literal)

    def _date(self, key: Any) -> None:
        entry = self.vocabulary[key[0][0]]
        always = entry.path == "assessed_on" or entry.path.endswith((".filed", ".born"))
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
        low, high = _field(self.vocabulary[point[0]], point).range
        if high - low <= 25:
            return list(range(low, high + 1))
        near = {n + step for comparison, _ in read for n in comparison if isinstance(n, int) for step in (-1, 0, 1)}
        return sorted(n for n in near | {low, high} if low <= n <= high)

    def _codes(self, point: Atom, read: Sequence[tuple[Atom, int]], found: Mapping[Any, Any]) -> list[Any]:
        """Codes that stand for all others in the same classes: two of each sort where codes are compared."""
        kind, members = self.point_kinds[point[0]], class_table(self.law)
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
        entry = self.vocabulary[point[0]]
        if _field(entry, point).repeated:
            codes += _pairs(sorts)
        thing, _ = address(entry, point)
        return [None, *codes] if entry.silence == "no" or thing[0] in _LISTED else codes

    def _periods(self, found: Mapping[Any, Sequence[tuple[Atom, int]]]) -> None:
        """Lists of periods: those of the library whose quantities answer some comparison in another way, counted back
        from each of the days that comparisons count from."""
        places: dict[Any, list[Any]] = {}
        for key in found:
            if self.kinds[key] == "periods":
                thing, names = address(self.vocabulary[key[0][0]], key[0])
                place = (thing, tuple(name for name in names if name != "lawful"), key[1])
                places.setdefault(place, []).append(key)
        for place, keys in places.items():
            by_end: dict[Any, dict[Atom, int]] = {}
            for comparison, literal in dict.fromkeys(pair for key in keys for pair in found[key]):
                by_end.setdefault(self._end(comparison, place[-1]), {})[comparison] = literal
            nothing, other = self.atom(free=True), self.atom(free=True)  # other: what it would answer is free
            chosen: dict[lists.Listed, int] = {lists.Listed((), None): nothing}
            for end, read in by_end.items():
                here = self._counted(read, chosen, end)
                for elsewhere, others in by_end.items():
                    for literal in others.values() if elsewhere != end else ():
                        self._perhaps(literal, here)
                for literal in read.values():
                    self._perhaps(literal, other)
            self.weights += [(literal, len(listed.spans)) for listed, literal in chosen.items()] + [(other, 50)]
            literals = [*chosen.values(), other]
            self.rule(None, [-literal for literal in literals])
            for index, literal in enumerate(literals):
                for earlier in literals[:index]:
                    self.rule(None, [literal, earlier])
            self.listed[place] = (chosen, other)

    def _end(self, comparison: Atom, owner: int | None) -> Any:
        """The day from which a comparison counts a list back, if that is one of the case."""
        return next(((point, owner) for point in leaves(comparison) if (point, owner) in self.exists), None)

    def _counted(self, read: Mapping[Atom, int], chosen: dict[lists.Listed, int], end: Any) -> int:
        """Adds to the lists that can be ``chosen`` those counted back from a day; returns that one of them is."""
        answers: dict[tuple[bool, ...], lists.Spans] = {}
        for spans in lists.LIBRARY:
            answers.setdefault(tuple(self._of_list(spans, comparison) for comparison in read), spans)
        here = self.atom()
        for answer, spans in answers.items():
            if spans:
                literal = chosen[lists.Listed(spans, end)] = self.atom(free=True)
                self.rule(here, [literal])
                for asked, true in zip(read.values(), answer, strict=True):
                    if true:
                        self.rule(asked, [literal])
        if end is not None:
            self.rule(None, [here, -self.exists[end]])
        return here

    def _perhaps(self, literal: int, when: int) -> None:
        """A literal can be true where another one is."""
        self.rule(literal, [self.rule(self.atom(), [when], choice=True)])

    def _of_list(self, spans: lists.Spans, comparison: Atom) -> bool:
        """What a comparison answers on a list of periods, whichever day they are counted back from."""

        def lookup(point: Any) -> Any:
            if self.point_kinds[point[0]] != "periods":
                return lists.END
            return lists.periods(spans, lawful=self.vocabulary[point[0]].path.endswith(".lawful"))

        return Calendar(lookup, class_table(self.law)).answer(comparison) is True

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
        elif kind == "class" and any(key in self.exists for key in points):
            self._members(comparison, owner, literal)
        elif kind in ("class", "same", "number") and all(key in self.points for key in points):
            self._by_value(comparison, points, literal)
        else:
            self.rule(literal, (), choice=True)  # answered only when a case is confirmed

    def _members(self, comparison: Atom, owner: int | None, literal: int) -> None:
        """A code is in a class on the days between those of its membership."""
        _, name, point, day = comparison
        members = class_table(self.law)(name)
        for value, chosen in self.points[point, owner].items():
            for first, last in (members[code] for code in codes_of(value) if code in members):
                body = [chosen, self.exists[day, owner]]
                if first is not None:
                    body.append(self._asked(("date", first.isoformat(), "<=", day), owner))
                if last is not None:
                    body.append(self._asked(("date", day, "<=", last.isoformat()), owner))
                self.rule(literal, body)

    def _asked(self, comparison: Atom, owner: int | None) -> int:
        """The literal of a comparison of dates, which need be none of the law's."""
        key = (comparison, owner)
        if key not in self.comparisons:
            self._answered(comparison, owner, self._new_comparison(key))
        return self.comparisons[key]

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
        self._questions()
        places: dict[Any, list[tuple[Atom, int]]] = {}
        for (atom, owner), literal in self.inputs.items():
            places.setdefault((*address(self.vocabulary[atom[0]], atom), owner), []).append((atom, literal))
        present = {place[0]: listed for place, listed in places.items() if not place[1] and place[0][0] == "unions"}
        for (thing, names, _), listed in places.items():
            entry = self.vocabulary[listed[0][0][0]]
            if names and not _field(entry, listed[0][0]).repeated and _wanting(entry):
                self._one_value(entry, listed)
            for _, literal in listed:
                self.weights.append((-literal, 1) if entry.silence == "yes" else (literal, 2 if not names else 1))
                if thing[0] == "unions" and names:
                    self._needs_union(literal, thing, present)
            if entry.silence == "default":
                self._reading(listed)
        for key, exists in self.exists.items():
            thing, _ = address(self.vocabulary[key[0][0]], key[0])
            if thing[0] == "unions":
                self._needs_union(exists, thing, present)
        self._listed_things(places, present)
        self._filed()

    def _questions(self) -> None:
        """A question has all its answers, those too that no rule here reads."""
        options = dict.fromkeys(option for side in self.sides for option in side.law.table("reading_option"))
        for atom, owner in list(self.inputs):
            if self.vocabulary[atom[0]].silence == "default":
                for question, answer in options:
                    if question == atom[1] and (key := ((atom[0], question, answer), owner)) not in self.inputs:
                        self._new_input(key)

    def _one_value(self, entry: Entry, listed: Sequence[tuple[Atom, int]]) -> None:
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
        self.rule(None, [literal, *(-union for union in self._unions(thing, present))])

    def _listed_things(self, places: Mapping[Any, Sequence[tuple[Atom, int]]], present: Mapping[Thing, Any]) -> None:
        """A code stands at a union or paper that the file lists, and at no other."""
        said: dict[Thing, list[int]] = {}
        for (thing, _, _), listed in places.items():
            said.setdefault(thing, []).extend(literal for _, literal in listed)
        for key, exists in self.exists.items():
            said.setdefault(address(self.vocabulary[key[0][0]], key[0])[0], []).append(exists)
        for key, chosen in self.points.items():
            thing, _ = address(self.vocabulary[key[0][0]], key[0])
            if thing[0] not in _LISTED:
                continue
            if thing[0] == "unions":
                self._needs_union(-chosen[None], thing, present)
                for union in self._unions(thing, present):
                    self.rule(None, [chosen[None], union])
            for literal in said.get(thing, ()):
                self.rule(None, [chosen[None], literal])
        for (thing, _, _), (periods, other) in self.listed.items():
            if thing[0] == "unions":
                for period, literal in periods.items():
                    if period.spans:
                        self._needs_union(literal, thing, present)
                self._needs_union(other, thing, present)

    def _unions(self, thing: Thing, present: Mapping[Thing, Sequence[tuple[Atom, int]]]) -> list[int]:
        """The inputs by which a union, or any of its pair, is there."""
        _, one, other, kind = thing
        return [
            listed[0][1]
            for union, listed in present.items()
            if {union[1], union[2]} == {one, other} and kind in ("any", union[3])
        ]

    def _filed(self) -> None:
        """An application that is not filed is looked at as if it were, on the day of the assessment."""
        for (atom, owner), literal in self.inputs.items():
            thing, names = address(self.vocabulary[atom[0]], atom)
            if thing[0] == "applications" and not names:
                self.unfiled[thing[1], owner] = literal

    # -- asking -------------------------------------------------------------------------------------------------

    def find(self, assumptions: Sequence[int], *, simplest: bool = True) -> Values | None:
        """A possible case in which all assumptions hold, on request the simplest that little effort finds, or None."""
        held = self._best(assumptions, simplest=simplest)
        return None if held is None else self._values(held)

    def holding(self, assumptions: Sequence[int], asked: Iterable[int]) -> frozenset[int] | None:
        """Which of the literals asked for hold in some possible case that fits the assumptions; None without one."""
        wanted = list(asked)
        return self._best(assumptions, simplest=False, asked=wanted)

    def _best(
        self, assumptions: Sequence[int], *, simplest: bool, asked: Iterable[int] | None = None
    ) -> frozenset[int] | None:
        """The literals of the last model found, each being simpler than the one before; None without a model.

        Lists of periods come from the library. When only another list would do, nothing is found, nor excluded.
        """
        unknown = [other for _, other in self.listed.values()]
        held = self._solved([*assumptions, *(-other for other in unknown)], simplest, asked)
        if held is None and unknown and self._solved(assumptions, False, ()) is not None:
            self.complete = False
        return held

    def _solved(self, assumptions: Sequence[int], simplest: bool, asked: Iterable[int] | None) -> frozenset[int] | None:
        literals, held = self.theory.used if asked is None else list(asked), None
        # Once there is a case, simpler ones are looked for with a limit that is the same on every machine.
        for limit in ("umax", EFFORT) if simplest else ("umax",):
            solving: Any = self.control.configuration.solve
            solving.opt_mode, solving.solve_limit = "ignore" if limit == "umax" else "opt", limit
            with self.control.solve(assumptions=list(assumptions), yield_=True, async_=True) as handle:
                while handle.wait() and (model := handle.model()) is not None:
                    held = frozenset(literal for literal in literals if model.is_true(literal))
                    if limit == "umax":
                        break
                    handle.resume()
                handle.cancel()
            if held is None:
                break
        return held

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

    def either(self, ways: Iterable[Sequence[int]]) -> int:
        """A new atom that is true in the cases in which all literals of one of the ways are."""
        goal = self.new()
        self.add(*((goal, list(way)) for way in ways))
        return goal

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

    def _values(self, held: frozenset[int]) -> Values:
        truth = {key: literal in held for key, literal in self.inputs.items()}
        points: dict[Any, Any] = {}
        for key, chosen in self.points.items():
            points[key] = next(value for value, literal in chosen.items() if literal in held)
        days = self.theory.days(held.__contains__)
        for key, exists in self.exists.items():
            points[key] = days.get(key) if exists in held else None
        for (thing, names, owner), (chosen, other) in self.listed.items():
            listed = next((listed for listed, literal in chosen.items() if literal in held), None)
            points[thing, names, owner] = None if other in held else listed
        true = held & frozenset(self.comparisons.values())
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


def _pairs(sorts: Mapping[Any, Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Codes that together are in classes in which none of the codes of some sorts is alone."""
    kinds: dict[tuple[bool, ...], str] = {}
    for belonging, codes in sorts.items():
        kinds.setdefault(tuple(bounds is not None for bounds in belonging), codes[0])
    known = set(kinds)
    for (one, first), (two, second) in combinations(kinds.items(), 2):
        together = tuple(map(or_, one, two))
        if together not in known:
            known.add(together)
            yield first, second


def _wanting(entry: Entry) -> bool:
    """Whether the input asks which of several values stands at its place."""
    return entry.enumerated or any("{" + name + "}" not in entry.path for name in entry.arguments)


def _field(entry: Entry, atom: Atom) -> FieldKind:
    thing, names = address(entry, atom)
    return field_at(str(thing[0]), names)


def _get(values: Mapping[Any, Any], key: Any) -> Any:
    return values[key]
