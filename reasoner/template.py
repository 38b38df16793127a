"""A commented case file for a route: only the places that can matter to it, in the order in which people tell a
case."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

from reasoner.case import parse_case
from reasoner.cast import casts
from reasoner.facts import Reader, address
from reasoner.run import Machine
from reasoner.target import unknown
from reasoner.terms import leaves

if TYPE_CHECKING:
    from reasoner.program import Entry, Law
    from reasoner.store import Store
    from reasoner.wording import Wording


def template(store: Store, route: str, wording: Wording, file: str) -> str:
    """The text of a case file for ``route``, each line with the question that it answers and the answers it takes.

    Which places matter is read off the ground program of such a case: everything that an outcome of the route, its
    documents or what follows from it can depend on. Raises :class:`UsageError` for a route that does not exist.
    """
    law = store.law
    routes = [str(row[0]) for row in law.table("route")]
    if route not in routes:
        raise unknown("route", route, routes)
    alone = (route,) in law.table("holder_route")
    skeleton = parse_case(_skeleton(law, route, alone), choices={})
    cast = casts(skeleton.case, law)[0]
    machine = Machine(law, store.program(cast.shape))
    reader = Reader(skeleton, cast, law, date.today(), {}, silence=True)
    name = cast.canonical["holder" if alone else "applicant"]
    asked = list(_places(machine, reader, name, route))
    head = wording.get("new", "head").format(Route=wording.text("routes", route))
    lines = [f"# {head}", f"# {wording.get('new', 'how')}", f"# {wording.get('new', 'check').format(File=file)}", ""]
    lines += _Writer(wording, machine, cast.person, alone, route).lines(asked)
    return "\n".join([*lines, ""])


def _skeleton(law: Law, route: str, alone: bool) -> str:
    """The people of such a case: one who can be joined on the route and, unless that person is alone, who joins."""
    section_of = {role: section for section, role in law.role_of.items()}
    role = dict(law.table("regime_role")).get(dict(law.table("route"))[route], next(iter(section_of)))
    if alone:
        return f"persons: {{holder: {{{section_of[role]}: {{}}}}}}"
    pair = "applications: [{applicant: applicant, sponsor: sponsor}]"
    return f"persons: {{sponsor: {{{section_of[role]}: {{}}}}, applicant: {{}}}}\n{pair}"


def _places(machine: Machine, reader: Reader, name: str, route: str) -> Iterator[tuple[tuple[Any, ...], Entry, Any]]:
    """For every input and point that the route can depend on: where it stands in a case file, its entry and itself."""
    program, law = machine.program, machine.law
    cone = machine.evaluator.cone(*(n for n in program.shown if program.atoms[n][1:3] == (name, route)))
    seen: set[tuple[Any, ...]] = set()
    points: list[Any] = [point for n in program.comparisons if n in cone for point in leaves(program.comparisons[n])]
    for atom in (*points, *(program.atoms[n] for n in program.inputs if n in cone)):
        entry = law.vocabulary[atom[0]]
        thing, names = address(entry, atom)
        place = tuple(reader.cast.person.get(part, part) for part in (*thing, *names))
        if thing[0] == "unions":
            place = (*place[:3], "", *place[4:])  # the kind is asked for itself
        if place not in seen:
            seen.add(place)
            yield place, entry, atom


class _Writer:
    """Writes the places as YAML with comments."""

    def __init__(self, wording: Wording, machine: Machine, people: dict[str, str], alone: bool, route: str) -> None:
        self.wording, self.law, self.people, self.alone, self.route = wording, machine.law, people, alone, route

    def lines(self, asked: list[tuple[tuple[Any, ...], Entry, Any]]) -> Iterator[str]:
        """The file, line by line."""
        yield "case: my-case"
        yield "persons:"
        yield f"  # {self.wording.get('new', 'persons')}"
        for person in ("holder",) if self.alone else ("sponsor", "applicant"):
            yield f"  {person}:"
            yield "    name: ''"
            yield from self._fields([a for a in asked if a[0][:2] == ("persons", person)], 2, "    ")
        if self.alone:
            yield from self._documents(asked, "    ", "holder")
            return
        unions = [a for a in asked if a[0][0] == "unions" and a[0][2] == "sponsor"]
        if unions:
            kinds = ", ".join(str(value) for name, value in self.law.table("value") if name == "union")
            yield "unions:"
            yield "  - partners: [sponsor, applicant]"
            yield f"    kind: unknown  # {self.wording.get('new', 'choices').format(List=kinds)}"
            yield from self._fields([a for a in unions if len(a[0]) > 4], 4, "    ")
        yield "applications:"
        yield "  - applicant: applicant"
        yield "    sponsor: sponsor"
        yield f"    route: {self.route}"
        mine = [a for a in asked if a[0][:2] == ("applications", "applicant") and len(a[0]) > 2 and a[0][2] != "route"]
        yield from self._fields(mine, 2, "    ")
        yield from self._documents(asked, "    ", "applicant")

    def _fields(self, asked: list[tuple[tuple[Any, ...], Entry, Any]], skip: int, indent: str) -> Iterator[str]:
        """The fields of one thing; fields of a section stand below the section's key."""
        sections: dict[str, list[tuple[tuple[Any, ...], Entry, Any]]] = {}
        for place, entry, atom in asked:
            rest = place[skip:]
            if len(rest) == 1:
                # What silence answers stays silent until somebody takes the mark away.
                mark = "# " if entry.silence in ("no", "yes", "closed") else ""
                yield f"{indent}{mark}{rest[0]}: unknown  # {self._comment(entry, atom)}"
            elif rest[-1] != "lawful":
                sections.setdefault(str(rest[0]), []).append((rest, entry, atom))
        for section, fields in sections.items():
            below = list(self._fields(fields, 1, indent + "  "))
            silent = all(line.lstrip().startswith("#") for line in below)
            yield f"{indent}{'# ' if silent else ''}{section}:"
            yield from below

    def _documents(self, asked: list[tuple[tuple[Any, ...], Entry, Any]], indent: str, person: str) -> Iterator[str]:
        papers: dict[str, list[tuple[tuple[Any, ...], Entry, Any]]] = {}
        for place, entry, atom in asked:
            if place[:2] == ("documents", person):
                fields = papers.setdefault(str(place[2]), [])
                if len(place) > 4 and entry.silence == "unknown":
                    fields.append((place, entry, atom))
        if not papers:
            return
        yield f"{indent}documents:"
        yield f"{indent}  # {self.wording.get('new', 'documents')}"
        for kind, fields in papers.items():
            yield f"{indent}  # {self.wording.text('documents', kind)}"
            yield f"{indent}  # - type: {kind}"
            for line in self._fields(fields, 4, ""):
                yield f"{indent}  #   {line}"

    def _comment(self, entry: Entry, atom: Any) -> str:
        words = self.wording.get("points" if entry.point else "atoms", entry.name) or {}
        names = {name: self._argument(a) for name, a in zip(entry.arguments, atom[1:], strict=True)}
        question = str(words.get("ask", "")).format_map(names)
        notes = []
        values = [str(value) for name, value in self.law.table("value") if name == entry.name]
        if entry.enumerated and values:
            notes.append(self.wording.get("new", "choices").format(List=", ".join(values)))
        if self.law.point_kinds.get(entry.name) == "date":
            notes.append(self.wording.get("new", "date"))
        if entry.silence in ("no", "yes"):
            notes.append(self.wording.get("new", f"silence_{entry.silence}"))
        return f"{question} ({'; '.join(notes)})" if notes else question

    def _argument(self, argument: Any) -> str:
        """A person's role in the file, a type of document or another constant in words."""
        if argument in self.people:
            return self.people[argument]
        known = (self.wording.get(section, str(argument)) for section in ("terms", "documents"))
        return next((word for word in known if isinstance(word, str)), str(argument))
