"""How long what it would take is, against one decision of the same case: all persons of the largest example, and one.

    python benchmarks/remedy.py [--runs N]

The aim is 500 ms in process with the shape ground. Times are of the processor, so that a busy machine tells the same.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from reasoner.engine import Engine
from reasoner.questions.remedy import answers

CASE = Path(__file__).parent.parent / "examples" / "family-of-eight" / "case.yaml"


def rows(runs: int) -> list[tuple[str, float, float]]:
    """What was done, its milliseconds, and how many times those of one plain decision that is."""
    engine = Engine()
    file = engine.load(CASE)
    decision = engine.decide(file)
    plain = least(runs, lambda: engine.decide(file).outcomes)
    taken = {
        "decision": plain,
        "remedy, one person": least(runs, lambda: answers(engine, engine.decide(file), "haroun")),
        "remedy, all persons": least(runs, lambda: answers(engine, engine.decide(file))),
    }
    assert decision.outcomes
    return [(name, milliseconds, milliseconds / plain) for name, milliseconds in taken.items()]


def least(runs: int, do: Callable[[], object]) -> float:
    """The milliseconds of the fastest of some runs after one that is not counted."""
    do()
    found = []
    for _ in range(runs):
        begun = time.process_time()
        do()
        found.append(time.process_time() - begun)
    return min(found) * 1000


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    for name, milliseconds, ratio in rows(parser.parse_args().runs):
        print(f"{name:20} {milliseconds:8.0f} ms {ratio:6.2f} x decision")
