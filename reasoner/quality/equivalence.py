"""Which variants of the law are the law in other words: no case of a shape can tell them apart.

What is proved here needs no search. A variant changes the rule instances of some conclusions; where what they say
beyond what is settled by the shape itself stays the same, nothing changes, and where it does not, what is concluded
from there is followed up to what a decision shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

from reasoner.ground import Instance
from reasoner.quality.worlds import Worlds

Truth = Callable[[int], bool | None]
Meaning = frozenset[tuple[tuple[str, ...], frozenset[tuple[int, bool]]]]
"""What the rule instances of an atom say: the provisions named, and the literals that are not settled."""


@cache
def unobservable(worlds: Worlds, *, citations: bool = True) -> int:
    """The variants (bits) that decide every case of a shape as the law does.

    With ``citations`` only those that name the same provisions, too.
    """
    settled = _settled(worlds)
    changed: dict[int, set[int]] = {}
    for atom, listed in worlds.grouped.items():
        law = _meaning(worlds, listed[0], settled, citations)
        for world, instances in listed.items():
            if _meaning(worlds, instances, settled, citations) != law:
                changed.setdefault(world, set()).add(atom)
    found = worlds.full & ~1
    for world, atoms in changed.items():
        if _seen(worlds, world, atoms, settled):
            found &= ~(1 << world)
    return found & ~worlds.circular


def varying(worlds: Worlds) -> frozenset[str]:
    """The predicates that differ from case to case of a shape."""
    settled = _settled(worlds)
    return frozenset(atom[0] for number, atom in worlds.program.atoms.items() if settled(number) is None)


@cache
def _settled(worlds: Worlds) -> Truth:
    """What is true or false of an atom in the law whatever the facts."""
    return worlds.run(dict.fromkeys((*worlds.program.inputs, *worlds.program.comparisons))).truth


def _literals(instance: Instance) -> list[tuple[int, bool]]:
    return [(n, True) for n in instance[2]] + [(n, False) for n in instance[3]]


def _meaning(worlds: Worlds, instances: Iterable[Instance], settled: Truth, citations: bool) -> Meaning:
    found = []
    for instance in instances:
        values = [(number, wanted, settled(number)) for number, wanted in _literals(instance)]
        if not any(value is not None and value is not wanted for _, wanted, value in values):
            body = frozenset((number, wanted) for number, wanted, value in values if value is None)
            found.append((worlds.variants.named(instance) if citations else (), body))
    # What asks for more than another that names the same says nothing new.
    return frozenset(
        (named, body) for named, body in found if not any(n == named and other < body for n, other in found)
    )


def _seen(worlds: Worlds, world: int, atoms: set[int], settled: Truth) -> bool:
    """Whether a change of some conclusions can reach what a decision shows."""
    affected, fresh = set(atoms), set(atoms)
    while fresh:
        if any(worlds.visible(atom, world) for atom in fresh):
            return True
        readers = set().union(*(worlds.readers.get(atom, ()) for atom in fresh)) - affected
        fresh = {atom for atom in readers if _reads(worlds, world, atom, affected, settled)}
        affected |= fresh
    return False


def _reads(worlds: Worlds, world: int, atom: int, affected: set[int], settled: Truth) -> bool:
    """Whether a rule instance of an atom reads one that is affected, and is not out for another reason."""
    listed = worlds.grouped[atom]
    for instance in {*listed[0], *listed.get(world, ())}:
        literals = _literals(instance)
        if any(number in affected for number, _ in literals) and not any(
            settled(number) is not None and settled(number) is not wanted and number not in affected
            for number, wanted in literals
        ):
            return True
    return False
