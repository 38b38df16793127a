"""Which values of what is varied a case can have at all: its dates must not contradict each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from pydantic import BaseModel

from reasoner.case_dates import Day

_DAY = timedelta(1)


def dates(part: Any) -> Iterator[Day]:
    """Every date in a case."""
    if isinstance(part, Day):
        yield part
    elif isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from dates(getattr(part, name))
    elif isinstance(part, dict | tuple):
        for item in part.values() if isinstance(part, dict) else part:
            yield from dates(item)


def interval(
    first: date, last: date, stated: Iterable[Day], possible: Callable[[date], bool], known: Sequence[date]
) -> tuple[date, date] | None:
    """The first and the last possible day of a range; None when there is none.

    Every check of a case file compares two dates of it, one of which moves here. So the possible days follow each
    other, and they begin and end at a date that the file states or beside one. ``known`` are days that are likely to
    be possible.
    """
    near = {day + n * _DAY for value in stated for day in (value.first, value.last) for n in (-1, 0, 1)}
    marks = sorted(day for day in {first, last, *near, *known} if first <= day <= last)
    inside = next((day for day in (*known, *marks) if first <= day <= last and possible(day)), None)
    if inside is None:
        return None
    place = marks.index(inside)
    return marks[_turn(marks, place, 0, possible)], marks[_turn(marks, place, len(marks) - 1, possible)]


def _turn(marks: Sequence[date], inside: int, outside: int, possible: Callable[[date], bool]) -> int:
    """The last possible mark on the way from one that is possible."""
    if possible(marks[outside]):
        return outside
    while abs(outside - inside) > 1:
        middle = (inside + outside) // 2
        inside, outside = (middle, outside) if possible(marks[middle]) else (inside, middle)
    return inside
