"""The law in OpenFisca-Core: the case as entity, a variable for each fact and conclusion, vectorised formulas."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np
from openfisca_core.entities import build_entity
from openfisca_core.periods import DateUnit
from openfisca_core.simulations import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable
from plain import decode, main

PERIOD = "2025-01"
TRUTHS = (
    "lives",
    "passport",
    "paper",
    "original",
    "legalised_there",
    "legalised_belgium",
    "translated",
    "medical",
    "doctor",
)
DATES = ("filed", "until", "issued")
WHO = ("spouse", "child")
FACTS = {
    **dict.fromkeys(("assessed", "granted", "asylum", "arrived", "sponsor_born", "spouse_born", "child_born"), date),
    **dict.fromkeys(("united", "ended"), date),
    **dict.fromkeys(("housing", "insurance", "means", "child_single"), bool),
    **{f"{who}_{name}": date for who in WHO for name in DATES},
    **{f"{who}_{name}": bool for who in WHO for name in TRUTHS},
}
CONCLUSIONS = ("spouse_eligible", "spouse_complete", "child_eligible", "child_complete")


def later(days: Any, number: Any) -> Any:
    """Months later; the last day of the month where it is too short."""
    month = days.astype("M8[M]") + number
    return np.minimum(month.astype("M8[D]") + (days - days.astype("M8[M]")), (month + 1).astype("M8[D]") - 1)


def birthday(born: Any, years: int) -> Any:
    """The day on which an age is reached: 1 March in a common year for who was born on 29 February."""
    month = born.astype("M8[M]") + 12 * years
    return month.astype("M8[D]") + (born - born.astype("M8[M]"))


def spouse_eligible(case: Any, period: Any) -> Any:
    """Marriage, age, living together, means or the first year."""
    filed, born, partner = (case(name, period) for name in ("spouse_filed", "spouse_born", "sponsor_born"))
    adult = {n: (birthday(born, n) <= filed) & (birthday(partner, n) <= filed) for n in (18, 21)}
    age = adult[21] | adult[18] & (case("united", period) < case("arrived", period))
    lasts = case("ended", period) > case("assessed", period)
    return lasts & age & case("spouse_lives", period) & carried(case, period, filed)


def child_eligible(case: Any, period: Any) -> Any:
    """Minority or the extra time, unmarried, same roof, means or the first year."""
    filed, granted = case("child_filed", period), case("granted", period)
    adult = birthday(case("child_born", period), 18)
    three = filed >= np.datetime64("2024-09-01")
    in_time = (filed <= later(granted, np.where(three, 3, 12))) & (filed >= np.datetime64("2022-12-23"))
    minor = (filed < adult) | ((case("asylum", period) < adult) & in_time)
    return minor & case("child_single", period) & case("child_lives", period) & carried(case, period, filed)


def carried(case: Any, period: Any, filed: Any) -> Any:
    """Housing, insurance and means, or the first year."""
    able = case("housing", period) & case("insurance", period) & case("means", period)
    return able | (filed <= later(case("granted", period), 12))


def complete(who: str) -> Any:
    """The formula of a file: the three papers are there and without defect."""

    def formula(case: Any, period: Any) -> Any:
        fact = {name: case(f"{who}_{name}", period) for name in (*TRUTHS, *DATES)}
        held = fact["passport"] & fact["paper"] & fact["medical"]
        certified = fact["original"] & fact["legalised_there"] & fact["legalised_belgium"] & fact["translated"]
        in_date = (fact["until"] >= fact["filed"]) & (later(fact["issued"], 6) >= fact["filed"])
        return held & certified & fact["doctor"] & in_date

    return formula


def system() -> Any:
    """The variables as a tax and benefit system."""
    case = build_entity(key="case", plural="cases", label="", is_person=True)
    found = TaxBenefitSystem([case])
    formulas = {"spouse_eligible": spouse_eligible, "child_eligible": child_eligible,
                "spouse_complete": complete("spouse"), "child_complete": complete("child")}  # fmt: skip
    for name, kind in {**FACTS, **dict.fromkeys(CONCLUSIONS, bool)}.items():
        body = {"value_type": kind, "entity": case, "definition_period": DateUnit.MONTH, "label": name}
        if name in formulas:
            body["formula"] = formulas[name]
        found.add_variable(type(name, (Variable,), body))
    return found


def decide(columns: dict[str, Any]) -> list[Any]:
    """The conclusions of cases given as columns."""
    laws = system()
    simulation = SimulationBuilder().build_default_simulation(laws, len(columns["assessed"]))
    for name in FACTS:
        simulation.set_input(name, PERIOD, columns[name])
    return [simulation.calculate(name, PERIOD) for name in CONCLUSIONS]


def columns(lines: Iterable[bytes]) -> dict[str, Any]:
    """Cases, one in each line, as columns."""
    rows: list[tuple[Any, ...]] = []
    for case in map(decode, lines):
        sponsor, spouse, child = (case["persons"][name] for name in ("sponsor", "spouse", "child"))
        union, material = case["unions"][0], sponsor["material"]
        row: list[Any] = [
            case["assessed_on"], sponsor["protection"]["granted"], sponsor["protection"]["applied"],
            sponsor["arrived_in_belgium"], sponsor["born"], spouse["born"], child["born"], union["concluded"],
            union.get("ended", "9999-12-31"), material["housing"], material["insurance"], material["means"],
            child["civil_status"] == "single" and "sponsor" in child["parents"],
        ]  # fmt: skip
        for application in case["applications"]:
            row += (
                application["filed"],
                application["documents"][0]["valid_until"],
                application["documents"][2]["issued"],
            )
        for application in case["applications"]:
            passport, paper, medical = application["documents"]
            row += (
                application["will_live_with_sponsor"],
                passport.get("handed_in") != "none",
                paper.get("handed_in") != "none",
                paper["original"], paper["legalised_there"], paper["legalised_belgium"],
                paper["sworn_translation"] or paper["language"] in ("de", "en", "fr", "nl"),
                medical.get("handed_in") != "none", medical["accredited_doctor"],
            )  # fmt: skip
        rows.append(tuple(row))
    kinds = {date: "M8[D]", bool: bool}
    return {
        name: np.array(values, dtype=kinds[FACTS[name]])
        for name, values in zip(FACTS, zip(*rows, strict=True), strict=True)
    }


def run(lines: Iterable[bytes]) -> Iterable[Any]:
    """The outcomes of cases, one in each line."""
    return zip(*(conclusion.tolist() for conclusion in decide(columns(lines))), strict=True)


if __name__ == "__main__":
    main(run)
