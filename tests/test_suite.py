"""Law tests: each kind of expectation can fail and says so, test files are read with all their faults, and the command."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from test_adding_a_rule import BLOCK
from test_examples import missing_from
from test_house_rules import ids
from typer.testing import CliRunner

from reasoner.cli import app
from reasoner.engine import Engine
from reasoner.errors import CaseFileError, catalogue, describe
from reasoner.quality import suite
from reasoner.quality.expected import KEYS
from reasoner.quality.names import names
from reasoner.wording import languages
from reasoner.yamlfile import read

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "testing-the-law.md"
COUPLE = ROOT / "tests" / "law" / "bases" / "couple.yaml"
SPOUSE = {"person": "ada", "route": "ip_spouse"}


class Plain(yaml.SafeDumper):
    """Writes what occurs twice twice: the reader refuses aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine()


def write(folder: Path, *tests: dict[str, Any], name: str = "some.yaml", **top: Any) -> Path:
    content = {"topic": "some", **(top or {"case": str(COUPLE)}), "tests": list(tests)}
    path = folder / name
    path.write_text(yaml.dump(content, Dumper=Plain, sort_keys=False, allow_unicode=True, width=1000), "utf-8")
    return path


def found(engine: Engine, folder: Path, expected: dict[str, Any], **test: Any) -> list[tuple[str, str, str]]:
    """Where the outcome of the couple differs from an expectation: place, expected, actual."""
    path = write(folder, {"name": "one", "expect": [{**SPOUSE, **expected}], **test})
    (result,) = suite.run(engine, suite.load(path, engine.law))
    return [(d.place, d.expected, d.actual) for d in result.differences]


def faults(engine: Engine, path: Path) -> list[tuple[int, str, str]]:
    with pytest.raises(CaseFileError) as caught:
        suite.load(path, engine.law)
    for language in languages():
        for fault in caught.value.faults:
            assert fault.code in catalogue(language)
            assert not re.search(r"\{\w+\}", describe(fault, catalogue(language))), fault
    return [(fault.line, fault.path, fault.code) for fault in caught.value.faults]


def run(*words: str) -> Any:
    result = CliRunner().invoke(app, ["test", *words], env={"COLUMNS": "80", "NO_COLOR": "1"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


# -- expectations -----------------------------------------------------------------------------------------------------

# For each key what is not so, where that shows, and what came out; changes bring about what a couple does not have.
YOUNG = {"set": {"persons.ada.born": "2003-11-16", "unions[0].concluded": "2023-01-01"}}
NO_FORM = {"unset": ["applications[ada].documents[visa_form]"]}
DECISION = "{date: 2025-08-20, provisions: [ipf_decision_9m, ipf_decision_extension, ipf_legal_basis]}"
WRONG: list[tuple[dict[str, Any], str, str, str, dict[str, Any]]] = [
    ({"listed": "no"}, "listed", "no", "yes", {}),
    ({"result": "eligible"}, "result", "eligible", "not_eligible", YOUNG),
    ({"file": "complete"}, "file", "complete", "incomplete", NO_FORM),
    ({"sponsor": "none"}, "sponsor", "none", "sam", {}),
    ({"applied_on": "2024-11-14"}, "applied_on", "2024-11-14", "2024-11-15", {}),
    ({"authority": "competent_post"}, "authority", "competent_post", "immigration_office", {}),
    ({"unmet": []}, "unmet", "", "minimum_age", YOUNG),
    ({"unmet": ["marriage", "minimum_age"]}, "unmet", "marriage", "", YOUNG),
    ({"waived": ["housing", "health_insurance"]}, "waived", "", "means", {}),
    ({"unknown": ["live_with_sponsor"]}, "unknown", "live_with_sponsor", "", {}),
    ({"conditions": {"minimum_age": "unmet"}}, "conditions.minimum_age", "unmet",
     "{status: met, provisions: [ipf_spouse_age_21, ipf_legal_basis, ipf_spouse_age_18]}", {}),
    ({"conditions": {"minimum_age": {"distance": "2 days"}}}, "conditions.minimum_age", "{distance: 2 days}",
     "{distance: 1 days}", YOUNG),
    ({"conditions": {"marriage": {"status": "met", "provisions": ["ipf_spouse_age_21"]}}}, "conditions.marriage",
     "{provisions: [ipf_spouse_age_21]}", "{provisions: [ipf_spouse_eligible]}", {}),
    ({"conditions": {"both_unmarried": "met"}}, "conditions.both_unmarried", "met", "absent", {}),
    ({"missing": []}, "missing", "", "visa_form", NO_FORM),
    ({"defective": ["visa_form"]}, "defective", "visa_form", "", {}),
    ({"documents": {"visa_form": "held"}}, "documents.visa_form", "held",
     "{status: missing, provisions: [ipf_doc_visa_form]}", NO_FORM),
    ({"documents": {"birth_certificate": {"defects": ["too_old"]}}}, "documents.birth_certificate",
     "{defects: [too_old]}", "{defects: [not_translated]}",
     {"set": {"applications[ada].documents[birth_certificate].sworn_translation": "no"}}),
    ({"effects": {"residence_as_of_right": "not"}}, "effects.residence_as_of_right", "not", "", {}),
    ({"deadlines": {"decision": "2025-08-21"}}, "deadlines.decision", "2025-08-21", DECISION, {}),
    ({"deadlines": {"decision": {"date": "2025-08-20", "provisions": ["ipf_spouse_age_21"]}}}, "deadlines.decision",
     "{provisions: [ipf_spouse_age_21]}", "", {}),
    ({"fees": {"visa_handling_fee": "due"}}, "fees.visa_handling_fee", "due", "", {}),
    ({"authorities": {"decides": ["immigration_office", "competent_post"]}}, "authorities.decides",
     "[immigration_office, competent_post]", "", {}),
    ({"channel": ["email"]}, "channel", "email", "in_person", {}),
    ({"no_channel": ["in_person"]}, "no_channel", "", "in_person", {}),
    ({"notes": ["ipf_samesex"]}, "notes", "ipf_samesex", "", {}),
    ({"no_notes": ["ipf_assistance"]}, "no_notes", "", "ipf_assistance", {}),
    ({"warnings": ["decision_without_date"]}, "warnings", "decision_without_date", "granted_before_law_2024", {}),
    ({"no_warnings": ["granted_before_law_2024"]}, "no_warnings", "", "granted_before_law_2024", {}),
    ({"provisions": ["ipf_samesex"]}, "provisions", "ipf_samesex", "", {}),
    ({"depends_on": []}, "depends_on", "", "unions[0].concluded",
     {"set": {"unions[0].concluded": "unknown", "persons.ada.born": "2003-11-16"}}),
    ({"assumed": ["persons.ada.born"]}, "assumed", "persons.ada.born", "", {}),
]  # fmt: skip


@pytest.mark.parametrize(("expected", "place", "wanted", "actual", "change"), WRONG, ids=lambda value: None)
def test_an_expectation_that_is_wrong_fails_and_shows_both_sides(
    engine: Engine,
    tmp_path: Path,
    expected: dict[str, Any],
    place: str,
    wanted: str,
    actual: str,
    change: dict[str, Any],
) -> None:
    ((where, should, came),) = found(engine, tmp_path, expected, **change)
    assert (where, should) == (place, wanted)
    assert came == actual if actual else came != wanted


def test_every_key_of_an_expectation_is_seen_to_fail() -> None:
    assert set(KEYS) - {key for expected, *_ in WRONG for key in expected} == {"met"}  # is read as unmet is


def test_what_is_not_mentioned_may_be_anything_and_what_is_right_passes(engine: Engine, tmp_path: Path) -> None:
    right = {"result": "eligible", "file": "complete", "unmet": [], "met": ["protected_sponsor", "marriage", "minimum_age",
             "live_with_sponsor", "only_one_spouse"], "conditions": {"marriage": {"provisions": ["ipf_spouse_eligible"]}},
             "documents": {"visa_form": {"status": "held", "defects": []}}, "deadlines": {"window_end": "absent"},
             "fees": {"visa_handling_fee": {"status": "due 180 eur", "provisions": ["ipf_fee_180"]}},
             "authorities": {"decides": "immigration_office"}, "depends_on": []}  # fmt: skip
    assert found(engine, tmp_path, right) == []


def test_a_route_that_does_not_concern_the_person_is_a_difference(engine: Engine, tmp_path: Path) -> None:
    path = write(tmp_path, {"name": "one", "expect": [{"person": "sam", "route": "ip_spouse", "result": "eligible"}]})
    (result,) = suite.run(engine, suite.load(path, engine.law))
    assert [str(d) for d in result.differences] == ["sam ip_spouse: route: - ip_spouse"]


def test_the_names_of_a_law_are_those_that_its_ground_programs_hold(engine: Engine) -> None:
    known = names(engine.law)
    places = {"condition": ("requires", 3), "document": ("document", 3), "effect": ("effect", 3), "fee": ("fee", 3),
              "deadline": ("deadline", 3), "task": ("authority", 3), "body": ("authority", 4), "channel": ("channel", 3),
              "warning": ("warning", 3), "defect": ("defect", 4)}  # fmt: skip
    for kind, (predicate, place) in places.items():
        assert set(known[kind]) == ids(predicate, place), kind


# -- what is given ----------------------------------------------------------------------------------------------------


def test_a_row_adds_to_what_all_rows_expect_and_takes_the_place_of_a_word(engine: Engine, tmp_path: Path) -> None:
    path = write(tmp_path, {
        "name": "table", "vary": "persons.ada.born",
        "expect": [{**SPOUSE, "result": "eligible", "conditions": {"marriage": "met"}}],
        "rows": {"1992-02-10": None, "2003-11-16": {"result": "not_eligible", "conditions": {"minimum_age": "unmet"}}},
        **YOUNG})  # fmt: skip
    first, second = suite.load(path, engine.law)
    assert (first.id, first.line, second.line) == ("some: table [1992-02-10]", first.line, first.line + 1)
    assert second.expect[0]["conditions"] == {"marriage": "met", "minimum_age": "unmet"}
    assert [r.differences for r in suite.run(engine, [first, second])] == [(), ()]


def test_as_of_can_vary(engine: Engine, tmp_path: Path) -> None:
    rows = {day: {"result": "eligible"} for day in ("2024-12-01", "2024-12-02")}
    path = write(tmp_path, {"name": "table", "vary": "as_of", "expect": [SPOUSE], "rows": rows})
    assert [str(test.as_of) for test in suite.load(path, engine.law)] == list(rows)


def test_changes_are_made_in_order_and_leave_the_base_alone(engine: Engine, tmp_path: Path) -> None:
    bases = tmp_path / "bases"
    bases.mkdir()
    shutil.copy(COUPLE, bases)
    (tmp_path / "deep").mkdir()
    change = {
        "unset": ["applications[ada].documents[visa_form]", "persons.sam.stay"],
        "set": {
            "persons.ada.custody.arrangement": "shared",
            "unions[1]": {"partners": ["sam", "ada"], "kind": "de_facto"},
        },
        "add_documents": {"ada": [{"type": "other_tie_evidence"}]},
    }
    path = write(tmp_path / "deep", {"name": "changed", "expect": [{**SPOUSE, "missing": ["visa_form"]}], **change},
                 {"name": "as it was", "expect": [{**SPOUSE, "missing": []}]}, base="couple")  # fmt: skip
    changed, same = suite.load(path, engine.law)
    assert [r.differences for r in suite.run(engine, [changed, same])] == [(), ()]
    assert same.case == read(COUPLE).data
    assert "stay" not in changed.case["persons"]["sam"]
    assert changed.case["persons"]["ada"]["custody"] == {"arrangement": "shared"}
    assert changed.case["applications"][0]["documents"][-1] == {"type": "other_tie_evidence"}
    assert len(changed.case["unions"]) == 2


def test_readings_and_silence_are_passed_on(engine: Engine, tmp_path: Path) -> None:
    path = write(tmp_path, {"name": "one", "readings": {"two_year_test": "either"}, "assume_nothing": "yes",
                            "expect": [{**SPOUSE, "listed": "yes"}]})  # fmt: skip
    (test,) = suite.load(path, engine.law)
    assert suite.decide(engine, test).readings["two_year_test"] == "either"
    assert test.assume_nothing


def test_a_folder_holds_test_files_but_neither_bases_nor_cases(tmp_path: Path) -> None:
    shutil.copytree(COUPLE.parent, tmp_path / "bases")
    shutil.copy(COUPLE, tmp_path / "case.yaml")
    path = write(tmp_path)
    assert suite.files([tmp_path, path]) == [path]


# -- faults -----------------------------------------------------------------------------------------------------------

FAULTY = """\
topics: some
base: cuople
tests:
  - name: keys
    sets: {}
    vary: persons.ada.born
    expect: []
  - name: keys
    case: nowhere.yaml
    given: {}
    as_of: 2025-02-30
    readings: {two_year_tests: either, two_year_test: maybe}
    assume_nothing: maybe
    expect: [{person: ada, route: ip_spouse}]
  - name: paths
    case: couple.yaml
    unset: ["applications[ada].documents[visa]", persons.adda]
    set: {persons.ada.bron: 2000-01-01, "applications[adda].filed": 2025-01-01, persons.sam.born.x: 1}
    add_documents: {sam: [{type: photographs}]}
    expect: [{person: ada, route: ip_spouse, result: eligible}]
  - name: rows
    case: couple.yaml
    vary: applications[ada].filed
    expect: [{person: ada, route: ip_spouse}]
    rows:
      2024-11-13: {result: elligible}
      2024-11-31: {result: eligible}
      2024-11-14: {}
  - name: expectations
    case: couple.yaml
    expect:
      - {person: adda, route: ip_spous, result: 3, sponsor: nobody, authority: nobody, applied_on: 2025}
      - {person: ada, unmett: [], unmet: marriage, met: [marrige]}
      - {person: ada, route: ip_spouse, conditions: {marrige: met, marriage: {status: mett, distance: 4, provisions: [ipf]}}}
      - {person: ada, route: ip_spouse, documents: {visa: held}, effects: {right: applies}, deadlines: {decision: soon}}
      - {person: ada, route: ip_spouse, fees: {visa_handling_fee: 180}, authorities: {decides: nobody}, depends_on: [1]}
      - {person: ada, route: ip_spouse}
      - {person: ada, route: ip_spouse, listed: perhaps, notes: [IPF-samesex], warnings: [none], channel: [post]}
  - name: no day
    given: {persons: {sam: {born: 2000-01-01}}}
    expect: [{person: sam, route: ip_status, listed: yes}]
  - 3
"""
EXPECTED = [
    (1, "topics", "unknown_key"), (2, "base", "test_case_missing"),
    (4, "tests[0]", "missing_key"), (5, "tests[0].sets", "unknown_key"),
    (8, "tests[1].name", "test_name_twice"), (11, "tests[1].as_of", "test_day"),
    (12, "tests[1].readings.two_year_tests", "unknown_key"), (12, "tests[1].readings.two_year_test", "test_word"),
    (13, "tests[1].assume_nothing", "test_word"),
    (17, "tests[2].unset[0]", "test_path"), (17, "tests[2].unset[1]", "test_path"), (18, "persons.ada.bron", "unknown_key"),
    (18, "tests[2].set.applications[adda].filed", "test_path"), (18, "tests[2].set.persons.sam.born.x", "test_path_end"),
    (19, "tests[2].add_documents.sam", "test_path"),
    (24, "tests[3].expect[0]", "test_expects_nothing"), (26, "tests[3].rows.2024-11-13.result", "test_word"),
    (27, "applications[0].filed", "no_such_day"),
    *((32, f"tests[4].expect[0].{key}", code) for key, code in (("person", "unknown_name"), ("route", "unknown_name"),
      ("result", "test_word"), ("sponsor", "unknown_name"), ("authority", "unknown_name"), ("applied_on", "test_day"))),
    (33, "tests[4].expect[1]", "missing_key"), (33, "tests[4].expect[1].unmett", "unknown_key"),
    (33, "tests[4].expect[1].unmet", "list"), (33, "tests[4].expect[1].met[0]", "unknown_name"),
    (34, "tests[4].expect[2].conditions.marrige", "unknown_name"),
    (34, "tests[4].expect[2].conditions.marriage.status", "test_word"),
    (34, "tests[4].expect[2].conditions.marriage.distance", "test_distance"),
    (34, "tests[4].expect[2].conditions.marriage.provisions[0]", "unknown_name"),
    (35, "tests[4].expect[3].documents.visa", "unknown_name"), (35, "tests[4].expect[3].effects.right", "unknown_name"),
    (35, "tests[4].expect[3].deadlines.decision", "test_day"),
    (36, "tests[4].expect[4].fees.visa_handling_fee", "test_fee"),
    (36, "tests[4].expect[4].authorities.decides", "unknown_name"),
    (36, "tests[4].expect[4].depends_on[0]", "test_text"), (37, "tests[4].expect[5]", "test_expects_nothing"),
    (38, "tests[4].expect[6].listed", "test_word"), (38, "tests[4].expect[6].notes[0]", "unknown_name"),
    (38, "tests[4].expect[6].warnings[0]", "unknown_name"), (38, "tests[4].expect[6].channel[0]", "unknown_name"),
    (39, "tests[5]", "test_no_day"), (42, "tests[6]", "mapping"),
]  # fmt: skip


def test_every_fault_of_a_test_file_is_reported_at_once_with_its_line(engine: Engine, tmp_path: Path) -> None:
    shutil.copy(COUPLE, tmp_path)
    path = tmp_path / "faulty.yaml"
    path.write_text(FAULTY, "utf-8")
    assert sorted(faults(engine, path)) == sorted(EXPECTED)


@pytest.mark.parametrize(("text", "code"), [
    ("", "test_file_empty"), ("topic: x\ntests: []\n", "test_file_empty"), ("tests: [&a {name: x}]", "anchor"),
    ("tests: [{name: a, expect: [{person: a, route: ip_spouse, result: eligible}]}]", "test_given_nothing"),
    ("given: {}\ncase: x\ntests: [{name: a, expect: []}]", "test_given_twice"),
])  # fmt: skip
def test_a_file_that_holds_no_tests_or_no_case_is_refused(engine: Engine, tmp_path: Path, text: str, code: str) -> None:
    path = tmp_path / "some.yaml"
    path.write_text(text, "utf-8")
    assert code in [found for _, _, found in faults(engine, path)]


def test_a_base_that_does_not_exist_is_told_the_nearest(engine: Engine, tmp_path: Path) -> None:
    shutil.copytree(COUPLE.parent, tmp_path / "bases")
    path = write(tmp_path, {"name": "one", "expect": [{**SPOUSE, "unmet": []}]}, base="cuple")
    with pytest.raises(CaseFileError, match=r":2: base: there is no base for tests cuple.*Did you mean couple\?"):
        suite.load(path, engine.law)


def test_the_faults_of_a_base_are_reported_once_and_in_its_own_file(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "case.yaml").write_text("assessed_on: 2025-01-01\npersons: {sam: {bron: 2000-01-01}}\n", "utf-8")
    test = {"expect": [{"person": "sam", "route": "ip_status", "listed": "yes"}]}
    path = write(tmp_path, {"name": "one", **test}, {"name": "two", **test}, case="case.yaml")
    with pytest.raises(CaseFileError) as caught:
        suite.load(path, engine.law)
    assert [(Path(f.file).name, f.line, f.code) for f in caught.value.faults] == [("case.yaml", 2, "unknown_key")]


# -- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the page on testing the law shows, as the working folder."""
    shutil.copy(ROOT / "examples" / "spouse-under-21" / "case.yaml", tmp_path / "amal.yaml")
    for step in BLOCK.finditer(PAGE.read_text("utf-8")):
        if step["kind"] == "yaml":
            assert step["verb"] == "New file"
            (tmp_path / step["path"]).write_text(step["text"], "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_commands_of_the_page_print_what_it_shows(page: Path) -> None:
    shown = [
        step["text"].split("\n", 1) for step in BLOCK.finditer(PAGE.read_text("utf-8")) if step["kind"] == "console"
    ]
    assert len(shown) == 3
    for command, output in shown:
        result = CliRunner().invoke(app, command.split()[2:], env={"COLUMNS": "80", "NO_COLOR": "1"})
        assert result.exit_code == ("✗" in output), result.output
        assert missing_from(result.stdout, output) is None, f"the output has changed; now it is\n{result.stdout}"


def test_the_page_lists_every_key_of_an_expectation() -> None:
    section = PAGE.read_text("utf-8").split("## What is expected")[1]
    listed = {
        key for row in re.findall(r"^\| (`[^|]+) \|", section, re.MULTILINE) for key in re.findall(r"`(\w+)", row)
    }
    assert listed == {*KEYS, "listed"}


def test_a_failing_test_shows_place_differences_and_the_reasons_concerned(page: Path) -> None:
    out = run("fails.yaml").stdout
    assert all(len(line) <= 80 and line == line.rstrip() for line in out.splitlines())
    place, minus, plus, why = map(out.index, ("✗ fails.yaml:4", "− met", "+ {status: unmet", "└── ✗ both partners"))
    assert place < minus < plus < why
    assert "Documents" not in out  # the difference is not about them
    assert "✗ both partners" not in run("fails.yaml", "--depth", "1").stdout.replace("└── ✗ both partners", "", 1)


def test_the_report_can_be_read_in_french_and_as_markdown_and_json(page: Path) -> None:
    assert "les deux partenaires avaient l'âge minimum" in run("fails.yaml", "--lang", "fr").stdout
    markdown = run(".", "--format", "markdown")
    assert "```diff\n  conditions.minimum_age\n- met\n+ {status: unmet" in markdown.stdout
    answer = json.loads(run(".", "--format", "json").stdout)
    assert (answer["tests"], answer["passed"], answer["failed"]) == (5, 4, 1)
    (failed,) = (result for result in answer["results"] if not result["passed"])
    assert (failed["file"], failed["line"]) == ("fails.yaml", 4)
    assert failed["differences"][0]["expected"] == "met"


def test_junit_has_every_test_with_its_place_and_the_text_of_failures(page: Path) -> None:
    assert run(".", "--junit", "report.xml").exit_code == 1
    root = ElementTree.parse(page / "report.xml").getroot()
    assert (root.tag, root.get("tests"), root.get("failures")) == ("testsuites", "5", "1")
    assert [s.get("name") for s in root] == ["age.yaml", "fails.yaml"]
    cases = root.findall("testsuite/testcase")
    assert [(c.get("file"), c.get("line")) for c in cases][-2:] == [("age.yaml", "18"), ("fails.yaml", "4")]
    (failure,) = root.findall(".//failure")
    assert "conditions.minimum_age: - met" in (failure.get("message") or "")
    assert "+ {status: unmet, distance: 1 days" in (failure.text or "")
    assert "both partners had reached the minimum age" in (failure.text or "")


def test_exit_codes_and_what_is_said_of_wrong_use(page: Path) -> None:
    assert run("age.yaml").exit_code == 0
    assert run(".", "-k", "BORN days").exit_code == 2
    assert run("fails.yaml").exit_code == 1
    for words, said in ((["nowhere.yaml"], "no file or folder"), (["age.yaml", "-k", "nothing so"], "nothing so"),
                        ([str(page / "empty")], "there are no tests")):  # fmt: skip
        (page / "empty").mkdir(exist_ok=True)
        result = run(*words)
        assert (result.exit_code, result.stdout) == (2, "")
        assert said in result.stderr
    (page / "bad.yaml").write_text("tests: 3", "utf-8")
    result = run("bad.yaml")
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr.startswith("bad.yaml:1: tests: ")
    assert run("age.yaml", "--junit", "no/such/folder.xml").exit_code == 2


def test_words_select_tests_by_their_name_and_that_of_their_file(page: Path) -> None:
    out = run(".", "-v", "-k", "AGE 2004-02-28").stdout
    assert re.findall(r"^[✓✗].*", out, re.MULTILINE) == [
        "✓ age.yaml:15 spouses must be 21 when they apply [2004-02-28]"
    ]
