"""Comparisons of two versions: a law agrees with itself, and what was changed is found, with a person who shows it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from reasoner.case import parse_case
from reasoner.cli import app
from reasoner.engine import Engine
from reasoner.quality.casetext import lines
from reasoner.versions import law_of

WINDOW = "examples/reforms/window-six-months"


@pytest.fixture(autouse=True)
def _at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parent.parent)


def diff(*words: str) -> Any:
    return CliRunner().invoke(app, ["diff", *words], env={"COLUMNS": "80", "NO_COLOR": "1"})


def confirm(data: dict[str, Any], engines: tuple[Engine, Engine], readings: tuple[dict[str, str], ...]) -> None:
    """Each smallest person, decided again from the file by a bare engine on either side, has the outcomes that are
    shown."""
    for difference in data["differences"]:
        for side, engine in enumerate(engines):
            case = parse_case("\n".join(lines(difference["cases"][side])), choices=engine.law.choices)
            shown = difference["outcomes"][side]
            decision = engine.decide(case, readings=readings[side])
            (again,) = [o for _, o in decision.about(shown["person"], shown["route"])] or [None]
            if again is not None:
                assert again.result == shown["result"]
                assert [c.status for c in again.conditions] == [c["status"] for c in shown["conditions"]]


def test_a_law_agrees_with_itself() -> None:
    ran = diff(".", ".")
    assert ran.exit_code == 0
    assert "✓ They agree on all possible cases." in ran.output
    data = json.loads(diff(".", ".", "--format", "json").output)
    assert (data["agree"], data["certain"], data["differences"]) == (True, True, [])


def test_two_days_under_the_same_law_agree() -> None:
    data = json.loads(diff("2024-10-01", "2024-10-02", "--format", "json").output)
    assert data["agree"]


def test_a_reform_differs_in_what_it_says() -> None:
    data = json.loads(diff(".", WINDOW, "--format", "json").output)
    first, *others = data["differences"]
    assert first["provisions"] == ["ipf_window_3m", "ipf_window_6m"]
    assert [each["provisions"] for each in others] == [["ipf_window_3m"]]
    assert sorted(outcome["result"] for outcome in first["outcomes"]) == ["eligible", "not_eligible"]
    assert {tuple(label[:2]) for label in first["labels"] if label[0] == "eligible"} == {
        ("eligible", "ip_minor_child"), ("eligible", "ip_parent_of_minor")
    }  # fmt: skip
    assert {label[2] for label in first["labels"] if label[0] == "condition"} == {
        "minority", "sponsor_minority", "no_listed_tie"
    }  # fmt: skip
    assert {label[0] for each in others for label in each["labels"]} == {"note", "warning"}
    assert first["commands"][1].endswith(f"--reform {WINDOW}")
    confirm(data, (Engine(), law_of(WINDOW).engine()), ({}, {}))


def test_two_readings_differ_where_the_question_matters() -> None:
    names = ("two_year_test=cumulative", "two_year_test=either")
    data = json.loads(diff(*names, "--format", "json").output)
    (difference,) = data["differences"]
    assert difference["provisions"] == ["ipf_regpartner_proof_2y"]
    assert ["eligible", "ip_registered_partner"] in difference["labels"]
    assert [o["result"] for o in difference["outcomes"]] == ["not_eligible", "eligible"]
    assert difference["commands"][1].endswith("--reading two_year_test=either")
    engine = Engine()
    confirm(data, (engine, engine), tuple({"two_year_test": name.partition("=")[2]} for name in names))


def test_in_french_as_markdown() -> None:
    ran = diff(".", WINDOW, "--lang", "fr", "--format", "markdown")
    assert "## Ils diffèrent (2) :" in ran.output
    assert "```yaml\n" in ran.output
    assert "Selon examples/reforms/window-six-months :" in ran.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("2024-08-31", "."), "not of the same kind"),
        ((".", "two_year_test=either"), "not of the same kind"),
        (("2024-08-31", "2024-09-31"), "2024-09-31 is not of the form"),
        (("two_year_test=either", "two_year_test=neither"), "neither is no answer to the question two_year_test"),
        (("two_year_tests=either", "two_year_test=either"), "Did you mean two_year_test?"),
        (("bogus", "."), "bogus is neither a folder"),
    ],
)
def test_wrong_usage_is_explained(words: tuple[str, ...], said: str) -> None:
    ran = diff(*words)
    assert ran.exit_code == 2
    assert said in ran.stderr
    assert ran.stdout == ""


def test_one_regime_can_be_compared_alone() -> None:
    whole = json.loads(diff("2024-08-31", "2024-09-01", "--regime", "ipf", "--format", "json").output)
    labels = [label for each in whole["differences"] for label in each["labels"]]
    routes = {route for route, regime in Engine().law.table("route") if regime == "ipf"}
    assert {label[1] for label in labels if label[0] == "eligible"} <= routes
    assert ["ipf_window_12m", "ipf_window_3m"] in [each["provisions"] for each in whole["differences"]]
    wrong = diff("2024-08-31", "2024-09-01", "--regime", "IPFX")
    assert wrong.exit_code == 2
    assert "Did you mean IPF?" in " ".join(wrong.output.split())
