"""The case of a test: a case as plain data, changed at paths such as ``applications[ada].documents[visa_form].signed``.

``[0]`` picks an item of a list by its number, ``[word]`` by what names it: a type, an applicant, a kind, or the item
itself.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reasoner.yamlfile import Document, KeyPath, Position

_NAMING = ("type", "applicant", "kind")


class NoPlaceError(Exception):
    """A path leads nowhere: ``part`` is the first that is not there, ``names`` are those that are."""

    def __init__(self, part: str, names: Iterable[str] = ()) -> None:
        self.part, self.names = part, tuple(names)
        super().__init__(part, self.names)


class Draft:
    """A case that is being changed. ``lines`` says where the test file writes it, as far as it does."""

    def __init__(self, data: dict[str, Any], lines: Mapping[KeyPath, Position]) -> None:
        self.data, self.lines = copy.deepcopy(data), dict(lines)

    def copy(self) -> Draft:
        """The same case, to be changed on its own."""
        return Draft(self.data, self.lines)

    def put(self, place: str, value: Any, document: Document, where: KeyPath) -> None:
        """Sets a path to a value that a document has at ``where``. Sections that lack are made, and an item may follow
        the last of a list. Raises NoPlaceError."""
        *parents, last = _parts(place)
        holder, path = _walk(self.data, parents, make=True)
        if isinstance(holder, list):
            index = _index(holder, last, more=1)
            holder[index : index + 1] = [copy.deepcopy(value)]
            self._note((*path, index), value, document, where)
        elif isinstance(holder, dict) and not last.startswith("["):
            holder[last] = copy.deepcopy(value)
            self._note((*path, last), value, document, where)
        else:
            raise NoPlaceError(last)

    def remove(self, place: str) -> None:
        """Removes what stands at a path. Raises NoPlaceError."""
        *parents, last = _parts(place)
        holder, path = _walk(self.data, parents)
        key = _key(holder, last)
        del holder[key]
        self._forget(path if isinstance(holder, list) else (*path, key))  # the items that follow have moved

    def add_documents(self, person: str, papers: list[Any], document: Document, where: KeyPath) -> None:
        """Adds papers to the application of a person. Raises NoPlaceError."""
        application, path = _walk(self.data, ["applications", f"[{person}]"])
        held = application.get("documents")
        if not isinstance(held, list):
            held = application["documents"] = []
        for number, paper in enumerate(papers):
            held.append(copy.deepcopy(paper))
            self._note((*path, "documents", len(held) - 1), paper, document, (*where, number))

    def _note(self, path: KeyPath, value: Any, document: Document, where: KeyPath) -> None:
        self._forget(path)
        self.lines.update(positions(document, where, path, value))

    def _forget(self, path: KeyPath) -> None:
        for known in [known for known in self.lines if known[: len(path)] == path]:
            del self.lines[known]


def positions(document: Document, where: KeyPath, path: KeyPath, value: Any) -> Iterator[tuple[KeyPath, Position]]:
    """The position of a value that stands at ``where`` in a document, and of everything in it, as if at ``path``."""
    if path:
        yield path, document.position(where)
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from positions(document, (*where, key), (*path, key), item)


def _parts(place: str) -> list[str]:
    """``a[b].c`` as ``a``, ``[b]``, ``c``."""
    parts = re.findall(r"\[[^\[\].]+\]|[^\[\].]+", place)
    if "".join(parts) != place.replace(".", "") or not parts:
        raise NoPlaceError(place)
    return parts


def _walk(case: Any, parts: list[str], *, make: bool = False) -> tuple[Any, KeyPath]:
    path: list[str | int] = []
    for part in parts:
        if make and isinstance(case, dict) and not part.startswith("[") and case.get(part) in (None, "unknown"):
            case[part] = {}
        key = _key(case, part)
        case = case[key]
        path.append(key)
    return case, tuple(path)


def _key(holder: Any, part: str) -> Any:
    if isinstance(holder, list):
        return _index(holder, part)
    if not isinstance(holder, dict) or part not in holder:
        raise NoPlaceError(part, holder if isinstance(holder, dict) else ())
    return part


def _index(items: list[Any], part: str, more: int = 0) -> int:
    wanted = part.removeprefix("[").removesuffix("]")
    if wanted.isdecimal() and int(wanted) < len(items) + more:
        return int(wanted)
    named = [_name(item) for item in items]
    if not part.startswith("[") or wanted not in named:
        raise NoPlaceError(part, (f"[{name or number}]" for number, name in enumerate(named)))
    return named.index(wanted)


def _name(item: Any) -> str:
    if isinstance(item, dict):
        return next((item[key] for key in _NAMING if isinstance(item.get(key), str)), "")
    return item if isinstance(item, str) else ""
