"""Two laws side by side: what each decides, and which conclusions are the same under both.

An atom is *the same* in a case if it is certain under both laws with the same value, or open and drawn, by the rule
instances that may fire, from atoms that are the same. No atom depends on itself, so that such an atom has the same
value in every way the open facts can turn out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from reasoner.engine import Engine
from reasoner.evaluate import Rails
from reasoner.ground import Atom, GroundProgram, Instance, Shape
from reasoner.run import Machine
from reasoner.terms import leaves


@dataclass(eq=False, repr=False)
class Side:
    """One of the two laws: a law with reforms, or the law in force on a day whenever somebody applied."""

    root: Path | None = None
    reforms: tuple[Path, ...] = ()
    day: date | None = None

    @cached_property
    def engine(self) -> Engine:
        """The law, ready to decide."""
        return Engine(self.root, reforms=self.reforms) if self.day is None else OnDay(self.day, self.root)

    def __reduce__(self) -> tuple[Any, ...]:
        return Side, (self.root, self.reforms, self.day)  # without the engine, which is built where it is used

    def program(self, shape: Shape) -> GroundProgram:
        """The ground program of a shape as the law has it: whatever day it is applied as on, atoms are the same."""
        engine = self.engine
        return engine.undated(shape) if isinstance(engine, OnDay) else engine.machine(shape).program


class OnDay(Engine):
    """A law applied as on one day, whenever somebody applied: dates of the law are compared with that day."""

    def __init__(self, day: date, root: Path | None = None) -> None:
        super().__init__(root)
        self.day = day
        self._undated: dict[Shape, GroundProgram] = {}

    def undated(self, shape: Shape) -> GroundProgram:
        """The ground program of a shape for any day."""
        if shape not in self._undated:
            self._undated[shape] = self.store.program(shape)
        return self._undated[shape]

    def machine(self, shape: Shape) -> Machine:
        """What decides the cases of a shape."""
        machine = self._machines.get(shape)
        if machine is None:
            program = self.undated(shape)
            dated = {number: self._dated(atom) for number, atom in program.comparisons.items()}
            machine = self._machines[shape] = Machine(self.law, replace(program, comparisons=dated))
        return machine

    @cached_property
    def _clocks(self) -> frozenset[str]:
        """The points that dates of the law are compared with: days of application, and that of the assessment."""
        points = (entry for entry in self.law.entries if entry.point)
        return frozenset(entry.name for entry in points if entry.path == "assessed_on" or entry.path.endswith(".filed"))

    def _dated(self, atom: Atom) -> Any:
        """A comparison of nothing but such a point with dates of the law, with the day in its place."""
        points: set[Any] = set(leaves(atom))
        if len(points) != 1 or next(iter(points))[0] not in self._clocks:
            return atom
        return _replaced(atom, points.pop(), self.day.isoformat())


def _replaced(term: Any, old: Any, new: Any) -> Any:
    if term == old:
        return new
    return tuple(_replaced(part, old, new) for part in term) if isinstance(term, tuple) else term


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
class Sameness:
    """In which of some cases the atoms of the second law have the value they have under the first.

    ``rails`` and ``inputs`` are those of both laws, cases being bits.
    """

    between: Between
    programs: Sequence[GroundProgram]
    inputs: Sequence[frozenset[int]]
    rails: Sequence[Rails]
    _known: dict[int, int] = field(default_factory=dict)

    def everything(self) -> int:
        """The cases in which all atoms that a decision reports are the same."""
        found = self.rails[0].full
        for number in self.between.gone:
            found &= self.rails[0].fails[number]
        for number in self.programs[1].shown:
            found &= self.same(number)
        return found

    def same(self, number: int) -> int:
        """The cases in which an atom has the same value in every way the open facts can turn out."""
        found = self._known.get(number)
        if found is None:
            found = self._known[number] = self._same(number)
        return found

    def _same(self, number: int) -> int:
        one, other = self.rails
        before = self.between.numbers.get(number)
        if before is None:
            return other.fails[number] if number not in self.inputs[1] else 0
        certain = (one.holds[before] & other.holds[number]) | (one.fails[before] & other.fails[number])
        open_ = one.full & ~(one.holds[before] | one.fails[before] | other.holds[number] | other.fails[number])
        if not open_:
            return certain
        here, there = before in self.inputs[0], number in self.inputs[1]
        if here or there:
            return certain | open_ if here and there and self.between.constraints else certain
        ways = [self._ways(0, before, {}), self._ways(1, number, self.between.numbers)]
        for body in {**ways[0], **ways[1]}:
            open_ &= ~(ways[0].get(body, 0) ^ ways[1].get(body, 0))
        for positive, negative in {instance[2:] for instance in self.programs[1].rules[number]}:
            fires = open_ & self._fires(1, positive, negative)
            for part in (*positive, *negative) if fires else ():
                open_ &= ~fires | self.same(part)
        return certain | open_

    def _ways(self, side: int, number: int, numbers: Mapping[int, int]) -> dict[Any, int]:
        """The bodies from which an atom may follow, by the numbers of the first law, and in which cases."""
        found: dict[Any, int] = {}
        for _, _, positive, negative in self.programs[side].rules[number]:
            body = tuple(frozenset(numbers.get(n, -n) if side else n for n in part) for part in (positive, negative))
            found[body] = self._fires(side, positive, negative)
        return found

    def _fires(self, side: int, positive: Sequence[int], negative: Sequence[int]) -> int:
        """The cases in which a body may hold."""
        rails, found = self.rails[side], self.rails[side].full
        for number in positive:
            found &= ~rails.fails[number]
        for number in negative:
            found &= ~rails.holds[number]
        return found
