"""JSON documents that are written alike, read side by side.

Most documents of an archive come from one program and differ in little but their values. What they have in common is
their *writing*: all that stands between texts, and the keys of the case model. One document of each writing is decoded,
which says what each of its texts, truths and whole numbers is; of the others these alone are read, each distinct one
once. What has a backslash or a fault in its text, or is written as hardly another, is left to an ordinary decoder.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import numpy as np
from msgspec import UNSET
from numpy.typing import NDArray

from reasoner.batch.distinct import numbered
from reasoner.batch.parts import PART, Known, Parts, is_plain, taken_apart
from reasoner.batch.tables import Bools, Ints, Listing, Model, Path, PlainKey, Things, repeats, silence
from reasoner.batch.values import ODD, SAID, SILENT, Codes, Words

ALIKE: Final = 8  # documents of one writing for which it pays to learn it
_RARE: Final = 16  # writings that are learned at once even so: as soon as one document is left, all are put together
_REMEMBERED: Final = 5_000  # writings; past that, remembering begins anew
_PARTS: Final = 500_000  # the same of parts
_MARK: Final = "#"


class _Otherwise(Exception):
    """A document says something in a way that its values decide upon."""


@dataclass(eq=False, repr=False)
class _List:
    """The rows with the state and the number of items of a list, and where its items stand."""

    state: int
    count: int
    items: _Table
    names: bool
    keys: int | None = None
    values: int | None = None


@dataclass(eq=False, repr=False)
class _Table:
    """Things of one kind: the number of the row with each of their fields."""

    number: int
    codes: dict[Path, int]
    sections: dict[Path, int]
    lists: dict[Path, _List]


class _Layout:
    """The tables of a model. All values of all things lie in rows one after the other."""

    def __init__(self, model: Model, words: Words) -> None:
        self.words, self.tables = words, list[_Table]()
        self.table, self.coder, self.empty = list[int](), list[int](), list[int]()  # of each row
        self.coders: list[Any] = []
        self.root = self._added()
        self._fill(self.root, model, ())

    def _added(self) -> _Table:
        self.tables.append(_Table(len(self.tables), {}, {}, {}))
        return self.tables[-1]

    def _row(self, table: _Table, empty: int, coder: Any = None) -> int:
        if coder is not None and not any(coder is known for known in self.coders):
            self.coders.append(coder)
        self.coder.append(next((n for n, known in enumerate(self.coders) if known is coder), -1))
        self.table.append(table.number)
        self.empty.append(empty)
        return len(self.table) - 1

    def _fill(self, table: _Table, model: Model, prefix: Path) -> None:
        for slot in model.slots:
            path = (*prefix, slot.name)
            if slot.mapped or slot.repeated:
                items = self._added()
                state, count = self._row(table, SILENT), self._row(table, 0)
                its = table.lists[path] = _List(state, count, items, slot.names)
                if slot.mapped:
                    its.keys = self._row(items, ODD, PlainKey(self.words) if slot.key is None else slot.key)
                if slot.model is not None:
                    self._fill(items, slot.model, ())
                else:
                    its.values = self._row(items, ODD, slot.value)
            elif slot.model is not None:
                table.sections[path] = self._row(table, 0)
                self._fill(table, slot.model, path)
            else:
                table.codes[path] = self._row(table, SILENT, slot.value)


class _Writing:
    """What a document says where: ``values`` are the rows and the things of what it says, the parts that say it, and
    whether it is their literal; ``same`` the rows, the things and the values of all documents of this writing.
    ``counts`` are the things of each table."""

    def __init__(self, layout: _Layout, model: Model, document: Any, parts: Ints) -> None:
        self.parts, self._layout = parts, layout
        self._values, self._same = list[tuple[int, int, int, int]](), list[tuple[int, int, int]]()
        self.counts = [0] * len(layout.tables)
        self.counts[layout.root.number] = 1
        self._fill(layout.root, 0, model, (), document)
        self.values = np.array(self._values, np.int64).reshape(-1, 4).T
        self.same = np.array(self._same, np.int64).reshape(-1, 3).T

    def _fill(self, table: _Table, item: int, model: Model, prefix: Path, thing: Any) -> None:
        for slot in model.slots:
            value, path = getattr(thing, slot.name), (*prefix, slot.name)
            if value is UNSET:
                continue
            if slot.mapped or slot.repeated:
                self._list(table.lists[path], item, slot.model, value)
            elif slot.model is None:
                self._put(table.codes[path], item, value)
            elif value is not None:
                self._same.append((table.sections[path], item, 1))
                self._fill(table, item, slot.model, path, value)

    def _list(self, its: _List, item: int, model: Model | None, value: Any) -> None:
        if isinstance(value, str):
            raise _Otherwise
        pairs = value.items() if isinstance(value, dict) else ((None, part) for part in value or ())
        before = self.counts[its.items.number]
        for place, (key, part) in enumerate(pairs, before):
            self.counts[its.items.number] += 1
            if its.keys is not None:
                self._put(its.keys, place, key)
            if model is not None:
                self._fill(its.items, place, model, (), part)
            elif its.values is not None:
                self._put(its.values, place, part)
        state, count = SAID if value is None else 0, self.counts[its.items.number] - before
        self._same += [(its.state, item, state), (its.count, item, count)]

    def _put(self, row: int, item: int, value: Any) -> None:
        if isinstance(value, str) and value.startswith(_MARK):
            self._values.append((row, item, int(value[2:]), value[1] == "l"))
            return
        code = self._layout.coders[self._layout.coder[row]][value]
        if code == ODD:
            raise _Otherwise
        self._same.append((row, item, code))


class Writings:
    """The writings met so far."""

    def __init__(self, model: Model, words: Words) -> None:
        self._model, self._layout = model, _Layout(model, words)
        self._decode = msgspec.json.Decoder(model.struct).decode
        self._begin()

    def _begin(self) -> None:
        """Remembers nothing."""
        self._parts = Known(_aliases(self._model), self._layout.coders)
        self._known: dict[bytes, _Writing | None] = {}
        self._met = Counter[bytes]()  # documents of each writing, until it is known

    def read(self, rows: Sequence[bytes], first: int, odd: Bools) -> tuple[Things | None, Bools]:
        """The things of the documents whose writing is known, as cases with numbers from the ``first`` on, and which
        documents these are. Cases with a value that cannot be are said to be ``odd``."""
        read = np.zeros(len(rows), np.bool_)
        if len(self._known) > _REMEMBERED or len(self._parts) > _PARTS:
            self._begin()
        if len(self._met) > _REMEMBERED:
            self._met.clear()
        kept, parts = np.arange(len(rows)), taken_apart(rows)
        if parts is None:
            kept = np.flatnonzero(np.fromiter(map(is_plain, rows), np.bool_, len(rows)))
            parts = taken_apart([rows[number] for number in kept.tolist()])
        if parts is None or not len(kept):
            return None, read
        numbers = self._parts.numbers(parts)
        writings, number = self._writings(parts, self._parts.kind[numbers])
        here = number >= 0
        if not here.any():
            return None, read
        read[kept[here]] = True
        begin, number = parts.begin, number[here]
        if not here.all():
            numbers, size = numbers[np.repeat(here, parts.size)], parts.size[here]
            begin = np.cumsum(size) - size
        cases = np.arange(first, first + len(number))
        return _Reading(self._layout, self._parts, numbers, begin, writings, number, cases, odd).things, read

    def _writings(self, parts: Parts, kinds: Ints) -> tuple[list[_Writing], Ints]:
        """The writings in use, and the number of each document's; -1 where that is not known."""
        place = np.arange(len(kinds)) - np.repeat(parts.begin, parts.size)
        factors = np.random.default_rng(1).integers(1, 2**62, int(parts.size.max())) * 2 + 1
        mixed = np.add.reduceat(kinds.view(np.uint64) * factors.astype(np.uint64)[place], parts.begin)
        number, first = numbered(mixed)
        found, chosen, rare = list[_Writing](), np.full(len(first), -1), 0
        for index, (document, count) in enumerate(zip(first.tolist(), np.bincount(number).tolist(), strict=True)):
            begin = int(parts.begin[document])
            its = kinds[begin : begin + int(parts.size[document])]
            key = its.tobytes()
            if key not in self._known:
                self._met[key] += count
                rare += self._met[key] < ALIKE
                if self._met[key] >= ALIKE or rare <= _RARE:
                    codes = parts.codes[begin : begin + len(its)].tolist()
                    self._known[key] = self._learned([parts.distinct[code] for code in codes], its)
            writing = self._known.get(key)
            if writing is not None:
                chosen[index] = len(found)
                found.append(writing)
        if not found:
            return found, np.full(len(number), -1)
        number = chosen[number]
        sizes = np.array([len(writing.parts) for writing in found])
        ends = np.cumsum(sizes)
        fine = (number >= 0) & (sizes[number] == parts.size)
        at = place + np.repeat(np.where(fine, (ends - sizes)[number], 0), parts.size)
        same = (
            np.concatenate([*(writing.parts for writing in found), np.zeros(int(parts.size.max()), np.int64)])[at]
            == kinds
        )
        return found, np.where(fine & np.logical_and.reduceat(same, parts.begin), number, -1)

    def _learned(self, parts: list[bytes], kinds: Ints) -> _Writing | None:
        """The writing of a document by its parts; None where decoding it says nothing of others."""
        first, *others = parts
        marked = [first]
        for place, match in enumerate(map(PART.fullmatch, others), 1):
            assert match
            text, colon, said, behind = match.groups()
            text = text if self._parts.is_name(text, colon) else f'"{_MARK}t{place}'.encode()
            literal = f'"{_MARK}l{place}"'.encode() if said else b""
            marked.append(b"".join([text, b'"', colon or b"", literal, behind]))
        try:
            self._decode(b"".join(parts))
            document = self._decode(b"".join(marked))
            if not repeats(b"".join(marked)):
                return _Writing(self._layout, self._model, document, kinds.copy())
        except (msgspec.DecodeError, msgspec.ValidationError, _Otherwise):
            pass
        return None


def _aliases(model: Model) -> Iterator[str]:
    for slot in model.slots:
        yield slot.alias
        if slot.model is not None:
            yield from _aliases(slot.model)


def _stretches(first: Ints, count: Ints) -> Ints:
    """So many numbers from each of the first ones on."""
    return np.arange(int(count.sum())) + np.repeat(first - np.cumsum(count) + count, count)


class _Reading:
    """Documents whose writings are known, as ``things``: ``number`` is that of the writing of each, ``case`` of its
    case."""

    def __init__(
        self, layout: _Layout, known: Known, parts: Ints, begin: Ints, writings: list[_Writing], number: Ints,
        case: Ints, odd: Bools,
    ) -> None:  # fmt: skip
        self._layout, self._case, self._odd, self._number = layout, case, odd, number
        self._table = np.array(layout.table)
        self._counts = np.array([writing.counts for writing in writings]).T[:, number]
        self._first = np.cumsum(self._counts, axis=1) - self._counts
        used = np.zeros(len(self._table), np.bool_)
        for writing in writings:
            used[np.concatenate([writing.values[0], writing.same[0]])] = True
        self._used = used | (np.array(layout.empty) != SILENT)
        self._sizes = self._counts.sum(axis=1)[self._table]
        totals = np.where(self._used, self._sizes, 0)
        self._begin = np.cumsum(totals) - totals
        self._values = np.repeat(np.array(layout.empty, np.int32), totals)
        at, which, count = self._places([writing.same[:2] for writing in writings])
        self._values[at] = np.concatenate([writing.same[2] for writing in writings])[which]
        at, which, count = self._places([writing.values[:2] for writing in writings])
        rows, _, place, literal = np.concatenate([writing.values for writing in writings], axis=1)
        part = parts[place[which] + np.repeat(begin, count)]
        self._values[at] = code = known.read(part, (2 * np.array(layout.coder)[rows] + literal)[which])
        if (wrong := code == ODD).any():
            odd[np.repeat(case, count)[wrong]] = True
        self.things = self._things(layout.root, case)

    def _places(self, its: list[NDArray[np.int64]]) -> tuple[Ints, Ints, Ints]:
        """Where the values of writings stand in all documents, which of all values each is, and how many a document
        has."""
        sizes = np.array([found.shape[1] for found in its])
        count = sizes[self._number]
        which = _stretches((np.cumsum(sizes) - sizes)[self._number], count)
        rows, items = np.concatenate(its, axis=1)
        documents = len(self._number)
        thing = (self._table[rows] * documents)[which] + np.repeat(np.arange(documents), count)
        return (self._begin[rows] + items)[which] + self._first.reshape(-1)[thing], which, count

    def _row(self, row: int | None) -> Codes:
        assert row is not None
        begin, size = self._begin[row], int(self._sizes[row])
        return self._values[begin : begin + size] if self._used[row] else silence(size)

    def _things(self, table: _Table, case: Ints) -> Things:
        return Things(
            case,
            {path: self._row(row) for path, row in table.codes.items()},
            {path: self._row(row) == 1 for path, row in table.sections.items()},
            {path: self._listing(its) for path, its in table.lists.items()},
        )

    def _listing(self, its: _List) -> Listing:
        count = self._row(its.count)
        found = Listing(self._row(its.state), np.repeat(np.arange(len(count)), count), names=its.names)
        case = np.repeat(self._case, self._counts[its.items.number])
        if its.keys is not None:
            found.keys = self._row(its.keys)
            whose = found.owner << 32 | found.keys
            number, first = numbered(whose)
            if len(first) < len(whose):  # a key stands twice
                self._odd[case[np.bincount(number)[number] > 1]] = True
        if its.values is not None:
            found.values = self._row(its.values)
        else:
            found.things = self._things(its.items, case)
        return found
