"""Who is affected when the law changes, among the cases of an archive.

A case that the change cannot reach is not decided: its inputs are evaluated under both laws in three-valued logic, at
little cost. Those within reach are decided by both laws as archives are; who is decided differently, once more by the
engine, which says why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from reasoner.batch.columnar import ColumnarDecider
from reasoner.batch.decider import Chunk, Fault
from reasoner.batch.documents import read
from reasoner.batch.encode import Encoded
from reasoner.batch.laws import Sameness, Side
from reasoner.batch.pool import ahead
from reasoner.batch.prepare import Prepared, prepared
from reasoner.batch.reach import Reach, who
from reasoner.batch.rows import as_row
from reasoner.batch.slow import as_fault
from reasoner.batch.sources import Piece
from reasoner.batch.tables import Bools
from reasoner.batch.work import Done, Job, lines, looked_at, told
from reasoner.case import CaseFile, check_case
from reasoner.cast import Cast, casts
from reasoner.engine import Decision
from reasoner.errors import CaseFileError
from reasoner.facts import Reader, read_inputs
from reasoner.ground import Instance
from reasoner.outcome import as_data, outcomes, parts
from reasoner.run import Run

REACHED, CHANGED = "reached", "changed"
FEW = 250  # cases of a piece for which the engine has an answer before columns are ready to
State = Callable[[int], bool | None]
_TOLD = ("person", "route", "result", "file", "failing", "missing", "defective", "deadlines", "depends_on")
Outcomes = Mapping[tuple[str, str, str | None], tuple[Mapping[str, Any], int]]
"""Rows, each with the number of its cast, by person, route and, if there are several, sponsor."""


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


def change_of(data: Mapping[str, Any]) -> Change:
    """The change that a line of an output tells."""
    one, other = data["reasons"]
    told = {**data, "reasons": (tuple(one), tuple(other)), "provisions": tuple(data["provisions"])}
    return Change(**told)


class Affected(NamedTuple):
    """What came of a piece, and each difference; counted are the cases within reach and those decided differently."""

    done: Done
    changes: list[Change]

    @property
    def reached(self) -> int:
        """The cases within reach."""
        return self.done.tally[REACHED][()]


@dataclass(eq=False, repr=False)
class ImpactWorker:
    """Compares what two laws decide, piece by piece."""

    job: Job
    before: Side
    after: Side

    @property
    def _sides(self) -> tuple[Side, Side]:
        return self.before, self.after

    @cached_property
    def _reach(self) -> Reach:
        job = self.job
        return Reach(self.before.engine, job.as_of, job.readings, job.assume_nothing, False, job.today, self._sides)

    @cached_property
    def _deciders(self) -> tuple[ColumnarDecider, ...]:
        job = self.job
        options = job.as_of, job.readings, job.assume_nothing, False, job.today
        return tuple(ColumnarDecider(side.engine, *options) for side in self._sides)

    def done(self, piece: Piece) -> Affected:
        """What changes for the cases of a piece."""
        ready, (within, left, several) = looked_at(prepared(piece, self.job.columns), self._reach.reached)
        chunk, faults = ready.chunk, list[Fault]()
        for index in np.flatnonzero(left).tolist():
            try:
                within[index] = self.reaches(self._case(chunk, index))
            except CaseFileError as error:
                faults += (as_fault(index, fault) for fault in error.faults)
        changes = list(self._changes(ready, within, left | several))
        errors = told(ready, faults, self.job.language)
        faulty = len({error["row"] for error in errors})
        counted = {REACHED: int(within.sum()), CHANGED: len({change.row for change in changes})}
        counts = {name: Counter({(): number}) for name, number in counted.items()}
        rows = Encoded(lines(map(as_data, changes)))
        done = Done(piece.number, piece.size, faulty, 0, 0, piece.read, rows, {}, lines(errors), counts, [])
        return Affected(done, changes)

    def all(self, pieces: Iterable[Piece]) -> Iterator[Affected]:
        """What changes for the cases of pieces, each of which is read while the one before it is worked on."""
        return map(self.done, ahead(pieces))

    def _case(self, chunk: Chunk, index: int) -> CaseFile:
        text = ColumnarDecider.document(chunk, index)
        return check_case(read(text), choices=self.before.engine.law.choices)

    def _changes(self, ready: Prepared, within: Bools, apart: Bools) -> Iterator[Change]:
        """The changes of the cases within reach; those set ``apart`` are decided one by one."""
        chunk, rows = ready.chunk, np.flatnonzero(within & ~apart)
        rows = rows if len(rows) >= FEW else rows[:0]
        part = chunk.part(rows)
        one, other = (_by_case(decider.decide(part).table if len(rows) else None) for decider in self._deciders)
        place_of = {int(row): place for place, row in enumerate(rows)}
        for index in np.flatnonzero(within).tolist():
            known = None
            if index in place_of:
                known = one.get(place_of[index], {}), other.get(place_of[index], {})
                if known[0] == known[1]:
                    continue
            name, line = chunk.place(index)
            place = f"{name}:{line}" if line else name
            yield from self.changes(self._case(chunk, index), ready.numbers[index], place, known)

    # -- who is within reach ----------------------------------------------------------------------------------------

    def reaches(self, file: CaseFile) -> bool:
        """Whether the change can make a difference for a case; False is certain."""
        found = [casts(file.case, side.engine.law) for side in self._sides]
        return who(found[0]) != who(found[1]) or any(self._reached(file, cast) for cast in found[0])

    def _reached(self, file: CaseFile, cast: Cast) -> bool:
        machines = [side.engine.machine(cast.shape) for side in self._sides]
        given, rails, inputs = {**file.case.readings, **self.job.readings}, [], []
        for side, machine in zip(self._sides, machines, strict=True):
            chosen = side.engine.readings(given)
            reader = Reader(file, cast, machine.law, self._day(file), chosen, not self.job.assume_nothing)
            truth = read_inputs(machine.plan, reader).truth
            rails.append(machine.evaluator.run(truth))
            inputs.append(frozenset(truth))
        programs = [machine.program for machine in machines]
        return not Sameness(self._reach.difference(cast.shape), programs, inputs, rails).everything()

    def _day(self, file: CaseFile) -> date:
        """The day on which a case is assessed."""
        own = file.case.assessed_on
        return self.job.as_of or (own.first if own else self.job.today or date.today())

    # -- what becomes of them ---------------------------------------------------------------------------------------

    def changes(
        self, file: CaseFile, number: int, place: str, known: tuple[Outcomes, Outcomes] | None = None
    ) -> Iterator[Change]:
        """The outcomes of a case that the two laws decide differently; ``known`` where they are decided already."""
        decisions = [self._decided(side, file) for side in self._sides]
        found = known or [_outcomes(decision) for decision in decisions]
        moved: tuple[str, ...] | None = None
        for key in dict.fromkeys((*found[0], *found[1])):
            (one, first), (other, second) = (told.get(key, (None, None)) for told in found)
            if _essence(one) == _essence(other):
                continue
            moved = self._moved(decisions) if moved is None else moved
            named = _cited(decisions[0], key, first) | _cited(decisions[1], key, second)
            provisions = tuple(p for p in moved if p in named) or moved
            before, after = (row["result"] if row else None for row in (one, other))
            reasons = _lacking(one), _lacking(other)
            yield Change(number, place, file.case.case or "", key[0], key[1], before, after, reasons, provisions)

    def _decided(self, side: Side, file: CaseFile) -> Decision:
        job = self.job
        options: Any = {"as_of": self._day(file), "readings": job.readings, "assume_nothing": job.assume_nothing}
        return side.engine.decide(file, **options)

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
                difference = self._reach.difference(one.cast.shape)
                for run, instances in ((one, difference.ended), (other, difference.added)):
                    fired = (i for listed in instances.values() for _, i in listed if _body(i, run.state) is not False)
                    found.update(dict.fromkeys(p for instance in fired for p in _named_by(run, instance)))
        return tuple(sorted(found))


def _outcomes(decision: Decision) -> Outcomes:
    """The rows of a decision, by person in the order of the case file and by route in that of the law."""
    position = {person: place for place, person in enumerate(decision.file.case.persons)}
    found = [(index, outcome) for index, run in enumerate(decision.runs) for outcome in outcomes(run)]
    found.sort(key=lambda pair: position[pair[1].person])
    return {(o.person, o.route, o.sponsor): (as_row(o, 0, ()), index) for index, o in found}


def _by_case(table: Any) -> Mapping[int, Outcomes]:
    """The rows of each case, none of which is cast in several ways."""
    found = dict[int, dict[tuple[str, str, str | None], tuple[Mapping[str, Any], int]]]()
    for row in table.select(["case_row", *_TOLD]).to_pylist() if table else ():
        found.setdefault(row.pop("case_row"), {})[row["person"], row["route"], None] = row, 0
    return found


def _cited(decision: Decision, key: tuple[str, str, str | None], cast: int | None) -> frozenset[str]:
    """The provisions that an outcome cites."""
    if cast is None:
        return frozenset()
    run = decision.runs[cast]
    return parts(run, run.cast.canonical[key[0]], key[1]).cited()


def _body(instance: Instance, state: State) -> bool | None:
    """Whether the body of an instance holds."""
    _, _, positive, negative = instance
    needed = [*map(state, positive), *(None if (value := state(n)) is None else not value for n in negative)]
    return False if False in needed else None if None in needed else True


def _named_by(run: Run, instance: Instance) -> tuple[str, ...]:
    rule = run.law.rules[instance[0]]
    values = zip(rule.variables, instance[1], strict=True)
    return rule.provisions or tuple(str(value) for name, value in values if name == "Provision")


def _essence(row: Mapping[str, Any] | None) -> Any:
    """What makes a difference to the person: result, reasons, papers and dates."""
    return None if row is None else [row[name] for name in _TOLD]


def _lacking(row: Mapping[str, Any] | None) -> tuple[str, ...]:
    return () if row is None else (*row["failing"], *row["missing"], *row["defective"])
