"""The cases of a chunk as JSON documents, and one such document as the data of a case file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from reasoner.batch.decider import Chunk
from reasoner.errors import CaseFileError, Fault, show
from reasoner.yamlfile import MAX_BYTES, MAX_DEPTH, Document

MAPPINGS = frozenset({"persons", "readings", "kin"})  # an empty one looks like an empty list


def documents(chunk: Chunk) -> Iterator[bytes]:
    """The cases of a chunk as JSON documents; what a column does not say is left out."""
    if isinstance(chunk.rows, list | tuple):
        yield from chunk.rows
        return
    table: Any = chunk.rows
    for row in table.to_pylist():
        yield json.dumps(stripped(row), ensure_ascii=False).encode()


def stripped(value: Any) -> Any:
    """Data without the keys that say nothing; a list of persons is the mapping it stands for, and so is a map."""
    if isinstance(value, dict):
        return {
            key: {} if key in MAPPINGS and not part else stripped(part)
            for key, part in value.items()
            if part is not None
        }
    if isinstance(value, list | tuple):
        if value and all(isinstance(part, tuple) and len(part) == 2 for part in value):
            return {str(key): stripped(part) for key, part in value}
        if value and all(isinstance(part, dict) and "id" in part for part in value):
            found = {str(part["id"]): stripped({**part, "id": None}) for part in value}
            return found if len(found) == len(value) else [stripped(part) for part in value]  # which is then a fault
        return [stripped(part) for part in value]
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="minutes") if value.time() != time() else value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else value


def read(text: bytes, name: str = "") -> Document:
    """The data of a JSON document, without positions. Raises CaseFileError for what a case file may not be."""
    if len(text) > MAX_BYTES:
        raise _fault(name, "file_too_large", limit=str(MAX_BYTES))
    try:
        data = json.loads(text.decode(), object_pairs_hook=_mapping, parse_constant=_constant)
    except UnicodeDecodeError:
        raise _fault(name, "not_utf8") from None
    except _Repeated as error:
        raise _fault(name, "duplicate_key", key=show(error.args[0]), first="1") from None
    except RecursionError:
        raise _fault(name, "too_deep", limit=str(MAX_DEPTH)) from None
    except ValueError as error:
        raise _fault(name, "batch_not_json", problem=show(str(error))) from None
    if not isinstance(data, dict):
        raise _fault(name, "not_a_mapping", got=show(data))
    if _depth(data) > MAX_DEPTH:
        raise _fault(name, "too_deep", limit=str(MAX_DEPTH))
    return Document(data, {}, name)


class _Repeated(ValueError):
    """A key stands twice in a mapping."""


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _Repeated(next(key for key in keys if keys.count(key) > 1))
    return found


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _depth(data: Any) -> int:
    deepest, stack = 0, [(data, 1)]
    while stack:
        part, level = stack.pop()
        if isinstance(part, dict | list):
            deepest = max(deepest, level)
            stack += [(below, level + 1) for below in (part.values() if isinstance(part, dict) else part)]
    return deepest


def _fault(name: str, code: str, **values: str) -> CaseFileError:
    return CaseFileError([Fault(name, 0, 0, "", code, values)], name)
