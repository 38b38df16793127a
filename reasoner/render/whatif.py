"""Scenarios of a case beside the case as it is: as text, Markdown and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from reasoner import __version__
from reasoner.questions.scenario import described
from reasoner.questions.whatif import Answer, differing
from reasoner.render.blocks import Block, show
from reasoner.render.changes import Changes, articles, change_data
from reasoner.render.lines import RESULT_MARKS, Writer
from reasoner.render.sentences import day
from reasoner.render.show import reforms

if TYPE_CHECKING:
    from reasoner.engine import Decision
    from reasoner.wording import Wording


def report(
    base: Decision,
    answers: Sequence[Answer],
    wording: Wording,
    format: str,
    *,
    depth: int | None = None,
    everything: bool = False,
) -> None:
    """Prints what each scenario changes; several are set side by side in a table first."""
    if format == "json":
        print(json.dumps(as_json(base, answers, wording), indent=2, ensure_ascii=False))
        return
    before = Writer(base, wording, depth=depth)
    blocks = list(heading(base, wording))
    if len(answers) > 1:
        blocks.append(_table(answers, before))
    for answer in answers:
        blocks += _scenario(answer, before, depth, everything)
    show(blocks, format)


def heading(decision: Decision, wording: Wording) -> Iterator[Block]:
    """Which case it is, by which law it is decided."""
    file = decision.file
    text = wording.ui("heading", Case=file.case.case or file.name, Date=day(decision.assessed_on))
    yield Block("strong", text)
    yield Block("faint", wording.ui("law", Version=__version__, Digest=decision.law.digest[:12]))
    for reform in decision.law.reforms:
        yield Block("strong", wording.ui("under_reform", Title=reform.title(wording.language)))


def _scenario(answer: Answer, before: Writer, depth: int | None, everything: bool) -> Iterator[Block]:
    wording = before.wording
    yield Block("heading", wording.ui("whatif", Name=answer.scenario.name or "").strip())
    yield from (Block("text", text, 1) for text in described(answer.scenario.changes))
    after = Writer(answer.decision, wording, depth=depth)
    changes, same = Changes(before, after), 0
    for change in answer.changes:
        if change.anything or everything:
            yield Block("tree", tree=changes.line(change), articles=articles(before, after), gap=1)
        else:
            same += 1
    if same or not answer.changes:
        key = "whatif_same" if same < len(answer.changes) else "whatif_nothing"
        yield Block("heading", wording.ui(key, N=same))


def _table(answers: Sequence[Answer], before: Writer) -> Block:
    """A row for each outcome that a scenario changes and for each of its conditions and papers that one changes; a
    column for each scenario."""
    wording = before.wording
    rows: list[tuple[str, ...]] = []
    for key in differing(answers):
        columns = [_Column(answer, key, before) for answer in answers]
        first = next(column for column in columns if column.change is not None)
        title = wording.fluent(first.changes.title(first.change)) if first.change else ""
        rows.append((title, first.result(0), *(column.result(1) for column in columns)))
        for part, name in dict.fromkeys(pair for column in columns for pair in column.items):
            known = next(column for column in columns if (part, name) in column.items)
            cells = [column.value(part, name) for column in columns]
            rows.append((f"  {known.name(part, name)}", known.items[part, name][0], *cells))
    names = (wording.ui("whatif_base"), *(answer.scenario.name for answer in answers))
    return Block("table", lines=("", *names), rows=tuple(rows))


class _Column:
    """What one scenario makes of one outcome."""

    def __init__(self, answer: Answer, key: tuple[str, str | None, str], before: Writer) -> None:
        self.changes = Changes(before, Writer(answer.decision, before.wording))
        found = (c for c in answer.changes if (c.outcome.person, c.outcome.sponsor, c.outcome.route) == key)
        self.change = next(found, None)
        self.items: dict[tuple[str, str], tuple[str, str]] = {}
        if self.change is not None and None not in self.change.results:
            self.items = {
                (item.part, item.id): self.changes.values(item, self.change)
                for item in self.change.items
                if item.part in ("conditions", "documents")
            }

    def result(self, side: int) -> str:
        """The result on a side, with its mark."""
        result = self.change.results[side] if self.change else None
        return f"{RESULT_MARKS.get(result or '', '')} {self.changes.result(result)}".strip()

    def name(self, part: str, name: str) -> str:
        """What a condition or a document is called."""
        assert self.change is not None
        item = next(item for item in self.change.items if (item.part, item.id) == (part, name))
        return self.changes.wording.fluent(self.changes.name(item, self.change))

    def value(self, part: str, name: str) -> str:
        """What the scenario makes of a condition or a document."""
        if (part, name) in self.items:
            return self.items[part, name][1]
        same = self.change is not None and None not in self.change.results
        return self.changes.wording.ui("whatif_unchanged" if same else "none")


def as_json(base: Decision, answers: Sequence[Answer], wording: Wording) -> dict[str, Any]:
    """The scenarios as plain data."""
    before = Writer(base, wording)
    return {
        "case": base.file.case.case or base.file.name,
        "assessed_on": base.assessed_on.isoformat(),
        "rules": {"version": __version__, "digest": base.law.digest, **reforms(base.law)},
        "scenarios": [
            {
                "name": answer.scenario.name,
                "changes": list(described(answer.scenario.changes)),
                "outcomes": [
                    change_data(change, Changes(before, Writer(answer.decision, wording))) for change in answer.changes
                ],
            }
            for answer in answers
        ],
    }
