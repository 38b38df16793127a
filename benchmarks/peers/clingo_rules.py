"""The law in clingo, grounded and solved again for each case, from JSON lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from plain import THREE_FROM, TWELVE_FROM, Outcome, birthday, decode, main, months

RULES = Path(__file__).with_name("rules.lp")
LATER = 3_000_000  # a day after all days


class Calendar:
    """What clingo asks of Python while it grounds."""

    def later(self, day: Any, number: Any) -> Any:
        """Months later."""
        from clingo import Number

        return Number(months(date.fromordinal(day.number), number.number).toordinal())

    def birthday(self, day: Any, years: Any) -> Any:
        """The day on which an age is reached."""
        from clingo import Number

        return Number(birthday(date.fromordinal(day.number), years.number).toordinal())


def facts(case: dict[str, Any]) -> Iterator[str]:
    """A case as facts."""

    def day(text: str) -> int:
        return date.fromisoformat(text).toordinal()

    sponsor, child, union = case["persons"]["sponsor"], case["persons"]["child"], case["unions"][0]
    yield f"assessed({day(case['assessed_on'])}). arrived({day(sponsor['arrived_in_belgium'])})."
    yield f"united({day(union['concluded'])})."
    yield f"asylum({day(sponsor['protection']['applied'])}). granted({day(sponsor['protection']['granted'])})."
    yield f"ended({day(union['ended'])})." if "ended" in union else ""
    yield from (f"born({name}, {day(person['born'])})." for name, person in case["persons"].items())
    yield from (f"{name}." for name, held in sponsor["material"].items() if held)
    yield "single." if child["civil_status"] == "single" else ""
    yield "parent." if "sponsor" in child["parents"] else ""
    for application in case["applications"]:
        who, (passport, paper, medical) = application["applicant"], application["documents"]
        yield f"filed({who}, {day(application['filed'])}). until({who}, {day(passport['valid_until'])})."
        yield f"issued({who}, {day(medical['issued'])}). language({who}, {paper['language']})."
        truths = {
            "lives": application["will_live_with_sponsor"],
            "passport": passport.get("handed_in") != "none",
            "paper": paper.get("handed_in") != "none",
            "medical": medical.get("handed_in") != "none",
            "doctor": medical["accredited_doctor"],
            "translated": paper["sworn_translation"],
            **{name: paper[name] for name in ("original", "legalised_there", "legalised_belgium")},
        }
        yield from (f"{name}({who})." for name, holds in truths.items() if holds)


def run(lines: Iterable[bytes]) -> Iterator[Outcome]:
    """The outcomes of cases, one in each line."""
    from clingo import Control

    rules = RULES.read_text(encoding="utf-8")
    fixed = [
        "-c",
        f"twelve_from={TWELVE_FROM.toordinal()}",
        "-c",
        f"three_from={THREE_FROM.toordinal()}",
        "-c",
        f"later={LATER}",
    ]
    for line in lines:
        control = Control(fixed)
        control.add("base", [], rules + " ".join(facts(decode(line))))
        control.ground([("base", [])], Calendar())
        with control.solve(yield_=True) as solving:
            model = {str(atom) for result in solving for atom in result.symbols(atoms=True)}
        names = ("eligible(spouse)", "complete(spouse)", "eligible(child)", "complete(child)")
        yield tuple(name in model for name in names)  # type: ignore[misc]


if __name__ == "__main__":
    main(run)
