"""A case file with some of its places changed, as its author would have written it."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from itertools import pairwise
from typing import Any, Final, NamedTuple

from reasoner.case import CaseFile, check_case
from reasoner.case_dates import NEVER, Day
from reasoner.case_model import Section
from reasoner.case_values import Choices
from reasoner.cast import Path
from reasoner.yamlfile import Document

GONE: Final = object()
"""The value of a place that is to be left out."""


class Edit(NamedTuple):
    """A place of a case file and the value that it gets, as plain data."""

    path: Path
    value: Any


def plain(value: Any) -> Any:
    """A part of a case as the data of its file: what was left out there is left out here."""
    if isinstance(value, Section):
        fields = type(value).model_fields
        names = [name for name in fields if name in value.model_fields_set]
        return {fields[name].alias or name: plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if value is NEVER:
        return "none"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="minutes")
    return str(value) if isinstance(value, Day | date) else value


def edited(data: Mapping[str, Any], edits: Iterable[Edit]) -> dict[str, Any]:
    """A copy of the data with its edits carried out in order; sections that lack are made."""
    changed: dict[str, Any] = copy.deepcopy(dict(data))
    for path, value in edits:
        holder: Any = changed
        for part, following in pairwise(path):
            holder = _below(holder, part, [] if isinstance(following, int) else {})
        if value is GONE:
            holder.pop(path[-1], None)
        elif isinstance(holder, list) and path[-1] == len(holder):
            holder.append(copy.deepcopy(value))
        else:
            holder[path[-1]] = copy.deepcopy(value)
    return changed


def _below(holder: Any, part: str | int, empty: Any) -> Any:
    if isinstance(holder, list):
        return holder[int(part)]
    if holder.get(part) is None:
        holder[part] = empty
    return holder[part]


def checked(data: dict[str, Any], name: str, choices: Choices) -> CaseFile:
    """The case file with these data. Raises CaseFileError with every fault."""
    return check_case(Document(data, {}, name), choices=choices)
