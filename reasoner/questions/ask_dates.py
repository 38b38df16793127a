"""The open dates of two cases that differ in one answer: which answers to comparisons some days can give together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from reasoner.cast import Path
from reasoner.ground import Atom
from reasoner.quality.propagator import Holds, Refusing
from reasoner.quality.timing import Bound, Conflict, bound, readable, settle
from reasoner.questions.ask_places import Places

SIDES = (0, 1)


class Timed(NamedTuple):
    """A comparison of dates with what it reads: its open dates, and its open numbers."""

    comparison: Atom
    dates: tuple[Atom, ...]
    numbers: tuple[Atom, ...]


@dataclass(eq=False, repr=False)
class DateTheory(Refusing):
    """Refuses answers to comparisons of dates that no days can give together, in two cases that share all dates but
    those at the places ``free``.

    ``opened`` is what is known of each open point and ``births`` are the points that are days of birth; the rest are
    literals: of comparisons on both sides, of a place being the same, of a point that exists, of its value.
    """

    places: Places
    opened: Mapping[Atom, Any]
    births: frozenset[str]
    literal: tuple[Mapping[int, int], ...]
    same: Mapping[Path, int]
    exists: Mapping[tuple[Atom, int], int]
    chosen: Mapping[tuple[Atom, int], Mapping[Any, int]]
    timed: Mapping[int, Timed]
    free: frozenset[Path] = frozenset()

    def __post_init__(self) -> None:
        used = [side[number] for side in self.literal for number in self.timed]
        used += [*self.exists.values(), *self.same.values()]
        self.used = [*used, *(literal for made in self.chosen.values() for literal in made.values())]

    def conflict(self, holds: Holds) -> Iterable[int] | None:
        """Why a candidate has no days."""
        bounds = list(self._bounds(holds))
        points = {end for each in bounds for end in each[:2] if not isinstance(end, str)}
        found = settle(points, bounds, {})
        return found.literals if isinstance(found, Conflict) else None

    def days(self, holds: Holds) -> dict[Any, date]:
        """Days of the open dates, as people would write them, for a candidate that was accepted."""
        bounds = list(self._bounds(holds))
        points = {end: None for each in bounds for end in each[:2] if not isinstance(end, str)}
        return readable(list(points), bounds, frozenset(key for key in points if key[0][0] in self.births))

    def _bounds(self, holds: Holds) -> Iterator[Bound]:
        seen = set[tuple[Atom, int]]()
        for number, timed in self.timed.items():
            for side in SIDES if self.free.intersection(self.places.of[number]) else (0,):
                there = [self.exists[p, side] for p in timed.dates if (p, side) in self.exists]
                if not all(map(holds, there)):
                    continue
                literal, numbers, why = self.literal[side][number], dict[Any, int](), [*there]
                for point in timed.numbers:
                    value, chosen = next(pair for pair in self.chosen[point, side].items() if holds(pair[1]))
                    numbers[point] = value
                    why.append(chosen)
                if side:
                    shared = (self.places.place[p] for p in timed.dates if self.places.place[p] not in self.free)
                    why += [self.same[place] for place in shared]
                true = holds(literal)
                made = bound(timed.comparison, true, numbers, (literal if true else -literal, *why))
                keys = {point: self.key(point, side) for point in timed.dates}
                yield made._replace(
                    source=keys.get(made.source, made.source), target=keys.get(made.target, made.target)
                )
                seen.update(keys.values())
        for key in seen:
            value = self.opened[key[0]]
            yield Bound(_text(value.lo), key, _same_day, ())
            yield Bound(key, _text(value.hi), _same_day, ())

    def key(self, point: Atom, side: int) -> tuple[Atom, int]:
        """A date of one of the two cases; both share it where they may not differ."""
        return point, side if self.places.place[point] in self.free else 0


def _same_day(day: date) -> date:
    return day


def _text(day: date) -> str:
    return (day.date() if isinstance(day, datetime) else day).isoformat()
