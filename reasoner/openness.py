"""What is open in a case, as variables with finitely many options, and which of them can still change a result."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import NamedTuple, cast

from reasoner.cast import Path
from reasoner.cells import worlds
from reasoner.evaluate import Evaluator
from reasoner.facts import Inputs
from reasoner.ground import Atom
from reasoner.program import star
from reasoner.solve import Option

CELLS = 512  # most worlds of dates that share comparisons; beyond it their comparisons are free
COMBINATIONS = 1 << 13  # most combinations of options that are gone through one by one
SETTLING = 3  # the largest set of inputs that is tried for settling a result together


class Variable(NamedTuple):
    """Something open: the places in the case file that would settle it, and its options."""

    paths: tuple[Path, ...]
    options: tuple[Option, ...]

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


def variables(evaluator: Evaluator, inputs: Inputs, within: frozenset[int]) -> tuple[Variable, ...]:
    """Everything open among the atoms ``within``: open inputs by their place in the file, open dates by their cells."""
    program, reader = evaluator.program, inputs.reader
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
    return (*found, *_dates(evaluator, inputs, within))


def _dates(evaluator: Evaluator, inputs: Inputs, within: frozenset[int]) -> Iterable[Variable]:
    program, reader = evaluator.program, inputs.reader
    numbers = [n for n in program.comparisons if n in within and inputs.truth[n] is None]
    if not numbers:
        return
    atoms = [program.comparisons[number] for number in numbers]
    for group in worlds(atoms, inputs.calendar, tuple(inputs.open_points), limit=CELLS):
        paths = tuple(reader.place(cast(Atom, point)) for point in group.points)
        if group.cells:
            rows = dict.fromkeys(world.truth for world in group.cells)
            members = [numbers[index] for index in group.atoms]
            yield Variable(paths, tuple(dict(zip(members, row, strict=True)) for row in rows))
        for index in group.free_atoms:
            yield Variable(paths, ({numbers[index]: True}, {numbers[index]: False}))


def depends_on(evaluator: Evaluator, inputs: Inputs, results: Sequence[int]) -> tuple[Dependence, ...]:
    """The inputs that can still change which of the atoms ``results`` holds, those that settle it alone first."""
    relevant = variables(evaluator, inputs, _open_leaves(evaluator, inputs, results))
    total = 1
    for variable in relevant:
        total *= len(variable.options)
    sizes = (_exact if total <= COMBINATIONS else _alone)(evaluator, inputs, relevant, results)
    ordered = sorted(sizes, key=lambda item: (item[1] is None, item[1] or 0))
    answers: dict[Path, Dependence] = {}
    for variable, size in ordered:
        for path in variable.paths:
            answers.setdefault(path, Dependence(path, size))
    return tuple(answers.values())


def _open_leaves(evaluator: Evaluator, inputs: Inputs, results: Sequence[int]) -> frozenset[int]:
    """The open inputs and comparisons that are read by something still open on the way to a result."""
    rails, rules = evaluator.run(inputs.truth), evaluator.program.rules
    seen, stack, leaves = set(results), list(results), set[int]()
    while stack:
        atom = stack.pop()
        if rails.truth(atom) is not None:
            continue
        if atom not in rules:
            leaves.add(atom)
        for _, _, positive, negative in rules.get(atom, ()):
            if any(rails.fails[n] & 1 for n in positive) or any(rails.holds[n] & 1 for n in negative):
                continue  # this instance is out whatever is still open
            for other in (*positive, *negative):
                if other not in seen:
                    seen.add(other)
                    stack.append(other)
    return frozenset(leaves)


def _alone(
    evaluator: Evaluator, inputs: Inputs, found: Sequence[Variable], results: Sequence[int]
) -> list[tuple[Variable, int | None]]:
    """For each variable 1 when one of its options settles the results whatever else is open, else None."""
    sizes: list[tuple[Variable, int | None]] = []
    for variable in found:
        settled = False
        for option in variable.options:
            rails = evaluator.run({**inputs.truth, **option})
            settled = settled or all(rails.truth(result) is not None for result in results)
        sizes.append((variable, 1 if settled else None))
    return sizes


def _exact(
    evaluator: Evaluator, inputs: Inputs, found: Sequence[Variable], results: Sequence[int]
) -> list[tuple[Variable, int | None]]:
    """For each variable that makes a difference the size of its smallest settling set, by going through all
    combinations."""
    total = 1
    for variable in found:
        total *= len(variable.options)
    where: list[list[int]] = []  # for each variable and option: the combinations with that option, as bits
    varied: dict[int, int] = {}
    stride = 1
    for variable in found:
        count = len(variable.options)
        row = [_stripes(index * stride, stride, stride * count, total) for index in range(count)]
        where.append(row)
        for atom in variable.atoms:
            varied[atom] = sum(bits for bits, option in zip(row, variable.options, strict=True) if option.get(atom))
        stride *= count
    rails = evaluator.run(inputs.truth, total, varied)
    possible = rails.full & ~excluded(evaluator, rails.holds, rails.fails, rails.full)
    outcomes = [rails.holds[result] & possible for result in results]
    outcomes.append(possible & ~_union(outcomes))
    open_anyway = _union([possible & ~(rails.holds[r] | rails.fails[r]) for r in results])
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


def excluded(evaluator: Evaluator, holds: list[int], fails: list[int], full: int) -> int:
    """The worlds that a constraint on possible cases excludes for certain."""
    excluded = 0
    for positive, negative in evaluator.program.constraints:
        bits = full
        for number in positive:
            bits &= holds[number]
        for number in negative:
            bits &= fails[number]
        excluded |= bits
    return excluded


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
