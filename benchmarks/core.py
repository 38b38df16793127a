"""How fast one decision is: the whole process against the imports it needs, and in process once the shape is ground.

    python benchmarks/core.py [--runs N]

Prints medians and their ratios, of wall and of processor time; run it on an otherwise idle machine, for on a busy one
every process waits, which makes all of them more alike. The aims are a whole process at most 1.6 times the
imports alone (warm cache), and a decision with its full explanation within 1 ms; docs/decisions/0034-start-up.md says
how far they are met.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
CASE = ROOT / "examples" / "spouse-under-21" / "case.yaml"
IMPORTS = "import clingo, typer, pydantic, rich"
TREE = """
import typer
from rich.console import Console
from rich.tree import Tree

app = typer.Typer()

@app.command()
def decide(name: str) -> None:
    Console().print(Tree(name))

app(["x"])
"""  # a command that decides nothing and prints one word
USE = """
import typer
from clingo import Control
from pydantic import BaseModel
from rich.console import Console
from rich.tree import Tree

class Case(BaseModel):
    name: str

app = typer.Typer()

@app.command()
def decide(name: str) -> None:
    Control().solve()
    Console().print(Tree(Case(name=name).name))

app(["x"])
"""  # the least that a command does with these libraries: one command, one model, one solve, one tree


def processor() -> float:
    """The processor time of all processes that have been started and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def seconds(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Wall and processor time of one process."""
    begun, before = time.perf_counter(), processor()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    return time.perf_counter() - begun, processor() - before


def ratio(values: list[float], base: list[float]) -> float:
    """How many times as much, run by run."""
    return statistics.median(one / other for one, other in zip(values, base, strict=True))


def processes(runs: int) -> None:
    """Whole processes, in turn, so that a drift of the machine's speed meets all of them."""
    with tempfile.TemporaryDirectory() as cache:
        # An installed package has its bytecode; a checkout gets it in the first, uncounted runs.
        environment = {**os.environ, "REASONER_CACHE": cache, "PYTHONPYCACHEPREFIX": f"{cache}/bytecode"}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        python = [sys.executable]
        commands = {
            "imports": [*python, "-c", IMPORTS],
            "one word as a tree": [*python, "-c", TREE],
            "least use of the libraries": [*python, "-c", USE],
            "--help": [*python, "-m", "reasoner", "--help"],
            "decide": [*python, "-m", "reasoner", "decide", str(CASE)],
        }
        print(f"decide, cold cache          {seconds(commands['decide'], environment)[0] * 1000:8.0f} ms")
        for command in commands.values():
            seconds(command, environment)
        walls: dict[str, list[float]] = {name: [] for name in commands}
        works: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(runs):
            for name, command in commands.items():
                wall, work = seconds(command, environment)
                walls[name].append(wall)
                works[name].append(work)
        for name in commands:
            times = ratio(walls[name], walls["imports"]), ratio(works[name], works["imports"])
            print(
                f"{name:27} {statistics.median(walls[name]) * 1000:8.0f} ms  "
                f"{times[0]:5.2f} x imports, {times[1]:.2f} x in processor time"
            )


def explained(engine: Any, file: Any) -> int:
    """Decides a case and reads every outcome, each of which carries its reasons."""
    return len(engine.decide(file).outcomes)


def in_process(runs: int) -> None:
    """Deciding cases that differ in their dates."""
    from reasoner.case import parse_case
    from reasoner.engine import Engine

    engine, text = Engine(), CASE.read_text(encoding="utf-8")
    days = [f"filed: 2025-{1 + n % 7:02}-{1 + n % 28:02}" for n in range(200)]
    files = [parse_case(text.replace("filed: 2025-02-28", day), choices=engine.law.choices) for day in days]
    for file in files[:20]:
        explained(engine, file)
    taken = []
    for _ in range(runs):
        for file in files:
            begun = time.perf_counter()
            explained(engine, file)
            taken.append(time.perf_counter() - begun)
    work = []
    for _ in range(50):
        begun = time.perf_counter()
        sum(range(100_000))
        work.append(time.perf_counter() - begun)
    taken.sort()
    median, late = statistics.median(taken) * 1000, taken[-len(taken) // 20] * 1000
    scale = statistics.median(work) * 1000
    print(f"decision and explanation    {median:8.2f} ms median, {late:.2f} ms at 95 %")
    print(f"                            {median / scale:8.2f} x sum(range(100_000)), which takes {scale:.2f} ms here")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=11, help="repetitions")
    runs = parser.parse_args().runs
    processes(runs)
    in_process(max(1, runs // 4))
