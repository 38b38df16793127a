"""The dates of an outcome, each drawn at its place on a line that they share: days, and stretches from day to day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from reasoner.dates import Open
from reasoner.render.html import Cite, Html, join, tag
from reasoner.render.sentences import Sentences, day

if TYPE_CHECKING:
    from reasoner.outcome import Outcome
    from reasoner.run import Run

TICKS = 6  # years or months written above the line, at most
NEAR = timedelta(5 * 365)  # what is further from the application than this lies beyond the ends of the line
_MARGIN = 3.0  # percent of the width left free on both sides


class Event(NamedTuple):
    """A day, or the stretch from ``first`` to ``last``.

    ``kind`` is ``filed``, ``assessed``, ``result`` (a deadline or the day of an effect), ``fact``, ``window`` (a period
    that runs from a fact) or ``open`` (some day in the stretch).
    """

    first: date
    last: date
    kind: str
    text: str
    provisions: tuple[str, ...] = ()


def events(run: Run, outcome: Outcome, sentences: Sentences) -> list[Event]:
    """Application, assessment, deadlines, days of effects, and every date that the reasons of the conditions compare.

    In the order of days, each once.
    """
    wording, assessed = sentences.wording, run.inputs.reader.assessed
    found = [Event(assessed, assessed, "assessed", wording.ui("report_day_assessment"))]
    if outcome.filed and outcome.applied_on is not None:
        found.insert(0, Event(outcome.applied_on, outcome.applied_on, "filed", wording.ui("report_day_application")))
    for deadline in outcome.deadlines:
        if deadline.date is not None:
            text = wording.text("deadlines", deadline.id)
            found.append(Event(_day(deadline.date), _day(deadline.date), "result", text, deadline.provisions[:1]))
    name = run.cast.canonical[outcome.person]
    for effect in outcome.effects:
        if effect.date is not None:
            text = wording.text("effects", effect.id, **sentences.people(name))
            found.append(Event(_day(effect.date), _day(effect.date), "result", text, effect.provisions[:1]))
    for term in _terms(run, outcome, name):
        # The two days that stand in every outcome are there already.
        if term[0] not in ("assessed", "applied"):
            found += _compared(term, sentences)
    unique = {(event.first, event.last, wording.fluent(event.text)): event for event in reversed(found)}
    return sorted(
        (event._replace(text=text) for (_, _, text), event in unique.items()),
        key=lambda event: (event.last, event.first),
    )


def _terms(run: Run, outcome: Outcome, name: str) -> Iterator[tuple[Any, ...]]:
    for condition in outcome.conditions:
        for way in ("satisfied", "waived"):
            for node in run.explainer.explain((way, name, outcome.route, condition.id)).walk():
                if node.kind == "comparison" and node.atom[0] == "date":
                    yield from (side for side in (node.atom[1], node.atom[3]) if isinstance(side, tuple))


def _compared(term: tuple[Any, ...], sentences: Sentences) -> Iterator[Event]:
    value, text = sentences.calendar.value(term), sentences.point(term)
    if isinstance(value, Open) and isinstance(value.lo, date) and isinstance(value.hi, date):
        if _day(value.hi) - _day(value.lo) < NEAR:  # else hardly anything is known of it
            yield Event(_day(value.lo), _day(value.hi), "open", text)
    elif isinstance(value, date):
        begin = sentences.calendar.value(term[1]) if term[0] in ("+", "plus") else None
        first = begin if isinstance(begin, date) else value
        yield Event(_day(first), _day(value), "window" if isinstance(begin, date) else "fact", text)


def _day(value: date) -> date:
    return value.date() if isinstance(value, datetime) else value


def drawn(found: list[Event], sentences: Sentences, cite: Cite) -> Html:
    """The events as a list, each with its distance from the application, or from the assessment where there is none,
    and its place on the line."""
    wording = sentences.wording
    base = next((e for e in found if e.kind == "filed"), None) or next(e for e in found if e.kind == "assessed")
    scale = _Scale(found, base.last)
    rows = [tag("li", tag("span"), scale.axis(), class_="axis", aria_hidden="true")]
    for event in found:
        days = (event.last - base.last).days
        far = ""
        if days and event.kind != "open" and not scale.beyond(event.last):
            words = {"Distance": sentences.amount(abs(days), "days"), "Point": base.text}
            far = wording.fluent(wording.ui("report_earlier" if days < 0 else "report_later", **words))
        when = day(event.last)
        if event.kind == "open":
            when = wording.ui("report_open_range", First=day(event.first), Last=day(event.last))
        said = [
            tag("span", when, class_="when"),
            tag("span", event.text, " " if event.provisions else "", cite(event.provisions)),
            *([tag("span", far, class_="far")] if far else []),
        ]
        rows.append(tag("li", tag("div", said), tag("div", scale.strip(event, base)), class_=event.kind))
    return tag("ol", rows, class_="dates")


class _Scale:
    """Days as places between two ends, which lie around a day."""

    def __init__(self, found: Iterable[Event], around: date) -> None:
        days = [day for event in found for day in (event.first, event.last) if abs(day - around) < NEAR]
        self.first, self.last = min(days), max(days)
        self.length = max((self.last - self.first).days, 1)
        self.months, self.ticks = self._ticks()

    def _ticks(self) -> tuple[bool, list[date]]:
        """First days of years or of months, as many as there is room for; whether months are told apart."""
        first, last = (12 * day.year + day.month - 1 for day in (self.first, self.last))
        for step in (1, 3, 6, 12, 24):
            found = [month for month in range(first + 1, last + 1) if month % step == 0]
            if len(found) <= TICKS:
                break
        return step < 12, [date(month // 12, month % 12 + 1, 1) for month in found]

    def beyond(self, value: date) -> str:
        """The sign for a day that lies before or after the line; nothing for one that lies on it."""
        return "‹" if value < self.first else "›" if value > self.last else ""

    def at(self, value: date) -> str:
        """The place of a day, or of the end beyond which it lies, in percent of the width."""
        place = (
            (min(max(value, self.first), self.last) - self.first).days / self.length if self.first < self.last else 0.5
        )
        return f"{_MARGIN + place * (100 - 2 * _MARGIN):.2f}%"

    def axis(self) -> Html:
        """The years or months above the line."""
        form = "%Y-%m" if self.months else "%Y"
        labels = (tag("text", f"{tick:{form}}", x=self.at(tick), y="14", text_anchor="middle") for tick in self.ticks)
        return tag("svg", labels, width="100%", height="20")

    def strip(self, event: Event, base: Event) -> Html:
        """The line with one event on it."""
        first, last = self.at(event.first), self.at(event.last)
        lines = [tag("line", x1=self.at(t), x2=self.at(t), y1="0", y2="100%", class_="year") for t in self.ticks]
        lines.append(tag("line", x1=self.at(base.last), x2=self.at(base.last), y1="0", y2="100%", class_="base"))
        lines.append(tag("line", x1="0", x2="100%", y1="50%", y2="50%", class_="line"))
        if event.first != event.last:
            lines.append(tag("line", x1=first, x2=last, y1="50%", y2="50%", class_="stretch"))
        if beyond := self.beyond(event.last):
            lines.append(tag("text", beyond, x="0" if beyond == "‹" else "99%", y="50%", dy=".32em", class_="beyond"))
        elif event.kind != "open":
            lines.append(tag("circle", cx=last, cy="50%", r="5.5", class_="day"))
        return tag("svg", join(lines), width="100%", height="100%", aria_hidden="true", focusable="false")
