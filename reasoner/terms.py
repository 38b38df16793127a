"""What terms stand for: operators on dates and numbers, and quantities over lists of periods.

Each operator is handed the function that gives the value of its arguments, and keeps Open values as
bounds.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from typing import Any, Final

from reasoner.days import (
    NONE,
    UNITS,
    Open,
    OpenPeriods,
    Periods,
    add,
    as_day,
    as_moment,
    birthday,
    each,
    ends,
    first_day,
    parse_date,
)

Term = int | str | tuple[Any, ...]
Atom = tuple[Any, ...]
Evaluate = Callable[[Term], Any]

_ONE: Final = timedelta(1)


@cache
def constant(text: str) -> Any:
    """The date that a string names, or the string itself: a code or a unit."""
    return parse_date(text) if text[:1].isdecimal() else text


LONG = 1500  # days of an open end that are tried one by one


def _lift(function: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    """The function's value; over bounds its extremes, at corners since operators are monotone."""
    if left is NONE or right is NONE:
        return NONE
    if type(left) is not Open and type(right) is not Open:
        return function(left, right)
    (low, high, left_none), (least, most, right_none) = ends(left), ends(right)
    corners = [function(a, b) for a in (low, high) for b in (least, most)]
    return Open(min(corners), max(corners), left_none or right_none)


def _shift(evaluate: Evaluate, day: Term, n: Term, unit: str, sign: int) -> Any:
    base, number = evaluate(day), evaluate(n)
    if type(number) is int and isinstance(base, date):  # by far the most common
        return add(base, sign * number, unit)
    return _lift(lambda start, count: add(start, sign * count, unit), base, number)


def _sum(sign: int) -> Callable[[Evaluate, Any], Any]:
    function = operator.add if sign > 0 else operator.sub

    def operation(evaluate: Evaluate, term: Any) -> Any:
        if len(term) == 2:
            return _lift(function, 0, evaluate(term[1]))
        _, left, right = term
        if type(right) is tuple and right[0] == "*" and right[2] in UNITS:
            return _shift(evaluate, left, right[1], right[2], sign)
        return _lift(function, evaluate(left), evaluate(right))

    return operation


def _named_sum(sign: int) -> Callable[[Evaluate, Any], Any]:
    return lambda evaluate, term: _shift(evaluate, term[1], term[2], term[3], sign)


def _product(evaluate: Evaluate, term: Any) -> Any:
    return _lift(operator.mul, evaluate(term[1]), evaluate(term[2]))


def _birthday(evaluate: Evaluate, term: Any) -> Any:
    return _lift(birthday, evaluate(term[1]), evaluate(term[2]))


def _extreme(pick: Callable[..., Any], other: Callable[..., Any]) -> Callable[[Evaluate, Any], Any]:
    """`latest` (max, min) or `earliest` (min, max): what does not exist is left out."""

    def operation(evaluate: Evaluate, term: Any) -> Any:
        values = [value for value in map(evaluate, term[1:]) if value is not NONE]
        if not values:
            return NONE
        if len({type(value) for value in values}) > 1:
            values = _alike(values)
        if not any(isinstance(value, Open) for value in values):
            return pick(values)
        bounds = [ends(value) for value in values]
        certain = [bound for bound in bounds if not bound[2]]
        far, near = (1, 0) if pick is max else (0, 1)
        # A value that may not exist can only push the extreme outwards, unless it stands alone.
        inner = pick(b[near] for b in certain) if certain else other(b[near] for b in bounds)
        outer = pick(b[far] for b in bounds)
        return Open(min(inner, outer), max(inner, outer), not certain)

    return operation


def _alike(values: list[Any]) -> list[Any]:
    """The values as moments when one is a moment, since days and moments do not compare."""
    if not any(isinstance(end, datetime) for value in values for end in ends(value)[:2]):
        return values
    return [
        Open(as_moment(v.lo), as_moment(v.hi), v.may_be_none) if isinstance(v, Open) else as_moment(v) for v in values
    ]


def periods_of(evaluate: Evaluate, term: Term) -> Periods:
    """The list of periods: one that is not known is an empty list that is not complete."""
    value = evaluate(term)
    if isinstance(value, Periods):
        return value
    return Periods((), complete=not isinstance(value, OpenPeriods))


def window_of(evaluate: Evaluate, window: Term) -> tuple[Any, str]:
    """The number and unit of a window; no unit stands for no lower bound."""
    if not isinstance(window, tuple):
        return 0, ""
    return evaluate(window[1]), window[2]


def _first(end: date, n: int, unit: str) -> date:
    return first_day(end, n, unit) if unit else date.min


def _measure(kind: str, periods: Periods, first: date, last: date) -> int:
    spans = periods.meetings if kind == "count" else periods.stretches
    lengths = [
        (min(stop, last) - max(start, first)).days + 1 for start, stop in spans if start <= last and stop >= first
    ]
    if kind == "count":
        return len(lengths)
    return sum(lengths) if kind == "days" else max(lengths, default=0)


def _quantity(evaluate: Evaluate, term: Any) -> Any:
    kind, name, limit, width = term
    periods, end, (n, unit) = (
        periods_of(evaluate, name),
        evaluate(limit),
        window_of(evaluate, width),
    )
    if end is NONE or n is NONE:
        return NONE
    (low, high, end_none), (least, most, n_none) = ends(end), ends(n)
    if periods.complete and type(end) is not Open and type(n) is not Open:
        last = as_day(end)
        return _measure(kind, periods, _first(last, n, unit), last)
    # A moving end also moves the start of the window: only without a window are the ends the
    # extremes.
    if unit and (as_day(high) - as_day(low)).days > LONG:
        # Too many days to try: bounds that hold for all of them, whatever the window.
        window = (as_day(high) - _first(as_day(high), most, unit)).days + 2
        many = _measure(kind, periods, date.min, as_day(high)) if periods.complete else window
        return Open(0, many, end_none or n_none)
    days = {as_day(day) for day in (each(Open(low, high)) if unit else (low, high))}
    few = min(_measure(kind, periods, _first(day, least, unit), day) for day in days)
    if periods.complete:
        many = max(_measure(kind, periods, _first(day, most, unit), day) for day in days)
    else:
        # Periods that are still to be told come on top of the listed ones, at most one for each
        # day.
        many = max((day - _first(day, most, unit)).days + 1 for day in days)
    return Open(few, many, end_none or n_none)


def best_stretch(periods: Periods, last: date, n: int, unit: str) -> tuple[int, date] | None:
    """The most days to spare of any stretch (negative: missing), and its last needed day."""
    found = [
        (
            (min(stop, last) - as_day(add(start, n, unit))).days + 1,
            as_day(add(start, n, unit)) - _ONE,
        )
        for start, stop in periods.stretches
        if start <= last
    ]
    return max(found, default=None)


@lru_cache(1 << 16)  # atoms are few and asked for time and again
def leaves(term: Any) -> tuple[Term, ...]:
    """The points that a term or atom reads, as often as it reads them."""
    return tuple(_leaves(term))


def _leaves(term: Any) -> Iterator[Term]:
    for part in term[1:]:
        if type(part) is tuple:
            if part[0] in OPERATORS:
                yield from _leaves(part)
            else:
                yield part


def points(atom: Atom) -> frozenset[Term]:
    """The points whose values an atom reads."""
    return frozenset(leaves(atom))


OPERATORS: Final[dict[Any, Callable[[Evaluate, Any], Any]]] = {
    "+": _sum(1),
    "-": _sum(-1),
    "*": _product,
    "birthday": _birthday,
    "plus": _named_sum(1),
    "minus": _named_sum(-1),
    "latest": _extreme(max, min),
    "earliest": _extreme(min, max),
    "days": _quantity,
    "count": _quantity,
    "longest": _quantity,
}
