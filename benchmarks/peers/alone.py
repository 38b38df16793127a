"""What reading and writing alone cost: the same input and the same output, without any decision.

`alone.py INPUT OUTPUT` reads the cases of INPUT and writes again what `reasoner batch` has written to OUTPUT, and
prints the seconds of both; Parquet by pyarrow, JSON lines by msgspec, which validates against types made from the case
model.
"""

from __future__ import annotations

import sys
import time
from itertools import islice
from pathlib import Path
from typing import Any

ROWS = 100_000  # that are in memory at once, before they are written again


def parquet(source: Path, output: Path) -> float:
    """Seconds for Parquet."""
    import pyarrow.parquet as pq

    rows = pq.read_table(output)
    begun = time.perf_counter()
    for _ in pq.ParquetFile(source).iter_batches(50_000):
        pass
    pq.write_table(rows, f"{output}.again", compression="zstd", row_group_size=100_000)
    return time.perf_counter() - begun


def lines(source: Path, output: Path) -> float:
    """Seconds for JSON lines."""
    from msgspec import json

    decoder, encoder = json.Decoder(_type(_case())), json.Encoder()
    begun = time.perf_counter()
    with open(source, "rb") as file:
        for line in file:
            decoder.decode(line)
    taken = time.perf_counter() - begun
    with open(output, "rb") as file, open(f"{output}.again", "wb") as again:
        while rows := [json.decode(line) for line in islice(file, ROWS)]:
            begun = time.perf_counter()
            for row in rows:
                again.write(encoder.encode(row) + b"\n")
            taken += time.perf_counter() - begun
    return taken


def _case() -> Any:
    from reasoner.batch.synth_model import case_place

    return case_place()


def _type(place: Any) -> Any:
    """The msgspec type of what may stand at a place of a case."""
    from msgspec import defstruct

    if place.kind == "section":
        fields = [(name.replace("from", "from_"), _type(below) | None, None) for name, below in place.fields.items()]
        return defstruct("Section", fields, forbid_unknown_fields=True, rename=lambda name: name.rstrip("_"))
    if place.kind == "list":
        return list[_type(place.item)] | str  # type: ignore[misc]
    if place.kind == "mapping":
        return dict[str, _type(place.item)]  # type: ignore[misc]
    return {"truth": bool | str, "number": int | str}.get(place.kind, str)


if __name__ == "__main__":
    source, output = map(Path, sys.argv[1:])
    print((parquet if source.suffix == ".parquet" else lines)(source, output))
