"""The order of a person's routes, and the reason for it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from typer.testing import CliRunner

from reasoner import cli
from reasoner.engine import Engine
from reasoner.outcome import Condition, Deadline, DocumentStatus, Fee, Outcome, Remark
from reasoner.ranking import CRITERIA, Rank, Scale, ranked

GAZA = "examples/family-in-gaza/case.yaml"
PLAIN: dict[str, Any] = dict.fromkeys(Outcome._fields, ()) | {
    "person": "a", "sponsor": "b", "route": "r", "regime": "x", "applied_on": date(2025, 1, 1), "filed": True,
    "asked": True, "authority": None, "result": "eligible", "file": "complete",
}  # fmt: skip
FAVOUR = Remark("favour", (), ())


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine()


def route(**values: Any) -> Outcome:
    return Outcome(**(PLAIN | values))


def condition(status: str) -> Condition:
    return Condition("c", status, ())


def paper(kind: str, status: str = "missing") -> DocumentStatus:
    return DocumentStatus(kind, status, (), (), ())


def fee(amount: int | None, status: str = "due") -> Fee:
    return Fee("f", status, amount, "eur", ())


def decision(day: date | None) -> Deadline:
    return Deadline("decision", day, ())


SHORT = {"deadlines": (decision(date(2025, 1, 16)),)}


@pytest.mark.parametrize(
    ("better", "worse", "by", "value", "other"),
    [
        ({}, {"result": "discretionary"}, "result", "discretionary", "eligible"),
        ({"result": "discretionary"}, {"result": "undetermined"}, "result", "undetermined", "discretionary"),
        ({"result": "undetermined"}, {"result": "not_eligible"}, "result", "not_eligible", "undetermined"),
        ({"result": "undetermined"}, {"result": "undetermined", "because": (FAVOUR,)}, "kind", "favour", "right"),
        ({}, {"conditions": (condition("unmet"), condition("unknown"))}, "conditions", 2, 0),
        ({}, {"file": "incomplete"}, "file", "incomplete", "complete"),
        ({"documents": (paper("visa_form", "held"),)}, {"documents": (paper("visa_form"),)}, "documents", 1, 0),
        ({}, {"fees": (fee(180),)}, "fees", 180, 0),
        (SHORT, {"deadlines": (decision(date(2025, 10, 1)),)}, "days", 273, 15),
        (SHORT, {"deadlines": (decision(None),)}, "days", None, 15),
        # What comes first decides, whatever comes after.
        ({"fees": (fee(500),)}, {"file": "incomplete"}, "file", "incomplete", "complete"),
        ({"documents": (paper("x"), paper("y"))}, {"result": "discretionary"}, "result", "discretionary", "eligible"),
    ],
)  # fmt: skip
def test_a_criterion_puts_one_route_before_another(
    engine: Engine, better: dict[str, Any], worse: dict[str, Any], by: str, value: Any, other: Any
) -> None:
    for given, order in (([better, worse], [0, 1]), ([worse, better], [1, 0])):
        found = ranked([route(**each) for each in given], Scale.of(engine.law))
        assert [at for at, _ in found] == order
        assert found[0][1] == Rank(1, 2, by, other, value)
        assert found[1][1] == Rank(2, 2, by, value, other)
    assert by in CRITERIA


def test_fees_that_are_waived_and_conditions_that_are_met_count_for_nothing(engine: Engine) -> None:
    waived = route(fees=(fee(180, "waived"),), conditions=(condition("met"), condition("waived")))
    assert ranked([waived, route()], Scale.of(engine.law)) == [
        (0, Rank(1, 2, None, None, None)), (1, Rank(2, 2, None, None, None))
    ]  # fmt: skip


def test_a_route_alone_has_nothing_before_or_after_it(engine: Engine) -> None:
    assert ranked([route()], Scale.of(engine.law)) == [(0, Rank(1, 1, None, None, None))]


def test_each_person_has_an_order_of_their_own(engine: Engine) -> None:
    decision = engine.decide(engine.load(GAZA))
    persons = list(dict.fromkeys(outcome.person for outcome in decision.outcomes))
    assert persons == [person for person in decision.file.case.persons if person in persons]
    for person in persons:
        ranks = [rank for _, outcome, rank in decision.ranking if outcome.person == person]
        assert [(rank.place, rank.of) for rank in ranks] == [(n, len(ranks)) for n in range(1, len(ranks) + 1)]


def test_the_reason_is_said_in_words() -> None:
    ran = CliRunner().invoke(cli.app, ["decide", GAZA, "--person", "dalia", "--depth", "0"])
    said = " ".join(ran.stdout.replace("│", " ").split())
    assert "Routes of Dalia al-Masri, the best first" in said
    assert "3. family reunification as a minor child, joining Samir al-Masri: not eligible (the one above: left" in said


def test_a_route_that_was_named_stands_alone() -> None:
    ran = CliRunner().invoke(cli.app, ["decide", GAZA, "--person", "dalia", "--route", "ip_minor_child"])
    assert "the best first" not in ran.stdout
