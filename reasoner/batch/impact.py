"""Who is affected when the law changes, among the cases of an archive.

A case that the change cannot reach is not decided. Its inputs are evaluated under both laws in three-valued logic, at
little cost; it is out of reach when every atom that a decision reports is *the same*: certain with the same value, or
open and drawn, by the rule instances that may fire, from atoms that are the same. No atom depends on itself, so that
such an atom has the same value in every way the open facts can turn out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from reasoner.batch.documents import documents, read
from reasoner.batch.prepare import prepared
from reasoner.batch.sources import Piece
from reasoner.batch.work import Job
from reasoner.case import CaseFile, check_case
from reasoner.cast import Cast, casts
from reasoner.dates import Calendar
from reasoner.engine import Decision, Engine
from reasoner.errors import CaseFileError
from reasoner.evaluate import Rails
from reasoner.facts import Inputs, Reader, class_table, read_inputs
from reasoner.ground import GroundProgram, Instance, Shape
from reasoner.outcome import Outcome
from reasoner.quality.answers import cited
from reasoner.run import Machine, Run
from reasoner.terms import leaves

State = Callable[[int], bool | None]


class Change(NamedTuple):
    """One outcome that the two laws decide differently: whose, where, from what to what, and what is responsible.

    A result of None: the first, or the second, law opens the route to nobody. ``reasons`` are the failing conditions
    and lacking papers under each law.
    """

    row: int
    place: str
    case: str
    person: str
    route: str
    before: str | None
    after: str | None
    reasons: tuple[tuple[str, ...], tuple[str, ...]]
    provisions: tuple[str, ...]


class Affected(NamedTuple):
    """What came of a piece: cases read, faulty, within reach, decided differently, and each difference."""

    read: int
    faulty: int
    reached: int
    changed: int
    bytes: int
    changes: list[Change]


@dataclass(eq=False, repr=False)
class Side:
    """One of the two laws: a law with reforms, or the law in force on a day whenever somebody applied."""

    root: Path | None = None
    reforms: tuple[Path, ...] = ()
    day: date | None = None

    @cached_property
    def engine(self) -> Engine:
        """The law, ready to decide."""
        return Engine(self.root, reforms=self.reforms)

    def __reduce__(self) -> tuple[Any, ...]:
        return Side, (self.root, self.reforms, self.day)  # without the engine, which is built where it is used

    def decided(self, file: CaseFile, job: Job, day: date) -> Decision:
        """The decision of a case by this law, assessed on a day."""
        engine = self.engine
        found = engine.decide(file, as_of=day, readings=job.readings, assume_nothing=job.assume_nothing)
        if self.day is None:
            return found
        runs = tuple(Run(run.machine, self.inputs(run.machine, run.inputs.reader), run.cast) for run in found.runs)
        return Decision(file, found.assessed_on, found.law, runs, found.readings)

    def inputs(self, machine: Machine, reader: Reader) -> Inputs:
        """What a case says, with every date of the law compared with the day of this law."""
        found = read_inputs(machine.plan, reader)
        if self.day is not None:
            calendar = Calendar(self._on_its_day, class_table(reader.law))
            for number in self._dates_of_law(machine):
                found.truth[number] = calendar.answer(machine.program.comparisons[number])
        return found

    def _on_its_day(self, point: Any) -> date:
        assert self.day is not None
        return self.day

    def _dates_of_law(self, machine: Machine) -> tuple[int, ...]:
        """Comparisons of nothing but the day of an application, or of the assessment, with a date of the law."""
        clocks = {
            entry.name
            for entry in machine.law.entries
            if entry.point and (entry.path == "assessed_on" or entry.path.endswith(".filed"))
        }
        compared: Iterator[tuple[int, set[Any]]] = (
            (number, set(leaves(atom))) for number, atom in machine.program.comparisons.items()
        )
        return tuple(n for n, points in compared if len(points) == 1 and next(iter(points))[0] in clocks)


class Between(NamedTuple):
    """How two ground programs of one shape are related, atoms being the same by what they say.

    ``numbers`` are the atoms of the first by those of the second, ``gone`` those reported by the first alone, ``ended``
    and ``added`` the rule instances that only one has, by what is concluded, and ``constraints`` whether they exclude
    the same cases.
    """

    numbers: Mapping[int, int]
    gone: tuple[int, ...]
    ended: Mapping[Any, Sequence[tuple[int, Instance]]]
    added: Mapping[Any, Sequence[tuple[int, Instance]]]
    constraints: bool


def between(one: GroundProgram, other: GroundProgram) -> Between:
    """How two ground programs of one shape are related."""
    names, others = _names(one), _names(other)
    own, theirs = _keyed(one, names), _keyed(other, others)
    numbered = {name: number for number, name in names.items()}
    numbers = {number: numbered[name] for number, name in others.items() if name in numbered}
    pairs = ((one, names), (other, others))
    excluded = [{_named(body, known) for body in program.constraints} for program, known in pairs]
    kept = set(numbers.values())
    return Between(
        numbers,
        tuple(number for number in one.shown if number not in kept),
        _grouped(own, theirs),
        _grouped(theirs, own),
        excluded[0] == excluded[1],
    )


def _grouped(own: Mapping[Any, Any], theirs: Mapping[Any, Any]) -> dict[Any, list[tuple[int, Instance]]]:
    """The instances of one program that the other lacks, by the name of their head."""
    found: dict[Any, list[tuple[int, Instance]]] = {}
    for key, instance in own.items():
        if key not in theirs:
            found.setdefault(key[0], []).append(instance)
    return found


def _names(program: GroundProgram) -> dict[int, Any]:
    """What each atom says; one without a name is what its rule instances say."""
    names: dict[int, Any] = {**program.atoms, **{n: ("&", *atom) for n, atom in program.comparisons.items()}}

    def name(number: int) -> Any:
        if number not in names:
            names[number] = ("", number)
            bodies = program.rules.get(number, ())
            names[number] = ("", frozenset(_named((pos, neg), names, name) for _, _, pos, neg in bodies))
        return names[number]

    for number, instances in program.rules.items():
        for _, _, positive, negative in instances:
            for part in (number, *positive, *negative):
                name(part)
    return names


def _named(body: Any, names: Mapping[int, Any], name: Any = None) -> tuple[frozenset[Any], frozenset[Any]]:
    known = name or names.__getitem__
    return frozenset(map(known, body[0])), frozenset(map(known, body[1]))


def _keyed(program: GroundProgram, names: Mapping[int, Any]) -> dict[Any, tuple[int, Instance]]:
    return {
        (names[head], *_named(instance[2:], names)): (head, instance)
        for head, instances in program.rules.items()
        for instance in instances
    }


@dataclass(eq=False, repr=False)
class ImpactWorker:
    """Compares what two laws decide, piece by piece."""

    job: Job
    before: Side
    after: Side
    _between: dict[Shape, Between] = field(default_factory=dict)

    def done(self, piece: Piece) -> Affected:
        """What changes for the cases of a piece."""
        ready = prepared(piece, self.job.columns)
        faulty = {number for number, _ in ready.unread}
        reached, changes = 0, list[Change]()
        for index, text in enumerate(documents(ready.chunk)):
            number = ready.numbers[index]
            try:
                file = check_case(read(text), choices=self.before.engine.law.choices)
            except CaseFileError:
                faulty.add(number)
                continue
            if self.reaches(file):
                reached += 1
                name, line = ready.chunk.place(index)
                changes += self.changes(file, number, f"{name}:{line}" if line else name)
        changed = len({change.row for change in changes})
        return Affected(piece.size, len(faulty), reached, changed, piece.read, changes)

    # -- who is within reach ----------------------------------------------------------------------------------------

    def reaches(self, file: CaseFile) -> bool:
        """Whether the change can make a difference for a case; False is certain."""
        laws = self.before.engine.law, self.after.engine.law
        found = [casts(file.case, law) for law in laws]
        if _who(found[0]) != _who(found[1]):
            return True
        readings = [side.engine.readings({**file.case.readings, **self.job.readings}) for side in self._sides]
        return any(self._reached(file, one, readings) for one in found[0])

    def _day(self, file: CaseFile) -> date:
        """The day on which a case is assessed."""
        own = file.case.assessed_on
        return self.job.as_of or (own.first if own else self.job.today or date.today())

    @property
    def _sides(self) -> tuple[Side, Side]:
        return self.before, self.after

    def _reached(self, file: CaseFile, cast: Cast, readings: Sequence[Mapping[str, str]]) -> bool:
        machines = [side.engine.machine(cast.shape) for side in self._sides]
        inputs = []
        for side, machine, chosen in zip(self._sides, machines, readings, strict=True):
            assessed = self._day(file)
            reader = Reader(file, cast, machine.law, assessed, chosen, not self.job.assume_nothing)
            inputs.append(side.inputs(machine, reader).truth)
        difference = self._difference(cast.shape, machines)
        rails = [machine.evaluator.run(found) for machine, found in zip(machines, inputs, strict=True)]
        if any(rails[0].truth(number) is not False for number in difference.gone):
            return True
        sameness = _Sameness(difference, machines, inputs, rails)
        return not all(map(sameness.same, machines[1].program.shown))

    def _difference(self, shape: Shape, machines: Sequence[Machine]) -> Between:
        found = self._between.get(shape)
        if found is None:
            found = self._between[shape] = between(machines[0].program, machines[1].program)
        return found

    # -- what becomes of them ---------------------------------------------------------------------------------------

    def changes(self, file: CaseFile, row: int, place: str) -> Iterator[Change]:
        """The outcomes of a case that the two laws decide differently."""
        decisions = [side.decided(file, self.job, self._day(file)) for side in self._sides]
        found = [{(o.person, o.route, o.sponsor): o for o in decision.outcomes} for decision in decisions]
        moved: tuple[str, ...] | None = None
        for key in dict.fromkeys((*found[0], *found[1])):
            one, other = found[0].get(key), found[1].get(key)
            if _essence(one) == _essence(other):
                continue
            moved = self._moved(decisions) if moved is None else moved
            named = {*(cited(one) if one else ()), *(cited(other) if other else ())}
            provisions = tuple(p for p in moved if p in named) or moved
            results = one.result if one else None, other.result if other else None
            reasons = _lacking(one), _lacking(other)
            yield Change(row, place, file.case.case or "", key[0], key[1], *results, reasons, provisions)

    def _moved(self, decisions: Sequence[Decision]) -> tuple[str, ...]:
        """The provisions that are in force under one law alone, or whose rules differ where they apply."""
        found: dict[str, None] = {}
        for one, other in zip(decisions[0].runs, decisions[1].runs, strict=False):
            forces = [
                {run.program.atoms[n]: run.state(n) for n in run.program.by_predicate.get("in_force", ())}
                for run in (one, other)
            ]
            for atom in dict.fromkeys((*forces[0], *forces[1])):
                if (forces[0].get(atom) or False) is not (forces[1].get(atom) or False):
                    found[str(atom[1])] = None
            if one.cast.shape == other.cast.shape:
                difference = self._difference(one.cast.shape, [one.machine, other.machine])
                for run, instances in ((one, difference.ended), (other, difference.added)):
                    fired = (i for listed in instances.values() for _, i in listed if _body(i, run.state) is not False)
                    found.update(dict.fromkeys(p for instance in fired for p in _named_by(run, instance)))
        return tuple(sorted(found))


@dataclass(eq=False, repr=False)
class _Sameness:
    """Which atoms of the second law have, in one case, the value they have under the first."""

    between: Between
    machines: Sequence[Machine]
    inputs: Sequence[Mapping[int, bool | None]]
    rails: Sequence[Rails]
    _known: dict[int, bool] = field(default_factory=dict)

    def same(self, number: int) -> bool:
        """Whether an atom has the same value in every way the open facts can turn out."""
        found = self._known.get(number)
        if found is None:
            found = self._known[number] = self._same(number)
        return found

    def _same(self, number: int) -> bool:
        before, after = self.between.numbers.get(number), self.rails[1].truth(number)
        if before is None:
            return after is False and number not in self.inputs[1]
        if self.rails[0].truth(before) is not after:
            return False
        if after is not None:
            return True
        if number in self.inputs[1] or before in self.inputs[0]:
            return self.between.constraints and (number in self.inputs[1]) == (before in self.inputs[0])
        ways = [self._ways(0, before, {}), self._ways(1, number, self.between.numbers)]
        return ways[0] == ways[1] and all(self.same(part) for part in self._parts(number))

    def _ways(self, side: int, number: int, numbers: Mapping[int, int]) -> set[Any]:
        """The bodies from which an atom may follow, by the numbers of the first law."""
        return {
            (frozenset(numbers.get(n, -n) if side else n for n in positive),
             frozenset(numbers.get(n, -n) if side else n for n in negative))
            for _, _, positive, negative in self._firing(side, number)
        }  # fmt: skip

    def _firing(self, side: int, number: int) -> list[Instance]:
        truth = self.rails[side].truth
        return [i for i in self.machines[side].program.rules[number] if _body(i, truth) is not False]

    def _parts(self, number: int) -> Iterator[int]:
        for _, _, positive, negative in self._firing(1, number):
            yield from (*positive, *negative)


def _who(listed: Sequence[Cast]) -> list[Any]:
    return [(cast.ids, cast.joins, cast.unasked, cast.shape, cast.focus) for cast in listed]


def _body(instance: Instance, state: State) -> bool | None:
    """Whether the body of an instance holds."""
    _, _, positive, negative = instance
    needed = [*map(state, positive), *(None if (value := state(n)) is None else not value for n in negative)]
    return False if False in needed else None if None in needed else True


def _named_by(run: Run, instance: Instance) -> tuple[str, ...]:
    rule = run.law.rules[instance[0]]
    values = zip(rule.variables, instance[1], strict=True)
    return rule.provisions or tuple(str(value) for name, value in values if name == "Provision")


def _essence(outcome: Outcome | None) -> Any:
    """What makes a difference to the person: result, reasons, papers and dates."""
    if outcome is None:
        return None
    dates = [(deadline.id, deadline.date) for deadline in outcome.deadlines]
    return outcome.result, outcome.file, _lacking(outcome), dates, [item.path for item in outcome.depends_on]


def _lacking(outcome: Outcome | None) -> tuple[str, ...]:
    if outcome is None:
        return ()
    failing = (condition.id for condition in outcome.conditions if condition.status == "unmet")
    papers = (paper.type for paper in outcome.documents if paper.status in ("missing", "defective"))
    return (*failing, *papers)
