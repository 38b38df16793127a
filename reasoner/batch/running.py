"""A run over an archive: pieces decided here, by processes or by a cluster, and written in their order."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

from reasoner import __version__
from reasoner.batch.encode import encoded, head
from reasoner.batch.extras import pyarrow
from reasoner.batch.journal import Counts, Journal, fragments_of
from reasoner.batch.places import Place, total
from reasoner.batch.pool import Found, Works, by_processes, kept
from reasoner.batch.slow import SlowDecider
from reasoner.batch.sources import SIZE, Piece, pieces
from reasoner.batch.verify import Sample, differing
from reasoner.batch.work import Job, Worker, columns
from reasoner.errors import UsageError
from reasoner.store import Store


class Differs(UsageError):
    """A case of the sample was decided in two ways: the rules, or what evaluates them, are broken."""

    exit_code = 4


class Summary(NamedTuple):
    """What a run did, in how many seconds, and where it is written; ``before`` cases were read by an earlier run."""

    counts: Counts
    seconds: float
    before: int
    output: str
    fragments: str
    errors: str
    verified: int = 0


@dataclass(eq=False, repr=False)
class Run:
    """An archive to decide: its files, the job, and where the result goes.

    ``workers`` are processes on this machine; with ``scheduler``, the address of a cluster, those of the cluster work.
    ``size`` is that of a piece in bytes, ``sample`` the number of cases to verify.
    """

    files: Sequence[Place]
    job: Job
    output: str
    errors: str
    mapping: Path | None = None
    workers: int = 1
    scheduler: str = ""
    size: int = SIZE
    sample: int = 0

    def start(self, *, resume: bool = False, watch: Callable[[Counts], object] = lambda counts: None) -> Summary:
        """Decides everything and says what that was; ``watch`` is told after each piece.

        ``resume`` goes on with a run that was broken off. Raises UsageError, RulesError, or :class:`BrokenOff` when it
        cannot go on; what is done by then is kept for ``resume``.
        """
        pyarrow()
        journal, start = Journal(self.output, self.errors, self.job.form, self.sample), perf_counter()
        if not (resume and journal.resume(self.settings)):
            journal.begin(self.settings, head(columns(), self.job.form))
        counts = journal.counts
        before = counts.read
        job = self.job._replace(sample=self.sample, seed=self.seed)
        try:
            with kept(self.output):
                watch(counts)
                for done in worked(Worker(job), self.left(counts.pieces), self.workers, self.scheduler):
                    journal.add(done)
                    watch(counts)
                verified = self._verified(journal.sample)
                journal.finish(encoded(columns().empty_table(), job.form).footer)
        finally:
            journal.close()
        names = self.output, fragments_of(self.output), self.errors
        return Summary(counts, perf_counter() - start, before, *names, verified)

    def _verified(self, sample: Sample) -> int:
        """How many cases clingo has decided again, all with the same result. Raises :class:`Differs` otherwise."""
        if not sample.size:
            return 0
        worker = Worker(self.job)
        job = self.job
        decider = SlowDecider(worker.engine, job.as_of, job.readings, job.assume_nothing, False, job.today)
        cases = sample.cases
        found = [case.place for case in differing(cases, decider)]
        if found:
            raise Differs("batch_differs", number=str(len(found)), total=str(len(cases)), places=", ".join(found[:5]))
        return len(cases)

    @property
    def total(self) -> int:
        """The bytes of the archive; 0 when that is not known."""
        return total(self.files)

    def left(self, done: int) -> Iterator[Piece]:
        """The pieces behind those that are done."""
        found = pieces(self.files, self.size, apart=bool(self.scheduler))
        return (piece for piece in found if piece.number >= done)

    @property
    def seed(self) -> int:
        """What the draw of a sample depends on: the archive and the law."""
        told = json.dumps(self.settings, sort_keys=True).encode()
        return int.from_bytes(hashlib.sha256(told).digest()[:8], "big")

    @property
    def settings(self) -> dict[str, Any]:
        """Everything that the result depends on."""
        job = self.job
        return {
            "rules": {"version": __version__, "digest": Store(job.root, reforms=job.reforms).digest},
            "reforms": [str(path) for path in job.reforms],
            **given(job, self.files, self.mapping, self.size),
            "format": list(job.form),
            "reasons": job.reasons,
        }


def worked(worker: Works[Found], left: Iterable[Piece], workers: int, scheduler: str) -> Iterator[Found]:
    """What comes of pieces, in their order: worked on here, by processes or by a cluster."""
    if scheduler:
        from reasoner.batch.cluster import on_cluster

        return on_cluster(scheduler, worker, left)
    return by_processes(workers, worker, left) if workers > 1 else worker.all(left)


def given(job: Job, files: Sequence[Place], mapping: Path | None, size: int) -> dict[str, Any]:
    """What any run over an archive was given besides the law."""
    digest = hashlib.sha256(mapping.read_bytes()).hexdigest() if mapping else None
    return {
        "as_of": job.as_of and job.as_of.isoformat(),
        "today": job.today and job.today.isoformat(),
        "readings": dict(job.readings),
        "assume_nothing": job.assume_nothing,
        "inputs": [[place.name, place.size, place.stamp] for place in files],
        "mapping": [str(mapping), digest] if mapping else None,
        "size": size,
    }
