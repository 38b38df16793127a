"""Which comparisons of dates can be true together: exact, with the days that make them so.

Every comparison of the law has at most one date on each side, moved by months, days or birthdays, and moving a date
never turns its order round. Each answer therefore says of one date that it lies on or after a day that follows from
another, and the earliest days that fit all answers are found by raising what is too early until nothing is. They exist
exactly when the answers can be given together; otherwise the answers that pushed a day too far are the reason.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from reasoner.dates import Atom, Term
from reasoner.days import as_day, holds
from reasoner.terms import OPERATORS, constant, leaves

FIRST, LAST = date(1900, 1, 1), date(2200, 12, 31)
ANCHOR = date(2025, 1, 15)
"""The day around which cases are set that leave a choice."""
AGES = (30, 25, 20, 40, 50, 60, 17, 12, 6, 2, 0)
"""Years before the anchor at which somebody is born who may be born at any time, the likeliest first."""
ROUNDS = 40  # how often a chain of comparisons may lead back to where it began before it is given up

_ONE = timedelta(1)


class Bound(NamedTuple):
    """``target`` lies on or after what ``earliest`` makes of the day of ``source``; ``reasons`` are the literals that
    say so."""

    source: Any
    target: Any
    earliest: Callable[[date], date]
    reasons: tuple[int, ...]


class Conflict(NamedTuple):
    """Literals that cannot be true together; ``certain`` unless the search for days was given up."""

    literals: frozenset[int]
    certain: bool


def dated(term: Term, numbers: Mapping[Term, int]) -> Term:
    """The only date that a side of a comparison reads: a point, or the text of a constant."""
    found = [leaf for leaf in dict.fromkeys(leaves((0, term))) if leaf not in numbers]
    while not found and isinstance(term, tuple):
        term = term[1]
    return found[0] if found else term


def bound(comparison: Atom, holding: bool, numbers: Mapping[Term, int], reasons: tuple[int, ...]) -> Bound:
    """What an answer to a comparison says; ``numbers`` are the values of the numbers that it reads."""
    return Bound(*_said(comparison, holding, tuple(numbers.items())), reasons)


@lru_cache(maxsize=50_000)
def _said(
    comparison: Atom, holding: bool, known: tuple[tuple[Term, int], ...]
) -> tuple[Term, Term, Callable[[date], date]]:
    (_, left, operator, right), numbers = comparison, dict(known)
    if not holding:
        left, right, operator = right, left, "<=" if operator == "<" else "<"
    source, target = dated(left, numbers), dated(right, numbers)
    after, before = _side(left, source, numbers), _side(right, target, numbers)

    def earliest(day: date) -> date:
        limit = after(day)
        if before is _itself and type(limit) is date:
            return limit if operator == "<=" else limit + _ONE
        near = as_day(limit)
        near -= as_day(before(near)) - near  # moved back as far as the other side moves a day on: almost right
        return _least(lambda candidate: holds(limit, operator, before(candidate)), near)

    return source, target, earliest


def _side(term: Term, point: Term, numbers: Mapping[Term, int]) -> Callable[[date], date]:
    """A side of a comparison as a function of its date."""
    if term == point:
        return _itself

    def value(day: date) -> date:
        def evaluate(part: Term) -> Any:
            if part == point:
                return day
            if part in numbers:
                return numbers[part]
            if isinstance(part, tuple):
                return OPERATORS[part[0]](evaluate, part)
            return constant(part) if isinstance(part, str) else part

        return evaluate(term)  # type: ignore[no-any-return]

    return value


def _itself(day: date) -> date:
    return day


def _least(fits: Callable[[date], bool], near: date) -> date:
    """The first day that fits, when all later days do; a day past LAST when none does."""
    low, high, step = near - _ONE, near, 1
    while not fits(high):
        low, high, step = high, high + timedelta(step), step * 4
        if high > LAST + timedelta(40_000):
            return LAST + _ONE
    step = 1
    while fits(low):
        high, low, step = low, low - timedelta(step), step * 4
        if low < FIRST - timedelta(200_000):
            return FIRST
    first, last = low.toordinal(), high.toordinal()
    while last - first > 1:
        middle = (first + last) // 2
        if fits(date.fromordinal(middle)):
            last = middle
        else:
            first = middle
    return date.fromordinal(last)


def settle(points: Iterable[Any], bounds: Sequence[Bound], raised: Mapping[Any, date]) -> dict[Any, date] | Conflict:
    """The earliest day of every point that fits all bounds, no point before its day in ``raised``."""
    days: dict[Any, date] = {point: raised.get(point, FIRST) for point in points}
    outgoing: dict[Any, list[Bound]] = {}
    for each in bounds:
        outgoing.setdefault(each.source, []).append(each)
        for end in (each.source, each.target):
            if end not in days:
                days[end] = as_day(constant(end))
    fixed = {end for end in days if isinstance(end, str)}
    came: dict[Any, Bound] = {}
    waiting, listed, turns = deque(days), set(days), 0
    while waiting:
        source = waiting.popleft()
        listed.discard(source)
        for each in outgoing.get(source, ()):
            day = as_day(each.earliest(days[source]))
            if day <= days[each.target]:
                continue
            chain = _chain(came, each)
            if each.target in fixed or day > LAST:
                return Conflict(_reasons(chain), True)
            if chain[-1].source == each.target:
                turns += 1
                if _always_later(chain):
                    return Conflict(_reasons(chain), True)
                if turns > ROUNDS:
                    return Conflict(_reasons(chain), _never_back(chain))
            days[each.target], came[each.target] = day, each
            if each.target not in listed:
                waiting.append(each.target)
                listed.add(each.target)
    return days


def _chain(came: Mapping[Any, Bound], last: Bound) -> list[Bound]:
    """The bounds behind a day, from the last back to where nothing pushed or to the point where the chain began."""
    chain, seen = [last], {last.target}
    while chain[-1].source in came and chain[-1].source not in seen:
        seen.add(chain[-1].source)
        chain.append(came[chain[-1].source])
    return chain


def _reasons(chain: Iterable[Bound]) -> frozenset[int]:
    return frozenset(literal for each in chain for literal in each.reasons)


def _always_later(chain: Iterable[Bound]) -> bool:
    """Whether going round a circle of bounds ends later, whichever day it starts on: quickly, and not for all that
    do."""
    return sum(_least_step(each.earliest) for each in chain) > 0


def _never_back(chain: Sequence[Bound]) -> bool:
    """The same, tried on every day: the days by which each bound moves it may never be fewest together."""

    def after(day: date) -> date:
        for each in reversed(chain):
            day = as_day(each.earliest(day))
        return day

    return _least_step(after) > 0


@lru_cache(maxsize=50_000)
def _least_step(earliest: Callable[[date], date]) -> int:
    """The fewest days by which a day is moved: of all days of a cycle of leap years, and of the years around 2100,
    which is none."""
    return min(
        as_day(earliest(date.fromordinal(ordinal))).toordinal() - ordinal
        for first, last in ((2000, 2004), (2096, 2104))
        for ordinal in range(date(first, 1, 1).toordinal(), date(last, 1, 1).toordinal())
    )


def readable(points: Sequence[Any], bounds: Sequence[Bound], births: frozenset[Any]) -> dict[Any, date]:
    """Days that fit all bounds and that people would write: near the anchor, births a generation before."""
    raised: dict[Any, date] = {}
    order = sorted(points, key=lambda point: (point in births, str(point)))
    for point in order:
        if point in births:
            wishes = [ANCHOR.replace(year=ANCHOR.year - age) for age in AGES]
        else:
            wishes = [ANCHOR, *(ANCHOR - timedelta(days) for days in (30, 90, 200, 400, 700, 1100, 2000, 4000, 8000))]
        for wish in wishes:
            if not isinstance(found := settle(points, bounds, {**raised, point: wish}), Conflict) and (
                found[point] == wish
            ):
                raised[point] = wish
                break
    found = settle(points, bounds, raised)
    assert not isinstance(found, Conflict)
    return found
