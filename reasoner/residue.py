"""The open part of a ground program: what no fact of a case settles on the way to some conclusions.

It is small beside the program, so that what open facts can bring about is worked out on it alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from reasoner.ground import GroundProgram

Body = tuple[tuple[int, ...], tuple[int, ...]]
"""The positive and the negative part of a rule or constraint."""
Bits = tuple[int, int]
"""The worlds in which something certainly holds, and those in which it certainly does not."""
Truth = Callable[[int], bool | None]


class Instance(NamedTuple):
    """A rule instance that may still hold: its source rule, and what is open of its positive and negative body."""

    rule: int
    positive: tuple[int, ...]
    negative: tuple[int, ...]


class Residue(NamedTuple):
    """The open part of a program: ``rules`` by atom, bodies before heads; the inputs and comparisons they end in.

    ``constraints`` are the bodies that would still exclude a case. What only these read is ``tied``.
    """

    rules: dict[int, tuple[Instance, ...]]
    leaves: tuple[int, ...]
    constraints: tuple[Body, ...]
    tied: frozenset[int]

    def evaluate(self, bits: dict[int, Bits], full: int) -> None:
        """Adds to the worlds of the leaves those of every other atom."""
        for atom, instances in self.rules.items():
            true, false = 0, full
            for _, positive, negative in instances:
                body, broken = full, 0
                for number in positive:
                    holds, fails = bits[number]
                    body &= holds
                    broken |= fails
                for number in negative:
                    holds, fails = bits[number]
                    body &= fails
                    broken |= holds
                true |= body
                false &= broken
            bits[atom] = true, false

    def excluded(self, bits: dict[int, Bits], full: int) -> Bits:
        """The worlds that a constraint excludes for certain, and those that none can exclude."""
        out, kept = 0, full
        for positive, negative in self.constraints:
            body, broken = full, 0
            for holds, fails in [bits[n] for n in positive] + [bits[n][::-1] for n in negative]:
                body &= holds
                broken |= fails
            out |= body
            kept &= broken
        return out, kept


def residue(program: GroundProgram, truth: Truth, targets: Iterable[int]) -> Residue:
    """What is open on the way to the atoms ``targets``, and what constraints on possible cases tie to it; ``truth`` is
    what is certain of any atom."""
    walk = _Walk(program, truth)
    for target in targets:
        walk.add(target)
    own, found = frozenset(walk.leaves), list[Body]()
    waiting = [(body, _leaves(program, truth, body)) for body in _open_constraints(program, truth)]
    while tied := [(body, read) for body, read in waiting if not walk.leaves.keys().isdisjoint(read)]:
        waiting = [each for each in waiting if each not in tied]
        for body, _ in tied:
            found.append(body)
            for number in (*body[0], *body[1]):
                walk.add(number)
    return Residue(walk.rules, tuple(walk.leaves), tuple(found), frozenset(walk.leaves.keys() - own))


def constrained(program: GroundProgram, truth: Truth) -> Residue | None:
    """What is open in all constraints on possible cases; None when one of them excludes the case for certain."""
    walk, found = _Walk(program, truth), list[Body]()
    for body in _open_constraints(program, truth):
        if body == ((), ()):
            return None
        found.append(body)
        for number in (*body[0], *body[1]):
            walk.add(number)
    return Residue(walk.rules, tuple(walk.leaves), tuple(found), frozenset(walk.leaves))


def rest(truth: Truth, positive: Iterable[int], negative: Iterable[int]) -> Body | None:
    """What is open of a body; None when it cannot hold."""
    true, false = [], []
    for number in positive:
        if (value := truth(number)) is None:
            true.append(number)
        elif not value:
            return None
    for number in negative:
        if (value := truth(number)) is None:
            false.append(number)
        elif value:
            return None
    return tuple(true), tuple(false)


def _open_constraints(program: GroundProgram, truth: Truth) -> Iterator[Body]:
    return (body for given in program.constraints if (body := rest(truth, *given)) is not None)


def _leaves(program: GroundProgram, truth: Truth, body: Body) -> frozenset[int]:
    """The open inputs and comparisons behind a constraint."""
    if program.rules.keys().isdisjoint((*body[0], *body[1])):
        return frozenset((*body[0], *body[1]))
    walk = _Walk(program, truth)
    for number in (*body[0], *body[1]):
        walk.add(number)
    return frozenset(walk.leaves)


class _Walk:
    def __init__(self, program: GroundProgram, truth: Truth) -> None:
        self.program, self.truth = program, truth
        self.rules: dict[int, tuple[Instance, ...]] = {}
        self.leaves: dict[int, None] = {}
        self.done: set[int] = set()

    def add(self, target: int) -> None:
        """Adds an atom and everything open below it, which comes first."""
        stack: list[tuple[int, tuple[Instance, ...] | None]] = [(target, None)]
        done, truth, rules = self.done, self.truth, self.program.rules
        while stack:
            atom, instances = stack.pop()
            if instances is not None:
                self.rules[atom] = instances
            elif atom not in done and truth(atom) is None:
                done.add(atom)
                if atom not in rules:
                    self.leaves[atom] = None
                    continue
                instances = tuple(self._instances(atom))
                stack.append((atom, instances))
                stack += [(n, None) for _, true, false in instances for n in (*true, *false)]

    def _instances(self, atom: int) -> Iterator[Instance]:
        for rule, _, positive, negative in self.program.rules[atom]:
            if (body := rest(self.truth, positive, negative)) is not None:
                yield Instance(rule, *body)
