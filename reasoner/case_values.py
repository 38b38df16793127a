"""The single values of a case file: how each kind is read, and how its JSON Schema describes it.

A reader takes a value that is known and returns it in its final form; it raises a
PydanticCustomError whose type is the code of a fault and whose context holds its placeholders.
`unknown` and null are dealt with here once, for all kinds: they become None.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from typing import Annotated, Any

from pydantic_core import PydanticCustomError, core_schema

from reasoner.errors import show

NO_CHOICE = "none"

Choices = Mapping[str, tuple[str, ...]]
JsonSchema = dict[str, Any]


def fault(code: str, /, **values: str) -> PydanticCustomError:
    """The exception by which a reader reports a fault."""
    return PydanticCustomError(code, code, values)


def nearest_word(word: str, words: Iterable[str]) -> str:
    """The word that was probably meant, or nothing."""
    return next(iter(get_close_matches(word[:64].lower(), list(islice(words, 200)), 1)), "")


def is_unknown(value: object) -> bool:
    """Whether a value says that something is not known."""
    return value is None or (isinstance(value, str) and value.lower() == "unknown")


@dataclass(eq=False, repr=False)
class Scalar:
    """Annotation of a single value: its reader and its JSON Schema."""

    read: Callable[[Any], Any]
    schema: JsonSchema
    in_list: bool = False

    def validate(self, value: Any) -> Any:
        """The value in its final form, or None when it is unknown."""
        if is_unknown(value):
            if self.in_list:
                raise fault("unknown_in_list")
            return None
        return self.read(value)

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self.validate)

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> JsonSchema:
        return dict(self.schema)


@dataclass(eq=False, repr=False)
class OneOf:
    """Annotation of a value that the vocabulary lists under a path pattern; `none` says that none of them applies.

    What names a thing (its type or kind) has to be one of the listed values: then it is `always` one.
    """

    pattern: str
    always: bool = False

    def validate(self, value: Any, info: core_schema.ValidationInfo) -> str | None:
        """The value as the vocabulary writes it."""
        if is_unknown(value):
            return None
        choices: Choices = (info.context or {}).get("choices", {})
        if not self.always and isinstance(value, str) and value.lower() == NO_CHOICE:
            return NO_CHOICE
        return read_choice(value, choices.get(self.pattern))

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.with_info_plain_validator_function(self.validate)

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> JsonSchema:
        return {"type": ["string", "null"], "x-choice": self.pattern, "x-always": self.always}


@dataclass(eq=False, repr=False)
class Listed:
    """Annotation of a list or mapping: what null and `unknown` mean, if one item may stand alone.

    With `missing` a list that is left out is empty (documents), otherwise not known (parents).
    """

    single: bool = False
    missing: Any = None

    def prepare(self, value: Any) -> Any:
        """The value as a list or mapping, before its items are read."""
        if value is None or (self.missing is None and is_unknown(value)):
            return self.missing
        return [value] if self.single and isinstance(value, str) else value

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(self.prepare, handler(source))

    def __get_pydantic_json_schema__(self, core: Any, handler: Any) -> JsonSchema:
        inner: JsonSchema = handler(core)
        forms = list(inner.get("anyOf", [inner]))
        if self.single:
            forms += [form["items"] for form in forms if "items" in form]
        forms.append({"type": "null"} if self.missing is not None else {"const": "unknown"})
        return {"anyOf": forms}


def read_choice(value: Any, allowed: tuple[str, ...] | None) -> str:
    """The allowed value that was written, in any case; any slug where no list is given."""
    word = value.lower() if isinstance(value, str) else ""
    if allowed is None:
        if not re.match(_SLUG, word):
            raise fault("slug", got=show(value))
        return word
    for choice in allowed:
        if word == choice.lower():
            return choice
    suggestion = nearest_word(word, allowed) if word else ""
    raise fault("choice", got=show(value), choices=", ".join(allowed), suggestion=suggestion)


_SLUG = r"[a-z][a-z0-9_]{0,63}\Z"
_CASE_NAME = r"[a-z0-9][a-z0-9_-]{0,99}\Z"
_COUNTRY = r"[A-Z]{2}\Z"
_LANGUAGE = r"[a-z]{2}\Z"
_TRUTHS = {"yes": True, "true": True, "no": False, "false": False}
_COUNTRY_MISNOMERS = {"UK": "GB", "EL": "GR"}
_JOINERS = "\u200c\u200d"  # part of the spelling of some names
RESERVED_IDS = frozenset({"unknown", "none"})


def read_slug(value: Any) -> str:
    """A word that stands for something in the vocabulary."""
    return read_choice(value, None)


def read_truth(value: Any) -> bool:
    """yes, no, true or false."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _TRUTHS:
        return _TRUTHS[value.lower()]
    raise fault("boolean", got=show(value))


def read_text(value: Any) -> str:
    """Free text on one line; numbers are taken as they are written."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise fault("text", got=show(value))
    text = " ".join(str(value).split())
    if not all(character.isprintable() or character in _JOINERS for character in text):
        raise fault("text_control", got=show(text))
    return text


def read_case_name(value: Any) -> str:
    """The short name of a case."""
    if isinstance(value, str) and re.match(_CASE_NAME, value):
        return value
    suggestion = re.sub(r"[^a-z0-9_]+", "-", value.lower()).strip("-_") if _is_text(value) else ""
    raise fault("case_name", got=show(value), suggestion=suggestion)


def read_person_id(value: Any) -> str:
    """The id of a person."""
    if isinstance(value, str) and re.match(_SLUG, value):
        if value in RESERVED_IDS:
            raise fault("reserved_id", got=value)
        return value
    suggestion = re.sub(r"[^a-z0-9]+", "_", value.lower()).strip("_") if _is_text(value) else ""
    suggestion = suggestion if re.match(_SLUG, suggestion) else ""
    raise fault("person_id", got=show(value), suggestion=suggestion)


def read_country(value: Any) -> str:
    """An ISO 3166 alpha-2 code; whether the country exists is not asked here."""
    code = value.upper() if isinstance(value, str) else ""
    meant = _COUNTRY_MISNOMERS.get(code, code if re.match(_COUNTRY, code) else "")
    if meant and value == meant:
        return meant
    raise fault("country", got=show(value), suggestion=meant)


def read_language(value: Any) -> str:
    """An ISO 639-1 code."""
    code = value.lower() if isinstance(value, str) else ""
    suggestion = code if re.match(_LANGUAGE, code) else ""
    if suggestion and value == suggestion:
        return suggestion
    raise fault("language_code", got=show(value), suggestion=suggestion)


def whole_number(low: int, high: int) -> Scalar:
    """A whole number from `low` to `high`."""

    def read(value: Any) -> int:
        number = int(value) if isinstance(value, str) and re.match(r"\d{1,9}\Z", value) else value
        if isinstance(number, bool) or not isinstance(number, int):
            raise fault("whole_number", got=show(value), low=str(low), high=str(high))
        if not low <= number <= high:
            raise fault("out_of_range", got=show(value), low=str(low), high=str(high))
        return number

    schema = {"type": ["integer", "string", "null"], "minimum": low, "maximum": high}
    return Scalar(read, schema | {"pattern": r"^(\d+|unknown)$"})


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and len(value) <= 64


def _text(pattern: str) -> JsonSchema:
    return {"type": ["string", "null"], "pattern": pattern}


_ID = {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"}

Truth = Annotated[bool | None, Scalar(read_truth, {"enum": [True, False, "yes", "no", "unknown", None]})]
Text = Annotated[str | None, Scalar(read_text, {"type": ["string", "number", "null"]})]
CaseName = Annotated[str | None, Scalar(read_case_name, _text("^[a-z0-9][a-z0-9_-]*$"))]
PersonKey = Annotated[str, Scalar(read_person_id, _ID, in_list=True)]
PersonRef = Annotated[str | None, Scalar(read_person_id, _text("^[a-z][a-z0-9_]*$"))]
Country = Annotated[str | None, Scalar(read_country, _text("^([A-Z]{2}|unknown)$"))]
CountryItem = Annotated[str, Scalar(read_country, {"type": "string", "pattern": "^[A-Z]{2}$"}, in_list=True)]
LanguageCode = Annotated[str | None, Scalar(read_language, _text("^([a-z]{2}|unknown)$"))]
Slug = Annotated[str | None, Scalar(read_slug, _text("^[a-z][a-z0-9_]*$"))]
