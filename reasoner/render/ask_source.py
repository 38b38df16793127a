"""Where the answers of an interview come from: a terminal, or a script."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from reasoner.errors import UsageError

_KEYED = re.compile(r"([a-z_]+(?:\.\w+|\[\d+\])+)\s*:\s*(.*)\Z")


class Ended(Exception):
    """There are no more answers."""


class Script:
    """Answers from a text: one a line, in the order of the questions, or after the place that they answer; ``#``
    begins a comment.

    ``place`` is where the last answer stands.
    """

    def __init__(self, text: str, name: str) -> None:
        self.name = self.place = name
        self._keyed: dict[str, tuple[int, str]] = {}
        self._waiting: list[tuple[int, str]] = []
        for number, line in enumerate(text.splitlines(), 1):
            line = re.split(r"(?:^|\s)#", line)[0].strip()
            if line and (match := _KEYED.match(line)):
                self._keyed[match[1]] = (number, match[2])
            elif line:
                self._waiting.append((number, line))

    def read(self, place: str, prompt: str) -> str:
        """The answer about a place, or else the next one. Raises :class:`Ended` when there is none."""
        if place in self._keyed:
            number, line = self._keyed.pop(place)
        elif self._waiting:
            number, line = self._waiting.pop(0)
        else:
            raise Ended
        self.place = f"{self.name}:{number}"
        return line

    @property
    def unused(self) -> Sequence[str]:
        """The places whose answers were not needed."""
        return list(self._keyed)


class Terminal:
    """Answers from whoever sits at the terminal; ``aside`` asks on standard error, where the output is a result."""

    unused: Sequence[str] = ()

    def __init__(self, *, aside: bool = False) -> None:
        self.aside = aside
        with suppress(ImportError):
            import readline  # noqa: F401 - what is typed can be edited

    def read(self, place: str, prompt: str) -> str:
        """What is typed. Raises :class:`Ended` at the end of the input."""
        if self.aside:
            print(prompt, end="", file=sys.stderr, flush=True)
        try:
            return input("" if self.aside else prompt)
        except EOFError:
            print()
            raise Ended from None


def source(answers: Path | None, *, aside: bool = False) -> Script | Terminal:
    """The answers of a file; without one those of the terminal or, where there is none, of standard input.

    Raises :class:`UsageError` for a file that cannot be read.
    """
    if answers is None:
        return Terminal(aside=aside) if sys.stdin.isatty() else Script(sys.stdin.read(), "<stdin>")
    try:
        return Script(answers.read_text(encoding="utf-8"), str(answers))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError("answers_unreadable", name=str(answers), reason=reason) from None
