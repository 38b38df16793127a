"""The footer of a Parquet file, so that files can be joined by their bytes.

A Parquet file is its row groups one after the other and a footer that says where each of them stands, written in
Thrift's compact protocol. Joining files is then adding up positions; nothing is decoded and encoded again.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any, NamedTuple

MAGIC = b"PAR1"
_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 11, 12
# Fields of the format: FileMetaData, RowGroup, ColumnChunk, ColumnMetaData.
_ROWS, _GROUPS = 3, 4
_COLUMNS, _GROUP_OFFSET, _ORDINAL = 1, 5, 7
_CHUNK_OFFSET, _CHUNK_META, _INDEX_OFFSETS = 2, 3, (4, 6)
_PAGE_OFFSETS = (9, 10, 11, 14)

Struct = dict[int, tuple[int, Any]]
"""A Thrift struct: field number to type and value."""


class Split(NamedTuple):
    """A Parquet file in its two parts."""

    body: bytes
    footer: bytes


def split(content: bytes) -> Split:
    """The row groups of a file, and its footer."""
    (length,) = struct.unpack("<I", content[-8:-4])
    return Split(content[4 : -8 - length], content[-8 - length : -8])


def joined(parts: Iterable[tuple[int, bytes]]) -> bytes:
    """The end of a file whose row groups are those of several, each given with the position of its body and its
    footer."""
    whole: Struct = {}
    for position, footer in parts:
        found = _Reader(footer).struct()
        for group in found[_GROUPS][1][1]:
            _move(group, position - len(MAGIC))
        if not whole:
            whole = found
            continue
        whole[_ROWS] = (whole[_ROWS][0], whole[_ROWS][1] + found[_ROWS][1])
        whole[_GROUPS][1][1].extend(found[_GROUPS][1][1])
    for number, group in enumerate(whole[_GROUPS][1][1]):
        if _ORDINAL in group and number < 2**15:
            group[_ORDINAL] = (group[_ORDINAL][0], number)
        else:
            group.pop(_ORDINAL, None)
    content = _struct(whole)
    return content + struct.pack("<I", len(content)) + MAGIC


def _move(group: Struct, by: int) -> None:
    """Every position in a row group, moved."""
    _shift(group, (_GROUP_OFFSET,), by)
    for column in group[_COLUMNS][1][1]:
        _shift(column, (_CHUNK_OFFSET, *_INDEX_OFFSETS), by)
        _shift(column[_CHUNK_META][1], _PAGE_OFFSETS, by)


def _shift(fields: Struct, numbers: Iterable[int], by: int) -> None:
    for number in numbers:
        kind, value = fields.get(number, (0, 0))
        if value:
            fields[number] = (kind, value + by)


class _Reader:
    def __init__(self, content: bytes) -> None:
        self.content, self.at = content, 0

    def struct(self) -> Struct:
        found, number = Struct(), 0
        while head := self._byte():
            kind, step = head & 15, head >> 4
            number = number + step if step else self._integer()
            found[number] = (kind, kind == _TRUE if kind in (_TRUE, _FALSE) else self._value(kind))
        return found

    def _byte(self) -> int:
        self.at += 1
        return self.content[self.at - 1]

    def _varint(self) -> int:
        shift = value = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7

    def _integer(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

    def _raw(self, length: int) -> bytes:
        self.at += length
        return self.content[self.at - length : self.at]

    def _value(self, kind: int) -> Any:
        if kind in (_TRUE, _FALSE):
            return self._byte() == _TRUE
        if kind == _BYTE:
            return self._byte()
        if kind == _DOUBLE:
            return self._raw(8)
        if kind == _BINARY:
            return self._raw(self._varint())
        if kind in (_LIST, _SET):
            head = self._byte()
            size = head >> 4 if head >> 4 < 15 else self._varint()
            return head & 15, [self._value(head & 15) for _ in range(size)]
        if kind == _MAP:
            raise ValueError("a Parquet footer holds no map")
        return self.struct() if kind == _STRUCT else self._integer()


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    found.append(value)
    return bytes(found)


def _integer(value: int) -> bytes:
    return _varint(value << 1 if value >= 0 else (-value << 1) - 1)


def _struct(fields: Struct) -> bytes:
    found, before = bytearray(), 0
    for number in sorted(fields):
        kind, value = fields[number]
        if kind in (_TRUE, _FALSE):
            kind = _TRUE if value else _FALSE
        step = number - before
        found += bytes([step << 4 | kind]) if step < 16 else bytes([kind]) + _integer(number)
        if kind not in (_TRUE, _FALSE):
            found += _value(kind, value)
        before = number
    return bytes(found) + b"\0"


def _value(kind: int, value: Any) -> bytes:
    if kind in (_TRUE, _FALSE):
        return bytes([_TRUE if value else _FALSE])
    if kind == _BYTE:
        return bytes([value])
    if kind == _DOUBLE:
        return bytes(value)
    if kind == _BINARY:
        return _varint(len(value)) + bytes(value)
    if kind in (_LIST, _SET):
        inner, items = value
        head = bytes([len(items) << 4 | inner]) if len(items) < 15 else bytes([0xF0 | inner]) + _varint(len(items))
        return head + b"".join(_value(inner, item) for item in items)
    return _struct(value) if kind == _STRUCT else _integer(int(value))
