"""A decision as a page for a file or a client: what each person gets, why, what is missing, which dates count, and what
would change it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reasoner import __version__
from reasoner.outcome import Outcome
from reasoner.render import dateline
from reasoner.render.html import Html, buttons, join, page, pill, tag, tree
from reasoner.render.lines import ASK, MARKS, NO, RESULT_MARKS, YES, Line, Writer, reference
from reasoner.render.rulebook import described, in_force, sources
from reasoner.render.sentences import day
from reasoner.target import Target, matching

if TYPE_CHECKING:
    from reasoner.engine import Decision
    from reasoner.run import Run
    from reasoner.wording import Wording

Remedies = Callable[["Run", Outcome], Iterable[Line]]
_FILES = {"complete": YES, "incomplete": NO, "undetermined": ASK, "not_applicable": ""}
_SETTLED, _LACKING = ("held", "waived"), ("missing", "defective")


def _none(run: Run, outcome: Outcome) -> Iterable[Line]:
    return ()


def write(
    decision: Decision,
    wording: Wording,
    output: Path | None,
    *,
    person: str | None = None,
    route: str | None = None,
    remedies: Remedies = _none,
) -> None:
    """Writes the page about the outcomes of a decision, or those of one person or route, to a file and says so, or to
    standard output."""
    chosen = matching(decision, Target(person, route)) if person or route else decision.decided
    content = report(decision, chosen, wording, remedies)
    if output is None:
        print(content, end="")
        return
    output.write_text(content, encoding="utf-8")
    persons = len({outcome.person for _, outcome in chosen})
    print(wording.ui("report_written", File=output, Outcomes=len(chosen), Persons=persons))


def report(
    decision: Decision,
    chosen: Sequence[tuple[Run, Outcome]],
    wording: Wording,
    remedies: Remedies = _none,
) -> str:
    """The page about some outcomes of a decision.

    ``remedies`` gives the lines that say what it would take to change an outcome; they stand below what is open.
    """
    return _Report(decision, chosen, wording, remedies).page()


class _Report:
    def __init__(
        self, decision: Decision, chosen: Sequence[tuple[Run, Outcome]], wording: Wording, remedies: Remedies
    ) -> None:
        self.decision, self.wording, self.remedies = decision, wording, remedies
        self.writer = Writer(decision, wording, reasons=True)
        self.chosen = list(chosen)
        self.cited: dict[str, None] = {}

    def page(self) -> str:
        ui, case = self.wording.ui, self.decision.file.case
        title = case.title or case.case or self.decision.file.name
        main = join(self._overview(), *self._outcomes())
        body = [
            tag("header", self._header(title), id="top"),
            tag("main", main, self._sources()),
            tag("footer", tag("p", ui("report_disclaimer"), class_="soft small")),
        ]
        return page(f"{title} – {ui('report_kind')}", self.wording, body, "dates", "report")

    def _header(self, title: str) -> Iterator[Html]:
        ui, decision = self.wording.ui, self.decision
        name = decision.file.case.case or decision.file.name
        yield tag("p", ui("report_kind"), class_="eyebrow")
        yield tag("h1", title)
        yield tag("p", ui("heading", Case=name, Date=day(decision.assessed_on)), class_="soft")
        for reform in decision.law.reforms:
            yield tag("p", tag("strong", ui("under_reform", Title=reform.title(self.wording.language))))
        law = ui("law", Version=__version__, Digest=decision.law.digest[:12])
        yield tag("p", f"{law}. {ui('report_disclaimer')}", class_="soft small")
        yield buttons(self.wording, "open-all", "close-all", "print")

    # -- at a glance ------------------------------------------------------------------------------------------------

    def _overview(self) -> Html:
        ui = self.wording.ui
        if not self.chosen:
            return tag("p", ui("nobody"))
        keys = ("report_person", "report_route", "report_result", "report_file", "report_applied")
        titles = list(map(ui, keys))
        rows = []
        for number, (run, outcome) in enumerate(self.chosen):
            sentences = self.writer.sentences(run)
            name = sentences.names[run.cast.canonical[outcome.person]]
            before = self.chosen[number - 1][1].person if number else None
            route = [tag("a", self._said(sentences.route(outcome.route)), href=f"#{_anchor(number)}")]
            if outcome.sponsor is not None:
                joined = sentences.names[run.cast.canonical[outcome.sponsor]]
                with_whom = self._said(self.wording.ui("report_joining", Sponsor=joined))
                route.append(tag("span", with_whom, class_="soft small"))
            cells = (
                tag("strong", self._said(name), class_="again" if before == outcome.person else None),
                join(*route),
                self._result(outcome),
                self._file(outcome),
                self._asked(outcome),
            )
            rows.append(tag("tr", (tag("td", c, data_title=t) for t, c in zip(titles, cells, strict=True))))
        head = tag("thead", tag("tr", (tag("th", title, scope="col") for title in titles)))
        return tag(
            "section",
            tag("h2", ui("report_overview"), id="overview"),
            tag("table", head, tag("tbody", rows), class_="glance"),
            aria_labelledby="overview",
        )

    def _said(self, text: str) -> str:
        return self.wording.fluent(text)

    def _result(self, outcome: Outcome) -> Html:
        return pill(self.wording.text("results", outcome.result), RESULT_MARKS[outcome.result])

    def _file(self, outcome: Outcome) -> Html:
        text = self.wording.text("files", outcome.file)
        sign = _FILES[outcome.file]
        return pill(text, sign) if sign else tag("span", text, class_="soft small")

    def _applied(self, outcome: Outcome) -> Html:
        if not (outcome.applied_on or outcome.sponsor):
            return Html()
        return tag("span", self.writer.applied(outcome), class_="small")

    def _asked(self, outcome: Outcome) -> Html:
        """The day on which this very route was asked for; nothing for a route that nobody applies for."""
        if outcome.sponsor is None and outcome.applied_on is None:
            return Html()
        if not outcome.asked or not outcome.filed or outcome.applied_on is None:
            return tag("span", self.wording.ui("report_not_asked"), class_="soft small")
        return tag("span", day(outcome.applied_on), class_="nowrap")

    # -- one outcome ------------------------------------------------------------------------------------------------

    def _outcomes(self) -> Iterator[Html]:
        before = None
        for number, (run, outcome) in enumerate(self.chosen):
            sentences = self.writer.sentences(run)
            title = self._said(self.writer.title(outcome, sentences, run.cast.canonical[outcome.person]))
            label = tag(
                "div",
                tag("h2", title),
                tag("p", self._result(outcome), " ", self._file(outcome), " ", self._applied(outcome)),
            )
            # The best route of each person lies open, and each that was asked for.
            opened = outcome.person != before or outcome.asked
            before = outcome.person
            yield tag(
                "details",
                tag("summary", label),
                tag("div", self._parts(run, outcome), class_="body"),
                class_="outcome",
                id=_anchor(number),
                open=opened,
            )

    def _parts(self, run: Run, outcome: Outcome) -> Iterator[Html]:
        ui, sentences = self.wording.ui, self.writer.sentences(run)
        parts = {key: self._cut(lines) for key, lines in self.writer.parts(run, outcome).items()}
        if run.contradictory:
            yield self._callout([Line(ASK, ui("contradictory"))])
        yield self._callout(parts["warnings"])
        yield self._section("report_why", self._tree((*parts["conditions"], *parts["because"])))
        yield self._section("report_changes", self._changes(run, outcome, parts["depends_on"]))
        if parts["documents"]:
            yield self._section("report_documents", self._documents(outcome, parts["documents"]))
        dates = dateline.events(run, outcome, sentences)
        if len(dates) > 1:
            yield self._section("report_dates", dateline.drawn(dates, sentences, self.cite))
        yield self._section("effects", self._tree(parts["effects"]))
        practical = [self._small(key, parts[key]) for key in ("fees", "authorities", "channels")]
        yield self._section("report_practical", tag("div", practical, class_="columns") if any(practical) else Html())
        context = [self._small(key, parts[key]) for key in ("notes", "assumed")]
        yield self._section("report_context", join(context))

    def _cut(self, lines: Iterable[Line]) -> tuple[Line, ...]:
        return tuple(map(self.writer.cut, lines))

    def _section(self, key: str, content: Html) -> Html:
        return tag("section", tag("h3", self.wording.ui(key)), content) if content else Html()

    def _small(self, key: str, lines: tuple[Line, ...]) -> Html:
        return tag("div", tag("h4", self.wording.ui(key)), self._tree(lines)) if lines else Html()

    def _tree(self, lines: Sequence[Line]) -> Html:
        return tree(lines, self.wording, self.cite, lambda line: line.mark in (NO, ASK)) if lines else Html()

    def _callout(self, lines: Sequence[Line]) -> Html:
        return tag("div", self._tree(lines), class_="callout") if lines else Html()

    def _changes(self, run: Run, outcome: Outcome, depends: Sequence[Line]) -> Html:
        """What is still open, by how much a condition fails, what the file lacks, and what it would take."""
        sentences = self.writer.sentences(run)
        name, lines = run.cast.canonical[outcome.person], list(depends)
        for condition in outcome.conditions:
            if condition.distance is not None:
                words = {
                    "Sentence": sentences.condition(name, outcome.route, condition.id),
                    "Distance": sentences.amount(condition.distance.amount, condition.distance.unit),
                }
                lines.append(Line(NO, self.wording.ui("short", **words), condition.provisions[:1]))
        lacking = [self.wording.text("documents", d.type) for d in outcome.documents if d.status in _LACKING]
        if lacking and outcome.result != "not_eligible":
            lines.append(Line(NO, self.wording.ui("report_complete_with", List="; ".join(lacking))))
        # What it would take: the lines of `remedies`, for every outcome that is not good already.
        lines += self.remedies(run, outcome)
        return self._tree(self._cut(lines))

    def _documents(self, outcome: Outcome, lines: Sequence[Line]) -> Html:
        rows, held = [], 0
        pairs = sorted(zip(outcome.documents, lines, strict=True), key=lambda pair: pair[0].status in _SETTLED)
        for document, line in pairs:
            held += document.status in _SETTLED
            name = tag("div", self._name(document), " " if line.provisions else "", self.cite(line.provisions))
            state = pill(self.wording.text("statuses", document.status), MARKS[document.status])
            rows.append(tag("li", state, tag("div", name, self._tree(line.children))))
        count = self.wording.ui("report_held", Held=held, Total=len(rows))
        return join(tag("p", count, class_="soft small"), tag("ul", rows, class_="checklist"))

    def _name(self, document: Any) -> str:
        text = self.wording.text("documents", document.type)
        return text[:1].upper() + text[1:]

    # -- sources ----------------------------------------------------------------------------------------------------

    def cite(self, provisions: tuple[str, ...]) -> Html:
        """Provisions as links to what the page says of them at its end."""
        found: dict[str, list[Html]] = {}
        for provision in provisions:
            self.cited[provision] = None
            link = tag("a", reference(provision), href=f"#{provision}")
            found.setdefault(self.writer.articles.get(provision, ""), []).append(link)
        groups = (_listed([*links, *([article] if article else [])], ", ") for article, links in found.items())
        return tag("span", _listed(list(groups), "; "), class_="cite") if provisions else Html()

    def _sources(self) -> Html:
        if not self.cited:
            return Html()
        ui, rows = self.wording.ui, []
        for provision in sorted(self.cited):
            data = described(self.decision.law, provision, self.wording)
            said = [tag("strong", data["title"] or data["id"])]
            if data["statement"]:
                said.append(tag("p", data["statement"]))
            begun = self.wording.ui("pair", Name=ui("in_force"), Value=in_force(data, self.wording))
            facts = [self.writer.articles.get(provision), begun, *sources(self.decision.law, data, self.wording)]
            said.append(tag("p", " · ".join(filter(None, facts)), class_="soft small"))
            rows.append(tag("div", tag("dt", data["id"]), tag("dd", said), id=provision, class_="source"))
        return tag(
            "section",
            tag("h2", ui("report_sources")),
            tag("p", ui("report_sources_intro"), class_="soft"),
            tag("dl", rows),
            tag("p", tag("a", ui("report_back"), href="#top"), class_="screen"),
            class_="sources",
        )


def _listed(parts: Sequence[str], between: str) -> Html:
    return join(*(piece for number, part in enumerate(parts) for piece in ((between, part) if number else (part,))))


def _anchor(number: int) -> str:
    return f"outcome-{number + 1}"
