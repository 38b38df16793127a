"""The results of tests as JUnit XML, which CI servers show."""

from __future__ import annotations

import io
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from reasoner.quality.suite import Result
from reasoner.render.tests import place, write

if TYPE_CHECKING:
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
        ElementTree.SubElement(case, "failure", message=message).text = _text(result, wording)
    return case


def _text(result: Result, wording: Wording) -> str:
    from rich.console import Console

    kept = io.StringIO()
    write(
        Console(file=kept, width=WIDTH, color_system=None, markup=False, highlight=False, emoji=False), result, wording
    )
    return "\n".join(line.rstrip() for line in kept.getvalue().splitlines()) + "\n"
