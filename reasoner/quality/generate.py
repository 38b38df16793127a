"""Missing tests, written for their author to confirm: a smallest pair of cases that differ in one fact and in the
outcome, for a condition that no test shows to decide anything."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from reasoner.engine import Decision, Engine
from reasoner.ground import Atom
from reasoner.outcome import Outcome
from reasoner.quality.apart import Apart, Rules
from reasoner.quality.neighbour import Neighbour, neighbour
from reasoner.quality.search import state
from reasoner.quality.timing import ANCHOR
from reasoner.quality.witness import Case
from reasoner.target import Target, matching


class Pair(NamedTuple):
    """Two cases that differ in one fact and in what they are asked about: an atom of a decision."""

    atom: Atom
    case: Case
    decision: Decision
    other: Neighbour


def pair(engine: Engine, places: Iterable[tuple[Apart, Rules]]) -> tuple[Pair | None, bool]:
    """The first shape's pair for a change of rules, given for each shape; without one whether that is a proof that the
    change is the law in other words."""
    certain = True
    for apart, changed in places:
        told = apart.case(changed)
        certain = certain and told.certain
        if told.case is not None and (atom := told.atom) is not None:

            def differs(one: Decision, other: Decision, atom: Atom = atom) -> bool:
                states = [state(decision, atom) for decision in (one, other)]
                return None not in states and states[0] != states[1]

            decision, found = neighbour(engine, told.case, differs)
            return (Pair(atom, told.case, decision, found), True) if found else (None, False)
    return None, certain


def _told(outcome: Outcome) -> dict[str, Any]:
    """What a test would expect of an outcome, in the words of a test file."""
    told: dict[str, Any] = {
        "result": outcome.result,
        "unmet": sorted(c.id for c in outcome.conditions if c.status == "unmet"),
        "conditions": {c.id: c.status for c in outcome.conditions},
        "documents": {d.type: d.status for d in outcome.documents},
        "effects": {e.id: e.status for e in outcome.effects},
        "notes": sorted(remark.id for remark in outcome.notes),
        "warnings": sorted(remark.id for remark in outcome.warnings),
    }
    return told


def as_tests(name: str, found: Pair) -> list[dict[str, Any]]:
    """A pair as two tests that expect what the law decides now, for the author to confirm."""
    _, person, route, *_ = found.atom
    target = Target(person, route)
    one, other = (matching(decision, target)[0][1] for decision in (found.decision, found.other.decision))
    changed = f"{found.other.path}: {found.other.after}"
    return [
        {"name": name, **_given(found.case), "expect": [_expected(one, other)]},
        {"name": f"{name} ({changed})", **_given(found.other.case), "expect": [_expected(other, one)]},
    ]


def _given(case: Case) -> dict[str, Any]:
    """A case with the day it is assessed on, without which a test could end otherwise tomorrow."""
    return {"given": case} if "assessed_on" in case else {"as_of": ANCHOR.isoformat(), "given": case}


def _expected(outcome: Outcome, other: Outcome) -> dict[str, Any]:
    """What is to be expected of an outcome, as far as it is not so in the other."""
    told, second = _told(outcome), _told(other)
    expected: dict[str, Any] = {"person": outcome.person, "route": outcome.route}
    if told["result"] != second["result"] and "undetermined" not in (told["result"], second["result"]):
        expected["result"] = told["result"]
    cited = {c.id: c.provisions for c in outcome.conditions}
    for key in ("conditions", "documents", "effects"):
        rows = {item: status for item, status in told[key].items() if second[key].get(item) != status}
        if key == "conditions":
            rows = {item: {"status": status, "provisions": list(cited[item])} for item, status in rows.items()}
        if rows:
            expected[key] = rows
    for key in ("notes", "warnings"):
        more = [item for item in told[key] if item not in second[key]]
        fewer = [item for item in second[key] if item not in told[key]]
        expected |= {name: items for name, items in ((key, more), (f"no_{key}", fewer)) if items}
    return expected
