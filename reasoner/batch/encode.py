"""Rows of results as the bytes of an output file."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

from reasoner.batch.extras import zstandard
from reasoner.batch.footer import split
from reasoner.batch.places import PACKED
from reasoner.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

PARQUET, JSONL, CSV = "parquet", "jsonl", "csv"
FORMATS = {".parquet": PARQUET, ".jsonl": JSONL, ".ndjson": JSONL, ".csv": CSV}
SEPARATOR = ";"  # between the items of a list in one cell


class Form(NamedTuple):
    """How an output file is written: the kind of its rows, and how it is packed."""

    kind: str
    packing: str


class Encoded(NamedTuple):
    """Rows as bytes that can follow others in a file; ``footer`` is what a Parquet file says of them at its end."""

    body: bytes
    footer: bytes = b""


def form_of(name: str) -> Form:
    """The form of an output file by its ending. Raises UsageError for an ending that says nothing."""
    path = PurePath(name)
    packing = PACKED.get(path.suffix.lower(), "")
    kind = FORMATS.get((PurePath(path.stem) if packing else path).suffix.lower(), "")
    if not kind or (packing and kind == PARQUET):
        raise UsageError("batch_unknown_output", name=name, names=" ".join(FORMATS))
    return Form(kind, packing)


def encoded(table: pa.Table, form: Form) -> Encoded:
    """The rows of a table, without what stands once at the head of a file."""
    if form.kind == PARQUET:
        import pyarrow.parquet as pq

        stream = io.BytesIO()
        pq.write_table(table, stream, compression="zstd", row_group_size=max(len(table), 1), store_schema=False)
        return Encoded(*split(stream.getvalue()))
    text = _lines(table) if form.kind == JSONL else _sheet(table)
    return Encoded(packed(text, form))


def head(schema: pa.Schema, form: Form) -> bytes:
    """What stands at the head of a file, before all rows."""
    if form.kind == PARQUET:
        from reasoner.batch.footer import MAGIC

        return MAGIC
    return packed(_sheet(schema.empty_table(), header=True), form) if form.kind == CSV else b""


def packed(text: bytes, form: Form) -> bytes:
    """Bytes as they are stored; what is packed apart can be joined."""
    if form.packing == "gzip":
        return gzip.compress(text, 6, mtime=0)
    return bytes(zstandard().ZstdCompressor().compress(text)) if form.packing == "zstd" else text


class _Style(NamedTuple):
    """How values are written as text: a word, nothing at all, a list, and a struct with its names."""

    word: Callable[[str], str]
    nothing: str
    items: Callable[[list[str]], str]
    parts: Callable[[tuple[str, ...], tuple[str, ...]], str]


def _lines(table: pa.Table) -> bytes:
    columns = [_texts(table[name], _JSON) for name in table.column_names]
    row = "{" + ",".join(f'"{name}":%s' for name in table.column_names) + "}\n"
    return "".join([row % cells for cells in zip(*columns, strict=True)]).encode()


def _sheet(table: pa.Table, header: bool = False) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    if header:
        writer.writerow(table.column_names)
    writer.writerows(zip(*(_texts(table[name], _CELL) for name in table.column_names), strict=True))
    return text.getvalue().encode()


def _texts(column: Any, style: _Style) -> list[str]:
    """The values of a column as text: column by column, which is many times faster than row by row."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    kind, nothing = column.type, style.nothing
    if pa.types.is_dictionary(kind):
        words = _texts(column.dictionary, style)
        return [nothing if index is None else words[index] for index in column.indices.to_pylist()]
    if pa.types.is_list(kind):
        return _blanked(_lists(column, style), column, nothing)
    if pa.types.is_struct(kind):
        names = tuple(field.name for field in kind)
        children = (_texts(column.field(number), style) for number in range(len(names)))
        return _blanked([style.parts(names, parts) for parts in zip(*children, strict=True)], column, nothing)
    if pa.types.is_integer(kind):
        return [nothing if value is None else str(value) for value in column.to_pylist()]
    word = cache(style.word)
    return [nothing if value is None else word(value) for value in pc.cast(column, pa.string()).to_pylist()]


def _lists(column: Any, style: _Style) -> list[str]:
    """The lists of a column as text; of words and numbers, each distinct list once."""
    import numpy as np
    import pyarrow as pa

    inner, ends = column.values, column.offsets.to_numpy()
    coded = pa.types.is_dictionary(inner.type)
    if not coded and not pa.types.is_integer(inner.type):
        items, empty = _texts(inner, style), style.items([])
        return [style.items(items[start:end]) if end > start else empty for start, end in pairwise(ends.tolist())]
    values = (inner.indices if coded else inner).to_numpy(zero_copy_only=False)
    if inner.null_count or values.dtype.kind != "i":
        items = _texts(inner, style)
        return [style.items(items[start:end]) for start, end in pairwise(ends.tolist())]
    words, kind, raw = _texts(inner.dictionary, style) if coded else [], values.dtype, values.tobytes()

    class Known(dict[bytes, str]):
        def __missing__(self, key: bytes) -> str:
            numbers = np.frombuffer(key, kind).tolist()
            self[key] = text = style.items([words[n] for n in numbers] if coded else list(map(str, numbers)))
            return text

    known = Known()
    return [known[raw[start:end]] for start, end in pairwise((ends * kind.itemsize).tolist())]


def _blanked(found: list[str], column: Any, nothing: str) -> list[str]:
    """Texts with nothing where a column has nothing."""
    if not column.null_count:
        return found
    return [text if valid else nothing for text, valid in zip(found, column.is_valid().to_pylist(), strict=True)]


_JSON = _Style(
    lambda word: json.dumps(word, ensure_ascii=False),
    "null",
    lambda items: f"[{','.join(items)}]",
    lambda names, parts: "{" + ",".join([f'"{n}":{part}' for n, part in zip(names, parts, strict=True)]) + "}",
)
_CELL = _Style(str, "", SEPARATOR.join, lambda _names, parts: "=".join(filter(None, parts)))
