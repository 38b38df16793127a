"""The names that outcomes can hold under a version of the law: of conditions, documents, effects and the like."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from reasoner.program import Law, Rule

# What names it in the head of a rule: predicate and place of the argument.
_PLACES = {
    "condition": ("requires", 2),
    "document": ("needs", 2),
    "defect": ("defect", 3),
    "effect": ("effect", 2),
    "deadline": ("deadline", 2),
    "fee": ("fee", 2),
    "task": ("authority", 2),
    "body": ("authority", 3),
    "channel": ("channel", 2),
    "warning": ("warning", 2),
}
_ATOM = r"([a-z]\w*)\(([^()]*)\)"


def names(law: Law) -> Mapping[str, tuple[str, ...]]:
    """Kind to all names of that kind that a rule of the law can put into an outcome, in the order of the law."""
    found: dict[str, list[str]] = {kind: [] for kind in _PLACES}
    for kind, (predicate, place) in _PLACES.items():
        for rule in law.rules:
            if rule.head == predicate:
                found[kind] += named(law, rule, place)
    found["type"] = [kind for kind, _ in law.document_types]
    found["provision"] = [str(row[0]) for row in law.table("provision")]
    found["route"] = [str(row[0]) for row in law.table("route")]
    return {kind: tuple(dict.fromkeys(listed)) for kind, listed in found.items()}


def named(law: Law, rule: Rule, place: int) -> Iterator[str]:
    """The constant at a place of the head of a rule, or all values that a table of the law gives its variable."""
    head, _, body = rule.text.partition(":-")
    term = _arguments(head.strip().rstrip("."))[place]
    if not term[0].isupper():
        yield term.partition("(")[0]
        return
    for predicate, inside in re.findall(_ATOM, body):
        for column, argument in enumerate(part.strip() for part in inside.split(",")):
            if argument == term:
                yield from _column(law, predicate, column)


def _column(law: Law, predicate: str, column: int) -> Iterator[str]:
    entry = law.vocabulary.get(predicate)
    if entry is not None and entry.enumerated:
        yield from (str(value) for name, value in law.table("value") if name == predicate)
    else:
        yield from (str(row[column]) for row in law.table(predicate))


def _arguments(atom: str) -> list[str]:
    """The arguments of an atom; commas within an argument do not part it."""
    parts, depth = [""], 0
    for character in atom.partition("(")[2].removesuffix(")"):
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]
