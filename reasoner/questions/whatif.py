"""What if: a case decided as it is and in scenarios, and what each scenario changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from reasoner.case import CaseFile, check_case
from reasoner.engine import Decision, Engine
from reasoner.errors import CaseFileError
from reasoner.outcome import Outcome
from reasoner.questions.comparison import Change, compared
from reasoner.questions.scenario import Scenario, Subject
from reasoner.target import unknown
from reasoner.yamlfile import scan

Chosen = Callable[[str, str], bool]
"""Whether a person and a route are looked at."""


class Answer(NamedTuple):
    """A scenario with its decision, and what it changes for each person and route."""

    scenario: Scenario
    decision: Decision
    changes: tuple[Change, ...]


@dataclass(eq=False, repr=False)
class Asked:
    """A case that questions are asked about, with the options of its decision.

    Decisions of scenarios share the engine, and so the ground programs and what they remember.
    """

    engine: Engine
    subject: Subject
    as_of: date | None = None
    readings: Mapping[str, str] | None = None
    assume_nothing: bool = False

    def decide(self, file: CaseFile, as_of: date | None = None) -> Decision:
        """The decision of a case under the options, as of the day of the options or another one."""
        return self.engine.decide(
            file, as_of=as_of or self.as_of, readings=self.readings, assume_nothing=self.assume_nothing
        )

    @cached_property
    def decision(self) -> Decision:
        """The decision of the case as it is."""
        return self.decide(self.subject.file)

    def what_if(self, scenario: Scenario, chosen: Chosen = lambda person, route: True) -> Answer:
        """What a scenario changes, of the outcomes that are ``chosen``. Raises :class:`CaseFileError` as
        :meth:`Subject.changed` does."""
        decision = self.decide(self.subject.changed(scenario.changes))
        return Answer(scenario, decision, compared(self.decision, decision, chosen))


def asked(
    engine: Engine,
    source: str | Path,
    *,
    as_of: date | None = None,
    readings: Mapping[str, str] | None = None,
    assume_nothing: bool = False,
) -> Asked:
    """The case in a file (``-`` reads standard input), to be asked about. Raises :class:`CaseFileError` with every
    fault of the file."""
    document, faults = scan(source)
    if document is None:
        raise CaseFileError(faults)
    file = check_case(document, choices=engine.law.choices, faults=faults)
    return Asked(engine, Subject(document, file, engine.law, as_of), as_of, readings, assume_nothing)


def chosen(decision: Decision, person: str | None, route: str | None) -> Chosen:
    """Whether a person and a route are the ones that are given, if any. Raises :class:`UsageError` for a name that
    does not exist."""
    if person is not None and person not in decision.file.case.persons:
        raise unknown("person", person, decision.file.case.persons)
    routes = [str(row[0]) for row in decision.law.table("route")]
    if route is not None and route not in routes:
        raise unknown("route", route, routes)
    return lambda one, other: person in (None, one) and route in (None, other)


def differing(answers: Iterable[Answer]) -> Iterator[tuple[str, str | None, str]]:
    """Person, sponsor and route of every outcome that some scenario changes, in their order."""
    found = (_key(change.outcome) for answer in answers for change in answer.changes if change.anything)
    yield from dict.fromkeys(found)


def _key(outcome: Outcome) -> tuple[str, str | None, str]:
    return outcome.person, outcome.sponsor, outcome.route
