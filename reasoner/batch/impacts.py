"""The impact of a change of law on an archive: everybody who is decided differently, counted and grouped."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from reasoner import __version__
from reasoner.batch.encode import Form
from reasoner.batch.impact import CHANGED, REACHED, Affected, Change, ImpactWorker, change_of
from reasoner.batch.journal import Counts, Journal, errors_of, note_of
from reasoner.batch.places import Place, total
from reasoner.batch.pool import kept
from reasoner.batch.running import given, worked
from reasoner.batch.sources import SIZE, pieces
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
    """What changes; ``names`` are those of the two laws, ``output`` and ``errors`` files, if any were written."""

    names: tuple[str, str]
    counts: Totals
    groups: tuple[Group, ...]
    output: str = ""
    errors: str = ""


@dataclass(eq=False, repr=False)
class Census:
    """Counts the changes of an archive; with ``output`` every one of them is written there, whole or not at all."""

    files: Sequence[Place]
    worker: ImpactWorker
    names: tuple[str, str]
    mapping: Path | None = None
    output: str = ""
    workers: int = 1
    scheduler: str = ""
    size: int = SIZE
    _groups: dict[tuple[object, ...], Group] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """The bytes of the archive; 0 when that is not known."""
        return total(self.files)

    @property
    def laws(self) -> tuple[Law, Law]:
        """The two laws."""
        return self.worker.before.engine.law, self.worker.after.engine.law

    def taken(self, *, resume: bool = False, watch: Callable[[Counts], object] = lambda counts: None) -> Impact:
        """The impact; ``watch`` is told after each piece how far it is.

        ``resume`` goes on with the output of a run that was broken off. Raises UsageError, RulesError, or
        :class:`BrokenOff` when an output is begun and it cannot go on.
        """
        if not self.output:
            counts = Counts()
            for affected in self._affected(0):
                counts.add(note_of(affected.done))
                self._add(affected.changes)
                watch(counts)
            return self._impact(counts)
        journal = Journal(self.output, errors_of(self.output), Form("jsonl", ""), fragments=False)
        if not (resume and journal.resume(self.settings)):
            journal.begin(self.settings, b"")
        try:
            with kept(self.output):
                self._add(change_of(json.loads(line)) for line in journal.rows())
                watch(journal.counts)
                for affected in self._affected(journal.counts.pieces):
                    journal.add(affected.done)
                    self._add(affected.changes)
                    watch(journal.counts)
                journal.finish(b"")
        finally:
            journal.close()
        return self._impact(journal.counts)

    def _affected(self, done: int) -> Iterator[Affected]:
        found = pieces(self.files, self.size, apart=bool(self.scheduler))
        left = (piece for piece in found if piece.number >= done)
        return worked(self.worker, left, self.workers, self.scheduler)

    @property
    def settings(self) -> dict[str, Any]:
        """Everything that the result depends on."""
        laws = [{"name": name, "digest": law.digest} for name, law in zip(self.names, self.laws, strict=True)]
        return {"rules": {"version": __version__}, "laws": laws,
                **given(self.worker.job, self.files, self.mapping, self.size)}  # fmt: skip

    def _add(self, changes: Iterable[Change]) -> None:
        for change in changes:
            key = (change.provisions, change.route, change.before, change.after)
            group = self._groups.get(key) or Group(*key, 0, change)
            self._groups[key] = group._replace(number=group.number + 1)

    def _impact(self, counts: Counts) -> Impact:
        found = (sum(counts.tally.get(name, {}).values()) for name in (REACHED, CHANGED))
        errors = errors_of(self.output) if self.output and counts.faulty else ""
        return Impact(self.names, Totals(counts.read, counts.faulty, *found), self._sorted(), self.output, errors)

    def _sorted(self) -> tuple[Group, ...]:
        """Provisions with the most changed results first; under each what changes a result before what does not."""
        weights: dict[object, int] = {}
        for group in self._groups.values():
            changed = group.number if group.before != group.after else 0
            weights[group.provisions] = weights.get(group.provisions, 0) + changed

        def rank(group: Group) -> tuple[object, ...]:
            same = group.before == group.after
            return (-weights[group.provisions], group.provisions, same, -group.number, group.route, str(group.after))

        return tuple(sorted(self._groups.values(), key=rank))
