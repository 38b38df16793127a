"""Where comparisons flip while one value of a case is varied; the days and numbers found are exact.

What is varied is numbered: a day by its ordinal, a whole number by itself. A comparison flips at a number when its
answer there is another than at the number before.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import Any, Final

from reasoner.cells import Splitter
from reasoner.dates import Atom, Calendar, Open, OpenCode, Term
from reasoner.days import compare
from reasoner.links import PLAY, lively, steady
from reasoner.terms import leaves

MOVED: Final = ("moved",)  # stands for every point that has the varied value
_SHIFTS: Final = ("+", "-", "plus", "minus", "birthday")

Moving = Mapping[Term, Callable[[Any], Any]]
"""The points whose value follows what is varied, each with its value for a varied one."""


class Flips:
    """The flips of comparisons over ``numbers``; ``at`` gives the varied value that has a number.

    ``moving`` are the points that follow it; all others keep the value that ``calendar`` looks up.
    """

    def __init__(self, calendar: Calendar, moving: Moving, numbers: range, at: Callable[[int], Any]) -> None:
        self.fixed, self.moving, self.numbers, self.at = calendar, moving, numbers, at
        self.alone = frozenset(point for point, value in moving.items() if value is same)
        self._now: Any = None
        self._answers: dict[Atom, list[tuple[int, bool | None]]] = {}
        self.calendar = Calendar(self._lookup, calendar.members)

    def _lookup(self, point: Term) -> Any:
        value = self.moving.get(point)
        return self.fixed.value(point) if value is None else value(self._now)

    def calendar_at(self, value: Any) -> Calendar:
        """The calendar of the case with a varied value."""
        moving, fixed = self.moving, self.fixed

        def lookup(point: Term) -> Any:
            return moving[point](value) if point in moving else fixed.value(point)

        return Calendar(lookup, fixed.members)

    def reads(self, atom: Atom) -> bool:
        """Whether a comparison can flip."""
        return not self.moving.keys().isdisjoint(leaves(atom))

    def answers(self, atom: Atom) -> list[tuple[int, bool | None]]:
        """The answers of a comparison, each with the first number that has it."""
        if not self.reads(atom):
            return [(self.numbers[0], self.fixed.answer(atom))]
        renamed = _renamed(atom, self.alone)  # many persons ask the same of the day that is varied
        if (found := self._answers.get(renamed)) is None:
            found = self._answers[renamed] = []
            for start in sorted({self.numbers[0], *self.cuts(atom, renamed)}):
                answer = self._answer(atom, start)
                if not found or found[-1][1] is not answer:
                    found.append((start, answer))
        return found

    def _answer(self, atom: Atom, number: int) -> bool | None:
        self._now = self.at(number)
        return self.calendar.answer(atom)

    def cuts(self, atom: Atom, renamed: Atom) -> Iterator[int]:
        """Numbers among which are all at which a comparison flips; ``renamed`` with :data:`MOVED` for what moves."""
        numbers = self.numbers
        if atom[0] == "class":
            yield from self._memberships(atom)
        elif not all(point in self.alone or point not in self.moving for point in leaves(atom)):
            yield from self._tried(atom, numbers)
        elif atom[0] in ("date", "number") and steady(renamed, MOVED):
            for operator in ("<=", "<") if atom[2] in ("=", "!=") else (atom[2],):
                yield from self._monotone(self._comparison(atom, renamed, operator), numbers)
        elif steady(renamed, MOVED):
            yield from self._monotone(lambda number: self._answer(atom, number), numbers)
        elif not self._parallel(atom, renamed):
            first, last = lively(atom, self.alone, self.calendar, self.numbers)
            yield from self._monotone(lambda number: self._answer(atom, number), range(numbers[0], first + 1))
            yield from self._tried(atom, range(first, last + 1))
            yield from self._monotone(lambda number: self._answer(atom, number), range(last, numbers[-1] + 1))

    def ties(self, atoms: Iterable[Atom], opened: frozenset[Term]) -> list[int]:
        """The numbers at which varying the value changes what open values can bring about together: where one of their
        flips passes another. ``atoms`` are all comparisons that count, ``opened`` the points that are open."""
        if not opened:
            return []
        renamed = [_renamed(atom, self.alone) for atom in atoms if not opened.isdisjoint(leaves(atom))]
        group: dict[Term, None] = {MOVED: None}
        before = 0
        while len(group) > before:
            before = len(group)
            for atom in renamed:
                reads = [point for point in leaves(atom) if point == MOVED or point in opened]
                if any(point in group for point in reads):
                    group.update(dict.fromkeys(point for point in reads if self._splits(point)))
        if len(group) == 1:
            return []
        shared = [atom for atom in renamed if all(p in group for p in leaves(atom) if p == MOVED or p in opened)]
        span = Open(self.at(self.numbers[0]), self.at(self.numbers[-1]))
        calendar = Calendar(lambda p: span if p == MOVED else self.fixed.value(p), self.fixed.members)
        splitter = Splitter(shared, calendar, list(group), len(self.numbers))
        axes = sorted(splitter.axes, key=lambda axis: axis.point != MOVED)
        return splitter.starts(axes[0], axes[1:])

    def _splits(self, point: Term) -> bool:
        return point == MOVED or isinstance(self.fixed.value(point), Open | OpenCode)

    def _comparison(self, atom: Atom, renamed: Atom, operator: str) -> Callable[[int], bool | None]:
        """A comparison by number; the side that does not move is worked out once."""
        calendar, (_, left, _, right) = self.calendar, atom
        moves_left = MOVED in leaves((0, renamed[1]))
        fixed = calendar.value(right if moves_left else left)

        def answer(number: int) -> bool | None:
            self._now = self.at(number)
            sides = (calendar.value(left), fixed) if moves_left else (fixed, calendar.value(right))
            return compare(sides[0], operator, sides[1])

        return answer

    @staticmethod
    def _monotone(answer: Callable[[int], Any], numbers: range) -> Iterator[int]:
        """The flips of an answer that never comes back to what it was."""
        while len(numbers) > 1:
            first = answer(numbers[0])
            if answer(numbers[-1]) is first:
                return
            index = bisect_left(numbers, True, key=lambda number, was=first: answer(number) is not was)  # type: ignore[misc]
            yield numbers[index]
            numbers = numbers[index:]

    def _tried(self, atom: Atom, numbers: range) -> Iterator[int]:
        """The flips of any answer, found by asking for every number."""
        before: Any = self
        for number in numbers:
            now = self._answer(atom, number)
            if before is not self and now is not before:
                yield number
            before = now

    def _memberships(self, atom: Atom) -> Iterator[int]:
        """The numbers at which the day of a class passes an end of a membership, or at which the code changes."""
        if len(atom) < 4:
            return
        codes = self.calendar.value(atom[2])
        table = self.calendar.members(atom[1])
        for code in codes if isinstance(codes, tuple) else (codes,) if isinstance(codes, str) else table:
            start, stop = table.get(code, (None, None))
            for limit, operator in ((start, ">="), (stop, ">")):
                if limit is not None:
                    comparison = ("date", atom[3], operator, limit.isoformat())
                    yield from self._monotone(
                        self._comparison(comparison, _renamed(comparison, self.alone), operator), self.numbers
                    )

    def _parallel(self, atom: Atom, renamed: Atom) -> bool:
        """Whether both sides move along with the varied day, so far apart that neither catches up."""
        if atom[0] != "date" or not (_shifted(renamed[1]) and _shifted(renamed[3])):
            return False
        self._now = self.at(self.numbers[0])
        left, right = self.calendar.value(atom[1]), self.calendar.value(atom[3])
        known = type(left) is date and type(right) is date
        return renamed[1] == renamed[3] or (known and abs((left - right).days) > PLAY)


@lru_cache(1 << 14)
def _renamed(term: Any, alone: frozenset[Term]) -> Any:
    if type(term) is not tuple:
        return term
    return MOVED if term in alone else tuple([_renamed(part, alone) for part in term])


def same(value: Any) -> Any:
    """The value of a point that is varied itself."""
    return value


def _shifted(term: Any) -> bool:
    """Whether a term only adds to what is varied."""
    return term == MOVED or (isinstance(term, tuple) and term[0] in _SHIFTS and _shifted(term[1]))
