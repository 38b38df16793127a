"""JSON documents that are written alike, read side by side.

Most documents of an archive come from one program and differ in little but their values. What they have in common is
their *writing*: all that stands between texts, and the keys of the case model. One document of each writing is decoded,
which says what each of its texts, truths and whole numbers is; of the others these alone are read, each distinct one
once. What has a backslash or a fault in its text, or is written as hardly another, is left to an ordinary decoder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
from msgspec import UNSET
from numpy.typing import NDArray

from reasoner.batch.distinct import numbered
from reasoner.batch.tables import Bools, Ints, Listing, Model, Path, PlainKey, Things, repeats, silence
from reasoner.batch.values import ODD, SAID, SILENT, Codes, Words

ALIKE: Final = 8  # documents of one writing for which it pays to learn it
_REMEMBERED: Final = 5_000  # writings; past that, remembering them begins anew
_NEWLINE, _QUOTE, _SPACE = b'\n" '
_NAMES: Final = 2**12  # more than the case model has keys
_CONTROLS: Final = bytes(range(_SPACE)) + b"\\"
_BETWEEN = re.compile(rb'"( *: *)(true|false|0|-?[1-9][0-9]{0,8})?(.*)', re.DOTALL)
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


class _Said(dict[bytes, int]):
    """What a coder makes of words, which begin with the quote before them."""

    def __init__(self, coder: Any) -> None:
        self.coder = coder

    def __missing__(self, word: bytes) -> int:
        text = word[1:].decode()
        found = self.coder[text]
        if text in self.coder:
            self[word] = found
        return int(found)


class _Layout:
    """The tables of a model. All values of all things lie in rows one after the other."""

    def __init__(self, model: Model, words: Words) -> None:
        self.words, self.tables = words, list[_Table]()
        self.table, self.coder, self.empty = list[int](), list[int](), list[int]()  # of each row
        self.coders: list[Any] = []
        self.root = self._added()
        self._fill(self.root, model, ())
        self.texts = [_Said(coder) for coder in self.coders]

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
    """What a document says where: ``texts`` and ``literals`` are the rows, the things and the parts of values, ``same``
    the rows, the things and the values of all documents of this writing. ``counts`` are the things of each table."""

    def __init__(self, layout: _Layout, model: Model, document: Any, parts: Ints) -> None:
        self.parts, self._layout = parts, layout
        self._found: dict[str, list[tuple[int, int, int]]] = {"t": [], "l": [], "": []}
        self.counts = [0] * len(layout.tables)
        self.counts[layout.root.number] = 1
        self._fill(layout.root, 0, model, (), document)
        self.texts, self.literals, self.same = (
            np.array(its, np.int64).reshape(-1, 3).T for its in self._found.values()
        )

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
                self._found[""].append((table.sections[path], item, 1))
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
        self._found[""] += [(its.state, item, state), (its.count, item, count)]

    def _put(self, row: int, item: int, value: Any) -> None:
        if isinstance(value, str) and value.startswith(_MARK):
            self._found[value[1]].append((row, item, int(value[2:])))
            return
        code = self._layout.coders[self._layout.coder[row]][value]
        if code == ODD:
            raise _Otherwise
        self._found[""].append((row, item, code))


class _Parts(NamedTuple):
    """Documents taken apart at their quotes: what stands between texts, and the texts, in turn.

    Both are numbers of ``words``, which begin with the quote before them. A document begins at ``begin`` and has so
    many of each; it ends with an empty text.
    """

    words: list[bytes]
    between: Codes
    texts: Codes
    begin: Ints
    size: Ints


def _taken_apart(rows: Sequence[bytes]) -> _Parts | None:
    """The parts of some documents; None where there is one that quotes alone do not take apart."""
    text = b"\n" + b"\n\n".join(rows) + b"\n\n"  # of which the last one says where the text ends
    data = np.frombuffer(text, np.uint8)
    if b"\\" in text or np.count_nonzero(data < _SPACE) != 2 * len(rows) + 1 or not _is_utf8(text):
        return None
    borders = np.flatnonzero((data == _QUOTE) | (data == _NEWLINE))
    lengths = np.fromiter(map(len, rows), np.int64, len(rows)) + 2
    begin = np.searchsorted(borders, np.cumsum(lengths) - lengths)
    size = np.diff(begin, append=len(borders) - 1)
    if (size & 1).any():
        return None
    buffers = [None, pa.py_buffer(borders), pa.py_buffer(text)]
    coded = pa.Array.from_buffers(pa.large_binary(), len(borders) - 1, buffers).dictionary_encode()
    codes = coded.indices.to_numpy()
    return _Parts(
        coded.dictionary.to_numpy(zero_copy_only=False).tolist(), codes[0::2], codes[1::2], begin >> 1, size >> 1
    )


def _is_utf8(text: bytes) -> bool:
    try:
        return text.isascii() or bool(text.decode())
    except UnicodeDecodeError:
        return False


def _is_plain(row: bytes) -> bool:
    """Whether quotes take a document apart."""
    return row.count(b'"') % 2 == 0 and len(row.translate(None, _CONTROLS)) == len(row) and _is_utf8(row)


class Writings:
    """The writings met so far."""

    def __init__(self, model: Model, words: Words) -> None:
        self._model, self._layout = model, _Layout(model, words)
        self._decode = msgspec.json.Decoder(model.struct).decode
        names = dict.fromkeys(_aliases(model))
        self._names = {b'"' + name.encode(): number for number, name in enumerate(names, 1)}
        self._known: dict[bytes, _Writing | None] = {}
        self._kinds: dict[tuple[bytes, ...], int] = {}

    def read(self, rows: Sequence[bytes], first: int, odd: Bools) -> tuple[Things | None, Ints]:
        """The things of the documents whose writing is known, and which documents are left, where the first one has
        this number. Those with a value that cannot be are said to be ``odd``."""
        everything = np.arange(first, first + len(rows))
        if len(self._known) > _REMEMBERED:
            self._known.clear()
            self._kinds.clear()
        kept, parts = everything, _taken_apart(rows)
        if parts is None:
            kept = everything[np.fromiter(map(_is_plain, rows), np.bool_, len(rows))]
            parts = _taken_apart([rows[number - first] for number in kept.tolist()])
        if parts is None or not len(kept):
            return None, everything
        kinds, literals = self._looked_at(parts)
        writings, number = self._writings(parts, kinds)
        here = number >= 0
        if not here.any():
            return None, everything
        left = np.ones(len(rows), np.bool_)
        left[kept[here] - first] = False
        if not here.all():
            wanted = np.repeat(here, parts.size)
            size = parts.size[here]
            begin = np.cumsum(size) - size
            parts = _Parts(parts.words, parts.between[wanted], parts.texts[wanted], begin, size)
        found = _Reading(self._layout, parts, literals, writings, number[here], kept[here], odd)
        return found.things, everything[left]

    def _looked_at(self, parts: _Parts) -> tuple[Ints, dict[int, Any]]:
        """What documents written alike have in common at each of their parts; the literals by their words."""
        words, literals = parts.words, dict[int, Any]()
        kind, key = np.zeros(len(words), np.int64), np.zeros(len(words), np.bool_)
        for code in _used(parts.between, len(words)):
            match = _BETWEEN.fullmatch(words[code])
            its: tuple[bytes, ...] = (words[code],)
            if match:
                key[code] = True
                before, literal, behind = match.groups()
                if literal:
                    literals[code] = (
                        {b"true": True, b"false": False}.get(literal) if literal.isalpha() else int(literal)
                    )
                    its = (before, b"truth" if literal.isalpha() else b"number", behind)
            kind[code] = self._kinds.setdefault(its, len(self._kinds) + 1)
        keyed = np.append(key[parts.between[1:]], False)
        name = np.zeros(len(words), np.int64)
        for code in _used(parts.texts[keyed], len(words)):
            name[code] = self._names.get(words[code], 0)
        return kind[parts.between] * _NAMES + np.where(keyed, name[parts.texts], 0), literals

    def _writings(self, parts: _Parts, kinds: Ints) -> tuple[list[_Writing], Ints]:
        """The writings in use, and the number of each document's; -1 where that is not known."""
        place = np.arange(len(kinds)) - np.repeat(parts.begin, parts.size)
        factors = np.random.default_rng(1).integers(1, 2**62, int(parts.size.max())) * 2 + 1
        mixed = np.add.reduceat(kinds.view(np.uint64) * factors.astype(np.uint64)[place], parts.begin)
        number, first = numbered(mixed)
        found, chosen = list[_Writing](), np.full(len(first), -1)
        often = np.bincount(number) >= ALIKE
        for index, document in enumerate(first.tolist()):
            begin = int(parts.begin[document])
            its = kinds[begin : begin + int(parts.size[document])]
            key = its.tobytes()
            if key not in self._known and often[index]:
                self._known[key] = self._learned(parts, begin, its)
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

    def _learned(self, parts: _Parts, begin: int, kinds: Ints) -> _Writing | None:
        """The writing of a document; None where decoding it says nothing of others."""
        plain, marked = list[bytes](), list[bytes]()
        for place, kind in enumerate(kinds.tolist()):
            between, text = (parts.words[codes[begin + place]] for codes in (parts.between, parts.texts))
            match = _BETWEEN.fullmatch(between)
            shown = between
            if match and match[2]:
                shown = b'"' + match[1] + f'"{_MARK}l{place}"'.encode() + match[3]
            last = place == len(kinds) - 1
            plain += [between, b"" if last else text]
            marked += [shown, b"" if last else text if kind % _NAMES else f'"{_MARK}t{place}'.encode()]
        try:
            self._decode(b"".join(plain))
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


def _used(codes: Codes | Ints, size: int) -> list[int]:
    found = np.zeros(size, np.bool_)
    found[codes] = True
    return np.flatnonzero(found).tolist()


def _stretches(first: Ints, count: Ints) -> Ints:
    """So many numbers from each of the first ones on."""
    return np.arange(int(count.sum())) + np.repeat(first - np.cumsum(count) + count, count)


class _Reading:
    """Documents whose writings are known, as ``things``: ``number`` is that of the writing of each, ``case`` of its
    case."""

    def __init__(
        self, layout: _Layout, parts: _Parts, literals: dict[int, Any], writings: list[_Writing], number: Ints,
        case: Ints, odd: Bools,
    ) -> None:  # fmt: skip
        self._layout, self._case, self._odd, self._number = layout, case, odd, number
        self._table, self._coder = np.array(layout.table), np.array(layout.coder)
        self._counts = np.array([writing.counts for writing in writings]).T[:, number]
        self._first = np.cumsum(self._counts, axis=1) - self._counts
        used = np.zeros(len(self._table), np.bool_)
        for writing in writings:
            used[np.concatenate([writing.texts[0], writing.literals[0], writing.same[0]])] = True
        self._used = used | (np.array(layout.empty) != SILENT)
        totals = np.where(self._used, self._counts.sum(axis=1)[self._table], 0)
        self._begin = np.cumsum(totals) - totals
        self._values = np.repeat(np.array(layout.empty, np.int32), totals)
        at, which, count = self._places([writing.same for writing in writings])
        self._values[at] = np.concatenate([writing.same[2] for writing in writings])[which]
        for known, its, codes in (
            (None, [writing.texts for writing in writings], parts.texts),
            (literals, [writing.literals for writing in writings], parts.between),
        ):
            at, which, count = self._places(its)
            rows, _, places = np.concatenate(its, axis=1)
            words = codes[places[which] + np.repeat(parts.begin, count)]
            self._values[at] = code = self._coded(
                (self._coder[rows] * len(parts.words))[which] + words, parts.words, known
            )
            if (wrong := code == ODD).any():
                odd[np.repeat(case, count)[wrong]] = True
        self.things = self._things(layout.root, case)

    def _places(self, its: list[NDArray[np.int64]]) -> tuple[Ints, Ints, Ints]:
        """Where the values of writings stand in all documents, which of all values each is, and how many a document
        has."""
        sizes = np.array([found.shape[1] for found in its])
        count = sizes[self._number]
        which = _stretches((np.cumsum(sizes) - sizes)[self._number], count)
        rows, items, _ = np.concatenate(its, axis=1)
        documents = len(self._number)
        thing = (self._table[rows] * documents)[which] + np.repeat(np.arange(documents), count)
        return (self._begin[rows] + items)[which] + self._first.reshape(-1)[thing], which, count

    def _coded(self, asked: Ints, words: list[bytes], literals: dict[int, Any] | None) -> Codes:
        """What words say to the coders that are asked, each of which has a number for every word: read once."""
        size = len(words)
        flags = np.zeros(len(self._layout.coders) * size, np.bool_)
        flags[asked] = True
        found = np.empty(len(flags), np.int32)
        for number, texts in enumerate(self._layout.texts):
            place = np.flatnonzero(flags[number * size : (number + 1) * size])
            those: Iterator[Any] = map((words if literals is None else literals).__getitem__, place.tolist())
            read = (texts if literals is None else texts.coder).__getitem__
            found[place + number * size] = np.fromiter(map(read, those), np.int32, len(place))
        codes: Codes = found[asked]
        return codes

    def _row(self, row: int | None) -> Codes:
        assert row is not None
        begin, size = self._begin[row], int(self._counts[self._table[row]].sum())
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
