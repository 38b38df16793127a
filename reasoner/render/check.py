"""What the checks of a rule base found, and what became of properties: each with its smallest case."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from reasoner import __version__
from reasoner.explanation import Node
from reasoner.outcome import outcome
from reasoner.program import Law, Rule
from reasoner.quality import casetext
from reasoner.quality.check import Finding, Report
from reasoner.quality.checking import Result
from reasoner.quality.properties import Verdict, Violation
from reasoner.quality.recorded import Known, of
from reasoner.render.blocks import Block, show
from reasoner.render.lines import ASIDE, ASK, NO, YES, Line, Writer
from reasoner.render.sentences import CONCLUSION, Sentences
from reasoner.render.subjects import Subjects, bound, bound_text

if TYPE_CHECKING:
    from reasoner.run import Run
    from reasoner.wording import Wording


@contextmanager
def watching(wording: Wording) -> Iterator[Callable[[str], object]]:
    """Shows on standard error, when that is a terminal, that something is searched, for what, and the questions so
    far."""
    if not sys.stderr.isatty():
        yield lambda _name: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description} {task.completed:.0f}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        running = wording.ui("search_running")
        task = progress.add_task(running, total=None)

        def told(name: str) -> None:
            what = wording.ui("pair", Name=running, Value=title(name, wording)) if name else running
            progress.update(task, description=what, advance=1)

        yield told


def report(result: Result, wording: Wording, format: str) -> None:
    """Prints what was found."""
    if format == "json":
        print(json.dumps(as_json(result, wording), indent=2, ensure_ascii=False))
        return
    blocks = list(head(result.law, wording))
    for each in result.reports:
        blocks += check_blocks(result, each, wording)
    for law, verdict in result.verdicts:
        blocks += verdict_blocks(law, verdict, wording)
    blocks += stale_blocks(result, wording)
    blocks.append(Block("heading", _summary(result, wording)))
    show(blocks, format)


def head(law: Law, wording: Wording) -> Iterator[Block]:
    """Which law it is, and how far the search goes."""
    yield Block("faint", wording.ui("law", Version=__version__, Digest=law.digest[:12]))
    yield from (Block("text", wording.ui("under_reform", Title=r.title(wording.language))) for r in law.reforms)
    yield Block("text", bound_text(law, wording))


# -- checks -----------------------------------------------------------------------------------------------------------


def title(check: str, wording: Wording) -> str:
    """What a check looks for."""
    return str((wording.get("checks", check) or {"title": check})["title"])


def check_blocks(result: Result, report: Report, wording: Wording) -> Iterator[Block]:
    """A check: its title and question, and either that there is no such fault or each finding."""
    failed, subjects = result.failed(report), Subjects(result.law, wording)
    recorded = len(report.findings) - len(failed)
    mark = NO if any(_proven(f) for f in failed) else ASK if failed else ASIDE if recorded else YES
    key = "check_found" if failed else "check_recorded" if recorded else "check_none"
    counts = {"N": len(failed) or recorded, "Questions": report.questions}
    yield Block("heading", wording.ui(key, Title=title(report.check, wording), **counts), mark=mark)
    if entry := wording.get("checks", report.check):
        yield Block("faint", entry["asks"], 1)
    for finding in report.findings:
        yield from _finding(finding, of(finding, result.known), subjects)


def _proven(finding: Finding) -> bool:
    return finding.certain or finding.case is not None


def _finding(finding: Finding, known: Known | None, subjects: Subjects) -> Iterator[Block]:
    wording = subjects.wording
    mark = ASIDE if known else NO if _proven(finding) else ASK
    yield Block("text", subjects.about(finding.about), 1, mark)
    if not _proven(finding):
        yield Block("text", wording.ui("check_uncertain"), 2)
    for place in finding.rules:
        yield Block("text", place, 2)
        if text := rule_text(subjects.law, place):
            yield Block("rule", level=3, lines=tuple(text.splitlines()))
    if known is not None:
        why = {"Why": known.why(wording.language), "Decision": known.decision}
        yield Block("text", wording.ui("check_known", **why), 2)
    if finding.case is not None:
        yield from case_blocks(casetext.lines(finding.case), command(finding.about), 2, wording)


def case_blocks(lines: Sequence[str], command: str, level: int, wording: Wording) -> Iterator[Block]:
    """A case with the command that decides it."""
    yield Block("text", wording.ui("search_case"), level)
    yield Block("case", level=level + 1, lines=tuple(lines))
    yield Block("text", wording.ui("search_command"), level)
    yield Block("command", level=level + 1, lines=(command,))


def rule_text(law: Law, place: str) -> str:
    """The rule that stands at ``file:line``, laid out as people write it."""
    rule = next((rule for rule in law.rules if f"{rule.file}:{rule.line}" == place), None)
    if rule is None:
        return ""
    head, arrow, body = rule.text.partition(" :- ")
    return f"{head} :-\n    " + ",\n    ".join(_literals(body)) if arrow else rule.text


def _literals(body: str) -> list[str]:
    """The literals of a body, which clingo parts by semicolons; those within brackets or quotes part nothing."""
    parts, depth, quoted = [""], 0, False
    for sign in body:
        quoted ^= sign == '"'
        depth += 0 if quoted else (sign in "({") - (sign in ")}")
        if sign == ";" and not depth and not quoted:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts]


def command(about: Sequence[tuple[str, str]]) -> str:
    """The command that shows in a case what a finding says of it."""
    words = dict(about)
    kind, parts = words.get("kind", ""), []
    for option in ("condition", "document"):
        if name := words.get(option) or (words.get("item", "") if kind == option else ""):
            parts = ["--" + option, name]
    route = ["--route", words["route"]] if words.get("route") else []
    return " ".join(["reasoner", "explain" if parts else "decide", "case.yaml", *route, *parts])


def stale_blocks(result: Result, wording: Wording) -> Iterator[Block]:
    """What is recorded and no longer found."""
    subjects = Subjects(result.law, wording)
    for entry in result.stale:
        what = wording.ui("pair", Name=title(entry.check, wording), Value=subjects.about(list(entry.about.items())))
        yield Block("heading", wording.ui("check_stale", File=entry.file, Line=entry.line), mark=NO)
        yield Block("text", what, 1)


def _summary(result: Result, wording: Wording) -> str:
    new = sum(len(result.failed(report)) for report in result.reports)
    recorded = sum(len(report.findings) for report in result.reports) - new
    parts = []
    if result.reports:
        values = {"Checks": len(result.reports), "New": new, "Recorded": recorded, "Stale": len(result.stale)}
        parts.append(wording.ui("check_summary", **values))
    if result.verdicts:
        holding = sum(verdict.holds for _, verdict in result.verdicts)
        parts.append(wording.ui("property_summary", Total=len(result.verdicts), Holding=holding))
    return " ".join(parts)


# -- properties -------------------------------------------------------------------------------------------------------


def verdict_blocks(law: Law, verdict: Verdict, wording: Wording) -> Iterator[Block]:
    """A property: whether it holds, or its counter-case with the explanation."""
    rule, violation = verdict.rule, verdict.violation
    key = "property_holds" if verdict.holds else "property_fails" if violation else "property_open"
    mark = YES if verdict.holds else NO if violation else ASK
    yield Block("heading", wording.ui("pair", Name=sentence(verdict), Value=wording.ui(key)), mark=mark)
    yield Block("faint", f"{rule.file}:{rule.line}", 1)
    if violation is None:
        return
    yield from case_blocks(casetext.lines(violation.case), _decide(law, violation), 1, wording)
    yield Block("text", wording.ui("because"), 1)
    writer = Writer(violation.decision, wording, depth=DEPTH, reasons=True)
    for line in _because(rule, violation, writer):
        yield Block("tree", level=1, tree=line, articles=writer.articles)


DEPTH = 4


def _because(rule: Rule, violation: Violation, writer: Writer) -> Iterator[Line]:
    """What the rule of the property found in the case."""
    sentences = writer.sentences(violation.run)
    instances = violation.run.thorough.explain(violation.atom).children
    instance = next(node for node in instances if node.rule is not None and node.rule.index == rule.index)
    yield from (writer.cut(_part(violation.run, child, writer, sentences)) for child in instance.children)


def _part(run: Run, node: Node, writer: Writer, sentences: Sentences) -> Line:
    """A literal of the property; what a decision shows is shown as there."""
    name, *about = node.atom
    if name in (*CONCLUSION, "condition", "document"):
        person, route, *item = about
        regime = next(str(regime) for known, regime in run.law.table("route") if known == route)
        answer = outcome(run, person, route, regime)
        if name in CONCLUSION:
            whole = writer.outcome(run, answer)
            return whole._replace(children=tuple(line for line in whole.children if not line.heading))
        found: Sequence[Any] = answer.conditions if name == "condition" else answer.documents
        for part in found:
            if item[0] in part:
                write = writer.condition if name == "condition" else writer.document
                return write(run, answer, part, sentences)
    return writer.node(node, sentences)


def sentence(verdict: Verdict) -> str:
    """The property in words: the comment above it, or the rule."""
    return verdict.rule.comment.rstrip(".") or verdict.rule.text


def _decide(law: Law, violation: Violation) -> str:
    routes, people = {str(row[0]) for row in law.table("route")}, violation.run.cast.person
    words = {"--person": "", "--route": ""}
    for argument in violation.atom[:0:-1]:
        if argument in people:
            words["--person"] = people[argument]
        elif argument in routes:
            words["--route"] = str(argument)
    named = [part for option, value in words.items() if value for part in (option, value)]
    return " ".join(["reasoner", "decide", "case.yaml", *named])


# -- JSON -------------------------------------------------------------------------------------------------------------


def as_json(result: Result, wording: Wording) -> dict[str, Any]:
    """Everything that was found, as plain data."""
    return {
        "rules": {"version": __version__, "digest": result.law.digest},
        "bound": bound(result.law),
        "passed": result.passed,
        "checks": [
            {
                "check": report.check,
                "title": title(report.check, wording),
                "questions": report.questions,
                "findings": [_finding_data(result, finding, wording) for finding in report.findings],
            }
            for report in result.reports
        ],
        "stale": [
            {"check": entry.check, "about": dict(entry.about), "file": entry.file, "line": entry.line}
            for entry in result.stale
        ],
        "properties": [_verdict_data(law, verdict, wording) for law, verdict in result.verdicts],
    }


def _finding_data(result: Result, finding: Finding, wording: Wording) -> dict[str, Any]:
    known = of(finding, result.known)
    return {
        "about": dict(finding.about),
        "text": Subjects(result.law, wording).about(finding.about),
        "rules": [{"at": place, "text": rule_text(result.law, place)} for place in finding.rules],
        "certain": _proven(finding),
        "case": finding.case,
        "command": command(finding.about) if finding.case is not None else None,
        "recorded": {"decision": known.decision, "why": known.why(wording.language)} if known else None,
    }


def _verdict_data(law: Law, verdict: Verdict, wording: Wording) -> dict[str, Any]:
    from reasoner.render.show import node_data

    rule, violation, data = verdict.rule, verdict.violation, dict[str, Any]()
    if violation is not None:
        sentences = Writer(violation.decision, wording).sentences(violation.run)
        tree = node_data(violation.run.explainer.explain(violation.atom), sentences)
        data = {"case": violation.case, "command": _decide(law, violation), "because": tree.get("because", [])}
    said = {"property": sentence(verdict), "file": rule.file, "line": rule.line, "rule": rule.text}
    return {**said, "holds": verdict.holds, "certain": verdict.certain or violation is not None, **data}
