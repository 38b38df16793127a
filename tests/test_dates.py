"""Comparisons: calendar boundaries, open values, lists of periods, classes, distances."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoner.dates import (
    NONE,
    Calendar,
    Distance,
    Open,
    OpenCode,
    OpenPeriods,
    Periods,
    add,
    birthday,
    parse_date,
    partial,
    points,
)

A, B, N, C, MET = (
    ("applied", "p1"),
    ("born", "p1"),
    ("age", "p1"),
    ("nationality", "p1"),
    ("met", "u"),
)
TABLES: dict[str, dict[str, tuple[date | None, date | None]]] = {
    "eu_member": {
        "be": (None, None),
        "gb": (date(1973, 1, 1), date(2020, 1, 31)),
        "hr": (date(2013, 7, 1), None),
    },
    "empty": {},
}


def day(text: str) -> date:
    return date.fromisoformat(text)


def calendar(**values: Any) -> Calendar:
    """A calendar in which applied="2024-05-01" gives the value of `A`, and so on."""
    terms = {"applied": A, "born": B, "age": N, "nationality": C, "met": MET}
    known: dict[Any, Any] = {
        terms[name]: day(value) if isinstance(value, str) and "-" in value else value for name, value in values.items()
    }
    return Calendar(known.__getitem__, TABLES.__getitem__)


def spans(*pairs: tuple[str, str | None], complete: bool = True) -> Periods:
    return Periods(tuple((day(a), b and day(b)) for a, b in pairs), complete)  # type: ignore[misc]


def months(n: int) -> tuple[Any, ...]:
    return ("*", n, "months")


@pytest.mark.parametrize(
    ("start", "n", "unit", "end"),
    [
        ("2023-05-31", 9, "months", "2024-02-29"),
        ("2024-05-31", 9, "months", "2025-02-28"),
        ("2022-11-30", 3, "months", "2023-02-28"),
        ("2023-11-30", 3, "months", "2024-02-29"),
        ("2024-02-29", 1, "years", "2025-02-28"),
        ("2024-02-29", 4, "years", "2028-02-29"),
        ("2024-02-28", 1, "years", "2025-02-28"),
        ("1896-02-29", 48, "months", "1900-02-28"),
        ("2024-03-31", -1, "months", "2024-02-29"),
        ("2024-01-15", 12, "months", "2025-01-15"),
        ("2024-12-31", 1, "days", "2025-01-01"),
        ("2024-03-01", -1, "days", "2024-02-29"),
        ("9999-12-31", 1, "days", "9999-12-31"),
        ("9999-12-31", 1, "months", "9999-12-31"),
        ("0001-01-01", -1, "years", "0001-01-01"),
    ],
)
def test_sums_keep_to_the_month_and_to_the_calendar(start: str, n: int, unit: str, end: str) -> None:
    assert add(day(start), n, unit) == day(end)


def test_hours_are_added_to_a_moment_and_to_the_start_of_a_day() -> None:
    assert add(datetime(2024, 5, 1, 15, 30), 24, "hours") == datetime(2024, 5, 2, 15, 30)
    assert add(date(2024, 5, 1), 36, "hours") == datetime(2024, 5, 2, 12)


def test_an_unknown_unit_is_refused_with_the_units_there_are() -> None:
    with pytest.raises(ValueError, match="write years, months, days or hours"):
        add(date(2024, 1, 1), 1, "fortnights")


@pytest.mark.parametrize(
    ("born", "n", "on"),
    [
        ("2004-02-29", 18, "2022-03-01"),
        ("2004-02-29", 20, "2024-02-29"),
        ("2004-02-28", 18, "2022-02-28"),
        ("2004-03-01", 18, "2022-03-01"),
        ("2000-12-31", 21, "2021-12-31"),
    ],
)
def test_a_birthday_falls_on_the_same_day_or_on_1_march(born: str, n: int, on: str) -> None:
    assert birthday(day(born), n) == day(on)


def test_dates_are_read_and_partial_dates_leave_a_range_open() -> None:
    assert partial("1990-06-15") == parse_date("1990-06-15") == date(1990, 6, 15)
    assert partial("1990") == Open(date(1990, 1, 1), date(1990, 12, 31))
    assert partial("2024-02") == Open(date(2024, 2, 1), date(2024, 2, 29))
    assert parse_date("2024-02-29T14:30") == datetime(2024, 2, 29, 14, 30)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2011-02-29", "there is no 29 February 2011"),
        ("2011-04-31", "there is no 31 April 2011"),
        ("2011-04-00", "there is no 0 April 2011"),
        ("2011-13-01", "there is no month 13 (in '2011-13-01')"),
        ("2011-13", "there is no month 13 (in '2011-13')"),
        ("0000", "there is no year 0000"),
        ("1/2/2011", "'1/2/2011' is not a date: write it like 2024-09-01"),
        ("2011-1-1", "'2011-1-1' is not a date: write it like 2024-09-01"),
        ("20110101", "'20110101' is not a date: write it like 2024-09-01"),
        ("2011-01-01-01", "'2011-01-01-01' is not a date: write it like 2024-09-01"),
        ("2011-01-01T25:00", "'2011-01-01T25:00' is not a moment: write it like 2024-09-01T14:30"),
        ("", "'' is not a date: write it like 2024-09-01"),
    ],
)
def test_what_is_not_a_date_is_refused_with_the_reason(text: str, message: str) -> None:
    with pytest.raises(ValueError) as error:
        partial(text)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("applied", "at_most", "less"),
    [("2024-08-31", True, True), ("2024-09-01", True, False), ("2024-09-02", False, False)],
)
def test_within_a_term_includes_its_last_day(applied: str, at_most: bool, less: bool) -> None:
    known = calendar(applied=applied, born="2023-09-01")
    assert known.answer(("date", A, "<=", ("+", B, months(12)))) is at_most
    assert known.answer(("date", A, "<", ("+", B, ("*", 1, "years")))) is less
    assert known.answer(("date", A, "<=", "2024-09-01")) is at_most


def test_a_chain_of_sums_is_worked_out_from_the_left() -> None:
    term = ("+", ("+", "2024-01-31", months(1)), ("*", 1, "days"))
    assert calendar().value(term) == date(2024, 3, 1)
    assert calendar().value(("+", ("+", "2024-01-31", ("*", 1, "days")), months(1))) == date(2024, 3, 1)
    assert calendar().value(("-", "2024-03-01", ("*", 1, "days"))) == date(2024, 2, 29)


def test_the_number_in_a_sum_or_a_birthday_can_be_a_term() -> None:
    known = calendar(born="2004-02-29", age=18)
    assert known.value(("birthday", B, N)) == date(2022, 3, 1)
    assert known.value(("plus", B, N, "years")) == date(2022, 2, 28)
    assert calendar(born="2004-01-01", age=Open(16, 18)).value(("birthday", B, N)) == Open(
        date(2020, 1, 1), date(2022, 1, 1)
    )


def test_moments_compare_to_the_hour_and_a_moment_with_a_day_by_the_day() -> None:
    known = calendar(applied=datetime(2024, 5, 3, 9), born=datetime(2024, 5, 1, 10))
    in_time = ("date", A, "<=", ("+", B, ("*", 48, "hours")))
    assert known.answer(in_time) is True
    assert known.distance(in_time) == Distance("hours", 1, datetime(2024, 5, 3, 10), True)
    assert known.answer(("date", A, "<=", "2024-05-03")) is True
    assert known.distance(("date", A, "<=", ("+", B, ("*", 46, "hours")))) == Distance(
        "hours", 1, datetime(2024, 5, 3, 8), False
    )


@pytest.mark.parametrize("other", [day("2020-01-01"), Open(day("2020-01-01"), day("2021-01-01")), NONE])
def test_a_comparison_with_what_has_not_happened_is_false(other: Any) -> None:
    known = calendar(applied=NONE, born=other)
    for op in ("<=", "<"):
        assert known.answer(("date", A, op, ("+", B, months(1)))) is False
        assert known.answer(("date", B, op, A)) is False
    assert known.distance(("date", A, "<=", B)) is None
    assert known.answer(("happened", A)) is False


def test_a_date_that_may_not_exist_settles_a_comparison_only_when_it_is_false_anyway() -> None:
    known = calendar(applied=Open(day("2024-01-01"), day("2024-12-31"), may_be_none=True))
    assert known.answer(("date", A, "<=", "2025-01-01")) is None
    assert known.answer(("date", A, "<", "2024-01-01")) is False
    assert known.answer(("happened", A)) is None
    assert calendar(applied=partial("2024")).answer(("happened", A)) is True


@pytest.mark.parametrize(
    ("limit", "answer"),
    [("2023-12-31", False), ("2024-01-01", None), ("2024-12-30", None), ("2024-12-31", True)],
)
def test_a_range_settles_a_comparison_when_every_day_of_it_answers_alike(limit: str, answer: bool | None) -> None:
    assert calendar(applied=partial("2024")).answer(("date", A, "<=", limit)) is answer


def test_a_point_on_both_sides_is_compared_with_itself() -> None:
    known = calendar(applied=partial("2024"))
    assert known.answer(("date", A, "<=", ("+", A, ("*", 1, "days")))) is True
    assert known.answer(("date", ("+", A, months(1)), "<=", ("+", A, ("*", 27, "days")))) is False
    assert known.answer(("date", ("+", A, months(1)), "<=", ("+", A, ("*", 30, "days")))) is None


def test_an_equation_that_no_day_satisfies_is_false() -> None:
    known = calendar(applied=partial("2023"))
    assert known.answer(("date", ("+", A, months(1)), "=", "2023-03-30")) is False
    assert known.answer(("date", ("+", A, months(1)), "=", "2023-02-28")) is None


def test_latest_and_earliest_leave_out_what_has_not_happened() -> None:
    known = calendar(applied="2024-05-01", born=NONE)
    assert known.resolve(("latest", A, B, "2024-04-01")) == day("2024-05-01")
    assert known.resolve(("earliest", A, B, "2024-04-01")) == day("2024-04-01")
    assert known.resolve(("latest", B)) is None
    assert known.resolve(("plus", A, 9, "months")) == day("2025-02-01")
    assert known.resolve(("minus", A, 1, "days")) == day("2024-04-30")
    assert known.resolve(("plus", B, 9, "months")) is None


def test_a_result_date_that_depends_on_an_open_value_is_open() -> None:
    known = calendar(applied=partial("2024"), born=Open(day("2020-01-01"), day("2026-01-01"), True))
    assert known.resolve(("latest", A, "2023-01-01")) is None
    assert known.resolve(A) is None
    assert known.value(("latest", A, B)) == Open(day("2024-01-01"), day("2026-01-01"))
    assert known.value(("earliest", A, B)) == Open(day("2020-01-01"), day("2024-12-31"))
    assert known.value(("latest", B)) == Open(day("2020-01-01"), day("2026-01-01"), True)


@pytest.mark.parametrize(
    ("met", "inside"),
    [("2022-04-30", False), ("2022-05-01", True), ("2024-05-01", True), ("2024-05-02", False)],
)
def test_a_day_counts_from_24_months_before_the_application_up_to_it(met: str, inside: bool) -> None:
    known = calendar(met=spans((met, met)), applied="2024-05-01")
    assert known.value(("days", MET, A, months(24))) == int(inside)
    assert known.value(("count", MET, A, months(24))) == int(inside)


def test_a_window_at_a_month_end_begins_on_the_first_day_that_reaches_the_end() -> None:
    known = calendar(met=spans(("2023-02-01", "2023-03-31")), applied="2023-03-31")
    assert known.value(("days", MET, A, months(1))) == 31  # 28 February and one month is 28 March
    leap = calendar(met=spans(("2023-01-01", "2024-02-29")), applied="2024-02-29")
    assert leap.value(("days", MET, A, months(12))) == 366  # from 1 March 2023


def test_days_are_counted_once_meetings_merge_on_a_shared_day_and_stretches_on_the_next() -> None:
    known = calendar(
        met=spans(("2024-01-10", "2024-01-12"), ("2024-01-12", "2024-01-15"), ("2024-01-16", "2024-01-17")),
        applied="2024-01-31",
    )
    assert known.value(("days", MET, A, months(24))) == 8
    assert known.value(("count", MET, A, months(24))) == 2
    assert known.value(("longest", MET, A, months(24))) == 8
    assert known.value(("longest", MET, "2024-01-13", 0)) == 4
    assert known.value(("count", MET, "2024-01-09", "always")) == 0


def test_a_period_that_is_still_running_lasts_until_the_end() -> None:
    known = calendar(met=spans(("2024-01-10", None)), applied="2024-01-31")
    assert known.value(("days", MET, A, "always")) == 22
    assert known.answer(("number", ("days", MET, A, "always"), ">=", 22)) is True
    assert known.distance(("number", ("days", MET, A, "always"), ">=", 45)) == Distance("days", 23, None, False)


def test_a_list_that_never_happened_is_empty_and_an_end_that_never_happened_is_false() -> None:
    assert calendar(met=NONE, applied="2024-01-31").answer(("number", ("days", MET, A, 0), "<", 1)) is True
    assert calendar(met=spans(), applied=NONE).answer(("number", ("days", MET, A, 0), "<", 1)) is False


def test_an_incomplete_list_can_only_grow() -> None:
    known = calendar(met=spans(("2024-01-01", "2024-01-10"), complete=False), applied="2024-01-31")
    assert known.answer(("number", ("days", MET, A, 0), ">=", 10)) is True
    assert known.answer(("number", ("days", MET, A, 0), ">=", 11)) is None
    assert known.answer(("number", ("days", MET, A, ("*", 5, "days")), ">=", 7)) is False
    assert known.answer(("number", ("days", MET, A, 0), "<", 10)) is False
    assert calendar(met=OpenPeriods(), applied="2024-01-31").answer(("unbroken", MET, A, months(1))) is None
    assert calendar(met=OpenPeriods(), applied="2024-01-31").answer(("happened", MET)) is None


def test_an_open_end_settles_a_quantity_when_every_day_of_it_answers_alike() -> None:
    known = calendar(met=spans(("2023-06-01", "2023-06-10")), applied=partial("2024"))
    assert known.answer(("number", ("days", MET, A, months(24)), ">=", 10)) is True
    assert known.answer(("number", ("days", MET, A, months(12)), ">=", 10)) is None
    assert known.answer(("number", ("days", MET, A, months(6)), ">=", 10)) is False


@pytest.mark.parametrize(
    ("end", "answer", "distance"),
    [
        ("2020-12-30", False, Distance("days", 1, day("2020-12-31"), False)),
        ("2020-12-31", True, Distance("days", 0, day("2020-12-31"), True)),
        ("2021-01-01", True, Distance("days", 1, day("2020-12-31"), True)),
    ],
)
def test_an_unbroken_year_is_complete_on_the_day_before_its_anniversary(
    end: str, answer: bool, distance: Distance
) -> None:
    atom = ("unbroken", MET, A, ("*", 1, "years"))
    for periods in (
        spans(("2020-01-01", None)),
        spans(("2020-01-01", end)),
        spans(("2020-01-01", "2020-06-30"), ("2020-07-01", None)),
    ):
        known = calendar(met=periods, applied=end)
        assert known.answer(atom) is answer
        assert known.distance(atom) == distance
    broken = calendar(met=spans(("2020-01-01", "2020-06-30"), ("2020-07-02", None)), applied=end)
    assert broken.answer(atom) is False


def test_a_stretch_is_clipped_at_the_end_and_an_open_end_leaves_it_open() -> None:
    atom = ("unbroken", MET, A, months(12))
    assert calendar(met=spans(("2020-01-01", "2022-12-31")), applied="2020-06-01").answer(atom) is False
    assert calendar(met=spans(("2020-01-01", None)), applied=partial("2020")).answer(atom) is None
    assert calendar(met=spans(("2020-01-01", None)), applied=partial("2021")).answer(atom) is True
    assert calendar(met=spans(("2020-01-01", None)), applied=NONE).answer(atom) is False


@pytest.mark.parametrize(
    ("code", "on", "answer"),
    [
        ("gb", "1972-12-31", False),
        ("gb", "1973-01-01", True),
        ("gb", "2020-01-31", True),
        ("gb", "2020-02-01", False),
        ("hr", "2030-01-01", True),
        ("fr", "2024-01-01", False),
        (("fr", "be"), "2024-01-01", True),
        (NONE, "2024-01-01", False),
        (OpenCode(), "2024-01-01", None),
        (("gb", "hr"), Open(date(2019, 1, 1), date(2021, 1, 1)), True),
        ("gb", Open(date(2019, 1, 1), date(2021, 1, 1)), None),
        ("gb", Open(date(2020, 2, 1), date(2021, 1, 1)), False),
        ("be", Open(date(2020, 2, 1), date(2021, 1, 1), True), None),
        ("be", NONE, False),
    ],
)
def test_membership_of_a_class_holds_on_its_days_for_any_of_the_codes(code: Any, on: Any, answer: bool | None) -> None:
    assert calendar(nationality=code, applied=on).answer(("class", "eu_member", C, A)) is answer


def test_without_a_day_a_class_is_whoever_it_lists_and_an_empty_class_has_no_member() -> None:
    assert calendar(nationality="gb").answer(("class", "eu_member", C)) is True
    assert calendar(nationality=OpenCode()).answer(("class", "empty", C)) is False


@pytest.mark.parametrize(
    ("left", "right", "answer"),
    [
        ("be", "be", True),
        ("be", "fr", False),
        (("be", "fr"), "fr", True),
        (("be", "fr"), ("nl", "de"), False),
        (OpenCode(), "fr", None),
        (OpenCode(), NONE, False),
    ],
)
def test_codes_are_the_same_when_they_overlap(left: Any, right: Any, answer: bool | None) -> None:
    assert calendar(nationality=left, born=right).answer(("same", C, B)) is answer


def test_an_open_code_is_the_same_as_itself() -> None:
    assert calendar(nationality=OpenCode()).answer(("same", C, C)) is True


def test_points_are_the_leaves_that_are_looked_up() -> None:
    atom = (
        "number",
        ("days", MET, ("latest", A, "2024-01-01"), ("*", N, "months")),
        ">=",
        ("+", 40, 5),
    )
    assert points(atom) == {MET, A, N}
    assert points(("date", ("birthday", B, 21), "<=", ("+", A, months(1)))) == {A, B}
    assert points(("class", "eu_member", C, A)) == {C, A}


@pytest.mark.parametrize(
    ("atom", "expected"),
    [
        (("date", A, "<=", "2024-04-30"), Distance("days", 1, day("2024-04-30"), False)),
        (("date", A, "<=", "2024-05-01"), Distance("days", 0, day("2024-05-01"), True)),
        (("date", A, "<=", "2024-05-03"), Distance("days", 2, day("2024-05-03"), True)),
        (("date", A, "<", "2024-05-01"), Distance("days", 1, day("2024-04-30"), False)),
        (("date", A, "<", "2024-05-02"), Distance("days", 0, day("2024-05-01"), True)),
        (("date", A, ">=", "2024-05-03"), Distance("days", 2, day("2024-05-03"), False)),
        (("date", A, ">", "2024-05-01"), Distance("days", 1, day("2024-05-02"), False)),
        (("number", N, ">=", 21), Distance("units", 3, None, False)),
        (("number", N, "<", 18), Distance("units", 1, None, False)),
        (("number", N, "<=", 20), Distance("units", 2, None, True)),
        (("number", N, "=", 20), Distance("units", 2, None, False)),
        (("number", N, "!=", 18), Distance("units", 1, None, False)),
        (("number", ("count", MET, A, 0), ">=", 3), Distance("times", 2, None, False)),
    ],
)
def test_a_distance_says_how_far_the_other_answer_is(atom: Any, expected: Distance) -> None:
    known = calendar(applied="2024-05-01", age=18, met=spans(("2024-01-01", "2024-01-03")))
    assert known.distance(atom) == expected


def test_an_open_comparison_has_no_distance() -> None:
    assert calendar(applied=partial("2024")).distance(("date", A, "<=", "2024-05-01")) is None
    assert calendar(nationality="be").distance(("class", "eu_member", C)) is None


@given(
    start=st.dates(date(2019, 1, 1), date(2025, 1, 1)),
    shift=st.integers(-5, 5),
    op=st.sampled_from(["<", "<=", ">", ">="]),
)
def test_a_failing_date_moved_by_its_distance_just_holds(start: date, shift: int, op: str) -> None:
    atom = ("date", A, op, start.isoformat())
    value = start + timedelta(shift)
    found = calendar(applied=value).distance(atom)
    assert found is not None
    step = found.amount if found.holds else found.amount - 1
    toward = 1 if (op in ("<", "<=")) == found.holds else -1
    assert calendar(applied=value + timedelta(toward * step)).answer(atom) is found.holds
    assert calendar(applied=value + timedelta(toward * (step + 1))).answer(atom) is not found.holds


@given(
    lo=st.dates(date(2019, 1, 1), date(2021, 1, 1)),
    length=st.integers(0, 40),
    n=st.integers(0, 3),
    op=st.sampled_from(["<", "<=", ">", ">=", "=", "!="]),
    other=st.dates(date(2019, 1, 1), date(2021, 6, 1)),
    none=st.booleans(),
)
def test_an_open_answer_is_what_all_days_agree_on(
    lo: date, length: int, n: int, op: str, other: date, none: bool
) -> None:
    atom = ("date", ("+", A, months(n)), op, other.isoformat())
    days: list[Any] = [lo + timedelta(i) for i in range(length + 1)] + [NONE] * none
    answers = {calendar(applied=value).answer(atom) for value in days}
    found = calendar(applied=Open(lo, lo + timedelta(length), none)).answer(atom)
    assert found is (answers.pop() if len(answers) == 1 else None)
