"""What the tests of the law expect: each with its place, and the provisions and conditions that it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from reasoner.program import Law
from reasoner.quality.names import names
from reasoner.quality.suite import files, folder
from reasoner.yamlfile import read

_PROVISIONS = ("provisions", "notes")
_CONDITIONS = ("conditions", "met", "unmet", "waived", "unknown")


class Mention(NamedTuple):
    """A test as its file writes it, whatever number of rows it has."""

    file: str
    line: int
    name: str
    provisions: tuple[str, ...]
    conditions: tuple[str, ...]


def mentions(law: Law) -> tuple[Mention, ...]:
    """The tests that come with the package; none where they are not installed."""
    if not folder().is_dir():
        return ()
    known = names(law)
    return tuple(test for path in files([folder()]) for test in _tests(path, known))


def _tests(path: Path, known: Mapping[str, tuple[str, ...]]) -> Iterator[Mention]:
    document, inside = read(path), path.resolve().relative_to(folder().resolve().parent.parent)
    for number, test in enumerate(document.data["tests"]):
        line = document.position(("tests", number, "name"))[0]
        found = [
            tuple(dict.fromkeys(name for name in _named(test, keys) if name in known[kind]))
            for kind, keys in (("provision", _PROVISIONS), ("condition", _CONDITIONS))
        ]
        yield Mention(inside.as_posix(), line, str(test["name"]), *found)


def _named(part: Any, keys: tuple[str, ...], within: bool = False) -> Iterator[str]:
    """The names in lists and mappings below one of some keys."""
    if isinstance(part, dict):
        for key, below in part.items():
            if within:
                yield key
            yield from _named(below, keys, key in keys)
    elif isinstance(part, list):
        for item in part:
            if within and isinstance(item, str):
                yield item
            yield from _named(item, keys)
