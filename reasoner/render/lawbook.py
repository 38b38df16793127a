"""The law as one page to search and to walk through: provisions, conditions, rules and tests, each linked with the
others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from reasoner import __version__
from reasoner.quality.mentions import Mention, mentions
from reasoner.quality.names import named
from reasoner.render.html import Html, Inside, buttons, join, page, tag
from reasoner.render.lawtext import law_texts
from reasoner.render.lines import NO_ARTICLE, reference
from reasoner.render.rulebook import chosen, described, in_force, sources

if TYPE_CHECKING:
    from reasoner.program import Law, Rule
    from reasoner.wording import Wording

_CARRIES = ("requires", "satisfied", "waived")  # the rules by which a provision carries a condition
# Tables that are said in words.
_SAID = ("provision", "source", "article", "clock", "in_force_from", "in_force_until", "not_encoded")
_WORD = re.compile(r"%[^\n]*|\b[a-z]\w*\b(\()?")


class Parameter(NamedTuple):
    """A line of ``facts/`` that names a provision."""

    file: str
    line: int
    text: str


class _Book:
    """The law with its links."""

    def __init__(self, law: Law, root: Path, wording: Wording, regime: str | None) -> None:
        self.law, self.wording = law, wording
        self.provisions = {identifier: own for identifier, own, _, _ in chosen(law, regime)}
        own = self.provisions.keys()
        texts = law_texts(root, law.reforms)
        named_in: dict[str, set[str]] = {}  # file -> provisions
        for rule in law.rules:
            named_in.setdefault(rule.file, set()).update(rule.provisions)
        shown = {file for file, others in named_in.items() if not others or own & others}
        self.rules = [r for r in law.rules if r.file in shown and not r.file.startswith("encodings/vocabulary")]
        self.written = {
            (file, statement.line): text.written(statement)
            for file, text in texts.items()
            for statement in text.statements
        }
        self.parameters: dict[str, list[Parameter]] = {}
        for file, text in texts.items():
            for statement in text.statements if file.startswith("facts/") else ():
                self._parameter(Parameter(file, statement.line, _even(text.written(statement))))
        self.carried: dict[str, dict[str, None]] = {}  # condition -> provisions
        self.rules_of: dict[str, list[Rule]] = {}  # condition -> rules
        carries: dict[int, set[str]] = {}  # rule -> conditions
        for rule in self.rules:
            for condition in dict.fromkeys(named(law, rule, 2)) if rule.head in _CARRIES else ():
                self.rules_of.setdefault(condition, []).append(rule)
                self.carried.setdefault(condition, {}).update(dict.fromkeys(rule.provisions))
                carries.setdefault(rule.index, set()).add(condition)
        self.conditions = [c for c in self.carried if own & self.carried[c].keys()]
        self.tests = [
            (number, test)
            for number, test in enumerate(mentions(law))
            if regime is None or own & set(test.provisions) or set(self.conditions) & set(test.conditions)
        ]
        # A test is about a rule if it names a provision of it and, where the rule carries a condition, that condition.
        self.about: dict[int, list[Rule]] = {}
        self.tests_of: dict[int, list[tuple[int, Mention]]] = {}
        for number, test in self.tests:
            near = (r for p in test.provisions for r in law.provision_rules.get(p, ()) if r.file in shown)
            for rule in {rule.index: rule for rule in near}.values():
                if not test.conditions or carries.get(rule.index, set(test.conditions)) & set(test.conditions):
                    self.about.setdefault(number, []).append(rule)
                    self.tests_of.setdefault(rule.index, []).append((number, test))
        heads: dict[str, list[Rule]] = {}
        for rule in self.rules:
            heads.setdefault(rule.head, []).append(rule)
        # A conclusion that many topics share has no one place to lead to.
        self.defined = {head: own[0] for head, own in heads.items() if len({rule.file for rule in own}) == 1}

    def _parameter(self, found: Parameter) -> None:
        if found.text.partition("(")[0] not in _SAID:
            for identifier in self.provisions.keys() & set(re.findall(r"\w+", found.text)):
                self.parameters.setdefault(identifier, []).append(found)

    # -- links ------------------------------------------------------------------------------------------------------

    def provision_links(self, provisions: Iterable[str]) -> Html:
        return _listed(
            tag("a", reference(p), href=f"#{p}") if p in self.provisions else reference(p) for p in provisions
        )

    def condition_links(self, conditions: Iterable[str]) -> Html:
        return _listed(tag("a", c, href=f"#condition-{c}") if c in self.conditions else c for c in conditions)

    @staticmethod
    def rule_link(rule: Rule, short: bool = False) -> Html:
        place = f"{rule.file}:{rule.line}"
        return tag("a", place.rpartition("/")[2] if short else place, href=f"#rule-{rule.index}")

    def test_links(self, tests: Sequence[tuple[int, Mention]]) -> Html:
        """The tests, folded away."""
        if not tests:
            return Html()
        items = (tag("li", tag("a", f"{_topic(test)}: {test.name}", href=f"#test-{n}")) for n, test in tests)
        return _folded(f"{self.wording.ui('tests')} ({len(tests)})", tag("ul", items))

    def code(self, rule: Rule) -> Html:
        """A rule as it is written; provisions, conditions and conclusions in it lead to where they stand."""
        text = _even(self.written.get((rule.file, rule.line)) or rule.text)
        parts: list[str] = []
        at = 0
        for word in _WORD.finditer(text):
            name, target = word[0].removesuffix("("), ""
            if name in self.provisions:
                target = name
            elif word[1] and name in self.defined:
                target = f"rule-{self.defined[name].index}"
            elif name in self.conditions and re.search(
                r"\b(requires|satisfied|waived|unmet)\([^()]*$", text[: word.start()]
            ):
                target = f"condition-{name}"
            if target and target != f"rule-{rule.index}":
                parts += [text[at : word.start()], tag("a", name, href=f"#{target}")]
                at = word.start() + len(name)
        return tag("pre", tag("code", *parts, text[at:]))


def _even(text: str) -> str:
    """A text without the blanks that align it with its neighbours."""
    return re.sub(r"(?<=\S) {2,}", " ", text)


def _listed(parts: Iterable[str]) -> Html:
    return join(*(piece for n, part in enumerate(parts) for piece in ((", ", part) if n else (part,))))


def _topic(test: Mention) -> str:
    return "/".join(Path(test.file).with_suffix("").parts[-2:])


def lawbook(law: Law, root: Path, wording: Wording, regime: str | None = None) -> str:
    """The page, of the whole law or of one regime's provisions."""
    book, ui = _Book(law, root, wording, regime), wording.ui
    parts = {
        "book_provisions": _provisions(book),
        "book_conditions": _conditions(book),
        "book_rules": _rules(book),
        "book_tests": _tests(book),
    }
    sections = [
        tag("section", tag("h2", ui(key)), content, id=key.removeprefix("book_"))
        for key, content in parts.items()
        if content
    ]
    title = ui("book_title")
    head = [
        tag("h1", title),
        tag("p", ui("law", Version=__version__, Digest=law.digest[:12]), class_="soft small"),
        tag(
            "p",
            ui("book_intro", Provisions=len(book.provisions), Rules=len(book.rules), Tests=len(book.tests)),
            class_="soft",
        ),
        *(tag("p", tag("strong", ui("under_reform", Title=r.title(wording.language)))) for r in law.reforms),
        buttons(wording, "open-all", "close-all", "print"),
    ]
    body = tag(
        "div",
        tag("nav", _side(book, parts), aria_label=ui("book_contents")),
        tag("main", head, sections),
        class_="book",
    )
    return page(title, wording, [body], "rulebook")


def _side(book: _Book, parts: Mapping[str, Html]) -> Iterator[Html]:
    ui, wording = book.wording.ui, book.wording
    regimes = list(dict.fromkeys(book.provisions.values()))
    options = [tag("option", ui("book_all"), value=""), *(tag("option", _regime(r, wording), value=r) for r in regimes)]
    total = len(book.provisions)
    count = tag("p", id="count", role="status", class_="soft small", data_text=ui("book_count", Total=total))
    yield tag(
        "form",
        tag("label", ui("book_search"), for_="search"),
        tag("input", type="search", id="search", autocomplete="off", spellcheck="false"),
        tag("label", ui("regime"), for_="regime"),
        tag("select", options, id="regime"),
        count,
        role="search",
        hidden=True,
        data_script=True,
    )
    yield tag(
        "ul",
        (
            tag("li", tag("a", ui(key), href=f"#{key.removeprefix('book_')}"))
            for key, content in parts.items()
            if content
        ),
    )
    for regime in regimes:
        own = [p for p, other in book.provisions.items() if other == regime]
        links = (tag("li", tag("a", reference(p), href=f"#{p}"), data_for=p) for p in own)
        label = tag("summary", tag("span", f"{regime.upper()} ({len(own)})"))
        yield tag("details", label, tag("ul", links), class_="listed")


def _regime(regime: str, wording: Wording) -> str:
    title = wording.get("regimes", regime)
    return f"{regime.upper()} – {title}" if title else regime.upper()


def _provisions(book: _Book) -> Html:
    regimes = dict.fromkeys(book.provisions.values())
    tests: dict[str, list[tuple[int, Mention]]] = {}
    for number, test in book.tests:
        for provision in test.provisions:
            tests.setdefault(provision, []).append((number, test))
    groups = (
        tag(
            "section",
            tag("h3", _regime(regime, book.wording)),
            (_provision(book, p, tests.get(p, ())) for p, own in book.provisions.items() if own == regime),
            class_="regime",
        )
        for regime in regimes
    )
    return join(groups)


def _provision(book: _Book, identifier: str, tests: Sequence[tuple[int, Mention]]) -> Html:
    law, wording, ui = book.law, book.wording, book.wording.ui
    data = described(law, identifier, wording)
    rules = law.provision_rules.get(identifier, ())
    carries = [condition for condition in book.conditions if identifier in book.carried.get(condition, ())]
    rows: list[tuple[str, Inside]] = [
        ("article", "" if data["article"] == wording.citation(NO_ARTICLE) else data["article"] or ""),
        ("source", "; ".join(sources(law, data, wording))),
        ("in_force", in_force(data, wording)),
        ("conditions", book.condition_links(carries)),
        ("parameters", join(_parameter(p) for p in book.parameters.get(identifier, ()))),
        ("book_readings", join(_readings(law, wording, identifier))),
        ("reform", join(_changes(law, wording, identifier))),
    ]
    state = ""
    if data["not_encoded"]:
        state = f"{ui('not_encoded')}: {ui('reason_' + data['not_encoded'])}"
    elif data["role"] == "note":
        state = ui("shown_as_note")
    shown = [
        tag("h4", tag("a", data["id"], href=f"#{identifier}", class_="id"), " ", data["title"] or ""),
        *([tag("p", data["statement"])] if data["statement"] else []),
        *([tag("p", tag("span", state, class_="pill plain"))] if state else []),
        tag("dl", (tag("div", tag("dt", ui(key)), tag("dd", content)) for key, content in rows if content)),
    ]
    if rules:
        before = ["", *(rule.comment for rule in rules)]  # rules that follow each other share a comment
        listed = (
            join(_rule_head(book, rule, rule.comment != last), book.code(rule))
            for rule, last in zip(rules, before, strict=False)
        )
        shown.append(_folded(f"{ui('rules')} ({len(rules)})", tag("div", listed, class_="body"), opened=True))
    shown.append(book.test_links(tests))
    return tag("article", shown, id=identifier, class_="provision", data_regime=data["regime"])


def _rule_head(book: _Book, rule: Rule, told: bool) -> Html:
    comment = f"{rule.comment} " if told and rule.comment else ""
    return tag("p", comment, tag("span", book.rule_link(rule), class_="cite"), class_="above")


def _parameter(found: Parameter) -> Html:
    return tag("div", tag("code", found.text), " ", tag("span", f"{found.file}:{found.line}", class_="soft small"))


def _readings(law: Law, wording: Wording, identifier: str) -> Iterator[Html]:
    defaults = dict(law.table("default_reading"))
    for question, provision in law.table("reading_of"):
        if provision == identifier:
            entry = wording.get("readings", str(question)) or {}
            answers = [str(answer) for name, answer in law.table("reading_option") if name == question]
            usual = f" ({wording.ui('default')})"
            items = [f"{a}{usual if defaults.get(question) == a else ''}: {entry.get(a, '')}" for a in answers]
            yield tag(
                "div",
                tag("code", str(question)),
                f": {entry.get('title', '')}",
                tag("ul", (tag("li", i) for i in items)),
            )


def _changes(law: Law, wording: Wording, identifier: str) -> Iterator[Html]:
    for change in law.changes:
        if re.search(rf"\b{identifier}\b", change.text):
            where = f"{wording.ui('reform_' + change.kind)} {change.file}:{change.line}"
            yield tag("div", tag("span", where, class_="soft small"), tag("pre", tag("code", change.text)))


def _conditions(book: _Book) -> Html:
    ui, wording = book.wording.ui, book.wording
    people = {key: ui(f"book_{key.lower()}") for key in ("Applicant", "Sponsor", "Route")}
    found = []
    for condition in book.conditions:
        provisions = list(book.carried.get(condition, ()))
        text = wording.fluent(wording.text("conditions", condition, Person=people["Applicant"], **people))
        tests = [(number, test) for number, test in book.tests if condition in test.conditions]
        rows: list[tuple[str, Inside]] = [
            ("book_provisions", book.provision_links(provisions)),
            ("rules", _listed(map(book.rule_link, book.rules_of.get(condition, ())))),
        ]
        shown = [
            tag("h3", tag("a", condition, href=f"#condition-{condition}", class_="id"), " ", text),
            tag("dl", (tag("div", tag("dt", ui(key)), tag("dd", content)) for key, content in rows if content)),
        ]
        shown.append(book.test_links(tests))
        found.append(tag("article", shown, id=f"condition-{condition}"))
    return join(found)


def _rules(book: _Book) -> Html:
    files: dict[str, list[Rule]] = {}
    for rule in book.rules:
        files.setdefault(rule.file, []).append(rule)
    return join(_file(file, (_rule(book, rule) for rule in rules), len(rules)) for file, rules in files.items())


def _rule(book: _Book, rule: Rule) -> Html:
    head = tag("p", tag("strong", f"{rule.file.rpartition('/')[2]}:{rule.line}"), " ", rule.comment, class_="above")
    by = tag("p", book.provision_links(rule.provisions), class_="small") if rule.provisions else Html()
    tests = book.test_links(book.tests_of.get(rule.index, ()))
    return tag("div", head, book.code(rule), by, tests, id=f"rule-{rule.index}", class_="rule")


def _tests(book: _Book) -> Html:
    files: dict[str, list[Html]] = {}
    for number, test in book.tests:
        links = [
            book.provision_links(test.provisions),
            book.condition_links(test.conditions),
            _listed(book.rule_link(rule, short=True) for rule in book.about.get(number, ())),
        ]
        head = tag("p", tag("strong", f"{test.file.rpartition('/')[2]}:{test.line}"), " ", test.name, class_="above")
        said = (tag("p", link, class_="small") for link in links if link)
        files.setdefault(test.file, []).append(tag("div", head, said, id=f"test-{number}", class_="rule"))
    return join(_file(file, tests, len(tests)) for file, tests in files.items())


def _file(name: str, content: Iterable[Html], number: int) -> Html:
    return _folded(f"{name} ({number})", tag("div", content, class_="body"))


def _folded(label: str, content: Html, opened: bool = False) -> Html:
    return tag("details", tag("summary", tag("span", label)), content, open=opened)
