"""The impact of a change of law on an archive: everybody who is decided differently, counted and grouped."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, NamedTuple

from reasoner.batch.impact import Affected, Change, ImpactWorker
from reasoner.batch.places import Place, total
from reasoner.batch.pool import by_processes
from reasoner.batch.sources import SIZE, pieces
from reasoner.outcome import as_data
from reasoner.program import Law


class Totals(NamedTuple):
    """Cases read, faulty, within reach of the change, and decided differently in any way."""

    read: int = 0
    faulty: int = 0
    reached: int = 0
    changed: int = 0


class Group(NamedTuple):
    """How many outcomes on a route go from one result to another because of the same provisions, and one of them."""

    provisions: tuple[str, ...]
    route: str
    before: str | None
    after: str | None
    number: int
    example: Change


class Impact(NamedTuple):
    """What changes; ``names`` are those of the two laws."""

    names: tuple[str, str]
    counts: Totals
    groups: tuple[Group, ...]


@dataclass(eq=False, repr=False)
class Census:
    """Counts the changes of an archive; with ``output`` every one of them is written there, whole or not at all."""

    files: Sequence[Place]
    worker: ImpactWorker
    names: tuple[str, str]
    workers: int = 1
    size: int = SIZE
    output: Path | None = None
    _groups: dict[tuple[object, ...], list[int | Change]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """The bytes of the archive; 0 when that is not known."""
        return total(self.files)

    @property
    def laws(self) -> tuple[Law, Law]:
        """The two laws."""
        return self.worker.before.engine.law, self.worker.after.engine.law

    def taken(self, watch: Callable[[int, int], object] = lambda read, size: None) -> Impact:
        """The impact; ``watch`` is told after each piece how many cases and bytes are behind."""
        totals = Totals()
        partial = self.output.with_name(f"{self.output.name}.partial") if self.output else None
        file = partial.open("w", encoding="utf-8") if partial else None
        try:
            left = pieces(self.files, self.size)
            found = by_processes(self.workers, self.worker, left) if self.workers > 1 else map(self.worker.done, left)
            for affected in found:
                counts = (affected.read, affected.faulty, affected.reached, affected.changed)
                totals = Totals(*map(sum, zip(totals, counts, strict=True)))
                self._add(affected, file)
                watch(totals.read, affected.bytes)
            if file and partial and self.output:
                file.close()
                partial.replace(self.output)
        finally:
            if file:
                file.close()
            if partial:
                partial.unlink(missing_ok=True)
        return Impact(self.names, totals, self._sorted())

    def _add(self, affected: Affected, file: IO[str] | None) -> None:
        for change in affected.changes:
            key = (change.provisions, change.route, change.before, change.after)
            group = self._groups.setdefault(key, [0, change])
            group[0] = group[0] + 1  # type: ignore[operator]
            if file:
                file.write(json.dumps(as_data(change), ensure_ascii=False) + "\n")

    def _sorted(self) -> tuple[Group, ...]:
        """Provisions with the most changed results first; under each what changes a result before what does not."""
        weights: dict[object, int] = {}
        for (provisions, _, before, after), (count, _) in self._groups.items():
            weights[provisions] = weights.get(provisions, 0) + (int(str(count)) if before != after else 0)
        groups = [Group(*key, *found) for key, found in self._groups.items()]  # type: ignore[arg-type]

        def rank(group: Group) -> tuple[object, ...]:
            same = group.before == group.after
            return (-weights[group.provisions], group.provisions, same, -group.number, group.route, str(group.after))

        return tuple(sorted(groups, key=rank))
