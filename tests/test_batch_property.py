"""Ten thousand made-up cases of all regimes, decided in columns; some again by clingo, under assumptions and plainly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pyarrow.compute as pc
import pytest

from reasoner.batch.columnar import ColumnarDecider
from reasoner.batch.decider import Chunk, Results
from reasoner.batch.slow import SlowDecider
from reasoner.batch.synth import Source
from reasoner.batch.verify import differing, drawn, lot
from reasoner.engine import Engine

SIZE, SEED = 10_000, 11
AGAIN, PLAINLY = 200, 20
# Cases decided again by the engine, and given to plain clingo, which grounds the whole law for each.


class Archive(NamedTuple):
    """Made-up cases, how many of them have a fault, and what the columns say of them."""

    engine: Engine
    chunk: Chunk
    spoiled: int
    found: Results


@pytest.fixture(scope="module")
def archive() -> Iterator[Archive]:
    engine = Engine()
    made = list(Source(engine.law, seed=SEED, errors=0.02, unsure=0.01).chunks(SIZE))
    chunk = Chunk([line.encode() for part in made for line in part.lines])
    return Archive(engine, chunk, sum(part.faulty for part in made), ColumnarDecider(engine).decide(chunk))


def rows(found: Results, case: int) -> list[dict[str, Any]]:
    table = found.table.filter(pc.equal(found.table["case_row"], case))
    return [{**row, "case_row": 0} for row in table.to_pylist()]


def test_every_case_has_rows_or_a_fault(archive: Archive) -> None:
    faulty = {fault.row for fault in archive.found.faults}
    assert len(archive.chunk) == SIZE and len(faulty) == archive.spoiled > 0
    told = set(archive.found.table["case_row"].to_pylist())
    assert not told & faulty
    silent = sorted(set(range(SIZE)) - told - faulty)  # nobody in them has anything to decide: the engine says so too
    again = SlowDecider(archive.engine).decide(Chunk([archive.chunk.rows[row] for row in silent[:50]]))
    assert not len(again.table) and not again.faults


def test_the_engine_says_the_same_with_the_same_reasons(archive: Archive) -> None:
    some = sorted(range(SIZE), key=lambda row: lot(row, SEED))[:AGAIN]
    slow = SlowDecider(archive.engine).decide(Chunk([archive.chunk.rows[row] for row in some]))
    for place, row in enumerate(some):
        assert rows(archive.found, row) == rows(slow, place), archive.chunk.rows[row]
        mine = [fault._replace(row=place) for fault in archive.found.faults if fault.row == row]
        assert mine == [fault for fault in slow.faults if fault.row == place]
    assert len({row["regime"] for row in routes(archive) if row["route"] in set(slow.table["route"].to_pylist())}) > 3
    told = {number: text for number, text in archive.found.fragments.items() if number in slow.fragments}
    assert told == dict(slow.fragments)


def routes(archive: Archive) -> list[dict[str, str]]:
    return [{"route": str(route), "regime": str(regime)} for route, regime in archive.engine.law.table("route")]


def test_plain_clingo_says_the_same(archive: Archive) -> None:
    faulty = {fault.row for fault in archive.found.faults}
    some = drawn(PLAINLY, SEED, archive.chunk, list(range(SIZE)), faulty, archive.found.table)
    assert len(some) == PLAINLY
    assert [case.document for case in differing(some, SlowDecider(archive.engine, reasons=False))] == []
