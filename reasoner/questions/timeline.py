"""When each route is open, closed or undetermined, as the day of the application or of the assessment is varied."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from reasoner.case import CaseFile
from reasoner.case_checks import Entries, Finding, applications
from reasoner.case_dates import NEVER, Day
from reasoner.errors import CaseFileError, Fault, UsageError, dotted
from reasoner.facts import EARLIEST, LATEST, Reader
from reasoner.outcome import RESULTS
from reasoner.questions.causes import Cause, cause
from reasoner.questions.course import Course, Leg, Moment
from reasoner.questions.possible import dates, interval
from reasoner.questions.whatif import Asked
from reasoner.run import Run

APPLIED, ASSESSED = "applied_on", "assessed_on"
RELEVANT = "relevant"
_DAY = timedelta(1)


class Period(NamedTuple):
    """Days on which a route has one result, both included; None where nothing changes before or after any more.

    ``result`` is None where the route would not be listed, ``begins`` says why the period begins (None for the first).
    """

    first: date | None
    last: date | None
    result: str | None
    begins: Cause | None
    ends: Cause | None
    moment: Moment


class Line(NamedTuple):
    """The periods of one person on one route, joining ``sponsor``."""

    person: str
    sponsor: str | None
    route: str
    regime: str
    periods: tuple[Period, ...]


class Timeline(NamedTuple):
    """The lines of a case over the days on which its facts do not contradict each other, ``first`` to ``last``.

    ``limited`` says for the first and the last day whether it was asked for, so that more could follow beyond it.
    """

    vary: str
    first: date
    last: date
    limited: tuple[bool, bool]
    lines: tuple[Line, ...]


def timeline(
    asked: Asked,
    vary: str | None = None,
    first: date | None = None,
    last: date | None = None,
    chosen: Callable[[str, str], bool] = lambda person, route: True,
) -> Timeline:
    """The periods of every person and route that is ``chosen``, from ``first`` to ``last`` or as far as anything
    changes.

    With ``applied_on`` every application is filed on the day that is looked at, and assessed then if that is later than
    the day of assessment; without a choice it is ``applied_on`` where anybody joins somebody, else ``assessed_on``.
    Raises :class:`UsageError` for a range without days.
    """
    vary = vary or (APPLIED if any(run.cast.joins for run in asked.decision.runs) else ASSESSED)
    if vary not in (APPLIED, ASSESSED):
        raise UsageError("timeline_vary", name=vary, names=f"{APPLIED}, {ASSESSED}")
    return _Builder(asked, vary).timeline(first, last, chosen)


class _Moving:
    """The case with the day that is varied at some value."""

    def __init__(self, asked: Asked, vary: str) -> None:
        self.asked, self.vary, self.file = asked, vary, asked.subject.file
        self.assessed = asked.decision.assessed_on

    def on(self, day: date) -> tuple[CaseFile, date]:
        """The case on a day, and the day on which it is then assessed."""
        if self.vary == ASSESSED:
            return self.file, day
        case = self.file.case
        filed = tuple(
            application if application.filed is NEVER else application.model_copy(update={"filed": Day(day, day)})
            for application in case.applications
        )
        moved = CaseFile(case.model_copy(update={"applications": filed}), self.file.name, self.file.lines)
        return moved, max(day, self.assessed)

    def possible(self, day: date) -> bool:
        """Whether the dates of the case can be so."""
        return not any(self.faults(day))

    def faults(self, day: date) -> Iterator[Finding]:
        """What contradicts itself in the case on a day: only the applications move."""
        case = self.on(day)[0].case
        listed = dict(enumerate(case.applications))
        return applications(Entries(tuple(case.persons), case.persons, {}, listed, {}))


class Start(NamedTuple):
    """The first moment at which a result holds."""

    moment: Moment
    result: str | None


def _starts(course: Course, moments: tuple[Moment, ...], name: str, route: str) -> Iterator[Start]:
    """The moments at which the result of a canonical person on a route begins to be another, the first among them."""
    before: Any = course
    for moment in course.changing(moments, _told(course.base, name, route)):
        result = moment.result(name, route)
        if before is course or result != before:
            yield Start(moment, result)
        before = result


def _periods(
    starts: Sequence[Start], name: str, route: str, last: date, limited: tuple[bool, bool]
) -> Iterator[Period]:
    """The periods between the days on which a result begins; the first and the last are open to the side that nobody
    limited."""
    causes = [None, *(cause(start.moment.eve, start.moment, name, route) for start in starts[1:]), None]
    for place, start in enumerate(starts):
        final = place + 1 == len(starts)
        end = last if final else starts[place + 1].moment.value - _DAY
        yield Period(
            None if place == 0 and not limited[0] else start.moment.value,
            None if final and not limited[1] else end,
            start.result,
            causes[place],
            causes[place + 1],
            start.moment,
        )


class _Builder:
    def __init__(self, asked: Asked, vary: str) -> None:
        self.asked, self.vary, self.moving = asked, vary, _Moving(asked, vary)
        self.assessed, self.law = self.moving.assessed, asked.engine.law

    def timeline(self, first: date | None, last: date | None, chosen: Callable[[str, str], bool]) -> Timeline:
        low, high = first or EARLIEST, last or LATEST
        if low > high:
            raise UsageError("timeline_range", first=str(low), last=str(high))
        low, high = self._bounds(low, high)
        ends = [low, high]
        if self.vary == APPLIED and low <= self.assessed < high:
            ends = [low, self.assessed, self.assessed + _DAY, high]
        limited = low == first, high == last
        courses = self._courses(list(zip(ends[::2], ends[1::2], strict=True)))
        lines = [line for course in courses for line in self._lines(course, high, limited, chosen)]
        order = {person: place for place, person in enumerate(self.moving.file.case.persons)}
        lines.sort(key=lambda line: order[line.person])
        return Timeline(self.vary, low, high, limited, tuple(lines))

    def _bounds(self, low: date, high: date) -> tuple[date, date]:
        """The days between which the dates of the case do not contradict each other."""
        case, possible = self.moving.file.case, self.moving.possible
        if self.vary == ASSESSED or (possible(low) and possible(high)):
            return low, high
        stated = [a.filed for a in case.applications if isinstance(a.filed, Day)]
        found = interval(low, high, list(dates(case)), possible, [self.assessed, *(day.first for day in stated)])
        if found is None:
            path, code, values = next(self.moving.faults(low))
            raise CaseFileError([Fault(self.moving.file.name, 0, 0, dotted(path), code, values)])
        return found

    def _lines(
        self, course: Course, last: date, limited: tuple[bool, bool], chosen: Callable[[str, str], bool]
    ) -> Iterator[Line]:
        """The lines of one run."""
        run, pairs = course.base, _pairs(course.base)
        moments = course.ask(tuple(atom for pair in pairs for atom in _told(run, *pair)))
        later = tuple(moment for moment in moments if moment.value > self.assessed)
        regimes = {str(route): str(regime) for route, regime in self.law.table("route")}
        for name, route in pairs:
            person = run.cast.person[name]
            sponsor = run.cast.sponsor_of.get(person)
            alone = (route,) in self.law.table("holder_route")
            if not chosen(person, route) or (self.vary == APPLIED and alone):
                continue
            # Nobody can file on a day before the assessment what is not filed yet.
            ours = moments if self.vary == ASSESSED or run.inputs.reader.filed(name) or not later else later
            starts = list(_starts(course, ours, name, route))
            if any(start.result is not None for start in starts):
                periods = tuple(_periods(starts, name, route, last, limited))
                yield Line(person, None if alone else sponsor, route, regimes[route], periods)

    def _courses(self, parts: Sequence[tuple[date, date]]) -> Iterator[Course]:
        """The course of every run of the case through the parts of the range."""
        decision, silence = self.asked.decision, not self.asked.assume_nothing
        ends = [(first, last, self.moving.on(first), self.moving.on(last)) for first, last in parts]
        for run in decision.runs:

            def reader(file: CaseFile, day: date, run: Run = run) -> Reader:
                return Reader(file, run.cast, self.law, day, decision.readings, silence)

            yield Course(run, [Leg(first, last, reader(*low), reader(*high)) for first, last, low, high in ends])


def _told(run: Run, name: str, route: str) -> tuple[int, ...]:
    """What decides the result of a canonical person on a route."""
    numbers = run.program.number
    return tuple(number for p in (RELEVANT, *RESULTS) if (number := numbers.get((p, name, route))))


def _pairs(run: Run) -> list[tuple[str, str]]:
    """Every canonical person and route that a run can say something about."""
    routes = [str(route) for route, _ in run.law.table("route")]
    names = [run.cast.canonical[person] for person in ([run.cast.focus] if run.cast.focus else run.cast.ids)]
    return [(name, route) for name in names for route in routes if (RELEVANT, name, route) in run.program.number]
