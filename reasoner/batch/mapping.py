"""Columns of a table as places in a case file.

A mapping file says for each column where in a case file its values belong; without one a column is named by that place,
such as ``persons.amal.born`` or ``applications[0].filed``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from reasoner.case_model import Case
from reasoner.errors import CaseFileError, Fault, UsageError, show
from reasoner.yamlfile import Document, resolve
from reasoner.yamlfile import read as read_yaml

TOP = frozenset(Case.model_fields)
_KEYS = {"columns", "always", "ignore"}
_OPTIONS = {"path", "split", "values", "date"}
_PART = re.compile(r"([^.\[\]]+)|\[(\d+)\]")

KeyPath = tuple[str | int, ...]


class Column(NamedTuple):
    """Where the values of a column belong, and how they are written.

    ``split`` separates the items of a list, ``values`` translates words, ``date`` is the form of dates as in
    ``%d/%m/%Y``.
    """

    path: KeyPath
    split: str = ""
    values: Mapping[str, Any] = {}
    date: str = ""

    def read(self, value: Any) -> Any:
        """A value as a case file would hold it; None for nothing."""
        if isinstance(value, str):
            text = value.strip()
            if not text:
                return None
            if self.split:
                return [self._word(part.strip()) for part in text.split(self.split) if part.strip()]
            return self._word(text)
        return value

    def _word(self, text: str) -> Any:
        if text in self.values:
            return self.values[text]
        if self.date:
            try:
                return datetime.strptime(text, self.date).date().isoformat()
            except ValueError:
                return text  # words such as none and unknown; anything else is a fault of the case
        return resolve(text)


@dataclass(eq=False, repr=False)
class Columns:
    """What a mapping file says: its columns, what stands in every case, and which columns are left aside."""

    columns: Mapping[str, Column] = field(default_factory=dict)
    always: Mapping[KeyPath, Any] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()

    def of(self, header: Sequence[str], name: str) -> list[Column | None]:
        """The columns of a header in order; None for one to be left aside.

        Raises UsageError for a column that is neither mapped nor named by a place in a case file, and for two that
        would be written over each other.
        """
        found: list[Column | None] = []
        for title in header:
            path = path_of(title)
            if title in self.columns:
                found.append(self.columns[title])
            elif title in self.ignored:
                found.append(None)
            elif path and path[0] in TOP:
                found.append(Column(path))
            else:
                near = get_close_matches(title, [*self.columns, *TOP], 1)
                raise UsageError("batch_column", name=name, column=show(title), suggestion=near[0] if near else "")
        missing = [title for title in self.columns if title not in header]
        if missing:
            near = get_close_matches(missing[0], header, 1)
            raise UsageError("batch_no_column", name=name, column=show(missing[0]), suggestion=near[0] if near else "")
        _apart(header, found, name)
        return found

    def nested(self, columns: Sequence[str]) -> bool:
        """Whether the columns of a table are the keys of a case file themselves, with nothing to be mapped."""
        known = all(name in TOP or name in self.ignored for name in columns)
        return known and not (self.columns or self.always) and len(set(columns)) == len(columns)

    def case(self, columns: Sequence[Column | None], cells: Iterable[Any]) -> dict[str, Any]:
        """The data of a case whose cells are given by column."""
        data: dict[str, Any] = {}
        for path, value in self.always.items():
            _put(data, path, value)
        for column, cell in zip(columns, cells, strict=True):
            if column is not None and (value := column.read(cell)) is not None:
                _put(data, column.path, value)
        return _plain(data)  # type: ignore[no-any-return]


def _apart(header: Sequence[str], columns: Sequence[Column | None], name: str) -> None:
    """Sees to it that no column stands at the place of another, or within it."""
    placed = sorted(
        ((c.path, title) for title, c in zip(header, columns, strict=True) if c is not None),
        key=lambda pair: [str(part) for part in pair[0]],
    )
    for (path, title), (below, other) in pairwise(placed):
        if below[: len(path)] == path:
            raise UsageError("batch_column_twice", name=name, column=show(title), other=show(other))


def read(path: str | Path | None) -> Columns:
    """The mapping in a file; without one, that of no file. Raises CaseFileError with every fault."""
    if path is None:
        return Columns()
    document = read_yaml(path)
    faults = list(_faults(document))
    if faults:
        raise CaseFileError(faults)
    data = document.data
    columns = {name: _column(told) for name, told in (data.get("columns") or {}).items()}
    always = {path_of(place): value for place, value in (data.get("always") or {}).items()}
    return Columns(columns, always, frozenset(data.get("ignore") or ()))


def _column(told: Any) -> Column:
    if isinstance(told, str):
        return Column(path_of(told))
    values = {str(word): meant for word, meant in (told.get("values") or {}).items()}
    return Column(path_of(told["path"]), told.get("split") or "", values, told.get("date") or "")


def _faults(document: Document) -> Iterable[Fault]:
    def fault(path: KeyPath, code: str, **values: str) -> Fault:
        from reasoner.errors import dotted

        return Fault(document.name, *document.position(path), dotted(path), code, values)

    data = document.data
    for key in data:
        if key not in _KEYS:
            near = get_close_matches(key, _KEYS, 1)
            yield fault((key,), "unknown_key", key=show(key), keys=", ".join(sorted(_KEYS)), suggestion="".join(near))
    for key in ("columns", "always"):
        if not isinstance(data.get(key) or {}, dict):
            yield fault((key,), "mapping", got=show(data[key]))
            return
    if not isinstance(data.get("ignore") or [], list):
        yield fault(("ignore",), "list", got=show(data["ignore"]))
    for name, told in (data.get("columns") or {}).items():
        place = told.get("path") if isinstance(told, dict) else told
        for key in set(told) - _OPTIONS if isinstance(told, dict) else ():
            known = ", ".join(sorted(_OPTIONS))
            yield fault(("columns", name, key), "unknown_key", key=show(key), keys=known, suggestion="")
        if not isinstance(place, str) or path_of(place)[:1] == () or path_of(place)[0] not in TOP:
            yield fault(("columns", name), "batch_mapping_path", got=show(place), names=", ".join(sorted(TOP)))
    for place in data.get("always") or {}:
        if not path_of(place) or path_of(place)[0] not in TOP:
            yield fault(("always", place), "batch_mapping_path", got=show(place), names=", ".join(sorted(TOP)))


def path_of(text: str) -> KeyPath:
    """``applications[0].filed`` as its parts; nothing for what is no path."""
    parts = [match[1] or int(match[2]) for match in _PART.finditer(text)]
    spelled = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).removeprefix(".")
    return tuple(parts) if spelled == text else ()


def _put(data: dict[Any, Any], path: KeyPath, value: Any) -> None:
    """Lists are kept as mappings from numbers until all of them are known."""
    for part in path[:-1]:
        below = data.setdefault(part, {})
        if not isinstance(below, dict):
            below = data[part] = {}
        data = below
    data[path[-1]] = value


def _plain(data: Any) -> Any:
    if not isinstance(data, dict):
        if isinstance(data, list):
            return [_plain(item) for item in data]
        return data.isoformat() if isinstance(data, date) else data
    if data and all(isinstance(key, int) for key in data):
        return [_plain(data[key]) for key in sorted(data)]
    return {str(key): _plain(value) for key, value in data.items()}
