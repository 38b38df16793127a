"""Coverage as one page of HTML: the law files with every rule and literal marked, and the tests of each rule."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from reasoner.quality.coverage import Coverage, RuleCoverage
from reasoner.render import html
from reasoner.render.coverage import COLUMNS, SIGNS, as_json, markdown, rows, sign, summary, text
from reasoner.render.lawtext import LawText

if TYPE_CHECKING:
    from reasoner.wording import Wording

LISTED = 12  # tests named below a rule
_CLASSES = {"✓": "full", "◐": "half", "✗": "none"}


class _Part(NamedTuple):
    """A stretch of a law file, by offsets, with what is to be said of it."""

    start: int
    end: int
    mark: str
    title: str


def page(found: Coverage, root: Path, wording: Wording) -> str:
    """The whole page."""
    body = [
        f"<h1>{escape(wording.ui('coverage_title'))}</h1>",
        f"<p>{escape(summary(found, wording))}</p>",
        *_table(found, wording),
        f"<p>{escape(wording.ui('coverage_legend'))}</p>",
    ]
    for file in found.files:
        if (root / file).is_file():
            rules = {one.rule.line: one for one in found.rules if one.rule.file == file}
            idle = {rule.line for rule in found.idle if rule.file == file}
            body += [f'<h2 id="{escape(file)}">{escape(file)}</h2>', *_source(root / file, rules, idle, wording)]
    return html.page(wording.ui("coverage_title"), wording, [html.tag("main", map(html.Html, body))], "coverage")


def _table(found: Coverage, wording: Wording) -> Iterator[str]:
    titles = [wording.ui("coverage_file"), *map(wording.ui, COLUMNS.values())]
    yield "<table><thead><tr>" + "".join(f"<th>{escape(title)}</th>" for title in titles) + "</tr></thead><tbody>"
    for name, cells in rows(found, wording):
        file = f"encodings/{name}"
        link = f'<a href="#{escape(file)}">{escape(name)}</a>' if file in found.files else escape(name)
        yield f"<tr><td>{link}</td>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
    yield "</tbody></table>"


def _source(path: Path, rules: dict[int, RuleCoverage], idle: set[int], wording: Wording) -> Iterator[str]:
    law = LawText(path.read_text(encoding="utf-8"))
    written = 0
    for line, start, end, node in law.statements:
        covered = rules.get(line)
        if covered is None and line not in idle:
            continue
        yield _plain(law.text[written:start])
        marks = _marks(covered, node.body, law, wording) if covered else []
        state = "idle" if covered is None else _CLASSES[_whole(covered)]
        label = "·" if covered is None else _whole(covered)
        number = f'<span class="number">{line} {label}</span>'
        yield f'<pre class="rule {state}">{number}{_marked(law.text, start, end, marks)}</pre>'
        if covered is not None:
            yield _tests(covered.tests, wording)
        written = end
    yield _plain(law.text[written:])


def _whole(found: RuleCoverage) -> str:
    """The sign of a rule: covered with all its literals, by itself, or not at all."""
    if not found.tests:
        return SIGNS[False, False]
    return SIGNS[True, all(literal.covered for literal in found.literals)]


def _marks(found: RuleCoverage, body: Sequence[Any], law: LawText, wording: Wording) -> list[_Part]:
    marks = []
    for literal in found.literals:
        location = body[literal.place].location
        sides = ((literal.holding, "coverage_holding"), (literal.failing, "coverage_failing"))
        title = ", ".join(wording.ui(key) for tests, key in sides if not tests)
        marks.append(_Part(law.offset(location.begin), law.offset(location.end), sign(literal), title))
    return sorted(marks)


def _marked(text: str, start: int, end: int, marks: Sequence[_Part]) -> str:
    parts, at = [], start
    for mark in marks:
        parts.append(escape(text[at : mark.start]))
        title = f' title="{escape(mark.title)}"' if mark.title else ""
        shown = escape(text[mark.start : mark.end])
        parts.append(f'<mark class="{_CLASSES[mark.mark]}" data-sign="{mark.mark}"{title}>{shown}</mark>')
        at = mark.end
    return "".join([*parts, escape(text[at:end])])


def _plain(text: str) -> str:
    return f'<pre class="plain comment">{escape(text.strip(chr(10)))}</pre>' if text.strip() else ""


def _tests(tests: Sequence[str], wording: Wording) -> str:
    shown = "".join(f"<li>{escape(test)}</li>" for test in tests[:LISTED])
    more = f"<li>{escape(wording.ui('coverage_more', Number=len(tests) - LISTED))}</li>" if len(tests) > LISTED else ""
    label = f"{len(tests)} {escape(wording.ui('coverage_tests'))}"
    return f"<details><summary>{label}</summary><ul>{shown}{more}</ul></details>"


def write(found: Coverage, root: Path, wording: Wording, format: str, output: Path | None = None) -> None:
    """Prints coverage in a format, or writes it to a file."""
    if format == "text" and output is None:
        text(found, wording)
        return
    if format == "html":
        content = page(found, root, wording)
    elif format == "json":
        content = as_json(found)
    elif format == "markdown":
        content = markdown(found, wording)
    else:
        with redirect_stdout(io.StringIO()) as kept:
            text(found, wording)
        content = kept.getvalue()
    if output is None:
        print(content)
    else:
        output.write_text(content.rstrip("\n") + "\n", encoding="utf-8")
