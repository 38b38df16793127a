"""The command line: every command, option, format and exit code."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from reasoner import __version__, cli
from reasoner.case import parse_case
from reasoner.engine import Engine
from reasoner.instance import symbol
from reasoner.wording import languages

ROOT = Path(__file__).parent.parent
COUPLE = "examples/spouse-under-21/case.yaml"
HALF_KNOWN = "examples/half-known-dates/case.yaml"
SINGLE = "examples/unlimited-stay/case.yaml"
CASES = (COUPLE, HALF_KNOWN, SINGLE)
LANGUAGES = languages()
COMMANDS = ("decide", "explain", "facts", "rules", "test", "schema", "new")


class Ran:
    """What a command gave; an exception that is no exit code fails the test at once."""

    def __init__(self, result: Any) -> None:
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        self.code, self.out, self.err = result.exit_code, result.stdout, result.stderr


def reasoner(*words: str, given: str | bytes | None = None, **environment: str) -> Ran:
    return Ran(CliRunner().invoke(cli.app, words, input=given, env={"COLUMNS": "80", **environment}))


def answer(*words: str, **options: Any) -> str:
    ran = reasoner(*words, **options)
    assert (ran.code, ran.err) == (0, ""), ran.err
    return ran.out


def data(*words: str, **options: Any) -> Any:
    return json.loads(answer(*words, "--format", "json", **options))


def process(*words: str, **options: Any) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "NO_COLOR", "FORCE_COLOR")}
    environment |= options.pop("env", {})
    return subprocess.run(
        [sys.executable, "-m", "reasoner", *words],
        cwd=ROOT, env=environment, text=True, encoding="utf-8", timeout=60, check=False, capture_output=True, **options,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def assert_plain(text: str) -> None:
    """Reads well in a pipe at 80 columns: no colour, no long line, no trailing blank, no placeholder left open."""
    assert "\x1b" not in text
    assert not re.search(r"\{\w*\}", text)
    assert [line for line in text.split("\n") if len(line) > 80 or line != line.rstrip()] == []


# -- the whole program ------------------------------------------------------------------------------------------------


def test_version_is_that_of_the_package() -> None:
    assert answer("--version") == f"reasoner {__version__}\n"


def test_without_a_command_the_help_is_shown() -> None:
    ran = reasoner()
    assert all(f"\n  {command} " in ran.out + ran.err for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_says_what_it_does_and_gives_an_example_that_works(command: str, tmp_path: Path) -> None:
    text = answer(command, "--help")
    assert answer(command, "-h") == text
    _, example = re.split(r"Example: reasoner", text)
    words = re.split(r"[;>]", example)[0].split()
    assert words[0] == command
    if command == "new":
        words[-1] = str(tmp_path / words[-1])
    answer(*words)
    options = re.findall(r"^ +(?:-\w, )?(--[\w-]+)", text, re.MULTILINE)
    assert "--help" in options


def test_every_option_and_argument_has_an_explanation() -> None:
    for command in COMMANDS:
        text = answer(command, "--help").split("Example:")[0]
        told = re.findall(
            r"^  (?:-\w, )?(--[\w-]+|CASE|ROUTE|\[PATH\]|\[PROVISION\])(.*\n(?: {6,}.*\n)*)", text, re.MULTILINE
        )
        assert told
        assert [name for name, rest in told if not re.search(r"[A-Z][\w ,]{8,}", rest)] == []


def test_shell_completion_is_offered() -> None:
    shown = process("--show-completion", "bash")
    assert shown.returncode == 0
    assert "complete" in shown.stdout
    ran = subprocess.run(
        [sys.executable, "-c", "import sys; sys.argv = ['reasoner']; from reasoner.cli import main; main()"],
        cwd=ROOT, text=True, timeout=60, check=False, capture_output=True,
        env={**os.environ, "_REASONER_COMPLETE": "complete_bash", "COMP_WORDS": "reasoner de", "COMP_CWORD": "1"},
    )  # fmt: skip
    assert ran.stdout.split() == ["decide"]


@pytest.mark.parametrize(
    "words",
    [["bogus"], ["decide"], ["decide", COUPLE, "--bogus"], ["decide", COUPLE, "--format", "xml"],
     ["decide", COUPLE, "--depth", "-1"], ["decide", COUPLE, "--depth", "x"], ["explain"], ["new"], ["decide", COUPLE, COUPLE]],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage_is_told_on_standard_error_with_exit_code_2(words: list[str]) -> None:
    ran = reasoner(*words)
    assert (ran.code, ran.out) == (2, "")
    assert "Usage:" in ran.err


# -- decide and explain -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("command", ["decide", "explain"])
def test_text_reads_well_at_80_columns(command: str, case: str, language: str) -> None:
    text = answer(command, case, "--lang", language)
    assert_plain(text)
    assert text.splitlines()[0].startswith({"en": "Case ", "fr": "Dossier ", "nl": "Dossier "}[language])
    assert_plain(answer(command, case, "--lang", language, "--all"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("command", ["decide", "explain"])
def test_markdown_and_json_are_given_for_the_same_outcomes(command: str, language: str) -> None:
    page = answer(command, COUPLE, "--format", "markdown", "--lang", language)
    assert page.startswith("# ")
    outcomes = data(command, COUPLE, "--lang", language)["outcomes"]
    assert len(re.findall(r"^## [✓✗–?] ", page, re.MULTILINE)) == len(outcomes) == 4


@pytest.mark.parametrize("option", ["--lang", "-l"])
@pytest.mark.parametrize("language", [name for name in LANGUAGES if name != "en"])
def test_the_language_is_an_option_or_an_environment_variable(option: str, language: str) -> None:
    answered = answer("decide", SINGLE, option, language)
    assert answer("decide", SINGLE, REASONER_LANG=language) == answered
    assert answered != answer("decide", SINGLE)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_language_changes_no_result(language: str) -> None:
    assert data("decide", COUPLE, "--lang", language) == data("decide", COUPLE)


def test_case_files_in_json_and_from_standard_input_give_the_same(tmp_path: Path) -> None:
    text = (ROOT / COUPLE).read_text("utf-8")
    expected = data("decide", COUPLE)
    assert data("decide", "-", given=text) == expected
    other = tmp_path / "case.json"
    # Every scalar is a string in YAML's base schema; yes, no and numbers are told by the model.
    other.write_text(json.dumps(yaml.safe_load(text), default=str), "utf-8")
    assert data("decide", str(other)) == expected
    assert answer("facts", "-", given=text) == answer("facts", COUPLE)


def result_of(decided: Any, person: str, route: str) -> Any:
    return next(o for o in decided["outcomes"] if (o["person"], o["route"]) == (person, route))


def test_as_of_moves_the_day_of_assessment_and_nothing_else() -> None:
    own, later = (
        data("decide", COUPLE, "--person", "amal"),
        data("decide", COUPLE, "--person", "amal", "--as-of", "2025-03-11"),
    )
    assert (own.pop("assessed_on"), later.pop("assessed_on")) == ("2025-03-10", "2025-03-11")
    assert own == later
    before, on = (data("decide", COUPLE, "--as-of", day) for day in ("2028-05-09", "2028-05-10"))
    assert result_of(before, "yusuf", "ip_unlimited_stay")["result"] == "not_eligible"
    assert result_of(on, "yusuf", "ip_unlimited_stay")["result"] == "eligible"
    spouse = [result_of(decided, "amal", "ip_spouse") for decided in (own, before, on)]
    assert spouse[0]["conditions"] == spouse[1]["conditions"] == spouse[2]["conditions"]
    assert {outcome["applied_on"] for outcome in spouse} == {"2025-02-28"}


@pytest.mark.parametrize(
    "day", ["2025-02-30", "tomorrow", "20250310", "2025-W11-1", "2025-3-10", "2025-03", "", "10/03/2025"]
)
@pytest.mark.parametrize("command", ["decide", "explain", "facts"])
def test_a_day_of_assessment_is_a_whole_date(command: str, day: str) -> None:
    ran = reasoner(command, SINGLE, "--as-of", day)
    assert (ran.code, ran.out) == (2, "")
    assert "2025-03-10" in ran.err


def test_a_reading_changes_the_answer_and_is_reported() -> None:
    default = data("decide", COUPLE)
    strict = data("decide", COUPLE, "--reading", "exemption_needs_earlier_tie=yes")
    assert (default["readings"]["exemption_needs_earlier_tie"], strict["readings"]["exemption_needs_earlier_tie"]) == (
        "no",
        "yes",
    )

    def housing(decided: Any) -> str:
        conditions = result_of(decided, "amal", "ip_spouse")["conditions"]
        return next(str(c["status"]) for c in conditions if c["id"] == "housing")

    assert (housing(default), housing(strict)) == ("waived", "unknown")
    two = data("decide", COUPLE, "--reading", "exemption_needs_earlier_tie=yes", "--reading", "two_year_test=either")
    assert two["readings"]["two_year_test"] == "either"


@pytest.mark.parametrize(
    ("reading", "suggestion"),
    [
        ("two_year_tst=either", "Did you mean two_year_test?"),
        ("two_year_test=eiter", "Did you mean either?"),
        ("qqqq=either", "one of two_year_test, "),
        ("two_year_test=zz", "one of cumulative, either"),
        ("two_year_test", "NAME=VALUE"),
        ("=either", "NAME=VALUE"),
        ("two_year_test=", "NAME=VALUE"),
    ],
)
def test_an_unknown_reading_is_wrong_usage(reading: str, suggestion: str) -> None:
    for command in ("decide", "explain", "facts"):
        ran = reasoner(command, COUPLE, "--reading", reading)
        assert (ran.code, ran.out) == (2, "")
        assert suggestion in ran.err


def test_nothing_is_taken_from_silence_when_that_is_asked() -> None:
    taken, left = data("decide", COUPLE), data("decide", COUPLE, "--assume-nothing")
    assert any(outcome["assumed"] for outcome in taken["outcomes"])
    assert not any(outcome["assumed"] for outcome in left["outcomes"])
    status = result_of(left, "yusuf", "ip_status")
    assert (result_of(taken, "yusuf", "ip_status")["result"], status["result"]) == ("eligible", "undetermined")
    assert status["depends_on"][0] == {
        "path": "persons.yusuf.protection.still_held",
        "input": "protection_held",
        "settles": 1,
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--person", "aml"], ["no person aml", "yusuf, amal", "Did you mean amal?"]),
        (["--person", "qqqq"], ["no person qqqq", "yusuf, amal", "Check the spelling."]),
        (["--route", "ip_spose"], ["no route ip_spose", "Did you mean ip_spouse?"]),
        (["--condition", "minimum_agee"], ["no condition minimum_agee", "Did you mean minimum_age?"]),
        (["--document", "photographz"], ["no document photographz", "Did you mean photographs?"]),
        (["--person", "yusuf", "--condition", "minimum_age"], ["no condition minimum_age", "protection_granted"]),
        (["--person", "yusuf", "--route", "ip_spouse"], ["does not concern yusuf"]),
        (["--lang", "de"], ["the language de", "en, fr, nl"]),
    ],
    ids=lambda words: " ".join(words),
)
def test_a_name_that_does_not_exist_is_wrong_usage_with_the_nearest_name(words: list[str], said: list[str]) -> None:
    commands = ["explain"] if {"--condition", "--document"} & set(words) else ["decide", "explain"]
    for command in commands:
        for style in ("text", "json", "markdown"):
            ran = reasoner(command, COUPLE, "--format", style, *words)
            assert (ran.code, ran.out) == (2, "")
            assert all(part in ran.err for part in said), ran.err
    assert reasoner("explain", COUPLE, *words, *([] if "--lang" in words else ["--lang", "fr"])).code == 2


def test_an_applicant_asked_about_a_route_of_holders_is_told_the_reason() -> None:
    ran = reasoner("decide", COUPLE, "--person", "amal", "--route", "ip_travel")
    assert ran.code == 2
    assert "amal joins nobody" not in ran.err


def test_a_person_or_route_restricts_the_answer() -> None:
    everything = data("decide", COUPLE)["outcomes"]
    assert data("decide", COUPLE, "--person", "amal")["outcomes"] == [o for o in everything if o["person"] == "amal"]
    assert data("decide", COUPLE, "--route", "ip_spouse")["outcomes"] == [
        result_of({"outcomes": everything}, "amal", "ip_spouse")
    ]
    chosen = data(
        "decide", COUPLE, "--person", "yusuf", "--route", "ip_spouse_".rstrip("_").replace("spouse", "status")
    )
    assert [o["route"] for o in chosen["outcomes"]] == ["ip_status"]


def test_a_route_that_the_facts_do_not_open_is_decided_when_asked_for() -> None:
    assert "ip_travel" not in {o["route"] for o in data("decide", COUPLE)["outcomes"]}
    (asked,) = data("decide", COUPLE, "--person", "yusuf", "--route", "ip_travel")["outcomes"]
    assert (asked["route"], asked["result"]) == ("ip_travel", "not_eligible")
    nothing = answer("decide", COUPLE, "--route", "ip_travel")
    assert_plain(nothing)
    assert "open no route" in nothing


def depth_of(text: str) -> int:
    branches = [re.match(r"[│ ]*[├└]── ", line) for line in text.splitlines()]
    return max((len(branch[0]) // 4 for branch in branches if branch), default=0)


def test_depth_cuts_the_tree() -> None:
    whole = answer("explain", COUPLE)
    assert depth_of(whole) > 4
    for depth in (0, 1, 2, 3):
        cut = answer("explain", COUPLE, "--depth", str(depth))
        assert depth_of(cut) == depth
        assert set(cut.splitlines()) <= set(whole.splitlines()) | set(cut.splitlines()[:2])
        assert data("explain", COUPLE, "--depth", str(depth)) == data("explain", COUPLE)
    assert answer("explain", COUPLE, "--depth", "99") == whole
    page = answer("decide", COUPLE, "--depth", "1", "--format", "markdown")
    assert not re.search(r"^ +- ", page, re.MULTILINE)


def test_all_explains_what_is_met_as_well() -> None:
    decided, full = answer("decide", COUPLE, "--depth", "2"), answer("decide", COUPLE, "--depth", "2", "--all")
    met = "├── ✓ Yusuf Haddad has been granted refugee status or subsidiary protection\n│   [IPS-ref-certificate]\n"
    assert met + "├── ✓" in decided
    assert met + "│   └── ✓ " in full
    assert met + "│   └── ✓ " in answer("explain", COUPLE, "--depth", "2")


def test_one_condition_or_document_is_explained_alone() -> None:
    age = answer("explain", COUPLE, "--condition", "minimum_age")
    assert_plain(age)
    assert all(part in age for part in ("IPF-spouse-age-21", "IPF-spouse-age-18", "4 days after", "39 days after"))
    assert "Documents" not in age
    (tree,) = data("explain", COUPLE, "--condition", "minimum_age")["outcomes"]
    assert (tree["person"], tree["route"], tree["tree"]["state"]) == ("amal", "ip_spouse", "false")
    papers = answer("explain", COUPLE, "--document", "photographs")
    assert "photographs" in papers.lower()
    (tree,) = data("explain", COUPLE, "--document", "photographs")["outcomes"]
    assert tree["tree"]["state"] == "true"


def test_an_explanation_in_json_names_rules_that_stand_in_the_law() -> None:
    def nodes(node: Any) -> Iterator[Any]:
        yield node
        for child in node.get("because", ()):
            yield from nodes(child)

    rules = {n["rule"] for tree in data("explain", COUPLE)["outcomes"] for n in nodes(tree["tree"]) if "rule" in n}
    assert rules
    for place in rules:
        file, line = place.rsplit(":", 1)
        assert (ROOT / file).read_text("utf-8").splitlines()[int(line) - 1].rstrip()[-1] in ".:;,-)}", place


def test_french_sentences_in_json_are_elided_too() -> None:
    assert "de Amal" not in answer("explain", COUPLE, "--condition", "minimum_age", "--lang", "fr", "--format", "json")


def test_an_explanation_in_json_tells_waived_from_met() -> None:
    (tree,) = data("explain", COUPLE, "--person", "amal", "--route", "ip_spouse", "--condition", "housing")["outcomes"]
    told = {k: v for k, v in tree["tree"].items() if k != "because"}
    assert (told["text"], told["state"]) != ("Yusuf Haddad has suitable housing", "true") or "waived" in json.dumps(
        told
    )


# -- faulty case files ------------------------------------------------------------------------------------------------

FAULTY = """\
persons:
  yusuf:
    born: 2011-02-29
    protection: {status: refugeee}
    colour: red
  amal: {born: 1990-13, mother: nobody}
applications:
  - {applicant: amal, sponsor: youssef}
"""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("command", ["decide", "explain", "facts"])
def test_every_fault_of_a_case_file_is_told_at_once(command: str, language: str, tmp_path: Path) -> None:
    path = tmp_path / "faulty.yaml"
    path.write_text(FAULTY, "utf-8")
    ran = reasoner(command, str(path), "--lang", language)
    assert (ran.code, ran.out) == (3, "")
    lines = ran.err.splitlines()
    places = [re.match(r"(.*):(\d+): ([\w.\[\]]+): ", line) for line in lines]
    assert all(place and place[1] == str(path)[-len(place[1]) :] for place in places if place and "…" not in place[1])
    assert [(int(place[2]), place[3]) for place in places if place] == [
        (3, "persons.yusuf.born"), (4, "persons.yusuf.protection.status"), (5, "persons.yusuf.colour"),
        (6, "persons.amal.born"), (6, "persons.amal.mother"), (8, "applications[0].sponsor"),
    ]  # fmt: skip
    words = {"en": ("Expected: ", "refugee"), "fr": ("Attendu : ", "refugee"), "nl": ("Verwacht: ", "refugee")}[
        language
    ]
    assert all(words[0] in line for line in lines)
    assert words[1] in lines[1]


def test_a_faulty_case_from_standard_input_is_told_as_well() -> None:
    ran = reasoner("decide", "-", given=FAULTY)
    assert (ran.code, ran.out) == (3, "")
    assert len(ran.err.splitlines()) == 6


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00\x01\x02", b"\xff\xfe\xfa", b"[" * 5000, b"{" * 5000, b"a: &x [*x]\n", b"- " * 3000, b"persons: 3\n", b"null", b"[]",
     b"\xef\xbb\xbf", b"persons: {}\n", b"a: 1\n---\nb: 2\n", b"!!python/object:os.system x\n", b"persons:\n\ta: 1\n"],
    ids=lambda content: repr(content[:12]),
)  # fmt: skip
def test_a_file_that_is_no_case_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "case.yaml"
    path.write_bytes(content)
    ran = reasoner("decide", str(path))
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.strip()


@pytest.mark.parametrize("path", ["no/such/file.yaml", "examples", ""])
def test_a_path_without_a_case_file_is_told(path: str) -> None:
    ran = reasoner("decide", path)
    assert (ran.code, ran.out) == (3, "")
    assert "Expected: " in ran.err


def test_no_text_gives_a_traceback() -> None:
    source = (ROOT / COUPLE).read_text("utf-8")
    pieces = re.findall(r"\w+|\s+|[^\w\s]", source)
    rng, codes = random.Random(20250310), set()
    for _ in range(100):
        mixed = list(pieces)
        for _ in range(rng.choice((1, 1, 2, 5, 40))):
            place = rng.randrange(len(mixed))
            mixed[place] = rng.choice(
                (*pieces, "", "none", "unknown", "\n", "2025", "9" * 30, "é", "\x00", "&", "*x", "{", "'", ": ")
            )
        ran = reasoner("decide", "-", "--format", "json", given="".join(mixed))
        assert ran.code in (0, 2, 3)
        assert (ran.code == 0) == (ran.err == "") == (ran.out != "")
        codes.add(ran.code)
    for _ in range(50):
        noise = bytes(rng.choice(b"persons:\n -{}[]&*!|>'\"%@`#,?01yn\t\x80\xff") for _ in range(rng.randrange(60)))
        assert reasoner("decide", "-", given=noise).code == 3
    assert {0, 3} <= codes


# -- broken rules -----------------------------------------------------------------------------------------------------

BROKEN = {
    "a letter outside ASCII": ("satisfied(P,ip_status,é) :- holder(P).", "ASCII"),
    "a syntax error": ("satisfied(P,ip_status :- holder(P).", "syntax error"),
    "an undeclared name in a comparison": (
        "satisfied(P,ip_status,x) :- holder(P), in_force(ips_ref_certificate,P), &date { grantd(P) } <= assessed.",
        "grantd/1",
    ),
    "a misspelt predicate": (
        "satisfied(P,ip_status,protection_held) :- protection_hled(P), in_force(ips_ref_certificate,P).",
        "protection_hled",
    ),
    "a choice": ("{ satisfied(P,ip_status,protection_held) } :- holder(P), in_force(ips_ref_certificate,P).", "choice"),
    "a recursion through negation": (
        "satisfied(P,ip_status,protection_held) :- not satisfied(P,ip_status,protection_held), holder(P), "
        "in_force(ips_ref_certificate,P).",
        "stratified",
    ),
}


@pytest.fixture
def broken_law(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], int]:
    """Adds a line to a copy of the law, by which the commands then decide, and gives its number."""

    def broken(line: str) -> int:
        for folder in ("encodings", "facts"):
            shutil.copytree(ROOT / folder, tmp_path / folder)
        path = tmp_path / "encodings/law/ips/status.lp"
        before = path.read_text("utf-8").rstrip("\n") + "\n"
        path.write_text(before + line + "\n", "utf-8")
        monkeypatch.setitem(cli._ENGINES, "law", Engine(root=tmp_path, cache=tmp_path / "cache"))
        return before.count("\n") + 1

    return broken


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_law_is_told_with_exit_code_4(fault: str, broken_law: Callable[[str], int]) -> None:
    line, said = BROKEN[fault]
    number = broken_law(line)
    ran = reasoner("decide", SINGLE)
    assert (ran.code, ran.out) == (4, "")
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert f"encodings/law/ips/status.lp:{number}" in ran.err


# -- facts ------------------------------------------------------------------------------------------------------------


def complete() -> str:
    """The couple, with an answer to everything that their story leaves open."""
    case = yaml.safe_load((ROOT / COUPLE).read_text("utf-8"))
    case["readings"] = {"window_before_23_december_2022": "reasonable"}
    yusuf, amal, application = case["persons"]["yusuf"], case["persons"]["amal"], case["applications"][0]
    yusuf |= {"travel": {"papers_held": False}, "material": {"housing": True, "insurance": False, "means": True}}
    yusuf["protection"]["unaccompanied_minor"] = False
    yusuf["stay"]["extensions"] = 0
    amal |= {"born_in": "SY", "father_on_birth_record": False, "marriageable_age": 18,
             "custody": {"arrangement": "shared", "consent_given": False},
             "disability": {"unable_to_provide_for_self": False, "caused_by_disability": False}}  # fmt: skip
    case["unions"][0] |= {
        "common_child": False,
        "regular_contact": False,
        "known_since": "2022-01-01",
        "cohabitation": [],
        "meetings": [],
    }
    application |= {"post_takes_long_stay": True, "evacuation": {"access_title": "none"},
                    "proof_of_tie": {"reason": "other", "beyond_will": False, "inability_accepted": False}}  # fmt: skip
    for paper in application["documents"][6:8]:
        paper["sworn_translation"] = True
    return json.dumps(case, default=str)


def test_plain_clingo_gives_one_model_of_a_complete_case_which_is_the_decision(tmp_path: Path) -> None:
    path, case = tmp_path / "instance.lp", tmp_path / "case.json"
    case.write_text(complete(), "utf-8")
    path.write_text(answer("facts", str(case)), "utf-8")
    assert "{" not in re.sub(r"&\w+(\(\w+\))? \{", "", re.sub(r"%.*", "", path.read_text("utf-8"))), "something is open"
    command = [sys.executable, "-m", "clingo", "encodings/main.lp", str(path), "2", "--outf=2"]
    solved = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    found = json.loads(solved.stdout)
    assert (found["Result"], found["Models"]["Number"], found["Models"]["More"]) == ("SATISFIABLE", 1, "no"), (
        solved.stderr
    )
    (witness,) = found["Call"][0]["Witnesses"]

    engine = cli._engine()
    (run,) = engine.decide(engine.load(case)).runs
    shown = {symbol(run.program.atoms[number]) for number in run.program.shown if run.truth(number)}
    names = {run.program.atoms[number][0] for number in run.program.shown}
    assert {atom for atom in witness["Value"] if atom.partition("(")[0] in names} == shown
    decided = data("decide", str(case))
    for outcome in decided["outcomes"]:
        name = run.cast.canonical[outcome["person"]]
        assert f"{outcome['result']}({name},{outcome['route']})" in witness["Value"]
        for condition in outcome["conditions"]:
            assert f"condition({name},{outcome['route']},{condition['id']},{condition['status']})" in witness["Value"]


def test_the_instance_names_the_case_and_its_people() -> None:
    lines = answer("facts", COUPLE).splitlines()
    assert lines[0] == "% spouse-under-21, assessed on 2025-03-10"
    assert lines[1] == "% p1 is yusuf, p2 is amal"
    assert "2026-01-02" in answer("facts", COUPLE, "--as-of", "2026-01-02").splitlines()[0]


def test_the_instance_of_a_child_with_two_sponsors_can_be_solved(tmp_path: Path) -> None:
    text = "".join(
        f"  {parent}: {{protection: {{status: refugee, granted: 2024-01-01, applied: 2023-01-01, granted_by: cgrs}}}}\n"
        for parent in ("ann", "bob")
    )
    text = f"persons:\n{text}  cem: {{born: 2015-01-01, parents: [ann, bob], lives_in: SY, nationality: SY}}\n"
    printed = answer("facts", "-", "--as-of", "2025-01-01", given=text)
    assert (
        len(re.findall(r"^joins\(", printed, re.MULTILINE)) <= 1
        or len(re.findall("^% p1 is ", printed, re.MULTILINE)) == 1
    )


# -- schema -----------------------------------------------------------------------------------------------------------


def schema() -> Any:
    return json.loads(answer("schema"))


def accepts(part: Any, value: Any, whole: Any) -> bool:
    """A JSON Schema validator as far as the schema of a case file needs one; anything else in it fails the test."""
    known = {"$defs", "$ref", "$schema", "$id", "additionalProperties", "allOf", "anyOf", "const", "default", "description", "enum",
             "examples", "exclusiveMaximum", "exclusiveMinimum", "format", "items", "maxItems", "maxLength", "maximum", "minItems",
             "minLength", "minProperties", "minimum", "oneOf", "pattern", "properties", "propertyNames", "required", "title", "type",
             "patternProperties", "maxProperties", "uniqueItems"}  # fmt: skip
    assert part is True or part is False or set(part) <= known, set(part) - known
    if part in (True, False):
        return bool(part)
    kinds: dict[str, Any] = {
        "object": dict,
        "array": list,
        "string": str,
        "integer": int,
        "number": (int, float),
        "null": type(None),
    }
    if "$ref" in part:
        target = whole
        for step in part["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        if not accepts(target, value, whole):
            return False
    if "type" in part:
        types = part["type"] if isinstance(part["type"], list) else [part["type"]]
        held = [
            isinstance(value, bool) if t == "boolean" else isinstance(value, kinds[t]) and not isinstance(value, bool)
            for t in types
        ]
        if not any(held):
            return False
    if "enum" in part and not any(value == option and type(value) is type(option) for option in part["enum"]):
        return False
    if "const" in part and value != part["const"]:
        return False
    if any(not accepts(inner, value, whole) for inner in part.get("allOf", ())):
        return False
    for key in ("anyOf", "oneOf"):
        if key in part and not any(accepts(inner, value, whole) for inner in part[key]):
            return False
    if isinstance(value, str):
        if "pattern" in part and not re.search(part["pattern"], value):
            return False
        if not part.get("minLength", 0) <= len(value) <= part.get("maxLength", len(value)):
            return False
    if (
        isinstance(value, int)
        and not isinstance(value, bool)
        and not part.get("minimum", value) <= value <= part.get("maximum", value)
    ):
        return False
    if isinstance(value, list):
        if not part.get("minItems", 0) <= len(value) <= part.get("maxItems", len(value)):
            return False
        if any(not accepts(part.get("items", True), item, whole) for item in value):
            return False
    if isinstance(value, dict):
        if set(part.get("required", ())) - set(value) or len(value) < part.get("minProperties", 0):
            return False
        properties, patterns = part.get("properties", {}), part.get("patternProperties", {})
        for key, item in value.items():
            inner = (
                [properties[key]]
                if key in properties
                else [p for regex, p in patterns.items() if re.search(regex, key)]
            )
            inner = inner or [part.get("additionalProperties", True)]
            if any(not accepts(p, item, whole) for p in inner) or not accepts(
                part.get("propertyNames", True), key, whole
            ):
                return False
    return True


def in_json(part: Any) -> Any:
    """A case file as JSON has it: dates are strings."""
    return json.loads(json.dumps(part, default=str))


def test_the_schema_accepts_every_story() -> None:
    content = schema()
    assert content["$schema"].startswith("https://json-schema.org/")
    for path in sorted((ROOT / "examples").glob("*/case.yaml")):
        assert accepts(content, in_json(yaml.safe_load(path.read_text("utf-8"))), content), path


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("colour",), "red"), (("persons", "yusuf", "colour"), "red"), (("applications", 0, "colour"), 1),
        (("persons", "yusuf", "protection", "status"), "refugeee"), (("persons", "yusuf", "born"), "2025/01/01"),
        (("applications", 0, "route"), "ip_spose"), (("unions", 0, "kind"), "friendship"), (("unions", 0, "partners"), ["yusuf"]),
        (("applications", 0, "documents", 0, "type"), "passport"), (("readings",), {"two_year_test": "eiter"}),
        (("readings",), {"two_year_tst": "either"}), (("persons",), {}), (("persons", "yusuf", "nationality"), "Syria"),
        (("persons", "yusuf", "name"), ["Yusuf"]), (("applications",), {}),
    ],
)  # fmt: skip
def test_the_schema_refuses_what_the_reasoner_refuses(path: tuple[str | int, ...], value: Any) -> None:
    content, case = schema(), in_json(yaml.safe_load((ROOT / COUPLE).read_text("utf-8")))
    assert accepts(content, case, content)
    part: Any = case
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    assert not accepts(content, case, content)
    assert reasoner("decide", "-", given=json.dumps(case)).code in (2, 3)


def test_the_schema_lists_values_and_forbids_other_keys() -> None:
    content = schema()
    law = cli._engine().law
    definitions = content["$defs"]
    assert all(d["additionalProperties"] is False for d in (content, *definitions.values()) if "properties" in d)
    enums = [set(map(str, part["enum"])) for part in parts(content) if "enum" in part]
    assert all(enums)
    for values in law.choices.values():
        assert any({value.lower() for value in values} <= {option.lower() for option in enum} for enum in enums), values


def parts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from parts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from parts(inner)


# -- rules ------------------------------------------------------------------------------------------------------------


def test_the_catalogue_is_listed_whole() -> None:
    rows = data("rules")
    assert len(rows) == len({row["id"] for row in rows}) == 279
    text = answer("rules")
    assert_plain(text)
    assert all(f"\n{row['id']}" in text for row in rows)
    assert len(data("rules", "--regime", "IPS")) == 33
    assert data("rules", "--regime", "ipf") == [row for row in rows if row["id"].startswith("IPF-")]
    assert len(data("rules", "--regime", "IPF")) == 116
    page = answer("rules", "--format", "markdown")
    assert page.count("\n") == 279 + 2


def test_an_unknown_provision_or_regime_is_wrong_usage() -> None:
    ran = reasoner("rules", "IPF-spouse-age-2")
    assert (ran.code, ran.out) == (2, "")
    assert "Did you mean IPF-spouse-age-21?" in ran.err
    for words in (["--regime", "IPX"], ["--coverage", "--regime", "IPX"]):
        ran = reasoner("rules", *words)
        assert (ran.code, ran.out) == (2, "")
        assert "IPS, IPF" in ran.err


@pytest.mark.parametrize("given", ["IPF-spouse-age-21", "ipf_spouse_age_21", "ipf-spouse-age-21"])
def test_one_provision_is_shown_with_source_dates_rules_and_tests(given: str) -> None:
    shown = data("rules", given)
    assert (shown["id"], shown["article"], shown["parameters"]) == (
        "IPF-spouse-age-21",
        "art. 10 §1 4° Aliens Act",
        ["age: 21"],
    )
    assert shown["sources"][0].keys() == {"file", "lines"}
    assert {rule["file"] for rule in shown["rules"]} == {"encodings/law/ipf/partners.lp"}
    for rule in shown["rules"]:
        line = (ROOT / rule["file"]).read_text("utf-8").splitlines()[rule["line"] - 1]
        assert line.split("(")[0] == rule["text"].split("(")[0]
    assert any(test.startswith("ipf/minimum_age: ") for test in shown["tests"])
    assert shown["not_encoded"] is None
    text = answer("rules", given)
    assert_plain(text)
    assert all(word in text for word in ("Statement", "Article", "Source", "In force", "Rules", "Tests"))
    assert "- **Article**: art. 10" in answer("rules", given, "--format", "markdown")
    assert "Énoncé" in answer("rules", given, "--lang", "fr")


def test_dates_in_force_are_shown() -> None:
    shown = data("rules", "IPF-window-12m")
    assert shown["in_force_until"] == "2024-08-31"
    assert "until 2024-08-31" in answer("rules", "IPF-window-12m")


def test_coverage_tells_of_every_provision_whether_it_is_encoded_and_tested() -> None:
    rows = data("rules", "--coverage")
    assert len(rows) == 279
    assert {row["state"] for row in rows} == {"encoded", "shown_as_note"}
    for row in rows:
        assert row["rules"]
        assert not row["reason"]
        for place in row["rules"]:
            file, lines = place.split(":")
            text = (ROOT / "encodings/law" / file).read_text("utf-8").splitlines()
            assert all(0 < int(line) <= len(text) for line in lines.split(","))
    assert Counter(row["regime"] for row in rows) == {"ips": 33, "ipf": 116, "euf": 41, "euo": 14, "euv": 27, "waf": 48}
    text = answer("rules", "--coverage")
    assert_plain(text)
    encoded, tested = sum(bool(row["rules"]) for row in rows), sum(bool(row["tests"]) for row in rows)
    assert text.splitlines()[-1] == f"{encoded} of 279 provisions encoded, {tested} exercised by tests"
    assert_plain(answer("rules", "--coverage", "--lang", "fr", "--regime", "IPS"))


def test_routes_are_listed() -> None:
    routes = [row["route"] for row in data("rules", "--routes")]
    assert routes == [route for route, _ in cli._engine().law.table("route")]
    assert {"ip_spouse", "ip_minor_child", "ip_status", "ip_humanitarian", "ip_evacuation"} <= set(routes)
    for language in LANGUAGES:
        text = answer("rules", "--routes", "--lang", language)
        assert_plain(text)
        assert all(route in text for route in routes)


def test_readings_are_listed_with_their_answers_and_default() -> None:
    rows = data("rules", "--readings")
    for row in rows:
        values = [option["value"] for option in row["answers"]]
        assert len(values) >= 2
        assert row["default"] is None or row["default"] in values
        assert row["question"]
        assert all(option["meaning"] for option in row["answers"])
        data("rules", row["provision"])
        for value in values:
            assert reasoner("decide", SINGLE, "--reading", f"{row['reading']}={value}").code == 0
    for language in LANGUAGES:
        assert_plain(answer("rules", "--readings", "--lang", language))


# -- new --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_template_is_a_valid_case_file_for_its_route(language: str) -> None:
    law = cli._engine().law
    for route, _ in law.table("route"):
        text = answer("new", route, "--lang", language)
        assert text.startswith("# ")
        assert not re.search(r"[ \t]$", text, re.MULTILINE)
        case = parse_case(text, choices=law.choices).case
        holder = (route,) in law.table("holder_route")
        assert [application.route for application in case.applications or ()] == ([] if holder else [route])
    assert any(o["route"] == "ip_status" for o in data("decide", "-", given=answer("new", "ip_status"))["outcomes"])


def test_a_template_is_written_to_a_file_that_does_not_exist_yet(tmp_path: Path) -> None:
    path = tmp_path / "amal.yaml"
    assert answer("new", "ip_status", "-o", str(path)) == ""
    first = path.read_text("utf-8")
    path.write_text("mine", "utf-8")
    ran = reasoner("new", "ip_status", "-o", str(path))
    assert (ran.code, ran.out, path.read_text("utf-8")) == (2, "", "mine")
    assert "amal.yaml" in ran.err
    assert answer("new", "ip_status", "-o", str(path), "--force") == ""
    assert path.read_text("utf-8") == first
    for target in (tmp_path / "no" / "such" / "folder.yaml", tmp_path):
        ran = reasoner("new", "ip_status", "-o", str(target), "--force")
        assert (ran.code, ran.out) == (2, "")
        assert str(target) in ran.err


def test_a_template_for_an_unknown_route_is_wrong_usage() -> None:
    ran = reasoner("new", "ip_spose")
    assert (ran.code, ran.out) == (2, "")
    assert "Did you mean ip_spouse?" in ran.err


# -- real processes ---------------------------------------------------------------------------------------------------


def test_through_a_pipe_there_is_no_colour_and_no_long_line() -> None:
    ran = process("decide", COUPLE)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert_plain(ran.stdout)
    assert ran.stdout == answer("decide", COUPLE)
    ran = process("decide", "no-such-file.yaml")
    assert (ran.returncode, ran.stdout) == (3, "")
    assert len(ran.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "words", [["rules"], ["decide", COUPLE], ["rules", "--coverage", "--format", "json"]], ids=" ".join
)
def test_a_reader_that_stops_reading_sees_no_traceback(words: list[str]) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as closed:
        ran = subprocess.run(
            [sys.executable, "-m", "reasoner", *words],
            cwd=ROOT,
            stdout=closed,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device here")
def test_a_full_disk_is_told_in_one_line() -> None:
    with open("/dev/full", "w") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "reasoner", "rules"],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert (ran.returncode, len(ran.stderr.splitlines())) == (1, 1)


def test_signs_that_the_encoding_of_the_locale_lacks_are_printed_all_the_same() -> None:
    ran = process("decide", SINGLE, "--lang", "fr", env={"PYTHONIOENCODING": "latin-1"})
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "✓" in ran.stdout


def test_who_interrupts_a_command_while_it_is_being_loaded_sees_no_traceback() -> None:
    code = """
import runpy, sys
from importlib.abc import MetaPathFinder

class Interrupted(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == "typer":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupted())
runpy.run_module("reasoner", run_name="__main__")
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (130, "", "")
