"""The pages: what they hold and link, and how they behave in a real browser."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from reasoner import wording
from reasoner.cli import app
from reasoner.engine import Engine
from reasoner.quality.mentions import mentions
from reasoner.render import html
from reasoner.render.lines import ASK, NO, YES, Line
from reasoner.render.report import report

ROOT = Path(__file__).parent.parent
EN = wording.load("en")
LATE = "examples/spouse-under-21/case.yaml"
OPEN = "examples/half-known-dates/case.yaml"


class Page(HTMLParser):
    """A page that is well-formed: its text, elements, anchors and links."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text, self._open = "", list[str]()
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in {"meta", "input"}:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self._open):
            self.text += data

    def of(self, tag: str, kind: str = "") -> list[dict[str, str | None]]:
        return [a for name, a in self.elements if name == tag and (not kind or kind in (a.get("class") or "").split())]

    @property
    def ids(self) -> list[str]:
        return [value for _, attributes in self.elements if (value := attributes.get("id"))]

    @property
    def targets(self) -> set[str]:
        return {str(link["href"]).removeprefix("#") for link in self.of("a")}


def written(tmp_path: Path, *words: str) -> str:
    path = tmp_path / "page.html"
    result = CliRunner().invoke(app, [*words, "-o", str(path)])
    assert result.exit_code == 0, result.output
    return path.read_text("utf-8")


@pytest.fixture(scope="module")
def late(tmp_path_factory: pytest.TempPathFactory) -> str:
    return written(tmp_path_factory.mktemp("late"), "report", str(ROOT / LATE))


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> str:
    return written(tmp_path_factory.mktemp("book"), "rules", "--format", "html")


# -- what stands on them ----------------------------------------------------------------------------------------------


def test_text_is_escaped_wherever_it_comes_from() -> None:
    evil = '<script>"&'
    assert html.tag("p", evil, title=evil) == '<p title="&lt;script&gt;&quot;&amp;">&lt;script&gt;&quot;&amp;</p>'
    assert html.tag("p", html.tag("b", "x"), ["y", html.Html("<i></i>")]) == "<p><b>x</b>y<i></i></p>"
    assert html.tag("input", hidden=True, value=None, for_="a", data_x=False) == '<input hidden for="a">'
    tree = html.tree(
        [Line(NO, evil, ("p",), (Line(YES, "b"),))], EN, lambda ids: html.tag("a", *ids), lambda line: True
    )
    assert "<script" not in tree
    assert "<details open><summary>" in tree


@pytest.mark.parametrize("name", ["late", "book"])
def test_a_page_is_well_formed_and_each_link_leads_to_one_place_of_it(
    name: str, request: pytest.FixtureRequest
) -> None:
    found = Page(request.getfixturevalue(name))
    assert len(found.ids) == len(set(found.ids))
    assert len(found.targets) > 10
    assert found.targets <= set(found.ids)
    policy = next(a["content"] for a in found.of("meta") if "http-equiv" in a)
    assert policy is not None and policy.startswith("default-src 'none'; style-src 'sha256-")
    assert not [a for _, a in found.elements if "style" in a or "onclick" in a or "src" in a]


def test_a_report_says_what_the_decision_says(late: str) -> None:
    found = Page(late)
    assert "Amal joins Yusuf, four days before her birthday" in found.text
    rows = re.findall(r"<tr>(.*?)</tr>", late)[1:]
    said = [re.sub(r"<[^>]+>", "|", unescape(row)) for row in rows]
    assert [re.sub(r"\|+", "|", row).strip("|") for row in said] == [
        "Yusuf Haddad|protection status and first residence card|✓ eligible|✓ file complete",
        "Yusuf Haddad|unlimited stay and B card|✗ not eligible|no list of documents",
        "Amal Nasser|residence on humanitarian grounds|joining Yusuf Haddad|– left to the authority's discretion|no list of documents|"
        "not applied for",
        "Amal Nasser|family reunification as a spouse|joining Yusuf Haddad|✗ not eligible|✓ file complete|2025-02-28",
    ]
    for sentence in (
        "the day Amal Nasser turns 21 (2025-03-04) is 4 days after Amal Nasser's application (2025-02-28)",
        "both partners had reached the minimum age when Amal Nasser applied: 4 days short",
        "10 of 10 in order",
        "IPF-spouse-age-21, art. 10 §1 4° Aliens Act",
        "AIDA country report on Belgium, family reunification (March 2025), lines 36,73",
        "persons.yusuf.protection.still_held = yes",
        "EUR 180",
    ):
        assert sentence in found.text, sentence


def test_of_each_person_the_best_route_lies_open_and_what_was_asked_for(late: str) -> None:
    outcomes = [(a["id"], "open" in a) for a in Page(late).of("details", "outcome")]
    assert outcomes == [("outcome-1", True), ("outcome-2", False), ("outcome-3", True), ("outcome-4", True)]


def test_the_line_has_application_deadlines_windows_and_ages_at_their_days(late: str) -> None:
    part = late[late.index('id="outcome-4"') :]
    line = part[part.index('<ol class="dates">') : part.index("</ol>")]
    rows = re.findall(r'<li class="(\w+)"><div><span class="when">([\d-]+)</span><span>(.*?)</span>(.*?)</li>', line)
    found = {(kind, on, re.sub(r"<.*", "", text).strip()): rest for kind, on, text, rest in rows}
    assert list(found)[3:7] == [
        ("filed", "2025-02-28", "the application"),
        ("fact", "2025-03-04", "the day Amal Nasser turns 21"),
        ("assessed", "2025-03-10", "the assessment"),
        ("window", "2025-07-12", "1 year after the grant of protection to Yusuf Haddad"),
    ]
    assert (
        "result",
        "2025-11-28",
        "last day for the decision, if the time is counted from the filing (leaflet)",
    ) in found
    assert ">4 days after the application<" in found["fact", "2025-03-04", "the day Amal Nasser turns 21"]
    # The window begins where the grant lies, and ends at its own day, the same as that of the deadline.
    places = {key: re.findall(r'(?:cx|x1|x2)="([\d.]+)%"', rest) for key, rest in found.items()}
    window = next(rest for key, rest in found.items() if key[0] == "window")
    grant = next(places[key][-1] for key in places if key[1] == "2024-07-12")
    first, last = re.search(r'x1="([\d.]+)%" x2="([\d.]+)%" y1="50%" y2="50%" class="stretch"', window).groups()  # type: ignore[union-attr]
    assert (first, last) == (
        grant,
        places["result", "2025-07-12", next(k[2] for k in places if k[:2] == ("result", "2025-07-12"))][-1],
    )
    in_order = [float(places[key][-1]) for key in found]
    assert in_order == sorted(in_order)
    assert in_order[-1] == 97.0


def test_an_open_date_is_a_stretch_and_what_is_open_is_asked(tmp_path: Path) -> None:
    page = written(tmp_path, "report", str(ROOT / OPEN), "--person", "zahra", "--route", "ip_spouse")
    assert '<li class="open"><div><span class="when">2025-01-01 to 2025-12-31</span>' in page
    found = Page(page)
    changes = found.text[found.text.index("What would change the outcome") : found.text.index("Checklist of documents")]
    assert "persons.zahra.born" in changes
    assert len(found.of("details", "outcome")) == 1


def test_what_it_would_take_stands_where_the_outcome_is_told() -> None:
    engine = Engine()
    decision = engine.decide(engine.load(ROOT / LATE))
    wanted = decision.about("amal", "ip_spouse")
    page = report(decision, wanted, EN, lambda run, outcome: [Line(ASK, f"apply again: {outcome.route}")])
    assert (
        page.index("What would change the outcome")
        < page.index("apply again: ip_spouse")
        < page.index("Dates on a line")
    )


def test_papers_that_fail_come_first_with_what_would_do(tmp_path: Path) -> None:
    page = written(tmp_path, "report", str(ROOT / "examples/faulty-documents/case.yaml"), "--route", "ip_minor_child")
    states = re.findall(r'<ul class="checklist">(.*?)<section>', page)[0]
    marks = re.findall(r'pill \w+">(.) ', states)
    assert marks[0] == "✗"
    assert marks == sorted(marks, key="✗✓–".index)
    assert "The file would be complete with: the visa application form; a valid travel document" in Page(page).text


def test_a_report_in_french_and_under_a_reform(tmp_path: Path) -> None:
    folder = ROOT / "examples/reforms/one-year-exemption-six-months"
    page = written(tmp_path, "report", str(folder / "changes.yaml"), "--reform", str(folder), "--lang", "fr")
    found = Page(page)
    assert '<html lang="fr">' in page
    assert "Documents à contrôler" in found.text
    assert "selon la réforme" in found.text.lower() or "réforme" in found.text
    assert not re.search(r"\bthe\b", found.text.split("Sources")[0].replace(str(folder), ""))


SHOWN = re.compile(r"^```console\n\$ reasoner (report .*) -o \S+\n.*?^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
STORIES = [
    found.groups() for path in ROOT.glob("examples/*/README.md") for found in SHOWN.finditer(path.read_text("utf-8"))
]


@pytest.mark.parametrize(("command", "lines"), STORIES, ids=[command.split("/")[1] for command, _ in STORIES])
def test_the_page_of_a_story_says_what_its_readme_quotes(
    command: str, lines: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    text = Page(written(tmp_path, *command.split())).text
    for line in lines.splitlines():
        assert line in text, line


def test_two_stories_show_a_report() -> None:
    assert len(STORIES) >= 2


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["report", LATE, "--person", "amla"], 2, "Did you mean amal?"),
        (["report", LATE, "--lang", "xx"], 2, "no wording in the language xx"),
        (["report", "missing.yaml"], 3, "missing.yaml"),
        (["report", LATE, "-o", "no/such/folder/page.html"], 2, "no/such/folder/page.html"),
        (["rules", "IPF-spouse-age-21", "--format", "html"], 2, "the whole law"),
        (["rules", "--format", "html", "--regime", "IPX"], 2, "IPX"),
    ],
)
def test_a_page_that_cannot_be_written_says_why(
    words: list[str], code: int, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    result = CliRunner().invoke(app, words)
    assert result.exit_code == code
    assert message in result.stderr
    assert "Traceback" not in result.output


def test_the_rulebook_links_provision_rule_test_and_condition_both_ways(book: str) -> None:
    parts = dict(
        re.findall(
            r'<(?:article|div)(?=[^>]* id="([^"]+)")[^>]*>(.*?)(?=<article|<div [^>]*id="|</section>)', book, re.DOTALL
        )
    )
    links = {name: set(re.findall(r'href="#([^"]+)"', part)) for name, part in parts.items()}
    provision = "ipf_spouse_age_21"
    assert "each of the two must have passed the age of 21" in parts[provision]
    assert "age(ipf_spouse_age_21, 21).</code> <span" in parts[provision]
    assert re.search(r"facts/periods\.lp:\d+", parts[provision])
    rules = {f"rule-{rule.index}" for rule in Engine().law.provision_rules[provision]}
    tests = {name for name in links[provision] if name.startswith("test-")}
    assert len(rules) == 3
    assert rules | {"condition-minimum_age"} <= links[provision]
    assert all(provision in links[name] for name in {*rules, *tests, "condition-minimum_age"})
    assert tests <= links["condition-minimum_age"]
    test = next(name for name in tests if "the applicant turns 21 around the day" in parts[name])
    assert re.search(r"minimum_age\.yaml:\d+", parts[test])
    assert rules <= links[test]
    assert all(test in links[rule] for rule in rules)
    assert len(rules & links["condition-minimum_age"]) == 2  # the third is a warning


def test_a_test_of_the_law_mentions_the_provisions_and_conditions_it_expects() -> None:
    found = {test.name: test for test in mentions(Engine().law)}
    test = found["at 18 the union must be older than the sponsor's arrival"]
    assert test._replace(line=0) == (
        "tests/law/ipf/minimum_age.yaml", 0, test.name, ("ipf_spouse_age_18",), ("minimum_age",))  # fmt: skip
    assert (ROOT / test.file).read_text("utf-8").splitlines()[test.line - 1].endswith(test.name)
    # A row may be called like a key of an expectation.
    assert found["the age of marriage is that of the child's own law and stays open when unknown"].conditions == ()


def test_every_provision_of_the_law_is_in_the_rulebook_with_what_it_has(book: str) -> None:
    law, found = Engine().law, Page(book)
    assert [a["id"] for a in found.of("article", "provision")] == [row[0] for row in law.table("provision")]
    for provision, rules in law.provision_rules.items():
        part = book[book.index(f'<article id="{provision}"') :].split("</article>")[0]
        assert part.count("<pre>") == len(rules), provision
    texts = Page(book).text
    for table, row in (("least", "least(ipf_regpartner_proof_2y, days_met, 45)."), ("article", "art. 10 §1 4°")):
        assert row in texts, table


def test_a_rulebook_of_one_regime_and_under_a_reform_has_their_provisions_only(tmp_path: Path) -> None:
    folder = str(ROOT / "examples/reforms/window-six-months")
    page = written(tmp_path, "rules", "--format", "html", "--regime", "IPF", "--reform", folder, "--lang", "fr")
    found = Page(page)
    assert {a["data-regime"] for a in found.of("article", "provision")} == {"ipf"}
    assert "encodings/law/ipf/partners.lp" in found.text
    assert "encodings/engine/outcomes.lp" in found.text
    assert "encodings/law/ips/" not in found.text
    assert found.targets <= set(found.ids)
    assert "window-six-months/" in found.text  # the rules of the reform, with their place
    assert "Recueil des règles" in found.text


def test_other_formats_of_the_rules_go_to_a_file_as_well(tmp_path: Path) -> None:
    page = written(tmp_path, "rules", "IPF-spouse-age-21")
    assert page.startswith("IPF-spouse-age-21")
    assert "encodings/law/ipf/partners.lp" in page


# -- in a browser -----------------------------------------------------------------------------------------------------

SWITCHES = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync")  # fmt: skip
# What is read against what lies behind it, for every element with text of its own.
CONTRAST = """() => {
  const parse = c => { const m = c.match(/[\\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m; };
  const light = c => c.slice(0, 3).map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const behind = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
    if (c[3] > 0) return c; } return [255, 255, 255, 1]; };
  const found = [];
  for (const e of document.querySelectorAll("body *")) {
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    if (!own || !e.checkVisibility() || ["SCRIPT", "OPTION"].includes(e.tagName)) continue;
    const style = getComputedStyle(e), ink = parse(e.closest("svg") ? style.fill : style.color);
    const [a, b] = [light(ink), light(behind(e))].sort((x, y) => y - x);
    found.push([(a + .05) / (b + .05), e.tagName + "." + e.getAttribute("class") + ": " + e.textContent.slice(0, 40)]);
  }
  return found.sort((x, y) => x[0] - y[0]);
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium without a window. Where there is none the test is skipped, unless REASONER_BROWSER asks for it."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        path = None
    if path is None:
        reason = "needs Chromium (apt-get install chromium) and playwright (pip install '.[dev]')"
        if os.environ.get("REASONER_BROWSER"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, headless=True, args=list(SWITCHES))
        yield started
        started.close()


@pytest.fixture(scope="module")
def pages(late: str, book: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    found = {"report": late, "rulebook": book}
    for name, text in found.items():
        (folder / f"{name}.html").write_text(text, "utf-8")
    return {name: folder / f"{name}.html" for name in found}


class Tab:
    """A page in a tab of its own; everything it asks for and every error of its scripts is kept."""

    def __init__(self, browser: Any, path: Path, **options: Any) -> None:
        self.page = browser.new_context(**options).new_page()
        self.asked: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        self.page.goto(path.as_uri())


@pytest.mark.parametrize("name", ["report", "rulebook"])
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_fetched_nothing_fails_and_nothing_is_wider_than_the_window(
    browser: Any, pages: dict[str, Path], name: str, width: int
) -> None:
    tab = Tab(browser, pages[name], viewport={"width": width, "height": 800})
    tab.page.click("#open-all")
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= width
    wide = "[...document.querySelectorAll('main *')].filter(e => e.checkVisibility() && !e.closest('.glance thead, .tree') && e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 80))"
    assert tab.page.evaluate(wide) == []
    assert tab.asked == [pages[name].as_uri()]
    assert tab.errors == []
    tab.page.context.close()


@pytest.mark.parametrize("name", ["report", "rulebook"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_against_its_background(browser: Any, pages: dict[str, Path], name: str, scheme: str) -> None:
    tab = Tab(browser, pages[name], color_scheme=scheme)
    tab.page.click("#open-all")
    found = tab.page.evaluate(CONTRAST)
    assert len(found) > 200
    assert [entry for entry in found if entry[0] < 4.5] == []
    background = tab.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(255, 255, 255)") == (scheme == "light")
    tab.page.context.close()


def test_the_tree_opens_and_closes_by_the_keyboard_alone(browser: Any, pages: dict[str, Path]) -> None:
    tab = Tab(browser, pages["report"])
    page, focus = tab.page, "document.activeElement"
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate(f"{focus}.matches('.outcome .tree summary')"):
            break
    state = f"[{focus}.tagName, {focus}.parentElement.open, {focus}.nextElementSibling.checkVisibility()]"
    assert page.evaluate(state) == ["SUMMARY", False, False]
    assert page.evaluate(f"getComputedStyle({focus}).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    assert page.evaluate(state) == ["SUMMARY", True, True]
    page.keyboard.press("Space")
    assert page.evaluate(state) == ["SUMMARY", False, False]
    page.context.close()


def test_buttons_open_and_close_everything_and_a_link_opens_what_it_leads_to(
    browser: Any, pages: dict[str, Path]
) -> None:
    tab = Tab(browser, pages["report"])
    closed = "document.querySelectorAll('details:not([open])').length"
    assert tab.page.evaluate(closed) > 0
    tab.page.click("#open-all")
    assert tab.page.evaluate(closed) == 0
    tab.page.click("#close-all")
    assert tab.page.evaluate("document.querySelectorAll('details[open]').length") == 0
    tab.page.click("a[href='#outcome-2']")
    tab.page.wait_for_selector("#outcome-2[open] h3")
    tab.page.context.close()


@pytest.mark.parametrize("name", ["report", "rulebook"])
def test_on_paper_everything_is_open_and_in_black_on_white(browser: Any, pages: dict[str, Path], name: str) -> None:
    tab = Tab(browser, pages[name], color_scheme="dark", java_script_enabled=name == "rulebook")
    page = tab.page
    page.emulate_media(media="print", color_scheme="dark")
    hidden = "[...document.querySelectorAll('main details > *')].filter(e => !e.checkVisibility({contentVisibilityAuto: true})).length"
    assert page.evaluate(hidden) == 0
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.is_visible(".buttons")
    if name == "report":
        paper = page.pdf(prefer_css_page_size=True)
        assert paper.startswith(b"%PDF-")
        assert len(re.findall(rb"/Type\s*/Page\b", paper)) >= 8
        assert b"/MediaBox [0 0 594" in paper or b"/MediaBox [0 0 595" in paper  # A4
    page.context.close()


def test_the_search_finds_provisions_by_words_and_regime(browser: Any, pages: dict[str, Path]) -> None:
    tab = Tab(browser, pages["rulebook"])
    page = tab.page
    shown = "[...document.querySelectorAll('.provision')].filter(e => e.checkVisibility()).map(e => e.id)"
    everything = page.evaluate(shown)
    page.keyboard.press("/")
    page.keyboard.type("passed the AGE of 21")
    found = page.evaluate(shown)
    assert "ipf_spouse_age_21" in found
    assert len(found) < len(everything) / 20
    assert page.inner_text("#count").startswith(f"{len(found)} of {len(everything)}")
    headings = "[...document.querySelectorAll('.regime')].filter(e => e.checkVisibility()).length"
    assert page.evaluate(headings) == len({name.split("_")[0] for name in found})
    page.fill("#search", "no such words anywhere")
    assert page.evaluate(shown) == []
    page.fill("#search", "")
    page.select_option("#regime", "ips")
    assert {name.split("_")[0] for name in page.evaluate(shown)} == {"ips"}
    # A link to what the search has put away brings it back.
    page.evaluate("location.hash = 'ipf_spouse_age_21'")
    page.wait_for_selector("#ipf_spouse_age_21", state="visible")
    assert page.evaluate(shown) == everything
    page.context.close()


def test_without_scripts_the_rulebook_is_a_plain_page(browser: Any, pages: dict[str, Path]) -> None:
    tab = Tab(browser, pages["rulebook"], java_script_enabled=False)
    assert tab.page.is_visible("#ipf_spouse_age_21")
    assert not tab.page.is_visible("#search")
    assert not tab.page.is_visible("#open-all")
    tab.page.context.close()
