"""The small law of the benchmark: the reasoner and plain Python agree, and cases on the limits tell mistakes apart."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyarrow")

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks" / "peers"))

import cases
import plain

from reasoner.case import parse_case
from reasoner.engine import Engine

PEERS = Path(plain.__file__).parent


@cache
def lines(kind: str, count: int, folder: Path) -> list[str]:
    cases.write(getattr(cases, kind), count, 11, folder, only="cases.jsonl")
    return (folder / "cases.jsonl").read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("peers")


@pytest.mark.parametrize("kind", ["random", "edges"])
def test_the_reasoner_agrees_with_plain_python_on_every_outcome(kind: str, folder: Path) -> None:
    engine = Engine(PEERS / "law")
    listed = lines(kind, 400, folder)
    for line, expected in zip(listed, plain.run(text.encode() for text in listed), strict=True):
        found: dict[str, tuple[bool, bool]] = {}
        for outcome in engine.decide(parse_case(line, choices=engine.law.choices)).outcomes:
            found[outcome.person] = (outcome.result == "eligible", outcome.file == "complete")
        assert (*found["spouse"], *found["child"]) == expected, line


def test_the_table_says_the_same_as_the_lines(folder: Path) -> None:
    from pyarrow import parquet

    cases.write(cases.edges, 50, 11, folder)
    for name in ("nested", "flat"):
        assert parquet.read_table(folder / f"{name}.parquet").num_rows == 50
    assert len(set((folder / "cases.jsonl").read_text(encoding="utf-8").splitlines())) == 50


# -- each of these mistakes must show on the limits -----------------------------------------------------------------------


def february(born: date, years: int) -> date:
    return plain.months(born, 12 * years)


def overflowing(day: date, number: int) -> date:
    try:
        return plain_months(day, number).replace(day=day.day)
    except ValueError:
        return plain_months(day, number) + timedelta(1)


def thirty_days(day: date, number: int) -> date:
    return day + timedelta(30 * number)


def early(calendar: Callable[[date, int], date]) -> Callable[[date, int], date]:
    return lambda day, number: calendar(day, number) - timedelta(1)


plain_months, plain_birthday = plain.months, plain.birthday
MISTAKES: list[tuple[str, Any]] = [
    ("birthday", february),
    ("birthday", early(plain_birthday)),
    ("months", overflowing),
    ("months", thirty_days),
    ("months", early(plain_months)),
    ("TWELVE_FROM", plain.TWELVE_FROM + timedelta(1)),
    ("TWELVE_FROM", plain.TWELVE_FROM - timedelta(1)),
    ("THREE_FROM", plain.THREE_FROM + timedelta(1)),
    ("THREE_FROM", plain.THREE_FROM - timedelta(1)),
]


@pytest.mark.parametrize(("name", "wrong"), MISTAKES)
def test_a_mistake_shows_on_the_limits(name: str, wrong: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = [text.encode() for text in lines("edges", 4000, folder)]
    right = list(plain.run(listed))
    monkeypatch.setattr(plain, name, wrong)
    assert list(plain.run(listed)) != right


SWAPS = [
    ('day(union["ended"]) > day(case["assessed_on"])', 'day(union["ended"]) >= day(case["assessed_on"])'),
    ("birthday(born, 21) <= filed", "birthday(born, 21) < filed"),
    ("birthday(partner, 18) <= filed", "birthday(partner, 18) < filed"),
    ('day(union["concluded"]) < arrived', 'day(union["concluded"]) <= arrived'),
    ("filed <= exempt_until)", "filed < exempt_until)"),
    ("filed_child < adult", "filed_child <= adult"),
    ("sought < adult", "sought <= adult"),
    ("filed_child <= months(granted, 3)", "filed_child < months(granted, 3)"),
    ("filed_child <= months(granted, 12)", "filed_child < months(granted, 12)"),
    ('valid_until"]) >= filed', 'valid_until"]) > filed'),
    ("6) >= filed", "6) > filed"),
]


@pytest.mark.parametrize(("right", "wrong"), SWAPS)
def test_a_limit_counted_on_the_wrong_side_shows(right: str, wrong: str, folder: Path) -> None:
    source = (PEERS / "plain.py").read_text(encoding="utf-8")
    assert right in source
    changed: dict[str, Any] = {"__name__": "changed"}
    exec(source.replace(right, wrong), changed)
    listed = [text.encode() for text in lines("edges", 4000, folder)]
    assert list(changed["run"](listed)) != list(plain.run(listed))
