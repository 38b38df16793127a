"""Why a result changes from one moment to the next."""

from __future__ import annotations

from typing import NamedTuple

from reasoner.outcome import file_in, layout
from reasoner.questions.comparison import Carrier, Fact, reasons, view
from reasoner.run import Run

Turn = tuple[str, str | None, str | None]
"""A condition or a document with its status before and after."""


class Cause(NamedTuple):
    """Why one period follows another: the conditions and documents that changed with their states before and after,
    the rules that stopped and started to carry something, and the facts behind them; ``before`` and ``after`` are the
    runs."""

    conditions: tuple[Turn, ...]
    documents: tuple[Turn, ...]
    stopped: tuple[Carrier, ...]
    started: tuple[Carrier, ...]
    facts: tuple[Fact, ...]
    before: Run
    after: Run


def cause(before: Run, after: Run, name: str, route: str, other: str | None = None, *, papers: bool = False) -> Cause:
    """Why a person on a route has another result, or another state of the file, in one run than in another.

    ``name`` is the canonical person in the run after, ``other`` in the run before if that is not the same; the
    documents are looked at with ``papers``.
    """
    names = (other or name, name)
    conditions, documents = (
        _changed(*(statuses(run, who, route, part) for run, who in zip((before, after), names, strict=True)))
        if part != "document" or papers
        else ()
        for part in ("condition", "document")
    )
    asked = [condition for condition, _, _ in conditions]
    views = [
        view(run, who, route, asked, [(paper, (was, now)) for paper, was, now in documents])
        for run, who in zip((before, after), names, strict=True)
    ]
    return Cause(conditions, documents, *reasons(*views), before, after)


def _changed(first: dict[str, str], second: dict[str, str]) -> tuple[Turn, ...]:
    return tuple(
        (item, first.get(item), second.get(item))
        for item in dict.fromkeys((*first, *second))
        if first.get(item) != second.get(item)
    )


def statuses(run: Run, name: str, route: str, part: str) -> dict[str, str]:
    """Condition or document to its status, for a canonical person on a route."""
    found: dict[str, str] = {}
    for number in run.program.about(part, name, route):
        item, status = run.program.atoms[number][3:]
        state = run.state(number)
        if state is not False:
            found[str(item)] = str(status) if state else found.get(str(item), "unknown")
    return found


def file_of(run: Run, name: str, route: str) -> str:
    """The state of the file of a canonical person on a route, as its outcome has it."""
    states = set(statuses(run, name, route, "document").values())
    return file_in(states, run, layout(run.machine, name, route).files)
