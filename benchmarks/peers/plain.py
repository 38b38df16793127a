"""The law in plain Python, by hand, from JSON lines."""

from __future__ import annotations

import sys
from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from itertools import islice
from typing import Any

try:
    from msgspec.json import decode
except ImportError:
    from json import loads as decode

TWELVE_FROM, THREE_FROM = date(2022, 12, 23), date(2024, 9, 1)
ACCEPTED = frozenset({"de", "en", "fr", "nl"})

Outcome = tuple[bool, bool, bool, bool]
"""Spouse eligible, spouse's file complete, child eligible, child's file complete."""


def months(day: date, number: int) -> date:
    """Months later; the last day of the month where it is too short."""
    year, month = divmod(day.month - 1 + number, 12)
    year, month = day.year + year, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def birthday(born: date, years: int) -> date:
    """The day on which an age is reached: 1 March in a common year for who was born on 29 February."""
    try:
        return born.replace(year=born.year + years)
    except ValueError:
        return date(born.year + years, 3, 1)


def decide(case: dict[str, Any]) -> Outcome:
    """The outcome of a case as JSON says it."""
    day = date.fromisoformat
    persons = case["persons"]
    sponsor, spouse, child = persons["sponsor"], persons["spouse"], persons["child"]
    union = case["unions"][0]
    granted = day(sponsor["protection"]["granted"])
    sought = day(sponsor["protection"]["applied"])
    arrived = day(sponsor["arrived_in_belgium"])
    means = all(sponsor["material"].values())
    exempt_until = months(granted, 12)
    first, second = case["applications"]

    filed = day(first["filed"])
    born, partner = day(spouse["born"]), day(sponsor["born"])
    lasts = "ended" not in union or day(union["ended"]) > day(case["assessed_on"])
    of_age = birthday(born, 21) <= filed and birthday(partner, 21) <= filed
    if not of_age and day(union["concluded"]) < arrived:
        of_age = birthday(born, 18) <= filed and birthday(partner, 18) <= filed
    spouse_eligible = lasts and of_age and first["will_live_with_sponsor"] and (means or filed <= exempt_until)

    filed_child = day(second["filed"])
    adult = birthday(day(child["born"]), 18)
    minor = filed_child < adult
    if not minor and sought < adult:
        if filed_child >= THREE_FROM:
            minor = filed_child <= months(granted, 3)
        elif filed_child >= TWELVE_FROM:
            minor = filed_child <= months(granted, 12)
    child_eligible = (
        minor
        and child["civil_status"] == "single"
        and "sponsor" in child["parents"]
        and second["will_live_with_sponsor"]
        and (means or filed_child <= exempt_until)
    )
    return (
        spouse_eligible,
        complete(first["documents"], filed),
        child_eligible,
        complete(second["documents"], filed_child),
    )


def complete(documents: list[dict[str, Any]], filed: date) -> bool:
    """Whether the three papers are there and without defect."""
    passport, paper, medical = documents
    if any(document.get("handed_in") == "none" for document in documents):
        return False
    return (
        date.fromisoformat(passport["valid_until"]) >= filed
        and paper["original"]
        and paper["legalised_there"]
        and paper["legalised_belgium"]
        and (paper["sworn_translation"] or paper["language"] in ACCEPTED)
        and medical["accredited_doctor"]
        and months(date.fromisoformat(medical["issued"]), 6) >= filed
    )


def run(lines: Iterable[bytes]) -> Iterator[Outcome]:
    """The outcomes of cases, one in each line."""
    return (decide(decode(line)) for line in lines)


def main(decided: Callable[[Iterable[bytes]], Iterable[Outcome]]) -> None:
    """Decides the cases of one file into another, a line of four digits for each; a third argument limits their
    number."""
    limit = int(sys.argv[3]) if len(sys.argv) > 3 else None
    with open(sys.argv[1], "rb") as file, open(sys.argv[2], "w", encoding="ascii") as output:
        for outcome in decided(islice(file, limit)):
            output.write("".join("01"[holds] for holds in outcome) + "\n")


if __name__ == "__main__":
    main(run)
