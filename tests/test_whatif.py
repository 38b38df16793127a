"""What if: changes by path, what they change in results and reasons, and errors that name what was meant."""

from __future__ import annotations

import json
import shlex
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from test_examples import BLOCK, missing_from
from typer.testing import CliRunner

from reasoner.cli import app
from reasoner.engine import Engine
from reasoner.errors import CaseFileError, UsageError
from reasoner.outcome import as_data
from reasoner.questions import scenario, whatif
from reasoner.questions.comparison import Change
from reasoner.questions.whatif import Answer, Asked
from reasoner.wording import languages

ROOT = Path(__file__).parent.parent
CASE = ROOT / "examples/spouse-under-21/case.yaml"


@cache
def engine() -> Engine:
    return Engine()


def asked(story: str = "spouse-under-21") -> Asked:
    return whatif.asked(engine(), ROOT / "examples" / story / "case.yaml")


def answer(question: Asked, *sets: str, unset: tuple[str, ...] = (), add: tuple[str, ...] = ()) -> Answer:
    return question.what_if(scenario.asked(sets, unset, add))


def of(found: Answer, route: str, person: str | None = None) -> Change:
    (change,) = (c for c in found.changes if c.outcome.route == route and person in (None, c.outcome.person))
    return change


def test_a_birthday_that_is_awaited_makes_the_result_another_and_the_rule_that_carries_it_is_named() -> None:
    change = of(answer(asked(), "applications[amal].filed=2025-03-04"), "ip_spouse")
    assert change.results == ("not_eligible", "eligible")
    items = {(item.part, item.id): (item.before, item.after) for item in change.items}
    assert items["conditions", "minimum_age"] == ("unmet 4 days", "met")
    assert items["deadlines", "decision_if_filing_counts"] == ("2025-11-28", "2025-12-04")
    assert [carrier.provisions for carrier in change.started] == [("ipf_spouse_age_21",)]
    (carrier,) = change.started
    assert carrier.carries == "minimum_age"
    rule = (ROOT / carrier.rule.file).read_text("utf-8").splitlines()[carrier.rule.line - 1]
    assert "ipf_spouse_age_21" in rule or "age" in rule
    assert change.stopped == ()
    assert [(f.before and f.before.state, f.after and f.after.state) for f in change.facts] == [("false", "true")]


def test_the_day_before_the_birthday_changes_the_distance_and_no_reason() -> None:
    change = of(answer(asked(), "applications[amal].filed=2025-03-03"), "ip_spouse")
    assert change.results == ("not_eligible", "not_eligible")
    assert {i.id: (i.before, i.after) for i in change.items if i.part == "conditions"} == {
        "minimum_age": ("unmet 4 days", "unmet 1 days")
    }
    assert (change.started, change.stopped, change.facts) == ((), (), ())


def test_an_exemption_that_is_lost_is_a_rule_that_no_longer_carries() -> None:
    change = of(answer(asked(), "applications[amal].filed=2025-07-13"), "ip_spouse")
    assert change.results == ("not_eligible", "undetermined")
    assert {carrier.provisions for carrier in change.stopped} == {("ipf_material_exempt_1y",)}
    items = {item.id: (item.before, item.after) for item in change.items if item.part == "conditions"}
    assert items["housing"] == ("waived", "unknown")


def test_a_route_that_no_longer_comes_up_is_said_to() -> None:
    change = of(answer(asked(), "applications[amal].filed=2025-03-04"), "ip_humanitarian")
    assert change.results == ("discretionary", None)


def test_nothing_is_said_of_who_is_not_concerned() -> None:
    found = answer(asked("family-of-eight"), "persons.idris.born=2004-01-30")
    assert {change.outcome.person for change in found.changes if change.anything} == {"idris"}
    change = of(found, "ip_minor_child", "idris")
    assert change.results == ("eligible", "not_eligible")
    assert [carrier.provisions for carrier in change.stopped] == [("ipf_child_minority_anchor",)]


def test_a_change_to_what_the_case_says_already_changes_nothing() -> None:
    found = answer(asked(), "applications[amal].filed=2025-02-28")
    assert not [change for change in found.changes if change.anything]


@pytest.mark.parametrize("story", ["spouse-under-21", "faulty-documents", "registered-partner"])
def test_the_outcomes_of_a_scenario_are_those_of_a_file_that_says_so(story: str, tmp_path: Path) -> None:
    question = asked(story)
    found = answer(question, "applications[0].filed=2025-01-15")
    text = (ROOT / "examples" / story / "case.yaml").read_text("utf-8")
    filed = question.subject.document.data["applications"][0]["filed"]
    file = tmp_path / "case.yaml"
    file.write_text(text.replace(f"filed: {filed}", "filed: 2025-01-15", 1), "utf-8")
    fresh = Engine().decide(Engine().load(file))
    assert as_data(found.decision.outcomes) == as_data(fresh.outcomes)


# -- papers -----------------------------------------------------------------------------------------------------------


def test_a_paper_taken_out_is_missing_and_a_sound_one_added_is_held() -> None:
    question = asked()
    (kind,) = [d["type"] for d in question.subject.document.data["applications"][0]["documents"]][:1]
    place = f"applications[amal].documents[{kind}]"
    without = of(answer(question, unset=(place,)), "ip_spouse")
    assert ("documents", kind, "held", "missing") in [item[:4] for item in without.items]
    again = of(answer(question, unset=(place,), add=(kind,)), "ip_spouse")
    assert not [item for item in again.items if item.part == "documents"]


def test_every_type_of_paper_that_somebody_can_hand_in_can_be_added_without_fault() -> None:
    question = asked("faulty-documents")
    kinds = {kind for _, kind, _ in question.decision.runs[0].cast.shape.slots}
    for kind in sorted(kinds):
        decision = answer(question, add=(kind,)).decision
        flaws = [
            d for o in decision.outcomes for d in o.documents if d.type == kind and d.status in ("defective", "missing")
        ]
        assert not flaws, kind
    others = {kind for kind, _ in engine().law.document_types} - kinds
    for kind in sorted(others)[:1]:
        with pytest.raises(CaseFileError, match="nobody in this case can hand in"):
            answer(question, add=(kind,))


# -- files of scenarios -----------------------------------------------------------------------------------------------


def test_scenarios_of_a_file_come_in_its_order_with_the_changes_of_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(
        "wait: {set: {'applications[amal].filed': 2025-03-04}}\n"
        "no photographs: {unset: ['applications[amal].documents[photographs]'], add_documents: [birth_certificate]}\n"
    )
    found = scenario.given(["persons.amal.name=Amal"], [], [], file)
    assert [(s.name, [c.kind for c in s.changes]) for s in found] == [
        ("wait", ["set", "set"]),
        ("no photographs", ["set", "unset", "add_documents"]),
    ]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: {sett: {}}", 1, 'Did you mean "set"'),
        ("a:\n  set: [x]", 2, "mapping"),
        ("a:\n  set:\n    persons.amal.brn: 2003-01-01", 3, 'Did you mean "born"'),
        ("a:\n  set: {persons.amal.name: A}\n  unset: [persons.ammal]", 3, 'Did you mean "amal"'),
        ("a: {set: [}", 1, "YAML"),
    ],
)
def test_a_fault_in_a_file_of_scenarios_has_its_line_there(text: str, line: int, said: str, tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text(text)

    def every() -> None:
        for each in scenario.scenarios(file):
            asked().what_if(each)

    with pytest.raises(CaseFileError) as error:
        every()
    assert f"{file}:{line}" in str(error.value)
    assert said in str(error.value)


# -- the command ------------------------------------------------------------------------------------------------------


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["whatif", str(CASE), *arguments], env={"COLUMNS": "80", "NO_COLOR": "1"})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--set", "persons.ammal.born=2004-01-01"), 'Did you mean "amal"?'),
        (("--set", "persons.amal.brn=2004-01-01"), 'Did you mean "born"?'),
        (("--set", "person.amal.born=2004-01-01"), 'Did you mean "persons"?'),
        (("--set", "persons.amal.born=soon"), "is not a date"),
        (("--set", "persons.amal.born.day=3"), "nothing can stand at"),
        (("--set", "persons.amal.born=2025-03-01"), "is earlier than persons.amal.born"),
        (("--set", "unions[mariage].concluded=2020"), 'Did you mean "[marriage]"?'),
        (("--set", "persons.amal.civil_status=maried"), 'Did you mean "married"?'),
        (("--set", "persons.amal.nationality=[SY"), "not valid YAML"),
        (("--unset", "unions[0].conclude"), 'Did you mean "concluded"?'),
        (("--add-document", "photograph"), "Did you mean photographs?"),
        (("--add-document", "yusuf:photographs"), "there is no person yusuf"),
    ],
)
def test_a_wrong_change_is_told_like_a_fault_of_a_case_file(arguments: tuple[str, ...], said: str) -> None:
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (3, "")
    assert said in result.stderr
    assert " ".join(arguments) in result.stderr or "case.yaml:" in result.stderr


@pytest.mark.parametrize("arguments", [(), ("--set", "persons.amal.born"), ("--set", "=3"), ("--person", "ammal")])
def test_wrong_usage_is_told(arguments: tuple[str, ...]) -> None:
    result = run(*arguments, *(("--set", "persons.amal.name=A") if "--person" in arguments else ()))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Expected" in result.stderr


def test_the_json_holds_both_sides_and_the_reasons() -> None:
    result = run("--set", "applications[amal].filed=2025-03-04", "--format", "json", "--route", "ip_spouse")
    (found,) = json.loads(result.stdout)["scenarios"]
    (outcome,) = found["outcomes"]
    assert found["changes"] == ["applications[amal].filed = 2025-03-04"]
    assert (outcome["before"]["result"], outcome["after"]["result"]) == ("not_eligible", "eligible")
    assert outcome["started"][0]["provisions"] == ["ipf_spouse_age_21"]
    assert outcome["started"][0]["rule"].startswith("encodings/law/ipf/partners.lp:")
    assert outcome["facts"][0]["text"].count("2025-03-04") == 3


@pytest.mark.parametrize("lang", languages())
@pytest.mark.parametrize("format", ["text", "markdown"])
def test_several_scenarios_make_one_table(lang: str, format: str, tmp_path: Path) -> None:
    file = tmp_path / "s.yaml"
    file.write_text("one: {set: {'applications[amal].filed': 2025-03-04}}\ntwo: {unset: ['unions[0].concluded']}\n")
    result = run("--scenarios", str(file), "--lang", lang, "--format", format)
    assert result.exit_code == 0, result.output
    head = next(line for line in result.stdout.splitlines() if "one" in line and "two" in line)
    assert head.index("one") < head.index("two")
    assert format == "markdown" or max(map(len, result.stdout.splitlines())) <= 80


def test_nothing_to_change_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="nothing is to be changed"):
        scenario.given([], [], [], None)


PAGE = (ROOT / "docs/questions.md").read_text("utf-8")


@pytest.mark.parametrize("block", BLOCK.findall(PAGE), ids=lambda block: block.split("\n", 1)[0])
def test_the_page_on_questions_shows_what_its_commands_print(block: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    command, shown = block.split("\n", 1)
    result = CliRunner().invoke(app, shlex.split(command)[2:], env={"COLUMNS": "80", "NO_COLOR": "1"})
    assert result.exit_code == 0, result.output
    assert missing_from(result.stdout, shown) is None, f"the output has changed; now it is\n{result.stdout}"
