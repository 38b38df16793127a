"""Who is affected by a change of law: from what to what, by the provision responsible, with an example of each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from reasoner.batch.impacts import Impact
from reasoner.outcome import as_data
from reasoner.render.blocks import Block, show
from reasoner.render.lines import YES
from reasoner.render.subjects import Subjects

if TYPE_CHECKING:
    from reasoner.program import Law
    from reasoner.wording import Wording


def report(found: Impact, laws: tuple[Law, Law], wording: Wording, format: str) -> None:
    """Prints what changes for the cases of an archive."""
    if format == "json":
        print(json.dumps(as_json(found, laws), indent=2, ensure_ascii=False))
        return
    show(_blocks(found, laws, wording), format)


def as_json(found: Impact, laws: tuple[Law, Law]) -> dict[str, Any]:
    """The impact as plain data."""
    counts = found.counts
    return {
        "before": {"name": found.names[0], "digest": laws[0].digest},
        "after": {"name": found.names[1], "digest": laws[1].digest},
        "read": counts.read,
        "faulty": counts.faulty,
        "reached": counts.reached,
        "changed": counts.changed,
        "output": found.output or None,
        "errors": found.errors or None,
        "groups": [
            {"provisions": list(group.provisions), "route": group.route, "before": group.before, "after": group.after,
             "count": group.number, "example": as_data(group.example)} for group in found.groups
        ],
    }  # fmt: skip


def _blocks(found: Impact, laws: tuple[Law, Law], wording: Wording) -> Iterator[Block]:
    ui, counts = wording.ui, found.counts
    yield Block("strong", ui("impact_title"))
    yield Block("text", ui("impact_from", Name=_named(found.names[0], wording)))
    yield Block("text", ui("impact_to", Name=_named(found.names[1], wording)))
    yield Block("text", ui("impact_counts", **{key.capitalize(): value for key, value in counts._asdict().items()}))
    if counts.reached < counts.read - counts.faulty:
        yield Block("faint", ui("impact_how"))
    if found.errors:
        yield Block("text", ui("batch_errors", Errors=found.errors))
    if not found.groups:
        yield Block("heading", ui("impact_none"), mark=YES)
    subjects = (Subjects(laws[0], wording), Subjects(laws[1], wording))
    before: tuple[str, ...] | None = None
    for group in found.groups:
        if group.provisions != before:
            before = group.provisions
            yield from _titles(group.provisions, laws, subjects)
        words = {"Route": subjects[0].word(group.route, "route")}
        results = [_result(result, wording) for result in (group.before, group.after)]
        key = "impact_reasons" if group.before == group.after else "impact_change"
        text = ui(key, **words, Before=results[0], After=results[1])
        yield Block("text", text, 1, mark=str(group.number).rjust(len(str(counts.changed))))
        change = group.example
        yield Block("faint", ui("impact_example", Person=change.person, Place=change.place), 3)
        for name, words_of, listed in (("impact_before", 0, change.reasons[0]), ("impact_after", 1, change.reasons[1])):
            if listed:
                reasons = "; ".join(subjects[words_of].word(reason) for reason in listed)
                yield Block("faint", ui(name, Reasons=reasons), 3)


def _titles(provisions: tuple[str, ...], laws: tuple[Law, Law], subjects: tuple[Subjects, Subjects]) -> Iterator[Block]:
    """The provisions of a group as a heading, as the law that has them knows them."""
    known = [{row[0] for row in law.table("provision")} for law in laws]
    titles = [subjects[0 if p in known[0] else 1].provision(p) for p in provisions]
    first, *others = titles or [subjects[0].wording.ui("impact_nobody")]
    yield Block("heading", first)
    yield from (Block("strong", text) for text in others)


def _result(result: str | None, wording: Wording) -> str:
    return wording.text("results", result) if result else wording.ui("impact_absent")


def _named(name: str, wording: Wording) -> str:
    if not name:
        return wording.ui("impact_as_now")
    return wording.ui("impact_day", Date=name) if name[:1].isdigit() else wording.ui("impact_reform", Name=name)
