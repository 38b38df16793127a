"""Which changes of the law its tests notice, as text, Markdown, JSON and JUnit XML."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from reasoner.quality.mutation import Report, Verdict, score
from reasoner.quality.variants import KINDS
from reasoner.render.junit import AtRule, junit_rules
from reasoner.render.lines import reference

if TYPE_CHECKING:
    from reasoner.program import Law
    from reasoner.wording import Wording

STATES = ("killed", "survived", "equivalent")


def report(found: Report, law: Law, wording: Wording, format: str) -> None:
    """Prints the variants that no test notices, and how many there are of each kind and in each file."""
    if format == "json":
        print(json.dumps(as_json(found, law), indent=2, ensure_ascii=False))
        return
    survivors = [verdict for verdict in found.verdicts if verdict.state == "survived"]
    tables = [
        ("mutation_kind", [(wording.text("mutations", k), _of_kind(found, k)) for k in KINDS if _of_kind(found, k)]),
        ("mutation_file", [(file, _of_file(found, law, file)) for file in _files(found, law)]),
    ]
    if format == "markdown":
        for verdict in survivors:
            print(f"## {_place(verdict, law)}: {_what(verdict, wording)}\n")
            print("```diff\n" + "\n".join(_diff(verdict, law)) + "\n```\n")
            print(f"{_nearest(verdict, wording)}\n")
        for heading, rows in tables:
            print("| " + " | ".join(_headings(heading, wording)) + " |\n|" + " --- |" * 5)
            for name, verdicts in rows:
                print("| " + " | ".join((name, *_row(verdicts))) + " |")
            print()
        print(summary(found, wording))
        return
    _print(found, law, survivors, tables, wording)


def summary(found: Report, wording: Wording) -> str:
    """The score, and how many variants stand behind it."""
    counts = {state.capitalize(): sum(1 for v in found.verdicts if v.state == state) for state in STATES}
    return wording.ui("mutation_score", Score=f"{found.score:.1f}", Tests=found.tests, **counts)


def as_json(found: Report, law: Law) -> dict[str, Any]:
    """The report as plain data."""
    return {
        "score": round(found.score, 2),
        "tests": found.tests,
        **{state: sum(1 for v in found.verdicts if v.state == state) for state in STATES},
        "variants": [
            {
                "number": verdict.variant.number,
                "file": law.rules[verdict.variant.rule].file,
                "line": law.rules[verdict.variant.rule].line,
                "provisions": list(law.rules[verdict.variant.rule].provisions),
                "kind": verdict.variant.kind,
                "before": law.rules[verdict.variant.rule].text,
                "after": verdict.variant.text,
                "state": verdict.state,
                "by": verdict.by,
                "nearest": list(verdict.nearest),
            }
            for verdict in found.verdicts
        ],
    }


def junit(found: Report, law: Law, wording: Wording) -> bytes:
    """One test case for each variant that is not the law in other words; one that no test notices has failed."""
    cases = []
    for verdict in found.verdicts:
        if verdict.state == "equivalent":
            continue
        failure = None
        if verdict.state == "survived":
            failure = _what(verdict, wording), "\n".join((*_diff(verdict, law), _nearest(verdict, wording)))
        rule, variant = law.rules[verdict.variant.rule], verdict.variant
        cases.append(AtRule(rule.file, rule.line, f"{_place(verdict, law)} {variant.kind} {variant.number}", failure))
    return junit_rules("reasoner mutate", _files(found, law), cases)


def _print(
    found: Report,
    law: Law,
    survivors: Sequence[Verdict],
    tables: Iterable[tuple[str, list[tuple[str, list[Verdict]]]]],
    wording: Wording,
) -> None:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    from reasoner.render.text import console, printing

    out = console()
    with printing(out):
        for name in found.failing:
            out.print(Text(wording.ui("mutation_failing", Test=name), "yellow"))
        for verdict in survivors:
            rule = law.rules[verdict.variant.rule]
            cited = f" [{', '.join(map(reference, rule.provisions))}]" if rule.provisions else ""
            out.print(Text.assemble((_place(verdict, law), "bold"), (cited, "dim"), f": {_what(verdict, wording)}"))
            for line in _diff(verdict, law):
                style = "red" if line.startswith("-") else "green"
                out.print(Padding(Text(line, style, overflow="fold"), (0, 0, 0, 2)))
            out.print(Padding(Text(_nearest(verdict, wording), "dim"), (0, 0, 1, 2)))
        for heading, rows in tables:
            table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
            for place, title in enumerate(_headings(heading, wording)):
                table.add_column(title, justify="right" if place else "left", overflow="fold")
            for name, verdicts in rows:
                table.add_row(name, *_row(verdicts))
            out.print(table)
            out.print()
        out.print(summary(found, wording), style="bold")


def _headings(first: str, wording: Wording) -> tuple[str, ...]:
    return tuple(wording.ui(key) for key in (first, *(f"mutation_{state}" for state in STATES), "mutation_percent"))


def _row(verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    counts = (str(sum(1 for verdict in verdicts if verdict.state == state)) for state in STATES)
    return (*counts, f"{score(verdicts):.1f}")


def _of_kind(found: Report, kind: str) -> list[Verdict]:
    return [verdict for verdict in found.verdicts if verdict.variant.kind == kind]


def _of_file(found: Report, law: Law, file: str) -> list[Verdict]:
    return [verdict for verdict in found.verdicts if law.rules[verdict.variant.rule].file == file]


def _files(found: Report, law: Law) -> list[str]:
    return list(dict.fromkeys(law.rules[verdict.variant.rule].file for verdict in found.verdicts))


def _place(verdict: Verdict, law: Law) -> str:
    rule = law.rules[verdict.variant.rule]
    return f"{rule.file}:{rule.line}"


def _what(verdict: Verdict, wording: Wording) -> str:
    return wording.text("mutations", verdict.variant.kind)


def _diff(verdict: Verdict, law: Law) -> Iterator[str]:
    variant = verdict.variant
    yield f"- {law.rules[variant.rule].text if variant.place is None else variant.before}"
    if variant.change is not None:
        yield f"+ {variant.change}"


def _nearest(verdict: Verdict, wording: Wording) -> str:
    if not verdict.nearest:
        return wording.ui("mutation_unseen")
    return wording.ui("mutation_nearest", Tests="; ".join(verdict.nearest))
