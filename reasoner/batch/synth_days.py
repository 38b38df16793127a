"""Days of made-up cases, one column at a time: `filed - any age`, `granted + 10..90 days, to assessed`.

A rule is a base, a distance from it, and bounds. The base is a day (`2024-02-29`), a span of days
(`2022-01-01..2025-06-30`), a day that has a name, or `turn`: a day on which a rule of the law begins or ends. The
distance is a number or a span of numbers of days, months or years; `any age` and `any period` are the law's own.
Results turn there, so a day or so is added or taken away; `near arrived` asks for that around any day. `from DAY` and
`to DAY` are bounds: a day beyond them is moved to them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from reasoner.program import Law

Column = NDArray[np.int64]
"""A day for each case, counted from 1970-01-01; or a position in a table."""
Rule = Callable[["Draw"], Column]

FIRST, LAST = "1900-01-01", "2200-12-31"
MONTHS = {"days": 0, "months": 1, "years": 12}
_RULE = re.compile(r"(near )?(\S+)(?: ([+-]) (any|\d+(?:\.\.\d+)?) (days|months|years|age|period))?\Z")


class Weights:
    """How often each of several things is drawn."""

    def __init__(self, weights: list[float]) -> None:
        self.total = np.cumsum(weights) / sum(weights)
        self.total[-1] = 1.0


class Draw:
    """The choices for a number of cases: the source of chance, the words and days that have names, and the cases in
    which something is unsure."""

    def __init__(self, seed: tuple[int, ...], count: int, unsure: float, days: Mapping[str, Rule]) -> None:
        self.random = np.random.Generator(np.random.PCG64(seed))
        self.count = count
        self.words: dict[str, Column] = {}
        self.unsure: Column = np.flatnonzero(self.random.random(count) < unsure)
        self._rules, self._days = days, dict[str, Column]()

    def day(self, name: str) -> Column:
        """The day of that name, drawn when it is first asked for."""
        found = self._days.get(name)
        if found is None:
            found = self._days[name] = self._rules[name](self)
        return found

    def picks(self, weights: Weights, count: int | None = None) -> Column:
        """A position for each case, or for so many, drawn by weight."""
        chances = self.random.random(self.count if count is None else count)
        return weights.total.searchsorted(chances, side="right")

    def between(self, low: int, high: int) -> Column:
        """A whole number for each case, both ends included."""
        return self.random.integers(low, high, self.count, endpoint=True)

    def some(self, share: float, cases: Column | None = None) -> Column:
        """A share of all cases, or of these; one may be among them twice."""
        count = self.count if cases is None else cases.size
        if not count:
            return np.zeros(0, np.int64)
        found = self.random.integers(0, count, self.random.binomial(count, share))
        return found if cases is None else cases[found]


class Days:
    """Reads rules for days; the ages, periods and turns are those of a law."""

    def __init__(self, law: Law, settings: Mapping[str, Any]) -> None:
        jitter = {_span(text): float(weight) for text, weight in settings["jitter"].items()}
        self.jitter, self.jitter_weights = np.array(list(jitter)).T, Weights(list(jitter.values()))
        self.snap = {name: float(share) for name, share in settings["snap"].items()}
        ages = {(0, 12 * int(years)) for _, years in law.table("age")}
        periods = {_length(number, unit) for _, number, unit in law.table("period") if unit in MONTHS}
        turns = {str(when) for name in ("in_force_from", "in_force_until") for _, when in law.table(name)}
        self.lengths = {"age": np.array(sorted(ages)).T, "period": np.array(sorted(periods)).T}
        self.turns = np.array(sorted(map(day, turns)))

    def rules(self, weights: Mapping[str, float]) -> Rule:
        """One of several rules, drawn by weight."""
        each, drawn = [self.rule(text) for text in weights], Weights(list(weights.values()))
        if len(each) == 1:
            return each[0]
        return lambda draw: np.choose(draw.picks(drawn), [one(draw) for one in each])

    def rule(self, text: str) -> Rule:
        """What a rule says, for any draw in which the days that it names have rules. Raises ValueError when it cannot
        be read."""
        head, *bounds = text.split(", ")
        match = _RULE.match(head)
        if match is None:
            raise ValueError(f"no rule for a day: {text!r}")
        near, base, sign, amount, unit = match.groups()
        found = self._base(base)
        if sign is not None:
            found = self._moved(found, -1 if sign == "-" else 1, amount, unit)
        if near or base == "turn" or amount == "any":
            found = self._near(found)
        for bound in bounds:
            kind, _, limit = bound.partition(" ")
            found = _bounded(found, kind, self.rule(limit))
        return found

    def _base(self, text: str) -> Rule:
        if text == "turn":
            return lambda draw: self.turns[draw.between(0, self.turns.size - 1)]
        if text[:1].isdigit():
            first, _, last = text.partition("..")
            low, high = day(first), day(last or first)
            return lambda draw: self._between(draw, np.full(draw.count, low), np.full(draw.count, high))
        return lambda draw: draw.day(text)

    def _moved(self, start: Rule, sign: int, amount: str, unit: str) -> Rule:
        if amount == "any":
            lengths = sign * self.lengths[unit]
            return lambda draw: _added(start(draw), *lengths[:, draw.between(0, lengths.shape[1] - 1)])
        first, last = (_length(sign * number, unit) for number in _span(amount))
        if first == last:
            return lambda draw: _added(start(draw), *first)
        low, high = sorted((first, last))
        # Any day between the two, not only the same day of another month.
        return lambda draw: self._between(draw, _added(start(draw), *low), _added(start(draw), *high))

    def _near(self, rule: Rule) -> Rule:
        def near(draw: Draw) -> Column:
            low, high = self.jitter[:, draw.picks(self.jitter_weights)]
            found: Column = rule(draw) + draw.random.integers(low, high, endpoint=True)
            return found

        return near

    def _between(self, draw: Draw, first: Column, last: Column) -> Column:
        """Any day between two; a few are moved to the end of their month or to the last 29 February, if that lies
        between the two as well."""
        days = draw.random.integers(first, last, endpoint=True)
        month_end, leap_day = self.snap["month_end"], self.snap["leap_day"]
        cases = draw.some(month_end + leap_day)
        dates = days[cases].astype("M8[D]")
        ends = (dates.astype("M8[M]") + 1).astype("M8[D]").astype(np.int64) - 1
        leap_years = ((dates.astype("M8[Y]").astype(np.int64) - 2) // 4 * 4 + 2).astype("M8[Y]")
        leap_days = leap_years.astype("M8[D]").astype(np.int64) + 59
        to_end = draw.random.random(cases.size) * (month_end + leap_day) < month_end
        moved = np.where(to_end, ends, leap_days)
        inside = (first[cases] <= moved) & (moved <= last[cases])
        days[cases] = np.where(inside, moved, days[cases])
        return days


def _bounded(rule: Rule, kind: str, bound: Rule) -> Rule:
    if kind not in ("from", "to"):
        raise ValueError(f"no bound of a day: {kind}")
    limit = np.maximum if kind == "from" else np.minimum
    return lambda draw: limit(rule(draw), bound(draw))


def day(text: str) -> int:
    """A date as a number of days from 1970-01-01."""
    return int(np.datetime64(text, "D").astype(np.int64))


def _span(text: str) -> tuple[int, int]:
    first, _, last = text.partition("..")
    return int(first), int(last or first)


def _length(number: int, unit: str) -> tuple[int, int]:
    """A stretch of time as days and months."""
    return (number, 0) if unit == "days" else (0, number * MONTHS[unit])


def _added(start: Column, days: Column | int, months: Column | int) -> Column:
    """Months added as the calendar of the law does, to the end of the month where it is too short; then days."""
    if isinstance(months, int) and not months:
        return start + days
    dates = start.astype("M8[D]")
    months_of = dates.astype("M8[M]")
    place = (dates - months_of.astype("M8[D]")).astype(np.int64)
    target = months_of + months
    first = target.astype("M8[D]")
    length = ((target + 1).astype("M8[D]") - first).astype(np.int64)
    found: Column = first.astype(np.int64) + np.minimum(place, length - 1) + days
    return found
