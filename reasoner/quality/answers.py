"""What outcomes say, in the words of a test file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from reasoner.outcome import Outcome, as_data

ABSENT, NONE, OPEN = "absent", "none", "open"


def text(value: Any) -> str:
    """A single value; ``none`` for nothing."""
    return NONE if value is None else str(as_data(value))


def conditions(outcome: Outcome) -> dict[str, dict[str, Any]]:
    """Condition to its status, distance and provisions."""
    gaps = {c.id: f"{c.distance.amount} {c.distance.unit}" if c.distance else NONE for c in outcome.conditions}
    return {c.id: {"status": c.status, "distance": gaps[c.id], "provisions": list(c.provisions)}
            for c in outcome.conditions}  # fmt: skip


def documents(outcome: Outcome) -> dict[str, dict[str, Any]]:
    """Document to its status, defects, alternatives and provisions."""
    return {d.type: {"status": d.status, "defects": list(d.defects), "alternatives": list(d.alternatives),
                     "provisions": list(d.provisions)} for d in outcome.documents}  # fmt: skip


def effects(outcome: Outcome) -> dict[str, dict[str, Any]]:
    """Effect to its status, date, kind and provisions."""
    return {e.id: {"status": e.status, "date": text(e.date), "kind": e.kind, "provisions": list(e.provisions)}
            for e in outcome.effects}  # fmt: skip


def deadlines(outcome: Outcome) -> dict[str, dict[str, Any]]:
    """Deadline to its date and provisions, the first of each name."""
    return {d.id: {"date": text(d.date or OPEN), "provisions": list(d.provisions)}
            for d in reversed(outcome.deadlines)}  # fmt: skip


def fees(outcome: Outcome) -> dict[str, dict[str, Any]]:
    """Fee to its status with the amount, and its provisions."""
    return {f.id: {"status": f"{f.status} {f.amount} {f.currency}" if f.amount else f.status,
                   "provisions": list(f.provisions)} for f in outcome.fees}  # fmt: skip


def authorities(outcome: Outcome) -> dict[str, dict[str, Any]]:
    """Task to the bodies that do it, and their provisions."""
    found: dict[str, dict[str, Any]] = {}
    for authority in outcome.authorities:
        details = found.setdefault(authority.task, {"body": [], "provisions": []})
        details["body"].append(authority.body)
        details["provisions"] += authority.provisions
    return found


def of_status(part: str, status: str) -> Callable[[Outcome], Iterable[str]]:
    """The names of what has a status in a part of an outcome."""
    return lambda outcome: [item[0] for item in getattr(outcome, part) if item.status == status]


def ids(part: str) -> Callable[[Outcome], Iterable[str]]:
    """The names, or the paths, of a part of an outcome."""
    return lambda outcome: [item if isinstance(item, str) else item[0] for item in getattr(outcome, part)]


def cited(outcome: Outcome) -> tuple[str, ...]:
    """Every provision an outcome cites."""
    lists: tuple[tuple[Any, ...], ...] = (
        *(outcome.conditions, outcome.documents, outcome.effects, outcome.deadlines, outcome.fees),
        *(outcome.authorities, outcome.notes, outcome.warnings),
    )
    parts = (part for listed in lists for part in listed)
    return tuple(dict.fromkeys(provision for part in parts for provision in part.provisions))
