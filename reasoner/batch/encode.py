"""Rows of results as the bytes of an output file."""

from __future__ import annotations

import gzip
import io
import json
from datetime import date
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


def _lines(table: pa.Table) -> bytes:
    encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str)
    return "".join(f"{encoder.encode(row)}\n" for row in table.to_pylist()).encode()


def _sheet(table: pa.Table, header: bool = False) -> bytes:
    import csv

    text = io.StringIO(newline="")
    writer = csv.writer(text)
    if header:
        writer.writerow(table.column_names)
    writer.writerows([_cell(value) for value in row.values()] for row in table.to_pylist())
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return SEPARATOR.join(str(_cell(item)) for item in value)
    if isinstance(value, dict):
        return "=".join(str(_cell(part)) for part in value.values() if part is not None)
    return value.isoformat() if isinstance(value, date) else value
