"""Questions and their answers: what kind of answer a place of a case file takes, and an answer as the value there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from reasoner.case_model import field_at
from reasoner.cast import Path
from reasoner.facts import address
from reasoner.ground import Atom
from reasoner.program import Law, star

UNKNOWN, NONE, YES, NO = "unknown", "none", "yes", "no"
_YEAR = re.compile(r"\d{4}\Z", re.ASCII)
_PERIOD = re.compile(r"(?P<from>[^\s.]+)\s*(?:\.\.|\s+to\s+)\s*(?P<to>[^\s.]*)(?:\s+(?P<rest>.+))?\Z")


class Reason(NamedTuple):
    """Why a question is asked: for which person and route, which part of that outcome, the conditions or documents in
    between, and the provisions that read the answer."""

    person: str
    route: str
    part: str
    about: tuple[Atom, ...]
    provisions: tuple[str, ...]


class Question(NamedTuple):
    """Something to ask: the place of the case file that it fills, the kind of answer and the answers it offers.

    ``atom`` is the input or point of the vocabulary behind it, if there is one. ``size`` is the smallest number of
    answers, this one among them, that can settle an outcome; ``reasons`` the first outcome that it can change.
    """

    place: Path
    kind: str
    choices: tuple[str, ...] = ()
    atom: Atom | None = None
    size: int = 1
    reasons: tuple[Reason, ...] = ()


def kind_of(law: Law, atom: Atom, people: Iterable[str]) -> tuple[str, tuple[str, ...]]:
    """The kind of answer that an input or point takes, and the answers to choose from."""
    entry = law.vocabulary[atom[0]]
    thing, names = address(entry, atom)
    if entry.point:
        kind = law.point_kinds[entry.name]
        if kind == "country" and field_at(str(thing[0]), names).repeated:
            kind = "countries"
        return ("lawful" if names[-1:] == ("lawful",) else kind), ()
    if not names:
        return "paper", (YES, NO)
    if entry.silence == "default" or law.choices.get(star(entry.path, atom)):
        return "choice", law.choices.get(star(entry.path, atom), ())
    if any("{" + name + "}" not in entry.path for name in entry.arguments):
        return ("people" if field_at(str(thing[0]), names).repeated else "person"), tuple(people)
    return "truth", (YES, NO)


def value_of(question: Question, text: str, words: Mapping[str, str], names: Mapping[str, str]) -> Any:
    """What an answer writes into the case file; whether it may stand there is for the case model to say.

    ``words`` are the words of a language for yes, no, none, lawful and unlawful; ``names`` those of the persons.
    """
    text = " ".join(text.split())
    if question.kind == "name":
        return text
    said = words.get(text.lower(), text)
    return _VALUES.get(question.kind, _plain)(question, said, words, names)


def _plain(question: Question, said: str, words: Mapping[str, str], names: Mapping[str, str]) -> Any:
    return said


def _date(question: Question, said: str, words: Mapping[str, str], names: Mapping[str, str]) -> Any:
    return int(said) if _YEAR.match(said) else said  # a year stands in a file without quotes


def _chosen(question: Question, said: str, words: Mapping[str, str], names: Mapping[str, str]) -> Any:
    if said.isdecimal() and 0 < int(said) <= len(question.choices):
        return question.choices[int(said) - 1]
    return names.get(said.casefold(), said)


def _several(question: Question, said: str, words: Mapping[str, str], names: Mapping[str, str]) -> Any:
    return [] if said == NONE else [_chosen(question, part, words, names) for part in _parts(said)]


def _names(question: Question, said: str, words: Mapping[str, str], names: Mapping[str, str]) -> Any:
    return [] if said == NONE else _parts(said)


def _codes(question: Question, said: str, words: Mapping[str, str], names: Mapping[str, str]) -> Any:
    return [] if said == NONE else [part.upper() for part in _parts(said)]


def _code(question: Question, said: str, words: Mapping[str, str], names: Mapping[str, str]) -> Any:
    return said.upper() if len(said) == 2 else said


def _periods(question: Question, said: str, words: Mapping[str, str], names: Mapping[str, str]) -> Any:
    if said == NONE:
        return []
    found: list[Any] = []
    for part in _parts(said):
        match = _PERIOD.match(part)
        if match is None:
            found.append(part)  # the case model says what is expected
            continue
        to = words.get(match["to"].lower(), match["to"]) or NONE
        period = {"from": match["from"], "to": to}
        if match["rest"]:
            rest = words.get(match["rest"].lower(), match["rest"])
            period["lawful"] = {"lawful": YES, "unlawful": NO}.get(rest, rest)
        found.append(period)
    return found


def _parts(said: str) -> list[str]:
    return [part.strip() for part in said.split(",") if part.strip()]


_VALUES: Mapping[str, Callable[[Question, str, Mapping[str, str], Mapping[str, str]], Any]] = {
    "date": _date,
    "choice": _chosen,
    "person": _chosen,
    "people": _several,
    "names": _names,
    "country": _code,
    "countries": _codes,
    "periods": _periods,
    "lawful": _periods,
}
