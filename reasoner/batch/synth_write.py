"""An archive of made-up cases as a file: JSON lines, plain or packed, or a table with a row for each case.

The file appears when it is complete; what an interruption leaves behind is removed.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from reasoner.errors import UsageError

if TYPE_CHECKING:
    from reasoner.program import Law

ENDINGS = (".jsonl", ".jsonl.gz", ".parquet")
Advance = Callable[[int], object]


def write(
    law: Law, count: int, output: str, *, seed: int, errors: float, unsure: float | None, advance: Advance
) -> int:
    """Writes an archive of `count` cases, in the form that the ending of `output` says, and returns how many of them
    have a fault; `-` is standard output. Raises UsageError for any other ending."""
    ending = next((one for one in ENDINGS if output.endswith(one)), ".jsonl" if output == "-" else "")
    if not ending:
        raise UsageError("synth_ending", name=output, names=" ".join(ENDINGS))
    with _extra():
        from reasoner.batch.synth import Source
    source = Source(law, seed=seed, errors=errors, unsure=unsure, typed=ending != ".parquet")
    put = _table if ending == ".parquet" else _lines
    faulty = 0
    with _file(output) as raw, put(raw, packed=ending.endswith(".gz")) as add:
        for chunk in source.chunks(count):
            add(chunk.lines)
            faulty += chunk.faulty
            advance(len(chunk.lines))
    return faulty


@contextmanager
def _extra() -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise UsageError("batch_extra", name=error.name or "", extra="batch") from None


@contextmanager
def _file(output: str) -> Iterator[IO[bytes]]:
    if output == "-":
        yield sys.stdout.buffer
        return
    part = Path(f"{output}.part")
    try:
        with part.open("wb") as file:
            yield file
        os.replace(part, output)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _lines(file: IO[bytes], *, packed: bool) -> Iterator[Callable[[list[str]], object]]:
    if not packed:
        yield lambda lines: file.writelines(map(str.encode, lines))
        return
    # No name and no time in its header: the same cases make the same bytes.
    with gzip.GzipFile("", "wb", 1, file, 0) as folded:
        yield lambda lines: folded.writelines(map(str.encode, lines))


@contextmanager
def _table(file: IO[bytes], *, packed: bool) -> Iterator[Callable[[list[str]], object]]:
    with _extra():
        import pyarrow as pa
        from pyarrow.parquet import ParquetWriter
    from reasoner.batch.decider import case_schema

    schema = case_schema()
    with ParquetWriter(file, schema, compression="zstd") as writer:

        def add(lines: list[str]) -> Any:
            writer.write_table(pa.Table.from_pylist(list(map(json.loads, lines)), schema))

        yield add
