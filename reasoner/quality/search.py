"""Questions about all possible cases, answered with the simplest real case, or with "none" and the bound searched."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from reasoner.case import parse_case
from reasoner.engine import Decision, Engine
from reasoner.errors import CaseFileError
from reasoner.ground import GroundProgram, Shape
from reasoner.program import Law
from reasoner.quality.space import Side, Space, Values
from reasoner.quality.witness import Case, case_file, text
from reasoner.run import Run

TRIES = 12  # cases that turn out not to be possible before a search is given up


class Witness(NamedTuple):
    """A real case that shows what was asked for: its file as each side sees it, and its decisions."""

    cases: tuple[Case, ...]
    decisions: tuple[Decision, ...]


class Answer(NamedTuple):
    """What a search found. Without a witness there is none within the bound, unless it is not ``certain``."""

    witness: Witness | None
    certain: bool


def shapes(law: Law) -> Iterator[Shape]:
    """The shapes that are searched, the smallest first. Each person may have one paper of each type.

    One person; an applicant and a sponsor; these with one or two others, who may have protection too; two applicants.
    """
    roles = [str(role) for _, role in law.table("sponsor_section")]
    for role in roles:
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
            members |= {str(name): applicants for name, of in law.table("joining_role") if of == role}
            slots = {(n, kind, 1) for kind, holding in law.document_types for n in members.get(holding, ())}
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

        def shown(runs: Sequence[Run]) -> bool:
            state = runs[0].state
            return all(state(n) is True for n in numbers) and all(state(n) is False for n in without)

        return confirmed(space, self.shape, assumptions, [self.engine], shown)


def confirmed(
    space: Space,
    shape: Shape,
    assumptions: Sequence[int],
    engines: Sequence[Engine],
    shown: Callable[[Sequence[Run]], bool],
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
    shown: Callable[[Sequence[Run]], bool],
) -> Witness | None:
    cases = tuple(case_file(space, values, shape, side) for side in range(len(space.sides)))
    decisions, runs = [], []
    for case, engine in zip(cases, engines, strict=True):
        try:
            decision = engine.decide(parse_case(text(case), choices=engine.law.choices))
        except CaseFileError:
            return None
        run = next((run for run in decision.runs if run.cast.shape == shape), None)
        if run is None:
            return None
        decisions.append(decision)
        runs.append(run)
    return Witness(cases, tuple(decisions)) if shown(runs) else None
