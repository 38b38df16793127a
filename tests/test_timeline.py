"""Timelines: every period is what plain decisions say on its first and last day and beside them, with its reason."""

from __future__ import annotations

import json
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import generated
import pytest
from generated import Case, cases
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from reasoner.case import CaseFile, parse_case
from reasoner.case_dates import NEVER, Day
from reasoner.cli import app
from reasoner.engine import Engine
from reasoner.errors import CaseFileError
from reasoner.facts import EARLIEST, LATEST
from reasoner.questions import whatif
from reasoner.questions.scenario import Subject
from reasoner.questions.timeline import APPLIED, ASSESSED, Timeline, timeline
from reasoner.questions.whatif import Asked
from reasoner.yamlfile import read

ROOT = Path(__file__).parent.parent
DAY = timedelta(1)


@cache
def engine() -> Engine:
    return Engine()


def asked(story: str) -> Asked:
    return whatif.asked(engine(), ROOT / "examples" / story / "case.yaml")


def question_of(text: str) -> Asked:
    file = parse_case(text, choices=engine().law.choices)
    return Asked(engine(), Subject(read("case", text), file, engine().law))


def plain(question: Asked, vary: str, day: date) -> dict[tuple[str, str | None, str], str]:
    """The results of plain decisions with the day moved."""
    file, assessed = question.subject.file, question.decision.assessed_on
    if vary == ASSESSED:
        decision = question.decide(file, day)
    else:
        moved = [
            a if a.filed is NEVER else a.model_copy(update={"filed": Day(day, day)}) for a in file.case.applications
        ]
        case = file.case.model_copy(update={"applications": tuple(moved)})
        decision = question.decide(CaseFile(case, file.name, file.lines), max(day, assessed))
    return {(o.person, o.sponsor, o.route): o.result for o in decision.outcomes}


def check(question: Asked, found: Timeline, most: int = 60) -> int:
    """Compares each period with plain decisions at its ends and the days beside them; gives how many days it asked."""
    days: dict[date, None] = {}
    for line in found.lines:
        for period in line.periods:
            first, last = period.first or found.first, period.last or found.last
            days.update(
                dict.fromkeys(d for d in (first - DAY, first, last, last + DAY) if found.first <= d <= found.last)
            )
    results = {day: plain(question, found.vary, day) for day in list(days)[:most]}
    for line in found.lines:
        for period in line.periods:
            first, last = period.first or found.first, period.last or found.last
            for day, said in results.items():
                if first <= day <= last:
                    assert said.get((line.person, line.sponsor, line.route)) == period.result, (
                        line.person,
                        line.route,
                        day,
                    )
    return len(results)


STORIES = ["spouse-under-21", "after-one-year", "half-known-dates", "unregistered-couple", "turned-18", "two-spouses-one-day",
           "silence-after-nine-months", "law-of-10-march-2024", "registered-partner", "card-extension", "unlimited-stay",
           "trip-to-the-country-of-origin"]  # fmt: skip


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("vary", [APPLIED, ASSESSED])
def test_every_period_is_what_plain_decisions_say_at_its_ends_and_beside_them(story: str, vary: str) -> None:
    question = asked(story)
    if vary == APPLIED and not any(run.cast.joins for run in question.decision.runs):
        pytest.skip("nobody joins anybody")
    check(question, timeline(question, vary))


@pytest.mark.parametrize("filed", ["2025-02", "2025", "unknown", "none"])
@pytest.mark.parametrize("vary", [APPLIED, ASSESSED])
def test_what_is_known_of_the_day_of_filing_does_not_matter_once_it_is_moved(filed: str, vary: str) -> None:
    text = (ROOT / "examples" / "spouse-under-21" / "case.yaml").read_text(encoding="utf-8")
    assert "filed: 2025-02-28" in text
    question = question_of(text.replace("filed: 2025-02-28", f"filed: {filed}"))
    assert check(question, timeline(question, vary)) > 3


def test_the_periods_of_a_route_follow_each_other_without_gap() -> None:
    for line in timeline(asked("spouse-under-21")).lines:
        assert line.periods[0].first is None
        assert line.periods[-1].last is None
        for before, after in zip(line.periods, line.periods[1:], strict=False):
            assert before.last is not None
            assert after.first == before.last + DAY
            assert before.result != after.result
            assert before.ends is after.begins is not None


def test_a_route_opens_on_a_birthday_and_closes_a_year_after_the_grant() -> None:
    line = next(line for line in timeline(asked("spouse-under-21")).lines if line.route == "ip_spouse")
    assert [(p.first, p.last, p.result) for p in line.periods] == [
        (None, date(2025, 3, 3), "not_eligible"),
        (date(2025, 3, 4), date(2025, 7, 12), "eligible"),
        (date(2025, 7, 13), None, "undetermined"),
    ]
    opens, closes = line.periods[1].begins, line.periods[1].ends
    assert opens is not None
    assert opens.conditions == (("minimum_age", "unmet", "met"),)
    assert [carrier.provisions for carrier in opens.started] == [("ipf_spouse_age_21",)]
    assert [fact.atom[1][0] for fact in opens.facts] == ["birthday"]
    assert closes is not None
    assert {name for name, _, after in closes.conditions if after == "unknown"} == {
        "housing",
        "health_insurance",
        "means",
    }
    assert {carrier.provisions for carrier in closes.stopped} == {("ipf_material_exempt_1y",)}


def test_a_change_of_law_is_the_reason_of_a_period() -> None:
    found = timeline(asked("law-of-10-march-2024"))
    turns = {p.first: p for line in found.lines for p in line.periods[1:] if p.first == date(2024, 9, 1)}
    assert turns, [(line.route, [p.first for p in line.periods]) for line in found.lines]
    (cause,) = [period.begins for period in turns.values()]
    assert cause is not None
    assert any(isinstance(side, str) for fact in cause.facts for side in (fact.atom[1], fact.atom[3]))


def test_a_range_cuts_the_periods_off() -> None:
    found = timeline(asked("spouse-under-21"), None, date(2025, 3, 1), date(2025, 3, 10))
    line = next(line for line in found.lines if line.route == "ip_spouse")
    assert [(p.first, p.last) for p in line.periods] == [
        (date(2025, 3, 1), date(2025, 3, 3)),
        (date(2025, 3, 4), date(2025, 3, 10)),
    ]


def test_who_has_not_applied_can_only_do_so_from_the_day_of_the_assessment_on() -> None:
    text = """
assessed_on: 2025-01-10
persons:
  yusuf: {born: 1990-01-01, protection: {status: refugee, applied: 2023-05-10, granted: 2024-07-12}}
  amal: {born: 2004-03-04}
unions: [{partners: [yusuf, amal], kind: marriage, concluded: 2020-01-01}]
"""
    question = question_of(text)
    found = timeline(question, APPLIED)
    assert found.lines
    assert check(question, found._replace(first=date(2025, 1, 10))) > 0


@pytest.mark.parametrize("kind", ["partners", "parents", "holders"])
def test_timelines_of_generated_cases_are_what_plain_decisions_say(kind: str) -> None:
    @settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
    @given(cases(kind), st.sampled_from([APPLIED, ASSESSED]))
    def compare(case: Case, vary: str) -> None:
        question = question_of(generated.text(case))
        try:
            found = timeline(question, vary)
        except CaseFileError:
            return  # applications that no day is possible for
        check(question, found, 12)

    compare()


# -- the command ------------------------------------------------------------------------------------------------------


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["timeline", *arguments], env={"COLUMNS": "80", "NO_COLOR": "1"})


CASE = str(ROOT / "examples/spouse-under-21/case.yaml")


def test_the_json_holds_states_with_their_reasons() -> None:
    found = json.loads(run(CASE, "--format", "json", "--route", "ip_spouse").stdout)
    (line,) = found["lines"]
    assert [(p["first"], p["last"], p["state"]) for p in line["periods"]] == [
        (None, "2025-03-03", "closed"),
        ("2025-03-04", "2025-07-12", "open"),
        ("2025-07-13", None, "undetermined"),
    ]
    (carrier,) = line["periods"][1]["begins"]["started"]
    assert carrier["provisions"] == ["ipf_spouse_age_21"]
    assert carrier["rule"].startswith("encodings/law/ipf/partners.lp:")


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_the_picture_is_well_formed_and_has_a_bar_for_each_period(lang: str, tmp_path: Path) -> None:
    file = tmp_path / "line.svg"
    assert run(CASE, "--svg", str(file), "--lang", lang, "--route", "ip_spouse").exit_code == 0
    root = ElementTree.fromstring(file.read_text("utf-8"))
    bars = [node for node in root.iter("{http://www.w3.org/2000/svg}rect") if len(node)]
    assert len(bars) == 3
    assert all(node[0].text for node in bars)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--vary", "filed"), 2, 'no day "filed"'),
        (("--from", "2025-03-05", "--to", "2025-03-01"), 2, "no day lies between"),
        (("--from", "tomorrow"), 2, "2025-03-10"),
        (("--person", "ammal"), 2, "amal"),
        (("--route", "ip_spous"), 2, "ip_spouse"),
        (("--to", "1990-01-01"), 3, "earlier than"),
    ],
)
def test_errors_say_what_would_do(arguments: tuple[str, ...], code: int, said: str) -> None:
    result = run(CASE, *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert said in result.stderr


def test_the_range_reaches_as_far_as_dates_are_known_or_can_be() -> None:
    found = timeline(asked("spouse-under-21"))
    assert found.first == date(2004, 3, 4), "nobody applies before being born"
    assert found.last == LATEST
    assert timeline(asked("spouse-under-21"), ASSESSED).first == EARLIEST
