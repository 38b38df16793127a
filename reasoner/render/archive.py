"""Rows of an output explained: as stored, or with all days where the case itself is still at hand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from reasoner.batch.archive import Archive
from reasoner.batch.fragments import tree
from reasoner.dates import Calendar
from reasoner.explanation import FALSE, OPEN, TRUE
from reasoner.facts import UNKNOWN, UNKNOWN_DATE, class_table
from reasoner.ground import Atom
from reasoner.render import show
from reasoner.render.lines import ASIDE, ASK, NO, PLAIN, YES, Line, Writer
from reasoner.render.sentences import Sentences
from reasoner.target import Target, unknown

if TYPE_CHECKING:
    from reasoner.engine import Decision, Engine
    from reasoner.program import Law
    from reasoner.wording import Wording

_MARKS = {
    **dict.fromkeys(("eligible", "met", "held"), YES),
    **dict.fromkeys(("not_eligible", "unmet", "missing", "defective"), NO),
    **dict.fromkeys(("undetermined", "unknown"), ASK),
    **dict.fromkeys(("discretionary", "waived"), ASIDE),
}
_URGENCY = ("unmet", "unknown", "waived", "met")


def explanation(
    archive: Archive,
    number: int,
    engine: Engine,
    target: Target,
    wording: Wording,
    format: str,
    *,
    depth: int | None = None,
    full: bool = False,
) -> None:
    """Prints why and why not for the rows of a case, or for what a target names of them.

    Raises UsageError for a row, person, route, condition or document that there is not.
    """
    rows = archive.rows(number)
    decision = archive.decision(rows[0], engine)
    if decision is not None:
        show.explanation(decision, target, wording, format, depth=depth, full=full)
        return
    chosen = _chosen(rows, target)
    stored = archive.fragments({part for row in chosen for part in (row["fragment"], *_parts(row)) if part is not None})
    if format == "json":
        print(json.dumps(_as_json(archive, chosen, stored), indent=2, ensure_ascii=False, default=str))
        return
    lines = [_Stored(engine.law, row, wording, depth, target).line(stored) for row in chosen]
    _print(archive, rows[0], lines, wording, format, engine.law)


def _parts(row: Mapping[str, Any]) -> list[int]:
    return [*(row["conditions"] or ()), *(row["documents"] or ())]


def _chosen(rows: list[dict[str, Any]], target: Target) -> list[dict[str, Any]]:
    for kind, name in (("person", target.person), ("route", target.route)):
        names = [row[kind] for row in rows]
        if name is not None and name not in names:
            raise unknown(kind, name, names)
        rows = [row for row in rows if name in (None, row[kind])]
    return rows


def _as_json(archive: Archive, rows: list[dict[str, Any]], stored: Mapping[int, Any]) -> dict[str, Any]:
    def part(number: int) -> Any:
        return {key: value for key, value in stored[number].items() if key != "fragment"}

    return {
        "output": archive.path,
        "rules": archive.settings["rules"],
        "rows": [
            {**row, "conditions": [part(n) for n in row["conditions"] or () if n in stored],
             "documents": [part(n) for n in row["documents"] or () if n in stored]} for row in rows
        ],
    }  # fmt: skip


def _print(
    archive: Archive, row: Mapping[str, Any], lines: list[Line], wording: Wording, format: str, law: Law
) -> None:
    source = row["source"] or ""
    place = wording.ui("archive_place", File=source, Line=row["line"]) if row["line"] else source
    told = archive.settings
    heading = wording.ui("archive_row", Row=row["row"], Source=place)
    digest = wording.ui("law", Version=told["rules"]["version"], Digest=told["rules"]["digest"][:12])
    notes = [digest, wording.ui("archive_stored")]
    articles = Writer(cast("Decision", SimpleNamespace(law=law)), wording).articles
    show.printed(heading, notes, (), lines, articles, format)


class _Stored:
    """Writes one stored row as lines."""

    def __init__(self, law: Law, row: Mapping[str, Any], wording: Wording, depth: int | None, target: Target) -> None:
        # A writer reads nothing of a decision but its law to write the trees of an explanation.
        self.writer = Writer(cast("Decision", SimpleNamespace(law=law)), wording, depth=depth)
        names = {f"p{number}": person for number, person in enumerate(row["people"], 1)}
        self.sentences = _Dateless(wording, names, {}, _calendar(law))
        self.name = next(name for name, person in names.items() if person == row["person"])
        self.law, self.row, self.wording, self.target = law, row, wording, target

    def line(self, stored: Mapping[int, dict[str, Any]]) -> Line:
        row, ui = self.row, self.wording.ui
        title = ui("as_route", Person=row["person"], Route=self.sentences.route(row["route"]))
        details = [ui("applied_on", Date=row["applied_on"])] if row["applied_on"] else []
        details.append(self.wording.text("files", row["file"]))
        text = ui("pair", Name=title, Value=self.wording.text("results", row["result"]))
        below = [*self._conditions(stored), *self._documents(stored), *self._open()]
        line = Line(_MARKS[row["result"]], f"{text} ({'; '.join(details)})", children=tuple(below))
        return self.writer.cut(line)

    def _conditions(self, stored: Mapping[int, dict[str, Any]]) -> Iterator[Line]:
        if self.target.document is not None:
            return
        row = self.row
        found = [stored[number] for number in row["conditions"] or () if number in stored]
        for data in sorted(found, key=lambda data: _URGENCY.index(data["status"])):
            if self.target.condition in (None, data["id"]):
                text = self.sentences.condition(self.name, row["route"], data["id"])
                yield self._explained(data, text + self._distance(data["id"]))

    def _documents(self, stored: Mapping[int, dict[str, Any]]) -> Iterator[Line]:
        if self.target.condition is not None:
            return
        papers = [stored[number] for number in self.row["documents"] or () if number in stored]
        lines = [
            self._explained(data, self.wording.ui("pair", Name=self.wording.text("documents", data["id"]),
                                                  Value=self.wording.text("statuses", data["status"])))
            for data in papers if self.target.document in (None, data["id"])
        ]  # fmt: skip
        if lines:
            yield Line(PLAIN, self.wording.ui("documents"), children=tuple(lines), heading=True)

    def _open(self) -> Iterator[Line]:
        if self.row["depends_on"] and self.target.condition is self.target.document is None:
            lines = tuple(Line(ASK, path) for path in self.row["depends_on"])
            yield Line(PLAIN, self.wording.ui("depends_on"), children=lines, heading=True)

    def _explained(self, data: Mapping[str, Any], text: str) -> Line:
        nodes = () if data["status"] == "held" else [tree(node, self.law) for node in data["trees"]]
        below = [line for node in nodes for line in self.writer.instances(node, self.sentences)]
        return Line(_MARKS[data["status"]], text, tuple(data["provisions"])[:3], tuple(below))

    def _distance(self, condition: str) -> str:
        found = next((gap for gap in self.row["distances"] or () if gap["condition"] == condition), None)
        if found is None:
            return ""
        return f" ({self.wording.ui('archive_short', Amount=self.sentences.amount(found['amount'], found['unit']))})"


class _Dateless(Sentences):
    """Sentences where the values of a case are not known, only which comparisons hold."""

    def comparison(self, atom: Atom, state: str) -> str:
        """What a comparison asks, and whether it holds."""
        name, *terms = atom
        ui = self.wording.ui
        if name == "date":
            left, operator, right = terms
            asked = "archive_not_later" if operator == "<=" else "archive_earlier"
            other = "archive_later" if operator == "<=" else "archive_not_earlier"
            key = other if state == FALSE else asked
            return self._open_or(ui(key, Left=self.point(left), Right=self.point(right)), state)
        if name == "number":
            left, operator, right = terms
            sentence = ui("archive_compared", Left=self.quantity(left), Operator=operator, Right=self.number(right))
        elif name == "unbroken":
            words = {"Periods": self.point(terms[0]), "End": self.point(terms[1]), "Length": self.length(terms[-1])}
            return self._either("unbroken", state, words)
        else:
            keys = {"class": "archive_class", "same": "archive_same", "happened": "archive_happened"}
            points = [self.point(term) for term in (terms[1:] if name == "class" else terms)]
            words = {"Point": points[0], "Left": points[0], "Right": points[-1], "Name": self._class_name(terms[0])}
            sentence = ui(keys[name], **words)
        return ui({TRUE: "archive_holds", FALSE: "archive_fails", OPEN: "archive_open"}[state], Sentence=sentence)

    def _class_name(self, term: Any) -> str:
        return self.value(term) if isinstance(term, str) else ""

    def _open_or(self, sentence: str, state: str) -> str:
        return self.wording.ui("archive_open", Sentence=sentence) if state == OPEN else sentence


def _calendar(law: Law) -> Calendar:
    """A calendar that knows no value of any case."""

    def lookup(point: Any) -> Any:
        return UNKNOWN.get(law.point_kinds.get(point[0], ""), UNKNOWN_DATE)

    return Calendar(lookup, class_table(law))
