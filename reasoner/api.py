"""The Python API: the same results as the command line, as typed objects."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path

from reasoner.case import CaseFile
from reasoner.engine import Decision, Engine
from reasoner.explanation import Node
from reasoner.target import Target, explanation


@cache
def _engine() -> Engine:
    return Engine()


def load_case(source: str | Path) -> CaseFile:
    """A validated case file (YAML or JSON; ``-`` reads standard input).

    Raises :class:`reasoner.CaseFileError`, whose ``faults`` name every fault with its line and path.
    """
    return _engine().load(source)


def decide(
    case: CaseFile,
    *,
    as_of: date | None = None,
    readings: Mapping[str, str] | None = None,
    assume_nothing: bool = False,
) -> Decision:
    """The decision of a case: ``decision.outcomes`` holds one outcome per person and route.

    ``as_of`` sets the day of assessment only. ``readings`` answers questions the law leaves open, by name.
    ``assume_nothing`` leaves open what silence in the file would otherwise answer.
    Raises :class:`reasoner.UsageError` for an unknown reading.
    """
    return _engine().decide(case, as_of=as_of, readings=readings, assume_nothing=assume_nothing)


def explain(
    decision: Decision,
    person: str,
    route: str | None = None,
    *,
    condition: str | None = None,
    document: str | None = None,
) -> Node:
    """The explanation of one outcome, condition or document of a decision, as a tree of nodes.

    Without a route it is the person's first outcome. Raises :class:`reasoner.UsageError` when the decision has no such
    person, route, condition or document; the message lists those it has.
    """
    return explanation(decision, Target(person, route, condition, document))
