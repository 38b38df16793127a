"""What two versions decide differently: two days of application, two laws, or two readings.

Both stand over the same possible cases, so that finding no case in which they differ proves that they agree.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import chain
from typing import Any, NamedTuple

from reasoner.engine import Engine
from reasoner.ground import Atom, GroundProgram, Shape
from reasoner.outcome import Outcome, outcome
from reasoner.quality.search import Answer, Witness, confirmed, renamed, shapes
from reasoner.quality.space import Side, Space
from reasoner.run import Run
from reasoner.terms import leaves

_DATED = re.compile(r"\bin_force_(?:from|until)\((\w+),")

Label = tuple[str, ...]
"""What is decided differently, whoever it is about: predicate, route, and what the predicate says of it."""


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
    witness: Witness
    provisions: tuple[str, ...]
    outcomes: tuple[Outcome, Outcome] | None


class Comparison(NamedTuple):
    """All differences; ``certain`` is False when for something neither a case nor its absence could be shown."""

    differences: tuple[Difference, ...]
    questions: int
    certain: bool


def compare(
    one: Version, other: Version, progress: Callable[[], object] = lambda: None, regime: str | None = None
) -> Comparison:
    """Where two versions differ on all possible cases, one difference for each set of provisions responsible.

    With a ``regime`` only what it decides is compared.
    """
    laws = (one.engine.law, other.engine.law)
    others = {str(route) for law in laws for route, own in law.table("route") if regime not in (None, own)}
    found: dict[Any, Difference] = {}
    done: set[Label] = set()
    questions, certain = 0, True
    for shape in shapes(*laws, regime=regime):
        if not shape.joins and (one.applied or other.applied):
            continue  # who joins nobody has no day of application
        programs = [version.engine.store.program(shape) for version in (one, other)]
        sides = [version.side(program, shape) for version, program in zip((one, other), programs, strict=True)]
        goals = {label: atoms for label, atoms in _goals(programs).items() if label[1] not in others}
        space = Space(sides, _targets(programs, chain.from_iterable(goals.values())))
        space.add(*_same_calendar(space))
        asked = {label: space.either(_ways(space, programs, atoms)) for label, atoms in goals.items()}
        left = [label for label in sorted(asked, key=_rank) if label not in done]
        while left:
            progress()
            questions += 1
            # Results come first, then their reasons.
            tier = [label for label in left if _rank(label)[0] == _rank(left[0])[0]]
            held = space.holding([space.either([asked[label]] for label in tier)], asked.values())
            if held is None:
                certain = certain and space.complete
                left = [label for label in left if label not in tier]
                continue
            label = next(label for label in left if asked[label] in held)
            answer = _shown(sides, programs, goals[label], shape, [one.engine, other.engine])
            done.add(label)
            certain = certain and (answer.witness is not None or answer.certain)
            if answer.witness is not None:
                difference = _difference(answer.witness, label, goals[label])
                if (key := difference.provisions) in found:
                    difference = found[key]._replace(labels=(*found[key].labels, label))
                found[key] = difference
            left.remove(label)
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


def _goals(programs: Sequence[GroundProgram]) -> dict[Label, list[Atom]]:
    """For each label the atoms concerned."""
    goals: dict[Label, list[Atom]] = {}
    one, other = programs
    for atom in dict.fromkeys([*(one.atoms[n] for n in one.shown), *(other.atoms[n] for n in other.shown)]):
        if atom[0] not in ("relevant", "effect_date", "deadline"):
            # What a page shows and the days it computes differ whenever anything else does.
            goals.setdefault((str(atom[0]), *map(str, atom[2:])), []).append(atom)
    return goals


def _targets(programs: Sequence[GroundProgram], atoms: Iterable[Atom]) -> list[list[int]]:
    listed = list(atoms)
    return [sorted(n for atom in listed if (n := program.number.get(atom)) is not None) for program in programs]


def _ways(space: Space, programs: Sequence[GroundProgram], atoms: Iterable[Atom]) -> Iterator[list[int]]:
    """The ways in which one of the atoms can be true on one side alone."""
    for atom in atoms:
        numbers = [program.number.get(atom) for program in programs]
        first, second = (space.never if n is None else space.literal(side, n) for side, n in enumerate(numbers))
        yield from ([first, -second], [-first, second])


def _shown(
    sides: Sequence[Side],
    programs: Sequence[GroundProgram],
    atoms: Sequence[Atom],
    shape: Shape,
    engines: Sequence[Engine],
) -> Answer:
    """The simplest case in which one of the atoms is true on one side alone."""
    space = Space(sides, _targets(programs, atoms))
    space.add(*_same_calendar(space))
    goal = space.either(_ways(space, programs, atoms))
    return confirmed(space, shape, [goal], engines, lambda witness: _apart(witness, atoms) is not None)


def _apart(witness: Witness, atoms: Iterable[Atom]) -> Atom | None:
    """The first of some atoms that is true on one side alone."""
    for atom in atoms:
        states = [witness.state(side, atom) for side in (0, 1)]
        if None not in states and states[0] != states[1]:
            return atom
    return None


def _difference(witness: Witness, label: Label, atoms: Sequence[Atom]) -> Difference:
    """What a case shows: the outcomes on both sides, and the provisions that carry the difference."""
    atom = _apart(witness, atoms)
    assert atom is not None
    runs = [decision.runs[0] for decision in witness.decisions]
    cited = []
    for run in runs:
        number = run.program.number.get(renamed(atom, run))
        cited.append(set[str]() if number is None else set(run.thorough.provisions(number)))
    outcomes = _outcomes(runs, str(atom[1]), str(atom[2]))
    provisions = _of_dates(runs, atom) or _responsible(cited, runs, str(atom[1]))
    return Difference((label,), witness, provisions, outcomes)


def _of_dates(runs: Sequence[Run], atom: Atom) -> tuple[str, ...]:
    """The provisions whose dates in force are themselves what the rules ask for that give an atom."""
    holding = (run.thorough.explain(renamed(atom, run)) for run in runs if _holds(run, renamed(atom, run)))
    rules = (instance.rule for node in holding for instance in node.children)
    found = (_DATED.findall(rule.text) for rule in rules if rule is not None)
    return tuple(sorted({provision for each in found for provision in each}))


def _responsible(cited: Sequence[set[str]], runs: Sequence[Run], person: str) -> tuple[str, ...]:
    """The provisions behind a difference: of those that either side relies on the ones in force on one side only, or
    with other rules there, or open to two readings that are answered differently; else all that one side alone names.
    """
    named, (one, other) = cited[0] | cited[1], runs
    in_force = [{p for p in named if _holds(run, renamed(("in_force", p, person), run))} for run in runs]
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
        found.append(outcome(run, run.cast.canonical[person], route, regime))
    return found[0], found[1]


def differences(comparison: Comparison) -> Iterator[Difference]:
    """The differences, results before what goes with them."""
    yield from sorted(comparison.differences, key=lambda each: _rank(each.labels[0]))
