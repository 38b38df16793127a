"""An outcome as a row of results."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from reasoner.outcome import Condition, Gap, Outcome


def as_row(outcome: Outcome, row: int, people: tuple[str, ...]) -> dict[str, Any]:
    """An outcome by the columns of :func:`reasoner.batch.decider.schema`, without its fragments."""
    failing = [condition for condition in outcome.conditions if condition.status == "unmet"]
    return {
        "case_row": row,
        "person": outcome.person,
        "route": outcome.route,
        "result": outcome.result,
        "file": outcome.file,
        "applied_on": outcome.applied_on,
        "failing": [condition.id for condition in failing],
        "missing": [document.type for document in outcome.documents if document.status == "missing"],
        "defective": [document.type for document in outcome.documents if document.status == "defective"],
        "distances": [_distance(c, c.distance) for c in failing if c.distance],
        "deadlines": [{"id": deadline.id, **_moment(deadline.date)} for deadline in outcome.deadlines],
        "depends_on": [item.path for item in outcome.depends_on],
        "provisions": list(dict.fromkeys(_carrying(outcome, failing))),
        "people": people,
    }


def _distance(condition: Condition, gap: Gap) -> dict[str, Any]:
    on, limit = _moment(gap.on)["date"], _moment(gap.limit)["date"]
    return {"condition": condition.id, "unit": gap.unit, "amount": gap.amount, "on": on, "limit": limit}


def _moment(value: date | None) -> dict[str, Any]:
    if isinstance(value, datetime):
        return {"date": value.date(), "time": value.strftime("%H:%M")}
    return {"date": value, "time": None}


def _carrying(outcome: Outcome, failing: list[Condition]) -> Iterator[str]:
    """The provisions behind a result: of what fails, or else of everything that holds, and of what else decides."""
    for part in (*(failing or outcome.conditions), *outcome.because):
        yield from part.provisions
