"""Interviews about generated cases: every question matters, shown by two case files; at the end nothing is open."""

from __future__ import annotations

import atexit
import copy
import random
from collections import Counter
from datetime import date, timedelta
from functools import cache
from typing import Any, NamedTuple

import generated
import pytest
from generated import Case, families, known
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from reasoner.case import CaseFile
from reasoner.case_model import Case as CaseModel
from reasoner.cast import Path
from reasoner.dates import NONE as NOTHING
from reasoner.engine import Decision, Engine
from reasoner.errors import CaseFileError
from reasoner.ground import Atom
from reasoner.questions.ask_answers import NONE, Question, kind_of
from reasoner.questions.ask_file import Data, is_paper, write
from reasoner.questions.ask_goals import FILE, RESULT, Scope
from reasoner.questions.ask_twins import Example
from reasoner.questions.interview import Interview
from reasoner.run import Run
from reasoner.target import Target, matching
from reasoner.yamlfile import Document, read

SHARED: dict[str, Any] = {
    "phases": (Phase.generate, Phase.shrink), "deadline": None, "derandomize": True, "database": None, "suppress_health_check": list(HealthCheck),
}  # fmt: skip
COUNTRIES = ("SY", "BE", "AF", "DE", "CL")
LANGUAGES = ("ar", "fr", "en", "de")


@cache
def engine() -> Engine:
    return Engine()


atexit.register(engine.cache_clear)  # parsed statements must go before clingo does


def decided(data: Data) -> Decision:
    """The decision of a case file given as data."""
    case = CaseModel.model_validate(data, context={"choices": engine().law.choices})  # in whatever order its dates are
    return engine().decide(CaseFile(case, "case", {}))


def part(data: Data, person: str, route: str, wanted: str) -> str:
    """The result on a route, the state of its file or that of one document; of a refusal only the result."""
    target = Target(person, route)
    _, found = matching(decided(data), target)[0]
    if wanted == RESULT or found.result == "not_eligible":
        return found.result
    if wanted == FILE:
        return found.file
    return next((document.status for document in found.documents if document.type == wanted), "")


# -- completions of a case ---------------------------------------------------------------------------------------------


class Completion:
    """Answers everything that a case leaves open: from a witness where that says something, else at random."""

    def __init__(self, witness: dict[Atom, Any], seed: int) -> None:
        self.witness, self.seed = witness, seed

    def of(self, data: Data) -> Data:
        data = copy.deepcopy(data)
        for _ in range(4):  # a paper that is listed opens what is said of it
            run = decided(data).runs[0]
            places: dict[Any, list[Atom]] = {}
            opened = [run.program.atoms[n] for n in run.program.inputs if run.inputs.truth[n] is None]
            for atom in (*opened, *run.inputs.open_points):
                places.setdefault(run.inputs.reader.place(atom), []).append(atom)
            asked = [(place, atoms) for place, atoms in places.items() if place[0] != "documents" or is_paper(place)]
            if not asked:
                break
            for place, atoms in asked:
                if (value := self.answer(run, place, atoms)) is not None:
                    write(data, run, atoms[0], value)
        return data

    def answer(self, run: Run, place: Path, atoms: list[Atom]) -> Any:
        """An answer about the place at which the inputs and points stand; None where nobody is meant."""
        draw = random.Random(f"{self.seed} {place}")
        atom = max(atoms, key=lambda atom: len(run.law.vocabulary[atom[0]].path.split(".")))
        kind, choices = kind_of(run.law, atom, run.cast.ids)
        told = {each: self.witness[each] for each in atoms if each in self.witness}
        if kind in ("truth", "paper"):
            return "yes" if told.get(atom, draw.random() < 0.7) else "no"
        if kind == "choice":
            held = [each[-1] for each, value in told.items() if value]
            free = [choice for choice in choices if choice not in [each[-1] for each in told]]
            return held[0] if held else draw.choice(free) if free else NONE
        if kind in ("person", "people"):
            entry = run.law.vocabulary[atom[0]]
            at = next(n for n, name in enumerate(entry.arguments, 1) if "{" + name + "}" not in entry.path)
            held = [run.cast.person[each[at]] for each, value in told.items() if value]
            return held if kind == "people" else held[0] if held else None
        return self._value(run, atom, kind, draw)

    def _value(self, run: Run, point: Atom, kind: str, draw: random.Random) -> Any:
        told, known = self.witness.get(point), run.inputs.open_points[point]
        if told is NOTHING:
            return NONE
        if kind in ("date", "time"):
            if told is None:
                low, high = max(known.lo, date(2000, 1, 1)), min(known.hi, date(2026, 1, 1))
                told = low + timedelta(draw.randrange((high - low).days + 1)) if low <= high else known.lo
            return told.isoformat() if kind == "date" else f"{told.isoformat()[:10]} 12:00"
        if kind == "number":
            return str(
                draw.randrange(*((10, 25) if point[0] == "marriageable_age" else (0, 9))) if told is None else told
            )
        if kind in ("country", "countries", "language"):
            options = LANGUAGES if kind == "language" else COUNTRIES
            code = (
                draw.choice(options)
                if told is None
                else {"other": "qu" if kind == "language" else "QA"}.get(told, told)
            )
            code = code if len(code) == 2 else ("qu" if kind == "language" else "QB")
            return [code] if kind == "countries" else code
        first = date(2020, 1, 1) + timedelta(draw.randrange(900))
        period = {"from": first.isoformat(), "to": (first + timedelta(draw.randrange(1000))).isoformat()}
        return [period | ({"lawful": "yes"} if kind == "lawful" or "lawful" in str(point) else {})]


NUMBERS = {"partners": 20, "children": 15, "parents": 6, "holders": 12}
SECTIONS = ("parents", "custody", "disability", "protection", "stay", "material", "meetings", "cohabitation", "travel")


@st.composite
def gaps(draw: Any, kind: str) -> Case:
    """A case in which many facts, whole sections and lists of papers are left out."""
    case = draw(families(kind))
    facts = [path for path, _ in known(case) if "documents" not in path]
    for path in draw(st.lists(st.sampled_from(facts), min_size=2, max_size=14, unique=True)):
        generated.blur(case, path, draw(st.sampled_from(("unknown", "unknown", "unknown", "year"))))
    things = [*case["persons"].values(), *case["unions"]]
    for thing, section in draw(st.lists(st.tuples(st.sampled_from(things), st.sampled_from(SECTIONS)), max_size=4)):
        if section == "protection" and section in thing:
            thing[section] = {"status": "unknown"}
        else:
            thing.pop(section, None)
    for application in case["applications"]:
        if draw(st.integers(0, 3)) < 3:
            del application["documents"]
    return case  # type: ignore[no-any-return]


class Asked(NamedTuple):
    """A question with the case it was asked about, and two cases that show that it matters."""

    before: Data
    question: Question
    examples: tuple[Example, Example] | None


def interviewed(data: Data, seed: int, scope: Scope) -> tuple[Interview, list[Asked]]:
    """An interview with answers drawn at random; about one in twenty is not known."""
    interview, found, draw = Interview(engine(), Document(data, {}, "case"), scope), list[Asked](), random.Random(seed)
    while (question := interview.next()) is not None:
        assert interview.state is not None
        before = interview.state.data
        found.append(Asked(before, question, interview.examples(question)))
        assert len(found) < 150
        try:
            if draw.random() < 0.05:
                interview.unknown(question)
            elif question.atom is None:
                interview.answer(question, draw.choice(question.choices))
            else:
                interview.answer(question, drawn(interview, question, draw.randrange(1000)))
        except CaseFileError:
            interview.unknown(question)  # these dates cannot be in this order
    return interview, found


def drawn(interview: Interview, question: Question, seed: int) -> Any:
    """Some answer to a question."""
    assert interview.decision is not None
    run = interview.decision.runs[0]
    atoms = [*run.program.number, *run.inputs.open_points]
    here = [atom for atom in atoms if atom[0] in run.law.vocabulary and run.inputs.reader.place(atom) == question.place]
    return Completion({}, seed).answer(run, question.place, here)


@pytest.mark.parametrize(("kind", "number"), NUMBERS.items())
def test_every_question_can_change_an_outcome_and_at_the_end_nothing_can(kind: str, number: int) -> None:
    count = Counter[str]()

    @settings(max_examples=number, **SHARED)
    @given(gaps(kind), st.integers(0, 999), st.sampled_from(("state", "each")))
    def check(case: Case, seed: int, papers: str) -> None:
        interview, questions = interviewed(read("case", generated.text(case)).data, seed, Scope(papers=papers))
        for asked in questions:
            if asked.question.atom is not None:
                count[asked.question.kind] += 1
                matters(asked, seed)
        assert interview.state is not None
        if not interview.state.unknown:
            count["settled"] += 1
            settled(interview, seed)

    check()
    assert count.total() - count["settled"] > number / 2
    assert count["settled"] > number / 4


def matters(asked: Asked, seed: int) -> None:
    """Two complete case files that are the same but for the answer have different outcomes."""
    assert asked.examples is not None
    question, reason = asked.question, asked.question.reasons[0]
    files = [Completion(each.values, seed).of(asked.before) for each in asked.examples]
    if question.kind not in ("periods", "lawful"):  # of which an example says only what they amount to
        one, other = (part(file, *reason[:3]) for file in files)
        assert one != other, (question.place, reason, one)


def settled(interview: Interview, seed: int) -> None:
    """Whatever is still unknown, the outcomes are those with which the interview ended."""
    assert interview.state is not None
    assert all(interview.certain(goal) for goal in interview.goals)
    completions = [Completion({}, seed + number).of(interview.state.data) for number in range(4)]
    for goal in interview.goals:
        assert len({part(file, *goal[:3]) for file in completions}) == 1, goal
