"""From a case file to its outcomes: what each person is entitled to, certain, open or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path as FilePath

from reasoner.case import CaseFile
from reasoner.case import load_case as load_case_file
from reasoner.errors import RulesError, UsageError
from reasoner.evaluate import Evaluator, Rails
from reasoner.explain import Explainer
from reasoner.facts import Cast, Inputs, Reader, casts, read_inputs
from reasoner.ground import GroundProgram, Store
from reasoner.openness import Variable, variables
from reasoner.outcome import Outcome, outcomes
from reasoner.program import Law
from reasoner.solve import Solver, consequences



class Engine:
    """One version of the law, ready to decide cases.

    Keeps the ground program, solver and evaluator of each shape it has met, so that the next case of that shape costs
    neither grounding nor loading. ``root`` is the folder with ``encodings/`` and ``facts/``; the default is the law that comes
    with the package.
    """

    def __init__(self, root: FilePath | None = None, cache: FilePath | None = None) -> None:
        self.store = Store(root, cache)
        self._solvers: dict[int, Solver] = {}
        self._evaluators: dict[int, Evaluator] = {}

    @property
    def law(self) -> Law:
        """The law: rules, vocabulary, tables."""
        return self.store.law

    def load(self, source: str | FilePath) -> CaseFile:
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
        assessed = as_of or _assessed(file)
        chosen = self._readings(file, readings or {})
        runs = []
        for cast in casts(file.case, self.law):
            program = self.store.program(cast.shape)
            reader = Reader(file, cast, self.law, assessed, chosen, not assume_nothing)
            runs.append(self._run(program, read_inputs(program, reader), cast))
        return Decision(file, assessed, self.law, tuple(runs), chosen)

    def _run(self, program: GroundProgram, inputs: Inputs, cast: Cast) -> Run:
        evaluator = self._evaluators.setdefault(id(program), Evaluator(program))
        rails = evaluator.run(inputs.truth)
        verdict: dict[int, bool | None] = {number: rails.truth(number) for number in program.shown}
        undecided = [number for number, value in verdict.items() if value is None]
        if not undecided:
            self._confirm(program, inputs, verdict)
            return Run(self.law, program, inputs, cast, evaluator, rails, verdict, ())
        cone = frozenset().union(*(evaluator.cone(number) for number in undecided))
        found = variables(evaluator, inputs, cone)
        common = consequences(
            program, inputs.truth, [variable.options for variable in found], undecided
        )
        if common is None:
            return Run(
                self.law,
                program,
                inputs,
                cast,
                evaluator,
                rails,
                verdict,
                found,
                contradictory=True,
            )
        for number in undecided:
            if number in common.certain:
                verdict[number] = True
            elif number not in common.possible:
                verdict[number] = False
        return Run(self.law, program, inputs, cast, evaluator, rails, verdict, found)

    def _confirm(
        self, program: GroundProgram, inputs: Inputs, verdict: Mapping[int, bool | None]
    ) -> None:
        """clingo decides; that the evaluator, from which explanations are read, agrees is checked every time."""
        solver = self._solvers.get(id(program))
        if solver is None:
            solver = self._solvers[id(program)] = Solver(program)
        if solver.model(inputs.truth) != verdict:
            raise RulesError("the explanation disagrees with clingo; please report this case")

    def _readings(self, file: CaseFile, given: Mapping[str, str]) -> dict[str, str]:
        chosen = {str(name): str(value) for name, value in self.law.table("default_reading")}
        for name, value in {**dict(file.case.readings or {}), **given}.items():
            allowed = self.law.choices.get(f"readings.{name}")
            if allowed is None or value not in allowed:
                raise UsageError.reading(
                    name,
                    value,
                    allowed,
                    [path for path in self.law.choices if path.startswith("readings.")],
                )
            chosen[name] = value
        return chosen


def _no_reading(code: str, name: str, wrong: str, right: Sequence[str]) -> UsageError:
    nearest = get_close_matches(wrong, right, 1)
    suggestion = nearest[0] if nearest else ""
    return UsageError(code, name=name, value=wrong, names=", ".join(right), suggestion=suggestion)


def _assessed(file: CaseFile) -> date:
    day = file.case.assessed_on
    return day if isinstance(day, date) else getattr(day, "first", None) or date.today()


@dataclass(frozen=True)
class Run:
    """One cast of a case, decided: the truth of every shown atom, and what is needed to explain it."""

    law: Law
    program: GroundProgram
    inputs: Inputs
    cast: Cast
    evaluator: Evaluator
    rails: Rails
    verdict: Mapping[int, bool | None]
    open: tuple[Variable, ...]
    contradictory: bool = False

    @cached_property
    def explainer(self) -> Explainer:
        """Explains any atom of this run."""
        return Explainer(self.law, self.program, self.inputs, self.rails, dict(self.verdict))


@dataclass(frozen=True)
class Decision:
    """The outcomes of one case; ``outcomes`` lists them by person and route."""

    file: CaseFile
    assessed_on: date
    law: Law
    runs: tuple[Run, ...] = field(repr=False)
    readings: Mapping[str, str]

    @cached_property
    def decided(self) -> tuple[tuple[Run, Outcome], ...]:
        """Every outcome with the run it belongs to."""
        return tuple((run, outcome) for run in self.runs for outcome in outcomes(run))

    @cached_property
    def outcomes(self) -> tuple[Outcome, ...]:
        """One outcome per person and route, for every route that was asked for or that the facts open or nearly open."""
        return tuple(outcome for _, outcome in self.decided)
