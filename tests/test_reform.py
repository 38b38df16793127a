"""Reforms: what a folder adds, replaces and ends; what it may not do; and that nothing else changes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from test_examples import missing_from
from typer.testing import CliRunner

from reasoner import RulesError, UsageError, cli, wording
from reasoner.engine import Engine
from reasoner.outcome import Outcome
from reasoner.program import law_files, law_root
from reasoner.reform import read, worded
from reasoner.render.show import as_json
from reasoner.store import Store
from reasoner.target import Target, matching
from reasoner.versions import law_of

STEP = re.compile(
    r"(?:^(?P<verb>New file|From) `(?P<path>[^`]+)`:\n\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
ROOT = Path(__file__).parent.parent
EXEMPTION = ROOT / "examples/reforms/one-year-exemption-six-months"
WINDOW = ROOT / "examples/reforms/window-six-months"
COUPLE = EXEMPTION / "changes.yaml"


def write(folder: Path, law: str = "", sheet: str = "title: A reform\n", **languages: str) -> Path:
    """A reform in a folder; ``languages`` are its sentences."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "reform.yaml").write_text(sheet, "utf-8")
    if law:
        (folder / "law.lp").write_text(law, "utf-8")
    for language, text in languages.items():
        (folder / "wording").mkdir(exist_ok=True)
        (folder / "wording" / f"{language}.yaml").write_text(text, "utf-8")
    return folder


def decided(engine: Engine, case: str | Path, person: str, route: str) -> Outcome:
    decision = engine.decide(engine.load(case), as_of=date(2025, 6, 1))
    return matching(decision, Target(person, route))[0][1]


def condition(outcome: Outcome, name: str) -> tuple[str, tuple[str, ...]]:
    (found,) = [c for c in outcome.conditions if c.id == name]
    return found.status, found.provisions


def filed(case: Path, day: str, tmp_path: Path) -> Path:
    """A copy of a case whose only application was filed on another day."""
    lines = case.read_text("utf-8").splitlines()
    (place,) = [n for n, line in enumerate(lines) if line.strip().startswith("filed:")]
    lines[place] = f"    filed: {day}"
    path = tmp_path / f"{day}.yaml"
    path.write_text("\n".join(lines), "utf-8")
    return path


# -- what a reform does ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "before", "under", "provision"),
    [
        ("2024-09-15", "waived", "waived", "ipf_material_exempt_1y"),
        ("2024-12-31", "waived", "waived", "ipf_material_exempt_1y"),
        ("2025-01-01", "waived", "unmet", "ipf_material_exempt_6m"),
        ("2025-03-15", "waived", "unmet", "ipf_material_exempt_6m"),
        ("2025-03-16", "unmet", "unmet", "ipf_material_exempt_6m"),
    ],
)
def test_a_dated_parameter_on_both_sides_of_its_day(
    day: str, before: str, under: str, provision: str, tmp_path: Path
) -> None:
    case = filed(COUPLE, day, tmp_path)
    assert condition(decided(Engine(), case, "mina", "ip_spouse"), "means")[0] == before
    engine = Engine(reforms=[EXEMPTION])
    outcome = decided(engine, case, "mina", "ip_spouse")
    status, provisions = condition(outcome, "means")
    assert status == under
    assert provision in provisions
    assert ("ipf_material_exempt_6m" in provisions) == (day >= "2025")
    (deadline,) = [d for d in outcome.deadlines if d.id == "one_year_exemption_ends"]
    assert provision in deadline.provisions
    assert deadline.date == (date(2025, 3, 15) if provision.endswith("1y") else date(2024, 9, 15))
    effects = {e.id: e.status for e in outcome.effects}
    assert effects["material_conditions_after_6m"] == ("not" if under == "waived" else "applies")
    assert effects["material_conditions_return"] == "not"


def test_six_months_from_the_grant_are_still_free(tmp_path: Path) -> None:
    text = COUPLE.read_text("utf-8").replace("granted: 2024-03-15", "granted: 2024-08-15")
    for day, status in (("2025-02-15", "waived"), ("2025-02-16", "unmet")):
        case = tmp_path / "case.yaml"
        case.write_text(text.replace("filed: 2025-01-15", f"filed: {day}"), "utf-8")
        found = condition(decided(Engine(reforms=[EXEMPTION]), case, "mina", "ip_spouse"), "means")
        assert found[0] == status
        assert "ipf_material_exempt_6m" in found[1]


@pytest.mark.parametrize(
    ("granted", "day", "before", "under", "provision"),
    [
        ("2024-10-02", "2024-12-31", "met", "met", "ipf_window_3m"),
        ("2024-09-30", "2024-12-31", "unmet", "unmet", "ipf_window_3m"),
        ("2024-09-30", "2025-01-01", "unmet", "met", "ipf_window_6m"),
        ("2024-10-02", "2025-04-02", "unmet", "met", "ipf_window_6m"),
        ("2024-10-02", "2025-04-03", "unmet", "unmet", "ipf_window_6m"),
        ("2024-02-01", "2024-08-31", "met", "met", "ipf_window_12m"),
    ],
)
def test_the_window_on_both_sides_of_its_day(
    granted: str, day: str, before: str, under: str, provision: str, tmp_path: Path
) -> None:
    case = filed(WINDOW / "changes.yaml", day, tmp_path)
    case.write_text(case.read_text("utf-8").replace("granted: 2024-10-02", f"granted: {granted}"), "utf-8")
    assert condition(decided(Engine(), case, "laila", "ip_minor_child"), "minority")[0] == before
    status, provisions = condition(decided(Engine(reforms=[WINDOW]), case, "laila", "ip_minor_child"), "minority")
    assert status == under
    assert provision in provisions


def test_a_fact_is_replaced_at_its_place_in_every_rule(tmp_path: Path) -> None:
    reform = write(tmp_path / "r", """
        #program ends.
        period(ipf_material_exempt_1y,    1, years).
        #program adds.
        period(ipf_material_exempt_1y, 6, months).
    """)  # fmt: skip
    before, after = (decided(Engine(reforms=r), COUPLE, "mina", "ip_spouse") for r in ([], [reform]))
    assert (condition(before, "means")[0], condition(after, "means")[0]) == ("waived", "unmet")
    days = [[d.date for d in o.deadlines if d.id == "one_year_exemption_ends"] for o in (before, after)]
    assert days == [[date(2025, 3, 15)], [date(2024, 9, 15)]]


RULE = """
% Quoted over other lines than in the law.
satisfied(Applicant, Route, live_with_sponsor) :- in_force(ipf_spouse_live_with, Applicant),
    requires(Applicant, Route, live_with_sponsor), spouse_rules(Route), will_live_with(Applicant).
"""


def test_a_rule_is_ended_and_another_takes_its_place(tmp_path: Path) -> None:
    engine = Engine(reforms=[write(tmp_path / "ended", f"#program ends.{RULE}")])
    (change,) = engine.law.changes
    assert (change.reform, change.kind, change.file) == ("ended", "ends", "encodings/law/ipf/partners.lp")
    assert "live_with_sponsor" in (law_root() / change.file).read_text("utf-8").splitlines()[change.line - 1]
    assert len(engine.law.rules) == len(Store().law.rules) - 1
    assert condition(decided(engine, COUPLE, "mina", "ip_spouse"), "live_with_sponsor")[0] == "unmet"

    replaced = RULE.replace("will_live_with(Applicant)", "joins(Applicant, Sponsor)")
    both = write(tmp_path / "replaced", f"#program ends.{RULE}#program adds.{replaced}")
    engine = Engine(reforms=[both])
    case = tmp_path / "case.yaml"
    case.write_text(
        COUPLE.read_text("utf-8").replace("will_live_with_sponsor: yes", "will_live_with_sponsor: no"), "utf-8"
    )
    assert condition(decided(Engine(), case, "mina", "ip_spouse"), "live_with_sponsor")[0] == "unmet"
    assert condition(decided(engine, case, "mina", "ip_spouse"), "live_with_sponsor")[0] == "met"
    (rule,) = [r for r in engine.law.rules if r.file == "replaced/law.lp"]
    assert (rule.line, rule.comment) == (7, "Quoted over other lines than in the law.")


def test_the_rules_beside_an_ended_one_keep_their_comments(tmp_path: Path) -> None:
    comments = {rule.text: rule.comment for rule in Store().law.rules}
    law = Engine(reforms=[write(tmp_path / "r", f"#program ends.{RULE}")]).law
    assert all(comments[rule.text] == rule.comment for rule in law.rules)


def test_reforms_are_carried_out_in_their_order(tmp_path: Path) -> None:
    first = write(
        tmp_path / "first",
        "#program ends. period(ipf_window_3m, 3, months). #program adds. period(ipf_window_3m, 4, months).",
    )
    second = write(
        tmp_path / "second",
        "#program ends. period(ipf_window_3m, 4, months). #program adds. period(ipf_window_3m, 5, months).",
    )
    law = Engine(reforms=[first, second]).law
    assert [row[1] for row in law.table("period") if row[0] == "ipf_window_3m"] == [5]
    assert [(change.reform, change.kind) for change in law.changes] == [
        ("first", "ends"), ("first", "adds"), ("second", "ends"), ("second", "adds")]  # fmt: skip
    with pytest.raises(RulesError, match=r"second/law\.lp:1: the law does not say period\(ipf_window_3m,4,months\)"):
        Engine(reforms=[second, first]).law  # noqa: B018


def test_both_examples_together_are_both_carried_out() -> None:
    engine = Engine(reforms=[EXEMPTION, WINDOW])
    assert condition(decided(engine, COUPLE, "mina", "ip_spouse"), "means")[0] == "unmet"
    assert condition(decided(engine, WINDOW / "changes.yaml", "laila", "ip_minor_child"), "minority")[0] == "met"


@pytest.mark.parametrize("reform", [EXEMPTION, WINDOW], ids=lambda path: path.name)
def test_an_example_changes_one_of_its_cases_and_not_the_other(reform: Path) -> None:
    for name, changes in (("changes", True), ("stays", False)):
        results = []
        for engine in (Engine(), Engine(reforms=[reform])):
            decision = engine.decide(engine.load(reform / f"{name}.yaml"))
            results.append([(o.person, o.route, o.result) for o in decision.outcomes])
        assert (results[0] != results[1]) == changes


# -- versions do not mix ---------------------------------------------------------------------------------------------


def test_the_digest_covers_what_a_reform_says_its_order_and_its_name_but_no_sentence(tmp_path: Path) -> None:
    law = "period(ipf_visa_d_schengen, 3, months).\n"
    one = write(tmp_path / "one", f"#program ends. {law}")
    two = write(tmp_path / "two", "% nothing\n" + "least(ipf_regpartner_proof_cohab, days_met, 1).")
    digests = [Store(reforms=r).digest for r in ([], [one], [two], [one, two], [two, one])]
    assert len(set(digests)) == 5
    (one / "law.lp").write_text(f"#program ends.  {law}", "utf-8")
    assert Store(reforms=[one]).digest not in digests
    (one / "law.lp").write_text(f"#program ends. {law}", "utf-8")
    write(one, sheet="title: Another title\n", en="ui: {none: nothing}\n")
    assert Store(reforms=[one]).digest == digests[1]
    assert read(one).key != read(two).key


def test_a_cache_that_reforms_share_confuses_nothing(tmp_path: Path) -> None:
    def means(*reforms: Path) -> str:
        return condition(decided(Engine(None, tmp_path, reforms), COUPLE, "mina", "ip_spouse"), "means")[0]

    for _ in range(2):
        assert [means(), means(EXEMPTION), means(WINDOW), means(EXEMPTION, WINDOW)] == [
            "waived", "unmet", "waived", "unmet"]  # fmt: skip
    assert Store(None, tmp_path, [EXEMPTION]).law.changes == Store(None, tmp_path / "cold", [EXEMPTION]).law.changes


def test_the_law_itself_stays_as_it_is(tmp_path: Path) -> None:
    before = law_files(law_root())
    digest = Store().digest
    engine = Engine(cache=tmp_path, reforms=[EXEMPTION, WINDOW])
    decided(engine, COUPLE, "mina", "ip_spouse")
    assert law_files(law_root()) == before
    assert Store().digest == digest != engine.law.digest
    assert (Store().law.changes, Store().law.reforms) == ((), ())


# -- what a reform may not do ----------------------------------------------------------------------------------------

ADDED = "provision(ipf_new, ipf, deadline, rule).\nclock(ipf_new, application).\n"
FAULTS: dict[str, tuple[str, str]] = {
    "syntax": ("period(ipf_window_3m, 3 months).", r"law\.lp:1:25-31: error: syntax error"),
    "letters": ("périod(ipf_window_3m, 3, months).", r"law\.lp:1: a letter outside ASCII"),
    "part": ("\n#program end.", r"law\.lp:2: a reform has no part end.* Did you mean ends\?"),
    "script": ("#script (python)\nprint(1)\n#end.", r"law\.lp:1: a reform cannot contain #script"),
    "external": ("#external p(x).", r"law\.lp:1: a reform cannot contain #external"),
    "include": ('#include "other.lp".', r"law\.lp:1: a reform cannot contain "),
    "nothing": ("% only words", r"law\.lp: the reform adds nothing and ends nothing"),
    "ends nothing": (
        "#program ends.\n\nperiod(ipf_window_3m, 4, months).",
        r"law\.lp:3: the law does not say period\(ipf_window_3m,4,months\).* The nearest is "
        r"facts/periods\.lp:\d+: period\(ipf_window_3m,3,months\)",
    ),
    "ends a misspelt predicate": (
        "#program ends. zzz(1).",
        r"law\.lp:1: the law does not say zzz\(1\)\.\. .* Copy it from",
    ),
    "ends it twice": (
        "#program ends.\nage(ipf_evac_core, 18).\nage(ipf_evac_core, 18).",
        r"law\.lp:3: the law does not say age",
    ),
    "adds what is there": (
        "age(ipf_evac_core,18).",
        r"law\.lp:1: the law already says age.* \(facts/periods\.lp:\d+\)",
    ),
    "a second value": (
        "period(ipf_window_3m, 6, months).",
        r"law\.lp:1: period\(ipf_window_3m,6,months\)\. would stand beside period\(ipf_window_3m,3,months\)\. \(facts/",
    ),
    "a second last day": (
        'in_force_until(ipf_window_12m, "2024-12-31").',
        r'would stand beside in_force_until\(ipf_window_12m,"2024-08-31"\)',
    ),
    "a misspelt table": (
        "perod(ipf_evac_border_72h, 6, months).",
        r"law\.lp:1: the name perod occurs nowhere else.* mean period\?",
    ),
    "a misspelt head": (
        "satisfed(A, R, means) :- in_force(ipf_material_list, A), candidate(A, R).",
        r"law\.lp:1: the name satisfed occurs nowhere else.* Did you mean satisfied\?",
    ),
    "a misspelt condition": (
        "waived(A, R, meens) :- in_force(ipf_material_list, A), candidate(A, R).",
        r"the name meens occurs nowhere else.* Did you mean means\?",
    ),
    "a misspelt provision": (
        "waived(A, R, means) :- in_force(ipf_material_lst, A), in_force(ipf_material_lst, A), candidate(A, R).",
        r"the rule names ipf_material_lst, which is not a provision.* Did you mean ipf_material_list\?",
    ),
    "a provision that is not encoded": (
        "provision(p, ipf, right, rule). not_encoded(p, other_regime). waived(A, R, means) :- in_force(p, A), candidate(A, R).",
        r"the rule names p, which is not a provision in the catalogue, or is listed there as not",
    ),
    "a provision that others name is gone": (
        "#program ends. provision(ipf_material_list, ipf, condition, rule).",
        r"encodings/law/ipf/material_conditions\.lp:\d+: the rule names ipf_material_list",
    ),
    "a parameter that others read is gone": (
        "#program ends. period(ipf_window_3m, 3, months).",
        r"minority\.lp:\d+: the rule reads period\(ipf_window_3m, Number, Unit\), and no such fact",
    ),
    "a parameter for another": (
        ADDED + "period(ipf_new, 3, months).\nwaived(A, R, means) :- in_force(ipf_new, A), candidate(A, R), "
        "window(ipf_new, N, U), joins(A, S), &date { applied(A) } <= granted(S) + N*U.",
        r"law\.lp:4: the rule reads window\(ipf_new, N, U\), and no such fact",
    ),
    "dates of an unknown provision": (
        'in_force_until(ipf_widow_3m, "2024-12-31").\nin_force_from(ipf_widow_3m, "2024-12-31").',
        r"ipf_widow_3m cannot have dates.* Did you mean ipf_window_3m\?",
    ),
    "dates without a clock": (
        'provision(ipf_new, ipf, deadline, rule).\nin_force_from(ipf_new, "2025-01-01").',
        r"law\.lp:2: ipf_new cannot have dates",
    ),
    "no such day": ('in_force_until(ipf_window_3m, "2025-02-29").', r'"2025-02-29" is not a day'),
    "not written as a day": ("in_force_until(ipf_window_3m, 20250101).", r"20250101 is not a day"),
    "ended before it began": (
        'in_force_until(ipf_window_3m, "2024-08-31").',
        r"law\.lp:1: ipf_window_3m would never be in force: from 2024-09-01 until 2024-08-31",
    ),
    "a choice": ("{ waived(A, R, means) } :- candidate(A, R).", r"r/law\.lp:1: a choice or a disjunction"),
    "a comparison with a misspelt date": (
        "waived(A, R, means) :- in_force(ipf_material_list, A), candidate(A, R), &date { aplied(A) } <= aplied(A).",
        r"r/law\.lp:1: aplied/1 in a comparison is neither",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_in_the_law_of_a_reform_is_named_with_its_line(name: str, tmp_path: Path) -> None:
    law, message = FAULTS[name]
    (tmp_path / "other.lp").write_text("p.", "utf-8")
    reform = write(tmp_path / "r", law.replace("other.lp", str(tmp_path / "other.lp")))
    with pytest.raises(RulesError, match=message):
        Engine(reforms=[reform]).law  # noqa: B018


def test_a_predicate_that_nothing_defines_is_named_when_the_rules_are_ground(tmp_path: Path) -> None:
    law = "waived(A, R, means) :- in_force(ipf_material_list, A), candidate(A, R), nobody(A), not nobody(R)."
    with pytest.raises(RulesError, match=r"law\.lp:1:\d+-\d+: info: atom does not occur in any rule head"):
        decided(Engine(reforms=[write(tmp_path / "r", law)]), COUPLE, "mina", "ip_spouse")


def test_a_reform_that_changes_after_it_was_read_is_refused_not_stored(tmp_path: Path) -> None:
    law = "#program ends. period(ipf_window_3m, 3, months). #program adds. period(ipf_window_3m, 4, months)."
    engine = Engine(None, tmp_path / "cache", [write(tmp_path / "r", law)])
    write(tmp_path / "r", law.replace("4", "5"))
    with pytest.raises(RulesError, match=r"law\.lp: the file was changed since the reform was read"):
        engine.law  # noqa: B018
    assert not list((tmp_path / "cache").glob("*"))


def test_all_faults_of_a_reform_are_named_at_once(tmp_path: Path) -> None:
    law = "perod(ipf_evac_border_72h, 6, months).\nage(ipf_evac_core, 18).\n#program ends.\nage(ipf_evac_core, 19).\n"
    with pytest.raises(RulesError) as error:
        Engine(reforms=[write(tmp_path / "r", law)]).law  # noqa: B018
    assert [(f.line, f.code) for f in error.value.faults] == [
        (4, "reform_ends_nothing"), (2, "reform_adds_nothing"), (1, "reform_name")]  # fmt: skip


SHEETS: dict[str, tuple[str, dict[str, str], str]] = {
    "no title": ("source: a bill\n", {}, r"reform\.yaml:1: the reform has no title"),
    "unknown key": ("title: T\ntitel: U\n", {}, r"reform\.yaml:2: titel: titel is no key here.* Did you mean title\?"),
    "unknown language": ("title: {en: T, de: U}\n", {}, r"reform\.yaml:1: title\.de: de is no key here.* en, fr"),
    "no YAML": ("title: [", {}, r"reform\.yaml:\d"),
    "wording of no language": ("title: T\n", {"nl": "ui: {none: niets}"}, r"nl\.yaml is no file of wording.* en, fr"),
    "no entries": ("title: T\n", {"en": "ui: none\n"}, r"en\.yaml:1: ui: ui holds no entries"),
    "a word of a provision": (
        "title: T\n",
        {"fr": "provisions:\n  ipf_window_3m: {titel: T}\n"},
        r"fr\.yaml:2: provisions\.ipf_window_3m\.titel: titel is no key here.* Did you mean title\?",
    ),
}


@pytest.mark.parametrize("name", SHEETS)
def test_a_fault_in_a_sheet_of_a_reform_is_named_with_its_line(name: str, tmp_path: Path) -> None:
    sheet, languages, message = SHEETS[name]
    with pytest.raises(RulesError, match=message):
        read(write(tmp_path / "r", "age(ipf_evac_core, 19).", sheet, **languages))


def test_a_section_that_no_catalogue_has_is_named_whatever_the_language(tmp_path: Path) -> None:
    reform = read(write(tmp_path / "r", "% law", fr="deadline: {x: un jour}\n"))
    with pytest.raises(RulesError, match=r"fr\.yaml:1: deadline: deadline is no key here.* Did you mean deadlines\?"):
        worded(wording.load("en"), [reform])


def test_a_folder_that_holds_no_reform_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere is not the folder of a reform"):
        Engine(reforms=[tmp_path / "nowhere"])
    with pytest.raises(UsageError, match=r"Did you mean .*window-six-months\?"):
        Engine(reforms=[WINDOW.with_name("windows-six-month")])
    with pytest.raises(UsageError, match="two reforms are called window-six-months"):
        Engine(reforms=[WINDOW, WINDOW])
    with pytest.raises(RulesError, match=r"no file \*\.lp stands in .*empty"):
        read(write(tmp_path / "empty"))


# -- sentences -------------------------------------------------------------------------------------------------------


def test_the_sentences_of_a_reform_are_added_for_it_alone(tmp_path: Path) -> None:
    french = wording.load("fr")
    own = worded(french, [read(WINDOW)])
    assert own.get("provisions", "ipf_window_6m")["title"] == "Délai supplémentaire de 6 mois (réforme)"
    assert french.get("provisions", "ipf_window_6m") is None
    assert own.get("provisions", "ipf_window_3m") == french.get("provisions", "ipf_window_3m")


@pytest.mark.parametrize("reform", [EXEMPTION, WINDOW], ids=lambda path: path.name)
def test_an_example_says_everything_in_every_language(reform: Path) -> None:
    found = read(reform)
    assert set(found.titles) == set(found.descriptions) == set(found.words) == set(wording.languages())
    keys = [{(s, key) for s, entries in words.items() for key in entries} for words in found.words.values()]
    assert keys[0] == keys[1]


def test_a_provision_without_words_is_shown_by_its_id(tmp_path: Path) -> None:
    law = (WINDOW / "reform.lp").read_text("utf-8")
    ran = printed("explain", str(WINDOW / "changes.yaml"), "-p", "laila", "-c", "minority", "-r", "ip_minor_child",
                  "--reform", str(write(tmp_path / "wordless", law)))  # fmt: skip
    assert "IPF-window-6m" in ran
    assert "under the reform: A reform\n" in ran


# -- commands --------------------------------------------------------------------------------------------------------


def run(*words: str, **environment: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli.app, words, env={"COLUMNS": "80", **environment})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def printed(*words: str) -> str:
    code, out, err = run(*words)
    assert (code, err) == (0, ""), err
    return out


def test_the_command_line_and_python_give_the_same() -> None:
    engine = Engine(reforms=[EXEMPTION, WINDOW])
    given = json.loads(json.dumps(as_json(engine.decide(engine.load(COUPLE)))))
    words = ("decide", str(COUPLE), "--format", "json", "--reform", str(EXEMPTION), "--reform", str(WINDOW))
    assert json.loads(printed(*words)) == given
    assert given["rules"]["reforms"] == ["one-year-exemption-six-months", "window-six-months"]
    assert given["rules"]["digest"] == engine.law.digest
    plain = json.loads(printed("decide", str(COUPLE), "--format", "json"))
    assert set(plain["rules"]) == {"version", "digest"}


@pytest.mark.parametrize(
    ("language", "title"),
    [("en", "under the reform: Six months free of"), ("fr", "selon la réforme : Six mois sans conditions")],
)
def test_the_heading_names_the_reform(language: str, title: str) -> None:
    for kind in ("text", "markdown"):
        out = printed(
            "decide", str(COUPLE), "--reform", str(EXEMPTION), "--lang", language, "--format", kind, "--depth", "0"
        )
        assert title in out
        assert title not in printed("decide", str(COUPLE), "--lang", language, "--format", kind, "--depth", "0")


def test_every_command_that_uses_the_law_takes_reforms(tmp_path: Path) -> None:
    law = """
        value(civil_status, betrothed).
        provision(ipf_betrothal, ipf, condition, rule).
        requires(A, ip_spouse, betrothal) :- in_force(ipf_betrothal, A), candidate(A, ip_spouse).
        satisfied(A, ip_spouse, betrothal) :- requires(A, ip_spouse, betrothal), spouse_consents(A).
        spouse_consents(A) :- joins(A, S), not civil_status(A, divorced).
    """
    reform = str(write(tmp_path / "r", law, en="terms: {betrothed: betrothed}\n"))
    statuses = [json.loads(printed("schema", *o)) for o in ([], ["--reform", reform])]
    assert ["betrothed" in json.dumps(s) for s in statuses] == [False, True]
    assert "betrothed" in printed("new", "ip_spouse", "--reform", reform)
    assert "betrothed" not in printed("new", "ip_spouse")
    facts = printed("facts", str(COUPLE), "--reform", reform)
    assert "% law under the reform r, of which encodings/main.lp knows nothing" in facts
    tree = printed("explain", str(COUPLE), "-p", "mina", "-r", "ip_spouse", "-c", "betrothal", "--reform", reform)
    assert "IPF-betrothal" in tree


def test_rules_marks_what_is_added_changed_and_ended(tmp_path: Path) -> None:
    law = """
        period(ipf_evac_border_72h, 96, hours).
        #program ends.
        period(ipf_evac_border_72h, 72, hours).
    """
    reforms = ["--reform", str(EXEMPTION), "--reform", str(write(tmp_path / "r", law))]
    rows = {row["id"]: row for row in json.loads(printed("rules", *reforms, "--format", "json"))}
    marked = {name: row["reform"] for name, row in rows.items() if row["reform"]}
    assert marked == {
        "IPF-material-exempt-1y": "ended",
        "IPF-material-after-1y": "ended",
        "IPF-material-exempt-6m": "added",
        "IPF-material-after-6m": "added",
        "IPF-evac-border-72h": "changed",
    }
    assert "reform" not in json.loads(printed("rules", "--format", "json"))[0]
    out = printed("rules", *reforms, "--regime", "IPF")
    assert out.startswith("under the reform: Six months free of material conditions")
    assert "Who applies from 1 January 2025 on" in out
    assert out.endswith("2 added, 1 changed, 2 ended\n")
    page = printed("rules", "ipf-evac-border-72h", *reforms)
    assert "adds r/law.lp:2" in page
    assert "(r)" in page
    assert "period: 96 hours" in page


def test_a_provision_that_is_gone_is_still_listed_as_ended(tmp_path: Path) -> None:
    law = Store().law
    alone = {rules[0].text: p for p, rules in law.provision_rules.items() if len(rules) == 1}
    rule, provision = next((text, p) for text, p in alone.items() if text.startswith("note("))
    row = next(r for r in law.table("provision") if r[0] == provision)
    text = f"provision({', '.join(row)}). {rule}"
    reform = str(write(tmp_path / "r", f"#program ends. {text}"))
    listed = json.loads(printed("rules", "--reform", reform, "--format", "json"))
    assert [r["id"].lower().replace("-", "_") for r in listed if r["reform"] == "ended"] == [row[0]]


def test_errors_have_their_exit_codes_and_language(tmp_path: Path) -> None:
    code, out, err = run("decide", str(COUPLE), "--reform", str(tmp_path / "nowhere"), "--lang", "fr")
    assert (code, out) == (2, "")
    assert "n'est pas le dossier d'une réforme" in err
    reform = str(write(tmp_path / "r", "\nage(ipf_evac_core, 18)."))
    for words in (("decide", str(COUPLE)), ("rules",), ("schema",), ("new", "ip_spouse"), ("facts", str(COUPLE))):
        code, out, err = run(*words, "--reform", reform)
        assert (code, out) == (4, ""), words
        assert err.startswith(f"{reform}/law.lp:2: the law already says age(ipf_evac_core,18)."), err
    code, _, err = run("rules", "--reform", reform, "--lang", "fr")
    assert (code, "le droit contient déjà" in err) == (4, True)


def test_a_reform_changed_between_two_commands_of_one_process_is_read_again(tmp_path: Path) -> None:
    law = "#program ends. period(ipf_window_3m, 3, months). #program adds. period(ipf_window_3m, {}, months)."
    for number in (4, 5):
        reform = write(tmp_path / "r", law.format(number))
        assert f"period: {number} months" in printed("rules", "ipf-window-3m", "--reform", str(reform))


def test_without_a_reform_nothing_of_it_is_imported() -> None:
    code = (
        "import sys; from reasoner import cli\n"
        "try: cli.app(['decide', sys.argv[1]])\n"
        "except SystemExit: pass\n"
        "print([m for m in ('reasoner.reform', 'reasoner.amend', 'reasoner.versions') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(COUPLE)], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("\n[]\n")


# -- the page --------------------------------------------------------------------------------------------------------

PAGE = (ROOT / "docs" / "reforms.md").read_text("utf-8")


def test_the_page_on_reforms_can_be_followed_to_the_letter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = 0
    for step in STEP.finditer(PAGE):
        if step["verb"] == "New file":
            path = tmp_path / step["path"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(step["text"], "utf-8")
        elif step["verb"] == "From":
            assert step["text"] in (ROOT / step["path"]).read_text("utf-8"), step["path"]
        elif step["kind"] == "console":
            command, shown = step["text"].split("\n", 1)
            out = printed(*command.removeprefix("$ reasoner ").split())
            assert missing_from(out, shown) is None, f"the output has changed; now it is\n{out}"
            ran += 1
        else:
            assert step["kind"] == "python"
            exec(step["text"].replace("git:HEAD~1", str(law_root())), names := {})
            (result,) = [o.result for o in names["decision"].outcomes if o.route == "ip_spouse"]
            assert result == "undetermined"
            assert names["older"].law.digest == names["engine"].law.digest
    assert ran == 2


# -- versions by name ------------------------------------------------------------------------------------------------


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git repository with two revisions of the law, the older one tagged; the working folder."""
    root = tmp_path / "checkout"
    for path, content in law_files(law_root()).items():
        place = root / path.relative_to(law_root().resolve())
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    monkeypatch.chdir(root)
    monkeypatch.setenv("REASONER_CACHE", str(tmp_path / "cache"))
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "-m", "first")
    git("tag", "first-version")
    periods = root / "facts/periods.lp"
    periods.write_text(
        periods.read_text("utf-8").replace("period(ipf_window_3m,              3", "period(ipf_window_3m, 4")
    )
    git("commit", "--quiet", "-a", "-m", "second")
    return root


def git(*words: str) -> None:
    who = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *words], check=True)


def window(name: str) -> Any:
    return dict(row[:2] for row in law_of(name).engine().law.table("period"))["ipf_window_3m"]


def test_a_version_is_a_folder_or_a_revision_with_or_without_reforms(checkout: Path) -> None:
    assert [window(n) for n in (".", "HEAD", "git:HEAD", "first-version", "git:HEAD~1", str(law_root()))] == [
        4,
        4,
        4,
        3,
        3,
        3,
    ]
    assert law_of("first-version").engine().law.digest == Store().digest
    for name in (f"first-version+{WINDOW}", str(WINDOW)):
        assert "window_6m" in str(law_of(name).engine().law.table("provision"))
    assert law_of(f"HEAD+{WINDOW}+{EXEMPTION}").reforms == (WINDOW, EXEMPTION)
    (checkout / "facts").rename(checkout / "moved")
    (checkout / "encodings").mkdir(exist_ok=True)
    assert window("first-version") == 3, "a revision does not depend on the working folder"


def test_a_revision_is_laid_out_once_and_whole(checkout: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    root = law_of("HEAD").root
    stamp = (root / "encodings/main.lp").stat().st_mtime_ns
    assert law_of("git:HEAD").root == root
    assert (root / "encodings/main.lp").stat().st_mtime_ns == stamp
    assert sorted(path.name for path in root.iterdir()) == ["encodings", "facts"]
    assert [path.name for path in root.parent.iterdir()] == [root.name]
    (tmp_path / "blocked").write_text("in the way", "utf-8")
    monkeypatch.setenv("REASONER_CACHE", str(tmp_path / "blocked"))
    assert law_of("HEAD").root != root
    assert window("first-version") == 3


def test_a_version_that_does_not_exist_says_what_is_wrong(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=r"first-verson is neither a folder .* Did you mean git:first-version\?"):
        law_of("first-verson")
    with pytest.raises(UsageError, match=r"--help is neither a folder"):
        law_of("git:--help")
    with pytest.raises(UsageError, match=r" is neither a folder"):
        law_of("git:")
    git("rm", "-r", "--quiet", "encodings")
    git("commit", "--quiet", "-m", "third")
    with pytest.raises(UsageError, match="the revision HEAD holds no law"):
        law_of("git:HEAD")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(UsageError, match=r"the revision HEAD cannot be looked up: this folder is no git repository"):
        law_of("git:HEAD")
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(UsageError, match="the program git was not found"):
        law_of("git:HEAD")
    with pytest.raises(UsageError, match="nowhere is neither a folder"):
        law_of("nowhere")
