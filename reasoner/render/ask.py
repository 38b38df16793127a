"""An interview in a terminal, or driven from a script: questions, commands, and how it ended."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from reasoner.errors import ReasonerError, UsageError, dotted
from reasoner.outcome import as_data
from reasoner.quality.casetext import lines as case_lines
from reasoner.questions.ask_answers import UNKNOWN, Question, Reason, value_of
from reasoner.render.ask_source import Ended, Script, Terminal, source
from reasoner.render.ask_words import Words, label
from reasoner.render.lines import NO, PLAIN, YES

if TYPE_CHECKING:
    from rich.console import Console

    from reasoner.questions.interview import Interview
    from reasoner.wording import Wording

INTERRUPTED = 130  # exit code of a command that was stopped with Ctrl-C, as shells have it
FINISHED, STOPPED, RAN_OUT = "finished", "stopped", "ran_out"
DIM, BOLD = "dim", "bold"


def hold(
    interview: Interview, wording: Wording, format: str, answers: Path | None, output: Path | None, *, force: bool
) -> int:
    """Holds an interview and prints how it went; gives the exit code.

    ``answers`` is a script, ``output`` the file that the case is written to after each answer. Raises
    :class:`UsageError` for a file that exists and may not be replaced, and for an answer of a script that is refused.
    """
    from rich.console import Console

    from reasoner.render.text import console

    asking = source(answers, aside=format != "text")
    out = console() if format == "text" else Console(stderr=True, quiet=isinstance(asking, Script))
    dialogue = Dialogue(Words(interview, wording), asking, out, thorough=format == "json")
    if output is not None and not force and not dialogue.may_write(output):
        return 0
    dialogue.output = output
    code = 0
    try:
        ending = dialogue.run()
    except KeyboardInterrupt:
        ending, code = STOPPED, INTERRUPTED
    except (UsageError, OSError) as error:
        dialogue.output = output if isinstance(error, UsageError) else None  # what cannot be written is shown
        dialogue.report(STOPPED, format)
        raise
    dialogue.report(ending, format)
    return code


class Asked(NamedTuple):
    """A question that was put, as it was said, and its answer."""

    question: Question
    text: str
    answer: str
    reasons: tuple[Reason, ...]


@dataclass(eq=False, repr=False)
class Dialogue:
    """Puts the questions of an interview to a source of answers, and writes the case file to ``output`` as it grows.

    With ``thorough`` everything that an answer could have changed is kept.
    """

    words: Words
    source: Script | Terminal
    out: Console
    output: Path | None = None
    thorough: bool = False
    asked: list[Asked] = field(default_factory=list)

    @property
    def interview(self) -> Interview:
        """The interview that is held."""
        return self.words.interview

    # -- asking -------------------------------------------------------------------------------------------------

    def run(self) -> str:
        """Asks until no answer matters any more, and says how it ended; the case file is kept even if it is
        interrupted."""
        self._print(PLAIN, self.words.say("intro"), 0)
        try:
            while (question := self.interview.next()) is not None:
                self._put(question)
                if not self._take(question):
                    return STOPPED
        except Ended:
            return RAN_OUT
        finally:
            self.keep()
        return FINISHED

    def _put(self, question: Question) -> None:
        self._emit()
        self._print(f"{len(self.asked) + 1}.", self.words.question(question), 0)
        for number, option in enumerate(self.words.options(question), 1):
            self._print(f"{number}.", option, 6 if number < 10 else 5)
        for line in self.words.why(question, everything=False):
            self._print(PLAIN, line, 3, DIM)
        if isinstance(self.source, Terminal):
            self._print(PLAIN, self.words.how(question), 3, DIM)

    def _take(self, question: Question) -> bool:
        """Takes lines until the question is answered or taken back; False when the interview is to stop."""
        while True:
            line = self.source.read(label(question), self.words.say("prompt")).strip()
            if isinstance(self.source, Script):
                self._print(PLAIN, self.words.say("prompt") + line, 0)
            first, _, rest = line.partition(" ")
            command = self.words.commands.get(first.casefold())
            if command is not None and (command == "save" or not rest):
                done = self._obey(command, rest.strip(), question)
            elif line:
                value = value_of(question, line, self.words.answers, self.words.ids())
                done = self._attempt(question, line, lambda value=value: self.interview.answer(question, value))  # type: ignore[misc]
            else:
                self._print(PLAIN, self.words.how(question), 3)
                done = None
            if done is not None:
                return done

    def _obey(self, command: str, rest: str, question: Question) -> bool | None:
        """Carries out a command. True when the next question is due, False to stop, None to ask again."""
        if command == "quit":
            return False
        if command == "unknown":
            return self._attempt(question, UNKNOWN, lambda: self.interview.unknown(question))
        if command == "back" and self.interview.back():
            self.asked[-1:] = []
            self.keep()
            return True
        if command == "back":
            self._print(PLAIN, self.words.say("no_back"), 3)
        elif command == "why":
            for line in self.words.why(question, everything=True):
                self._print(PLAIN, line, 3, DIM)
        elif command == "show":
            self._show()
        elif command == "save":
            self._save(rest)
        else:
            self._print(PLAIN, self.words.say("help"), 3)
        return None

    def _attempt(self, question: Question, line: str, take: Callable[[], None]) -> bool | None:
        """Takes an answer, unless it is refused. A script cannot answer again, and ends with that."""
        before, text = self.words.certain(), self.words.question(question)
        reasons = self.interview.reasons(question) if self.thorough else question.reasons
        try:
            take()
        except ReasonerError as error:
            refusal = list(self.words.refusal(error))
            if isinstance(self.source, Script):
                values = {"place": self.source.place, "answer": line, "problem": " ".join(refusal)}
                raise UsageError("ask_refused", **values) from None
            for message in refusal:
                self._print(NO, message, 3)
            return None
        self.asked.append(Asked(question, text, line, reasons))
        self.keep()
        for part, sentence in self.words.certain().items():
            if part not in before:
                self._print(YES, sentence, 3)
        return True

    # -- the case file ------------------------------------------------------------------------------------------

    def text(self) -> str:
        """The case file as far as it is known."""
        return "\n".join([*case_lines(self.interview.case), ""])

    def keep(self) -> None:
        """Writes the case file, whole or not at all, if there is a file for it."""
        if self.output is None or not self.interview.case["persons"]:
            return
        temporary = self.output.with_name(f".{self.output.name}.{os.getpid()}")
        try:
            temporary.write_text(self.text(), encoding="utf-8")
            os.replace(temporary, self.output)
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.output)) from None
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)

    def may_write(self, path: Path) -> bool:
        """Whether a file may be written: one that exists only after a yes, which a script cannot say."""
        if not path.exists():
            return True
        if isinstance(self.source, Script):
            raise UsageError("file_exists", name=str(path))
        self._print(PLAIN, self.words.say("overwrite", File=path), 0)
        try:
            said = self.source.read("", self.words.say("prompt")).strip().casefold()
        except Ended:
            said = ""
        if self.words.answers.get(said) == "yes":
            return True
        self._print(PLAIN, self.words.say("kept", File=path), 0)
        return False

    def _save(self, name: str) -> None:
        path = Path(name) if name else self.output
        if path is None:
            self._print(PLAIN, self.words.say("save_where"), 3)
        elif path == self.output or self.may_write(path):
            before, self.output = self.output, path
            try:
                self.keep()
            except OSError as error:
                self.output = before
                self._print(NO, f"{error.filename}: {error.strerror}", 3)
                return
            self._emit("  ", self.words.say("saved", File=path), soft_wrap=True)

    # -- showing ------------------------------------------------------------------------------------------------

    def report(self, ending: str, format: str) -> None:
        """Says how it ended: the outcomes, what they rest on, and the case file unless it was saved."""
        if format == "json":
            print(json.dumps(self._data(ending), indent=2, ensure_ascii=False))
            return
        if format == "markdown":
            print("\n".join(self._markdown(ending)))
            return
        self._emit()
        self._print(PLAIN, self.words.say(ending), 0, BOLD)
        self._show()
        for remark in self.words.remarks(self.source.unused):
            self._print(PLAIN, remark, 0)
        if self.output is not None:
            self._emit(self.words.say("saved", File=self.output), soft_wrap=True)
        elif self.interview.case["persons"]:
            self._print(PLAIN, self.words.say("case_file"), 0)
            self._emit()
            self._emit(self.text().rstrip(), soft_wrap=True)

    def _show(self) -> None:
        from reasoner.render.text import tree

        shown = False
        for line, articles in self.words.outcomes():
            self._emit(tree(line, articles))
            shown = True
        if not shown:
            self._print(PLAIN, self.words.say("nothing_yet"), 0)

    def _data(self, ending: str) -> dict[str, Any]:
        state = self.interview.state
        return {
            "ended": ending,
            "questions": [_asked_data(asked) for asked in self.asked],
            "outcomes": [as_data(outcome) for _, outcome in self.words.decided()],
            "unknown": sorted(map(dotted, state.unknown)) if state else [],
            "case": self.interview.case,
        }

    def _markdown(self, ending: str) -> Iterator[str]:
        from reasoner.render.markdown import markdown

        yield f"# {self.words.say(ending)}\n"
        for line, articles in self.words.outcomes():
            yield from markdown(line, articles)
        yield f"## {self.words.say('questions')}\n"
        yield from (f"{number}. {asked.text} **{asked.answer}**" for number, asked in enumerate(self.asked, 1))
        yield ""
        yield from (f"{remark}\n" for remark in self.words.remarks(self.source.unused))
        yield from (f"{self.words.say('case_file')}\n", "```yaml", self.text() + "```")

    def _print(self, mark: str, text: str, indent: int, style: str = "") -> None:
        from rich.padding import Padding
        from rich.text import Text

        from reasoner.render.text import styled

        shown = Text(self.words.wording.fluent(text), style=style, overflow="fold")
        self._emit(Padding(styled(mark, shown), (0, 0, 0, indent)))

    def _emit(self, *shown: Any, **options: Any) -> None:
        from reasoner.render.text import printing

        with printing(self.out) if not self.out.quiet else nullcontext():
            self.out.print(*shown, **options)


def _asked_data(asked: Asked) -> dict[str, Any]:
    return {
        "path": label(asked.question),
        "question": asked.text,
        "kind": asked.question.kind,
        "choices": list(asked.question.choices),
        "answer": asked.answer,
        "settles": asked.question.size,
        "because": [_reason_data(reason) for reason in asked.reasons],
    }


def _reason_data(reason: Reason) -> dict[str, Any]:
    about = list(dict.fromkeys(str(atom[3]) for atom in reason.about))
    return {
        "person": reason.person,
        "route": reason.route,
        "part": reason.part,
        "about": about,
        "provisions": list(reason.provisions),
    }
