"""The exceptions of the reasoner and the faults they carry.

    ReasonerError            exit code 1: anything the reasoner reports on purpose
    ├── UsageError           exit code 2: the command was called wrongly
    ├── CaseFileError        exit code 3: a case file is invalid; carries its faults
    └── RulesError           exit code 4: the rules are broken; may carry faults

A fault holds a code and the values of its placeholders; its sentences stand in
`wording/<language>/errors.yaml`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, NamedTuple

Catalogue = Mapping[str, Mapping[str, str]]

SHOWN_CHARACTERS = 60


class ReasonerError(Exception):
    """Base of all errors that are reported to the user without a traceback."""

    exit_code: ClassVar[int] = 1


class UsageError(ReasonerError):
    """The command line or a function was used wrongly; a code with the values its sentences need, as in a fault."""

    exit_code = 2

    def __init__(self, code: str, **values: str) -> None:
        self.code, self.values = code, values
        super().__init__(code, values)

    def text(self, catalogue: Catalogue) -> str:
        """The error in the language of a catalogue."""
        return describe(Fault("", 0, 0, "", self.code, self.values), catalogue).removeprefix(": ")

    def __str__(self) -> str:
        return self.text(catalogue())


class Fault(NamedTuple):
    """One mistake in a file: where it is, its code, and the values its sentences need.

    `line` and `column` count from 1; 0 means that there is no position. `path` is the place
    inside the file, such as `persons.amal.born` or `applications[0].filed`.
    """

    file: str
    line: int
    column: int
    path: str
    code: str
    values: Mapping[str, str] = MappingProxyType({})


class CaseFileError(ReasonerError):
    """A case file is invalid, or a test file. `faults` are all that were found, file by file in their order."""

    exit_code = 3

    def __init__(self, faults: Iterable[Fault], file: str = "") -> None:
        listed = list(faults)
        order = {name: number for number, name in enumerate(dict.fromkeys(fault.file for fault in listed))}
        self.faults = tuple(sorted(listed, key=lambda fault: (order[fault.file], fault.line, fault.column)))
        self.file = file or (self.faults[0].file if self.faults else "")
        super().__init__(self.faults, self.file)

    def __str__(self) -> str:
        return "\n".join(describe(fault, catalogue()) for fault in self.faults)


class RulesError(ReasonerError):
    """The rules are broken. `faults` say where, when that is known."""

    exit_code = 4

    def __init__(self, message: str = "", faults: Iterable[Fault] = ()) -> None:
        self.message = message
        self.faults = tuple(faults)
        super().__init__(message, self.faults)

    def __str__(self) -> str:
        lines = [describe(fault, catalogue()) for fault in self.faults]
        return "\n".join([self.message, *lines] if self.message else lines)


@cache
def catalogue(language: str = "en") -> Catalogue:
    """The sentences of all fault codes in one language: code -> message, expected, hint."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    file = Path(__file__).parent / "wording" / language / "errors.yaml"
    content: Catalogue = yaml.load(file.read_text(encoding="utf-8"), Loader=loader)
    return content


def describe(fault: Fault, catalogue: Catalogue) -> str:
    """`FILE:LINE: PATH: message. Expected: .... Hint.` in the language of the catalogue."""
    entry = catalogue.get(fault.code)
    if entry is None:
        detail = ", ".join(f"{name}={value}" for name, value in fault.values.items())
        return ": ".join(filter(None, [_place(fault), fault.code, detail]))
    values = _Gaps(fault.values)
    if "month" in values:
        values["month_name"] = catalogue["months"].get(values["month"], values["month"])
    if "kind" in values:
        values["kind"] = catalogue["kinds"].get(values["kind"], values["kind"])
    hint = "hint_suggestion" if values.get("suggestion") and "hint_suggestion" in entry else "hint"
    parts = {"message": entry["message"], "expected": entry["expected"], "hint": entry[hint]}
    layout = catalogue["layout"]
    sentences = [
        layout[part].format_map({part: template.format_map(values)}) for part, template in parts.items() if template
    ]
    return f"{_place(fault)}: {' '.join(sentences)}"


def show(value: object) -> str:
    """A value from a file as one short printable line, safe for a terminal."""
    text = value if isinstance(value, str) else _simple(value)
    text = _printable(text)
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def dotted(path: Iterable[str | int]) -> str:
    """A path as text: `persons.amal.born`, `applications[0].filed`."""
    return _dotted(tuple(path))


@lru_cache(maxsize=16384)
def _dotted(path: tuple[str | int, ...]) -> str:
    parts = (f"[{part}]" if isinstance(part, int) else f".{show(part)}" for part in path)
    return "".join(parts).removeprefix(".")


def _simple(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{…}" if value else "{}"
    if isinstance(value, list | tuple):
        return "[…]" if value else "[]"
    return str(value)


def _place(fault: Fault) -> str:
    if not fault.file:
        return ""
    line = f":{fault.line}" if fault.line else ""
    return f"{_printable(fault.file)}{line}" + (f": {fault.path}" if fault.path else "")


class _Gaps(dict[str, str]):
    """Leaves a placeholder without a value as it is, so that an error never hides another."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"
