"""The dates of a space of possible cases: answers to comparisons which no days can give together are refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from reasoner.case_checks import CHAINS
from reasoner.dates import Atom
from reasoner.facts import Thing, address
from reasoner.quality.propagator import Holds, Refusing
from reasoner.quality.timing import Bound, Conflict, bound, readable, settle
from reasoner.terms import leaves

if TYPE_CHECKING:
    from reasoner.quality.space import Space

Place = tuple[Thing, tuple[str, ...]]
"""Where a case file says something: a thing and the names of the field in it."""


class _Date(NamedTuple):
    """A comparison of dates: what has to exist for it to say something, the numbers it reads, and what its two answers
    say when there are none."""

    comparison: Atom
    owner: int | None
    literal: int
    exists: tuple[int, ...]
    numbers: tuple[Any, ...]
    answers: tuple[Bound, ...]


def _answer(date: _Date, true: bool, numbers: Mapping[Any, int], reasons: tuple[int, ...]) -> Bound:
    """What an answer to a comparison says of its dates."""
    because = (date.literal if true else -date.literal, *date.exists, *reasons)
    made = bound(date.comparison, true, numbers, because)
    return made._replace(source=_owned(made.source, date.owner), target=_owned(made.target, date.owner))


class Theory(Refusing):
    """Refuses answers to comparisons that no days can give together."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.dates = [
            self._date(comparison, owner, literal)
            for (comparison, owner), literal in space.comparisons.items()
            if comparison[0] == "date"
        ]
        self.unfiled = [
            (filed, tuple(self._as_assessed(person, -filed))) for (person, _), filed in space.unfiled.items()
        ]
        self.births = frozenset(key for key in space.exists if space.vocabulary[key[0][0]].path.endswith(".born"))
        self.orders = list(self._orders())
        self.used = [*space.comparisons.values(), *space.exists.values(), *space.inputs.values()]
        self.used += [literal for chosen in space.points.values() for literal in chosen.values()]
        self.used += [literal for chosen, other in space.listed.values() for literal in (*chosen.values(), other)]

    def conflict(self, holds: Holds) -> Iterable[int] | None:
        """Why a candidate has no days."""
        found = settle(list(self.space.exists), self._bounds(holds), {})
        if not isinstance(found, Conflict):
            return None
        if not found.certain:
            self.space.complete = False
        return found.literals

    def days(self, holds: Holds) -> dict[Any, date]:
        """Days for a candidate that was accepted, as people would write them."""
        there = [key for key, exists in self.space.exists.items() if holds(exists)]
        bounds = [each for each in self._bounds(holds) if all(self._is_there(end, there) for end in each[:2])]
        return readable(there, bounds, self.births)

    @staticmethod
    def _is_there(end: Any, there: Sequence[Any]) -> bool:
        return isinstance(end, str) or end in there

    def _bounds(self, holds: Holds) -> list[Bound]:
        space, bounds = self.space, list[Bound]()
        numbers: dict[Any, int] = {}
        reasons: dict[Any, int] = {}
        for key, chosen in space.points.items():
            if space.kinds[key] == "number":
                numbers[key], reasons[key] = next((v, n) for v, n in chosen.items() if holds(n))
        for asked in self.dates:
            if all(holds(exists) for exists in asked.exists):
                true = holds(asked.literal)
                if not asked.numbers:
                    bounds.append(asked.answers[true])
                    continue
                known = {key[0]: numbers[key] for key in asked.numbers}
                bounds.append(_answer(asked, true, known, tuple(reasons[key] for key in asked.numbers)))
        for before, after, strictly, why in self.orders:
            if all(holds(literal) for literal in why):
                bounds.append(Bound(before, after, _next_day if strictly else _same_day, why))
        for filed, same in self.unfiled:
            if not holds(filed):
                bounds += same
        return bounds

    def _date(self, comparison: Atom, owner: int | None, literal: int) -> _Date:
        points = [(point, owner) for point in dict.fromkeys(leaves(comparison))]
        exists = tuple(self.space.exists[key] for key in points if key in self.space.exists)
        numbers = tuple(key for key in points if self.space.kinds[key] == "number")
        found = _Date(comparison, owner, literal, exists, numbers, ())
        return (
            found if numbers else found._replace(answers=tuple(_answer(found, true, {}, ()) for true in (False, True)))
        )

    def _as_assessed(self, person: str, why: int) -> Iterator[Bound]:
        """An application that is not filed is looked at on the day of the assessment."""
        paths = {key: self.space.vocabulary[key[0][0]].path for key in self.space.exists}
        assessed = next((key for key, path in paths.items() if path == "assessed_on"), None)
        for key, path in paths.items():
            if path.endswith(".filed") and key[0][1] == person and assessed is not None:
                yield Bound(key, assessed, _same_day, (why,))
                yield Bound(assessed, key, _same_day, (why,))

    def _orders(self) -> Iterator[Order]:
        """The order that the dates of a case file must have, whoever it is about."""
        space, ends = self.space, list[tuple[Place, Any]]()
        for key in space.exists:
            ends.append((address(space.vocabulary[key[0][0]], key[0]), key))
        for side in space.sides:
            for point, day in side.pinned.items():
                ends.append((address(space.vocabulary[point[0]], point), day.isoformat()))
        by_place: dict[Place, list[Any]] = {}
        for place, end in ends:
            by_place.setdefault(place, []).append(end)
        for (thing, names), after in ends:
            for before, strictly in _before(thing, names):
                for end in by_place.get(before, ()):
                    yield end, after, strictly, self._there(end, after)
        for (atom, _), literal in space.inputs.items():
            if address(space.vocabulary[atom[0]], atom)[1] == ("parents",):
                older, younger = (by_place.get((("persons", person), ("born",)), ()) for person in atom[1:3])
                for one, other in product(older, younger):
                    yield one, other, True, (literal, *self._there(one, other))

    def _there(self, *ends: Any) -> tuple[int, ...]:
        return tuple(self.space.exists[end] for end in ends if end in self.space.exists)


Order = tuple[Any, Any, bool, tuple[int, ...]]
"""An earlier and a later date, whether they must differ, and what must hold for that."""


def _before(thing: Thing, names: tuple[str, ...]) -> Iterator[tuple[Place, bool]]:
    """The places whose dates come before that of a place."""
    for chain in CHAINS.get(str(thing[0]), ()):
        if names in chain:
            yield from (((thing, tuple(map(str, earlier))), False) for earlier in chain[: chain.index(names)])
    acting: tuple[Any, ...] = ()
    if thing[0] == "applications" and names == ("filed",):
        acting = thing[1:2]
    elif thing[0] == "unions" and names in (("concluded",), ("known_since",)):
        acting = thing[1:3]
    yield from (((("persons", person), ("born",)), False) for person in acting)
    if thing[0] == "extensions":
        yield ((*thing[:-1], thing[-1] - 1), names), False


def _owned(end: Any, owner: int | None) -> Any:
    return end if isinstance(end, str) else (end, owner)


def _same_day(day: date) -> date:
    return day


def _next_day(day: date) -> date:
    return day + timedelta(1)
