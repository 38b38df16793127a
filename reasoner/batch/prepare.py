"""A piece of an archive as a chunk to decide, with the faults of what cannot even be read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from reasoner.batch.decider import Chunk, Stretch
from reasoner.batch.documents import stripped
from reasoner.batch.mapping import Columns
from reasoner.batch.places import CASES, LINES, SHEET
from reasoner.batch.sources import Broken, Piece
from reasoner.errors import CaseFileError, Fault, dotted
from reasoner.yamlfile import scan


class Prepared(NamedTuple):
    """A chunk, the number of each of its rows in the archive, and what was found to be no case.

    ``unread`` are faults with the number of their row; ``texts`` are the case files that the chunk is made of, if any.
    """

    chunk: Chunk
    numbers: list[int]
    unread: list[tuple[int, Fault]]
    texts: Sequence[bytes] = ()

    def place(self, row: int, path: str) -> tuple[str, int]:
        """The file and line of a path in a row of the chunk."""
        name, line = self.chunk.place(row)
        return name, _line(self.texts[row], path) if self.texts else line


def _line(text: bytes, path: str) -> int:
    """The line in a case file of a path, or of its nearest parent."""
    document, _ = scan("", text.decode())
    lines = {dotted(keys): position[0] for keys, position in document.lines.items()} if document else {}
    while path and path not in lines:
        path = re.sub(r"(\.[^.\[]+|\[\d+\]|^[^.\[]+)$", "", path)
    return lines.get(path, 1)


def prepared(piece: Piece, columns: Columns) -> Prepared:
    """The chunk of a piece. Raises UsageError for columns that nobody has mapped."""
    numbers, unread = _numbered(piece)
    if piece.kind == LINES or (piece.kind not in (CASES, SHEET) and columns.nested(_table(piece).column_names)):
        return Prepared(Chunk(_known(piece, columns), piece.origin), numbers, unread)
    rows, kept, origin, texts = list[bytes](), list[int](), list[Stretch](), list[bytes]()
    for row, (number, found) in enumerate(zip(numbers, _documents(piece, columns), strict=True)):
        name, line = Chunk(piece.rows, piece.origin).place(row)
        if isinstance(found, bytes):
            last = origin[-1] if origin else Stretch(0, "", 0)
            if (last.file, last.line + len(rows) - last.row) != (name, line) or not line:
                origin.append(Stretch(len(rows), name, line))
            rows.append(found)
            kept.append(number)
            texts += [piece.rows[row]] if piece.kind == CASES else []
        else:
            unread += [(number, fault._replace(file=name, line=fault.line or line)) for fault in found]
    return Prepared(Chunk(rows, tuple(origin) or piece.origin), kept, sorted(unread, key=lambda pair: pair[0]), texts)


def _numbered(piece: Piece) -> tuple[list[int], list[tuple[int, Fault]]]:
    """The number of each row in the archive, and the faults of what is broken between them."""
    if not piece.broken:
        return list(range(piece.first, piece.first + len(piece.rows))), []
    numbers, unread, number, broken = list[int](), list[tuple[int, Fault]](), piece.first, list(piece.broken)
    for row in range(len(piece.rows) + 1):
        while broken and broken[0].row <= row:
            unread.append((number, _fault(broken.pop(0))))
            number += 1
        if row < len(piece.rows):
            numbers.append(number)
            number += 1
    return numbers, unread


def _table(piece: Piece) -> Any:
    return piece.rows


def _fault(broken: Broken) -> Fault:
    return Fault(broken.file, broken.line, 0, "", broken.code, broken.values)


def _known(piece: Piece, columns: Columns) -> Any:
    """The rows as they are, without columns that are to be left aside."""
    if piece.kind == LINES:
        return piece.rows
    return _table(piece).select([name for name in _table(piece).column_names if name not in columns.ignored])


def _documents(piece: Piece, columns: Columns) -> Iterator[bytes | list[Fault]]:
    """Each row as a JSON document, or why it is none."""
    if piece.kind == CASES:
        for row, content in enumerate(piece.rows):
            yield _case(content, piece.origin[row].file)
        return
    header = piece.header or tuple(_table(piece).column_names)
    mapped = columns.of(header, piece.origin[0].file if piece.origin else "")
    rows = piece.rows if piece.kind == SHEET else (row.values() for row in _table(piece).to_pylist())
    for cells in rows:
        try:
            yield as_document(columns.case(mapped, cells))
        except UnicodeEncodeError:
            yield [Fault("", 0, 0, "", "not_utf8")]


def as_document(data: Any) -> bytes:
    """Data as a JSON document; a value that JSON does not know is text, which then is a fault of the case."""
    return json.dumps(stripped(data), ensure_ascii=False, default=str).encode()


def _case(content: bytes, name: str) -> bytes | list[Fault]:
    """A case file as a JSON document."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return [Fault(name, 0, 0, "", "not_utf8")]
    document, faults = scan(name, text)
    if document is None or faults:
        return list(CaseFileError(faults).faults)
    return json.dumps(document.data, ensure_ascii=False).encode()
