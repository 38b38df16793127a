"""Sweeps: what is found between two values is what plain decisions say for each of them."""

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

from reasoner.case import parse_case
from reasoner.cli import app
from reasoner.engine import Engine
from reasoner.errors import CaseFileError, UsageError
from reasoner.questions import whatif
from reasoner.questions.scenario import SET, Change, Subject
from reasoner.questions.sweep import Row, Vary, grid, sweep, varied, vary
from reasoner.questions.whatif import Asked
from reasoner.yamlfile import read

ROOT = Path(__file__).parent.parent


@cache
def engine() -> Engine:
    return Engine()


def asked(story: str) -> Asked:
    return whatif.asked(engine(), ROOT / "examples" / story / "case.yaml")


def plain(question: Asked, *changes: tuple[str, Any]) -> dict[tuple[str, str | None, str], tuple[str, str]] | None:
    """Result and state of the file of each outcome of the changed case; None when the case cannot be so."""
    try:
        file = question.subject.changed([Change(SET, place, str(value), ("", 0, 0)) for place, value in changes])
    except CaseFileError:
        return None
    return {(o.person, o.sponsor, o.route): (o.result, o.file) for o in question.decide(file).outcomes}


def said(rows: tuple[Row, ...], value: Any) -> dict[tuple[str, str | None, str], tuple[str | None, str | None]]:
    """What rows say for a value, of what is listed there."""
    return {
        row[:3]: stretch[2:4]
        for row in rows
        for stretch in row.stretches
        if stretch.first <= value <= stretch.last and stretch.result is not None
    }


def check(question: Asked, moved: Vary, rows: tuple[Row, ...], around: int = 1) -> None:
    """Compares rows with plain decisions at every turn and beside it, and at both ends of the range."""
    marks = {moved.first, moved.last, *(turn for row in rows for turn in row.turns)}
    step = timedelta(1) if isinstance(moved.first, date) else 1
    for value in {mark + n * step for mark in marks for n in range(-around, around + 1)}:
        if moved.first <= value <= moved.last and (expected := plain(question, (moved.place, value))) is not None:
            assert said(rows, value) == expected, value


RANGES = [
    ("spouse-under-21", "persons.amal.born=2003-06-01..2005-06-01"),
    ("spouse-under-21", "applications[amal].filed=2024-06-01..2025-12-31"),
    ("spouse-under-21", "persons.yusuf.protection.granted=2023-09-01..2025-06-01"),
    ("spouse-under-21", "unions[marriage].concluded=2022-01-01..2024-12-31"),
    ("stepchild-and-shared-custody", "assessed_on=2024-01-01..2027-01-01"),
    ("registered-partner", "unions[0].meetings[1].to=2024-08-03..2025-03-31"),
    ("faulty-documents", "applications[0].filed=2024-01-01..2025-12-31"),
    ("half-known-dates", "assessed_on=2024-01-01..2027-01-01"),
    ("unregistered-couple", "unions[0].cohabitation[0].to=2017-02-01..2024-12-31"),
]


@pytest.mark.parametrize(("story", "text"), RANGES, ids=[f"{story} {text}" for story, text in RANGES])
def test_a_sweep_says_what_plain_decisions_say_at_its_turns_and_beside_them(story: str, text: str) -> None:
    question, moved = asked(story), vary(text)
    try:
        rows = sweep(question, moved)
    except CaseFileError as error:
        assert error.faults[0].code == "test_path", error
        pytest.skip("the story has no such place")
    check(question, moved, rows)


def test_a_sweep_of_a_short_range_is_brute_force_day_by_day() -> None:
    question, moved = asked("spouse-under-21"), vary("applications[amal].filed=2025-02-20..2025-03-15")
    rows = sweep(question, moved)
    for number in range((moved.last - moved.first).days + 1):
        day = moved.first + timedelta(number)
        assert said(rows, day) == plain(question, (moved.place, day)), day


def test_the_turn_of_a_birth_date_is_exact_on_a_leap_day_and_gives_its_reason() -> None:
    (row,) = (r for r in sweep(asked("spouse-under-21"), vary(RANGES[0][1])) if r.route == "ip_spouse")
    assert row.turns == (date(2004, 2, 29),)  # turns 21 on 1 March 2025, a day after the application
    cause = row.stretches[1].begins
    assert cause is not None
    assert cause.conditions == (("minimum_age", "met", "unmet"),)
    assert [carrier.provisions for carrier in cause.stopped] == [("ipf_spouse_age_21",)]


COUPLE = """
assessed_on: 2025-03-10
persons:
  rosa: {born: 1990-01-01, nationality: CO, lives_in: BE, civil_status: single,
         protection: {status: refugee, granted_by: cgrs, applied: 2022-01-01, granted: 2024-10-01}}
  luis: {born: 1991-01-01, nationality: CO, lives_in: CO, civil_status: single, marriageable_age: 16}
unions:
  - {partners: [rosa, luis], kind: registered_partnership, concluded: 2024-01-01, country: CO, known_since: 2021-01-01,
     regular_contact: yes, common_child: no, cohabitation: [],
     meetings: [{from: 2023-05-01, to: 2023-05-10}, {from: 2023-08-01, to: 2023-08-10}, {from: 2024-02-01, to: 2024-02-10}]}
applications:
  - {applicant: luis, sponsor: rosa, route: ip_registered_partner, filed: 2025-02-01, channel: in_person,
     appeared_in_person: yes, will_live_with_sponsor: yes}
"""


def question_of(text: str) -> Asked:
    file = parse_case(text, choices=engine().law.choices)
    return Asked(engine(), Subject(read("case", text), file, engine().law))


def test_the_end_of_a_meeting_turns_the_result_on_the_day_that_makes_enough_days() -> None:
    question, moved = question_of(COUPLE), vary("unions[0].meetings[2].to=2024-02-01..2024-04-30")
    rows = sweep(question, moved)
    check(question, moved, rows)
    (row,) = (row for row in rows if row.route == "ip_registered_partner")
    assert row.turns == (date(2024, 2, 25),), "10 and 10 days, and 25 more"


def test_a_number_is_swept_as_exactly_as_a_day() -> None:
    question, moved = question_of(COUPLE), vary("persons.luis.marriageable_age=10..30")
    check(question, moved, sweep(question, moved), around=0)


def test_listed_values_are_decided_one_by_one() -> None:
    question = asked("spouse-under-21")
    moved = vary("persons.yusuf.protection.status=refugee,subsidiary,unknown")
    (row,) = (row for row in sweep(question, moved) if row.route == "ip_spouse")
    for stretch in row.stretches:
        expected = plain(question, (moved.place, stretch.first or "unknown"))
        assert expected is not None
        assert expected["amal", "yusuf", "ip_spouse"] == stretch[2:4]


def test_dates_that_contradict_others_are_left_out_of_the_range() -> None:
    question, moved = asked("spouse-under-21"), vary("persons.amal.born=2020-01-01..2030-01-01")
    rows = sweep(question, moved)
    assert rows[0].stretches[-1].last < moved.last
    assert plain(question, (moved.place, rows[0].stretches[-1].last)) is not None
    assert plain(question, (moved.place, rows[0].stretches[-1].last + timedelta(1))) is None


@pytest.mark.parametrize("kind", ["partners", "children"])
def test_sweeps_of_generated_cases_are_what_plain_decisions_say(kind: str) -> None:
    @settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
    @given(cases(kind), st.data())
    def compare(case: Case, data: Any) -> None:
        question = question_of(generated.text(case))
        people = [f"persons.{person}.born" for person in case["persons"]]
        filed = [f"applications[{index}].filed" for index in range(len(case["applications"]))]
        place = data.draw(st.sampled_from(["assessed_on", *people, *filed]))
        moved = vary(f"{place}=2023-06-01..2025-12-31")
        try:
            rows = sweep(question, moved)
        except CaseFileError:
            return  # no day of the range is possible
        check(question, moved, rows)

    compare()


# -- two facts --------------------------------------------------------------------------------------------------------


def test_a_map_is_exact_in_both_directions() -> None:
    question = asked("spouse-under-21")
    first = vary("applications[amal].filed=2025-02-01..2025-08-31:1m")
    second = vary("unions[marriage].concluded=2023-01-01..2023-12-31")
    columns = grid(question, first, second, lambda person, route: route == "ip_spouse")
    assert [(column.first, column.last) for column in columns] == [
        (date(2025, 2, 1), date(2025, 3, 3)),
        (date(2025, 3, 4), date(2025, 7, 12)),
        (date(2025, 7, 13), date(2025, 8, 31)),
    ]
    assert columns[0].rows[0].turns == (date(2023, 5, 2),)  # the day of the arrival is too late
    for column in columns:
        for x in (column.first, column.last):
            for y in (second.first, date(2023, 5, 1), date(2023, 5, 2), second.last):
                expected = plain(question, (first.place, x), (second.place, y))
                assert expected is not None
                assert said(column.rows, y)["amal", "yusuf", "ip_spouse"] == expected["amal", "yusuf", "ip_spouse"]


# -- the command ------------------------------------------------------------------------------------------------------

CASE = str(ROOT / "examples/spouse-under-21/case.yaml")


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["sweep", CASE, *arguments], env={"COLUMNS": "80", "NO_COLOR": "1"})


def test_the_json_holds_the_turns_and_their_reasons() -> None:
    found = json.loads(run("--vary", RANGES[0][1], "--route", "ip_spouse", "--format", "json").stdout)
    (row,) = found["rows"]
    assert row["turns"] == ["2004-02-29"]
    assert row["stretches"][1]["begins"]["stopped"][0]["provisions"] == ["ipf_spouse_age_21"]


@pytest.mark.parametrize(
    "moved",
    [
        ("persons.amal.born=2003-06-01..2005-06-01",),
        ("persons.yusuf.protection.status=refugee,subsidiary",),
        ("persons.amal.born=2003-06-01..2005-06-01:1y", "persons.yusuf.protection.status=refugee,subsidiary"),
    ],
)
def test_pictures_are_well_formed_and_texts_fit_on_80_columns(moved: tuple[str, ...], tmp_path: Path) -> None:
    options = [part for text in moved for part in ("--vary", text)]
    result = run(*options, "--svg", str(tmp_path / "a.svg"))
    assert result.exit_code == 0, result.output
    assert max(map(len, result.stdout.splitlines())) <= 80
    ElementTree.fromstring((tmp_path / "a.svg").read_text("utf-8"))
    assert run(*options, "--format", "markdown", "--lang", "fr").exit_code == 0


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("persons.amal.born", 2, "PATH=VALUE"),
        ("persons.amal.born=2003", 2, "FROM..TO"),
        ("persons.amal.born=2005-01-01..2003-01-01", 2, "FROM before TO"),
        ("persons.amal.born=2003-01-01..2005-01-01:0", 2, "FROM..TO"),
        ("persons.amal.marriageable_age=10..20:1y", 2, "FROM..TO"),
        ("persons.ammal.born=2003-01-01..2005-01-01", 3, 'Did you mean "amal"?'),
        ("persons.amal.brn=2003-01-01..2005-01-01", 3, 'Did you mean "born"?'),
        ("persons.amal.civil_status=maried,single", 3, "Did you mean"),
        ("persons.amal.born=1..3", 3, "is not a date"),
    ],
)
def test_errors_say_what_would_do(text: str, code: int, said: str) -> None:
    result = run("--vary", text)
    assert (result.exit_code, result.stdout) == (code, "")
    assert said in result.stderr


def test_three_facts_are_one_too_many() -> None:
    with pytest.raises(UsageError, match="3 facts"):
        varied(["a=1..2"] * 3)
