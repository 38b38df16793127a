"""The options of a run, checked and put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from reasoner.batch.encode import form_of
from reasoner.batch.journal import settings_of, workplace
from reasoner.batch.mapping import read
from reasoner.batch.places import places
from reasoner.batch.running import Run
from reasoner.batch.work import Job
from reasoner.errors import UsageError


def run_of(
    inputs: Sequence[str],
    output: Path,
    *,
    errors: Path | None = None,
    mapping: Path | None = None,
    as_of: date | None = None,
    readings: Mapping[str, str] | None = None,
    assume_nothing: bool = False,
    reforms: Sequence[Path] = (),
    reasons: bool = True,
    language: str = "en",
    force: bool = False,
    resume: bool = False,
) -> Run:
    """A run over the cases of some files and folders.

    Raises UsageError for what does not exist or would be overwritten, and CaseFileError for a faulty mapping.
    """
    form = form_of(output.name)
    if output.exists() and not force and not workplace(output).exists():
        raise UsageError("file_exists", name=str(output))
    before = settings_of(output) if resume else None
    job = Job(
        as_of,
        date.fromisoformat(before["today"]) if before else date.today(),  # a night does not change a run
        dict(readings or {}),
        assume_nothing,
        None,
        tuple(reforms),
        read(mapping),
        form,
        reasons,
        language=language,
    )
    beside = errors or output.with_name(f"{output.name}.errors.jsonl")
    return Run(places(inputs), job, output, beside, mapping)
