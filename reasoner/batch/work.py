"""What a worker does: one piece of an archive decided, counted and encoded."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from reasoner.batch.decider import Chunk, Results, case_schema, schema
from reasoner.batch.decider import Fault as RowFault
from reasoner.batch.encode import Encoded, Form, encoded
from reasoner.batch.mapping import Columns
from reasoner.batch.pool import ahead
from reasoner.batch.prepare import Prepared, as_document, prepared
from reasoner.batch.sources import Piece
from reasoner.batch.tally import Tally, tally
from reasoner.batch.verify import Drawn, drawn
from reasoner.errors import Fault, RulesError, catalogue, describe

if TYPE_CHECKING:
    import pyarrow as pa

    from reasoner.batch.columnar import ColumnarDecider
    from reasoner.batch.reading import Read
    from reasoner.engine import Engine


T = TypeVar("T")


class Job(NamedTuple):
    """What all pieces of a run share: the law, how it is applied, and what is written how."""

    as_of: date | None = None
    today: date | None = None
    readings: Mapping[str, str] = {}
    assume_nothing: bool = False
    root: Path | None = None
    reforms: tuple[Path, ...] = ()
    columns: Columns = Columns()
    form: Form = Form("jsonl", "")
    reasons: bool = True
    language: str = "en"
    sample: int = 0
    seed: int = 0


class Done(NamedTuple):
    """A piece that was decided: its rows as bytes, the explanations they refer to, and what could not be read.

    ``rows`` and ``faulty`` count cases, ``opened`` those that were left to the engine, ``empty`` those in which nobody
    has anything to decide.
    """

    number: int
    rows: int
    faulty: int
    opened: int
    empty: int
    read: int
    encoded: Encoded
    fragments: dict[int, bytes]
    errors: bytes
    tally: Tally
    drawn: list[Drawn]


class _Stage(NamedTuple, Generic[T]):
    """A piece on its way, with its cases and what they were last made into."""

    piece: Piece
    ready: Prepared
    found: T


@dataclass(eq=False, repr=False)
class Worker:
    """Decides pieces of one job; keeps what a decider learns from one for the next."""

    job: Job
    _known: dict[int, bytes] = field(default_factory=dict)

    @cached_property
    def engine(self) -> Engine:
        """The law."""
        from reasoner.engine import Engine

        return Engine(self.job.root, reforms=self.job.reforms)

    @cached_property
    def decider(self) -> ColumnarDecider:
        """What decides."""
        from reasoner.batch.columnar import ColumnarDecider

        job = self.job
        return ColumnarDecider(self.engine, job.as_of, job.readings, job.assume_nothing, job.reasons, job.today)

    def done(self, piece: Piece) -> Done:
        """A piece, decided. Raises RulesError when the law is broken."""
        return self._told(self._decided(self._read(piece)))

    def all(self, pieces: Iterable[Piece]) -> Iterator[Done]:
        """The pieces, decided, each while the next one is read and the one before it is encoded."""
        return map(self._told, ahead(map(self._decided, ahead(map(self._read, pieces)))))

    def _read(self, piece: Piece) -> _Stage[Read]:
        return _Stage(piece, *looked_at(prepared(piece, self.job.columns), self.decider.read))

    def _decided(self, stage: _Stage[Read]) -> _Stage[Results]:
        piece, ready, read = stage

        def decide(chunk: Chunk) -> Results:
            return self.decider.decide(chunk, read if chunk is ready.chunk else None)

        return _Stage(piece, *looked_at(ready, decide))

    def _told(self, stage: _Stage[Results]) -> Done:
        import pyarrow.compute as pc

        piece, ready, results = stage
        self._known.update(results.fragments)
        table = output(ready, results.table, self.engine.law.digest)
        errors = told(ready, results.faults, self.job.language)
        faulty = {error["row"] for error in errors}
        decided = pc.unique(table["row"])
        known = len(decided) + len(faulty.difference(decided.to_pylist()) if faulty else ())
        if piece.size != len(ready.numbers) + len({number for number, _ in ready.unread}):
            raise RulesError(f"piece {piece.number}: cases were lost on the way; please report this archive")
        return Done(
            piece.number,
            piece.size,
            len(faulty),
            results.open,
            piece.size - known,
            piece.read,
            encoded(table, self.job.form),
            {number: self._known[number] for number in referred(results.table)},
            lines(errors),
            tally(results.table, (error["code"] for error in errors)),
            self._drawn(ready, results) if self.job.sample else [],
        )

    def _drawn(self, ready: Prepared, results: Results) -> list[Drawn]:
        faulty = {fault.row for fault in results.faults}
        return drawn(self.job.sample, self.job.seed, ready.chunk, ready.numbers, faulty, results.table)


def looked_at(ready: Prepared, look: Callable[[Chunk], T]) -> tuple[Prepared, T]:
    """What comes of a look at cases. A table with keys that no case has, or of other kinds, is looked at row by row."""
    import pyarrow as pa

    rows: Any = ready.chunk.rows
    table, wanted = isinstance(rows, pa.Table), _columns_of_cases()
    try:
        if not table or all(_fits(column.type, wanted.field(column.name).type) for column in rows.schema):
            return ready, look(ready.chunk)
    except (pa.ArrowException, TypeError, AttributeError):
        if not table:
            raise
    ready = ready._replace(chunk=Chunk(list(map(as_document, rows.to_pylist())), ready.chunk.origin))
    return ready, look(ready.chunk)


@cache
def _columns_of_cases() -> pa.Schema:
    return case_schema()


def _fits(kind: pa.DataType, wanted: pa.DataType) -> bool:
    """Whether a column has nothing but keys that cases have."""
    import pyarrow.types as types

    if types.is_struct(kind) and types.is_struct(wanted):
        known = {field.name: field.type for field in wanted}
        return all(field.name in known and _fits(field.type, known[field.name]) for field in kind)
    if types.is_map(kind) and types.is_list(wanted):
        items = wanted.value_type
        return types.is_struct(items) and items.get_field_index("id") >= 0 and _fits(kind.item_type, items)
    if types.is_list(kind) and types.is_list(wanted):
        return _fits(kind.value_type, wanted.value_type)
    return True


def told(ready: Prepared, faults: Iterable[RowFault], language: str) -> list[dict[str, Any]]:
    """What is wrong with the rows that were not decided, one entry for each fault, in their order."""
    words, found = catalogue(language), list[dict[str, Any]]()
    for number, unread in ready.unread:
        message = describe(unread._replace(file="", line=0, path=""), words).removeprefix(": ")
        found.append(_error(number, unread.file, unread.line, unread.path, unread.code, message))
    for fault in faults:
        name, line = ready.place(fault.row, fault.path)
        message = describe(Fault("", 0, 0, "", fault.code, fault.values), words).removeprefix(": ")
        found.append(_error(ready.numbers[fault.row], name, line, fault.path, fault.code, message))
    return sorted(found, key=lambda error: error["row"])


def lines(found: Iterable[Any]) -> bytes:
    """Data as lines of JSON."""
    return b"".join(json.dumps(part, ensure_ascii=False).encode() + b"\n" for part in found)


def _error(row: int, file: str, line: int, path: str, code: str, message: str) -> dict[str, Any]:
    return {"row": row, "source": file, "line": line or None, "path": path, "code": code, "message": message}


def referred(table: pa.Table) -> set[int]:
    """The fragments that rows refer to."""
    import pyarrow.compute as pc

    found = set[int]()
    for name in ("fragment", "conditions", "documents"):
        column = table[name] if name == "fragment" else pc.list_flatten(table[name])
        found.update(pc.unique(column).to_pylist())
    return found - {None}


def columns() -> pa.Schema:
    """The columns of an output file."""
    import pyarrow as pa

    word = pa.dictionary(pa.int32(), pa.string())
    first = [pa.field("row", pa.int64()), pa.field("source", word), pa.field("line", pa.int64())]
    rest = [field for field in schema() if field.name != "case_row"]
    return pa.schema([*first, *rest, pa.field("rules", word)])


def output(ready: Prepared, table: pa.Table, digest: str) -> pa.Table:
    """The rows of a decider with the place that each case came from, and the law it was decided by."""
    import numpy as np
    import pyarrow as pa

    row, size = table["case_row"], len(table)
    names, lines = _places(ready.chunk)
    parts = {
        "row": pa.array(ready.numbers, pa.int64()).take(row),
        "source": names.take(row),
        "line": lines.take(row),
        **{name: table[name] for name in table.column_names if name != "case_row"},
        "rules": pa.DictionaryArray.from_arrays(pa.array(np.zeros(size, np.int32)), pa.array([digest[:16]])),
    }
    return pa.table(parts)


def _places(chunk: Chunk) -> tuple[Any, Any]:
    """The file and line of each case of a chunk."""
    import numpy as np
    import pyarrow as pa

    size, names = len(chunk), dict[str, int]()
    files, lines, known = np.zeros(size, np.int32), np.zeros(size, np.int64), np.zeros(size, np.bool_)
    ends = [*(stretch.row for stretch in chunk.origin[1:]), size]
    for (start, file, line), end in zip(chunk.origin, ends, strict=False):
        files[start:end] = names.setdefault(file, len(names))
        if line:
            lines[start:end], known[start:end] = np.arange(line, line + end - start), True
    words = pa.array(list(names), pa.string())
    return pa.DictionaryArray.from_arrays(pa.array(files, pa.int32()), words), pa.array(lines, mask=~known)
