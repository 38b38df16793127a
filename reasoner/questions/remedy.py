"""What it would take: the cheapest sets of changes that make somebody eligible with a complete file."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

from reasoner.case import CaseFile
from reasoner.cast import Path
from reasoner.dates import Open
from reasoner.engine import Decision, Engine
from reasoner.errors import CaseFileError, UsageError, dotted
from reasoner.outcome import Outcome
from reasoner.program import star
from reasoner.questions.remedy_case import GONE, Edit, checked, edited, plain
from reasoner.questions.remedy_effects import Effects, Span, certain, compared, outcome_of, settled, span, would_do
from reasoner.questions.remedy_moves import ROUTE, WAIT, Fact, Move, Moves, Option, Prices, goals
from reasoner.questions.remedy_obstacles import Obstacles, obstacles
from reasoner.questions.remedy_search import Chosen, Search
from reasoner.questions.remedy_views import Views
from reasoner.run import Run
from reasoner.target import unknown

LIMIT = 5
REFUSED = 20  # sets that may fail when decided again, before the search is given up


class Place(NamedTuple):
    """A place of the case file and its new value.

    ``others`` would do as well; for a day or a number so would everything from ``first`` to ``last`` (None: no limit).
    """

    path: str
    value: Any
    others: tuple[Any, ...]
    first: Any
    last: Any
    atom: tuple[Any, ...]


class Change(NamedTuple):
    """One change: ``kind`` is ``wait``, ``route``, ``application``, ``paper`` (a new one, or a fresh one ``instead`` of
    another), ``mended`` (a paper that is there), ``unknown`` (it turns out so), or that of the vocabulary."""

    kind: str
    cost: int
    places: tuple[Place, ...]
    instead: bool
    atom: tuple[Any, ...]


class Remedy(NamedTuple):
    """A set of changes of which none can be left out, and what the changed case is decided to be."""

    person: str
    route: str
    cost: int
    changes: tuple[Change, ...]
    effects: Effects
    cheapest: bool = False
    smallest: bool = False


class Remedies(NamedTuple):
    """The answer for a person and, if one was asked for, a route.

    ``state`` is ``nothing`` (no change is needed), ``open`` (there are remedies) or ``none`` (there are obstacles);
    ``all`` says that no further minimal set was left out. Days after ``horizon`` were not looked at.
    """

    person: str
    route: str | None
    state: str
    remedies: tuple[Remedy, ...]
    all: bool
    obstacles: tuple[Obstacles, ...]
    horizon: date


def remedies(
    engine: Engine,
    case: CaseFile,
    person: str | None = None,
    route: str | None = None,
    limit: int = LIMIT,
    costs: Mapping[str, int] | None = None,
    **options: Any,
) -> list[Remedies]:
    """What it would take for each person who applied, or could, or for one person or route; ``options`` are those of
    :meth:`Engine.decide`.

    At most ``limit`` sets are listed, and the smallest if it is none of them; ``costs`` are prices in place of the
    law's. Raises :class:`UsageError` for a person, a route or a price that there is not.
    """
    return answers(engine, engine.decide(case, **options), person, route, limit, costs)


def answers(
    engine: Engine,
    decision: Decision,
    person: str | None = None,
    route: str | None = None,
    limit: int = LIMIT,
    costs: Mapping[str, int] | None = None,
) -> list[Remedies]:
    """The same for a case that has been decided."""
    prices = Prices(decision.law, costs)
    wanted = _wanted(decision, person, route)
    return [_Answer(engine, decision, prices, who, routes, limit).give() for who, routes in wanted]


def _wanted(decision: Decision, person: str | None, route: str | None) -> list[tuple[str, Sequence[str]]]:
    """Who is asked about and on which routes: for who joins somebody they are alternatives, else each is a question of
    its own."""
    run, people = decision.runs[0], decision.file.case.persons
    if person is not None and person not in people:
        raise unknown("person", person, people)
    routes = [str(name) for name, _ in decision.law.table("route")]
    if route is not None and route not in routes:
        raise unknown("route", route, routes)
    found: list[tuple[str, Sequence[str]]] = []
    for who in people if person is None else (person,):
        name = run.cast.canonical[who]
        there = [r for r in routes if ("candidate", name, r) in run.program.number and route in (None, r)]
        alone = [r for r in there if (r,) in decision.law.table("holder_route")]
        if who in run.cast.sponsor_of and len(alone) < len(there):
            found.append((who, [r for r in there if r not in alone]))
        found += [(who, [r]) for r in alone if person or route or _asked(run, name, r)]
    if not found and route is not None:
        raise UsageError("no_such_route", person=str(person or next(iter(people))), route=route)
    return found


def _asked(run: Run, name: str, route: str) -> bool:
    number = run.program.number.get(("requested", name, route))
    return number is not None and run.inputs.truth[number] is True


class _Answer:
    """The answer for one person."""

    def __init__(
        self, engine: Engine, decision: Decision, prices: Prices, person: str, routes: Sequence[str], limit: int
    ) -> None:
        self.engine, self.decision, self.prices, self.limit = engine, decision, prices, limit
        self.run, self.person, self.routes = decision.runs[0], person, routes
        self.name = self.run.cast.canonical[person]
        self._outcomes: dict[str, Outcome] = {}
        self.views = Views(self.run, self.name, decision.assessed_on)
        asked = [route for route in routes if _asked(self.run, self.name, route)]
        self.route = routes[0] if len(routes) == 1 else asked[0] if asked else None

    def give(self) -> Remedies:
        """The answer."""
        if not self.views.unasked:
            for route in self.routes if self.route is None else (self.route,):
                if settled(self.run, self.name, route):
                    return self._answer("nothing", (), route=route)
        aims = goals(self.views, self.routes)
        if aims is None:
            return self._none()
        self.moves = Moves(self.views, self.prices, [goal.route for goal in aims[0]], aims[1])
        search = Search(self.moves, aims[0])
        found, everything = self._found(search)
        if not found:
            return self._none()
        cheapest = min(remedy.cost for _, remedy in found)
        fewest = min(search.size(chosen) for chosen, _ in found)
        marked = tuple(
            remedy._replace(cheapest=remedy.cost == cheapest, smallest=search.size(chosen) == fewest)
            for chosen, remedy in found
        )
        return self._answer("open", marked, everything=everything)

    def _found(self, search: Search) -> tuple[list[tuple[Chosen, Remedy]], bool]:
        """The cheapest sets, as many as were asked for, then any that are smaller than all of these; whether they are
        all."""
        found: list[tuple[Chosen, Remedy]] = []
        for _ in range(self.limit + REFUSED):
            full = len(found) >= self.limit
            fewest = min((search.size(chosen) for chosen, _ in found), default=0)
            chosen = search.best(fewest if full else None)
            if chosen is None:
                return found, not full or search.best() is None
            remedy = self._verified(chosen)
            search.exclude(chosen, exactly=remedy is None)
            if remedy is not None:
                found.append((chosen, remedy))
        return found, False

    def _none(self) -> Remedies:
        return self._answer("none", (), blocked=self._blocked())

    def _blocked(self) -> tuple[Obstacles, ...]:
        """What stands in the way on the route that was asked for or else on each that the facts open."""
        shown = [r for r in self.routes if self.run.rails.truth(self.run.program.number["relevant", self.name, r])]
        found = (obstacles(self.views, self.prices, route) for route in ([self.route] if self.route else shown))
        return tuple(each for each in found if each is not None)

    def _answer(
        self,
        state: str,
        found: tuple[Remedy, ...],
        *,
        everything: bool = True,
        route: str | None = None,
        blocked: tuple[Obstacles, ...] = (),
    ) -> Remedies:
        return Remedies(self.person, route or self.route, state, found, everything, blocked, self.views.horizon)

    # -- one set of changes -------------------------------------------------------------------------------------

    def _verified(self, chosen: Chosen) -> Remedy | None:
        """The remedy of a choice, if the changed case is decided to be eligible with a complete file."""
        route = self.moves.routes[chosen[ROUTE]]
        edits, day = self._edits(chosen, route)
        try:
            file = checked(edited(self._data, edits), self.decision.file.name, self.decision.law.choices)
        except CaseFileError:
            return None
        silence = self.run.inputs.reader.silence
        decided = self.engine.decide(
            file, as_of=day or self.decision.assessed_on, readings=self.decision.readings, assume_nothing=not silence
        )
        run = decided.runs[0]
        name = run.cast.canonical[self.person]
        if not settled(run, name, route):
            return None
        effects = compared(self._before(route), outcome_of(certain(run), name, route))
        changes = tuple(self._changes(chosen, run, name, route))
        return Remedy(self.person, route, sum(change.cost for change in changes), changes, effects)

    def _before(self, route: str) -> Outcome:
        """The outcome as the case stands."""
        if route not in self._outcomes:
            self._outcomes[route] = outcome_of(certain(self.run), self.name, route)
        return self._outcomes[route]

    @cached_property
    def _data(self) -> dict[str, Any]:
        data: dict[str, Any] = plain(self.decision.file.case)
        return data

    def _edits(self, chosen: Chosen, route: str) -> tuple[list[Edit], date | None]:
        """What is changed in the case file, and the day until which one waits."""
        found, place, day = list[Edit](), self.views.application, self.moves.days[chosen[WAIT]]
        if self.views.unasked:
            found.append(Edit(place, self._application(route)))
        if day is not None:
            found.append(Edit(("assessed_on",), day.isoformat()))
            if self.views.sponsor is not None:
                found.append(Edit((*place, "procedure"), GONE))  # nothing has happened to a new application yet
        facts = [fact for _, option in self._taken(chosen) for fact in option.facts]
        return [*found, *(Edit(fact.path, fact.value) for fact in facts)], day

    def _application(self, route: str) -> dict[str, Any]:
        return {"applicant": self.person, "sponsor": self.views.sponsor, "route": route, "filed": "none"}

    def _taken(self, chosen: Chosen) -> list[tuple[Move, Option]]:
        """The changes that are made, papers before what is said of them; those that are added follow the last."""
        pairs = zip(self.moves.moves, chosen, strict=True)
        taken = [(move, move.options[option]) for move, option in pairs if move.options[option].facts]
        taken.sort(key=lambda pair: pair[0].kind != "paper")
        added: dict[Path, Path] = {}
        for move, option in taken:
            place = option.facts[0].path
            if move.kind == "paper" and move.unit not in self.views.old.things:
                before = sum(1 for other in added if other[:-1] == place[:-1])
                added[place] = (*place[:-1], self.views.papers_of(place[:-2]) + before)
        return [
            (move, option._replace(facts=tuple(_moved(fact, added) for fact in option.facts))) for move, option in taken
        ]

    def _changes(self, chosen: Chosen, run: Run, name: str, route: str) -> Iterator[Change]:
        if self.views.unasked:
            place = Place(
                dotted(self.views.application), self._application(route), (), None, None, ("filed", self.name)
            )
            yield Change("application", self.prices.of("filed", "choice"), (place,), False, place.atom)
        units: dict[Hashable, list[tuple[Move, Option]]] = {}
        for move, option in sorted(self._taken(chosen), key=lambda pair: pair[0].kind not in ("wait", "route")):
            units.setdefault(move.unit, []).append((move, option))
        for unit, taken in units.items():
            kinds = {move.kind for move, _ in taken}
            paper = isinstance(unit, tuple) and unit[0] == "documents"
            kind = "paper" if "paper" in kinds else "mended" if paper and kinds != {"unknown"} else taken[0][0].kind
            places = tuple(
                self._place(fact, move.kind, run, name, route) for move, option in taken for fact in option.facts
            )
            instead = "paper" in kinds and unit in self.views.old.things
            yield Change(kind, sum(option.cost for _, option in taken), places, instead, taken[0][0].about)

    def _place(self, fact: Fact, kind: str, run: Run, name: str, route: str) -> Place:
        """A place with the other days that would do, in the changed case."""
        around: Span | None = Span(None, None)
        others, entry = fact.others, self.decision.law.vocabulary[fact.atom[0]]
        # The changed case may count its persons in another order.
        person = {old: run.cast.canonical[who] for old, who in self.run.cast.person.items()}
        atom = tuple(person.get(part, part) for part in fact.atom)
        if kind == "unknown" and entry.enumerated:
            values = self.decision.law.choices.get(star(entry.path, fact.atom), ())
            others = would_do(run, name, route, atom, [value for value in values if value != fact.value])
        if self.decision.law.point_kinds.get(fact.atom[0]) in ("date", "number") and fact.value != "none":
            value = date.fromisoformat(fact.value) if isinstance(fact.value, str) else fact.value
            moving, limits = {atom}, None
            if kind == "wait":
                moving, limits = {atom, ("assessed",)}, Open(value, self.views.horizon)
            elif kind != "unknown":
                limits = Open(self.views.assessed, self.views.horizon)
            around = span(run, name, route, frozenset(moving), value, limits)
        first, last = around or (fact.value, fact.value)
        return Place(dotted(fact.path), fact.value, others, first, last, fact.atom)


def _moved(fact: Fact, added: Mapping[Path, Path]) -> Fact:
    """The fact at the place where its paper is added."""
    for old, new in added.items():
        if fact.path[: len(old)] == old:
            return fact._replace(path=(*new, *fact.path[len(old) :]))
    return fact
