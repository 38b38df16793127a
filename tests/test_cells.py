"""Cells of open values, compared with trying every value."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import product
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reasoner.cells import Cell, World, Worlds, worlds
from reasoner.dates import NONE, Calendar, Open, OpenCode, OpenPeriods, Periods
from reasoner.days import each

P, Q, R, K, N, C, D, MET = (("p",), ("q",), ("r",), ("known",), ("n",), ("c",), ("d",), ("met",))
TABLES: dict[str, dict[str, tuple[date | None, date | None]]] = {
    "eu": {
        "be": (None, None),
        "fr": (None, None),
        "gb": (None, date(2020, 1, 31)),
        "hr": (date(2020, 7, 1), None),
    },
    "seven": {"tr": (None, None), "be": (None, None)},
}
CODES = ["be", "fr", "gb", "hr", "tr", "us", "jp", "cn", "other"]


def calendar(values: dict[Any, Any]) -> Calendar:
    return Calendar(values.__getitem__, TABLES.__getitem__)


def all_values(value: Any) -> list[Any]:
    return CODES if isinstance(value, OpenCode) else list(each(value))


def brute(atoms: list[Any], values: dict[Any, Any], open_points: Iterable[Any]) -> dict[tuple[Any, ...], Any]:
    """The truth vector for every combination of the values of the open points."""
    names, env = list(open_points), dict(values)
    known, table = calendar(env), {}
    for combination in product(*(all_values(values[p]) for p in names)):
        env.update(zip(names, combination, strict=True))
        table[combination] = tuple(known.answer(atom) for atom in atoms)
    return table


def contains(cell: Cell, value: Any) -> bool:
    if cell.none or value is NONE:
        return cell.none and value is NONE
    return cell.code == value if cell.code is not None else bool(cell.lo <= value <= cell.hi)


def check(atoms: list[Any], values: dict[Any, Any]) -> None:
    """The worlds have exactly the truth vectors there are; a cell has the same ones on each day."""
    found = worlds(atoms, calendar(values), [p for p, v in values.items() if isinstance(v, (Open, OpenCode))])
    settled = {i: calendar(values).answer(atom) for i, atom in enumerate(atoms)}
    for group in found:
        assert group.exact and not group.free_atoms
        mine = [atoms[i] for i in group.atoms]
        table = brute(mine, values, group.points)
        assert {world.truth for world in group.cells} == set(table.values())
        first = group.points[0]
        for cell in {world.assignment[first] for world in group.cells}:
            here = {w.truth for w in group.cells if w.assignment[first] == cell}
            for value in all_values(values[first]):
                if contains(cell, value):
                    assert {t for row, t in table.items() if row[0] == value} == here, (cell, value)
        if not isinstance(values[first], OpenCode):
            for value in all_values(values[first]):
                assert any(contains(w.assignment[first], value) for w in group.cells)
        for world in group.cells:
            # Constant along the last point, the points before it being on their first day.
            *before, last = [world.assignment[p] for p in group.points]
            for value in all_values(values[group.points[-1]]):
                if contains(last, value):
                    assert table[(*(c.value for c in before), value)] == world.truth
    decided = {i for group in found for i in group.atoms}
    for i, answer in settled.items():
        assert (answer is None) == (i in decided)


def sums(point: Any) -> st.SearchStrategy[Any]:
    """A point, with months and days added or a birthday taken."""
    months = st.sampled_from([("*", n, "months") for n in (0, 1, 2, 3, 12)])
    days = st.sampled_from([("*", n, "days") for n in (-31, -1, 0, 1, 29, 30, 31, 60, 365)])
    return st.one_of(
        st.just(point),
        st.builds(lambda m: ("+", point, m), months),
        st.builds(lambda d: ("+", point, d), days),
        st.builds(lambda m, d: ("+", ("+", point, m), d), months, days),
        st.builds(lambda m: ("-", point, m), months),
        st.builds(lambda n: ("birthday", point, n), st.integers(0, 2)),
    )


def dates_near(start: date, days: int) -> st.SearchStrategy[str]:
    return st.integers(-40, days + 40).map(lambda n: (start + timedelta(n)).isoformat())


OPS = st.sampled_from(["<=", "<", ">", ">=", "=", "!="])


def comparisons(points: list[Any], start: date, days: int) -> st.SearchStrategy[Any]:
    term = st.sampled_from(points).flatmap(sums)
    bound = st.builds(lambda f, a, b: (f, a, b), st.sampled_from(["latest", "earliest"]), term, term)
    return st.tuples(
        st.just("date"),
        st.one_of(term, term, term, bound),
        OPS,
        st.one_of(term, dates_near(start, days)),
    )


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_cells_of_one_point_are_the_stretches_that_answer_alike(data: st.DataObject) -> None:
    start = data.draw(st.dates(date(2019, 1, 1), date(2020, 6, 1)))
    length = data.draw(st.integers(0, 400))
    atoms = data.draw(st.lists(comparisons([P], start, length), min_size=1, max_size=5))
    value = Open(start, start + timedelta(length), data.draw(st.booleans()))
    check(atoms, {P: value})
    for group in worlds(atoms, calendar({P: value}), [P]):
        truths = [w.truth for w in group.cells if not w.assignment[P].none]
        assert all(a != b for a, b in zip(truths, truths[1:], strict=False))


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_worlds_of_two_points_are_exactly_those_that_some_days_bring_about(
    data: st.DataObject,
) -> None:
    starts = [data.draw(st.dates(date(2020, 1, 1), date(2020, 4, 1))) for _ in "pq"]
    lengths = [data.draw(st.integers(0, 70)) for _ in "pq"]
    atoms = data.draw(st.lists(comparisons([P, Q], starts[0], lengths[0]), min_size=1, max_size=4))
    values = {
        point: Open(start, start + timedelta(length), data.draw(st.booleans()))
        for point, start, length in zip((P, Q), starts, lengths, strict=True)
    }
    check(atoms, values)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_worlds_of_three_points_are_exactly_those_that_some_days_bring_about(
    data: st.DataObject,
) -> None:
    start = data.draw(st.dates(date(2020, 1, 20), date(2020, 2, 28)))
    term = st.sampled_from([P, Q, R]).flatmap(
        lambda p: st.sampled_from([p, ("+", p, ("*", 3, "days")), ("+", p, ("*", 1, "months"))])
    )
    atom = st.tuples(
        st.just("date"),
        term,
        st.sampled_from(["<=", "<"]),
        st.one_of(term, term, dates_near(start, 12)),
    )
    atoms = data.draw(st.lists(atom, min_size=2, max_size=5))
    check(
        atoms,
        {p: Open(start + timedelta(i), start + timedelta(i + 12)) for i, p in enumerate((P, Q, R))},
    )


def test_a_day_that_no_months_lead_to_is_told_apart() -> None:
    atoms = [("date", ("+", Q, ("*", 1, "months")), "=", ("+", P, ("*", 3, "months")))]
    values = {P: Open(date(2020, 2, 1), date(2020, 3, 1)), Q: Open(date(2020, 4, 1), date(2020, 5, 2))}
    check(atoms, values)  # 30 May, and no day in February
    weeks = [
        ("date", ("+", P, ("*", 3, "months")), "<=", ("+", ("+", Q, ("*", 1, "months")), ("*", n, "days")))
        for n in (0, 2)
    ]
    check(weeks, values)


def test_months_and_days_that_nearly_agree_are_told_apart_on_29_february() -> None:
    atoms = [
        ("date", ("birthday", P, 1), "<=", Q),
        ("date", ("+", P, ("*", 12, "months")), "<=", Q),
    ]
    values = {
        P: Open(date(2020, 1, 1), date(2020, 4, 1)),
        Q: Open(date(2021, 1, 1), date(2021, 4, 1)),
    }
    check(atoms, values)
    (group,) = worlds(atoms, calendar(values), [P, Q])
    (odd,) = [world for world in group.cells if world.truth == (False, True)]
    assert odd.assignment[P] == Cell(date(2020, 2, 29), date(2020, 2, 29))
    assert odd.assignment[Q] == Cell(date(2021, 2, 28), date(2021, 2, 28))


def test_a_partial_birth_date_has_a_cell_for_each_side_of_a_birthday() -> None:
    atoms = [
        ("date", ("birthday", P, 18), "<=", "2022-03-01"),
        ("date", ("birthday", P, 21), "<=", "2022-03-01"),
    ]
    known = calendar({P: Open(date(2004, 1, 1), date(2004, 12, 31))})
    assert worlds(atoms, known, [P]) == (
        Worlds(
            (P,),
            (
                World({P: Cell(date(2004, 1, 1), date(2004, 3, 1))}, (True,)),
                World({P: Cell(date(2004, 3, 2), date(2004, 12, 31))}, (False,)),
            ),
            True,
            (0,),
        ),
    )


def test_a_date_that_may_not_exist_has_a_cell_of_its_own() -> None:
    values = {P: Open(date(2024, 1, 1), date(2024, 1, 31), True)}
    (group,) = worlds([("date", P, "<=", "2024-06-01"), ("happened", P)], calendar(values), [P])
    assert [(w.assignment[P], w.truth) for w in group.cells] == [
        (Cell(none=True), (False, False)),
        (Cell(date(2024, 1, 1), date(2024, 1, 31)), (True, True)),
    ]


def test_points_that_share_no_open_comparison_do_not_multiply() -> None:
    values = {
        P: Open(date(2024, 1, 1), date(2024, 1, 31)),
        Q: Open(date(2020, 1, 1), date(2020, 1, 31)),
    }
    atoms = [("date", P, "<=", "2024-01-10"), ("date", Q, "<=", "2020-01-10"), ("date", Q, "<=", P)]
    found = worlds(atoms, calendar(values), [P, Q])
    assert [(g.points, g.atoms, len(g.cells)) for g in found] == [((P,), (0,), 2), ((Q,), (1,), 2)]


def test_a_point_that_nothing_reads_is_one_cell() -> None:
    (group,) = worlds([], calendar({P: Open(1, 5)}), [P])
    assert group == Worlds((P,), (World({P: Cell(1, 5)}, ()),), True, ())


def test_numbers_and_dates_are_split_together() -> None:
    atoms = [
        ("number", N, ">=", 18),
        ("date", ("birthday", P, N), "<=", "2022-03-01"),
        ("date", P, "<", "2004-01-20"),
    ]
    check(atoms, {P: Open(date(2004, 1, 1), date(2004, 12, 31)), N: Open(15, 21)})


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_an_end_that_moves_its_window_is_tried_day_by_day(data: st.DataObject) -> None:
    start = date(2024, 1, 1)
    pairs = data.draw(st.lists(st.tuples(st.integers(-60, 60), st.integers(0, 9)), min_size=1, max_size=4))
    met = Periods(tuple((start + timedelta(a), start + timedelta(a + n)) for a, n in pairs))
    window = st.sampled_from([("*", 1, "months"), ("*", 20, "days"), "always"])
    quantity = st.tuples(st.sampled_from(["days", "count", "longest"]), st.just(MET), st.just(P), window)
    limit = st.one_of(st.integers(0, 12), st.just(N))
    atom = st.one_of(
        st.tuples(st.just("number"), quantity, OPS, limit),
        st.tuples(st.just("unbroken"), st.just(MET), st.just(P), st.just(("*", 5, "days"))),
        st.tuples(st.just("date"), st.just(P), st.just("<="), dates_near(start, 60)),
    )
    atoms = data.draw(st.lists(atom, min_size=1, max_size=3))
    check(atoms, {P: Open(start, start + timedelta(60)), MET: met, N: Open(0, 12)})


def test_an_unknown_end_of_a_window_is_tried_only_near_what_it_counts() -> None:
    met = Periods(
        ((date(2021, 3, 1), date(2021, 3, 20)), (date(2022, 1, 10), date(2022, 2, 20)), (date(2023, 5, 1), None))
    )
    window = ("*", 2, "years")
    atoms = [
        ("number", ("count", MET, P, window), ">=", 3),
        ("number", ("days", MET, P, window), ">=", 45),
        ("unbroken", MET, P, ("*", 1, "years")),
    ]
    values = {P: Open(date(1900, 1, 1), date(2200, 12, 31)), MET: met}
    (group,) = worlds(atoms, calendar(values), [P])
    assert group.exact
    near = values | {P: Open(date(2020, 1, 1), date(2027, 12, 31))}
    assert {world.truth for world in group.cells} == set(brute(atoms, near, [P]).values())
    for world in group.cells:
        cell = world.assignment[P]
        for day in (cell.lo, cell.hi):
            assert tuple(calendar(values | {P: day}).answer(atom) for atom in atoms) == world.truth


def test_a_year_and_twelve_months_leave_two_unknown_days_to_bisection() -> None:
    unknown = Open(date(1900, 1, 1), date(2200, 12, 31))
    later = ("+", Q, ("*", 3, "months"))
    atoms = [
        ("date", P, "<=", ("+", Q, ("*", 1, "years"))),
        ("date", P, "<=", ("+", Q, ("*", 12, "months"))),
        ("date", P, "<=", later),
        ("date", later, "<=", ("+", P, ("*", 7, "days"))),
        ("date", P, "<=", ("+", later, ("*", 7, "days"))),
        ("date", ("birthday", Q, K), "<=", P),
        ("date", P, "<", ("birthday", Q, 18)),
    ]
    (group,) = worlds(atoms, calendar({P: unknown, Q: unknown, K: 18}), [P, Q])
    assert group.exact
    near = {P: Open(date(2004, 1, 1), date(2004, 6, 30)), Q: Open(date(2003, 1, 1), date(2004, 8, 31)), K: 18}
    check(atoms, near)


def test_codes_are_split_by_the_classes_they_are_in() -> None:
    values = {C: OpenCode(), K: date(2024, 1, 1)}
    (group,) = worlds([("class", "eu", C, K), ("class", "seven", C)], calendar(values), [C])
    assert {w.assignment[C].code: w.truth for w in group.cells} == {
        "be": (True, True),
        "fr": (True, False),
        "gb": (False, False),
        "tr": (False, True),
    }


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_open_codes_and_an_open_day_have_the_truth_vectors_that_all_codes_bring_about(
    data: st.DataObject,
) -> None:
    code = st.sampled_from([C, D])
    atom = st.one_of(
        st.tuples(st.just("class"), st.sampled_from(["eu", "seven"]), code),
        st.tuples(st.just("class"), st.sampled_from(["eu", "seven"]), code, st.just(P)),
        st.tuples(st.just("same"), code, st.one_of(code, st.just(K))),
        st.tuples(
            st.just("date"),
            st.just(P),
            st.just("<="),
            st.sampled_from(["2020-01-31", "2020-03-05"]),
        ),
    )
    atoms = data.draw(st.lists(atom, min_size=1, max_size=4))
    values = {C: OpenCode(), D: OpenCode(), P: Open(date(2020, 1, 20), date(2020, 7, 10)), K: "fr"}
    for group in worlds(atoms, calendar(values), [C, D, P]):
        assert group.exact
        table = brute([atoms[i] for i in group.atoms], values, group.points)
        assert {world.truth for world in group.cells} == set(table.values())


def test_comparisons_over_an_open_list_are_free() -> None:
    values = {MET: OpenPeriods(), P: Open(date(2024, 1, 1), date(2024, 1, 31))}
    atoms = [("number", ("days", MET, P, 0), ">=", 5), ("date", P, "<=", "2024-01-10")]
    found = worlds(atoms, calendar(values), [P, MET])
    assert [(g.points, g.atoms, g.free_atoms, g.exact) for g in found] == [
        ((P,), (1,), (), True),
        ((MET,), (), (0,), False),
    ]


def test_comparisons_over_an_open_point_that_is_not_to_be_split_are_free() -> None:
    values = {Q: Open(1, 9), P: Open(1, 9)}
    found = worlds([("number", Q, "<=", P)], calendar(values), [P])
    assert [(g.points, len(g.cells), g.free_atoms) for g in found] == [
        ((P,), 1, ()),
        ((Q,), 0, (0,)),
    ]


def test_past_the_limit_the_comparisons_of_a_group_are_free() -> None:
    values = {P: Open(1, 99), Q: Open(1, 9)}
    atoms = [("number", P, "<=", n) for n in range(1, 50)] + [("number", Q, "<=", 3)]
    over, within = worlds(atoms, calendar(values), [P, Q], limit=20)
    assert over == Worlds((P,), (), False, (), tuple(range(49)), too_many=True)
    assert within.exact and len(within.cells) == 2


def test_moments_are_split_to_the_minute() -> None:
    values = {P: Open(datetime(2024, 5, 1), datetime(2024, 5, 3)), K: datetime(2024, 5, 1, 10, 30)}
    atoms = [("date", P, "<=", ("+", K, ("*", 24, "hours")))]
    (group,) = worlds(atoms, calendar(values), [P])
    assert group.cells[0].assignment[P].hi == datetime(2024, 5, 2, 10, 30)
    assert group.cells[1].assignment[P].lo == datetime(2024, 5, 2, 10, 31)


def test_three_open_dates_take_a_fraction_of_a_second() -> None:
    values = {
        P: Open(date(2022, 1, 1), date(2022, 12, 31)),
        Q: Open(date(2022, 6, 1), date(2024, 12, 31)),
        R: Open(date(2004, 1, 1), date(2004, 12, 31)),
    }
    atoms = [
        ("date", Q, "<=", ("+", P, ("*", 12, "months"))),
        ("date", P, "<=", Q),
        ("date", Q, "<", ("birthday", R, 18)),
        ("date", Q, "<", ("birthday", R, 21)),
        ("date", Q, ">=", "2024-01-01"),
        ("date", P, "<", "2022-09-01"),
    ]
    (group,) = worlds(atoms, calendar(values), [P, Q, R])
    assert group.exact
