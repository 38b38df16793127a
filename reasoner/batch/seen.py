"""Cases of a group read truth by truth, and what was found along the truths that were read.

What a conclusion is, and why, follows from the truths that are read to say so. Where all of these are the same it is
the same, whatever else in the facts it could depend on. What three-valued logic leaves open also follows from what is
still open of the program: that is read as well, before the engine is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Generic, NamedTuple, TypeVar

from reasoner.cast import Cast
from reasoner.dates import points
from reasoner.evaluate import Rails
from reasoner.facts import Inputs
from reasoner.ground import Atom
from reasoner.program import star
from reasoner.residue import rest
from reasoner.run import Machine, Run

WORLDS = 1 << 12  # most combinations of what is open that are gone through

T = TypeVar("T")
Truth = bool | None


class Unsettled(Exception):
    """What is open in a case takes more than truths to tell: the case has to be decided by itself."""


class Entangled(Unsettled):
    """The same in every case with these truths: open comparisons share an open point, or are answered by the engine
    alone."""


class Tree(Generic[T]):
    """What was found, by the truths that were read on the way to it."""

    def __init__(self) -> None:
        self._first: _Path[T] | None = None

    def find(self, look: Callable[[Any], Truth]) -> T | None:
        """What is known of a case; None where nothing is yet."""
        path = self._first
        while path is not None:
            place, value = path.leaving(look)
            if place < 0:
                return path.found
            path = path.others.get((place, value))
        return None

    def add(self, read: Mapping[Any, Truth], found: T) -> None:
        """Adds what was found in a case by reading these truths, in this order; nothing was known of it."""
        path, begun, read_ = self._first, 0, tuple(read)
        if path is None:
            self._first = _Path(read_, tuple(read.values()), found)
            return
        while True:
            place, value = path.leaving(read.__getitem__)
            begun += place + 1
            further = path.others.get((place, value))
            if further is None:
                break
            path = further
        path.others[place, value] = _Path(read_[begun:], tuple(map(read.__getitem__, read_[begun:])), found)


class _Path(Generic[T]):
    """What is read one after the other, with the truths that lead to what was found, and where others lead off."""

    def __init__(self, read: tuple[Any, ...], truths: tuple[Truth, ...], found: T) -> None:
        self.read, self.truths, self.found = read, truths, found
        self.others: dict[tuple[int, Truth], _Path[T]] = {}

    def leaving(self, look: Callable[[Any], Truth]) -> tuple[int, Truth]:
        """Where a case leaves the path, and by which truth; -1 where it does not."""
        for place, (what, truth) in enumerate(zip(self.read, self.truths, strict=True)):
            value = look(what)
            if value is not truth:
                return place, value
        return -1, None


class Glance(NamedTuple):
    """A case of a group from its columns.

    ``look`` gives the truth of an atom, whether a point is open, of the negative number of a comparison whether the
    engine alone knows its answer, and of 0 whether it does so of any; ``decided`` the case as the engine decides it.
    """

    look: Callable[[Any], Truth]
    decided: Callable[[], Run]
    impossible: bool
    cast: Cast


class Ties:
    """What hangs together in a ground program where it is open."""

    def __init__(self, machine: Machine) -> None:
        program, kinds = machine.program, machine.law.point_kinds
        self.machine, self.rules = machine, program.rules
        cone = machine.evaluator.cone
        self.constraints = [
            (sum(1 << leaf for leaf in cone(*true, *false)), true, false) for true, false in program.constraints
        ]
        self.points: dict[int, list[Any]] = {
            number: sorted(points(atom), key=str) for number, atom in program.comparisons.items()
        }
        named = {point for its in self.points.values() for point in its}
        self.lists = frozenset(point for point in named if kinds.get(point[0]) == "periods")
        self.plain = frozenset(n for n, atom in program.comparisons.items() if atom[0] == "class" and len(atom) == 3)

    @cached_property
    def beside(self) -> dict[int, tuple[int, ...]]:
        """The other inputs that read the same field."""
        fields = (field for fields in self.machine.plan.fields.values() for field in fields)
        read = (tuple(number for number, _ in field.inputs) for field in fields)
        return {number: numbers for numbers in read if len(numbers) > 1 for number in numbers}

    def options(self, number: int) -> tuple[tuple[int, ...], int]:
        """The inputs or comparisons of which at most one holds where this one is open, and in how many ways."""
        program, law = self.machine.program, self.machine.law
        if number not in program.comparisons:
            atom = program.atoms[number]
            entry = law.vocabulary[atom[0]]
            if entry.enumerated or entry.silence == "default":
                numbers = self.beside.get(number, (number,))
                values = len(law.choices.get(star(entry.path, atom), ()))
                return numbers, len(numbers) + (values > len(numbers))
        return (number,), 2

    @cached_property
    def inputs(self) -> Inputs:
        """Inputs of no case in particular."""
        return Inputs(dict.fromkeys(self.machine.program.inputs), set(), set(), {}, _NOWHERE, _NOWHERE)


class _Nowhere:
    """Stands for the places and days of a case."""

    def place(self, _: Any) -> None:
        """Nowhere."""

    def distance(self, _: Any) -> None:
        """None."""


_NOWHERE: Any = _Nowhere()


class Seen(Run):
    """A case as its columns have it; keeps what was ``read`` of it, and whether anything open was ``asked`` for.

    Explanations taken from it name no places and no distances. Raises :class:`Unsettled`.
    """

    def __init__(self, ties: Ties, glance: Glance) -> None:
        super().__init__(ties.machine, ties.inputs, glance.cast)
        self.glance, self.asked = glance, False
        self.read: dict[Any, Truth] = {}
        self.ties, self._shown = ties, ties.machine.program.is_shown
        self._states: dict[int, Truth] = {}
        self.open, self._reach, self.bound = set[int](), 0, set[int]()

    def remembered(self, key: Any, atoms: tuple[int, ...], build: Callable[[], T]) -> T:
        """What ``build`` gives."""
        return build()

    def state(self, number: int) -> Truth:
        """Whether an atom holds."""
        if number in self._states:
            return self._states[number]
        found = self.look(number)
        if found is None:
            self.asked = True
            if number in self._shown:
                found = self._ask(number)
            elif self.look(0):
                self._follow([number])
                if self._vague():
                    raise Entangled
        self._states[number] = found
        return found

    def truth(self, number: int) -> Truth:
        """As :meth:`state`."""
        return self.state(number)

    @property
    def rails(self) -> Rails:
        """There are none: truths are read one by one."""
        raise NotImplementedError

    def look(self, what: Any) -> Truth:
        """The truth of an atom by itself, or whether a point is open."""
        if what not in self.read:
            self.read[what] = self.glance.look(what)
        return self.read[what]

    # -- what is open -------------------------------------------------------------------------------------------

    def _ask(self, number: int) -> Truth:
        """Whether an open atom holds in all possible cases, or in none, after everything is read that this rests on."""
        if self.glance.impossible:
            raise Unsettled
        self._follow([number])
        before = 0
        while before != self._reach:
            before = self._reach
            for place, (reads, positive, negative) in enumerate(self.ties.constraints):
                if reads & self._reach and place not in self.bound:
                    self.bound.add(place)
                    self._follow(self._rest(positive, negative))
        if self._vague() or self._entangled():
            raise Entangled
        worlds = self._worlds()
        if worlds is not None:
            holds = worlds.holds(number)
            if not worlds.possible:
                raise Unsettled
            return False if not holds & worlds.possible else None if worlds.possible & ~holds else True
        run = self.glance.decided()
        found = run.state(number)
        if run.contradictory:
            raise Unsettled
        return found

    def _follow(self, atoms: list[int]) -> None:
        """Goes down to the open inputs and comparisons that open atoms still depend on."""
        rules, beside = self.ties.rules, self.ties.beside
        while atoms:
            atom = atoms.pop()
            if atom in self.open:
                continue
            self.open.add(atom)
            if atom in rules:
                for _, _, positive, negative in rules[atom]:
                    atoms += self._rest(positive, negative)
            else:
                self._reach |= 1 << atom
                atoms += [other for other in beside.get(atom, ()) if self.look(other) is None]

    def _rest(self, positive: tuple[int, ...], negative: tuple[int, ...]) -> list[int]:
        """The open literals of a body; none where one of its literals fails."""
        body = rest(self.look, positive, negative)
        return [] if body is None else [*body[0], *body[1]]

    def _vague(self) -> bool:
        """Whether the engine alone knows the answer to an open comparison."""
        return bool(self.look(0)) and any(self.look(-number) for number in self._compared())

    def _compared(self) -> list[int]:
        """The open comparisons."""
        return sorted(self.open & self.ties.points.keys())

    def _entangled(self) -> bool:
        """Whether open comparisons share an open point, so that not all combinations of their truths need be possible.

        Classes that an unknown code belongs to are the exception: their combinations are the same in every case. What
        reads an open list can be true or false whatever else is.
        """
        ties, sharing = self.ties, dict[Atom, list[int]]()
        for number in self._compared():
            opened = [point for point in ties.points[number] if self.look(point)]
            if ties.lists.isdisjoint(opened):
                for point in opened:
                    sharing.setdefault(point, []).append(number)
        return any(len(numbers) > 1 and not ties.plain.issuperset(numbers) for numbers in sharing.values())

    def _worlds(self) -> _Worlds | None:
        """All that the open inputs and comparisons can be together; None where that is too much to go through."""
        chosen: dict[tuple[int, ...], int] = {}  # inputs and comparisons that exclude each other: how many options
        total = 1
        for number in sorted(self.open - self.ties.rules.keys()):
            numbers, options = self.ties.options(number)
            if numbers not in chosen:
                chosen[numbers] = options
                total *= options
        if total > WORLDS:
            return None
        planes, stride, full = dict[int, int](), 1, (1 << total) - 1
        for numbers, options in chosen.items():
            every = full // ((1 << stride * options) - 1)
            for place, number in enumerate(numbers):
                planes[number] = (((1 << stride) - 1) << stride * place) * every
            stride *= options
        return _Worlds(self, planes, full)


class _Worlds:
    """What is open, evaluated in possible worlds, one bit for each."""

    def __init__(self, seen: Seen, planes: dict[int, int], full: int) -> None:
        self._seen, self._planes, self._full = seen, planes, full
        excluded = 0
        for place in seen.bound:
            _, positive, negative = seen.ties.constraints[place]
            excluded |= self._body(positive, negative)
        self.possible = full & ~excluded

    def holds(self, number: int) -> int:
        """The worlds in which an atom holds."""
        found = self._planes.get(number)
        if found is None:
            if number not in self._seen.open:
                return self._full if self._seen.look(number) else 0
            found = 0
            for _, _, positive, negative in self._seen.ties.rules[number]:
                found |= self._body(positive, negative)
            self._planes[number] = found
        return found

    def _body(self, positive: tuple[int, ...], negative: tuple[int, ...]) -> int:
        """The worlds in which a body holds."""
        found = self._full
        for number in positive:
            found &= found and self.holds(number)
        for number in negative:
            found &= found and ~self.holds(number)
        return found
