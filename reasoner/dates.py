"""Comparisons of dates, numbers, lists of periods and open-domain values; no law, no clingo.

A term is an int, a string (a date `"2024-09-01"`, a unit, a code) or a tuple: an operator applied
to terms, or a *point* such as `("granted", "p1")`, whose value a `lookup` knows. An atom compares
terms:

    ("date" | "number", left, op, right)      ("unbroken", LIST, END, ("*", N, unit))
    ("class", name, point[, on])              ("same", a, b)            ("happened", term)

with the quantities `(days | count | longest, LIST, END, WINDOW)` as numbers. An answer is True,
False, or None where an open value leaves both possible. `reasoner.cells` splits open values into
the stretches that answer alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from reasoner.days import (
    NONE,
    Distance,
    Nothing,
    Open,
    OpenCode,
    OpenPeriods,
    Periods,
    Value,
    add,
    as_day,
    birthday,
    compare,
    each,
    ends,
    gap_between,
    level,
    parse_date,
    partial,
)
from reasoner.terms import (
    OPERATORS,
    Atom,
    Term,
    best_stretch,
    constant,
    leaves,
    periods_of,
    points,
    window_of,
)

__all__ = [
    "NONE", "Atom", "Calendar", "Distance", "Nothing", "Open", "OpenCode", "OpenPeriods", "Periods",
    "Table", "Term", "Value", "add", "birthday", "parse_date", "partial", "points",
]  # fmt: skip

Table = Mapping[str, tuple[date | None, date | None]]  # code -> first and last day of membership

_ONE: Final = timedelta(1)


@dataclass(eq=False, repr=False)
class Calendar:
    """Answers to atoms, from the values of points and the members of classes with their days."""

    lookup: Callable[[Term], Value]
    members: Callable[[str], Table]

    def value(self, term: Term) -> Any:
        """The date, moment, number, code, list or NONE of a term, or Open with its bounds."""
        if type(term) is tuple:
            function = OPERATORS.get(term[0])
            return self.lookup(term) if function is None else function(self.value, term)
        return constant(term) if type(term) is str else term

    def answer(self, atom: Atom) -> bool | None:
        """Whether the atom is true; None when its open values can make it either."""
        return _ANSWERS[atom[0]](self, atom)

    def resolve(self, term: Term) -> date | None:
        """The date or moment of a result term; None when it does not exist or is open."""
        value = self.value(term)
        return value if isinstance(value, date) else None

    def distance(self, atom: Atom) -> Distance | None:
        """How far a comparison is from its other answer; None when open or a value is NONE."""
        kind = atom[0]
        if kind == "unbroken":
            return _unbroken_distance(self, atom)
        if kind not in ("date", "number"):
            return None
        left, op, right = self.value(atom[1]), atom[2], self.value(atom[3])
        if isinstance(left, (Open, Nothing)) or isinstance(right, (Open, Nothing)):
            return None
        holds = compare(left, op, right) is True
        if isinstance(left, date):
            left, right = level(left, right)
            unit, gap = ("hours", _hours) if isinstance(left, datetime) else ("days", _days)
            on: date | None = right - gap(1) if op == "<" else right + gap(1) if op == ">" else right
            return Distance(unit, gap_between((left - right) / gap(1), op, holds), on, holds)
        kinds = {side[0] for side in (atom[1], atom[3]) if type(side) is tuple}
        unit = "times" if "count" in kinds else "days" if kinds & {"days", "longest"} else "units"
        return Distance(unit, gap_between(left - right, op, holds), None, holds)


def _days(n: int) -> timedelta:
    return timedelta(n)


def _hours(n: int) -> timedelta:
    return timedelta(hours=n)


def _unbroken(calendar: Calendar, atom: Atom) -> bool | None:
    _, name, limit, width = atom
    periods, end, (n, unit) = (
        periods_of(calendar.value, name),
        calendar.value(limit),
        window_of(calendar.value, width),
    )
    if end is NONE or n is NONE:
        return False
    (low, high, end_none), (least, most, n_none) = ends(end), ends(n)

    def lasts(last: date, number: int) -> bool:
        best = best_stretch(periods, as_day(last), number, unit)
        return best is not None and best[0] >= 0

    if lasts(low, most):
        return None if end_none or n_none else True
    return None if not periods.complete or lasts(high, least) else False


def _unbroken_distance(calendar: Calendar, atom: Atom) -> Distance | None:
    _, name, limit, width = atom
    end, (n, unit), found = (
        calendar.value(limit),
        window_of(calendar.value, width),
        calendar.answer(atom),
    )
    if found is None or not isinstance(end, date) or not isinstance(n, int):
        return None
    best = best_stretch(periods_of(calendar.value, name), as_day(end), n, unit)
    return best and Distance("days", abs(best[0]), best[1], found)


def _comparison(calendar: Calendar, atom: Atom) -> bool | None:
    _, left, op, right = atom
    found = compare(calendar.value(left), op, calendar.value(right))
    return _tried_out(calendar, atom) if found is None else found


def _tried_out(calendar: Calendar, atom: Atom) -> bool | None:
    """The answer where bounds are too coarse: a point read twice, or an equation of days."""
    reads = leaves(atom)
    if atom[2] not in ("=", "!=") and len(set(reads)) == len(reads):
        return None
    env = {point: calendar.lookup(point) for point in reads}
    for point, value in env.items():
        dated = isinstance(value, Open) and not isinstance(value.lo, int)
        if isinstance(value, Open) and (reads.count(point) > 1 or (dated and atom[2] in ("=", "!="))):
            trial, seen = Calendar(env.__getitem__, calendar.members), set()
            for trial_value in each(value):
                env[point] = trial_value
                seen.add(trial.answer(atom))
                if len(seen) > 1:
                    return None
            return seen.pop()
    return None


def _class(calendar: Calendar, atom: Atom) -> bool | None:
    table, codes = calendar.members(atom[1]), calendar.value(atom[2])
    on = calendar.value(atom[3]) if len(atom) > 3 else None
    if codes is NONE or on is NONE:
        return False
    known = table if isinstance(codes, OpenCode) else [code for code in codes_of(codes) if code in table]
    found: bool | None = bool(known)
    if on is not None:
        spans = [(a or date.min, b or date.max) for a, b in (table[code] for code in known)]
        low, high, may_be_none = ends(on)
        first, last = as_day(low), as_day(high)
        spans = [span for span in spans if span[0] <= last and span[1] >= first]
        # Covered from first to last: on the first day, and on the day after each membership that
        # ends before.
        tests = [first, *(stop + _ONE for _, stop in spans if stop < last)]
        covered = all(any(a <= day <= b for a, b in spans) for day in tests)
        found = False if not spans else True if covered and not may_be_none else None
    return None if found and isinstance(codes, OpenCode) else found


def codes_of(value: Any) -> tuple[str, ...]:
    """The codes of a value: a list of them, or one."""
    return value if isinstance(value, tuple) else (value,)


def _same(calendar: Calendar, atom: Atom) -> bool | None:
    left, right = calendar.value(atom[1]), calendar.value(atom[2])
    if left is NONE or right is NONE:
        return False
    if isinstance(left, OpenCode) or isinstance(right, OpenCode):
        return True if atom[1] == atom[2] else None
    return not set(codes_of(left)).isdisjoint(codes_of(right))


def _happened(calendar: Calendar, atom: Atom) -> bool | None:
    value = calendar.value(atom[1])
    if isinstance(value, Open):
        return None if value.may_be_none else True
    if isinstance(value, (Periods, OpenPeriods)):
        listed = periods_of(calendar.value, atom[1])
        return True if listed.spans else False if listed.complete else None
    return value is not NONE


_ANSWERS: Final[dict[str, Callable[[Calendar, Atom], bool | None]]] = {
    "date": _comparison,
    "number": _comparison,
    "unbroken": _unbroken,
    "class": _class,
    "same": _same,
    "happened": _happened,
}
