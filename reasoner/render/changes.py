"""What is different between two decisions as lines: results, what changed, and the rules and facts behind it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from reasoner.outcome import CARRYING, as_data
from reasoner.render.lines import MARKS, NO, PLAIN, RESULT_MARKS, YES, Line, Writer
from reasoner.render.sentences import Sentences

if TYPE_CHECKING:
    from reasoner.ground import Atom
    from reasoner.questions.causes import Cause
    from reasoner.questions.comparison import Carrier, Change, Fact, Item, Side
    from reasoner.run import Run

# The parts of an outcome that are listed under a heading of their own, with it.
_HEADINGS = {
    "documents": "documents",
    "effects": "effects",
    "deadlines": "deadlines",
    "fees": "fees",
    "authorities": "authorities",
    "channel": "channels",
    "warnings": "warnings",
    "notes": "notes",
}
_LISTED = ("applies", None)


class Changes:
    """Writes changes as lines; ``before`` and ``after`` write the two decisions that are compared."""

    def __init__(self, before: Writer, after: Writer) -> None:
        self.before, self.after, self.wording = before, after, after.wording

    def line(self, change: Change) -> Line:
        """One person on one route: the result on both sides, and below what is different and why."""
        ui = self.wording.ui
        first, second = change.results
        text = ui("change", Name=self.title(change), Before=self.result(first), After=self.result(second))
        if first == second:
            text = ui("pair", Name=self.title(change), Value=self.result(second))
        below = [] if None in (first, second) else list(self._below(change))
        line = Line(RESULT_MARKS.get(second or "", NO), text, children=tuple(below))
        return self.after.cut(line)

    def title(self, change: Change) -> str:
        """Person, route and sponsor."""
        side, writer = self._shown(change)
        name = side.run.cast.canonical[side.outcome.person]
        return writer.title(side.outcome, writer.sentences(side.run), name)

    def result(self, result: str | None) -> str:
        """A result in words, or that the route does not come up."""
        return self.wording.ui("change_unlisted") if result is None else self.wording.text("results", result)

    def legend(self, results: Iterable[str | None]) -> list[tuple[str, str]]:
        """The results that occur, in the order of the pictures' signs, each with its words."""
        found = set(results)
        ordered = [result for result in (*RESULT_MARKS, None) if result in found]
        return [(result or "", self.result(result)) for result in ordered]

    def _shown(self, change: Change) -> tuple[Side, Writer]:
        if change.after is not None:
            return change.after, self.after
        assert change.before is not None
        return change.before, self.before

    def _below(self, change: Change) -> Iterator[Line]:
        side, _ = self._shown(change)
        sentences = self.after.sentences(side.run)
        name = side.run.cast.canonical[side.outcome.person]
        told = set()
        for item in change.items:
            if item.part == "conditions":
                text = sentences.condition(name, side.outcome.route, item.id)
                told.add(item.id)
                yield Line(
                    MARKS[item.entry.status] if item.after else PLAIN,
                    self._both(text, item, sentences),
                    children=tuple(self.carriers(change, item.id)),
                )
            elif item.part == "file":
                yield Line(PLAIN, self._both(self.wording.ui("diff_files"), item, sentences))
        others = [c for c in (*change.started, *change.stopped) if c.carries not in told]
        for carried in dict.fromkeys(carrier.carries for carrier in others):
            lines = tuple(self.carriers(change, carried))
            if carried in CARRYING:
                yield from lines
            else:
                yield Line(PLAIN, sentences.condition(name, side.outcome.route, carried), children=lines)
        if change.before and change.after and change.facts:
            facts = tuple(self.fact(fact, change.before.run, change.after.run) for fact in change.facts)
            yield Line(PLAIN, self.wording.ui("change_facts"), children=facts, heading=True)
        for part, heading in _HEADINGS.items():
            items = tuple(self._item(item, change, sentences, name) for item in change.items if item.part == part)
            if items:
                yield Line(PLAIN, self.wording.ui(heading), children=items, heading=True)

    # -- reasons ------------------------------------------------------------------------------------------------

    def carriers(self, change: Change | Cause, name: str) -> Iterator[Line]:
        """The rules that started, and those that stopped, to carry a condition."""
        for mark, key, carriers in ((YES, "change_started", change.started), (NO, "change_stopped", change.stopped)):
            yield from (self.carrier(mark, key, carrier) for carrier in carriers if carrier.carries == name)

    def carrier(self, mark: str, key: str, carrier: Carrier) -> Line:
        """A rule by its provision, with file and line."""
        titles = ", ".join(
            str((self.wording.get("provisions", p) or {"title": p})["title"]) for p in carrier.provisions
        )
        place = f"{carrier.rule.file}:{carrier.rule.line}"
        return Line(mark, self.wording.ui(key, Rule=titles, Place=place), carrier.provisions)

    def fact(self, fact: Fact, before: Run, after: Run) -> Line:
        """A fact or comparison, as it was in one run and as it is in another."""
        was = self.before.sentences(before).node(fact.before) if fact.before else ""
        now = self.after.sentences(after).node(fact.after) if fact.after else ""
        text = self.wording.ui("change_fact", Before=was, After=now) if was and now and was != now else now or was
        return Line(PLAIN, self.wording.ui("change_law", Fact=text) if _of_the_law(fact.atom) else text)

    # -- what the outcomes say ----------------------------------------------------------------------------------

    def _both(self, name: str, item: Item, sentences: Sentences) -> str:
        values = {"Before": self.value(item, item.before, sentences), "After": self.value(item, item.after, sentences)}
        return self.wording.ui("change", Name=name, **values)

    def value(self, item: Item, value: str | None, sentences: Sentences) -> str:
        """What an outcome says of something, in words."""
        if value is None:
            return self.wording.ui("none")
        if item.part == "file":
            return self.wording.text("files", value)
        word, *rest = value.split(" ", 2)
        if item.part == "deadlines":
            return self.wording.ui("open_date") if word == "unknown" else value
        status = self.wording.text("statuses", word)
        if item.part == "documents":
            defects = [self.wording.text("defects", defect) for defect in value.split()[1:]]
            return f"{status} ({', '.join(defects)})" if defects else status
        if item.part == "conditions" and rest:
            return self.wording.ui("short", Sentence=status, Distance=sentences.amount(int(rest[0]), rest[1]))
        return ", ".join([status, *rest])

    def _item(self, item: Item, change: Change, sentences: Sentences, name: str) -> Line:
        text, provisions = self._named(item, change, sentences, name), tuple(getattr(item.entry, "provisions", ()))[:1]
        mark = YES if item.before is None else NO if item.after is None else PLAIN
        if item.part == "documents" and item.after is not None:
            mark = MARKS[item.entry.status]
        if item.before in _LISTED and item.after in _LISTED:
            key = "change_new" if item.after else "change_gone"
            return Line(mark, self.wording.ui(key, Name=text), provisions)
        return Line(mark, self._both(text, item, sentences), provisions)

    def values(self, item: Item, change: Change) -> tuple[str, str]:
        """What the outcomes of both sides say of something, in words."""
        sentences = self.after.sentences(self._shown(change)[0].run)
        return self.value(item, item.before, sentences), self.value(item, item.after, sentences)

    def name(self, item: Item, change: Change) -> str:
        """What something in an outcome is called."""
        side, _ = self._shown(change)
        name, sentences = side.run.cast.canonical[side.outcome.person], self.after.sentences(side.run)
        if item.part == "conditions":
            return sentences.condition(name, side.outcome.route, item.id)
        return self._named(item, change, sentences, name)

    def _named(self, item: Item, change: Change, sentences: Sentences, name: str) -> str:
        entry: Any = item.entry
        if item.part in ("warnings", "notes"):
            writer = self.after if item.after else self.before
            return (
                writer.note(entry) if item.part == "notes" else writer.remark(item.part, entry, sentences, name)
            ).text
        if item.part == "authorities":
            words = self.wording.text("tasks", entry.task), self.wording.text("authorities", entry.body)
            return self.wording.ui("pair", Name=words[0], Value=words[1])
        if item.part == "effects":
            return self.wording.text("effects", item.id, **sentences.people(name))
        return self.wording.text("channels" if item.part == "channel" else item.part, item.id)


def _of_the_law(atom: Atom) -> bool:
    """Whether a comparison is with a day that the law states: one on which it changed."""
    return atom[0] == "date" and any(isinstance(side, str) for side in (atom[1], atom[3]))


def articles(*writers: Writer) -> dict[str, str]:
    """The articles of the provisions of all decisions."""
    return {key: value for writer in writers for key, value in writer.articles.items()}


def carrier_data(carriers: Iterable[Carrier]) -> list[dict[str, Any]]:
    """Rules as plain data."""
    return [
        {"carries": c.carries, "provisions": list(c.provisions), "rule": f"{c.rule.file}:{c.rule.line}"}
        for c in carriers
    ]


def cause_lines(changes: Changes, cause: Cause, name: str, route: str) -> Iterator[Line]:
    """Why the result of a canonical person on a route changes from one moment to the next."""
    wording, sentences = changes.wording, changes.after.sentences(cause.after)
    for condition, before, after in cause.conditions:
        words = [
            wording.ui("none") if status is None else wording.text("statuses", status) for status in (before, after)
        ]
        text = wording.ui("change", Name=sentences.condition(name, route, condition), Before=words[0], After=words[1])
        yield Line(MARKS.get(after or "", PLAIN), text, children=tuple(changes.carriers(cause, condition)))
    for paper, before, after in cause.documents:
        words = [
            wording.ui("none") if status is None else wording.text("statuses", status) for status in (before, after)
        ]
        text = wording.ui("change", Name=wording.text("documents", paper), Before=words[0], After=words[1])
        yield Line(MARKS.get(after or "", PLAIN), text, children=tuple(changes.carriers(cause, paper)))
    for predicate in CARRYING:
        yield from changes.carriers(cause, predicate)
    yield from (changes.fact(fact, cause.before, cause.after) for fact in cause.facts)


def cause_data(changes: Changes, cause: Cause) -> dict[str, Any]:
    """Why a result changes, as plain data."""
    return {
        "conditions": [{"id": name, "before": before, "after": after} for name, before, after in cause.conditions],
        "documents": [{"type": name, "before": before, "after": after} for name, before, after in cause.documents],
        "started": carrier_data(cause.started),
        "stopped": carrier_data(cause.stopped),
        "facts": [
            {
                "before": fact.before.state if fact.before else None,
                "after": fact.after.state if fact.after else None,
                "text": changes.wording.fluent(changes.fact(fact, cause.before, cause.after).text),
            }
            for fact in cause.facts
        ],
    }


def change_data(change: Change, changes: Changes) -> dict[str, Any]:
    """A change as plain data."""
    outcome = change.outcome
    fluent = changes.wording.fluent
    first, second = change.results
    return {
        "person": outcome.person,
        "sponsor": outcome.sponsor,
        "route": outcome.route,
        "before": None if change.before is None else {"result": first, "file": change.before.outcome.file},
        "after": None if change.after is None else {"result": second, "file": change.after.outcome.file},
        "changes": [
            {
                "part": item.part,
                "id": item.id,
                "before": item.before,
                "after": item.after,
                "provisions": as_data(getattr(item.entry, "provisions", ())),
            }
            for item in change.items
        ],
        "started": carrier_data(change.started),
        "stopped": carrier_data(change.stopped),
        "facts": [
            {
                "before": fact.before.state if fact.before else None,
                "after": fact.after.state if fact.after else None,
                "text": fluent(changes.fact(fact, change.before.run, change.after.run).text),
            }
            for fact in change.facts
            if change.before and change.after
        ],
    }
