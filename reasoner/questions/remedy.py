"""What it would take: the cheapest sets of changes that make somebody eligible with a complete file."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from reasoner.case import CaseFile
from reasoner.cast import Path
from reasoner.engine import Decision, Engine
from reasoner.errors import CaseFileError, UsageError, dotted
from reasoner.outcome import Deadline, Remark, outcome
from reasoner.questions.remedy_case import GONE, Edit, checked, edited, plain
from reasoner.questions.remedy_moves import Fact, Move, Moves, Option, Prices
from reasoner.questions.remedy_search import Chosen, Search, cost
from reasoner.run import Run
from reasoner.target import unknown

LIMIT = 5


class Place(NamedTuple):
    """A place of the case file and its new value; ``others`` would do as well, and so would, for a date, every day from
    ``first`` to ``last`` (None: without an end that was looked for)."""

    path: str
    value: Any
    others: tuple[Any, ...]
    first: date | None
    last: date | None
    atom: tuple[Any, ...]


class Change(NamedTuple):
    """One change: ``kind`` is ``wait``, ``route``, ``application``, ``paper`` (a new or a fresh one), ``mended`` (one
    that is there), ``unknown`` (not known, and has to be so), or that of the vocabulary."""

    kind: str
    cost: int
    places: tuple[Place, ...]
    about: tuple[Any, ...]
    instead: bool


class Gain(NamedTuple):
    """A condition or a document that stops failing: its status before and after, and the provisions behind it."""

    id: str
    before: str
    after: str
    provisions: tuple[str, ...]


class Remedy(NamedTuple):
    """A set of changes, of which none can be left out, with what the changed case is decided to be."""

    person: str
    route: str
    sponsor: str | None
    changes: tuple[Change, ...]
    cost: int
    applied_on: date | None
    conditions: tuple[Gain, ...]
    documents: tuple[Gain, ...]
    deadlines: tuple[Deadline, ...]
    warnings: tuple[Remark, ...]
    cheapest: bool
    smallest: bool


class Remedies(NamedTuple):
    """The answer for a person: ``state`` is ``open`` (there are remedies), ``nothing`` (no change is needed) or
    ``none`` (no change is enough); ``all`` says that no further set was left out."""

    person: str
    route: str | None
    state: str
    remedies: tuple[Remedy, ...]
    all: bool


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

    ``limit`` is the number of sets at most, ``costs`` are prices instead of those of the law's table. Raises
    :class:`UsageError` for a person, a route or a price that there is not.
    """
    decision = engine.decide(case, **options)
    return answers(engine, decision, person, route, limit, costs, assume_nothing=bool(options.get("assume_nothing")))


def answers(
    engine: Engine,
    decision: Decision,
    person: str | None = None,
    route: str | None = None,
    limit: int = LIMIT,
    costs: Mapping[str, int] | None = None,
    *,
    assume_nothing: bool = False,
) -> list[Remedies]:
    """The same for a case that has been decided."""
    prices = Prices(decision.law, costs)
    wanted = list(_wanted(decision, person, route))
    return [_Answer(engine, decision, prices, who, routes, limit, assume_nothing).give() for who, routes in wanted]


def _wanted(decision: Decision, person: str | None, route: str | None) -> Iterator[tuple[str, Sequence[str]]]:
    """Who is asked about, and on which routes: for who joins somebody they are alternatives, else each is a question of
    its own."""
    run = decision.runs[0]
    people = decision.file.case.persons
    if person is not None and person not in people:
        raise unknown("person", person, people)
    routes = [str(name) for name, _ in decision.law.table("route")]
    if route is not None and route not in routes:
        raise unknown("route", route, routes)
    found = False
    for who in people if person is None else (person,):
        name = run.cast.canonical[who]
        there = [r for r in routes if ("candidate", name, r) in run.program.number and route in (None, r)]
        alone = [r for r in there if (r,) in decision.law.table("holder_route")]
        if who in run.cast.sponsor_of and (joining := [r for r in there if r not in alone]):
            found = True
            yield who, joining
        for single in alone:
            if person is not None or route is not None or _asked(run, name, single):
                found = True
                yield who, (single,)
    if not found and route is not None:
        raise UsageError("no_such_route", person=str(person or next(iter(people))), route=route)


def _asked(run: Run, name: str, route: str) -> bool:
    number = run.program.number.get(("requested", name, route))
    return number is not None and run.inputs.truth[number] is True


class _Answer:
    def __init__(
        self,
        engine: Engine,
        decision: Decision,
        prices: Prices,
        person: str,
        routes: Sequence[str],
        limit: int,
        assume_nothing: bool,
    ) -> None:
        self.engine, self.decision, self.person, self.limit = engine, decision, person, limit
        self.run = decision.runs[0]
        self.name = self.run.cast.canonical[person]
        self.asked = next((route for route in routes if _asked(self.run, self.name, route)), None)
        self.moves = Moves(self.run, self.name, routes, prices, decision.assessed_on)
        self.options: dict[str, Any] = {"readings": decision.readings, "assume_nothing": assume_nothing}
        self.data = plain(decision.file.case)

    def give(self) -> Remedies:
        for route in [self.asked] if self.asked else self.moves.routes:
            if settled(self.run, self.name, route) and self.person not in self.run.cast.unasked:
                return self._answer("nothing", (), route=route)
        part = self.moves.find()
        if part is None:
            return self._answer("none", ())
        search = Search(self.moves, part)
        found: list[tuple[Chosen, Remedy]] = []
        everything = True
        for chosen in search.solutions():
            if len(found) == self.limit:
                everything = False
                break
            remedy = self._verified(chosen)
            if remedy is not None:
                found.append((chosen, remedy))
        if not found:
            return self._answer("none", ())
        least = min(search.size(chosen) for chosen, _ in found)
        while not everything and (smaller := search.best(least)) is not None:
            search.exclude(smaller)
            remedy = self._verified(smaller)
            if remedy is not None:
                found.append((smaller, remedy))
                least = search.size(smaller)
        cheapest = min(remedy.cost for _, remedy in found)
        marked = (r._replace(cheapest=r.cost == cheapest, smallest=search.size(chosen) == least) for chosen, r in found)
        return self._answer("open", tuple(marked), everything=everything)

    def _answer(
        self, state: str, found: tuple[Remedy, ...], *, everything: bool = True, route: str | None = None
    ) -> Remedies:
        return Remedies(self.person, route or self.asked, state, found, everything)

    # -- one set of changes -------------------------------------------------------------------------------------

    def _verified(self, chosen: Chosen) -> Remedy | None:
        """The remedy of a choice, if the changed case is decided to be eligible with a complete file."""
        route = self.moves.routes[chosen[0]]
        changed = self.changed(chosen)
        if changed is None:
            return None
        run = changed.runs[0]
        name = run.cast.canonical[self.person]
        if not settled(run, name, route):
            return None
        regime = next(str(regime) for r, regime in self.decision.law.table("route") if r == route)
        before, after = outcome(self.run, self.name, route, regime), outcome(run, name, route, regime)
        return Remedy(
            self.person,
            route,
            after.sponsor,
            tuple(self._changes(chosen)),
            cost(self.moves, chosen),
            after.applied_on,
            tuple(_gains(before.conditions, after.conditions, ("met", "waived"))),
            tuple(_gains(before.documents, after.documents, ("held", "waived"))),
            after.deadlines,
            tuple(w for w in after.warnings if w.id not in {other.id for other in before.warnings}),
            False,
            False,
        )

    def changed(self, chosen: Chosen) -> Decision | None:
        """The decision of the changed case; None when its file would be invalid."""
        edits, day = self.edits(chosen)
        try:
            file = checked(edited(self.data, edits), self.decision.file.name, self.decision.law.choices)
        except CaseFileError:
            return None
        return self.engine.decide(file, as_of=day or self.decision.assessed_on, **self.options)

    def edits(self, chosen: Chosen) -> tuple[list[Edit], date | None]:
        """What is changed in the case file, and the day until which one waits."""
        found: list[Edit] = []
        moves = self.moves
        day = moves.days[chosen[1]]
        if moves.joins and self.person in self.run.cast.unasked:
            who = {"applicant": self.person, "sponsor": self.run.cast.sponsor_of[self.person]}
            found.append(Edit(moves.application, {**who, "route": moves.routes[chosen[0]], "filed": "none"}))
        if day is not None:
            if moves.joins:
                found.append(Edit((*moves.application, "procedure"), GONE))
            found.append(Edit(("assessed_on",), day.isoformat()))
        facts = [fact for _, option in self._taken(chosen) for fact in option.facts]
        return [*found, *(Edit(fact.path, fact.value) for fact in facts)], day

    def _taken(self, chosen: Chosen) -> list[tuple[Move, Option]]:
        """The changes that are made, papers before what is said of them; those that are added follow the last."""
        pairs = zip(self.moves.moves, chosen, strict=True)
        taken = [(move, move.options[option]) for move, option in pairs if move.options[option].facts]
        taken.sort(key=lambda pair: pair[0].kind != "paper")
        real: dict[Path, Path] = {}
        ends: dict[Path, int] = {}
        for move, option in taken:
            if move.kind == "paper" and move.unit not in self.moves.old.things:
                papers = option.facts[0].path[:-1]
                end = ends.get(papers, self.moves.count(papers[:-1]))
                real[option.facts[0].path], ends[papers] = (*papers, end), end + 1
        return [
            (move, option._replace(facts=tuple(_moved(fact, real) for fact in option.facts))) for move, option in taken
        ]

    def _changes(self, chosen: Chosen) -> Iterator[Change]:
        units: dict[Hashable, list[tuple[Any, Any]]] = {}
        for move, option in self._taken(chosen):
            units.setdefault(move.unit, []).append((move, option))
        for taken in units.values():
            kinds = [move.kind for move, _ in taken]
            first = taken[0][0]
            kind = "paper" if "paper" in kinds else "mended" if first.about[0] and len(first.about) == 4 else kinds[0]
            places = tuple(_place(fact) for _, option in taken for fact in option.facts)
            instead = "paper" in kinds and first.unit in self.moves.old.things
            yield Change(kind, sum(option.cost for _, option in taken), places, first.about, instead)


def _moved(fact: Fact, real: Mapping[Path, Path]) -> Fact:
    """The fact at the place where its paper really stands."""
    for length in range(len(fact.path), 0, -1):
        if fact.path[:length] in real:
            return fact._replace(path=(*real[fact.path[:length]], *fact.path[length:]))
    return fact


def _place(fact: Fact) -> Place:
    return Place(dotted(fact.path), fact.value, fact.others, None, None, fact.atom)


def settled(run: Run, name: str, route: str) -> bool:
    """Whether somebody is eligible for certain, with a file that is complete or needs no papers."""
    eligible = run.program.number.get(("eligible", name, route))
    incomplete = run.program.number.get(("incomplete", name, route))
    if eligible is None or run.truth(eligible) is not True:
        return False
    return incomplete is None or run.state(incomplete) is False


def _gains(before: Sequence[Any], after: Sequence[Any], good: tuple[str, ...]) -> Iterator[Gain]:
    states = {item[0]: item[1] for item in before}
    for item in after:
        if item[1] in good and states.get(item[0]) not in good:
            yield Gain(item[0], states.get(item[0], ""), item[1], item.provisions)
