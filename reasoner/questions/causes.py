"""Why a result changes from one moment to the next."""

from __future__ import annotations

from typing import NamedTuple

from reasoner.questions.comparison import Carrier, Fact, reasons, viewed
from reasoner.run import Run


class Cause(NamedTuple):
    """Why one period follows another: the conditions that changed with their states before and after, the rules that
    stopped and started to carry something, and the facts behind them; ``before`` and ``after`` are the runs."""

    conditions: tuple[tuple[str, str | None, str | None], ...]
    stopped: tuple[Carrier, ...]
    started: tuple[Carrier, ...]
    facts: tuple[Fact, ...]
    before: Run
    after: Run


def cause(before: Run, after: Run, name: str, route: str) -> Cause:
    """Why a canonical person has another result on a route at one moment than just before."""
    first, second = statuses(before, name, route), statuses(after, name, route)
    changed = tuple(
        (condition, first.get(condition), second.get(condition))
        for condition in dict.fromkeys((*first, *second))
        if first.get(condition) != second.get(condition)
    )
    names = [condition for condition, _, _ in changed]
    views = (viewed(moment.thorough, moment.cast.person, name, route, names) for moment in (before, after))
    return Cause(changed, *reasons(*views), before, after)


def statuses(moment: Run, name: str, route: str) -> dict[str, str]:
    """Condition to its status, for a canonical person on a route."""
    found: dict[str, str] = {}
    for number in moment.program.about("condition", name, route):
        condition, status = moment.program.atoms[number][3:]
        state = moment.state(number)
        if state is not False:
            found[str(condition)] = str(status) if state else found.get(str(condition), "unknown")
    return found
