"""Findings that the authors of the law know: why each is no fault, or stays, and where that was decided."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from reasoner import yamlfile
from reasoner.errors import CaseFileError
from reasoner.quality.check import Finding
from reasoner.quality.faults import Faults
from reasoner.quality.suite import FINDINGS, folder
from reasoner.wording import languages

KEYS = ("check", "about", "decision", "why")


class Known(NamedTuple):
    """A finding that is recorded: its check and what it is about, the page of the decision, and the reason by
    language."""

    check: str
    about: Mapping[str, str]
    decision: str
    reasons: Mapping[str, str]
    file: str
    line: int

    def covers(self, finding: Finding) -> bool:
        """Whether a finding is this one."""
        return self.check == finding.check and self.about == dict(finding.about)

    def why(self, language: str) -> str:
        """The reason: in the language, else in the first that is given."""
        return self.reasons.get(language) or next(iter(self.reasons.values()), "")


def load(checks: Collection[str], file: Path | None = None) -> list[Known]:
    """What is recorded in a file, by default that of the law's own tests; nothing if there is none.

    Raises CaseFileError with every fault of the file.
    """
    file = file or folder() / FINDINGS
    if not file.is_file():
        return []
    document = yamlfile.read(file)
    faults, known = Faults(document, {}), []
    for path, _, entries in faults.mapped((), document.data, ("findings",)):
        for place, entry in faults.listed(path, entries):
            known.append(_entry(faults, place, entry, checks))
    if faults.found:
        raise CaseFileError(faults.found)
    return known


def _entry(faults: Faults, path: tuple[str | int, ...], entry: Any, checks: Collection[str]) -> Known:
    given: dict[str, Any] = {}
    for place, key, value in faults.mapped(path, entry, KEYS):
        given[key] = value
        if key == "check" and value not in checks:
            faults.nearest(place, "unknown_name", value, checks, kind="check")
        if key == "about":
            given[key] = {name: _text(part) for _, name, part in faults.mapped(place, value)}
        if key == "why" and isinstance(value, dict):
            given[key] = {name: _text(part) for _, name, part in faults.mapped(place, value, languages())}
    for key in KEYS:
        if isinstance(entry, dict) and not given.get(key):
            faults.add(path, "finding_lacks", key=key)
    line, _ = faults.document.position(path)
    check, decision, why = _text(given.get("check")), _text(given.get("decision")), given.get("why")
    reasons = why if isinstance(why, dict) else {languages()[0]: _text(why)}
    return Known(check, given.get("about") or {}, decision, reasons, faults.document.name, line)


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def of(finding: Finding, known: Iterable[Known]) -> Known | None:
    """The record of a finding, if there is one."""
    return next((entry for entry in known if entry.covers(finding)), None)


def stale(known: Iterable[Known], findings: Collection[Finding], checks: Collection[str]) -> list[Known]:
    """The records, of the checks that were run, of findings that no longer occur."""
    return [e for e in known if e.check in checks and not any(e.covers(finding) for finding in findings)]
