"""A sweep: one or two facts varied, and the exact values at which a result or the state of a file changes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from reasoner.case import CaseFile
from reasoner.days import add
from reasoner.engine import Decision
from reasoner.errors import CaseFileError, UsageError
from reasoner.facts import Reader
from reasoner.outcome import RESULTS
from reasoner.questions.causes import Cause, cause, file_of
from reasoner.questions.course import CannotVary, Course, Leg, Moment
from reasoner.questions.possible import dates, interval
from reasoner.questions.scenario import SET, Change, assignment, written
from reasoner.questions.whatif import Asked, Chosen
from reasoner.run import Run

MANY = 500  # values that are decided one by one
COLUMNS = 48  # of a grid whose step nobody gave
_RELEVANT = "relevant"
_UNITS = {"d": "days", "m": "months", "y": "years"}


class Vary(NamedTuple):
    """A place in the case with the values it takes: all from ``first`` to ``last``, or those that are listed.

    ``step`` is how far the values of a grid are apart: a number and, for dates, a unit.
    """

    text: str
    place: str
    first: Any
    last: Any
    step: tuple[int, str] | None
    listed: tuple[Any, ...] = ()

    def grid(self) -> tuple[Any, ...]:
        """The values of a grid."""
        if self.listed:
            return self.listed
        dated = isinstance(self.first, date)
        span = (self.last - self.first).days if dated else self.last - self.first
        number, unit = self.step or (max(1, span // COLUMNS), "days")
        found, count = [self.first], 0
        while True:
            count += number
            value = add(self.first, count, unit) if dated else self.first + count
            if value > self.last:
                return tuple(found)
            found.append(value)


class Stretch(NamedTuple):
    """Values, the first and the last, for which a person on a route has one result and one state of the file.

    ``result`` is None where the route would not be listed. ``begins`` says why it is not as in the stretch before it.
    """

    first: Any
    last: Any
    result: str | None
    file: str | None
    begins: Cause | None
    run: Run
    name: str


class Row(NamedTuple):
    """The stretches of one person on one route."""

    person: str
    sponsor: str | None
    route: str
    stretches: tuple[Stretch, ...]

    @property
    def turns(self) -> tuple[Any, ...]:
        """The exact values at which something changes."""
        return tuple(stretch.first for stretch in self.stretches[1:])


class Column(NamedTuple):
    """The rows for values of the first fact, from ``first`` to ``last``, of a sweep of two."""

    first: Any
    last: Any
    rows: tuple[Row, ...]


def vary(text: str) -> Vary:
    """What ``PATH=FROM..TO[:STEP]`` or ``PATH=VALUE,VALUE,...`` says.

    A step is a number, for dates of days or with d, m or y for days, months or years. Raises :class:`UsageError`.
    """
    place, value = assignment(text)
    wrong = UsageError("sweep_form", value=text)
    found = re.fullmatch(r"(.+?)\.\.(.+?)(?::(\d+)([dmy]?))?", value)
    if found is None:
        listed = tuple(written(part.strip(), f"--vary {text}") for part in value.split(","))
        if len(listed) < 2:
            raise wrong
        return Vary(text, place, listed[0], listed[-1], None, listed)
    step = (int(found[3]), _UNITS[found[4] or "d"]) if found[3] else None
    try:
        first, last = (_end(end) for end in found.group(1, 2))
    except ValueError:
        raise wrong from None
    if (
        type(first) is not type(last)
        or first >= last
        or (step and (step[0] < 1 or (found[4] and isinstance(first, int))))
    ):
        raise wrong
    return Vary(text, place, first, last, step)


def varied(texts: Sequence[str]) -> tuple[Vary, ...]:
    """One or two things to vary. Raises :class:`UsageError` as :func:`vary` does, and for more than two."""
    if len(texts) > 2:
        raise UsageError("sweep_two", number=str(len(texts)))
    return tuple(map(vary, texts))


def _end(text: str) -> Any:
    return int(text) if text.isdecimal() else date.fromisoformat(text)


def sweep(asked: Asked, varied: Vary, chosen: Chosen = lambda person, route: True) -> tuple[Row, ...]:
    """The rows of every person and route that is ``chosen``. Raises :class:`CaseFileError` when the place does not
    exist or no value is possible there, and :class:`UsageError` for more values than can be decided one by one."""
    return _Sweep(asked, chosen).rows(varied, ())


def grid(
    asked: Asked,
    first: Vary,
    second: Vary,
    chosen: Chosen = lambda person, route: True,
    advance: Callable[[int], object] = lambda done: None,
) -> tuple[Column, ...]:
    """A column for each value in the grid of the first fact, and for each at which the result for some end or turn of
    the second changes; columns next to each other that say the same are one.

    The turns within each column are exact. A column reaches up to the next if its last value says the same; if not,
    the turns of the second fact move along with the first. ``advance`` is told how many columns are done. Raises as
    :func:`sweep`.
    """
    found, columns = _Sweep(asked, chosen), dict[Any, tuple[Row, ...]]()

    def column(value: Any) -> None:
        columns[value] = found.rows(second, (_set(first, value),))
        advance(1)

    for value in first.grid():
        column(value)
    if first.listed:
        return tuple(Column(value, value, columns[value]) for value in first.listed)
    for mark in _marks(second, columns.values()):
        for row in found.rows(first, (_set(second, mark),)):
            for turn in row.turns:
                if turn not in columns:
                    column(turn)
    kept: list[Column] = []
    for value in sorted(columns):
        if kept and _pattern(kept[-1].rows) == _pattern(columns[value]):
            kept[-1] = kept[-1]._replace(last=value)
        else:
            kept.append(Column(value, value, columns[value]))
    ends = [*(before(each.first) for each in kept[1:]), first.last]
    return tuple(
        each._replace(last=end) if _pattern(found.rows(second, (_set(first, end),))) == _pattern(each.rows) else each
        for each, end in zip(kept, ends, strict=True)
    )


def _marks(second: Vary, columns: Iterable[tuple[Row, ...]]) -> list[Any]:
    """The values of the second fact for which the turns of the first are sought: its ends, and the turns that several
    columns share. Where each column has turns of its own, they move along with the first fact."""
    if second.listed:
        return list(second.listed)
    turns = Counter(turn for rows in columns for turn in {turn for row in rows for turn in row.turns})
    return [second.first, second.last, *(turn for turn, number in sorted(turns.items()) if number > 1)]


def before(value: Any) -> Any:
    """The value just before another."""
    return value - timedelta(1) if isinstance(value, date) else value - 1


def _pattern(rows: Sequence[Row]) -> Any:
    return [(row[:3], [stretch[:4] for stretch in row.stretches]) for row in rows]


def _set(varied: Vary, value: Any) -> Change:
    written_as = value.isoformat() if isinstance(value, date) else value
    return Change(SET, varied.place, written_as, (f"--vary {varied.text}", 0, 0))


class _Sweep:
    def __init__(self, asked: Asked, chosen: Chosen) -> None:
        self.asked, self.chosen = asked, chosen

    def rows(self, varied: Vary, fixed: tuple[Change, ...]) -> tuple[Row, ...]:
        """The rows of what is varied while other changes are made."""
        if varied.listed:
            return self._one_by_one(varied.listed, varied, fixed)
        first, last = self._bounds(varied, fixed)
        low, high = (self.asked.subject.changed((*fixed, _set(varied, value))) for value in (first, last))
        decision = self.asked.decide(low)
        try:
            return self._courses(decision, self._readers(decision, high), first, last)
        except CannotVary:
            values = tuple(_between(first, last))
            if len(values) > MANY:
                raise UsageError("sweep_many", path=varied.place, number=str(len(values)), most=str(MANY)) from None
            return self._one_by_one(values, varied, fixed)

    def _bounds(self, varied: Vary, fixed: tuple[Change, ...]) -> tuple[Any, Any]:
        """The part of the range that the case allows."""

        def possible(value: Any) -> bool:
            try:
                self.asked.subject.changed((*fixed, _set(varied, value)))
            except CaseFileError:
                return False
            return True

        if not isinstance(varied.first, date) or (possible(varied.first) and possible(varied.last)):
            return varied.first, varied.last
        stated = list(dates(self.asked.subject.file.case))
        found = interval(varied.first, varied.last, stated, possible, [])
        if found is None:
            self.asked.subject.changed((*fixed, _set(varied, varied.first)))  # says what is wrong
            raise AssertionError
        return found

    def _readers(self, decision: Decision, high: CaseFile) -> Iterator[Reader]:
        assessed = self.asked.as_of or (high.case.assessed_on.first if high.case.assessed_on else decision.assessed_on)
        for run in decision.runs:
            yield Reader(high, run.cast, decision.law, assessed, decision.readings, not self.asked.assume_nothing)

    def _courses(self, decision: Decision, readers: Iterator[Reader], first: Any, last: Any) -> tuple[Row, ...]:
        found = []
        for run, reader in zip(decision.runs, readers, strict=True):
            course, pairs = Course(run, [Leg(first, last, run.inputs.reader, reader)]), self._pairs(run)
            number, about = run.program.number, run.program.about
            atoms = {
                pair: [*(n for p in (_RELEVANT, *RESULTS) if (n := number.get((p, *pair)))), *about("document", *pair)]
                for pair in pairs
            }
            moments = course.ask(tuple(n for listed in atoms.values() for n in listed))
            for pair, listed in atoms.items():
                points = [(moment.value, moment, pair[0]) for moment in course.changing(moments, listed)]
                found.append(self._row(run, pair, points, last))
        return _ordered(decision, [row for row in found if row is not None])

    def _pairs(self, run: Run) -> list[tuple[str, str]]:
        """Every canonical person and route that a run can say something about."""
        persons = [run.cast.focus] if run.cast.focus else run.cast.ids
        routes = [str(route) for route, _ in run.law.table("route")]
        named = [(run.cast.canonical[person], person, route) for person in persons for route in routes]
        number = run.program.number
        return [(n, r) for n, person, r in named if (_RELEVANT, n, r) in number and self.chosen(person, r)]

    @staticmethod
    def _row(run: Run, pair: tuple[str, str], points: Sequence[tuple[Any, Run, str]], last: Any) -> Row | None:
        """The row of one person and route, from the runs at which something can change."""
        route, told = pair[1], [(value, point, name, *_told(point, name, pair[1])) for value, point, name in points]
        kept = [t for place, t in enumerate(told) if not place or t[3:] != told[place - 1][3:]]
        if all(result is None for *_, result, _ in kept):
            return None
        stretches = []
        for place, (value, point, name, result, file) in enumerate(kept):
            end = last if place + 1 == len(kept) else before(kept[place + 1][0]) if isinstance(point, Moment) else value
            why = None
            if place:
                previous = point.eve if isinstance(point, Moment) else kept[place - 1][1]
                papers = file != kept[place - 1][4]
                why = cause(previous, point, name, route, kept[place - 1][2], papers=papers)
            stretches.append(Stretch(value, end, result, file, why, point, name))
        person = run.cast.person[pair[0]]
        alone = (route,) in run.law.table("holder_route")
        return Row(person, None if alone else run.cast.sponsor_of.get(person), route, tuple(stretches))

    def _one_by_one(self, values: Sequence[Any], varied: Vary, fixed: tuple[Change, ...]) -> tuple[Row, ...]:
        """The rows by deciding the case for every value; values next to each other that say the same are one."""
        decisions = [self.asked.decide(self.asked.subject.changed((*fixed, _set(varied, value)))) for value in values]
        points: dict[tuple[str, str | None, str], list[tuple[Any, Run, str]]] = {}
        for value, decision in zip(values, decisions, strict=True):
            for run in decision.runs:
                for name, route in self._pairs(run):
                    person = run.cast.person[name]
                    key = (person, run.cast.sponsor_of.get(person), route)
                    points.setdefault(key, []).append((value, run, name))
        rows = []
        for (_, _, route), listed in points.items():
            row = self._row(listed[0][1], (listed[0][2], route), listed, values[-1])
            if row is not None:
                rows.append(row._replace(stretches=tuple(_closed(row.stretches, values))))
        return _ordered(decisions[0], rows)


def _closed(stretches: Sequence[Stretch], values: Sequence[Any]) -> Iterator[Stretch]:
    """Stretches of listed values, each up to the value before the next."""
    for place, stretch in enumerate(stretches):
        end = len(values) if place + 1 == len(stretches) else values.index(stretches[place + 1].first)
        yield stretch._replace(last=values[end - 1])


def _told(run: Run, name: str, route: str) -> tuple[str | None, str | None]:
    """The result and the state of the file of a canonical person on a route; nothing when it would not be listed."""
    if isinstance(run, Moment):
        result = run.result(name, route)
    else:
        number = run.program.number[_RELEVANT, name, route]
        shown = run.state(number)
        atoms = ((r, run.program.number.get((r, name, route))) for r in RESULTS)
        result = next((r for r, n in atoms if n and run.state(n)), "undetermined")
        result = None if shown is False or (shown is None and result == "not_eligible") else result
    return result, None if result is None else file_of(run, name, route)


def _ordered(decision: Decision, rows: list[Row]) -> tuple[Row, ...]:
    order = {person: place for place, person in enumerate(decision.file.case.persons)}
    return tuple(sorted(rows, key=lambda row: order[row.person]))


def _between(first: Any, last: Any) -> Iterator[Any]:
    dated = isinstance(first, date)
    for number in range((last - first).days + 1 if dated else last - first + 1):
        yield first + timedelta(number) if dated else first + number
