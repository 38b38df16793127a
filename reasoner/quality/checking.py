"""The checks of a law with what its authors have recorded, and properties, as one result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from reasoner.engine import Engine
from reasoner.errors import UsageError
from reasoner.program import Law
from reasoner.quality import properties as stated
from reasoner.quality.check import CHECKS, Checker, Finding, Report
from reasoner.quality.properties import Verdict
from reasoner.quality.recorded import Known, load, of, stale
from reasoner.reform import nearest

Watch = Callable[[str], object]
"""Told of each question, with the check or file that asks it."""


class Result(NamedTuple):
    """Reports of checks and verdicts on properties of a law, with what is recorded and what is so no longer."""

    law: Law
    reports: tuple[Report, ...] = ()
    known: tuple[Known, ...] = ()
    stale: tuple[Known, ...] = ()
    verdicts: tuple[tuple[Law, Verdict], ...] = ()

    def failed(self, report: Report) -> list[Finding]:
        """The findings of a report that nobody has recorded."""
        return [finding for finding in report.findings if of(finding, self.known) is None]

    def joined(self, other: Result) -> Result:
        """This result with the verdicts of another."""
        return self._replace(verdicts=other.verdicts)

    @property
    def passed(self) -> bool:
        """Whether nothing new was found, nothing that is recorded has gone, and all properties hold."""
        held = all(verdict.holds for _, verdict in self.verdicts)
        return held and not self.stale and not any(map(self.failed, self.reports))


def checks(engine: Engine, only: Sequence[str], watch: Watch, record: Path | None = None) -> Result:
    """The findings of all checks, or of some, against what a file records: by default that of the law's own tests.

    What is recorded speaks of the law as it is; under a reform none of it can be out of date. Raises UsageError for a
    check that does not exist, and CaseFileError for a faulty record.
    """
    for name in only:
        if name not in CHECKS:
            names = ", ".join(CHECKS)
            raise UsageError("unknown_name", kind="check", name=name, names=names, suggestion=nearest(name, [*CHECKS]))
    known = load(CHECKS, record)
    reports = tuple(Checker(engine, watch).run(only))
    found = [finding for report in reports for finding in report.findings]
    gone = [] if engine.law.reforms else stale(known, found, only or [*CHECKS])
    return Result(engine.law, reports, tuple(known), tuple(gone))


def properties(files: Sequence[Path], reforms: Sequence[Path], watch: Watch) -> Result:
    """Whether the properties in some files hold. Raises as :func:`reasoner.quality.properties.load` does."""
    loaded = [stated.load(file, reforms) for file in files]
    verdicts = []
    for file, (engine, rules) in zip(files, loaded, strict=True):
        found = stated.check(engine, rules, lambda name=file.name: watch(name))  # type: ignore[misc]
        verdicts += [(engine.law, verdict) for verdict in found]
    return Result(Engine(reforms=reforms).law, verdicts=tuple(verdicts))
