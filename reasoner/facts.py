"""From a case file to the truth of each input of a ground program; the only place where atoms are built.

The vocabulary says for each input where a case file speaks of it and what silence means. Nothing here knows any
input by name: a path with its placeholders filled in is looked up in the case, and what is found is compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

from reasoner.case import CaseFile
from reasoner.case_dates import NEVER, Day
from reasoner.case_model import Application, Case, Document, Union
from reasoner.dates import NONE, Calendar, Open, OpenCode, OpenPeriods, Periods, Value
from reasoner.ground import Atom, GroundProgram, Shape
from reasoner.program import Entry, Law

EARLIEST, LATEST = date(1900, 1, 1), date(2200, 12, 31)
HIGHEST = 200  # of an unknown whole number
UNKNOWN_DATE = Open(EARLIEST, LATEST)
_SLOTS = (1, 2, 4, 8, 16, 32, 64)
_PART = re.compile(r"\{(\w+)\}|(\w+)")
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Cast:
    """Who is who: person ids in canonical order (``p1`` is the first), and who joins whom.

    ``unasked`` are the applicants of an application that nobody made: it is looked at as if filed on the day of
    the assessment.
    """

    ids: tuple[str, ...]
    joins: tuple[tuple[str, str], ...]
    unasked: frozenset[str]
    shape: Shape
    focus: str | None = None  # a further cast is about this person alone

    @cached_property
    def canonical(self) -> dict[str, str]:
        """Person id to canonical name."""
        return {person: f"p{index}" for index, person in enumerate(self.ids, 1)}

    @cached_property
    def person(self) -> dict[str, str]:
        """Canonical name to person id."""
        return {name: person for person, name in self.canonical.items()}

    @cached_property
    def sponsor_of(self) -> dict[str, str]:
        """Applicant id to sponsor id."""
        return dict(self.joins)


def casts(case: Case, law: Law) -> tuple[Cast, ...]:
    """The ways to cast the people of a case: first as they applied, then one for each further sponsor somebody could join.

    Whoever is tied to a person with protection, and has not applied to join that person, is looked at as well.
    """
    asked = {a.applicant: a.sponsor for a in case.applications if a.applicant and a.sponsor}
    ties: dict[str, list[str]] = {}
    for person, other in _ties(case):
        holder = case.persons[other].protection is not None
        if holder and asked.get(person) != other and asked.get(other) != person:
            ties.setdefault(person, []).append(other)
    first = dict(asked)
    further: list[tuple[str, str]] = []
    for person, sponsors in ties.items():
        ranked = sorted(sponsors, key=lambda sponsor: sponsor not in asked.values())
        if person not in first and case.persons[person].protection is None:
            first[person] = ranked.pop(0)
        if case.persons[person].protection is None:
            further += [(person, sponsor) for sponsor in ranked]
    main = _cast(case, law, first, frozenset(first.keys() - asked.keys()))
    extra = []
    for person, sponsor in further:
        joins = first | {person: sponsor}
        extra.append(_cast(case, law, joins, frozenset(joins.keys() - asked.keys()) | {person}, person))
    return (main, *extra)


def _ties(case: Case) -> Iterable[tuple[str, str]]:
    """Pairs of persons bound by a union, parentage or another kinship, both ways, each once."""
    found: dict[tuple[str, str], None] = {}
    for union in case.unions:
        if union.partners:
            found[union.partners] = None  # type: ignore[index]
    for child, person in case.persons.items():
        for relative in (*(person.parents or ()), *(person.kin or {})):
            found[child, relative] = None
    for pair in [*found]:
        found[pair[1], pair[0]] = None
    return found


def _cast(case: Case, law: Law, joins: Mapping[str, str], unasked: frozenset[str], focus: str | None = None) -> Cast:
    holders = {
        person for person, data in case.persons.items() if data.protection is not None
    } | set(joins.values())
    order = dict.fromkeys([*joins.values(), *joins, *case.persons])
    ids = tuple(order)
    number = {person: index for index, person in enumerate(ids, 1)}
    slots = []
    for person in ids:
        counts: dict[str, int] = {}
        for _, document in documents_of(case, person):
            if document.type:
                counts[document.type] = counts.get(document.type, 0) + 1
        for kind, role in law.table("document_type"):
            if person in (joins if role == "applicant" else holders):
                count = counts.get(str(kind), 1)
                slots.append(
                    (number[person], str(kind), next(size for size in _SLOTS if size >= count))
                )
    shape = Shape(
        len(ids),
        tuple(sorted((number[applicant], number[sponsor]) for applicant, sponsor in joins.items())),
        tuple(sorted(number[person] for person in holders)),
        tuple(sorted(slots)),
    )
    return Cast(ids, tuple(joins.items()), unasked, shape, focus)


def documents_of(case: Case, person: str) -> list[tuple[Path, Document]]:
    """The papers of a person with their place in the case file: those listed under the person, then those of the application."""
    found: list[tuple[Path, Document]] = []
    for index, document in enumerate(case.persons[person].documents):
        found.append((("persons", person, "documents", index), document))
    for number, application in enumerate(case.applications):
        if application.applicant == person:
            for index, document in enumerate(application.documents):
                found.append((("applications", number, "documents", index), document))
    return found


@dataclass(frozen=True)
class Finding:
    """What a case file says at a path: the value, where it stands, and whether the thing that has it is there at all."""

    value: Any
    path: Path
    there: bool = True


class Reader:
    """Answers the vocabulary's paths for one case and cast."""

    def __init__(
        self,
        file: CaseFile,
        cast: Cast,
        law: Law,
        assessed: date,
        readings: Mapping[str, str],
        silence: bool,
    ) -> None:
        self.file, self.cast, self.law, self.assessed = file, cast, law, assessed
        self.readings, self.silence = readings, silence
        case = file.case
        self._applications = {a.applicant: (i, a) for i, a in enumerate(case.applications)}
        self._papers: dict[tuple[str, str, int], tuple[Path, Document]] = {}
        for person in cast.ids:
            seen: dict[str, int] = {}
            for path, document in documents_of(case, person):
                if document.type:
                    seen[document.type] = slot = seen.get(document.type, 0) + 1
                    self._papers[person, document.type, slot] = (path, document)
        self._unions: dict[frozenset[str], list[tuple[int, Union]]] = {}
        for index, union in enumerate(case.unions):
            if union.partners:
                self._unions.setdefault(frozenset(union.partners), []).append((index, union))

    # -- inputs -------------------------------------------------------------------------------------------------

    def truth(self, atom: Atom) -> tuple[bool | None, bool]:
        """Whether an input holds (None: open), and whether that was taken from silence."""
        entry = self.law.vocabulary[atom[0]]
        finding = self.find(entry, atom)
        value = finding.value
        if value is None:
            return self._silent(entry, atom, finding)
        if not entry.enumerated:
            return (value if isinstance(value, bool) else value is not NEVER), False
        return self._matches(value, self._wanted(entry, atom)), False

    @staticmethod
    def _matches(value: Any, wanted: Any) -> bool:
        return wanted in value if isinstance(value, tuple) else value == wanted

    def _wanted(self, entry: Entry, atom: Atom) -> Any:
        """The argument that the path does not name: the value that makes the input true."""
        for name, argument in zip(entry.arguments, atom[1:], strict=True):
            if "{" + name + "}" not in entry.path:
                return self.cast.person.get(argument, argument)
        return None

    def _silent(self, entry: Entry, atom: Atom, finding: Finding) -> tuple[bool | None, bool]:
        if entry.silence == "default":
            chosen = self.readings.get(atom[1])
            return (None, False) if chosen is None else (chosen == atom[2], False)
        if not finding.there:
            return self._absent(entry, atom), False
        if entry.silence == "closed":
            return False, False
        if entry.silence == "unknown" or not self.silence:
            return None, False
        return entry.silence == "yes", True

    def _absent(self, entry: Entry, atom: Atom) -> bool | None:
        """An input about a thing the file does not list: false, unless the file says that its list is open."""
        if (
            entry.path.startswith("documents.")
            and entry.silence == "closed"
            and self._list_open(self.cast.person[atom[1]])
        ):
            return None
        return False

    def _list_open(self, person: str) -> bool:
        _, application = self._applications.get(person, (0, None))
        return bool(
            self.file.case.persons[person].documents_open
            or (application and application.documents_open)
        )

    # -- points -------------------------------------------------------------------------------------------------

    def value(self, point: Any) -> tuple[Value, bool]:
        """The value of a point, and whether it was taken from silence."""
        entry = self.law.vocabulary[point[0]]
        if entry.path == "assessed_on":
            return self.assessed, False
        finding = self.find(entry, point)
        kind = self.kinds[entry.name]
        value = finding.value
        if entry.path == "applications.{Applicant}.filed" and (value is NEVER or not finding.there):
            return self.assessed, False
        if value is None:
            if not finding.there:
                return (Periods() if kind == "periods" else NONE), False
            if entry.silence == "no":
                return (
                    (NONE, True)
                    if self.silence
                    else (replace(UNKNOWN_DATE, may_be_none=True), False)
                )
            return {
                "number": Open(0, HIGHEST), "country": OpenCode(), "language": OpenCode(), "periods": OpenPeriods(),
            }.get(kind, UNKNOWN_DATE), False  # fmt: skip
        return _as_value(value, lawful=entry.path.endswith(".lawful")), False

    @cached_property
    def kinds(self) -> dict[str, str]:
        """Point to the kind of its value."""
        return {str(name): str(kind) for name, kind in self.law.table("point")}

    # -- paths --------------------------------------------------------------------------------------------------

    def find(self, entry: Entry, atom: Atom) -> Finding:
        """What the case file says at the path of an input or point."""
        binding = dict(zip(entry.arguments, atom[1:], strict=True))
        parts = [
            binding.get(match[1], match[1]) if match[1] else match[2]
            for match in _PART.finditer(entry.path)
        ]
        named = [
            self.cast.person.get(part, part) if isinstance(part, str) else part for part in parts
        ]
        root = named[0]
        if root == "persons":
            return self._below(self.file.case.persons[named[1]], ("persons", named[1]), named[2:])
        if root == "applications":
            return self._application(named)
        if root == "unions":
            return self._union(named)
        if root == "documents":
            place, document = self._papers.get((named[1], named[2], named[3]), ((), None))
            if document is None:
                return Finding(None, ("persons", named[1], "documents"), there=False)
            return (
                self._below(document, place, named[4:])
                if named[4:]
                else Finding(document.handed_in is not NEVER, place)
            )
        return self._below(self.file.case, (), named)

    def _application(self, named: list[Any]) -> Finding:
        index, application = self._applications.get(named[1], (0, None))
        if application is None or named[1] in self.cast.unasked:
            # Nobody applied: what an applicant would have to show is open, what has not happened has not.
            missing = not named[2:] or named[2] in ("filed", "route")
            return Finding(None, ("persons", named[1]), there=not missing)
        place: Path = ("applications", index)
        if not named[2:]:
            return Finding(application.filed is not NEVER, place)
        if named[2:4] == ["procedure", "extensions"]:
            listed = application.procedure.extensions if application.procedure else ()
            if named[4] > len(listed):
                return Finding(None, (*place, "procedure", "extensions"), there=False)
            return self._below(
                listed[named[4] - 1], (*place, "procedure", "extensions", named[4] - 1), named[5:]
            )
        return self._below(application, place, named[2:])

    def _union(self, named: list[Any]) -> Finding:
        listed = self._unions.get(frozenset(named[1:3]), [])
        if named[3] != "any":
            listed = [(index, union) for index, union in listed if union.kind == named[3]]
        if not listed:
            return Finding(None, ("unions",), there=False)
        if not named[4:]:
            return Finding(True, ("unions", listed[0][0]))
        found = [self._below(union, ("unions", index), named[4:]) for index, union in listed]
        return next((finding for finding in found if finding.value is not None), found[0])

    @staticmethod
    def _below(thing: Any, place: Path, rest: list[Any]) -> Finding:
        value = thing
        for part in rest:
            if part == "lawful":  # a filter on the list above it, see _as_value
                continue
            place = (*place, part)
            value = value.get(part) if isinstance(value, Mapping) else getattr(value, part, None)
        return Finding(value, place)


def _as_value(value: Any, *, lawful: bool) -> Value:
    """A value of the case model as a value of the calendar."""
    if value is NEVER:
        return NONE
    if isinstance(value, Day):
        return value.first if value.exact else Open(value.first, value.last)
    if isinstance(value, tuple) and value and hasattr(value[0], "from_"):
        return _periods(value, lawful)
    if isinstance(value, tuple) and not value:
        return Periods()
    return value  # type: ignore[no-any-return]


def _periods(listed: tuple[Any, ...], lawful: bool) -> Value:
    spans = []
    for period in listed:
        if lawful and period.lawful is False:
            continue
        first, last = period.from_, period.to
        if lawful and period.lawful is None:
            return OpenPeriods()
        if not (isinstance(first, Day) and first.exact) or (
            isinstance(last, Day) and not last.exact
        ):
            return OpenPeriods()
        spans.append((first.first, last.last if isinstance(last, Day) else None))
    return Periods(tuple(spans))


@dataclass(frozen=True)
class Inputs:
    """The truth of every input and comparison of a ground program in one case.

    ``truth`` maps an atom number to True, False or None (open); ``assumed`` are the inputs, and the points, that were
    taken from silence; ``open_points`` are the dates, numbers and codes that are open, with what is known of them.
    """

    truth: dict[int, bool | None]
    assumed: frozenset[int]
    assumed_points: frozenset[Atom]
    open_points: dict[Atom, Any]
    calendar: Calendar
    reader: Reader


def read_inputs(program: GroundProgram, reader: Reader) -> Inputs:
    """The :class:`Inputs` of ``program`` for the case and cast of ``reader``."""
    truth: dict[int, bool | None] = {}
    assumed: set[int] = set()
    for number in program.inputs:
        held, silent = reader.truth(program.atoms[number])
        truth[number] = held
        if silent:
            assumed.add(number)
    values: dict[Any, Value] = {}
    assumed_points: set[Atom] = set()

    def lookup(point: Any) -> Value:
        value = values.get(point)
        if value is None:
            value, silent = reader.value(point)
            values[point] = value
            if silent:
                assumed_points.add(point)
        return value

    calendar = Calendar(lookup, class_table(reader.law))
    for number, comparison in program.comparisons.items():
        truth[number] = calendar.answer(comparison)
    open_points = {p: v for p, v in values.items() if isinstance(v, Open | OpenCode | OpenPeriods)}
    return Inputs(
        truth, frozenset(assumed), frozenset(assumed_points), open_points, calendar, reader
    )


def class_table(law: Law) -> Any:
    """Class to its members with the days between which each belongs to it."""
    tables: dict[str, dict[str, tuple[date | None, date | None]]] = {}
    for name, code, first, last in law.table("member"):
        tables.setdefault(str(name), {})[str(code)] = (
            date.fromisoformat(first) if first else None,
            date.fromisoformat(last) if last else None,
        )
    return lambda name: tables.get(name, {})


def dotted(path: Path) -> str:
    """A path as it is written in messages: ``applications[0].filed``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else ("." if text else "") + str(part)
    return text


__all__ = ["Application", "Cast", "Finding", "Inputs", "Reader", "casts", "dotted", "read_inputs"]
