"""Whom a change of law reaches: nobody is left out who is decided differently, and most others are not decided."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

pytest.importorskip("pyarrow")

import fsspec
from test_batch import begun, case, lines
from test_batch_storage import refusing

from reasoner.batch import impact
from reasoner.batch.documents import documents
from reasoner.batch.documents import read as documents_read
from reasoner.batch.impact import Change, ImpactWorker
from reasoner.batch.laws import Side
from reasoner.batch.places import places
from reasoner.batch.prepare import prepared
from reasoner.batch.sources import pieces
from reasoner.batch.work import Job
from reasoner.case import CaseFile, check_case, load_case
from reasoner.cli import app
from reasoner.errors import CaseFileError
from reasoner.outcome import as_data

ROOT = Path(__file__).parent.parent
REFORMS = sorted(path for path in (ROOT / "examples/reforms").iterdir() if path.is_dir())
CASES = sorted([*ROOT.glob("examples/[c-hmp-r]*/case.yaml"), *ROOT.glob("examples/reforms/*/[cs]*s.yaml")])
CASES = [path for path in CASES if path.parent.name != "family-of-eight"]  # which takes its time
DAY = date(2025, 3, 10)
PAIRS = [("2024-08-31", "2024-09-01"), ("2024-09-01", "2025-08-17"), ("2022-01-01", "2023-06-01")]


@cache
def worker(reform: Path | None, before: str = "", after: str = "") -> ImpactWorker:
    if reform is not None:
        return ImpactWorker(Job(DAY), Side(), Side(reforms=(reform,)))
    return ImpactWorker(Job(DAY), Side(day=date.fromisoformat(before)), Side(day=date.fromisoformat(after)))


def read(path: Path) -> CaseFile:
    return load_case(path, choices=worker(REFORMS[0]).before.engine.law.choices)


@pytest.mark.parametrize("reform", REFORMS, ids=lambda path: path.name)
def test_a_case_out_of_reach_of_a_reform_is_decided_alike(reform: Path) -> None:
    reached = check(worker(reform))
    assert 0 < reached < len(CASES)


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_a_case_out_of_reach_of_another_day_of_law_is_decided_alike(before: str, after: str) -> None:
    check(worker(None, before, after))


def check(found: ImpactWorker) -> int:
    reached = 0
    for path in CASES:
        file = read(path)
        if found.reaches(file):
            reached += 1
        else:
            assert list(found.changes(file, 1, str(path))) == [], path
    return reached


@pytest.mark.parametrize(
    ("reform", "days"), [(ROOT / "examples/reforms/window-six-months", ()), (None, PAIRS[0])], ids=["reform", "days"]
)
def test_cases_side_by_side_change_as_they_do_one_by_one(
    reform: Path | None, days: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tmp_path / "made.jsonl"
    assert CliRunner().invoke(app, ["synth", "60", "-o", str(made), "--seed", "4"]).exit_code == 0
    made.write_text(made.read_text("utf-8") + '{"persons": {}}\n', "utf-8")
    found, job = worker(reform, *days), Job(DAY)
    monkeypatch.setattr(impact, "FEW", 0)
    for piece in pieces(places([*map(str, CASES), str(made)])):
        done = found.done(piece)
        ready, reached, expected = prepared(piece, job.columns), 0, list[Change]()
        for index, text in enumerate(documents(ready.chunk)):
            try:
                file = check_case(documents_read(text), choices=found.before.engine.law.choices)
            except CaseFileError:
                continue
            if found.reaches(file):
                reached += 1
                name, line = ready.chunk.place(index)
                place = f"{name}:{line}" if line else name
                expected += found.changes(file, ready.numbers[index], place)
        assert done.reached == reached
        assert list(map(as_data, done.changes)) == list(map(as_data, expected))
        assert expected
        left = found._reach.reached(ready.chunk).left
        assert left.sum() < len(left) / 4, "most are looked at side by side"


def test_two_days_with_the_same_law_reach_nobody() -> None:
    assert check(worker(None, "2024-10-01", "2024-10-02")) == 0


def changed(path: Path, reform: Path) -> dict[str, Any]:
    found = worker(reform)
    return {change.route: change for change in found.changes(read(path), 1, str(path))}


@pytest.mark.parametrize("reform", REFORMS, ids=lambda path: path.name)
def test_the_cases_beside_a_reform_are_found_changed_and_unchanged(reform: Path) -> None:
    assert changed(reform / "changes.yaml", reform)
    assert not changed(reform / "stays.yaml", reform)


def test_a_change_names_the_provisions_responsible_and_the_reasons_on_both_sides() -> None:
    reform = ROOT / "examples/reforms/window-six-months"
    change = changed(reform / "changes.yaml", reform)["ip_minor_child"]
    assert (change.before, change.after) == ("not_eligible", "eligible")
    assert change.provisions == ("ipf_window_3m", "ipf_window_6m")
    assert change.reasons == (("minority",), ())


def test_the_law_of_another_day_moves_no_fact_of_a_case() -> None:
    reform = ROOT / "examples/reforms/window-six-months"
    file = read(reform / "changes.yaml")
    found = {c.route: c for c in worker(None, "2024-08-31", "2024-09-01").changes(file, 1, "")}
    # Five months after the grant: in time with the twelve months of the older law, too late with three.
    assert (found["ip_minor_child"].before, found["ip_minor_child"].after) == ("eligible", "not_eligible")
    assert {"ipf_window_12m", "ipf_window_3m"} <= set(found["ip_minor_child"].provisions)


def command(*words: str | Path) -> Any:
    return CliRunner().invoke(app, ["impact", *map(str, words)], env={"COLUMNS": "80", "NO_COLOR": "1"})


def young(number: int) -> dict[str, Any]:
    """A child who came of age while the parent's asylum request was pending, and applied some months after the grant."""
    filed = date(2025, 3, 1) + timedelta(number)
    return {
        "assessed_on": "2025-06-10",
        "persons": {
            "omar": {
                "born": "1975-08-21",
                "protection": {"status": "refugee", "applied": "2022-03-09", "granted": "2024-10-02"},
            },
            "laila": {"born": "2005-06-15", "civil_status": "single", "parents": ["omar"]},
        },
        "applications": [
            {"applicant": "laila", "sponsor": "omar", "route": "ip_minor_child", "filed": filed.isoformat(),
             "will_live_with_sponsor": True, "documents_open": True}
        ],
    }  # fmt: skip


def test_an_archive_is_told_who_changes_from_what_to_what_with_an_example(tmp_path: Path) -> None:
    cases = [young(30), young(31), young(32), young(33), case(1), {"persons": {}}]
    source = lines(tmp_path / "in.jsonl", cases)
    reform = ROOT / "examples/reforms/window-six-months"
    out = tmp_path / "changes.jsonl"
    result = command(source, "--reform", reform, "--format", "json", "-o", out, "--piece", 1)
    assert result.exit_code == 1, result.output
    told = json.loads(result.stdout)
    # The six months end on 2 April; who comes later has another last day.
    assert (told["read"], told["faulty"], told["reached"], told["changed"]) == (6, 1, 4, 4)
    (group,) = [g for g in told["groups"] if g["route"] == "ip_minor_child" and g["before"] != g["after"]]
    assert (group["before"], group["after"], group["count"]) == ("not_eligible", "eligible", 3)
    assert group["provisions"] == ["ipf_window_3m", "ipf_window_6m"]
    assert group["example"]["place"] == f"{source}:1"
    listed = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert {change["row"] for change in listed} == {1, 2, 3, 4}
    (error,) = [json.loads(line) for line in (tmp_path / "changes.jsonl.errors.jsonl").read_text("utf-8").splitlines()]
    assert (error["row"], error["source"], error["line"], error["path"]) == (6, str(source), 6, "persons")
    assert told["errors"] == str(tmp_path / "changes.jsonl.errors.jsonl")
    assert len(list(tmp_path.iterdir())) == 3, "nothing is left of the way there"


def test_the_impact_is_told_in_text(tmp_path: Path) -> None:
    source = lines(tmp_path / "in.jsonl", [young(30), case(1)])
    result = command(source, "--reform", ROOT / "examples/reforms/window-six-months")
    text = " ".join(result.stdout.split())
    assert "2 cases read, 0 faulty, 1 within reach of the change, 1 decided differently" in text
    assert "family reunification as a minor child: not eligible becomes eligible" in text
    assert "(IPF-window-3m, art. 10 §1 Aliens Act" in text
    assert "for example laila" in text


def test_processes_find_the_same_changes(tmp_path: Path) -> None:
    source = lines(tmp_path / "in.jsonl", [young(n) for n in range(28, 36)])
    words = (source, "--reform", ROOT / "examples/reforms/window-six-months", "--format", "json", "--piece", 1)
    alone, together = command(*words), command(*words, "--workers", 2)
    assert together.exit_code == 0, together.output
    assert json.loads(alone.stdout) == json.loads(together.stdout)


@pytest.mark.parametrize(
    "words",
    [(), ("--before", "2024-08-31"), ("--reform", str(REFORMS[0]), "--before", "2024-08-31", "--after", "2024-09-01")],
)
def test_it_must_be_said_which_change_is_meant(words: tuple[str, ...], tmp_path: Path) -> None:
    result = command(lines(tmp_path / "in.jsonl", [case(1)]), *words)
    assert result.exit_code == 2
    assert "--before and --after" in result.output


# -- runs that are broken off ------------------------------------------------------------------------------------------

WINDOW = ROOT / "examples/reforms/window-six-months"


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any, bytes]:
    """An archive, the impact on it, and the changes one by one when nothing goes wrong."""
    folder = tmp_path_factory.mktemp("taken")
    source = lines(folder / "in.jsonl", [{"persons": {}}, *(young(n) for n in range(26, 40))])
    out = folder / "out.jsonl"
    result = command(source, "--reform", WINDOW, "--format", "json", "--piece", 1, "-o", out)
    assert result.exit_code == 1, result.output
    return source, json.loads(result.stdout), out.read_bytes()


def told(result: Any) -> Any:
    found = json.loads(result.stdout)
    return {**found, "output": "", "errors": ""}


@pytest.mark.parametrize(("method", "after"), [("pipe_file", 5), ("mv", 1)])
def test_an_impact_that_was_broken_off_goes_on(
    method: str, after: int, taken: tuple[Path, Any, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, expected, changes = taken
    memory = fsspec.filesystem("memory")
    memory.store.clear()
    memory.pseudo_dirs[:] = [""]
    words = (source, "--reform", WINDOW, "--format", "json", "--piece", 1, "-o", "memory://away/out.jsonl")
    with monkeypatch.context() as patched:
        refusing(patched, method, after)
        broken = command(*words)
    assert broken.exit_code == 1
    assert "--resume" in broken.output
    assert not memory.exists("/away/out.jsonl")
    other = command(*words[:1], "--before", "2024-08-31", "--after", "2024-09-01", *words[3:], "--resume")
    assert other.exit_code == 2
    assert "laws" in other.output
    again = command(*words, "--resume")
    assert again.exit_code == 1, again.output
    assert told(again) == {**expected, "output": "", "errors": ""}
    assert memory.cat_file("/away/out.jsonl") == changes
    assert sorted(memory.find("/away")) == ["/away/out.jsonl", "/away/out.jsonl.errors.jsonl"]


def test_an_impact_that_was_killed_goes_on(taken: tuple[Path, Any, bytes], tmp_path: Path) -> None:
    source, expected, changes = taken
    output = tmp_path / "out.jsonl"
    words = [sys.executable, "-m", "reasoner", "impact", source, "--reform", WINDOW, "--format", "json", "--piece", "1"]
    words += ["-o", output, "--workers", "2"]
    process = subprocess.Popen(list(map(str, words)), start_new_session=True)
    begun(process, output, 3)
    process.kill()
    process.wait()
    assert not output.exists()
    done = subprocess.run([*map(str, words), "--resume"], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 1, done.stderr
    assert told(done) == {**expected, "output": "", "errors": ""}
    assert output.read_bytes() == changes


def test_changes_are_replaced_only_when_asked_and_gone_on_with_only_where_they_are_kept(
    taken: tuple[Path, Any, bytes], tmp_path: Path
) -> None:
    source, _, changes = taken
    words = (source, "--reform", WINDOW, "--piece", 1)
    (tmp_path / "out.jsonl").write_text("before", "utf-8")
    refused = command(*words, "-o", tmp_path / "out.jsonl")
    assert refused.exit_code == 2
    assert "--force" in refused.output
    assert (tmp_path / "out.jsonl").read_text("utf-8") == "before"
    assert command(*words, "-o", tmp_path / "out.jsonl", "--force").exit_code == 1
    assert (tmp_path / "out.jsonl").read_bytes() == changes
    nothing = command(*words, "--resume")
    assert nothing.exit_code == 2
    assert "-o FILE" in nothing.output
