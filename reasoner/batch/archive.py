"""An output of a run, read back: the rows of a case, their explanations, and the case itself where it is at hand."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import dropwhile, takewhile
from pathlib import Path, PurePosixPath
from typing import IO, Any, TypeVar, cast

from reasoner.batch.encode import CSV, PARQUET, SEPARATOR, Form, form_of
from reasoner.batch.extras import pyarrow, zstandard
from reasoner.batch.journal import fragments_of
from reasoner.batch.mapping import read
from reasoner.batch.places import CASES, Place, places, stored
from reasoner.batch.prepare import prepared
from reasoner.batch.slow import SlowDecider
from reasoner.batch.sources import pieces
from reasoner.engine import Decision, Engine
from reasoner.errors import CaseFileError, UsageError

_LISTS = ("failing", "missing", "defective", "depends_on", "provisions", "people")
_NUMBERS = ("conditions", "documents")

T = TypeVar("T")


@dataclass(eq=False, repr=False)
class Archive:
    """An output of ``reasoner batch``. Raises UsageError when it, or its explanations, cannot be read."""

    path: str
    _fragments: dict[int, dict[str, Any]] = field(default_factory=dict)

    @cached_property
    def form(self) -> Form:
        """How it is written."""
        return form_of(self.path)

    @cached_property
    def settings(self) -> dict[str, Any]:
        """What the run was given."""
        _ = self.form
        try:
            with stored(fragments_of(self.path)) as file:
                found: dict[str, Any] = json.loads(file.readline())
                return found if found["rules"] else {}
        except (OSError, ValueError, KeyError) as error:
            beside = PurePosixPath(fragments_of(self.path)).name
            raise UsageError("batch_no_result", name=self.path, reason=str(error), fragments=beside) from None

    @property
    def reforms(self) -> tuple[Path, ...]:
        """The reforms it was decided under."""
        return tuple(map(Path, self.settings["reforms"]))

    def rows(self, number: int) -> list[dict[str, Any]]:
        """The rows of the case with a number. Raises UsageError when there are none."""
        found = list(self._table(number) if self.form.kind == PARQUET else self._text(number))
        if not found:
            raise UsageError("batch_no_row", name=self.path, row=str(number))
        return found

    def _table(self, number: int) -> list[dict[str, Any]]:
        pyarrow()
        import pyarrow.parquet as pq

        with stored(self.path) as file:
            found: list[dict[str, Any]] = pq.read_table(file, filters=[("row", "=", number)]).to_pylist()
            return found

    def _text(self, number: int) -> Iterator[dict[str, Any]]:
        with self._opened() as file:
            if self.form.kind == CSV:
                text = csv.DictReader(io.TextIOWrapper(file, "utf-8", newline=""))
                yield from map(_row, _together(text, lambda cells: cells["row"] == str(number)))
                return
            start = b'{"row":%d,' % number
            yield from map(json.loads, _together(file, lambda line: line.startswith(start)))

    @contextmanager
    def _opened(self) -> Iterator[IO[bytes]]:
        with stored(self.path) as file:
            if self.form.packing == "zstd":
                unpacked = zstandard().ZstdDecompressor().stream_reader(file, read_across_frames=True)
                yield io.BufferedReader(unpacked)
            else:
                yield cast("IO[bytes]", gzip.GzipFile(fileobj=file)) if self.form.packing else file

    def fragments(self, numbers: set[int]) -> Mapping[int, dict[str, Any]]:
        """Stored explanations by their number."""
        if numbers - self._fragments.keys():
            with stored(fragments_of(self.path)) as file:
                next(file)
                for line in file:
                    number = int(line[len(b'{"fragment":') : line.index(b",")])
                    if number in numbers:
                        self._fragments[number] = json.loads(line)
        return self._fragments

    def decision(self, row: Mapping[str, Any], engine: Engine) -> Decision | None:
        """The decision of the case behind a row, made again; None where the case or the law is not what it was."""
        found, told = self._case(row), self.settings
        if found is None or engine.law.digest != told["rules"]["digest"]:
            return None
        as_of, today = (date.fromisoformat(told[key]) if told[key] else None for key in ("as_of", "today"))
        try:
            decider = SlowDecider(engine, as_of, told["readings"], told["assume_nothing"], False, today)
            return decider.decision(found, str(row["source"]))
        except CaseFileError:
            return None

    def _case(self, row: Mapping[str, Any]) -> bytes | None:
        place = self._place(str(row["source"]))
        if place is None:
            return None
        mapping, digest = self.settings["mapping"] or (None, None)
        try:
            columns = read(mapping)
            if mapping is not None and digest != _digest(Path(mapping)):
                return None
            for piece in pieces([place], self.settings["size"]):
                ready = prepared(piece, columns)
                from reasoner.batch.documents import documents

                for index, text in enumerate(documents(ready.chunk)) if _holds(ready.chunk, row) else ():
                    if place.kind == CASES or ready.chunk.place(index)[1] == row["line"]:
                        return text
        except (OSError, UsageError, CaseFileError):
            return None
        return None

    def _place(self, source: str) -> Place | None:
        """The file a case came from, if it is still what it was."""
        before = next((told for told in self.settings["inputs"] if told[0] == source), None)
        try:
            (found,) = places([source])
        except (UsageError, OSError, ValueError):
            return None
        return found if [found.name, found.size, found.stamp] == before else None


def _holds(chunk: Any, row: Mapping[str, Any]) -> bool:
    """Whether a chunk can hold the line of a row."""
    if not len(chunk):
        return False
    first, last = chunk.place(0)[1], chunk.place(len(chunk) - 1)[1]
    return not row["line"] or first <= int(row["line"]) <= last


def _digest(path: Path) -> str:
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()


def _together(rows: Iterable[T], wanted: Callable[[T], bool]) -> Iterator[T]:
    """The rows that are wanted, which stand side by side: what comes after them is not read."""
    return takewhile(wanted, dropwhile(lambda row: not wanted(row), rows))


def _row(cells: Mapping[str, str]) -> dict[str, Any]:
    """A row of a CSV file; what explanations do not need stays text."""
    row: dict[str, Any] = {key: value or None for key, value in cells.items()}
    for key in (*_LISTS, *_NUMBERS):
        parts = [part for part in cells[key].split(SEPARATOR) if part]
        row[key] = [int(part) for part in parts] if key in _NUMBERS else parts
    gaps = [gap.split("=") for gap in cells["distances"].split(SEPARATOR) if gap]
    row["distances"] = [{"condition": gap[0], "unit": gap[1], "amount": int(gap[2])} for gap in gaps]
    for key in ("row", "line", "fragment"):
        row[key] = int(cells[key]) if cells[key] else None
    return row
