"""How results read: reasons, distances, names, languages and formats."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import combinations
from pathlib import Path

import pytest

from reasoner import wording
from reasoner.case import parse_case
from reasoner.engine import Decision, Engine
from reasoner.explanation import FALSE, Node
from reasoner.outcome import Outcome
from reasoner.render.lines import Line, Writer
from reasoner.render.markdown import markdown
from reasoner.render.text import console, references, tree
from reasoner.run import Run

ROOT = Path(__file__).parent.parent
STORIES = (
    "spouse-under-21",
    "half-known-dates",
    "registered-partner",
    "unregistered-couple",
    "unlimited-stay",
    "faulty-documents",
)
LANGUAGES = wording.languages()
NAME = "Amal Nasser"


@cache
def engine() -> Engine:
    return Engine()


def source(story: str) -> str:
    return (ROOT / "examples" / story / "case.yaml").read_text("utf-8")


@cache
def decision(story: str, name: str = NAME) -> Decision:
    text = source(story).replace(NAME, name)
    return engine().decide(parse_case(text, choices=engine().law.choices))


def writer(story: str, language: str = "en", **options: bool) -> Writer:
    return Writer(decision(story), wording.load(language), **options)


@cache
def lines(story: str, language: str = "en") -> tuple[Line, ...]:
    return tuple(writer(story, language).outcomes())


def walk(line: Line) -> Iterator[Line]:
    yield line
    for child in line.children:
        yield from walk(child)


def everything(language: str = "en") -> Iterator[Line]:
    for story in STORIES:
        for line in lines(story, language):
            yield from walk(line)


def on_route(story: str, person: str, route: str) -> tuple[Run, Outcome]:
    return next((r, o) for r, o in decision(story).decided if (o.person, o.route) == (person, route))


def condition(story: str, person: str, route: str, wanted: str, language: str = "en") -> Line:
    run, outcome = on_route(story, person, route)
    write = writer(story, language)
    (found,) = [c for c in outcome.conditions if c.id == wanted]
    return write.cut(write.condition(run, outcome, found, write.sentences(run)))


# -- reasons ----------------------------------------------------------------------------------------------------------


def test_an_unmet_condition_shows_every_way_that_fails_with_its_distance() -> None:
    age = condition("spouse-under-21", "amal", "ip_spouse", "minimum_age")
    assert age.mark == "✗"
    ways = {line.provisions: " ".join(part.text for part in walk(line)) for line in age.children}
    assert set(ways) == {("ipf_spouse_age_21",), ("ipf_spouse_age_18",)}
    assert "turns 21 (2025-03-04) is 4 days after Amal Nasser's application (2025-02-28)" in ways["ipf_spouse_age_21",]
    assert (
        "(2023-06-10) is 39 days after the arrival of Yusuf Haddad in Belgium (2023-05-02)"
        in ways["ipf_spouse_age_18",]
    )


def gone(node: Node) -> bool:
    """Whether the way fails because its provision is not in force, which alone is said."""
    return any(child.atom[0] == "in_force" and child.holds == FALSE for child in node.children)


def failing(node: Node) -> Iterator[Node]:
    """The comparisons at the ends of a why-not that a reader should see."""
    if node.kind == "rule" and gone(node):
        return
    if node.kind == "comparison" and node.holds == FALSE:
        yield node
    for child in node.children:
        yield from failing(child)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("story", STORIES)
def test_every_failing_way_of_every_unmet_condition_is_written(story: str, language: str) -> None:
    write = writer(story, language)
    for run, outcome in decision(story).decided:
        name = run.cast.canonical[outcome.person]
        sentences = write.sentences(run)
        for found in outcome.conditions:
            if found.status != "unmet":
                continue
            line = write.condition(run, outcome, found, sentences)
            told = {part.text for part in walk(line)}
            cited = {provision for part in walk(line) for provision in part.provisions}
            assert line.children
            assert all(part.mark == "✗" for part in line.children)
            for predicate in ("satisfied", "waived"):
                why_not = run.explainer.explain((predicate, name, outcome.route, found.id))
                assert {provision for way in why_not.children for provision in way.provisions} <= cited
                for node in failing(why_not):
                    text = sentences.node(node)
                    assert text in told
                    if node.distance and node.distance.amount:
                        # The sentence tells how far the days lie apart; "before" takes one day more to hold.
                        assert re.search(rf"\b({node.distance.amount}|{node.distance.amount - 1})\b", text)


def test_a_condition_that_nobody_in_the_file_can_meet_says_so() -> None:
    run, outcome = on_route("spouse-under-21", "amal", "ip_spouse")
    write = writer("spouse-under-21")
    invented = outcome.conditions[0]._replace(id="no_such_condition", status="unmet")
    line = write.condition(run, outcome, invented, write.sentences(run))
    assert [child.text for child in line.children] == [write.wording.ui("nobody_is")]


def test_a_waived_condition_shows_why() -> None:
    housing = condition("spouse-under-21", "amal", "ip_spouse", "housing")
    assert housing.mark == "–"
    (way,) = housing.children
    assert (way.mark, way.provisions) == ("✓", ("ipf_material_exempt_1y",))
    told = [part.text for part in walk(way)]
    assert any("134 days before" in text and "2025-07-12" in text for text in told)


def test_the_same_reason_is_given_once() -> None:
    (outcome,) = [line for line in lines("spouse-under-21") if "as a spouse" in line.text]
    waived = [child for child in outcome.children if child.mark == "–"]
    assert [len(list(walk(child))) > 3 for child in waived] == [True, False, False]
    assert [child.children[0].text for child in waived[1:]] == ["for the same reason"] * 2


def test_what_fails_comes_before_what_is_open_waived_or_met() -> None:
    order = "✗?–✓"
    for story in STORIES:
        for (_, outcome), line in zip(decision(story).decided, lines(story), strict=True):
            marks = [order.index(child.mark) for child in line.children[: len(outcome.conditions)]]
            assert marks == sorted(marks)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_provision_that_is_not_in_force_is_one_line_with_its_dates(language: str) -> None:
    pattern = (
        re.escape(wording.load(language).get("ui", "not_in_force"))
        .replace(r"\{Title\}", ".+")
        .replace(r"\{Dates\}", "(.+)")
    )
    told = [part for line in writer("spouse-under-21", language, full=True).outcomes() for part in walk(line)]
    found = [(line, match[1]) for line in told if (match := re.fullmatch(pattern, line.text))]
    assert found
    for line, dates in found:
        assert (line.mark, line.children, len(line.provisions)) == ("✗", (), 1)
        assert re.search(r"\d{4}-\d\d-\d\d", dates)


def test_no_line_says_nothing_or_leaves_a_placeholder_open() -> None:
    for language in LANGUAGES:
        for line in everything(language):
            assert line.text.strip() == line.text != ""
            assert not re.search(r"[{}]|\b[a-z]+_[a-z_]+\(|  |None\b", line.text), line.text


def test_no_line_has_the_same_line_below_it() -> None:
    for language in LANGUAGES:
        for line in everything(language):
            assert all((child.text, child.provisions) != (line.text, line.provisions) for child in line.children), (
                line.text
            )
            assert len(set(line.children)) == len(line.children)


def test_an_atom_of_another_law_that_has_the_name_of_one_here_is_shown_without_our_sentence() -> None:
    run, _ = on_route(STORIES[0], "amal", "ip_spouse")
    sentences = writer(STORIES[0]).sentences(run)
    assert "marriage" in sentences.atom(("union_of_route", "ip_spouse", "marriage"), FALSE)
    assert sentences.atom(("union_of_route", "x7"), FALSE) == "union of route (x7)"


def test_all_languages_say_the_same_things() -> None:
    for story in STORIES:
        shapes = [
            [
                [(part.mark, part.provisions, len(part.children)) for part in walk(line)]
                for line in lines(story, language)
            ]
            for language in LANGUAGES
        ]
        assert all(shape == shapes[0] for shape in shapes)
    said = [{line.text for line in everything(language) if line.mark} for language in LANGUAGES]
    assert all(one & other == set() for one, other in combinations(said, 2))


def test_a_fact_is_shown_with_the_line_of_the_file_where_it_stands() -> None:
    text = source("spouse-under-21").splitlines()
    line = next(part for part in everything() if "has not been granted subsidiary protection" in part.text)
    match = re.search(r"\(line (\d+)\)", line.text)
    assert match
    assert "status: refugee" in text[int(match[1]) - 1]


def test_defects_are_shown_below_the_document() -> None:
    faulty = [
        line for line in (part for top in lines("faulty-documents") for part in walk(top)) if "defective" in line.text
    ]
    assert faulty
    for line in faulty:
        assert line.mark == "✗"
        assert line.provisions
        assert any(child.mark == "✗" for child in line.children)


# -- depth and fullness -----------------------------------------------------------------------------------------------


def test_depth_cuts_and_full_adds() -> None:
    def deepest(line: Line) -> int:
        return 1 + max((deepest(child) for child in line.children), default=0)

    for depth in (0, 1, 3):
        for line in Writer(decision("spouse-under-21"), wording.load("en"), depth=depth).outcomes():
            assert deepest(line) <= depth + 1
    short, reasons, full = (
        sum(len(list(walk(line))) for line in writer("spouse-under-21", **options).outcomes())
        for options in ({}, {"reasons": True}, {"full": True})
    )
    assert short < reasons <= full


# -- French -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plain", "elided"),
    [
        ("la demande de Amal", "la demande d'Amal"),
        ("le jour où Amal est arrivée", "le jour où Amal est arrivée"),
        ("parce que Élise vient", "parce qu'Élise vient"),
        ("la demande de Yusuf", "la demande de Yusuf"),
        ("la demande de Hassan", "la demande de Hassan"),
        ("De Omar", "D'Omar"),
        ("une Afghane", "une Afghane"),
    ],
)
def test_french_elides_before_a_name_that_begins_with_a_vowel(plain: str, elided: str) -> None:
    marked = re.sub(r"\b(?=Amal|Élise|Yusuf|Hassan|Omar)", wording.NAME, plain)
    assert wording.load("fr").fluent(marked) == elided
    assert wording.load("en").fluent(marked) == plain


def test_nothing_is_left_to_elide_in_french() -> None:
    for line in everything("fr"):
        assert not re.search(r"\b(?:de|que|le|je|ne|se) [AEIOUÉÈÊ][a-zé]", line.text), line.text
    assert any("d'Amal Nasser" in line.text for line in everything("fr"))


@pytest.mark.parametrize("name", ["Maria de Oliveira", "Le Anh"])
def test_a_name_is_never_changed(name: str) -> None:
    decided = decision("spouse-under-21", name)
    titles = [line.text for line in Writer(decided, wording.load("fr")).outcomes()]
    assert sum(name in title for title in titles) == 2


# -- names from the file ----------------------------------------------------------------------------------------------

ODD = "{Person} [red]x[/red] *a* _b_ :smile: <i>"


def test_a_name_is_printed_as_it_is_written() -> None:
    decided = decision("spouse-under-21", f'"{ODD}"')
    write = Writer(decided, wording.load("en"))
    title = next(line for line in write.outcomes() if "as a spouse" in line.text)
    assert title.text.startswith(f"{ODD}, ")
    out = console(width=200)
    with out.capture() as captured:
        out.print(tree(title, write.articles))
    assert ODD in captured.get()
    page = next(markdown(title, {}))
    assert r"{Person} \[red\]x\[/red\] \*a\* \_b\_ :smile: \<i\>" in page


# -- text and markdown ------------------------------------------------------------------------------------------------

SAMPLE = Line(
    "✗", "top", (), (
        Line("✓", "one", ("ipf_spouse_age_21",), (Line("?", "deep", (), (Line("", "deeper"),)),)),
        Line("", "Group", (), (Line("", "a | b"),), heading=True),
    ),
)  # fmt: skip


def test_markdown_nests_as_the_lines_do() -> None:
    assert list(markdown(SAMPLE, {"ipf_spouse_age_21": "art. 10"})) == [
        "## ✗ top\n",
        "- ✓ one (IPF-spouse-age-21, art. 10)",
        "  - ? deep",
        "    - deeper",
        "- **Group**",
        "  - a \\| b",
        "",
    ]


@pytest.mark.parametrize("story", STORIES)
def test_markdown_never_skips_a_level(story: str) -> None:
    for line in lines(story):
        before = -1
        for row in list(markdown(line, {}))[1:-1]:
            match = re.match(r"( *)- \S", row)
            assert match, row
            level = len(match[1]) // 2
            assert level <= before + 1
            before = level


def test_the_tree_is_drawn_with_marks_and_provisions() -> None:
    out = console(width=80)
    with out.capture() as captured:
        out.print(tree(SAMPLE, {"ipf_spouse_age_21": "art. 10"}))
    assert [line.rstrip() for line in captured.get().splitlines()] == [
        "✗ top",
        "├── ✓ one [IPF-spouse-age-21, art. 10]",
        "│   └── ? deep",
        "│       └── deeper",
        "└── Group",
        "    └── a | b",
    ]


def test_provisions_of_one_article_are_listed_together() -> None:
    line = Line("", "x", ("ipf_a", "ips_b", "ipf_c", "ipf_d"))
    assert (
        references(line, {"ipf_a": "art. 1", "ipf_c": "art. 1", "ips_b": "art. 2"})
        == "IPF-a, IPF-c, art. 1; IPS-b, art. 2; IPF-d"
    )


def test_a_long_word_is_folded_at_the_edge() -> None:
    out = console(width=40)
    with out.capture() as captured:
        out.print(tree(Line("✓", "x" * 100, (), (Line("✗", "y" * 100),)), {}))
    assert max(map(len, captured.get().splitlines())) <= 40
    assert captured.get().count("x") == captured.get().count("y") == 100
