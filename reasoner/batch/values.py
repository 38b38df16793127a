"""Values of a case file as whole numbers, each distinct value read once by the reader that its model gives it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from threading import Lock
from types import SimpleNamespace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic_core import PydanticCustomError

from reasoner.case_dates import FIRST_YEAR, LAST_YEAR, Day, read_day, read_full_date, read_happened
from reasoner.case_dates import NEVER as HAS_NOT_HAPPENED
from reasoner.case_values import Choices, OneOf, Scalar, read_case_name, read_text

Codes = NDArray[np.int32]

FLOOR: Final = -1_000_000_000  # every known value is above it
NEVER: Final = FLOOR  # has not happened
SILENT: Final = FLOOR - 1  # the key is left out
SAID: Final = FLOOR - 2  # said to be unknown
ODD: Final = FLOOR - 3  # not read here: the ordinary reader says what it is, or what is wrong with it
PARTIAL: Final = FLOOR - 10  # and below: a date of which not all is known
EPOCH: Final = date(1970, 1, 1).toordinal()


def days_of(day: date) -> int:
    """A day as the number of days since 1970."""
    return day.toordinal() - EPOCH


EARLIEST, LATEST = days_of(date(FIRST_YEAR, 1, 1)), days_of(date(LAST_YEAR, 12, 31))


class Words:
    """Words numbered in the order in which they are met, by whichever thread; partial dates as well."""

    def __init__(self) -> None:
        self._adding = Lock()
        self.number: dict[str, int] = {}
        self.words: list[str] = []
        self.partials: list[tuple[int, int]] = []
        self.coders: dict[int, Coder] = {}

    def of(self, word: str) -> int:
        """The number of a word."""
        found = self.number.get(word)
        return self._added(word) if found is None else found

    def _added(self, word: str) -> int:
        with self._adding:
            if word not in self.number:
                self.words.append(word)
                self.number[word] = len(self.words) - 1
            return self.number[word]

    def coder(self, annotation: Scalar | OneOf, choices: Choices) -> Coder:
        """The reader of an annotation, shared by all keys that have it."""
        found = self.coders.get(id(annotation))
        if found is None:
            found = self.coders[id(annotation)] = Coder(self, annotation, choices)
        return found

    def partial(self, day: Day) -> int:
        """The number of a date that is known to lie between two days."""
        self.partials.append((days_of(day.first), days_of(day.last)))
        return PARTIAL - len(self.partials) + 1


class Coder(dict[Any, int]):
    """From a value as it is written to its number, by the reader of the case model."""

    def __init__(self, words: Words, annotation: Scalar | OneOf, choices: Choices) -> None:
        self._words, self._choices = words, SimpleNamespace(context={"choices": choices})
        self.annotation: Any = annotation
        self.text = isinstance(annotation, Scalar) and annotation.read in (read_text, read_case_name)
        self._plain = isinstance(annotation, Scalar) and annotation.read is read_text
        self.dated = isinstance(annotation, Scalar) and annotation.read in (read_day, read_happened, read_full_date)

    def __missing__(self, value: Any) -> int:
        """Reads a value not met before."""
        if self._plain and type(value) is str and value.isprintable():
            return 0  # what it says is of no use here, only that it can stand
        found = self._code(value)
        if not self.text:
            self[value] = found
        return found

    def _code(self, value: Any) -> int:
        try:
            chosen = isinstance(self.annotation, OneOf)
            read = self.annotation.validate(value, self._choices) if chosen else self.annotation.validate(value)
        except PydanticCustomError:
            return ODD
        if read is None:
            return SAID
        if read is HAS_NOT_HAPPENED:
            return NEVER
        if isinstance(read, Day):
            return days_of(read.first) if read.exact else self._words.partial(read)
        if isinstance(read, str):
            return 0 if self.text else self._words.of(read)
        return ODD if isinstance(read, datetime) else int(read)

    def all(self, values: Iterable[Any], size: int) -> Codes:
        """The numbers of values."""
        return np.fromiter(map(self.__getitem__, values), np.int32, size)
