"""Comparisons answered for many cases at once, as :mod:`reasoner.dates` answers them for one.

A date or number is known to lie between two bounds, equal where it is known exactly. Where a bound is too coarse to
tell the exact answer, the answer is open and ``vague``: only the engine knows it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np

from reasoner.batch import days as calendar
from reasoner.batch.group import FALSE, OPEN, TRUE, Group, Truths, Unsupported
from reasoner.batch.tables import Bools, Ints
from reasoner.batch.values import FLOOR, NEVER, PARTIAL, SAID, SILENT, days_of
from reasoner.days import UNITS
from reasoner.facts import EARLIEST, HIGHEST, LATEST, address, class_table
from reasoner.ground import Atom
from reasoner.terms import OPERATORS, constant, leaves

FIRST, LAST = calendar.FIRST, calendar.LAST


@dataclass(eq=False, repr=False)
class Span:
    """Dates or numbers between bounds; ``none`` where there is none, ``may`` where there may be none."""

    lo: Ints
    hi: Ints
    none: Bools
    may: Bools
    kind: str = "date"

    @cached_property
    def known(self) -> Bools:
        """Where the value is known exactly."""
        found: Bools = ~(self.none | self.may)
        return found if self.exact else found & (self.lo == self.hi)

    @property
    def exact(self) -> bool:
        """Whether the bounds are known to be equal everywhere."""
        return self.lo is self.hi


class Code(NamedTuple):
    """Codes as numbers of words; ``none`` where there is none, ``unknown`` where it can be any."""

    codes: Ints
    none: Bools
    unknown: Bools


class Listed(NamedTuple):
    """Periods of all cases one after the other; ``complete`` where the list is known."""

    row: Ints
    start: Ints
    stop: Ints
    complete: Bools

    def merged(self, gap: int) -> Listed:
        """The periods in order, those that follow within ``gap`` days made one."""
        if not len(self.row):
            return self
        order = np.lexsort((self.start, self.row))
        row, start, stop = self.row[order], self.start[order], self.stop[order]
        offset = row * (LAST - FIRST + 10)
        reach = np.maximum.accumulate(stop + offset) - offset
        new = np.ones(len(row), np.bool_)
        new[1:] = (row[1:] != row[:-1]) | (start[1:] - gap > reach[:-1])
        begin = np.flatnonzero(new)
        end = np.append(begin[1:], len(row)) - 1
        return Listed(row[begin], start[begin], reach[end], self.complete)


@dataclass(eq=False, repr=False)
class Answers:
    """Values of points and answers to comparisons for the cases of a group."""

    group: Group

    def __post_init__(self) -> None:
        self._values: dict[Any, Any] = {}
        self._classes = class_table(self.group.law)
        self._never = np.zeros(len(self.group), np.bool_)
        self._doubts: dict[Any, Bools] = {}
        self._doubt = self._never  # of what is being worked out
        self.vague: dict[Atom, Bools] = {}

    # -- points -------------------------------------------------------------------------------------------------

    def value(self, term: Any) -> Any:
        """The value of a term in every case: a Span, a Code or a Listed."""
        found = self._values.get(term)
        if found is None:
            outer, self._doubt = self._doubt, self._never
            if type(term) is tuple:
                operation = _OPERATIONS.get(term[0])
                if operation is None and term[0] in OPERATORS:
                    raise Unsupported(term[0])
                found = self._point(term) if operation is None else operation(self, term)
            else:
                found = self._constant(constant(term) if type(term) is str else term)
            self._values[term], self._doubts[term], self._doubt = found, self._doubt, outer
        self.unsure(self._doubts[term])
        return found

    def unsure(self, where: Bools) -> None:
        """Says of what is being worked out where the engine alone knows it."""
        if where is not self._never:
            self._doubt = self._doubt | where

    def doubted(self, term: Any) -> Bools:
        """Where the engine alone knows the value of a term."""
        self.value(term)
        return self._doubts[term]

    def _constant(self, value: Any) -> Span:
        if isinstance(value, str):
            raise Unsupported(value)
        number = value if isinstance(value, int) else days_of(value)
        array = np.full(len(self.group), number, np.int64)
        return Span(array, array, self._never, self._never, "number" if isinstance(value, int) else "date")

    @property
    def assessed(self) -> Span:
        """The day of assessment."""
        group = self.group
        if group.options.as_of is not None:
            return self._exact(np.full(len(group), group.options.as_of, np.int64))
        codes = group.people.cases.codes["assessed_on",][group.people.at[group.rows]]
        return self._exact(np.where(codes > FLOOR, codes, group.options.today).astype(np.int64))

    def _exact(self, days: Ints) -> Span:
        return Span(days, days, self._never, self._never)

    def _point(self, point: Atom) -> Any:
        group = self.group
        entry = group.law.vocabulary[point[0]]
        if entry.path == "assessed_on":
            return self.assessed
        name, names = address(entry, point)
        kind = group.law.point_kinds[entry.name]
        found = group.thing(name)
        if found is None:
            absent, things, at = np.ones(len(group), np.bool_), None, group.nobody
        else:
            things, at = found
            absent = at < 0
            if name[0] == "applications":
                absent = absent & ~group.unasked(name[1])
        perhaps = absent & group.open_papers(name[1]) if name[0] == "documents" else self._never
        if kind == "periods":
            return self._periods(things, at, names, absent)
        codes = np.full(len(group), SILENT) if things is None else self._codes(things, at, names)
        silent = (codes == SILENT) & ~absent
        said = codes == SAID
        expected = entry.silence == "no"
        none = (codes == NEVER) | (absent & ~perhaps)
        unknown = said | perhaps | silent
        if expected and group.options.silence:
            none |= silent
            unknown &= ~silent
        may = (unknown & expected) | perhaps
        if kind in ("country", "language"):
            return Code(np.maximum(codes, -1).astype(np.int64), none, unknown)
        lowest, highest = (0, HIGHEST) if kind == "number" else (days_of(EARLIEST), days_of(LATEST))
        partial = np.flatnonzero(codes <= PARTIAL)
        lo = hi = codes.astype(np.int64)
        if len(partial) or unknown.any():
            lo, hi = np.where(unknown, lowest, lo), np.where(unknown, highest, lo)
        for index in partial:
            lo[index], hi[index] = group.people.words.partials[PARTIAL - codes[index]]
        lo[none] = hi[none] = 0
        if names == ("filed",):
            unfiled = ~group.filed(name[1])
            if unfiled.any():
                day = self.assessed.lo
                lo, hi = np.where(unfiled, day, lo), np.where(unfiled, day, hi)
                none, may = none & ~unfiled, may & ~unfiled
            if name[1] not in group.joining and absent.any():  # nobody's application has no day
                none = none | absent
                lo, hi = np.where(absent, 0, lo), np.where(absent, 0, hi)
        return Span(lo, hi, none, may, "number" if kind == "number" else "date")

    def _codes(self, things: Any, at: Ints, names: tuple[str, ...]) -> Any:
        listing = things.lists.get(names)
        if listing is None:
            return self.group.codes(things, at, names)
        counts = listing.counts  # a list of codes, of which only a single one is read here
        self.unsure(np.append((listing.state == 0) & (counts != 1), False)[at])
        starts = np.cumsum(counts) - counts
        single = np.where(
            counts == 1, np.append(listing.values, SILENT)[np.minimum(starts, len(listing.values))], SILENT
        )
        return np.append(np.where(listing.state == 0, single, listing.state), SILENT)[at]

    def _periods(self, things: Any, at: Ints, names: tuple[str, ...], absent: Bools) -> Listed:
        nothing = np.empty(0, np.int64)
        if things is None:
            return Listed(nothing, nothing, nothing, absent)
        lawful = names[-1] == "lawful"
        listing = things.lists[names[:-1] if lawful else names]
        place = np.full(len(things) + 1, -1)
        place[at] = np.arange(len(at))
        place[-1] = -1
        row = place[listing.owner]
        inner = listing.things
        here = row >= 0
        if lawful:
            here &= inner.codes["lawful",] != FALSE
        first, last = inner.codes["from_",], inner.codes["to",]
        blurred = (first <= FLOOR) | (last <= PARTIAL)
        if lawful:
            blurred |= inner.codes["lawful",] != TRUE
        complete = absent | (np.append(listing.state, SILENT)[at] == 0)
        complete[row[here & blurred]] = False
        here &= complete[row]
        row, first, last = row[here], first[here], last[here]
        stop = np.where(last > FLOOR, last, LAST).astype(np.int64)
        return Listed(row, first.astype(np.int64), stop, complete)

    def opened(self, point: Any) -> Bools:
        """Where the value of a point is open."""
        value = self.value(point)
        if isinstance(value, Listed):
            return ~value.complete
        return value.unknown if isinstance(value, Code) else ~value.known & ~value.none

    # -- comparisons --------------------------------------------------------------------------------------------

    def answer(self, atom: Atom) -> Truths:
        """The answer to a comparison in every case: false, true or open."""
        if atom[0] not in _ANSWERS:
            raise Unsupported(atom[0])
        self._doubt = self._never
        found = _ANSWERS[atom[0]](self, atom)
        if self._doubt.any():
            self.vague[atom] = self._doubt
            found = np.where(self._doubt, np.uint8(OPEN), found)
        return found

    def _order(self, atom: Atom) -> Truths:
        _, left, op, right = atom
        one, other = self.value(left), self.value(right)
        there = ~(one.none | other.none)
        if one.exact and other.exact:
            sure = possible = _HOLDS[op](one.lo, other.lo) & there
        else:
            sure, possible = (holds & there for holds in _ORDERS[op](one, other))
        found = _truths(sure & ~(one.may | other.may), possible)
        reads = list(leaves(atom))
        if len(set(reads)) < len(reads) or (op in ("=", "!=") and atom[0] == "date"):
            self.unsure(found == OPEN)  # trying every value may tell more than bounds do
        return found

    def _class(self, atom: Atom) -> Truths:
        table, code = self._classes(atom[1]), self.value(atom[2])
        words = self.group.people.words
        members = [words.of(member) for member in table]
        size = max(len(words.words), 1)
        codes = np.maximum(code.codes, 0)
        if len(atom) > 3:
            on = self.value(atom[3])
            first, last = np.full(size, LAST + 1), np.full(size, FIRST - 1)
            for member, (start, stop) in zip(members, table.values(), strict=True):
                first[member] = FIRST if start is None else days_of(start)
                last[member] = LAST if stop is None else days_of(stop)
            begin, end = first[codes], last[codes]
            touches = (begin <= on.hi) & (end >= on.lo) & ~on.none
            covers = touches & (begin <= on.lo) & (end >= on.hi) & ~on.may
            self.unsure(code.unknown)
            found = np.where(covers, TRUE, np.where(touches, OPEN, FALSE))
        else:
            known = np.zeros(size, np.bool_)
            known[members] = True
            found = np.where(known[codes], TRUE, FALSE)
        found = np.where(code.unknown, OPEN if members else FALSE, found)
        return np.where(code.none, FALSE, found).astype(np.uint8)

    def _same(self, atom: Atom) -> Truths:
        one, other = self.value(atom[1]), self.value(atom[2])
        found = np.where(one.codes == other.codes, TRUE, FALSE)
        found = np.where(one.unknown | other.unknown, TRUE if atom[1] == atom[2] else OPEN, found)
        return np.where(one.none | other.none, FALSE, found).astype(np.uint8)

    def _happened(self, atom: Atom) -> Truths:
        value = self.value(atom[1])
        if isinstance(value, Listed):
            found = np.where(value.complete, FALSE, OPEN).astype(np.uint8)
            found[value.row] = TRUE
            return found
        may = value.may if isinstance(value, Span) else self._never
        return np.where(value.none, FALSE, np.where(may, OPEN, TRUE)).astype(np.uint8)

    def _unbroken(self, atom: Atom) -> Truths:
        best, none, complete = self.stretch(atom)
        found = np.where(best[0] >= 0, TRUE, np.where(complete, FALSE, OPEN))
        return np.where(none, FALSE, found).astype(np.uint8)

    def stretch(self, atom: Atom) -> tuple[tuple[Ints, Ints], Bools, Bools]:
        """The most days to spare of any stretch and its last needed day; where there is no end; complete lists."""
        _, name, limit, width = atom
        listed, end, (n, unit) = self.value(name).merged(1), self.value(limit), self._window(width)
        none = end.none | n.none
        self.unsure(~none & ~(end.known & n.known))
        row = listed.row
        here = listed.start <= end.lo[row]
        row, start, stop = row[here], listed.start[here], listed.stop[here]
        needed = calendar.add(start, n.lo[row], unit)
        spare = np.minimum(stop, end.lo[row]) - needed + 1
        best = np.full(len(self.group), FLOOR, np.int64)
        np.maximum.at(best, row, spare)
        last = np.full(len(self.group), FLOOR, np.int64)
        ties = spare == best[row]
        np.maximum.at(last, row[ties], needed[ties] - 1)
        return (best, last), none, listed.complete

    def _window(self, width: Any) -> tuple[Span, str]:
        if not isinstance(width, tuple):
            return self._constant(0), ""
        return self.value(width[1]), width[2]

    def quantity(self, term: Any) -> Span:
        """Days, times or longest stretch of a list of periods within a window."""
        kind, name, limit, width = term
        end, (n, unit) = self.value(limit), self._window(width)
        listed = self.value(name)
        none = end.none | n.none
        self.unsure(~none & ~(end.known & n.known))
        first = calendar.first_day(end.lo, n.lo, unit) if unit else np.full(len(self.group), FIRST)
        merged = listed.merged(0 if kind == "count" else 1)
        row = merged.row
        here = (merged.start <= end.lo[row]) & (merged.stop >= first[row])
        row = row[here]
        lengths = np.minimum(merged.stop[here], end.lo[row]) - np.maximum(merged.start[here], first[row]) + 1
        found = np.zeros(len(self.group), np.int64)
        if kind == "count":
            found += np.bincount(row, minlength=len(self.group))
        elif kind == "days":
            np.add.at(found, row, lengths)
        else:
            np.maximum.at(found, row, lengths)
        most = np.where(listed.complete, found, end.lo - first + 1)
        return Span(found, most, none, self._never, "number")

    # -- distances ----------------------------------------------------------------------------------------------

    def gaps(self, atom: Atom, rows: Ints) -> tuple[str, Ints, Bools]:
        """How much is missing for a comparison to hold, in which unit, and where that can be measured."""
        if atom[0] == "unbroken":
            (best, _), none, _ = self.stretch(atom)
            return "days", np.abs(best[rows]), ~none[rows] & (best[rows] > FLOOR) & (best[rows] < 0)
        if atom[0] not in ("date", "number"):
            return "", np.zeros(len(rows), np.int64), np.zeros(len(rows), np.bool_)
        left, op, right = self.value(atom[1]), atom[2], self.value(atom[3])
        known = left.known[rows] & right.known[rows]
        over = left.lo[rows] - right.lo[rows]
        short = over if op in ("<=", "<") else -over
        holds = _HOLDS[op](left.lo[rows], right.lo[rows])
        amount = np.abs(over) if op == "=" else short + (op in ("<", ">"))
        if left.kind == "date":
            return "days", amount, known & ~holds
        kinds = {side[0] for side in (atom[1], atom[3]) if type(side) is tuple}
        unit = "times" if "count" in kinds else "days" if kinds & {"days", "longest"} else "units"
        return unit, amount, known & ~holds


def _truths(sure: Bools, possible: Bools) -> Truths:
    """True where it is sure, else open where it is possible, else false."""
    found: Truths = np.where(sure, np.uint8(TRUE), possible.view(np.uint8) * np.uint8(OPEN))
    return found


def _shift(answers: Answers, day: Any, n: Any, unit: str, sign: int) -> Span:
    base, number = answers.value(day), answers.value(n)
    if base.kind != "date":
        raise Unsupported(unit)
    if unit == "hours":  # moments are left to the engine
        answers.unsure(~base.none)
        unit = "days"
    low, high = (number.lo, number.hi) if sign > 0 else (-number.hi, -number.lo)
    lo = calendar.add(base.lo, low, unit)
    hi = lo if base.hi is base.lo and number.hi is number.lo else calendar.add(base.hi, high, unit)
    return Span(lo, hi, base.none | number.none, base.may | number.may)


def _sum(sign: int) -> Callable[[Answers, Any], Span]:
    def operation(answers: Answers, term: Any) -> Span:
        if len(term) == 2:
            value: Span = answers.value(term[1])
            return value if sign > 0 else replace(value, lo=-value.hi, hi=-value.lo)
        _, left, right = term
        if type(right) is tuple and right[0] == "*" and right[2] in UNITS:
            return _shift(answers, left, right[1], right[2], sign)
        one, other = answers.value(left), answers.value(right)
        if one.kind != "number" or other.kind != "number":
            raise Unsupported(term[0])
        low, high = (other.lo, other.hi) if sign > 0 else (-other.hi, -other.lo)
        return Span(one.lo + low, one.hi + high, one.none | other.none, one.may | other.may, "number")

    return operation


def _product(answers: Answers, term: Any) -> Span:
    one, other = answers.value(term[1]), answers.value(term[2])
    corners = [a * b for a in (one.lo, one.hi) for b in (other.lo, other.hi)]
    low, high = np.minimum.reduce(corners), np.maximum.reduce(corners)
    return Span(low, high, one.none | other.none, one.may | other.may, "number")


def _birthday(answers: Answers, term: Any) -> Span:
    born, years = answers.value(term[1]), answers.value(term[2])
    lo = calendar.birthday(born.lo, years.lo)
    hi = lo if born.hi is born.lo and years.hi is years.lo else calendar.birthday(born.hi, years.hi)
    return Span(lo, hi, born.none | years.none, born.may | years.may)


def _extreme(latest: bool) -> Callable[[Answers, Any], Span]:
    """What does not exist is left out; what may not exist can only push the extreme outwards."""
    pick, other = (np.maximum, np.minimum) if latest else (np.minimum, np.maximum)
    least, most = (FIRST - 1, LAST + 1) if latest else (LAST + 1, FIRST - 1)

    def operation(answers: Answers, term: Any) -> Span:
        spans = [answers.value(part) for part in term[1:]]
        far = [np.where(s.none, least, s.hi if latest else s.lo) for s in spans]
        certain = [np.where(s.none | s.may, least, s.lo if latest else s.hi) for s in spans]
        alone = [np.where(s.none, most, s.lo if latest else s.hi) for s in spans]
        none = np.logical_and.reduce([s.none for s in spans])
        may = np.logical_and.reduce([s.none | s.may for s in spans]) & ~none
        inner = np.where(may, other.reduce(alone), pick.reduce(certain))
        outer = pick.reduce(far)
        low, high = np.minimum(inner, outer), np.maximum(inner, outer)
        return Span(np.where(none, 0, low), np.where(none, 0, high), none, may, spans[0].kind)

    return operation


_HOLDS: Final[Mapping[str, Any]] = {
    "<=": np.less_equal,
    "<": np.less,
    ">=": np.greater_equal,
    ">": np.greater,
    "=": np.equal,
    "!=": np.not_equal,
}


def _bounds(op: str) -> Callable[[Span, Span], tuple[Bools, Bools]]:
    """Where a comparison holds for all values, and where it holds for some."""
    test = _HOLDS[op]
    if op == "=":
        return lambda a, b: (
            (a.lo == a.hi) & (b.lo == b.hi) & (a.lo == b.lo),
            (a.lo <= b.hi) & (b.lo <= a.hi),
        )
    if op == "!=":
        return lambda a, b: ((a.hi < b.lo) | (b.hi < a.lo), ~((a.lo == a.hi) & (b.lo == b.hi) & (a.lo == b.lo)))
    if op in ("<=", "<"):
        return lambda a, b: (test(a.hi, b.lo), test(a.lo, b.hi))
    return lambda a, b: (test(a.lo, b.hi), test(a.hi, b.lo))


_ORDERS: Final = {op: _bounds(op) for op in _HOLDS}
_OPERATIONS: Final[dict[Any, Callable[[Answers, Any], Any]]] = {
    "+": _sum(1),
    "-": _sum(-1),
    "*": _product,
    "birthday": _birthday,
    "plus": lambda answers, term: _shift(answers, term[1], term[2], term[3], 1),
    "minus": lambda answers, term: _shift(answers, term[1], term[2], term[3], -1),
    "latest": _extreme(True),
    "earliest": _extreme(False),
    "days": Answers.quantity,
    "count": Answers.quantity,
    "longest": Answers.quantity,
}
_ANSWERS: Final[dict[str, Callable[[Answers, Atom], Truths]]] = {
    "date": Answers._order,
    "number": Answers._order,
    "unbroken": Answers._unbroken,
    "class": Answers._class,
    "same": Answers._same,
    "happened": Answers._happened,
}
