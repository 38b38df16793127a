"""What an interview says: its questions, their answers and reasons, and what has become certain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

from reasoner.dates import NONE as NOTHING
from reasoner.errors import CaseFileError, ReasonerError, UsageError, catalogue, describe, dotted
from reasoner.questions.ask_answers import NONE, Question, Reason
from reasoner.questions.ask_goals import FILE, REFUSED, RESULT
from reasoner.questions.ask_start import BEST, CHILD, PARENT, START
from reasoner.render.lines import ASK, Line, Writer, reference
from reasoner.render.sentences import Sentences, day
from reasoner.wording import NAME

if TYPE_CHECKING:
    from reasoner.ground import Atom
    from reasoner.outcome import Outcome
    from reasoner.questions.ask_goals import Goal
    from reasoner.questions.ask_twins import Example
    from reasoner.questions.interview import Interview
    from reasoner.run import Run
    from reasoner.wording import Wording

_LISTED = ("choice", "person", "people")


@dataclass(eq=False, repr=False)
class Words:
    """The words of an interview in one language."""

    interview: Interview
    wording: Wording

    def say(self, key: str, **values: object) -> str:
        """A sentence of the interview."""
        return self.wording.fluent(self.wording.text("ask", key, **values))

    # -- what may be typed --------------------------------------------------------------------------------------

    @cached_property
    def answers(self) -> dict[str, str]:
        """What may be typed for yes, no, none and the like, with the word of the case file."""
        return self._typed("ask_words")

    @cached_property
    def commands(self) -> dict[str, str]:
        """What may be typed for each command, with its name."""
        return self._typed("ask_commands")

    def _typed(self, section: str) -> dict[str, str]:
        entries = self.wording.sections[section]
        found = {str(key): str(key) for key in entries}
        for key, listed in entries.items():
            found.update((word.strip(), str(key)) for word in str(listed).split(","))
        return found

    def ids(self) -> dict[str, str]:
        """What a person may be called, with the id."""
        people = self.interview.case["persons"]
        return {str((facts or {}).get("name") or person).casefold(): person for person, facts in people.items()}

    def refusal(self, error: ReasonerError) -> Iterator[str]:
        """Why an answer is refused."""
        words = catalogue(self.wording.language)
        if isinstance(error, CaseFileError):
            for fault in error.faults:
                yield describe(fault._replace(file=""), words).removeprefix(": ")
        else:
            yield error.text(words) if isinstance(error, UsageError) else str(error)

    # -- questions ----------------------------------------------------------------------------------------------

    def question(self, question: Question) -> str:
        """The question."""
        if question.place[0] == START:
            _, key, *people = question.place
            names = dict(zip(("Person", "Sponsor"), map(self.name, map(str, people)), strict=False))
            if not people:
                names["Sponsor"] = next(map(self.name, self.interview.case["persons"]), "")
            return self.say(f"start_{key}", **names)
        if question.atom is None:
            union = question.place[0] == "unions"
            first, other = self._pair(question, union)
            return self.say("union_kind" if union else "kin_degree", Person=self.name(first), Other=self.name(other))
        return self.wording.fluent(self._sentences.question(question.atom))

    def _pair(self, question: Question, union: bool) -> tuple[str, str]:
        if union:
            first, other = self.interview.case["unions"][int(question.place[1])]["partners"]
            return str(first), str(other)
        return str(question.place[1]), str(question.place[3])

    def options(self, question: Question) -> Iterator[str]:
        """The answers to choose from."""
        for choice in question.choices if question.kind in _LISTED else ():
            text = self._choice(question, choice)
            yield text if text == choice else self.say("option", Text=text, Word=choice)

    def _choice(self, question: Question, choice: str) -> str:
        if question.kind != "choice":
            return self.name(choice)
        if question.place[0] == START and choice in (CHILD, PARENT, NONE, BEST):
            return self.say(f"tie_{choice}", Person=self.name(str(question.place[2])))
        if question.place == (START, "basis"):
            return self.say(f"basis_{choice}")
        if question.atom is not None and question.atom[0] == "reading":
            return str(self.wording.get("readings", str(question.atom[1]))[choice])
        predicate = question.atom[0] if question.atom else "union" if question.place[-1] == "kind" else "kin"
        return Sentences(self.wording, {}, {}, self._no_calendar).value(choice, predicate)

    @cached_property
    def _no_calendar(self) -> Any:
        from reasoner.dates import Calendar

        return Calendar(lambda point: NOTHING, lambda name: {})

    def how(self, question: Question) -> str:
        """What an answer looks like."""
        return self.say(f"how_{question.kind}")

    # -- reasons ------------------------------------------------------------------------------------------------

    def why(self, question: Question, *, everything: bool) -> Iterator[str]:
        """Which outcome an answer can change, through which condition and provision; on request every one of them,
        with two answers that make a difference."""
        if not everything:
            yield from (self._reason(reason, 1, 2) for reason in question.reasons[:1])
            return
        if not question.reasons:
            yield self.say("why_start" if question.place[0] == START else "why_tie")
            return
        yield from (self._reason(reason, None, None) for reason in self.interview.reasons(question))
        yield self.say("settles_alone") if question.size == 1 else self.say("settles_with", N=question.size - 1)
        yield from self._example(question)

    def _reason(self, reason: Reason, conditions: int | None, provisions: int | None) -> str:
        value, atom = self._sentences.value, self._sentences.atom
        about = [atom(each, "true") if each[0] == "condition" else value(each[3]) for each in reason.about[:conditions]]
        cited = ", ".join(map(reference, reason.provisions[:provisions]))
        title = self.title(reason.person, reason.route)
        text = self.wording.ui("pair", Name=title, Value="; ".join(about) or self._part(reason.part))
        return self.say("why", Reason=f"{text} [{cited}]" if cited else text)

    def _part(self, part: str) -> str:
        return self.say(f"part_{part}") if part in (RESULT, FILE) else self.wording.text("documents", part)

    def _example(self, question: Question) -> Iterator[str]:
        examples = self.interview.examples(question)
        if examples is None:
            return
        one, other = (self._answered(question, each) for each in examples)
        if one == other:
            return  # lists of periods: only what they amount to is looked for
        goal = next(goal for goal in self.interview.goals if goal[:3] == question.reasons[0][:3])
        first, second = (next((self._settled(goal, n) for n in each.holding), "") for each in examples)
        yield self.say("example", One=one, OneResult=first, Other=other, OtherResult=second)

    def _answered(self, question: Question, example: Example) -> str:
        """The answer to a question in an example."""
        atom, values = question.atom, example.values
        assert atom is not None
        if question.kind in ("truth", "paper"):
            return self.wording.ui("yes" if values.get(atom) else "no")
        if question.kind in _LISTED:
            held = [other for other, value in values.items() if value is True and self._beside(other, atom)]
            said = ", ".join(self._sentences.value(self._said(other), other[0]) for other in held)
            return said or self.wording.ui("none")
        value = values.get(atom, "")
        if value is NOTHING:
            return self.wording.ui("none")
        return day(value) if isinstance(value, date) else str(value)

    def _beside(self, atom: Atom, other: Atom) -> bool:
        place = self._run.inputs.reader.place
        return bool(atom[0] == other[0] and place(atom) == place(other))

    def _said(self, atom: Atom) -> Any:
        """The argument that an input's place does not name: the value that stands there."""
        entry = self._run.law.vocabulary[atom[0]]
        named = zip(entry.arguments, atom[1:], strict=True)
        return next(value for name, value in named if "{" + name + "}" not in entry.path)

    # -- what is certain ----------------------------------------------------------------------------------------

    def certain(self) -> dict[tuple[str, str, str], str]:
        """What is settled, by person, route and part of the outcome."""
        found: dict[tuple[str, str, str], str] = {}
        for goal in self.interview.goals:
            truth = self._run.rails.truth
            if any(map(truth, goal.moot)):
                continue  # nobody asks for the papers of what is refused
            for number in filter(truth, goal.atoms):
                if not goal.asked and self._run.program.atoms[number][0] == REFUSED:
                    continue  # one of the routes that only turned out not to be open
                value = self._settled(goal, number)
                found[goal[:3]] = self.say("certain", Title=self.title(goal.person, goal.route), Value=value)
        return found

    def _settled(self, goal: Goal, number: int) -> str:
        """What an atom of a goal says of it."""
        atom = self._run.program.atoms[number]
        if goal.part in (RESULT, FILE):
            return self.wording.text("results" if goal.part == RESULT else "files", str(atom[0]))
        return self.wording.ui("pair", Name=self._part(goal.part), Value=self.wording.text("statuses", str(atom[4])))

    def outcomes(self) -> Iterator[tuple[Line, Mapping[str, str]]]:
        """Each outcome that is examined, with the conditions that are certain; and the articles of provisions."""
        decision = self.interview.decision
        if decision is None:
            return
        writer = Writer(decision, self.wording)
        for run, outcome in self.decided():
            sentences = writer.sentences(run)
            lines = [line._replace(children=()) for line in writer.conditions(run, outcome, sentences)]
            below = [line for line in lines if line.mark != ASK]
            if len(below) < len(lines):
                below.append(Line(ASK, self.say("open_count", N=len(lines) - len(below))))
            if outcome.result == "undetermined" and run.contradictory:
                below.insert(0, Line(ASK, self.wording.ui("contradictory")))
            whole = writer.outcome(run, outcome)
            below += [part for part in whole.children if part.text == self.wording.ui("depends_on")]
            yield writer.cut(whole._replace(children=tuple(below))), writer.articles

    def decided(self) -> Iterator[tuple[Run, Outcome]]:
        """The outcomes that are examined."""
        decision = self.interview.decision
        for person, route in dict.fromkeys(goal[:2] for goal in self.interview.goals):
            yield from decision.about(person, route)[:1] if decision is not None else ()

    def remarks(self, unused: Sequence[str]) -> Iterator[str]:
        """What is not known, what was taken from silence, and which answers were not needed."""
        state = self.interview.state
        unknown = sorted(map(dotted, state.unknown)) if state is not None else ()
        silent = {f"{each.path} = {each.value}": None for _, outcome in self.decided() for each in outcome.assumed}
        for key, listed in (("left_unknown", unknown), ("from_silence", silent), ("unused", unused)):
            if listed:
                yield self.wording.ui("pair", Name=self.say(key), Value=", ".join(listed))

    # -- names --------------------------------------------------------------------------------------------------

    @property
    def _run(self) -> Run:
        decision = self.interview.decision
        assert decision is not None
        return decision.runs[0]

    @property
    def _sentences(self) -> Sentences:
        decision = self.interview.decision
        assert decision is not None
        return Writer(decision, self.wording).sentences(self._run)

    def title(self, person: str, route: str) -> str:
        """``Amal, family reunification as a spouse``."""
        return self.wording.ui("as_route", Person=self.name(person), Route=self.wording.text("routes", route))

    def name(self, person: str) -> str:
        """The name of a person, or the id."""
        facts = self.interview.case["persons"].get(person) or {}
        return NAME + str(facts.get("name") or person)


def label(question: Question) -> str:
    """The place of a question as a script names it: ``persons.amal.born``, ``documents.amal.visa_form``."""
    return dotted(question.place[:3] if question.place[0] == "documents" else question.place)
