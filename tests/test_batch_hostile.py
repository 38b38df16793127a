"""Archives that nobody would write on purpose: nothing stops a run, nothing vanishes, and the counts add up."""

from __future__ import annotations

import datetime
import decimal
import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyarrow")

import pyarrow as pa
import pyarrow.parquet as pq
from test_batch import case, nested, run


def faults(source: Path, tmp_path: Path) -> dict[int, set[str]]:
    """The faults of each row that has some; every other row is decided, or has nothing to decide."""
    output = tmp_path / "out.jsonl"
    result = run(source, "-o", output, "--format", "json")
    assert result.exit_code in (0, 1), result.output
    told = json.loads(result.stdout)
    decided = {json.loads(line)["row"] for line in output.read_bytes().splitlines()}
    found: dict[int, set[str]] = {}
    errors = output.with_name("out.jsonl.errors.jsonl")
    for line in errors.read_bytes().splitlines() if errors.exists() else ():
        error = json.loads(line)
        assert error["source"] == str(source)
        found.setdefault(error["row"], set()).add(error["code"])
    assert not decided & found.keys()
    assert told["read"] == len(decided) + told["empty"] + len(found)
    assert (told["decided"], told["faulty"]) == (len(decided) + told["empty"], len(found))
    return found


def named(name: str) -> bytes:
    return json.dumps(case(1)).replace("amal", name).encode()


LINES = {
    named("a\\ud800b"): "person_id",
    named("a;b"): "person_id",
    named("a\\u0000b"): "person_id",
    named(""): "person_id",
    json.dumps({**case(1), "case": "\ud800"}).encode(): "case_name",
    b'{"persons": {"a": {"born": 1e999}}}': "date_format",
    b'{"persons": {"a": {"born": "0000-01-01"}}}': "year_range",
    b"[" * 100_000: "too_deep",
    b'{"a":' * 100_000: "too_deep",
    b"null": "not_a_mapping",
    b"{}": "missing_key",
    b'{"persons": {"a": []}}': "mapping",
    b'{"persons": {"a": {}}}\x00': "batch_not_json",
    b"\xff": "not_utf8",
    json.dumps({"persons": {f"p{n}": {} for n in range(300)}}).encode(): "too_many_persons",
    json.dumps({**case(1), "applications": case(1)["applications"] * 2}).encode(): "several_applications",
    b'{"case": "' + b"x" * 2_000_000 + b'"}': "file_too_large",
    b'{"case": "' + b"x" * 17_000_000 + b'"}': "file_too_large",
}


def test_every_line_that_is_no_case_is_a_fault_of_its_own(tmp_path: Path) -> None:
    good = json.dumps(case(1)).encode()
    source = tmp_path / "in.jsonl"
    source.write_bytes(b"\n".join(part for line in LINES for part in (line, good)) + b"\r\n")
    found = faults(source, tmp_path)
    assert sorted(found) == list(range(1, 2 * len(LINES), 2))
    for row, code in zip(sorted(found), LINES.values(), strict=True):
        assert code in found[row], (row, code)


KINDS = {
    "number": pa.array([7]),
    "decimal": pa.array([decimal.Decimal("1.1")]),
    "bytes": pa.array([b"\xff"]),
    "text": pa.array(["x"]),
    "list": pa.array([["x"]]),
    "numbers": pa.array([[1]]),
    "struct": pa.array([{"x": "y"}]),
    "map": pa.array([[("x", "y")]], pa.map_(pa.string(), pa.string())),
    "time": pa.array([datetime.time(1)]),
    "duration": pa.array([datetime.timedelta(1)], pa.duration("us")),
}


def person(**columns: Any) -> Any:
    return pa.ListArray.from_arrays([0, 1], pa.StructArray.from_arrays(list(columns.values()), list(columns)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", ["case", "persons", "unions", "born", "protection", "documents", "parents", "flat"])
def test_a_column_of_a_kind_that_no_case_has_is_told_row_by_row(kind: str, place: str, tmp_path: Path) -> None:
    values, ids = KINDS[kind], pa.array(["a"])
    inside = {"born", "protection", "documents", "parents"}
    columns = {"persons": person(id=ids, **{place: values} if place in inside else {})}
    columns |= {place: values} if place not in inside else {}
    columns = {"persons.a.born": values} if place == "flat" else columns
    pq.write_table(pa.table(columns), tmp_path / "in.parquet")
    found = faults(tmp_path / "in.parquet", tmp_path)
    fine = {("case", "text"), ("parents", "list")}  # a name; somebody who is not in the case
    assert set(found) == {1} or (place, kind) in fine, "it is neither passed over nor the end of the run"


def test_a_key_that_no_case_has_is_a_fault_where_it_says_something(tmp_path: Path) -> None:
    known, unknown = nested(case(1)), nested(case(1))
    known["persons"][0]["brn"], unknown["persons"][0]["brn"] = None, "2000-01-01"
    pq.write_table(pa.Table.from_pylist([known, unknown, known]), tmp_path / "in.parquet")
    assert faults(tmp_path / "in.parquet", tmp_path) == {2: {"unknown_key"}}


def test_two_persons_with_one_id_are_a_fault(tmp_path: Path) -> None:
    fine, twice, nobody = (nested(case(n)) for n in (1, 2, 3))
    twice["persons"] = [*twice["persons"], {**twice["persons"][0], "born": "1999-01-01"}]
    nobody["persons"] = [*nobody["persons"], {"id": None, "born": "1999-01-01"}]
    pq.write_table(pa.Table.from_pylist([fine, twice, nobody, fine]), tmp_path / "in.parquet")
    assert faults(tmp_path / "in.parquet", tmp_path) == {2: {"mapping"}, 3: {"person_id"}}


@pytest.mark.parametrize(
    "header", ["persons.a.born,persons.a.born", "persons.a.born,persons.a", "unions[0],unions[0].kind"]
)
def test_columns_that_would_be_written_over_each_other_are_refused(header: str, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text(f"{header}\n2000-01-01,2001-01-01\n", "utf-8")
    result = run(source, "-o", tmp_path / "out.jsonl")
    assert result.exit_code == 2
    assert "stand for the same place" in " ".join(result.output.split())
