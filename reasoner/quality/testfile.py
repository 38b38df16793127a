"""A test file -> its tests, or every fault of the file with its line (docs/testing-the-law.md shows the format)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from reasoner.case import CaseFile, check_case
from reasoner.errors import CaseFileError, Fault, show
from reasoner.program import Law
from reasoner.quality.changes import Draft, NoPlaceError, positions
from reasoner.quality.expected import KEYS, Table
from reasoner.quality.faults import Faults
from reasoner.yamlfile import Document, KeyPath, Position, resolve, scan

BASES = "bases"
AS_OF = "as_of"
WHO = ("person", "route")
_GIVEN = ("base", "case", "given")
_CHANGES = ("unset", "set", "add_documents")
_FILE_KEYS = ("topic", *_GIVEN, "tests")
_TEST_KEYS = ("name", "why", *_GIVEN, *_CHANGES, AS_OF, "readings", "assume_nothing", "vary", "expect", "rows")
_CODES = {"file_empty": "test_file_empty"}  # where a case file is told something else


@dataclass(eq=False, repr=False)
class LawTest:
    """One case with what is expected of it.

    ``line`` is that of the test or of its row in the file at ``path``; ``lines`` says where that file writes the case,
    as far as it does. ``checked`` is the validated case, once it is there.
    """

    file: str
    name: str
    case: dict[str, Any]
    as_of: date | None
    readings: dict[str, str]
    assume_nothing: bool
    expect: tuple[dict[str, Any], ...]
    path: Path = Path()
    line: int = 0
    lines: Mapping[KeyPath, Position] = field(default_factory=dict)
    checked: CaseFile | None = None

    @property
    def id(self) -> str:
        """File and name."""
        return f"{self.file}: {self.name}"


def check(test: LawTest, law: Law) -> CaseFile:
    """The case of a test. Raises CaseFileError with its faults, each at the line of the test file that causes it."""
    here = (test.line, 1)
    # What the test file does not write comes from elsewhere; a fault in it is one of the test as a whole.
    lines: dict[KeyPath, Position] = {(key,): here for key in test.case}
    try:
        file = check_case(Document(test.case, {**lines, **test.lines}, str(test.path)), choices=law.choices)
    except CaseFileError as error:
        raise CaseFileError(f if f.path else f._replace(line=test.line) for f in error.faults) from None
    return CaseFile(file.case, test.id, test.lines)


class Given(NamedTuple):
    """The case from which tests start; ``lines`` are those of the test file, ``faults`` those of a file of its own."""

    data: dict[str, Any]
    lines: Mapping[KeyPath, Position]
    faults: tuple[Fault, ...] = ()


class SuiteFile:
    """Reads one test file. ``cases`` keeps the files on which tests are based for further test files."""

    def __init__(self, path: Path, law: Law | None, known: Mapping[str, tuple[str, ...]], cases: dict[Path, Given]):
        self.path, self.law, self.cases = path, law, cases
        document, problems = scan(path)
        self.problems = [fault._replace(code=_CODES.get(fault.code, fault.code)) for fault in problems]
        self.document = document or Document({}, {}, str(path))
        self.faults = Faults(self.document, known)
        self.tests = tuple(self._tests()) if document else ()
        self.problems += self.faults.found

    def _tests(self) -> Iterator[LawTest]:
        data, seen = self.document.data, dict[str, int]()
        list(self.faults.mapped((), data, _FILE_KEYS))
        if not data.get("tests"):
            self.faults.add(("tests",), "test_file_empty")
            return
        self.common = self._given((), data)
        for place, test in self.faults.listed(("tests",), data["tests"]):
            before = len(self.faults.found)
            self._check(place, test)
            name = test.get("name") if isinstance(test, dict) else None
            if isinstance(name, str) and name in seen:
                self.faults.add((*place, "name"), "test_name_twice", name=show(name), first=str(seen[name]))
            elif isinstance(name, str):
                seen[name] = self.document.position((*place, "name"))[0]
            if len(self.faults.found) == before:
                yield from self._expanded(place, test)

    # -- how a test is written --------------------------------------------------------------------------------------

    def _check(self, place: KeyPath, test: Any) -> None:
        """The faults of a test, except those of its case and of its expectations."""
        faults = self.faults
        for path, key, value in faults.mapped(place, test, _TEST_KEYS):
            if key in ("name", "vary"):
                faults.form(path, value, "test_text", r".*\S.*")
            elif key == "unset":
                for below, item in faults.listed(path, value):
                    faults.form(below, item, "test_text", r".+")
            elif key in ("set", "rows"):
                list(faults.mapped(path, value))
                if value == {} and key == "rows":
                    faults.add(path, "test_expects_nothing")
            elif key == "add_documents":
                for below, _, papers in faults.mapped(path, value):
                    list(faults.listed(below, papers))
            elif key == "readings":
                self._check_readings(path, value)
            elif key == AS_OF:
                faults.day(path, value)
            elif key == "assume_nothing":
                faults.words(path, value, ("yes", "no"))
        if isinstance(test, dict):
            table = {"vary", "rows"} if {"vary", "rows"} & set(test) else set[str]()
            for key in sorted({"name", "expect", *table} - set(test)):
                faults.add(place, "missing_key", key=key)

    def _check_readings(self, path: KeyPath, value: Any) -> None:
        choices = self.law.choices if self.law else {}
        questions = [key.removeprefix("readings.") for key in choices if key.startswith("readings.")]
        for below, name, answer in self.faults.mapped(path, value, questions):
            self.faults.words(below, answer, choices.get(f"readings.{name}", (answer,)))

    def _check_expectation(self, place: KeyPath, expected: Any, *, part: bool = False) -> None:
        """The faults of an expectation, or of the part of one that stands in a row."""
        keys = ("why", "listed", *KEYS) if part else (*WHO, "why", "listed", *KEYS)
        for path, key, value in self.faults.mapped(place, expected, keys):
            if key in WHO:
                self.faults.name(path, value, key)
            elif key == "listed":
                self.faults.words(path, value, ("yes", "no"))
            elif key in KEYS:
                KEYS[key].check(self.faults, path, value)
        if isinstance(expected, dict) and not part:
            for key in WHO:
                if key not in expected:
                    self.faults.add(place, "missing_key", key=key)

    # -- one test ---------------------------------------------------------------------------------------------------

    def _expanded(self, place: KeyPath, test: dict[str, Any]) -> Iterator[LawTest]:
        """The test, or one for each row of its table."""
        if any(key in test for key in _GIVEN):
            given = self._given(place, test)
        elif (given := self.common) is None and not any(key in self.document.data for key in _GIVEN):
            self.faults.add(place, "test_given_nothing")
        if given is None:
            return
        draft = self._changed(place, test, given)
        expected = test["expect"] if self._expects(place, test, draft) else []  # then only its case is looked at
        if "rows" not in test:
            yield self._test(place, test, test["name"], draft, expected)
            return
        for value, row in test["rows"].items():
            at = (*place, "rows", value)
            variant, varied, before = draft.copy(), test, len(self.faults.found)
            if test["vary"] == AS_OF:
                self.faults.day(at, value)
                varied = {**test, AS_OF: value}
            else:
                with self._leading((*place, "vary"), test["vary"]):
                    variant.put(test["vary"], resolve(value), self.document, at)
            if len(self.faults.found) == before:
                yield self._test(at, varied, f"{test['name']} [{value}]", variant, _merged(expected, row or {}))

    def _expects(self, place: KeyPath, test: dict[str, Any], draft: Draft) -> bool:
        """Whether all that a test and its rows expect is without fault."""
        persons, before = draft.data.get("persons"), len(self.faults.found)
        self.faults.names["person"] = tuple(persons) if isinstance(persons, dict) else ()
        common = list(self.faults.listed((*place, "expect"), test["expect"]))
        for path, expected in common:
            self._check_expectation(path, expected)
        rows = test.get("rows", {})
        for value, row in rows.items():
            if row is not None:
                self._check_expectation((*place, "rows", value), row, part=True)
        for path, expected in common:
            bare = isinstance(expected, dict) and not set(expected) - {*WHO, "why"}
            if bare and not (rows and all(rows.values())):
                self.faults.add(path, "test_expects_nothing")
        if test["expect"] == []:
            self.faults.add((*place, "expect"), "test_expects_nothing")
        return len(self.faults.found) == before

    def _test(self, place: KeyPath, test: dict[str, Any], name: str, draft: Draft, expect: Any) -> LawTest:
        as_of = date.fromisoformat(test[AS_OF]) if AS_OF in test else None
        if as_of is None and "assessed_on" not in draft.data:
            self.faults.add(place, "test_no_day")
        line = self.document.position(place)[0]
        nothing = test.get("assume_nothing") == "yes"
        found = LawTest(self.path.stem, name, draft.data, as_of, test.get("readings", {}), nothing, tuple(expect),
                        self.path, line, draft.lines)  # fmt: skip
        if self.law is not None:
            try:
                found.checked = check(found, self.law)
            except CaseFileError as error:
                self.problems += error.faults
        return found

    # -- its case ---------------------------------------------------------------------------------------------------

    def _given(self, place: KeyPath, data: dict[str, Any]) -> Given | None:
        """The case that a test, or the file for all its tests, starts from; None if there is none to be had."""
        ways = [key for key in _GIVEN if key in data]
        if len(ways) > 1:
            self.faults.add((*place, ways[1]), "test_given_twice", first=ways[0], second=ways[1])
        return self._start((*place, ways[0]), data[ways[0]]) if len(ways) == 1 else None

    def _start(self, path: KeyPath, value: Any) -> Given | None:
        before = len(self.faults.found)
        if path[-1] == "given":
            list(self.faults.mapped(path, value))
        else:
            self.faults.form(path, value, "test_text", r".*\S.*")
        if len(self.faults.found) > before:
            return None
        if path[-1] == "given":
            return Given(value, dict(positions(self.document, path, (), value)))
        file = self.path.parent / value if path[-1] == "case" else self._base(path, value)
        if file is not None and not file.is_file():
            self._no_case(path, value)
            return None
        given = self._case_file(file) if file else None
        return given if given and not given.faults else None

    def _base(self, path: KeyPath, name: str) -> Path | None:
        """The file of a base: in the folder ``bases`` beside the test file, or beside a folder around it."""
        folders = [parent / BASES for parent in self.path.resolve().parents if (parent / BASES).is_dir()]
        found = next((file for place in folders if (file := place / f"{name}.yaml").is_file()), None)
        if found is None and folders:
            self.faults.names["base"] = tuple(sorted(file.stem for file in folders[0].glob("*.yaml")))
            self.faults.name(path, name, "base")
        elif found is None:
            self._no_case(path, f"{BASES}/{name}.yaml")
        return found

    def _no_case(self, path: KeyPath, name: str) -> None:
        self.faults.add(path, "test_case_missing", name=show(name), folder=str(self.path.parent))

    def _case_file(self, file: Path) -> Given:
        """The case in a file, whose faults are reported once."""
        if file not in self.cases:
            document, faults = scan(file)
            if document is not None and self.law is not None:
                try:
                    check_case(document, choices=self.law.choices)
                except CaseFileError as error:
                    faults = [*faults, *error.faults]
            self.cases[file] = Given(document.data if document else {}, {}, tuple(faults))
            self.problems += faults
        return self.cases[file]

    def _changed(self, place: KeyPath, test: dict[str, Any], given: Given) -> Draft:
        """The case with those changes of a test that lead somewhere."""
        draft = Draft(given.data, given.lines)
        for number, item in enumerate(test.get("unset", ())):
            with self._leading((*place, "unset", number), item):
                draft.remove(item)
        for item, value in test.get("set", {}).items():
            with self._leading(at := (*place, "set", item), item):
                draft.put(item, value, self.document, at)
        for person, papers in test.get("add_documents", {}).items():
            with self._leading(at := (*place, "add_documents", person), person):
                draft.add_documents(person, papers, self.document, at)
        return draft

    @contextmanager
    def _leading(self, at: KeyPath, item: str) -> Iterator[None]:
        """Reports a path that leads nowhere."""
        try:
            yield
        except NoPlaceError as error:
            if error.names:
                self.faults.nearest(at, "test_path", error.part, error.names, item=show(item))
            else:
                self.faults.add(at, "test_path_end", name=show(error.part), item=show(item))


def _merged(common: list[dict[str, Any]], row: dict[str, Any]) -> list[dict[str, Any]]:
    """What a row expects: what is common to all rows, its own words instead, its own names besides."""
    return [{**one, **{key: _united(key, one.get(key), value) for key, value in row.items()}} for one in common]


def _united(key: str, common: Any, own: Any) -> Any:
    return {**common, **own} if isinstance(KEYS.get(key), Table) and isinstance(common, dict) else own
