"""How long the next question of an interview takes, beside one plain decision of the same case.

    python benchmarks/ask.py [CASE]

Prints milliseconds, the least of several runs, in process and with the shape ground: for the case as it stands, and
with all its dates of birth and the day of the grant taken away. A decision is the whole answer, with its reasons; the
truth alone is what every question about a case begins with. Run it on an otherwise idle machine.
"""

from __future__ import annotations

import copy
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reasoner.case import check_case
from reasoner.engine import Engine
from reasoner.questions.ask_goals import Scope
from reasoner.questions.ask_next import Examined, State
from reasoner.questions.interview import Interview
from reasoner.yamlfile import Document, read

LARGEST = Path(__file__).parent.parent / "examples" / "family-of-eight" / "case.yaml"
RUNS = 7


def least(work: Callable[[], object]) -> float:
    """The least time of several runs, in milliseconds."""
    times = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return min(times) * 1000


def without_dates(data: dict[str, Any]) -> dict[str, Any]:
    """The case with nobody's birth and no grant known."""
    data = copy.deepcopy(data)
    for person in data["persons"].values():
        person.pop("born", None)
        person.get("protection", {}).pop("granted", None)
    return data


def main(path: str) -> None:
    """Prints the times."""
    engine, data = Engine(), read(path).data
    for name, case in (("as it stands", data), ("without dates", without_dates(data))):
        state = Interview(engine, Document(case, {}, "case")).state
        assert state is not None

        def question(state: State = state) -> object:
            return Examined(engine, Scope(), state).question

        def decision(data: dict[str, Any] = case) -> object:
            file = check_case(Document(data, {}, "case"), choices=engine.law.choices)
            return engine.decide(file).outcomes

        def result(data: dict[str, Any] = case) -> object:
            file = check_case(Document(data, {}, "case"), choices=engine.law.choices)
            return [run.rails for run in engine.decide(file).runs]

        asked, truth, decided = least(question), least(result), least(decision)
        print(f"{name:15} next question {asked:8.1f} ms   truth alone {truth:8.1f} ms   decision {decided:8.1f} ms")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else str(LARGEST))
