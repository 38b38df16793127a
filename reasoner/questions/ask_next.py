"""One state of an interview: what is open in it, and the question to put next."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from reasoner.case import check_case
from reasoner.cast import Path
from reasoner.errors import CaseFileError
from reasoner.facts import address
from reasoner.ground import Atom
from reasoner.questions.ask_answers import Question, Reason, kind_of
from reasoner.questions.ask_choice import Candidate, ranked
from reasoner.questions.ask_file import Data, put
from reasoner.questions.ask_goals import RESULT, Goal, Scope, goals
from reasoner.questions.ask_places import Places
from reasoner.questions.ask_reasons import reason
from reasoner.questions.ask_twins import Example, Twins
from reasoner.residue import Residue, residue
from reasoner.yamlfile import Document

if TYPE_CHECKING:
    from reasoner.engine import Decision, Engine
    from reasoner.run import Run


class State(NamedTuple):
    """The case file, and the places that were answered or are not known: none of them is asked about again."""

    data: Data
    answered: frozenset[Path] = frozenset()
    unknown: frozenset[Path] = frozenset()


@dataclass(eq=False, repr=False)
class Examined:
    """One state of an interview: what is open in it, and what to ask next."""

    engine: Engine
    scope: Scope
    state: State

    @cached_property
    def decision(self) -> Decision:
        """The decision of the case as it stands."""
        file = check_case(Document(self.state.data, {}, ""), choices=self.engine.law.choices)
        scope = self.scope
        return self.engine.decide(file, as_of=scope.as_of, readings=scope.readings, assume_nothing=scope.assume_nothing)

    @property
    def run(self) -> Run:
        """The people of the case as they applied."""
        return self.decision.runs[0]

    @cached_property
    def goals(self) -> list[Goal]:
        """The results of the routes that are examined, then what is to be known of their papers."""
        return goals(self.run, self.scope)

    def certain(self, goal: Goal) -> bool:
        """Whether no two possible cases differ in a goal."""
        return not self._undecided([goal]) or not self._part(goal).twins.open()

    def _undecided(self, goals: Sequence[Goal]) -> list[Goal]:
        truth = self.run.rails.truth
        return [
            goal
            for goal in goals
            if not any(truth(n) for n in (*goal.atoms, *goal.moot)) and any(truth(n) is None for n in goal.atoms)
        ]

    def _part(self, goal: Goal) -> _Part:
        part = self._parts.get(goal)
        if part is None:
            part = self._parts[goal] = _Part(self.run, [goal])
        return part

    @cached_property
    def _parts(self) -> dict[Goal, _Part]:
        return {}

    def examples(self, question: Question) -> tuple[Example, Example] | None:
        """Two possible cases that are the same but for the answer to a question, and differ in what it is asked for."""
        goal = next((goal for goal in self.goals if question.reasons and goal[:3] == question.reasons[0][:3]), None)
        return None if goal is None else self._part(goal).twins.examples(question.place)

    def reasons(self, question: Question) -> tuple[Reason, ...]:
        """Everything that the answer to a question can change, and through what."""
        if question.atom is None:
            return ()
        run = self.run
        places = Places(run.program, run.inputs, [n for n, value in run.inputs.truth.items() if value is None])
        own = {leaf for leaf, found in places.of.items() if question.place in found}
        read = (self._part(goal) for goal in self._undecided(self.goals) if self._reads(goal, own))
        return tuple(part.reason(question.place) for part in read if part.depends_on(question.place))

    def _reads(self, goal: Goal, leaves: set[int]) -> bool:
        """Whether a goal depends on any of these inputs and comparisons in some case of this shape."""
        return not leaves.isdisjoint(self.run.evaluator.cone(*goal.atoms, *goal.moot))

    # -- the next question --------------------------------------------------------------------------------------

    @cached_property
    def question(self) -> Question | None:
        """The most decisive question, whose answer can change an outcome; results first, then papers by person."""
        return next(self._questions(), None)

    def _questions(self) -> Iterator[Question]:
        yield from self._ties()
        stages: dict[Any, list[Goal]] = {}
        for goal in self._undecided(self.goals):
            stages.setdefault(None if goal.part == RESULT else goal.person, []).append(goal)
        for stage in stages.values():
            yield from self._of(stage)

    def _of(self, stage: list[Goal]) -> Iterator[Question]:
        together = _Part(self.run, stage)
        places = [place for place in together.places if Places.askable(place) and place not in self.state.answered]
        for candidate in ranked(self.run, together.residue, together.places, stage, places):
            own = {leaf for leaf, found in together.places.of.items() if candidate.place in found}
            read = (self._part(goal) for goal in stage if self._reads(goal, own))
            part = next((part for part in read if part.depends_on(candidate.place)), None)
            if part is not None:
                yield self._put(candidate, together.places, part.reason(candidate.place))

    def _put(self, candidate: Candidate, places: Places, reason: Reason) -> Question:
        place = candidate.place
        atoms = [self.run.program.atoms[n] for n in places.inputs.get(place, ())] + places.points.get(place, [])
        atom = self._asking(atoms)
        others = [person for person, name in self.run.cast.canonical.items() if name not in self._about(atom)]
        kind, choices = kind_of(self.run.law, atom, others)
        return Question(place, kind, choices, atom, candidate.size, (reason,))

    def _about(self, atom: Atom) -> tuple[Any, ...]:
        """The thing that an input or point is about."""
        return address(self.run.law.vocabulary[atom[0]], atom)[0]

    def _asking(self, atoms: Sequence[Atom]) -> Atom:
        """The input or point whose question is put: the one that says most."""
        paths = {atom: self.run.law.vocabulary[atom[0]].path for atom in atoms}
        return max(atoms, key=lambda atom: len(paths[atom].split(".")))

    # -- ties that a case file can leave out but not leave open -------------------------------------------------

    def _ties(self) -> Iterator[Question]:
        """Kinds of unions and kinship that are not known: a file without them says that there is no such tie."""
        choices = self.run.law.choices
        for place, values in _unnamed(self.decision.file.case, choices):
            if place not in self.state.answered and self._matters(place, values):
                yield Question(place, "choice", values)

    def _matters(self, place: Path, values: Sequence[str]) -> bool:
        found = set()
        for value in values:
            data = copy.deepcopy(self.state.data)
            put(data, place, value)
            try:
                other = Examined(self.engine, self.scope, State(data))
                found.add(tuple((g[:3], tuple(map(other.run.rails.truth, g.atoms))) for g in other.goals))
            except CaseFileError:
                continue  # it cannot be that
        return len(found) > 1


@dataclass(eq=False, repr=False)
class _Part:
    """What is open on the way to some goals."""

    run: Run
    goals: Sequence[Goal]

    @cached_property
    def residue(self) -> Residue:
        """The open part of the program."""
        return residue(
            self.run.program, self.run.rails.truth, [n for goal in self.goals for n in (*goal.atoms, *goal.moot)]
        )

    @cached_property
    def places(self) -> Places:
        """The places that answer for what is open."""
        return Places(self.run.program, self.run.inputs, self.residue.leaves)

    @cached_property
    def twins(self) -> Twins:
        """Two cases that may differ in the first of the goals."""
        return Twins(self.run, self.residue, self.places, self.goals[0])

    def depends_on(self, place: Path) -> bool:
        """Whether the answer at a place alone can change the first of the goals."""
        return place in self.places and self.twins.differ(place)

    def reason(self, place: Path) -> Reason:
        """Why a place is asked about."""
        return reason(self.run, self.residue, self.places, self.goals[0], place)


def _unnamed(case: Any, choices: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[Path, tuple[str, ...]]]:
    for index, union in enumerate(case.unions):
        if union.kind is None and union.partners:
            yield ("unions", index, "kind"), choices["unions.*.kind"]
    for person, facts in case.persons.items():
        for relative, degree in (facts.kin or {}).items():
            if degree is None:
                yield ("persons", person, "kin", relative), choices["persons.*.kin.*"]
