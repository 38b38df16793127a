"""Which open dates have to be tried day by day before the others can be split by bisection.

Bisection finds every stretch as long as the order of two flip dates of one point never depends on
the day that the other points have. It can depend on it where a chain of comparisons leads back to
the point it started from with almost the same number of days (one month against 30 days), or where
one comparison is not monotone.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from math import inf
from typing import Any, Final, NamedTuple

from reasoner.dates import Atom, Calendar, Term
from reasoner.days import add
from reasoner.terms import leaves, periods_of, window_of

PLAY: Final = 40  # days by which the lengths of months and years can put two sums of days and units apart

_QUANTITIES: Final = ("days", "count", "longest")
# Mean days in a unit, and how far a sum can be from the mean; an inverted sum is no further.
_UNITS: Final = {
    "years": (365.2425, 4),
    "months": (30.436875, 4),
    "days": (1, 0),
    "hours": (1 / 24, 1),
}


class Link(NamedTuple):
    """A comparison of two points: `right` flips `offset` days after `left`, give or take `play`."""

    left: Term
    right: Term
    offset: float
    play: float
    key: Any  # equal for comparisons that flip together: A <= B and B < A
    sides: Any = None  # equal for comparisons that flip a known number of days apart: A <= B and A <= B + 7 days


@lru_cache(1 << 14)
def steady(atom: Atom, point: Term) -> bool:
    """Whether the atom changes at most once along the point (twice for equations and classes)."""
    if leaves(atom).count(point) > 1:
        return False
    return not any(point in leaves((0, end)) for end in _moving_ends(atom))


def _moving_ends(term: Any) -> Iterator[Term]:
    """The ends of windows that move with them: a later end can lose days as well as gain some."""
    if isinstance(term, tuple):
        if term[0] in _QUANTITIES and len(term) == 4 and isinstance(term[3], tuple):
            yield term[2]
        for part in term[1:]:
            yield from _moving_ends(part)


def lively(atom: Atom, moving: Container[Term], calendar: Calendar, numbers: range) -> tuple[int, int]:
    """The numbers of days between which the answer of an atom can come and go as some points move together; outside
    of them it changes at most once on either side."""
    first, last = numbers[0], numbers[-1]
    days: list[date] = []
    for term in (part for part in atom[1:] if isinstance(part, tuple)):
        if term[0] not in _QUANTITIES or leaves((0, term)).count(term[2]) != 1 or term[2] not in moving:
            return first, last
        periods = periods_of(calendar.value, term[1])
        length, unit = window_of(calendar.value, term[3])
        if not isinstance(length, int) or (not periods.complete and _near(atom, calendar, length, unit)):
            return first, last
        for start, stop in periods.spans:
            for day in (start, stop or start):
                days += [day, add(day, length + 1, unit)] if unit else [day]
    if not days:
        return first, first  # no period is known, and what is not known stays so
    low, high = min(days).toordinal() - 1, max(days).toordinal() + 1
    return min(max(first, low), last), max(min(last, high), first)


def _near(atom: Atom, calendar: Calendar, length: int, unit: str) -> bool:
    """Whether a number that a quantity is compared with is about as many days as its window has."""
    needed = [value for part in atom[1:] if isinstance(value := calendar.value(part), int)]
    return not unit or any(abs(value - length * _UNITS[unit][0]) <= PLAY for value in needed)


def tangled(atoms: Sequence[Atom], calendar: Calendar, sizes: Mapping[Term, int]) -> frozenset[Term]:
    """The points to be tried value by value; `sizes` has the number of values of each."""
    daily: set[Term] = set()
    links: list[Link] = []
    for index, atom in enumerate(atoms):
        ours = [point for point in dict.fromkeys(leaves(atom)) if point in sizes]
        if len(ours) < 2:
            continue
        if atom[0] == "class":
            daily.update(ours)
            continue
        daily.update(point for point in ours if not steady(atom, point))
        links += _links(index, atom, calendar, ours)
    while cycle := _cycle([k for k in links if k.left not in daily and k.right not in daily]):
        daily.add(min(cycle, key=lambda point: sizes[point]))
    return frozenset(daily)


def _links(index: int, atom: Atom, calendar: Calendar, ours: list[Term]) -> Iterator[Link]:
    if atom[0] in ("date", "number") and len(ours) == 2:
        _, left, op, right = atom
        first, second = _linear(left, calendar, ours), _linear(right, calendar, ours)
        if first and second:
            offset, play = first[1] - second[1], first[2] + second[2]
            left, right = _plain(left, calendar), _plain(right, calendar)
            sides = frozenset(map(_without_days, (left, right)))
            if op in ("<=", ">", "=", "!="):
                yield Link(first[0], second[0], offset, play, (left, right), sides)
            if op in ("<", ">=", "=", "!="):
                yield Link(first[0], second[0], offset, play, (right, left), sides)
            return
    for place, point in enumerate(ours):
        for other in ours[:place]:
            yield Link(point, other, 0, inf, index)


def _plain(term: Any, calendar: Calendar) -> Any:
    """A term with its known numbers, and its years as months, which is the same day."""
    match term:
        case ("*", n, unit):
            number = calendar.value(n)
            return ("*", 12 * number, "months") if unit == "years" and isinstance(number, int) else ("*", number, unit)
        case ("birthday", inner, n):
            return "birthday", _plain(inner, calendar), calendar.value(n)
        case ("+" | "-", inner, by):
            return term[0], _plain(inner, calendar), _plain(by, calendar)
    return term


def _without_days(term: Any) -> Any:
    """A term without the days that are added to it last."""
    while isinstance(term, tuple) and term[0] in ("+", "-"):
        if isinstance(term[2], tuple) and term[2][2:] != ("days",):
            break
        term = term[1]
    return term


def _linear(term: Any, calendar: Calendar, ours: list[Term]) -> tuple[Term, float, float] | None:
    """The point that a term adds known amounts to, the mean days it adds, and their play."""
    if term in ours:
        return term, 0, 0
    if not isinstance(term, tuple):
        return None
    match term:
        case ("+" | "-", inner, ("*", n, str(unit))):
            sign = 1 if term[0] == "+" else -1
        case ("plus" | "minus", inner, n, unit):
            sign = 1 if term[0] == "plus" else -1
        case ("+" | "-", inner, n):
            sign, unit = 1 if term[0] == "+" else -1, "days"
        case ("birthday", inner, n):
            sign, unit = 1, "years"
        case _:
            return None
    base, number = _linear(inner, calendar, ours), calendar.value(n)
    if base is None or not isinstance(number, int):
        return None
    mean, play = _UNITS[unit]
    return base[0], base[1] + sign * number * mean, base[2] + play


def _cycle(links: list[Link]) -> set[Term] | None:
    """The points of a chain of comparisons that leads back with nearly no days, if any."""
    ways: dict[Term, list[tuple[Term, float, Link]]] = {}
    for link in links:
        ways.setdefault(link.left, []).append((link.right, link.offset, link))
        ways.setdefault(link.right, []).append((link.left, -link.offset, link))

    def follow(at: Term, path: list[Term], taken: list[Link], days: float, play: float) -> set[Term] | None:
        for to, offset, link in ways[at]:
            if any(link.key == other.key for other in taken):
                continue
            total, loose = days + offset, play + link.play
            if to == path[0]:
                same = len(taken) == 1 and link.sides is not None and link.sides == taken[0].sides
                apart = same and abs(total) > link.play  # nearer, both can flip at once: no day is 31 May less 3 months
                if loose and not apart and abs(total) <= loose + len(taken) + 1:
                    return set(path)
            elif to not in path and (found := follow(to, [*path, to], [*taken, link], total, loose)):
                return found
        return None

    return next((found for point in ways if (found := follow(point, [point], [], 0, 0))), None)
