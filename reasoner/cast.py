"""Who is who in a case: canonical persons, who joins whom, and the shape that follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from reasoner.case_model import Case, Document
from reasoner.ground import Shape
from reasoner.program import Law

Path = tuple[str | int, ...]
"""A place in a case file."""

_SLOTS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


@dataclass(eq=False, repr=False)
class Cast:
    """Who is who: person ids in canonical order (``p1`` is the first), and who joins whom.

    ``unasked`` are the applicants of an application that nobody made: it is looked at as if filed on the day of
    the assessment. A further cast is about one person alone, its ``focus``.
    """

    ids: tuple[str, ...]
    joins: tuple[tuple[str, str], ...]
    unasked: frozenset[str]
    shape: Shape
    focus: str | None = None

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
    """The ways to cast the people of a case: first as they applied, then one for each further sponsor somebody could
    join.

    Whoever is tied to a person who can be joined, and has not applied to join that person, is looked at as well.
    """
    asked = {a.applicant: a.sponsor for a in case.applications if a.applicant and a.sponsor}
    first = dict(asked)
    further: list[tuple[str, str]] = []
    for person, sponsors in _could_join(case, law, asked).items():
        ranked = sorted(sponsors, key=lambda sponsor: sponsor not in asked.values())
        if person not in first:
            first[person] = ranked.pop(0)
        further += [(person, sponsor) for sponsor in ranked]
    main = _cast(case, law, first, frozenset(first.keys() - asked.keys()))
    extra = []
    for person, sponsor in further:
        joins = {**first, person: sponsor}
        extra.append(_cast(case, law, joins, frozenset(joins.keys() - asked.keys()) | {person}, person))
    return (main, *extra)


def applicants_only(case: Case, law: Law) -> Cast:
    """The people of a case cast as they applied, whoever else could join somebody."""
    return _cast(
        case, law, {a.applicant: a.sponsor for a in case.applications if a.applicant and a.sponsor}, frozenset()
    )


def _could_join(case: Case, law: Law, asked: Mapping[str, str]) -> dict[str, list[str]]:
    """Persons, each with those to whom a tie binds them and who can be joined by them.

    Somebody who can be joined joins others only where the vocabulary says so.
    """
    found: dict[str, list[str]] = {}
    also = law.table("also_joins")
    for person, other in _ties(case):
        own, theirs = _sections(case, law, person), _sections(case, law, other)
        applied = asked.get(person) == other or asked.get(other) == person
        if not applied and any(all((mine, section) in also for mine in own) for section in theirs):
            found.setdefault(person, []).append(other)
    return found


def _sections(case: Case, law: Law, person: str) -> list[str]:
    """The sections of a person that say that others can join him or her."""
    return [name for name in law.role_of if getattr(case.persons[person], name, None) is not None]


def _roles(case: Case, law: Law, joins: Mapping[str, str]) -> dict[str, set[str]]:
    """Who plays which role: by a section of the file, or because a route of that role is applied for; a sponsor of whom
    nothing is said plays the first."""
    of_regime = dict(law.table("regime_role"))
    of_route = {route: of_regime[regime] for route, regime in law.table("route") if regime in of_regime}
    found: dict[str, set[str]] = {role: set() for role in law.role_of.values()}
    for person in case.persons:
        for section in _sections(case, law, person):
            found[law.role_of[section]].add(person)
    for application in case.applications:
        if application.sponsor and application.route in of_route:
            found[of_route[application.route]].add(application.sponsor)
    known = set[str]().union(*found.values())
    next(iter(found.values())).update(sponsor for sponsor in joins.values() if sponsor not in known)
    return found


def _ties(case: Case) -> Iterable[tuple[str, str]]:
    """Pairs of persons bound by a union, parentage or another kinship, both ways, each once."""
    found: dict[tuple[str, str], None] = {}
    for union in case.unions:
        if union.partners:
            found[union.partners[0], union.partners[1]] = None
    for child, person in case.persons.items():
        for relative in (*(person.parents or ()), *(person.kin or {})):
            found[child, relative] = None
    for one, other in list(found):
        found[other, one] = None
    return found


def _cast(case: Case, law: Law, joins: Mapping[str, str], unasked: frozenset[str], focus: str | None = None) -> Cast:
    roles = _roles(case, law, joins)
    joining = {
        str(name): {applicant for applicant, sponsor in joins.items() if sponsor in roles[str(role)]}
        for name, role in law.table("joining_role")
    }
    ids = tuple(dict.fromkeys([*joins.values(), *joins, *case.persons]))
    number = {person: index for index, person in enumerate(ids, 1)}
    shape = Shape(
        len(ids),
        tuple(sorted((number[applicant], number[sponsor]) for applicant, sponsor in joins.items())),
        tuple((role, tuple(sorted(number[person] for person in people))) for role, people in roles.items() if people),
        tuple(_slots(case, law, ids, {"applicant": joins.keys(), **roles, **joining})),
    )
    return Cast(ids, tuple(joins.items()), unasked, shape, focus)


def _slots(
    case: Case, law: Law, ids: tuple[str, ...], roles: Mapping[str, Iterable[str]]
) -> Iterable[tuple[int, str, int]]:
    """How many papers of each type there is room for, rounded up so that cases share shapes."""
    members = {role: frozenset(persons) for role, persons in roles.items()}
    for index, person in enumerate(ids, 1):
        counts: dict[str, int] = {}
        for _, document in documents_of(case, person):
            if document.type:
                counts[document.type] = counts.get(document.type, 0) + 1
        for kind in dict.fromkeys(kind for kind, role in law.document_types if person in members[role]):
            yield index, kind, next(size for size in _SLOTS if size >= counts.get(kind, 1))


def documents_of(case: Case, person: str) -> list[tuple[Path, Document]]:
    """The papers of a person with their place in the case file: those listed under the person, then those of the
    application."""
    found: list[tuple[Path, Document]] = []
    for index, document in enumerate(case.persons[person].documents):
        found.append((("persons", person, "documents", index), document))
    for number, application in enumerate(case.applications):
        if application.applicant == person:
            for index, document in enumerate(application.documents):
                found.append((("applications", number, "documents", index), document))
    return found
