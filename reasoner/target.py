"""What an analyst asks to have explained: a person, a route, a condition or a document of a decision."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

from reasoner.errors import UsageError
from reasoner.explanation import FALSE, OPEN, TRUE, Node
from reasoner.outcome import RESULTS, Outcome, outcome

if TYPE_CHECKING:
    from reasoner.engine import Decision
    from reasoner.run import Run


class Target(NamedTuple):
    """A part of a decision; None means any, or the whole."""

    person: str | None = None
    route: str | None = None
    condition: str | None = None
    document: str | None = None


def matching(decision: Decision, target: Target) -> list[tuple[Run, Outcome]]:
    """The outcomes that a target names.

    A route that the decision does not list, because the facts do not open it, is decided all the same. Raises
    :class:`UsageError` with the nearest name for a person, route, condition or document that does not exist.
    """
    people = decision.file.case.persons
    if target.person is not None and target.person not in people:
        raise unknown("person", target.person, people)
    routes = {str(route): str(regime) for route, regime in decision.law.table("route")}
    if target.route is not None and target.route not in routes:
        raise unknown("route", target.route, routes)
    if target.person is not None and target.route is not None:
        found = list(decision.about(target.person, target.route))
        if not found:
            run = decision.runs[0]
            name = run.cast.canonical[target.person]
            if ("candidate", name, target.route) not in run.program.number:
                raise UsageError("no_such_route", person=target.person, route=target.route)
            found = [(run, outcome(run, name, target.route, routes[target.route]))]
    else:
        found = [
            (run, answer)
            for run, answer in decision.decided
            if target.person in (None, answer.person) and target.route in (None, answer.route)
        ]
    if target.condition is not None:
        names = [c.id for _, answer in found for c in answer.conditions]
        if target.condition not in names:
            raise unknown("condition", target.condition, names)
        found = [(r, a) for r, a in found if target.condition in [c.id for c in a.conditions]]
    if target.document is not None:
        names = [d.type for _, answer in found for d in answer.documents]
        if target.document not in names:
            raise unknown("document", target.document, names)
        found = [(r, a) for r, a in found if target.document in [d.type for d in a.documents]]
    return found


def explanation(decision: Decision, target: Target) -> Node:
    """The tree of the first outcome, condition or document that a target names. Raises :class:`UsageError` as
    :func:`matching` does."""
    found = matching(decision, target)
    if not found:
        raise UsageError("no_outcome", person=str(target.person))
    run, answer = found[0]
    name = run.cast.canonical[answer.person]
    if target.condition is not None:
        return condition_node(run, name, answer.route, target.condition)
    if target.document is not None:
        return document_node(run, name, answer.route, target.document)
    return outcome_node(run, name, answer)


def outcome_node(run: Run, name: str, answer: Outcome) -> Node:
    """Why an outcome is what it is; an undetermined one is explained as the open question whether it is eligible."""
    result = answer.result if answer.result in RESULTS else "eligible"
    return run.explainer.explain((result, name, answer.route))


def condition_node(run: Run, name: str, route: str, condition: str) -> Node:
    """Why a condition is met, waived, open or not met: in the last two cases with every way to satisfy or waive it."""
    ways = [run.explainer.explain((way, name, route, condition)) for way in ("satisfied", "waived")]
    state = (
        TRUE if any(way.state == TRUE for way in ways) else OPEN if any(way.state == OPEN for way in ways) else FALSE
    )
    children = tuple(child for way in ways if state != TRUE or way.state == TRUE for child in way.children)
    waived = state == TRUE and ways[0].state != TRUE
    atom = ("condition", name, route, condition, *(("waived",) if waived else ()))
    return Node("derived", atom, state, below=lambda: children)


def document_node(run: Run, name: str, route: str, document: str) -> Node:
    """Why a document counts as held, waived, defective or missing."""
    program = run.program
    atoms = (number for number in program.about("document", name, route) if program.atoms[number][3] == document)
    ranked = sorted(atoms, key=lambda number: (TRUE, OPEN, FALSE).index(run.explainer.state(number)))
    return run.explainer.node(ranked[0])


def unknown(kind: str, name: str, names: Iterable[str]) -> UsageError:
    """The error for a name that does not exist, with those that do and the nearest."""
    listed = list(dict.fromkeys(names))
    nearest = get_close_matches(name, listed, 1)
    return UsageError(
        "unknown_name", kind=kind, name=name, names=", ".join(listed), suggestion=nearest[0] if nearest else ""
    )
