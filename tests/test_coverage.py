"""Coverage: what counts as covered, what is left out, and how it is shown."""

from __future__ import annotations

import json
import re
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from test_mutation import COUPLE, EXACT, GROWN, YOUNG, rule, suite_of
from typer.testing import CliRunner

from reasoner import cli, wording
from reasoner.engine import Engine
from reasoner.program import law_root
from reasoner.quality import variants as variants_module
from reasoner.quality.coverage import KINDS, Coverage, cover, uncoupled
from reasoner.quality.proving import prover
from reasoner.quality.trial import Bench
from reasoner.quality.variants import variants
from reasoner.render.coverage import as_json, markdown
from reasoner.render.page import page

BOTH = "both_have_reached(Applicant,Sponsor,Years)"
MET = "satisfied(Child,ip_disabled_adult_child,come_of_age)"
OTHER = """
  - name: her partner is not old enough
    set: {persons.sam.born: 2004-01-01}
    expect: [{person: ada, route: ip_spouse, conditions: {minimum_age: unmet}}]
"""


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine()


def covered(engine: Engine, tmp_path: Path, head: str, *tests: str) -> Coverage:
    listed = variants(engine.store, KINDS, {rule(engine, head).index})
    return cover(Bench(engine, listed), suite_of(tmp_path, *tests), processes=1)


def sides(found: Coverage) -> dict[str, tuple[bool, bool]]:
    return {
        literal.text.partition(",Years")[0]: (bool(literal.holding), bool(literal.failing))
        for one in found.rules
        for literal in one.literals
    }


APPLICANT, SPONSOR = "&date { birthday(born(Applicant)", "&date { birthday(born(Sponsor)"


@pytest.mark.parametrize(
    ("tests", "expected"),
    [
        ((EXACT,), {APPLICANT: (True, False), SPONSOR: (True, False)}),
        ((YOUNG,), {APPLICANT: (False, True), SPONSOR: (False, False)}),
        ((EXACT, YOUNG), {APPLICANT: (True, True), SPONSOR: (True, False)}),
        ((EXACT, YOUNG, OTHER), {APPLICANT: (True, True), SPONSOR: (True, True)}),
    ],
    ids=["holding", "failing", "one of two", "both"],
)
def test_a_literal_is_covered_when_it_decides_alone_by_holding_and_by_failing(
    engine: Engine, tmp_path: Path, tests: tuple[str, ...], expected: dict[str, tuple[bool, bool]]
) -> None:
    found = covered(engine, tmp_path, BOTH, *tests)
    assert sides(found) == expected
    assert found.counts("rule") == (int(EXACT in tests), 1)
    assert found.counts("comparison") == (sum(all(side) for side in expected.values()), 2)
    assert found.percentage("literal") == 50 * sum(all(side) for side in expected.values())


def test_only_a_literal_that_can_decide_nothing_by_failing_is_left_out(engine: Engine, tmp_path: Path) -> None:
    # Under the other answer to the question every tie counts, so that nothing depends on reading this one.
    rules = {rule.index for rule in engine.law.rules if rule.text.startswith(("tie_counts(", BOTH))}
    listed = variants(engine.store, KINDS, rules)
    found = cover(Bench(engine, listed), suite_of(tmp_path, EXACT), processes=1)
    proved = uncoupled(found, listed, partial(prover, engine))
    assert [literal.text for _, literal in proved.coupled] == ["reading(exemption_needs_earlier_tie,yes)"]
    assert proved.counts("comparison") == found.counts("comparison") == (0, 2)
    assert proved.counts("condition")[1] == found.counts("condition")[1] - 1
    assert json.loads(as_json(proved))["coupled"] != []
    assert "reading(exemption_needs_earlier_tie,yes)" in markdown(proved, wording.load("en")).rpartition("##")[2]


def test_a_literal_that_fails_together_with_another_decides_nothing_alone(engine: Engine, tmp_path: Path) -> None:
    both = OTHER.replace(
        "{persons.sam.born: 2004-01-01}", "{persons.sam.born: 2004-01-01, persons.ada.born: 2004-01-01}"
    )
    assert sides(covered(engine, tmp_path, BOTH, both)) == {APPLICANT: (False, False), SPONSOR: (False, False)}


def test_the_tests_that_decide_by_a_rule_are_named(engine: Engine, tmp_path: Path) -> None:
    (one,) = covered(engine, tmp_path, BOTH, EXACT, YOUNG).rules
    assert one.tests == ("ages: on the day itself she is",)
    assert {literal.failing for literal in one.literals} == {("ages: on the day before she is not old enough",), ()}


def test_what_is_the_same_in_all_cases_is_no_condition(engine: Engine, tmp_path: Path) -> None:
    # Its provision is always in force, everybody who joins is a candidate, and the age is a table.
    found = covered(engine, tmp_path, MET, GROWN)
    assert [(literal.kind, literal.text) for one in found.rules for literal in one.literals] == [
        ("comparison", "&date { birthday(born(Child),Years) } <= applied(Child)")]  # fmt: skip


def test_a_literal_whose_variables_need_it_is_looked_at_by_ignoring_it(engine: Engine, tmp_path: Path) -> None:
    head = "ongoing(Person,Sponsor,Kind)"
    unmet = "expect: [{person: ada, route: ip_spouse, conditions: {marriage: unmet}}]"
    divorced = f"\n  - name: it is over\n    set: {{'unions[0].ended': 2024-01-01}}\n    {unmet}\n"
    nobody = f"\n  - name: there is none\n    set: {{'unions[0].kind': de_facto}}\n    {unmet}\n"
    (one,) = covered(engine, tmp_path, head, EXACT, divorced, nobody).rules
    assert [(literal.kind, literal.covered) for literal in one.literals] == [("condition", True), ("exception", True)]


def test_a_rule_that_another_repeats_is_idle_and_not_counted(engine: Engine, tmp_path: Path) -> None:
    # Two provisions make every holder a candidate, both always in force.
    heads = [r for r in engine.law.rules if r.text.startswith("candidate(Person,ip_status)")]
    listed = variants(engine.store, KINDS, {r.index for r in heads})
    found = cover(Bench(engine, listed), suite_of(tmp_path, GROWN), processes=1)
    assert [r.index for r in found.idle] == [r.index for r in heads]
    assert found.percentage("rule") == 100


# -- how it is shown -------------------------------------------------------------------------------------------------


def test_json_and_markdown(engine: Engine, tmp_path: Path) -> None:
    found = covered(engine, tmp_path, BOTH, EXACT, YOUNG)
    data = json.loads(as_json(found))
    assert (data["rules"]["percent"], data["literals"]["covered"], data["comparisons"]["total"]) == (100.0, 1, 2)
    assert data["rules_of_the_law"][0]["line"] == rule(engine, BOTH).line
    text = markdown(found, wording.load("en"))
    assert "| law/ipf/partners.lp | 1/1 | – | – | 1/2 |" in text
    assert re.search(r"- ◐ `&date .*Sponsor.*`: never decides by failing", text)


class Marks(HTMLParser):
    """The marked literals of a page, with their signs, and the tags that are open."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag != "meta":
            self.open.append(tag)
        if tag == "mark":
            self.found.append((str(dict(attributes)["data-sign"]), ""))

    def handle_data(self, data: str) -> None:
        if self.open[-1:] == ["mark"]:
            self.found[-1] = (self.found[-1][0], data)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("language", wording.languages())
def test_the_page_marks_each_literal_in_its_place_also_without_colour(
    engine: Engine, tmp_path: Path, language: str
) -> None:
    shown = page(covered(engine, tmp_path, BOTH, EXACT, YOUNG), law_root(), wording.load(language))
    marks = Marks()
    marks.feed(shown)
    assert marks.open == []
    assert marks.found == [
        ("✓", "&date { birthday(born(Applicant), Years) } <= applied(Applicant)"),
        ("◐", "&date { birthday(born(Sponsor),   Years) } <= applied(Applicant)"),
    ]
    assert '<a href="#encodings/law/ipf/partners.lp">law/ipf/partners.lp</a>' in shown
    assert "://" not in shown


def test_the_command_prints_writes_and_holds_its_thresholds(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = {rule(engine, BOTH).index}  # all rules of the law would take longer than a test should
    monkeypatch.setattr(variants_module, "variants", lambda store, kinds: variants(store, kinds, few))
    path = tmp_path / "ages.yaml"
    path.write_text(COUPLE + EXACT + YOUNG, "utf-8")

    def run(*options: str) -> tuple[int, str]:
        result = CliRunner().invoke(cli.app, ["coverage", str(path), *options], env={"COLUMNS": "80", "NO_COLOR": "1"})
        return result.exit_code, result.stdout

    code, out = run("--threshold-rules", "100", "--threshold-conditions", "50")
    assert code == 0
    assert f"encodings/law/ipf/partners.lp:{rule(engine, BOTH).line}" in out
    assert "never decides by failing" in " ".join(out.split())
    assert re.search(r"law/ipf/partners.lp +1/1 +– +– +1/2", out)
    assert "100.0 % of the rules, 50.0 % of the conditions" in out
    assert all(len(line) <= 80 for line in out.splitlines())
    report = tmp_path / "report.xml"
    assert run("--threshold-conditions", "50.1", "--junit", str(report))[0] == 1
    root = ElementTree.parse(report).getroot()
    assert (root.get("tests"), root.get("failures")) == ("1", "1")
    (failure,) = root.findall(".//failure")
    assert str(failure.get("message")).startswith("&date { birthday(born(Sponsor)")
    assert "never decides by failing" in str(failure.text)
    assert run("--format", "html", "-o", str(tmp_path / "page.html")) == (0, "")
    assert (tmp_path / "page.html").read_text("utf-8").startswith("<!doctype html>")
