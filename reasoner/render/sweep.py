"""The turns of a sweep: as text, Markdown, JSON and a picture."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from reasoner import __version__
from reasoner.outcome import as_data
from reasoner.questions.sweep import Column, Row, Stretch, Vary, grid, sweep
from reasoner.render import picture
from reasoner.render.blocks import Block, show
from reasoner.render.changes import Changes, cause_data, cause_lines
from reasoner.render.lines import NO, PLAIN, RESULT_MARKS, Line, Writer
from reasoner.render.show import reforms
from reasoner.render.text import progress
from reasoner.render.whatif import heading

if TYPE_CHECKING:
    from reasoner.engine import Decision
    from reasoner.questions.whatif import Asked, Chosen
    from reasoner.wording import Wording

WIDTH, HEIGHT = 60, 12  # of the blocks of a map


class Answer(NamedTuple):
    """What was varied and found: ``columns`` of a map, or a single one for a sweep of one fact."""

    base: Decision
    varied: tuple[Vary, ...]
    columns: tuple[Column, ...]


def answered(asked: Asked, varied: tuple[Vary, ...], chosen: Chosen, wording: Wording) -> Answer:
    """The sweep of one or two facts, with a bar on a terminal while a map is made."""
    if len(varied) == 1:
        return Answer(asked.decision, varied, (Column(None, None, sweep(asked, varied[0], chosen)),))
    with progress(len(varied[0].grid()), wording.ui("sweep_running")) as advance:
        return Answer(asked.decision, varied, grid(asked, varied[0], varied[1], chosen, advance))


def report(answer: Answer, wording: Wording, format: str, *, depth: int | None = None) -> None:
    """Prints where each result changes, each time with the reason."""
    if format == "json":
        print(json.dumps(as_json(answer, wording), indent=2, ensure_ascii=False))
        return
    changes = Changes(*[Writer(answer.base, wording, depth=depth)] * 2)
    blocks = list(heading(answer.base, wording))
    if len(answer.varied) == 1:
        blocks.append(Block("heading", wording.ui("sweep", Path=answer.varied[0].text)))
        blocks += _rows(answer.columns[0].rows, answer.varied[0], changes)
    else:
        names = {"First": answer.varied[0].text, "Second": answer.varied[1].text}
        blocks.append(Block("heading", wording.ui("sweep_two", **names)))
        blocks += _maps(answer, changes)
    if not any(column.rows for column in answer.columns):
        blocks.append(Block("text", wording.ui("sweep_none")))
    signs = {"Open": "eligible", "Closed": "not_eligible", "Favour": "discretionary", "Unknown": "undetermined"}
    legend = wording.ui("timeline_legend", **{key: picture.BLOCKS[state] for key, state in signs.items()})
    blocks.append(Block("heading", legend))
    show(blocks, format)


def _rows(rows: Sequence[Row], varied: Vary, changes: Changes) -> Iterator[Block]:
    for row in rows:
        yield Block("tree", tree=changes.after.cut(_row(row, changes)), articles=changes.after.articles, gap=1)
        low, high = _span(varied)
        yield Block("rule", lines=(picture.blocks(picture.Bar("", _parts(row, varied, changes)), low, high, WIDTH),))


def _row(row: Row, changes: Changes) -> Line:
    ui, title = changes.wording.ui, _title(row, changes)
    turns = ", ".join(_shown(turn) for turn in row.turns)
    text = ui("sweep_turns", Name=title, Values=turns) if turns else ui("sweep_never", Name=title)
    return Line(PLAIN, text, children=tuple(_stretch(each, row, changes) for each in row.stretches), heading=True)


def _title(row: Row, changes: Changes) -> str:
    first = row.stretches[0]
    words = changes.after.sentences(first.run)
    return changes.wording.fluent(changes.after.heading(words, first.name, row.route, row.sponsor))


def _stretch(stretch: Stretch, row: Row, changes: Changes) -> Line:
    below = tuple(cause_lines(changes, stretch.begins, stretch.name, row.route)) if stretch.begins else ()
    return Line(RESULT_MARKS.get(stretch.result or "", NO), _words(stretch, changes), children=below)


def _words(stretch: Stretch, changes: Changes) -> str:
    ui = changes.wording.ui
    words = {"Values": _span_words(stretch.first, stretch.last, changes.wording)}
    words["Result"] = changes.result(stretch.result)
    if stretch.file in (None, "not_applicable"):
        return ui("sweep_state", **words)
    return ui("sweep_state_file", **words, File=changes.wording.text("files", stretch.file or ""))


def _span_words(first: Any, last: Any, wording: Wording) -> str:
    return _shown(first) if first == last else wording.ui("sweep_span", First=_shown(first), Last=_shown(last))


def _shown(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value).lower() if value is not None else "unknown"


# -- pictures ------------------------------------------------------------------------------------------------------


def _place(varied: Vary, value: Any) -> int:
    return varied.listed.index(value) if varied.listed else picture.number(value)


def _span(varied: Vary) -> tuple[int, int]:
    return _place(varied, varied.first), _place(varied, varied.last) + 1


def _parts(row: Row, varied: Vary, changes: Changes) -> tuple[tuple[int, int, str, str], ...]:
    return tuple(
        (_place(varied, s.first), _place(varied, s.last) + 1, s.result or "", _words(s, changes)) for s in row.stretches
    )


def _keys(answer: Answer) -> list[tuple[str, str | None, str]]:
    return list(dict.fromkeys(row[:3] for column in answer.columns for row in column.rows))


def _of(column: Column, key: tuple[str, str | None, str]) -> Row | None:
    return next((row for row in column.rows if row[:3] == key), None)


def _fields(answer: Answer, changes: Changes) -> Iterator[tuple[tuple[str, str | None, str], picture.Field]]:
    first, second = answer.varied
    for key in _keys(answer):
        columns, title = [], ""
        ends = [*(_place(first, column.first) for column in answer.columns[1:]), _span(first)[1]]
        for column, end in zip(answer.columns, ends, strict=True):
            row = _of(column, key)
            title = title or (_title(row, changes) if row else "")
            parts = _parts(row, second, changes) if row else ()
            columns.append((_place(first, column.first), end, parts))
        yield key, picture.Field(title, tuple(columns))


def _maps(answer: Answer, changes: Changes) -> Iterator[Block]:
    """For each person and route a map, and below it what each column says."""
    first, second = answer.varied
    low, high = _span(second)
    ui = changes.wording.ui
    for key, field in _fields(answer, changes):
        yield Block("heading", field.title)
        tall = min(HEIGHT, high - low)
        lines = picture.field_blocks(field, low, high, WIDTH, tall)
        yield Block("rule", lines=tuple(lines))
        told, children = None, list[Line]()
        for column in answer.columns:
            row = _of(column, key)
            stretches = tuple(_stretch(each, row, changes) for each in row.stretches) if row else ()
            values = _span_words(column.first, column.last, changes.wording)
            bare = tuple(line._replace(children=()) for line in stretches)
            if told == bare:
                stretches = (Line(PLAIN, ui("as_above")),)
            told = bare
            children.append(Line(PLAIN, ui("sweep_column", Path=first.place, Values=values), children=stretches))
        tree = Line(PLAIN, second.place, children=tuple(children))
        yield Block("tree", tree=changes.after.cut(tree), articles=changes.after.articles)


def svg(answer: Answer, wording: Wording) -> str:
    """The sweep as a picture: bars for one fact, maps for two."""
    changes = Changes(*[Writer(answer.base, wording)] * 2)
    listed = (s.result for column in answer.columns for row in column.rows for s in row.stretches)
    legend = changes.legend(listed)
    if len(answer.varied) == 1:
        varied = answer.varied[0]
        bars = [picture.Bar(_title(row, changes), _parts(row, varied, changes)) for row in answer.columns[0].rows]
        return picture.svg(wording.ui("sweep", Path=varied.text), bars, *_span(varied), _labels(varied), legend)
    first, second = answer.varied
    title = wording.ui("sweep_two", First=first.place, Second=second.place)
    fields = [field for _, field in _fields(answer, changes)]
    labels = (_labels(first), _labels(second))
    names = first.place, second.place
    return picture.field_svg(title, fields, names, *_span(second), lambda axis, p: labels[axis](p), legend)


def _labels(varied: Vary) -> Any:
    if varied.listed:
        return lambda place: _shown(varied.listed[place])
    dated = isinstance(varied.first, date)
    return lambda place: picture.value(place, dated=dated)


# -- JSON ----------------------------------------------------------------------------------------------------------


def as_json(answer: Answer, wording: Wording) -> dict[str, Any]:
    """The sweep as plain data."""
    changes = Changes(*[Writer(answer.base, wording)] * 2)
    data: dict[str, Any] = {
        "case": answer.base.file.case.case or answer.base.file.name,
        "assessed_on": answer.base.assessed_on.isoformat(),
        "rules": {"version": __version__, "digest": answer.base.law.digest, **reforms(answer.base.law)},
        "vary": [varied.text for varied in answer.varied],
    }
    if len(answer.varied) == 1:
        return data | {"rows": [_row_data(row, changes) for row in answer.columns[0].rows]}
    columns = [
        {
            "first": as_data(column.first),
            "last": as_data(column.last),
            "rows": [_row_data(row, changes) for row in column.rows],
        }
        for column in answer.columns
    ]
    return data | {"columns": columns}


def _row_data(row: Row, changes: Changes) -> dict[str, Any]:
    return {
        "person": row.person,
        "sponsor": row.sponsor,
        "route": row.route,
        "turns": as_data(row.turns),
        "stretches": [
            {
                "first": as_data(stretch.first),
                "last": as_data(stretch.last),
                "result": stretch.result,
                "file": stretch.file,
                "begins": cause_data(changes, stretch.begins) if stretch.begins else None,
            }
            for stretch in row.stretches
        ],
    }
