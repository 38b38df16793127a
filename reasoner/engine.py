"""From a case file to its outcomes: what each person is entitled to, certain, open or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from reasoner.case import CaseFile
from reasoner.case import load_case as load_case_file
from reasoner.cast import casts
from reasoner.errors import UsageError
from reasoner.facts import Reader, read_inputs
from reasoner.ground import Shape
from reasoner.outcome import Outcome, listed, outcomes
from reasoner.program import Law
from reasoner.ranking import Rank, Scale, ranked
from reasoner.run import Machine, Run
from reasoner.store import Store

if TYPE_CHECKING:
    from reasoner.reform import Reform


class Engine:
    """One version of the law, ready to decide cases.

    Keeps a machine for each shape it has met, so that the next case of that shape costs neither grounding nor loading.
    ``root`` is the folder with ``encodings/`` and ``facts/``; the default is the law that comes with the package.
    ``reforms`` change it, carried out in their order: folders, or reforms already read.
    Raises :class:`UsageError` for a folder that holds no reform; a reform that cannot be carried out is, like a broken
    rule, a :class:`RulesError` as soon as the law is used.
    """

    def __init__(
        self, root: Path | None = None, cache: Path | None = None, reforms: Sequence[str | Path | Reform] = ()
    ) -> None:
        self.store = Store(root, cache, reforms)
        self._machines: dict[Shape, Machine] = {}

    @property
    def law(self) -> Law:
        """The law: rules, vocabulary, tables."""
        return self.store.law

    def load(self, source: str | Path) -> CaseFile:
        """A case file, validated; ``-`` reads standard input. Raises :class:`CaseFileError` with every fault."""
        return load_case_file(source, choices=self.law.choices)

    def decide(
        self,
        file: CaseFile,
        *,
        as_of: date | None = None,
        readings: Mapping[str, str] | None = None,
        assume_nothing: bool = False,
    ) -> Decision:
        """The outcomes of a case, one for each person and route.

        ``as_of`` sets the day of assessment and nothing else, ``readings`` answers questions the law leaves open, and
        ``assume_nothing`` leaves open what silence in the file would otherwise answer.
        Raises :class:`UsageError` for an unknown reading and :class:`RulesError` when the law itself is broken.
        """
        assessed = as_of or (file.case.assessed_on.first if file.case.assessed_on else date.today())
        chosen = self.readings({**(file.case.readings or {}), **(readings or {})})
        runs = []
        for cast in casts(file.case, self.law):
            machine = self.machine(cast.shape)
            machine.decisions += 1
            reader = Reader(file, cast, self.law, assessed, chosen, not assume_nothing)
            runs.append(Run(machine, read_inputs(machine.plan, reader), cast))
        return Decision(file, assessed, self.law, tuple(runs), chosen)

    def machine(self, shape: Shape) -> Machine:
        """What decides the cases of a shape, kept for the next."""
        machine = self._machines.get(shape)
        if machine is None:
            machine = self._machines[shape] = Machine(self.law, self.store.program(shape))
        return machine

    def readings(self, given: Mapping[str, str | None]) -> dict[str, str]:
        """The answers to the questions that the law leaves open: those given, else the usual ones; None takes one back.

        Raises :class:`UsageError` for a question or an answer that there is not.
        """
        chosen = {str(name): str(value) for name, value in self.law.table("default_reading")}
        for name, value in given.items():
            allowed = self.law.choices.get(f"readings.{name}")
            if allowed is None:
                questions = [
                    path.removeprefix("readings.") for path in self.law.choices if path.startswith("readings.")
                ]
                raise _no_reading("no_such_reading", name, name, questions)
            if value is None:
                chosen.pop(name, None)  # said to be unknown
            elif value not in allowed:
                raise _no_reading("reading_value", name, value, allowed)
            else:
                chosen[name] = value
        return chosen


def _no_reading(code: str, name: str, wrong: str, right: Sequence[str]) -> UsageError:
    nearest = get_close_matches(wrong, right, 1)
    suggestion = nearest[0] if nearest else ""
    return UsageError(code, name=name, value=wrong, names=", ".join(right), suggestion=suggestion)


@dataclass(eq=False, repr=False)
class Decision:
    """The outcomes of one case; ``outcomes`` lists them by person and route."""

    file: CaseFile
    assessed_on: date
    law: Law
    runs: tuple[Run, ...]
    readings: Mapping[str, str]

    @cached_property
    def ranking(self) -> tuple[tuple[Run, Outcome, Rank], ...]:
        """Every outcome with the run it belongs to and its rank: by person in the order of the case file, then the best
        route first."""
        of_person: dict[str, list[tuple[Run, Outcome]]] = {person: [] for person in self.file.case.persons}
        for run in self.runs:
            for outcome in outcomes(run):
                of_person[outcome.person].append((run, outcome))
        scale = Scale.of(self.law)
        return tuple((*own[at], rank) for own in of_person.values() for at, rank in ranked([o for _, o in own], scale))

    @cached_property
    def decided(self) -> tuple[tuple[Run, Outcome], ...]:
        """Every outcome with the run it belongs to, in the order of :attr:`ranking`."""
        return tuple((run, outcome) for run, outcome, _ in self.ranking)

    def about(self, person: str, route: str) -> tuple[tuple[Run, Outcome], ...]:
        """Every outcome of one person on one route, without working out the others."""
        regimes = [str(regime) for name, regime in self.law.table("route") if name == route]
        found = ((run, listed(run, person, route, regime)) for run in self.runs for regime in regimes)
        return tuple((run, outcome) for run, outcome in found if outcome is not None)

    @cached_property
    def outcomes(self) -> tuple[Outcome, ...]:
        """One outcome per person and route, for every route that was asked for or that the facts open or nearly open;
        the best route of each person first."""
        return tuple(outcome for _, outcome in self.decided)
