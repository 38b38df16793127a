"""A sample of the decided cases, decided again: by the engine, and by plain clingo from the rules as written."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from reasoner.batch.decider import Chunk
from reasoner.batch.slow import SlowDecider
from reasoner.errors import RulesError
from reasoner.instance import instance, symbol

if TYPE_CHECKING:
    import pyarrow as pa

    from reasoner.run import Run

_REASONS = ("case_row", "fragment", "conditions", "documents")
_MASK = 2**64 - 1


class Drawn(NamedTuple):
    """A case of the sample: its lot, its number and place, its document, and how it was decided."""

    lot: int
    number: int
    place: str
    document: str
    rows: list[dict[str, Any]]


def lot(number: int, seed: int) -> int:
    """A number drawn for a case: the cases with the smallest are the sample, however the archive is cut in pieces."""
    mixed = (number * 0x9E3779B97F4A7C15 + seed) & _MASK
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
    return mixed ^ (mixed >> 31)


def drawn(size: int, seed: int, chunk: Chunk, numbers: list[int], faulty: set[int], table: pa.Table) -> list[Drawn]:
    """The cases of a chunk that can be among a sample of a size."""
    import pyarrow.compute as pc

    from reasoner.batch.documents import documents

    lots = ((lot(number, seed), row) for row, number in enumerate(numbers) if row not in faulty)
    chosen = {row: found for found, row in heapq.nsmallest(size, lots)}
    texts = {row: text for row, text in enumerate(documents(chunk)) if row in chosen} if chosen else {}
    result = []
    for row, found in chosen.items():
        rows = table.filter(pc.equal(table["case_row"], row)).to_pylist()
        name, line = chunk.place(row)
        place = f"{name}:{line}" if line else name
        result.append(Drawn(found, numbers[row], place, texts[row].decode(), list(map(comparable, rows))))
    return result


def comparable(row: Mapping[str, Any]) -> dict[str, Any]:
    """What two ways of deciding a case must agree on, as plain data."""
    plain = json.loads(json.dumps({key: value for key, value in row.items() if key not in _REASONS}, default=str))
    return {key: value or None for key, value in plain.items()}


@dataclass(eq=False, repr=False)
class Sample:
    """The sample of a run: the ``size`` cases with the smallest lots so far."""

    size: int
    _kept: list[tuple[int, Drawn]] = field(default_factory=list)

    def add(self, found: Iterable[Drawn]) -> Iterator[Drawn]:
        """Puts cases into the sample, and gives those that came in."""
        for case in found:
            if len(self._kept) < self.size:
                heapq.heappush(self._kept, (-case.lot, case))
                yield case
            elif self.size and case.lot < -self._kept[0][0]:
                heapq.heapreplace(self._kept, (-case.lot, case))
                yield case

    @property
    def cases(self) -> list[Drawn]:
        """The sample, in the order of the archive."""
        return sorted((case for _, case in self._kept), key=lambda case: case.number)


def differing(cases: Iterable[Drawn], decider: SlowDecider) -> Iterator[Drawn]:
    """The cases that are decided otherwise, or whose decision plain clingo does not share."""
    for case in cases:
        text = case.document.encode()
        rows = decider.decide(Chunk([text])).table.to_pylist()
        decision = decider.decision(text)
        try:
            same = all(plainly(run, decider) for run in decision.runs)
        except RulesError:
            same = False
        if not same or list(map(comparable, rows)) != case.rows:
            yield case


def plainly(run: Run, decider: SlowDecider) -> bool:
    """Whether plain clingo, given the rules as they are written and the case as facts, concludes the same.

    What is certain in an open case must leave it a model; a case that is not open has one model only, which is the
    decision.
    """
    from clingo import Control

    control = Control(["2", "--warn=none"], logger=lambda _code, _message: None)
    store = decider.engine.store
    if store.reforms:  # their rules stand in no file of the law
        control.add("base", [], store.source.text + "\n_law.")
    else:
        control.load(str(store.root / "encodings" / "main.lp"))
    control.add("base", [], instance(run))
    states = {symbol(run.program.atoms[number]): run.state(number) for number in run.program.shown}
    if run.contradictory:
        return True
    if any(value is None for value in run.inputs.truth.values()):
        lines = (f":- {'not ' if value else ''}{text}." for text, value in states.items() if value is not None)
        control.add("base", [], "\n".join(lines))
        control.ground()
        return bool(control.solve().satisfiable)
    control.ground()
    with control.solve(yield_=True) as handle:
        models = [{str(found) for found in model.symbols(shown=True)} for model in handle]
    return models == [{text for text, value in states.items() if value}]
