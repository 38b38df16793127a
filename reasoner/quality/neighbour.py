"""The nearest case that is decided differently: one fact of a case file changed."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple, TypeGuard

from reasoner.case import CaseFile, parse_case
from reasoner.cast import Path
from reasoner.engine import Decision, Engine
from reasoner.errors import CaseFileError, dotted
from reasoner.quality.space import LIKELY
from reasoner.quality.witness import Case, text
from reasoner.terms import leaves

NAMES = frozenset(
    {"applicant", "sponsor", "partners", "parents", "mother", "kin", "dependent_on", "type", "kind", "case"}
)
"""Keys that say who or what something is: to change them is to tell another story."""


class Neighbour(NamedTuple):
    """A case with one fact changed: where, from what to what, and its decision."""

    case: Case
    path: str
    before: Any
    after: Any
    decision: Decision


def neighbour(
    engine: Engine, case: Case, differs: Callable[[Decision, Decision], bool]
) -> tuple[Decision, Neighbour | None]:
    """The decision of a case, and the nearest case with one other fact for which ``differs`` says so."""
    file = parse_case(text(case), choices=engine.law.choices)
    decision = engine.decide(file)
    for path, before, after in _changes(engine, case, decision, file):
        other = _changed(case, path, after)
        try:
            decided = engine.decide(parse_case(text(other), choices=engine.law.choices))
        except CaseFileError:
            continue  # a change that contradicts the rest of the file
        if differs(decision, decided):
            return decision, Neighbour(other, dotted(path), before, after, decided)
    return decision, None


def _changes(engine: Engine, case: Case, decision: Decision, file: CaseFile) -> Iterator[tuple[Path, Any, Any]]:
    """Every fact of the case with what it could be instead: dates first by a day, then to where a comparison flips."""
    facts = [(path, value) for path, value in _facts(case) if NAMES.isdisjoint(path)]
    moves = _flips(decision)
    for path, value in facts:
        if isinstance(value, bool):
            yield path, value, not value
    for path, value in facts:
        if day := _day(value):
            for step in sorted(moves.get(path, ()), key=abs):
                yield path, value, (day + timedelta(step)).isoformat()
    for path, value in facts:
        if isinstance(value, str) and _day(value) is None:
            for choice in (*(_choices(engine, path) or _codes(engine, value)), "none"):
                if choice != value:
                    yield path, value, choice
        elif isinstance(value, int) and not isinstance(value, bool):
            yield from ((path, value, other) for other in (value - 1, value + 1))
    for path, value in facts:
        if _day(value):
            yield path, value, "none"


def _facts(part: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    if isinstance(part, dict):
        for key, value in part.items():
            yield from _facts(value, (*path, key))
    elif isinstance(part, list):
        for index, value in enumerate(part):
            yield from _facts(value, (*path, index))
    else:
        yield path, part


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
    except ValueError:
        return None


def _flips(decision: Decision) -> dict[Path, set[int]]:
    """By how many days each date has to move for some comparison to be answered otherwise."""
    found: dict[Path, set[int]] = {}
    for run in decision.runs:
        inputs = run.inputs
        for comparison in run.program.comparisons.values():
            gap = inputs.calendar.distance(comparison)
            if gap is None or gap.unit != "days":
                continue
            step = gap.amount + (1 if gap.holds else 0)
            for point in filter(_is_point, leaves(comparison)):
                for days in (step, -step):
                    found.setdefault(inputs.reader.place(point), set()).add(days)
    return found


def _is_point(leaf: Any) -> TypeGuard[tuple[Any, ...]]:
    return isinstance(leaf, tuple)


def _choices(engine: Engine, path: Path) -> tuple[str, ...]:
    """The words that the vocabulary has for what stands at a path."""
    starred = ".".join("*" if isinstance(part, int) or place == 1 else part for place, part in enumerate(path))
    if "documents" in path:
        starred = f"documents.*.{path[-1]}"
    return engine.law.choices.get(starred, ())


def _codes(engine: Engine, value: str) -> list[str]:
    """The codes of countries, or of languages, that the law tells from others."""
    codes = [str(code) for _, code, *_ in engine.law.table("member")]
    return sorted(code for code in (*codes, *LIKELY) if code.isupper() == value.isupper() and len(code) == len(value))


def _changed(case: Case, path: Path, value: Any) -> Case:
    other = copy.deepcopy(case)
    holder: Any = other
    for part in path[:-1]:
        holder = holder[part]
    holder[path[-1]] = value
    return other
