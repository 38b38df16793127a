"""What two versions decide differently: two days of application, two laws, or two readings.

Both stand over the same possible cases, so that finding no case in which they differ proves that they agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any, NamedTuple

from reasoner.engine import Engine
from reasoner.ground import Atom, GroundProgram, Shape
from reasoner.outcome import Outcome, outcome
from reasoner.quality.search import Answer, Witness, confirmed, shapes
from reasoner.quality.space import Side, Space
from reasoner.run import Run

Label = tuple[str, ...]
"""What is decided differently, whoever it is about: predicate, route, and what the predicate says of it."""


Pair = tuple[int | None, int | None]
"""The numbers of one atom in the two programs; None where it has none."""


class Version(NamedTuple):
    """A law, applied to applications of a day of its own (None: of the same day), with questions answered in its own
    way."""

    name: str
    engine: Engine
    applied: date | None = None
    readings: Mapping[str, str] = {}

    def side(self, program: GroundProgram, shape: Shape) -> Side:
        """This version as a side of the possible cases of a shape."""
        law, pinned, settled = self.engine.law, dict[Atom, date](), dict[Atom, bool]()
        applicants = [f"p{applicant}" for applicant, _ in shape.joins]
        for entry in law.entries:
            if self.applied is not None and entry.path.startswith("applications.{"):
                if entry.point and entry.path.endswith(".filed"):
                    pinned |= {(entry.name, applicant): self.applied for applicant in applicants}
                elif entry.path.count(".") == 1:
                    settled |= {(entry.name, applicant): True for applicant in applicants}
            if entry.silence == "default":
                for number in program.by_predicate.get(entry.name, ()):
                    atom = program.atoms[number]
                    if atom[1] in self.readings:
                        settled[atom] = self.readings[atom[1]] == atom[2]
        return Side(law, program, pinned, settled)


class Difference(NamedTuple):
    """Something that the versions decide differently, with the simplest case, and the provisions that only one of them
    relies on there."""

    labels: tuple[Label, ...]
    witness: Witness | None
    provisions: tuple[tuple[str, ...], tuple[str, ...]]
    outcomes: tuple[Outcome, Outcome] | None
    certain: bool


class Comparison(NamedTuple):
    """All differences; ``certain`` is False when for something neither a case nor its absence could be shown."""

    differences: tuple[Difference, ...]
    questions: int
    certain: bool


def compare(one: Version, other: Version, progress: Callable[[], object] = lambda: None) -> Comparison:
    """Where two versions differ on all possible cases, one difference for each set of provisions responsible."""
    found: dict[Any, Difference] = {}
    done: set[Label] = set()
    questions, certain = 0, True
    for shape in shapes(one.engine.law):
        if not shape.joins and (one.applied or other.applied):
            continue  # who joins nobody has no day of application
        programs = [version.engine.store.program(shape) for version in (one, other)]
        sides = [version.side(program, shape) for version, program in zip((one, other), programs, strict=True)]
        space = Space(sides, [program.shown for program in programs])
        goals = _goals(programs)
        asked = {label: space.either(_ways(space, pairs)) for label, pairs in goals.items()}
        left = [label for label in sorted(asked, key=_rank) if label not in done]
        while left:
            progress()
            questions += 1
            held = space.holding([space.either([asked[label]] for label in left)], asked.values())
            if held is None:
                certain = certain and space.complete
                break
            label = next(label for label in left if asked[label] in held)
            shown = partial(_differs, pairs=goals[label])
            small = Space(sides, [[n for n in side if n is not None] for side in zip(*goals[label], strict=True)])
            goal = small.either(_ways(small, goals[label]))
            answer = confirmed(small, shape, [goal], [one.engine, other.engine], shown)
            if answer.witness is None:
                done.add(label)
                certain = certain and answer.certain
            else:
                difference = _difference(answer, goals, shape)
                done |= {label, *difference.labels}
                found.setdefault((difference.provisions, difference.labels[:1]), difference)
            left = [label for label in left if label not in done]
    return Comparison(tuple(found.values()), questions, certain)


def _rank(label: Label) -> tuple[int, Label]:
    order = ("eligible", "not_eligible", "discretionary", "condition", "document", "complete", "incomplete")
    return (order.index(label[0]) if label[0] in order else len(order), label)


def _goals(programs: Sequence[GroundProgram]) -> dict[Label, list[Pair]]:
    """For each label the atoms of the two programs concerned."""
    goals: dict[Label, list[Pair]] = {}
    one, other = programs
    atoms = dict.fromkeys([*(one.atoms[n] for n in one.shown), *(other.atoms[n] for n in other.shown)])
    for atom in atoms:
        if atom[0] in ("relevant", "effect_date", "deadline"):
            continue  # what a page shows and the days it computes differ whenever anything else does
        pair = one.number.get(atom), other.number.get(atom)
        goals.setdefault((str(atom[0]), *map(str, atom[2:])), []).append(pair)
    return goals


def _ways(space: Space, pairs: Iterable[Pair]) -> Iterator[list[int]]:
    """The ways in which one of the atoms can be true on one side alone."""
    for pair in pairs:
        first, second = (
            space.literal(side, number) if number is not None else space.never for side, number in enumerate(pair)
        )
        yield from ([first, -second], [-first, second])


def _differs(runs: Sequence[Run], pairs: Iterable[Pair]) -> bool:
    states = ([run.state(n) if n is not None else False for run, n in zip(runs, pair, strict=True)] for pair in pairs)
    return any(None not in pair and pair[0] != pair[1] for pair in states)


def _difference(answer: Answer, goals: Mapping[Label, list[Pair]], shape: Shape) -> Difference:
    """What differs in the case that was found, what carries it on each side, and the outcomes concerned."""
    if answer.witness is None:
        return Difference((), None, ((), ()), None, False)
    runs = []
    for decision in answer.witness.decisions:
        runs.append(next(run for run in decision.runs if run.cast.shape == shape))
    labels = [label for label, pairs in goals.items() if _differs(runs, pairs)]
    labels.sort(key=_rank)
    pairs = [pair for pair in goals[labels[0]] if _differs(runs, [pair])]
    cited: list[set[str]] = [set(), set()]
    for label in labels:
        for pair in goals[label]:
            if _differs(runs, [pair]):
                for side, (run, number) in enumerate(zip(runs, pair, strict=True)):
                    if number is not None:
                        cited[side] |= set(run.thorough.provisions(number))
    only = tuple(tuple(sorted(cited[side] - cited[1 - side])) for side in (0, 1))
    number = next(n for n in pairs[0] if n is not None)
    run = runs[0] if pairs[0][0] is not None else runs[1]
    _, person, route, *_ = run.program.atoms[number]
    return Difference(tuple(labels), answer.witness, (only[0], only[1]), _outcomes(runs, person, route), True)


def _outcomes(runs: Sequence[Run], person: str, route: str) -> tuple[Outcome, Outcome] | None:
    found = []
    for run in runs:
        regime = next((str(regime) for name, regime in run.law.table("route") if name == route), None)
        if regime is None:
            return None
        found.append(outcome(run, person, route, regime))
    return found[0], found[1]


def differences(comparison: Comparison) -> Iterator[Difference]:
    """The differences, results before what goes with them."""
    yield from sorted(comparison.differences, key=lambda each: _rank(each.labels[0]) if each.labels else (99, ()))
