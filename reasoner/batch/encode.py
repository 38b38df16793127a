"""Rows of results as the bytes of an output file."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterator
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
_RISING = ("row", "line")  # whose numbers grow: what they grow by takes less room than they themselves
_FEW = 16  # rows for each text of a column that is joined with the next
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
        rising = [name for name in _RISING if name in table.column_names]
        pq.write_table(
            table, stream, compression="zstd", row_group_size=max(len(table), 1), store_schema=False,
            use_dictionary=[path for field in table.schema if field.name not in rising for path in _paths(field)],
            column_encoding=dict.fromkeys(rising, "DELTA_BINARY_PACKED"),
        )  # fmt: skip
        return Encoded(*split(stream.getvalue()))
    text = _lines(table) if form.kind == JSONL else _sheet(table)
    return Encoded(packed(text, form))


def _paths(field: pa.Field) -> Iterator[str]:
    """The columns of a Parquet file that hold a field."""
    import pyarrow.types as types

    inner, begin = field.type, field.name
    while types.is_list(inner):
        inner, begin = inner.value_type, f"{begin}.list.element"
    if types.is_struct(inner):
        yield from (f"{begin}.{path}" for part in inner for path in _paths(part))
    else:
        yield begin


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
    """How values are written as text: a word, a day, nothing at all, a list, and a struct with its names."""

    word: Callable[[str], str]
    day: Callable[[str], str]
    nothing: str
    items: Callable[[list[str]], str]
    parts: Callable[[tuple[str, ...], tuple[str, ...]], str]


class _Coded(NamedTuple):
    """The values of a column as text: each distinct text once, and its number in every row."""

    codes: Any
    texts: list[str]

    @property
    def all(self) -> list[str]:
        """The text of every row."""
        return [self.texts[code] for code in self.codes.tolist()]


def _lines(table: pa.Table) -> bytes:
    """Rows as lines of JSON. Columns of few texts that stand side by side are one column of what they say together."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not len(table):
        return b""
    runs, open_ = list[dict[str, Any]](), False
    for name in table.column_names:
        found = table[name] if name in _RISING else _coded(table[name], _JSON)
        few = isinstance(found, _Coded) and len(found.texts) * _FEW <= len(table)
        if not (few and open_):
            runs.append({})
        runs[-1][name], open_ = found, few
    kind, columns = pa.large_string(), list[Any]()
    for run in runs:
        first, before = next(iter(run)), "," if columns else "{"
        if first in _RISING:
            numbers = pc.fill_null(pc.cast(run[first].combine_chunks(), kind), "null")
            columns += [pa.scalar(f'{before}"{first}":', kind), numbers]
        else:
            its = _joined(run, before)
            columns.append(pa.array(its.texts, kind).take(pa.array(its.codes)))
    lines = pc.binary_join_element_wise(*columns, pa.scalar("}\n", kind), pa.scalar("", kind))
    return bytes(lines.buffers()[2])


def _joined(run: dict[str, _Coded], before: str) -> _Coded:
    """What columns say together, with their names."""
    from reasoner.batch.distinct import alike

    number, first = alike([its.codes for its in run.values()])
    parts = zip(*([its.texts[code] for code in its.codes[first].tolist()] for its in run.values()), strict=True)
    form = before + ",".join(f'"{name}":%s' for name in run)
    return _Coded(number, [form % texts for texts in parts])


def _sheet(table: pa.Table, header: bool = False) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    if header:
        writer.writerow(table.column_names)
    writer.writerows(zip(*(_coded(table[name], _CELL).all for name in table.column_names), strict=True))
    return text.getvalue().encode()


def _coded(column: Any, style: _Style) -> _Coded:
    """A column as text: what is distinct once, which is many times faster than row by row."""
    import numpy as np
    import pyarrow as pa

    from reasoner.batch.distinct import alike, alike_lists

    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    kind = column.type
    if pa.types.is_list(kind):
        inner = _coded(column.values, style)
        ends = column.offsets.to_numpy()
        codes, first = alike_lists(inner.codes, ends)
        places = zip(ends[first].tolist(), ends[first + 1].tolist(), strict=True)
        lists = (inner.codes[start:end].tolist() for start, end in places)
        texts = [style.items([inner.texts[code] for code in items]) for items in lists]
    elif pa.types.is_struct(kind):
        names = tuple(field.name for field in kind)
        children = [_coded(column.field(number), style) for number in range(len(names))]
        codes, first = alike([child.codes for child in children])
        columns = ([child.texts[code] for code in child.codes[first].tolist()] for child in children)
        texts = [style.parts(names, parts) for parts in zip(*columns, strict=True)]
    else:
        codes, texts = _scalars(column, style)
    if column.null_count:
        valid = column.is_valid().to_numpy(zero_copy_only=False)
        codes, texts = np.where(valid, codes, len(texts)), [*texts, style.nothing]
    return _Coded(codes, texts)


def _scalars(column: Any, style: _Style) -> tuple[Any, list[str]]:
    """Words, numbers and days as text; where there is nothing, any number."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    codes = pc.fill_null(coded.indices, 0).to_numpy(zero_copy_only=False).astype(np.int64)
    texts, kind = pc.cast(coded.dictionary, pa.string()).to_pylist(), coded.dictionary.type
    if pa.types.is_date(kind):
        return codes, list(map(style.day, texts))
    return codes, texts if pa.types.is_integer(kind) else list(map(style.word, texts))


_JSON = _Style(
    lambda word: json.dumps(word, ensure_ascii=False),
    '"{}"'.format,
    "null",
    lambda items: f"[{','.join(items)}]",
    lambda names, parts: "{" + ",".join([f'"{n}":{part}' for n, part in zip(names, parts, strict=True)]) + "}",
)
_CELL = _Style(str, str, "", SEPARATOR.join, lambda _names, parts: "=".join(filter(None, parts)))
