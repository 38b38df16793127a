"""The JSON of a decision is the contract: these keys, these values, and dates in ISO form."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, StringConstraints
from typer.testing import CliRunner

from reasoner import cli

ROOT = Path(__file__).parent.parent
STORIES = (
    "spouse-under-21",
    "half-known-dates",
    "unlimited-stay",
    "registered-partner",
    "silence-after-nine-months",
    "faulty-documents",
)
OPEN = ("spouse-under-21", "--assume-nothing")

Day = Annotated[str, StringConstraints(pattern=r"^[12]\d{3}-[01]\d-[0-3]\d(T[0-2]\d:[0-5]\d)?$")]
Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Path_ = Annotated[str, StringConstraints(pattern=r"^(persons|unions|applications|readings|documents)[\w.\[\]]*$")]
Provisions = list[Annotated[str, StringConstraints(pattern=r"^ip[sf]_\w+$")]]


class Strict(BaseModel):
    """Exactly these keys, and no conversion."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Rules(Strict):
    version: str
    digest: Digest


class Distance(Strict):
    unit: Literal["days", "months", "years", "hours", "times"]
    amount: int
    on: Day | None
    limit: Day | None


class Condition(Strict):
    id: Id
    status: Literal["met", "unmet", "unknown", "waived"]
    provisions: Provisions
    distance: Distance | None


class Document(Strict):
    type: Id
    status: Literal["held", "defective", "missing", "unknown", "waived"]
    defects: list[Literal["too_old", "expired", "not_original", "not_legalised_there", "not_legalised_belgium", "not_translated",
                          "no_apostille", "unaccredited_doctor", "not_signed", "unfavourable", "not_accepted_form", "doubted"]]  # fmt: skip
    alternatives: list[Id]
    provisions: Provisions


class Effect(Strict):
    id: Id
    kind: Literal["right", "duty", "power", "risk"]
    status: Literal["applies", "not", "unknown"]
    date: Day | None
    provisions: Provisions


class Deadline(Strict):
    id: Id
    date: Day | None
    provisions: Provisions


class Fee(Strict):
    id: Id
    status: Literal["due", "waived"]
    amount: int | None
    currency: str | None
    provisions: Provisions


class Authority(Strict):
    task: Id
    body: Id
    provisions: Provisions


class Remark(Strict):
    id: Id
    about: list[str]
    provisions: Provisions


class Dependence(Strict):
    path: Path_
    input: Id
    settles: int | None


class Assumption(Strict):
    path: Path_
    input: Id
    value: Literal["yes", "no", "none"]


class Rank(Strict):
    place: int
    of: int
    by: Literal["result", "kind", "conditions", "file", "documents", "effort", "fees", "days"] | None
    value: int | str | None
    other: int | str | None


class Outcome(Strict):
    person: Id
    sponsor: Id | None
    route: Id
    regime: Literal["ips", "ipf"]
    applied_on: Day | None
    filed: bool
    asked: bool
    result: Literal["eligible", "not_eligible", "undetermined", "discretionary"]
    file: Literal["complete", "incomplete", "undetermined", "not_applicable"]
    because: list[Remark]
    conditions: list[Condition]
    documents: list[Document]
    effects: list[Effect]
    deadlines: list[Deadline]
    fees: list[Fee]
    authority: Id | None
    authorities: list[Authority]
    channel: list[Id]
    notes: list[Remark]
    warnings: list[Remark]
    depends_on: list[Dependence]
    assumed: list[Assumption]
    rank: Rank


class Result(Strict):
    case: str
    assessed_on: Day
    rules: Rules
    readings: dict[Id, str]
    outcomes: list[Outcome]


@cache
def decided(story: str, *options: str) -> Any:
    path = str(ROOT / "examples" / story / "case.yaml")
    ran = CliRunner().invoke(cli.app, ["decide", path, "--format", "json", *options])
    assert ran.exit_code == 0, ran.stderr
    return json.loads(ran.stdout)


SAMPLE = [(story,) for story in STORIES] + [OPEN]
each_case = pytest.mark.parametrize("words", SAMPLE, ids=" ".join)


@each_case
def test_the_result_has_the_keys_and_values_of_the_contract(words: tuple[str, ...]) -> None:
    Result.model_validate(decided(*words))


def test_the_keys_are_all_required() -> None:
    data = decided("spouse-under-21")
    for key in data:
        with pytest.raises(ValueError, match="Field required"):
            Result.model_validate({k: v for k, v in data.items() if k != key})
    assert all(field.is_required() for model in Strict.__subclasses__() for field in model.model_fields.values())


def test_the_sample_shows_every_result_and_status() -> None:
    outcomes = [outcome for words in SAMPLE for outcome in decided(*words)["outcomes"]]
    assert {o["result"] for o in outcomes} == {"eligible", "not_eligible", "undetermined", "discretionary"}
    assert {o["file"] for o in outcomes} == {"complete", "incomplete", "undetermined", "not_applicable"}
    assert {c["status"] for o in outcomes for c in o["conditions"]} == {"met", "unmet", "unknown", "waived"}
    for part in (
        "documents",
        "effects",
        "deadlines",
        "fees",
        "notes",
        "warnings",
        "depends_on",
        "assumed",
        "authorities",
        "channel",
    ):
        assert any(o[part] for o in outcomes), part


@each_case
def test_there_is_one_outcome_for_each_person_route_and_sponsor_in_the_order_of_the_file(
    words: tuple[str, ...],
) -> None:
    outcomes = decided(*words)["outcomes"]
    keys = [(o["person"], o["route"], o["sponsor"]) for o in outcomes]
    assert len(keys) == len(set(keys))
    text = (ROOT / "examples" / words[0] / "case.yaml").read_text("utf-8")
    people = re.findall(r"^  (\w+):", text, re.MULTILINE)
    places = [people.index(o["person"]) for o in outcomes]
    assert places == sorted(places)


@each_case
def test_result_and_conditions_fit_together(words: tuple[str, ...]) -> None:
    for outcome in decided(*words)["outcomes"]:
        states = {condition["status"] for condition in outcome["conditions"]}
        if outcome["result"] == "eligible":
            assert states <= {"met", "waived"}
        if outcome["result"] == "not_eligible":
            assert "unmet" in states
        assert bool(outcome["depends_on"]) == (outcome["result"] == "undetermined")
        assert all(
            condition["distance"] is None for condition in outcome["conditions"] if condition["status"] != "unmet"
        )


@each_case
def test_file_and_documents_fit_together(words: tuple[str, ...]) -> None:
    for outcome in decided(*words)["outcomes"]:
        states = {document["status"] for document in outcome["documents"]}
        expected = (
            "not_applicable" if not states
            else "incomplete" if states & {"missing", "defective"}
            else "undetermined" if "unknown" in states
            else "complete"
        )  # fmt: skip
        assert outcome["file"] == expected
        for document in outcome["documents"]:
            assert bool(document["defects"]) <= (document["status"] in ("defective", "unknown"))
            assert document["status"] != "defective" or document["defects"]


@pytest.mark.parametrize(
    "words",
    SAMPLE,
    ids=" ".join,
)
def test_whatever_is_said_rests_on_a_provision_of_the_catalogue(words: tuple[str, ...]) -> None:
    known = {str(row[0]) for row in cli._engine().law.table("provision")}
    for outcome in decided(*words)["outcomes"]:
        for part in ("conditions", "documents", "effects", "deadlines", "fees", "authorities", "notes", "warnings"):
            for item in outcome[part]:
                cited = item["provisions"]
                assert set(cited) <= known
                assert len(cited) == len(set(cited))
                assert cited, (outcome["person"], outcome["route"], part, item)


@each_case
def test_what_settles_the_result_alone_comes_first(words: tuple[str, ...]) -> None:
    for outcome in decided(*words)["outcomes"]:
        sizes = [item["settles"] or 10**9 for item in outcome["depends_on"]]
        assert sizes == sorted(sizes)
        assert all(size >= 1 for size in sizes)


def test_an_unmet_condition_says_how_far_it_is_from_holding() -> None:
    outcome = next(o for o in decided("spouse-under-21")["outcomes"] if o["route"] == "ip_spouse")
    (age,) = [c for c in outcome["conditions"] if c["id"] == "minimum_age"]
    assert age["distance"] == {"unit": "days", "amount": 4, "on": "2025-03-04", "limit": "2025-02-28"}


def test_the_routes_of_the_contract_exist() -> None:
    routes = {route for route, _ in cli._engine().law.table("route")}
    assert {
        "ip_spouse", "ip_equivalent_partner", "ip_registered_partner", "ip_minor_child", "ip_disabled_adult_child",
        "ip_parent_of_minor", "ip_humanitarian", "ip_status", "ip_child_in_belgium", "ip_travel", "ip_evacuation",
    } <= routes  # fmt: skip


def test_the_output_is_the_same_every_time() -> None:
    path = str(ROOT / "examples" / "half-known-dates" / "case.yaml")
    first, second = (CliRunner().invoke(cli.app, ["decide", path, "--format", "json"]).stdout for _ in range(2))
    assert first == second
