"""YAML 1.2 (and so JSON) as plain data, with the line and column of every value.

Only what a case file needs is accepted: one document, mappings with text as keys, and the scalars
of the core schema. Anchors, aliases and tags are refused. The parser's events are read one by one
and nothing here recurses, so that no file can exhaust the memory or the stack.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
)

from reasoner.errors import CaseFileError, Fault, dotted, show

KeyPath = tuple[str | int, ...]
Position = tuple[int, int]

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 32
STANDARD_INPUT = "-"

_LOADER: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_CONSTANTS: Mapping[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = r"(?a)[-+]?(0|[1-9][0-9]{0,17})\Z"
_DECIMAL = r"[-+]?[0-9]{1,18}(\.[0-9]{1,18}([eE][-+]?[0-9]{1,2})?|[eE][-+]?[0-9]{1,2})\Z"
_FORBIDDEN = "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
# JSON writes characters beyond U+FFFF as two escapes, which YAML does not know.
_SURROGATES = r"(?<!\\)((?:\\\\)*)(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"


class Document(NamedTuple):
    """The data of a file, and the (line, column) of each key and list item, counted from 1."""

    data: dict[str, Any]
    lines: Mapping[KeyPath, Position]
    name: str

    def position(self, path: KeyPath) -> Position:
        """Where the value at a path stands; of its nearest parent when it is not in the file."""
        return nearest(self.lines, path) or (1, 1)


def nearest(lines: Mapping[KeyPath, Position], path: KeyPath) -> Position | None:
    """The position of a path, or of the longest part of it that is in the file."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


def read(source: Path | str | None = None, text: str | None = None) -> Document:
    """The content of a file, of standard input (`-`), or of `text`, which `source` then names.

    Raises CaseFileError with every fault of the file as YAML.
    """
    document, faults = scan(source, text)
    if document is None or faults:
        raise CaseFileError(faults)
    return document


def scan(source: Path | str | None = None, text: str | None = None) -> tuple[Document | None, list[Fault]]:
    """Like `read`, but returns the faults, and the document too when it is still usable."""
    name = "<stdin>" if str(source) == STANDARD_INPUT else str(source or "<text>")
    builder = _Builder(name)
    try:
        content = _decode(_read_bytes(source, name), name) if text is None else text
        data = builder.build(_checked(content, name))
    except _Unusable as error:
        return None, [*builder.faults, error.fault]
    return Document(data, builder.lines, name), builder.faults


class _Unusable(Exception):
    """Reading cannot go on after this fault."""

    def __init__(self, file: str, code: str, at: Position = (0, 0), **values: str) -> None:
        self.fault = Fault(file, *at, "", code, values)


def _read_bytes(source: Path | str | None, name: str) -> bytes:
    try:
        if str(source) == STANDARD_INPUT:
            return sys.stdin.buffer.read(MAX_BYTES + 1)
        with open(source or "", "rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise _Unusable(name, "file_missing") from None
    except IsADirectoryError:
        raise _Unusable(name, "file_directory") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _Unusable(name, "file_unreadable", reason=reason) from None


def _decode(content: bytes, name: str) -> str:
    if len(content) > MAX_BYTES:
        raise _Unusable(name, "file_too_large", limit=str(MAX_BYTES))
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8")
        raise _Unusable(name, "not_utf8", _position(before, len(before))) from None


def _checked(text: str, name: str) -> str:
    """The text without byte order mark, once its size and its characters are found harmless."""
    text = text.removeprefix("\ufeff")
    forbidden = re.search(_FORBIDDEN, text)
    if forbidden:
        at, character = _position(text, forbidden.start()), f"U+{ord(forbidden.group()):04X}"
        raise _Unusable(name, "control_character", at, character=character)
    if len(text) > MAX_BYTES or len(text.encode()) > MAX_BYTES:
        raise _Unusable(name, "file_too_large", limit=str(MAX_BYTES))
    if text.lstrip().startswith("{") and "\\u" in text:
        text = re.sub(_SURROGATES, lambda found: found[1] + _joined(found[2]), text)
    return text


def _joined(escapes: str) -> str:
    high, low = int(escapes[2:6], 16), int(escapes[8:12], 16)
    return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))


def _position(text: str, index: int) -> Position:
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


class _Builder:
    """Builds the data from the parser's events."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.faults: list[Fault] = []
        self.lines: dict[KeyPath, Position] = {}
        self._root: list[Any] = []
        self._stack: list[_Frame] = []

    def build(self, text: str) -> dict[str, Any]:
        """The mapping that the text holds."""
        try:
            for event in yaml.parse(text, Loader=_LOADER):
                if isinstance(event, DocumentStartEvent) and self._root:
                    self._fault("several_documents", _start(event), ())
                    break
                self._take(event)
        except yaml.YAMLError as error:
            raise self._syntax(error, text) from None
        data = self._root[0] if self._root else None
        if data is None and not self.faults:
            raise _Unusable(self.name, "file_empty")
        if not isinstance(data, dict):
            raise _Unusable(self.name, "not_a_mapping", (1, 1), got=show(data))
        return data

    def _take(self, event: Event) -> None:
        if isinstance(event, NodeEvent):
            self._refuse_extras(event)
        if isinstance(event, ScalarEvent):
            self._scalar(event)
        elif isinstance(event, AliasEvent):
            self._put(None, _start(event), key=f"*{event.anchor}")
        elif isinstance(event, CollectionStartEvent):
            self._open(event)
        elif isinstance(event, CollectionEndEvent):
            self._stack.pop()

    def _refuse_extras(self, event: NodeEvent) -> None:
        at = _start(event)
        if isinstance(event, AliasEvent):
            self._fault("alias", at, self._next_path(), name=show(event.anchor))
        elif event.anchor is not None:
            self._fault("anchor", at, self._next_path(), name=show(event.anchor))
        tag = getattr(event, "tag", None)
        if tag is not None:
            self._fault("tag", at, self._next_path(), tag=show(tag))

    def _scalar(self, event: ScalarEvent) -> None:
        plain = not event.style and not getattr(event, "tag", None)
        value = resolve(event.value) if plain else event.value
        self._put(value, _start(event), key=event.value)

    def _open(self, event: CollectionStartEvent) -> None:
        if len(self._stack) >= MAX_DEPTH:
            raise _Unusable(self.name, "too_deep", _start(event), limit=str(MAX_DEPTH))
        if self._stack and self._stack[-1].wants_key:
            raise _Unusable(self.name, "key_not_text", _start(event))
        value: Any = {} if isinstance(event, MappingStartEvent) else []
        path = self._next_path()
        self._put(value, _start(event), key="")
        self._stack.append(_Frame(value, path))

    def _put(self, value: Any, at: Position, key: str) -> None:
        """Adds a value to the collection that is open; in a mapping every other one is a key."""
        if not self._stack:
            self._root.append(value)
            return
        frame = self._stack[-1]
        if frame.wants_key:
            frame.key = key
            self._note_key(frame, at)
        elif isinstance(frame.value, dict):
            frame.value.setdefault(frame.key, value)
            frame.key = None
        else:
            self.lines.setdefault(self._next_path(), at)
            frame.value.append(value)

    def _note_key(self, frame: _Frame, at: Position) -> None:
        path = self._next_path()
        if frame.key in frame.value:
            first = str(self.lines[path][0])
            self._fault("duplicate_key", at, path, key=show(frame.key), first=first)
        self.lines.setdefault(path, at)

    def _next_path(self) -> KeyPath:
        if not self._stack:
            return ()
        frame = self._stack[-1]
        if isinstance(frame.value, list):
            return (*frame.path, len(frame.value))
        return frame.path if frame.key is None else (*frame.path, frame.key)

    def _fault(self, code: str, at: Position, path: KeyPath, **values: str) -> None:
        self.faults.append(Fault(self.name, *at, dotted(path), code, values))

    def _syntax(self, error: yaml.YAMLError, text: str) -> _Unusable:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        at = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        line = text.splitlines()[at[0] - 1 : at[0]] if mark else []
        if line and line[0][at[1] - 1 : at[1]] == "\t":
            return _Unusable(self.name, "tab_indent", at)
        problem = getattr(error, "problem", None) or str(error)
        return _Unusable(self.name, "syntax", at, problem=show(problem))


@dataclass(eq=False, repr=False)
class _Frame:
    """A collection that is still open; `key` waits for its value."""

    value: Any
    path: KeyPath
    key: str | None = None

    @property
    def wants_key(self) -> bool:
        return self.key is None and isinstance(self.value, dict)


def _start(event: Event) -> Position:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def resolve(text: str) -> object:
    """The value of a plain scalar by the core schema; numbers with needless zeros stay text."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if re.match(_INTEGER, text):
        return int(text)
    return float(text) if re.match(_DECIMAL, text) else text
