"""An interview about a case: asks only what can still change an outcome, the most decisive question first."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from reasoner.case import check_case
from reasoner.cast import Path
from reasoner.errors import CaseFileError, UsageError
from reasoner.facts import address
from reasoner.ground import Atom
from reasoner.outcome import RESULTS
from reasoner.questions.ask_answers import NONE, UNKNOWN, Question, Reason, kind_of
from reasoner.questions.ask_choice import Candidate, ranked
from reasoner.questions.ask_file import Data, closed, is_paper, opened, put, write
from reasoner.questions.ask_reasons import reason
from reasoner.questions.ask_residue import Places, Residue, residue
from reasoner.questions.ask_start import START, begun
from reasoner.questions.ask_twins import Example, Goal, Twins
from reasoner.target import unknown
from reasoner.yamlfile import Document

if TYPE_CHECKING:
    from reasoner.engine import Decision, Engine
    from reasoner.run import Run

RESULT, FILE = "result", "file"
PAPERS = ("state", "each", "none")
REFUSED = "not_eligible"
_FILE_STATES = ("complete", "incomplete")


class Scope(NamedTuple):
    """What an interview is about: one person or all, one route or all; which papers it asks for; how it is decided.

    ``papers``: ``state`` until it is certain whether the file is complete, ``each`` until the state of each document
    is, or ``none``.
    """

    person: str | None = None
    route: str | None = None
    papers: str = "state"
    as_of: date | None = None
    readings: Mapping[str, str] = {}
    assume_nothing: bool = False


class State(NamedTuple):
    """The case file, and the places that were answered or are not known: none of them is asked about again."""

    data: Data
    answered: frozenset[Path] = frozenset()
    unknown: frozenset[Path] = frozenset()


@dataclass(eq=False, repr=False)
class Interview:
    """An interview; ``data`` is the case file to go on from, as plain data, or None to begin with nothing.

    Raises :class:`CaseFileError` when that cannot be a case, and :class:`UsageError` for a person or a route of the
    scope that does not exist.
    """

    engine: Engine
    data: Data | None = None
    name: str = ""
    scope: Scope = field(default_factory=Scope)

    def __post_init__(self) -> None:
        self.started: dict[Path, Any] = {}
        self.history: list[tuple[dict[Path, Any], State | None]] = []
        self.base, self.opened = self.data, tuple[Path, ...]()
        self._state: State | None = None
        if self.data is not None:
            self._examine(self.data)

    # -- where it stands ----------------------------------------------------------------------------------------

    @property
    def case(self) -> Data:
        """The case file so far: what it said and what was answered."""
        if self._state is None:
            return self._begun(self.started)[0]
        return closed(self._state.data, self.opened, self._state.answered)

    @property
    def state(self) -> State | None:
        """The case file as it is examined, with what was opened; None while it is not known who is in it."""
        return self._state

    @property
    def decision(self) -> Decision | None:
        """The decision of the case as it stands; None while it is not known who is in it."""
        return None if self._state is None else self._examined(self._state).decision

    @property
    def goals(self) -> tuple[Goal, ...]:
        """Everything that the interview is to settle."""
        return () if self._state is None else tuple(self._examined(self._state).goals)

    def certain(self, goal: Goal) -> bool:
        """Whether a goal is settled, whatever the answers to come."""
        assert self._state is not None
        return self._examined(self._state).certain(goal)

    # -- asking -------------------------------------------------------------------------------------------------

    def next(self) -> Question | None:
        """The most decisive question; None when no answer can change an outcome any more."""
        if self._state is None:
            return self._begun(self.started)[1]
        return self._examined(self._state).question

    def answer(self, question: Question, value: Any) -> None:
        """Takes an answer into the case file.

        Raises :class:`CaseFileError`, and takes nothing, when it cannot stand there.
        """
        if question.place[0] == START:
            self._begin(question, value)
            return
        assert self._state is not None
        data = copy.deepcopy(self._state.data)
        if question.atom is None:
            put(data, question.place, value)
        elif question.kind == "person" and value == NONE:
            put(data, question.place, None)  # nobody in the file
        else:
            write(data, self._examined(self._state).run, question.atom, value)
        places = frozenset({question.place})
        left = self._state.unknown | places if value == UNKNOWN else self._state.unknown
        state = State(data, self._state.answered | places, left)
        self._check(state.data)
        self._move(self.started, state)

    def unknown(self, question: Question) -> None:
        """Takes note that an answer is not known; it is not asked for again."""
        if question.place[0] == START:
            raise UsageError("ask_start_unknown")
        if not is_paper(question.place):
            self.answer(question, UNKNOWN)
            return
        assert self._state is not None
        places = frozenset({question.place})
        self._move(self.started, State(self._state.data, self._state.answered | places, self._state.unknown | places))

    def back(self) -> bool:
        """Takes the last answer back; False when there is none."""
        if not self.history:
            return False
        self.started, self._state = self.history.pop()
        return True

    def examples(self, question: Question) -> tuple[Example, Example] | None:
        """Two possible cases that are the same but for the answer to a question, and differ in what it is asked for;
        None for the questions at the beginning and about kinds of ties."""
        return None if self._state is None else self._examined(self._state).examples(question)

    def reasons(self, question: Question) -> tuple[Reason, ...]:
        """Everything that the answer to a question can change; a question itself names only the first."""
        return () if self._state is None else self._examined(self._state).reasons(question)

    # -- inside -------------------------------------------------------------------------------------------------

    def _begun(self, started: Mapping[Path, Any]) -> tuple[Data, Question | None]:
        return begun(self.engine.law, started, self.scope.as_of or date.today())

    def _begin(self, question: Question, value: Any) -> None:
        started = {**self.started, question.place: value}
        data, following = self._begun(started)
        if question.choices:
            for each in value if isinstance(value, list) else [value]:
                if each not in question.choices:
                    raise unknown("answer", each, question.choices)
        self._check(data)
        self._move(started, None)
        if following is None:
            self._examine(data)

    def _examine(self, data: Data) -> None:
        self._check(data)
        self.base, self.opened = opened(self.engine.law, data)
        self._state = State(self.base)
        self._check_scope(self._examined(self._state))

    def _check_scope(self, examined: Examined) -> None:
        people = examined.decision.file.case.persons
        if self.scope.person is not None and self.scope.person not in people:
            raise unknown("person", self.scope.person, people)
        routes = [str(row[0]) for row in self.engine.law.table("route")]
        if self.scope.route is not None and self.scope.route not in routes:
            raise unknown("route", self.scope.route, routes)

    def _check(self, data: Data) -> None:
        check_case(Document(data, {}, self.name), choices=self.engine.law.choices)

    def _move(self, started: dict[Path, Any], state: State | None) -> None:
        self.history.append((self.started, self._state))
        self.started, self._state = started, state

    def _examined(self, state: State) -> Examined:
        if self._last is None or self._last.state is not state:
            self._last = Examined(self.engine, self.scope, state, self.name)
        return self._last

    _last: Examined | None = None


@dataclass(eq=False, repr=False)
class Examined:
    """One state of an interview: what is open in it, and what to ask next."""

    engine: Engine
    scope: Scope
    state: State
    name: str

    @cached_property
    def decision(self) -> Decision:
        """The decision of the case as it stands."""
        file = check_case(Document(self.state.data, {}, self.name), choices=self.engine.law.choices)
        scope = self.scope
        return self.engine.decide(file, as_of=scope.as_of, readings=scope.readings, assume_nothing=scope.assume_nothing)

    @property
    def run(self) -> Run:
        """The people of the case as they applied."""
        return self.decision.runs[0]

    @cached_property
    def goals(self) -> list[Goal]:
        """The results of the routes that are examined, then what is to be known of their papers."""
        found, people = list[Goal](), {person for person, _ in self.run.cast.joins}
        for person in self.decision.file.case.persons:
            if self.scope.person in (None, person) and (person in people or self.scope.person or not people):
                for route in self._routes(person):
                    found += self._goals(person, route)
        return sorted(found, key=lambda goal: goal.part != RESULT)

    def _routes(self, person: str) -> Iterator[str]:
        """The routes asked for; where none is, those that the facts leave open."""
        name, program = self.run.cast.canonical[person], self.run.program
        routes = [str(row[0]) for row in self.run.law.table("route")]
        if self.scope.route is not None:
            yield from (route for route in routes if route == self.scope.route)
            return
        asked = [route for route in routes if self._truth("requested", name, route)]
        yield from asked or [
            route
            for route in routes
            if ("relevant", name, route) in program.number and self._truth("relevant", name, route) is not False
        ]

    def _truth(self, *atom: Any) -> bool | None:
        number = self.run.program.number.get(atom)
        return False if number is None else self.run.rails.truth(number)

    def _goals(self, person: str, route: str) -> Iterator[Goal]:
        name, numbers, program = self.run.cast.canonical[person], self.run.program.number, self.run.program
        results = tuple(numbers[a] for a in ((result, name, route) for result in RESULTS) if a in numbers)
        if results:
            asked = self.scope.route is not None or bool(self._truth("requested", name, route))
            yield Goal(person, route, RESULT, results, asked=asked)
        moot = tuple(numbers[a] for a in [(REFUSED, name, route)] if a in numbers)
        if self.scope.papers == "state":
            states = tuple(numbers[a] for a in ((state, name, route) for state in _FILE_STATES) if a in numbers)
            if states:
                yield Goal(person, route, FILE, states, moot)
        elif self.scope.papers == "each":
            papers: dict[str, list[int]] = {}
            for number in program.about("document", name, route):
                papers.setdefault(str(program.atoms[number][3]), []).append(number)
            for paper, states_of in papers.items():
                yield Goal(person, route, paper, tuple(states_of), moot)

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
        parts = (self._part(goal) for goal in self._undecided(self.goals))
        return tuple(part.reason(question.place) for part in parts if part.depends_on(question.place))

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
        for goals in stages.values():
            yield from self._of(goals)

    def _of(self, goals: list[Goal]) -> Iterator[Question]:
        together = _Part(self.run, goals)
        places = [place for place in together.places if Places.askable(place) and place not in self.state.answered]
        for candidate in ranked(self.run, together.residue, together.places, goals, places):
            part = next((part for part in map(self._part, goals) if part.depends_on(candidate.place)), None)
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
                other = Examined(self.engine, self.scope, State(data), self.name)
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
        return residue(self.run.program, self.run.rails, [n for goal in self.goals for n in (*goal.atoms, *goal.moot)])

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
