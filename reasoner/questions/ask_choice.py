"""Which question decides most: how few answers together could settle an outcome, and in how many of its answers one
does so alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from reasoner.cast import Path
from reasoner.cells import worlds
from reasoner.program import star
from reasoner.questions.ask_goals import Goal
from reasoner.questions.ask_places import Places
from reasoner.residue import Bits, Residue

if TYPE_CHECKING:
    from reasoner.run import Run

NEVER = 1_000_000  # answers: more than any case has
CELLS = 64  # of one open value


class Candidate(NamedTuple):
    """A place that could be asked about: how many answers, this one among them, could settle a goal at least; which
    part of its answers does so alone, summed over the goals; and how many open inputs and comparisons it answers."""

    place: Path
    size: int
    settles: float
    answers: int


def ranked(run: Run, residue: Residue, places: Places, goals: Sequence[Goal], asked: Iterable[Path]) -> list[Candidate]:
    """The places ``asked`` about, the most decisive first."""
    sizes = _sizes(residue, places, goals)
    answers: dict[Path, int] = {}
    smallest: dict[Path, int] = {}
    for leaf, found in places.of.items():
        for place in found:
            answers[place] = answers.get(place, 0) + 1
            smallest[place] = min(smallest.get(place, NEVER), sizes.get(leaf, NEVER))
    candidates = list(asked)
    shares = _shares(run, residue, places, goals, candidates)
    listed = [
        Candidate(place, 1 if shares[place] else max(2, smallest[place]), shares[place], answers[place])
        for place in candidates
    ]
    return sorted(listed, key=lambda each: (each.size, -each.settles, -each.answers))


# -- the smallest sets of answers that settle a goal ---------------------------------------------------------------


def _sizes(residue: Residue, places: Places, goals: Sequence[Goal]) -> dict[int, int]:
    """For each open input and comparison the fewest answers, that to it among them, that could settle a goal.

    What is needed twice on the way is counted twice.
    """
    costs = _costs(residue, places)
    true: dict[int, int] = {}  # what else it takes, where the atom has to hold
    false: dict[int, int] = {}
    for goal in goals:
        for atom in (*goal.atoms, *goal.moot):
            if atom in costs:
                true[atom] = 0
    for atom in reversed(residue.rules):
        bodies = [
            [*((n, True) for n in positive), *((n, False) for n in negative)]
            for _, positive, negative in residue.rules[atom]
        ]
        if (rest := true.get(atom)) is not None:
            for body in bodies:
                total = sum(costs[n][not holds] for n, holds in body)
                for number, holds in body:
                    _lower(true if holds else false, number, rest + total - costs[number][not holds])
        if (rest := false.get(atom)) is not None:
            broken = [min(costs[n][holds] for n, holds in body) for body in bodies]
            for body, least in zip(bodies, broken, strict=True):
                for number, holds in body:
                    _lower(false if holds else true, number, rest + sum(broken) - least)
    return {
        leaf: min(true.get(leaf, NEVER), false.get(leaf, NEVER)) + costs[leaf][0]
        for leaf in residue.leaves
        if leaf in true or leaf in false
    }


def _lower(known: dict[int, int], number: int, value: int) -> None:
    known[number] = min(known.get(number, NEVER), value)


def _costs(residue: Residue, places: Places) -> dict[int, tuple[int, int]]:
    """How many answers make an atom true at least, and how many make it false."""
    costs = {leaf: (max(1, len(places.of[leaf])),) * 2 for leaf in residue.leaves}
    for atom, instances in residue.rules.items():
        holding, failing = NEVER, 0
        for _, positive, negative in instances:
            needed = [costs[n] for n in positive] + [costs[n][::-1] for n in negative]
            holding = min(holding, sum(cost[0] for cost in needed))
            failing += min((cost[1] for cost in needed), default=NEVER)
        costs[atom] = (min(holding, NEVER), min(failing, NEVER))
    return costs


# -- the answers that settle a goal alone --------------------------------------------------------------------------


def _shares(
    run: Run, residue: Residue, places: Places, goals: Sequence[Goal], asked: Sequence[Path]
) -> dict[Path, float]:
    """For each place the part of its answers that settles a goal alone, summed over the goals."""
    options = {place: list(_options(run, places, place)) for place in asked}
    total = sum(map(len, options.values()))
    full = (1 << total) - 1
    bits: dict[int, Bits] = dict.fromkeys(residue.leaves, (0, 0))
    index = 0
    for found in options.values():
        for option in found:
            for number, value in option.items():
                if number in bits:
                    holds, fails = bits[number]
                    bits[number] = (holds | value << index, fails | (not value) << index)
            index += 1
    residue.evaluate(bits, full)
    shares, start = dict[Path, float](), 0
    settled = [_settled(goal, bits, full) for goal in goals]
    for place, found in options.items():
        mask = ((1 << len(found)) - 1) << start
        shares[place] = sum((worlds & mask).bit_count() for worlds in settled) / max(1, len(found))
        start += len(found)
    return shares


def _settled(goal: Goal, bits: dict[int, Bits], full: int) -> int:
    found, none = 0, full
    for number in (*goal.atoms, *goal.moot):
        if number in bits:
            found |= bits[number][0]
            none &= bits[number][1]
    return found | none


def _options(run: Run, places: Places, place: Path) -> Iterator[dict[int, bool]]:
    """What each answer about a place makes true and false."""
    numbers = places.inputs.get(place, [])
    if numbers:
        atom = run.program.atoms[numbers[0]]
        entry = run.law.vocabulary[atom[0]]
        if entry.enumerated or entry.silence == "default":
            yield from ({n: n == chosen for n in numbers} for chosen in numbers)
            if len(run.law.choices.get(star(entry.path, atom), ())) > len(numbers):
                yield dict.fromkeys(numbers, False)
        else:
            for number in numbers:
                yield from ({number: True}, {number: False})
    points = places.points.get(place, [])
    own = [n for n, read in places.open_points.items() if read and set(read) <= set(points)]
    if own:
        atoms = [run.program.comparisons[number] for number in own]
        for group in worlds(atoms, run.inputs.calendar, points, limit=CELLS):
            for truth in dict.fromkeys(world.truth for world in group.cells):
                yield {own[i]: value for i, value in zip(group.atoms, truth, strict=True)}
            for i in group.free_atoms:
                yield from ({own[i]: True}, {own[i]: False})
