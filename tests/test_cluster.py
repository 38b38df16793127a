"""A run on a real Dask cluster of which a worker dies in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("distributed")

from test_batch import DAY, begun, command, lines, words
from test_batch import archive as archive
from test_impact import WINDOW, young

DASK = [sys.executable, "-m", "dask"]


class Cluster:
    """A scheduler and two workers, as processes of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.processes = folder, list[subprocess.Popen[bytes]]()
        log = open(folder / "log", "wb")  # noqa: SIM115
        self.log = log
        scheduler = folder / "scheduler.json"
        options = ["--scheduler-file", str(scheduler), "--no-dashboard"]
        self._start("scheduler", "--host", "127.0.0.1", "--port", "0", *options)
        self._until(scheduler.is_file)
        for name in ("one", "two"):
            place = ["--local-directory", str(folder / name), "--name", name]
            self._start("worker", *options, "--no-nanny", "--nthreads", "1", *place)
        import json

        self.address = json.loads(scheduler.read_text())["address"]
        self._until(lambda: (folder / "log").read_bytes().count(b"Registered to") == 2)

    def _start(self, *options: str) -> None:
        self.processes.append(subprocess.Popen([*DASK, *options], stdout=self.log, stderr=self.log))

    @staticmethod
    def _until(ready: object) -> None:
        for _ in range(1200):
            if ready():  # type: ignore[operator]
                return
            time.sleep(0.05)
        pytest.fail("the cluster did not start")

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
        self.log.close()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    found = Cluster(tmp_path_factory.mktemp("cluster"))
    yield found
    found.end()


def test_a_worker_that_dies_in_the_middle_neither_loses_nor_repeats_a_row(
    cluster: Cluster, archive: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    source, expected = archive
    output = tmp_path / "out.parquet"
    given = (source, "-o", output, "--piece", "2", "--as-of", DAY, "--scheduler", cluster.address)
    process = subprocess.Popen(words(*given), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    begun(process, output, 4)
    os.kill(cluster.processes[1].pid, signal.SIGKILL)
    said, faults = process.communicate(timeout=300)
    assert process.returncode == 1, faults
    assert "60 cases read, 58 decided, 2 faulty" in said
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        name: content for name, content in expected.items() if name.startswith("out.parquet")
    }


def test_workers_read_an_archive_on_shared_storage_and_its_output_grows_there(
    cluster: Cluster, archive: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    source, expected = archive
    output = tmp_path / "out.jsonl"
    given = (source.as_uri(), "-o", output.as_uri(), "--piece", "2", "--as-of", DAY, "--scheduler", cluster.address)
    done = command(*given)
    assert done.returncode == 1, done.stderr
    assert "60 cases read, 58 decided, 2 faulty" in done.stdout
    rows = expected["out.jsonl"].replace(f'"source":"{source}"'.encode(), f'"source":"{source.as_uri()}"'.encode())
    assert output.read_bytes() == rows
    assert len(list(tmp_path.iterdir())) == 3


def test_the_impact_of_a_reform_is_the_same_on_a_cluster(cluster: Cluster, tmp_path: Path) -> None:
    source = lines(tmp_path / "in.jsonl", [young(n) for n in range(28, 36)])
    words = ("impact", source.as_uri(), "--reform", WINDOW, "--format", "json", "--piece", "1")
    alone, together = (
        subprocess.run([sys.executable, "-m", "reasoner", *map(str, words), *more], capture_output=True, check=False)
        for more in ([], ["--scheduler", cluster.address])
    )
    assert together.returncode == 0, together.stderr
    assert together.stdout == alone.stdout
    assert b'"changed": 8' in alone.stdout


def test_an_address_at_which_nothing_answers_is_told(archive: tuple[Path, dict[str, bytes]], tmp_path: Path) -> None:
    source, _ = archive
    done = command(source, "-o", tmp_path / "out.jsonl", "--scheduler", "tcp://127.0.0.1:9")
    assert done.returncode == 2
    assert "no scheduler answers at tcp://127.0.0.1:9" in done.stderr
    assert "Traceback" not in done.stderr
