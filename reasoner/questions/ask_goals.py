"""What an interview is to settle: the results of the routes it examines, and what is to be known of their papers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from reasoner.outcome import FILES, RESULTS

if TYPE_CHECKING:
    from reasoner.run import Run

RESULT, FILE = "result", "file"
REFUSED = "not_eligible"


class Scope(NamedTuple):
    """What an interview is about: one person or all, one route or all; which papers it asks for; how it is decided.

    ``papers``: ``state`` until it is certain whether the file is complete, ``each`` until the state of each document
    is, or ``none``.
    """

    person: str | None = None
    route: str | None = None
    papers: str = "state"
    as_of: date | None = None
    readings: Mapping[str, str] = {}
    assume_nothing: bool = False


class Goal(NamedTuple):
    """Something to be settled about a person and route: which of ``atoms`` holds, unless one of ``moot`` does.

    ``part`` is what of the outcome they say; ``asked`` whether that route was asked for.
    """

    person: str
    route: str
    part: str
    atoms: tuple[int, ...]
    moot: tuple[int, ...] = ()
    asked: bool = True


def goals(run: Run, scope: Scope) -> list[Goal]:
    """The goals of a case, results first, by person in the order of the case file and by route in that of the law.

    Where nobody joins anybody, those with protection are examined for themselves.
    """
    joining = {person for person, _ in run.cast.joins}
    found: list[Goal] = []
    for person in run.inputs.reader.file.case.persons:
        if scope.person == person or (scope.person is None and (person in joining or not joining)):
            finder = _Finder(run, scope, person)
            found += [goal for route in finder.routes() for goal in finder.goals(route)]
    return sorted(found, key=lambda goal: goal.part != RESULT)


class _Finder:
    def __init__(self, run: Run, scope: Scope, person: str) -> None:
        self.run, self.scope, self.person, self.name = run, scope, person, run.cast.canonical[person]

    def routes(self) -> list[str]:
        """The routes asked for; where none is, those that the facts leave open."""
        routes = [str(row[0]) for row in self.run.law.table("route")]
        if self.scope.route is not None:
            return [self.scope.route]
        asked = [route for route in routes if self._truth("requested", route)]
        return asked or [route for route in routes if self._truth("relevant", route) is not False]

    def goals(self, route: str) -> Iterator[Goal]:
        """The goals about one route."""
        results = self._numbers(route, *RESULTS)
        if results:
            asked = self.scope.route is not None or self._truth("requested", route) is True
            yield Goal(self.person, route, RESULT, results, asked=asked)
        for part, states in self._papers(route).items():
            if states:
                yield Goal(self.person, route, part, states, self._numbers(route, REFUSED))

    def _papers(self, route: str) -> dict[str, tuple[int, ...]]:
        if self.scope.papers == "state":
            return {FILE: self._numbers(route, *FILES)}
        found: dict[str, tuple[int, ...]] = {}
        if self.scope.papers == "each":
            for number in self.run.program.about("document", self.name, route):
                paper = str(self.run.program.atoms[number][3])
                found[paper] = (*found.get(paper, ()), number)
        return found

    def _numbers(self, route: str, *predicates: str) -> tuple[int, ...]:
        numbers = self.run.program.number
        atoms: list[tuple[Any, ...]] = [(predicate, self.name, route) for predicate in predicates]
        return tuple(numbers[atom] for atom in atoms if atom in numbers)

    def _truth(self, predicate: str, route: str) -> bool | None:
        number = self.run.program.number.get((predicate, self.name, route))
        return False if number is None else self.run.rails.truth(number)
