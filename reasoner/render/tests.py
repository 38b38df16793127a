"""The results of tests: for each that fails what was expected, what came out, and why."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from reasoner.outcome import Outcome
from reasoner.quality.suite import Difference, Result, outcome_of
from reasoner.render.lines import NO, YES, Line, Writer
from reasoner.render.markdown import markdown

if TYPE_CHECKING:
    from rich.console import Console

    from reasoner.run import Run
    from reasoner.wording import Wording

T = TypeVar("T")

MINUS, PLUS = "−", "+"
DEPTH = 6  # levels of an explanation
# The heading in an answer under which stands what explains a key; the others are explained by the conditions.
_HEADINGS = {
    **dict.fromkeys(("documents", "file", "missing", "defective"), "documents"),
    **dict.fromkeys(("authority", "authorities"), "authorities"),
    **dict.fromkeys(("channel", "no_channel"), "channels"),
    **dict.fromkeys(("notes", "no_notes"), "notes"),
    **dict.fromkeys(("warnings", "no_warnings"), "warnings"),
    **{key: key for key in ("effects", "deadlines", "fees", "depends_on", "assumed")},
}


def watched(tests: Sequence[T], wording: Wording) -> Iterator[T]:
    """The tests one by one, with a bar on standard error when that is a terminal."""
    if not sys.stderr.isatty():
        yield from tests
        return
    from rich.console import Console
    from rich.progress import track

    bar = Console(stderr=True)
    yield from track(tests, wording.ui("tests_running"), console=bar, transient=True)


def report(
    results: Sequence[Result], wording: Wording, format: str, *, verbose: bool = False, depth: int = DEPTH
) -> None:
    """Prints the tests that failed, with ``verbose`` also those that passed, and how many of each there are."""
    if format == "json":
        print(json.dumps(as_json(results), indent=2, ensure_ascii=False))
        return
    shown = [result for result in results if result.differences or verbose]
    if format == "markdown":
        for result in shown:
            print("\n".join(_markdown(result, wording, depth)))
        print(summary(results, wording))
        return
    from reasoner.render.text import console, printing

    out = console()
    with printing(out):
        if any(result.differences for result in results):
            out.print(wording.ui("tests_legend"), style="dim")
        for result in shown:
            write(out, result, wording, depth)
        out.print(summary(results, wording), style="bold")


def as_json(results: Sequence[Result]) -> dict[str, Any]:
    """Results as plain data."""
    failed = sum(1 for result in results if result.differences)
    return {
        "tests": len(results),
        "passed": len(results) - failed,
        "failed": failed,
        "results": [
            {
                "file": place(result.test.path),
                "line": result.test.line,
                "name": result.test.name,
                "passed": not result.differences,
                "seconds": round(result.seconds, 4),
                "differences": [difference._asdict() for difference in result.differences],
            }
            for result in results
        ],
    }


def summary(results: Sequence[Result], wording: Wording) -> str:
    """How many tests there are, and how many of them failed."""
    failed = sum(1 for result in results if result.differences)
    seconds = f"{sum(result.seconds for result in results):.1f}"
    counts = {"Total": len(results), "Passed": len(results) - failed, "Failed": failed, "Seconds": seconds}
    return wording.ui("tests_failed" if failed else "tests_passed", **counts)


def place(path: Path) -> str:
    """The path of a test file, from the working folder if it lies in that."""
    here = Path.cwd()
    return path.resolve().relative_to(here).as_posix() if path.resolve().is_relative_to(here) else str(path)


# -- text -------------------------------------------------------------------------------------------------------------


def write(out: Console, result: Result, wording: Wording, depth: int = DEPTH) -> None:
    """Prints one test; below one that failed the differences and their explanation."""
    from rich.padding import Padding
    from rich.text import Text

    from reasoner.render.text import tree

    where = f"{place(result.test.path)}:{result.test.line}"
    if not result.differences:
        out.print(Text.assemble((YES, "green"), f" {where} ", result.test.name))
        return
    out.print()
    out.print(Text.assemble((NO, "red"), f" {where}"))
    out.print(Padding(Text(result.test.name, "bold"), (0, 0, 0, 2)))
    for who, differences, why in explained(result, wording, depth):
        out.print(Padding(Text(who), (1, 0, 0, 2)))
        for difference in differences:
            out.print(Padding(Text(difference.place), (0, 0, 0, 4)))
            for sign, side in _sides(difference, wording):
                out.print(Padding(_hanging(sign, side), (0, 0, 0, 6)))
        if why is not None:
            out.print(Padding(tree(*why), (1, 0, 0, 2)))
    out.print()


def _sides(difference: Difference, wording: Wording) -> Iterator[tuple[str, str]]:
    actual = difference.actual or (wording.ui("tests_no_route") if difference.key == "route" else "")
    yield from [(sign, side) for sign, side in ((MINUS, difference.expected), (PLUS, actual)) if side]


def _hanging(sign: str, side: str) -> Any:
    from rich.table import Table
    from rich.text import Text

    style = "red" if sign == MINUS else "green"
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_row(Text(sign, style), Text(side, style, overflow="fold"))
    return table


# -- Markdown ---------------------------------------------------------------------------------------------------------


def _markdown(result: Result, wording: Wording, depth: int) -> Iterator[str]:
    where = f"`{place(result.test.path)}:{result.test.line}`"
    if not result.differences:
        yield f"- {YES} {where} {result.test.name}\n"
        return
    yield f"## {NO} {result.test.name}\n\n{where}\n"
    for who, differences, why in explained(result, wording, depth):
        yield f"{who}:\n\n```diff"
        for difference in differences:
            yield f"  {difference.place}"
            yield from (f"{'-' if sign == MINUS else PLUS} {side}" for sign, side in _sides(difference, wording))
        yield "```\n"
        if why is not None:
            yield from markdown(*why, level=1)
            yield ""


# -- why --------------------------------------------------------------------------------------------------------------


def explained(
    result: Result, wording: Wording, depth: int = DEPTH
) -> Iterator[tuple[str, list[Difference], tuple[Line, dict[str, str]] | None]]:
    """For each person and route with differences: who and what, the differences, and the part of the answer that they
    are about, with the articles it names."""
    writer = Writer(result.decision, wording, depth=depth, reasons=True)
    sponsors = {(e["person"], e["route"]): e.get("sponsor") for e in result.test.expect}
    for who, group in groupby(result.differences, lambda difference: (difference.person, difference.route)):
        differences = list(group)
        found = outcome_of(result.decision, *who, sponsors.get(who))
        why = writer.cut(_why(writer, *found, differences)) if found else None
        yield ", ".join(who), differences, (why, writer.articles) if why else None


def _why(writer: Writer, run: Run, outcome: Outcome, differences: Iterable[Difference]) -> Line:
    """The parts of an answer that differences are about: conditions with their reasons, and the lists concerned."""
    whole, sentences = writer.outcome(run, outcome), writer.sentences(run)
    keys = {difference.key for difference in differences}
    named = {difference.name for difference in differences if difference.key == "conditions"}
    titles = {writer.wording.ui(_HEADINGS[key]) for key in keys & set(_HEADINGS)}
    conditions = {writer.condition(run, outcome, c, sentences).text: c for c in outcome.conditions}
    kept = []
    for line in whole.children:
        condition = conditions.get(line.text)
        if line.heading:
            kept += [line] if line.text in titles else []
        elif condition is None or condition.id not in named:
            if keys - {*_HEADINGS, "conditions"}:  # about the whole, for which what is met need not be explained
                spoken = condition is None or condition.status in ("unmet", "unknown", *keys)
                kept.append(line if spoken else line._replace(children=()))
        else:
            kept.append(line)
    return whole._replace(children=tuple(kept))
