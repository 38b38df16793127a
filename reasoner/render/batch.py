"""A run over an archive: its progress, and the summary at its end."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from reasoner.batch.journal import Counts
from reasoner.batch.running import Summary
from reasoner.batch.tally import FAULTS, GROUNDS, LACKING, NEAR, OPEN, PAPERS, RESULTS
from reasoner.errors import catalogue
from reasoner.render.blocks import Block, show
from reasoner.render.subjects import Subjects

if TYPE_CHECKING:
    from reasoner.program import Law
    from reasoner.wording import Wording

SHOWN = 8  # lines of each part of a summary
STEPS = (7, 30, 90, 365)  # days, or whatever the unit is: "by at most ..."


@contextmanager
def bar(total: int, doing: str, wording: Wording) -> Iterator[Callable[[int, int], object]]:
    """A bar on standard error with the rate and the time left, if that is a terminal.

    ``total`` counts bytes; call what you get with how many cases and bytes are behind.
    """
    if not sys.stderr.isatty():
        yield lambda cases, size: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    rate = TextColumn("{task.fields[rate]}")
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), rate, TimeElapsedColumn())
    # Without a thread of its own: processes are started below it.
    with Progress(
        *columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True, auto_refresh=False
    ) as shown:
        task = shown.add_task(doing, total=total or None, rate="")
        before: list[int] = []

        def told(cases: int, size: int) -> None:
            before.append(cases)  # what an earlier run did says nothing about the speed of this one
            elapsed = shown.tasks[0].elapsed or 0
            speed = (cases - before[0]) / elapsed if elapsed > 0 else 0
            del before[1:]
            shown.update(task, completed=size, rate=wording.ui("batch_rate", N=f"{speed:,.0f}"))
            shown.refresh()

        yield told


@contextmanager
def progress(total: int, wording: Wording, doing: str = "batch_running") -> Iterator[Callable[[Counts], object]]:
    """The bar of a run."""
    with bar(total, wording.ui(doing), wording) as told:
        yield lambda counts: told(counts.read, counts.bytes)


def report(found: Summary, law: Law, wording: Wording, format: str) -> None:
    """Prints the summary of a run."""
    if format == "json":
        print(json.dumps(as_json(found, law), indent=2, ensure_ascii=False))
        return
    show(_blocks(found, law, wording), format)


def as_json(found: Summary, law: Law) -> dict[str, Any]:
    """The summary as plain data."""
    counts, tally = found.counts, found.counts.tally
    names = {
        RESULTS: ("route", "result"),
        GROUNDS: ("condition",),
        NEAR: ("condition", "unit", "amount"),
        PAPERS: ("document",),
        LACKING: ("papers",),
        OPEN: ("path",),
        FAULTS: ("code",),
    }
    parts = {
        name: [{**dict(zip(keys, key, strict=True)), "count": number} for key, number in _ranked(tally.get(name, {}))]
        for name, keys in names.items()
    }
    return {
        "read": counts.read,
        "decided": counts.decided,
        "faulty": counts.faulty,
        "open_cases": counts.opened,
        "empty": counts.empty,
        "verified": found.verified,
        "seconds": round(found.seconds, 3),
        "rules": {"digest": law.digest},
        "output": found.output,
        "fragments": found.fragments,
        "errors": found.errors if counts.faulty else None,
        **parts,
    }


def _ranked(counts: Any) -> list[tuple[tuple[Any, ...], int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], tuple(map(str, pair[0]))))


def _blocks(found: Summary, law: Law, wording: Wording) -> Iterator[Block]:
    ui, counts, tally = wording.ui, found.counts, found.counts.tally
    if not counts.read:
        yield Block("text", ui("batch_none"))
        return
    subjects = Subjects(law, wording)
    rate = (counts.read - found.before) / found.seconds if found.seconds else 0
    yield Block("strong", ui("batch_read", Read=counts.read, Decided=counts.decided, Faulty=counts.faulty))
    yield Block("faint", ui("batch_time", Seconds=f"{found.seconds:.1f}", Rate=f"{rate:,.0f}"))
    if counts.opened:
        yield Block("text", ui("batch_open", N=counts.opened))
    if counts.empty:
        yield Block("text", ui("batch_empty", N=counts.empty))
    yield from _part(
        ui("batch_results"), _results(tally.get(RESULTS, {}), subjects), wording, len(tally.get(RESULTS, {}))
    )
    yield from _words("batch_grounds", tally.get(GROUNDS, {}), "condition", subjects)
    yield from _part(ui("batch_near"), _near(tally.get(NEAR, {}), subjects), wording)
    yield from _words("batch_papers", tally.get(PAPERS, {}), "document", subjects)
    lacking = [(n, ui("batch_lacking_line", N=many)) for (many,), n in sorted(tally.get(LACKING, {}).items())]
    yield from _part(ui("batch_lacking"), lacking, wording)
    yield from _part(ui("batch_depends"), [(n, path) for (path,), n in _ranked(tally.get(OPEN, {}))], wording)
    sentences = catalogue(wording.language)
    faults = [(n, _fault(code, sentences)) for (code,), n in _ranked(tally.get(FAULTS, {}))]
    yield from _part(ui("batch_faults"), faults, wording)
    yield Block("heading", ui("batch_written", Output=found.output, Fragments=found.fragments))
    if counts.faulty:
        yield Block("text", ui("batch_errors", Errors=found.errors))
    if found.verified:
        yield Block("text", ui("batch_verified", N=found.verified))


def _results(counts: Any, subjects: Subjects) -> list[tuple[int, str]]:
    """For each route how many there are, and how many of each result."""
    wording, found = subjects.wording, dict[str, dict[str, int]]()
    for (route, result), number in counts.items():
        found.setdefault(route, {})[result] = number
    lines = []
    for route, results in found.items():
        parts = ", ".join(f"{n} {wording.text('results', result)}" for result, n in sorted(results.items()))
        text = wording.ui("batch_result", Route=subjects.word(route, "route"), Results=parts)
        lines.append((sum(results.values()), text))
    return sorted(lines, key=lambda line: (-line[0], line[1]))


def _words(key: str, counts: Any, kind: str, subjects: Subjects) -> Iterator[Block]:
    lines = [(number, subjects.word(name, kind)) for (name,), number in _ranked(counts)]
    return _part(subjects.wording.ui(key), lines, subjects.wording)


def _part(title: str, lines: Iterable[tuple[int, str]], wording: Wording, most: int = SHOWN) -> Iterator[Block]:
    """A heading with counted lines below it, the first of them; nothing where there are none."""
    listed = list(lines)
    if not listed:
        return
    yield Block("heading", title)
    width = max(len(str(number)) for number, _ in listed)
    shown = listed if len(listed) <= most else listed[: most - 1]
    for number, text in shown:
        yield Block("text", text, 1, mark=str(number).rjust(width))
    if len(shown) < len(listed):
        yield Block("faint", wording.ui("batch_more", N=len(listed) - len(shown)), 1)


def _near(counts: Any, subjects: Subjects) -> list[tuple[int, str]]:
    """For each condition how many fail it alone, and how many of these by at most so much."""
    wording, found = subjects.wording, dict[tuple[str, str], Counter[int]]()
    for (condition, unit, amount), number in counts.items():
        found.setdefault((condition, unit), Counter())[amount] += number
    lines = []
    for (condition, unit), amounts in found.items():
        parts, before = [], 0
        for step in STEPS:
            within = sum(number for amount, number in amounts.items() if amount <= step)
            if within > before:
                forms = wording.get("units", unit) or {"many": "{N}"}
                parts.append(wording.ui("batch_near_within", N=within, Amount=str(forms["many"]).format(N=step)))
            before = within
        if parts:
            name = subjects.word(condition, "condition")
            text = wording.ui("batch_near_line", Condition=name, Parts="; ".join(parts))
            lines.append((sum(amounts.values()), text))
    return sorted(lines, key=lambda line: (-line[0], line[1]))


def _fault(code: str, sentences: Any) -> str:
    entry = sentences.get(code)
    return str(entry["message"]).format_map(_Any()) if entry else code


class _Any(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "…"
