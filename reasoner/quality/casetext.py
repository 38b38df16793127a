"""A case as a user would write its file: YAML with short mappings on one line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any

WIDTH = 72  # columns of a case in a page, where it stands a little in
_PLAIN = re.compile(r"[\w\u00c0-\u024f][\w\u00c0-\u024f ./+-]*(?<! )")
_TAKEN = re.compile(r"(?i:true|false|null|~|[-+]?[\d.]+([eE][-+]?\d+)?)")  # what YAML would not read as text


def lines(case: Mapping[str, Any]) -> list[str]:
    """The lines of the file; none but a long text is wider than ``WIDTH``."""
    return list(_block(case, WIDTH, inner=False))


def noted(one: Mapping[str, Any], other: Mapping[str, Any], name: str) -> list[str]:
    """The lines of a case, and at the end as comments those of another, of this name, that are not among them."""
    own, others = lines(one), lines(other)
    changes = SequenceMatcher(a=own, b=others, autojunk=False).get_opcodes()
    told = [line.strip() for tag, _, _, first, last in changes if tag != "equal" for line in others[first:last]]
    return [*own, *([f"# {name}:"] if told else []), *(f"#   {line}" for line in told)]


def _block(value: Any, width: int, inner: bool = True) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _entry(f"{_scalar(key)}:", item, width, inner)
    else:
        for item in value:
            short = flow(item)
            if not _simple(item) and len(short) + 2 > width:
                first, *rest = _block(item, width - 2)
                yield f"- {first}"
                yield from (f"  {line}" for line in rest)
            else:
                yield f"- {short}"


def _entry(key: str, item: Any, width: int, inner: bool) -> Iterator[str]:
    short = f"{key} {flow(item)}"
    nested = isinstance(item, Mapping | list) and bool(item) and not inner
    if not nested and (len(short) <= width or _simple(item)) and (_flat(item) or not item):
        yield short
        return
    yield key
    yield from (f"  {line}" for line in _block(item, width - 2))


def _simple(item: Any) -> bool:
    return not isinstance(item, Mapping | list)


def _flat(item: Any) -> bool:
    """Whether a value holds nothing but single values, so that it can stand on one line."""
    below = item.values() if isinstance(item, Mapping) else item if isinstance(item, list) else ()
    return all(_simple(part) or (isinstance(part, list) and all(map(_simple, part))) for part in below)


def flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(key)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    if not isinstance(value, str) or (_PLAIN.fullmatch(text) and not _TAKEN.fullmatch(text)):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
