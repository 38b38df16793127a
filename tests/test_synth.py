"""Archives of made-up cases: the same for the same seed, valid but for the faults asked for, and of many kinds."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from reasoner.batch import synth
from reasoner.batch.decider import case_schema
from reasoner.batch.synth import Source
from reasoner.batch.synth_days import Days, Draw, Weights, day
from reasoner.batch.synth_faults import spoiled
from reasoner.batch.synth_model import Place, case_place
from reasoner.batch.synth_write import write
from reasoner.case import parse_case
from reasoner.cli import app
from reasoner.engine import Engine
from reasoner.errors import CaseFileError, UsageError


@cache
def engine() -> Engine:
    return Engine()


def lines(count: int, **options: Any) -> list[str]:
    return [line for chunk in Source(engine().law, **options).chunks(count) for line in chunk.lines]


def fault(text: str) -> str | None:
    """The first fault of a case, if it has any."""
    try:
        parse_case(text, choices=engine().law.choices)
    except CaseFileError as error:
        return error.faults[0].code
    return None


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["synth", *arguments])


# -- cases -------------------------------------------------------------------------------------------------------------


def test_every_case_is_valid_and_named_once() -> None:
    found = lines(2000, unsure=0.5)
    assert [text for text in found if fault(text)] == []
    assert len({json.loads(text)["case"] for text in found}) == 2000


def test_a_case_is_one_line_of_json() -> None:
    assert all(text.endswith("}\n") and text.count("\n") == 1 for text in lines(50))


def test_many_routes_with_every_result_are_reached() -> None:
    results: Counter[tuple[str, str]] = Counter()
    for text in lines(150, seed=7):
        for outcome in engine().decide(parse_case(text, choices=engine().law.choices)).outcomes:
            results[outcome.route, outcome.result] += 1
    by_result = Counter(result for (_, result), n in results.items() for _ in range(n))
    assert set(by_result) == {"eligible", "not_eligible", "undetermined", "discretionary"}
    assert max(by_result.values()) < 0.7 * by_result.total()
    assert len({route for route, _ in results}) >= 12
    mixed = {route for route, _ in results if {(route, "eligible"), (route, "not_eligible")} <= set(results)}
    assert {"ip_spouse", "ip_minor_child", "ip_parent_of_minor", "ip_unlimited_stay"} <= mixed


def test_every_route_of_the_law_is_asked_for_or_belongs_to_a_holder() -> None:
    asked = {application["route"] for text in lines(4000) for application in json.loads(text).get("applications", ())}
    alone = {str(row[0]) for row in engine().law.table("holder_route")}
    assert asked | alone == set(engine().law.choices["applications.*.route"])


def test_days_lie_on_month_ends_on_29_february_and_close_to_each_other() -> None:
    cases = [json.loads(text) for text in lines(4000, unsure=0)]
    born = [person["born"] for case in cases for person in case["persons"].values()]
    leap = sum(text.endswith("-02-29") for text in born) / len(born)
    assert leap > 3 / 1461, "29 February is no likelier than any other day"
    ages = [_years(case["persons"]["child1"]["born"], a["filed"]) for case in cases for a in case.get("applications", ())
            if a["applicant"] == "child1"]  # fmt: skip
    near = sum(abs(age - 18) < 8 / 365 for age in ages) / len(ages)
    assert near > 0.02, "few children are about to come of age"


def _years(born: str, on: str) -> float:
    return (day(on) - day(born)) / 365.25


# -- shares ------------------------------------------------------------------------------------------------------------


def test_the_share_of_unsure_cases_is_as_asked_for() -> None:
    assert not any("unknown" in text for text in lines(500, unsure=0))
    some = sum(any(map(_vague, _values(json.loads(text)))) for text in lines(2000, unsure=0.5))
    assert 0.3 < some / 2000 <= 0.55  # in a small case nothing may be hit


def _vague(value: Any) -> bool:
    return value == "unknown" or (isinstance(value, str) and len(value) in (4, 7) and value[:2] in ("19", "20"))


def _values(part: Any) -> Any:
    for below in part.values() if isinstance(part, dict) else part:
        if isinstance(below, dict | list):
            yield from _values(below)
        else:
            yield below


def test_as_many_cases_as_asked_for_have_a_fault() -> None:
    chunks = list(Source(engine().law, errors=0.2).chunks(1500))
    faulty = [text for chunk in chunks for text in chunk.lines if fault(text)]
    assert len(faulty) == sum(chunk.faulty for chunk in chunks)
    assert 0.16 < len(faulty) / 1500 < 0.24
    assert len({fault(text) for text in faulty}) >= 12


@pytest.mark.parametrize("number", range(len(synth.read_settings()["faults"])))
def test_each_kind_of_fault_is_one(number: int) -> None:
    text = next(text for text in lines(200) if '"unions"' in text and '"applications"' in text)
    random = np.random.default_rng(1)
    assert fault(spoiled(text.rstrip(), [synth.read_settings()["faults"][number]], random))


def test_a_fault_that_finds_no_place_makes_room_for_another() -> None:
    faults = [{"at": "applications.*", "put": {"filed": "soon"}}, {"drop": ["persons"]}]
    for seed in range(4):
        assert spoiled('{"persons":{},"applications":[]}', faults, np.random.default_rng(seed)) == '{"applications":[]}'


# -- files -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["jsonl", "jsonl.gz", "parquet"])
def test_the_same_seed_makes_the_same_bytes(tmp_path: Path, ending: str) -> None:
    if ending == "parquet":
        pytest.importorskip("pyarrow")

    def made(name: str, seed: int) -> bytes:
        path = tmp_path / f"{name}.{ending}"
        write(engine().law, 40, str(path), seed=seed, errors=0.1, unsure=None, advance=lambda done: None)
        return path.read_bytes()

    assert made("one", 3) == made("other", 3) != made("third", 4)


def test_a_packed_file_holds_the_same_lines(tmp_path: Path) -> None:
    assert run("30", "-o", str(tmp_path / "a.jsonl")).exit_code == 0
    assert run("30", "-o", str(tmp_path / "a.jsonl.gz")).exit_code == 0
    assert gzip.decompress((tmp_path / "a.jsonl.gz").read_bytes()) == (tmp_path / "a.jsonl").read_bytes()
    assert run("30", "-o", "-").stdout_bytes == (tmp_path / "a.jsonl").read_bytes()


def test_a_table_says_the_same_as_the_lines(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    write(engine().law, 300, str(tmp_path / "a.parquet"), seed=0, errors=0, unsure=0.3, advance=lambda done: None)
    table = parquet.read_table(tmp_path / "a.parquet")
    assert table.schema == case_schema()
    decided = engine().law.choices
    for row, text in zip(table.to_pylist(maps_as_pydicts="strict"), lines(300, unsure=0.3), strict=True):
        case = _told(row)
        case["persons"] = {person.pop("id"): person for person in case["persons"]}
        told, written = (parse_case(one, choices=decided).case for one in (json.dumps(case), text))
        assert told == written


def _told(part: Any) -> Any:
    if isinstance(part, dict):
        return {key: _told(value) for key, value in part.items() if value is not None}
    return [_told(one) for one in part] if isinstance(part, list) else part


def test_another_ending_is_refused(tmp_path: Path) -> None:
    found = run("3", "-o", str(tmp_path / "a.csv"))
    assert (found.exit_code, found.stdout) == (2, "")
    assert ".jsonl.gz" in found.stderr
    assert run("3", "-o", "a.csv", "--lang", "fr").stderr.startswith("le nom a.csv")


def test_an_interrupted_run_leaves_nothing(tmp_path: Path) -> None:
    def stop(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(engine().law, 10, str(tmp_path / "a.jsonl"), seed=0, errors=0, unsure=None, advance=stop)
    assert list(tmp_path.iterdir()) == []


def test_a_run_says_what_it_made(tmp_path: Path) -> None:
    found = run("200", "-o", str(tmp_path / "a.jsonl"), "--errors", "0.1", "--lang", "fr")
    faulty = sum(fault(text) is not None for text in (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines())
    assert found.stdout == f"200 dossiers, dont {faulty} avec une faute, se trouvent dans {tmp_path / 'a.jsonl'}\n"


def test_no_cases_make_an_empty_file(tmp_path: Path) -> None:
    assert run("0", "-o", str(tmp_path / "a.jsonl")).exit_code == 0
    assert (tmp_path / "a.jsonl").read_bytes() == b""


# -- days --------------------------------------------------------------------------------------------------------------


def days(rule: str, **named: str) -> set[int]:
    """All days that a rule gives, drawn often."""
    found = Days(engine().law, synth.read_settings())
    draw = Draw((1,), 4000, 0, {name: found.rule(text) for name, text in named.items()})
    return set(found.rule(rule)(draw).tolist())


def test_a_span_of_days_is_kept_at_both_ends() -> None:
    assert days("filed + 1..3 days", filed="2024-02-28") == {day("2024-02-29"), day("2024-03-01"), day("2024-03-02")}
    assert days("2024-05-30..2024-06-01") == {day("2024-05-30"), day("2024-05-31"), day("2024-06-01")}


def test_months_are_added_to_the_end_of_the_month_where_it_is_too_short() -> None:
    assert days("filed + 9 months", filed="2024-05-31") == {day("2025-02-28")}
    assert days("filed - 18 years", filed="2024-02-29") == {day("2006-02-28")}
    assert days("filed - 20 years", filed="2024-02-29") == {day("2004-02-29")}


def test_bounds_hold_in_their_order() -> None:
    assert days("filed + 1..9 days, to 2024-01-03", filed="2024-01-01") == {day("2024-01-02"), day("2024-01-03")}
    assert days("filed, from 2024-01-03, to 2024-01-02", filed="2024-01-01") == {day("2024-01-02")}


def test_ages_and_periods_are_those_of_the_law_with_some_days_around() -> None:
    born = days("filed - any age", filed="2024-06-15")
    for _, years in engine().law.table("age"):
        exact = day(f"{2024 - years}-06-15")
        assert {exact - 1, exact, exact + 1} <= born
    assert not born & set(range(day("2008-01-01"), day("2024-06-15")))
    assert {day("2024-08-31"), day("2024-09-01"), day("2024-09-02")} <= days("turn")


@pytest.mark.parametrize("text", ["filed * 2", "filed + two days", "filed, after 2024-01-01", "filed + 3 weeks"])
def test_a_rule_that_cannot_be_read_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="no "):
        days(text, filed="2024-01-01")


def test_weights_are_shares() -> None:
    draw = Draw((1,), 10_000, 0, {})
    found = Counter(draw.picks(Weights([3, 1])).tolist())
    assert 0.72 < found[0] / 10_000 < 0.78


# -- the model ---------------------------------------------------------------------------------------------------------


def test_every_place_of_a_case_has_a_kind() -> None:
    def kinds(place: Place) -> set[str]:
        below = [*place.fields.values(), *([place.item] if place.item else [])]
        return {place.kind}.union(*map(kinds, below))

    values = {"truth", "day", "full_date", "moment", "number", "choice", "name", "code", "word", "text", "id"}
    assert kinds(case_place()) == {"section", "list", "mapping", *values}


def test_the_ending_decides_before_anything_is_made() -> None:
    with pytest.raises(UsageError):
        write(engine().law, 1, "x.txt", seed=0, errors=0, unsure=None, advance=lambda done: None)
