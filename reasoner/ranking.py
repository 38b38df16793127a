"""Which of a person's routes comes first, and why it does.

Right before favour, a complete file before an incomplete one, fewer and easier papers, lower fees, a shorter procedure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from reasoner.outcome import Outcome
from reasoner.program import Law

RESULTS = ("eligible", "discretionary", "undetermined", "not_eligible")
KINDS = ("right", "favour")
FILES = {"complete": 0, "not_applicable": 0, "undetermined": 1, "incomplete": 2}
LACKING = ("missing", "defective")
OPEN = ("unmet", "unknown")
OBTAINABLE = "obtainable"  # the kind of fact that papers are, whose cost is that of a paper without one of its own
CRITERIA = ("result", "kind", "conditions", "file", "documents", "effort", "fees", "days")
Shown = int | str | None
Merit = tuple[tuple[int | None, Shown], ...]
"""What a route is worth by each of the criteria, less being better, and how that is shown; None where it cannot be
said, which is worst."""


class Rank(NamedTuple):
    """The place of a route among those of its person, from 1 ``of`` how many.

    ``by`` is the criterion on which it stands behind the route before it (the first: before the next), ``value`` what
    it has there and ``other`` what that one has. Without a criterion they are equal, in the order of the law.
    """

    place: int
    of: int
    by: str | None
    value: Shown
    other: Shown


def ranked(outcomes: Sequence[Outcome], scale: Scale) -> list[tuple[int, Rank]]:
    """The positions of the outcomes of one person, the best first; where the criteria see no difference in the order
    given."""
    merits = sorted(((scale.merit(one), at) for at, one in enumerate(outcomes)), key=lambda pair: _key(pair[0]))
    found = []
    for place, (merit, position) in enumerate(merits, 1):
        other = merits[place - 2][0] if place > 1 else merits[1][0] if len(merits) > 1 else merit
        by = next((at for at, (one, two) in enumerate(zip(merit, other, strict=True)) if one[0] != two[0]), None)
        reason = (None, None, None) if by is None else (CRITERIA[by], merit[by][1], other[by][1])
        found.append((position, Rank(place, len(merits), *reason)))
    return found


class Scale(NamedTuple):
    """What the tables say: the effort for a paper, or for any other, and the deadlines that end a procedure."""

    costs: Mapping[str, int]
    other: int
    ends: frozenset[str]

    @classmethod
    def of(cls, law: Law) -> Scale:
        """What a law says."""
        costs = {str(name): int(number) for name, number in law.table("cost")}
        return cls(costs, costs.get(OBTAINABLE, 1), frozenset(str(row[0]) for row in law.table("procedure_ends")))

    def merit(self, outcome: Outcome) -> Merit:
        """What a route is worth."""
        lacking = [document.type for document in outcome.documents if document.status in LACKING]
        days = [_days(outcome.applied_on, end.date) for end in outcome.deadlines if end.id in self.ends]
        favour = any(remark.id == "favour" for remark in outcome.because)
        amounts = (
            sum(condition.status in OPEN for condition in outcome.conditions),
            len(lacking),
            sum(self.costs.get(kind, self.other) for kind in lacking),
            sum(fee.amount or 0 for fee in outcome.fees if fee.status == "due"),
            max((each for each in days if each is not None), default=None),
        )
        conditions, *others = ((amount, amount) for amount in amounts)
        file = (FILES[outcome.file], outcome.file)
        result = (RESULTS.index(outcome.result), outcome.result)
        return (result, (int(favour), KINDS[favour]), conditions, file, *others)


def _days(start: date | None, end: date | None) -> int | None:
    if start is None or end is None:
        return None
    return ((end.date() if isinstance(end, datetime) else end) - start).days


def _key(merit: Merit) -> list[tuple[bool, int]]:
    return [(part is None, part or 0) for part, _ in merit]
