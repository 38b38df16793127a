"""Pairs of cases for missing tests: they differ in one fact, and are decided differently because of the rule concerned."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from reasoner.case import parse_case
from reasoner.cli import app
from reasoner.engine import Engine
from reasoner.ground import Instance
from reasoner.quality.apart import Apart
from reasoner.quality.generate import Pair, as_tests, pair
from reasoner.quality.neighbour import NAMES
from reasoner.quality.search import shapes, state
from reasoner.quality.witness import text

ROOT = Path(__file__).parent.parent


@cache
def engine() -> Engine:
    return Engine()


def rule_named(provision: str, head: str) -> int:
    """The first rule with a head that names a provision."""
    return next(r.index for r in engine().law.rules if r.head == head and provision in r.provisions)


def without(rule: int) -> Iterator[tuple[Apart, dict[int, tuple[Instance, ...]]]]:
    for shape in shapes(engine().law):
        apart = Apart(engine(), shape, engine().store.program(shape))
        if changed := apart.without([rule]):
            yield apart, changed


@cache
def found(provision: str, head: str) -> Pair:
    one, _ = pair(engine(), without(rule_named(provision, head)))
    assert one is not None
    return one


RULES = [
    ("ipf_child_minority_anchor", "satisfied"),
    ("ipf_window_3m", "deadline"),
    ("ipf_regpartner_unmarried", "satisfied"),
    ("ips_ref_card_a_issue", "effect"),
]


@pytest.mark.parametrize(("provision", "head"), RULES)
def test_the_two_cases_differ_in_one_fact_and_in_what_they_are_asked(provision: str, head: str) -> None:
    one = found(provision, head)

    def facts(part: object, path: tuple[object, ...] = ()) -> Iterator[tuple[object, object]]:
        pairs = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else None
        if pairs is None:
            yield path, part
        for key, value in pairs or ():
            yield from facts(value, (*path, key))

    first, second = dict(facts(one.case)), dict(facts(one.other.case))
    different = [path for path in first.keys() | second.keys() if first.get(path) != second.get(path)]
    assert len(different) == 1
    assert NAMES.isdisjoint(different[0])  # type: ignore[arg-type]
    states = [
        state(engine().decide(parse_case(text(case), choices=engine().law.choices)), one.atom)
        for case in (one.case, one.other.case)
    ]
    assert sorted(states, key=str) == [False, True]


def test_a_boundary_is_found_to_the_day() -> None:
    one = found("ipf_child_minority_anchor", "satisfied")
    moved = date.fromisoformat(one.other.after) - date.fromisoformat(one.other.before)
    assert abs(moved.days) == 1
    assert one.atom[:4] == ("condition", "p2", "ip_minor_child", "minority")


def test_the_tests_say_what_is_decided_and_only_where_the_cases_differ() -> None:
    one, other = as_tests("a child comes of age", found("ipf_child_minority_anchor", "satisfied"))
    (first,), (second,) = one["expect"], other["expect"]
    assert {first["person"], second["person"]} == {"p2"}
    assert {first["conditions"]["minority"]["status"], second["conditions"]["minority"]["status"]} == {"met", "unmet"}
    assert first["conditions"].keys() == {"minority"}
    assert "undetermined" not in (first.get("result"), second.get("result"))
    assert other["name"].startswith("a child comes of age (persons.p2.born: ")


def test_a_rule_that_repeats_another_has_no_pair_and_that_is_proved() -> None:
    candidates = [r.index for r in engine().law.rules if r.file.endswith("ips/status.lp") and r.head == "candidate"]
    assert len(candidates) == 2
    assert pair(engine(), without(candidates[0])) == (None, True)


def test_the_command_writes_tests_that_pass_and_names_what_can_have_none(tmp_path: Path) -> None:
    given = tmp_path / "few.yaml"
    given.write_text(
        "topic: one test alone\n"
        "tests:\n"
        "  - name: a wife of a refugee\n"
        f"    case: {ROOT / 'examples/spouse-under-21/case.yaml'}\n"
        "    expect: [{person: amal, route: ip_spouse, result: not_eligible}]\n",
        encoding="utf-8",
    )
    made = tmp_path / "missing.yaml"
    words = ["generate", str(given), "--rule", "ipf/material_conditions.lp:30", "--limit", "3", "-o", str(made)]
    ran = CliRunner().invoke(app, words)
    assert ran.exit_code == 0, ran.stderr
    text = made.read_text(encoding="utf-8")
    assert text.startswith("# Proposed from what the law decides now")
    assert "reading(exemption_needs_earlier_tie,yes): no case depends on it" in text
    tested = CliRunner().invoke(app, ["test", str(made)])
    assert tested.exit_code == 0, tested.stdout + tested.stderr
    assert text.count("- name:") == 4
