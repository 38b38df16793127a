"""Where two versions of the law differ: what is decided differently, by which provisions, and the smallest person."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from reasoner import __version__
from reasoner.outcome import Outcome, as_data
from reasoner.quality import casetext
from reasoner.quality.difference import Comparison, Difference, Label, Version, differences
from reasoner.render.blocks import Block, show
from reasoner.render.lines import PLAIN, YES, Line, Writer
from reasoner.render.subjects import Subjects, bound, bound_text

if TYPE_CHECKING:
    from reasoner.engine import Decision
    from reasoner.run import Run
    from reasoner.wording import Wording

SHORT = 5  # items of a list that are shown without --all
ROUTES = 2  # likewise of the routes of an item
DEPTH = 4  # levels of an explanation

# What is decided differently, by the heading under which it is listed.
_HEADINGS = {
    **dict.fromkeys(("eligible", "not_eligible", "discretionary"), "diff_results"),
    **dict.fromkeys(("complete", "incomplete"), "diff_files"),
    "condition": "conditions",
    "document": "documents",
    "defect": "diff_defects",
    "effect": "effects",
    "fee": "fees",
    "authority": "authorities",
    "channel": "channels",
    "warning": "warnings",
    "note": "notes",
}
_KINDS = {"authority": "task", "defect": "document"}
Command = Callable[[int, str, str], str | None]
"""The command by which a side (0 or 1) decides a case, for a person and a route; None when there is none."""


def report(
    comparison: Comparison,
    versions: tuple[Version, Version],
    command: Command,
    wording: Wording,
    format: str,
    *,
    everything: bool = False,
) -> None:
    """Prints that two versions agree, or their differences by the provisions responsible."""
    law = versions[0].engine.law
    if format == "json":
        print(json.dumps(as_json(comparison, versions, command, wording), indent=2, ensure_ascii=False))
        return
    names = {"One": versions[0].name, "Other": versions[1].name}
    blocks = [Block("heading", wording.ui("diff_title", **names)), Block("faint", bound_text(law, wording))]
    found = list(differences(comparison))
    key = "diff_some" if found else "diff_none" if comparison.certain else "diff_open"
    blocks.append(Block("heading", wording.ui(key, N=len(found), **names), mark="" if found else YES))
    if found and not comparison.certain:
        blocks.append(Block("text", wording.ui("check_uncertain")))
    for number, difference in enumerate(found, 1):
        blocks += _difference(number, difference, versions, command, wording, everything)
    show(blocks, format)


def _difference(
    number: int,
    difference: Difference,
    versions: tuple[Version, Version],
    command: Command,
    wording: Wording,
    everything: bool,
) -> Iterator[Block]:
    known = {p: version.engine.law for version in versions for p, *_ in version.engine.law.table("provision")}
    titles = [Subjects(known[p], wording).provision(p) for p in difference.provisions if p in known]
    first, *others = titles or [wording.ui("diff_no_provision")]
    yield Block("heading", f"{number}. {first}")
    yield from (Block("strong", f"   {text}") for text in others)
    subjects = Subjects(versions[0].engine.law, wording)
    for heading, items in _labels(difference.labels, subjects, None if everything else ROUTES).items():
        shown = items if everything or len(items) <= SHORT else items[: SHORT - 1]
        texts = [*shown, *([wording.ui("diff_more", N=len(items) - len(shown))] if len(shown) < len(items) else [])]
        children = tuple(Line(PLAIN, text) for text in texts)
        yield Block("tree", level=1, tree=Line(PLAIN, wording.ui(heading), children=children, heading=True))
    names, (first_case, second_case) = [version.name for version in versions], difference.witness.cases
    yield Block("text", wording.ui("diff_case"), 1)
    yield Block("case", level=2, lines=tuple(casetext.noted(first_case, second_case, names[1])))
    lines = _sides(difference, wording)
    for side, (name, found) in enumerate(zip(names, lines, strict=True)):
        yield Block("text", wording.ui("diff_under", Name=name), 1)
        for line, articles in found:
            yield Block("tree", level=2, tree=line, articles=articles)
        if difference.outcomes is not None:
            asked = command(side, difference.outcomes[side].person, difference.outcomes[side].route)
            yield from [Block("command", level=2, lines=(asked,))] if asked else []


def _labels(labels: Sequence[Label], subjects: Subjects, most: int | None = None) -> dict[str, list[str]]:
    """What is decided differently, by heading; each item once, with the routes on which it is, or ``most`` of them."""
    found: dict[str, dict[str, list[str]]] = {}
    for name, route, *rest in labels:
        items = found.setdefault(_HEADINGS.get(name, name), {})
        if not rest:
            items.setdefault(subjects.word(route, "route"), [])
        elif name == "defect":
            item = f"{subjects.word(route, 'document')}: {subjects.word(rest[-1], 'defect')}"
            items.setdefault(item, [])
        else:
            routes = items.setdefault(subjects.word(rest[0], _KINDS.get(name, name)), [])
            routes += [word] if (word := subjects.word(route, "route")) not in routes else []
    for items in found.values():
        for routes in items.values():
            if most is not None and len(routes) > most + 1:
                routes[most:] = [subjects.wording.ui("diff_more_routes", N=len(routes) - most)]
    return {
        heading: [f"{item} ({'; '.join(routes)})" if routes else item for item, routes in items.items()]
        for heading, items in found.items()
    }


# -- the two decisions ------------------------------------------------------------------------------------------------


def _sides(difference: Difference, wording: Wording) -> list[list[tuple[Line, dict[str, str]]]]:
    """What the answers on the smallest person say on one side only, result and reasons first."""
    found = []
    for side, decision in enumerate(difference.witness.decisions):
        writer = Writer(decision, wording, depth=DEPTH)
        pairs = _outcomes(difference, decision, side)
        found.append((writer, {(o.person, o.route): writer.outcome(run, o) for run, o in pairs}))
    result: list[list[tuple[Line, dict[str, str]]]] = []
    for (writer, lines), (_, others) in (found, found[::-1]):
        told = []
        for key, line in lines.items():
            kept = _only_here(line, others.get(key), wording)
            if kept.children or key not in others or line.mark != others[key].mark or len(lines) == 1:
                told.append((writer.cut(kept), writer.articles))
        result.append(told)
    return result


def _outcomes(difference: Difference, decision: Decision, side: int) -> list[tuple[Run, Outcome]]:
    if difference.outcomes is None:
        return list(decision.decided)
    return [(decision.runs[0], difference.outcomes[side])]


def _only_here(line: Line, other: Line | None, wording: Wording) -> Line:
    """An outcome without what the other says as well, and without the days that follow from the day of application."""
    if other is None:
        return line
    same = {(each.mark, each.text) for each in other.children if not each.heading}
    groups = {each.text: {(item.mark, item.text) for item in each.children} for each in other.children if each.heading}
    kept = []
    for child in line.children:
        if child.heading:
            items = [item for item in child.children if (item.mark, item.text) not in groups.get(child.text, set())]
            if items and child.text != wording.ui("deadlines"):
                kept.append(child._replace(children=tuple(items)))
        elif (child.mark, child.text) not in same:
            kept.append(child)
    return line._replace(children=tuple(kept))


# -- JSON -------------------------------------------------------------------------------------------------------------


def as_json(
    comparison: Comparison, versions: tuple[Version, Version], command: Command, wording: Wording
) -> dict[str, Any]:
    """The comparison as plain data."""
    return {
        "version": __version__,
        "sides": [{"name": version.name, "digest": version.engine.law.digest} for version in versions],
        "bound": bound(versions[0].engine.law),
        "agree": not comparison.differences and comparison.certain,
        "certain": comparison.certain,
        "questions": comparison.questions,
        "differences": [_data(difference, versions, command, wording) for difference in differences(comparison)],
    }


def _data(
    difference: Difference, versions: tuple[Version, Version], command: Command, wording: Wording
) -> dict[str, Any]:
    subjects = Subjects(versions[0].engine.law, wording)
    data: dict[str, Any] = {
        "provisions": list(difference.provisions),
        "labels": [list(label) for label in difference.labels],
        "text": {wording.ui(heading): items for heading, items in _labels(difference.labels, subjects).items()},
        "cases": list(difference.witness.cases),
    }
    if difference.outcomes is not None:
        data["outcomes"] = [as_data(outcome) for outcome in difference.outcomes]
        sides = [(side, outcome.person, outcome.route) for side, outcome in enumerate(difference.outcomes)]
        data["commands"] = [command(*side) for side in sides]
    return data
