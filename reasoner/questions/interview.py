"""An interview about a case: asks only what can still change an outcome, the most decisive question first."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from reasoner.case import check_case
from reasoner.cast import Path
from reasoner.errors import UsageError
from reasoner.questions.ask_answers import NONE, UNKNOWN, Question, Reason
from reasoner.questions.ask_file import Data, closed, is_paper, opened, put, write
from reasoner.questions.ask_goals import Goal, Scope
from reasoner.questions.ask_next import Examined, State
from reasoner.questions.ask_start import START, begun
from reasoner.questions.ask_twins import Example
from reasoner.target import unknown
from reasoner.yamlfile import Document

if TYPE_CHECKING:
    from reasoner.engine import Decision, Engine


@dataclass(eq=False, repr=False)
class Interview:
    """An interview; ``document`` is the case file to go on from, or None to begin with nothing.

    Raises :class:`CaseFileError` when that cannot be a case, and :class:`UsageError` for a person or a route of the
    scope that does not exist.
    """

    engine: Engine
    document: Document | None = None
    scope: Scope = field(default_factory=Scope)

    def __post_init__(self) -> None:
        self.started: dict[Path, Any] = {}
        self.history: list[tuple[dict[Path, Any], State | None]] = []
        self.opened: tuple[Path, ...] = ()
        self._state: State | None = None
        if self.document is not None:
            self._examine(self.document)

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
            self._examine(_document(data))

    def _examine(self, document: Document) -> None:
        check_case(document, choices=self.engine.law.choices)
        data, self.opened = opened(self.engine.law, document.data)
        self._state = State(data)
        self._check_scope(self._examined(self._state))

    def _check_scope(self, examined: Examined) -> None:
        people = examined.decision.file.case.persons
        if self.scope.person is not None and self.scope.person not in people:
            raise unknown("person", self.scope.person, people)
        routes = [str(row[0]) for row in self.engine.law.table("route")]
        if self.scope.route is not None and self.scope.route not in routes:
            raise unknown("route", self.scope.route, routes)
        if self.scope.route is not None and not examined.goals:
            raise UsageError("no_such_route", person=self.scope.person or "", route=self.scope.route)

    def _check(self, data: Data) -> None:
        check_case(_document(data), choices=self.engine.law.choices)

    def _move(self, started: dict[Path, Any], state: State | None) -> None:
        self.history.append((self.started, self._state))
        self.started, self._state = started, state

    def _examined(self, state: State) -> Examined:
        if self._last is None or self._last.state is not state:
            self._last = Examined(self.engine, self.scope, state)
        return self._last

    _last: Examined | None = None


def _document(data: Data) -> Document:
    return Document(data, {}, "")
