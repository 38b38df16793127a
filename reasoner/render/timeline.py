"""The periods of a timeline: as text, Markdown, JSON and a picture."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from reasoner import __version__
from reasoner.questions.timeline import Line as Course
from reasoner.questions.timeline import Period, Timeline
from reasoner.render import picture
from reasoner.render.blocks import Block, show
from reasoner.render.changes import Changes, cause_data, cause_lines
from reasoner.render.lines import NO, PLAIN, RESULT_MARKS, Line, Writer
from reasoner.render.show import reforms
from reasoner.render.whatif import heading

if TYPE_CHECKING:
    from reasoner.engine import Decision
    from reasoner.wording import Wording

BLOCK_WIDTH = 60


def report(base: Decision, found: Timeline, wording: Wording, format: str, *, depth: int | None = None) -> None:
    """Prints the periods of each route, each with the reason for its beginning."""
    if format == "json":
        print(json.dumps(as_json(base, found, wording), indent=2, ensure_ascii=False))
        return
    show(_blocks(base, found, Changes(*[Writer(base, wording, depth=depth)] * 2)), format)


def _blocks(base: Decision, found: Timeline, changes: Changes) -> list[Block]:
    wording = changes.wording
    blocks = [*heading(base, wording), Block("heading", wording.ui(f"timeline_{found.vary}"))]
    bars, (low, high) = _bars(base, found, changes)
    for line, bar in zip(found.lines, bars, strict=True):
        periods = tuple(_period(period, line, changes) for period in line.periods)
        top = Line(PLAIN, bar.title, children=periods, heading=True)
        blocks.append(Block("tree", tree=changes.after.cut(top), articles=changes.after.articles, gap=1))
        blocks.append(Block("rule", lines=(picture.blocks(bar, low, high, BLOCK_WIDTH),)))
    if not found.lines:
        return [*blocks, Block("text", wording.ui("timeline_none"))]
    signs = {"Open": "eligible", "Closed": "not_eligible", "Favour": "discretionary", "Unknown": "undetermined"}
    legend = wording.ui("timeline_legend", **{key: picture.BLOCKS[state] for key, state in signs.items()})
    ends = [picture.value(place, dated=True) for place in (low, high)]
    blocks.append(Block("heading", f"{ends[0]} … {ends[1]}: {legend}"))
    if not all(found.limited):
        blocks.append(Block("faint", wording.ui("timeline_unlimited")))
    return blocks


def _title(line: Course, changes: Changes) -> str:
    words = changes.after.sentences(line.periods[0].moment)
    name = line.periods[0].moment.cast.canonical[line.person]
    return changes.wording.fluent(changes.after.heading(words, name, line.route, line.sponsor))


def days(period: Period, wording: Wording) -> str:
    """The days of a period in words."""
    first, last = period.first, period.last
    if first is None and last is None:
        return wording.ui("timeline_always")
    if last is None:
        return wording.ui("timeline_from", First=first)
    if first is None:
        return wording.ui("timeline_until", Last=last)
    return wording.ui("timeline_day" if first == last else "timeline_span", First=first, Last=last)


def _period(period: Period, line: Course, changes: Changes) -> Line:
    ui, name = changes.wording.ui, period.moment.cast.canonical[line.person]
    text = ui("timeline_period", Days=days(period, changes.wording), Result=changes.result(period.result))
    below = tuple(cause_lines(changes, period.begins, name, line.route)) if period.begins else ()
    return Line(RESULT_MARKS.get(period.result or "", NO), text, children=below)


def _bars(base: Decision, found: Timeline, changes: Changes) -> tuple[list[picture.Bar], tuple[int, int]]:
    """The rows of the picture, and the days that it shows."""
    turns = [period.first.toordinal() for line in found.lines for period in line.periods[1:] if period.first]
    low, high = picture.window([*turns, base.assessed_on.toordinal()], base.assessed_on.toordinal())
    low, high = max(low, found.first.toordinal()), min(high, found.last.toordinal() + 1)
    bars = []
    for line in found.lines:
        parts = []
        for period in line.periods:
            first = period.first.toordinal() if period.first else low
            after = period.last.toordinal() + 1 if period.last else high
            words = f"{days(period, changes.wording)}: {changes.result(period.result)}"
            parts.append((first, after, period.result or "", words))
        bars.append(picture.Bar(_title(line, changes), tuple(parts)))
    return bars, (low, high)


def svg(base: Decision, found: Timeline, wording: Wording) -> str:
    """The timeline as a picture."""
    changes = Changes(*[Writer(base, wording)] * 2)
    bars, (low, high) = _bars(base, found, changes)
    legend = changes.legend(period.result for line in found.lines for period in line.periods)
    title = wording.ui(f"timeline_{found.vary}")
    return picture.svg(title, bars, low, high, lambda place: picture.value(place, dated=True), legend)


def as_json(base: Decision, found: Timeline, wording: Wording) -> dict[str, Any]:
    """The timeline as plain data."""
    changes = Changes(*[Writer(base, wording)] * 2)
    return {
        "case": base.file.case.case or base.file.name,
        "assessed_on": base.assessed_on.isoformat(),
        "rules": {"version": __version__, "digest": base.law.digest, **reforms(base.law)},
        "vary": found.vary,
        "first": found.first.isoformat(),
        "last": found.last.isoformat(),
        "lines": [
            {
                "person": line.person,
                "sponsor": line.sponsor,
                "route": line.route,
                "regime": line.regime,
                "periods": [
                    {
                        "first": period.first and period.first.isoformat(),
                        "last": period.last and period.last.isoformat(),
                        "state": _STATES.get(period.result or "", "closed"),
                        "result": period.result,
                        "begins": cause_data(changes, period.begins) if period.begins else None,
                        "ends": cause_data(changes, period.ends) if period.ends else None,
                    }
                    for period in line.periods
                ],
            }
            for line in found.lines
        ],
    }


_STATES = {"eligible": "open", "discretionary": "open", "undetermined": "undetermined", "not_eligible": "closed"}
