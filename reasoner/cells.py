"""The finitely many ways that open values matter: stretches of days, and kinds of codes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import product
from typing import Any, Final, NamedTuple

from reasoner.axes import Axis, kinds_of_code
from reasoner.dates import NONE, Atom, Calendar, Open, OpenCode, OpenPeriods, Periods, Term
from reasoner.days import compare
from reasoner.links import lively, steady, tangled
from reasoner.terms import leaves

_MOST_TRIALS: Final = 100_000  # values tried one by one where a comparison can flip more than once


class Cell(NamedTuple):
    """A stretch of one open value, ends included; a code, for all like it; or no date at all."""

    lo: Any = None
    hi: Any = None
    code: str | None = None
    none: bool = False

    @property
    def value(self) -> Any:
        """The value that stands for the cell: its first day, its code, or NONE."""
        return NONE if self.none else self.lo if self.code is None else self.code


class World(NamedTuple):
    """One cell for each open point, and the truth of each atom there.

    The cells of a later point are those that go with the first day of the cells of the points
    before it.
    """

    assignment: Mapping[Term, Cell]
    truth: tuple[bool, ...]


class Worlds(NamedTuple):
    """The worlds of open points that share atoms; `truth` follows `atoms`, which are indices.

    `free_atoms` are not decided by any world: they read a list of periods that is open, an open
    point that was not to be split or, when the worlds exceeded the limit, the points here. Either
    way may then be true, and `exact` is False because combinations of free atoms are included that
    no value brings about. `too_many` says that the limit is why.
    """

    points: tuple[Term, ...]
    cells: tuple[World, ...]
    exact: bool = True
    atoms: tuple[int, ...] = ()
    free_atoms: tuple[int, ...] = ()
    too_many: bool = False


class _TooMany(Exception):
    """The worlds of a component exceed the limit."""


def worlds(
    atoms: Sequence[Atom], calendar: Calendar, open_points: Sequence[Term], limit: int = 4096
) -> tuple[Worlds, ...]:
    """The cells of the open points, one `Worlds` for each group of points that share atoms.

    The truth vectors are exactly those that some values of the points bring about. Atoms whose
    answer is the same for all values are in no group: ask `Calendar.answer`.
    """
    order = list(dict.fromkeys(open_points))
    values = {point: calendar.lookup(point) for point in order}
    splittable = {p for p, value in values.items() if isinstance(value, (Open, OpenCode))}
    groups: dict[Term, list[Term]] = {point: [point] for point in order if point in splittable}
    decided: dict[int, Term] = {}
    free: dict[Term, list[int]] = {point: [] for point in order if _unlisted(values[point])}
    for index, atom in enumerate(atoms):
        if calendar.answer(atom) is not None:
            continue
        reads = list(dict.fromkeys(leaves(atom)))
        closed = [p for p in reads if p not in splittable and _is_open(calendar.lookup(p))]
        if closed:
            free.setdefault(closed[0], []).append(index)
            continue
        ours = [point for point in reads if point in splittable]
        decided[index] = ours[0]
        _join(groups, ours)
    found = []
    for group in {id(group): group for group in groups.values()}.values():
        members = [index for index, point in decided.items() if groups[point] is group]
        found.append(_component(group, members, atoms, calendar, limit))
    unsplit = [Worlds((p,), (), False, (), tuple(indices)) for p, indices in free.items()]
    return (*found, *unsplit)


def _unlisted(value: Any) -> bool:
    return isinstance(value, OpenPeriods) or (isinstance(value, Periods) and not value.complete)


def _is_open(value: Any) -> bool:
    return isinstance(value, (Open, OpenCode)) or _unlisted(value)


def _join(groups: dict[Term, list[Term]], ours: list[Term]) -> None:
    group = groups[ours[0]]
    for point in ours[1:]:
        other = groups[point]
        if other is not group:
            group += other
            groups.update(dict.fromkeys(other, group))


def _component(group: list[Term], members: list[int], atoms: Sequence[Atom], calendar: Calendar, limit: int) -> Worlds:
    try:
        splitter = Splitter([atoms[i] for i in members], calendar, group, limit)
        found = splitter.split(splitter.axes)
    except _TooMany:
        return Worlds(tuple(group), (), False, (), tuple(members), too_many=True)
    names = [axis.point for axis in splitter.axes]
    cells = tuple(World(dict(zip(names, row, strict=True)), truth) for row, truth in found)
    return Worlds(tuple(names), cells, True, tuple(members))


class Splitter:
    """Splits the points of one component; `env` holds the values at which atoms are being tried."""

    def __init__(self, atoms: list[Atom], calendar: Calendar, group: list[Term], limit: int) -> None:
        self.atoms, self.limit, self.leafs = atoms, limit, 0
        self.reads = [leaves(atom) for atom in atoms]
        self.env: dict[Any, Any] = {p: calendar.lookup(p) for reads in self.reads for p in reads}
        self.calendar = Calendar(self.env.__getitem__, calendar.members)
        values = {point: calendar.lookup(point) for point in group}
        codes = [point for point in group if isinstance(values[point], OpenCode)]
        kinds = tuple(kinds_of_code(atoms, self.calendar, len(codes))) if codes else ()
        dated = [Axis(point, values[point]) for point in group if point not in codes]
        # The points that are tried day by day come first, so that what depends on them is known
        # when they are.
        self.daily = tangled(atoms, calendar, {a.point: len(a.range) for a in dated})
        dated.sort(key=lambda axis: axis.point not in self.daily)
        self.axes = [*dated, *(Axis(point, OpenCode(), kinds) for point in codes)]
        self.open = [[p for p in dict.fromkeys(r) if p in values] for r in self.reads]
        self.memo: dict[Any, tuple[int, ...]] = {}

    def split(self, axes: Sequence[Axis]) -> list[tuple[tuple[Cell, ...], tuple[bool, ...]]]:
        """The worlds of these axes, the points before them being settled in `env`."""
        if not axes:
            self.leafs += 1
            if self.leafs > 16 * self.limit:
                raise _TooMany
            return [((), tuple([self.calendar.answer(atom) is True for atom in self.atoms]))]
        axis, rest = axes[0], axes[1:]
        kept: list[tuple[Cell, Any, Any]] = []
        for cell in self.cells(axis, rest):
            self.env[axis.point] = cell.value
            below = self.split(rest)
            truths = [truth for _, truth in below]
            if axis.codes and any(truths == known for _, _, known in kept):
                continue
            if kept and not (axis.codes or cell.none or kept[-1][0].none) and truths == kept[-1][2]:
                kept[-1] = (Cell(kept[-1][0].lo, cell.hi), *kept[-1][1:])
                continue
            kept.append((cell, below, truths))
        found = [((cell, *row), truth) for cell, below, _ in kept for row, truth in below]
        if len(found) > self.limit:
            raise _TooMany
        return found

    def cells(self, axis: Axis, rest: Sequence[Axis]) -> Iterator[Cell]:
        """The cells of one axis before those that turn out alike are merged."""
        if axis.codes:
            yield from (Cell(code=code) for code in axis.codes)
            return
        if axis.value.may_be_none:
            yield Cell(none=True)
        starts = self.starts(axis, rest)
        for start, after in zip(starts, [*starts[1:], axis.range.stop], strict=True):
            yield Cell(axis.at(start), axis.at(after - 1))

    def starts(self, axis: Axis, rest: Sequence[Axis]) -> list[int]:
        """The first numbers of an axis's cells: flips against known and critical values.

        The critical values of a point are its ends and both sides of each flip; they spread to the
        points it is compared with, one comparison at a time, so that as many rounds as there are
        points reach them all.
        """
        if axis.point in self.daily:
            if len(axis.range) > self.limit:
                raise _TooMany
            return list(axis.range)
        axes = {a.point: a for a in (axis, *rest)}
        samples: dict[Term, dict[Any, None]] = {p: dict.fromkeys(a.samples) for p, a in axes.items()}
        starts = {axis.range.start}
        for still in range(len(axes) - 1, -1, -1):
            found: dict[Term, list[Any]] = {}
            for index, reads in enumerate(self.open):
                for point in reads:
                    if point not in axes or axes[point].codes or (not still and point != axis.point):
                        continue
                    others = [p for p in reads if p in axes and p != point]
                    for values in product(*(samples[p] for p in others)):
                        self.env.update(zip(others, values, strict=True))
                        cuts = self.cuts(index, axes[point])
                        if point == axis.point:
                            starts.update(cuts)
                        found.setdefault(point, []).extend(cuts)
            for point, cuts_found in found.items():
                at = axes[point].at
                samples[point].update((at(n), None) for cut in cuts_found for n in (cut - 1, cut))
        return sorted(starts)

    def cuts(self, index: int, axis: Axis) -> tuple[int, ...]:
        """The numbers at which an atom changes along an axis, other points being as in `env`."""
        key = (index, axis.point, *(self.env[p] for p in self.open[index] if p != axis.point))
        known = self.memo.get(key)
        if known is None:
            known = self.memo[key] = tuple(sorted(set(self._cuts(self.atoms[index], axis, index))))
        return known

    def _cuts(self, atom: Atom, axis: Axis, index: int) -> Iterator[int]:
        if not steady(atom, axis.point):
            yield from self._untied(atom, axis)
        elif atom[0] == "class":
            yield from self._boundaries(atom, axis)
        elif atom[0] in ("date", "number"):
            for op in ("<=", "<") if atom[2] in ("=", "!=") else (atom[2],):
                yield from self._flip(axis, axis.range, self._comparison(atom, op, axis.point))
        else:
            yield from self._flip(axis, axis.range, lambda value: self.calendar.answer(atom))

    def _untied(self, atom: Atom, axis: Axis) -> Iterator[int]:
        """The numbers at which an atom changes that can come and go: all are tried between which it does."""
        numbers, answer = axis.range, lambda value: self.calendar.answer(atom)
        days = isinstance(axis.value.lo, date) and not isinstance(axis.value.lo, datetime)
        first, last = lively(atom, (axis.point,), self.calendar, numbers) if days else (numbers[0], numbers[-1])
        yield from self._flip(axis, range(numbers[0], first + 1), answer)
        yield from self._tried(axis, range(first, last + 1), answer)
        yield from self._flip(axis, range(last, numbers[-1] + 1), answer)

    def _comparison(self, atom: Atom, op: str, point: Term) -> Callable[[Any], bool | None]:
        """The comparison as a function of the point; the other side is worked out once."""
        calendar, (_, left, _, right) = self.calendar, atom
        if point in leaves((0, left)):
            fixed = calendar.value(right)
            return lambda value: compare(calendar.value(left), op, fixed)
        fixed = calendar.value(left)
        return lambda value: compare(fixed, op, calendar.value(right))

    def _flip(self, axis: Axis, numbers: range, truth: Callable[[Any], bool | None]) -> Iterator[int]:
        """The number at which a truth that changes at most once does so."""
        env, point, at = self.env, axis.point, axis.at

        def changed(number: int) -> bool:
            env[point] = value = at(number)
            return truth(value) is not first

        env[point] = value = at(numbers[0])
        first = truth(value)
        if changed(numbers[-1]):
            yield numbers[bisect_left(numbers, True, key=changed)]

    def _tried(self, axis: Axis, numbers: range, truth: Callable[[Any], bool | None]) -> Iterator[int]:
        """The numbers at which a truth changes, found by trying every value."""
        if len(numbers) > _MOST_TRIALS:
            raise _TooMany
        before = None
        for number in numbers:
            self.env[axis.point] = value = axis.at(number)
            now = truth(value)
            if before is not None and now is not before:
                yield number
            before = now

    def _boundaries(self, atom: Atom, axis: Axis) -> Iterator[int]:
        """The numbers at which the day of a class atom passes an end of a membership."""
        codes, table = self.calendar.value(atom[2]), self.calendar.members(atom[1])
        for code in codes if isinstance(codes, tuple) else (codes,):
            start, stop = table.get(code, (None, None))
            for limit, op in ((start, ">="), (stop, ">")):
                if limit is not None:
                    compared = self._comparison(("date", atom[3], op, limit), op, axis.point)
                    yield from self._flip(axis, axis.range, compared)
