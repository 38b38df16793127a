"""What is open in a case, as variables with finitely many options, and which of them can still change a result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple, cast

from reasoner.cast import Path
from reasoner.cells import worlds
from reasoner.facts import Inputs
from reasoner.ground import Atom, GroundProgram
from reasoner.program import star
from reasoner.residue import Bits, Residue, Truth, residue
from reasoner.solve import Option
from reasoner.terms import leaves

CELLS = 512  # most worlds of dates that share comparisons; beyond it their comparisons are free
COMBINATIONS = 1 << 13  # most combinations of options that are gone through one by one
SETTLING = 3  # the largest set of inputs that is tried for settling a result together


class Variable(NamedTuple):
    """Something open: the places in the case file that would settle it, and its options.

    It is ``coarse`` where there are too many worlds for them to be its options: combinations of coarse variables need
    not be possible.
    """

    paths: tuple[Path, ...]
    options: tuple[Option, ...]
    coarse: bool = False

    @property
    def atoms(self) -> frozenset[int]:
        """The inputs and comparisons that its options settle."""
        return frozenset(atom for option in self.options for atom in option)


class Dependence(NamedTuple):
    """An input that can still change a result: its place, and the size of the smallest set with it that settles the
    result.

    ``size`` is 1 when it settles the result alone, and None when no set that was tried does.
    """

    path: Path
    size: int | None


def variables(program: GroundProgram, inputs: Inputs, within: frozenset[int]) -> tuple[Variable, ...]:
    """Everything open among the atoms ``within``: open inputs by their place in the file, open dates by their cells."""
    reader = inputs.reader
    by_path: dict[Path, list[int]] = {}
    values: dict[Path, int] = {}  # how many values the vocabulary has for what stands at a place
    for number in program.inputs:
        if inputs.truth[number] is None and number in within:
            atom = program.atoms[number]
            entry = reader.law.vocabulary[atom[0]]
            path = reader.place(atom)
            by_path.setdefault(path, []).append(number)
            if entry.enumerated or entry.silence == "default":
                values[path] = len(reader.law.choices.get(star(entry.path, atom), ()))
    found = []
    for path, numbers in by_path.items():
        options: tuple[Option, ...] = ({numbers[0]: True}, {numbers[0]: False})
        if path in values:
            options = tuple({n: n == chosen for n in numbers} for chosen in numbers)
            if values[path] > len(numbers):
                options += (dict.fromkeys(numbers, False),)  # a value that nothing open reads
        found.append(Variable((path,), options))
    return (*found, *_dates(program, inputs, within))


def _dates(program: GroundProgram, inputs: Inputs, within: frozenset[int]) -> Iterable[Variable]:
    reader = inputs.reader
    numbers = [n for n in program.comparisons if n in within and inputs.truth[n] is None]
    if not numbers:
        return
    atoms = [program.comparisons[number] for number in numbers]
    read = {point for atom in atoms for point in leaves(atom)}
    for group in worlds(atoms, inputs.calendar, [p for p in inputs.open_points if p in read], limit=CELLS):
        paths = tuple(reader.place(cast(Atom, point)) for point in group.points)
        if group.cells:
            rows = dict.fromkeys(world.truth for world in group.cells)
            members = [numbers[index] for index in group.atoms]
            yield Variable(paths, tuple(dict(zip(members, row, strict=True)) for row in rows))
        for index in group.free_atoms:
            yield Variable(paths, ({numbers[index]: True}, {numbers[index]: False}), group.too_many)


def depends_on(program: GroundProgram, inputs: Inputs, truth: Truth, results: Sequence[int]) -> tuple[Dependence, ...]:
    """The inputs that can still change which of the atoms ``results`` holds, those that settle it alone first.

    ``truth`` is what is certain of any atom.
    """
    part = residue(program, truth, results)
    relevant = variables(program, inputs, frozenset(part.leaves) - part.tied)
    total = 1
    for variable in relevant:
        total *= len(variable.options)
    known = {result: value for result in results if (value := truth(result)) is not None}
    sizes = (_exact if total <= COMBINATIONS else _alone)(part, relevant, results, known)
    ordered = sorted(sizes, key=lambda item: (item[1] is None, item[1] or 0))
    answers: dict[Path, Dependence] = {}
    for variable, size in ordered:
        for path in variable.paths:
            answers.setdefault(path, Dependence(path, size))
    return tuple(answers.values())


def _evaluated(part: Residue, leaves: dict[int, Bits], full: int, known: Mapping[int, bool]) -> dict[int, Bits]:
    """The worlds of every atom, from those of some leaves; the others are open."""
    bits = dict.fromkeys(part.leaves, (0, 0)) | leaves
    part.evaluate(bits, full)
    return bits | {atom: (full, 0) if value else (0, full) for atom, value in known.items()}


def _alone(
    part: Residue, found: Sequence[Variable], results: Sequence[int], known: Mapping[int, bool]
) -> list[tuple[Variable, int | None]]:
    """For each variable 1 when one of its options settles the results whatever else is open, else None."""
    worlds = [option for variable in found for option in variable.options]
    leaves: dict[int, Bits] = {}
    for world, option in enumerate(worlds):
        for atom, value in option.items():
            holds, fails = leaves.get(atom, (0, 0))
            leaves[atom] = (holds | value << world, fails | (not value) << world)
    settled = full = (1 << len(worlds)) - 1
    bits = _evaluated(part, leaves, full, known)
    for holds, fails in (bits[result] for result in results):
        settled &= holds | fails
    sizes: list[tuple[Variable, int | None]] = []
    for variable in found:
        sizes.append((variable, 1 if settled & ((1 << len(variable.options)) - 1) else None))
        settled >>= len(variable.options)
    return sizes


def _exact(
    part: Residue, found: Sequence[Variable], results: Sequence[int], known: Mapping[int, bool]
) -> list[tuple[Variable, int | None]]:
    """For each variable that makes a difference the size of its smallest settling set, by going through all
    combinations."""
    total = 1
    for variable in found:
        total *= len(variable.options)
    full = (1 << total) - 1
    where: list[list[int]] = []  # for each variable and option: the combinations with that option, as bits
    leaves: dict[int, Bits] = {}
    stride = 1
    for variable in found:
        count = len(variable.options)
        row = [_stripes(index * stride, stride, stride * count, total) for index in range(count)]
        where.append(row)
        for atom in variable.atoms:
            holds = sum(bits for bits, option in zip(row, variable.options, strict=True) if option.get(atom))
            leaves[atom] = (holds, full & ~holds)
        stride *= count
    bits = _evaluated(part, leaves, full, known)
    possible = full & ~part.excluded(bits, full)[0]
    outcomes = [bits[result][0] & possible for result in results]
    outcomes.append(possible & ~_union(outcomes))
    open_anyway = _union([possible & ~(bits[r][0] | bits[r][1]) for r in results])
    sizes: list[tuple[Variable, int | None]] = []
    for index, variable in enumerate(found):
        if open_anyway or _changes(where, index, outcomes, total, found):
            sizes.append((variable, _smallest(where, index, outcomes, possible, open_anyway)))
    return sizes


def _stripes(start: int, width: int, period: int, total: int) -> int:
    """Bits ``start`` to ``start + width`` of every period, up to ``total`` bits."""
    block = ((1 << width) - 1) << start
    length = period
    while length < total:
        block |= block << length
        length *= 2
    return block & ((1 << total) - 1)


def _union(masks: Iterable[int]) -> int:
    total = 0
    for mask in masks:
        total |= mask
    return total


def _changes(where: list[list[int]], index: int, outcomes: list[int], total: int, found: Sequence[Variable]) -> bool:
    """Whether two possible combinations that differ in this variable alone have different outcomes."""
    stride = 1
    for variable in found[:index]:
        stride *= len(variable.options)
    count = len(where[index])
    for first, second in combinations(range(count), 2):
        shift = (second - first) * stride
        for outcome in outcomes:
            at_first = outcome & where[index][first]
            others = _union(o for o in outcomes if o is not outcome) & where[index][second]
            if (at_first << shift) & others:
                return True
    return False


def _smallest(where: list[list[int]], index: int, outcomes: list[int], possible: int, open_anyway: int) -> int | None:
    others = [i for i in range(len(where)) if i != index]
    for size in range(1, min(SETTLING, len(where)) + 1):
        for group in combinations(others, size - 1):
            if _settles(where, (index, *group), possible, outcomes, open_anyway):
                return size
    return None


def _settles(where: list[list[int]], group: tuple[int, ...], mask: int, outcomes: list[int], open_anyway: int) -> bool:
    """Whether some options of the variables in ``group`` leave a single outcome."""
    if not group:
        return bool(mask) and not mask & open_anyway and sum(1 for outcome in outcomes if outcome & mask) == 1
    return any(_settles(where, group[1:], mask & bits, outcomes, open_anyway) for bits in where[group[0]])
