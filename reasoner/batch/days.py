"""Calendar arithmetic on columns of days, as in :mod:`reasoner.days` but for a million days at once.

A day is a number of days since 1970. Past the ends of the calendar an answer is its first or last day.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from reasoner.batch.values import days_of

Days = NDArray[np.int64]

FIRST, LAST = days_of(date.min), days_of(date.max)
_MONTHS: Final = {"months": 1, "years": 12}
_USUAL: Final = range(1850, 2250)  # years whose months are looked up, which takes a tenth of the time
_FIRST_MONTH, _LAST_MONTH = (1 - 1970) * 12, (9999 - 1970) * 12 + 11


def _months_of(days: Days) -> tuple[Days, Days]:
    dated = days.astype("M8[D]")
    months = dated.astype("M8[M]")
    return months.astype(np.int64), (dated - months.astype("M8[D]")).astype(np.int64)


def _starts_of(months: Days) -> Days:
    found: Days = months.astype("M8[M]").astype("M8[D]").astype(np.int64)
    return found


_NEAR, _PAST = days_of(date(_USUAL.start, 1, 1)), days_of(date(_USUAL.stop, 1, 1))
_NEAR_MONTH, _PAST_MONTH = (_USUAL.start - 1970) * 12, (_USUAL.stop - 1970) * 12
_MONTH, _DAY = _months_of(np.arange(_NEAR, _PAST))
_START = _starts_of(np.arange(_NEAR_MONTH, _PAST_MONTH))


def _within(values: Days, first: int, end: int) -> bool:
    return bool(values.size) and int(values.min()) >= first and int(values.max()) < end


def _month_of(days: Days) -> tuple[Days, Days]:
    """The month of each day, counted since 1970, and the days since its first."""
    if not _within(days, _NEAR, _PAST):
        return _months_of(days)
    place = days - _NEAR
    return _MONTH[place], _DAY[place]


def _start_of(months: Days) -> Days:
    """The first day of each month."""
    return _START[months - _NEAR_MONTH] if _within(months, _NEAR_MONTH, _PAST_MONTH) else _starts_of(months)


def _far(found: Days, months: Days) -> Days:
    if months.size and (months.min() < _FIRST_MONTH or months.max() > _LAST_MONTH):
        found = np.where(months < _FIRST_MONTH, FIRST, np.where(months > _LAST_MONTH, LAST, found))
    return found


def add(days: Days, n: Any, unit: str) -> Days:
    """The days ``n`` years, months or days later, within their month."""
    if unit == "days":
        moved: Days = np.clip(days + n, FIRST, LAST)
        return moved
    months, past = _month_of(days)
    months = months + n * _MONTHS[unit]
    inside = np.clip(months, _FIRST_MONTH, _LAST_MONTH)
    start = _start_of(inside)
    return _far(start + np.minimum(past, _start_of(inside + 1) - start - 1), months)


def birthday(days: Days, n: Any) -> Days:
    """The days ``n`` years are complete: 1 March in a common year after 29 February."""
    months, past = _month_of(days)
    months = months + n * 12
    return _far(_start_of(np.clip(months, _FIRST_MONTH, _LAST_MONTH)) + past, months)


def first_day(ends: Days, n: Any, unit: str) -> Days:
    """For each end the first day D with D + n*unit >= end."""
    days = add(ends, -n, unit)
    while True:
        earlier = (days > FIRST) & (add(np.maximum(days - 1, FIRST), n, unit) >= ends)
        if not earlier.any():
            break
        days = days - earlier
    while True:
        later = add(days, n, unit) < ends
        if not later.any():
            return days
        days = days + later
