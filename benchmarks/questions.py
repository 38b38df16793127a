"""How long the analyst's questions take in process, beside one plain decision, with the shape ground.

    python benchmarks/questions.py [--runs N]

For each question the first answer (nothing remembered of the changed case) and the fastest of N, each as a time and as
a multiple of a plain decision of the same case, and the aim for the largest example. Run it on an idle machine.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from reasoner.engine import Engine
from reasoner.questions import whatif
from reasoner.questions.ask_goals import Scope
from reasoner.questions.ask_next import Examined
from reasoner.questions.interview import Interview
from reasoner.questions.remedy import answers
from reasoner.questions.scenario import asked
from reasoner.questions.timeline import timeline
from reasoner.questions.whatif import Asked
from reasoner.yamlfile import Document, read

LARGEST = Path(__file__).parent.parent / "examples" / "family-of-eight" / "case.yaml"


class Question(NamedTuple):
    """A question with its name, the aim in milliseconds, and how it is asked."""

    name: str
    aim: float
    ask: Callable[[Asked], object]


def changed(case: Asked, fact: str = "persons.idris.born=2004-01-30") -> object:
    """A fact of one of the eight."""
    return case.what_if(asked([fact], [], []))


def remedied(case: Asked) -> object:
    """What it would take for one of the eight."""
    return answers(case.engine, case.decide(case.subject.file), "haroun")


def all_remedied(case: Asked) -> object:
    """What it would take for all eight."""
    return answers(case.engine, case.decide(case.subject.file))


def interview(case: Asked, *left_out: str) -> object:
    """The next question of an interview about a case, some facts of its persons left out."""
    data = read(LARGEST).data
    for person in data["persons"].values():
        for holder in (person, person.get("protection", {})):
            for key in left_out:
                holder.pop(key, None)
    engine = case.engine
    state = Interview(engine, Document(data, {}, "case")).state
    assert state is not None
    return Examined(engine, Scope(), state).question


def interview_without_dates(case: Asked) -> object:
    """The next question where no birth and no grant is known."""
    return interview(case, "born", "granted")


QUESTIONS = [
    Question("whatif", 10, changed),
    Question("timeline", 50, timeline),
    Question("remedy", 500, remedied),
    Question("remedy of all", 500, all_remedied),
    Question("next question", 50, interview),
    Question("without dates", 50, interview_without_dates),
]


def times(ask: Callable[[], object], runs: int) -> tuple[float, float]:
    """Milliseconds of the first answer, and of the fastest."""
    taken = []
    for _ in range(runs):
        begun = time.perf_counter()
        ask()
        taken.append((time.perf_counter() - begun) * 1000)
    return taken[0], min(taken)


def main(runs: int) -> None:
    """Prints one row for each question."""
    engine = Engine()
    case = whatif.asked(engine, LARGEST)
    for day in range(1, 7):  # builds what a machine builds once
        changed(case, f"persons.musa.born=2012-11-0{day}")
    _, plain = times(lambda: case.decide(case.subject.file).outcomes, runs)
    print(f"{'plain decision':16} {'':10} {plain:8.1f} ms")
    for question in QUESTIONS:
        once, best = times(lambda ask=question.ask: ask(case), runs)  # type: ignore[misc]
        times_plain = f"{once / plain:6.2f} and {best / plain:5.2f} x plain"
        print(f"{question.name:16} {once:8.1f} first {best:8.1f} ms  {times_plain}  (aim {question.aim:.0f} ms)")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=9, help="repetitions")
    main(parser.parse_args().runs)
