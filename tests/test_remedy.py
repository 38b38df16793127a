"""What it would take: every set of changes works, none of its parts does, no cheaper one is missed, and none is wrong."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import cache
from itertools import combinations, pairwise, product
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from reasoner.case import CaseFile, parse_case
from reasoner.cli import app
from reasoner.engine import Engine
from reasoner.errors import UsageError
from reasoner.quality.casetext import lines
from reasoner.questions.remedy import Change, Remedies, Remedy, remedies

ROOT = Path(__file__).parent.parent
FOREIGN = {"issued_in": "SY", "original": True, "legalised_there": True, "legalised_belgium": True, "language": "fr"}
PAPERS: list[dict[str, Any]] = [
    {"type": "visa_form", "signed": True},
    {"type": "photographs"},
    {"type": "fee_payment"},
    {"type": "travel_document", "variant": "national_passport", "valid_until": "2034-01-01"},
    {"type": "birth_certificate", **FOREIGN},
    {"type": "marriage_certificate", **FOREIGN},
    {"type": "criminal_record", **FOREIGN},
    {"type": "medical_certificate", "issued": "2025-01-20", "accredited_doctor": True, **FOREIGN},
    {"type": "sponsor_permit_copy"},
    {"type": "protection_decision_copy"},
]
# She turns 21 four days after she applied; the year without housing, insurance and means ends on 1 May 2025.
COUPLE: dict[str, Any] = {
    "case": "couple",
    "assessed_on": "2025-03-01",
    "persons": {
        "omar": {
            "born": "1995-01-01",
            "nationality": "SY",
            "civil_status": "married",
            "arrived_in_belgium": "2023-02-01",
            "protection": {"status": "refugee", "granted_by": "cgrs", "applied": "2023-02-10", "granted": "2024-05-01"},
            "stay": {"card": "a", "issued": "2024-06-01", "expires": "2029-06-01"},
            "material": {"housing": False, "insurance": False, "means": False},
        },
        "rana": {"born": "2004-03-04", "nationality": "SY", "lives_in": "LB", "civil_status": "married"},
    },
    "unions": [{"partners": ["omar", "rana"], "kind": "marriage", "concluded": "2023-06-10", "country": "SY"}],
    "applications": [
        {
            "applicant": "rana",
            "sponsor": "omar",
            "route": "ip_spouse",
            "filed": "2025-02-28",
            "channel": "in_person",
            "lodged_at": "competent_post",
            "appeared_in_person": True,
            "visa": "d_family_reunification",
            "will_live_with_sponsor": True,
            "documents": PAPERS,
        }
    ],
}


@cache
def engine() -> Engine:
    return Engine()


def couple(*edits: tuple[str, Any]) -> dict[str, Any]:
    """The couple with some places changed; a value of ``...`` takes a place out."""
    return edited(COUPLE, edits)


def edited(data: dict[str, Any], edits: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    data = copy.deepcopy(data)
    for path, value in edits:
        parts = [int(part) if part.isdecimal() else part for part in re.findall(r"[^.\[\]]+", path)]
        last: Any = parts[-1]
        holder: Any = data
        for part, after in pairwise(parts):
            if isinstance(holder, dict) and holder.get(part) is None:
                holder[part] = [] if isinstance(after, int) else {}
            holder = holder[part]
        if value is ...:
            holder.pop(last, None)
        elif isinstance(holder, list) and last == len(holder):
            holder.append(value)
        else:
            holder[last] = value
    return data


def file(data: dict[str, Any]) -> CaseFile:
    return parse_case("\n".join(lines(data)), choices=engine().law.choices)


def ask(data: dict[str, Any], person: str = "rana", **options: Any) -> Remedies:
    (answer,) = remedies(engine(), file(data), person, **options)
    return answer


def works(data: dict[str, Any], person: str, route: str) -> bool:
    """Whether a case, decided as any other, is eligible with a complete file."""
    found = engine().decide(file(data)).about(person, route)
    return any(o.result == "eligible" and o.file in ("complete", "not_applicable") for _, o in found)


def edits(changes: Iterable[Change]) -> list[tuple[str, Any]]:
    """The places that changes set; who applies again begins a new procedure on the day of the application."""
    found: list[tuple[str, Any]] = []
    for change in changes:
        found += [(place.path, place.value) for place in change.places]
        if change.kind == "wait":
            (place,) = change.places
            found += [("assessed_on", place.value), (place.path.replace("filed", "procedure"), ...)]
    return found


def confirm(data: dict[str, Any], remedy: Remedy, most: int = 6) -> None:
    """The changes work, and without any of them, or with only a few of them, they do not."""
    assert works(edited(data, edits(remedy.changes)), remedy.person, remedy.route), remedy
    asked = next(a["route"] for a in data["applications"] if a["applicant"] == remedy.person)
    kept: Sequence[Change] = remedy.changes
    subsets = [s for size in range(len(kept)) for s in combinations(kept, size)]
    if len(kept) > most:
        subsets = [tuple(c for c in kept if c is not left_out) for left_out in kept]
    for subset in subsets:
        if not any(change.kind == "paper" and not change.instead for change in kept if change not in subset):
            assert not works(edited(data, edits(subset)), remedy.person, asked), (subset, remedy)


def told(remedy: Remedy) -> set[tuple[str, str]]:
    """What changes: kinds with the last part of their first place, or the type of a paper."""
    found = set()
    for change in remedy.changes:
        place = change.places[0]
        paper = change.atom[2] if change.kind in ("paper", "mended") else place.path.rpartition(".")[2]
        found.add((change.kind, str(paper)))
    return found


# -- waiting ----------------------------------------------------------------------------------------------------------


def test_who_is_four_days_too_young_applies_again_and_not_after_the_exemption_has_ended() -> None:
    answer = ask(COUPLE)
    assert (answer.state, answer.all, answer.route) == ("open", True, "ip_spouse")
    (remedy,) = answer.remedies
    (change,) = remedy.changes
    (place,) = change.places
    assert (change.kind, place.path, place.value) == ("wait", "applications[0].filed", "2025-03-04")
    assert (place.first, place.last) == (date(2025, 3, 4), date(2025, 5, 1))
    assert remedy.cheapest and remedy.smallest
    assert remedy.effects.applied_on == date(2025, 3, 4)
    assert [(gain.id, gain.before, gain.after) for gain in remedy.effects.conditions] == [
        ("minimum_age", "unmet", "met")
    ]
    assert "ipf_spouse_age_21" in remedy.effects.conditions[0].provisions
    assert ("one_year_exemption_ends", date(2025, 5, 1)) in [(d.id, d.date) for d in remedy.effects.deadlines]
    confirm(COUPLE, remedy)


def test_the_days_that_are_named_work_and_those_around_them_do_not() -> None:
    place = ask(COUPLE).remedies[0].changes[0].places[0]
    for day, expected in ((place.first, True), (place.last, True), (place.last + timedelta(1), False)):
        assert works(couple((place.path, str(day)), ("assessed_on", str(day))), "rana", "ip_spouse") is expected
    assert not works(couple((place.path, "2025-03-03"), ("assessed_on", "2025-03-03")), "rana", "ip_spouse")


LATE = couple(("persons.rana.born", "2004-06-10"))
"""She turns 21 only after the year has ended."""


def test_waiting_for_an_age_that_is_reached_only_after_the_exemption_has_ended_is_not_enough() -> None:
    """The wrong advice would be to wait: by then the exemption is lost, so that housing, insurance and means are due."""
    answer = ask(LATE)
    assert answer.remedies
    for remedy in answer.remedies:
        assert {
            ("wait", "filed"),
            ("obtainable", "housing"),
            ("obtainable", "insurance"),
            ("obtainable", "means"),
        } <= told(remedy)
        assert {("paper", "housing_evidence"), ("paper", "insurance_evidence"), ("paper", "means_evidence")} <= told(
            remedy
        )
        assert remedy.effects.applied_on is not None
        assert remedy.effects.applied_on >= date(2025, 6, 10)
    waited = edited(LATE, [("applications[0].filed", "2025-06-10"), ("assessed_on", "2025-06-10")])
    assert not works(waited, "rana", "ip_spouse")
    confirm(LATE, answer.remedies[0])


def test_a_wait_that_makes_a_paper_too_old_asks_for_a_fresh_one() -> None:
    later = edited(LATE, [("persons.rana.born", "2004-07-30"), ("persons.omar.protection.granted", "2024-08-15")])
    (remedy, *_) = ask(later).remedies
    assert told(remedy) == {("wait", "filed"), ("paper", "medical_certificate")}
    paper = next(change for change in remedy.changes if change.kind == "paper")
    assert paper.instead
    assert {place.path.rpartition(".")[2] for place in paper.places[1:]} == {
        *("issued", "original", "legalised_there", "legalised_belgium", "accredited_doctor")
    }
    assert remedy.changes[0].places[0].last == date(2025, 8, 15)
    confirm(later, remedy)


def test_a_new_application_begins_a_new_procedure() -> None:
    data = couple(
        (
            "applications[0].procedure",
            {"proof_of_submission": "2025-02-28", "decision": "negative", "decided": "2025-03-01"},
        )
    )
    (remedy,) = ask(data).remedies
    assert told(remedy) == {("wait", "filed")}
    confirm(data, remedy)


def test_a_change_of_law_ends_the_days_that_are_named_and_is_a_warning_after_it() -> None:
    data = couple(("persons.omar.protection.granted", "2025-02-20"))
    assert ask(data).remedies[0].changes[0].places[0].last == date(2025, 8, 17)
    late = edited(data, [("persons.rana.born", "2004-09-01")])
    (remedy, *_) = ask(late).remedies
    assert remedy.effects.applied_on == date(2025, 9, 1)
    assert "law_2025_not_encoded" in {warning.id for warning in remedy.effects.warnings}


def test_a_holder_of_protection_waits_for_unlimited_stay() -> None:
    (answer,) = remedies(engine(), file(COUPLE), "omar", "ip_unlimited_stay")
    (remedy, *_) = answer.remedies
    (change,) = remedy.changes
    assert (change.kind, change.places[0].path) == ("wait", "assessed_on")
    assert works(couple(("assessed_on", change.places[0].value)), "omar", "ip_unlimited_stay")
    before = date.fromisoformat(change.places[0].value) - timedelta(1)
    assert not works(couple(("assessed_on", str(before))), "omar", "ip_unlimited_stay")


# -- papers -----------------------------------------------------------------------------------------------------------

OF_AGE = couple(("persons.rana.born", "2000-01-01"))


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ([("documents[0].signed", False)], {("mended", "visa_form")}),
        (
            [("documents[4].legalised_belgium", False), ("documents[4].language", "ar")],
            {("mended", "birth_certificate")},
        ),
        ([("documents[7].issued", "2024-08-01")], {("paper", "medical_certificate")}),
        ([("documents[6].doubted", True)], {("paper", "criminal_record")}),
        ([("documents[3].valid_until", "2025-01-01")], {("paper", "travel_document")}),
        ([("documents[2].handed_in", "none")], {("mended", "fee_payment")}),
        ([("documents", PAPERS[1:])], {("paper", "visa_form")}),
        ([("channel", "email")], {("choice", "channel")}),
        ([("will_live_with_sponsor", False)], {("choice", "will_live_with_sponsor")}),
        ([("will_live_with_sponsor", ...)], {("choice", "will_live_with_sponsor")}),
    ],
)
def test_what_is_wrong_with_a_file_is_put_right(changed: list[tuple[str, Any]], expected: set[tuple[str, str]]) -> None:
    data = edited(OF_AGE, [(f"applications[0].{path}", value) for path, value in changed])
    assert not works(data, "rana", "ip_spouse")
    answer = ask(data)
    assert told(answer.remedies[0]) == expected
    for remedy in answer.remedies:
        confirm(data, remedy)


def test_a_file_in_order_needs_no_change() -> None:
    answer = ask(OF_AGE)
    assert (answer.state, answer.remedies, answer.obstacles) == ("nothing", (), ())


def test_one_of_several_papers_that_would_do_is_chosen_by_its_cost() -> None:
    child = {
        "documents": [paper for paper in PAPERS if paper["type"] not in ("marriage_certificate", "criminal_record")],
        "applicant": "sami",
        "route": "ip_minor_child",
    }
    data = edited(
        OF_AGE,
        [
            (
                "persons.sami",
                {"born": "2015-01-01", "civil_status": "single", "marriageable_age": 18, "parents": ["omar"]},
            ),
            (
                "persons.sami.custody",
                {"arrangement": "other_parent_alone", "consent_given": True, "parents_divorced": False},
            ),
            ("applications[1]", {**COUPLE["applications"][0], **child}),
        ],
    )
    answer = ask(data, "sami")
    assert ("paper", "custody_consent") in told(answer.remedies[0])
    dear = ask(data, "sami", costs={"custody_consent": 40})
    assert ("paper", "custody_judgment") in told(dear.remedies[0])
    for remedy in (*answer.remedies, *dear.remedies):
        confirm(data, remedy)


# -- what is not known, routes, persons ----------------------------------------------------------------------------------


def test_a_fixed_fact_that_is_not_known_has_to_turn_out_right() -> None:
    data = edited(OF_AGE, [("persons.rana.born", "2004")])
    found = {frozenset(told(remedy)) for remedy in ask(data).remedies}
    assert frozenset({("unknown", "born")}) in found
    remedy = next(r for r in ask(data).remedies if told(r) == {("unknown", "born")})
    place = remedy.changes[0].places[0]
    assert (place.value, place.first, place.last) == ("2004-02-28", None, date(2004, 2, 28))
    confirm(data, remedy)


def test_how_else_a_fact_may_turn_out_is_said_with_it() -> None:
    child = {"born": "2015-01-01", "parents": ["omar"], "marriageable_age": 18, "civil_status": "unknown"}
    papers = [paper for paper in PAPERS if paper["type"] not in ("marriage_certificate", "criminal_record")]
    papers.append({"type": "custody_judgment", **FOREIGN})
    data = edited(
        OF_AGE,
        [
            ("persons.sami", {**child, "custody": {"arrangement": "joined_parent_alone", "parents_divorced": False}}),
            ("applications[1]", {**COUPLE["applications"][0], "applicant": "sami", "route": "ip_minor_child"}),
            ("applications[1].documents", papers),
        ],
    )
    (remedy,) = ask(data, "sami", route="ip_minor_child").remedies
    assert told(remedy) == {("unknown", "civil_status")}
    (place,) = remedy.changes[0].places
    assert {place.value, *place.others} == {"single", "registered_partner", "divorced", "widowed"}
    for value in ("single", "divorced", "married"):
        assert works(edited(data, [(place.path, value)]), "sami", "ip_minor_child") is (value != "married")


def test_another_route_is_a_change_that_has_its_price() -> None:
    data = edited(OF_AGE, [("applications[0].route", "ip_registered_partner")])
    answer = ask(data)
    (remedy, *_) = answer.remedies
    assert (answer.route, remedy.route) == ("ip_registered_partner", "ip_spouse")
    assert told(remedy) == {("route", "route")}
    assert remedy.cost == dict(engine().law.table("cost"))["requested"]
    confirm(data, remedy)
    assert ask(data, route="ip_registered_partner").state == "none"


def test_who_could_join_and_has_not_applied_is_told_to_apply() -> None:
    data = edited(OF_AGE, [("applications", [])])
    (remedy, *_) = ask(data, limit=1).remedies
    assert ("application", "applications[0]") in told(remedy)
    assert works(edited(data, edits(remedy.changes)), "rana", "ip_spouse")


def test_each_person_has_an_answer() -> None:
    answers = remedies(engine(), engine().load(str(ROOT / "examples/turned-18/case.yaml")))
    assert [(answer.person, answer.state) for answer in answers] == [("farid", "open"), ("laila", "none")]


# -- where there is no way -------------------------------------------------------------------------------------------------


def test_where_no_change_is_enough_the_conditions_and_fixed_facts_in_the_way_are_named() -> None:
    (answer,) = remedies(engine(), engine().load(str(ROOT / "examples/turned-18/case.yaml")), "laila")
    assert answer.remedies == ()
    (obstacles,) = answer.obstacles
    assert [(blocked.kind, blocked.id) for blocked in obstacles.blocked] == [("condition", "minority")]
    assert "ipf_window_3m" in obstacles.blocked[0].provisions
    assert [fact.path for fact in obstacles.facts] == ["persons.laila.born", "persons.omar.protection.granted"]


@pytest.mark.parametrize(
    ("path", "value", "facts"),
    [
        ("unions", [], ["unions.rana.omar.marriage"]),
        ("unions[0].ended", "2024-01-01", ["unions[0].ended"]),
        ("persons.omar.protection.still_held", False, ["persons.omar.protection.still_held"]),
    ],
)
def test_a_fixed_fact_is_never_changed_but_named(path: str, value: Any, facts: list[str]) -> None:
    data = edited(OF_AGE, [(path, value)])
    answer = ask(data, route="ip_spouse")
    assert answer.state == "none"
    assert [fact.path for fact in answer.obstacles[0].facts] == facts


def test_the_affairs_of_others_are_left_alone() -> None:
    """That somebody else withdraws would help, and is no advice."""
    case = engine().load(str(ROOT / "examples/two-spouses-one-day/case.yaml"))
    (answer,) = remedies(engine(), case, "mariam", "ip_spouse")
    assert answer.state == "none"
    (obstacles,) = answer.obstacles
    assert {(blocked.kind, blocked.id) for blocked in obstacles.blocked} == {
        ("other", "displaced"),
        ("other", "favour"),
    }
    assert "applications[1].will_live_with_sponsor" in {fact.path for fact in obstacles.facts}


# -- minimal and cheapest ----------------------------------------------------------------------------------------------------

UNIVERSE: tuple[tuple[str, int, tuple[tuple[str, Any], ...]], ...] = (
    ("means", 8, (("persons.omar.material.means", True),)),
    ("evidence", 1, (("applications[0].documents[#]", {"type": "means_evidence"}),)),
    ("signed", 1, (("applications[0].documents[0].signed", True),)),
    ("together", 2, (("applications[0].will_live_with_sponsor", True),)),
)
EXEMPT = couple(
    ("persons.omar.material", {"housing": True, "insurance": True, "means": False}),
    ("applications[0].documents", [*PAPERS, {"type": "housing_evidence"}, {"type": "insurance_evidence"}]),
    ("applications[0].documents[7].issued", "2025-03-01"),
)


@pytest.mark.parametrize(
    "case",
    [
        edited(EXEMPT, [("persons.rana.born", born), ("persons.omar.protection.granted", granted), *faults])
        for born, granted, faults in (
            ("2004-03-04", "2024-05-01", [("applications[0].documents[0].signed", False)]),
            ("2004-06-10", "2024-05-01", [("applications[0].will_live_with_sponsor", False)]),
            ("2004-06-10", "2024-06-10", []),
            ("2000-01-01", "2024-02-27", [("applications[0].documents[0].signed", False)]),
            ("2004-05-02", "2024-05-01", []),
        )
    ],
    ids=lambda case: f"{case['persons']['rana']['born']} {case['persons']['omar']['protection']['granted']}",
)
def test_no_cheaper_set_is_missed_and_all_that_are_listed_work(case: dict[str, Any]) -> None:
    """Against every set of some changes, on every day around those that matter, decided one by one."""
    answer = ask(case)
    for remedy in answer.remedies:
        confirm(case, remedy)
    ours = {"wait": "filed", "mended": "visa_form"}
    best = min(cost for cost in _tried(case))
    assert answer.remedies[0].cost == best, ours


def _tried(case: dict[str, Any]) -> Iterable[int]:
    """The cost of every combination of changes that works."""
    prices = dict(engine().law.table("cost"))
    birthday = date.fromisoformat(case["persons"]["rana"]["born"]).replace(year=2025)
    end = date.fromisoformat(case["persons"]["omar"]["protection"]["granted"]).replace(year=2025)
    today = date.fromisoformat(case["assessed_on"])
    days = {today, *(day + timedelta(n) for day in (birthday, end) for n in (-1, 0, 1))}
    for day in (None, *sorted(day for day in days if day >= today)):
        for taken in product((False, True), repeat=len(UNIVERSE)):
            made, cost = [], 0
            for (_, price, places), chosen in zip(UNIVERSE, taken, strict=True):
                if chosen:
                    number = str(len(case["applications"][0]["documents"]))
                    made += [(path.replace("#", number), value) for path, value in places]
                    cost += price
            if day is not None:
                made += [("applications[0].filed", str(day)), ("assessed_on", str(day))]
                months = (day.year - today.year) * 12 + day.month - today.month + (day.day > today.day)
                cost += prices["applied"] + months * prices["month"]
            if works(edited(case, made), "rana", "ip_spouse"):
                yield cost


def test_sets_are_listed_cheapest_first_and_the_smallest_is_shown_if_it_is_another() -> None:
    data = edited(LATE, [("applications[0].documents[4].legalised_belgium", False)])
    answer = ask(data)
    assert [remedy.cost for remedy in answer.remedies] == sorted(remedy.cost for remedy in answer.remedies)
    dear = ask(OF_AGE | {}, costs=None)
    assert dear.state == "nothing"
    several = edited(
        OF_AGE, [("applications[0].documents[7].issued", "2024-08-01"), ("applications[0].route", "ip_spouse")]
    )
    only = ask(several, limit=1, costs={"medical_certificate": 500})
    assert only.remedies[0].cost >= 500


def test_the_smallest_set_is_shown_though_it_is_dearer_than_all_that_are_listed() -> None:
    data = edited(
        OF_AGE,
        [
            ("persons.omar.protection.granted", "2024-02-01"),
            ("persons.omar.material", {"housing": True, "insurance": True, "means": False}),
            ("applications[0].documents", [*PAPERS, {"type": "housing_evidence"}, {"type": "insurance_evidence"}]),
            ("applications[0].route", "ip_registered_partner"),
        ],
    )
    answer = ask(data, limit=1)
    assert answer.remedies
    fewest = min(len(remedy.changes) for remedy in ask(data, limit=50).remedies)
    assert min(len(remedy.changes) for remedy in answer.remedies if remedy.smallest) == fewest


def test_prices_can_be_given() -> None:
    assert ask(COUPLE, costs={"applied": 50}).remedies[0].cost == 51
    with pytest.raises(UsageError, match="aplied"):
        ask(COUPLE, costs={"aplied": 5})
    with pytest.raises(UsageError):
        ask(COUPLE, costs={"applied": 0})


# -- the command ---------------------------------------------------------------------------------------------------------


def command(*words: str) -> Any:
    return CliRunner().invoke(app, ["remedy", *words], env={"COLUMNS": "80", "NO_COLOR": "1"})


SPOUSE = str(ROOT / "examples/spouse-under-21/case.yaml")


@pytest.mark.parametrize(
    ("language", "expected"),
    [("en", "apply again on 2025-03-10 (or any day until 2025-07-12)"), ("fr", "nouvelle demande le 2025-03-10")],
)
def test_the_answer_says_what_to_do_and_until_when(language: str, expected: str) -> None:
    ran = command(SPOUSE, "--lang", language)
    assert ran.exit_code == 0
    assert expected in " ".join(re.sub(r"[│├└─]", " ", ran.output).split())
    assert "applications[0].filed: 2025-03-10" in ran.output
    assert max(map(len, ran.output.splitlines())) <= 80


def test_json_and_markdown_say_the_same() -> None:
    data = json.loads(command(SPOUSE, "--format", "json").output)
    (answer,) = data["answers"]
    (change,) = answer["remedies"][0]["changes"]
    assert (answer["person"], answer["state"], change["kind"]) == ("amal", "open", "wait")
    assert change["places"][0]["last"] == "2025-07-12"
    shown = command(SPOUSE, "--format", "markdown").output
    assert shown.lstrip().startswith("## Amal Nasser")
    assert "- apply again on 2025-03-10" in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--cost", "aplied=3"], "applied"),
        (["--cost", "applied"], "NAME=N"),
        (["--cost", "applied=0"], "NAME=N"),
        (["--person", "amaal"], "amal"),
        (["--route", "ip_spose"], "ip_spouse"),
        (["--person", "yusuf", "--route", "ip_spouse"], "ip_spouse"),
    ],
)
def test_wrong_usage_is_told(words: list[str], said: str) -> None:
    ran = CliRunner().invoke(app, ["remedy", SPOUSE, *words])
    assert ran.exit_code == 2
    assert said in ran.stderr
