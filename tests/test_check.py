"""Checks of the law: each finds the fault planted for it, with a case that shows it, and nothing in the law as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import product
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from reasoner.case import load_case, parse_case
from reasoner.cli import app
from reasoner.dates import Calendar
from reasoner.engine import Engine
from reasoner.errors import CaseFileError, RulesError, UsageError
from reasoner.outcome import Outcome
from reasoner.quality import properties, recorded
from reasoner.quality.casetext import lines, noted
from reasoner.quality.check import CHECKS, Checker, Finding
from reasoner.quality.space import Side, Space
from reasoner.quality.suite import FINDINGS, folder
from reasoner.quality.timing import Conflict, bound, settle
from reasoner.wording import languages
from reasoner.yamlfile import read

ROOT = Path(__file__).parent.parent
FORCE = "in_force(ipf_spouse_live_with, A), candidate(A, ip_spouse)"
SLOW = ("never_fires", "no_difference", "same_rule")
QUICK = [check for check in CHECKS if check not in SLOW]


def reformed(folder: Path, *statements: str, ends: str = "") -> Engine:
    """The law with a fault laid over it."""
    folder.mkdir(exist_ok=True)
    (folder / "reform.yaml").write_text("title: a fault", "utf-8")
    (folder / "law.lp").write_text("\n".join([*statements, "#program ends.", ends]), "utf-8")
    return Engine(reforms=[folder])


def found(engine: Engine, check: str, **about: str) -> Finding:
    """The one finding of a check that is about this; small cases come first, so two shapes are enough."""
    checker = Checker(engine)
    checker.searches, checker.free = checker.searches[:2], checker.free[1:2]
    (report,) = checker.run([check])
    assert report.questions
    findings = [f for f in report.findings if about.items() <= dict(f.about).items()]
    assert findings, report.findings
    return findings[0]


def decided(engine: Engine, finding: Finding, route: str) -> list[Outcome]:
    """What a bare engine makes of the case that a finding shows."""
    assert finding.case is not None
    return on_route(engine, finding.case, route)


def on_route(engine: Engine, case: dict[str, Any], route: str) -> list[Outcome]:
    decision = engine.decide(parse_case("\n".join(lines(case)), choices=engine.law.choices))
    return [outcome for outcome in decision.outcomes if outcome.route == route]


def true_atoms(engine: Engine, case: dict[str, Any]) -> set[Any]:
    decision = engine.decide(parse_case("\n".join(lines(case)), choices=engine.law.choices))
    return {run.program.atoms[n] for run in decision.runs for n in run.program.shown if run.state(n)}


# -- planted faults ---------------------------------------------------------------------------------------------------


def test_two_answers_at_once(tmp_path: Path) -> None:
    engine = reformed(tmp_path, f"eligible(A, ip_spouse) :- {FORCE}, not_eligible(A, ip_spouse).")
    finding = found(engine, "two_answers", route="ip_spouse")
    assert {("one", "eligible"), ("other", "not_eligible")} <= set(finding.about)
    assert finding.case is not None
    assert {("eligible", "p2", "ip_spouse"), ("not_eligible", "p2", "ip_spouse")} <= true_atoms(engine, finding.case)


def test_nobody_decides(tmp_path: Path) -> None:
    engine = reformed(tmp_path, ends="not_eligible(Person, Route) :- candidate(Person, Route), fails(Person, Route).")
    finding = found(engine, "no_answer", route="ip_spouse")
    assert finding.case is not None
    about = {atom for atom in true_atoms(engine, finding.case) if atom[1:3] == ("p2", "ip_spouse")}
    assert ("relevant", "p2", "ip_spouse") in about
    assert not {atom[0] for atom in about} & {"eligible", "not_eligible", "discretionary"}


def test_a_condition_that_never_fails(tmp_path: Path) -> None:
    engine = reformed(tmp_path, f"satisfied(A, ip_spouse, live_with_sponsor) :- {FORCE}.")
    finding = found(engine, "never_fails", route="ip_spouse", condition="live_with_sponsor")
    assert finding.certain
    (rule,) = finding.rules
    assert rule.startswith("encodings/law/ipf/partners.lp:")


def test_a_condition_that_never_holds(tmp_path: Path) -> None:
    engine = reformed(tmp_path, f"requires(A, ip_spouse, disability) :- {FORCE}.")
    finding = found(engine, "never_holds", route="ip_spouse")
    assert dict(finding.about)["condition"] == "disability"
    assert finding.rules == (f"{tmp_path.name}/law.lp:1",)


def test_an_exception_that_swallows_its_rule(tmp_path: Path) -> None:
    engine = reformed(tmp_path, f"waived(A, ip_spouse, live_with_sponsor) :- {FORCE}.")
    finding = found(engine, "always_waived", route="ip_spouse")
    assert dict(finding.about)["condition"] == "live_with_sponsor"


def test_a_rule_that_never_fires(tmp_path: Path) -> None:
    rule = f"""% More than a year after the grant, and before it.
waived(A, ip_spouse, live_with_sponsor) :-
    {FORCE}, joins(A, S), &date {{ applied(A) }} <= granted(S), &date {{ granted(S) + 1*years }} <= applied(A)."""
    finding = found(reformed(tmp_path, rule), "never_fires", rule="More than a year after the grant, and before it.")
    assert finding.certain
    assert dict(finding.about)["provisions"] == "ipf_spouse_live_with"
    assert finding.rules == (f"{tmp_path.name}/law.lp:2",)


def test_a_paper_that_nobody_can_have_in_order(tmp_path: Path) -> None:
    fault = "defect(A, visa_form, S, too_old) :- in_force(ipf_doc_visa_form, A), handed_in(A, visa_form, S)."
    finding = found(reformed(tmp_path, fault), "paper_impossible", route="ip_spouse")
    assert dict(finding.about)["document"] == "visa_form"


def test_a_paper_that_nobody_can_have_in_order_from_some_day_on(tmp_path: Path) -> None:
    fault = """% Since the change of 2024.
defect(A, visa_form, S, too_old) :- in_force(ipf_law_2024, A), handed_in(A, visa_form, S)."""
    finding = found(reformed(tmp_path, fault), "paper_impossible", route="ip_spouse", document="visa_form")
    assert ("since", "2024-09-01") in finding.about


def of_the_reform(engine: Engine, check: str) -> list[Finding]:
    """What a check finds among the rules that a reform adds."""
    checker = Checker(engine)
    checker.searches, checker.free = checker.searches[:2], checker.free[1:2]
    checker.mute = {rule.index: True for rule in engine.law.rules if rule.file.startswith("encodings/")}
    (report,) = checker.run([check])
    return list(report.findings)


def test_a_rule_without_which_nothing_changes(tmp_path: Path) -> None:
    rule = f"""% What a wider rule says already.
satisfied(A, ip_spouse, live_with_sponsor) :- {FORCE}, will_live_with(A), civil_status(A, married)."""
    engine = reformed(tmp_path, rule)
    (finding,) = of_the_reform(engine, "no_difference")
    assert finding.certain
    assert dict(finding.about)["rule"] == "What a wider rule says already."
    assert finding.rules == (f"{tmp_path.name}/law.lp:2",)
    assert of_the_reform(engine, "same_rule") == []


def test_two_rules_that_say_the_same(tmp_path: Path) -> None:
    rule = f"""% Doubled.
requires(A, ip_spouse, disability) :- {FORCE}, civil_status(A, widowed).
requires(A, ip_spouse, disability) :- {FORCE}, civil_status(A, widowed), joins(A, S)."""
    engine = reformed(tmp_path, rule)
    (finding,) = of_the_reform(engine, "same_rule")
    assert dict(finding.about)["rule"] == "Doubled."
    assert finding.rules == (f"{tmp_path.name}/law.lp:2", f"{tmp_path.name}/law.lp:3")
    assert of_the_reform(engine, "no_difference") == []


def test_a_paper_that_harms(tmp_path: Path) -> None:
    engine = reformed(tmp_path, f"requires(A, ip_spouse, disability) :- {FORCE}, handed_in(A, photographs, S).")
    finding = found(engine, "paper_harms", kind="eligible", route="ip_spouse")
    (outcome,) = decided(engine, finding, "ip_spouse")
    assert [c.id for c in outcome.conditions if c.status == "unmet"] == ["disability"]
    assert finding.case is not None
    application = finding.case["applications"][0]
    without = [paper for paper in application["documents"] if paper["type"] != "photographs"]
    assert len(without) == len(application["documents"]) - 1
    application["documents"] = without
    assert [o.result for o in on_route(engine, finding.case, "ip_spouse")] == ["eligible"]


@pytest.mark.parametrize(("until", "kind"), [("2024-07-31", "gap"), ("2024-09-30", "overlap")])
def test_a_gap_and_an_overlap_between_dates_in_force(tmp_path: Path, until: str, kind: str) -> None:
    old = 'in_force_until(ipf_window_12m, "2024-08-31").'
    engine = reformed(tmp_path, f'in_force_until(ipf_window_12m, "{until}").', ends=old)
    finding = found(engine, "dates_in_force", kind=kind)
    assert {("one", "ipf_window_12m"), ("other", "ipf_window_3m")} <= set(finding.about)
    assert len(finding.rules) == 2


# -- the law itself ---------------------------------------------------------------------------------------------------


def run(*words: str) -> Any:
    return CliRunner().invoke(app, ["check", *words], env={"COLUMNS": "80", "NO_COLOR": "1"})


def only(checks: Sequence[str]) -> list[str]:
    return [word for check in checks for word in ("--only", check)]


def test_nothing_is_found_in_the_law_that_is_not_recorded(tmp_path: Path) -> None:
    ran = run(*only(QUICK), "--format", "json", "--junit", str(tmp_path / "out.xml"))
    result = json.loads(ran.output)
    assert (ran.exit_code, result["passed"], result["stale"]) == (0, True, [])
    assert [check["check"] for check in result["checks"]] == QUICK
    findings = {check["check"]: check["findings"] for check in result["checks"] if check["findings"]}
    assert list(findings) == ["never_fails", "always_waived"]
    assert {f["about"]["condition"] for f in findings["never_fails"]} == {"ascendants_listed"}
    assert {f["about"]["route"] for f in findings["always_waived"]} == {"ip_parent_of_minor"}
    for finding in findings["always_waived"]:
        assert (ROOT / finding["recorded"]["decision"]).is_file()
        assert finding["rules"][0]["text"].startswith("requires(Applicant,Route,Condition) :-\n")
    assert result["bound"] == {
        "persons": 4, "applications": 2, "papers": 1, "first": "1900-01-01", "last": "2200-12-31"
    }  # fmt: skip
    suite = ElementTree.parse(tmp_path / "out.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures")) == (str(len(QUICK)), "0")


def test_what_is_recorded_names_checks_and_pages_that_exist() -> None:
    for entry in recorded.load(CHECKS):
        assert (ROOT / entry.decision).is_file()
        assert len({entry.why(language) for language in languages()}) == len(languages())


def test_a_new_finding_and_a_stale_record_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (folder() / FINDINGS).read_text("utf-8")
    monkeypatch.setattr(recorded, "folder", lambda: tmp_path)
    (tmp_path / FINDINGS).write_text(text.replace("condition: housing", "condition: marriage"), "utf-8")
    ran = run("--only", "always_waived", "--junit", str(tmp_path / "out.xml"))
    assert ran.exit_code == 1
    assert "✗ Exceptions that swallow their rule: 1 found" in ran.output
    assert f"{FINDINGS}:3:recorded,butnolongerfound" in "".join(ran.output.split())
    assert "condition: the sponsor has suitable housing" in ran.output
    suite = ElementTree.parse(tmp_path / "out.xml").getroot()[0]
    assert suite.get("failures") == "2"
    assert "material_conditions.lp" in (suite.findtext("testcase/failure") or "")
    assert max(map(len, ran.output.splitlines())) <= 80


def test_without_a_record_everything_found_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorded, "folder", lambda: tmp_path)
    ran = run("--only", "always_waived", "--lang", "fr", "--format", "markdown")
    assert ran.exit_code == 1
    assert "## ✗ Exceptions qui absorbent leur règle : 3" in ran.output


@pytest.mark.parametrize(
    ("content", "line", "code"),
    [
        ("findings:\n  - {check: bogus, about: {a: b}, decision: x, why: y}", 2, "unknown_name"),
        ("findings:\n  - {check: no_answer, about: {a: b}, decision: x}", 2, "finding_lacks"),
        ("findings:\n  - check: no_answer\n    because: x", 3, "unknown_key"),
        ("finding: []", 1, "unknown_key"),
        ("findings: {}", 1, "list"),
    ],
)
def test_a_faulty_record_says_where(tmp_path: Path, content: str, line: int, code: str) -> None:
    (tmp_path / FINDINGS).write_text(content, "utf-8")
    with pytest.raises(CaseFileError) as caught:
        recorded.load(CHECKS, tmp_path / FINDINGS)
    assert (line, code) in [(fault.line, fault.code) for fault in caught.value.faults]


def test_an_unknown_check_is_refused_with_the_nearest() -> None:
    ran = run("--only", "never_fire")
    assert ran.exit_code == 2
    assert "Did you mean never_fires?" in ran.stderr


# -- possible cases ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "story", ["registered-partner", "unmarried-partner-visa", "partenaire-durable", "unregistered-couple"]
)
def test_what_a_real_case_says_is_possible(story: str) -> None:
    """A search that leaves out real cases would say of what happens that it cannot."""
    engine = Engine()
    for run in engine.decide(load_case(ROOT / "examples" / story / "case.yaml", choices=engine.law.choices)).runs:
        program = run.program
        number = program.number | {comparison: n for n, comparison in program.comparisons.items()}
        asked = [head for head in program.rules if program.atoms[head][0] in ("satisfied", "waived")]
        assert asked
        for head in asked:
            space = Space([Side(engine.law, program)], [[head]], readings_free=True)
            literals = {**space.inputs, **space.comparisons}.items()
            said = {literal: run.state(number[atom]) for (atom, _), literal in literals if atom in number}
            known = [literal if true else -literal for literal, true in said.items() if true is not None]
            assert space.holding(known, ()) is not None, program.atoms[head]


# -- properties -------------------------------------------------------------------------------------------------------


def written(tmp_path: Path, text: str) -> Path:
    (tmp_path / "some.lp").write_text(text, "utf-8")
    return tmp_path / "some.lp"


def test_a_property_that_does_not_hold_is_shown_with_a_case_that_a_bare_engine_confirms(tmp_path: Path) -> None:
    ran = run("--property", "examples/properties/ages.lp", "--format", "json", "--junit", str(tmp_path / "out.xml"))
    assert ran.exit_code == 1
    (found,) = json.loads(ran.output)["properties"]
    assert (found["property"], found["holds"], found["certain"]) == (
        "No spouse under 21 has a right to stay",
        False,
        True,
    )
    assert found["because"]
    (outcome,) = on_route(Engine(), found["case"], "ip_spouse")
    born = date.fromisoformat(found["case"]["persons"]["p2"]["born"])
    assert outcome.result == "eligible"
    assert outcome.applied_on is not None
    assert outcome.applied_on < date(born.year + 21, born.month, born.day)
    assert ElementTree.parse(tmp_path / "out.xml").getroot()[0].get("failures") == "1"


@pytest.mark.parametrize(
    ("rule", "there"),
    [
        ("warning(A, eu_entry_visa, several_nationalities)", r"nationality: \[.., BE\]"),
        ("condition(A, eu_registered_partner, minimum_age, met), &date { applied(A) } < birthday(born(A), 21)",
         r"cohabitation:\n"),
        ("authority(A, eu_entry_visa, receives_application, representing_state)", "represented_by: AT"),
    ],
)  # fmt: skip
def test_possible_are_two_nationalities_a_life_before_the_arrival_and_members_of_a_class_on_a_day(
    tmp_path: Path, rule: str, there: str
) -> None:
    (verdict,) = properties.check(*properties.load(written(tmp_path, f"% Never.\nviolation(A) :- {rule}.")))
    assert verdict.violation is not None
    assert re.search(there, "\n".join(lines(verdict.violation.case)))


def test_each_rule_of_a_file_is_a_property_of_its_own(tmp_path: Path) -> None:
    file = written(tmp_path, """% Holds.
violation(A) :- eligible(A, ip_spouse), not_eligible(A, ip_spouse).

% Does not.
violation(A, R) :- eligible(A, R), R = ip_spouse.
""")  # fmt: skip
    engine, rules = properties.load(file)
    verdicts = list(properties.check(engine, rules))
    assert [(v.rule.comment, v.holds) for v in verdicts] == [("Holds.", True), ("Does not.", False)]
    assert verdicts[1].violation is not None
    assert verdicts[1].violation.atom == ("violation", "p2", "ip_spouse")


@pytest.mark.parametrize(
    ("text", "error", "code"),
    [
        ("eligible(A, ip_spouse) :- not_eligible(A, ip_spouse).", UsageError, "property_none"),
        ("violation(A) :- joins(A, S).", RulesError, "property_untagged"),
        ("violation(A) :- eligibel(A, ip_spouse).", RulesError, "reform_name"),
    ],
)
def test_what_is_no_property_is_refused(tmp_path: Path, text: str, error: Any, code: str) -> None:
    with pytest.raises(error) as caught:
        properties.load(written(tmp_path, text))
    codes = [caught.value.code] if error is UsageError else [fault.code for fault in caught.value.faults]
    assert codes == [code]


def test_a_property_file_that_is_not_there_is_wrong_usage() -> None:
    ran = run("--property", "bogus.lp")
    assert ran.exit_code == 2
    assert "bogus.lp" in ran.stderr


# -- cases as files ---------------------------------------------------------------------------------------------------

SCALARS = st.one_of(st.booleans(), st.integers(0, 99), st.text("aé -:#{}[],'\"\\%@!&*|>0", max_size=90),
                    st.sampled_from(["null", "NO", "no", "true", "2024-01-31", "2024-01-31 00:00", "1e3", "~"]))  # fmt: skip
NESTED = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc_", min_size=1), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.dictionaries(st.text("abc_", min_size=1), NESTED, min_size=1, max_size=4))
def test_a_case_is_read_as_it_was_written(case: dict[str, Any]) -> None:
    assert read(text="\n".join(lines(case))).data == _as_read(case)


def _as_read(value: Any) -> Any:
    """A truth is written as people write it, which the reader of cases understands as text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return {key: _as_read(part) for key, part in value.items()}
    return [_as_read(part) for part in value] if isinstance(value, list) else value


def test_what_another_case_says_stands_at_the_end_so_that_lines_keep_their_numbers() -> None:
    one, other = (
        {"assessed_on": "2025-01-15", "applications": [{"filed": day}]} for day in ("2024-08-31", "2024-09-01")
    )
    assert noted(one, other, "later") == [*lines(one), "# later:", "#   - {filed: 2024-09-01}"]
    assert noted(one, one, "later") == lines(one)


# -- days -------------------------------------------------------------------------------------------------------------

POINTS = (("applied", "p2"), ("granted", "p1"))
FROM = date(2024, 1, 25)
WINDOW = 40  # days around the end of February of a leap year


def moved(point: Any, amount: int, unit: str) -> Any:
    return point if unit == "" else ("+", point, ("*", amount, unit))


SIDES = st.builds(moved, st.sampled_from(POINTS), st.integers(1, 31), st.sampled_from(["", "days", "months"]))
COMPARISONS = st.tuples(st.just("date"), SIDES, st.sampled_from(["<", "<="]), SIDES)


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(COMPARISONS, st.booleans()), max_size=4))
def test_days_are_settled_as_trying_all_of_them_would(answers: list[tuple[Any, bool]]) -> None:
    last = (FROM + timedelta(WINDOW)).isoformat()
    window = [(("date", FROM.isoformat(), "<=", p), True) for p in POINTS]
    window += [(("date", p, "<=", last), True) for p in POINTS]
    stated = [(atom, truth) for atom, truth in answers if atom[1] != atom[3]]
    bounds = [bound(atom, truth, {}, (n,)) for n, (atom, truth) in enumerate([*window, *stated], 1)]
    fitting = list(fits(stated))
    settled = settle(POINTS, bounds, {})
    if isinstance(settled, Conflict):
        assert not (settled.certain and fitting)
        blamed = [each for n, each in enumerate([*window, *stated], 1) if n in settled.literals]
        assert not list(fits([each for each in blamed if each in stated])) or any(each in window for each in blamed)
    else:
        assert fitting
        assert {p: settled[p] for p in POINTS} == {p: min(days[p] for days in fitting) for p in POINTS}


def fits(answers: list[tuple[Any, bool]]) -> Iterator[dict[Any, date]]:
    for offsets in product(range(WINDOW + 1), repeat=len(POINTS)):
        days = {point: FROM + timedelta(offset) for point, offset in zip(POINTS, offsets, strict=True)}
        calendar = Calendar(days.__getitem__, lambda _name: {})
        if all(calendar.answer(atom) is truth for atom, truth in answers):
            yield days
