"""A case file -> a validated, frozen Case, or every fault of the file with its line and path.

A file is validated as a whole. Only if that fails are its entries read one by one, without the
values that are at fault, so that a mistake in one place does not hide those in another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from reasoner.case_checks import Entries, Finding, KeyPath, at
from reasoner.case_dates import NEVER, Day, Never
from reasoner.case_model import MAX_PERSONS, Application, Case, Person, Section, Union
from reasoner.case_values import NO_CHOICE, Choices, is_unknown, nearest_word
from reasoner.errors import CaseFileError, Fault, dotted, show
from reasoner.yamlfile import Document, Position, nearest, scan

__all__ = [
    "NEVER",
    "Case",
    "CaseFile",
    "Day",
    "Never",
    "at",
    "check_case",
    "load_case",
    "parse_case",
    "schema",
]

Entry = TypeVar("Entry", bound=Section)


@dataclass(eq=False, repr=False)
class CaseFile:
    """A case with its name and the (line, column) of everything in its file."""

    case: Case
    name: str
    lines: Mapping[KeyPath, Position]

    def line(self, path: KeyPath) -> int | None:
        """The line of a path or of its nearest parent, from 1; None when neither is there."""
        position = nearest(self.lines, path)
        return position[0] if position else None


def load_case(source: str | Path, *, choices: Choices) -> CaseFile:
    """The case in a file, or on standard input (`-`). Raises CaseFileError with all faults.

    `choices` gives the words allowed at each path pattern, such as `unions.*.kind`.
    """
    return _checked(*scan(source), choices=choices, name=str(source))


def parse_case(text: str, *, choices: Choices, name: str = "<text>") -> CaseFile:
    """The case in a text in YAML or JSON. Raises CaseFileError with all faults."""
    return _checked(*scan(name, text), choices=choices, name=name)


def check_case(document: Document, *, choices: Choices, faults: Iterable[Fault] = ()) -> CaseFile:
    """The case in data that has been read already, with the `faults` found in reading. Raises CaseFileError with all
    of them."""
    return _checked(document, [*faults], choices=choices, name=document.name)


def schema(choices: Choices) -> dict[str, Any]:
    """The JSON Schema of case files, with the words that `choices` allows."""
    content = Case.model_json_schema(by_alias=True)
    for node in _nodes(content):
        if "patternProperties" in node:
            node["additionalProperties"] = False
        pattern, always = node.pop("x-choice", None), node.pop("x-always", True)
        if pattern in choices:
            del node["type"]
            node["enum"] = _spellings((*choices[pattern], *(() if always else (NO_CHOICE,))))
        elif pattern:
            node["pattern"] = "^[A-Za-z][A-Za-z0-9_]*$"
    names = [key for key in choices if key.startswith("readings.")]
    if names:
        readings = content["properties"]["readings"]
        readings.pop("anyOf", None)
        readings |= {"type": ["object", "null"], "additionalProperties": False}
        readings["properties"] = {key.removeprefix("readings."): {"enum": _spellings(choices[key])} for key in names}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **content}


def _spellings(words: tuple[str, ...]) -> list[str | None]:
    """The words, single letters in capitals too, and what stands for not known."""
    capitals = [word.upper() for word in words if len(word) == 1 and word.islower()]
    return list(dict.fromkeys([*words, *capitals, "unknown", None]))


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
    for child in tree.values() if isinstance(tree, dict) else tree:
        if isinstance(child, dict | list):
            yield from _nodes(child)


def _checked(document: Document | None, faults: list[Fault], *, choices: Choices, name: str) -> CaseFile:
    if document is None:
        raise CaseFileError(faults)
    context = {"choices": choices}
    case, findings = None, list[Finding]()
    try:
        case = Case.model_validate(document.data, context=context)
        entries = _entries(case)
    except ValidationError as error:
        findings += map(_translated, _details(error))
        entries = _salvaged(document.data, context)
    findings += entries.findings(choices)
    faults = [*faults, *(_located(finding, document) for finding in findings)]
    if faults or case is None:
        raise CaseFileError(faults, document.name)
    return CaseFile(case, document.name, document.lines)


def _located(finding: Finding, document: Document) -> Fault:
    path, code, values = finding
    if path and isinstance(path[-1], int) and path not in document.lines:
        path = path[:-1]  # a single value that stands for a list of one
    return Fault(document.name, *document.position(path), dotted(path), code, values)


def _entries(case: Case) -> Entries:
    return Entries(
        tuple(case.persons),
        case.persons,
        dict(enumerate(case.unions)),
        dict(enumerate(case.applications)),
        case.readings,
    )


def _salvaged(data: dict[str, Any], context: dict[str, Any]) -> Entries:
    """What can still be read of a faulty file."""
    raw: Any = data.get("persons")
    persons = raw if isinstance(raw, dict) else {}
    return Entries(
        tuple(persons) if isinstance(raw, dict) else None,
        dict(_readable(Person, list(persons.items())[: 2 * MAX_PERSONS], context)),
        dict(_readable(Union, _items(data.get("unions")), context)),
        dict(_readable(Application, _items(data.get("applications")), context)),
        _salvaged_readings(data.get("readings")),
    )


def _salvaged_readings(raw: Any) -> dict[str, str | None]:
    pairs = raw.items() if isinstance(raw, dict) else ()
    words = {name: value for name, value in pairs if isinstance(value, str)}
    return {name: None if is_unknown(word) else word.lower() for name, word in words.items()}


def _items(value: Any) -> list[tuple[int, Any]]:
    return list(enumerate(value)) if isinstance(value, list) else []


def _readable(
    model: type[Entry], raw: Iterable[tuple[Any, Any]], context: dict[str, Any]
) -> Iterator[tuple[Any, Entry]]:
    """The entries that can be read once their faulty values are left out."""
    for name, value in raw:
        for _ in range(2):
            try:
                yield name, model.model_validate(value, context=context)
                break
            except ValidationError as error:
                value = _pruned(value, [detail["loc"] for detail in _details(error)])


def _pruned(data: Any, places: Iterable[KeyPath]) -> Any:
    """A copy without the innermost keys that hold the given places."""
    data = deepcopy(data)
    for place in places:
        holder, key, node = None, None, data
        for part in place:
            if isinstance(node, dict) and part in node:
                holder, key, node = node, part, node[part]
            elif isinstance(node, list) and isinstance(part, int) and part < len(node):
                node = node[part]
            else:
                break
        if holder is not None:
            del holder[key]
    return data


def _details(error: ValidationError) -> list[dict[str, Any]]:
    return [dict(detail) for detail in error.errors(include_url=False)]


def _translated(detail: dict[str, Any]) -> Finding:
    """A pydantic error as the code of a fault with its values."""
    path: KeyPath = tuple(part for part in detail["loc"] if part != "[key]")
    kind, got = detail["type"], show(detail.get("input"))
    values = {key: str(value) for key, value in detail.get("ctx", {}).items()}
    if kind == "extra_forbidden":
        keys = _keys_at(path[:-1])
        suggestion = nearest_word(str(path[-1]), keys)
        named = {"key": show(path[-1]), "keys": ", ".join(keys), "suggestion": suggestion}
        return path, "unknown_key", named
    if kind == "missing":
        return path, "missing_key", {"key": show(path[-1])}
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return path, "mapping", {"got": got}
    if kind in ("tuple_type", "list_type"):
        return path, "list", {"got": got}
    if kind in ("too_long", "too_short"):
        return path, *_length(path, kind, values | {"got": str(len(detail["input"]))})
    if kind.isidentifier() and "error" not in detail.get("ctx", {}) and detail["msg"] == kind:
        return path, kind, values
    return path, "wrong_value", {"got": got, "problem": show(detail["msg"])}


def _length(path: KeyPath, kind: str, values: dict[str, str]) -> tuple[str, dict[str, str]]:
    limit = values.get("max_length") or values.get("min_length", "")
    counts = {"limit": limit, "got": values["got"]}
    if path[-1] == "persons":
        return ("too_many_persons" if kind == "too_long" else "no_persons"), counts
    return ("two_partners" if path[-1] == "partners" else "too_many"), counts


def _keys_at(path: KeyPath) -> list[str]:
    """The keys that the mapping at a path may have."""
    model: type[BaseModel] | None = Case
    parts = iter(part for part in path if isinstance(part, str))
    for part in parts:
        known = model.model_fields.items() if model else ()
        info = next((info for name, info in known if part == (info.alias or name)), None)
        model = _model_in(info.annotation) if info else None
        if info and get_origin(info.annotation) is dict:
            next(parts, None)  # an id, which is no key of a model
    fields = model.model_fields if model else {}
    return [info.alias or name for name, info in fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation such as `tuple[Document, ...] | None` is about."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_model_in, get_args(annotation))), None)
