"""The faults of a test file: each with its place, what was expected and the nearest name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from reasoner.errors import Fault, dotted, show
from reasoner.yamlfile import Document, KeyPath

MANY = 12  # names that can be listed in one message


class Faults:
    """Collects the faults of one test file. ``names`` are those that exist, by kind; a kind that is not among them is
    not checked."""

    def __init__(self, document: Document, names: Mapping[str, tuple[str, ...]]) -> None:
        self.document, self.names, self.found = document, dict(names), list[Fault]()

    def add(self, path: KeyPath, code: str, **values: str) -> None:
        """A fault at a place of the file."""
        self.found.append(Fault(self.document.name, *self.document.position(path), dotted(path), code, values))

    def nearest(self, path: KeyPath, code: str, value: Any, names: Iterable[str], **values: str) -> None:
        """A fault that says which names are possible, only the nearest if there are many, and which was meant."""
        known, word = list(names), show(value)
        near = get_close_matches(word, known, 3, 0.4)
        listed = known if len(known) <= MANY else [*(near or known[:3]), "…"]
        meant = get_close_matches(word.lower(), known, 1)
        self.add(path, code, name=word, names=", ".join(listed), suggestion=meant[0] if meant else "", **values)

    def words(self, path: KeyPath, value: Any, words: Iterable[str]) -> None:
        """A value has to be one of some words."""
        words = tuple(words)
        if value not in words:
            self.nearest(path, "test_word", value, words)

    def name(self, path: KeyPath, value: Any, kind: str) -> None:
        """A value has to be a name of a kind."""
        if kind in self.names and value not in self.names[kind]:
            self.nearest(path, "unknown_name", value, self.names[kind], kind=kind)

    def form(self, path: KeyPath, value: Any, code: str, pattern: str) -> None:
        """A value has to be a text of some form; ``code`` says so otherwise."""
        if not (isinstance(value, str) and re.fullmatch(pattern, value)):
            self.add(path, code, got=show(value))

    def day(self, path: KeyPath, value: Any, *others: str, minute: bool = False) -> None:
        """A value has to be a day, or perhaps a minute of one, or one of some words."""
        if value not in others and not _is_day(value, minute):
            self.add(path, "test_day", got=show(value), others="".join(f", {word}" for word in others))

    def listed(self, path: KeyPath, value: Any) -> Iterator[tuple[KeyPath, Any]]:
        """The items of what has to be a list."""
        if isinstance(value, list):
            yield from (((*path, number), item) for number, item in enumerate(value))
        else:
            self.add(path, "list", got=show(value))

    def mapped(self, path: KeyPath, value: Any, keys: Iterable[str] = ()) -> Iterator[tuple[KeyPath, str, Any]]:
        """The entries of what has to be a mapping, with these keys only if any are given."""
        allowed = tuple(keys)
        if not isinstance(value, dict):
            self.add(path, "mapping", got=show(value))
            return
        for key, item in value.items():
            if not allowed or key in allowed:
                yield (*path, key), key, item
            else:
                near = get_close_matches(key.lower(), allowed, 1)
                named = {"key": show(key), "keys": ", ".join(allowed), "suggestion": near[0] if near else ""}
                self.add((*path, key), "unknown_key", **named)


def _is_day(text: Any, minute: bool) -> bool:
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return False
    return moment is not None and text in (f"{moment:%Y-%m-%d}", f"{moment:%Y-%m-%dT%H:%M}" if minute else None)
