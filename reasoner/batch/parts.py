"""JSON documents taken apart where texts begin, and what is known of their parts.

A part is a text with the quote before it and all that stands behind, up to the next text; the first part of a document
is what stands before its first text. Each distinct part is looked at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from reasoner.batch.tables import Ints
from reasoner.batch.values import Codes

PART: Final = re.compile(rb'("[^"]*)"(?:( *: *)(true|false|0|-?[1-9][0-9]{0,8})?)?(.*)', re.DOTALL)
_UNREAD: Final = -(2**31)
_NEWLINE, _QUOTE, _SPACE = b'\n" '
_CONTROLS: Final = bytes(range(_SPACE)) + b"\\"


class Parts(NamedTuple):
    """The parts of documents as numbers of the ``distinct`` ones; one that begins at ``begin`` has ``size`` of them."""

    distinct: list[bytes]
    codes: Codes
    begin: Ints
    size: Ints


def taken_apart(rows: Sequence[bytes]) -> Parts | None:
    """The parts of some documents; None where there is one that quotes alone do not take apart."""
    text = b"\n\n".join([b"", *rows, b""])  # so that every second border is one between parts
    data = np.frombuffer(text, np.uint8)
    if b"\\" in text or np.count_nonzero(data < _SPACE) != 2 * len(rows) + 2 or not _is_utf8(text):
        return None
    borders = np.flatnonzero((data == _QUOTE) | (data == _NEWLINE))
    lengths = np.fromiter(map(len, rows), np.int64, len(rows)) + 2
    begin = np.searchsorted(borders, np.cumsum(lengths) - lengths)
    size = np.diff(begin, append=len(borders) - 2)
    if (size & 1).any():
        return None
    offsets = np.ascontiguousarray(borders[::2])
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(text)]
    coded = pa.Array.from_buffers(pa.large_binary(), len(offsets) - 1, buffers).dictionary_encode()
    distinct = coded.dictionary.to_numpy(zero_copy_only=False).tolist()
    return Parts(distinct, coded.indices.to_numpy(), begin >> 1, size >> 1)


def _is_utf8(text: bytes) -> bool:
    try:
        return text.isascii() or bool(text.decode())
    except UnicodeDecodeError:
        return False


def is_plain(row: bytes) -> bool:
    """Whether quotes take a document apart."""
    return row.count(b'"') % 2 == 0 and len(row.translate(None, _CONTROLS)) == len(row) and _is_utf8(row)


class Known:
    """Parts met so far, each with a number; ``names`` are the keys of a case, ``coders`` make values of texts and of
    truths and whole numbers.

    ``kind`` says of each part what documents that are written alike have in common there.
    """

    def __init__(self, names: Iterable[str], coders: Sequence[Any]) -> None:
        self._names = {b'"' + name.encode() for name in names}
        self._coders = coders
        self._kinds: dict[tuple[Any, ...], int] = {}
        self._number: dict[bytes, int] = {}
        self._values = list[tuple[str, Any]]()
        self.kind = np.empty(0, np.int64)
        self._read = np.empty((0, 2 * len(self._coders)), np.int32)

    def _added(self, part: bytes) -> int:
        """The number of a part not met before."""
        its, text, literal = tuple[Any, ...]((part,)), "", None
        if match := PART.fullmatch(part):
            word, colon, said, behind = match.groups()
            its = (word if self.is_name(word, colon) else None, colon, None, behind)
            text = word[1:].decode()
            if said:
                literal = {b"true": True, b"false": False}[said] if said.isalpha() else int(said)
                its = (*its[:2], type(literal), behind)
        number = self._number[part] = len(self._values)
        self._values.append((text, literal))
        if number == len(self.kind):
            room = number + 1024
            self.kind = np.concatenate([self.kind, np.zeros(room, np.int64)])
            self._read = np.concatenate([self._read, np.full((room, self._read.shape[1]), _UNREAD, np.int32)])
        self.kind[number] = self._kinds.setdefault(its, len(self._kinds))
        return number

    def is_name(self, word: bytes, colon: bytes | None) -> bool:
        """Whether the text of a part is a key of the case model."""
        return bool(colon) and word in self._names

    def __len__(self) -> int:
        return len(self._values)

    def numbers(self, parts: Parts) -> Ints:
        """The numbers of these parts."""
        known = self._number.get
        found = np.array([known(part, -1) for part in parts.distinct])
        for place in np.flatnonzero(found < 0).tolist():
            found[place] = self._added(parts.distinct[place])
        return found[parts.codes]

    def read(self, part: Ints, how: Ints) -> Codes:
        """What coders make of parts: twice the number of a coder reads a text, one more the literal behind it."""
        at = part * self._read.shape[1] + how
        read = self._read.reshape(-1)
        found: Codes = read[at]
        unread = found == _UNREAD
        if unread.any():
            new = np.unique(at[unread])
            for place in new.tolist():
                number, column = divmod(place, self._read.shape[1])
                read[place] = self._coders[column >> 1][self._values[number][column & 1]]
            found = read[at]
        return found
