"""The places of a case file and what may stand there, read off the case model."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from reasoner.case_dates import read_day, read_full_date, read_happened, read_moment
from reasoner.case_model import Case
from reasoner.case_values import (
    OneOf,
    Scalar,
    read_case_name,
    read_country,
    read_language,
    read_person_id,
    read_slug,
    read_text,
    read_truth,
)

_READERS: dict[Any, str] = {
    read_truth: "truth",
    read_day: "day",
    read_happened: "day",
    read_full_date: "full_date",
    read_moment: "moment",
    read_country: "code",
    read_language: "code",
    read_slug: "word",
    read_text: "text",
    read_case_name: "text",
    read_person_id: "id",
}
UNSURE = frozenset({"truth", "day", "code", "number", "choice"})
"""The kinds of values that a case can do without."""


class Place(NamedTuple):
    """What may stand at a place of a case file: a `section` with fields, a `list` or a `mapping` of items, or a value:
    `truth`, `day`, `full_date`, `moment`, `number`, `choice`, `name` (a choice that says what a thing is), `code`,
    `word`, `text` or `id`."""

    kind: str
    fields: dict[str, Place] = {}  # noqa: RUF012 - read only
    item: Place | None = None
    choice: str = ""


@cache
def case_place() -> Place:
    """The place of a whole case."""
    return _section(Case)


def _section(model: type[BaseModel]) -> Place:
    return Place("section", {info.alias or name: _field(info) for name, info in model.model_fields.items()})


def _field(info: FieldInfo) -> Place:
    return _place(info.annotation, tuple(info.metadata))


def _place(annotation: Any, notes: tuple[Any, ...]) -> Place:
    for note in notes:
        if isinstance(note, OneOf):
            return Place("name" if note.always else "choice", choice=note.pattern)
        if isinstance(note, Scalar):
            return Place(_READERS.get(note.read, "number"))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _section(annotation)
    arguments = get_args(annotation)
    if hasattr(annotation, "__metadata__"):
        return _place(arguments[0], annotation.__metadata__)
    if get_origin(annotation) is dict:
        return Place("mapping", item=_place(arguments[1], ()))
    if get_origin(annotation) is tuple:
        return Place("list", item=_place(arguments[0], ()))
    return next(_place(part, ()) for part in arguments if part is not type(None))
