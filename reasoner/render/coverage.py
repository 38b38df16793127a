"""What the tests of the law cover, as a table by file with what is missing, as Markdown, JSON and a page of HTML."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from reasoner.quality.coverage import Coverage, Literal, RuleCoverage
from reasoner.render.junit import AtRule, junit_rules

if TYPE_CHECKING:
    from reasoner.wording import Wording

COLUMNS = {
    "rule": "coverage_rules",
    "condition": "coverage_conditions",
    "exception": "coverage_exceptions",
    "comparison": "coverage_comparisons",
}
SIGNS = {(True, True): "✓", (True, False): "◐", (False, True): "◐", (False, False): "✗"}


def text(found: Coverage, wording: Wording) -> None:
    """Prints a table by file, and each rule and literal that is not covered."""
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    from reasoner.render.text import console, printing

    out = console()
    with printing(out):
        if any(_missing(rule) for rule in found.rules):
            out.print(wording.ui("coverage_uncovered"), style="bold")
        for rule in found.rules:
            listed = list(_missing(rule))
            if listed:
                out.print(Text(f"{rule.rule.file}:{rule.rule.line}", "bold"))
                out.print(Padding(Text(rule.rule.text, "dim", overflow="fold"), (0, 0, 0, 2)))
            for literal, keys in listed:
                said = ", ".join(map(wording.ui, keys))
                line = f"{sign(literal)} {literal.text}: {said}" if literal else f"✗ {said}"
                out.print(Padding(Text(line, overflow="fold"), (0, 0, 0, 4)))
        if found.idle:
            out.print(Text(wording.ui("coverage_idle"), "bold"))
        for one in found.idle:
            out.print(Padding(Text(f"{one.file}:{one.line}  {one.text}", overflow="fold"), (0, 0, 0, 2)))
        if found.coupled:
            out.print(Text(wording.ui("coverage_coupled"), "bold"))
        for one, literal in found.coupled:
            out.print(Padding(Text(f"{one.file}:{one.line}  {literal.text}", overflow="fold"), (0, 0, 0, 2)))
        out.print()
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        table.add_column(wording.ui("coverage_file"), overflow="fold")
        for key in COLUMNS.values():
            table.add_column(wording.ui(key), justify="right")
        for name, cells in rows(found, wording):
            table.add_row(name, *cells)
        out.print(table)
        out.print()
        out.print(summary(found, wording), style="bold")


def markdown(found: Coverage, wording: Wording) -> str:
    """The same as Markdown."""
    titles = [wording.ui("coverage_file"), *map(wording.ui, COLUMNS.values())]
    lines = ["| " + " | ".join(titles) + " |", "|" + " --- |" * len(titles)]
    lines += ["| " + " | ".join((name, *cells)) + " |" for name, cells in rows(found, wording)]
    lines += ["", summary(found, wording), "", f"## {wording.ui('coverage_uncovered')}", ""]
    for rule in found.rules:
        listed = list(_missing(rule))
        if listed:
            lines += [f"`{rule.rule.file}:{rule.rule.line}`", "", "```prolog", rule.rule.text, "```", ""]
            for literal, keys in listed:
                said = ", ".join(map(wording.ui, keys))
                lines.append(f"- {sign(literal)} `{literal.text}`: {said}" if literal else f"- ✗ {said}")
            lines.append("")
    if found.coupled:
        lines += [f"## {wording.ui('coverage_coupled')}", ""]
        lines += [f"- `{rule.file}:{rule.line}` `{literal.text}`" for rule, literal in found.coupled]
    return "\n".join(lines)


def junit(found: Coverage, wording: Wording) -> bytes:
    """One test case for each rule; one that is not covered, or a literal of which is not, has failed."""
    cases = []
    for one in found.rules:
        told = []
        for literal, keys in _missing(one):
            said = ", ".join(map(wording.ui, keys))
            told.append(f"{literal.text}: {said}" if literal else said)
        failure = (told[0], "\n".join((one.rule.text, *told))) if told else None
        cases.append(AtRule(one.rule.file, one.rule.line, f"{one.rule.file}:{one.rule.line}", failure))
    return junit_rules("reasoner coverage", found.files, cases)


def as_json(found: Coverage) -> str:
    """The same as JSON."""
    data: dict[str, Any] = {
        "tests": found.tests,
        **{f"{kind}s": _share(found.counts(kind)) for kind in ("rule", "literal", *list(COLUMNS)[1:])},
        "rules_of_the_law": [
            {
                "file": one.rule.file,
                "line": one.rule.line,
                "text": one.rule.text,
                "provisions": list(one.rule.provisions),
                "tests": list(one.tests),
                "literals": [
                    {
                        "text": literal.text,
                        "kind": literal.kind,
                        "holding": list(literal.holding),
                        "failing": list(literal.failing),
                    }
                    for literal in one.literals
                ],
            }
            for one in found.rules
        ],
        "idle": [{"file": rule.file, "line": rule.line, "text": rule.text} for rule in found.idle],
        "coupled": [{"file": rule.file, "line": rule.line, "text": one.text} for rule, one in found.coupled],
    }
    return json.dumps(data, indent=2, ensure_ascii=False)


def summary(found: Coverage, wording: Wording) -> str:
    """The two percentages that have a threshold."""
    rules, conditions = (f"{found.percentage(kind):.1f}" for kind in ("rule", "literal"))
    return wording.ui("coverage_summary", Tests=found.tests, Rules=rules, Conditions=conditions)


def rows(found: Coverage, wording: Wording) -> Iterator[tuple[str, list[str]]]:
    """For each file, and last for all: how much is covered of each kind."""
    for file in found.files:
        yield file.removeprefix("encodings/"), [_cell(found.counts(kind, file)) for kind in COLUMNS]
    yield wording.ui("coverage_total_row"), [_cell(found.counts(kind)) for kind in COLUMNS]


def sign(literal: Literal) -> str:
    """Whether a literal is covered on both sides, one or none."""
    return SIGNS[bool(literal.holding), bool(literal.failing)]


def _cell(counts: tuple[int, int]) -> str:
    covered, total = counts
    return f"{covered}/{total}" if total else "–"


def _share(counts: tuple[int, int]) -> dict[str, Any]:
    covered, total = counts
    return {"covered": covered, "total": total, "percent": round(100 * covered / total, 2) if total else 100.0}


def _missing(found: RuleCoverage) -> Iterator[tuple[Literal | None, list[str]]]:
    """What is not covered of a rule, with the keys of the sentences that say so."""
    if not found.tests:
        yield None, ["coverage_rule"]
    for literal in found.literals:
        if not literal.covered:
            sides = ((literal.holding, "coverage_holding"), (literal.failing, "coverage_failing"))
            yield literal, [key for tests, key in sides if not tests]
