"""Archives on storage that several machines share: outputs that appear whole, and runs that are gone on with there."""

from __future__ import annotations

import gzip
import io
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

pytest.importorskip("pyarrow")

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
from fsspec.implementations.memory import MemoryFile, MemoryFileSystem
from test_batch import DAY, _small_files, broken_off_and_gone_on, case, command, explained, lines, run, words
from test_batch import archive as archive

from reasoner.batch.places import places
from reasoner.batch.sources import Elsewhere, Piece, fetched, pieces

AWAY = "memory://results/"


@pytest.fixture
def memory() -> Iterator[MemoryFileSystem]:
    """A storage of objects in this process, empty."""
    system = fsspec.filesystem("memory")
    system.store.clear()
    system.pseudo_dirs[:] = [""]
    return system


def kept(memory: MemoryFileSystem) -> dict[str, bytes]:
    return {Path(path).name: memory.cat_file(path) for path in memory.find("/results")}


def of(expected: dict[str, bytes], name: str) -> dict[str, bytes]:
    return {key: content for key, content in expected.items() if key.startswith(name)}


def partial(memory: MemoryFileSystem) -> list[str]:
    return sorted(path for path in memory.find("/results") if ".partial/" in path)


@pytest.mark.parametrize("name", ["out.parquet", "out.jsonl"])
def test_an_output_elsewhere_is_byte_by_byte_the_one_written_here(
    name: str, memory: MemoryFileSystem, archive: tuple[Path, dict[str, bytes]]
) -> None:
    source, expected = archive
    result = run(source, "-o", AWAY + name, "--piece", 2, "--as-of", DAY)
    assert result.exit_code == 1, result.output
    assert "60 cases read, 58 decided, 2 faulty" in result.stdout
    assert f"Rows: {AWAY}{name}" in result.stdout
    assert kept(memory) == of(expected, name), "and nothing is left of the way there"


def test_an_archive_and_its_output_can_both_be_elsewhere(
    memory: MemoryFileSystem, archive: tuple[Path, dict[str, bytes]]
) -> None:
    source, expected = archive
    memory.pipe_file("/in.jsonl", source.read_bytes())
    result = run("memory://in.jsonl", "-o", f"{AWAY}out.parquet", "--piece", 2, "--as-of", DAY, "--verify", 3)
    assert result.exit_code == 1, result.output
    assert "3 cases drawn at random were decided again" in result.stdout
    table = pq.read_table(io.BytesIO(kept(memory)["out.parquet"]))
    assert set(table["source"].to_pylist()) == {"memory:///in.jsonl"}
    here = pq.read_table(io.BytesIO(expected["out.parquet"]))
    assert table.drop(["source"]).equals(here.drop(["source"]))


@pytest.mark.parametrize("ending", ["parquet", "jsonl", "csv.gz", "csv.zst"])
def test_a_row_elsewhere_is_explained(
    ending: str, memory: MemoryFileSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = lines(tmp_path / "in.jsonl", [case(n) for n in (1, 9)])
    assert run(source, "-o", f"{AWAY}out.{ending}", "--as-of", DAY).exit_code == 0
    monkeypatch.setattr(MemoryFile, "readline", None)  # S3 reads megabytes for each line, and throws them away
    monkeypatch.setattr(MemoryFile, "__next__", None)
    asked = (f"{AWAY}out.{ending}", "--row", 2, "--route", "ip_spouse", "--condition", "minimum_age")
    result = explained(*asked)
    assert "(2025-03-01) is 1 day after Amal's application" in " ".join(result.stdout.replace("│", " ").split())
    source.unlink()
    stored = explained(*asked)
    assert stored.exit_code == 0, stored.output
    assert "the day amal turns 21 is later than amal's application" in " ".join(stored.stdout.replace("│", " ").split())
    lost = explained(f"{AWAY}gone.{ending}", "--row", 2)
    assert lost.exit_code == 2
    assert "is no complete output" in lost.output


def test_faults_can_be_written_elsewhere_than_rows(memory: MemoryFileSystem, tmp_path: Path) -> None:
    source = lines(tmp_path / "in.jsonl", [case(1), {"persons": {}}])
    assert run(source, "-o", tmp_path / "out.jsonl", "--errors", f"{AWAY}bad.jsonl").exit_code == 1
    assert run(source, "-o", f"{AWAY}out.jsonl", "--errors", tmp_path / "bad.jsonl").exit_code == 1
    (error,) = map(json.loads, kept(memory)["bad.jsonl"].splitlines())
    assert error["row"] == 2
    assert (tmp_path / "bad.jsonl").read_bytes() == kept(memory)["bad.jsonl"]
    assert sorted(kept(memory)) == ["bad.jsonl", "out.jsonl", "out.jsonl.fragments.jsonl"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "bad.jsonl",
        "in.jsonl",
        "out.jsonl",
        "out.jsonl.fragments.jsonl",
    ]


def refusing(monkeypatch: pytest.MonkeyPatch, method: str, after: int) -> None:
    """Has the storage take some objects, or moves of objects, and no more."""
    whole, taken = getattr(MemoryFileSystem, method), list[str]()

    def full(self: Any, path: str, *more: Any, **options: Any) -> Any:
        taken.append(path)
        if len(taken) > after:
            raise OSError(28, "no space left", path)
        return whole(self, path, *more, **options)

    monkeypatch.setattr(MemoryFileSystem, method, full)


def broken_off(
    memory: MemoryFileSystem, monkeypatch: pytest.MonkeyPatch, given: tuple[Any, ...], method: str, after: int
) -> None:
    """Has a run break off when the storage has taken some objects, or is to move the first one."""
    with monkeypatch.context() as patched:
        refusing(patched, method, after)
        result = run(*given)
    assert result.exit_code == 1, result.output
    assert "no space left" in result.output
    assert "--resume" in result.output
    assert "out.parquet" not in kept(memory)


@pytest.mark.parametrize(("method", "after"), [("pipe_file", 1), ("pipe_file", 6), ("mv", 0), ("mv", 1), ("mv", 2)])
def test_a_run_that_storage_broke_off_goes_on_there(
    method: str, after: int, memory: MemoryFileSystem, archive: tuple[Path, dict[str, bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    source, expected = archive
    given = (source, "-o", f"{AWAY}out.parquet", "--piece", 2, "--as-of", DAY)
    broken_off(memory, monkeypatch, given, method, after)
    again = run(*given)
    assert again.exit_code == 2, "an unfinished run must not be overwritten"
    result = run(*given, "--resume")
    assert result.exit_code == 1, result.output
    assert "60 cases read, 58 decided, 2 faulty" in result.stdout
    assert kept(memory) == of(expected, "out.parquet")


def test_an_object_that_is_not_whole_is_decided_again(
    memory: MemoryFileSystem, archive: tuple[Path, dict[str, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, expected = archive
    given = (source, "-o", f"{AWAY}out.parquet", "--piece", 2, "--as-of", DAY)
    broken_off(memory, monkeypatch, given, "pipe_file", 9)
    *_, third, second, last = partial(memory)
    memory.pipe_file(last, b"")
    memory.pipe_file(second, memory.cat_file(second)[:-1])
    memory.pipe_file(third, memory.cat_file(third)[:40])
    assert run(*given, "--resume").exit_code == 1
    assert kept(memory) == of(expected, "out.parquet")


def test_a_run_elsewhere_is_gone_on_with_only_as_it_was_begun(
    memory: MemoryFileSystem, archive: tuple[Path, dict[str, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, _ = archive
    broken_off(memory, monkeypatch, (source, "-o", f"{AWAY}out.parquet", "--piece", 2, "--as-of", DAY), "pipe_file", 4)
    left = partial(memory)
    other = run(source, "-o", f"{AWAY}out.parquet", "--piece", 3, "--as-of", "2025-03-11", "--resume")
    assert other.exit_code == 2
    assert "as_of, size" in other.output
    assert partial(memory) == left


def test_an_output_elsewhere_is_replaced_only_when_asked(memory: MemoryFileSystem, tmp_path: Path) -> None:
    source = lines(tmp_path / "in.jsonl", [case(1)])
    memory.pipe_file("/results/out.jsonl", b"before")
    memory.pipe_file("/results/out.jsonl.errors.jsonl", b"of an older run")
    refused = run(source, "-o", f"{AWAY}out.jsonl")
    assert refused.exit_code == 2
    assert "--force" in refused.output
    assert kept(memory)["out.jsonl"] == b"before"
    assert run(source, "-o", f"{AWAY}out.jsonl", "--force").exit_code == 0
    assert {json.loads(line)["row"] for line in kept(memory)["out.jsonl"].splitlines()} == {1}
    assert "out.jsonl.errors.jsonl" not in kept(memory)


# -- pieces that workers read themselves -------------------------------------------------------------------------------


def inputs(folder: Path) -> dict[str, list[str]]:
    """An archive of each form; in lines a mark, blank lines, one that is no case and one without an end."""
    cases = [case(n) for n in range(40)]
    text = "\n".join([json.dumps(found) for found in cases[:20]] + ["", " ", "{"] + [json.dumps(c) for c in cases[20:]])
    (folder / "in.jsonl").write_bytes(b"\xef\xbb\xbf" + text.encode())
    (folder / "in.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    (folder / "in.csv").write_text("a,b\n" + "1,2\n" * 5000, "utf-8")
    table = pa.Table.from_pylist([{"case": str(n), "persons": [{"id": "a", "born": "2000"}]} for n in range(400)])
    pq.write_table(table, folder / "small.parquet", row_group_size=7)
    pq.write_table(table, folder / "large.parquet")
    (folder / "files").mkdir()
    for number, found in enumerate(cases):
        (folder / "files" / f"{number:02d}.json").write_text(json.dumps(found), "utf-8")
    names = ["in.jsonl", "small.parquet", "files", "in.jsonl.gz", "in.csv", "large.parquet"]
    return {name: [(folder / name).as_uri()] for name in names}


def seen(piece: Piece) -> Any:
    rows = piece.rows.to_pylist() if isinstance(piece.rows, pa.Table) else list(piece.rows)
    return piece.number, piece.kind, piece.first, piece.size, piece.read, piece.origin, piece.broken, piece.header, rows


def test_pieces_that_workers_read_are_those_that_would_have_been_sent(tmp_path: Path) -> None:
    for name, addresses in inputs(tmp_path).items():
        files = places(addresses)
        sent, away = list(pieces(files, 2048)), list(pieces(files, 2048, apart=True))
        assert len(sent) > 1, name
        without = all(isinstance(piece.rows, Elsewhere) for piece in away)
        assert without == (name in ("in.jsonl", "small.parquet", "files")), name
        assert [piece.size for piece in away] == [piece.size for piece in sent]
        assert list(map(seen, map(fetched, away))) == list(map(seen, sent)), name


def test_what_only_this_process_has_is_sent(memory: MemoryFileSystem, tmp_path: Path) -> None:
    memory.pipe_file("/in.jsonl", json.dumps(case(1)).encode())
    source = lines(tmp_path / "in.jsonl", [case(1)])
    for name in ("memory://in.jsonl", str(source)):
        (piece,) = pieces(places([name]), apart=True)
        assert piece.rows == [json.dumps(case(1)).encode()]


def test_a_file_that_changes_under_a_run_is_told(tmp_path: Path) -> None:
    source = lines(tmp_path / "in.jsonl", [case(n) for n in range(40)])
    away = list(pieces(places([source.as_uri()]), 2048, apart=True))
    source.write_bytes(source.read_bytes()[:5000])
    with pytest.raises(OSError, match="was changed while it was read"):
        list(map(fetched, away))


def test_a_case_file_that_is_gone_is_a_fault_wherever_it_is_read(tmp_path: Path) -> None:
    files = places(inputs(tmp_path)["files"])
    away = list(pieces(files, 2048, apart=True))
    (tmp_path / "files" / "01.json").unlink()
    assert list(map(seen, map(fetched, away))) == list(map(seen, pieces(files, 2048)))
    assert fetched(away[0]).broken[0].code == "file_unreadable"


# -- between processes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ending", "end", "more"),
    [("jsonl", signal.SIGKILL, ("--workers", "2")), ("parquet", signal.SIGKILL, ()), ("parquet", signal.SIGINT, ())],
)
def test_a_run_on_shared_storage_that_was_killed_goes_on(
    ending: str, end: signal.Signals, more: tuple[str, ...], archive: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    source, expected = archive
    output = tmp_path / f"out.{ending}"
    broken_off_and_gone_on((source, "-o", output.as_uri(), "--piece", "2", "--as-of", DAY), output, end, more)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == of(expected, output.name)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A bucket, empty, of a server that speaks the protocol of S3."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    told = {"ACCESS_KEY_ID": "id", "SECRET_ACCESS_KEY": "key", "DEFAULT_REGION": "us-east-1"}
    for name, value in {**told, "ENDPOINT_URL": f"http://{host}:{port}"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    fsspec.filesystem("s3").clear_instance_cache()
    system = fsspec.filesystem("s3")
    system.mkdir("archive")
    yield system
    urlopen(f"http://{host}:{port}/moto-api/reset", data=b"")
    server.stop()


@pytest.mark.parametrize(("ending", "more"), [("parquet", ()), ("jsonl", ("--workers", "2"))])
def test_a_run_in_a_bucket_that_was_killed_goes_on(
    ending: str, more: tuple[str, ...], bucket: Any, archive: tuple[Path, dict[str, bytes]]
) -> None:
    source, expected = archive
    name = f"archive/out.{ending}"
    given = (source, "-o", f"s3://{name}", "--piece", "2", "--as-of", DAY)
    process = subprocess.Popen(words(*given, *more), start_new_session=True)
    while len(bucket.find(f"{name}.partial", refresh=True) if bucket.exists(f"{name}.partial") else ()) < 5:
        assert process.poll() is None, "there is nothing left to be broken off"
        bucket.invalidate_cache()
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    done = command(*given, "--resume")
    assert done.returncode == 1, done.stderr
    assert {Path(path).name: bucket.cat_file(path) for path in bucket.find("archive", refresh=True)} == of(
        expected, f"out.{ending}"
    )


def test_an_archive_in_a_bucket_is_read_and_a_row_of_it_explained(
    bucket: Any, archive: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    source, expected = archive
    bucket.put(str(source), "archive/in.jsonl")
    assert command("s3://archive", "-o", tmp_path / "out.jsonl", "--as-of", DAY).returncode == 1
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_bytes().splitlines()]
    assert {row.pop("source") for row in rows} == {"s3://archive/in.jsonl"}
    here = [json.loads(line) for line in expected["out.jsonl"].splitlines()]
    assert rows == [{key: value for key, value in row.items() if key != "source"} for row in here]
    result = explained(tmp_path / "out.jsonl", "--row", rows[-1]["row"])
    assert result.exit_code == 0, result.output
    assert "Taken from silence" in result.stdout, "which the case alone says, and no stored reason"


def test_full_storage_leaves_no_half_written_output(archive: tuple[Path, dict[str, bytes]], tmp_path: Path) -> None:
    source, expected = archive
    output = tmp_path / "out.jsonl"
    given = (source, "-o", output.as_uri(), "--piece", "2", "--as-of", DAY)
    full = command(*given, preexec_fn=_small_files)
    assert full.returncode == 1, full.stderr
    assert "Traceback" not in full.stderr
    assert "--resume" in full.stderr
    assert not output.exists()
    assert command(*given, "--resume").returncode == 1
    assert output.read_bytes() == expected["out.jsonl"]


def test_a_run_that_cannot_even_begin_leaves_nothing(
    memory: MemoryFileSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = lines(tmp_path / "in.jsonl", [case(1)])
    with monkeypatch.context() as patched:
        refusing(patched, "pipe_file", 0)
        result = run(source, "-o", f"{AWAY}out.jsonl")
    assert result.exit_code == 2
    assert "no space left" in result.output
    assert run(source, "-o", f"{AWAY}out.jsonl").exit_code == 0


def test_a_folder_that_there_is_not_is_told(tmp_path: Path) -> None:
    source = lines(tmp_path / "in.jsonl", [case(1)])
    done = command(source, "-o", (tmp_path / "no" / "out.jsonl").as_uri())
    assert done.returncode == 2
    assert "no/out.jsonl" in done.stderr
    assert "Traceback" not in done.stderr
