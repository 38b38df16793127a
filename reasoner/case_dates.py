"""The dates of a case file: full, partial, unknown, or of something that has not happened."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any, Final

from reasoner.case_values import Scalar, fault
from reasoner.errors import show

FIRST_YEAR, LAST_YEAR = 1900, 2200

_DATE = r"(?a)(\d{4})(?:-(\d\d)(?:-(\d\d))?)?\Z"
_TIME = r"(?a)(\d{4}-\d\d-\d\d)[T ]([01]\d|2[0-3]):([0-5]\d)\Z"
_DAY_FIRST = r"(?a)(\d{1,2})[-./ ](\d{1,2})[-./ ](\d{4})\Z"
_YEAR_FIRST = r"(?a)(\d{4})[-./ ](\d{1,2})[-./ ](\d{1,2})\Z"


class Never(Enum):
    """The day of something that has not happened, written `none`."""

    NEVER = "none"


NEVER: Final = Never.NEVER


@dataclass(frozen=True, slots=True)
class Day:
    """A date as far as it is known: some day from `first` to `last`, both included."""

    first: date
    last: date

    @property
    def exact(self) -> bool:
        """Whether the day itself is known, and not the month or the year alone."""
        return self.first == self.last

    def __str__(self) -> str:
        if self.exact:
            return self.first.isoformat()
        whole_year = (self.first.month, self.last.month) == (1, 12)
        return self.first.isoformat()[: 4 if whole_year else 7]


def read_day(value: Any) -> Day | Never:
    """A date, a month or a year, or `none` for what has not happened."""
    if isinstance(value, str) and value.lower() == "none":
        return NEVER
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    match = re.match(_DATE, text) if isinstance(text, str) else None
    if not match:
        raise fault("date_format", got=show(value), suggestion=_date_meant(value))
    year, month, day = (int(part) if part else 0 for part in match.groups())
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise fault("year_range", got=show(value), low=str(FIRST_YEAR), high=str(LAST_YEAR))
    if match[2] is None:
        return Day(date(year, 1, 1), date(year, 12, 31))
    if not 1 <= month <= 12:
        raise fault("no_such_month", number=str(month), got=show(value))
    length = monthrange(year, month)[1]
    if match[3] is None:
        return Day(date(year, month, 1), date(year, month, length))
    if not 1 <= day <= length:
        values = {"day": str(day), "month": str(month), "year": str(year), "length": str(length)}
        raise fault("no_such_day", **values)
    exact = date(year, month, day)
    return Day(exact, exact)


def read_happened(value: Any) -> Day:
    """A date of something that must have happened."""
    day = read_day(value)
    if isinstance(day, Never):
        raise fault("none_not_allowed")
    return day


def read_full_date(value: Any) -> Day:
    """A date of which day, month and year are known."""
    day = read_happened(value)
    if not day.exact:
        raise fault("full_date", got=show(value))
    return day


def read_moment(value: Any) -> datetime | Never:
    """A date and time to the minute, or `none`."""
    if isinstance(value, str) and value.lower() == "none":
        return NEVER
    match = re.match(_TIME, value) if isinstance(value, str) else None
    if not match:
        raise fault("datetime_format", got=show(value))
    day = read_full_date(match[1]).first
    return datetime(day.year, day.month, day.day, int(match[2]), int(match[3]))


def _date_meant(value: Any) -> str:
    text = value if isinstance(value, str) else ""
    day_first, year_first = re.match(_DAY_FIRST, text), re.match(_YEAR_FIRST, text)
    parts = day_first.groups()[::-1] if day_first else year_first.groups() if year_first else ()
    try:
        return date(*map(int, parts)).isoformat() if parts else ""
    except ValueError:
        return ""


_DATE_PATTERN = r"\d{4}(-\d{2}(-\d{2})?)?"
_PARTIAL = {"type": ["string", "integer", "null"], "minimum": FIRST_YEAR, "maximum": LAST_YEAR}
When = Annotated[
    Day | Never | None,
    Scalar(read_day, _PARTIAL | {"pattern": f"^({_DATE_PATTERN}|unknown|none)$"}),
]
Happened = Annotated[Day | None, Scalar(read_happened, _PARTIAL | {"pattern": f"^({_DATE_PATTERN}|unknown)$"})]
FullDate = Annotated[
    Day | None,
    Scalar(read_full_date, {"type": ["string", "null"], "pattern": r"^(\d{4}-\d{2}-\d{2}|unknown)$"}),
]
Moment = Annotated[
    datetime | Never | None,
    Scalar(
        read_moment,
        {
            "type": ["string", "null"],
            "pattern": r"^(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}|unknown|none)$",
        },
    ),
]
