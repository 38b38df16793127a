"""Variants of the law: that each is what it says, decided as a law so written would be, and killed by whom it should."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import pytest
from clingo import ast
from typer.testing import CliRunner

from reasoner import UsageError, cli
from reasoner.case import parse_case
from reasoner.engine import Decision, Engine
from reasoner.outcome import as_data
from reasoner.program import Rule, law_root
from reasoner.quality import suite
from reasoner.quality.mutation import Prover, Report, Verdict, attempt, judge
from reasoner.quality.trial import CIRCULAR, Bench, Trial
from reasoner.quality.variants import KINDS, Variant, Variants, chosen, chosen_kinds, variants
from reasoner.quality.worlds import bits

BOTH = "both_have_reached(Applicant,Sponsor,Years)"
COUPLE = """
topic: ages
given:
  assessed_on: 2025-03-10
  persons:
    sam: {born: 1990-01-01, arrived_in_belgium: 2018-05-01, protection: {status: refugee, granted: 2024-07-12}}
    ada: {born: 2003-11-15}
  unions: [{partners: [sam, ada], kind: marriage, concluded: 2022-05-31}]
  applications: [{applicant: ada, sponsor: sam, route: ip_spouse, filed: 2024-11-15}]
tests:
"""
YOUNG = """
  - name: on the day before she is not old enough
    set: {persons.ada.born: 2003-11-16}
    expect: [{person: ada, route: ip_spouse, conditions: {minimum_age: unmet}}]
"""
GROWN = """
  - name: long before she is
    set: {persons.ada.born: 1999-01-01}
    expect: [{person: ada, route: ip_spouse, conditions: {minimum_age: met}}]
"""
EXACT = """
  - name: on the day itself she is
    expect: [{person: ada, route: ip_spouse, conditions: {minimum_age: met}}]
"""


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine()


def rule(engine: Engine, head: str) -> Rule:
    (found,) = [rule for rule in engine.law.rules if rule.text.startswith(f"{head} :-")]
    return found


def of(engine: Engine, *heads: str, kinds: tuple[str, ...] = KINDS) -> Variants:
    return variants(engine.store, kinds, {rule(engine, head).index for head in heads})


def suite_of(tmp_path: Path, *tests: str) -> list[suite.LawTest]:
    path = tmp_path / "ages.yaml"
    path.write_text(COUPLE + "".join(tests), "utf-8")
    return suite.load(path)


def verdicts(report: Report, state: str) -> list[tuple[str, str | None]]:
    return [(v.variant.before, v.variant.change) for v in report.verdicts if v.state == state]


# -- what the variants of a rule are --------------------------------------------------------------------------------


def test_a_rule_is_changed_in_every_place_and_way_that_leaves_it_a_rule(engine: Engine) -> None:
    found = of(engine, BOTH).listed
    assert [(v.kind, v.place, v.change) for v in found] == [
        ("drop_rule", None, None),
        # Nothing else gives values to Sponsor and Years, so that neither literal can go or be negated.
        ("drop_literal", 2, None),
        ("negate_literal", 2, "not &date { birthday(born(Applicant),Years) } <= applied(Applicant)"),
        ("swap_bound", 2, "&date { birthday(born(Applicant),Years) } < applied(Applicant)"),
        ("move_bound", 2, "&date { birthday(born(Applicant),Years) } <= applied(Applicant) + 1*days"),
        ("drop_literal", 3, None),
        ("negate_literal", 3, "not &date { birthday(born(Sponsor),Years) } <= applied(Applicant)"),
        ("swap_bound", 3, "&date { birthday(born(Sponsor),Years) } < applied(Applicant)"),
        ("move_bound", 3, "&date { birthday(born(Sponsor),Years) } <= applied(Applicant) + 1*days"),
    ]
    assert all((v.text is None) == (v.kind == "drop_rule") for v in found)
    assert found[3].text == rule(engine, BOTH).text.replace("<=", "<", 1)


def test_exceptions_are_negated_literals_and_rules_that_set_something_aside(engine: Engine) -> None:
    found = of(engine, "fails(Person,Route)", "qualifies(Person,Route)", "displaced(Applicant,Route)").listed
    assert [(v.before.partition("(")[0], v.place) for v in found if v.kind == "drop_exception"] == [
        ("not fails", 1), ("displaced", None)]  # fmt: skip


def test_a_strict_bound_and_a_number_move_the_other_way(engine: Engine) -> None:
    before = "&number { days(cohabited(Applicant,Sponsor),applied(Applicant),(Number * Unit)) } >= Days"
    found = variants(engine.store, ("swap_bound", "move_bound")).listed
    assert {v.change for v in found if v.before == before} == {
        before.replace(">=", ">"), before.replace(" } >=", " + 1 } >=")}  # fmt: skip
    strict = {v.change for v in found if v.before == "&date { applied(Child) } < birthday(born(Child),Years)"}
    assert strict == {"&date { applied(Child) } <= birthday(born(Child),Years)",
                      "&date { applied(Child) + 1*days } < birthday(born(Child),Years)"}  # fmt: skip


def test_provisions_and_variables_are_those_of_the_changed_rule(engine: Engine) -> None:
    listed = of(engine, "displaced(Applicant,Route)")
    (dropped,) = [v for v in listed.listed if v.kind == "drop_literal" and v.before.startswith("in_force(")]
    assert rule(engine, "displaced(Applicant,Route)").provisions == ("ipf_spouse_polygamy",)
    assert listed.rules[dropped.number].provisions == ()
    assert listed.rules[dropped.number].variables == ("Applicant", "Other", "Route")


# -- a variant decides as a law so written ---------------------------------------------------------------------------


CASES = ("couple", "stepchild", "parents_of_minor", "two_wives", "refugee", "disabled_child")


def written(law: Path, variant: Variant, original: Rule) -> None:
    """Changes the law under a folder as a variant says."""
    path = law / original.file
    lines = path.read_text("utf-8").splitlines()
    nodes: list[ast.AST] = []
    ast.parse_files([str(path)], nodes.append)
    (node,) = [n for n in nodes if n.ast_type == ast.ASTType.Rule and n.location.begin.line == original.line
               and str(n) == original.text]  # fmt: skip
    first, last = node.location.begin.line - 1, node.location.end.line
    path.write_text("\n".join([*lines[:first], variant.text or "", *lines[last:]]), "utf-8")


def cases(engine: Engine, name: str) -> Callable[[Engine], Decision]:
    text = (suite.folder() / "bases" / f"{name}.yaml").read_text("utf-8")
    file = parse_case(text, choices=engine.law.choices)
    return lambda own: own.decide(file, as_of=date(2025, 3, 10))


def comparable(decision: Decision) -> list[object]:
    """All outcomes, without the order that depends on how clingo numbers atoms."""

    def plain(part: object) -> object:
        if isinstance(part, dict):
            return {key: plain(value) for key, value in part.items()}
        return sorted(map(plain, part), key=repr) if isinstance(part, list) else part

    return [plain(as_data(outcome)) for outcome in decision.outcomes]


@pytest.mark.parametrize("seed", range(3))
def test_a_variant_decides_as_the_law_written_so(engine: Engine, tmp_path: Path, seed: int) -> None:
    """Files are changed, parsed, ground and decided by themselves, and the outcomes compared with the bits."""
    pick = random.Random(seed)
    rules = [rule for rule in engine.law.rules if rule.tagged and rule.file.startswith("encodings/")]
    listed = variants(engine.store, rules={rule.index for rule in pick.sample(rules, 12)})
    bench, decide = Bench(engine, listed), cases(engine, pick.choice(CASES))
    trial = trial_of(bench, decide(engine))
    assert comparable(trial.in_world(0)) == comparable(trial.decision)
    for variant in pick.sample(listed.listed, 4):
        if trial.casts[0].worlds.circular >> variant.number & 1:
            continue
        law = tmp_path / str(variant.number)
        for part in ("encodings", "facts"):
            shutil.copytree(law_root() / part, law / part)
        written(law, variant, listed.original(variant.number))
        really = decide(Engine(law, tmp_path / "cache"))
        assert comparable(trial.in_world(variant.number)) == comparable(really), variant


def trial_of(bench: Bench, decision: Decision) -> Trial:
    test = suite.LawTest("", "", {}, None, {}, False, ())
    return bench.tried(test, decision)


def judged(
    engine: Engine, listed: Variants, tests: list[suite.LawTest], prove: Prover = lambda variant: None,
    processes: int | None = None,
) -> Report:  # fmt: skip
    tried = attempt(Bench(engine, listed), tests, processes=processes)
    return judge(listed, tried, lambda variants: prove, processes=processes)


def test_a_variant_in_which_a_conclusion_depends_on_itself_is_refused(engine: Engine, tmp_path: Path) -> None:
    listed = of(engine, "joins_as_of_right(Applicant)")
    report = judged(engine, listed, suite_of(tmp_path, GROWN), processes=1)
    (dropped,) = [v for v in report.verdicts if v.variant.before == "art_10_route(Route)" and v.variant.change is None]
    assert dropped.state == "killed"
    trial = Bench(engine, listed).trial(suite_of(tmp_path, GROWN)[0])
    assert trial.differences(dropped.variant.number) == [CIRCULAR]


# -- who kills what --------------------------------------------------------------------------------------------------


def bounds(engine: Engine, tests: list[suite.LawTest]) -> Report:
    listed = of(engine, BOTH, kinds=("swap_bound", "move_bound"))
    return judged(engine, listed, tests, processes=1)


def test_a_bound_is_held_by_tests_on_the_day_and_the_day_before_and_by_no_others(
    engine: Engine, tmp_path: Path
) -> None:
    applicant = "&date { birthday(born(Applicant),Years) } <= applied(Applicant)"
    swapped, moved = (applicant, applicant.replace("<=", "<")), (applicant, applicant + " + 1*days")
    report = bounds(engine, suite_of(tmp_path, YOUNG, GROWN, EXACT))
    assert verdicts(report, "killed") == [swapped, moved]
    assert [v.by for v in report.verdicts if v.state == "killed"] == [
        "ages: on the day itself she is", "ages: on the day before she is not old enough"]  # fmt: skip
    assert report.score == 50  # nobody looks at the sponsor's age
    report = bounds(engine, suite_of(tmp_path, YOUNG, GROWN))
    assert verdicts(report, "killed") == [moved]
    assert swapped in verdicts(report, "survived")
    assert report.score == 25


def test_a_survivor_names_the_tests_that_decide_otherwise_without_expecting_anything_of_it(
    engine: Engine, tmp_path: Path
) -> None:
    silent = EXACT.replace("conditions: {minimum_age: met}", "conditions: {live_with_sponsor: unknown}")
    report = bounds(engine, suite_of(tmp_path, silent))
    assert {(v.variant.kind, v.nearest) for v in report.verdicts} == {
        ("swap_bound", ("ages: on the day itself she is",)), ("move_bound", ()), ("swap_bound", ())}  # fmt: skip


def test_a_reason_that_is_expected_kills_what_changes_only_the_reason(engine: Engine, tmp_path: Path) -> None:
    head = "satisfied(Applicant,Route,minimum_age)"
    indices = {r.index for r in engine.law.rules if r.text.startswith(head) and "ipf_spouse_age_18" in r.provisions}
    listed = variants(engine.store, ("drop_literal",), indices)
    younger = "set: {persons.ada.born: 2006-01-15, persons.sam.arrived_in_belgium: 2023-05-01}"
    plain = f"\n  - name: at 18\n    {younger}\n    expect: [{{person: ada, route: ip_spouse, conditions: {{minimum_age: met}}}}]\n"
    cited = plain.replace("minimum_age: met", "minimum_age: {status: met, provisions: [ipf_spouse_age_18]}")

    def states(test: str) -> dict[str, Verdict]:
        report = judged(engine, listed, suite_of(tmp_path, test), processes=1)
        return {verdict.variant.before: verdict for verdict in report.verdicts}

    name = "in_force(ipf_spouse_age_18,Applicant)"
    assert (states(plain)[name].state, states(plain)[name].by) == ("equivalent", "citation")
    assert states(cited)[name].state == "killed"


def test_what_no_case_can_tell_from_the_law_is_proved_the_same(engine: Engine, tmp_path: Path) -> None:
    # Conditions of the child are read of candidates alone, so that asking it once more says nothing.
    head = "satisfied(Child,ip_disabled_adult_child,come_of_age)"
    listed = of(engine, head, kinds=("drop_literal",))
    found = {v.variant.before: v for v in judged(engine, listed, suite_of(tmp_path, GROWN), processes=1).verdicts}
    (candidate,) = [verdict for before, verdict in found.items() if before.startswith("candidate(")]
    assert (candidate.state, candidate.by) == ("equivalent", "same")
    assert [verdict.state for before, verdict in found.items() if before.startswith("&date")] == ["survived"]


def test_a_proof_that_is_plugged_in_is_asked_about_survivors_alone(engine: Engine, tmp_path: Path) -> None:
    asked: list[str] = []

    def prove(variant: Variant) -> str | None:
        asked.append(variant.kind)
        return "searched" if "Sponsor" in variant.before else None

    listed = of(engine, BOTH, kinds=("swap_bound", "move_bound"))
    report = judged(engine, listed, suite_of(tmp_path, YOUNG, EXACT), prove, processes=1)
    assert asked == ["swap_bound", "move_bound"]
    assert [v.by for v in report.verdicts if v.state == "equivalent"] == ["searched", "searched"]
    assert report.score == 100


def test_variants_that_are_wanted_again_are_ground_again(engine: Engine, tmp_path: Path) -> None:
    bench = Bench(engine, of(engine, BOTH))
    (test,) = suite_of(tmp_path, EXACT)
    bench.only(0)
    assert not bench.trial(test).suspects
    bench.only(-1)
    assert bench.trial(test).suspects == Bench(engine, bench.variants).trial(test).suspects != 0


def test_what_is_known_to_fail_a_test_does_fail_it(engine: Engine) -> None:
    bench, known = Bench(engine, variants(engine.store, ("drop_rule", "negate_literal"))), 0
    tests = suite.load_all(suite.files([suite.folder() / "ipf" / "spouse.yaml"]), engine.law)[:6]
    for test in tests:
        trial = bench.trial(test)
        listed = list(bits(trial.failed))
        assert not trial.failed & ~trial.suspects
        for number in listed[:: max(1, len(listed) // 10)]:
            assert trial.differences(number), (test.id, bench.variants.listed[number - 1])
            known += 1
    assert known > 20


def test_a_test_that_fails_anyway_kills_nothing(engine: Engine, tmp_path: Path) -> None:
    report = bounds(engine, suite_of(tmp_path, EXACT.replace("met", "unmet")))
    assert report.failing == ("ages: on the day itself she is",)
    assert verdicts(report, "killed") == []


def test_several_processes_find_what_one_finds(engine: Engine, tmp_path: Path) -> None:
    listed = of(engine, BOTH)
    tests = suite_of(tmp_path, YOUNG, GROWN, EXACT)
    one, two = (judged(engine, listed, tests, processes=number) for number in (1, 2))
    assert [(v.variant, v.state) for v in one.verdicts] == [(v.variant, v.state) for v in two.verdicts]


# -- the command -----------------------------------------------------------------------------------------------------


def mutate(*options: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli.app, ["mutate", *options], env={"COLUMNS": "80", "NO_COLOR": "1"})
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def options(engine: Engine, tmp_path: Path) -> list[str]:
    """A file with tests, and the rule that they are about."""
    path = suite_of(tmp_path, YOUNG, GROWN)[0].path
    found = rule(engine, BOTH)
    return [str(path), "--rule", f"partners.lp:{found.line + 1}", "--kind", "swap_bound"]


def test_survivors_are_shown_with_their_place_and_what_changes(engine: Engine, options: list[str]) -> None:
    code, out, _ = mutate(*options, "--threshold", "50")
    assert code == 1
    assert f"encodings/law/ipf/partners.lp:{rule(engine, BOTH).line}: the bound itself is counted" in out
    assert "- &date { birthday(born(Sponsor),Years) } <= applied(Applicant)" in out
    assert "+ &date { birthday(born(Sponsor),Years) } < applied(Applicant)" in out
    assert "0.0 % of the changes" in " ".join(out.split())
    assert all(len(line) <= 80 for line in out.splitlines())
    assert mutate(*options)[0] == 0


def test_the_report_as_json_markdown_and_junit(options: list[str], tmp_path: Path) -> None:
    file = tmp_path / "report.xml"
    code, out, _ = mutate(*options, "--format", "json", "--junit", str(file))
    data = json.loads(out)
    assert (code, data["score"], data["survived"], data["tests"]) == (0, 0.0, 2, 2)
    assert {v["kind"] for v in data["variants"]} == {"swap_bound"}
    assert data["variants"][0]["after"] == data["variants"][0]["before"].replace("<=", "<", 1)
    root = ElementTree.parse(file).getroot()
    assert (root.get("tests"), root.get("failures")) == ("2", "2")
    assert len(root.findall(".//failure")) == 2
    _, out, _ = mutate(*options, "--format", "markdown", "--lang", "fr")
    assert "```diff" in out
    assert "Score de mutation : 0.0 %" in out


@pytest.mark.parametrize(
    ("wrong", "said"),
    [(["--kind", "swap_bounds"], "Did you mean swap_bound?"), (["--rule", "partner.lp:43"], "partners.lp"),
     (["--rule", "partners.lp"], "FILE:LINE"), (["--provision", "IPF-spouse-age-22"], "ipf_spouse_age_21")],
)  # fmt: skip
def test_a_wrong_name_is_a_wrong_call(wrong: list[str], said: str) -> None:
    code, _, err = mutate(*wrong)
    assert code == 2
    assert said in err


def test_what_is_chosen(engine: Engine) -> None:
    age = {r.index for r in engine.law.rules if "ipf_spouse_age_21" in r.provisions}
    assert chosen(engine.law, None, "IPF-spouse-age-21") == age
    assert chosen(engine.law, None, None) is None
    assert chosen(engine.law, f"partners.lp:{rule(engine, BOTH).line}", "ipf_spouse_age_21") == set()
    assert chosen_kinds(None) == KINDS
    with pytest.raises(UsageError, match="drop_rule"):
        chosen_kinds("drop_rules")
