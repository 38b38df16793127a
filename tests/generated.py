"""Case files made up by Hypothesis, as plain data: valid, near the dates on which the law turns, with faults and gaps.

A case is first built complete (:func:`families`), every date after those it must follow, and then blurred
(:func:`cases`): some of its facts are left out, said to be unknown, known to the month or year only, or ``none``.
Few people and, as a rule, one paper of each type keep the number of shapes small, since each is ground once.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from reasoner.dates import add

Case = dict[str, Any]
Path = tuple[str | int, ...]

TURNS = ("2022-12-23", "2024-09-01", "2025-08-18", "2024-02-29", "2024-05-31", "2024-11-30", "2023-03-01")
NEAR = (0, -1, 1, 0, -30, 30, 45, 200)
OPEN_READING = "window_before_23_december_2022"
READINGS = {
    "two_year_test": ("cumulative", "either"),
    "exemption_needs_earlier_tie": ("no", "yes"),
    "means_for_minor_children": ("yes", "no"),
    "cohabitation_must_be_lawful": ("no", "yes"),
    "decision_clock": ("proof_of_submission", "complete_file"),
    OPEN_READING: ("reasonable", "not_reasonable"),
    "de_facto_partner_of_student": ("included", "excluded"),
    "fourth_item": ("ascendants", "descendants"),
    "free_movement_before_september_2024": ("fulfilled", "not_fulfilled"),
    "gap_for_ascendants": ("included", "excluded"),
    "returning_belgian": ("union_citizen", "other_rules"),
}
PUBLIC = {"original": True, "legalised_there": True, "legalised_belgium": True, "sworn_translation": True}
PAPERS: dict[str, dict[str, Any]] = {
    "visa_form": {"signed": True},
    "photographs": {},
    "fee_payment": {},
    "travel_document": {"variant": "national_passport", "valid_until": "2031-01-01"},
    "birth_certificate": {"issued_in": "SY", "language": "ar", **PUBLIC},
    "marriage_certificate": {"issued_in": "SY", "language": "ar", **PUBLIC},
    "partnership_certificate": {"issued_in": "DE", "language": "de", **PUBLIC},
    "criminal_record": {"issued_in": "JO", "language": "en", "favourable": True, **PUBLIC},
    "medical_certificate": {
        "issued_in": "JO",
        "language": "en",
        "accredited_doctor": True,
        "favourable": True,
        **PUBLIC,
    },
    "sponsor_permit_copy": {},
    "protection_decision_copy": {},
    "relationship_evidence": {},
    "custody_consent": {"issued_in": "SY", "language": "ar", **PUBLIC},
    "custody_judgment": {"issued_in": "SY", "language": "fr", **PUBLIC},
    "death_certificate": {"issued_in": "BE", "language": "nl"},
    "divorce_certificate": {"issued_in": "SY", "language": "ar", **PUBLIC},
    "unmarried_certificate": {"issued_in": "SY", "language": "ar", **PUBLIC},
    "disability_certificate": {
        "issued_in": "SY",
        "language": "ar",
        "accredited_doctor": True,
        "favourable": True,
        **PUBLIC,
    },
    "other_tie_evidence": {},
    "remote_filing_request": {},
    "impossibility_evidence": {},
    "housing_evidence": {},
    "insurance_evidence": {},
    "means_evidence": {},
}
USUAL = ("visa_form", "photographs", "fee_payment", "travel_document", "birth_certificate", "criminal_record",
         "medical_certificate", "sponsor_permit_copy", "protection_decision_copy")  # fmt: skip
FIXED = frozenset({"applicant", "sponsor", "type", "kind", "partners", "parents", "mother", "kin", "case", "assessed_on",
                   "readings", "dependent_on", "nationality"})  # fmt: skip


def paper(kind: str, filed: date) -> dict[str, Any]:
    """A paper without a defect on the day of the application."""
    found = {"type": kind, **PAPERS[kind]}
    if "certificate" in kind or kind == "criminal_record":
        found["issued"] = add(filed, -2, "months")
    return found


class Family:
    """Builds one complete case; every choice is drawn, so that Hypothesis can shrink it."""

    def __init__(self, draw: Callable[[Any], Any]) -> None:
        self._draw = draw
        self.case: Case = {"case": "generated", "persons": {}, "unions": [], "applications": [], "readings": {}}

    # -- choices ------------------------------------------------------------------------------------------------

    def pick(self, *options: Any) -> Any:
        """One of the options; the first is the simplest."""
        return self._draw(st.sampled_from(options))

    def chance(self, percent: int) -> bool:
        """Whether something happens that does so in about ``percent`` of all cases."""
        return bool(self._draw(st.integers(0, 99)) >= 100 - percent)

    def near(self, *days: date) -> date:
        """A day on or close to one of ``days``."""
        return self.pick(*days) + timedelta(self.pick(*NEAR))  # type: ignore[no-any-return]

    # -- people -------------------------------------------------------------------------------------------------

    def dates(self) -> None:
        """The days everything else is placed around: asylum, grant, filing, assessment."""
        turns = [date.fromisoformat(day) for day in TURNS]
        self.granted = self.near(*turns)
        self.asylum = self.granted - timedelta(self.pick(400, 1, 0, 1100, 1461))
        self.filed = max(
            self.granted - timedelta(self.pick(0, 0, 0, 40)),
            self.near(
                add(self.granted, 12, "months"),
                add(self.granted, 3, "months"),
                add(self.granted, 1, "years"),
                *turns[:3],
            ),
        )
        self.assessed = max(
            self.filed, self.near(add(self.filed, 9, "months"), add(self.filed, 30, "days"), turns[1], turns[2])
        )
        self.case["assessed_on"] = self.assessed

    def birthday_near(self, years: int, *days: date) -> date:
        """A date of birth that makes somebody ``years`` old on or close to one of ``days``."""
        if self.chance(10):
            return date(self.filed.year - years - (self.filed.year - years) % 4, 2, 29)
        return add(self.near(*days), -years, "years")

    def person(self, name: str, born: date, **facts: Any) -> dict[str, Any]:
        found = {
            "name": name.capitalize(),
            "born": born,
            "nationality": "SY",
            "lives_in": "JO",
            "civil_status": "single",
            **facts,
        }
        self.case["persons"][name] = found
        return found

    def holder(self, name: str, born: date, **facts: Any) -> dict[str, Any]:
        """A person with protection, with a card."""
        card = self.pick("a", "a", "a", "b", "none")
        issued = self.granted + timedelta(self.pick(20, 60))
        status = self.pick("refugee", "subsidiary")
        years = 5 if status == "refugee" else 1
        found = self.person(
            name, born, lives_in="BE",
            arrived_in_belgium=self.near(self.asylum),
            protection={"status": status, "granted_by": self.pick("cgrs", "call"), "applied": self.asylum, "granted": self.granted,
                        "still_held": not self.chance(8), "unaccompanied_minor": False, "country_of_origin": "SY"},
            stay={"card": card, "issued": issued, "expires": add(issued, years, "years"), "extensions": self.pick(0, 1, 2)},
            material={"housing": not self.chance(25), "insurance": not self.chance(10), "means": not self.chance(20)},
        )  # fmt: skip
        found.update(facts)
        return found

    def union(self, person: str, sponsor: str, kind: str) -> dict[str, Any]:
        persons = self.case["persons"]
        arrived = persons[sponsor]["arrived_in_belgium"]
        earliest = max(persons[person]["born"], persons[sponsor]["born"]) + timedelta(1)
        concluded = max(earliest, self.near(arrived, date(2018, 5, 5)))
        found: dict[str, Any] = {
            "partners": self.pick([sponsor, person], [person, sponsor]), "kind": kind, "concluded": concluded,
            "country": self.pick("SY", "DE", "CL"), "ended": "none", "polygamous": self.chance(5),
            "sham_inquiry_open": self.chance(5), "sham_established": self.chance(5),
        }  # fmt: skip
        if self.chance(5):
            found["ended"] = max(concluded, self.near(self.assessed))
        if kind == "registered_partnership":
            found |= self.shared_life(concluded)
        for partner in (person, sponsor):
            persons[partner]["civil_status"] = {
                "marriage": "married",
                "registered_partnership": "registered_partner",
            }.get(kind, "single")
        self.case["unions"].append(found)
        return found

    def shared_life(self, concluded: date) -> dict[str, Any]:
        """What shows that a partnership is stable: acquaintance, cohabitation, meetings."""
        known = max(concluded, self.near(add(self.filed, -2, "years")))
        start = max(concluded, self.near(add(self.filed, -1, "years"), add(self.filed, -2, "years")))
        split = start + timedelta(self.pick(500, 364, 365, 180))
        lawful = not self.chance(20)
        living = [{"from": start, "to": split, "lawful": lawful}]
        if self.chance(40):
            again = split + timedelta(self.pick(1, 2, 40))
            living.append({"from": again, "to": self.pick("none", again + timedelta(200)), "lawful": True})
        first = add(self.filed, -2, "years") + timedelta(self.pick(0, -1, 20))
        meetings = []
        for _ in range(self.pick(3, 2, 4)):
            last = first + timedelta(self.pick(14, 15, 20, 1))
            meetings.append({"from": first, "to": last})
            first = last + timedelta(self.pick(60, 1))
        return {"known_since": known, "common_child": self.chance(20), "regular_contact": not self.chance(20),
                "cohabitation": living, "meetings": meetings}  # fmt: skip

    # -- applications -------------------------------------------------------------------------------------------

    def application(
        self, applicant: str, sponsor: str, route: str, *papers: str, filed: date | None = None
    ) -> dict[str, Any]:
        """An application in good order, and then with up to three defects of papers."""
        day = max(filed or self.filed, self.case["persons"][applicant]["born"])
        found: dict[str, Any] = {
            "applicant": applicant, "sponsor": sponsor, "route": route, "filed": day, "channel": "in_person",
            "lodged_at": "competent_post", "post_takes_long_stay": True, "visa": "d_family_reunification",
            "will_live_with_sponsor": not self.chance(5), "appeared_in_person": True,
            "documents": [paper(kind, day) for kind in (*USUAL, *papers)],
        }  # fmt: skip
        for _ in range(self.pick(0, 0, 1, 2, 3)):
            self.spoil(found["documents"], day)
        if self.chance(10):
            found |= {
                "channel": "email",
                "post_hard_to_reach": not self.chance(30),
                "remote_request": self.pick("pending", "accepted", "refused"),
            }
        if self.chance(10):
            found |= {"lodged_at": "other_post", "post_takes_long_stay": not self.chance(40)}
        if self.chance(15):
            found["proof_of_tie"] = {
                "official_unavailable": True, "reason": "no_contact_possible", "beyond_will": not self.chance(20),
                "inability_accepted": not self.chance(30), "interview_held": self.chance(50), "dna_requested": True,
            } | ({"dna_result": self.pick("positive", "negative")} if self.chance(60) else {})  # fmt: skip
        if self.chance(50):
            found["procedure"] = self.procedure(day)
        self.case["applications"].append(found)
        return found

    def spoil(self, papers: list[dict[str, Any]], filed: date) -> None:
        """Gives one paper a defect, or takes it away."""
        index = self._draw(st.integers(0, len(papers) - 1))
        found = papers[index]
        flags = [key for key, value in found.items() if value is True]
        fault = self.pick("missing", "flag", "old", "doubted", "handed_in", "apostille")
        if fault == "missing" and len(papers) > 1:
            del papers[index]
        elif fault == "flag" and flags:
            found[self.pick(*flags)] = False
        elif fault == "old" and found["type"] == "travel_document":
            found["valid_until"] = self.near(filed)
        elif fault == "old":
            found["issued"] = self.near(add(filed, -6, "months"))
        elif fault == "handed_in":
            found["handed_in"] = self.pick("none", max(filed, found.get("issued", filed)))
        elif fault == "apostille" and "legalised_there" in found:
            found |= {"apostille": True, "legalised_there": False}
        else:
            found["doubted"] = True

    def procedure(self, filed: date) -> dict[str, Any]:
        completed = filed + timedelta(self.pick(0, 1, 30))
        proof = completed + timedelta(self.pick(0, 5, 30))
        found: dict[str, Any] = {"completed": completed, "proof_of_submission": proof}
        if self.chance(40):
            first = self.near(add(proof, 9, "months"), add(completed, 9, "months"))
            found["extensions"] = [{"decided": first, "ground": self.pick("complex", "inquiries", "none")}]
            if self.chance(60):
                second = max(first, self.near(add(proof, 12, "months")))
                found["extensions"].append({"decided": second, "ground": self.pick("complex", "inquiries")})
        if self.chance(40):
            decided = max(proof, self.near(add(proof, 9, "months"), add(proof, 12, "months"), add(proof, 60, "days")))
            found |= {"decision": self.pick("positive", "negative", "refusal_with_dna_request"), "decided": decided}
            if found["decision"] == "positive":
                found["visa_issued"] = decided
                found["visa_expires"] = max(decided, self.near(add(decided, 1, "years"), self.assessed))
        return found

    def gaza(self, person: str, application: dict[str, Any]) -> None:
        """Puts an applicant in Gaza, with what is known of an evacuation."""
        self.case["persons"][person] |= {"in_gaza": True, "lives_in": "PS", "nationality": "PS"}
        application["evacuation"] = {
            "requested": application["filed"], "registered": self.chance(50), "access_title": self.pick("visa", "permit", "none"),
            "consent_egypt": self.chance(60), "consent_israel": self.chance(60),
        }  # fmt: skip
        if self.chance(30):
            application["evacuation"]["at_border"] = f"{self.assessed.isoformat()} 14:30"

    def child(self, name: str, parents: list[str], years: int = 18) -> dict[str, Any]:
        """A child close to coming of age on a day that may matter, with custody."""
        latest = [self.case["persons"][parent]["born"] + timedelta(5000) for parent in parents]
        born = max([self.birthday_near(years, self.filed, self.asylum, self.assessed), *latest])
        if self.chance(30):
            born = max([add(self.filed, -7, "years"), *latest])
        found = self.person(
            name, born, parents=parents, marriageable_age=self.pick(18, 16),
            custody={"arrangement": self.pick("shared", "joined_parent_alone", "other_parent_alone", "other_parent_dead", "both_parents_joined"),
                     "consent_given": not self.chance(30), "parents_divorced": self.chance(30)},
        )  # fmt: skip
        if self.chance(8):
            found["civil_status"] = "married"
        return found

    # -- families -----------------------------------------------------------------------------------------------

    def partners(self) -> None:
        """A spouse or partner, sometimes a second one of the same sponsor."""
        self.holder("sam", self.birthday_near(self.pick(21, 18, 30), self.filed))
        kind = self.pick("marriage", "marriage", "registered_partnership", "de_facto")
        names = ["ada", "bea"] if self.chance(25) else ["ada"]
        for name in names:
            self.person(
                name, self.birthday_near(self.pick(21, 18, 30), self.filed), other_lasting_relationship=self.chance(5)
            )
            union = self.union(name, "sam", kind)
            route = {"marriage": "ip_spouse", "de_facto": "ip_humanitarian"}.get(
                kind, "ip_equivalent_partner" if union["country"] == "DE" else "ip_registered_partner"
            )
            proof = {"marriage": "marriage_certificate", "registered_partnership": "partnership_certificate"}.get(
                kind, "other_tie_evidence"
            )
            filed = self.pick(self.filed, self.filed, self.filed + timedelta(1)) if name == "bea" else self.filed
            application = self.application(name, "sam", route, proof, *self.material(), filed=filed)
            if name == "ada" and self.chance(10):
                self.gaza(name, application)
        if len(names) == 1 and self.chance(15):
            self.case["persons"]["sam"]["other_spouse_in_belgium"] = self.chance(50)

    def material(self) -> tuple[str, ...]:
        return ("housing_evidence", "insurance_evidence", "means_evidence") if self.chance(30) else ()

    def children(self) -> None:
        """A child of the sponsor, of the partner, or of both; minor, just of age, adult, with a disability."""
        self.holder("sam", date(1975, 5, 3))
        tie = self.pick("sponsor", "common", "partner")
        other = tie != "sponsor" or self.chance(30)
        joins = other and self.chance(40)
        if other:
            self.person("ada", date(1980, 2, 10))
            if tie != "sponsor":
                self.union("ada", "sam", self.pick("marriage", "marriage", "registered_partnership"))
            if self.chance(15):
                self.case["persons"]["ada"]["died"] = self.near(self.filed)
        parents = {"sponsor": ["sam", "ada"] if other else ["sam"], "common": ["sam", "ada"], "partner": ["ada"]}[tie]
        child = self.child("cem", parents, self.pick(18, 18, 25))
        route = "ip_minor_child"
        if self.chance(25):
            child["disability"] = {
                "present": not self.chance(10),
                "unable_to_provide_for_self": not self.chance(20),
                "caused_by_disability": True,
            }
            child["disability"]["caused_by_disability"] = (
                child["disability"]["present"] and child["disability"]["unable_to_provide_for_self"]
            )
            route = "ip_disabled_adult_child"
        papers = self.pick(
            ("custody_consent",),
            ("custody_judgment", "divorce_certificate"),
            ("death_certificate",),
            ("divorce_certificate",),
        )
        extra = ("disability_certificate",) if route == "ip_disabled_adult_child" else ("unmarried_certificate",)
        application = self.application("cem", "sam", route, *papers, *extra, *self.material())
        if self.chance(15):
            self.gaza("cem", application)
        if joins:
            self.application("ada", "sam", "ip_spouse", "marriage_certificate")

    def parents(self) -> None:
        """Parents and siblings of a minor who came alone; many are in Gaza."""
        minor = self.holder(
            "max", self.birthday_near(18, self.filed, self.asylum, self.assessed), parents=["pia", "finn"]
        )
        minor["protection"]["unaccompanied_minor"] = not self.chance(10)
        minor["born"] = min(minor["born"], self.asylum)
        older = minor["born"] - timedelta(7000)
        both = self.chance(40)
        sibling = self.chance(40)
        self.person("pia", older, civil_status="married")
        self.person(
            "finn",
            older - timedelta(700),
            civil_status="married",
            died=self.pick("none", "none", self.near(self.filed)),
        )
        there = self.chance(50)
        names = ["pia", *(["finn"] if both else [])]
        for name in names:
            application = self.application(name, "max", "ip_parent_of_minor")
            if there:
                self.gaza(name, application)
        if sibling:
            self.person(
                "sia",
                self.birthday_near(18, self.filed, self.assessed),
                kin={"max": self.pick("sibling", "other")},
                parents=[],
            )
            application = self.application("sia", "max", "ip_humanitarian", "other_tie_evidence")
            if there:
                self.gaza("sia", application)

    def holders(self) -> None:
        """People with protection: cards, extensions, unlimited stay, trips, and a child born in Belgium."""
        for name in ("hana", "jan") if self.chance(40) else ("hana",):
            found = self.holder(name, date(1988, 11, 3))
            stay = found["stay"]
            stay["expires"] = max(
                stay["issued"], self.near(add(self.assessed, 45, "days"), add(self.assessed, 30, "days"), self.assessed)
            )
            if self.chance(60):
                asked = self.near(add(stay["expires"], -45, "days"), add(stay["expires"], -30, "days"))
                stay["extension_requested"] = max(asked, found["born"])
            if self.chance(50):
                found["protection"]["applied"] = self.asylum = min(
                    self.granted, self.near(add(self.assessed, -5, "years"))
                )
            if self.chance(40):
                stay["b_card_requested"] = self.near(self.assessed)
                stay["immigration_office_instruction"] = self.pick("none", self.near(self.assessed))
            if self.chance(50):
                found["travel"] = {"destination": self.pick("SY", "TR"), "departs": self.near(self.assessed),
                                   "reported": self.pick("none", self.near(self.assessed)), "papers_held": not self.chance(30)}  # fmt: skip
            kinds = ("refugee_certificate", "protection_decision", "travel_papers")
            found["documents"] = [{"type": kind} for kind in kinds if self.chance(60)]
        if self.chance(50):
            self.newborn(["hana", "jan"] if "jan" in self.case["persons"] else ["hana"])

    def newborn(self, parents: list[str]) -> None:
        born = self.near(self.granted, self.filed)
        declared = self.pick("none", max(born, self.near(self.assessed)))
        self.person(
            "lea", born, born_in=self.pick("BE", "SY"), lives_in=self.pick("BE", "JO"), parents=parents, mother="hana",
            father_on_birth_record=len(parents) > 1, birth_declared=declared, own_protection_wanted=self.chance(60),
            custody={"arrangement": "both_parents_joined"},
        )  # fmt: skip
        self.case["language"] = self.pick("nl", "fr")
        route = self.pick("ip_child_in_belgium", "ip_child_protection", "ip_minor_child")
        found = self.application("lea", "hana", route)
        found["documents"] = found["documents"][: self.pick(0, 2)]

    def eight(self) -> None:
        """A sponsor with two spouses and six children, who all apply, on both sides of the reform of 2024."""
        self.holder("sam", date(1970, 5, 3))
        reform = date(2024, 9, 1)
        self.granted = date(2024, 6, 20)
        self.case["persons"]["sam"]["protection"] |= {
            "granted": self.granted,
            "applied": min(self.asylum, self.granted),
        }
        self.assessed = self.case["assessed_on"] = date(2025, 1, 15)
        for name in ("ada", "bea"):
            self.person(name, date(1980, 2, 10))
            self.union(name, "sam", "marriage")
            self.application(
                name,
                "sam",
                "ip_spouse",
                "marriage_certificate",
                filed=self.pick(reform, reform - timedelta(1), reform + timedelta(1)),
            )
        for index in range(6):
            name = f"child{index}"
            self.filed = self.pick(reform, reform - timedelta(1), reform + timedelta(40))
            self.child(name, [self.pick("ada", "bea"), *self.pick(["sam"], [])])
            self.application(name, "sam", "ip_minor_child", "custody_consent", filed=self.filed)

    def readings(self) -> None:
        for question, answers in READINGS.items():
            if question == OPEN_READING or self.chance(15):
                self.case["readings"][question] = self.pick(*answers)


FAMILIES = ("partners", "children", "parents", "holders")


@st.composite
def families(draw: Callable[[Any], Any], kind: str) -> Case:
    """A complete case of a kind of family; its dates are ``date`` objects."""
    family = Family(draw)
    family.dates()
    getattr(family, kind)()
    family.readings()
    return family.case


@st.composite
def cases(draw: Callable[[Any], Any], kind: str, gaps: tuple[int, ...] = (0, 0, 1, 3, 8)) -> Case:
    """A case of a kind of family with some gaps: facts left out, unknown, partly known, or that have not happened."""
    case = draw(families(kind))
    facts = [path for path, _ in known(case)]
    for path in draw(st.lists(st.sampled_from(facts), max_size=draw(st.sampled_from(gaps)), unique=True)):
        blur(case, path, draw(st.sampled_from(("unknown", "month", "year", "none", "silent"))))
    if draw(st.integers(0, 9)) == 9:
        case["readings"].pop(OPEN_READING)
    if draw(st.integers(0, 9)) == 9 and case["applications"]:
        case["applications"][0]["documents_open"] = True
    return case


def known(part: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """The facts of a case that may become unknown, with their paths."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key not in FIXED and (path or key in ("persons", "unions", "applications", "language")):
                yield from known(value, (*path, key))
    elif isinstance(part, list):
        for index, value in enumerate(part):
            yield from known(value, (*path, index))
    elif path[-1] not in ("name", "route"):
        yield path, part


def get(case: Case, path: Path) -> Any:
    """The value at a path."""
    found: Any = case
    for part in path:
        found = found[part]
    return found


def put(case: Case, path: Path, value: Any) -> None:
    """Sets the value at a path; a key whose value is None goes."""
    holder = get(case, path[:-1])
    if value is None:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value


def blur(case: Case, path: Path, how: str) -> None:
    """Makes a fact less known: a date to its month or year, anything else unknown."""
    value = get(case, path)
    if how == "silent":
        put(case, path, None)
    elif not isinstance(value, date) or how == "unknown":
        put(case, path, "unknown")
    elif how == "none" and path[-1] not in ("from", "born"):
        put(case, path, "none")
    else:
        put(case, path, value.isoformat()[: 7 if how == "month" else 4])


def text(case: Case) -> str:
    """The case file."""
    return json.dumps(case, default=date.isoformat)


def copied(case: Case) -> Case:
    """A case to change."""
    return copy.deepcopy(case)
