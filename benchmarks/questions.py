"""How long the analyst's questions take in process, beside one plain decision, with the shape ground.

    python benchmarks/questions.py [--runs N]

Each question is asked N times, never twice the same: about the largest example with another day of birth, and what if
with another day. For each the first answer, the median and the fastest, the median as a multiple of a plain decision,
and the aim. Run it on an idle machine.
"""

from __future__ import annotations

import argparse
import copy
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from reasoner.case import check_case
from reasoner.engine import Decision, Engine
from reasoner.questions.ask_goals import Scope
from reasoner.questions.ask_next import Examined
from reasoner.questions.interview import Interview
from reasoner.questions.remedy import answers
from reasoner.questions.scenario import Subject, asked
from reasoner.questions.timeline import timeline
from reasoner.questions.whatif import Asked
from reasoner.yamlfile import Document, read

LARGEST = Path(__file__).parent.parent / "examples" / "family-of-eight" / "case.yaml"
CHILDREN = ("idris", "halima", "musa", "safiya", "yahya", "khadija", "haroun")


class Question(NamedTuple):
    """A question with its name, the aim in milliseconds, and how it is asked for the n-th time, of the cases."""

    name: str
    aim: float
    ask: Callable[[Sequence[Asked], int], object]


def decided(case: Asked) -> Decision:
    """The decision of a case, made anew."""
    return case.decide(case.subject.file)


def plain(cases: Sequence[Asked], n: int) -> object:
    """A plain decision."""
    return decided(cases[n]).outcomes


def changed(cases: Sequence[Asked], n: int) -> object:
    """Another day of birth of one of the eight, who is then of age: what follows has been worked out for other days."""
    return cases[0].what_if(asked([f"persons.idris.born=2004-01-{n + 1:02}"], [], []))


def new(cases: Sequence[Asked], n: int) -> object:
    """The same for another child each time, of whom nothing of the kind has been asked."""
    return cases[0].what_if(asked([f"persons.{CHILDREN[n % 7]}.born=2004-02-{n + 1:02}"], [], []))


def varied(cases: Sequence[Asked], n: int) -> object:
    """When each route is open."""
    return timeline(cases[n])


def remedied(cases: Sequence[Asked], n: int) -> object:
    """What it would take for one of the eight."""
    return answers(cases[n].engine, decided(cases[n]), "haroun")


def all_remedied(cases: Sequence[Asked], n: int) -> object:
    """What it would take for all eight."""
    return answers(cases[n].engine, decided(cases[n]))


def interview(case: Asked, *left_out: str) -> object:
    """The next question of an interview about a case, some facts of its persons left out."""
    data = copy.deepcopy(case.subject.document.data)
    for person in data["persons"].values():
        for holder in (person, person.get("protection", {})):
            for key in left_out:
                holder.pop(key, None)
    state = Interview(case.engine, Document(data, {}, "case")).state
    assert state is not None
    return Examined(case.engine, Scope(), state).question


QUESTIONS = [
    Question("plain decision", 0, plain),
    Question("whatif", 10, changed),
    Question("whatif, new", 0, new),
    Question("timeline", 50, varied),
    Question("remedy", 500, remedied),
    Question("remedy of all", 500, all_remedied),
    Question("next question", 50, lambda cases, n: interview(cases[n])),
    Question("without dates", 50, lambda cases, n: interview(cases[n], "born", "granted")),
]


def case_of(engine: Engine, n: int) -> Asked:
    """The example with another day of birth, decided as it is."""
    document = read(LARGEST)
    document.data["persons"]["musa"]["born"] = f"2012-11-{n % 28 + 1:02}"
    case = Asked(engine, Subject(document, check_case(document, choices=engine.law.choices), engine.law))
    assert case.decision.outcomes
    return case


def times(question: Question, cases: list[Asked]) -> list[float]:
    """Milliseconds of each answer."""
    taken = []
    for n in range(len(cases)):
        begun = time.perf_counter()
        question.ask(cases, n)
        taken.append((time.perf_counter() - begun) * 1000)
    return taken


def main(runs: int) -> None:
    """Prints one row for each question."""
    engine = Engine()
    cases = [case_of(engine, n) for n in range(runs)]
    print(f"{'':16} {'first':>8} {'median':>8} {'fastest':>8} ms")
    usual = 0.0
    for question in QUESTIONS:
        taken = times(question, cases)
        median = statistics.median(taken)
        usual = usual or median
        aim = f"  (aim {question.aim:.0f} ms)" if question.aim else ""
        row = f"{question.name:16} {taken[0]:8.1f} {median:8.1f} {min(taken):8.1f}"
        print(f"{row}  {median / usual:6.2f} x plain{aim}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=9, help="repetitions")
    main(parser.parse_args().runs)
