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
from reasoner.terms import leaves

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
        answered = frozenset(atom for atom in settled if law.vocabulary[atom[0]].silence == "default")
        return Side(law, program, pinned, settled, answered)


class Difference(NamedTuple):
    """What the versions decide differently, with the simplest case and the provisions responsible."""

    labels: tuple[Label, ...]
    witness: Witness | None
    provisions: tuple[str, ...]
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
        space.add(*_same_calendar(space))
        goals = _goals(programs)
        asked = {label: space.either(_ways(space, pairs)) for label, pairs in goals.items()}
        left = [label for label in sorted(asked, key=_rank) if label not in done]
        while left:
            progress()
            questions += 1
            tier = [
                label for label in left if _rank(label)[0] == _rank(left[0])[0]
            ]  # results first, then their reasons
            held = space.holding([space.either([asked[label]] for label in tier)], asked.values())
            if held is None:
                certain = certain and space.complete
                left = [label for label in left if label not in tier]
                continue
            label = next(label for label in left if asked[label] in held)
            shown = partial(_differs, pairs=goals[label])
            small = Space(sides, [[n for n in side if n is not None] for side in zip(*goals[label], strict=True)])
            small.add(*_same_calendar(small))
            goal = small.either(_ways(small, goals[label]))
            answer = confirmed(small, shape, [goal], [one.engine, other.engine], shown)
            if answer.witness is None:
                done.add(label)
                certain = certain and answer.certain
            else:
                difference = _difference(answer, label, goals[label], shape)
                done.add(label)
                key = difference.provisions
                if key in found:
                    difference = found[key]._replace(labels=(*found[key].labels, label))
                found[key] = difference
            left = [label for label in left if label not in done]
    return Comparison(tuple(found.values()), questions, certain)


def _same_calendar(space: Space) -> Iterator[tuple[None, list[int]]]:
    """Two days of application differ as days too: somebody comes of age between them. What is compared is the law, so
    only comparisons with the dates of the law may be answered differently on the two days."""
    one, other = (side.pinned for side in space.sides)
    if not (one or other) or one == other:
        return
    for comparison in {c for side in space.sides for c in side.program.comparisons.values() if side.pinned}:
        if len(set(leaves(comparison))) > 1:
            answers = [space.comparison(side, comparison) for side in (0, 1)]
            if None not in answers and answers[0] != answers[1]:
                first, second = (each or 0 for each in answers)
                yield from ((None, [first, -second]), (None, [-first, second]))


def _rank(label: Label) -> tuple[int, int, Label]:
    tier = next((number for number, names in enumerate(_TIERS) if label[0] in names), len(_TIERS))
    return tier, _TIERS[tier].index(label[0]) if tier < len(_TIERS) else 0, label


_TIERS = (("eligible", "not_eligible", "discretionary"), ("condition",), ("document", "complete", "incomplete"))


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


def _difference(answer: Answer, label: Label, pairs: Sequence[Pair], shape: Shape) -> Difference:
    """What a case shows: the outcomes on both sides, and the provisions that carry the difference."""
    assert answer.witness is not None
    runs = [next(r for r in each.runs if r.cast.shape == shape) for each in answer.witness.decisions]
    pair = next(pair for pair in pairs if _differs(runs, [pair]))
    number = next(number for number in pair if number is not None)
    _, person, route, *_ = runs[0 if pair[0] is not None else 1].program.atoms[number]
    cited = [
        set[str]() if number is None else set(run.thorough.provisions(number))
        for run, number in zip(runs, pair, strict=True)
    ]
    return Difference((label,), answer.witness, _responsible(cited, runs, person), _outcomes(runs, person, route), True)


def _responsible(cited: Sequence[set[str]], runs: Sequence[Run], person: str) -> tuple[str, ...]:
    """The provisions behind a difference: of those that either side relies on the ones in force on one side only, or
    with other rules there, or open to two readings that are answered differently; else all that one side alone names.
    """
    named, (one, other) = cited[0] | cited[1], runs
    in_force = [{p for p in named if _holds(run, ("in_force", p, person))} for run in runs]
    if different := in_force[0] ^ in_force[1]:
        return tuple(sorted(different))
    texts = [{p: [r.text for r in run.law.provision_rules.get(p, ())] for p in named} for run in runs]
    rows = [{p: _rows(run, p) for p in named} for run in runs]
    changed = {p for p in named if texts[0][p] != texts[1][p] or rows[0][p] != rows[1][p]}
    readings = {
        str(p) for question, p in one.law.table("reading_of") if _answers(one, question) != _answers(other, question)
    }
    return tuple(sorted(changed or named & readings or cited[0] ^ cited[1]))


def _holds(run: Run, atom: Atom) -> bool:
    number = run.program.number.get(atom)
    return number is not None and run.state(number) is True


def _rows(run: Run, provision: str) -> list[Any]:
    """What the tables say of a provision."""
    return [(name, row) for name, rows in run.law.facts.items() for row in rows if provision in row]


def _answers(run: Run, question: Any) -> list[Any]:
    return [atom for atom in run.program.atoms.values() if atom[:2] == ("reading", question) and _holds(run, atom)]


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
    yield from sorted(comparison.differences, key=lambda each: _rank(each.labels[0]) if each.labels else (99, 0, ()))
