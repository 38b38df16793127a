"""Case files: everything valid is read, everything else is a fault with its line and path."""

import json
import random
import re
from datetime import date, datetime
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from reasoner.case import NEVER, CaseFile, Day, at, load_case, parse_case, schema
from reasoner.engine import Engine
from reasoner.errors import CaseFileError, Fault, catalogue, describe
from reasoner.wording import languages

ROOT = Path(__file__).parent
FULL = ROOT / "data" / "full_case.yaml"
CHOICES = {
    "language": ("nl", "fr"),
    "persons.*.civil_status": ("single", "married", "divorced"),
    "persons.*.protection.status": ("refugee", "subsidiary"),
    "persons.*.kin.*": ("sibling", "other"),
    "persons.*.stay.card": ("a", "b", "none"),
    "unions.*.kind": ("marriage", "registered_partnership", "de_facto"),
    "applications.*.procedure.decision": ("positive", "negative", "none"),
    "applications.*.procedure.extensions.*.ground": ("complex", "missing"),
    "documents.*.type": ("marriage_certificate", "birth_certificate", "passport"),
    "readings.two_year_test": ("either", "both"),
}
TWO = "persons:\n  ann: {born: 1990}\n  bob: {born: 1991-02}\n"
UNION = TWO + "unions:\n  - {partners: [ann, bob], kind: marriage}\n"

# text -> the faults in it as (line, path, code)
FAULTS: dict[str, tuple[str, list[tuple[int, str, str]]]] = {
    "no persons key": ("case: x\n", [(1, "persons", "missing_key")]),
    "empty persons": ("case: x\npersons: {}\n", [(2, "persons", "no_persons")]),
    "null persons": ("case: x\npersons:\n", [(2, "persons", "mapping")]),
    "persons as list": ("case: x\npersons: [ann]\n", [(2, "persons", "mapping")]),
    "25 persons": (
        "persons:\n" + "".join(f"  p{i}: {{}}\n" for i in range(25)),
        [(1, "persons", "too_many_persons")],
    ),
    "unknown key at the top": (TWO + "union: []\n", [(4, "union", "unknown_key")]),
    "unknown key of a person": (
        "persons:\n  ann:\n    nam: Ann\n",
        [(3, "persons.ann.nam", "unknown_key")],
    ),
    "unknown key deep inside": (
        "persons:\n  ann:\n    stay:\n      card: A\n      isued: 2024\n",
        [(5, "persons.ann.stay.isued", "unknown_key")],
    ),
    "a person id in capitals": ("persons:\n  Ann: {}\n", [(2, "persons.Ann", "person_id")]),
    "a reserved person id": ("persons:\n  none: {}\n", [(2, "persons.none", "reserved_id")]),
    "a person as text": ("persons:\n  ann: Ann\n", [(2, "persons.ann", "mapping")]),
    "a duplicate id": (TWO + "  ann: {}\n", [(4, "persons.ann", "duplicate_key")]),
    "a case name with spaces": ("case: My Case\n" + TWO, [(1, "case", "case_name")]),
    "a list as text": ("title: [a]\n" + TWO, [(1, "title", "text")]),
    "an escape in text": ('title: "a\\eb"\n' + TWO, [(1, "title", "text_control")]),
    "a number as boolean": (
        "persons:\n  ann: {in_gaza: 1}\n",
        [(2, "persons.ann.in_gaza", "boolean")],
    ),
    "a word as number": (
        "persons:\n  ann: {marriageable_age: old}\n",
        [(2, "persons.ann.marriageable_age", "whole_number")],
    ),
    "a number out of range": (
        "persons:\n  ann: {marriageable_age: 31}\n",
        [(2, "persons.ann.marriageable_age", "out_of_range")],
    ),
    "a Belgian date": (
        "persons:\n  ann: {born: 12/07/1990}\n",
        [(2, "persons.ann.born", "date_format")],
    ),
    "29 February 2011": (
        "persons:\n  ann: {born: 2011-02-29}\n",
        [(2, "persons.ann.born", "no_such_day")],
    ),
    "month 13": ("persons:\n  ann: {born: 2011-13}\n", [(2, "persons.ann.born", "no_such_month")]),
    "the year 1899": (
        "persons:\n  ann: {born: 1899-12-31}\n",
        [(2, "persons.ann.born", "year_range")],
    ),
    "the year 2201": ("persons:\n  ann: {born: 2201}\n", [(2, "persons.ann.born", "year_range")]),
    "a partial day of assessment": (
        "assessed_on: 2025-03\n" + TWO,
        [(1, "assessed_on", "full_date")],
    ),
    "no day of assessment": ("assessed_on: none\n" + TWO, [(1, "assessed_on", "none_not_allowed")]),
    "a country in small letters": (
        "persons:\n  ann: {born_in: sy}\n",
        [(2, "persons.ann.born_in", "country")],
    ),
    "a single nationality by name": (
        "persons:\n  ann: {nationality: Syria}\n",
        [(2, "persons.ann.nationality", "country")],
    ),
    "a nationality in a list": (
        "persons:\n  ann:\n    nationality:\n      - SY\n      - UK\n",
        [(5, "persons.ann.nationality[1]", "country")],
    ),
    "an unknown item": (
        "persons:\n  ann: {nationality: [SY, unknown]}\n",
        [(2, "persons.ann.nationality[1]", "unknown_in_list")],
    ),
    "a language by name": (
        "persons:\n  ann:\n    documents:\n      - type: passport\n        language: arabic\n",
        [(5, "persons.ann.documents[0].language", "language_code")],
    ),
    "documents unknown": (
        "persons:\n  ann: {documents: unknown}\n",
        [(2, "persons.ann.documents", "list")],
    ),
    "parents as text": (
        "persons:\n  ann: {parents: bob}\n  bob: {}\n",
        [(2, "persons.ann.parents", "list")],
    ),
    "a wrong choice": (
        "persons:\n  ann: {civil_status: maried}\n",
        [(2, "persons.ann.civil_status", "choice")],
    ),
    "a boolean as choice": (
        "persons:\n  ann: {civil_status: true}\n",
        [(2, "persons.ann.civil_status", "choice")],
    ),
    "a wrong kind of kin": (
        "persons:\n  ann: {kin: {bob: brother}}\n  bob: {}\n",
        [(2, "persons.ann.kin.bob", "choice")],
    ),
    "a choice without vocabulary": (
        TWO + "applications:\n  - {applicant: ann, channel: in person}\n",
        [(5, "applications[0].channel", "slug")],
    ),
    "an unknown reading": (
        "readings:\n  two_years_test: either\n" + TWO,
        [(2, "readings.two_years_test", "unknown_reading")],
    ),
    "a wrong reading": (
        "readings: {two_year_test: neither}\n" + TWO,
        [(1, "readings.two_year_test", "choice")],
    ),
    "three partners": (
        TWO + "unions:\n  - partners: [ann, bob, ann]\n",
        [(5, "unions[0].partners", "two_partners")],
    ),
    "three extensions": (
        TWO + "applications:\n  - procedure:\n      extensions: [{}, {}, {}]\n",
        [(6, "applications[0].procedure.extensions", "too_many")],
    ),
    "a moment without time": (
        TWO + "applications:\n  - evacuation: {at_border: 2024-03-01}\n",
        [(5, "applications[0].evacuation.at_border", "datetime_format")],
    ),
    "a period that has not begun": (
        UNION + "    meetings: [{from: none}]\n".replace("    ", "  - ", 1),
        [(6, "unions[1].meetings[0].from", "none_not_allowed")],
    ),
    "a parent who is nobody": (
        "persons:\n  ann: {parents: [bob]}\n",
        [(2, "persons.ann.parents[0]", "unknown_person")],
    ),
    "mother, kin and support by nobody": (
        "persons:\n  ann:\n    mother: eve\n    kin: {joe: sibling}\n    dependent_on: sam\n",
        [
            (3, "persons.ann.mother", "unknown_person"),
            (4, "persons.ann.kin.joe", "unknown_person"),
            (5, "persons.ann.dependent_on", "unknown_person"),
        ],
    ),
    "a union and an application of nobody": (
        TWO + "unions:\n  - partners: [ann, eve]\napplications:\n  - applicant: joe\n    sponsor: sam\n",
        [
            (5, "unions[0].partners[1]", "unknown_person"),
            (7, "applications[0].applicant", "unknown_person"),
            (8, "applications[0].sponsor", "unknown_person"),
        ],
    ),
    "oneself in every role": (
        "persons:\n  ann:\n    parents: [ann]\n    kin: {ann: other}\n    dependent_on: ann\n"
        "unions:\n  - partners: [ann, ann]\napplications:\n  - applicant: ann\n    sponsor: ann\n",
        [
            (3, "persons.ann.parents[0]", "self_parent"),
            (4, "persons.ann.kin.ann", "self_kin"),
            (5, "persons.ann.dependent_on", "self_dependent"),
            (7, "unions[0].partners", "self_partner"),
            (10, "applications[0].sponsor", "self_sponsor"),
        ],
    ),
    "one's own mother": (
        "persons:\n  ann: {mother: ann}\n",
        [(2, "persons.ann.mother", "self_parent")],
    ),
    "a parent named twice": (
        "persons:\n  ann: {parents: [bob, bob]}\n  bob: {}\n",
        [(2, "persons.ann.parents[1]", "repeated_person")],
    ),
    "a ring of parents": (
        "persons:\n  ann: {parents: [bob]}\n  bob: {mother: eve}\n  eve: {parents: [ann]}\n",
        [(2, "persons.ann.parents", "parent_cycle")],
    ),
    "a mother who is no parent": (
        "persons:\n  ann: {parents: [bob], mother: eve}\n  bob: {}\n  eve: {}\n",
        [(2, "persons.ann.mother", "mother_not_parent")],
    ),
    "two marriages of one pair": (
        UNION + "  - {partners: [bob, ann], kind: marriage}\n",
        [(6, "unions[1]", "duplicate_union")],
    ),
    "a marriage of parent and child": (
        "persons:\n  ann: {parents: [bob]}\n  bob: {}\nunions:\n  - {partners: [bob, ann]}\n",
        [(5, "unions[0].partners", "related_partners")],
    ),
    "two applications of one person": (
        TWO + "applications:\n  - {applicant: ann}\n  - {applicant: ann}\n",
        [(6, "applications[1].applicant", "several_applications")],
    ),
    "death before birth": (
        "persons:\n  ann: {born: 1990-06, died: 1990-05-31}\n",
        [(2, "persons.ann.died", "date_order")],
    ),
    "arrival before birth": (
        "persons:\n  ann:\n    born: 1990\n    arrived_in_belgium: 1989\n",
        [(4, "persons.ann.arrived_in_belgium", "date_order")],
    ),
    "a child born on the parent's day": (
        "persons:\n  ann: {born: 1990-01-01, parents: [bob]}\n  bob: {born: 1990-01-01}\n",
        [(2, "persons.ann.born", "born_before_parent")],
    ),
    "a grant before the asylum application": (
        "persons:\n  ann:\n    protection: {applied: 2024-07-13, granted: 2024-07-12}\n",
        [(3, "persons.ann.protection.granted", "date_order")],
    ),
    "a card that expires before its issue": (
        "persons:\n  ann:\n    stay: {issued: 2024-08, expires: 2024-07}\n",
        [(3, "persons.ann.stay.expires", "date_order")],
    ),
    "a union ended before it was concluded": (
        TWO + "unions:\n  - concluded: 2020\n    ended: 2019\n",
        [(6, "unions[0].ended", "date_order")],
    ),
    "a union before a birth": (
        TWO + "unions:\n  - partners: [ann, bob]\n    concluded: 1991-01\n    known_since: 1980\n",
        [
            (6, "unions[0].concluded", "date_order"),
            (7, "unions[0].known_since", "date_order"),
            (7, "unions[0].known_since", "date_order"),
        ],
    ),
    "periods that end before they begin": (
        TWO + "unions:\n  - cohabitation:\n      - {from: 2020-02, to: 2020-01}\n"
        "    meetings:\n      - {from: 2020, to: 2021}\n      - {from: 2021, to: 2020}\n",
        [
            (6, "unions[0].cohabitation[0].to", "date_order"),
            (9, "unions[0].meetings[1].to", "date_order"),
        ],
    ),
    "a document issued too late": (
        "persons:\n  ann:\n    documents:\n      - issued: 2024-01-02\n"
        "        valid_until: 2024-01-01\n        handed_in: 2024-01-01\n",
        [
            (5, "persons.ann.documents[0].valid_until", "date_order"),
            (6, "persons.ann.documents[0].handed_in", "date_order"),
        ],
    ),
    "a procedure in the wrong order": (
        TWO + "applications:\n  - applicant: ann\n    filed: 1980\n    procedure:\n"
        "      completed: 1979\n      proof_of_submission: 2025-03\n      decided: 2025-02\n"
        "      extensions:\n        - decided: 2025-10-01\n        - decided: 2025-09-30\n"
        "      visa_issued: 2026\n      visa_expires: 2025\n",
        [
            (6, "applications[0].filed", "date_order"),
            (8, "applications[0].procedure.completed", "date_order"),
            (10, "applications[0].procedure.decided", "date_order"),
            (13, "applications[0].procedure.extensions[1].decided", "date_order"),
            (15, "applications[0].procedure.visa_expires", "date_order"),
        ],
    ),
    "a decided procedure without decision": (
        TWO + "applications:\n  - procedure: {decision: none, decided: 2025}\n",
        [(5, "applications[0].procedure.decided", "decided_without_decision")],
    ),
    "faults of shape and of meaning in different persons": (
        "persons:\n  ann: {born: 1990, died: 1980, in_gaza: perhaps, stay: {isued: 1}}\n"
        "  bob: {nam: x, parents: [joe]}\n  eve: 5\n  sam: {mother: eve}\n"
        "unions:\n  - {partners: [eve, zoe], kind: love}\n",
        [
            (2, "persons.ann.died", "date_order"),
            (2, "persons.ann.in_gaza", "boolean"),
            (2, "persons.ann.stay.isued", "unknown_key"),
            (3, "persons.bob.nam", "unknown_key"),
            (3, "persons.bob.parents[0]", "unknown_person"),
            (4, "persons.eve", "mapping"),
            (7, "unions[0].partners[1]", "unknown_person"),
            (7, "unions[0].kind", "choice"),
        ],
    ),
    "faults of YAML beside faults of meaning": (
        "case: x\ncase: y\npersons:\n  ann: {mother: bob}\n",
        [(2, "case", "duplicate_key"), (4, "persons.ann.mother", "unknown_person")],
    ),
}


def faults_of(text: str) -> tuple[Fault, ...]:
    with pytest.raises(CaseFileError) as caught:
        parse_case(text, choices=CHOICES)
    assert str(caught.value)
    return caught.value.faults


def only(text: str) -> Fault:
    (fault,) = faults_of(text)
    return fault


@pytest.fixture(scope="module")
def full() -> CaseFile:
    return load_case(FULL, choices=CHOICES)


@pytest.mark.parametrize("name", FAULTS)
def test_a_faulty_case_gives_every_fault_with_its_line_and_path(name: str) -> None:
    text, expected = FAULTS[name]
    assert [(fault.line, fault.path, fault.code) for fault in faults_of(text)] == expected


def test_the_full_case_loads(full: CaseFile) -> None:
    person = full.case.persons["yusuf"]
    assert person.born == Day(date(1990, 5, 3), date(1990, 5, 3))
    assert (person.died, person.in_gaza, person.nationality) == (NEVER, False, ("SY",))
    assert full.case.persons["amal"].born == Day(date(1995, 6, 1), date(1995, 6, 30))
    assert full.case.persons["amal"].dependent_on == ("yusuf",)
    assert full.case.unions[0].known_since == Day(date(2015, 1, 1), date(2015, 12, 31))
    assert at(full.case, ("persons", "yusuf", "stay", "card")) == "a"
    assert at(full.case, ("applications", 0, "evacuation", "at_border")) == datetime(2024, 3, 1, 10, 0)


def test_every_key_of_the_model_stands_in_the_full_case(full: CaseFile) -> None:
    used = {part for path in full.lines for part in path if isinstance(part, str)}
    definitions = schema(CHOICES)["$defs"].values()
    keys = {key for definition in definitions for key in definition["properties"]}
    assert keys - used == set()


def test_values_and_lines_are_found_by_path(full: CaseFile) -> None:
    written = FULL.read_text(encoding="utf-8").splitlines()
    for path in full.lines:
        if path[:1] != ("readings",) and len(path) > 1 and isinstance(path[-1], str):
            line = full.line(path)
            assert line is not None and path[-1] in written[line - 1]
            assert at(full.case, path) is not None or "unknown" in written[line - 1]
    assert at(full.case, ("unions", 0, "cohabitation", 0, "from")) is not None
    absent: list[tuple[str | int, ...]] = [("persons", "x", "y"), ("unions", 5, "kind")]
    for missing in [*absent, ("unions", "a"), ("case", 0)]:
        assert at(full.case, missing) is None
    assert full.line(("persons", "yusuf", "no_such_key")) == full.line(("persons", "yusuf"))
    assert full.line(("nothing",)) is None


def test_json_and_yaml_give_the_same_case(full: CaseFile) -> None:
    data = yaml.load(FULL.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    for indent in (None, 2, "\t"):
        assert parse_case(json.dumps(data, indent=indent), choices=CHOICES).case == full.case


def test_unknown_and_null_stand_for_not_known_everywhere() -> None:
    for word in ("unknown", "null", "UNKNOWN", ""):
        text = (
            f"case: {word}\nassessed_on: {word}\nreadings: {{two_year_test: {word}}}\npersons:\n"
            f"  ann: {{name: {word}, born: {word}, born_in: {word}, in_gaza: {word}, "
            f"nationality: {word}, parents: {word}, mother: {word}, kin: {word}, "
            f"marriageable_age: {word}, civil_status: {word}}}\n"
        )
        case = parse_case(text, choices=CHOICES).case
        assert case.case is None and case.readings == {"two_year_test": None}
        assert not any(value for value in case.persons["ann"].model_dump().values())


def test_what_is_left_out_is_not_known_and_no_document_is_held() -> None:
    person = parse_case("persons:\n  ann: {}\n", choices={}).case.persons["ann"]
    assert (person.parents, person.in_gaza, person.documents) == (None, None, ())


@pytest.mark.parametrize("word", ["yes", "true", "Yes", "'true'"])
def test_yes_and_true_are_the_same(word: str) -> None:
    case = parse_case(f"persons:\n  ann: {{in_gaza: {word}}}\n", choices={}).case
    assert case.persons["ann"].in_gaza is True


def test_norway_is_a_country() -> None:
    case = parse_case("persons:\n  ann: {nationality: NO}\n", choices={}).case
    assert case.persons["ann"].nationality == ("NO",)


def test_without_vocabulary_any_word_is_taken() -> None:
    case = parse_case("readings: {x: y}\npersons:\n  a: {civil_status: Odd_1}\n", choices={}).case
    assert (case.readings, case.persons["a"].civil_status) == ({"x": "y"}, "odd_1")


@pytest.mark.parametrize("dates", ["born: 1990-06, died: 1990", "born: 1990-06, died: none"])
def test_dates_that_may_be_in_order_are_no_fault(dates: str) -> None:
    assert parse_case(f"persons:\n  ann: {{{dates}}}\n", choices={})


def test_a_day_is_written_as_far_as_it_is_known() -> None:
    for written in ("1990", "1990-06", "1990-02-28", "1990-12", "1990-01"):
        case = parse_case(f"persons:\n  ann: {{born: {written}}}\n", choices={}).case
        assert str(case.persons["ann"].born) == written


def test_a_case_cannot_be_changed(full: CaseFile) -> None:
    with pytest.raises(ValueError, match="frozen"):
        full.case.persons["amal"].name = "x"


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("persons:\n  ann: {natinality: SY}\n", "nationality"),
        ("persons:\n  stay: {natinality: SY}\n", "nationality"),
        ("persons:\n  ann: {stay: {expire: 2024}}\n", "expires"),
        (UNION + "  - cohabitation: [{form: 2024}]\n", "from"),
        ("persons:\n  ann: {born_in: UK}\n", "GB"),
        ("persons:\n  ann: {born_in: sy}\n", "SY"),
        ("persons:\n  ann: {born: 12.7.1990}\n", "1990-07-12"),
        ("persons:\n  ann: {born: 1990/7/2}\n", "1990-07-02"),
        ("persons:\n  ann: {civil_status: Maried}\n", "married"),
        ("persons:\n  Ann B: {}\n", "ann_b"),
        ("persons:\n  bob: {mother: anna}\n  anne: {}\n", "anne"),
    ],
)
def test_a_fault_suggests_what_was_probably_meant(text: str, suggestion: str) -> None:
    fault = only(text)
    assert fault.values["suggestion"] == suggestion
    assert suggestion in describe(fault, catalogue("en"))


def test_a_fault_reads_as_a_sentence_in_each_language() -> None:
    fault = only("persons:\n  ann:\n    born: 2011-02-29\n")
    assert describe(fault, catalogue("en")) == (
        "<text>:3: persons.ann.born: there is no 29 February 2011. Expected: a day from 1 to 28. "
        "Check the date; leave the day out if only the month is known."
    )
    assert "il n'y a pas de 29 février 2011" in describe(fault, catalogue("fr"))
    assert "29 februari 2011 bestaat niet. Verwacht: een dag van 1 tot 28." in describe(fault, catalogue("nl"))


def test_every_code_has_its_sentences_in_each_language() -> None:
    english = catalogue("en")
    for language in languages():
        own = catalogue(language)
        assert list(english) == list(own)
        for code, entry in english.items():
            for part, template in entry.items():
                fields = [
                    {field for _, field, _, _ in Formatter().parse(text) if field}
                    for text in (template, own[code][part])
                ]
                assert fields[0] == fields[1], (language, code, part)


def test_every_code_in_the_sources_is_in_the_catalogue_and_tested() -> None:
    package = ROOT.parent / "reasoner"
    sources = package.rglob("*.py")
    text = "".join(source.read_text(encoding="utf-8") for source in sources)
    codes = set(catalogue("en")) - {"layout", "months", "kinds"}
    assert [code for code in codes if f'"{code}"' not in text] == []
    raised = set(re.findall(r'\bfault\(\s*"(\w+)"|_Unusable\(self\.name, "(\w+)"', text))
    assert {first or second for first, second in raised} <= codes


@pytest.mark.parametrize("name", FAULTS)
def test_no_placeholder_is_left_open(name: str) -> None:
    for fault in faults_of(FAULTS[name][0]):
        for language in languages():
            assert fault.code in catalogue(language)
            assert not re.search(r"\{\w+\}", describe(fault, catalogue(language)))


def test_what_a_file_says_is_shown_without_control_characters() -> None:
    fault = only('persons:\n  "a\\e[31m": {}\n')
    assert "\x1b" not in describe(fault, catalogue("en"))


def test_the_schema_lists_the_choices_and_forbids_other_keys() -> None:
    content = schema(CHOICES)
    definitions = content["$defs"]
    kind = definitions["Union"]["properties"]["kind"]
    assert kind["enum"] == [*CHOICES["unions.*.kind"], "unknown", None]
    assert "A" in definitions["Stay"]["properties"]["card"]["enum"]
    assert content["properties"]["readings"]["properties"]["two_year_test"]["enum"][0] == "either"
    assert "from" in definitions["Cohabitation"]["properties"]
    for definition in (content, *definitions.values()):
        assert definition["additionalProperties"] is False
        assert all(field.get("description") for field in definition["properties"].values())
    assert content["properties"]["persons"]["additionalProperties"] is False
    assert "x-choice" not in json.dumps(content)


TEXT = FULL.read_text(encoding="utf-8")
LINES = TEXT.splitlines(keepends=True)
BITS = ["unknown", "none", "[", "]", "{}", ":", "- ", "&a ", "*a", "!t ", "2011-02-29", "\t", "\0"]
BITS += ["ann", "null", "yes", "[[1]]", "'", '"', "\n", "99999999999999999999", "- - - ", "?", "ß"]


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 8))
def test_a_damaged_case_raises_nothing_but_a_case_file_error(seed: int, count: int) -> None:
    chance = random.Random(seed)
    lines = list(LINES)
    for _ in range(count):
        index = chance.randrange(len(lines))
        line = lines[index]
        cut = chance.randrange(len(line) + 1)
        lines[index] = chance.choice(
            [
                line[:cut] + chance.choice(BITS) + line[cut:],
                re.sub(r": .*", f": {chance.choice(BITS)}", line, count=1),
                "",
                chance.choice(LINES),
                line[:cut] + "\n",
                " " + line,
            ]
        )
    assert_case_or_faults("".join(lines))


values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(BITS) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(BITS), inner),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_value_at_any_place_raises_nothing_but_a_case_file_error(data: st.DataObject) -> None:
    content = yaml.load(TEXT, Loader=yaml.BaseLoader)
    node: Any = content
    while True:
        key = data.draw(st.sampled_from(list(node) if isinstance(node, dict) else range(len(node))))
        if not isinstance(node[key], dict | list) or not node[key] or data.draw(st.booleans()):
            node[key] = data.draw(values)
            break
        node = node[key]
    assert_case_or_faults(json.dumps(content))


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_raise_nothing_but_a_case_file_error(content: bytes) -> None:
    assert_case_or_faults(content.decode("utf-8", "surrogateescape"))


def assert_case_or_faults(text: str) -> None:
    try:
        assert parse_case(text, choices=CHOICES).case.persons
    except CaseFileError as error:
        assert error.faults
        for fault in error.faults:
            assert fault.code in catalogue("fr")
            assert not re.search(r"\{\w+\}", describe(fault, catalogue("fr")).replace("{}", ""))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"persons: " + b"[" * 10_000, "too_deep"),
        (b"persons: {a: {name: " + b"x" * 2**21 + b"}}", "file_too_large"),
        (b"persons:\n  a: {name: \0}", "control_character"),
    ],
)
def test_a_hostile_file_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    file = tmp_path / "case.yaml"
    file.write_bytes(content)
    with pytest.raises(CaseFileError) as caught:
        load_case(file, choices=CHOICES)
    assert [fault.code for fault in caught.value.faults] == [code]
    assert caught.value.file == str(file)
    assert caught.value.exit_code == 3


def test_too_many_persons_are_counted() -> None:
    with pytest.raises(CaseFileError) as caught:
        parse_case("persons:\n" + "".join(f"  p{i}: {{}}\n" for i in range(40)), choices=CHOICES)
    assert caught.value.faults[0].values == {"limit": "24", "got": "40"}


def test_a_document_has_a_form_that_documents_of_its_type_have() -> None:
    text = """
persons:
  amal:
    documents:
      - {type: travel_document, variant: consular_card}
      - {type: identity_document, variant: consular_card}
      - {type: travel_document, variant: unknown}
      - {type: travel_document, variant: none}
"""
    with pytest.raises(CaseFileError) as caught:
        parse_case(text, choices=Engine().law.choices)
    (fault,) = caught.value.faults
    assert (fault.line, fault.code, fault.path) == (5, "choice", "persons.amal.documents[0].variant")
    assert "national_passport" in fault.values["choices"]
    assert "consular_card" not in fault.values["choices"]
