"""Lists of periods that stand for all others: what a search over all cases tries for meetings and cohabitation."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, NamedTuple

from reasoner.days import Periods

Spans = tuple[tuple[int, int | None, bool], ...]
"""Periods by the days from their first and last day to the day they are counted back from; None: still running.
The third is whether both were lawfully resident."""


class Listed(NamedTuple):
    """Periods, and the point of the day that they are counted back from: None where it is none of the case."""

    spans: Spans
    end: Any


END = date(2024, 11, 15)


def _meetings(number: int, days: int, back: int = 30) -> Spans:
    """``number`` meetings of ``days`` days, a hundred days apart, the last of them ``back`` days before the end."""
    return tuple((back + 100 * n + days, back + 100 * n + 1, True) for n in reversed(range(number)))


_YEARS = (0, 1, 3)  # how long ago a stretch ended
_LENGTHS = (100, 200, 364, 365, 366, 400, 740)

LIBRARY: tuple[Spans, ...] = (
    (),
    *(_meetings(number, days) for number in (1, 2, 3, 4) for days in (1, 15, 23, 50)),
    *(_meetings(3, 20, back=400 * years) for years in (1, 2)),
    *(((length, None, lawful),) for length in _LENGTHS for lawful in (True, False)),
    *(
        ((400 * years + length, 400 * years + 1, lawful),)
        for years in _YEARS
        for length in _LENGTHS
        for lawful in (True, False)
    ),
    *(
        ((400 * years + 500, 400 * years + 300, True), (400 * years + 250, 400 * years + 20, lawful))
        for years in _YEARS
        for lawful in (True, False)
    ),
)


def dates(spans: Spans, end: date = END) -> list[tuple[date, date | None, bool]]:
    """The first and last days of the periods, counted back from ``end``."""
    return [
        (end - timedelta(first), None if last is None else end - timedelta(last), lawful)
        for first, last, lawful in spans
    ]


def periods(spans: Spans, *, lawful: bool) -> Periods:
    """The list as a value of the calendar; with ``lawful`` only the periods in which both were lawfully resident."""
    return Periods(tuple((first, last) for first, last, kept in dates(spans) if kept or not lawful))
