"""An interview: which question comes when and why, what answers do, and how a script and a terminal drive it."""

from __future__ import annotations

import atexit
import copy
import json
import os
import pty
import re
import select
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from test_examples import BLOCK, missing_from
from typer.testing import CliRunner

from reasoner.cli import app
from reasoner.engine import Engine
from reasoner.errors import CaseFileError, UsageError, dotted
from reasoner.questions.ask_answers import Question, value_of
from reasoner.questions.ask_goals import Scope
from reasoner.questions.interview import Interview
from reasoner.yamlfile import Document, read

ROOT = Path(__file__).parent.parent
HALF = ROOT / "examples" / "half-known-dates" / "case.yaml"
LIVING, MARRIED, BORN = "applications[0].will_live_with_sponsor", "unions[0].concluded", "persons.zahra.born"
WORDS = {"y": "yes", "none": "none", "lawful": "lawful", "unlawful": "unlawful"}


@cache
def engine() -> Engine:
    return Engine()


atexit.register(engine.cache_clear)  # parsed statements must go before clingo does


def data(name: str = "half-known-dates") -> dict[str, Any]:
    return copy.deepcopy(read(ROOT / "examples" / name / "case.yaml").data)


def interview(case: dict[str, Any] | None, **scope: Any) -> Interview:
    return Interview(engine(), None if case is None else Document(case, {}, "case.yaml"), Scope(**scope))


def place(held: Interview) -> str:
    question = held.next()
    return "" if question is None else dotted(question.place)


def answered(held: Interview, *values: Any) -> Interview:
    """The interview after these answers; None is one that is not known."""
    for value in values:
        question = held.next()
        assert question is not None
        if value is None:
            held.unknown(question)
        else:
            held.answer(question, value)
    return held


def result(held: Interview, person: str, route: str) -> tuple[str, str]:
    assert held.decision is not None
    (_, found), *_ = held.decision.about(person, route)
    return found.result, found.file


# -- which question ------------------------------------------------------------------------------------------------


def test_what_can_settle_the_result_alone_is_asked_before_what_needs_another_answer() -> None:
    held = interview(data(), papers="none")
    question = held.next()
    assert question is not None
    assert (dotted(question.place), question.kind, question.size) == (LIVING, "truth", 1)
    (reason,) = question.reasons
    assert (reason.person, reason.route, reason.part) == ("zahra", "ip_spouse", "result")
    assert reason.about == (("condition", "p2", "ip_spouse", "live_with_sponsor"),)
    assert reason.provisions == ("ipf_spouse_live_with",)


def test_an_answer_that_settles_the_result_ends_the_interview() -> None:
    held = answered(interview(data()), "no")
    assert place(held) == ""
    assert result(held, "zahra", "ip_spouse")[0] == "not_eligible"


def test_an_exact_date_that_decides_leaves_the_other_unasked() -> None:
    held = answered(interview(data(), papers="none"), "yes", "2023-03-20")
    assert place(held) == ""
    assert result(held, "zahra", "ip_spouse")[0] == "eligible"
    held = answered(interview(data(), papers="none"), "yes", "2023-03-21")
    assert place(held) == BORN


def test_a_date_that_stays_partly_known_is_not_asked_for_again() -> None:
    held = answered(interview(data(), papers="none"), "yes", "2023-03", "2004")
    assert place(held) == ""
    assert result(held, "zahra", "ip_spouse")[0] == "undetermined"
    assert not held.certain(held.goals[0])


def test_what_is_not_known_is_not_asked_for_again_and_does_not_hide_what_settles_it_all_the_same() -> None:
    held = answered(interview(data(), papers="none"), "yes", None)
    assert place(held) == BORN
    answered(held, "2003-12-31")
    assert place(held) == ""
    assert result(held, "zahra", "ip_spouse")[0] == "eligible"
    assert held.case["unions"][0]["concluded"] == "unknown"


def test_going_back_restores_the_question_and_the_case_file() -> None:
    held = interview(data())
    before = held.case
    answered(held, "yes", "2023-03-20")
    assert held.back()
    assert place(held) == MARRIED
    assert held.back()
    assert (place(held), held.case) == (LIVING, before)
    assert not held.back()


def test_papers_are_asked_for_once_the_result_is_known_and_their_properties_once_they_are_held() -> None:
    held = answered(interview(data()), "yes", "2023-03-20")
    asked = []
    while (question := held.next()) is not None:
        asked.append(question)
        assert question.reasons[0].part == "file"
        if question.kind != "paper":
            assert question.place[:3] == ("applications", 0, "documents"), "of a paper that is not listed"
        later = question.place[-1] == "valid_until"
        values = {"date": "2030-01-10" if later else "2025-01-10", "country": "BE", "language": "nl"}
        held.answer(question, values.get(question.kind, question.choices[:1] and question.choices[0]))
    assert {"paper", "truth", "date"} <= {question.kind for question in asked}
    assert result(held, "zahra", "ip_spouse") == ("eligible", "complete")
    assert len({question.place for question in asked}) == len(asked)


def test_the_day_on_which_a_paper_was_handed_in_says_that_it_is_there() -> None:
    held = answered(interview(data()), "yes", "2023-03-20", "2025-02-03")
    (paper,) = held.case["applications"][0]["documents"]
    assert (paper["type"], paper["handed_in"]) == ("marriage_certificate", "2025-02-03")
    assert place(held) != ""


def test_one_missing_paper_settles_the_file_unless_each_is_asked_for() -> None:
    assert place(answered(interview(data()), "yes", "2023-03-20", "no")) == ""
    each = answered(interview(data(), papers="each"), "yes", "2023-03-20", "no")
    assert place(each).startswith("documents.zahra.")


def test_a_union_of_unknown_kind_is_asked_about_because_a_file_without_it_says_that_there_is_none() -> None:
    case = data()
    case["unions"][0]["kind"] = "unknown"
    held = interview(case, papers="none")
    question = held.next()
    assert question is not None
    assert question.place == ("unions", 0, "kind")
    assert "marriage" in question.choices
    held.answer(question, "de_facto")
    assert result(held, "zahra", "ip_spouse")[0] == "not_eligible"
    assert place(held) == ""


def test_parents_that_a_file_leaves_out_are_asked_for_and_left_out_again_when_they_are_not() -> None:
    case = data("stepchild-and-shared-custody")
    spared = interview(data(), papers="none")
    assert "parents" not in spared.case["persons"]["zahra"]
    for person in case["persons"].values():
        person.pop("parents", None)
    held, asked = interview(case, papers="none", person="miriam"), []
    while (question := held.next()) is not None:
        asked.append(dotted(question.place))
        held.unknown(question)
    assert "persons.miriam.parents" in asked
    assert held.case["persons"]["miriam"]["parents"] == "unknown"
    assert "parents" not in held.case["persons"]["tekle"]


def test_what_silence_answers_is_asked_only_if_nothing_is_assumed() -> None:
    def places(**scope: Any) -> set[str]:
        held, found = interview(data(), papers="none", **scope), set[str]()
        while (question := held.next()) is not None:
            found.add(dotted(question.place))
            held.unknown(question)
        return found

    assert "unions[0].polygamous" not in places()
    assert "persons.mustafa.other_spouse_in_belgium" in places(assume_nothing=True)


def test_meetings_are_asked_for_as_a_list_of_periods() -> None:
    case = data("registered-partner")
    union = case["unions"][0]
    held = interview(case, papers="none")
    before, routes = place(held), [goal.route for goal in held.goals]
    assert before == "", "the story is complete"
    for key in ("meetings", "cohabitation", "common_child"):
        union.pop(key, None)
    held = interview(case, papers="none")
    asked: dict[str, Question] = {}
    while (question := held.next()) is not None:
        asked[dotted(question.place)] = question
        held.unknown(question)
    assert asked["unions[0].meetings"].kind == "periods"
    assert asked["unions[0].meetings"].reasons[0].route in routes


def test_each_further_question_of_a_family_names_the_person_it_is_for() -> None:
    held = interview(data("family-of-eight"))
    asked = []
    for _ in range(6):
        question = held.next()
        assert question is not None
        asked.append(question.reasons[0].person)
        held.answer(question, "no")
    assert len(set(asked)) == 6


# -- answers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "said", "value"),
    [
        ("truth", "Y", "yes"),
        ("date", "2024-05", "2024-05"),
        ("date", "2024", 2024),
        ("choice", "2", "b"),
        ("choice", "B", "B"),
        ("people", "1, zahra noori", ["a", "zahra"]),
        ("people", "none", []),
        ("countries", "sy, be", ["SY", "BE"]),
        ("periods", "2023-01-01..2023-02-01, 2024-01-01..", [
            {"from": "2023-01-01", "to": "2023-02-01"}, {"from": "2024-01-01", "to": "none"}]),
        ("periods", "none", []),
        ("lawful", "2023 to 2024-06 lawful, 2024-07..none unlawful", [
            {"from": "2023", "to": "2024-06", "lawful": "yes"}, {"from": "2024-07", "to": "none", "lawful": "no"}]),
    ],
)  # fmt: skip
def test_an_answer_becomes_the_value_of_the_case_file(kind: str, said: str, value: object) -> None:
    question = Question(("persons",), kind, ("a", "b"))
    assert value_of(question, said, WORDS, {"zahra noori": "zahra"}) == value


@pytest.mark.parametrize(
    ("value", "code"), [("maybe", "boolean"), ("2023-01-01", "boolean"), (["yes"], "boolean")], ids=str
)
def test_an_answer_that_cannot_stand_there_is_refused_as_in_a_case_file_and_changes_nothing(
    value: object, code: str
) -> None:
    held = interview(data())
    before = held.case
    with pytest.raises(CaseFileError) as error:
        answered(held, value)
    assert [(fault.code, fault.path) for fault in error.value.faults] == [(code, LIVING)]
    assert (held.case, place(held)) == (before, LIVING)


def test_a_date_that_contradicts_another_is_refused() -> None:
    held = answered(interview(data()), "yes")
    with pytest.raises(CaseFileError) as error:
        answered(held, "2003-05-01")
    assert [fault.code for fault in error.value.faults] == ["date_order"]


@pytest.mark.parametrize(("scope", "name"), [({"person": "zara"}, "zahra"), ({"route": "ip_spous"}, "ip_spouse")])
def test_a_person_or_route_that_does_not_exist_is_an_error_with_the_nearest(scope: dict[str, str], name: str) -> None:
    with pytest.raises(UsageError) as error:
        interview(data(), **scope)
    assert error.value.values["suggestion"] == name


def test_two_examples_show_what_an_answer_decides_to_the_day() -> None:
    held = answered(interview(data(), papers="none"), "yes", None)
    question = held.next()
    assert question is not None
    examples = held.examples(question)
    assert examples is not None
    days = sorted(each.values["born", "p2"].isoformat() for each in examples)
    assert days[0] < "2004-02-04" <= days[1]


# -- from a script -------------------------------------------------------------------------------------------------


def ask(*arguments: str, answers: str | None = None) -> Any:
    return CliRunner().invoke(app, ["ask", *arguments], input=answers or "", env={"COLUMNS": "80", "NO_COLOR": "1"})


def test_a_script_answers_by_order_or_by_place_and_what_was_not_needed_is_named(tmp_path: Path) -> None:
    script = tmp_path / "answers.txt"
    script.write_text(f"# a comment\n{BORN}: 2003-01-01\n{MARRIED}: 2023-03-20  # before he came\nyes\n", "utf-8")
    shown = ask(str(HALF), "--papers", "none", "--answers", str(script))
    assert shown.exit_code == 0
    assert re.findall(r"^> (.*)$", shown.stdout, re.MULTILINE) == ["yes", "2023-03-20"]
    assert "✓ Now certain: Zahra Noori, family reunification as a spouse: eligible" in shown.stdout
    assert f"Answers that were not needed: {BORN}" in shown.stdout
    assert "concluded: 2023-03-20" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 80


def test_the_commands_explain_show_go_back_and_save(tmp_path: Path) -> None:
    saved = tmp_path / "zahra.yaml"
    said = f"why\nyes\nunknown\nback\nhelp\nshow\nback\nback\nsave\nsave {saved}\nquit\n"
    shown = ask(str(HALF), "--papers", "none", answers=said)
    assert shown.exit_code == 0
    for sentence in (
        "With the rest the same, yes would give: eligible; no: not eligible.",
        "Zahra Noori is coming to live with Mustafa Noori in Belgium [IPF-spouse-live-with]",
        "There is no answer to take back.",
        "Type save and the name of a file.",
        "Stopped. What was answered is kept; some outcomes are still open.",
    ):
        assert re.sub(r"\s+", " ", sentence) in re.sub(r"\s+", " ", shown.stdout)
    questions = re.findall(r"^(\d\.) (.*)$", shown.stdout, re.MULTILINE)
    assert [number for number, _ in questions] == ["1.", "2.", "3.", "2.", "1."]
    assert interview(read(saved).data).next() is not None


def test_what_a_script_answers_wrongly_is_an_error_with_its_line_and_the_rest_is_kept(tmp_path: Path) -> None:
    script, saved = tmp_path / "answers.txt", tmp_path / "zahra.yaml"
    script.write_text("yes\n1 March\n", "utf-8")
    shown = ask(str(HALF), "--answers", str(script), "-o", str(saved))
    assert shown.exit_code == 2
    assert f'{script}:2: the answer 1 March is refused. "1 March" is not a date.' in shown.stderr
    assert read(saved).data["applications"][0]["will_live_with_sponsor"] == "yes"


def test_a_script_that_ends_keeps_what_was_answered() -> None:
    shown = ask(str(HALF), answers="yes")
    assert shown.exit_code == 0
    assert "The answers end here; some outcomes are still open." in shown.stdout
    assert "will_live_with_sponsor: yes" in shown.stdout


def test_a_file_that_exists_is_replaced_only_on_demand(tmp_path: Path) -> None:
    saved = tmp_path / "case.yaml"
    saved.write_text("mine", "utf-8")
    assert ask(str(HALF), "-o", str(saved), answers="no").exit_code == 2
    assert saved.read_text("utf-8") == "mine"
    assert ask(str(HALF), "-o", str(saved), "--force", answers="no").exit_code == 0
    assert read(saved).data["applications"][0]["will_live_with_sponsor"] == "no"


def test_a_file_that_cannot_be_written_is_an_error_and_the_case_is_shown(tmp_path: Path) -> None:
    shown = ask(str(HALF), "-o", str(tmp_path / "nowhere" / "case.yaml"), answers="no")
    assert shown.exit_code == 2
    assert "No such file" in shown.stderr
    assert "will_live_with_sponsor: no" in shown.stdout


def test_a_file_that_is_no_case_is_an_error_with_its_line(tmp_path: Path) -> None:
    wrong = tmp_path / "case.yaml"
    wrong.write_text("persons:\n  amal: {born: soon}\n", "utf-8")
    shown = ask(str(wrong))
    assert shown.exit_code == 3
    assert f"{wrong}:2: persons.amal.born" in shown.stderr


def test_answers_that_cannot_be_read_are_an_error() -> None:
    shown = ask(str(HALF), "--answers", "nowhere.txt")
    assert (shown.exit_code, "nowhere.txt" in shown.stderr) == (2, True)


START = """
Yusuf Haddad
protection
Amal Haddad, Sami Haddad
none
marriage
ip_spouse
child
Amal Haddad
best
"""


def test_without_a_case_it_begins_with_the_people_and_writes_a_case_that_decides_alike(tmp_path: Path) -> None:
    saved = tmp_path / "case.yaml"
    shown = ask("--papers", "none", "-o", str(saved), answers=f"{START}{LIVING}: no\n")
    assert shown.exit_code == 0
    found = read(saved).data
    assert list(found["persons"]) == ["yusuf", "amal", "sami"]
    assert found["persons"]["sami"]["parents"] == ["yusuf", "amal"]
    assert found["unions"] == [{"partners": ["yusuf", "amal"], "kind": "marriage"}]
    assert [a.get("route") for a in found["applications"]] == ["ip_spouse", None]
    decided = engine().decide(engine().load(saved))
    ((_, outcome),) = decided.about("amal", "ip_spouse")
    assert outcome.result == "not_eligible"
    assert "Now certain: Amal Haddad, family reunification as a spouse: not eligible" in shown.stdout


def test_whoever_is_joined_is_asked_on_what_the_stay_rests(tmp_path: Path) -> None:
    saved = tmp_path / "case.yaml"
    shown = ask("-o", str(saved), answers="Wout\nfree_movement\nMarisol\nnone\nmarriage\nbest\n")
    assert shown.exit_code == 0
    assert read(saved).data["persons"]["wout"] == {"name": "Wout", "free_movement": {"basis": "unknown"}}
    assert "stay with a citizen of the Union" in shown.stdout
    wrong = ask(answers="Wout\nfree_movment\n")
    assert (wrong.exit_code, "free_movement" in wrong.stderr) == (2, True)


def test_a_wrong_word_at_the_beginning_names_the_nearest() -> None:
    shown = ask(answers="Yusuf\nprotection\nAmal\nnone\nmariage\n")
    assert shown.exit_code == 2
    assert "marriage" in shown.stderr


@pytest.mark.parametrize(
    ("language", "answers", "said"),
    [
        (
            "fr",
            "pourquoi oui inconnu retour quitter",
            (
                "Le reste étant le même, oui donnerait",
                "Arrêt. Les réponses sont gardées ; des résultats restent ouverts.",
            ),
        ),
        (
            "nl",
            "waarom ja onbekend terug stop",
            ("Met de rest gelijk zou ja dit geven:", "Gestopt. Wat is beantwoord, wordt bewaard; sommige resultaten"),
        ),
    ],
)
def test_it_speaks_a_language_and_takes_its_words(language: str, answers: str, said: tuple[str, ...]) -> None:
    shown = ask(str(HALF), "--papers", "none", "--lang", language, answers=answers.replace(" ", "\n") + "\n")
    assert shown.exit_code == 0
    assert all(sentence in re.sub(r"\s+", " ", shown.stdout) for sentence in said)
    assert "will_live_with_sponsor: yes" in shown.stdout


def test_json_has_every_question_with_its_reasons_and_the_outcomes() -> None:
    shown = ask(str(HALF), "--papers", "none", "--format", "json", answers="yes\nunknown\n2003\n")
    found = json.loads(shown.stdout)
    assert found["ended"] == "finished"
    assert [(q["path"], q["answer"]) for q in found["questions"]] == [
        (LIVING, "yes"), (MARRIED, "unknown"), (BORN, "2003")]  # fmt: skip
    assert found["questions"][2]["because"] == [
        {"person": "zahra", "route": "ip_spouse", "part": "result", "about": ["minimum_age"],
         "provisions": ["ipf_spouse_age_21"]}]  # fmt: skip
    assert found["unknown"] == [MARRIED]
    assert [(o["person"], o["route"], o["result"]) for o in found["outcomes"]] == [("zahra", "ip_spouse", "eligible")]
    assert found["case"]["persons"]["zahra"]["born"] == 2003


def test_markdown_has_the_outcomes_the_questions_and_the_case() -> None:
    shown = ask(str(HALF), "--format", "markdown", answers="no\n").stdout
    assert shown.startswith("# No further answer can change an outcome.\n")
    assert "1. Is Zahra Noori coming to live with the sponsor? **no**" in shown
    assert "```yaml\ncase: half-known-dates\n" in shown


def test_the_page_shows_what_it_prints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs" / "interview.md").read_text("utf-8")
    (answers,) = re.findall(r"^```text\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    ((command, shown),) = (block.split("\n", 1) for block in BLOCK.findall(page))
    (tmp_path / "zahra.txt").write_text(answers, "utf-8")
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    printed = ask(*command.split()[3:])
    assert missing_from(printed.stdout, shown) is None, printed.output


@pytest.mark.parametrize(("story", "options"), [("first-conversation", ("--as-of", "2025-03-10", "--papers", "none"))])
def test_the_case_file_of_a_story_is_what_its_interview_writes(
    story: str, options: tuple[str, ...], tmp_path: Path
) -> None:
    folder, saved = ROOT / "examples" / story, tmp_path / "case.yaml"
    assert ask(*options, "--answers", str(folder / "answers.txt"), "-o", str(saved)).exit_code == 0
    assert saved.read_text("utf-8") == (folder / "case.yaml").read_text("utf-8")


# -- at a terminal -------------------------------------------------------------------------------------------------


PROMPT = "\n> "


class Session:
    """A real terminal with the interview in it."""

    def __init__(self, *arguments: str) -> None:
        self.process, self.terminal = pty.fork()
        self.shown = ""
        if not self.process:
            os.environ |= {"COLUMNS": "80", "TERM": "dumb", "NO_COLOR": "1", "PYTHONPATH": str(ROOT)}
            os.execv(sys.executable, [sys.executable, "-m", "reasoner", "ask", *arguments])

    def until(self, words: str) -> str:
        """What is shown until these words are, since the last time."""
        while words not in self.shown:
            assert select.select([self.terminal], [], [], 60)[0], self.shown
            try:
                self.shown += os.read(self.terminal, 4096).decode(errors="replace").replace("\r\n", "\n")
            except OSError:  # the end of a terminal
                break
        before, found, self.shown = self.shown.partition(words)
        assert found, before
        return before + found

    def type(self, keys: str) -> None:
        os.write(self.terminal, keys.encode())

    def interrupt(self) -> None:
        """Ctrl-C, again if it came before the terminal was being read."""
        for _ in range(5):
            self.type("\x03")
            if select.select([self.terminal], [], [], 10)[0]:
                return

    def end(self) -> int:
        """The exit code."""
        code = os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])
        os.close(self.terminal)
        return code


def test_a_terminal_session_is_refused_corrected_and_interrupted_and_keeps_what_was_answered(tmp_path: Path) -> None:
    saved = tmp_path / "zahra.yaml"
    session = Session(str(HALF), "-o", str(saved))
    first = session.until(PROMPT)
    assert "1. Is Zahra Noori coming to live with the sponsor?" in first
    assert "yes, no or unknown" in first
    session.type("perhaps\n")
    assert '"perhaps" is neither yes nor no' in session.until(PROMPT)
    session.type("yes\n")
    assert "2. On which day did Zahra Noori and Mustafa Noori enter into a marriage?" in session.until(PROMPT)
    assert read(saved).data["applications"][0]["will_live_with_sponsor"] == "yes", "written after each answer"
    session.type("2023-03\n")
    session.until(PROMPT)
    session.interrupt()
    last = session.until("Saved to")
    assert "Traceback" not in last
    assert session.end() == 130
    assert read(saved).data["unions"][0]["concluded"] == "2023-03"


def test_a_terminal_asks_before_it_replaces_a_file_and_the_end_of_input_keeps_the_answers(tmp_path: Path) -> None:
    saved = tmp_path / "zahra.yaml"
    saved.write_text("mine", "utf-8")
    session = Session(str(HALF), "-o", str(saved))
    assert "Replace it?" in session.until(PROMPT)
    session.type("no\n")
    session.until("stays")
    assert (session.end(), saved.read_text("utf-8")) == (0, "mine")
    session = Session(str(HALF), "-o", str(saved))
    session.until(PROMPT)
    session.type("yes\n")
    assert "1. Is Zahra" in session.until(PROMPT)
    session.type("yes\n")
    assert "2. On which day" in session.until(PROMPT)
    session.type("\x04")
    assert "The answers end here" in session.until("Saved to")
    assert session.end() == 0
    assert read(saved).data["applications"][0]["will_live_with_sponsor"] == "yes"
