"""The part of a ground program that changes can still decide: what is settled whatever is changed is taken out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from reasoner.ground import GroundProgram

Body = tuple[tuple[int, ...], tuple[int, ...]]
"""Atoms that have to hold, and atoms that must not."""
Truth = Mapping[int, bool | None]


class Part(NamedTuple):
    """Open atoms with the bodies that could make them true, the open inputs and comparisons that these read, and the
    open constraints; ``truth`` is what is settled of the atoms that were asked about."""

    rules: dict[int, tuple[Body, ...]]
    leaves: frozenset[int]
    constraints: tuple[Body, ...]
    truth: dict[int, bool | None]


def open_part(program: GroundProgram, truth: Truth, asked: Iterable[int]) -> Part:
    """What the atoms ``asked`` depend on, where ``truth`` leaves open whatever can be changed."""
    asked = tuple(asked)
    tied = (number for true, false in program.constraints for number in (*true, *false))
    known = evaluated(program.rules, truth, (*asked, *tied))
    rules, leaves = dict[int, tuple[Body, ...]](), set[int]()
    _reach(program, known, asked, rules, leaves)
    rest = (_rest(known, *body) for body in program.constraints)
    constraints, left = list[Body](), [body for body in rest if body is not None and any(body)]
    while found := [body for body in left if not leaves.isdisjoint((*body[0], *body[1]))]:
        left = [body for body in left if body not in found]
        constraints += found
        _reach(program, known, [n for true, false in found for n in (*true, *false)], rules, leaves)
    return Part(rules, frozenset(leaves), tuple(constraints), {atom: known[atom] for atom in asked})


def _reach(
    program: GroundProgram, known: Truth, start: Iterable[int], rules: dict[int, tuple[Body, ...]], leaves: set[int]
) -> None:
    """Adds the open atoms at and below ``start``."""
    stack = list(start)
    while stack:
        atom = stack.pop()
        if known[atom] is not None or atom in rules or atom in leaves:
            continue
        if atom not in program.rules:
            leaves.add(atom)
            continue
        bodies = (_rest(known, true, false) for _, _, true, false in program.rules[atom])
        rules[atom] = tuple(body for body in bodies if body is not None)
        stack += [number for true, false in rules[atom] for number in (*true, *false)]


def _rest(known: Truth, true: Iterable[int], false: Iterable[int]) -> Body | None:
    """What is open of a body; None when it cannot hold."""
    if any(known[n] is False for n in true) or any(known[n] is True for n in false):
        return None
    return tuple(n for n in true if known[n] is None), tuple(n for n in false if known[n] is None)


def evaluated(
    rules: Mapping[int, Sequence[tuple[Any, ...]]], truth: Truth, asked: Iterable[int]
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
        bodies = [instance[-2:] for instance in rules.get(atom, ())]
        if missing := [n for true, false in bodies for n in (*true, *false) if n not in known]:
            stack += missing
            continue
        stack.pop()
        value: bool | None = False
        for true, false in bodies:
            states = {known[n] for n in true} | {None if (state := known[n]) is None else not state for n in false}
            if False not in states:
                value = None if None in states else True
                if value:
                    break
        known[atom] = value
    return known
