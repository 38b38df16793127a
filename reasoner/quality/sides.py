"""What ``reasoner diff`` compares, by name: two days of application, two versions of the law, or two readings."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from reasoner.engine import Engine
from reasoner.errors import UsageError
from reasoner.program import law_root
from reasoner.quality.difference import Version
from reasoner.reform import read_all, worded
from reasoner.target import unknown
from reasoner.versions import Version as Named
from reasoner.versions import law_of
from reasoner.wording import Wording

DAY, READING, LAW = "day", "reading", "law"


class Sides:
    """Two versions with the words and the commands that belong to them.

    ``reforms`` change the law of both. Raises UsageError for names of different kinds, and for a day, reading, folder
    or revision that there is not.
    """

    def __init__(self, one: str, other: str, reforms: Sequence[Path], engine: Callable[[], Engine]) -> None:
        kinds = {_kind(name) for name in (one, other)}
        if len(kinds) > 1:
            raise UsageError("diff_mixed", one=one, other=other)
        self.kind, self.reforms = kinds.pop(), tuple(reforms)
        self.named: list[Named] = []
        if self.kind == LAW:
            laws = [law_of(name) for name in (one, other)]
            self.named = [law._replace(reforms=(*law.reforms, *self.reforms)) for law in laws]
            made = [Version(law.name, law.engine()) for law in self.named]
        elif self.kind == DAY:
            made = [Version(name, engine(), _day(name)) for name in (one, other)]
        else:
            made = [Version(name, engine(), readings=_reading(name, engine())) for name in (one, other)]
        self.versions = (made[0], made[1])

    def worded(self, wording: Wording) -> Wording:
        """The catalogue with the sentences of all reforms concerned."""
        folders = dict.fromkeys(folder for law in self.named for folder in law.reforms)
        return worded(wording, read_all(list(folders))) if folders else wording

    def regime(self, name: str | None) -> str | None:
        """The regime that is called so, in capitals or not; UsageError when no route is one of it."""
        if name is None:
            return None
        known = {str(regime) for version in self.versions for _, regime in version.engine.law.table("route")}
        if (found := name.lower()) not in known:
            raise unknown("regime", name, sorted(map(str.upper, known)))
        return found

    def command(self, side: int, person: str, route: str) -> str | None:
        """The command by which a side decides a case; None for a law that a command cannot be told of."""
        words = ["reasoner", "explain", "case.yaml", "--person", person, "--route", route]
        reforms = self.reforms
        if self.kind == LAW:
            law = self.named[side]
            if law.root.resolve() != law_root().resolve():
                return None
            reforms = law.reforms
        elif self.kind == READING:
            words += ["--reading", self.versions[side].name]
        for folder in reforms:
            words += ["--reform", folder.as_posix()]
        return " ".join(words)


def _kind(name: str) -> str:
    if Path(name).exists():
        return LAW
    if re.fullmatch(r"\d{4}-\d+-\d+", name):
        return DAY
    return READING if re.fullmatch(r"\w+=\w*", name) else LAW


def _day(name: str) -> date:
    try:
        day = date.fromisoformat(name)
    except ValueError:
        raise UsageError("option_form", value=name, form="2025-03-10") from None
    return day


def _reading(name: str, engine: Engine) -> dict[str, str]:
    question, _, answer = name.partition("=")
    engine.readings({question: answer})
    return {question: answer}
