"""Who is affected when the law changes, among the cases of an archive.

A case that the change cannot reach is not decided at all. Two ground programs of one shape differ in some rule
instances. Take the truth of all atoms under the first law, with the facts of the case. If each conclusion that has
other instances under the second law would come out the same by these, then that truth is a model of the second law too;
and since no atom depends on itself, it has no other. Where a conclusion is open, no differing instance may fire.
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


class Head(NamedTuple):
    """A conclusion that two laws draw from different rule instances: its atom in each, those that only one law has, and
    all those of the second."""

    atoms: tuple[int | None, int | None]
    ended: tuple[Instance, ...]
    added: tuple[Instance, ...]
    later: tuple[Instance, ...]


class Between(NamedTuple):
    """How two ground programs of one shape differ, and which inputs both have."""

    heads: tuple[Head, ...]
    common: tuple[tuple[int, int], ...]
    numbers: Mapping[int, int]
    constraints: bool


def between(one: GroundProgram, other: GroundProgram) -> Between:
    """How two ground programs differ, atoms being the same by what they say; ``numbers`` are the first's by the
    second's."""
    names, others = _names(one), _names(other)
    own, theirs = _keyed(one, names), _keyed(other, others)
    later = {name: number for number, name in others.items()}
    numbered = {name: number for number, name in names.items()}
    numbers = {number: numbered[name] for number, name in others.items() if name in numbered}
    inputs = {*other.inputs, *other.comparisons}
    mine = {*one.inputs, *one.comparisons}
    common = tuple((numbers[n], n) for n in inputs if n in numbers and numbers[n] in mine)
    rules = [
        {_named(body, known) for body in program.constraints} for program, known in ((one, names), (other, others))
    ]
    ended, added = own.keys() - theirs.keys(), theirs.keys() - own.keys()
    heads = []
    for name in {key[0] for key in (*ended, *added)}:
        atom = later.get(name)
        only = (
            tuple(own[key] for key in ended if key[0] == name),
            tuple(theirs[key] for key in added if key[0] == name),
        )
        heads.append(Head((numbered.get(name), atom), *only, other.rules.get(atom, ()) if atom is not None else ()))
    return Between(
        tuple(heads),
        common,
        numbers,
        rules[0] != rules[1],
    )


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


def _keyed(program: GroundProgram, names: Mapping[int, Any]) -> dict[Any, Instance]:
    return {
        (names[head], *_named(instance[2:], names)): instance
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
            inputs.append(side.inputs(machine, reader))
        difference = self._difference(cast.shape, machines)
        truth, later = (found.truth for found in inputs)
        if any(truth[one] is not later[other] for one, other in difference.common):
            return True
        if difference.constraints and None in truth.values():
            return True
        rails = machines[0].evaluator.run(truth)

        def state(number: int) -> bool | None:
            if number in later:
                return later[number]
            known = difference.numbers.get(number)
            return False if known is None else rails.truth(known)

        return any(_differs(head, rails.truth, state) for head in difference.heads)

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
                for head in difference.heads:
                    if _state(one, head.atoms[0]) is not _state(other, head.atoms[1]):
                        for run, instances in ((one, head.ended), (other, head.added)):
                            fired = (instance for instance in instances if _body(instance, run.state) is not False)
                            found.update(dict.fromkeys(p for instance in fired for p in _named_by(run, instance)))
        return tuple(sorted(found))


def _who(listed: Sequence[Cast]) -> list[Any]:
    return [(cast.ids, cast.joins, cast.unasked, cast.shape, cast.focus) for cast in listed]


def _body(instance: Instance, state: State) -> bool | None:
    """Whether the body of an instance holds."""
    _, _, positive, negative = instance
    needed = [*map(state, positive), *(None if (value := state(n)) is None else not value for n in negative)]
    return False if False in needed else None if None in needed else True


def _differs(head: Head, before: State, after: State) -> bool:
    """Whether a conclusion may come out differently by the instances of the second law."""
    now = False if head.atoms[0] is None else before(head.atoms[0])
    later = [_body(instance, after) for instance in head.later]
    if now is not None and now is (True if True in later else None if None in later else False):
        return False
    fires = [_body(instance, before) for instance in head.ended] + [_body(instance, after) for instance in head.added]
    return any(body is not False for body in fires)


def _state(run: Run, number: int | None) -> bool | None:
    return False if number is None else run.state(number)


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
