"""Calendar arithmetic, partial dates, and the values that points can have."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date, datetime, timedelta
from enum import Enum
from functools import cached_property, lru_cache
from typing import Any, Final, NamedTuple


class Nothing(Enum):
    """The value of a date that does not exist."""

    NONE = "none"


NONE: Final = Nothing.NONE


@dataclass(frozen=True)
class Open:
    """A date or a number known only to lie between two bounds, both included."""

    lo: Any
    hi: Any
    may_be_none: bool = False


@dataclass(frozen=True)
class OpenCode:
    """An unknown code: exactly one, but any."""


@dataclass(frozen=True)
class OpenPeriods:
    """An unknown list of periods."""


@dataclass(frozen=True)
class Periods:
    """A list of periods, first and last day included; no last day means still running."""

    spans: tuple[tuple[date, date | None], ...] = ()
    complete: bool = True

    @cached_property
    def meetings(self) -> tuple[tuple[date, date], ...]:
        """The periods in order, those that share a day made one."""
        return self._merged(timedelta(0))

    @cached_property
    def stretches(self) -> tuple[tuple[date, date], ...]:
        """The periods in order, those that share a day or follow on the next day made one."""
        return self._merged(timedelta(1))

    def _merged(self, gap: timedelta) -> tuple[tuple[date, date], ...]:
        merged: list[tuple[date, date]] = []
        for start, stop in sorted((a, b or date.max) for a, b in self.spans):
            if stop < start:
                raise ValueError(f"a period ends before it begins: {start} to {stop}")
            if merged and start - gap <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(merged[-1][1], stop))
            else:
                merged.append((start, stop))
        return tuple(merged)


Value = date | int | str | tuple[str, ...] | Nothing | Open | OpenCode | Periods | OpenPeriods


class Distance(NamedTuple):
    """How far an answered comparison is from its other answer.

    `amount` is what is missing (1 or more) or, when it `holds`, what is to spare (0 or more), in
    `unit`: days, hours, times or, for plain numbers, units. `on` is the last day that is in time
    (for >= and > the first); for `unbroken`, the last day that the stretch has to include. Numbers
    have no such day.
    """

    unit: str
    amount: int
    on: date | None
    holds: bool


_HOLDS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<=": operator.le,
    "<": operator.lt,
    ">=": operator.ge,
    ">": operator.gt,
    "=": operator.eq,
    "!=": operator.ne,
}


_MONTHS: Final = {"months": 1, "years": 12}
UNITS: Final = frozenset({"years", "months", "days", "hours"})
_LENGTHS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_NAMES: Final = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _length(year: int, month: int) -> int:
    return 29 if month == 2 and _leap(year) else _LENGTHS[month - 1]


def _far(day: date, later: bool) -> date:
    kind = type(day)
    return kind.max if later else kind.min


def add(day: date, n: int, unit: str) -> date:
    """The day `n` years, months or days later, within its month; the moment `n` hours later.

    Past the ends of the calendar the answer is its first or last day. Raises ValueError for another
    unit.
    """
    per = _MONTHS.get(unit)
    if per is not None:
        year, month = divmod(day.year * 12 + day.month - 1 + n * per, 12)
        if not MINYEAR <= year <= MAXYEAR:
            return _far(day, n > 0)
        number = day.day if day.day <= 28 else min(day.day, _length(year, month + 1))
        return day.replace(year, month + 1, number)
    if unit not in UNITS:
        raise ValueError(f"there is no unit {unit!r}: write years, months, days or hours")
    try:
        return day + timedelta(n) if unit == "days" else as_moment(day) + timedelta(hours=n)
    except OverflowError:
        return _far(day, n > 0)


def birthday(born: date, n: int) -> date:
    """The day `n` years are complete: 1 March in a common year for a person born on 29 February."""
    year = born.year + n
    if not MINYEAR <= year <= MAXYEAR:
        return _far(born, n > 0)
    if born.month == 2 and born.day == 29 and not _leap(year):
        return born.replace(year, 3, 1)
    return born.replace(year)


def as_moment(day: date) -> datetime:
    """A day as the moment at which it begins; a moment as it is."""
    return day if isinstance(day, datetime) else datetime(day.year, day.month, day.day)


def as_day(day: date) -> date:
    """The day of a date or a moment."""
    return day.date() if isinstance(day, datetime) else day


def _month(text: str, year: str, month: str) -> tuple[int, int]:
    if len(year) != 4 or len(month) != 2 or not (year + month).isdecimal():
        raise ValueError(f"{text!r} is not a date: write it like 2024-09-01")
    if int(year) < MINYEAR:
        raise ValueError(f"there is no year {year}")
    if not 1 <= int(month) <= 12:
        raise ValueError(f"there is no month {month} (in {text!r})")
    return int(year), int(month)


def parse_date(text: str) -> date:
    """The date that `2024-09-01` names, or the moment of `2024-09-01T14:30`. Raises ValueError."""
    parts = text[:10].split("-")
    if len(parts) != 3 or len(parts[2]) != 2 or not parts[2].isdecimal():
        raise ValueError(f"{text!r} is not a date: write it like 2024-09-01")
    year, month = _month(text, parts[0], parts[1])
    number = int(parts[2])
    if not 1 <= number <= _length(year, month):
        raise ValueError(f"there is no {number} {_NAMES[month - 1]} {year}")
    if len(text) == 10:
        return date(year, month, number)
    try:
        moment = datetime.fromisoformat(text) if text[10] in "T " else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is not None:
        written = "a moment: write it like 2024-09-01T14:30" if ":" in text else "a date: write it like 2024-09-01"
        raise ValueError(f"{text!r} is not {written}")
    return moment


def partial(text: str) -> date | Open:
    """The date of `1990-06-15`, or the range that `1990` or `1990-06` leaves. Raises ValueError."""
    parts = text.split("-")
    if len(parts) == 1:
        year, _ = _month(text, text, "01")
        return Open(date(year, 1, 1), date(year, 12, 31))
    if len(parts) == 2:
        year, month = _month(text, *parts)
        return Open(date(year, month, 1), date(year, month, _length(year, month)))
    return parse_date(text)


@lru_cache(maxsize=4096)
def first_day(end: date, n: int, unit: str) -> date:
    """The first day D with D + n*unit >= end, since months are added to the earlier date."""
    day, one = as_day(add(end, -n, unit)), timedelta(1)
    while day > date.min and as_day(add(day - one, n, unit)) >= end:
        day -= one
    while as_day(add(day, n, unit)) < end:
        day += one
    return day


def each(value: Open) -> Iterator[Any]:
    """Every value an open value can take: days, whole numbers or, for moments, minutes."""
    if value.may_be_none:
        yield NONE
    step: Any = 1 if isinstance(value.lo, int) else timedelta(minutes=1)
    current = value.lo
    if not isinstance(current, (int, datetime)):
        yield from map(date.fromordinal, range(current.toordinal(), value.hi.toordinal() + 1))
        return
    while current <= value.hi:
        yield current
        current += step


def gap_between(over: float, op: str, holds: bool) -> int:
    """The units missing (rounded up) or to spare (down), where `over` is left minus right."""
    if op == "!=":
        return int(abs(over)) - 1 if holds and abs(over) >= 1 else int(not holds)
    if op == "=":
        return int(-(-abs(over) // 1))
    short = over if op in ("<=", "<") else -over
    strict = op in ("<", ">")
    if holds:
        return max(0, int(-short // 1) - strict)
    return int(short // 1) + 1 if strict else int(-(-short // 1))


def level(left: date, right: date) -> tuple[Any, Any]:
    """Both as moments or, when one is only a day, both as days."""
    if isinstance(left, datetime) and isinstance(right, datetime):
        return left, right
    return as_day(left), as_day(right)


def holds(left: Any, op: str, right: Any) -> bool:
    """Whether the comparison holds between two known values."""
    if type(left) is not type(right) and isinstance(left, date) and isinstance(right, date):
        left, right = level(left, right)
    return _HOLDS[op](left, right)


def ends(value: Any) -> tuple[Any, Any, bool]:
    """The bounds of a value, and whether it may not exist at all."""
    return (value.lo, value.hi, value.may_be_none) if isinstance(value, Open) else (value, value, False)


def compare(left: Any, op: str, right: Any) -> bool | None:
    """The answer to a comparison of independent values; False when one does not exist."""
    if left is NONE or right is NONE:
        return False
    if type(left) is not Open and type(right) is not Open:
        return holds(left, op, right)
    (low, high, left_none), (least, most, right_none) = ends(left), ends(right)
    corners = [holds(a, op, b) for a in (low, high) for b in (least, most)]
    apart = holds(high, "<", least) or holds(most, "<", low)
    sure = apart if op == "!=" else all(corners)
    possible = not apart if op == "=" else any(corners)
    if sure and not (left_none or right_none):
        return True
    return None if possible else False
