"""Archives of cases: against reading and writing alone, against other systems, and as archives grow.

    pip install '.[batch,benchmarks]'
    python benchmarks/batch.py [--cases N] [--max N] [--runs N] [--growth]

Everybody computes the small law of benchmarks/peers/law; before anything is timed, all have to agree on every outcome
of random cases and of cases on every limit (docs/decisions/0061-peers.md). Each figure is the fastest of some whole
processes, start-up included, and each ratio is to `reasoner batch` with reasons on the same input, run in turn with
the others. What is not installed is left out, and said so.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

PEERS = Path(__file__).parent / "peers"
sys.path.insert(0, str(PEERS))
ONE_BY_ONE = 1000  # cases for what decides them one by one, and so takes long


class Taken(NamedTuple):
    """What a process took: seconds by the clock, seconds of work, peak memory in MiB."""

    wall: float
    work: float
    memory: float


class Way(NamedTuple):
    """A way to decide the cases of a file: the command, what it needs, what it writes, how many cases it decides."""

    name: str
    command: list[str]
    needs: str
    output: str
    limit: int | None = None


def process(command: list[str], **environment: str) -> Taken:
    """Runs a command; one that fails ends everything."""
    begun = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, *command], env={**os.environ, **environment}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    told = child.stderr.read() if child.stderr else b""
    _, status, used = os.wait4(child.pid, 0)
    wall = time.perf_counter() - begun
    if status:
        sys.exit(f"{' '.join(command)} failed:\n{told.decode()}")
    return Taken(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def ours(name: str, source: str, output: str, *options: str) -> Way:
    command = [str(PEERS / "ours.py"), "batch", source, "-o", output, "--force", *options]
    return Way(name, command, "pyarrow", output)


def ways() -> dict[str, list[Way]]:
    """All ways by the file that they read; ours with reasons first."""
    nested, lines = "nested.parquet", "cases.jsonl"

    def query(form: str, threads: int) -> Way:
        output = f"{form}-{threads}.duckdb.parquet"
        name = f"DuckDB{' on its own flat file' if form == 'flat' else ''}, {threads} thread{'s' * (threads > 1)}"
        return Way(
            name, [str(PEERS / "duckdb_sql.py"), form, f"{form}.parquet", output, str(threads)], "duckdb", output
        )

    def peer(name: str, module: str, needs: str, limit: int | None = None) -> Way:
        output = f"{module}.txt"
        return Way(
            name, [str(PEERS / f"{module}.py"), lines, output, *([str(limit)] if limit else [])], needs, output, limit
        )

    return {
        nested: [
            ours("reasoner batch, reasons", nested, "ours.parquet"),
            ours("reasoner batch, no reasons", nested, "bare.parquet", "--no-reasons"),
            ours("reasoner batch, reasons, 2 workers", nested, "two.parquet", "--workers", "2"),
            *(query(form, threads) for form in ("nested", "flat") for threads in (1, 2)),
        ],
        lines: [
            ours("reasoner batch, reasons", lines, "ours.jsonl"),
            ours("reasoner batch, no reasons", lines, "bare.jsonl", "--no-reasons"),
            ours("reasoner batch, reasons, 2 workers", lines, "two.jsonl", "--workers", "2"),
            peer("plain Python", "plain", ""),
            peer("OpenFisca-Core", "openfisca_rules", "openfisca_core"),
            peer("clingo, case by case", "clingo_rules", "clingo", ONE_BY_ONE),
        ],
    }


def installed(way: Way) -> bool:
    return not way.needs or importlib.util.find_spec(way.needs) is not None


# -- agreement ---------------------------------------------------------------------------------------------------------


def outcomes(output: Path) -> list[str]:
    """For each case four digits: spouse eligible, spouse's file complete, child eligible, child's file complete."""
    if output.suffix == ".txt":
        return output.read_text(encoding="ascii").split()
    rows: list[dict[str, Any]]
    if output.suffix == ".parquet":
        import pyarrow.parquet as pq

        table = pq.read_table(output)
        if "row" not in table.column_names:
            columns = [column.to_pylist() for column in table.columns]
            return ["".join(str(int(value)) for value in values) for values in zip(*columns, strict=True)]
        rows = table.select(["row", "person", "result", "file"]).to_pylist()
    else:
        import json

        rows = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    found: dict[tuple[int, str], str] = {}
    for row in rows:
        found[row["row"], row["person"]] = f"{row['result'] == 'eligible':d}{row['file'] == 'complete':d}"
    return [found[row, "spouse"] + found[row, "child"] for row in sorted({row for row, _ in found})]


def agreement(random: int, edges: int) -> None:
    """Has all decide the same cases, and ends everything when two differ."""
    import cases

    for kind, count in (("random", random), ("edges", edges)):
        cases.write(getattr(cases, kind), count, 1, Path())
        listed = [way for each in ways().values() for way in each if installed(way)]
        for way in listed:
            process(way.command)
        expected = outcomes(Path(listed[0].output))
        for way in listed[1:]:
            found = outcomes(Path(way.output))
            wrong = [n for n, (one, other) in enumerate(zip(expected, found, strict=not way.limit)) if one != other]
            if wrong:
                line = Path("cases.jsonl").read_text(encoding="utf-8").splitlines()[wrong[0]]
                sys.exit(
                    f"{way.name} differs in {len(wrong)} cases: {found[wrong[0]]}, not {expected[wrong[0]]}, in\n{line}"
                )
        print(f"{count:,} cases ({kind}): {len(listed)} ways agree, on {len(set(expected))} different outcomes")


# -- times -------------------------------------------------------------------------------------------------------------


def fastest(runs: int, commands: Iterable[Callable[[], Taken]]) -> list[Taken]:
    """The least that each took, run in turn."""
    taken = [[each() for each in commands] for commands in [list(commands)] for _ in range(runs)]
    return [Taken(*map(min, zip(*column, strict=True))) for column in zip(*taken, strict=True)]


def compared(count: int, runs: int) -> None:
    """The times of all on the same random cases."""
    for source, listed in ways().items():
        print(f"\n{count:,} cases from {source:22} seconds   work   cases/s   x ours")
        there = [way for way in listed if installed(way)]
        taken = fastest(runs, [lambda way=way: process(way.command) for way in there])  # type: ignore[misc]
        base = taken[0].wall / count
        for way, each in zip(there, taken, strict=True):
            cases = way.limit or count
            speed = f"{each.wall:9.2f}{each.work:7.2f}{cases / each.wall:10,.0f}{each.wall / cases / base:9.2f}"
            print(f"{way.name:44}{speed}{f'   ({cases:,} cases)' if way.limit else ''}")
        for way in listed:
            if way not in there:
                print(f"{way.name:44}  left out: {way.needs} is not installed")


def alone(count: int, runs: int) -> None:
    """Ours against reading the same input and writing the same output."""
    print("\nAgainst reading and writing alone                  seconds   x alone")
    pairs = {"nested.parquet": ("ours.parquet", "bare.parquet"), "cases.jsonl": ("ours.jsonl", "bare.jsonl")}
    for source, outputs in pairs.items():
        needs = "pyarrow" if source.endswith(".parquet") else "msgspec"
        if importlib.util.find_spec(needs) is None:
            print(f"{needs}: left out, not installed")
            continue
        for output, options in zip(outputs, ((), ("--no-reasons",)), strict=True):
            way = ours("", source, output, *options)
            (ours_taken,) = fastest(runs, [lambda way=way: process(way.command)])  # type: ignore[misc]
            command = [sys.executable, str(PEERS / "alone.py"), source, output]
            bare = min(float(subprocess.run(command, check=True, capture_output=True).stdout) for _ in range(runs))
            print(f"{f'{needs} alone for {output}':48}{bare:9.2f}")
            print(f"{'  reasoner batch':48}{ours_taken.wall:9.2f}{ours_taken.wall / bare:9.2f}")
    way = ours("", "nested.parquet", "ours.parquet")
    taken = process(way.command, RULES_TIME="rules.txt")
    print(f"\nThe rules themselves: {float(Path('rules.txt').read_text()) / taken.wall:.2%} of the time")


def written(count: int) -> None:
    """Random cases in Parquet."""
    import cases

    cases.write(cases.random, count, 7, Path(), only="nested.parquet")


def growth(largest: int) -> None:
    """Time per case and peak memory as archives grow, with reasons, from Parquet."""
    print("Growth                                       seconds   µs/case   marginal   peak MiB")
    count, before = 10_000, (0, 0.0)
    while count <= largest:
        writing = get_context("spawn").Process(target=written, args=(count,))  # of this one's memory, its processes
        writing.start()  # would have as much, as the system counts it
        writing.join()
        taken = process(ours("", "nested.parquet", "ours.parquet").command)
        marginal = (taken.wall - before[1]) / (count - before[0]) * 1e6
        print(
            f"{count:>12,} cases {taken.wall:25.2f}{taken.wall / count * 1e6:10.1f}{marginal:11.1f}{taken.memory:11.0f}"
        )
        before, count = (count, taken.wall), count * 10


def main() -> None:
    """Prints all figures of one run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=100_000, help="cases for the comparisons")
    parser.add_argument("--check", type=int, default=5_000, help="cases of each kind that all have to agree on")
    parser.add_argument("--max", type=int, default=100_000, help="largest archive for the growth; 10000000 takes long")
    parser.add_argument("--runs", type=int, default=3, help="repetitions, of which the fastest counts")
    parser.add_argument("--growth", action="store_true", help="only how time and memory grow")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        growth(given.max)
        if not given.growth:
            import cases

            agreement(given.check, given.check)
            cases.write(cases.random, given.cases, 5, Path())
            compared(given.cases, given.runs)
            alone(given.cases, given.runs)


if __name__ == "__main__":
    main()
