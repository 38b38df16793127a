"""Days on which something changes: those worth waiting for, and what becomes of dates that are open or can be set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import combinations
from typing import Any, NamedTuple

from reasoner.cells import Cell, worlds
from reasoner.dates import NONE, Atom, Calendar, Open, Value
from reasoner.facts import Thing
from reasoner.questions.remedy_views import Views, having
from reasoner.terms import leaves

TOGETHER = 3  # dates that are compared with each other and still tried together
_DAY: Atom = ("_day",)


class Way(NamedTuple):
    """The answers to some comparisons if one waits until a day (by its number; None: whether or not), with a fresh
    paper (1) or the one there is (0), and with ``values`` for some dates."""

    wait: int | None
    paper: int | None
    values: dict[Atom, Value]
    answers: dict[int, bool | None]


def points(comparison: Atom) -> Iterator[Atom]:
    """The points that a comparison reads."""
    return (point for point in leaves(comparison) if isinstance(point, tuple))


def flips(comparisons: Iterable[Atom], moving: frozenset[Atom], calendar: Calendar, span: Open) -> list[date] | None:
    """The first day of ``span`` and those on which a comparison is answered otherwise than the day before, if all
    points ``moving`` stand on it; None when there are too many days to try."""
    read = [_moved(comparison, moving) for comparison in comparisons]
    read = [comparison for comparison in read if leaves(comparison).count(_DAY) == 1]
    starts = {span.lo}
    for end in ("lo", "hi"):  # an open date is passed in two steps

        def lookup(point: Any, end: str = end) -> Value:
            value = span if point == _DAY else calendar.lookup(point)
            return getattr(value, end) if isinstance(value, Open) and point != _DAY else value

        for group in worlds(read, Calendar(lookup, calendar.members), (_DAY,)):
            if _DAY in group.points and not group.exact:
                return None
            starts |= {world.assignment[_DAY].lo for world in group.cells}
    return sorted(starts)


def _moved(term: Any, moving: frozenset[Atom]) -> Any:
    if not isinstance(term, tuple):
        return term
    return _DAY if term in moving else tuple(_moved(part, moving) for part in term)


def units(views: Views, numbers: Mapping[int, Atom]) -> Iterator[tuple[Thing | None, dict[int, Atom]]]:
    """Comparisons by the paper that they are about; those about none with others that share an open date."""
    papers: dict[Thing, dict[int, Atom]] = {}
    groups: list[tuple[set[Atom], dict[int, Atom]]] = []
    for number, comparison in numbers.items():
        paper = next((thing for p in points(comparison) if (thing := views.thing(p)) in views.papers), None)
        if paper is not None:
            papers.setdefault(paper, {})[number] = comparison
            continue
        shared, listed = {point for point in points(comparison) if views.loose(point)}, {number: comparison}
        for group in [group for group in groups if not shared.isdisjoint(group[0])]:
            groups.remove(group)
            shared |= group[0]
            listed |= group[1]
        groups.append((shared, listed))
    yield from papers.items()
    yield from ((None, listed) for _, listed in groups)


def ways(
    views: Views, listed: Mapping[int, Atom], days: Sequence[date | None], paper: Thing | None, *, fresh: bool
) -> Iterator[Way]:
    """Every way to answer the comparisons of a unit, for each of ``days`` if they make a difference to it; ``fresh``
    says whether its paper can be another one."""
    for wait in range(len(days)) if _waits(views, listed.values()) else (None,):
        for state in (0, 1) if fresh else (None,):
            day = None if wait is None else days[wait]
            other = paper if state else None
            calendar = views.calendar(day, other)
            base = {number: calendar.answer(comparison) for number, comparison in listed.items()}
            yield Way(wait, state, {}, base)
            for values in _settled(views, listed.values(), calendar, fresh=bool(state)):
                settled = views.calendar(day, other, values)
                answers = {number: settled.answer(comparison) for number, comparison in listed.items()}
                if answers != base:
                    yield Way(wait, state, values, answers)


def _waits(views: Views, comparisons: Iterable[Atom]) -> bool:
    """Whether waiting makes a difference to one of the comparisons."""
    read = {point for comparison in comparisons for point in points(comparison)}
    return not views.clock.isdisjoint(read) or any(views.old.value(p)[0] != views.new.value(p)[0] for p in read)


def _settled(
    views: Views, comparisons: Iterable[Atom], calendar: Calendar, *, fresh: bool
) -> Iterator[dict[Atom, Value]]:
    """Every way to settle, or to set, some of the dates that are compared."""
    listed = tuple(comparisons)
    read = dict.fromkeys(point for comparison in listed for point in points(comparison))
    spans = {point: span for point in read if (span := _span(views, point, calendar, fresh=fresh)) is not None}
    for size in range(1, len(spans) + 1) if len(spans) <= TOGETHER else (1,):
        for chosen in combinations(spans, size):
            compared = [comparison for comparison in listed if not set(chosen).isdisjoint(leaves(comparison))]
            lookup = {point: spans[point] for point in chosen}
            groups = [group for group in worlds(compared, having(calendar, lookup), chosen) if group.cells]
            if len(groups) == 1 and len(groups[0].points) == size:  # else they are settled one by one
                for world in groups[0].cells:
                    yield {point: _value(cell, lookup[point]) for point, cell in world.assignment.items()}  # type: ignore[index, misc]


def _span(views: Views, point: Atom, calendar: Calendar, *, fresh: bool) -> Open | None:
    """Between which values an open date or number lies, or one that can be set."""
    value = calendar.lookup(point)
    if point in views.clock:
        return None
    if isinstance(value, Open) and not (fresh and views.thing(point) in views.papers):
        return Open(*views.limits(point)) if isinstance(value.lo, int) else value
    settable = isinstance(value, Open) or views.movable(point)
    return Open(views.assessed, views.horizon) if settable and views.dated(point) else None


def _value(cell: Cell, span: Open) -> Any:
    """The value that stands for a cell: the end of it that is not an end of the whole span."""
    if cell.none:
        return NONE
    return cell.hi if cell.lo == span.lo and cell.hi != span.hi else cell.lo


def written(value: Any) -> Any:
    """A value as a case file has it."""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="minutes")
    return "none" if value is NONE else value.isoformat() if isinstance(value, date) else value
