"""Which cases of a chunk a change of law can reach, worked out for all cases of a shape at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from reasoner.batch.answers import Answers
from reasoner.batch.assemble import Rows
from reasoner.batch.columnar import ColumnarDecider
from reasoner.batch.decider import Chunk
from reasoner.batch.group import OPEN, TRUE, Group, Unsupported, truths
from reasoner.batch.laws import Between, Sameness, Side, between
from reasoner.batch.tables import Bools, packed, unpacked
from reasoner.cast import Cast
from reasoner.evaluate import Rails
from reasoner.ground import GroundProgram, Shape
from reasoner.run import Machine


class Reached(NamedTuple):
    """The cases of a chunk within reach, those left to be looked at one by one, and those cast in several ways."""

    within: Bools
    left: Bools
    several: Bools


@dataclass(eq=False, repr=False)
class Reach(ColumnarDecider):
    """Groups cases as the decider of the first law does, and compares what the two laws make of them."""

    sides: tuple[Side, Side] = field(default_factory=lambda: (Side(), Side()))

    @cached_property
    def _other(self) -> ColumnarDecider:
        engine = self.sides[1].engine
        return ColumnarDecider(engine, self.as_of, self.readings, self.assume_nothing, False, self.today)

    @cached_property
    def _alike(self) -> bool:
        """Whether the two laws read the same from a case, so that it is read once."""
        one, other = (side.engine.law for side in self.sides)
        return (one.choices, one.role_of, one.document_types) == (other.choices, other.role_of, other.document_types)

    @cached_property
    def _between(self) -> dict[Shape, Between]:
        return {}

    @cached_property
    def _known(self) -> dict[Shape, Any]:
        return {}

    def reached(self, chunk: Chunk) -> Reached:
        """Which cases of a chunk are within reach."""
        self._forget()
        size = len(chunk)
        self._found = Reached(np.zeros(size, np.bool_), np.ones(size, np.bool_), np.zeros(size, np.bool_))
        if not self._alike:
            return self._found
        read = self.read(chunk)
        if len(read.cases):
            left = self._decided(chunk, self._people(read), Rows(self._store, read.rows, False))
            self._found = self._found._replace(within=self._found.within & ~left, left=left)
        within, left, several = (np.empty_like(found) for found in self._found)
        for there, found in zip((within, left, several), self._found, strict=True):
            there[read.rows] = found
        return Reached(within, left, several)

    def _cast(self, skeleton: dict[str, Any]) -> tuple[Cast, ...] | None:
        """The casts of a skeleton, if both laws cast it alike."""
        one, other = super()._cast(skeleton), self._other._cast(skeleton)
        return one if one and other and who(one) == who(other) else None

    def _decide_group(self, chunk: Chunk, shape: Shape, members: Sequence[Any], group: Group, rows: Rows) -> None:
        for member in members:
            self._found.several[member.rows] |= member.number > 0
        difference, machines, read = self._shape(shape)
        args = group.people, shape, members, group.slots, group.pairs, group.applications
        try:
            groups = group, self._other._group(*args)
            rails = [_rails(*side) for side in zip(groups, machines, read, strict=True)]
        except Unsupported:
            group.slow[:] = True
            return
        group.slow |= groups[1].slow
        programs = [machine.program for machine in machines]
        inputs = [frozenset((*program.inputs, *program.comparisons)) for program in programs]
        same = Sameness(difference, programs, inputs, rails).everything()
        self._found.within[group.rows[~unpacked(same, len(group))]] = True

    def difference(self, shape: Shape) -> Between:
        """How the ground programs of a shape under both laws are related."""
        if shape not in self._between:
            self._between[shape] = between(*(side.program(shape) for side in self.sides))
        return self._between[shape]

    def _shape(self, shape: Shape) -> Any:
        """How the two ground programs of a shape are related, their machines, and the comparisons to be answered."""
        found = self._known.get(shape)
        if found is None:
            machines = self.sides[0].engine.machine(shape), self.sides[1].engine.machine(shape)
            read = [_read(machine.program) for machine in machines]
            found = self._known[shape] = (self.difference(shape), machines, read)
        return found


def _read(program: GroundProgram) -> set[int]:
    """The atoms that what a decision reports can depend on."""
    seen, stack = set(program.shown), list(program.shown)
    while stack:
        for _, _, positive, negative in program.rules.get(stack.pop(), ()):
            new = {*positive, *negative} - seen
            seen |= new
            stack += new
    return seen


def _rails(group: Group, machine: Machine, read: set[int]) -> Rails:
    program, answers = machine.program, Answers(group)
    states, _ = truths(group, machine.plan, program.inputs)
    for number, atom in program.comparisons.items():
        if number in read:
            states[number] = answers.answer(atom)
    for doubtful in answers.vague.values():
        group.slow |= doubtful
    varied = {number: packed(state == TRUE) for number, state in states.items()}
    opened = {number: bits for number, state in states.items() if (bits := packed(state == OPEN))}
    return machine.evaluator.run({}, len(group), varied, opened)


def who(listed: Sequence[Cast]) -> list[Any]:
    """All that casts say."""
    return [(cast.ids, cast.joins, cast.unasked, cast.shape, cast.focus) for cast in listed]
