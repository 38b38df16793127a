"""What can be changed in a case for somebody to become eligible, and what each change makes of the law's inputs.

The vocabulary says of each input and point whether it is fixed, obtainable, a matter of time or of choice. What is
fixed is never changed; where it is not known, a change is that it turns out in some way.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

from reasoner.cast import Path
from reasoner.dates import Atom, Open
from reasoner.errors import UsageError
from reasoner.facts import Thing, address
from reasoner.program import Entry, Law, star
from reasoner.questions.remedy_dates import Way, flips, points, units, ways, written
from reasoner.questions.remedy_part import Part, decided, open_part
from reasoner.questions.remedy_views import Views
from reasoner.target import unknown

ROUTE, WAIT = 0, 1  # the numbers of two moves that there always are


class Fact(NamedTuple):
    """A place of the case file, the value it gets and the input or point that this decides; ``others`` would do as
    well."""

    path: Path
    value: Any
    atom: Atom
    others: tuple[Any, ...] = ()


class Option(NamedTuple):
    """A way to change something: what it costs, and what the case file then says."""

    cost: int
    facts: tuple[Fact, ...] = ()


class Move(NamedTuple):
    """Something that can be changed. The first option leaves it as it is.

    ``kind`` is that of the vocabulary, or ``route``, ``wait``, ``paper`` (a fresh one) or ``unknown`` (it turns out).
    Moves of one ``unit`` are told, and counted, as one change. Where only days or numbers differ, or how
    something turns out, all options for the same places count as the same change (``alike``).
    """

    kind: str
    unit: Hashable
    about: Atom
    options: list[Option]
    alike: bool = False


Pick = tuple[int, int | None]
"""A move and one of its options; None for any but the first."""


class Setting(NamedTuple):
    """Where all of ``picks`` are taken, the leaf has this truth."""

    picks: tuple[Pick, ...]
    leaf: int
    value: bool


class Prices:
    """What changes cost: the table of the law, with prices of one's own.

    Raises :class:`UsageError` for a price of something that there is not, or of less than 1.
    """

    def __init__(self, law: Law, own: Mapping[str, int] | None = None) -> None:
        self.table = {str(name): int(number) for name, number in law.table("cost")}
        movable = (entry.name for entry in law.entries if entry.kind not in ("fixed", "reading"))
        names = {*self.table, *movable, *(kind for kind, _ in law.document_types)}
        for name, number in (own or {}).items():
            if name not in names:
                raise unknown("cost", name, sorted(names))
            if number < 1:
                raise UsageError("option_form", value=f"{name}={number}", form=f"{name}=1")
            self.table[name] = number

    def of(self, *names: str) -> int:
        """The price of the first name that has one."""
        return next(self.table[name] for name in names if name in self.table)


@dataclass(eq=False, repr=False)
class Moves:
    """Everything that can be changed for the leaves of a part of the law, and what it makes of them.

    ``needs`` are options that go only with another; ``days`` are those of the options of waiting; ``fixed`` are the
    inputs that no change of their own can reach, each with the first that stands at the same place.
    """

    views: Views
    prices: Prices
    routes: Sequence[str]
    part: Part
    moves: list[Move] = field(default_factory=list)
    settings: list[Setting] = field(default_factory=list)
    needs: list[tuple[Pick, Pick]] = field(default_factory=list)
    days: list[date | None] = field(default_factory=lambda: [None])
    fixed: dict[int, int] = field(default_factory=dict)
    _fresh: dict[Thing, int] = field(default_factory=dict)  # the moves that are fresh papers

    def __post_init__(self) -> None:
        self._route()
        self._wait()
        for thing in self._read_papers():
            self._paper(thing)
        for (thing, names), numbers in self._fields().items():
            self._field(thing, names, numbers)
        for paper, listed in units(self.views, self._comparisons):
            self._dates(paper, listed)

    @cached_property
    def _comparisons(self) -> dict[int, Atom]:
        known = self.views.program.comparisons
        return {number: known[number] for number in sorted(self.part.leaves) if number in known}

    @cached_property
    def _inputs(self) -> dict[int, Atom]:
        known = self.views.program
        return {n: known.atoms[n] for n in sorted(self.part.leaves) if n not in known.comparisons}

    def _set(self, picks: tuple[Pick, ...], leaf: int, value: bool | None) -> None:
        if value is not None:
            self.settings.append(Setting(picks, leaf, value))

    # -- the route, and waiting ---------------------------------------------------------------------------------

    def _route(self) -> None:
        """Another route than the one that was asked for has its price."""
        views = self.views
        asked, place = requested(views), (*views.application, "route")
        options = []
        for route in self.routes:
            changes = bool(asked) and route not in asked
            fact = Fact(place, route, ("requested", views.name, route))
            options.append(Option(self.prices.of("requested"), (fact,)) if changes else Option(0))
        self.moves.append(Move("route", "route", ("requested", views.name), options))
        for number, atom in self._inputs.items():
            if atom[:2] == ("requested", views.name):
                for option, route in enumerate(self.routes):
                    self._set(((ROUTE, option),), number, route == atom[2])

    def _wait(self) -> None:
        views, options = self.views, [Option(0)]
        joins, today = views.sponsor is not None, views.assessed
        point: Atom = ("applied", views.name) if joins else ("assessed",)
        place: Path = (*views.application, "filed") if joins else ("assessed_on",)
        read = [c for c in self._comparisons.values() if not views.clock.isdisjoint(points(c))]
        starts = flips(read, views.clock, views.calendar(today), Open(today, views.horizon)) if read else None
        for start in starts or ():
            if start == today and not (joins and views.old.filed(views.name)):
                continue  # that is not waiting
            self.days.append(start)
            cost = self.prices.of(point[0], "time") + _months(views.assessed, start) * self.prices.of("month")
            options.append(Option(cost, (Fact(place, start.isoformat(), point),)))
        self.moves.append(Move("wait", "wait", point, options))

    # -- papers and other inputs --------------------------------------------------------------------------------

    def _read_papers(self) -> list[Thing]:
        """The places of fresh papers that the law reads here, in their order."""
        read = {self.views.thing(atom) for atom in self._inputs.values()}
        read |= {self.views.thing(point) for comparison in self._comparisons.values() for point in points(comparison)}
        return [thing for thing in self.views.papers if thing in read]

    def _paper(self, thing: Thing) -> None:
        """A fresh paper of a type."""
        place, (paper,) = self.views.fresh.things[thing]
        shared = sorted(paper.model_fields_set - {"type"})
        fact = Fact(place, {name: getattr(paper, name) for name in ("type", *shared)}, ("handed_in", *thing[1:]))
        self._fresh[thing] = len(self.moves)
        options = [Option(0), Option(self.prices.of(thing[2], "obtainable"), (fact,))]
        self.moves.append(Move("paper", thing, fact.atom, options))

    def _fields(self) -> dict[tuple[Thing, tuple[str, ...]], list[int]]:
        """Inputs by the place of the case file where they stand."""
        found: dict[tuple[Thing, tuple[str, ...]], list[int]] = {}
        for number, atom in self._inputs.items():
            if atom[:2] != ("requested", self.views.name):
                found.setdefault(address(self.views.entry(atom), atom), []).append(number)
        return found

    def _field(self, thing: Thing, names: tuple[str, ...], numbers: list[int]) -> None:
        views, truth = self.views, self.views.run.inputs.truth
        atom = views.program.atoms[numbers[0]]
        entry, move = views.entry(atom), len(self.moves)
        known = all(truth[number] is not None for number in numbers)
        fixed = entry.kind in ("fixed", "reading")
        kind = "unknown" if fixed and not known else entry.kind
        options, truths = [Option(0)], [dict[int, bool]()]
        if (place := views.place(thing)) is not None and (
            views.movable(atom)
            or (thing in views.papers and not fixed)
            or (not known and (thing in views.old.things or thing[0] != "documents"))
        ):
            price = self.prices.of("unknown") if kind == "unknown" else self.prices.of(entry.name, entry.kind)
            for fact, values in self._values(entry, atom, (*place, *names), numbers, known=known):
                options.append(Option(price, (fact,)))
                truths.append(values)
        own: tuple[Pick, ...] = ()
        if len(options) > 1:
            unit: Hashable = thing if thing[0] == "documents" else (thing, names)
            self.moves.append(Move(kind, unit, atom, options, alike=kind == "unknown"))
        else:
            self.fixed.update(dict.fromkeys(numbers, numbers[0]))
        for option, values in enumerate(truths):
            if len(options) > 1:
                own = ((move, option),)
            for number in numbers:
                for picks, value in [((), values[number])] if option else self._before(thing, number):
                    self._set((*own, *picks), number, value)

    def _before(self, thing: Thing, number: int) -> list[tuple[tuple[Pick, ...], bool | None]]:
        """The truth of an input where it is not changed itself: a new application or a fresh paper can change it."""
        views = self.views
        old, new = views.run.inputs.truth[number], views.truth_new.get(number)
        found: list[tuple[tuple[Pick, ...], bool | None]] = [((), old)]
        if old is not new:
            found = [(((WAIT, 0),), old), (((WAIT, None),), new)]
        if thing in self._fresh:
            move = self._fresh[thing]
            found = [((*picks, (move, 0)), value) for picks, value in found]
            found.append((((move, 1),), views.truth_fresh[number]))
        return found

    def _values(
        self, entry: Entry, atom: Atom, place: Path, numbers: list[int], *, known: bool
    ) -> Iterator[tuple[Fact, dict[int, bool]]]:
        """The values of a place with what each makes true; values that do the same are named together."""
        if place[-2:-1] == ("documents",):  # to take a paper back is no remedy, and one that lacks is a fresh one
            if self.views.thing(atom) in self.views.old.things:
                fact = Fact((*place, "handed_in"), self.views.assessed.isoformat(), atom)
                yield fact, {numbers[0]: True}
        elif not entry.enumerated and entry.silence != "default":
            for value in (True, False) if len(numbers) == 1 else ():
                yield Fact(place, value, atom), {numbers[0]: value}
        else:
            barred = {value for name, value in self.views.law.table("out_of_reach") if name == entry.name and known}
            same: dict[tuple[bool, ...], list[str]] = {}
            for word in self.views.law.choices.get(star(entry.path, atom), ()):
                if word not in barred:
                    same.setdefault(tuple(self.views.program.atoms[n][-1] == word for n in numbers), []).append(word)
            for row, (first, *others) in same.items():
                yield Fact(place, first, (*atom[:-1], first), tuple(others)), dict(zip(numbers, row, strict=True))

    # -- dates --------------------------------------------------------------------------------------------------

    def _dates(self, paper: Thing | None, listed: Mapping[int, Atom]) -> None:
        """What comparisons answer, and the dates that can be settled or set."""
        fresh = self._fresh.get(paper) if paper is not None else None
        found = list(ways(self.views, listed, self.days, paper, fresh=fresh is not None))
        move, options, unit = len(self.moves), [Option(0)], paper or ("dates", tuple(listed))
        dated = [way for way in found if way.values]
        for way in found:
            picks: tuple[Pick, ...] = () if way.wait is None else ((WAIT, way.wait),)
            picks += () if way.paper is None or fresh is None else ((fresh, way.paper),)
            own: tuple[Pick, ...] = ()
            if dated:
                option = len(options) if way.values else 0
                own = ((move, option),)
            if way.values:
                self.needs += [((move, option), pick) for pick in picks]
                options.append(Option(sum(map(self._price, way.values)), tuple(self._facts(way))))
            for number, value in way.answers.items():
                self._set((*own, *picks), number, value)
        if dated:
            point = options[1].facts[0].atom
            kind = self.views.entry(point).kind
            kind = "unknown" if kind == "fixed" or not self.views.known(point) else kind
            self.moves.append(Move(kind, unit, point, options, alike=True))

    def _facts(self, way: Way) -> Iterator[Fact]:
        for point, value in way.values.items():
            thing, names = address(self.views.entry(point), point)
            place = self.views.place(thing)
            if place is not None:
                yield Fact((*place, *names), written(value), point)

    def _price(self, point: Atom) -> int:
        entry = self.views.entry(point)
        if entry.kind == "fixed" or not self.views.known(point):
            return self.prices.of("unknown")
        return self.prices.of(entry.name, entry.kind)


def _months(first: date, last: date) -> int:
    """The months between two days, those begun counted as whole."""
    return (last.year - first.year) * 12 + last.month - first.month + (last.day > first.day)


def requested(views: Views) -> tuple[str, ...]:
    """The routes that the person asked for."""
    program, truth = views.program, views.run.inputs.truth
    numbers = program.by_predicate.get("requested", ())
    return tuple(program.atoms[n][2] for n in numbers if program.atoms[n][1] == views.name and truth[n])


def relaxed(views: Views, asked: Sequence[int]) -> dict[int, bool | None]:
    """The truth of the inputs and comparisons that some atoms depend on, open where something that can be changed makes
    a difference."""
    program, cone = views.program, views.run.evaluator.cone(*asked)
    tied = {number for true, false in program.constraints for number in (*true, *false)}
    truth = dict(views.run.inputs.truth)
    for number in cone | tied.intersection(program.inputs):
        if number in program.comparisons:
            compared = points(program.comparisons[number])
            changes = any(p in views.clock or views.thing(p) in views.papers or views.loose(p) for p in compared)
        elif number not in truth:
            continue  # nothing makes it true
        elif program.atoms[number][0] == "requested":
            changes = program.atoms[number][1] == views.name
        else:
            atom = program.atoms[number]
            changes = views.truth_new.get(number) is not truth[number] or views.movable(atom)
            changes = changes or views.thing(atom) in views.papers
        if changes:
            truth[number] = None
    return truth


class Goal(NamedTuple):
    """A route with the atoms that have to hold, and those that must not, for it to be open with a complete file."""

    route: str
    yes: tuple[int, ...]
    no: tuple[int, ...]


def goals(views: Views, routes: Sequence[str]) -> tuple[tuple[Goal, ...], Part] | None:
    """The routes that changes can open, those asked for first, and the part of the law that decides them; None when
    there is no such route."""
    numbers, asked = views.program.number, requested(views)
    ends = []
    for route in sorted(routes, key=lambda route: route not in asked):
        eligible, incomplete = (numbers.get((end, views.name, route)) for end in ("eligible", "incomplete"))
        if eligible is not None:
            ends.append(Goal(route, (eligible,), () if incomplete is None else (incomplete,)))
    wanted = [n for goal in ends for n in (*goal.yes, *goal.no)]
    known = decided(views.program, relaxed(views, wanted), wanted)
    left = [g for g in ends if all(known(n) is not False for n in g.yes) and not any(map(known, g.no))]
    if not left:
        return None
    part = open_part(views.program, known, [n for goal in left for n in (*goal.yes, *goal.no)])
    return tuple(Goal(goal.route, _open(goal.yes, part), _open(goal.no, part)) for goal in left), part


def _open(numbers: tuple[int, ...], part: Part) -> tuple[int, ...]:
    return tuple(number for number in numbers if part.truth[number] is None)
