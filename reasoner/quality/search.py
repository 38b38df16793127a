"""Questions about all possible cases, answered with the simplest real case, or with "none" and the bound searched."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from reasoner.case import parse_case
from reasoner.engine import Decision, Engine
from reasoner.errors import CaseFileError
from reasoner.ground import Atom, GroundProgram, Shape
from reasoner.program import Law
from reasoner.quality.space import Side, Space, Values
from reasoner.quality.witness import Case, case_file, text
from reasoner.run import Run

TRIES = 12  # cases that turn out not to be possible before a search is given up


class Witness(NamedTuple):
    """A real case that shows what was asked for: its file as each side sees it, and its decisions.

    The persons of the file are called as in the shape that was searched: p1, p2, ...
    """

    cases: tuple[Case, ...]
    decisions: tuple[Decision, ...]

    def state(self, side: int, atom: Atom) -> bool | None:
        """Whether an atom, with its persons called as in the file, holds in the decision of a side."""
        return state(self.decisions[side], atom)


def state(decision: Decision, atom: Atom) -> bool | None:
    """Whether an atom, with its persons called as in the file, holds in a decision."""
    run = decision.runs[0]
    number = run.program.number.get(renamed(atom, run))
    return False if number is None else run.state(number)


def renamed(atom: Atom, run: Run) -> Atom:
    """An atom about the persons of a file, with the names that a run gives them."""
    return tuple(run.cast.canonical.get(part, part) for part in atom)


class Answer(NamedTuple):
    """What a search found. Without a witness there is none within the bound, unless it is not ``certain``."""

    witness: Witness | None
    certain: bool


def shapes(*laws: Law, regime: str | None = None) -> Iterator[Shape]:
    """The shapes that are searched, for each kind of sponsor that one of the laws knows (or that a regime is about) the
    smallest first. Each person may have one paper of each type.

    One person; an applicant and a sponsor; these with one or two others, who may be such a sponsor too; two applicants.
    """
    roles = list(dict.fromkeys(role for law in laws for role in law.role_of.values()))
    joining = {(str(name), of) for law in laws for name, of in law.table("joining_role")}
    papers = {paper for law in laws for paper in law.document_types}
    of_regime = {role for law in laws for each, role in law.table("regime_role") if regime in (None, each)}
    for role in roles:
        if of_regime and role not in of_regime:
            continue
        for persons, joins, playing in (
            (1, (), (1,)),
            (2, ((2, 1),), (1,)),
            (3, ((2, 1),), (1, 3)),
            (4, ((2, 1),), (1,)),
            (3, ((2, 1), (3, 1)), (1,)),
        ):
            if not joins and role != roles[0]:
                continue  # only the first role has routes of its own
            applicants = tuple(applicant for applicant, _ in joins)
            members = {"applicant": applicants, role: playing}
            members |= {name: applicants for name, of in joining if of == role}
            slots = {(n, kind, 1) for kind, holding in papers for n in members.get(holding, ())}
            yield Shape(persons, joins, ((role, playing),), tuple(sorted(slots)))


@dataclass(eq=False, repr=False)
class Search:
    """The possible cases of one shape, for questions about all atoms that a decision shows."""

    engine: Engine
    shape: Shape
    readings_free: bool = False

    @cached_property
    def program(self) -> GroundProgram:
        """The ground program of the shape."""
        return self.engine.store.program(self.shape)

    @cached_property
    def space(self) -> Space:
        """All possible cases on the whole program."""
        side = Side(self.engine.law, self.program)
        return Space([side], [self.program.rules], readings_free=self.readings_free)

    def literal(self, number: int) -> int:
        """The literal of an atom of the ground program."""
        return self.space.literal(0, number)

    def witness(self, targets: Iterable[int], numbers: Sequence[int], without: Sequence[int] = ()) -> Answer:
        """The simplest case in which some atoms of the ground program hold and others do not."""
        space = Space(
            [Side(self.engine.law, self.program)], [(*targets, *numbers, *without)], readings_free=self.readings_free
        )
        assumptions = [space.literal(0, n) for n in numbers] + [-space.literal(0, n) for n in without]

        atoms = self.program.atoms

        def shown(found: Witness) -> bool:
            held = all(found.state(0, atoms[n]) is True for n in numbers)
            return held and all(found.state(0, atoms[n]) is False for n in without)

        return confirmed(space, self.shape, assumptions, [self.engine], shown)


def confirmed(
    space: Space,
    shape: Shape,
    assumptions: Sequence[int],
    engines: Sequence[Engine],
    shown: Callable[[Witness], bool],
) -> Answer:
    """The simplest case that fits the assumptions, decided again from its file; one that does not show what it should
    is left out, and the search goes on."""
    for _ in range(TRIES):
        values = space.find(assumptions)
        if values is None:
            return Answer(None, space.complete)
        if witness := _decided(space, values, shape, engines, shown):
            return Answer(witness, True)
        space.exclude(values)
    return Answer(None, False)


def _decided(
    space: Space,
    values: Values,
    shape: Shape,
    engines: Sequence[Engine],
    shown: Callable[[Witness], bool],
) -> Witness | None:
    cases = tuple(case_file(space, values, shape, side) for side in range(len(space.sides)))
    try:
        files = [
            parse_case(text(case), choices=engine.law.choices) for case, engine in zip(cases, engines, strict=True)
        ]
    except CaseFileError:
        return None
    decisions = [engine.decide(file) for engine, file in zip(engines, files, strict=True)]
    witness = Witness(cases, tuple(decisions))
    return witness if shown(witness) else None
