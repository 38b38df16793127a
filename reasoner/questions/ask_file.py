"""The case file that an interview fills in, as plain data: what it leaves open, and answers put in their place."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from typing import Any

from reasoner.cast import Path
from reasoner.facts import address
from reasoner.ground import Atom
from reasoner.program import Law
from reasoner.questions.ask_answers import NO, NONE, UNKNOWN, YES
from reasoner.questions.ask_places import PAPER
from reasoner.run import Run

Data = dict[str, Any]


def opened(law: Law, data: Data) -> tuple[Data, tuple[Path, ...]]:
    """The case with its silence on ties and papers opened, and the places where it was.

    A case file without a list of parents says that nobody in it is a parent; in an interview nobody has been asked.
    """
    data = copy.deepcopy(data)
    places = [*_ties(law, data), *_lists(data)]
    for place in places:
        put(data, place, YES if place[-1] == "documents_open" else UNKNOWN)
    return data, tuple(places)


def _ties(law: Law, data: Data) -> Iterator[Path]:
    """Where it is left out who the relatives of a person are."""
    fields = [entry.path.split(".") for entry in law.entries if entry.silence == "closed" and entry.kind == "fixed"]
    for person, facts in data.get("persons", {}).items():
        for _, _, *names in (path for path in fields if path[0] == "persons"):
            if len(names) == 1 and isinstance(facts, dict) and facts.get(names[0]) is None:
                yield ("persons", person, names[0])


def _lists(data: Data) -> Iterator[Path]:
    """The lists of papers that are left out."""
    applicants = {}
    for index, application in enumerate(data.get("applications") or ()):
        applicants[application.get("applicant")] = ("applications", index), application
    for person, facts in data.get("persons", {}).items():
        place, application = applicants.get(person, (("persons", person), facts))
        if not any(part.get("documents") or "documents_open" in part for part in (facts or {}, application or {})):
            yield (*place, "documents_open")


def closed(data: Data, places: Iterable[Path], answered: frozenset[Path]) -> Data:
    """The case without what was opened and never asked about, and without keys that stand alone."""
    data = _filled(data)
    for place in places:
        holder: Any = data
        for part in place[:-1]:
            holder = holder[part]
        if place[-1] == "documents_open":
            person = place[1] if place[0] == "persons" else holder.get("applicant")
            asked = any(path[:2] == ("documents", person) for path in answered) or holder.get("documents")
        else:
            asked = place in answered or holder.get(place[-1]) != UNKNOWN
        if not asked:
            del holder[place[-1]]
    return data


def _filled(part: Any) -> Any:
    if isinstance(part, dict):
        return {key: _filled(value) for key, value in part.items() if value is not None}
    return [_filled(value) for value in part] if isinstance(part, list) else part


def write(data: Data, run: Run, atom: Atom, value: Any) -> None:
    """Puts an answer about an input or point in its place; a paper is listed, an application made, where it is
    needed."""
    place = run.inputs.reader.place(atom)
    thing, _ = address(run.law.vocabulary[atom[0]], atom)
    if thing[0] == "documents" and place[0] == "documents":
        _list_paper(data, run, place, value)
        return
    if thing[0] == "applications":
        person = run.cast.person[thing[1]]
        place = (*_application(data, run, person), *place[2:])
    put(data, place, value)


def _list_paper(data: Data, run: Run, place: Path, value: Any) -> None:
    person, kind = place[1:3]
    made = {"type": kind} if value == YES else {"type": kind, "handed_in": NONE if value == NO else value}
    joins = person in run.cast.sponsor_of
    holder = _application(data, run, str(person)) if joins else ("persons", str(person))
    put(data, (*holder, "documents"), [*(_at(data, holder).get("documents") or ()), made])


def _application(data: Data, run: Run, person: str) -> Path:
    """The place of a person's application, which is made when there is none."""
    listed = data.get("applications") or []
    for index, application in enumerate(listed):
        if application.get("applicant") == person:
            return ("applications", index)
    made = {"applicant": person, "sponsor": run.cast.sponsor_of[person], "filed": NONE}
    data["applications"] = [*listed, made]
    return ("applications", len(listed))


def _at(node: Any, place: Path) -> Any:
    for part in place:
        node = node[part]
    return node


def put(data: Data, place: Path, value: Any) -> None:
    """Sets a place; sections that lack are made. None takes away what stands there."""
    node: Any = data
    for part in place[:-1]:
        if isinstance(node, dict) and node.get(part) in (None, UNKNOWN, ""):
            node[part] = {}
        node = node[part]
    if value is None:
        node.pop(place[-1], None)
    else:
        node[place[-1]] = value


def is_paper(place: Path) -> bool:
    """Whether a place is that of a paper that the file does not list."""
    return place[0] == "documents" and len(place) == PAPER
