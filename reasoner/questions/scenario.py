"""Scenarios: a case as data with some of its facts changed, validated like any case file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from reasoner.case import CaseFile, check_case
from reasoner.case_dates import Day
from reasoner.case_values import nearest_word
from reasoner.cast import casts
from reasoner.errors import CaseFileError, Fault, UsageError, show
from reasoner.program import Law
from reasoner.quality.changes import Draft, NoPlaceError
from reasoner.quality.faults import Faults
from reasoner.yamlfile import Document, KeyPath, Position, scan

SET, UNSET, ADD = "set", "unset", "add_documents"
_MARK: KeyPath = ("changed",)


class Change(NamedTuple):
    """One change of a case: ``kind`` is ``set``, ``unset`` or ``add_documents``, ``place`` a path or a type of
    document.

    ``origin`` says where it was asked for: an option, or a file with line and column.
    """

    kind: str
    place: str
    value: Any
    origin: tuple[str, int, int]


class Scenario(NamedTuple):
    """A name and the changes that make the scenario of a case."""

    name: str
    changes: tuple[Change, ...]


def given(
    sets: Sequence[str], unsets: Sequence[str], documents: Sequence[str], file: Path | None
) -> tuple[Scenario, ...]:
    """The scenarios of a file, each with the changes of the command line as well, or that of the command line alone.

    Raises as :func:`asked` and :func:`scenarios` do, and :class:`UsageError` when nothing is changed.
    """
    common = asked(sets, unsets, documents)
    if file is None and not common.changes:
        raise UsageError("whatif_nothing")
    if file is None:
        return (common,)
    return tuple(Scenario(each.name, (*common.changes, *each.changes)) for each in scenarios(file))


def asked(sets: Iterable[str], unsets: Iterable[str], documents: Iterable[str], name: str = "") -> Scenario:
    """The scenario of a command line: ``PATH=VALUE`` texts, paths, and types of documents.

    Values are written as in a case file. Raises :class:`UsageError` for a text of another form and
    :class:`CaseFileError` for a value that is no YAML.
    """
    changes = [Change(UNSET, path, None, (f"--unset {path}", 0, 0)) for path in unsets]
    for text in sets:
        path, value = assignment(text)
        changes.append(Change(SET, path, written(value, f"--set {text}"), (f"--set {text}", 0, 0)))
    changes += [Change(ADD, kind, None, (f"--add-document {kind}", 0, 0)) for kind in documents]
    return Scenario(name, tuple(changes))


def assignment(text: str) -> tuple[str, str]:
    """``PATH=VALUE`` as a path and the text of a value. Raises :class:`UsageError`."""
    path, sign, value = text.partition("=")
    if not (path.strip() and sign):
        raise UsageError("option_form", value=text, form="PATH=VALUE")
    return path.strip(), value.strip()


def written(text: str, name: str) -> Any:
    """The value that a text is in YAML. Raises :class:`CaseFileError` when it is none."""
    document, faults = scan(name, f"value: {text}\n")
    if faults or document is None or set(document.data) != {"value"}:
        raise CaseFileError([fault._replace(line=0, column=0, path="") for fault in faults] or [_no_value(name, text)])
    return document.data["value"]


def _no_value(name: str, text: str) -> Fault:
    return Fault(name, 0, 0, "", "syntax", {"problem": show(text)})


def scenarios(path: Path) -> tuple[Scenario, ...]:
    """The scenarios in a file: name to ``set``, ``unset`` and ``add_documents``. Raises :class:`CaseFileError` with
    every fault of the file."""
    document, problems = scan(path)
    if document is None:
        raise CaseFileError(problems)
    faults = Faults(document, {})
    found = []
    for place, name, content in faults.mapped((), document.data):
        changes: list[Change] = []
        for below, kind, items in faults.mapped(place, content, (SET, UNSET, ADD)):
            if kind == SET:
                changes += [
                    Change(kind, key, item, (str(path), *document.position(at)))
                    for at, key, item in faults.mapped(below, items)
                ]
            else:
                for at, item in faults.listed(below, items):
                    faults.form(at, item, "test_text", r".+")
                    changes.append(Change(kind, str(item), None, (str(path), *document.position(at))))
        order = (UNSET, SET, ADD)
        found.append(Scenario(name, tuple(sorted(changes, key=lambda change: order.index(change.kind)))))
    if problems or faults.found:
        raise CaseFileError([*problems, *faults.found])
    return tuple(found)


class Subject:
    """A case that is asked about: its data, to be changed, with the law that validates it; ``as_of`` is the day of
    assessment where that is not the one in the file."""

    def __init__(self, document: Document, file: CaseFile, law: Law, as_of: date | None = None) -> None:
        self.document, self.file, self.law = document, file, law
        stated = file.case.assessed_on
        self.assessed = as_of or (stated.first if stated else date.today())

    def changed(self, changes: Sequence[Change]) -> CaseFile:
        """The case with changes. Raises :class:`CaseFileError` with the faults they bring, each at the change that
        causes it."""
        draft, faults = Draft(self.document.data, self.document.lines), list[Fault]()
        for number, change in enumerate(changes, 1):
            # A line below zero says later which change a fault comes from.
            mark = Document({}, {_MARK: (-number, 0)}, self.document.name)
            try:
                self._apply(draft, change, mark)
            except _NobodyError as error:
                faults.append(Fault(*change.origin, "", "whatif_nobody", {"name": str(error)}))
            except _UnknownError as error:
                faults.append(Fault(*change.origin, "", "unknown_name", error.values))
            except NoPlaceError as error:
                faults.append(_nowhere(change, error))
        if faults:
            raise CaseFileError(faults)
        try:
            file = check_case(Document(draft.data, draft.lines, self.document.name), choices=self.law.choices)
        except CaseFileError as error:
            raise CaseFileError(_blamed(fault, changes) for fault in error.faults) from None
        lines: Mapping[KeyPath, Position] = {path: at for path, at in draft.lines.items() if at[0] > 0}
        return CaseFile(file.case, file.name, lines)

    def _apply(self, draft: Draft, change: Change, mark: Document) -> None:
        if change.kind == UNSET:
            draft.remove(change.place)
        elif change.kind == SET:
            self._check_person(draft, change)
            draft.put(change.place, change.value, mark, _MARK)
        else:
            self._add(draft, change.place, mark)

    @staticmethod
    def _check_person(draft: Draft, change: Change) -> None:
        """A change of somebody who is not there is a misspelling, unless it brings the whole person."""
        section, *rest = change.place.replace("[", ".[").split(".")
        known = draft.data.get("persons", {})
        if section == "persons" and rest and rest[0] not in known and (len(rest) > 1 or not _is_map(change.value)):
            raise NoPlaceError(rest[0], known)
        if section not in draft.data and section not in _SECTIONS:
            raise NoPlaceError(section, _SECTIONS)

    def _add(self, draft: Draft, text: str, mark: Document) -> None:
        """Adds a sound paper for everybody in the case who can hand it in, or for the person named before the type."""
        only, _, kind = text.rpartition(":")
        kinds = [name for name, _ in self.law.document_types]
        if kind not in kinds:
            raise _UnknownError("document", kind, kinds)
        cast = casts(self.file.case, self.law)[0]
        persons = [cast.ids[number - 1] for number, name, _ in cast.shape.slots if name == kind]
        if only and only not in persons:
            raise _UnknownError("person", only, persons)
        if not persons:
            raise _NobodyError(kind)
        applications = {a.applicant: a for a in self.file.case.applications if a.applicant}
        for person in [only] if only else persons:
            paper = self._sound(kind, getattr(applications.get(person), "filed", None))
            if person in applications:
                draft.add_documents(person, [paper], mark, _MARK)
            else:
                entry = draft.data["persons"][person]
                held = entry["documents"] = [*(entry.get("documents") or ()), paper]
                draft.lines["persons", person, "documents", len(held) - 1] = mark.position(_MARK)

    def _sound(self, kind: str, filed: Any) -> dict[str, Any]:
        """A paper of a type without defect: drawn up on the day of the application, original, with every formality."""
        day = filed.last if isinstance(filed, Day) else self.assessed
        paper: dict[str, Any] = {"type": kind, "issued": str(day), "handed_in": str(day), "valid_until": "none"}
        variants = [str(variant) for name, variant in self.law.table("variant_of") if name == kind]
        if variants:
            paper["variant"] = variants[0]
        for entry in self.law.entries:
            place = entry.path.split(".")
            if place[0] == "documents" and len(place) > 4 and not (entry.point or entry.enumerated):
                # What silence denies (a doubt, an apostille in place of legalisation) is no part of a sound paper.
                paper |= {place[4]: "yes"} if entry.silence != "no" else {}
        return paper


class _UnknownError(Exception):
    """A name that there is not, with those that there are."""

    def __init__(self, kind: str, name: str, names: Iterable[str]) -> None:
        known = list(names)
        self.values = {"kind": kind, "name": show(name), "names": ", ".join(known)}
        self.values["suggestion"] = nearest_word(name, known)


class _NobodyError(Exception):
    """Nobody in the case can hand in a paper of this type."""


_SECTIONS = ("case", "title", "assessed_on", "language", "readings", "persons", "unions", "applications")


def _is_map(value: Any) -> bool:
    return isinstance(value, dict)


def _nowhere(change: Change, error: NoPlaceError) -> Fault:
    names = ", ".join(error.names[:20])
    code = "test_path" if error.names else "test_path_end"
    values = {"item": show(change.place), "name": show(error.part), "names": names}
    return Fault(*change.origin, "", code, values | {"suggestion": nearest_word(error.part, error.names)})


def _blamed(fault: Fault, changes: Sequence[Change]) -> Fault:
    """A fault at the change it comes from."""
    if fault.line >= 0:
        return fault
    name, line, column = changes[-fault.line - 1].origin
    return fault._replace(file=name, line=line, column=column)


def described(changes: Iterable[Change]) -> Iterator[str]:
    """The changes as short texts, such as ``persons.amal.born = 2004-03-01``."""
    for change in changes:
        if change.kind == SET:
            yield f"{change.place} = {_shown(change.value)}"
        else:
            yield f"{'-' if change.kind == UNSET else '+'} {change.place}"


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_shown(item)}" for key, item in value.items()) + "}"
    return "unknown" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
