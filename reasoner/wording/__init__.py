"""Every sentence a user reads, in one catalogue per language.

A catalogue is the folder of a language with YAML files; the sections of its files are merged. Nothing else in the
product holds a sentence, so that a language is complete when its catalogue is (a test compares them key by key).
"""

from __future__ import annotations

import marshal
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

NAME = "\u2060"  # an invisible word joiner: it marks where a name begins, for the grammar
FOLDER = Path(__file__).parent
_LOADED: dict[str, Wording] = {}


@dataclass(eq=False, repr=False)
class Wording:
    """The catalogue of one language: section to key to a sentence, or to a mapping of its variants."""

    language: str
    sections: Mapping[str, Mapping[str, Any]]

    def get(self, section: str, key: str) -> Any:
        """The entry of a key, or None."""
        return self.sections.get(section, {}).get(key)

    def text(self, section: str, key: str, **values: object) -> str:
        """The sentence of a key with its placeholders filled in; the key itself, readable, when there is none."""
        template = self.get(section, key)
        if not isinstance(template, str):
            return key.replace("_", " ")
        return template.format_map(_Values(values)) if "{" in template else template

    def fluent(self, sentence: str) -> str:
        """A sentence with its placeholders filled in, mended as the grammar of the language asks."""
        pattern = self.get("grammar", "elision")
        mended = re.sub(pattern, self.get("grammar", "elided"), sentence) if pattern else sentence
        return mended.replace(NAME, "")

    def citation(self, label: str) -> str:
        """The label of an article or judgment; numbers and signs are the same in all languages."""
        parts = self.sections["citations"]
        return self._citations.sub(lambda found: str(parts[found[0]]), label)

    @cached_property
    def _citations(self) -> re.Pattern[str]:
        words = "|".join(re.escape(part) for part in sorted(self.sections["citations"], key=len, reverse=True))
        return re.compile(rf"\b(?:{words})(?!\w)")

    def ui(self, key: str, **values: object) -> str:
        """A label or sentence of the interface."""
        return self.text("ui", key, **values)


class _Values(dict[str, object]):
    """Leaves an unfilled placeholder visible instead of failing while an analyst reads."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


def languages() -> tuple[str, ...]:
    """The languages that have a catalogue."""
    return tuple(sorted(path.name for path in FOLDER.iterdir() if path.is_dir() and not path.name.startswith("_")))


def load(language: str, cache: Path | None = None) -> Wording:
    """The catalogue of a language; ``cache`` is a folder in which its parsed form may be kept. Raises KeyError for a
    language without one."""
    found = _LOADED.get(language)
    if found is None:
        if language not in languages():
            raise KeyError(language)
        found = _LOADED[language] = Wording(language, _sections(language, cache))
    return found


def read(language: str) -> dict[str, dict[str, Any]]:
    """The merged sections of a language, straight from its files. Raises ValueError when two files define the same
    key."""
    import yaml

    merged: dict[str, dict[str, Any]] = {}
    for path in sorted((FOLDER / language).glob("*.yaml")):
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CBaseLoader) or {}
        if path.stem in ("provisions", "errors"):
            content = {path.stem: content}
        for section, entries in content.items():
            target = merged.setdefault(section, {})
            for key, value in entries.items():
                if key in target:
                    raise ValueError(f"{path.name}: {section}.{key} is defined twice")
                target[key] = value
    return merged


def _sections(language: str, cache: Path | None) -> dict[str, dict[str, Any]]:
    if cache is None:
        return read(language)
    stamps = [(path.name, *_stamp(path)) for path in sorted((FOLDER / language).glob("*.yaml"))]
    path = cache / f"wording-{language}.bin"
    try:
        found = memoryview(path.read_bytes())
        stored = marshal.loads(found[32:]) if sha256(found[32:]).digest() == found[:32] else None
        if stored is not None and stored[0] == [str(FOLDER), stamps]:
            return stored[1]  # type: ignore[no-any-return]
    except (OSError, ValueError, EOFError, TypeError):
        pass
    sections = read(language)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}")
        content = marshal.dumps([[str(FOLDER), stamps], sections])
        temporary.write_bytes(sha256(content).digest() + content)
        os.replace(temporary, path)
    except (OSError, ValueError):
        pass  # a cache that cannot be written is done without
    return sections


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns
