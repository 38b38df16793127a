"""Archives of cases: every form of input and output, faults that are told and counted, runs that are broken off."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import zstandard
from test_examples import BLOCK, missing_from
from typer.testing import CliRunner

pytest.importorskip("pyarrow")

import pyarrow as pa
import pyarrow.parquet as pq

from reasoner.batch import footer
from reasoner.batch.growing import workplace
from reasoner.batch.pool import ahead
from reasoner.cli import app
from reasoner.engine import Engine
from reasoner.errors import UsageError
from reasoner.outcome import Outcome

DAY = "2025-03-10"


def case(number: int) -> dict[str, Any]:
    """A wife who turns 21 some days before or after she applies."""
    born = date(2004, 2, 20) + timedelta(number)
    protection = {"status": "refugee", "granted_by": "cgrs", "granted": "2024-05-02", "country_of_origin": "SY"}
    return {
        "case": f"case-{number}",
        "assessed_on": DAY,
        "persons": {
            "amal": {"name": "Amal", "born": born.isoformat()},
            "yusuf": {"born": "1990-01-01", "protection": protection, "arrived_in_belgium": "2023-05-02"},
        },
        "unions": [{"partners": ["amal", "yusuf"], "kind": "marriage", "concluded": "2023-06-10"}],
        "applications": [{"applicant": "amal", "sponsor": "yusuf", "route": "ip_spouse", "filed": "2025-02-28"}],
    }


def run(*words: str | Path) -> Any:
    return CliRunner().invoke(app, ["batch", *map(str, words)], env={"COLUMNS": "80", "NO_COLOR": "1"})


def lines(path: Path, cases: list[Any]) -> Path:
    path.write_text("".join(json.dumps(found) + "\n" for found in cases), "utf-8")
    return path


def rows(path: Path) -> list[dict[str, Any]]:
    """The rows of an output without what says where they came from, and without the numbers of reasons."""
    if path.suffix == ".parquet":
        found = pq.read_table(path).to_pylist()
    elif path.suffix == ".csv":
        return list(csv.DictReader(path.read_text("utf-8").splitlines()))
    else:
        found = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [json.loads(json.dumps(row, default=str)) for row in found]


def told(found: list[dict[str, Any]]) -> list[Any]:
    return [
        {key: value for key, value in row.items() if key not in ("source", "line", "row", "rules")} for row in found
    ]


@pytest.fixture(scope="module")
def outcomes() -> list[tuple[Outcome, ...]]:
    """The decisions of ten cases, one by one."""
    from reasoner.case import parse_case

    engine = Engine()
    order = [str(route) for route, _ in engine.law.table("route")]
    found = [engine.decide(parse_case(json.dumps(case(n)), choices=engine.law.choices)) for n in range(10)]
    return [
        tuple(outcome for person in decision.file.case.persons for route in order for outcome in decision.outcomes
              if (outcome.person, outcome.route) == (person, route))
        for decision in found
    ]  # fmt: skip


def same(found: list[dict[str, Any]], outcomes: list[tuple[Outcome, ...]]) -> None:
    """Rows say what the decisions of the ten cases say."""
    expected = [(n, outcome) for n, listed in enumerate(outcomes, 1) for outcome in listed]
    assert [row["row"] for row in found] == [n for n, _ in expected]
    for row, (_, outcome) in zip(found, expected, strict=True):
        assert (row["person"], row["route"]) == (outcome.person, outcome.route)
        assert (row["result"], row["file"]) == (outcome.result, outcome.file)
        assert row["failing"] == [c.id for c in outcome.conditions if c.status == "unmet"]
        assert row["missing"] == [d.type for d in outcome.documents if d.status == "missing"]
        assert [d["id"] for d in row["deadlines"]] == [d.id for d in outcome.deadlines]
        assert [d["date"] for d in row["deadlines"]] == [d.date and d.date.isoformat() for d in outcome.deadlines]
        assert row["depends_on"] == [d.path for d in outcome.depends_on]
        gaps = [(c.id, c.distance.amount) for c in outcome.conditions if c.status == "unmet" and c.distance]
        assert [(gap["condition"], gap["amount"]) for gap in row["distances"]] == gaps
        failing = [c for c in outcome.conditions if c.status == "unmet"] or outcome.conditions
        assert set(row["provisions"]) == {p for part in (*failing, *outcome.because) for p in part.provisions}


# -- inputs and outputs ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["out.parquet", "out.jsonl"])
def test_each_row_says_what_the_decision_of_its_case_says(
    name: str, tmp_path: Path, outcomes: list[tuple[Outcome, ...]]
) -> None:
    source = lines(tmp_path / "in.jsonl", [case(n) for n in range(10)])
    result = run(source, "-o", tmp_path / name, "--piece", 2)
    assert result.exit_code == 0, result.output
    found = rows(tmp_path / name)
    same(found, outcomes)
    assert {row["source"] for row in found} == {str(source)}
    assert [row["line"] for row in found] == [row["row"] for row in found]
    assert {row["rules"] for row in found} == {Engine().law.digest[:16]}
    young = [row for row in found if row["route"] == "ip_spouse" and row["failing"] == ["minimum_age"]]
    assert {(row["row"], row["distances"][0]["amount"]) for row in young} == {(n + 1, n - 8) for n in (9,)}


def _packed(path: Path, content: bytes) -> Path:
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(content[:500]) + gzip.compress(content[500:]))  # in two members
    elif path.suffix == ".zst":
        path.write_bytes(zstandard.ZstdCompressor().compress(content))
    else:
        path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", ["in.jsonl.gz", "in.ndjson.zst", "in.jsonl"])
def test_packed_lines_give_the_same_rows(name: str, tmp_path: Path, outcomes: list[tuple[Outcome, ...]]) -> None:
    plain = lines(tmp_path / "plain", [case(n) for n in range(10)]).read_bytes()
    source = _packed(tmp_path / name, plain.rstrip(b"\n"))  # the last line may lack its end
    assert run(source, "-o", tmp_path / "out.jsonl", "--piece", 1).exit_code == 0
    same(rows(tmp_path / "out.jsonl"), outcomes)


def test_standard_input_is_read_as_lines(tmp_path: Path, outcomes: list[tuple[Outcome, ...]]) -> None:
    plain = lines(tmp_path / "plain", [case(n) for n in range(10)]).read_text()
    words = ["batch", "-", "-o", str(tmp_path / "out.jsonl")]
    assert CliRunner().invoke(app, words, input=plain).exit_code == 0
    same(rows(tmp_path / "out.jsonl"), outcomes)


def test_a_folder_of_case_files_is_read_in_the_order_of_its_names(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    (folder / "b").mkdir(parents=True)
    (folder / "a.json").write_text(json.dumps(case(1)), "utf-8")
    (folder / "b" / "c.yaml").write_text("case: broken\npersons:\n  amal:\n    born: 2004-13-01\n", "utf-8")
    (folder / "d.yml").write_text(json.dumps(case(2), indent=1), "utf-8")
    (folder / "notes.txt").write_text("no case", "utf-8")
    result = run(folder, "-o", tmp_path / "out.jsonl", "--errors", tmp_path / "bad.jsonl")
    assert result.exit_code == 1, result.output
    assert {(row["row"], Path(row["source"]).name) for row in rows(tmp_path / "out.jsonl")} == {
        (1, "a.json"),
        (3, "d.yml"),
    }
    (error,) = rows(tmp_path / "bad.jsonl")
    assert (error["row"], error["line"], error["path"]) == (2, 4, "persons.amal.born")
    assert error["source"] == str(folder / "b" / "c.yaml")
    assert error["code"] == "no_such_day" or "2004-13-01" in error["message"]


def nested(found: dict[str, Any]) -> dict[str, Any]:
    """A case as a row of columns: persons as a list with their ids."""
    return {**found, "persons": [{"id": name, **person} for name, person in found["persons"].items()]}


def test_a_table_with_the_keys_of_a_case_file_as_columns_gives_the_same_rows(
    tmp_path: Path, outcomes: list[tuple[Outcome, ...]]
) -> None:
    pq.write_table(pa.Table.from_pylist([nested(case(n)) for n in range(10)]), tmp_path / "in.parquet")
    assert run(tmp_path / "in.parquet", "-o", tmp_path / "out.parquet", "--piece", 1).exit_code == 0
    found = rows(tmp_path / "out.parquet")
    same(found, outcomes)
    assert [row["line"] for row in found] == [row["row"] for row in found]
    assert pq.ParquetFile(tmp_path / "out.parquet").metadata.num_row_groups > 1


def test_flat_columns_are_named_by_places_in_a_case_file(tmp_path: Path) -> None:
    flat = {
        "persons.amal.born": [date(2004, 3, 4)],
        "persons.yusuf.protection.status": ["refugee"],
        "persons.yusuf.arrived_in_belgium": ["2023-05-02"],
        "unions[0].concluded": ["2023-06-10"],
        "unions[0].partners": [["amal", "yusuf"]],
        "unions[0].kind": ["marriage"],
        "applications[0].applicant": ["amal"],
        "applications[0].sponsor": ["yusuf"],
        "applications[0].filed": ["2025-02-28"],
    }
    pq.write_table(pa.table(flat), tmp_path / "in.parquet")
    assert run(tmp_path / "in.parquet", "-o", tmp_path / "out.jsonl", "--as-of", DAY).exit_code == 0
    (row,) = [row for row in rows(tmp_path / "out.jsonl") if row["route"] == "ip_spouse"]
    assert (row["applied_on"], row["result"], row["failing"]) == ("2025-02-28", "not_eligible", ["minimum_age"])


MAPPING = """
columns:
  born: {path: persons.amal.born, date: "%d/%m/%Y"}
  status: {path: persons.yusuf.protection.status, values: {REF: refugee}}
  couple: {path: "unions[0].partners", split: ";"}
  filed: applications[0].filed
  together: applications[0].will_live_with_sponsor
always:
  unions[0].kind: marriage
  unions[0].concluded: 2023-06-10
  persons.yusuf.arrived_in_belgium: 2023-05-02
  applications[0].applicant: amal
  applications[0].sponsor: yusuf
ignore: [remarks]
"""


def _sheet(tmp_path: Path, *more: str, mapping: str = MAPPING) -> tuple[Path, Path]:
    text = ["born,status,couple,filed,together,remarks", *more]
    (tmp_path / "in.csv").write_text("\n".join(text), "utf-8")
    (tmp_path / "map.yaml").write_text(mapping, "utf-8")
    return tmp_path / "in.csv", tmp_path / "map.yaml"


def test_a_sheet_is_read_by_a_mapping(tmp_path: Path) -> None:
    source, mapping = _sheet(
        tmp_path,
        '04/03/2004,REF,amal;yusuf,2025-02-28,yes,"two\nlines"',
        "28/02/2004,REF,amal;yusuf,2025-02-28,,",
        "01/01/2004,REF,amal;yusuf,2025-02-28",
        "31/02/2004,REF,amal;yusuf,2025-02-28,,",
    )
    result = run(source, "--mapping", mapping, "-o", tmp_path / "out.jsonl", "--as-of", DAY)
    assert result.exit_code == 1, result.output
    found = {row["row"]: row for row in rows(tmp_path / "out.jsonl") if row["route"] == "ip_spouse"}
    assert {n: (row["line"], "minimum_age" in row["failing"]) for n, row in found.items()} == {
        1: (2, True),
        2: (4, False),
    }
    errors = rows(tmp_path / "out.jsonl.errors.jsonl")
    assert [(e["row"], e["line"], e["code"], e["path"]) for e in errors] == [
        (3, 5, "batch_cells", ""),
        (4, 6, "date_format", "persons.amal.born"),
    ]


@pytest.mark.parametrize(
    ("mapping", "code", "said"),
    [
        ("columns: {}\n", 2, 'column "born"|column born'),
        (MAPPING.replace("ignore: [remarks]", ""), 2, "column remarks"),
        (MAPPING.replace("born:", "bron:"), 2, "born"),
        (MAPPING.replace("persons.yusuf.protection", "people.yusuf.protection"), 3, "is no place in a case file"),
        (MAPPING.replace("columns:", "colums:"), 3, "colums"),
        (MAPPING.replace("split:", "spilt:"), 3, "spilt"),
    ],
)
def test_a_mapping_that_does_not_fit_is_told_before_anything_is_decided(
    mapping: str, code: int, said: str, tmp_path: Path
) -> None:
    source, file = _sheet(tmp_path, "28/02/2004,REF,amal;yusuf,2025-02-28,,", mapping=mapping)
    result = run(source, "--mapping", file, "-o", tmp_path / "out.jsonl")
    assert result.exit_code == code
    assert re.search(said, result.output), result.output
    assert not (tmp_path / "out.jsonl").exists()


def test_a_sheet_of_results_has_a_row_for_each_and_lists_in_cells(tmp_path: Path) -> None:
    source = lines(tmp_path / "in.jsonl", [case(9), case(1)])
    assert run(source, "-o", tmp_path / "out.csv", "--piece", 1).exit_code == 0
    assert run(source, "-o", tmp_path / "out.jsonl").exit_code == 0
    sheet, plain = rows(tmp_path / "out.csv"), rows(tmp_path / "out.jsonl")
    assert [row["failing"] for row in sheet] == [";".join(row["failing"]) for row in plain]
    assert [row["row"] for row in sheet] == [str(row["row"]) for row in plain]


# -- faults ------------------------------------------------------------------------------------------------------------


def test_faulty_rows_are_told_with_their_line_and_counted_and_stop_nothing(tmp_path: Path) -> None:
    good = json.dumps(case(1))
    bad = json.dumps({"persons": {"amal": {"born": "2004-02-30"}}, "unoins": []})
    text = "\n".join([good, "", "{", bad, "[]", '{"persons": {}, "persons": {}}', '{"a": NaN}', "  ", good])
    (tmp_path / "in.jsonl").write_bytes(b"\xef\xbb\xbf" + text.encode() + b"\n\xff\xfe\n")
    result = run(tmp_path / "in.jsonl", "-o", tmp_path / "out.jsonl", "--piece", 1, "--format", "json")
    assert result.exit_code == 1, result.output
    told = json.loads(result.stdout)
    assert (told["read"], told["decided"], told["faulty"]) == (8, 2, 6)
    assert {row["row"]: row["line"] for row in rows(tmp_path / "out.jsonl")} == {1: 1, 7: 9}
    errors = rows(tmp_path / "out.jsonl.errors.jsonl")
    assert [(e["row"], e["line"], e["code"], e["path"]) for e in errors] == [
        (2, 3, "batch_not_json", ""),
        (3, 4, "no_such_day", "persons.amal.born"),
        (3, 4, "unknown_key", "unoins"),
        (4, 5, "not_a_mapping", ""),
        (5, 6, "duplicate_key", ""),
        (6, 7, "batch_not_json", ""),
        (8, 10, "not_utf8", ""),
    ]
    assert "unions" in errors[2]["message"]
    assert sum(fault["count"] for fault in told["faults"]) == len(errors)


@pytest.mark.parametrize("name", ["in.jsonl.gz", "in.jsonl.zst"])
def test_what_stands_before_the_break_of_a_packed_file_is_decided(name: str, tmp_path: Path) -> None:
    plain = lines(tmp_path / "plain", [case(n) for n in range(30)]).read_bytes()
    whole = _packed(tmp_path / name, plain).read_bytes()
    (tmp_path / name).write_bytes(whole[: -len(whole) // 3])
    result = run(tmp_path / name, "-o", tmp_path / "out.jsonl", "--format", "json")
    assert result.exit_code == 1, result.output
    *_, last = rows(tmp_path / "out.jsonl.errors.jsonl")
    assert last["code"] == "batch_cut_off"
    told = json.loads(result.stdout)
    assert told["read"] == told["decided"] + told["faulty"]


def test_a_parquet_file_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "in.parquet").write_bytes(b"PAR1 and nothing else")
    source = lines(tmp_path / "in.jsonl", [case(1)])
    result = run(tmp_path / "in.parquet", source, "-o", tmp_path / "out.jsonl")
    assert result.exit_code == 1
    (error,) = rows(tmp_path / "out.jsonl.errors.jsonl")
    assert (error["row"], error["code"]) == (1, "batch_cut_off")
    assert {row["row"] for row in rows(tmp_path / "out.jsonl")} == {2}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nothing.jsonl", "-o", "out.jsonl"), "there is no file or folder nothing.jsonl"),
        (("case.txt", "-o", "out.jsonl"), "the ending of case.txt"),
        (("empty", "-o", "out.jsonl"), "the folder empty holds no cases"),
        (("in.jsonl", "-o", "out.xlsx"), "the ending of out.xlsx"),
        (("in.jsonl", "-o", "there.jsonl"), "--force"),
        (("in.jsonl", "-o", "no/folder/out.jsonl"), "no/folder"),
        (("in.jsonl", "-o", "out.jsonl", "--reading", "ipf_nothing=yes"), "ipf_nothing"),
        (("nowhere://in.jsonl", "-o", "out.jsonl"), "nowhere"),
    ],
)
def test_a_command_that_cannot_be_carried_out_ends_with_code_2(
    words: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lines(tmp_path / "in.jsonl", [case(1)])
    for name in ("case.txt", "there.jsonl"):
        (tmp_path / name).write_text("", "utf-8")
    (tmp_path / "empty").mkdir()
    result = run(*words)
    assert result.exit_code == 2, result.output
    assert said in result.output
    assert not (tmp_path / "out.jsonl").exists()


# -- the summary -------------------------------------------------------------------------------------------------------


def test_the_summary_says_who_missed_by_how_little_and_what_is_open(tmp_path: Path) -> None:
    cases = [case(n) for n in range(20)]
    del cases[0]["persons"]["amal"]["born"]
    source = lines(tmp_path / "in.jsonl", cases)
    result = run(source, "-o", tmp_path / "out.jsonl")
    assert result.exit_code == 0, result.output
    assert "20 cases read, 20 decided, 0 faulty" in result.stdout
    text = " ".join(result.stdout.split())
    assert "11 both partners had reached the minimum age when the applicant applied" in text
    assert "8 by at most 7 days; 11 by at most 30 days" in text
    assert "20 persons.*.protection.applied" in text
    assert "2 persons.*.born" in text, "on each of two routes"
    assert not (tmp_path / "out.jsonl.errors.jsonl").exists()


def test_nothing_of_the_progress_is_seen_in_a_pipe(tmp_path: Path) -> None:
    source = lines(tmp_path / "in.jsonl", [case(1)])
    done = command(source, "-o", tmp_path / "out.jsonl")
    assert done.returncode == 0
    assert done.stderr == ""


# -- runs that are broken off ------------------------------------------------------------------------------------------


def words(*more: str | Path) -> list[str]:
    return [sys.executable, "-m", "reasoner", "batch", *map(str, more)]


def command(*more: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words(*more), capture_output=True, encoding="utf-8", check=False, **options)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    """An archive of many pieces with faults in it, and its outputs when nothing goes wrong."""
    folder = tmp_path_factory.mktemp("archive")
    found: list[Any] = [case(n % 10) for n in range(60)]
    found[7] = found[40] = {"persons": {}}
    source = lines(folder / "in.jsonl", found)
    outputs = {}
    for ending in ("jsonl", "parquet"):
        done = run(source, "-o", folder / f"out.{ending}", "--piece", 2, "--as-of", DAY)
        assert done.exit_code == 1, done.output
        for name in (f"out.{ending}", f"out.{ending}.errors.jsonl", f"out.{ending}.fragments.jsonl"):
            outputs[name] = (folder / name).read_bytes()
    return source, outputs


def begun(process: subprocess.Popen[str], output: Path, pieces: int) -> None:
    """Waits until a run has stored some pieces, in a journal or as objects."""
    folder = Path(workplace(str(output)))
    journal = folder / "journal.jsonl"
    for _ in range(3000):
        if process.poll() is not None:
            break
        notes = journal.read_bytes().count(b"\n") if journal.is_file() else 0
        if notes + sum(1 for path in folder.glob("*") if path.name.isdigit()) > pieces:
            return
        time.sleep(0.02)
    pytest.fail("the run ended too early, or did not begin")


def broken_off_and_gone_on(given: tuple[Any, ...], output: Path, end: signal.Signals, more: tuple[str, ...]) -> None:
    """Ends a run in the middle, and has it go on until it is complete."""
    process = subprocess.Popen(words(*given, *more), stderr=subprocess.PIPE, text=True, start_new_session=True)
    begun(process, output, 5)
    os.kill(process.pid, end)
    _, said = process.communicate()
    assert not output.exists()
    if end == signal.SIGINT:
        assert process.returncode == 1
        assert "--resume" in said
        assert "Traceback" not in said
    again = command(*given)
    assert again.returncode == 2, "an unfinished run must not be overwritten"
    assert "--resume" in again.stderr
    done = command(*given, "--resume")
    assert done.returncode == 1, done.stderr
    assert "60 cases read, 58 decided, 2 faulty" in done.stdout


@pytest.mark.parametrize(
    ("ending", "end", "more"),
    [
        ("jsonl", signal.SIGKILL, ()),
        ("parquet", signal.SIGKILL, ("--workers", "2")),
        ("parquet", signal.SIGINT, ()),
        ("jsonl", signal.SIGINT, ("--workers", "2")),
    ],
)
def test_a_run_that_was_broken_off_goes_on_without_losing_or_repeating_a_row(
    ending: str, end: signal.Signals, more: tuple[str, ...], archive: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    source, expected = archive
    output = tmp_path / f"out.{ending}"
    broken_off_and_gone_on((source, "-o", output, "--piece", "2", "--as-of", DAY), output, end, more)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        name: content for name, content in expected.items() if name.startswith(output.name)
    }


@pytest.mark.parametrize("pieces", [0, 3])
def test_control_c_reaches_workers_as_well_and_none_of_them_complains(
    pieces: int, archive: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    source, _ = archive
    output = tmp_path / "out.jsonl"
    given = words(source, "-o", output, "--piece", "1", "--as-of", DAY, "--workers", "2")
    process = subprocess.Popen(given, stderr=subprocess.PIPE, text=True, start_new_session=True)
    begun(process, output, pieces)
    time.sleep(0.2)  # with nothing written yet, the workers are about to start
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    _, said = process.communicate()
    assert process.returncode == 1
    assert said == f"interrupted; {output} is not complete. The same command with --resume goes on.\n"


def _small_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))


def test_a_full_disk_leaves_no_half_written_output_and_the_run_goes_on_later(
    archive: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    source, expected = archive
    output = tmp_path / "out.jsonl"
    given = (source, "-o", output, "--piece", "2", "--as-of", DAY)
    full = command(*given, preexec_fn=_small_files)
    assert full.returncode == 1, full.stderr
    assert "Traceback" not in full.stderr
    assert "--resume" in full.stderr
    assert not output.exists()
    assert command(*given, "--resume").returncode == 1
    assert output.read_bytes() == expected["out.jsonl"]


def test_a_run_is_gone_on_with_only_as_it_was_begun(archive: tuple[Path, dict[str, bytes]], tmp_path: Path) -> None:
    source, _ = archive
    output = tmp_path / "out.jsonl"
    full = command(source, "-o", output, "--piece", "2", "--as-of", DAY, preexec_fn=_small_files)
    assert full.returncode == 1
    other = command(source, "-o", output, "--piece", "3", "--as-of", "2025-03-11", "--resume")
    assert other.returncode == 2
    assert "as_of, size" in other.stderr


def test_workers_give_the_same_output_in_the_same_order(archive: tuple[Path, dict[str, bytes]], tmp_path: Path) -> None:
    source, expected = archive
    done = command(source, "-o", tmp_path / "out.parquet", "--piece", "2", "--as-of", DAY, "--workers", "2")
    assert done.returncode == 1, done.stderr
    assert (tmp_path / "out.parquet").read_bytes() == expected["out.parquet"]


def test_an_output_is_replaced_only_when_asked(tmp_path: Path) -> None:
    source = lines(tmp_path / "in.jsonl", [case(1)])
    (tmp_path / "out.jsonl").write_text("before", "utf-8")
    assert run(source, "-o", tmp_path / "out.jsonl", "--force").exit_code == 0
    assert {row["row"] for row in rows(tmp_path / "out.jsonl")} == {1}


def test_a_case_that_opens_no_route_is_counted_though_it_has_no_row(tmp_path: Path) -> None:
    source = lines(tmp_path / "in.jsonl", [case(1), {"persons": {"amal": {"born": "2000-01-01"}}}])
    result = run(source, "-o", tmp_path / "out.jsonl")
    assert result.exit_code == 0, result.output
    assert "2 cases read, 2 decided, 0 faulty" in result.stdout
    assert "1 of them open no route for anybody and have no row" in result.stdout
    assert {row["row"] for row in rows(tmp_path / "out.jsonl")} == {1}


def test_no_faults_are_an_empty_file_where_one_was_named_and_no_file_otherwise(tmp_path: Path) -> None:
    source = lines(tmp_path / "in.jsonl", [case(1)])
    (tmp_path / "out.jsonl.errors.jsonl").write_text("of an older run", "utf-8")
    assert run(source, "-o", tmp_path / "out.jsonl").exit_code == 0
    assert not (tmp_path / "out.jsonl.errors.jsonl").exists()
    assert run(source, "-o", tmp_path / "out.jsonl", "--force", "--errors", tmp_path / "bad.jsonl").exit_code == 0
    assert (tmp_path / "bad.jsonl").read_text("utf-8") == ""


# -- reasons -----------------------------------------------------------------------------------------------------------


def explained(*more: str | Path) -> Any:
    return CliRunner().invoke(app, ["explain", *map(str, more)], env={"COLUMNS": "80", "NO_COLOR": "1"})


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Outputs of every form whose archive is gone."""
    folder = tmp_path_factory.mktemp("stored")
    source = lines(folder / "in.jsonl", [case(n) for n in (1, 9)])
    for ending in ("parquet", "jsonl", "csv", "jsonl.gz", "csv.zst"):
        assert run(source, "-o", folder / f"out.{ending}", "--as-of", DAY).exit_code == 0
    source.unlink()
    return folder  # type: ignore[return-value]


@pytest.mark.parametrize("ending", ["parquet", "jsonl", "csv", "jsonl.gz", "csv.zst"])
def test_every_output_holds_the_reasons_of_its_rows(ending: str, stored: Path) -> None:
    result = explained(stored / f"out.{ending}", "--row", 2, "--route", "ip_spouse", "--condition", "minimum_age")
    assert result.exit_code == 0, result.output
    text = " ".join(result.stdout.replace("│", " ").split())
    assert "both partners had reached the minimum age when amal applied (1 day short)" in text
    assert "the day amal turns 21 is later than amal's application" in text
    assert "married" not in text
    assert "housing" not in text, "only the condition that was asked for"


def test_a_row_is_explained_with_its_days_where_the_archive_is_at_hand(tmp_path: Path) -> None:
    source = lines(tmp_path / "in.jsonl", [case(n) for n in (1, 9)])
    assert run(source, "-o", tmp_path / "out.parquet", "--as-of", DAY).exit_code == 0
    asked = (tmp_path / "out.parquet", "--row", 2, "--person", "amal", "--route", "ip_spouse")
    assert "(2025-03-01) is 1 day after Amal's application (2025-02-28)" in " ".join(
        explained(*asked).stdout.replace("│", " ").split()
    )
    lines(source, [case(n) for n in (1, 2, 9)])  # no longer the archive that was decided
    assert "2025-03-01" not in explained(*asked).stdout


def test_fragments_are_stored_once_and_every_row_finds_its_own(archive: tuple[Path, dict[str, bytes]]) -> None:
    _, outputs = archive
    head, *fragments = map(json.loads, outputs["out.jsonl.fragments.jsonl"].splitlines())
    assert head["rules"]["digest"] == Engine().law.digest
    assert head["as_of"] == DAY
    numbers = [fragment["fragment"] for fragment in fragments]
    assert len(numbers) == len(set(numbers))
    assert len(numbers) < 60, "a few for many cases"
    found = [json.loads(line) for line in outputs["out.jsonl"].splitlines()]
    assert {n for row in found for n in (row["fragment"], *row["conditions"], *row["documents"])} == set(numbers)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("out.jsonl", "--row", "99"), "no decided case with the number 99"),
        (("gone.jsonl", "--row", "1"), "is no complete output"),
        (("out.txt", "--row", "1"), "the ending of"),
        (("out.jsonl", "--row", "1", "--person", "amla"), "amal"),
    ],
)
def test_a_row_that_there_is_not_is_told(words: tuple[str, ...], said: str, stored: Path) -> None:
    result = explained(stored / words[0], *words[1:])
    assert result.exit_code == 2, result.output
    assert said in result.output


def test_a_parquet_file_joined_from_many_pieces_holds_the_rows_of_all(
    archive: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    _, outputs = archive
    (tmp_path / "out.parquet").write_bytes(outputs["out.parquet"])
    assert pq.ParquetFile(tmp_path / "out.parquet").metadata.num_row_groups > 10
    assert rows(tmp_path / "out.parquet") == [json.loads(line) for line in outputs["out.jsonl"].splitlines()]


@pytest.mark.parametrize("number", [1, 14, 15, 300])
def test_parquet_files_are_joined_by_their_bytes(number: int, tmp_path: Path) -> None:
    tables = [
        pa.table({"n": [n, None], "words": [[str(n), "x"], []], "day": [date(2025, 1, 1), None]}) for n in range(number)
    ]
    content, parts = footer.MAGIC, []
    for table in tables:
        stream = io.BytesIO()
        pq.write_table(table, stream)
        body, end = footer.split(stream.getvalue())
        parts.append((len(content), end))
        content += body
    (tmp_path / "joined.parquet").write_bytes(content + footer.joined(parts))
    assert pq.read_table(tmp_path / "joined.parquet").to_pylist() == pa.concat_tables(tables).to_pylist()
    assert pq.ParquetFile(tmp_path / "joined.parquet").metadata.num_row_groups == number
    last = pq.read_table(tmp_path / "joined.parquet", filters=[("n", "=", number - 1)])
    assert last["words"].to_pylist() == [[str(number - 1), "x"]]


def test_without_reasons_there_are_results_and_no_explanations(tmp_path: Path) -> None:
    source = lines(tmp_path / "in.jsonl", [case(9)])
    assert run(source, "-o", tmp_path / "out.jsonl", "--no-reasons", "--as-of", DAY).exit_code == 0
    assert {row["fragment"] for row in rows(tmp_path / "out.jsonl")} == {None}
    assert len((tmp_path / "out.jsonl.fragments.jsonl").read_text("utf-8").splitlines()) == 1
    source.unlink()
    result = explained(tmp_path / "out.jsonl", "--row", 1, "--route", "ip_spouse")
    assert result.exit_code == 0, result.output
    assert "not eligible (applied 2025-02-28" in result.stdout


# -- stories -----------------------------------------------------------------------------------------------------------

STORIES = sorted(path.parent for path in Path(__file__).parent.parent.glob("examples/archives/*/README.md"))
CODES = {"spouses": [1, 0], "children": [0, 0]}


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.name)
def test_the_commands_of_a_story_print_what_its_readme_shows(
    story: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(story, tmp_path, dirs_exist_ok=True)
    shutil.copytree(story.parent.parent / "reforms/window-six-months", tmp_path / "window-six-months")
    monkeypatch.chdir(tmp_path)
    codes = []
    for block in BLOCK.findall((story / "README.md").read_text("utf-8")):
        command, shown = block.split("\n", 1)
        result = CliRunner().invoke(app, shlex.split(command)[2:], env={"COLUMNS": "80", "NO_COLOR": "1"})
        codes.append(result.exit_code)
        assert missing_from(result.stdout, shown) is None, f"the output has changed; now it is\n{result.stdout}"
    assert codes == CODES[story.name]


# -- verification ------------------------------------------------------------------------------------------------------


def test_a_sample_is_decided_again_by_clingo(tmp_path: Path) -> None:
    cases = [case(n) for n in range(12)]
    cases[3]["persons"]["amal"]["born"] = "2004-03"
    source = lines(tmp_path / "in.jsonl", cases)
    result = run(source, "-o", tmp_path / "out.jsonl", "--verify", 4, "--piece", 1, "--as-of", DAY)
    assert result.exit_code == 0, result.output
    assert "4 cases drawn at random were decided again" in result.output


def test_a_difference_between_a_result_and_clingo_ends_with_code_4(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reasoner.batch import columnar
    from reasoner.batch.decider import schema

    source, right = lines(tmp_path / "in.jsonl", [case(n) for n in range(3)]), columnar.combined

    def wrong(fast: pa.Table, slow: pa.Table) -> pa.Table:
        rows = right(fast, slow).to_pylist()
        return pa.Table.from_pylist([row | {"failing": ["wrong"]} if row["case_row"] == 2 else row for row in rows],
                                    schema())  # fmt: skip

    monkeypatch.setattr(columnar, "combined", wrong)
    result = run(source, "-o", tmp_path / "out.jsonl", "--verify", 3)
    assert result.exit_code == 4, result.output
    assert "in.jsonl:3" in result.output
    assert not (tmp_path / "out.jsonl").exists()


def test_plain_clingo_notices_a_conclusion_that_does_not_follow() -> None:
    from reasoner.batch.slow import SlowDecider
    from reasoner.batch.verify import plainly

    decider = SlowDecider(Engine(), date.fromisoformat(DAY))
    (run,) = decider.decision(json.dumps(case(9)).encode()).runs
    assert plainly(run, decider)
    rails = run.rails
    number = run.program.number["not_eligible", "p2", "ip_spouse"]
    assert run.truth(number)
    rails.holds[number], rails.fails[number] = 0, 1
    assert not plainly(run, decider)


def test_the_sample_does_not_depend_on_how_an_archive_is_cut() -> None:
    from reasoner.batch.verify import Drawn, Sample, lot

    def sample(order: list[int]) -> list[int]:
        found = Sample(5)
        for number in order:
            list(found.add([Drawn(lot(number, 7), number, "", "", [])]))
        return [case.number for case in found.cases]

    assert sample(list(range(1000))) == sample(list(range(999, -1, -1)))
    assert len(set(sample(list(range(1000))))) == 5
    assert sample(list(range(1000))) != list(range(5))


def test_a_piece_is_read_while_the_one_before_it_is_worked_on() -> None:
    asked, goes_on = threading.Event(), threading.Event()

    def pieces() -> Iterator[Any]:
        yield "first"
        asked.set()
        goes_on.wait(60)
        yield "second"
        raise UsageError("batch_interrupted", name="an archive")

    found = ahead(pieces())
    assert next(found) == "first"
    assert asked.wait(60)  # nobody has asked for it yet
    goes_on.set()
    assert next(found) == "second"
    with pytest.raises(UsageError):
        next(found)


def test_who_stops_does_not_wait_for_what_is_being_read() -> None:
    goes_on = threading.Event()

    def pieces() -> Iterator[Any]:
        yield "first"
        goes_on.wait(60)

    found = ahead(pieces())
    assert next(found) == "first"
    begun = time.monotonic()
    found.close()
    assert time.monotonic() - begun < 30
    goes_on.set()
