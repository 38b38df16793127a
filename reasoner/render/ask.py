"""An interview in a terminal, or driven from a script: questions with their reasons, commands, and how it ended."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from reasoner.errors import CaseFileError, ReasonerError, UsageError, catalogue, describe, dotted
from reasoner.outcome import Outcome, as_data
from reasoner.quality.casetext import lines as case_lines
from reasoner.questions.ask_answers import NONE, UNKNOWN, Question, Reason, value_of
from reasoner.questions.ask_start import BEST, CHILD, PARENT, START
from reasoner.questions.interview import FILE, RESULT
from reasoner.render.lines import ASK, NO, PLAIN, YES, Line, Writer, reference
from reasoner.render.sentences import Sentences
from reasoner.wording import NAME

if TYPE_CHECKING:
    from rich.console import Console

    from reasoner.questions.ask_twins import Goal
    from reasoner.questions.interview import Interview
    from reasoner.run import Run
    from reasoner.wording import Wording

INTERRUPTED = 130  # exit code of a command that was stopped with Ctrl-C, as shells have it
_KEYED = re.compile(r"([a-z_]+(?:\.\w+|\[\d+\])+)\s*:\s*(.*)\Z")


class Ended(Exception):
    """There is nothing more to read."""


class Script:
    """Answers from a file: one a line, in the order of the questions or after the place they answer; ``#`` begins a
    comment."""

    def __init__(self, text: str, name: str) -> None:
        self.name, self.keyed, self.used = name, dict[str, tuple[int, str]](), set[str]()
        self.waiting: list[tuple[int, str]] = []
        self.place = name
        for number, line in enumerate(text.splitlines(), 1):
            line = line.split(" #")[0].strip()
            if line and not line.startswith("#"):
                match = _KEYED.match(line)
                if match:
                    self.keyed[match[1]] = (number, match[2])
                else:
                    self.waiting.append((number, line))

    def read(self, place: str, prompt: str) -> str:
        """The answer about a place. Raises :class:`Ended` when there is none."""
        if place in self.keyed and place not in self.used:
            self.used.add(place)
            number, line = self.keyed[place]
        elif self.waiting:
            number, line = self.waiting.pop(0)
        else:
            raise Ended
        self.place = f"{self.name}:{number}"
        return line

    @property
    def unused(self) -> list[str]:
        """The places whose answers were not needed."""
        return [place for place in self.keyed if place not in self.used]


class Terminal:
    """Answers from whoever sits at the terminal."""

    name = ""
    unused: Sequence[str] = ()

    def __init__(self, show: Callable[[str], object]) -> None:
        self._show = show
        with suppress(ImportError):
            import readline  # noqa: F401 - makes input() editable

    def read(self, place: str, prompt: str) -> str:
        """What is typed. Raises :class:`Ended` at the end of the input."""
        try:
            return input(prompt)
        except EOFError:
            raise Ended from None


class Asked(NamedTuple):
    """A question that was put, as it was said, and its answer."""

    question: Question
    text: str
    answer: str


@dataclass(eq=False, repr=False)
class Dialogue:
    """Puts the questions of an interview to a source of answers, and writes the case file to ``output`` as it grows."""

    interview: Interview
    wording: Wording
    source: Script | Terminal
    out: Console
    output: Path | None = None
    asked: list[Asked] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.words = _typed(self.wording, "ask_words")
        self.commands = _typed(self.wording, "ask_commands")

    def say(self, key: str, **values: object) -> str:
        """A sentence of the interview."""
        return self.wording.fluent(self.wording.text("ask", key, **values))

    def tell(self, key: str, **values: object) -> None:
        """Prints a sentence of the interview."""
        self._print(PLAIN, self.say(key, **values), 0)

    # -- the loop -----------------------------------------------------------------------------------------------

    def run(self) -> str:
        """Asks until no answer matters any more, and says how it ended: ``finished``, ``stopped`` or ``ran_out``.

        An interrupt is passed on once the case file is kept.
        """
        self._print(PLAIN, self.say("intro"), 0)
        self.keep()
        try:
            while (question := self.interview.next()) is not None:
                self._put(question)
                if not self._take(question):
                    return "stopped"
        except Ended:
            return "ran_out"
        finally:
            self.keep()
        return "finished"

    def _take(self, question: Question) -> bool:
        """Takes lines until the question is answered or taken back; False when the interview is to stop."""
        while True:
            line = self.source.read(place_label(question), self.say("prompt")).strip()
            if isinstance(self.source, Script):
                self._print(PLAIN, self.say("prompt") + line, 0)
            word, _, rest = line.partition(" ")
            command = self.commands.get(line.casefold()) or self.commands.get(word.casefold())
            if command == "save" or (command is not None and not rest):
                done = self._command(command, rest.strip(), question)
                if done is not None:
                    return done
            elif line and self._answer(question, line):
                return True
            elif not line:
                self._print(PLAIN, self._how(question), 3)

    def _command(self, command: str, rest: str, question: Question) -> bool | None:
        """Obeys a command. True when the next question is due, False to stop, None to ask again."""
        if command == "quit":
            return False
        if command == "unknown":
            return self._attempt(question, UNKNOWN, lambda: self.interview.unknown(question))
        if command == "back":
            if self.interview.back():
                self.asked[-1:] = []
                return True
            self._print(PLAIN, self.say("no_back"), 3)
        elif command == "why":
            self._why(question, everything=True)
        elif command == "show":
            self.show()
        elif command == "save":
            self._save(rest)
        else:
            self._print(PLAIN, self.say("help"), 3)
        return None

    def _answer(self, question: Question, line: str) -> bool:
        value = value_of(question, line, self.words, self._ids())
        return bool(self._attempt(question, line, lambda: self.interview.answer(question, value)))

    def _attempt(self, question: Question, line: str, do: Callable[[], None]) -> bool | None:
        """Does what may be refused: then says why, and a script, which cannot answer again, ends with that."""
        before = self._certain()
        text = self.question(question)
        try:
            do()
        except ReasonerError as error:
            messages = list(self._messages(error))
            if isinstance(self.source, Script):
                raise UsageError(
                    "ask_refused", place=self.source.place, answer=line, problem=" ".join(messages)
                ) from None
            for message in messages:
                self._print(NO, message, 3)
            return None
        self.asked.append(Asked(question, text, line))
        self.keep()
        for goal, title in self._certain().items():
            if goal not in before:
                self._print(YES, title, 3)
        return True

    def _messages(self, error: ReasonerError) -> Iterator[str]:
        words = catalogue(self.wording.language)
        if isinstance(error, CaseFileError):
            for fault in error.faults:
                yield describe(fault._replace(file=""), words).removeprefix(": ")
        else:
            yield error.text(words) if isinstance(error, UsageError) else str(error)

    # -- questions ----------------------------------------------------------------------------------------------

    def _put(self, question: Question) -> None:
        self._emit()
        self._print(f"{len(self.asked) + 1}.", self.question(question), 0)
        for number, choice in enumerate(self._listed(question), 1):
            text = self._choice(question, choice)
            shown = text if text == choice else self.say("option", Text=text, Word=choice)
            self._print(f"{number}.", shown, 6 if number < 10 else 5)
        self._why(question, everything=False)
        if isinstance(self.source, Terminal):
            self._print(PLAIN, self._how(question), 3, style="dim")

    def _how(self, question: Question) -> str:
        return self.say(f"how_{question.kind}")

    def question(self, question: Question) -> str:
        """The question in words."""
        if question.place[0] == START:
            _, key, *people = question.place
            names = dict(zip(("Person", "Sponsor"), map(self._name, map(str, people)), strict=False))
            if key == "applicants":
                names["Sponsor"] = self._name(next(iter(self.interview.case["persons"])))
            return self.say(f"start_{key}", **names)
        if question.atom is None:
            first, other = self._pair(question)
            key = "union_kind" if question.place[0] == "unions" else "kin_degree"
            return self.say(key, Person=self._name(first), Other=self._name(other))
        return self.wording.fluent(self._sentences().question(question.atom))

    def _pair(self, question: Question) -> tuple[str, str]:
        place = question.place
        if place[0] == "unions":
            first, other = self.interview.case["unions"][int(place[1])]["partners"]
            return first, other
        return str(place[1]), str(place[3])

    @staticmethod
    def _listed(question: Question) -> Sequence[str]:
        return question.choices if question.kind in ("choice", "person", "people") else ()

    def _choice(self, question: Question, choice: str) -> str:
        if question.kind in ("person", "people"):
            return self._name(choice)
        if question.place[0] == START and choice in (CHILD, PARENT, NONE, BEST):
            person = self._name(str(question.place[2]))
            return self.say("route_best" if choice == BEST else f"tie_{choice}", Person=person)
        if question.atom is not None and question.atom[0] == "reading":
            return str(self.wording.get("readings", str(question.atom[1]))[choice])
        predicate = question.atom[0] if question.atom else "kin" if question.place[-1] != "kind" else "union"
        return self._plain().value(choice, predicate)

    def _why(self, question: Question, *, everything: bool) -> None:
        """Which outcomes an answer can change, through which conditions and provisions."""
        if not question.reasons:
            if everything:
                self._print(PLAIN, self.say("why_start" if question.place[0] == START else "why_tie"), 3)
            return
        reasons = question.reasons if everything else question.reasons[:1]
        for reason in reasons:
            self._print(PLAIN, self._reason(reason, everything), 3, style="dim")
        if everything:
            self._print(PLAIN, self._settles(question), 3, style="dim")

    def _settles(self, question: Question) -> str:
        if question.size == 1:
            return self.say("settles_alone")
        return self.say("settles_with", N=question.size - 1)

    def _reason(self, reason: Reason, everything: bool) -> str:
        sentences = self._sentences()
        about = [sentences.atom(a, "true") if a[0] == "condition" else sentences.value(a[3]) for a in reason.about]
        cited = [reference(provision) for provision in reason.provisions]
        if not everything:
            about, cited = about[:1], cited[:2]
        title = self._title(reason.person, reason.route)
        text = self.wording.ui("pair", Name=title, Value="; ".join(about) or self._part(reason.part))
        return self.say("why", Reason=f"{text} [{', '.join(cited)}]" if cited else text)

    def _part(self, part: str) -> str:
        if part in (RESULT, FILE):
            return self.say(f"part_{part}")
        return self.wording.text("documents", part)

    # -- what is certain ----------------------------------------------------------------------------------------

    def _certain(self) -> dict[tuple[str, str, str], str]:
        """What is settled without a doubt, in words."""
        if self.interview.state is None:
            return {}
        run, found = self._run(), dict[tuple[str, str, str], str]()
        for goal in self.interview.goals:
            if any(run.rails.truth(number) for number in goal.moot):
                continue  # nobody asks for the papers of what is refused
            for number in goal.atoms:
                if run.rails.truth(number):
                    value = self._settled(str(run.program.atoms[number][0]), goal, number)
                    title = self._title(goal.person, goal.route)
                    found[goal.person, goal.route, goal.part] = self.say("certain", Title=title, Value=value)
        return found

    def _settled(self, state: str, goal: Goal, number: int) -> str:
        if goal.part == RESULT:
            return self.wording.text("results", state)
        if goal.part == FILE:
            return self.wording.text("files", state)
        status = self.wording.text("statuses", str(self._run().program.atoms[number][4]))
        return self.wording.ui("pair", Name=self._part(goal.part), Value=status)

    def show(self) -> None:
        """Prints the outcomes that are examined, with the conditions that are certain."""
        shown = list(self.outcomes())
        if not shown:
            self._print(PLAIN, self.say("nothing_yet"), 3)
            return
        from reasoner.render.text import tree

        for line, articles in shown:
            self._emit(tree(line, articles))

    def outcomes(self) -> Iterator[tuple[Line, Mapping[str, str]]]:
        """Each outcome that is examined, with the state of its conditions."""
        decision = self.interview.decision
        if decision is None:
            return
        writer = Writer(decision, self.wording)
        for run, outcome in self._outcomes():
            whole = writer.outcome(run, outcome)
            lines = [line._replace(children=()) for line in writer.conditions(run, outcome, writer.sentences(run))]
            known = tuple(line for line in lines if line.mark != ASK)
            if outcome.result == "undetermined" and run.contradictory:
                known = (Line(ASK, self.wording.ui("contradictory")), *known)
            still = len(lines) - len(known)
            if still:
                known += (Line(ASK, self.say("open_count", N=still)),)
            yield writer.cut(whole._replace(children=known)), writer.articles

    def _outcomes(self) -> Iterator[tuple[Run, Outcome]]:
        decision = self.interview.decision
        if decision is not None:
            for person, route in dict.fromkeys((goal.person, goal.route) for goal in self.interview.goals):
                found = next(iter(decision.about(person, route)), None)
                if found is not None:
                    yield found

    # -- the case file ------------------------------------------------------------------------------------------

    def text(self) -> str:
        """The case file as far as it is known."""
        return "\n".join([*case_lines(self.interview.case), ""])

    def keep(self) -> None:
        """Writes the case file, whole or not at all, if a file was named."""
        if self.output is not None and self.interview.case["persons"]:
            temporary = self.output.with_name(f".{self.output.name}.{os.getpid()}")
            try:
                temporary.write_text(self.text(), encoding="utf-8")
                os.replace(temporary, self.output)
            finally:
                temporary.unlink(missing_ok=True)

    def _save(self, name: str) -> None:
        if name:
            path = Path(name)
            if path.exists() and path != self.output and not self.may_replace(path):
                self._print(PLAIN, self.say("kept", File=path), 3)
                return
            self.output = path
        if self.output is None:
            self._print(PLAIN, self.say("save_where"), 3)
            return
        self.keep()
        self._print(PLAIN, self.say("saved", File=self.output), 3)

    def may_replace(self, path: Path) -> bool:
        """Whether a file that exists may be replaced: asks for it."""
        self._print(PLAIN, self.say("overwrite", File=path), 0)
        said = self.source.read("", self.say("prompt")).strip().casefold()
        return self.words.get(said, said) == "yes"

    # -- the end ------------------------------------------------------------------------------------------------

    def report(self, ending: str, format: str) -> None:
        """Says how it ended: the outcomes, what is not known, and the case file unless it was saved."""
        if format == "json":
            print(json.dumps(self._data(ending), indent=2, ensure_ascii=False))
            return
        if format == "markdown":
            print("\n".join(self._markdown(ending)))
            return
        self._emit()
        self._print(PLAIN, self.say(ending), 0, style="bold")
        self.show()
        for heading, listed in self._remarks():
            self._print(PLAIN, self.wording.ui("pair", Name=self.say(heading), Value=", ".join(listed)), 0)
        if self.output is not None:
            self._print(PLAIN, self.say("saved", File=self.output), 0)
        else:
            self._print(PLAIN, f"{self.say('case_file')}:", 0)
            for line in self.text().splitlines():
                self._print(PLAIN, line, 0, wrap=False)

    def _remarks(self) -> Iterator[tuple[str, list[str]]]:
        state = self.interview.state
        if state is not None and state.unknown:
            yield "left_unknown", sorted(map(dotted, state.unknown))
        if self.source.unused:
            yield "unused", list(self.source.unused)

    def _data(self, ending: str) -> dict[str, Any]:
        return {
            "ended": ending,
            "questions": [
                {
                    "path": place_label(asked.question),
                    "question": asked.text,
                    "kind": asked.question.kind,
                    "choices": list(asked.question.choices),
                    "answer": asked.answer,
                    "settles": asked.question.size,
                    "because": [self._reason_data(reason) for reason in asked.question.reasons],
                }
                for asked in self.asked
            ],
            "outcomes": [as_data(outcome) for _, outcome in self._outcomes()],
            "unknown": sorted(map(dotted, self.interview.state.unknown)) if self.interview.state else [],
            "case": self.interview.case,
        }

    @staticmethod
    def _reason_data(reason: Reason) -> dict[str, Any]:
        return {
            "person": reason.person,
            "route": reason.route,
            "part": reason.part,
            "about": list(dict.fromkeys(str(atom[3]) for atom in reason.about)),
            "provisions": list(reason.provisions),
        }

    def _markdown(self, ending: str) -> Iterator[str]:
        from reasoner.render.markdown import markdown

        yield f"# {self.say(ending)}"
        yield ""
        for line, articles in self.outcomes():
            yield from markdown(line, articles)
        yield f"## {self.say('questions')}"
        yield ""
        for number, asked in enumerate(self.asked, 1):
            yield f"{number}. {asked.text} **{asked.answer}**"
        yield ""
        yield from (f"{self.say(heading)}: {', '.join(listed)}\n" for heading, listed in self._remarks())
        yield from ("```yaml", self.text() + "```")

    # -- words --------------------------------------------------------------------------------------------------

    def _run(self) -> Run:
        decision = self.interview.decision
        assert decision is not None
        return decision.runs[0]

    def _sentences(self) -> Sentences:
        decision = self.interview.decision
        assert decision is not None
        return Writer(decision, self.wording).sentences(self._run())

    def _plain(self) -> Sentences:
        """Sentences about nobody: values alone."""
        from reasoner.dates import Calendar

        return Sentences(self.wording, {}, {}, Calendar(lambda point: UNKNOWN, lambda name: {}))

    def _title(self, person: str, route: str) -> str:
        names = {"Person": self._name(person), "Route": self.wording.text("routes", route)}
        return self.wording.ui("as_route", **names)

    def _name(self, person: str) -> str:
        facts = self.interview.case["persons"].get(person) or {}
        return NAME + str(facts.get("name") or person)

    def _ids(self) -> dict[str, str]:
        """What somebody may call a person, with the id."""
        people = self.interview.case["persons"]
        return {str((facts or {}).get("name") or person).casefold(): person for person, facts in people.items()}

    def _print(self, mark: str, text: str, indent: int, *, style: str = "", wrap: bool = True) -> None:
        from rich.padding import Padding
        from rich.text import Text

        from reasoner.render.text import styled

        text = self.wording.fluent(text)
        if wrap:
            self._emit(Padding(styled(mark, Text(text, style=style, overflow="fold")), (0, 0, 0, indent)))
        else:
            self._emit(text, soft_wrap=True)

    def _emit(self, *shown: Any, **options: Any) -> None:
        from reasoner.render.text import printing

        with printing(self.out) if not self.out.quiet else nullcontext():
            self.out.print(*shown, **options)


def place_label(question: Question) -> str:
    """The place of a question as a script names it: ``persons.amal.born``, ``documents.amal.visa_form``."""
    place = question.place
    return dotted(place[:3] if place[0] == "documents" else place)


def _typed(wording: Wording, section: str) -> dict[str, str]:
    """What may be typed, with what it stands for; the words of the case file itself always may."""
    entries = wording.sections[section]
    found = {str(key): str(key) for key in entries}
    for key, listed in entries.items():
        found.update((word.strip(), str(key)) for word in str(listed).split(","))
    return found


def hold(
    interview: Interview, wording: Wording, format: str, answers: Path | None, output: Path | None, *, force: bool
) -> int:
    """Holds an interview and prints how it went; gives the exit code.

    Raises :class:`UsageError` for a file that exists and may not be replaced, and what a script's answer was refused
    with.
    """
    from rich.console import Console

    from reasoner.render.text import console

    asking = source(answers, sys.stdin.isatty())
    quiet = format != "text"
    out = Console(stderr=True, quiet=isinstance(asking, Script)) if quiet else console()
    dialogue = Dialogue(interview, wording, asking, out)
    if output is not None and output.exists() and not force:
        if isinstance(asking, Script):
            raise UsageError("file_exists", name=str(output))
        if not dialogue.may_replace(output):
            dialogue.tell("kept", File=output)
            return 0
    dialogue.output = output
    try:
        ending, code = dialogue.run(), 0
    except KeyboardInterrupt:
        ending, code = "stopped", INTERRUPTED
    except UsageError:
        dialogue.report("stopped", format)
        raise
    dialogue.report(ending, format)
    return code


def source(answers: Path | None, terminal: bool) -> Script | Terminal:
    """Where answers come from: a file, standard input, or the terminal. Raises :class:`UsageError` for a file that
    cannot be read."""
    if answers is None and terminal:
        return Terminal(print)
    if answers is None:
        return Script(sys.stdin.read(), "<stdin>")
    try:
        return Script(answers.read_text(encoding="utf-8"), str(answers))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "utf-8"
        raise UsageError("answers_unreadable", name=str(answers), reason=reason) from None
