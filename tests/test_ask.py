"""The interview: what it asks matters, when it stops nothing more does, and a terminal or a script drives it."""

from __future__ import annotations

import atexit
import copy
import random
from datetime import date, timedelta
from functools import cache
from typing import Any

import generated
import pytest
from generated import Case, families, known
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from reasoner.case import CaseFile
from reasoner.case_model import Case as CaseModel
from reasoner.dates import NONE as NOTHING
from reasoner.engine import Decision, Engine
from reasoner.errors import CaseFileError
from reasoner.ground import Atom
from reasoner.questions.ask_answers import NONE, Question, kind_of
from reasoner.questions.ask_file import Data, is_paper, write
from reasoner.questions.interview import RESULT, Interview, Scope
from reasoner.run import Run
from reasoner.yamlfile import read

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


def outcome(data: Data, person: str, route: str) -> tuple[str, str]:
    """The result on a route and, unless it is a refusal, the state of the file."""
    (_, found), *_ = decided(data).about(person, route) or ((None, None),)
    if found is None or found.result == "not_eligible":
        return ("not_eligible", "")
    return (found.result, found.file)


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
                return data
            for place, atoms in asked:
                self._answer(data, run, place, atoms)
        return data

    def _answer(self, data: Data, run: Run, place: Any, atoms: list[Atom]) -> None:
        draw = random.Random(f"{self.seed} {place}")
        atom = max(atoms, key=lambda atom: len(run.law.vocabulary[atom[0]].path))
        kind, choices = kind_of(run.law, atom, run.cast.ids)
        told = [a for a in atoms if a in self.witness]
        if kind in ("choice", "person"):
            chosen = [a for a in told if self.witness[a] is True]
            free = [c for c in choices if not any(a[-1] == c for a in told)]
            if chosen:
                value = chosen[0][-1] if kind == "choice" else run.cast.person[chosen[0][1]]
            elif kind == "person":
                return  # nobody in the file
            else:
                value = draw.choice(free) if free else NONE
        elif kind == "people":
            wanted = [a for a in told if self.witness[a] is True]
            value = [run.cast.person.get(a[1] if a[0] == "parent" else a[2], "") for a in wanted]
        elif kind in ("truth", "paper"):
            value = "yes" if self.witness.get(atom, draw.random() < 0.7) else "no"
        else:
            value = self._value(run, atom, kind, draw)
        if value is not None:
            write(data, run, atom, value)

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


@st.composite
def gaps(draw: Any, kind: str) -> tuple[Case, Case]:
    """A complete case, and the same with many facts left out."""
    whole = draw(families(kind))
    case = generated.copied(whole)
    facts = [path for path, _ in known(case) if "documents" not in path]
    for path in draw(st.lists(st.sampled_from(facts), min_size=2, max_size=14, unique=True)):
        generated.blur(case, path, draw(st.sampled_from(("unknown", "unknown", "unknown", "year"))))
    for application in case["applications"]:
        if draw(st.booleans()):
            del application["documents"]
    return whole, case


def asked(data: Data, seed: int, scope: Scope) -> tuple[Interview, list[tuple[Data, Question, Any]]]:
    """An interview with answers drawn at random: each question with the case it was asked in and an example."""
    interview, found = Interview(engine(), data, scope=scope), list[tuple[Data, Question, Any]]()
    while (question := interview.next()) is not None:
        assert interview.state is not None
        found.append((interview.state.data, question, interview.examples(question)))
        assert len(found) < 200
        before, filled = interview.state.data, Completion({}, seed)
        run = decided(before).runs[0]
        try:
            answer = copy.deepcopy(before)
            if question.atom is None:
                interview.answer(question, question.choices[seed % len(question.choices)])
                continue
            atoms = (
                [
                    a
                    for a in run.program.number
                    if a[0] == question.atom[0] and run.inputs.reader.place(a) == question.place
                ]
                if question.atom in run.program.number
                else [question.atom]
            )
            filled._answer(answer, run, question.place, atoms)
            value = placed(answer, run, question)
            if seed % 5 == 0 and len(found) % 4 == 0:
                interview.unknown(question)
            else:
                interview.answer(question, value)
        except CaseFileError:
            interview.unknown(question)  # dates that cannot be in this order
    return interview, found


def placed(data: Data, run: Run, question: Question) -> Any:
    """What stands at the place of a question in a case that answers it."""
    if is_paper(question.place):
        _, person, kind, _ = question.place
        papers = [p for a in data.get("applications", ()) if a["applicant"] == person for p in a.get("documents") or ()]
        papers += data["persons"][person].get("documents") or []
        return "no" if any(p["type"] == kind and p.get("handed_in") == NONE for p in papers) else "yes"
    node: Any = data
    for part in question.place:
        node = node.get(part, NONE) if isinstance(node, dict) else node[part]
    return node


COUNT = {"partners": 30, "children": 25, "parents": 15, "holders": 15}


@pytest.mark.parametrize("kind", COUNT)
def test_every_question_can_change_an_outcome_and_at_the_end_nothing_can(kind: str) -> None:
    @settings(max_examples=COUNT[kind], **SHARED)
    @given(gaps(kind), st.integers(0, 999))
    def check(pair: tuple[Case, Case], seed: int) -> None:
        data = read("case", generated.text(pair[1])).data
        interview, questions = asked(data, seed, Scope())
        for before, question, example in questions:
            if question.atom is not None:
                matters(before, question, example, seed)
        assert interview.state is not None
        if not interview.state.unknown:
            settled(interview, seed)

    check()


STAT = {"ok": 0, "invalid": 0, "bad": 0, "periods": 0}


def matters(data: Data, question: Question, example: Any, seed: int) -> None:
    """Two complete files that are the same but for the answer have different outcomes."""
    assert example is not None
    reason = question.reasons[0]
    try:
        files = [Completion(each.values, seed).of(data) for each in example]
        found = [outcome(file, reason.person, reason.route) for file in files]
    except ValueError as e:
        STAT["invalid"] += 1
        print("INVALID", question.place, e)
        return
    if found[0] != found[1]:
        STAT["ok"] += 1
    elif question.kind in ("periods", "lawful"):
        STAT["periods"] += 1
    else:
        STAT["bad"] += 1
        print("BAD", question.place, question.kind, reason, found, example)


def settled(interview: Interview, seed: int) -> None:
    """Whatever is still unknown, the outcomes are those that the interview ended with."""
    assert interview.state is not None
    wanted = {}
    goals = interview.goals
    assert all(interview.certain(goal) for goal in goals)
    for number in range(5):
        try:
            file = Completion({}, seed + number).of(interview.state.data)
            for goal in goals:
                result, state = outcome(file, goal.person, goal.route)
                found = result if goal.part == RESULT else state
                assert wanted.setdefault(goal[:3], found) == found, goal
        except CaseFileError:
            continue


def test_print() -> None:
    print(STAT)
