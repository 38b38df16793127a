"""Declarative tests of the law: what is given, and which outcomes and reasons are expected."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import yaml

from reasoner.engine import Decision, Engine
from reasoner.errors import CaseFileError, Fault, UsageError
from reasoner.outcome import Outcome
from reasoner.program import Law, law_root
from reasoner.quality.answers import cited
from reasoner.quality.expected import Difference, compare
from reasoner.quality.names import names
from reasoner.quality.testfile import BASES, WHO, Given, LawTest, SuiteFile, check
from reasoner.run import Run
from reasoner.target import Target, matching

__all__ = ["Difference", "LawTest", "Result", "cited", "decide", "differences", "exercised", "files", "folder", "load",
           "load_all", "outcome_of", "run", "select"]  # fmt: skip


FINDINGS = "findings.yaml"  # stands beside the tests and holds none: what reasoner check may find


class Result(NamedTuple):
    """What became of a test; ``seconds`` is the time it took."""

    test: LawTest
    decision: Decision
    differences: tuple[Difference, ...]
    seconds: float


def folder() -> Path:
    """Where the tests of the law that comes with the package are: they travel with it."""
    return law_root() / "tests" / "law"


def files(places: Iterable[Path]) -> list[Path]:
    """The test files at some places, as seen from the working folder: files, and all test files below folders.

    Raises UsageError for a place that does not exist and for one without tests.
    """
    found: list[Path] = []
    for place in places:
        if not place.exists():
            raise UsageError("test_place_missing", name=str(place))
        below = [path for path in sorted(place.glob("**/*.yaml")) if _holds_tests(path)] if place.is_dir() else [place]
        if not below:
            raise UsageError("test_none_there", name=str(place))
        found += below
    here = Path.cwd()
    return list(dict.fromkeys(path.relative_to(here) if path.is_relative_to(here) else path for path in found))


def _holds_tests(path: Path) -> bool:
    """Whether a file is no case: neither a base nor a case file that stands beside its tests."""
    if path.name == FINDINGS:
        return False
    keys = {line.partition(":")[0] for line in path.read_text(encoding="utf-8", errors="replace").splitlines()}
    return path.parent.name != BASES and ("tests" in keys or "persons" not in keys)


def load(path: Path, law: Law | None = None) -> list[LawTest]:
    """The tests of one file, table rows expanded; with ``law`` all names and cases are checked as well.

    Raises CaseFileError with every fault of the file.
    """
    return load_all([path], law)


def load_all(paths: Iterable[Path], law: Law | None = None) -> list[LawTest]:
    """The tests of some files. Raises CaseFileError with every fault of all of them."""
    found: list[LawTest] = []
    faults: list[Fault] = []
    known = names(law) if law else {}
    cases: dict[Path, Given] = {}
    for path in paths:
        file = SuiteFile(path, law, known, cases)
        found += file.tests
        faults += file.problems
    if faults:
        # The rows of a table share what is wrong in their test.
        unique = {(fault[:5], tuple(fault.values.items())): fault for fault in faults}
        raise CaseFileError(unique.values())
    return found


def select(tests: Sequence[LawTest], words: str) -> list[LawTest]:
    """The tests with all of some words in the name of their file or their own. Raises UsageError if there are none."""
    wanted = words.casefold().split()
    found = [test for test in tests if all(word in test.id.casefold() for word in wanted)]
    if not found:
        raise UsageError("test_none_selected", name=words)
    return found


def run(engine: Engine, tests: Iterable[LawTest]) -> Iterator[Result]:
    """The results of tests, one by one."""
    for test in tests:
        start = perf_counter()
        decision = decide(engine, test)
        yield Result(test, decision, tuple(differences(test, decision)), perf_counter() - start)


def decide(engine: Engine, test: LawTest) -> Decision:
    """The decision of the case of a test. Raises CaseFileError when that case is invalid."""
    file = test.checked or check(test, engine.law)
    return engine.decide(file, as_of=test.as_of, readings=test.readings, assume_nothing=test.assume_nothing)


def differences(test: LawTest, decision: Decision) -> list[Difference]:
    """What is expected and not so; empty when the test passes."""
    found: list[Difference] = []
    for expected in test.expect:
        person, route = expected["person"], expected["route"]
        if "listed" in expected:
            actual = "yes" if decision.about(person, route) else "no"
            if actual != expected["listed"]:
                found.append(Difference(person, route, "listed", "", expected["listed"], actual))
        if set(expected) - {*WHO, "why", "listed"}:
            answer = outcome_of(decision, person, route, expected.get("sponsor"))
            found += compare(answer[1], expected) if answer else [Difference(person, route, "route", "", route, "")]
    return found


def outcome_of(decision: Decision, person: str, route: str, sponsor: str | None = None) -> tuple[Run, Outcome] | None:
    """The outcome that an expectation is about, with its run: where several could be joined that with ``sponsor``, or
    the first. None if the route does not concern the person."""
    try:
        found = matching(decision, Target(person, route))
    except UsageError:
        return None
    return next((pair for pair in found if pair[1].sponsor == sponsor), found[0])


@cache
def exercised() -> dict[str, tuple[str, ...]]:
    """Provision to the names of the tests that expect it among the reasons of an outcome, or that say they are about
    it where an outcome names no provision (``why``)."""
    found: dict[str, dict[str, None]] = {}
    for path in sorted(folder().glob("*/*.yaml")):
        if path.parent.name == BASES:
            continue
        for test in yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CBaseLoader)["tests"]:
            for provision in _expected(test):
                found.setdefault(provision, {})[f"{path.parent.name}/{path.stem}: {test['name']}"] = None
    return {provision: tuple(tests) for provision, tests in found.items()}


def _expected(part: Any, key: str = "") -> Iterator[str]:
    if isinstance(part, dict):
        for name, below in part.items():
            yield from _expected(below, name)
    elif key == "why":
        yield from re.findall(r"\w+", part)
    elif isinstance(part, list):
        for item in part:
            if key in ("provisions", "notes") and isinstance(item, str):
                yield item
            else:
                yield from _expected(item)
