"""The cases of an archive in pieces of some megabytes, always the same ones for the same archive.

Reading is all that happens here; what a case says is looked at where it is decided.
"""

from __future__ import annotations

import csv
import io
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import IO, Any, NamedTuple

from reasoner.batch.decider import Stretch
from reasoner.batch.places import CASES, LINES, SHEET, TABLE, Place, is_shared, opened
from reasoner.errors import UsageError

SIZE = 16 * 1024 * 1024  # of a piece, in bytes of unpacked text
LONGEST = 16 * 1024 * 1024  # of a line; what is longer is no case
ROWS = 50_000  # of a piece at most
FEW = 64 * 1024  # bytes in which the different texts of a column are listed


class Broken(NamedTuple):
    """What cannot be read, and so is no row that could be decided: its place, and why."""

    row: int
    file: str
    line: int
    code: str
    values: dict[str, str]


@dataclass(eq=False, repr=False)
class Elsewhere:
    """Rows that are read where they are worked on: how many, of which files, and from which byte or row to which."""

    count: int
    files: tuple[Place, ...]
    start: int = 0
    stop: int = 0

    def __len__(self) -> int:
        return self.count


@dataclass(eq=False, repr=False)
class Piece:
    """Cases that are decided together, as they were found.

    ``kind`` says what the rows are: JSON lines, whole case files, rows of a table, or lists of cells under a
    ``header``. ``first`` numbers the first row within the archive, from 1; ``broken`` stand between or after the rows
    and count as rows. ``read`` are the bytes of the archive that are behind it.
    """

    number: int
    kind: str
    rows: Any  # a list of them, a pyarrow table, or Elsewhere
    origin: tuple[Stretch, ...]
    first: int
    read: int
    header: tuple[str, ...] = ()
    broken: tuple[Broken, ...] = ()

    @property
    def size(self) -> int:
        """How many rows, broken ones included."""
        return len(self.rows) + len(self.broken)


def pieces(files: Sequence[Place], size: int = SIZE, apart: bool = False) -> Iterator[Piece]:
    """All rows of some files in their order, in pieces of about ``size`` bytes.

    With ``apart``, pieces of files on shared storage have no rows where :func:`fetched` can get them.
    """
    number, first, before = 0, 1, 0
    for kind, group in _grouped(files):
        shared = apart and all(is_shared(place.name) for place in group)
        for piece in _READERS[kind](group, size, shared):
            piece.number, piece.first, piece.read = number, first, before + piece.read
            yield piece
            number, first = number + 1, first + piece.size
        before += sum(place.size for place in group)


def fetched(piece: Piece) -> Piece:
    """A piece with its rows. Raises OSError when they are no longer what they were."""
    away = piece.rows
    if not isinstance(away, Elsewhere):
        return piece
    found = _FETCHERS[piece.kind](piece, away)
    if found.size != piece.size:
        raise OSError(f"{away.files[0].name} was changed while it was read")
    return found


def _grouped(files: Sequence[Place]) -> Iterator[tuple[str, list[Place]]]:
    """Case files that follow each other share pieces; every other file has its own."""
    cases: list[Place] = []
    for place in files:
        if place.kind == CASES:
            cases.append(place)
            continue
        if cases:
            yield CASES, cases
            cases = []
        yield place.kind, [place]
    if cases:
        yield CASES, cases


def _piece(kind: str, rows: Any, origin: Iterable[Stretch], read: int, **more: Any) -> Piece:
    return Piece(0, kind, rows, tuple(origin), 0, read, **more)


# -- case files --------------------------------------------------------------------------------------------------------


def _cases(files: Sequence[Place], size: int, apart: bool) -> Iterator[Piece]:
    group, held, read = list[Place](), 0, 0
    for place in files:
        group.append(place)
        held, read = held + min(place.size, LONGEST), read + place.size
        if held >= size or len(group) >= ROWS:
            yield _group(group, read, apart)
            group, held = [], 0
    if group:
        yield _group(group, read, apart)


def _group(files: Sequence[Place], read: int, apart: bool) -> Piece:
    """A piece of case files."""
    piece = _piece(CASES, Elsewhere(len(files), tuple(files)), (), read)
    return piece if apart else fetched(piece)


def _read_cases(piece: Piece, away: Elsewhere) -> Piece:
    rows, origin, broken = list[bytes](), list[Stretch](), list[Broken]()
    for place in away.files:
        try:
            with opened(place) as file:
                content = file.read(LONGEST)
        except OSError as error:
            values = {"reason": error.strerror or str(error)}
            broken.append(Broken(len(rows), place.name, 0, "file_unreadable", values))
            continue
        origin.append(Stretch(len(rows), place.name, 0))
        rows.append(content)
    return replace(piece, rows=rows, origin=tuple(origin), broken=tuple(broken))


# -- lines -------------------------------------------------------------------------------------------------------------


def _lines(files: Sequence[Place], size: int, apart: bool) -> Iterator[Piece]:
    (place,) = files
    with _Unpacked(place) as file:
        line, kept = 1, b""
        while True:
            block = file.read(max(size, 1))
            if not block and not kept:
                break
            start, rows = file.place - len(block) - len(kept), block.split(b"\n")
            rows[0], kept = kept + rows[0], b""
            if block:
                kept = rows.pop()
            elif not rows[-1]:
                rows.pop()
            if not rows and len(kept) <= LONGEST:
                continue
            if not rows:  # a line without end is read away and not kept
                file.skip_line(kept)
                yield _piece(LINES, (), (), file.place, broken=(_too_long(place, line),))
                line, kept = line + 1, file.rest
                continue
            piece = _with_lines(rows, place.name, line, file.place)
            if apart and not place.packing:
                piece.rows = Elsewhere(len(piece.rows), (place,), start, file.place - len(kept))
            yield piece
            line += len(rows)
            if not block:
                break
        if file.problem:
            values = {"reason": file.problem}
            yield _piece(LINES, (), (), place.size, broken=(Broken(0, place.name, line, "batch_cut_off", values),))


def _too_long(place: Place, line: int) -> Broken:
    return Broken(0, place.name, line, "file_too_large", {"limit": str(LONGEST)})


def _with_lines(lines: list[bytes], name: str, first: int, read: int) -> Piece:
    """A piece of lines; those that are blank are no rows."""
    if first == 1 and lines and lines[0].startswith(b"\xef\xbb\xbf"):
        lines[0] = lines[0][3:]
    if all(map(bytes.strip, lines)):
        return _piece(LINES, lines, [Stretch(0, name, first)], read)
    rows, origin, expected = list[bytes](), list[Stretch](), -1
    for number, line in enumerate(lines, first):
        if line and not line.isspace():
            if number != expected:
                origin.append(Stretch(len(rows), name, number))
            rows.append(line)
            expected = number + 1
    return _piece(LINES, rows, origin or [Stretch(0, name, first)], read)


def _read_lines(piece: Piece, away: Elsewhere) -> Piece:
    with opened(away.files[0]) as file:
        file.seek(away.start)
        text = file.read(away.stop - away.start)
    lines = text.split(b"\n")
    if not lines[-1]:
        lines.pop()
    found = _with_lines(lines, "", 2 if away.start else 1, 0)  # only the first line can begin with a mark
    return replace(piece, rows=found.rows)


class _Unpacked:
    """Reads a file, unpacked, and knows how far into the stored bytes it is.

    A packed file that breaks off ends there; ``problem`` says why.
    """

    def __init__(self, place: Place) -> None:
        self.stored, self.rest = opened(place), b""
        self._unpacking = _Unpacking(self.stored, place.packing) if place.packing else None
        self._stream: IO[bytes] = io.BufferedReader(self._unpacking) if self._unpacking else self.stored
        self.place = 0

    @property
    def problem(self) -> str:
        """Why the file cannot be read to its end."""
        return self._unpacking.problem if self._unpacking else ""

    def read(self, size: int) -> bytes:
        """The next bytes; none at the end."""
        found = self._stream.read(size)
        self.place = self._unpacking.place if self._unpacking else self.place + len(found)
        return found

    def skip_line(self, text: bytes) -> None:
        """Reads on to the end of the line; what comes after it is then in ``rest``."""
        while b"\n" not in text:
            text = self.read(SIZE)
            if not text:
                break
        self.rest = text.partition(b"\n")[2]

    def __enter__(self) -> _Unpacked:
        return self

    def __exit__(self, *error: object) -> None:
        self.stored.close()


class _Unpacking(io.RawIOBase):
    """The content of a packed file, of one frame or several; ``place`` counts the packed bytes behind.

    Whatever comes before a fault is given: the readers of the packages drop it, or pass over a missing end.
    """

    def __init__(self, stored: IO[bytes], packing: str) -> None:
        self.stored, self.packing, self.place, self.problem = stored, packing, 0, ""
        self._left, self._frame = b"", None
        if packing == "zstd":
            from reasoner.batch.extras import zstandard

            self._package = zstandard()
        self._faults: type[Exception] = self._package.ZstdError if packing == "zstd" else zlib.error

    def _new(self) -> Any:
        if self.packing == "zstd":
            return self._package.ZstdDecompressor().decompressobj()
        return zlib.decompressobj(31)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left and not self.problem:
            block = self.stored.read(64 * 1024)
            self.place += len(block)
            if not block:
                self.problem = "it ends too early" if self._frame is not None else ""
                return 0
            self._left = self._unpacked(block)
        count = min(len(buffer), len(self._left))
        buffer[:count], self._left = self._left[:count], self._left[count:]
        return count

    def _unpacked(self, block: bytes) -> bytes:
        found = bytearray()
        while block:
            frame: Any = self._frame or self._new()
            try:
                found += frame.decompress(block)
            except self._faults as error:
                self.problem = str(error)
                break
            block, self._frame = (frame.unused_data, None) if frame.eof else (b"", frame)
        return bytes(found)


# -- tables ------------------------------------------------------------------------------------------------------------


def _tables(files: Sequence[Place], size: int, apart: bool) -> Iterator[Piece]:
    from reasoner.batch.extras import pyarrow

    pa = pyarrow()
    import pyarrow.parquet as pq

    (place,) = files
    with opened(place) as stored:
        row, rows = 1, 0
        try:
            file = pq.ParquetFile(stored)
            rows = file.metadata.num_rows
            batch = _batch(file, size)
            if apart and all(group.num_rows <= batch for group in _groups(file)):
                for start in range(0, rows, batch):
                    stop = min(start + batch, rows)
                    away = Elsewhere(stop - start, (place,), start, stop)
                    origin = [Stretch(0, place.name, start + 1)]
                    yield _piece(TABLE, away, origin, place.size * stop // rows)
                return
            for found in _batches(stored, file, batch):
                table = pa.Table.from_batches([found])
                read = place.size * (row + len(table) - 1) // max(rows, 1)
                yield _piece(TABLE, table, [Stretch(0, place.name, row)], read)
                row += len(table)
        except (pa.ArrowException, OSError) as error:
            broken = _cut_off(place, error, range(row, max(rows, row) + 1))
            yield _piece(TABLE, pa.table({}), (), place.size, broken=broken)


def _batches(stored: Any, file: Any, size: int) -> Iterator[Any]:
    """The rows of a Parquet file, so many at a time.

    Columns of few different texts are left as the file has them, each text once: that takes half the time. Groups of
    rows do not have these texts in common, so that a batch then ends where its group ends.
    """
    import pyarrow.parquet as pq

    groups = _groups(file)
    if any(group.num_rows < size for group in groups[:-1]):
        yield from file.iter_batches(size)
        return
    texts = (n for n in range(len(file.schema)) if file.schema.column(n).logical_type.type == "STRING")
    few = [file.schema.column(n).path for n in texts if all(_has_few(group.column(n)) for group in groups)]
    file = pq.ParquetFile(stored, metadata=file.metadata, read_dictionary=few)
    for number in range(len(groups)):
        yield from file.iter_batches(size, row_groups=[number])


def _has_few(column: Any) -> bool:
    """Whether a column of a group has few different values: then the page that lists them is short."""
    listed = column.dictionary_page_offset if column.has_dictionary_page else None
    return listed is not None and 0 < column.data_page_offset - listed < FEW


def _read_table(piece: Piece, away: Elsewhere) -> Piece:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with opened(away.files[0]) as stored:
        try:
            file, wanted, before, first = pq.ParquetFile(stored), list[int](), 0, 0
            for number, group in enumerate(_groups(file)):
                if before < away.stop and before + group.num_rows > away.start:
                    first = first if wanted else before
                    wanted.append(number)
                before += group.num_rows
            return replace(piece, rows=file.read_row_groups(wanted).slice(away.start - first, away.count))
        except (pa.ArrowException, OSError) as error:
            broken = _cut_off(away.files[0], error, range(away.start + 1, away.stop + 1))
            return replace(piece, rows=pa.table({}), origin=(), broken=broken)


def _cut_off(place: Place, error: Exception, rows: Iterable[int]) -> tuple[Broken, ...]:
    """Rows of a Parquet file that cannot be read."""
    values = {"reason": str(error).partition("\n")[0]}
    return tuple(Broken(0, place.name, row, "batch_cut_off", values) for row in rows)


def _groups(file: Any) -> list[Any]:
    return [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]


def _batch(file: Any, size: int) -> int:
    """How many rows of a Parquet file are about ``size`` bytes."""
    stored: int = sum(group.total_byte_size for group in _groups(file))
    return max(1, min(ROWS, size * int(file.metadata.num_rows) // max(stored, 1)))


# -- sheets ------------------------------------------------------------------------------------------------------------


def _sheets(files: Sequence[Place], size: int, apart: bool) -> Iterator[Piece]:
    (place,) = files
    with _Unpacked(place) as file:
        text = io.TextIOWrapper(_Raw(file), "utf-8-sig", errors="surrogateescape", newline="")  # type: ignore[type-var]
        reader = csv.reader(text, strict=True)
        header = tuple(next(reader, ()))
        if not header:
            raise UsageError("batch_no_header", name=place.name)
        rows, origin, broken, held, line = list[list[str]](), list[Stretch](), list[Broken](), 0, reader.line_num + 1
        while True:
            try:
                cells = next(reader, None)
            except csv.Error as error:
                broken.append(Broken(len(rows), place.name, line, "batch_not_csv", {"problem": str(error)}))
                cells = []
            if cells:
                if len(cells) == len(header):
                    if not rows or origin[-1].line + len(rows) - origin[-1].row != line:
                        origin.append(Stretch(len(rows), place.name, line))
                    rows.append(cells)
                else:
                    values = {"got": str(len(cells)), "number": str(len(header))}
                    broken.append(Broken(len(rows), place.name, line, "batch_cells", values))
                held += sum(map(len, cells))
            line = reader.line_num + 1
            if (rows or broken) and (cells is None or held >= size or len(rows) >= ROWS):
                yield _piece(SHEET, rows, origin, file.place, header=header, broken=tuple(broken))
                rows, origin, broken, held = [], [], [], 0
            if cells is None:
                break
        if file.problem:
            values = {"reason": file.problem}
            yield _piece(SHEET, (), (), place.size, broken=(Broken(0, place.name, line, "batch_cut_off", values),))


class _Raw(io.RawIOBase):
    """An unpacked file as a raw stream, which text can be read from."""

    def __init__(self, file: _Unpacked) -> None:
        self.file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        found = self.file.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)


_READERS = {CASES: _cases, LINES: _lines, TABLE: _tables, SHEET: _sheets}
_FETCHERS = {CASES: _read_cases, LINES: _read_lines, TABLE: _read_table}
