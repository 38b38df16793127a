"""The law itself as a reader wants to see it: its provisions, routes and readings, and how far they are covered."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from reasoner.errors import UsageError
from reasoner.render.lines import reference
from reasoner.render.text import console, printing

if TYPE_CHECKING:
    from rich.table import Table

    from reasoner.program import Law, Rule
    from reasoner.wording import Wording


def listing(law: Law, wording: Wording, format: str, regime: str | None) -> None:
    """Prints every provision of the catalogue with its title and article, and what reforms made of it."""
    rows: list[dict[str, Any]] = []
    marks = _marks(law)
    for identifier, own, kind, role in (*chosen(law, regime), *_ended(law, regime)):
        rows.append(
            {
                "id": reference(identifier),
                "regime": own,
                "kind": kind,
                "role": role,
                "title": _title(wording, identifier),
                "article": wording.citation(_first(law, "article", identifier) or ""),
                "encoded": not _reason(law, identifier),
                **({"reform": marks.get(identifier)} if law.reforms else {}),
            }
        )
    if not law.reforms or format == "json":
        _table(rows, ("id", "title", "article"), wording, format)
        return
    for reform in law.reforms:
        _paragraph(wording.ui("under_reform", Title=reform.title(wording.language)))
        _paragraph(reform.description(wording.language))
    shown = [{**row, "reform": wording.ui(f"reform_{row['reform']}") if row["reform"] else ""} for row in rows]
    _table(shown, ("id", "reform", "title", "article"), wording, format)
    numbers = {mark.title(): sum(1 for row in rows if row["reform"] == mark) for mark in (ADDED, CHANGED, ENDED)}
    print("\n" + wording.ui("reform_total", **numbers))


ADDED, CHANGED, ENDED = "added", "changed", "ended"


def _marks(law: Law) -> dict[str, str]:
    """What reforms made of provisions: new, over (at once or from a day on), or with other rules or parameters."""
    found: dict[str, str] = {}
    for change in law.changes:
        table, _, rest = change.text.partition("(")
        subject = rest.partition(",")[0]
        if table == "provision":
            found[subject] = ADDED if change.kind == "adds" else ENDED
        elif table == "in_force_until" and change.kind == "adds":
            found[subject] = ENDED if found.get(subject) != ADDED else ADDED
        for identifier in re.findall(r"\w+", change.text):
            found.setdefault(identifier, CHANGED)
    return found


def _ended(law: Law, regime: str | None) -> Iterator[tuple[str, str, str, str]]:
    """The provisions that reforms took out of the catalogue."""
    known = {row[0] for row in law.table("provision")}
    for change in law.changes:
        row = re.fullmatch(r"provision\((\w+),(\w+),(\w+),(\w+)\)\.", change.text)
        if row and row[1] not in known and regime in (None, row[2], row[2].upper()):
            yield row[1], row[2], row[3], row[4]
            known.add(row[1])


def provision(law: Law, given: str, wording: Wording, format: str) -> None:
    """Prints one provision: statement, source, article, dates in force, parameters, rules and tests."""
    identifier = _identifier(law, given)
    data = described(law, identifier, wording)
    not_encoded = data.pop("not_encoded")
    data |= {
        "parameters": list(_parameters(law, identifier)),
        "rules": [
            {"file": rule.file, "line": rule.line, "comment": rule.comment, "text": rule.text}
            for rule in law.provision_rules.get(identifier, ())
        ],
        "tests": list(_tests().get(identifier, ())),
        "not_encoded": not_encoded,
    }
    if law.reforms:
        shown = {rule["text"] for rule in data["rules"]}
        named = [c for c in law.changes if re.search(rf"\b{identifier}\b", c.text)]
        data["changes"] = [c._asdict() for c in named if c.kind == "ends" or c.text not in shown]
    if format == "json":
        print(json.dumps(data, indent=2, ensure_ascii=False))
        return
    _print_page(_page(data, wording), format)


def described(law: Law, identifier: str, wording: Wording) -> dict[str, Any]:
    """What the law's tables and the wording say of a provision, without its rules and tests."""
    _, regime, kind, role = next(_rows(law, "provision", identifier))
    entry = wording.get("provisions", identifier) or {}
    return {
        "id": reference(identifier),
        "title": entry.get("title"),
        "statement": entry.get("statement"),
        "regime": regime,
        "kind": kind,
        "role": role,
        "article": wording.citation(_first(law, "article", identifier) or "") or None,
        "sources": [{"file": file, "lines": lines} for _, file, lines in _rows(law, "source", identifier)],
        "clock": _first(law, "clock", identifier),
        "in_force_from": _first(law, "in_force_from", identifier),
        "in_force_until": _first(law, "in_force_until", identifier),
        "not_encoded": _reason(law, identifier),
    }


def in_force(data: dict[str, Any], wording: Wording) -> str:
    """When a :func:`described` provision is in force, and by which day that is judged."""
    begins, ends = data["in_force_from"], data["in_force_until"]
    dates = [wording.ui("in_force_from", Date=begins)] if begins else []
    dates += [wording.ui("in_force_until", Date=ends)] if ends else []
    clock = f" ({wording.ui('clock_' + data['clock'])})" if data["clock"] and dates else ""
    return (" ".join(dates) or wording.ui("in_force_always")) + clock


def sources(law: Law, data: dict[str, Any], wording: Wording) -> Iterator[str]:
    """The documents a :func:`described` provision is taken from, by title, with their lines."""
    titles = {file: wording.text("sources", str(name)) for file, name in law.table("source_document")}
    for source in data["sources"]:
        yield f"{titles.get(source['file'], source['file'])}, {wording.ui('lines_of', Lines=source['lines'])}"


def routes(law: Law, wording: Wording, format: str) -> None:
    """Prints the routes."""
    rows = [
        {"route": route, "regime": regime, "title": wording.text("routes", route)}
        for route, regime in law.table("route")
    ]
    _table(rows, ("route", "title"), wording, format)


def readings(law: Law, wording: Wording, format: str) -> None:
    """Prints the questions that the law leaves open, with their answers; the default is marked with a star."""
    defaults = {str(question): str(answer) for question, answer in law.table("default_reading")}
    rows = []
    for question, provision_id in law.table("reading_of"):
        entry = wording.get("readings", str(question)) or {}
        answers = [str(answer) for name, answer in law.table("reading_option") if name == question]
        rows.append(
            {
                "reading": question,
                "question": entry.get("title", ""),
                "default": defaults.get(str(question)),
                "answers": [{"value": a, "meaning": entry.get(a, "")} for a in answers],
                "provision": reference(provision_id),
            }
        )
    if format == "json":
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    page: list[tuple[str, str]] = []
    for row in rows:
        page.append((str(row["reading"]), f"{row['question']} ({row['provision']})"))
        for answer in row["answers"]:
            star = f" ({wording.ui('default')})" if answer["value"] == row["default"] else ""
            page.append(("", f"{answer['value']}{star}: {answer['meaning']}"))
    _print_page(page, format)


def coverage(law: Law, wording: Wording, format: str, regime: str | None) -> None:
    """Prints for each provision of the catalogue whether it is encoded, in which rules, and which tests exercise it."""
    tests = _tests()
    rows: list[dict[str, Any]] = []
    for identifier, own, _, role in chosen(law, regime):
        rules = law.provision_rules.get(identifier, ())
        reason = _reason(law, identifier)
        state = "not_encoded" if reason or not rules else "shown_as_note" if role == "note" else "encoded"
        rows.append(
            {
                "id": reference(identifier),
                "regime": own,
                "state": state,
                "rules": _places(rules),
                "tests": list(tests.get(identifier, ())),
                "reason": wording.ui(f"reason_{reason}") if reason else None,
            }
        )
    if format == "json":
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    shown = [
        {
            **row,
            "state": wording.ui(row["state"]),
            "rules": ", ".join(place.replace(",", ", ") for place in row["rules"]),
            "tests": str(len(row["tests"])) if row["tests"] else row["reason"] or "0",
        }
        for row in rows
    ]
    _table(shown, ("id", "state", "rules", "tests"), wording, format)
    encoded = sum(1 for row in rows if row["rules"])
    tested = sum(1 for row in rows if row["tests"])
    print(wording.ui("coverage_total", Encoded=encoded, Total=len(rows), Tested=tested))


def _places(rules: Sequence[Rule]) -> list[str]:
    lines: dict[str, list[int]] = {}
    for rule in rules:
        lines.setdefault(rule.file.removeprefix("encodings/law/"), []).append(rule.line)
    return [f"{file}:{','.join(map(str, numbers))}" for file, numbers in lines.items()]


def _tests() -> dict[str, tuple[str, ...]]:
    """Provision to the law tests that expect it; empty where the tests are not installed."""
    from reasoner.quality.suite import exercised

    return exercised()


def chosen(law: Law, regime: str | None) -> Iterator[tuple[str, str, str, str]]:
    """The rows of the catalogue, of one regime if it is named. Raises :class:`UsageError` for one that is not."""
    regimes = dict.fromkeys(str(row[1]) for row in law.table("provision"))
    if regime is not None and regime.lower() not in regimes:
        from reasoner.target import unknown

        raise unknown("regime", regime, [name.upper() for name in regimes])
    for identifier, own, kind, role in law.table("provision"):
        if regime is None or own == regime.lower():
            yield str(identifier), str(own), str(kind), str(role)


def _identifier(law: Law, given: str) -> str:
    wanted = given.lower().replace("-", "_")
    known = [str(row[0]) for row in law.table("provision")]
    if wanted not in known:
        nearest = get_close_matches(wanted, known, 1)
        raise UsageError("unknown_provision", name=given, suggestion=reference(nearest[0]) if nearest else "")
    return wanted


def _rows(law: Law, table: str, identifier: str) -> Iterator[tuple[Any, ...]]:
    return (row for row in law.table(table) if row[0] == identifier)


def _first(law: Law, table: str, identifier: str) -> str | None:
    row = next(_rows(law, table, identifier), None)
    return None if row is None else str(row[1])


def _reason(law: Law, identifier: str) -> str | None:
    return _first(law, "not_encoded", identifier)


def _parameters(law: Law, identifier: str) -> Iterator[str]:
    for table in ("age", "period", "period_after", "least", "opens_before", "closes_before", "window"):
        for row in _rows(law, table, identifier):
            yield f"{table}: {' '.join(map(str, row[1:]))}"
    for fee, provision_id, amount, currency in law.table("amount"):
        if provision_id == identifier:
            yield f"{fee}: {amount} {currency}"


def _title(wording: Wording, identifier: str) -> str:
    entry = wording.get("provisions", identifier)
    return str(entry["title"]) if entry else ""


def _page(data: dict[str, Any], wording: Wording) -> Iterator[tuple[str, str]]:
    ui = wording.ui
    yield data["id"], data["title"] or ""
    if data["statement"]:
        yield ui("statement"), data["statement"]
    if data["article"]:
        yield ui("article"), data["article"]
    for source in data["sources"]:
        yield ui("source"), f"{source['file']}, {ui('lines_of', Lines=source['lines'])}"
    yield ui("in_force"), in_force(data, wording)
    for parameter in data["parameters"]:
        yield ui("parameters"), parameter
    if data["not_encoded"]:
        yield ui("not_encoded"), ui(f"reason_{data['not_encoded']}")
    for rule in data["rules"]:
        yield ui("rules"), f"{rule['file']}:{rule['line']}"
        if rule["comment"]:
            yield "", rule["comment"]
        yield "", rule["text"]
    for change in data.get("changes", ()):
        of = f" ({change['reform']})" if change["kind"] == "ends" else ""
        yield ui("reform"), f"{ui('reform_' + change['kind'])} {change['file']}:{change['line']}{of}"
        yield "", change["text"]
    for test in data["tests"]:
        yield ui("tests"), test


def _print_page(page: Iterable[tuple[str, str]], format: str) -> None:
    if format == "markdown":
        for label, text in page:
            print(f"- **{label}**: {text}" if label else f"  - {text}")
        return
    from rich.table import Table

    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    before = ""
    for label, text in page:
        grid.add_row("" if label == before else label, text)
        before = label or before
    _print(grid)


def _table(rows: list[dict[str, Any]], columns: Sequence[str], wording: Wording, format: str) -> None:
    if format == "json":
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    headings = [wording.ui("provision" if column == "id" else column) for column in columns]
    if format == "markdown":
        print("| " + " | ".join(headings) + " |\n|" + " --- |" * len(columns))
        for row in rows:
            print("| " + " | ".join(str(row[column]).replace("|", "\\|") for column in columns) + " |")
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column, heading in zip(columns, headings, strict=True):
        table.add_column(heading, overflow="fold", no_wrap=column == columns[0])
    for row in rows:
        table.add_row(*(str(row[column]) for column in columns))
    _print(table)


def _paragraph(text: str) -> None:
    if text:
        out = console()
        with printing(out):
            out.print(text)
        print()


def _print(table: Table) -> None:
    out = console()
    with printing(out):
        out.print(table)
