"""Decides the cases of a chunk side by side, one shape at a time, and leaves to the engine what stays open."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, partial, reduce
from threading import Lock
from typing import Any, NamedTuple
from weakref import proxy

import numpy as np
import pyarrow as pa

from reasoner.batch import contradictions
from reasoner.batch.answers import Answers
from reasoner.batch.assemble import Rows, Store, combined
from reasoner.batch.decider import Chunk, Results, schema
from reasoner.batch.distinct import alike
from reasoner.batch.documents import documents
from reasoner.batch.group import OPEN, TRUE, Group, Options, Unsupported, truths
from reasoner.batch.paths import Paths
from reasoner.batch.people import People, cast_skeleton
from reasoner.batch.reading import Read, Reader
from reasoner.batch.seen import Glance
from reasoner.batch.shape import CERTAIN, POSSIBLE, Part, Route, Sample, ShapeKnown
from reasoner.batch.slow import SlowDecider
from reasoner.batch.tables import Bools, Ints, packed, unpacked
from reasoner.batch.values import days_of
from reasoner.cast import Cast
from reasoner.engine import Engine
from reasoner.ground import Shape
from reasoner.run import Run

REMEMBERED = 500_000  # words, skeletons or combinations; past that, remembering them begins anew


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
    today: date | None = None
    _reading: Lock = field(default_factory=Lock, init=False)

    @cached_property
    def slow(self) -> SlowDecider:
        """What decides the cases that are left over."""
        return SlowDecider(self.engine, self.as_of, self.readings, self.assume_nothing, self.reasons, today=self.today)

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
        return Options(
            as_of, days_of(self.today or date.today()), readings, dict(self.readings), not self.assume_nothing
        )

    @cached_property
    def _types(self) -> dict[str, int]:
        kinds = dict.fromkeys(kind for kind, _ in self.engine.law.document_types)  # a type can have several roles
        return {kind: number for number, kind in enumerate(kinds)}

    def read(self, chunk: Chunk) -> Read:
        """The cases of a chunk for :meth:`decide`; another thread may decide what was read before."""
        with self._reading:
            if len(self._reader.words.words) + len(self._reader.words.partials) > REMEMBERED:
                del self._reader
            return self._reader.read(chunk.rows)

    def decide(self, chunk: Chunk, read: Read | None = None) -> Results:
        """The results of a chunk; a case that cannot be read is a fault and nothing else."""
        self._forget()
        read = self.read(chunk) if read is None else read
        left, rows = np.ones(len(chunk), np.bool_), Rows(self._store, read.rows, self.reasons)
        known = len(self.slow._known)
        if len(read.cases):
            left = self._decided(chunk, self._people(read), rows)
        table = rows.table(~left, read.words)
        found = self._left(chunk, np.sort(read.rows[left]))
        table = combined(table, found.table)
        new = dict(list(self.slow._known.items())[known:])
        faulty = len({fault.row for fault in found.faults})
        return Results(table, new, found.faults, int(left.sum()) - faulty)

    def _people(self, read: Read) -> People:
        """Who is who in cases that were read; those that contradict themselves are odd."""
        law = self.engine.law
        people = People(*read, tuple(law.role_of))
        contradictions.find(people, law.choices)
        return people

    def _forget(self) -> None:
        """Keeps what is remembered from growing with the archive."""
        if len(self._casts) > REMEMBERED:
            self._casts.clear()
        self._store.forget(REMEMBERED)

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
        part: Any = (
            chunk.rows.take(pa.array(rows)) if isinstance(chunk.rows, pa.Table) else [chunk.rows[i] for i in rows]
        )
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
        groups: dict[tuple[Shape, int], list[_Member]] = {}  # no case stands twice in a group
        order = np.argsort(number, kind="stable")
        ends = np.cumsum(np.bincount(number, minlength=len(first)))
        for skeleton in range(len(first)):
            members = order[ends[skeleton - 1] if skeleton else 0 : ends[skeleton]]
            members = members[~people.odd[members]]
            if not len(members):
                continue
            casts = self._cast(people.skeleton(int(members[0]), slots, list(self._types)))
            if casts is None:
                people.odd[members] = True
                continue
            for index, cast in enumerate(casts):
                groups.setdefault((cast.shape, index), []).append(_Member(members, cast, index))
        left = people.odd.copy()
        for (shape, _), listed in groups.items():
            group = self._group(people, shape, listed, slots, pairs, applications)
            self._decide_group(chunk, shape, listed, group, rows)
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
                        np.full(
                            len(m.rows),
                            m.cast.ids[index] in m.cast.sponsor_of and m.cast.ids[index] not in m.cast.unasked,
                        )
                        for m in members
                    ]
                )
            )
        joining = frozenset(f"p{applicant}" for applicant, _ in shape.joins)
        rows = np.concatenate([member.rows for member in members])
        law = self.engine.law
        return Group(
            people, law, self._options, rows, position, asked, joining, slots, self._types, applications, pairs
        )

    def _decide_group(self, chunk: Chunk, shape: Shape, members: Sequence[_Member], group: Group, rows: Rows) -> None:
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
        self._casts = [member.cast for member in members]
        self._member = np.repeat(np.arange(len(members)), [len(m.rows) for m in members])
        self._planes: dict[Any, tuple[bytes, ...]] = {}
        self._runs: dict[int, Run] = {}

    def decide(self) -> None:
        """Adds the rows of the group."""
        size = len(self.group)
        varied = {number: packed(state == TRUE) for number, state in self.states.items()}
        opened = {number: bits for number, state in self.states.items() if (bits := packed(state == OPEN))}
        rails = self.known.machine.evaluator.run({}, size, varied, opened)
        self._holds, self._fails, self._full = rails.holds, rails.fails, rails.full
        self.known.machine.confirm(
            {number: self._look(0, number) for number in self.states},
            {number: value for number in self.known.atoms if (value := self._look(0, number)) is not None},
        )
        for route in self.known.routes:
            self._route(route)

    def truth(self, key: Any) -> Any:
        """What :class:`Glance` gives of an input, comparison or point, in all cases; None if it holds nowhere."""
        found = self.states.get(key)
        if found is None:
            program, answers = self.known.machine.program, self.answers
            if type(key) is tuple:
                found = answers.opened(key)
            elif key == 0:
                found = reduce(np.logical_or, answers.vague.values(), np.zeros(len(self.group), np.bool_))
            elif key < 0:
                return answers.vague.get(program.comparisons[-key])
            else:
                found = answers.answer(program.comparisons[key])
            self.states[key] = found
        return found

    def _true(self, number: int) -> Bools:
        return unpacked(self._holds[number], len(self.group))

    def _open(self, number: int) -> Bools:
        return unpacked(self._full & ~(self._holds[number] | self._fails[number]), len(self.group))

    def _states(self, part: Part, rows: Ints, route: Route) -> Any:
        """The number of the entry of a part in each of these cases; those for which it does not last are left."""
        numbers = part.numbers(self.truth, rows, lambda place: self._sample(int(rows[place]), route), self._impossible)
        self.group.slow[rows[numbers < 0]] = True
        return numbers

    @cached_property
    def _impossible(self) -> Bools:
        """The cases whose facts exclude each other for certain."""
        found = 0
        for positive, negative in self.known.machine.program.constraints:
            bits = self._full
            for number in positive:
                bits &= self._holds[number]
            for number in negative:
                bits &= self._fails[number]
            found |= bits
        return unpacked(found, len(self.group))

    def _certain(self, part: Part, number: int, route: Route, rows: Ints) -> tuple[Bools, Bools]:
        """Where an atom certainly holds in these cases, and where it is open."""
        holds, opened = self._true(number)[rows], self._open(number)[rows]
        if opened.any():
            numbers = self._states(part, rows[opened], route)
            holds[opened] = part.read(numbers, _is(CERTAIN))
            opened[opened] = part.read(numbers, _is(POSSIBLE))
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
        undetermined = words.of("undetermined")
        entry = np.full(len(rows), -1)
        open_ = (result < 0) & (shown | perhaps) & ~group.slow[rows]
        if open_.any():
            entry[open_] = numbers = self._states(route.result, rows[open_], route)
            result[open_] = route.result.read(numbers, lambda status: words.of(status or "undetermined"))
        here = (shown | (perhaps & (result != hopeless))) & ~group.slow[rows]
        rows, result, entry = rows[here], result[here], entry[here]
        if not len(rows):
            return
        depending = self._depending(route, rows, np.where(result == undetermined, entry, -1))
        conditions = [(part, self._states(part, rows, route)) for part in route.conditions.values()]
        documents = [(part, self._states(part, rows, route)) for part in route.documents.values()]
        file, unknown = np.full(len(rows), -1), np.zeros(len(rows), np.bool_)
        for part, numbers in documents:
            unknown |= part.read(numbers, _is("unknown"))
        if unknown.any():
            file[unknown] = self._states(route.file, rows[unknown], route)
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
                group.slow[rows[holds & self.answers.doubted(term)[rows]]] = True
        here = ~group.slow[rows]
        if not here.all():
            rows, result, file = rows[here], result[here], file[here]
            conditions, documents, remarks = (
                [(part, numbers[here]) for part, numbers in parts] for parts in (conditions, documents, remarks)
            )
            deadlines = [(name, holds[here], value) for name, holds, value in deadlines]
            depending = depending[here]
        if not len(rows):
            return
        self.rows.add(self, route, rows, result, conditions, documents, file, remarks, deadlines,
                      self._paths(route, rows, depending),
                      lambda place: self._sample(int(rows[place]), route))  # fmt: skip

    def _depending(self, route: Route, rows: Ints, entry: Ints) -> Ints:
        """For each undetermined case the number of what it depends on, -1 for others.

        Which points are open settles that together with the truths of all inputs.
        """
        found, open_ = np.full(len(rows), -1), np.flatnonzero(entry >= 0)
        if not len(open_):
            return found
        part, its = route.result, rows[open_]
        columns = [entry[open_], *(self.truth(point)[its] for point in part.points)]
        number, first = alike(columns)
        known = np.empty(len(first), np.int64)
        for index, place in enumerate(first):
            key = tuple(int(column[place]) for column in columns)
            if key not in route.depending:
                items = self._sample(int(its[place]), route).depends_on
                route.depending[key] = len(route.depends)
                route.depends.append(tuple(item.atom for item in items))
            known[index] = route.depending[key]
        found[open_] = known[number]
        return found

    def _paths(self, route: Route, rows: Ints, depending: Ints) -> list[tuple[Ints, list[str]]]:
        """What each undetermined case depends on: for each input the cases and its path in each."""
        found = []
        for number in np.unique(depending[depending >= 0]).tolist():
            here = np.flatnonzero(depending == number)
            for atom in route.depends[number]:
                if len(atom) == 1 and atom[0] not in self.group.law.vocabulary:
                    self.group.slow[rows[here]] = True  # a place that nothing in the vocabulary has
                    break
                found.append((here, self._places.of(atom, rows[here])))
        return found

    @cached_property
    def _places(self) -> Paths:
        return Paths(self.group)

    def _sample(self, index: int, route: Route) -> Sample:
        """A case of the group on one route."""
        keep = self.decider.slow._known.setdefault if self.decider.reasons else None
        cast, impossible = self._casts[self._member[index]], bool(self._impossible[index])
        own = proxy(self)  # explanations refer to each other, and would keep the whole group until they are swept up
        glance = Glance(partial(_Columns._look, own, index), partial(_Columns._run, own, index), impossible, cast)
        return Sample(self.known.ties, glance, route.person, route.route, keep)

    def _look(self, index: int, key: Any) -> bool | None:
        """The truth of an atom in one case, or whether a point is open."""
        planes = self._planes.get(key)
        if planes is None:
            planes = self._planes[key] = tuple(
                bits.to_bytes((len(self.group) + 7) // 8, "little") for bits in self._both(key)
            )
        place, bit = index >> 3, 1 << (index & 7)
        return True if planes[0][place] & bit else False if planes[1][place] & bit else None

    def _both(self, key: Any) -> tuple[int, int]:
        """The cases, as bits, in which something holds, and those in which it fails."""
        if type(key) is not tuple and key > 0:
            return self._holds[key], self._fails[key]
        column = self.truth(key)
        opened = 0 if column is None else packed(column)
        return opened, self._full ^ opened

    def _run(self, index: int) -> Run:
        """A case of the group as the engine decides it."""
        run = self._runs.get(index)
        if run is None:
            row = int(self.group.people.rows[self.group.rows[index]])
            text = self.decider.document(self.chunk, row)
            decision = self.decider.slow.decision(text, self.chunk.place(row)[0])
            run = self._runs[index] = decision.runs[int(self.cast_number[index])]
        return run


def _is(wanted: str) -> Callable[[str | None], bool]:
    return lambda status: status == wanted
