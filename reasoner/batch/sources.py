"""The cases of an archive in pieces of some megabytes, always the same ones for the same archive.

Reading is all that happens here; what a case says is looked at where it is decided.
"""

from __future__ import annotations

import csv
import io
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from reasoner.batch.decider import Stretch
from reasoner.batch.places import CASES, LINES, SHEET, TABLE, Place, opened
from reasoner.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

SIZE = 8 * 1024 * 1024  # of a piece, in bytes of unpacked text
LONGEST = 16 * 1024 * 1024  # of a line; what is longer is no case
ROWS = 50_000  # of a piece at most


class Broken(NamedTuple):
    """What cannot be read, and so is no row that could be decided: its place, and why."""

    row: int
    file: str
    line: int
    code: str
    values: dict[str, str]


@dataclass(eq=False, repr=False)
class Piece:
    """Cases that are decided together, as they were found.

    ``kind`` says what the rows are: JSON lines, whole case files, rows of a table, or lists of cells under a
    ``header``. ``first`` numbers the first row within the archive, from 1; ``broken`` stand between or after the rows
    and count as rows. ``read`` are the bytes of the archive that are behind it.
    """

    number: int
    kind: str
    rows: Sequence[Any] | pa.Table
    origin: tuple[Stretch, ...]
    first: int
    read: int
    header: tuple[str, ...] = ()
    broken: tuple[Broken, ...] = ()

    @property
    def size(self) -> int:
        """How many rows, broken ones included."""
        return len(self.rows) + len(self.broken)


def pieces(files: Sequence[Place], size: int = SIZE) -> Iterator[Piece]:
    """All rows of some files in their order, in pieces of about ``size`` bytes."""
    number, first, before = 0, 1, 0
    for kind, group in _grouped(files):
        for piece in _READERS[kind](group, size):
            piece.number, piece.first, piece.read = number, first, before + piece.read
            yield piece
            number, first = number + 1, first + piece.size
        before += sum(place.size for place in group)


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


def _cases(files: Sequence[Place], size: int) -> Iterator[Piece]:
    rows, origin, broken, held, read = list[bytes](), list[Stretch](), list[Broken](), 0, 0
    for place in files:
        try:
            with opened(place) as file:
                content = file.read(LONGEST)
        except OSError as error:
            values = {"reason": error.strerror or str(error)}
            broken.append(Broken(len(rows), place.name, 0, "file_unreadable", values))
            continue
        origin.append(Stretch(len(rows), place.name, 0))
        rows.append(content)
        held, read = held + len(content), read + place.size
        if held >= size or len(rows) >= ROWS:
            yield _piece(CASES, rows, origin, read, broken=tuple(broken))
            rows, origin, broken, held = [], [], [], 0
    if rows or broken:
        yield _piece(CASES, rows, origin, read, broken=tuple(broken))


# -- lines -------------------------------------------------------------------------------------------------------------


def _lines(files: Sequence[Place], size: int) -> Iterator[Piece]:
    (place,) = files
    with _Unpacked(place) as file:
        line, kept = 1, b""
        while True:
            block = file.read(max(size, 1))
            if not block and not kept:
                break
            text = kept + block
            cut = text.rfind(b"\n") + 1 if block else len(text)
            if not cut and len(text) <= LONGEST:
                kept = text
                continue
            if not cut:  # a line without end is read away and not kept
                file.skip_line(text)
                yield _piece(LINES, (), (), file.place, broken=(_too_long(place, line),))
                line, kept = line + 1, file.rest
                continue
            kept = text[cut:]
            rows = text[:cut].split(b"\n")
            if rows and not rows[-1]:
                rows.pop()
            yield _with_lines(rows, place.name, line, file.place)
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
    if not any(not line or line.isspace() for line in lines):
        return _piece(LINES, lines, [Stretch(0, name, first)], read)
    rows, origin, expected = list[bytes](), list[Stretch](), -1
    for number, line in enumerate(lines, first):
        if line and not line.isspace():
            if number != expected:
                origin.append(Stretch(len(rows), name, number))
            rows.append(line)
            expected = number + 1
    return _piece(LINES, rows, origin or [Stretch(0, name, first)], read)


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


def _tables(files: Sequence[Place], size: int) -> Iterator[Piece]:
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
            for found in file.iter_batches(batch):
                table = pa.Table.from_batches([found])
                read = place.size * (row + len(table) - 1) // max(rows, 1)
                yield _piece(TABLE, table, [Stretch(0, place.name, row)], read)
                row += len(table)
        except (pa.ArrowException, OSError) as error:
            values = {"reason": str(error).partition("\n")[0]}
            left = range(row, max(rows, row) + 1)
            broken = tuple(Broken(0, place.name, at, "batch_cut_off", values) for at in left)
            yield _piece(TABLE, pa.table({}), (), place.size, broken=broken)


def _batch(file: Any, size: int) -> int:
    """How many rows of a Parquet file are about ``size`` bytes."""
    meta = file.metadata
    stored: int = sum(meta.row_group(group).total_byte_size for group in range(meta.num_row_groups))
    return max(1, min(ROWS, size * int(meta.num_rows) // max(stored, 1)))


# -- sheets ------------------------------------------------------------------------------------------------------------


def _sheets(files: Sequence[Place], size: int) -> Iterator[Piece]:
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
