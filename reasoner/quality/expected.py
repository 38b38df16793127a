"""What a test can expect of an outcome: how it is written, and in what an outcome differs from it.

Every key of an expectation is a word, a list of names, or a table of names with their details. What an expectation does
not mention may be anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from reasoner.outcome import RESULTS, Outcome
from reasoner.quality import answers
from reasoner.quality.answers import ABSENT, NONE, OPEN
from reasoner.yamlfile import KeyPath

MANY = 12  # names that are worth listing where others were expected


class Difference(NamedTuple):
    """Where an outcome is not as expected: the key of the expectation, the name below it, and both sides as a test file
    writes them. A side that has nothing to show is empty."""

    person: str
    route: str
    key: str
    name: str
    expected: str
    actual: str

    @property
    def place(self) -> str:
        """The key with the name below it."""
        return f"{self.key}.{self.name}" if self.name else self.key

    def __str__(self) -> str:
        sides = (f"- {self.expected}" if self.expected else "", f"+ {self.actual}" if self.actual else "")
        return f"{self.person} {self.route}: {self.place}: {' '.join(filter(None, sides))}"


class Report(Protocol):
    """Takes the faults of a test file."""

    def words(self, path: KeyPath, value: Any, words: Iterable[str]) -> None:
        """A value has to be one of some words."""

    def name(self, path: KeyPath, value: Any, kind: str) -> None:
        """A value has to be a name of a kind that the law knows."""

    def form(self, path: KeyPath, value: Any, code: str, pattern: str) -> None:
        """A value has to be a text of some form; ``code`` says so otherwise."""

    def day(self, path: KeyPath, value: Any, *others: str, minute: bool = False) -> None:
        """A value has to be a day, or perhaps a minute of one, or one of some words."""

    def listed(self, path: KeyPath, value: Any) -> Iterator[tuple[KeyPath, Any]]:
        """The items of what has to be a list."""

    def mapped(self, path: KeyPath, value: Any, keys: Iterable[str] = ()) -> Iterator[tuple[KeyPath, str, Any]]:
        """The entries of what has to be a mapping, with these keys only if any are given."""


Form = Callable[[Report, KeyPath, Any], None]


def _words(*words: str) -> Form:
    return lambda report, path, value: report.words(path, value, words)


def _name(kind: str, *others: str) -> Form:
    return lambda report, path, value: None if value in others else report.name(path, value, kind)


def _names(kind: str) -> Form:
    def check(report: Report, path: KeyPath, value: Any) -> None:
        for place, item in report.listed(path, value):
            report.name(place, item, kind)

    return check


def _day(*others: str) -> Form:
    return lambda report, path, value: report.day(path, value, *others, minute=True)


def _form(code: str, pattern: str) -> Form:
    return lambda report, path, value: report.form(path, value, code, pattern)


def _either(single: Form, several: Form) -> Form:
    return lambda report, path, value: (several if isinstance(value, list) else single)(report, path, value)


def _paths(report: Report, path: KeyPath, value: Any) -> None:
    for place, item in report.listed(path, value):
        report.form(place, item, "test_text", r".+")


class Word(NamedTuple):
    """A single word of the outcome."""

    field: str
    form: Form

    def check(self, report: Report, path: KeyPath, wanted: Any) -> None:
        """Reports what is wrong with the expectation as it is written."""
        self.form(report, path, wanted)

    def compare(self, outcome: Outcome, wanted: str) -> Iterator[tuple[str, str, str]]:
        """The differences: name, expected, actual."""
        actual = answers.text(getattr(outcome, self.field))
        if actual != wanted:
            yield "", wanted, actual


class Names(NamedTuple):
    """A list of names: all there are, or some that have to be there, or some that may not."""

    form: Form
    actual: Callable[[Outcome], Iterable[str]]
    mode: str = "all"

    def check(self, report: Report, path: KeyPath, wanted: Any) -> None:
        """Reports what is wrong with the expectation as it is written."""
        self.form(report, path, wanted)

    def compare(self, outcome: Outcome, wanted: list[str]) -> Iterator[tuple[str, str, str]]:
        """The differences: name, expected, actual."""
        actual = list(dict.fromkeys(self.actual(outcome)))
        lacking = [] if self.mode == "none" else [name for name in wanted if name not in actual]
        extra = {
            "all": [name for name in actual if name not in wanted],
            "none": [name for name in wanted if name in actual],
            "some": (actual or [NONE]) if lacking and len(actual) <= MANY else [],
        }[self.mode]
        if lacking or extra:
            yield "", ", ".join(lacking), ", ".join(extra)


class Table(NamedTuple):
    """Names with details; the main detail alone may stand for all. ``default`` is what it is for a name that is not in
    the outcome."""

    kind: str
    details: Mapping[str, Form]
    actual: Callable[[Outcome], Mapping[str, Mapping[str, Any]]]
    default: str = ABSENT

    @property
    def main(self) -> str:
        """The main detail."""
        return next(iter(self.details))

    def check(self, report: Report, path: KeyPath, wanted: Any) -> None:
        """Reports what is wrong with the expectation as it is written."""
        for place, name, details in report.mapped(path, wanted):
            report.name(place, name, self.kind)
            if isinstance(details, dict):
                for below, key, value in report.mapped(place, details, self.details):
                    self.details[key](report, below, value)
            else:
                self.details[self.main](report, place, details)

    def compare(self, outcome: Outcome, wanted: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
        """The differences: name, expected, actual."""
        actual = self.actual(outcome)
        for name, details in wanted.items():
            expected = details if isinstance(details, dict) else {self.main: details}
            found = actual.get(name, {self.main: self.default})
            wrong = [key for key, value in expected.items() if not _fits(key, value, found.get(key))]
            if wrong:
                shown = found if self.main in wrong else {key: found.get(key, NONE) for key in wrong}
                yield name, self._flow({key: expected[key] for key in wrong}), self._flow(shown)

    def _flow(self, details: Mapping[str, Any]) -> str:
        """Details as a test file writes them."""
        kept = {key: value for key, value in details.items() if len(details) == 1 or value not in (NONE, [])}
        if list(kept) == [self.main]:
            return _shown(kept[self.main])
        return "{" + ", ".join(f"{key}: {_shown(value)}" for key, value in kept.items()) + "}"


def _fits(key: str, wanted: Any, actual: Any) -> bool:
    if key == "provisions":  # at least these
        return set(wanted) <= set(actual or ())
    if isinstance(wanted, list) or isinstance(actual, list):
        return sorted(_as_list(wanted)) == sorted(_as_list(actual))
    return bool(wanted == actual)


def _as_list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [] if value in (None, NONE, ABSENT) else [value]


def _shown(value: Any) -> str:
    return f"[{', '.join(value)}]" if isinstance(value, list) else str(value)


_PROVISIONS = _names("provision")
_STATUS = ("met", "unmet", "waived", "unknown")
_FAILING = ("missing", "defective")
_PAPER = ("held", "missing", "defective", "waived", "unknown")

KEYS: Mapping[str, Word | Names | Table] = {
    "result": Word("result", _words(*RESULTS, "undetermined")),
    "file": Word("file", _words("complete", "incomplete", "undetermined", "not_applicable")),
    "sponsor": Word("sponsor", _name("person", NONE)),
    "applied_on": Word("applied_on", _day(NONE)),
    "authority": Word("authority", _name("body", NONE)),
    **{status: Names(_names("condition"), answers.of_status("conditions", status)) for status in _STATUS},
    "conditions": Table(
        "condition",
        {
            "status": _words(*_STATUS, ABSENT),
            "distance": _form("test_distance", rf"\d+ (years|months|days|hours|times|units)|{NONE}"),
            "provisions": _PROVISIONS,
        },
        answers.conditions,
    ),
    **{
        status: Names(_names("document"), answers.of_status("documents", status)) for status in ("missing", "defective")
    },
    "documents": Table(
        "document",
        {
            "status": _words(*_PAPER, ABSENT),
            "defects": _names("defect"),
            "alternatives": _names("type"),
            "provisions": _PROVISIONS,
        },
        answers.documents,
    ),
    "effects": Table(
        "effect",
        {
            "status": _words("applies", "not", "unknown"),
            "date": _day(NONE),
            "kind": _words("right", "duty", "power", "risk"),
            "provisions": _PROVISIONS,
        },
        answers.effects,
        "not",
    ),
    "deadlines": Table("deadline", {"date": _day(OPEN, ABSENT), "provisions": _PROVISIONS}, answers.deadlines),
    "fees": Table(
        "fee",
        {"status": _form("test_fee", rf"due( \d+ [a-z]{{3}})?|waived|{ABSENT}"), "provisions": _PROVISIONS},
        answers.fees,
    ),
    "authorities": Table(
        "task",
        {"body": _either(_name("body", ABSENT), _names("body")), "provisions": _PROVISIONS},
        answers.authorities,
    ),
    "channel": Names(_names("channel"), answers.ids("channel"), "some"),
    "no_channel": Names(_names("channel"), answers.ids("channel"), "none"),
    "notes": Names(_PROVISIONS, answers.ids("notes"), "some"),
    "no_notes": Names(_PROVISIONS, answers.ids("notes"), "none"),
    "warnings": Names(_names("warning"), answers.ids("warnings"), "some"),
    "no_warnings": Names(_names("warning"), answers.ids("warnings"), "none"),
    "provisions": Names(_PROVISIONS, answers.cited, "some"),
    "depends_on": Names(_paths, answers.ids("depends_on")),
    "assumed": Names(_paths, answers.ids("assumed"), "some"),
}


def compare(outcome: Outcome, expected: Mapping[str, Any]) -> Iterator[Difference]:
    """In what an outcome differs from an expectation."""
    for key, wanted in expected.items():
        for name, should, actual in KEYS[key].compare(outcome, wanted) if key in KEYS else ():
            yield Difference(outcome.person, outcome.route, key, name, should, actual)
