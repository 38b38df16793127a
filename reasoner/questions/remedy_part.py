"""The part of a ground program that changes can still decide: what is settled whatever is changed is taken out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from reasoner.ground import GroundProgram
from reasoner.residue import Body, Truth, rest

Known = Mapping[int, bool | None]


class Part(NamedTuple):
    """Open atoms with the bodies that could make them true, the open inputs and comparisons that these read, and the
    open constraints; ``truth`` is what is settled of the atoms that were asked about."""

    rules: dict[int, tuple[Body, ...]]
    leaves: frozenset[int]
    constraints: tuple[Body, ...]
    truth: dict[int, bool | None]


def decided(program: GroundProgram, known: Known, asked: Iterable[int]) -> Truth:
    """What is certain of all that the atoms ``asked`` and the constraints read, where ``known`` leaves open whatever
    can be changed; what only bodies that fail read counts as open."""
    tied = (number for true, false in program.constraints for number in (*true, *false))
    return evaluated(program.rules, known, (*asked, *tied)).get


def open_part(program: GroundProgram, truth: Truth, asked: Iterable[int]) -> Part:
    """What the atoms ``asked`` depend on."""
    asked = tuple(asked)
    rules, leaves = dict[int, tuple[Body, ...]](), set[int]()
    _reach(program, truth, asked, rules, leaves)
    still = (rest(truth, *body) for body in program.constraints)
    constraints, left = list[Body](), [body for body in still if body is not None and any(body)]
    while found := [body for body in left if not leaves.isdisjoint((*body[0], *body[1]))]:
        left = [body for body in left if body not in found]
        constraints += found
        _reach(program, truth, [n for true, false in found for n in (*true, *false)], rules, leaves)
    return Part(rules, frozenset(leaves), tuple(constraints), {atom: truth(atom) for atom in asked})


def _reach(
    program: GroundProgram, truth: Truth, start: Iterable[int], rules: dict[int, tuple[Body, ...]], leaves: set[int]
) -> None:
    """Adds the open atoms at and below ``start``."""
    stack = list(start)
    while stack:
        atom = stack.pop()
        if truth(atom) is not None or atom in rules or atom in leaves:
            continue
        if atom not in program.rules:
            leaves.add(atom)
            continue
        bodies = (rest(truth, true, false) for _, _, true, false in program.rules[atom])
        rules[atom] = tuple(body for body in bodies if body is not None)
        stack += [number for true, false in rules[atom] for number in (*true, *false)]


def evaluated(
    rules: Mapping[int, Sequence[tuple[Any, ...]]], truth: Known, asked: Iterable[int]
) -> dict[int, bool | None]:
    """The three-valued truth of some atoms and of all that they read; an atom that nothing can make true is false.

    The last two parts of each rule instance are its body.
    """
    known, stack = dict(truth), list(asked)
    while stack:
        atom = stack[-1]
        if atom in known:
            stack.pop()
            continue
        value: bool | None = False
        missing: list[int] = []
        for instance in rules.get(atom, ()):
            state, lacking = _held(known, instance[-2], instance[-1])
            if state is False:
                continue  # whatever else is in this body need not be known
            missing += lacking
            if not lacking:
                value = state
                if state:
                    break
        if missing and not value:
            stack += missing
        else:
            known[atom] = value
            stack.pop()
    return known


def _held(known: Known, true: Iterable[int], false: Iterable[int]) -> tuple[bool | None, list[int]]:
    """Whether a body holds by what is known, and what is not known yet if it does not fail."""
    held: bool | None = True
    lacking: list[int] = []
    for atoms, wanted in ((true, True), (false, False)):
        for n in atoms:
            if n not in known:
                lacking.append(n)
            elif (value := known[n]) is None:
                held = None
            elif value is not wanted:
                return False, []
    return held, lacking
