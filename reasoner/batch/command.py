"""The options of a run, checked and put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from reasoner.batch.encode import form_of
from reasoner.batch.growing import workplace
from reasoner.batch.impact import ImpactWorker
from reasoner.batch.impacts import Census
from reasoner.batch.journal import errors_of, settings_of
from reasoner.batch.laws import Side
from reasoner.batch.mapping import read
from reasoner.batch.places import exists, places
from reasoner.batch.running import Run
from reasoner.batch.work import Job
from reasoner.errors import UsageError
from reasoner.reform import read_all


class Applied(NamedTuple):
    """How the law is applied: the day of assessment, readings, what silence means, and reforms."""

    as_of: date | None = None
    readings: Mapping[str, str] = {}
    assume_nothing: bool = False
    reforms: Sequence[Path] = ()


PLAIN = Applied()


def run_of(
    inputs: Sequence[str],
    output: str,
    *,
    errors: str = "",
    mapping: Path | None = None,
    law: Applied = PLAIN,
    reasons: bool = True,
    language: str = "en",
    force: bool = False,
    resume: bool = False,
) -> Run:
    """A run over the cases of some files and folders.

    Raises UsageError for what does not exist or would be overwritten, and CaseFileError for a faulty mapping.
    """
    form = form_of(output)
    _unless_there(output, force)
    before = settings_of(output, errors) if resume else None
    job = Job(
        law.as_of,
        date.fromisoformat(before["today"]) if before else date.today(),  # a night does not change a run
        dict(law.readings),
        law.assume_nothing,
        None,
        tuple(law.reforms),
        read(mapping),
        form,
        reasons,
        language=language,
    )
    return Run(places(inputs), job, output, errors or errors_of(output), mapping)


def _unless_there(output: str, force: bool) -> None:
    if not force and exists(output) and not exists(workplace(output)):
        raise UsageError("file_exists", name=output)


def census_of(
    inputs: Sequence[str],
    days: Sequence[date],
    *,
    output: str = "",
    mapping: Path | None = None,
    law: Applied = PLAIN,
    language: str = "en",
    force: bool = False,
    resume: bool = False,
) -> Census:
    """The changes that reforms, or the passage from one day of law to another, bring to the cases of some files.

    Raises UsageError unless there are either reforms or two days, for an output that would be overwritten, and for one
    to go on with where none is named; CaseFileError for a faulty mapping.
    """
    if len(days) not in (0, 2) or bool(days) == bool(law.reforms):
        raise UsageError("impact_of_what")
    if days:
        sides = (Side(day=days[0]), Side(day=days[1]))
        names = (days[0].isoformat(), days[1].isoformat())
    else:
        sides = (Side(), Side(reforms=tuple(law.reforms)))
        names = ("", ", ".join(reform.name for reform in read_all(law.reforms)))
    for side in sides:
        side.engine.readings(law.readings)
    if output:
        _unless_there(output, force)
    elif resume:
        raise UsageError("impact_resume")
    before = settings_of(output) if resume else None
    today = date.fromisoformat(before["today"]) if before else date.today()
    job = Job(law.as_of, today, dict(law.readings), law.assume_nothing, columns=read(mapping), language=language)
    return Census(places(inputs), ImpactWorker(job, *sides), names, mapping, output)
