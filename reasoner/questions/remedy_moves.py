"""What can be changed in a case so that somebody becomes eligible, and what each change makes of the law's inputs.

The vocabulary says of each input and point whether it is fixed, obtainable, a matter of time or of choice; nothing here
knows any of them by name but the day of an application and that of the assessment, which waiting moves together.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from itertools import combinations
from typing import Any, NamedTuple

from reasoner.case import CaseFile
from reasoner.case_dates import Day
from reasoner.case_model import Application, Document
from reasoner.cast import Path
from reasoner.cells import Cell, worlds
from reasoner.dates import NONE, Atom, Calendar, Open, Value, add
from reasoner.facts import Reader, Thing, address, class_table
from reasoner.program import Entry, Law, star
from reasoner.questions.remedy_part import Part, open_part
from reasoner.run import Run
from reasoner.terms import leaves

TOGETHER = 3  # open dates that are compared with each other and still tried together


class Fact(NamedTuple):
    """A place of the case file, the value it gets and the input or point that this decides; ``others`` would do as
    well."""

    path: Path
    value: Any
    atom: Atom
    others: tuple[Any, ...] = ()


class Option(NamedTuple):
    """A way to change something: what it costs and what the case file then says."""

    cost: int
    facts: tuple[Fact, ...] = ()


class Move(NamedTuple):
    """Something that can be changed. Its first option leaves it as it is.

    ``kind`` is that of the vocabulary, or ``route``, ``wait``, ``paper`` (a fresh one) or ``unknown``; moves of one
    ``unit`` are told, and counted, as one change.
    """

    kind: str
    unit: Hashable
    about: Atom
    options: list[Option]
    dated: bool = False


Pick = tuple[int, int | None]
"""A move and one of its options; None for any but the first."""


class Setting(NamedTuple):
    """Where all of ``picks`` are taken, the leaf has this truth."""

    picks: tuple[Pick, ...]
    leaf: int
    value: bool


class Prices:
    """What changes cost: the table of the law, with prices of one's own."""

    def __init__(self, law: Law, own: Mapping[str, int] | None = None) -> None:
        self.table = {str(name): int(number) for name, number in law.table("cost")} | dict(own or {})

    def of(self, *names: str) -> int:
        """The price of the first name that has one."""
        return next(self.table[name] for name in names if name in self.table)


@dataclass(eq=False, repr=False)
class Moves:
    """Everything that can be changed for one person (canonical ``name``) to be eligible on one of some routes.

    After :meth:`find` there are ``moves``, ``settings`` (what they make true), ``needs`` (an option that goes only with
    another) and ``goals`` (for each option of the first move, the route, what has to hold and what must not).
    """

    run: Run
    name: str
    routes: Sequence[str]
    prices: Prices
    assessed: date

    def __post_init__(self) -> None:
        self.law, self.program = self.run.law, self.run.program
        self.moves: list[Move] = []
        self.settings: list[Setting] = []
        self.needs: list[tuple[Pick, Pick]] = []
        self.goals: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
        self.days: list[date | None] = [None]

    # -- the case as it is, with a new application, and with fresh papers -----------------------------------------

    @cached_property
    def person(self) -> str:
        """The id of the person."""
        return self.run.cast.person[self.name]

    @cached_property
    def joins(self) -> bool:
        """Whether the person applies to join somebody."""
        return self.person in self.run.cast.sponsor_of

    @cached_property
    def concerned(self) -> frozenset[str]:
        """Whose affairs may be changed: the person and who is joined (canonical names)."""
        cast = self.run.cast
        return frozenset({self.name, cast.canonical[cast.sponsor_of.get(self.person, self.person)]})

    @cached_property
    def index(self) -> int:
        """Which application of the file is the person's, or would be."""
        applications = self.file.case.applications
        return next((i for i, a in enumerate(applications) if a.applicant == self.person), len(applications))

    @cached_property
    def file(self) -> CaseFile:
        """The case file as it is."""
        return self.run.inputs.reader.file

    @cached_property
    def old(self) -> Reader:
        """The case as it is."""
        return self.run.inputs.reader

    @cached_property
    def new(self) -> Reader:
        """The case with an application of today instead, for which nothing has happened yet."""
        if not self.joins:
            return self.old
        applications = list(self.file.case.applications)
        today = Day(self.assessed, self.assessed)
        if self.index == len(applications):
            who = {"applicant": self.person, "sponsor": self.run.cast.sponsor_of[self.person]}
            applications.append(Application.model_validate({**who, "filed": str(today)}))
        else:
            again = applications[self.index]
            applications[self.index] = again.model_copy(update={"filed": today, "procedure": None})
        case = self.file.case.model_copy(update={"applications": tuple(applications)})
        cast = replace(self.run.cast, unasked=self.run.cast.unasked - {self.person})
        return replace(self.old, file=CaseFile(case, self.file.name, self.file.lines), cast=cast)

    @cached_property
    def papers(self) -> dict[Thing, Path]:
        """Where a fresh paper of each type stands: in the place of the first that there is, or after the last."""
        found: dict[Thing, Path] = {}
        roles = dict(self.law.document_types)
        ends: dict[Path, int] = {}
        for thing in self.run.machine.plan.fields:
            if thing[0] != "documents" or thing[1] not in self.concerned or thing[3] != 1:
                continue
            if thing in self.old.things:
                found[thing] = self.old.things[thing][0]
                continue
            person = self.run.cast.person[thing[1]]
            own = thing[1] == self.name and roles[thing[2]] == "applicant"
            holder: Path = ("applications", self.index) if own else ("persons", person)
            found[thing] = (*holder, "documents", self.count(holder) + ends.setdefault(holder, 0))
            ends[holder] += 1
        return found

    def count(self, holder: Path) -> int:
        """How many papers an application or a person has."""
        part: Any = self.file.case.persons if holder[0] == "persons" else dict(enumerate(self.file.case.applications))
        return len(part[holder[1]].documents) if holder[1] in part else 0

    @cached_property
    def fresh(self) -> Reader:
        """The case with a fresh paper in each of these places, of which nothing is said but what it shares with the
        present one."""
        fields = {address(entry, (entry.name, "", "", 0))[1][-1] for entry in self._kept}
        reader = replace(self.old)
        reader.things = dict(self.old.things)
        for thing in self.papers:
            known = self.old.things[thing][1][0] if thing in self.old.things else None
            shared = {field: getattr(known, field) for field in fields if getattr(known, field, None) is not None}
            reader.things[thing] = (
                self.papers[thing],
                (Document.model_construct({*shared, "type"}, type=thing[2], **shared),),
            )
        return reader

    @cached_property
    def _kept(self) -> tuple[Entry, ...]:
        return tuple(self.law.vocabulary[str(name)] for (name,) in self.law.table("kept"))

    # -- what can be changed ------------------------------------------------------------------------------------

    def _entry(self, atom: Atom) -> Entry:
        return self.law.vocabulary[atom[0]]

    def _thing(self, atom: Atom) -> Thing:
        return address(self._entry(atom), atom)[0]

    def _ours(self, thing: Thing) -> bool:
        """Whether a thing is the affair of those concerned alone."""
        people = [part for part in thing[1:] if part in self.run.cast.person]
        return self.concerned.issuperset(people)

    def movable(self, atom: Atom) -> bool:
        """Whether an input, or a point that is no property of a paper, can be changed."""
        thing, entry = self._thing(atom), self._entry(atom)
        if entry.kind in ("fixed", "reading") or atom in self.clock or not self._ours(thing):
            return False
        if thing[0] == "documents":
            return not entry.point and thing in self.old.things
        return thing in self.old.things or thing[0] == "applications"

    @cached_property
    def clock(self) -> frozenset[Atom]:
        """The days that waiting moves."""
        return frozenset({("applied", self.name), ("assessed",)} if self.joins else {("assessed",)})

    def _dated(self, point: Atom) -> bool:
        return self.law.point_kinds[point[0]] == "date"

    def _loose(self, comparison: Atom) -> bool:
        """Whether something that can be changed is compared."""
        for point in leaves(comparison):
            if not isinstance(point, tuple):
                continue
            if point in self.clock or self._thing(point) in self.papers:
                return True
            if isinstance(self.old.value(point)[0], Open) or (self._dated(point) and self.movable(point)):
                return True
        return False

    def _relaxed(self) -> dict[int, bool | None]:
        """The truth of all inputs and comparisons, open where it can be changed."""
        truth = dict(self.run.inputs.truth)
        for number in self.program.inputs:
            atom = self.program.atoms[number]
            changes = self.truth_new.get(number) is not truth[number]
            if changes or self._thing(atom) in self.papers or self.movable(atom):
                truth[number] = None
        for number, comparison in self.program.comparisons.items():
            if self._loose(comparison):
                truth[number] = None
        return truth

    @cached_property
    def truth_new(self) -> dict[int, bool | None]:
        """The truth of inputs with a new application."""
        return self.new.truths(self.run.machine.plan)[0] if self.joins else self.run.inputs.truth

    @cached_property
    def truth_fresh(self) -> dict[int, bool | None]:
        """The truth of inputs with fresh papers."""
        return self.fresh.truths(self.run.machine.plan)[0]

    # -- finding them -------------------------------------------------------------------------------------------

    def find(self) -> Part | None:
        """The part of the law that changes decide; None when nothing that can be changed is enough."""
        numbers = self.program.number
        wanted = {route: numbers.get(("eligible", self.name, route)) for route in self.routes}
        lacking = {route: numbers.get(("incomplete", self.name, route)) for route in self.routes}
        relaxed = self._relaxed()
        asked = [n for n in (*wanted.values(), *lacking.values()) if n is not None]
        whole = open_part(self.program, relaxed, asked)
        routes = []
        for route in self.routes:
            eligible, incomplete = wanted[route], lacking[route]
            if eligible is None or whole.truth[eligible] is False:
                continue
            if incomplete is not None and whole.truth[incomplete] is True:
                continue
            routes.append(route)
        if not routes:
            return None
        goals = [(wanted[route], lacking[route]) for route in routes]
        part = open_part(self.program, relaxed, [n for goal in goals for n in goal if n is not None])
        self.routes = routes
        for eligible, incomplete in goals:
            yes = (eligible,) if eligible is not None and part.truth[eligible] is None else ()
            no = (incomplete,) if incomplete is not None and part.truth[incomplete] is None else ()
            self.goals.append((yes, no))
        self._routes(part)
        self._wait(part)
        modes = self._papers(part)
        self._inputs(part, modes)
        self._dates(part, modes)
        return part

    def _routes(self, part: Part) -> None:
        numbers, truth = self.program.number, self.run.inputs.truth
        requested = {route: numbers.get(("requested", self.name, route)) for route in self.routes}
        asked = [route for route, number in requested.items() if number is not None and truth[number]]
        any_asked = any(
            truth[n] for n in self.program.by_predicate.get("requested", ()) if self.program.atoms[n][1] == self.name
        )
        self.routes, goals = (
            sorted(self.routes, key=lambda route: route not in asked),
            dict(zip(self.routes, self.goals, strict=True)),
        )
        self.goals = [goals[route] for route in self.routes]
        options = []
        for route in self.routes:
            atom = ("requested", self.name, route)
            place = (*self.application, "route")
            change = any_asked and route not in asked
            options.append(
                Option(self.prices.of("requested") if change else 0, (Fact(place, route, atom),) if change else ())
            )
        self.moves.append(Move("route", "route", ("requested", self.name), options))
        for number in part.leaves:
            atom = self.program.atoms.get(number, ("",))
            if atom[0] == "requested" and atom[1] == self.name:
                for option, route in enumerate(self.routes):
                    self.settings.append(Setting(((0, option),), number, route == atom[2]))

    @property
    def application(self) -> Path:
        """Where the person's application stands, or would."""
        return ("applications", self.index)

    # -- waiting ------------------------------------------------------------------------------------------------

    def _wait(self, part: Part) -> None:
        comparisons = [c for n, c in self.program.comparisons.items() if n in part.leaves]
        read = [c for c in comparisons if not self.clock.isdisjoint(leaves(c))]
        place: Path = (*self.application, "filed") if self.joins else ("assessed_on",)
        point = ("applied", self.name) if self.joins else ("assessed",)
        options = [Option(0)]
        if read:
            (last,) = (add(self.assessed, years, "years") for (years,) in self.law.table("longest_wait"))
            first = self.assessed if self.joins and self.old.filed(self.name) else add(self.assessed, 1, "days")
            for start in flips(read, self.clock, self.new, self.members, first, last):
                self.days.append(start)
                months = (start.year - self.assessed.year) * 12 + start.month - self.assessed.month
                months += start.day > self.assessed.day
                cost = self.prices.of(str(point[0]), "time") + months * self.prices.of("month")
                options.append(Option(cost, (Fact(place, start.isoformat(), point),)))
        self.moves.append(Move("wait", "wait", point, options))

    @cached_property
    def members(self) -> Any:
        """The classes of the law."""
        return class_table(self.law)

    def _calendar(
        self, day: date | None, mode: int | None, papers: Thing | None, values: Mapping[Atom, Value]
    ) -> Calendar:
        """The values of points when waiting until a day (None: not), with a fresh paper (mode 1) of one kind."""
        reader = self.old if day is None else self.new

        def lookup(point: Any) -> Value:
            if point in values:
                return values[point]
            if day is not None and point in self.clock:
                return day
            if mode and self._thing(point) == papers:
                return self.fresh.value(point)[0]
            return reader.value(point)[0]

        return Calendar(lookup, self.members)

    # -- papers and other inputs --------------------------------------------------------------------------------

    def _papers(self, part: Part) -> dict[Thing, int]:
        """A move for each type of paper: a fresh one. Gives its number."""
        found: dict[Thing, int] = {}
        for number in sorted(part.leaves):
            atoms = [self.program.atoms[number]] if number not in self.program.comparisons else [
                p for p in leaves(self.program.comparisons[number]) if isinstance(p, tuple)
            ]  # fmt: skip
            for atom in atoms:
                thing = self._thing(atom)
                if thing in self.papers and thing not in found:
                    kept = self.fresh.things[thing][1][0]
                    data = {name: getattr(kept, name) for name in ("type", *sorted(kept.model_fields_set - {"type"}))}
                    fact = Fact(self.papers[thing], data, ("handed_in", *thing[1:]))
                    found[thing] = len(self.moves)
                    cost = self.prices.of(thing[2], "obtainable")
                    self.moves.append(Move("paper", thing, fact.atom, [Option(0), Option(cost, (fact,))]))
        return found

    def _inputs(self, part: Part, modes: Mapping[Thing, int]) -> None:
        """A move for each place of the file that open inputs stand at."""
        fields: dict[tuple[Thing, tuple[str, ...]], list[int]] = {}
        for number in sorted(part.leaves):
            if number not in self.program.comparisons and self.program.atoms[number][0] != "requested":
                atom = self.program.atoms[number]
                fields.setdefault(address(self._entry(atom), atom), []).append(number)
        for (thing, names), numbers in fields.items():
            self._input(thing, names, numbers, modes.get(thing))

    def _input(self, thing: Thing, names: tuple[str, ...], numbers: list[int], mode: int | None) -> None:
        atom = self.program.atoms[numbers[0]]
        entry, move = self._entry(atom), len(self.moves)
        before, new = self.run.inputs.truth, self.truth_new
        known = all(before[n] is not None for n in numbers)
        paper = thing in self.papers
        allowed = self.movable(atom) or (paper and entry.kind != "fixed") or not known
        kind = "unknown" if not known and entry.kind in ("fixed", "reading") else entry.kind
        options = [Option(0)]
        truths: list[dict[int, bool]] = [{}]
        if allowed and (thing in self.old.things or paper or thing[0] == "applications"):
            place = (*self._place(thing), *names) if names else (*self._place(thing), "handed_in")
            price = self.prices.of("unknown") if kind == "unknown" else self.prices.of(entry.name, entry.kind)
            for value, truth, others in self._values(entry, atom, numbers, known=known):
                if not names and (thing not in self.old.things or value is False):
                    continue
                said = self.assessed.isoformat() if not names else value
                options.append(Option(price, (Fact(place, said, _true(self.program.atoms, truth, atom), others),)))
                truths.append(truth)
        if len(options) > 1:
            self.moves.append(Move(kind, thing if paper else (thing, names), atom, options))
        for option, truth in enumerate(truths):
            own: tuple[Pick, ...] = ((move, option),) if len(options) > 1 else ()
            for number in numbers:
                if option:
                    self._set(own, number, truth.get(number))
                    continue
                ways: list[tuple[tuple[Pick, ...], bool | None]]
                ways = [((), before[number])]
                if before[number] is not new.get(number):
                    ways = [(((1, 0),), before[number]), (((1, None),), new.get(number))]
                if mode is not None:
                    ways = [((*picks, (mode, 0)), value) for picks, value in ways]
                    ways.append((((mode, 1),), self.truth_fresh[number]))
                for picks, value in ways:
                    self._set((*own, *picks), number, value)

    def _place(self, thing: Thing) -> Path:
        if thing == ("applications", self.name):
            return self.application
        return self.papers.get(thing) or self.new.things[thing][0]

    def _set(self, picks: tuple[Pick, ...], leaf: int, value: bool | None) -> None:
        if value is not None:
            self.settings.append(Setting(picks, leaf, value))

    def _values(
        self, entry: Entry, atom: Atom, numbers: list[int], *, known: bool
    ) -> Iterator[tuple[Any, dict[int, bool], tuple[Any, ...]]]:
        """The values of a place with what each makes true; values that do the same are named together."""
        if not entry.enumerated and entry.silence != "default":
            if len(numbers) == 1:
                yield True, {numbers[0]: True}, ()
                yield False, {numbers[0]: False}, ()
            return
        barred = (
            {str(value) for name, value in self.law.table("out_of_reach") if name == entry.name} if known else set()
        )
        same: dict[tuple[bool, ...], list[str]] = {}
        for value in self.law.choices.get(star(entry.path, atom), ()):
            if value not in barred:
                same.setdefault(tuple(self.program.atoms[n][-1] == value for n in numbers), []).append(value)
        for row, (first, *others) in same.items():
            yield first, dict(zip(numbers, row, strict=True)), tuple(others)

    # -- dates --------------------------------------------------------------------------------------------------

    def _dates(self, part: Part, modes: Mapping[Thing, int]) -> None:
        """Settings for all open comparisons, and a move for each date that is open or can be set."""
        numbers = {n: c for n, c in self.program.comparisons.items() if n in part.leaves}
        for thing, listed in self._sorted(numbers).items():
            self._unit(thing, listed, modes.get(thing) if isinstance(thing, tuple) else None)

    def _sorted(self, numbers: Mapping[int, Atom]) -> dict[Hashable, dict[int, Atom]]:
        """Comparisons by the paper that they read, or by the dates that they share."""
        found: dict[Hashable, dict[int, Atom]] = {}
        rest: dict[int, Atom] = {}
        for number, comparison in numbers.items():
            read = [self._thing(point) for point in leaves(comparison) if isinstance(point, tuple)]
            paper = next((thing for thing in read if thing in self.papers), None)
            if paper is None:
                rest[number] = comparison
            else:
                found.setdefault(paper, {})[number] = comparison
        groups: list[tuple[set[Any], dict[int, Atom]]] = []
        for number, comparison in rest.items():
            points = set(self._free(comparison))
            joined = [group for group in groups if not points.isdisjoint(group[0])] if points else []
            groups = [group for group in groups if group not in joined]
            listed = {number: comparison}
            for others, more in joined:
                points |= others
                listed |= more
            groups.append((points, listed))
        found.update({index: listed for index, (_, listed) in enumerate(groups)})
        return found

    def _free(self, comparison: Atom) -> Iterator[Atom]:
        """The dates of a comparison that are open or can be changed, papers and waiting aside."""
        for point in leaves(comparison):
            if not isinstance(point, tuple) or self._thing(point) in self.papers:
                continue
            if isinstance(self.old.value(point)[0], Open) or (
                point not in self.clock and self._dated(point) and self.movable(point)
            ):
                yield point

    def _unit(self, unit: Hashable, listed: Mapping[int, Atom], mode: int | None) -> None:
        move, options = len(self.moves), [Option(0)]
        waits = range(len(self.days)) if self._waits(listed.values()) else (None,)
        settings: list[tuple[tuple[Pick, ...], int, dict[int, bool | None]]] = []
        for wait in waits:
            for state in (None,) if mode is None else (0, 1):
                picks: tuple[Pick, ...] = () if wait is None else ((1, wait),)
                picks += () if state is None or mode is None else ((mode, state),)
                day = None if wait is None else self.days[wait]
                paper = unit if isinstance(unit, tuple) else None
                calendar = self._calendar(day, state, paper, {})
                base = {n: calendar.answer(comparison) for n, comparison in listed.items()}
                settings.append((picks, 0, base))
                for values, facts, cost in self._settled(listed.values(), calendar, fresh=bool(state)):
                    truth = self._calendar(day, state, paper, values)
                    answers = {n: truth.answer(comparison) for n, comparison in listed.items()}
                    if answers != base:
                        self.needs += [((move, len(options)), pick) for pick in picks]
                        settings.append((picks, len(options), answers))
                        options.append(Option(cost, facts))
        if len(options) > 1:
            point = options[1].facts[0].atom
            kind = self._entry(point).kind
            self.moves.append(
                Move(
                    "unknown" if kind == "fixed" else kind,
                    unit if mode is not None else ("dates", unit),
                    point,
                    options,
                    dated=True,
                )
            )
        for picks, option, answers in settings:
            own: tuple[Pick, ...] = ((move, option),) if len(options) > 1 else ()
            for number, value in answers.items():
                self._set((*own, *picks), number, value)

    def _waits(self, comparisons: Iterable[Atom]) -> bool:
        """Whether waiting makes a difference to one of the comparisons."""
        points = {point for comparison in comparisons for point in leaves(comparison) if isinstance(point, tuple)}
        if not self.clock.isdisjoint(points):
            return True
        return any(
            self.old.value(point)[0] != self.new.value(point)[0]
            for point in points
            if self._thing(point) not in self.papers
        )

    def _settled(
        self, comparisons: Iterable[Atom], calendar: Calendar, *, fresh: bool
    ) -> Iterator[tuple[dict[Atom, Value], tuple[Fact, ...], int]]:
        """Every way to settle, or to move, some of the dates that are compared."""
        listed = tuple(comparisons)
        points = dict.fromkeys(p for c in listed for p in leaves(c) if isinstance(p, tuple))
        ranges = {point: span for point in points if (span := self._range(point, calendar, fresh=fresh)) is not None}
        sizes = range(1, len(ranges) + 1) if len(ranges) <= TOGETHER else (1,)
        for size in sizes:
            for chosen in combinations(ranges, size):

                def lookup(point: Any, chosen: tuple[Atom, ...] = chosen) -> Value:
                    return ranges[point] if point in chosen else calendar.lookup(point)

                read = [c for c in listed if not set(chosen).isdisjoint(leaves(c))]
                groups = [g for g in worlds(read, Calendar(lookup, self.members), chosen) if g.cells]
                if len(groups) != 1 or len(groups[0].points) != size:
                    continue
                for world in groups[0].cells:
                    values = {point: _day(cell, ranges[point]) for point, cell in world.assignment.items()}
                    facts = tuple(Fact(self._at(point), _plain(value), point) for point, value in values.items())
                    yield values, facts, sum(map(self._price, values))

    def _range(self, point: Atom, calendar: Calendar, *, fresh: bool) -> Open | None:
        value = calendar.lookup(point)
        if self._thing(point) in self.papers:
            if not isinstance(value, Open):
                return None
            return Open(self.assessed, self._last) if fresh and self._dated(point) else value
        if isinstance(value, Open):
            return value
        if point not in self.clock and self._dated(point) and self.movable(point):
            return Open(self.assessed, self._last)
        return None

    @cached_property
    def _last(self) -> date:
        return next(add(self.assessed, years, "years") for (years,) in self.law.table("longest_wait"))

    def _at(self, point: Atom) -> Path:
        thing, names = address(self._entry(point), point)
        return (*self._place(thing), *names)

    def _price(self, point: Atom) -> int:
        entry = self._entry(point)
        if entry.kind == "fixed" or (
            isinstance(self.old.value(point)[0], Open) and self._thing(point) not in self.papers
        ):
            return self.prices.of("unknown")
        return self.prices.of(entry.name, entry.kind)


def _true(atoms: Mapping[int, Atom], truth: Mapping[int, bool], atom: Atom) -> Atom:
    """The input that a value makes true, or else the one that it makes false."""
    return next((atoms[n] for n, value in truth.items() if value), atom)


def _day(cell: Cell, span: Open) -> Any:
    """The value that stands for a cell: its end that is not one of the whole range."""
    if cell.none:
        return NONE
    return cell.hi if cell.lo == span.lo and cell.hi != span.hi else cell.lo


def _plain(value: Any) -> Any:
    return "none" if value is NONE else value.isoformat() if isinstance(value, date) else value


def flips(
    comparisons: Sequence[Atom], clock: frozenset[Atom], reader: Reader, members: Any, first: date, last: date
) -> list[date]:
    """The days from ``first`` to ``last`` at which some comparison is answered otherwise than the day before, if all
    points of the clock stand at that day; the first of all is ``first``."""
    today: Atom = ("_day",)
    read = [_substituted(comparison, clock, today) for comparison in comparisons]
    read = [comparison for comparison in read if list(leaves(comparison)).count(today) == 1]
    starts = {first}
    for end in ("lo", "hi"):

        def lookup(point: Any, end: str = end) -> Value:
            if point == today:
                return Open(first, last)
            value = reader.value(point)[0]
            return getattr(value, end) if isinstance(value, Open) else value

        for group in worlds(read, Calendar(lookup, members), (today,)):
            starts |= {world.assignment[today].lo for world in group.cells}
    return sorted(starts)


def _substituted(term: Any, points: frozenset[Atom], by: Atom) -> Any:
    if not isinstance(term, tuple):
        return term
    return by if term in points else tuple(_substituted(part, points, by) for part in term)
