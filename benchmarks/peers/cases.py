"""The cases of the comparison: a protected sponsor, a spouse and a child who both apply."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

Columns = dict[str, Any]
"""A numpy array for each column: dates as datetime64[D], truths as bool, words as objects."""
Make = Callable[[int, int], Columns]
CHUNK = 250_000

LANGUAGES = np.array(["ar", "fa", "tr", "fr", "nl", "en", "de"], dtype=object)
PAPERS = {"spouse": "marriage_certificate", "child": "birth_certificate"}
FORMALITIES = ("original", "legalised_there", "legalised_belgium", "translated")
# Ends of months of every length, both sides of 29 February, and of the days on which the law changed.
SPECIAL = [
    *("2022-02-28", "2022-03-01", "2022-12-22", "2022-12-23", "2022-12-24", "2023-02-27", "2023-02-28", "2023-03-01"),
    *("2023-05-31", "2023-08-31", "2023-11-30", "2023-12-31", "2024-02-28", "2024-02-29", "2024-03-01", "2024-05-30"),
    *("2024-05-31", "2024-08-30", "2024-08-31", "2024-09-01", "2024-09-02", "2024-11-29", "2024-11-30", "2025-02-27"),
    *("2025-02-28", "2025-03-01", "2025-05-31", "2025-06-30", "2026-02-28", "2026-03-01"),
]
NEVER = np.datetime64("NaT")
CHANGES = np.array(["2022-12-23", "2024-09-01"], dtype="M8[D]")
LEAP_DAYS = np.array(["1996-02-29", "2000-02-29", "2004-02-29", "2008-02-29"], dtype="M8[D]")


def random(count: int, seed: int) -> Columns:
    """Cases as they might come in."""
    draw = np.random.default_rng(seed)

    def some(low: int, high: int) -> Any:
        return draw.integers(low, high, count, endpoint=True).astype("m8[D]")

    granted = np.datetime64("2021-06-01") + some(0, 1490)
    asylum = granted - some(100, 1200)
    arrived = asylum - some(0, 60)
    filed = {"spouse": granted + some(1, 500)}
    filed["child"] = filed["spouse"] + some(0, 30)
    sponsor_born = filed["spouse"] - some(18 * 365, 50 * 365)
    united = arrived + some(-2000, 600)
    found = {
        "assessed": filed["child"] + some(30, 300),
        "granted": granted,
        "asylum": asylum,
        "arrived": arrived,
        "sponsor_born": sponsor_born,
        "spouse_born": filed["spouse"] - some(18 * 365, 45 * 365),
        "child_born": np.maximum(filed["child"] - some(0, 20 * 365), sponsor_born + np.timedelta64(14 * 366)),
        "united": united,
        "ended": np.where(draw.random(count) < 0.05, united + some(0, 3000), NEVER),
    }
    for who, day in filed.items():
        found |= {f"{who}_filed": day, f"{who}_until": day + some(-100, 2500), f"{who}_issued": day - some(0, 220)}
    return _completed(draw, found)


def edges(count: int, seed: int) -> Columns:
    """Cases on the day, a day before and a day after every limit: ends of months, leap days, changes of the law."""
    draw = np.random.default_rng(seed)
    special = np.array(SPECIAL, dtype="M8[D]")

    def some(options: Any) -> Any:
        return np.asarray(options)[draw.integers(0, len(options), count)]

    def near(days: Any, *around: int) -> Any:
        return days + some(around or (-1, 0, 1)).astype("m8[D]")

    def born(filed: Any, *ages: int) -> Any:
        turned = near(_months(filed, -12 * some(ages)), -1, 0, 1, 2)
        return np.where(draw.random(count) < 0.3, some(LEAP_DAYS), turned)

    anchor = some(special)
    spouse_filed = near(_months(anchor, some([3, 12, 0])))
    granted = np.where(draw.random(count) < 0.7, anchor, _months(spouse_filed, -some([3, 12])))
    child_filed = np.where(draw.random(count) < 0.5, spouse_filed, near(_months(granted, some([3, 12]))))
    assessed = near(some(special)) + np.timedelta64(400)
    old = draw.random(count) < 0.5  # a child that comes of age has a sponsor who did long ago
    sponsor_born = np.where(old, np.datetime64("1975-02-28"), born(spouse_filed, 18, 21))
    child_born = np.where(old, born(child_filed, 18), _months(spouse_filed, -12))
    asylum = np.where(draw.random(count) < 0.5, near(_months(child_born, 18 * 12)), _months(granted, -8))
    # On the days on which the law changed: a child that came of age after the grant, within both windows or one.
    turn = draw.random(count) < 0.15
    child_filed = np.where(turn, near(some(CHANGES)), child_filed)
    spouse_filed = np.where(turn, child_filed, spouse_filed)
    granted = np.where(turn, child_filed - some([20, 200]).astype("m8[D]"), granted)
    asylum = np.where(turn, granted - np.timedelta64(5), asylum)
    child_born = np.where(turn, _months(child_filed, -18 * 12) - np.timedelta64(10), child_born)
    sponsor_born = np.where(turn, np.datetime64("1975-02-28"), sponsor_born)
    asylum = np.minimum(np.maximum(asylum, np.datetime64("2015-01-01")), granted)
    arrived = np.minimum(asylum, near(asylum, -3, -1, 0))
    united = near(arrived)
    found = {
        "assessed": assessed,
        "granted": granted,
        "asylum": asylum,
        "arrived": arrived,
        "sponsor_born": sponsor_born,
        "spouse_born": born(spouse_filed, 18, 21),
        "child_born": np.minimum(child_born, child_filed),
        "united": united,
        "ended": np.where(draw.random(count) < 0.5, np.maximum(united, near(assessed)), NEVER),
    }
    for who, day in (("spouse", spouse_filed), ("child", child_filed)):
        issued = near(_months(day, -6), -3, -2, -1, 0, 1, 2, 3)
        found |= {f"{who}_filed": day, f"{who}_until": near(day), f"{who}_issued": issued}
    return _completed(draw, found)


def _completed(draw: Any, columns: Columns) -> Columns:
    """The dates with the rest of a case."""
    count = len(columns["assessed"])
    shares = {"housing": 0.75, "insurance": 0.9, "means": 0.65, "child_single": 0.96}
    for who in PAPERS:
        shares |= {f"{who}_lives": 0.96, f"{who}_passport": 0.98, f"{who}_paper": 0.97, f"{who}_medical": 0.96,
                   f"{who}_doctor": 0.97, **{f"{who}_{name}": 0.97 for name in FORMALITIES}}  # fmt: skip
    for name, share in shares.items():
        columns[name] = draw.random(count) < share
    for who in PAPERS:
        columns[f"{who}_language"] = LANGUAGES[draw.integers(0, len(LANGUAGES), count)]
    return {name: column.astype("M8[D]") if column.dtype.kind == "M" else column for name, column in columns.items()}


def _months(days: Any, months: Any) -> Any:
    """For choosing cases only: months later, within the month."""
    first = days.astype("M8[M]") + months
    return np.minimum(first.astype("M8[D]") + (days - days.astype("M8[M]")), (first + 1).astype("M8[D]") - 1)


# -- as tables and lines -----------------------------------------------------------------------------------------------


def nested(columns: Columns) -> pa.Table:
    """The cases as `reasoner batch` reads them from Parquet: one row each, the case file key by key."""
    count = len(columns["assessed"])
    date, text, truth = pa.date32(), pa.string(), pa.bool_()

    def column(name: str) -> pa.Array:
        return pa.array(columns[name], from_pandas=True)

    def each(*names: str, kind: Any = date) -> pa.Array:
        """The values of several columns, case by case; an empty name is nothing."""
        parts = [column(name) if name else pa.nulls(count, kind) for name in names]
        return pa.concat_arrays([part.cast(kind) for part in parts]).take(_interleaved(count, len(names)))

    def words(*values: str | None, kind: Any = text) -> pa.Array:
        return pa.array(values, kind).take(pa.array(np.tile(np.arange(len(values)), count)))

    def structs(**fields: pa.Array) -> pa.Array:
        return pa.StructArray.from_arrays(list(fields.values()), list(fields))

    def lists(items: pa.Array, size: int) -> pa.Array:
        return pa.ListArray.from_arrays(pa.array(np.arange(0, len(items) + 1, size, dtype=np.int32)), items)

    single = pa.array(np.where(columns["child_single"], "single", "married"))
    nothing = pa.nulls(count, text)
    persons = structs(
        id=words("sponsor", "spouse", "child"),
        born=each("sponsor_born", "spouse_born", "child_born"),
        arrived_in_belgium=each("arrived", "", ""),
        civil_status=pa.concat_arrays([nothing, nothing, single]).take(_interleaved(count, 3)),
        parents=words(None, None, ["sponsor"], kind=pa.list_(text)),
        protection=structs(applied=each("asylum", "", ""), granted=each("granted", "", "")),
        material=structs(**{name: each(name, "", "", kind=truth) for name in ("housing", "insurance", "means")}),
    )

    def handed(*names: str) -> pa.Array:
        parts = [pa.array(np.where(columns[name], None, "none"), text) for name in names]
        return pa.concat_arrays(parts).take(_interleaved(count, len(names)))

    whose = ("spouse", "child")
    papers = structs(
        type=words("travel_document", PAPERS["spouse"], "medical_certificate", "travel_document", PAPERS["child"],
                   "medical_certificate"),
        handed_in=handed(*(f"{who}_{name}" for who in whose for name in ("passport", "paper", "medical"))),
        valid_until=each("spouse_until", "", "", "child_until", "", ""),
        issued=each("", "", "spouse_issued", "", "", "child_issued"),
        **{name: each("", f"spouse_{name}", "", "", f"child_{name}", "", kind=truth) for name in FORMALITIES[:3]},
        language=each("", "spouse_language", "", "", "child_language", "", kind=text),
        sworn_translation=each("", "spouse_translated", "", "", "child_translated", "", kind=truth),
        accredited_doctor=each("", "", "spouse_doctor", "", "", "child_doctor", kind=truth),
    )  # fmt: skip
    applications = structs(
        applicant=words("spouse", "child"),
        sponsor=words("sponsor", "sponsor"),
        route=words("ip_spouse", "ip_minor_child"),
        filed=each("spouse_filed", "child_filed"),
        will_live_with_sponsor=each("spouse_lives", "child_lives", kind=truth),
        documents=lists(papers, 3),
    )
    unions = structs(
        partners=words(["sponsor", "spouse"], kind=pa.list_(text)), kind=words("marriage"), concluded=column("united"),
        ended=column("ended"),
    )  # fmt: skip
    return pa.table(
        {
            "assessed_on": column("assessed"), "persons": lists(persons, 3), "unions": lists(unions, 1),
            "applications": lists(applications, 2),
        }
    )  # fmt: skip


def _interleaved(count: int, columns: int) -> pa.Array:
    """Where each value stands when columns that follow each other are read case by case."""
    return pa.array(np.arange(count * columns).reshape(columns, count).T.ravel())


def flat(columns: Columns) -> pa.Table:
    """The cases with one typed column for each fact, which suits queries best."""
    return pa.table({name: pa.array(column, from_pandas=True) for name, column in columns.items()})


def write(make: Make, count: int, seed: int, folder: Path, *, only: str = "") -> None:
    """Writes `nested.parquet`, `flat.parquet` and `cases.jsonl` with the same cases into a folder, or one of them."""
    files = {"nested.parquet": _table(nested), "flat.parquet": _table(flat), "cases.jsonl": _lines}
    for name, put in files.items():
        if only in ("", name):
            chunks = ((start, min(CHUNK, count - start)) for start in range(0, count, CHUNK))
            put(folder / name, (make(size, seed + start) for start, size in chunks))


def _table(form: Callable[[Columns], pa.Table]) -> Callable[[Path, Iterator[Columns]], None]:
    def put(path: Path, chunks: Iterator[Columns]) -> None:
        first = form(next(chunks))
        with pq.ParquetWriter(path, first.schema) as file:
            file.write_table(first)
            for columns in chunks:
                file.write_table(form(columns))

    return put


def _lines(path: Path, chunks: Iterator[Columns]) -> None:
    with open(path, "w", encoding="utf-8") as file:
        for columns in chunks:
            for row in nested(columns).to_pylist():
                file.write(json.dumps(_case(row), default=str, separators=(",", ":")) + "\n")


def _case(part: Any, key: str = "") -> Any:
    """A row as a case file: without nulls, persons by their id."""
    if key == "persons":
        return {person["id"]: _case({**person, "id": None}) for person in part}
    if isinstance(part, dict):
        told = {name: _case(value, name) for name, value in part.items()}
        return {name: value for name, value in told.items() if value is not None and value != {}}
    return [_case(one) for one in part] if isinstance(part, list) else part
