"""What a changed case brings: what no longer fails, the dates that then count, and which other days would do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple, TypeVar, cast

from reasoner.dates import Atom, Open
from reasoner.facts import EARLIEST, HIGHEST, LATEST
from reasoner.outcome import Deadline, Effect, Outcome, Remark, outcome
from reasoner.questions.remedy_dates import flips, points
from reasoner.questions.remedy_part import evaluated, open_part
from reasoner.questions.remedy_views import having
from reasoner.run import Run

T = TypeVar("T")


class Gain(NamedTuple):
    """A condition or a document that stops failing: its status before and after, and the provisions behind it."""

    id: str
    before: str
    after: str
    provisions: tuple[str, ...]


class Effects(NamedTuple):
    """What differs between two outcomes of one person on one route."""

    sponsor: str | None
    applied_on: date | None
    conditions: tuple[Gain, ...]
    documents: tuple[Gain, ...]
    deadlines: tuple[Deadline, ...]
    warnings: tuple[Remark, ...]


_NO_EFFECT = Effect("", "", "not", None, ())


class Certain(Run):
    """A run of which only what three-valued logic settles is read: what else follows from facts that are open, about
    anybody in the file, is not worked out."""

    def state(self, number: int) -> bool | None:
        """The truth of an atom, None where it is not settled."""
        return self.rails.truth(number)

    def remembered(self, key: Any, atoms: tuple[int, ...], build: Callable[[], T]) -> T:
        """What ``build`` gives; nothing is kept, for a run that works out more would keep more. Effects, of which there
        are many, are not asked for here."""
        return cast(T, _NO_EFFECT) if isinstance(key, tuple) and key[0] == "effect" else build()


def certain(run: Run) -> Certain:
    """A run read so."""
    read = Certain(run.machine, run.inputs, run.cast)
    read.rails = run.rails
    return read


def settled(run: Run, name: str, route: str) -> bool:
    """Whether somebody is eligible for certain, with a file that is complete or needs no papers."""
    eligible = run.program.number.get(("eligible", name, route))
    incomplete = run.program.number.get(("incomplete", name, route))
    if eligible is None or run.rails.truth(eligible) is not True or run.truth(eligible) is not True:
        return False  # that the evaluator says so is confirmed by clingo
    return incomplete is None or run.rails.truth(incomplete) is False


def compared(before: Outcome, after: Outcome) -> Effects:
    """What differs between two outcomes."""
    known = {warning.id for warning in before.warnings}
    return Effects(
        after.sponsor,
        after.applied_on,
        tuple(_gains(before.conditions, after.conditions, ("met", "waived"))),
        tuple(_gains(before.documents, after.documents, ("held", "waived"))),
        after.deadlines,
        tuple(warning for warning in after.warnings if warning.id not in known),
    )


def _gains(before: Sequence[Any], after: Sequence[Any], good: tuple[str, ...]) -> Iterator[Gain]:
    states = {item[0]: item.status for item in before}
    for item in after:
        if item.status in good and states.get(item[0]) not in good:
            yield Gain(item[0], states.get(item[0], "none"), item.status, item.provisions)


def outcome_of(run: Certain, name: str, route: str) -> Outcome:
    """The outcome of a person on a route."""
    regime = next(str(regime) for each, regime in run.law.table("route") if each == route)
    return outcome(run, name, route, regime)


class Span(NamedTuple):
    """The values around a chosen one with which everything comes out the same; None: as far as one looked."""

    first: Any
    last: Any


def span(
    run: Run, name: str, route: str, moving: frozenset[Atom], value: Any, limits: Open | None = None
) -> Span | None:
    """How far a day, or a number, of a changed case can be moved; all points ``moving`` stand on it. None when that is
    not known."""
    within = limits or (Open(0, HIGHEST) if isinstance(value, int) else Open(EARLIEST, LATEST))
    program, inputs = run.program, run.inputs
    numbers = program.number
    asked = [n for key in ("eligible", "incomplete") if (n := numbers.get((key, name, route))) is not None]
    asked += program.about("warning", name, route)
    cone = run.evaluator.cone(*asked)
    read = {
        number: comparison
        for number, comparison in program.comparisons.items()
        if number in cone and not moving.isdisjoint(points(comparison))
    }
    starts = flips(read.values(), moving, inputs.calendar, within)
    if starts is None:
        return None
    part = open_part(program, run.evaluator.run({**inputs.truth, **dict.fromkeys(read)}).truth, asked)
    rows = []
    for start in starts:
        calendar = having(inputs.calendar, dict.fromkeys(moving, start))
        answers = {number: calendar.answer(read[number]) for number in part.leaves if number in read}
        truth = {number: inputs.truth[number] for number in part.leaves} | answers
        known = evaluated(part.rules, truth, [number for number in asked if part.truth[number] is None])
        rows.append([known.get(number, part.truth[number]) for number in asked])
    found = _around(starts, rows, value)
    return found._replace(first=found.first or limits.lo) if limits else found


def would_do(run: Run, name: str, route: str, atom: Atom, values: Sequence[str]) -> tuple[str, ...]:
    """Those of some values of an input with which a changed case comes out the same."""
    program = run.program
    numbers = [n for n in program.inputs if program.atoms[n][:-1] == atom[:-1]]
    ends = [n for end in ("eligible", "incomplete") if (n := program.number.get((end, name, route))) is not None]
    found = []
    for value in values:
        truth = {**run.inputs.truth, **{n: program.atoms[n][-1] == value for n in numbers}}
        known = evaluated(program.rules, truth, ends)
        if [known[end] for end in ends] == [run.rails.truth(end) for end in ends]:
            found.append(value)
    return tuple(found)


def _around(starts: Sequence[Any], rows: Sequence[Any], value: Any) -> Span:
    here = max(index for index, start in enumerate(starts) if start <= value)
    first = last = here
    while first > 0 and rows[first - 1] == rows[here]:
        first -= 1
    while last + 1 < len(rows) and rows[last + 1] == rows[here]:
        last += 1
    end = None if last + 1 == len(rows) else _before(starts[last + 1])
    return Span(None if first == 0 else starts[first], end)


def _before(value: Any) -> Any:
    return value - 1 if isinstance(value, int) else date.fromordinal(value.toordinal() - 1)
