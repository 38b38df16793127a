"""Decides the cases of a chunk side by side, one shape at a time, and leaves to the engine what stays open."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from reasoner.batch import contradictions
from reasoner.batch.answers import Answers, Unsupported
from reasoner.batch.assemble import Rows, Store, combined
from reasoner.batch.decider import Chunk, Fault, Results, schema
from reasoner.batch.documents import documents
from reasoner.batch.group import OPEN, TRUE, Group, Options, truths
from reasoner.batch.people import People, cast_skeleton
from reasoner.batch.shape import CERTAIN, POSSIBLE, Part, Route, Sample, ShapeKnown
from reasoner.batch.slow import SlowDecider
from reasoner.batch.tables import Bools, Ints, Reader
from reasoner.batch.values import days_of
from reasoner.cast import Cast
from reasoner.engine import Engine
from reasoner.ground import Shape
from reasoner.run import Run


class _Member(NamedTuple):
    """Cases of one skeleton cast in one way: their rows, and the number of the cast."""

    rows: Ints
    cast: Cast
    number: int


@dataclass(eq=False, repr=False)
class ColumnarDecider:
    """Decides chunks of cases as :class:`SlowDecider` does, faster."""

    engine: Engine
    as_of: date | None = None
    readings: Mapping[str, str] = field(default_factory=dict)
    assume_nothing: bool = False
    reasons: bool = True

    @cached_property
    def slow(self) -> SlowDecider:
        """What decides the cases that are left over."""
        return SlowDecider(self.engine, self.as_of, self.readings, self.assume_nothing, self.reasons)  # type: ignore[arg-type]

    @cached_property
    def _reader(self) -> Reader:
        return Reader(self.engine.law.choices)

    @cached_property
    def _store(self) -> Store:
        return Store()

    @cached_property
    def _shapes(self) -> dict[Shape, ShapeKnown]:
        return {}

    @cached_property
    def _casts(self) -> dict[str, tuple[Cast, ...] | None]:
        return {}

    @cached_property
    def _options(self) -> Options:
        as_of = None if self.as_of is None else days_of(self.as_of)
        readings = self.engine.readings(dict(self.readings))
        return Options(as_of, days_of(date.today()), readings, dict(self.readings), not self.assume_nothing)

    @cached_property
    def _types(self) -> dict[str, int]:
        return {kind: number for number, (kind, _) in enumerate(self.engine.law.document_types)}

    def decide(self, chunk: Chunk) -> Results:
        """The results of a chunk, as :class:`reasoner.batch.decider.Decider` asks."""
        cases, odd = self._reader.read(chunk.rows)
        left, rows = np.ones(len(odd), np.bool_), Rows(self._store)
        known = len(self.slow._known)
        if len(cases):
            people = People(cases, odd, self._reader.words, self._reader.truths)
            contradictions.find(people, self.engine.law.choices)
            left = self._decided(chunk, people, rows)
        table = rows.table(~left, self._reader.words)
        found = self._left(chunk, np.flatnonzero(left))
        table = combined(table, found.table)
        new = dict(list(self.slow._known.items())[known:])
        faulty = len({fault.row for fault in found.faults})
        return Results(table, new, found.faults, int(left.sum()) - faulty)

    @staticmethod
    def document(chunk: Chunk, row: int) -> bytes:
        """A case of a chunk as a JSON document."""
        if isinstance(chunk.rows, pa.Table):
            return next(documents(Chunk(chunk.rows.slice(row, 1))))
        return chunk.rows[row]

    def _left(self, chunk: Chunk, rows: Ints) -> Results:
        """What the engine says of some cases."""
        if not len(rows):
            return Results(schema().empty_table())
        origin = chunk.origin
        part: Any = chunk.rows.take(pa.array(rows)) if isinstance(chunk.rows, pa.Table) else [chunk.rows[i] for i in rows]
        found = self.slow.decide(Chunk(part, origin))
        back = rows[found.table["case_row"].to_numpy()]
        table = found.table.set_column(0, "case_row", pa.array(back, pa.int64()))
        return Results(table, {}, [fault._replace(row=int(rows[fault.row])) for fault in found.faults])

    def _decided(self, chunk: Chunk, people: People, rows: Rows) -> Bools:
        """Adds what can be decided here; the cases that are left."""
        words = people.words
        slots = people.paper_slots({words.of(kind): number for kind, number in self._types.items()})
        pairs, applications = people.pairs, people.application_of
        number, first = people.skeletons(slots)
        groups: dict[Shape, list[_Member]] = {}
        order = np.argsort(number, kind="stable")
        ends = np.cumsum(np.bincount(number, minlength=len(first)))
        for skeleton, row in enumerate(first):
            members = order[ends[skeleton - 1] if skeleton else 0 : ends[skeleton]]
            members = members[~people.odd[members]]
            if not len(members):
                continue
            casts = self._cast(people.skeleton(int(members[0]), slots, list(self._types)))
            if casts is None:
                people.odd[members] = True
                continue
            for index, cast in enumerate(casts):
                groups.setdefault(cast.shape, []).append(_Member(members, cast, index))
        left = people.odd.copy()
        for shape, members in groups.items():
            group = self._group(people, shape, members, slots, pairs, applications)
            self._decide_group(chunk, shape, members, group, rows)
            left[group.rows[group.slow]] = True
        return left

    def _cast(self, skeleton: dict[str, Any]) -> tuple[Cast, ...] | None:
        key = json.dumps(skeleton)
        if key not in self._casts:
            self._casts[key] = cast_skeleton(skeleton, self.engine.law)
        return self._casts[key]

    def _group(
        self, people: People, shape: Shape, members: Sequence[_Member], slots: list[Any], pairs: Any, applications: Any
    ) -> Group:
        position, asked = [], []
        for index in range(shape.persons):
            position.append(np.concatenate([np.full(len(m.rows), int(m.cast.ids[index][1:])) for m in members]))
            asked.append(
                np.concatenate(
                    [
                        np.full(len(m.rows), m.cast.ids[index] in m.cast.sponsor_of and m.cast.ids[index] not in m.cast.unasked)
                        for m in members
                    ]
                )
            )
        joining = frozenset(f"p{applicant}" for applicant, _ in shape.joins)
        rows = np.concatenate([member.rows for member in members])
        law = self.engine.law
        return Group(people, law, self._options, rows, position, asked, joining, slots, self._types, applications, pairs)

    def _decide_group(
        self, chunk: Chunk, shape: Shape, members: Sequence[_Member], group: Group, rows: Rows
    ) -> None:
        known = self._shapes.get(shape)
        if known is None:
            known = self._shapes[shape] = ShapeKnown(self.engine.machine(shape))
        program, answers = known.machine.program, Answers(group)
        try:
            states, _ = truths(group, known.machine.plan, program.inputs)
            for number in known.wanted:
                states[number] = answers.answer(program.comparisons[number])
        except Unsupported:
            group.slow[:] = True
            return
        _Columns(self, chunk, known, members, group, answers, states, rows).decide()


@dataclass(eq=False, repr=False)
class _Columns:
    """One group being decided."""

    decider: ColumnarDecider
    chunk: Chunk
    known: ShapeKnown
    members: Sequence[_Member]
    group: Group
    answers: Answers
    states: dict[int, Any]
    rows: Rows

    def __post_init__(self) -> None:
        members = self.members
        self.cast_number = np.concatenate([np.full(len(m.rows), m.number) for m in members])
        focus = [0 if m.cast.focus is None else int(m.cast.canonical[m.cast.focus][1:]) for m in members]
        self.focus = np.repeat(focus, [len(m.rows) for m in members])
        self._samples: dict[tuple[int, str, str], Sample] = {}
        self._runs: dict[int, Run] = {}

    def decide(self) -> None:
        """Adds the rows of the group."""
        size = len(self.group)
        varied = {number: _bits(state == TRUE) for number, state in self.states.items()}
        opened = {number: bits for number, state in self.states.items() if (bits := _bits(state == OPEN))}
        rails = self.known.machine.evaluator.run({}, size, varied, opened)
        self._holds, self._fails, self._full = rails.holds, rails.fails, rails.full
        for route in self.known.routes:
            self._route(route)

    def truth(self, number: int) -> Any:
        """The truths of an input or comparison in all cases."""
        found = self.states.get(number)
        if found is None:
            try:
                found = self.answers.answer(self.known.machine.program.comparisons[number])
            except Unsupported:
                self.group.slow[:] = True
                found = np.zeros(len(self.group), np.uint8)
            self.states[number] = found
        return found

    def _true(self, number: int) -> Bools:
        return _unpacked(self._holds[number], len(self.group))

    def _open(self, number: int) -> Bools:
        return _unpacked(self._full & ~(self._holds[number] | self._fails[number]), len(self.group))

    def _states(self, part: Part, rows: Ints, route: Route) -> Any:
        """The number of the entry of a part in each of these cases; those for which it does not last are left."""
        numbers = part.numbers(self.truth, rows, lambda place: self._sample(int(rows[place]), route))
        if any(not entry.lasting for entry in part.entries):
            alone = np.array([not entry.lasting for entry in part.entries])[numbers]
            self.group.slow[rows[alone]] = True
        return numbers

    def _certain(self, part: Part, number: int, route: Route, rows: Ints) -> tuple[Bools, Bools]:
        """Where an atom certainly holds in these cases, and where it is open."""
        holds, opened = self._true(number)[rows], self._open(number)[rows]
        if opened.any():
            numbers = self._states(part, rows[opened], route)
            status = [entry.status for entry in part.entries]
            holds[opened] = np.array([s == CERTAIN for s in status])[numbers]
            opened[opened] = np.array([s == POSSIBLE for s in status])[numbers]
        return holds, opened

    def _route(self, route: Route) -> None:
        group = self.group
        index = int(route.person[1:])
        about = (self.focus == 0) | (self.focus == index)
        rows = np.flatnonzero(about & ~group.slow & (self._true(route.relevant) | self._open(route.relevant)))
        if not len(rows):
            return
        shown, perhaps = self._certain(route.shown, route.relevant, route, rows)
        result = np.full(len(rows), -1)
        words, program = self.rows.store.words, self.known.machine.program
        hopeless = words.of("not_eligible")
        for number in reversed(route.layout.results):
            result[self._true(number)[rows]] = words.of(str(program.atoms[number][0]))
        group.slow[rows[(result < 0) & (shown | perhaps)]] = True
        here = (shown | (perhaps & (result != hopeless))) & ~group.slow[rows]
        rows, result = rows[here], result[here]
        if not len(rows):
            return
        conditions = [(part, self._states(part, rows, route)) for part in route.conditions.values()]
        documents = [(part, self._states(part, rows, route)) for part in route.documents.values()]
        remarks = []
        for number, part in route.remarks.items():
            numbers = np.full(len(rows), -1)
            here = (self._true(number) | self._open(number))[rows]
            if here.any():
                numbers[here] = self._states(part, rows[here], route)
            remarks.append((part, numbers))
        deadlines = []
        for number, (name, term) in route.layout.rows["deadline"]:
            holds, _ = self._certain(route.deadlines[number], number, route, rows)
            if holds.any():
                deadlines.append((str(name), holds, self.answers.value(term)))
        self.rows.add(self, route, rows, result, conditions, documents, remarks, deadlines,
                      lambda place: self._sample(int(rows[place]), route))  # fmt: skip

    def _sample(self, index: int, route: Route) -> Sample:
        """A case of the group to be decided as the engine decides it."""
        key = (index, route.person, route.route)
        found = self._samples.get(key)
        if found is None:
            keep = self.decider.slow._known.setdefault
            found = self._samples[key] = Sample(self._run(index), route.person, route.route, route.regime, keep)
        return found

    def _run(self, index: int) -> Run:
        run = self._runs.get(index)
        if run is None:
            row = int(self.group.rows[index])
            text = self.decider.document(self.chunk, row)
            decision = self.decider.slow.decision(text, self.chunk.place(row)[0])
            run = self._runs[index] = decision.runs[int(self.cast_number[index])]
        return run


def _bits(holds: Bools) -> int:
    return int.from_bytes(np.packbits(holds, bitorder="little").tobytes(), "little")


def _unpacked(bits: int, size: int) -> Bools:
    if not bits:
        return np.zeros(size, np.bool_)
    data = np.frombuffer(bits.to_bytes((size + 7) // 8, "little"), np.uint8)
    return np.unpackbits(data, count=size, bitorder="little").view(np.bool_)
