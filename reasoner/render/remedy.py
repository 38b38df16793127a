"""What it would take, as text, Markdown and JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from reasoner import __version__
from reasoner.dates import NONE
from reasoner.explanation import FALSE, OPEN, TRUE
from reasoner.outcome import Outcome, as_data
from reasoner.quality.casetext import flow
from reasoner.questions.remedy import Change, Place, Remedies, Remedy, answers
from reasoner.questions.remedy_obstacles import Obstacles, Standing
from reasoner.render.blocks import Block, show
from reasoner.render.lines import NO, PLAIN, YES, Line, Writer
from reasoner.wording import NAME

if TYPE_CHECKING:
    from reasoner.engine import Decision, Engine
    from reasoner.run import Run
    from reasoner.wording import Wording


def report(decision: Decision, answers: Sequence[Remedies], wording: Wording, format: str) -> None:
    """Prints the answer for each person."""
    if format == "json":
        print(json.dumps(as_json(decision, answers), indent=2, ensure_ascii=False))
        return
    words = Words(decision, wording)
    blocks = [block for answer in answers for block in words.answer(answer)]
    show(blocks or [Block("text", wording.ui("nobody"))], format)


def as_json(decision: Decision, answers: Sequence[Remedies]) -> dict[str, Any]:
    """The answers as plain data."""
    return {
        "case": decision.file.case.case or decision.file.name,
        "assessed_on": decision.assessed_on.isoformat(),
        "rules": {"version": __version__, "digest": decision.law.digest},
        "answers": as_data(tuple(answers)),
    }


def of_outcomes(engine: Engine, decision: Decision, wording: Wording) -> Callable[[Run, Outcome], Iterator[Line]]:
    """For an outcome that is not good already: the cheapest set of changes, or what stands in the way."""
    words = Words(decision, wording)

    def lines(run: Run, outcome: Outcome) -> Iterator[Line]:
        good = outcome.result == "eligible" and outcome.file in ("complete", "not_applicable")
        if good or run is not words.run:  # what it would take is asked of the sponsor whom the file names
            return
        for answer in answers(engine, decision, outcome.person, outcome.route, limit=1):
            yield from (words.remedy(answer, number, remedy) for number, remedy in enumerate(answer.remedies[:1], 1))
            yield from (words.obstacles(answer, obstacles) for obstacles in answer.obstacles)

    return lines


class Words:
    """The answers to a case in one language, as blocks and lines."""

    def __init__(self, decision: Decision, wording: Wording) -> None:
        self.decision, self.wording, self.ui = decision, wording, wording.ui
        self.writer = Writer(decision, wording)
        self.run = decision.runs[0]
        self.sentences = self.writer.sentences(self.run)

    def answer(self, answer: Remedies) -> Iterator[Block]:
        """The heading, and each set of changes as a tree."""
        mark = {"none": NO, "nothing": YES}.get(answer.state, PLAIN)
        key = {"none": "remedy_none", "nothing": "remedy_nothing"}.get(answer.state, "remedy_found")
        said = self.ui(key, N=len(answer.remedies))
        yield Block("heading", self.wording.fluent(self.ui("pair", Name=self._title(answer), Value=said)), mark=mark)
        for number, remedy in enumerate(answer.remedies, 1):
            yield Block(
                "tree", tree=self.writer.cut(self.remedy(answer, number, remedy)), articles=self.writer.articles
            )
        for obstacle in answer.obstacles:
            tree = self.writer.cut(self.obstacles(answer, obstacle))
            yield Block("tree", tree=tree, articles=self.writer.articles)
        if answer.state == "none" and not answer.obstacles:
            yield Block("text", self.ui("remedy_no_route"))
        elif answer.state == "none":
            yield Block("faint", self.ui("remedy_horizon", Date=answer.horizon))
        if answer.remedies and not answer.all:
            yield Block("text", self.ui("remedy_more"))

    def _title(self, answer: Remedies) -> str:
        name = self.run.cast.canonical[answer.person]
        route = answer.route
        if route is None:
            return self.sentences.names[name]
        words = {"Person": self.sentences.names[name], "Route": self.sentences.route(route)}
        sponsor = self.run.cast.sponsor_of.get(answer.person)
        if sponsor is None or (route,) in self.decision.law.table("holder_route"):
            return self.ui("as_route", **words)
        return self.ui("as_route_of", **words, Sponsor=self._person(sponsor))

    def _person(self, person: str) -> str:
        return NAME + (self.decision.file.case.persons[person].name or person)

    def remedy(self, answer: Remedies, number: int, remedy: Remedy) -> Line:
        """One set of changes, with what it brings about."""
        counted = self.sentences.amount(len(remedy.changes), "changes")
        title = self.ui("remedy_cost", Number=number, Cost=remedy.cost, N=counted)
        remarks = [self.ui("remedy_cheapest")] if remedy.cheapest else []
        remarks += [self.ui("remedy_smallest")] if remedy.smallest else []
        if answer.route is not None and remedy.route != answer.route:
            remarks.append(self.ui("remedy_route", Route=self.sentences.route(remedy.route)))
        text = f"{title} ({', '.join(remarks)})" if remarks else title
        children = [*(self.change(change) for change in remedy.changes), *self._after(remedy)]
        return Line(PLAIN, text, children=tuple(children), heading=True)

    def obstacles(self, answer: Remedies, obstacles: Obstacles) -> Line:
        """What cannot be dealt with, and the facts because of which it cannot."""
        name = self.run.cast.canonical[answer.person]
        lines = []
        for blocked in obstacles.blocked:
            if blocked.kind == "condition":
                text = self.sentences.condition(name, obstacles.route, blocked.id)
            elif blocked.kind == "document":
                text = self.sentences.value(blocked.id)
            else:
                text = self.sentences.atom((blocked.id, name, obstacles.route), TRUE)
            lines.append(Line(NO, text, blocked.provisions))
        facts = tuple(Line(PLAIN, f"{fact.path}: {self._stands(fact)}") for fact in obstacles.facts)
        if facts:
            lines.append(Line(PLAIN, self.ui("remedy_facts"), children=facts, heading=True))
        text = self.ui("remedy_blocked")
        if answer.route is None:
            text = self.ui("pair", Name=self.sentences.route(obstacles.route), Value=text)
        return Line(PLAIN, text, children=tuple(lines), heading=True)

    def _stands(self, fact: Standing) -> str:
        if fact.atom[0] in self.decision.law.point_kinds:
            value, point = self.run.inputs.calendar.lookup(fact.atom), self.sentences.point(fact.atom)
            if value is NONE:
                return self.ui("not_happened", Point=point)
            return self.sentences.dated(fact.atom, value) if isinstance(value, date) else point
        return self.sentences.atom(fact.atom, {True: TRUE, False: FALSE, None: OPEN}[fact.truth])

    def change(self, change: Change) -> Line:
        """A change in words, and below it the places of the case file with their values."""
        places = tuple(Line(PLAIN, f"{place.path}: {flow(place.value)}") for place in change.places)
        return Line(PLAIN, self._said(change), children=places)

    def _said(self, change: Change) -> str:
        words = self.wording.text
        if change.kind in ("paper", "mended"):
            details = [self._detail(place) for place in change.places if place.atom[0] != "handed_in"]
            in_hand = len(details) == len(change.places)
            key = "instead" if change.instead else "mended" if in_hand else "paper"
            said = words("remedies", key, Paper=self.sentences.value(change.atom[2]))
            return words("remedies", "details", Change=said, Details=", ".join(details)) if details else said
        place = change.places[0]
        if change.kind == "wait":
            again = "apply_again" if self._filed(change) else "apply"
            key = again if place.atom[0] == "applied" else "wait"
            return words("remedies", key, Date=self._value(place))
        if change.kind == "route":
            return words("remedies", "route", Route=self.sentences.route(str(place.value)))
        if change.kind == "application":
            sponsor = self.run.cast.sponsor_of[self.run.cast.person[change.atom[1]]]
            return words("remedies", "application", Sponsor=self._person(sponsor))
        if place.atom[0] in self.decision.law.point_kinds:
            parts = [
                words("remedies", f"date_{change.kind}", Point=self.sentences.point(p.atom), Value=self._value(p))
                for p in change.places
            ]
            return ", ".join(parts)
        sentence = self.sentences.atom(place.atom, FALSE if place.value is False else TRUE)
        return words("remedies", change.kind, Sentence=self._with_others(sentence, place))

    def _filed(self, change: Change) -> bool:
        return len(change.atom) > 1 and self.run.inputs.reader.filed(change.atom[1])

    def _detail(self, place: Place) -> str:
        template = self.wording.get("paper_details", str(place.atom[0]))
        if template is None:
            return self.sentences.atom(place.atom, FALSE if place.value is False else TRUE)
        return self.wording.text("paper_details", str(place.atom[0]), Value=self._value(place))

    def _value(self, place: Place) -> str:
        """The value of a place, with what else would do."""
        if place.atom[0] not in self.decision.law.point_kinds:
            return self._with_others(self.sentences.value(place.value, str(place.atom[0])), place)
        number = isinstance(place.value, int)
        ends = {"First": place.first, "Last": place.last}
        if (place.first is None and place.last is None) or place.first == place.last:
            return str(place.value)
        if place.last is None:
            key = "or_more" if number else "or_later"
        elif place.first is None:
            key = "or_less" if number else "or_earlier"
        else:
            key = "or_until" if str(place.first) == str(place.value) else "or_between"
        return self.wording.text("remedies", key, Value=place.value, **ends)

    def _with_others(self, text: str, place: Place) -> str:
        if not place.others:
            return text
        others = [self.sentences.value(other, str(place.atom[0])) for other in place.others]
        return self.wording.text("remedies", "others", Value=text, Others=", ".join(others))

    def _after(self, remedy: Remedy) -> Iterator[Line]:
        """What stops failing, the dates that then count, and what there is to beware of."""
        name = self.run.cast.canonical[remedy.person]
        gains = [
            Line(YES, self.sentences.condition(name, remedy.route, gain.id), gain.provisions)
            for gain in remedy.effects.conditions
        ]
        gains += [Line(YES, self.sentences.value(gain.id), gain.provisions) for gain in remedy.effects.documents]
        if gains:
            yield Line(PLAIN, self.ui("remedy_gains"), children=tuple(gains), heading=True)
        dates = tuple(self.writer.deadlines(d for d in remedy.effects.deadlines if d.date is not None))
        if dates:
            yield Line(PLAIN, self.ui("deadlines"), children=dates, heading=True)
        for warning in remedy.effects.warnings:
            yield self.writer.remark("warnings", warning, self.sentences, name)
