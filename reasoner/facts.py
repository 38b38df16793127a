"""From a case file to the truth of each input of a ground program; the only place where atoms are built.

The vocabulary says for each input where a case file speaks of it and what silence means. Nothing here knows any
input by name: a path leads to a thing (a person, a union, an application, a paper) and to one of its fields, and what
stands there is compared with the argument that the path does not name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, cached_property
from typing import Any, NamedTuple

from reasoner.case import CaseFile
from reasoner.case_dates import NEVER, Day
from reasoner.case_model import Application, Union
from reasoner.cast import Cast, Path, documents_of
from reasoner.dates import NONE, Calendar, Open, OpenCode, OpenPeriods, Periods, Table, Term, Value
from reasoner.ground import Atom, GroundProgram
from reasoner.program import Entry, Law
from reasoner.terms import leaves

EARLIEST, LATEST = date(1900, 1, 1), date(2200, 12, 31)
HIGHEST = 200  # of an unknown whole number
UNKNOWN_DATE = Open(EARLIEST, LATEST)
NO_APPLICATION = Application.model_construct(documents=())  # not validated: that would build the validator at import
UNKNOWN: dict[str, Value] = {
    "number": Open(0, HIGHEST),
    "country": OpenCode(),
    "language": OpenCode(),
    "periods": OpenPeriods(),
}
_NEAR = 4  # a case is read as it differs from the last if at most one in so many points does
_THING = {"persons": 2, "applications": 2, "unions": 4, "documents": 4}

Thing = tuple[Any, ...]
"""What has fields, by canonical names: ("persons", "p1"), ("documents", "p2", type, slot), ("extensions", "p2", 1),
..."""


def address(entry: Entry, atom: Atom) -> tuple[Thing, tuple[str, ...]]:
    """The thing that an input or point is about, and the field of it that says so."""
    known = _ADDRESSES.get((entry.path, atom))
    if known is None:
        known = _ADDRESSES[entry.path, atom] = _address(entry, atom)
    return known


_ADDRESSES: dict[tuple[str, Atom], tuple[Thing, tuple[str, ...]]] = {}


def _address(entry: Entry, atom: Atom) -> tuple[Thing, tuple[str, ...]]:
    binding = dict(zip(["{" + name + "}" for name in entry.arguments], atom[1:], strict=True))
    parts: list[Any] = [binding.get(part, part) for part in entry.path.split(".")]
    if parts[2:4] == ["procedure", "extensions"]:
        return ("extensions", parts[1], parts[4]), tuple(parts[5:])
    size = _THING.get(parts[0], 0)
    return (tuple(parts[:size]) or ("case",)), tuple(parts[size:])


class Field(NamedTuple):
    """One field of a thing, with the inputs it decides: each an atom and the value that makes it true (None: being
    so), and all of them when nothing is known."""

    names: tuple[str, ...]
    silence: str
    inputs: tuple[tuple[int, Any], ...]
    unknown: dict[int, bool | None]


class Plan:
    """What to read for the inputs of one ground program, worked out once for all its cases.

    ``last`` are the values of the ``points`` in the case that was read last, and the answers of all comparisons there.
    """

    def __init__(self, program: GroundProgram, law: Law) -> None:
        fields: dict[Thing, dict[tuple[tuple[str, ...], str], list[tuple[int, Any]]]] = {}
        for number in program.inputs:
            atom = program.atoms[number]
            entry = law.vocabulary[atom[0]]
            thing, names = address(entry, atom)
            fields.setdefault(thing, {}).setdefault((names, entry.silence), []).append((number, _wanted(entry, atom)))
        self.fields = {
            thing: tuple(
                Field(names, silence, tuple(inputs), dict.fromkeys(number for number, _ in inputs))
                for (names, silence), inputs in listed.items()
            )
            for thing, listed in fields.items()
        }
        self.papers: dict[str, list[tuple[Thing, tuple[Field, ...]]]] = {}  # of each person
        for thing, listed in self.fields.items():
            if thing[0] == "documents":
                self.papers.setdefault(thing[1], []).append((thing, listed))
        self.nothing: dict[int, bool | None] = dict.fromkeys(program.inputs, False)
        self.orders = {n: atom[1:] for n, atom in program.comparisons.items() if atom[0] == "date"}
        self.others = {n: atom for n, atom in program.comparisons.items() if atom[0] != "date"}
        self.reading: dict[Term, list[int]] = {}  # of each point the comparisons
        for number, atom in program.comparisons.items():
            for point in dict.fromkeys(leaves(atom)):
                self.reading.setdefault(point, []).append(number)
        self.points = tuple(self.reading)
        self.last: tuple[list[Value], dict[int, bool | None]] | None = None


def _wanted(entry: Entry, atom: Atom) -> Any:
    """The argument that the path does not name: the value that makes the input true."""
    if entry.enumerated:
        return atom[-1]
    for name, argument in zip(entry.arguments, atom[1:], strict=True):
        if "{" + name + "}" not in entry.path:
            return argument
    return None


@dataclass(eq=False, repr=False)
class Reader:
    """Reads one case, cast in one way: things, fields and points.

    ``readings`` answers open questions; with ``silence`` off, nothing is taken from silence.
    """

    file: CaseFile
    cast: Cast
    law: Law
    assessed: date
    readings: Mapping[str, str]
    silence: bool

    # -- things -------------------------------------------------------------------------------------------------

    @cached_property
    def _applications(self) -> dict[str, tuple[int, Application]]:
        return {str(a.applicant): (i, a) for i, a in enumerate(self.file.case.applications)}

    @cached_property
    def _unions(self) -> dict[frozenset[str], list[tuple[int, Union]]]:
        found: dict[frozenset[str], list[tuple[int, Union]]] = {}
        for index, union in enumerate(self.file.case.unions):
            found.setdefault(frozenset(union.partners or ()), []).append((index, union))
        return found

    @cached_property
    def things(self) -> dict[Thing, tuple[Path, tuple[Any, ...]]]:
        """Everything that the file lists, with its place; an ``any`` union stands for all unions of a pair."""
        found: dict[Thing, tuple[Path, tuple[Any, ...]]] = {("case",): ((), (self.file.case,))}
        name = self.cast.canonical
        for person in self.cast.ids:
            found["persons", name[person]] = (("persons", person), (self.file.case.persons[person],))
            counts: dict[str, int] = {}
            for place, document in documents_of(self.file.case, person):
                if document.type:
                    counts[document.type] = slot = counts.get(document.type, 0) + 1
                    found["documents", name[person], document.type, slot] = (place, (document,))
        for person, _ in self.cast.joins:
            self._list_application(found, person)
        for pair, listed in self._unions.items():
            self._list_unions(found, [name[person] for person in pair if person in name], listed)
        return found

    def _list_application(self, found: dict[Thing, tuple[Path, tuple[Any, ...]]], person: str) -> None:
        name = self.cast.canonical[person]
        index, application = self._applications.get(person, (0, NO_APPLICATION))
        if person in self.cast.unasked:
            # Nobody applied: what an applicant would have to show is open, what happens after filing has not happened.
            found["applications", name] = (("persons", person), (NO_APPLICATION,))
            return
        place: Path = ("applications", index)
        found["applications", name] = (place, (application,))
        for number, extension in enumerate(application.procedure.extensions if application.procedure else ()):
            found["extensions", name, number + 1] = ((*place, "procedure", "extensions", number), (extension,))

    @staticmethod
    def _list_unions(
        found: dict[Thing, tuple[Path, tuple[Any, ...]]], pair: list[str], listed: list[tuple[int, Union]]
    ) -> None:
        if len(pair) != 2:
            return
        for first, second in (pair, pair[::-1]):
            for index, union in listed:
                found["unions", first, second, union.kind] = (("unions", index), (union,))
            found["unions", first, second, "any"] = (("unions", listed[0][0]), tuple(union for _, union in listed))

    def _field(self, things: tuple[Any, ...], names: tuple[str, ...]) -> Any:
        for thing in things:
            value = thing
            for name in names:
                if name != "lawful":  # a filter on the list above it, see _as_value
                    value = (
                        value.get(self.cast.person.get(name, name))
                        if isinstance(value, dict)
                        else getattr(value, name, None)
                    )
                if value is None:
                    break
            if value is not None:
                return value
        return None

    @staticmethod
    def _said_unknown(things: tuple[Any, ...], names: tuple[str, ...]) -> bool:
        """Whether a field without a value was written down as unknown, which is not silence."""
        for thing in things:
            for name in names[:-1]:
                thing = getattr(thing, name, None)
            if names and names[-1] in getattr(thing, "model_fields_set", ()):
                return True
        return False

    def filed(self, person: str) -> bool:
        """Whether the application of a person (canonical name) has been filed."""
        _, (application,) = self.things.get(("applications", person), ((), (NO_APPLICATION,)))
        return self.cast.person[person] not in self.cast.unasked and application.filed is not NEVER

    def place(self, atom: Atom) -> Path:
        """Where the case file speaks, or would speak, of an input or point."""
        entry = self.law.vocabulary[atom[0]]
        thing, names = address(entry, atom)
        found = self.things.get(thing)
        shown = tuple(self.cast.person.get(name, name) for name in names if name != "lawful")
        if found is not None:
            return (*found[0], *shown)
        return tuple(self.cast.person.get(part, part) if isinstance(part, str) else part for part in thing) + shown

    # -- inputs and points --------------------------------------------------------------------------------------

    def truths(self, plan: Plan) -> tuple[dict[int, bool | None], set[int]]:
        """The truth of every input (None: open), and the inputs that were taken from silence."""
        truth, assumed = plan.nothing.copy(), set[int]()
        fields = plan.fields
        for thing, (_, things) in self.things.items():
            for field in fields.get(thing, ()):
                value = self._value_of(thing, things, field.names)
                if value is None:
                    silence = field.silence
                    if silence != "unknown" and self._said_unknown(things, field.names):
                        silence = "unknown"
                    self._silent(field, silence, truth, assumed)
                    continue
                for number, wanted in field.inputs:
                    truth[number] = self._holds(value, wanted)
        for person in self._open_lists:
            for thing, listed in plan.papers.get(person, ()):
                if thing not in self.things:
                    for field in listed:
                        truth.update(field.unknown)
        return truth, assumed

    def _value_of(self, thing: Thing, things: tuple[Any, ...], names: tuple[str, ...]) -> Any:
        if names:
            return self._field(things, names)
        if thing[0] == "applications":
            return self.filed(thing[1])
        return thing[0] != "documents" or things[0].handed_in is not NEVER

    def _holds(self, value: Any, wanted: Any) -> bool:
        if wanted is None:
            return value if isinstance(value, bool) else value is not NEVER
        wanted = self.cast.person.get(wanted, wanted)
        return wanted in value if isinstance(value, tuple) else value == wanted

    def _silent(self, field: Field, silence: str, truth: dict[int, bool | None], assumed: set[int]) -> None:
        if silence == "default":
            chosen = self.readings.get(field.names[-1])
            for number, wanted in field.inputs:
                truth[number] = None if chosen is None else chosen == wanted
        elif silence == "unknown" or (silence in ("yes", "no") and not self.silence):
            truth.update(field.unknown)
        elif silence in ("yes", "no"):
            for number, _ in field.inputs:
                truth[number] = silence == "yes"
                assumed.add(number)

    @cached_property
    def _open_lists(self) -> list[str]:
        """Whose list of documents is not final, by canonical names."""
        found = []
        for person in self.cast.ids:
            _, application = self._applications.get(person, (0, None))
            if self.file.case.persons[person].documents_open or (application and application.documents_open):
                found.append(self.cast.canonical[person])
        return found

    def value(self, point: Atom) -> tuple[Value, bool]:
        """The value of a point, and whether it was taken from silence."""
        entry = self.law.vocabulary[point[0]]
        if entry.path == "assessed_on":
            return self.assessed, False
        thing, names = address(entry, point)
        found = self.things.get(thing)
        kind = self.law.point_kinds[entry.name]
        if found is None and thing[0] == "documents" and thing[1] in self._open_lists:
            return _perhaps(kind), False
        if found is None:
            return (Periods() if kind == "periods" else NONE), False
        if names == ("filed",) and not self.filed(thing[1]):
            return self.assessed, False
        value = self._field(found[1], names)
        if value is not None:
            return _as_value(value, lawful=names[-1] == "lawful"), False
        if entry.silence == "no" and not self._said_unknown(found[1], names):
            return (NONE, True) if self.silence else (_perhaps(kind), False)
        return (_perhaps(kind) if entry.silence == "no" else UNKNOWN.get(kind, UNKNOWN_DATE)), False


@cache
def _perhaps(kind: str) -> Value:
    """The unknown value of something that may not have happened at all."""
    unknown = UNKNOWN.get(kind, UNKNOWN_DATE)
    return replace(unknown, may_be_none=True) if isinstance(unknown, Open) else unknown


def _as_value(value: Any, *, lawful: bool) -> Value:
    """A value of the case model as a value of the calendar."""
    if value is NEVER:
        return NONE
    if isinstance(value, Day):
        return value.first if value.first == value.last else Open(value.first, value.last)
    if isinstance(value, tuple) and (not value or hasattr(value[0], "from_")):
        return _periods(value, lawful)
    return value  # type: ignore[no-any-return]


def _periods(listed: tuple[Any, ...], lawful: bool) -> Value:
    spans = []
    for period in listed:
        if lawful and period.lawful is False:
            continue
        first, last = period.from_, period.to
        if lawful and period.lawful is None:
            return OpenPeriods()
        if not (isinstance(first, Day) and first.exact) or (isinstance(last, Day) and not last.exact):
            return OpenPeriods()
        spans.append((first.first, last.last if isinstance(last, Day) else None))
    return Periods(tuple(spans))


@dataclass(eq=False, repr=False)
class Inputs:
    """The truth of every input and comparison of a ground program in one case.

    ``truth`` maps an atom number to True, False or None (open); ``assumed`` are the inputs, and ``assumed_points`` the
    points, that were taken from silence; ``open_points`` are the dates, numbers and codes that are open, with what is
    known of them.
    """

    truth: Mapping[int, bool | None]
    assumed: set[int]
    assumed_points: set[Atom]
    open_points: dict[Atom, Any]
    calendar: Calendar
    reader: Reader


def read_inputs(plan: Plan, reader: Reader) -> Inputs:
    """The :class:`Inputs` of the ground program behind ``plan`` for the case and cast of ``reader``."""
    truth, assumed = reader.truths(plan)
    values: dict[Any, Value] = {}
    assumed_points: set[Atom] = set()
    open_points: dict[Atom, Any] = {}

    def lookup(point: Any) -> Value:
        value = values.get(point)
        if value is None:
            value, silent = reader.value(point)
            values[point] = value
            if silent:
                assumed_points.add(point)
            if isinstance(value, (Open, OpenCode, OpenPeriods)):
                open_points[point] = value
        return value

    calendar = _Remembering(lookup, class_table(reader.law))
    now, last = [lookup(point) for point in plan.points], plan.last
    stale = (
        [] if last is None else [p for p, a, b in zip(plan.points, now, last[0], strict=True) if a is not b and a != b]
    )
    if last is None or len(stale) > len(now) // _NEAR:
        answers = dict(_answers(plan.orders, plan.others, calendar))
    else:
        read = {number for point in stale for number in plan.reading[point]}
        orders, others = ({n: part[n] for n in read if n in part} for part in (plan.orders, plan.others))
        answers = last[1] | dict(_answers(orders, others, calendar))
    plan.last = now, answers
    truth.update(answers)
    return Inputs(truth, assumed, assumed_points, open_points, calendar, reader)


def _answers(
    orders: Mapping[int, Atom], others: Mapping[int, Atom], calendar: _Remembering
) -> Iterator[tuple[int, bool | None]]:
    """The answers of comparisons, of two dates and others."""
    answer, value_of, known = calendar.answer, calendar.value, calendar.known.get
    for number, (left, operator, right) in orders.items():
        first, second = known(left) or value_of(left), known(right) or value_of(right)
        if type(first) is date and type(second) is date:  # nearly always; the calendar knows all the other cases
            yield number, first <= second if operator == "<=" else first < second
        elif first is NONE or second is NONE:
            yield number, False
        else:
            yield number, answer(("date", left, operator, right))
    for number, comparison in others.items():
        yield number, answer(comparison)


class _Remembering(Calendar):
    """A calendar of one case, which works each term out once: many comparisons share theirs."""

    @cached_property
    def known(self) -> dict[Any, Any]:
        """The values of the terms worked out so far."""
        return {}

    def value(self, term: Any) -> Any:
        """As in :class:`Calendar`."""
        found = self.known.get(term)
        if found is None:
            found = self.known[term] = super().value(term)
        return found


_CLASSES: dict[str, Callable[[str], Table]] = {}


def class_table(law: Law) -> Callable[[str], Table]:
    """Class to its members with the days between which each belongs to it."""
    found = _CLASSES.get(law.digest)
    if found is None:
        tables: dict[str, dict[str, tuple[date | None, date | None]]] = {}
        for name, code, first, last in law.table("member"):
            bounds = (date.fromisoformat(first) if first else None, date.fromisoformat(last) if last else None)
            tables.setdefault(str(name), {})[str(code)] = bounds

        def members(name: str) -> Table:
            return tables.get(name, {})

        found = _CLASSES[law.digest] = members
    return found
