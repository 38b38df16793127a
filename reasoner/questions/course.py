"""The course of a case while one value in it is varied: finitely many moments, all evaluated at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, cached_property
from itertools import pairwise
from typing import Any, NamedTuple

from reasoner.dates import Atom, Periods, Term, Value
from reasoner.evaluate import Rails
from reasoner.facts import Reader
from reasoner.openness import variables
from reasoner.outcome import RESULTS
from reasoner.questions.flips import Flips, same
from reasoner.residue import residue
from reasoner.run import Run
from reasoner.sampling import Sample

_TOLD = ("relevant", *RESULTS, "condition")


class CannotVary(Exception):
    """The varied value decides more than comparisons, so that each of its values is a case of its own."""


@dataclass(eq=False, repr=False)
class World:
    """One of many worlds that were evaluated together."""

    shared: Rails
    index: int
    sample: Callable[[tuple[str, ...]], Sample]

    def truth(self, atom: int) -> bool | None:
        """The truth of an atom in this world; None where it is open."""
        if self.shared.holds[atom] >> self.index & 1:
            return True
        return False if self.shared.fails[atom] >> self.index & 1 else None

    def open(self, atom: int, parts: tuple[str, ...]) -> bool:
        """Whether an atom, of one of some predicates, is known to be open in this world; if not, it can still be."""
        return bool(self.sample(parts).open(atom) >> self.index & 1)


class Moment(Run):
    """A run with the varied value at ``value``, its atoms evaluated together with those of other moments."""

    value: Any
    world: World
    course: Course
    previous: Moment | None = None

    @cached_property
    def eve(self) -> Moment:
        """What there is just before, on the last value of the moment before this one; there has to be one."""
        assert self.previous is not None
        return self.previous.course.on(self.course.value(self.course.number(self.value) - 1), self.previous.world)

    @cached_property
    def rails(self) -> Any:
        """The truth of every atom."""
        return self.world

    def state(self, number: int) -> bool | None:
        """The truth of any atom; of an open one worked out with what else is said of its person and route."""
        value = self.world.truth(number)
        if value is not None or number not in self.program.is_shown:
            return value
        part, *about = self.program.atoms[number][:3]
        parts = _TOLD if part in _TOLD else (part,)
        if self.world.open(number, parts):
            return None
        if number not in self._settled:
            asked = [n for p in parts for n in self.program.about(p, *about) if self.world.truth(n) is None]
            asked = [n for n in dict.fromkeys((number, *asked)) if not self.world.open(n, parts)]
            self._settled.update(self._worked_out(asked))
        return self._settled[number]

    def differing(self, other: Run) -> Iterable[int]:
        """As in :class:`Run`: within a course only comparisons that were asked flip."""
        if not isinstance(other, Moment) or other.world.shared is not self.world.shared:
            return super().differing(other)
        return self.course.flipped(self.world, other.world)

    def result(self, name: str, route: str) -> str | None:
        """The result of a canonical person on a route; None when it would not be listed."""
        number = self.program.number
        relevant = number.get(("relevant", name, route))
        if relevant is None or (shown := self.state(relevant)) is False:
            return None
        found = next((r for r in RESULTS if (n := number.get((r, name, route))) and self.state(n)), "undetermined")
        return found if shown or found != "not_eligible" else None


class Leg(NamedTuple):
    """A stretch of a course along which the same points move: its first and last value, the case read at each."""

    first: Any
    last: Any
    low: Reader
    high: Reader


class Course:
    """A case from one value of what is varied to another, with the moments at which some comparison flips.

    ``base`` is a run of the case at any value, ``legs`` are the stretches of values, each beginning where the one
    before it ends. Raises :class:`CannotVary` when more than dates, numbers and periods differ.
    """

    def __init__(self, base: Run, legs: Sequence[Leg]) -> None:
        first = legs[0].first
        self.value: Callable[[int], Any] = date.fromordinal if isinstance(first, date) else int
        self.base, machine, calendar = base, base.machine, base.inputs.calendar
        truth, ends, self.legs = base.inputs.truth, (legs[0].low, legs[-1].high), list[Flips]()
        if any(truth[n] is not value for end in ends for n, value in end.truths(machine.plan)[0].items()):
            raise CannotVary
        points = [(point, calendar.value(point)) for point in machine.plan.points]
        moved = [point for point, value in points if any(end.value(_atom(point))[0] != value for end in ends)]
        for leg in legs:
            moving = dict(self._moving(leg, moved))
            numbers = range(self.number(leg.first), self.number(leg.last) + 1)
            self.legs.append(Flips(calendar, moving, numbers, self.value))
        opened = base.inputs.open_points.items()
        self.inputs = replace(base.inputs, open_points={point: v for point, v in opened if point not in moved})

    @staticmethod
    def number(value: Any) -> int:
        """The number of a value."""
        return value.toordinal() if isinstance(value, date) else int(value)

    def _moving(self, leg: Leg, points: Iterable[Term]) -> Iterator[tuple[Term, Callable[[Any], Value]]]:
        """Of some points those that differ between the first value of a leg and the last, with their value in
        between."""
        for point in points:
            was, now = leg.low.value(_atom(point))[0], leg.high.value(_atom(point))[0]
            if (was, now) == (leg.first, leg.last):
                yield point, same
            elif isinstance(was, Periods) and isinstance(now, Periods) and was != now:
                yield point, _periods(was, now, leg.first, leg.last)
            elif was != now or was != self.base.inputs.calendar.value(point):
                raise CannotVary

    def ask(self, atoms: tuple[int, ...]) -> tuple[Moment, ...]:
        """The moments at which something that ``atoms`` depend on changes, in order, the first value among them."""
        base, opened = self.base, frozenset(self.inputs.open_points)
        read = frozenset(base.evaluator.listed(base.machine.mask(atoms)))
        asked = {n: comparison for n, comparison in base.program.comparisons.items() if n in read}
        answers = dict(self._answers(asked))
        starts = {start for listed in answers.values() for start, _ in listed}
        for leg in self.legs:
            starts |= {leg.numbers[0], *leg.ties(list(asked.values()), opened)}
        return self._moments(sorted(starts), answers, read)

    def _answers(self, asked: Mapping[int, Atom]) -> Iterator[tuple[int, list[tuple[int, bool | None]]]]:
        """The answers of the comparisons that can flip, each with the first number that has it."""
        for number, comparison in asked.items():
            if any(leg.reads(comparison) for leg in self.legs):
                yield number, [answer for leg in self.legs for answer in leg.answers(comparison)]

    def _moments(
        self, starts: list[int], answers: Mapping[int, list[tuple[int, bool | None]]], read: frozenset[int]
    ) -> tuple[Moment, ...]:
        index = {start: place for place, start in enumerate(starts)}
        full, varied, opened = (1 << len(starts)) - 1, dict[int, int](), dict[int, int]()
        for number, listed in answers.items():
            bits = [0, 0]
            for place, (start, answer) in enumerate(listed):
                end = full if place + 1 == len(listed) else (1 << index[listed[place + 1][0]]) - 1
                span = end & ~((1 << index[start]) - 1)
                if answer is not False:
                    bits[0 if answer else 1] |= span
            varied[number] = bits[0]
            if bits[1]:
                opened[number] = bits[1]
        rails = self.base.evaluator.run(self.inputs.truth, len(starts), varied, opened)
        sample = self._sample(read, rails, len(starts), varied, opened)
        self.answered = answers.keys()
        self._flipped: dict[tuple[int, int], list[int]] = {}
        found = tuple(self.on(self.value(start), World(rails, place, sample)) for place, start in enumerate(starts))
        for before, after in pairwise(found):
            after.previous = before
        return found

    def _sample(
        self, read: frozenset[int], rails: Rails, moments: int, varied: Mapping[int, int], opened: Mapping[int, int]
    ) -> Callable[[tuple[str, ...]], Sample]:
        """What open facts can bring about at all the moments, of some predicates; worked out when one is open."""

        @cache
        def sample(predicates: tuple[str, ...]) -> Sample:
            program, always = self.base.program, rails.always
            shut = {program.atoms[n][1:] for n in program.by_predicate.get(_TOLD[0], ()) if always(n) is False}
            listed = (n for p in predicates for n in program.by_predicate.get(p, ()))
            part = residue(program, always, (n for n in listed if program.atoms[n][1:3] not in shut))
            within = frozenset(n for n in part.leaves if n in read and n not in program.comparisons)
            options = [variable.options for variable in variables(program, self.inputs, within)]
            return Sample(part, program.comparisons, options, moments, varied, opened)

        return sample

    def on(self, value: Any, world: World) -> Moment:
        """The moment of a value in a world."""
        number = self.number(value)
        leg = next(leg for leg in self.legs if number <= leg.numbers[-1])
        truth = _Truth(self.inputs.truth, world, self.answered)
        inputs = replace(self.inputs, truth=truth, calendar=leg.calendar_at(value))
        found = Moment(self.base.machine, inputs, self.base.cast)
        found.value, found.world, found.course = value, world, self
        return found

    def flipped(self, one: World, other: World) -> Iterable[int]:
        """The comparisons that have another answer in one world than in another: the same for everybody."""
        if (found := self._flipped.get((one.index, other.index))) is None:
            holds, fails, first, second = one.shared.holds, one.shared.fails, one.index, other.index
            found = self._flipped[first, second] = [
                n
                for n in self.answered
                if (holds[n] >> first ^ holds[n] >> second | fails[n] >> first ^ fails[n] >> second) & 1
            ]
        return found

    def changing(self, moments: tuple[Moment, ...], atoms: Iterable[int]) -> Iterator[Moment]:
        """Those of some successive moments at which one of some atoms can have another truth than just before, and the
        first."""
        shared = moments[0].world.shared
        turns = 1 << moments[0].world.index
        for atom in atoms:
            holds, fails = shared.holds[atom], shared.fails[atom]
            # What is open can be settled by what is open together, otherwise in each moment.
            turns |= holds ^ (holds << 1) | fails ^ (fails << 1) | ~(holds | fails)
        yield from (moment for moment in moments if turns >> moment.world.index & 1)


class _Truth(Mapping[int, bool | None]):
    """The truth of every input and comparison in a world, read off its bits where it is not the same in all."""

    def __init__(self, shared: Mapping[int, bool | None], world: World, answered: Set[int]) -> None:
        self._shared, self._world, self._answered = shared, world, answered

    def __getitem__(self, number: int) -> bool | None:
        return self._world.truth(number) if number in self._answered else self._shared[number]

    def __contains__(self, number: object) -> bool:
        return number in self._shared

    def __iter__(self) -> Iterator[int]:
        return iter(self._shared)

    def __len__(self) -> int:
        return len(self._shared)


def _atom(point: Term) -> tuple[Any, ...]:
    assert isinstance(point, tuple)
    return point


def _periods(first: Periods, last: Periods, low: Any, high: Any) -> Callable[[Any], Periods]:
    """The list of periods for a varied value: one end of one of them is that value."""
    if len(first.spans) != len(last.spans) or first.complete != last.complete:
        raise CannotVary
    holes = [
        (index, end)
        for index, (one, other) in enumerate(zip(first.spans, last.spans, strict=True))
        for end in (0, 1)
        if one[end] != other[end]
    ]
    if any((first.spans[index][end], last.spans[index][end]) != (low, high) for index, end in holes):
        raise CannotVary

    def at(value: Any) -> Periods:
        spans = dict(enumerate(first.spans))
        for index, end in holes:
            start, stop = spans[index]
            spans[index] = (start, value) if end else (value, stop)
        return Periods(tuple(spans.values()), first.complete)

    return at
