"""Sentences for the nodes of an explanation and for everything else a result names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from reasoner.dates import NONE, Calendar, Open
from reasoner.explanation import FALSE, OPEN, TRUE, Node
from reasoner.facts import EARLIEST, LATEST
from reasoner.ground import Atom
from reasoner.wording import Wording

CONDITION = frozenset({"satisfied", "requires", "waived", "unmet", "condition"})
CONCLUSION = frozenset({"eligible", "not_eligible", "discretionary", "undetermined"})
_KEYED = {"effect": "effects", "warning": "warnings"}
# Where the words for a constant are looked up, in this order.
_NAMED = (
    *("terms", "documents", "defects", "conditions", "routes", "channels", "deadlines", "effects", "fees", "statuses"),
    *("tasks", "authorities", "provisions"),
)
_VARIANT = {TRUE: "yes", FALSE: "no"}


class Sentences:
    """Turns atoms, dates and values into sentences of one language.

    ``names`` gives the display name of a canonical person, ``sponsors`` the sponsor a canonical person joins.
    """

    def __init__(
        self, wording: Wording, names: Mapping[str, str], sponsors: Mapping[str, str], calendar: Calendar
    ) -> None:
        self.wording, self.names, self.sponsors, self.calendar = wording, names, sponsors, calendar

    # -- nodes --------------------------------------------------------------------------------------------------

    def node(self, node: Node) -> str:
        """The sentence of a node of an explanation, as it stands in the case."""
        if node.kind == "comparison":
            return self.comparison(node.atom, node.state)
        if node.kind == "rule":
            return ", ".join(self.provision_title(p) for p in node.provisions)
        return self.atom(node.atom, node.state)

    def atom(self, atom: Atom, state: str) -> str:
        """The sentence of an atom that is true, false or open."""
        name, arguments = atom[0], atom[1:]
        if name in CONDITION:
            sentence = self.condition(*arguments[:3])
            waived = arguments[3:] == ("waived",)
            return self.wording.ui("pair", Name=sentence, Value=self.value("waived")) if waived else sentence
        if name in CONCLUSION:
            return self.conclusion(name, *arguments)
        if name in _KEYED:
            return self.wording.text(_KEYED[name], str(_head(arguments[2])), **self.people(arguments[0]))
        entry = self.wording.get("atoms", name)
        if not isinstance(entry, Mapping) or len(arguments) < len(entry["args"]):  # another atom of that name
            return f"{name.replace('_', ' ')} ({', '.join(self.value(a, name) for a in arguments)})"
        values = {key: self.value(a, name) for key, a in zip(entry["args"], arguments, strict=False)}
        sentence = str(entry[_VARIANT.get(state, "yes")]).format_map(values)
        return self.wording.ui("open", Sentence=sentence) if state == OPEN else sentence

    def condition(self, person: str, route: str, condition: str) -> str:
        """The proposition a condition demands."""
        return self.wording.text("conditions", condition, **self.people(person), Route=self.route(route))

    def conclusion(self, result: str, person: str, route: str) -> str:
        """The sentence of an outcome."""
        return self.wording.text("conclusions", result, **self.people(person), Route=self.route(route))

    def people(self, person: str) -> dict[str, str]:
        """Placeholders for a person and the sponsor."""
        sponsor = self.sponsors.get(person)
        return {
            "Person": self.names.get(person, person),
            "Applicant": self.names.get(person, person),
            "Sponsor": self.names.get(sponsor, sponsor) if sponsor else self.names.get(person, person),
        }

    def route(self, route: str) -> str:
        """A route as a noun phrase."""
        return self.wording.text("routes", route)

    def value(self, value: Any, predicate: str = "") -> str:
        """A person's name, a constant in words, or a number."""
        if value in self.names:
            return self.names[value]
        if isinstance(value, tuple):
            return self.point(value) if self.wording.get("points", value[0]) else self.value(value[0])
        name = str(value)
        for section, key in (("terms", f"{predicate}.{name}"), *((section, name) for section in _NAMED)):
            found = self.wording.get(section, key)
            if isinstance(found, str):
                return found
            if section == "provisions" and isinstance(found, Mapping):
                return str(found["title"])
        return str(value).replace("_", " ")

    def provision_title(self, provision: str) -> str:
        """The title of a provision."""
        entry = self.wording.get("provisions", provision)
        return str(entry["title"]) if entry else provision

    # -- comparisons --------------------------------------------------------------------------------------------

    def comparison(self, atom: Atom, state: str) -> str:
        """What a comparison finds in the case, with dates and distances."""
        return _COMPARISONS[atom[0]](self, atom, state)

    def point(self, term: Any) -> str:
        """A date, number or code as a noun phrase."""
        if isinstance(term, str):
            return term
        if isinstance(term, int):
            return str(term)
        name = term[0]
        if name == "birthday":
            return self._phrase("birthday", (term[1][1], self.number(term[2])))
        if name in ("+", "plus"):
            length = self.length(term[2]) if name == "+" else self.length(("*", term[2], term[3]))
            return self.wording.ui("period_after", Length=length, Point=self.point(term[1]))
        if name == "assessed":
            return self.wording.ui("assessed")
        return self._phrase(name, term[1:])

    def _phrase(self, name: str, arguments: tuple[Any, ...]) -> str:
        entry = self.wording.get("points", name)
        if not isinstance(entry, Mapping):
            return name.replace("_", " ")
        values = {key: self.value(a, name) for key, a in zip(entry["args"], arguments, strict=False)}
        return str(entry["text"]).format_map(values)

    def length(self, term: Any) -> str:
        """``("*", 2, "years")`` in words."""
        if isinstance(term, tuple):
            return self.amount(self.calendar.value(term[1]), str(term[2]))
        return str(term)

    def number(self, term: Any) -> str:
        """A number, or what is known of it."""
        value = self.calendar.value(term)
        return str(value) if isinstance(value, int) else self.wording.ui("unknown_value")

    def amount(self, number: Any, unit: str) -> str:
        """A number of days, months, years, hours or times in words."""
        if not isinstance(number, int):
            return self.wording.ui("unknown_value")
        forms = self.wording.get("units", unit) or {"one": "{N}", "many": "{N}"}
        return str(forms["one" if number == 1 else "many"]).format(N=number)

    def _date(self, atom: Atom, state: str) -> str:
        _, left, _, right = atom
        values = self.calendar.value(left), self.calendar.value(right)
        for term, value in zip((left, right), values, strict=True):
            if value is NONE:
                return self.wording.ui("not_happened", Point=self.point(_inner(term)))
        first, second = values
        if not (isinstance(first, date) and isinstance(second, date)):
            return self.wording.ui("order_open", Left=self.dated(left, first), Right=self.dated(right, second))
        if isinstance(first, datetime) or isinstance(second, datetime):
            first, second = _moment(first), _moment(second)
            unit, gap = "hours", abs(int((first - second).total_seconds())) // 3600
        else:
            unit, gap = "days", abs((first - second).days)
        key = "same_day" if first == second else "before" if first < second else "after"
        words = {
            "Left": self.dated(left, first),
            "Right": self.dated(right, second),
            "Distance": self.amount(gap, unit),
        }
        return self.wording.ui(key, **words)

    def dated(self, term: Any, value: Any) -> str:
        """A date as a noun phrase with the day it falls on, or with what is known of it."""
        if isinstance(term, str):
            return term
        if isinstance(value, Open):
            whole = value.hi.year - value.lo.year >= LATEST.year - EARLIEST.year
            known = self.wording.ui("unknown_value" if whole else "between", First=value.lo, Last=value.hi)
        else:
            known = day(value)
        return f"{self.point(term)} ({known})"

    def question(self, atom: Atom) -> str:
        """The question whose answer is an input or point."""
        for section in ("atoms", "points"):
            entry = self.wording.get(section, atom[0])
            if isinstance(entry, Mapping) and "ask" in entry:
                values = {key: self.value(a, atom[0]) for key, a in zip(entry["args"], atom[1:], strict=False)}
                return str(entry["ask"]).format_map(values)
        if atom[0] == "reading":
            return str((self.wording.get("readings", atom[1]) or {}).get("title", ""))
        return ""

    def _number(self, atom: Atom, state: str) -> str:
        _, left, operator, right = atom
        quantity = self.quantity(left)
        value, needed = self.calendar.value(left), self.number(right)
        if not isinstance(value, int) or state == OPEN:
            return self.wording.ui("number_open", Quantity=quantity, Needed=needed)
        distance = self.calendar.distance(atom)
        words = {"Quantity": quantity, "Value": value, "Needed": needed,
                 "Distance": self.amount(distance.amount, distance.unit) if distance else ""}  # fmt: skip
        if operator in ("<", "<="):
            return self.wording.ui("number_below" if state == TRUE else "number_not_below", **words)
        return self.wording.ui("number_enough" if state == TRUE else "number_short", **words)

    def quantity(self, term: Any) -> str:
        """A number that is compared, as a noun phrase."""
        if isinstance(term, tuple) and term[0] in ("days", "count", "longest"):
            return self.wording.text(
                "quantities", term[0], Periods=self.point(term[1]), End=self.point(term[2]), Window=self.length(term[3])
            )
        return self.point(term)

    def _unbroken(self, atom: Atom, state: str) -> str:
        _, periods, end, *rest = atom
        words = {"Periods": self.point(periods), "End": self.point(end), "Length": self.length(rest[-1])}
        sentence = self._either("unbroken", state, words)
        distance = self.calendar.distance(atom)
        if distance is None or state != FALSE:
            return sentence
        return self.wording.ui("short", Sentence=sentence, Distance=self.amount(distance.amount, distance.unit))

    def _either(self, section: str, state: str, words: Mapping[str, str], entry: Any = None) -> str:
        forms = entry or self.wording.get("quantities", section) or self.wording.get(section, section) or {}
        sentence = str(forms.get(_VARIANT.get(state, "yes"), section)).format_map(words)
        return self.wording.ui("open", Sentence=sentence) if state == OPEN else sentence

    def _class(self, atom: Atom, state: str) -> str:
        words = {"Point": self.point(atom[2]), "Value": self.codes(atom[2])}
        return self._either("classes", state, words, self.wording.get("classes", atom[1]))

    def _same(self, atom: Atom, state: str) -> str:
        left, right = atom[1:3]
        words = {"Left": self.point(left), "Right": self.point(right), "Value": self.codes(left),
                 "LeftValue": self.codes(left), "RightValue": self.codes(right)}  # fmt: skip
        return self._either("same", state, words, self.wording.sections.get("same"))

    def _happened(self, atom: Atom, state: str) -> str:
        value = self.calendar.value(atom[1])
        shown = day(value) if isinstance(value, date) else self.codes(atom[1])
        words = {"Point": self.point(atom[1]), "Value": shown}
        return self._either("happened", state, words, self.wording.sections.get("happened"))

    def codes(self, term: Any) -> str:
        """The country or language a point stands for."""
        value = self.calendar.value(term)
        if isinstance(value, str):
            return value
        if isinstance(value, tuple):
            return ", ".join(map(str, value))
        return self.wording.ui("none" if value is NONE else "unknown_value")


_COMPARISONS: dict[str, Callable[[Sentences, Atom, str], str]] = {
    "date": Sentences._date,
    "number": Sentences._number,
    "unbroken": Sentences._unbroken,
    "class": Sentences._class,
    "same": Sentences._same,
    "happened": Sentences._happened,
}


def day(value: date) -> str:
    """A date as 2025-03-04, a moment with hours and minutes."""
    return value.isoformat(sep=" ", timespec="minutes") if isinstance(value, datetime) else value.isoformat()


def _moment(value: date) -> datetime:
    return value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)


def _inner(term: Any) -> Any:
    """The point within a sum."""
    while isinstance(term, tuple) and term[0] in ("+", "birthday"):
        term = term[1]
    return term


def _head(term: Any) -> Any:
    return term[0] if isinstance(term, tuple) else term
