"""Reforms: folders that change the law without touching it.

A reform is a folder with ``reform.yaml`` (a title, and where it comes from), files ``*.lp`` with what it adds and ends,
and, for what it adds, sentences in ``wording/<language>.yaml``. :mod:`reasoner.amend` carries it out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from reasoner import wording
from reasoner.errors import CaseFileError, Fault, RulesError, UsageError, show
from reasoner.wording import Wording

SHEET = "reform.yaml"
KEYS = ("title", "description", "source")

Sections = Mapping[str, Mapping[str, Any]]


@dataclass(eq=False, repr=False)
class Reform:
    """One reform: its files by their place in the folder, what it is called, and its sentences.

    ``titles``, ``descriptions`` and ``words`` are by language.
    """

    folder: Path
    name: str
    titles: Mapping[str, str]
    descriptions: Mapping[str, str]
    source: str
    files: Mapping[str, bytes]
    words: Mapping[str, Sections]

    @cached_property
    def key(self) -> str:
        """Digest of all that belongs to the reform, its sentences included."""
        parts = (self.name, self.titles, self.descriptions, self.source, self.files, self.words)
        return sha256(repr(parts).encode()).hexdigest()

    def title(self, language: str) -> str:
        """What the reform is called: in the language, else in the first that it gives."""
        return self.titles.get(language) or next(iter(self.titles.values()))

    def description(self, language: str) -> str:
        """What the reform does, if it says so."""
        return self.descriptions.get(language) or next(iter(self.descriptions.values()), "")

    def place(self, file: str) -> str:
        """How a file is called in messages: as the user wrote the folder."""
        return (self.folder / file).as_posix()


def read_all(folders: Sequence[str | Path | Reform]) -> tuple[Reform, ...]:
    """The reforms in these folders, or already read, in this order. Raises as :func:`read` does, and UsageError for one
    given twice."""
    reforms: list[Reform] = []
    for folder in folders:
        reform = folder if isinstance(folder, Reform) else read(folder)
        if reform.name in [other.name for other in reforms]:
            raise UsageError("reform_twice", name=reform.name)
        reforms.append(reform)
    return tuple(reforms)


def read(folder: str | Path) -> Reform:
    """The reform in a folder.

    Raises :class:`UsageError` when it is no folder of a reform, and :class:`RulesError` with file and line when one of
    its files cannot be read.
    """
    folder = Path(folder)
    if not (folder / SHEET).is_file():
        raise UsageError("no_reform", name=str(folder), suggestion=_neighbour(folder))
    sheet = _Sheet(folder / SHEET)
    sheet.allow(KEYS)
    source = str(sheet.data.get("source") or "")
    titles, descriptions = sheet.by_language("title"), sheet.by_language("description")
    if not titles:
        raise sheet.error("reform_title")
    files = {path.relative_to(folder).as_posix(): _content(path) for path in sorted(folder.rglob("*.lp"))}
    if not files:
        raise sheet.error("reform_empty", name=str(folder))
    name = folder.resolve().name
    return Reform(folder, name, titles, descriptions, source, files, dict(_words(folder)))


def worded(base: Wording, reforms: Sequence[Reform]) -> Wording:
    """A catalogue with the sentences of the reforms; a later one replaces what an earlier one says.

    Raises :class:`RulesError` for a section that no catalogue has, whatever its language.
    """
    sections = {section: dict(entries) for section, entries in base.sections.items()}
    for reform in reforms:
        for language, given in reform.words.items():
            if not given.keys() <= sections.keys():
                _Sheet(reform.folder / "wording" / f"{language}.yaml").allow(sections)
        for section, entries in reform.words.get(base.language, {}).items():
            sections[section].update(entries)
    return Wording(base.language, sections)


def nearest(wrong: str, right: Sequence[str]) -> str:
    """The most similar of the right names, or nothing."""
    return next(iter(get_close_matches(wrong, right, 1)), "")


def _neighbour(folder: Path) -> str:
    """A folder of a reform beside or below the one that was named."""
    beside = folder.parent if folder.parent.is_dir() else Path()
    near = [path.parent for path in (*beside.glob(f"*/{SHEET}"), *folder.glob(f"*/{SHEET}"))]
    return nearest(str(folder), [str(path) for path in near]) or next((str(p) for p in near if folder in p.parents), "")


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RulesError(f"{path}: the law file cannot be read ({error.strerror})") from None


def _words(folder: Path) -> Iterator[tuple[str, Sections]]:
    for path in sorted((folder / "wording").glob("*")):
        language, sheet = path.stem, _Sheet(path)
        if path.suffix != ".yaml" or language not in wording.languages():
            raise sheet.error("reform_language", name=path.name, names=", ".join(wording.languages()))
        for section, entries in sheet.data.items():
            if not isinstance(entries, dict):
                raise sheet.error("reform_section", section, section=section)
        if "provisions" in sheet.data:
            for identifier, entry in sheet.data["provisions"].items():
                if not isinstance(entry, dict):
                    raise sheet.error("reform_section", "provisions", identifier, section=identifier)
                sheet.allow(("title", "statement"), "provisions", identifier)
        yield language, sheet.data


class _Sheet:
    """A YAML file of a reform, with the places of its keys."""

    def __init__(self, path: Path) -> None:
        from reasoner import yamlfile

        try:
            self.document = yamlfile.read(path)
        except CaseFileError as error:
            raise RulesError(faults=error.faults) from None
        self.data: dict[str, Any] = _texts(self.document.data)

    def error(self, code: str, *path: str, **values: str) -> RulesError:
        line, column = self.document.position(path)
        return RulesError(faults=[Fault(self.document.name, line, column, ".".join(path), code, values)])

    def allow(self, known: Collection[str], *path: str) -> None:
        """Raises for the first key, of the mapping at a path, that is not known."""
        given = self.data
        for part in path:
            given = given[part]
        for key in given:
            if key not in known:
                near = nearest(key, list(known))
                raise self.error("reform_key", *path, key, name=show(key), names=", ".join(known), suggestion=near)

    def by_language(self, key: str) -> dict[str, str]:
        """A text, or one for each language."""
        value = self.data.get(key)
        if isinstance(value, dict):
            self.allow(wording.languages(), key)
            return {language: str(text) for language, text in value.items() if text}
        return {wording.languages()[0]: str(value)} if value else {}


def _texts(value: Any) -> Any:
    """YAML data with every number as the text it is in a sentence."""
    if isinstance(value, dict):
        return {key: _texts(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_texts(part) for part in value]
    return "" if value is None else str(value)
