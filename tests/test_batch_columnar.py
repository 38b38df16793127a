"""The columnar decider: what the engine says of each case, in columns."""

from __future__ import annotations

import atexit
import gc
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import generated
import numpy as np
import pyarrow as pa
import pytest
from generated import FAMILIES, Case, cases
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from reasoner import days as exact
from reasoner.batch import columnar, reading, written
from reasoner.batch import days as columns
from reasoner.batch.columnar import ColumnarDecider
from reasoner.batch.decider import Chunk, Results, case_schema
from reasoner.batch.group import Group
from reasoner.batch.reading import BLOCK
from reasoner.batch.slow import SlowDecider
from reasoner.batch.values import Words, days_of
from reasoner.batch.written import ALIKE
from reasoner.engine import Engine
from reasoner.yamlfile import scan

SHARED: dict[str, Any] = {
    "phases": (Phase.generate,), "deadline": None, "derandomize": True, "database": None, "suppress_health_check": list(HealthCheck),
}  # fmt: skip
SPOUSES: Case = {
    "assessed_on": "2025-02-01",
    "persons": {
        "sam": {"born": "1990-05-04", "arrived_in_belgium": "2021-01-01", "nationality": "SY", "lives_in": "BE",
                "protection": {"status": "refugee", "granted": "2023-02-01", "applied": "2021-01-05"}},
        "ada": {"born": "2004-03-01", "nationality": "SY", "born_in": "SY", "lives_in": "JO"},
    },
    "unions": [{"partners": ["sam", "ada"], "kind": "marriage", "concluded": "2022-06-10"}],
    "applications": [{"applicant": "ada", "sponsor": "sam", "route": "ip_spouse", "filed": "2025-01-31",
                      "will_live_with_sponsor": True, "documents": [{"type": "visa_form", "signed": True}]}],
}  # fmt: skip


@cache
def engine() -> Engine:
    return Engine()


@cache
def fast() -> ColumnarDecider:
    return ColumnarDecider(engine())


@cache
def slow() -> SlowDecider:
    return SlowDecider(engine(), None)


for kept in (engine, fast, slow):
    atexit.register(kept.cache_clear)


def both(rows: list[bytes]) -> tuple[Results, Results]:
    """The results of both deciders, which are to be the same."""
    one, other = fast().decide(Chunk(rows)), slow().decide(Chunk(rows))
    assert one.table.schema == other.table.schema
    assert one.table.to_pylist() == other.table.to_pylist()
    assert list(one.faults) == list(other.faults)
    return one, other


def text(case: Any) -> bytes:
    return json.dumps(case, default=date.isoformat).encode()


def changed(**parts: Any) -> Case:
    """The spouses with other values at paths, their steps joined by two underscores."""
    case = generated.copied(SPOUSES)
    for path, value in parts.items():
        steps = [int(step) if step.isdecimal() else step for step in path.split("__")]
        holder: Any = case
        for step in steps[:-1]:
            holder = holder[step]
        holder[steps[-1]] = value
    return case


# -- the same as the engine --------------------------------------------------------------------------------------


def drawn(strategy: st.SearchStrategy[Case], size: int) -> list[Case]:
    """Cases made up by Hypothesis, always the same ones."""
    found: list[Case] = []

    @settings(max_examples=size, **SHARED)
    @given(strategy)
    def keep(case: Case) -> None:
        found.append(case)

    keep()
    return found


@pytest.mark.parametrize("kind", FAMILIES)
def test_columns_and_the_engine_agree_on_everything_with_its_reasons(kind: str) -> None:
    found = [generated.text(case).encode() for case in drawn(cases(kind), 80)]
    both(found[:5])  # what is known of a shape by then is used for the others
    both(found)
    assert fast().slow._known == slow()._known


def test_columns_and_the_engine_agree_on_the_cases_of_all_regimes() -> None:
    found = [text(parse_source(path)) for path in sorted((Path(__file__).parent / "law" / "bases").glob("*.yaml"))]
    one, _ = both(found)
    assert one.open < len(found) // 2
    regimes = dict(engine().law.table("route"))
    assert {regimes[route] for route in one.table["route"].to_pylist()} == set(regimes.values())


def parse_source(path: Path) -> Any:
    document, faults = scan(path.name, path.read_text("utf-8"))
    assert document is not None and not faults
    return document.data


def test_cases_without_gaps_hardly_need_the_engine() -> None:
    one, _ = both([text(case) for case in drawn(generated.families("partners"), 40)])
    assert one.open < 10  # what is said of a person who has not applied may hang together, here in copies of one case


def test_a_table_says_the_same_as_documents() -> None:
    plain = [json.loads(generated.text(case)) for kind in ("partners", "parents") for case in drawn(cases(kind), 30)]
    table = pa.Table.from_pylist([as_row(case) for case in plain], case_schema())
    one, other = fast().decide(Chunk(table)), fast().decide(Chunk([text(case) for case in plain]))
    assert one.table.to_pylist() == other.table.to_pylist()
    assert one.open == other.open


def as_row(part: Any) -> Any:
    """A case as a row of nested columns."""
    if isinstance(part, bool):
        return "yes" if part else "no"
    if not isinstance(part, dict):
        return [as_row(item) for item in part] if isinstance(part, list) else part
    numbers = ("extensions", "marriageable_age")  # which have no word for unknown
    row = {key: as_row(value) for key, value in part.items() if key not in numbers or value != "unknown"}
    for key, value in part.items():
        if key == "persons":
            row[key] = [{"id": name, **as_row(person)} for name, person in value.items()]
        elif key in ("readings", "kin"):
            row[key] = list(value.items())
        elif key in ("nationality", "dependent_on") and isinstance(value, str):
            row[key] = [value]
    return row


# -- what is read ------------------------------------------------------------------------------------------------

READ: dict[str, Case | bytes] = {
    "as it is": SPOUSES,
    "the day before": changed(applications__0__filed="2025-02-28"),
    "the birthday": changed(applications__0__filed="2025-03-01", assessed_on="2025-03-02"),
    "born on a leap day": changed(persons__ada__born="2004-02-29"),
    "month only": changed(persons__ada__born="2004-03"),
    "year as a number": changed(persons__ada__born=2004),
    "not filed": changed(applications__0__filed="none"),
    "unknown route": changed(applications__0__route="unknown"),
    "moment": changed(applications__0__evacuation={"at_border": "2025-01-31T10:30"}),
    "two nationalities": changed(persons__ada__nationality=["SY", "BE"]),
    "no nationality": changed(persons__ada__nationality=[]),
    "capitals": changed(unions__0__kind="MARRIAGE"),
    "words for truths": changed(applications__0__will_live_with_sponsor="Yes"),
    "null": changed(applications__0__will_live_with_sponsor=None),
    "two unions of a pair": changed(
        unions=[*SPOUSES["unions"], {"partners": ["ada", "sam"], "kind": "de_facto", "common_child": True}]
    ),
    "two papers of a type": changed(
        applications__0__documents=[{"type": "visa_form", "signed": False}, {"type": "visa_form", "signed": True}]
    ),
    "open papers": changed(applications__0__documents_open=True),
    "colon in a text": changed(title="Ada: a title"),
    "reading": changed(readings={"two_year_test": "either"}),
    "reading that is not known": changed(readings={"two_year_test": None}),
    "periods": changed(
        unions__0__meetings=[{"from": "2024-05-31", "to": "2024-06-30"}, {"from": "2024-07-01", "to": "unknown"}]
    ),
}
REFUSED: dict[str, Case | bytes] = {
    "no JSON": b"{",
    "no mapping": b"[]",
    "not UTF-8": b'{"title": "\xff"}',
    "nobody": {"persons": {}},
    "key twice": text(SPOUSES).replace(b'"born": "1990-05-04"', b'"born": "1990-05-04", "born": "1991-05-04"'),
    "unknown key": changed(persons__ada__bron="2004-03-01"),
    "wrong date": changed(persons__ada__born="2004-02-30"),
    "number for a truth": changed(applications__0__will_live_with_sponsor=1),
    "fraction": changed(persons__ada__marriageable_age=18.0),
    "out of range": changed(persons__ada__marriageable_age=8),
    "nobody of that name": changed(applications__0__sponsor="sma"),
    "sponsor of oneself": changed(applications__0__sponsor="ada"),
    "reserved id": changed(persons__none={}),
    "born before a parent": changed(persons__ada__parents=["sam"], persons__ada__born="1980-01-01", unions=[]),
    "parent and partner": changed(persons__ada__parents=["sam"]),
    "parent twice": changed(persons__ada__parents=["sam", "sam"]),
    "filed before birth": changed(applications__0__filed="2000-01-01"),
    "granted before it was applied for": changed(persons__sam__protection__granted="2020-01-01"),
    "paper handed in before its issue": changed(
        applications__0__documents=[{"type": "visa_form", "issued": "2025-01-02", "handed_in": "2025-01-01"}]
    ),
    "form of another paper": changed(
        applications__0__documents=[{"type": "travel_document", "variant": "consular_card"}]
    ),
    "three extensions": changed(applications__0__procedure={"extensions": [{}, {}, {}]}),
    "decided without a decision": changed(
        applications__0__procedure={"decided": "2025-01-31", "decision": "none"}
    ),
    "unknown reading": changed(readings={"no_such": "either"}),
    "unknown answer": changed(readings={"two_year_test": "maybe"}),
    "one partner": changed(unions__0__partners=["ada"]),
    "union twice": changed(unions=[*SPOUSES["unions"], *SPOUSES["unions"]]),
    "control character": changed(persons__ada__name="A\u0007"),
    "lower-case country": changed(persons__ada__lives_in="jo"),
    "period that ends before it begins": changed(unions__0__meetings=[{"from": "2024-05-31", "to": "2024-05-30"}]),
}  # fmt: skip


def as_text(case: Case | bytes) -> bytes:
    return case if isinstance(case, bytes) else text(case)


def test_every_way_to_write_a_case_is_read_as_the_ordinary_reader_does() -> None:
    one, _ = both([as_text(case) for case in READ.values()])
    assert not one.faults
    assert set(one.table["case_row"].to_pylist()) == set(range(len(READ)))


def test_what_the_ordinary_reader_refuses_is_refused_with_the_same_faults() -> None:
    rows = [as_text(case) for case in REFUSED.values()]
    one, _ = both(rows)
    assert {fault.row for fault in one.faults} == set(range(len(REFUSED)))
    for name, row in zip(REFUSED, rows, strict=True):  # and each of them beside a case that is fine
        mixed, _ = both([text(SPOUSES), row])
        assert {fault.row for fault in mixed.faults} == {1}, name


def test_a_chunk_without_cases_and_one_of_several_blocks() -> None:
    assert not len(fast().decide(Chunk([])).table)
    many = fast().decide(Chunk([text(SPOUSES)] * (BLOCK + 1)))
    table = many.table.to_pylist()
    assert {row["case_row"] for row in table} == set(range(BLOCK + 1))
    each = len(table) // (BLOCK + 1)
    assert [{**row, "case_row": 0} for row in table[-each:]] == table[:each]


def test_documents_written_alike_are_read_like_others(monkeypatch: pytest.MonkeyPatch) -> None:
    sam = {"sam": {"gross": 3, "born": "1990-05-04"}}
    alike = [text(SPOUSES).replace(b"2004-03-01", b"2004-03-%02d" % day) for day in range(1, 2 * ALIKE)]
    person = alike[0].replace(b'"ada"', b'"sam"')  # which then stands twice
    other = [
        *(
            alike[0].replace(b"2004-03-01", born)
            for born in (b"2004-02-30", b"unknown", b"2004", b"?", b"\xff", b"a\\u0062", b"a\tb")
        ),
        alike[0].replace(b"true", b"false"),
        alike[0].replace(b"true", b"1"),
        alike[0].replace(b"true", b"null"),
        alike[0].replace(b"true", b"1.5"),
        alike[0].replace(b'"JO"', b'"JO", "lives_in": "SY"'),
        alike[0].replace(b"ada", b"born"),
        alike[0].replace(b"ada", b"eva"),
        alike[0][:-1],
        alike[0] + b'"',
        person,
        text(sam),
        b"[]",
    ]
    rows = [row for pair in zip(alike, other, strict=False) for row in pair]
    both(rows)
    both([*other * ALIKE, *alike])
    monkeypatch.setattr(reading, "SIDE_BY_SIDE", 2 * ALIKE)
    both([*alike, *rows, *alike])
    for most in ("_PARTS", "_REMEMBERED"):
        with monkeypatch.context() as patched:
            patched.setattr(written, most, 0)
            both([*alike, *rows, *alike])


def test_what_is_remembered_of_cases_can_be_forgotten_between_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columnar, "REMEMBERED", 0)
    decider, rows = fast(), [text(SPOUSES), text(changed(unions__0__kind="?")), text(SPOUSES)[:-1]]
    before = decider.decide(Chunk(rows))
    read = decider.read(Chunk(rows))
    decider.read(Chunk([text({"sam": {"gross": 3}})] * 2))  # in between, as another thread does
    after = decider.decide(Chunk(rows), read)
    assert after.table == before.table
    assert after.faults == before.faults


def test_reasons_are_handed_out_once() -> None:
    decider = ColumnarDecider(engine())
    first, second = decider.decide(Chunk([text(SPOUSES)])), decider.decide(Chunk([text(SPOUSES)]))
    assert first.table == second.table and not second.fragments
    referred = {
        number for name in ("conditions", "documents") for row in first.table[name].to_pylist() for number in row
    }
    assert referred | set(first.table["fragment"].to_pylist()) <= set(first.fragments)


def test_the_day_of_assessment_and_readings_that_are_given_hold_for_all_cases() -> None:
    rows = [text(changed(readings={"two_year_test": "either"})), text(SPOUSES)]
    options: Any = (engine(), date(2024, 1, 1), {"two_year_test": "cumulative"}, True)
    one, other = ColumnarDecider(*options).decide(Chunk(rows)), SlowDecider(*options).decide(Chunk(rows))
    assert one.table.to_pylist() == other.table.to_pylist()


def test_without_reasons_no_explanation_is_referred_to() -> None:
    options: Any = (engine(), None, {}, False, False)
    one, other = (
        ColumnarDecider(*options).decide(Chunk([text(SPOUSES)])),
        SlowDecider(*options).decide(Chunk([text(SPOUSES)])),
    )
    assert one.table.to_pylist() == other.table.to_pylist() and not one.fragments
    assert one.table["fragment"].null_count == len(one.table)


def test_nothing_of_a_chunk_is_kept_once_it_is_decided() -> None:
    decider = ColumnarDecider(engine())
    gc.collect()
    gc.disable()
    try:
        for case in drawn(cases(FAMILIES[0]), 20):
            decider.decide(Chunk([generated.text(case).encode()] * 3))
        kept = [found for found in gc.get_objects() if type(found) is Group]
    finally:
        gc.enable()
    assert not kept, "archives of any size would be held in memory"


def test_a_word_has_one_number_whichever_thread_meets_it() -> None:
    words, met = Words(), [f"w{n}" for n in range(20_000)]
    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(lambda _: [words.of(word) for word in met], range(4)))
    assert all(found == numbers[0] for found in numbers)
    assert [words.words[number] for number in numbers[0]] == met


# -- the calendar ------------------------------------------------------------------------------------------------

DAYS = st.dates(date(1850, 1, 1), date(2250, 12, 31)) | st.sampled_from(
    [date(year, 3, 1) - timedelta(back) for year in (1900, 2000, 2023, 2024, 2100) for back in (0, 1, 2)]
    + [date(2023 + month // 12, month % 12 + 1, 1) - timedelta(1) for month in range(24)]
    + [date.min, date.max]
)


@settings(max_examples=300, **SHARED)
@given(st.lists(DAYS, min_size=1, max_size=20), st.integers(-130, 1300), st.sampled_from(("years", "months", "days")))
def test_columns_of_days_are_counted_as_single_days(days: list[date], n: int, unit: str) -> None:
    column = np.array([days_of(day) for day in days])
    assert columns.add(column, n, unit).tolist() == [days_of(exact.add(day, n, unit)) for day in days]
    assert columns.birthday(column, n).tolist() == [days_of(exact.birthday(day, n)) for day in days]


@settings(max_examples=100, **SHARED)
@given(
    st.lists(st.dates(date(1900, 1, 1), date(2200, 12, 31)), min_size=1),
    st.integers(0, 1300),
    st.sampled_from(("years", "months", "days")),
)
def test_the_first_day_of_a_window_is_found(days: list[date], n: int, unit: str) -> None:
    column = np.array([days_of(day) for day in days])
    assert columns.first_day(column, n, unit).tolist() == [days_of(exact.first_day(day, n, unit)) for day in days]
