"""Deciding case by case with the engine: exact, complete, and the measure for anything faster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from reasoner.batch.decider import Chunk, Fault, Results, schema
from reasoner.batch.documents import documents, read
from reasoner.batch.fragments import reasons
from reasoner.batch.rows import as_row
from reasoner.case import check_case
from reasoner.engine import Decision, Engine
from reasoner.errors import CaseFileError, catalogue, describe
from reasoner.outcome import Outcome, outcomes
from reasoner.run import Run


@dataclass(eq=False, repr=False)
class SlowDecider:
    """Decides each case by :meth:`reasoner.engine.Engine.decide`."""

    engine: Engine
    as_of: date | None = None
    readings: Mapping[str, str] = field(default_factory=dict)
    assume_nothing: bool = False
    reasons: bool = True
    today: date | None = None  # the day of assessment of a case that names none; that of asking if not given
    _known: dict[int, bytes] = field(default_factory=dict)

    def decide(self, chunk: Chunk) -> Results:
        """The results of a chunk; a case that cannot be read is a fault and nothing else."""
        import pyarrow as pa

        rows, faults, before, opened = list[Any](), list[Fault](), len(self._known), 0
        for number, text in enumerate(documents(chunk)):
            try:
                decided = _in_order(self.decision(text, chunk.place(number)[0]))
            except CaseFileError as error:
                faults += (as_fault(number, fault) for fault in error.faults)
                continue
            opened += any(outcome.result == "undetermined" for _, outcome in decided)
            for run, outcome in decided:
                rows.append({**as_row(outcome, number, run.cast.ids), **self._reasons(run, outcome)})
        new = dict(list(self._known.items())[before:])
        return Results(pa.Table.from_pylist(rows, schema()), new, faults, opened)

    def decision(self, text: bytes, name: str = "") -> Decision:
        """The decision of a case given as a JSON document. Raises CaseFileError with every fault."""
        file = check_case(read(text, name), choices=self.engine.law.choices)
        day = self.as_of or (None if file.case.assessed_on else self.today)
        return self.engine.decide(file, as_of=day, readings=self.readings, assume_nothing=self.assume_nothing)

    def _reasons(self, run: Run, outcome: Outcome) -> dict[str, Any]:
        if not self.reasons:
            return {}
        found = reasons(run, outcome)
        for number, fragment in (found.result, *found.conditions, *found.documents):
            self._known.setdefault(number, fragment)
        return {
            "fragment": found.result[0],
            "conditions": [number for number, _ in found.conditions],
            "documents": [number for number, _ in found.documents],
        }


def _in_order(decision: Decision) -> list[tuple[Run, Outcome]]:
    """Every outcome with the run it belongs to, by person and then in the order of the law, whatever its rank."""
    position = {person: place for place, person in enumerate(decision.file.case.persons)}
    found = [(run, outcome) for run in decision.runs for outcome in outcomes(run)]
    return sorted(found, key=lambda pair: position[pair[1].person])


def as_fault(row: int, fault: Any) -> Fault:
    """A fault of a case file as one of a row."""
    nowhere = fault._replace(file="", line=0, column=0)
    return Fault(row, fault.path, fault.code, dict(fault.values), describe(nowhere, catalogue()).removeprefix(": "))
