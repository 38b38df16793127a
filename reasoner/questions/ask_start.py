"""The beginning of an interview that has no case file: who there is, who joins whom, how they are related, by which
route."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import islice
from typing import Any

from reasoner.cast import Path
from reasoner.program import Law
from reasoner.questions.ask_answers import NONE, UNKNOWN, Question

START = "start"
BEST, CHILD, PARENT = "best", "child", "parent"
Data = dict[str, Any]


def begun(law: Law, answers: Mapping[Path, Any], assessed: date) -> tuple[Data, Question | None]:
    """The case file as far as it follows from the answers, and the next question; None when it can be examined."""
    data: Data = {"assessed_on": assessed.isoformat(), "persons": {}}
    for question in _questions(law, data, answers):
        if question.place not in answers:
            return data, question
    return data, None


def _questions(law: Law, data: Data, answers: Mapping[Path, Any]) -> Iterator[Question]:
    """The questions in their order; what was answered is put into the file on the way."""
    place: Path = (START, "sponsor")
    yield Question(place, "name")
    sponsor = _person(data, answers[place])
    basis: Path = (START, "basis")
    if len(law.role_of) > 1:
        yield Question(basis, "choice", tuple(law.role_of))
    section = answers.get(basis, next(iter(law.role_of)))
    data["persons"][sponsor][section] = _empty(law, section)
    yield Question((START, "applicants"), "names")
    applicants = [_person(data, name) for name in answers[START, "applicants"]]
    yield Question((START, "others"), "names")
    for name in answers[START, "others"]:
        _person(data, name)
    for applicant in applicants:
        yield from _application(law, data, answers, applicant, sponsor)


def _application(law: Law, data: Data, answers: Mapping[Path, Any], applicant: str, sponsor: str) -> Iterator[Question]:
    unions, kin = law.choices["unions.*.kind"], law.choices["persons.*.kin.*"]
    place: Path = (START, "tie", applicant, sponsor)
    yield Question(place, "choice", (*unions, CHILD, PARENT, *kin, NONE))
    tie, persons = answers[place], data["persons"]
    if tie in unions:
        data.setdefault("unions", []).append({"partners": [sponsor, applicant], "kind": tie})
    elif tie in kin:
        persons[applicant]["kin"] = {sponsor: tie}
    elif tie in (CHILD, PARENT):
        child, parent = (applicant, sponsor) if tie == CHILD else (sponsor, applicant)
        listed = [*persons[child].get("parents", ()), parent]
        others = tuple(person for person in persons if person != child and person not in listed)
        if others and len(listed) == 1:
            place = (START, "parents", child)
            yield Question(place, "people", others)
            listed += answers[place]
        persons[child]["parents"] = list(dict.fromkeys(listed))
    yield Question((START, "route", applicant), "choice", (BEST, *_routes(law)))
    route = answers[START, "route", applicant]
    made = {"applicant": applicant, "sponsor": sponsor, **({} if route == BEST else {"route": route})}
    data.setdefault("applications", []).append(made)


def _empty(law: Law, section: str) -> dict[str, str]:
    """A section of a person of which nothing is known but that it is there."""
    keys = (re.fullmatch(rf"persons\.{{\w+}}\.{section}\.(\w+)", entry.path) for entry in law.entries)
    return {found[1]: UNKNOWN for found in islice(filter(None, keys), 1)}


def _routes(law: Law) -> tuple[str, ...]:
    """The routes of those who join somebody."""
    alone = {row[0] for row in law.table("holder_route")}
    return tuple(str(route) for route, _ in law.table("route") if route not in alone)


def _person(data: Data, name: str) -> str:
    """Adds a person to the file; the id is made of the first name, or of more where that is taken."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    parts = re.findall(r"[a-z0-9]+", plain) or ["person"]
    ids = ["_".join(parts[: length + 1]) for length in range(len(parts))]
    ids += [f"{ids[-1]}_{number}" for number in range(2, 100)]
    found = next(each if each[0].isalpha() else f"p_{each}" for each in ids if each not in data["persons"])
    data["persons"][found] = {"name": name}
    return found
