"""What the people, unions and dates of a case file may not say of each other.

No check here is law: each finds something that cannot be true of anybody, such as a death before
the birth or a partner who is nobody. Partial dates are faults only when no day would do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pydantic_core import PydanticCustomError

from reasoner.case_dates import Day
from reasoner.case_model import MAX_PERSONS, Application, Person, Section, Union
from reasoner.case_values import NO_CHOICE, Choices, nearest_word, read_choice
from reasoner.errors import dotted, show

KeyPath = tuple[str | int, ...]
Finding = tuple[KeyPath, str, dict[str, str]]
Chain = tuple[KeyPath, ...]

_AFTER_BIRTH: Chain = (
    ("died",),
    ("arrived_in_belgium",),
    ("birth_declared",),
    ("protection", "applied"),
    ("protection", "granted"),
    ("free_movement", "basis_since"),
    ("stay", "issued"),
    ("stay", "expires"),
    ("stay", "extension_requested"),
    ("stay", "b_card_requested"),
    ("stay", "immigration_office_instruction"),
    ("travel", "departs"),
    ("travel", "reported"),
)
_PERSON_ORDER: tuple[Chain, ...] = (
    *((("born",), later) for later in _AFTER_BIRTH),
    (("protection", "applied"), ("protection", "granted")),
    (("stay", "issued"), ("stay", "expires")),
)
_UNION_ORDER: tuple[Chain, ...] = ((("concluded",), ("ended",)),)
_PERIOD_ORDER: tuple[Chain, ...] = ((("from",), ("to",)),)
_DOCUMENT_ORDER: tuple[Chain, ...] = (
    (("issued",), ("valid_until",)),
    (("issued",), ("handed_in",)),
)
_APPLICATION_ORDER: tuple[Chain, ...] = (
    (
        ("filed",),
        ("procedure", "completed"),
        ("procedure", "proof_of_submission"),
        ("procedure", "decided"),
    ),
    (("procedure", "extensions", 0, "decided"), ("procedure", "extensions", 1, "decided")),
    (("procedure", "visa_issued"), ("procedure", "visa_expires")),
    (("filed",), ("entry_visa", "coverage_proved")),
)


CHAINS: Mapping[str, tuple[Chain, ...]] = {
    "persons": _PERSON_ORDER,
    "unions": _UNION_ORDER,
    "documents": _DOCUMENT_ORDER,
    "applications": _APPLICATION_ORDER,
}
"""For each kind of thing the dates that must follow each other."""


class Entries(NamedTuple):
    """The entries of a file that could be read, with their place; others may be faulty.

    `ids` are the ids of all persons, faulty or not; None when the persons could not be read.
    """

    ids: tuple[str, ...] | None
    persons: Mapping[str, Person]
    unions: Mapping[int, Union]
    applications: Mapping[int, Application]
    readings: Mapping[str, str | None]

    def findings(self, choices: Choices) -> Iterator[Finding]:
        """Everything that cannot be true, in no particular order."""
        yield from _readings(self.readings, choices)
        yield from _references(self)
        for id_, person in self.persons.items():
            yield from _person(("persons", id_), id_, person)
        yield from _births(self.persons)
        yield from _parent_cycles(self.persons)
        yield from _unions(self)
        yield from applications(self)
        yield from _variants(self, choices)


def at(value: object, path: KeyPath) -> Any:
    """The value at a path of keys and indexes in a case; None when a part of it is missing."""
    for part in path:
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, tuple):
            inside = isinstance(part, int) and 0 <= part < len(value)
            value = value[int(part)] if inside else None
        elif isinstance(value, Section) and isinstance(part, str):
            fields = type(value).model_fields
            name = part if part in fields else f"{part}_"
            value = getattr(value, name) if name in fields else None
        else:
            return None
    return value


def _readings(readings: Mapping[str, str | None], choices: Choices) -> Iterator[Finding]:
    names = [key.removeprefix("readings.") for key in choices if key.startswith("readings.")]
    for name, value in readings.items():
        if names and name not in names:
            values = {"key": show(name), "keys": ", ".join(names)}
            suggestion = nearest_word(name, names)
            yield ("readings", name), "unknown_reading", values | {"suggestion": suggestion}
        elif value is not None:
            try:
                read_choice(value, choices.get(f"readings.{name}"))
            except PydanticCustomError as error:
                yield ("readings", name), error.type, dict(error.context or {})


def _variants(entries: Entries, choices: Choices) -> Iterator[Finding]:
    """Documents in a form that documents of their type do not have."""
    for section, holders in (("persons", entries.persons), ("applications", entries.applications)):
        for key, holder in holders.items():
            for index, document in enumerate(holder.documents):
                allowed = choices.get(f"documents.*.variant.{document.type}")
                if document.variant is not None and allowed:
                    try:
                        read_choice(document.variant, (*allowed, NO_CHOICE))
                    except PydanticCustomError as error:
                        yield (section, key, "documents", index, "variant"), error.type, dict(error.context or {})


def _references(entries: Entries) -> Iterator[Finding]:
    if entries.ids is None:
        return
    for path, id_ in _named(entries):
        if id_ not in entries.ids:
            values = {"id": show(id_), "persons": ", ".join(map(show, entries.ids[:MAX_PERSONS]))}
            yield path, "unknown_person", values | {"suggestion": nearest_word(id_, entries.ids)}


def _named(entries: Entries) -> Iterator[tuple[KeyPath, str]]:
    """Every mention of a person, with its place."""
    for id_, person in entries.persons.items():
        base: KeyPath = ("persons", id_)
        for field in ("parents", "dependent_on", "household_abroad_of", "needs_care_of"):
            for index, other in enumerate(at(person, (field,)) or ()):
                yield (*base, field, index), other
        for other in person.kin or {}:
            yield (*base, "kin", other), other
        if person.mother:
            yield (*base, "mother"), person.mother
    for number, union in entries.unions.items():
        for index, other in enumerate(union.partners or ()):
            yield ("unions", number, "partners", index), other
    for number, application in entries.applications.items():
        for field in ("applicant", "sponsor"):
            if at(application, (field,)):
                yield ("applications", number, field), at(application, (field,))


def _person(base: KeyPath, id_: str, person: Person) -> Iterator[Finding]:
    parents = person.parents or ()
    for field, code in (("parents", "self_parent"), ("dependent_on", "self_dependent")):
        others = at(person, (field,)) or ()
        for index, other in enumerate(others):
            if other == id_:
                yield (*base, field, index), code, {"id": id_}
            elif other in others[:index]:
                yield (*base, field, index), "repeated_person", {"id": other}
    if id_ in (person.kin or {}):
        yield (*base, "kin", id_), "self_kin", {"id": id_}
    if person.mother == id_:
        yield (*base, "mother"), "self_parent", {"id": id_}
    elif person.mother and person.parents is not None and person.mother not in parents:
        values = {"id": person.mother, "parents": ", ".join(parents) or "[]"}
        yield (*base, "mother"), "mother_not_parent", values
    yield from _orders(person, base, _PERSON_ORDER)
    elsewhere: KeyPath = ("free_movement", "lawful_residence_elsewhere")
    for index, period in enumerate(at(person, elsewhere) or ()):
        yield from _orders(period, (*base, *elsewhere, index), _PERIOD_ORDER)
    yield from _documents(person, base)


def _births(persons: Mapping[str, Person]) -> Iterator[Finding]:
    for id_, person in persons.items():
        for parent in _parents(person) - {id_}:
            born = persons[parent].born if parent in persons else None
            if not (isinstance(born, Day) and isinstance(person.born, Day)):
                continue
            if born.first >= person.born.last:
                values = {"id": id_, "date": str(person.born)}
                values |= {"parent": parent, "parent_date": str(born)}
                yield ("persons", id_, "born"), "born_before_parent", values


def _parent_cycles(persons: Mapping[str, Person]) -> Iterator[Finding]:
    """One fault for each ring of persons who would descend from themselves."""
    done: set[str] = set()
    for start in persons:
        trail: list[tuple[str, Iterator[str]]] = []
        if start not in done:
            trail.append((start, iter(sorted(_parents(persons[start]) - {start}))))
        while trail:
            id_, parents = trail[-1]
            done.add(id_)
            parent = next(parents, None)
            line = [each for each, _ in trail]
            if parent is None:
                trail.pop()
            elif parent in line:
                ring = line[line.index(parent) :]
                path = ("persons", ring[0], _parent_key(persons[ring[0]]))
                yield path, "parent_cycle", {"persons": ", ".join(ring)}
            elif parent in persons and parent not in done:
                trail.append((parent, iter(sorted(_parents(persons[parent]) - {parent}))))


def _parents(person: Person) -> set[str]:
    return {*(person.parents or ()), *([person.mother] if person.mother else ())}


def _parent_key(person: Person) -> str:
    return "parents" if person.parents else "mother"


def _unions(entries: Entries) -> Iterator[Finding]:
    seen: dict[tuple[frozenset[str], str], int] = {}
    for number, union in entries.unions.items():
        base: KeyPath = ("unions", number)
        yield from _orders(union, base, _UNION_ORDER)
        for field in ("cohabitation", "meetings"):
            for index, period in enumerate(at(union, (field,)) or ()):
                yield from _orders(period, (*base, field, index), _PERIOD_ORDER)
        if union.partners:
            yield from _partners(union.partners, base, entries.persons)
            for partner in dict.fromkeys(union.partners):
                for field in ("concluded", "known_since"):
                    yield from _alive(entries, partner, union, (*base, field))
            pair = (frozenset(union.partners), union.kind or f"#{number}")
            if pair in seen:
                first = dotted(("unions", seen[pair]))
                yield base, "duplicate_union", {"first": first, "kind": pair[1]}
            seen.setdefault(pair, number)


def _partners(partners: tuple[str, ...], base: KeyPath, persons: Mapping[str, Person]) -> Iterator[Finding]:
    one, other = partners
    path = (*base, "partners")
    if one == other:
        yield path, "self_partner", {"id": one}
        return
    for child, parent in ((one, other), (other, one)):
        if child in persons and parent in _parents(persons[child]):
            yield path, "related_partners", {"child": child, "parent": parent}


def applications(entries: Entries) -> Iterator[Finding]:
    """What cannot be true of the applications alone."""
    seen: dict[str, int] = {}
    for number, application in entries.applications.items():
        base: KeyPath = ("applications", number)
        yield from _orders(application, base, _APPLICATION_ORDER)
        yield from _documents(application, base)
        applicant = application.applicant
        if applicant:
            if applicant in seen:
                first = dotted(("applications", seen[applicant]))
                values = {"id": applicant, "first": first}
                yield (*base, "applicant"), "several_applications", values
            seen.setdefault(applicant, number)
            if applicant == application.sponsor:
                yield (*base, "sponsor"), "self_sponsor", {"id": applicant}
            yield from _alive(entries, applicant, application, (*base, "filed"))
        procedure = application.procedure
        if procedure and isinstance(procedure.decided, Day) and procedure.decision == "none":
            yield (*base, "procedure", "decided"), "decided_without_decision", {}


def _alive(entries: Entries, id_: str, entry: Section, path: KeyPath) -> Iterator[Finding]:
    """That nobody acts before being born; `path` ends in the key of the act's date."""
    born = entries.persons[id_].born if id_ in entries.persons else None
    if _reversed(born, at(entry, path[-1:])):
        yield _order_finding(born, at(entry, path[-1:]), ("persons", id_, "born"), path)


def _documents(holder: Person | Application, base: KeyPath) -> Iterator[Finding]:
    for index, document in enumerate(holder.documents):
        yield from _orders(document, (*base, "documents", index), _DOCUMENT_ORDER)


def _orders(entry: Section, base: KeyPath, chains: tuple[Chain, ...]) -> Iterator[Finding]:
    """For each date of a chain, the nearest date before it that certainly lies after it."""
    for chain in chains:
        for index, path in enumerate(chain):
            for before in reversed(chain[:index]):
                earlier, later = at(entry, before), at(entry, path)
                if _reversed(earlier, later):
                    yield _order_finding(earlier, later, (*base, *before), (*base, *path))
                    break


def _reversed(earlier: object, later: object) -> bool:
    return isinstance(earlier, Day) and isinstance(later, Day) and earlier.first > later.last


def _order_finding(earlier: object, later: object, before: KeyPath, path: KeyPath) -> Finding:
    values = {"earlier": dotted(before), "earlier_date": str(earlier)}
    values |= {"later": dotted(path), "later_date": str(later)}
    return path, "date_order", values
