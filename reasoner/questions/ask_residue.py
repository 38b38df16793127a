"""What is still open on the way to some conclusions of a case: the part of its ground program that no fact decides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from reasoner.cast import Path
from reasoner.evaluate import Rails
from reasoner.facts import Inputs
from reasoner.ground import Atom, GroundProgram
from reasoner.terms import leaves

Body = tuple[tuple[int, ...], tuple[int, ...]]
"""The positive and the negative part of a rule or constraint."""
PAPER = 4  # the parts of the place of a paper that the file does not list


class Instance(NamedTuple):
    """A rule instance that may still hold: its source rule, and what is open of its positive and negative body."""

    rule: int
    positive: tuple[int, ...]
    negative: tuple[int, ...]


class Residue(NamedTuple):
    """The open part of a program: ``rules`` by atom, bodies before heads; the inputs and comparisons they end in.

    ``constraints`` are the bodies that would still exclude a case.
    """

    rules: dict[int, tuple[Instance, ...]]
    leaves: tuple[int, ...]
    constraints: tuple[Body, ...]


def residue(program: GroundProgram, rails: Rails, targets: Iterable[int]) -> Residue:
    """What is open on the way to the atoms ``targets``, and what constraints on possible cases tie to it."""
    walk = _Walk(program, rails)
    for target in targets:
        walk.add(target)
    waiting, found = list(program.constraints), list[Body]()
    while tied := [body for body in waiting if not (walk.done.isdisjoint(body[0]) and walk.done.isdisjoint(body[1]))]:
        waiting = [body for body in waiting if body not in tied]
        for body in filter(None, map(walk.open, tied)):
            found.append(body)
            for number in (*body[0], *body[1]):
                walk.add(number)
    return Residue(walk.rules, tuple(walk.leaves), tuple(found))


class _Walk:
    def __init__(self, program: GroundProgram, rails: Rails) -> None:
        self.program, self.rails = program, rails
        self.rules: dict[int, tuple[Instance, ...]] = {}
        self.leaves: dict[int, None] = {}
        self.done: set[int] = set()

    def add(self, target: int) -> None:
        """Adds an atom and everything open below it, which comes first."""
        stack = [(target, False)]
        while stack:
            atom, leaving = stack.pop()
            if leaving:
                self.rules[atom] = tuple(self._instances(atom))
            elif atom not in self.done and self.rails.truth(atom) is None:
                self.done.add(atom)
                if atom not in self.program.rules:
                    self.leaves[atom] = None
                    continue
                stack.append((atom, True))
                stack += [(n, False) for _, true, false in self._instances(atom) for n in (*true, *false)]

    def _instances(self, atom: int) -> Iterator[Instance]:
        for rule, _, positive, negative in self.program.rules[atom]:
            if (body := self.open((positive, negative))) is not None:
                yield Instance(rule, *body)

    def open(self, body: Body) -> Body | None:
        """What is open of a body; None when it cannot hold."""
        holds, fails = self.rails.holds, self.rails.fails
        true, false = body
        if any(fails[n] & 1 for n in true) or any(holds[n] & 1 for n in false):
            return None
        return tuple(n for n in true if not holds[n] & 1), tuple(n for n in false if not fails[n] & 1)


class Places:
    """Which places of a case file answer for what is open in a residue, and which inputs and points stand there.

    ``place`` is that of each open point, ``open_points`` are those that each comparison reads.
    """

    def __init__(self, program: GroundProgram, inputs: Inputs, leaves_: Iterable[int]) -> None:
        self.of: dict[int, tuple[Path, ...]] = {}
        self.inputs: dict[Path, list[int]] = {}
        self.points: dict[Path, list[Atom]] = {}
        self.place: dict[Atom, Path] = {}
        self.open_points: dict[int, tuple[Atom, ...]] = {}
        reader, known = inputs.reader, self.place
        for number in leaves_:
            comparison = program.comparisons.get(number)
            if comparison is None:
                place = reader.place(program.atoms[number])
                self.inputs.setdefault(place, []).append(number)
                self.of[number] = (place,)
                continue
            points = tuple(point for point in dict.fromkeys(leaves(comparison)) if point in inputs.open_points)
            for point in points:
                if point not in known:
                    known[point] = reader.place(point)
                    self.points.setdefault(known[point], []).append(point)
            self.open_points[number] = points
            self.of[number] = tuple(dict.fromkeys(known[point] for point in points))

    def __iter__(self) -> Iterator[Path]:
        return iter(dict.fromkeys([*self.inputs, *self.points]))

    def __contains__(self, place: Path) -> bool:
        return place in self.inputs or place in self.points

    @staticmethod
    def askable(place: Path) -> bool:
        """Whether a question can be put about a place: not about properties of a paper before it is known to be
        there."""
        return place[0] != "documents" or len(place) == PAPER
