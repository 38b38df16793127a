"""The Python API gives the same as the command line, as typed objects."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from typer.testing import CliRunner

import reasoner
from reasoner import CaseFileError, ReasonerError, UsageError, api, cli, decide, explain, load_case
from reasoner.render.show import as_json

ROOT = Path(__file__).parent.parent
COUPLE = ROOT / "examples/spouse-under-21/case.yaml"
HALF_KNOWN = ROOT / "examples/half-known-dates/case.yaml"


def printed(*words: str) -> Any:
    ran = CliRunner().invoke(cli.app, [*words, "--format", "json"])
    assert ran.exit_code == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.mark.parametrize("path", [COUPLE, HALF_KNOWN], ids=lambda path: path.parent.name)
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, []),
        ({"as_of": date(2026, 1, 31)}, ["--as-of", "2026-01-31"]),
        ({"readings": {"exemption_needs_earlier_tie": "yes"}}, ["--reading", "exemption_needs_earlier_tie=yes"]),
        ({"assume_nothing": True}, ["--assume-nothing"]),
    ],
    ids=["plain", "as_of", "readings", "assume_nothing"],
)
def test_a_decision_is_that_of_the_command_line(path: Path, options: dict[str, Any], words: list[str]) -> None:
    decision = decide(load_case(path), **options)
    assert json.loads(json.dumps(as_json(decision))) == printed("decide", str(path), *words)


def same(node: Any, tree: dict[str, Any]) -> None:
    assert (node.kind, node.state, node.negated) == (tree["kind"], tree["state"], tree.get("negated", False))
    assert list(node.provisions) == tree.get("provisions", [])
    assert tree.get("rule") == (f"{node.rule.file}:{node.rule.line}" if node.rule else None)
    assert len(node.children) == len(tree.get("because", ()))
    for child, below in zip(node.children, tree.get("because", ()), strict=True):
        same(child, below)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, []),
        ({"condition": "minimum_age"}, ["--condition", "minimum_age"]),
        ({"condition": "housing"}, ["--condition", "housing"]),
        ({"document": "birth_certificate"}, ["--document", "birth_certificate"]),
    ],
    ids=["outcome", "unmet", "waived", "document"],
)
def test_an_explanation_is_that_of_the_command_line(options: dict[str, str], words: list[str]) -> None:
    node = explain(decide(load_case(COUPLE)), "amal", "ip_spouse", **options)
    (tree,) = printed("explain", str(COUPLE), "--person", "amal", "--route", "ip_spouse", *words)["outcomes"]
    same(node, tree["tree"])


@pytest.mark.parametrize("path", [COUPLE, HALF_KNOWN], ids=lambda path: path.parent.name)
def test_the_provisions_of_a_conclusion_are_those_of_its_tree(path: Path) -> None:
    for run in decide(load_case(path)).runs:
        for explainer in (run.explainer, run.thorough):
            trees = {number: explainer.node(number) for number in run.program.shown}
            assert {n: explainer.provisions(n) for n in trees} == {n: tree.all_provisions for n, tree in trees.items()}


def test_without_a_route_the_best_outcome_of_the_person_is_explained() -> None:
    decision = decide(load_case(COUPLE))
    assert explain(decision, "amal") == explain(decision, "amal", "ip_humanitarian")
    assert explain(decision, "yusuf") == explain(decision, "yusuf", "ip_status")


def test_a_route_that_the_facts_do_not_open_can_be_explained() -> None:
    assert explain(decide(load_case(COUPLE)), "yusuf", "ip_travel").atom[0] == "not_eligible"


def test_an_outcome_holds_typed_values_that_cannot_be_changed() -> None:
    outcome = next(o for o in decide(load_case(COUPLE)).outcomes if o.route == "ip_spouse")
    assert (outcome.person, outcome.sponsor, outcome.result) == ("amal", "yusuf", "not_eligible")
    assert outcome.applied_on == date(2025, 2, 28)
    (age,) = [condition for condition in outcome.conditions if condition.id == "minimum_age"]
    assert age.distance is not None
    assert (age.distance.amount, age.distance.on) == (4, date(2025, 3, 4))
    with pytest.raises(AttributeError):
        outcome.result = "eligible"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("person", "options", "nearest"),
    [
        ("aml", {}, "Did you mean amal?"),
        ("amal", {"route": "ip_spose"}, "Did you mean ip_spouse?"),
        ("amal", {"route": "ip_spouse", "condition": "minimum_agee"}, "Did you mean minimum_age?"),
        ("amal", {"route": "ip_spouse", "document": "photographz"}, "Did you mean photographs?"),
    ],
)
def test_an_unknown_name_is_a_usage_error_with_the_nearest(person: str, options: dict[str, str], nearest: str) -> None:
    decision = decide(load_case(COUPLE))
    with pytest.raises(UsageError) as caught:
        explain(decision, person, **options)
    assert nearest in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(("name", "value"), [("two_year_tst", "either"), ("two_year_test", "eiter")])
def test_an_unknown_reading_is_a_usage_error(name: str, value: str) -> None:
    with pytest.raises(UsageError, match="Did you mean "):
        decide(load_case(COUPLE), readings={name: value})


def test_a_faulty_case_raises_all_its_faults(tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_text("persons:\n  a:\n    born: 2011-02-29\n    colour: red\n", "utf-8")
    with pytest.raises(CaseFileError) as caught:
        load_case(path)
    assert [(fault.line, fault.path, fault.code) for fault in caught.value.faults] == [
        (3, "persons.a.born", "no_such_day"), (4, "persons.a.colour", "unknown_key"),
    ]  # fmt: skip
    assert isinstance(caught.value, ReasonerError)
    assert caught.value.exit_code == 3
    assert len(str(caught.value).splitlines()) == 2


def test_a_case_is_read_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(COUPLE.read_bytes()), encoding="utf-8"))
    assert load_case("-").case == load_case(COUPLE).case
    assert load_case(str(COUPLE)).case == load_case(COUPLE).case


def test_deciding_once_more_changes_nothing() -> None:
    case = load_case(COUPLE)
    first = as_json(decide(case))
    decide(case, as_of=date(2030, 1, 1), readings={"exemption_needs_earlier_tie": "yes"}, assume_nothing=True)
    assert as_json(decide(case)) == first


def test_the_day_of_assessment_is_that_of_the_file_or_today() -> None:
    assert decide(load_case(COUPLE)).assessed_on == date(2025, 3, 10)
    text = COUPLE.read_text("utf-8").replace("assessed_on: 2025-03-10\n", "")
    from reasoner.case import parse_case

    before = date.today()
    assert before <= decide(parse_case(text, choices=cli._engine().law.choices)).assessed_on <= date.today()


def test_everything_public_is_documented_and_typed() -> None:
    for name in reasoner.__all__:
        assert getattr(reasoner, name).__doc__, name
    for function in (load_case, decide, explain):
        assert function is getattr(api, function.__name__)
        assert "return" in get_type_hints(function)
    with pytest.raises(AttributeError, match="nothing"):
        reasoner.nothing  # noqa: B018


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import sys, reasoner; print(sorted({'clingo', 'pydantic', 'typer', 'rich', 'yaml'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_type_checker_sees_the_annotations() -> None:
    assert (Path(reasoner.__file__).parent / "py.typed").is_file()


PAPER = """      - {type: divorce_certificate, issued_in: ER, original: yes, language: en,
         legalised_there: yes, legalised_belgium: yes}
"""


@pytest.mark.parametrize(
    ("divorced", "paper", "status", "file"),
    [
        ("yes", PAPER, "held", "complete"),
        ("unknown", PAPER, "unknown", "complete"),  # it may not be needed, but is there
        ("unknown", "", "unknown", "undetermined"),
        ("yes", "", "missing", "incomplete"),
    ],
)
def test_a_file_is_complete_where_nothing_that_is_open_matters_for_it(
    tmp_path: Path, divorced: str, paper: str, status: str, file: str
) -> None:
    text = (ROOT / "examples/stepchild-and-shared-custody/case.yaml").read_text(encoding="utf-8")
    for old, new in (("consent_given: yes, parents_divorced: yes", f"consent_given: yes, parents_divorced: {divorced}"),
                     (PAPER, paper)):  # fmt: skip
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "case.yaml"
    path.write_text(text, encoding="utf-8")
    found = next(o for o in decide(load_case(path)).outcomes if (o.person, o.route) == ("natnael", "ip_minor_child"))
    assert {d.type: d.status for d in found.documents}["divorce_certificate"] == status
    assert (found.result, found.file) == ("eligible", file)
