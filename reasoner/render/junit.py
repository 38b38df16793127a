"""The results of tests, checks and of what is said of single rules as JUnit XML, which CI servers show."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from xml.etree import ElementTree

from reasoner.quality.checking import Result as Checked
from reasoner.quality.suite import FINDINGS, Result
from reasoner.render import check
from reasoner.render.blocks import write as write_blocks
from reasoner.render.tests import place, write

if TYPE_CHECKING:
    from rich.console import Console

    from reasoner.wording import Wording

WIDTH = 100  # columns of the text of a failure


def junit(results: Sequence[Result], wording: Wording) -> bytes:
    """One test suite for each file and one test case for each test; a failure holds the printed text."""
    root = ElementTree.Element("testsuites", _counts(results), name="reasoner test")
    for path, group in groupby(results, lambda result: result.test.path):
        tests = list(group)
        suite = ElementTree.SubElement(root, "testsuite", _counts(tests), name=place(path))
        for result in tests:
            suite.append(_case(result, wording))
    return _document(root)


def junit_checks(result: Checked, wording: Wording) -> bytes:
    """One test case for each check and each property; a failure holds the printed text."""
    cases = [
        (report.check, bool(result.failed(report)), check.check_blocks(result, report, wording))
        for report in result.reports
    ]
    cases += [(check.sentence(v), not v.holds, check.verdict_blocks(law, v, wording)) for law, v in result.verdicts]
    if result.stale:
        cases.append((FINDINGS, True, check.stale_blocks(result, wording)))
    counts = {"tests": str(len(cases)), "failures": str(sum(failed for _, failed, _ in cases)), "errors": "0"}
    root = ElementTree.Element("testsuites", counts, name="reasoner check")
    suite = ElementTree.SubElement(root, "testsuite", counts, name="check")
    for name, failed, blocks in cases:
        case = ElementTree.SubElement(suite, "testcase", name=name, classname="check")
        if failed:
            text = _printed(lambda out, blocks=blocks: write_blocks(out, blocks))  # type: ignore[misc]
            ElementTree.SubElement(case, "failure", message=text.strip().split("\n")[0]).text = text
    return _document(root)


class AtRule(NamedTuple):
    """A test case that stands at a rule; ``failure`` is a message with its text, if it failed."""

    file: str
    line: int
    name: str
    failure: tuple[str, str] | None = None


def junit_rules(title: str, files: Iterable[str], cases: Sequence[AtRule]) -> bytes:
    """One test suite for each of some files of the law, with the test cases that stand in it."""
    root = ElementTree.Element("testsuites", _failures(cases), name=title)
    for file in files:
        own = [case for case in cases if case.file == file]
        suite = ElementTree.SubElement(root, "testsuite", _failures(own), name=file)
        for case in own:
            where = {"file": file, "line": str(case.line), "classname": file}
            element = ElementTree.SubElement(suite, "testcase", where, name=case.name)
            if case.failure is not None:
                message, text = case.failure
                ElementTree.SubElement(element, "failure", message=message).text = text
    return _document(root)


def _failures(cases: Sequence[AtRule]) -> dict[str, str]:
    failed = sum(case.failure is not None for case in cases)
    return {"tests": str(len(cases)), "failures": str(failed), "errors": "0"}


def _document(root: ElementTree.Element) -> bytes:
    ElementTree.indent(root)
    content: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


def _counts(results: Sequence[Result]) -> dict[str, str]:
    failed = sum(1 for result in results if result.differences)
    seconds = sum(result.seconds for result in results)
    return {"tests": str(len(results)), "failures": str(failed), "errors": "0", "time": f"{seconds:.3f}"}


def _case(result: Result, wording: Wording) -> ElementTree.Element:
    file = place(result.test.path)
    where = {"file": file, "line": str(result.test.line), "time": f"{result.seconds:.3f}"}
    classname = Path(file).with_suffix("").as_posix().strip("/").replace("/", ".")
    case = ElementTree.Element("testcase", where, name=result.test.name, classname=classname)
    if result.differences:
        message = "; ".join(map(str, result.differences))
        ElementTree.SubElement(case, "failure", message=message).text = _printed(
            lambda out: write(out, result, wording)
        )
    return case


def _printed(print_to: Callable[[Console], None]) -> str:
    from rich.console import Console

    kept = io.StringIO()
    print_to(Console(file=kept, width=WIDTH, color_system=None, markup=False, highlight=False, emoji=False))
    return "\n".join(line.rstrip() for line in kept.getvalue().splitlines()) + "\n"
