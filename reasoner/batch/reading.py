"""Reads cases as tables."""

from __future__ import annotations

import gc
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa

from reasoner.batch.tables import (
    Bools,
    FromArrow,
    FromObjects,
    Ints,
    Listing,
    Model,
    Path,
    PlainKey,
    Slot,
    Things,
    is_silent,
    listed_codes,
    repeats,
    silence,
    spread,
    truth_names,
)
from reasoner.batch.values import ODD, SILENT, Codes, Words
from reasoner.batch.written import Writings
from reasoner.case_model import Case
from reasoner.case_values import Choices

SIDE_BY_SIDE = 16384  # documents that are read so at most, whatever the size of a piece
BLOCK = 1024  # documents that are decoded before their values become columns


class Read(NamedTuple):
    """Cases as a table of one thing each, which of them are left to the ordinary reader (``odd``), and the row of each
    in its chunk: what is read side by side comes first. ``truths`` are the keys that are true or false."""

    cases: Things
    odd: Bools
    rows: Ints
    words: Words
    truths: frozenset[str]


class Reader:
    """Reads chunks of cases as tables."""

    def __init__(self, choices: Choices) -> None:
        self.words = Words()
        self.choices = choices
        self.model = Model(Case, self.words, choices)
        self.truths = frozenset(truth_names(self.model))
        self._decoder = msgspec.json.Decoder(self.model.struct)
        self._writings = Writings(self.model, self.words)

    def read(self, rows: Sequence[bytes] | pa.Table) -> Read:
        """The cases of a chunk."""
        odd = np.zeros(len(rows), np.bool_)
        source: Any
        if isinstance(rows, pa.Table):
            array = rows.to_struct_array()
            if isinstance(array, pa.ChunkedArray):
                array = array.combine_chunks() if array.num_chunks != 1 else array.chunk(0)
            source = FromArrow(array)
            cases, _ = self._things(source, self.model, np.arange(len(rows)), odd)
            return Read(cases, odd, np.arange(len(rows)), self.words, self.truths)
        blocks, kept, others, size = list[Things](), list[Ints](), [np.empty(0, np.int64)], 0
        for start in range(0, len(rows), SIDE_BY_SIDE):
            alike, here = self._writings.read(rows[start : start + SIDE_BY_SIDE], size, odd)
            if alike is not None:
                blocks.append(alike)
                size += len(alike)
            kept.append(start + np.flatnonzero(here))
            others.append(start + np.flatnonzero(~here))
        left, gathers = np.concatenate(others), gc.isenabled()
        gc.disable()  # it would go through all that was decoded again and again, and find nothing
        try:
            for start in range(0, max(len(left), not blocks), BLOCK):
                blocks.append(self._block(rows, left[start : start + BLOCK], size + start, odd))
        finally:
            if gathers:
                gc.enable()
        return Read(joined(blocks), odd, np.concatenate([*kept, left]), self.words, self.truths)

    def _block(self, rows: Sequence[bytes], left: Ints, first: int, odd: Bools) -> Things:
        """Some documents by their rows, as cases with numbers from the ``first`` on: few enough for the memory close to
        the processor."""
        decode, objects, kept = self._decoder.decode, [], []
        for number, row in enumerate(left.tolist(), first):
            try:
                objects.append(decode(rows[row]))
                kept.append(number)
            except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
                odd[number] = True
        case = np.array(kept, np.int64)
        cases, written = self._things(FromObjects(objects), self.model, case, odd)
        texts = [rows[row] for row in left[case - first]]
        colons = np.fromiter((text.count(b":") for text in texts), np.int64, len(texts))
        if written != colons.sum():  # text with colons, or keys that stand twice
            keys = _keys(cases, len(odd))[case]
            for place in np.flatnonzero((colons != keys) & ~odd[case]).tolist():
                odd[case[place]] |= repeats(texts[place])
        return cases

    def _listing(self, slot: Slot, case: Ints, items: Any, odd: Bools) -> tuple[Listing, int]:
        """The items of a list or mapping of things that belong to these cases; how many keys they hold."""
        state, owner, keys, values = items
        if (state == ODD).any():
            odd[case[state == ODD]] = True
        written = int(np.count_nonzero(state != SILENT))
        listing, owners = Listing(state, owner, names=slot.names), case[owner]
        if keys is not None:
            written += len(keys)
            listing.keys = listed_codes(keys, PlainKey(self.words) if slot.key is None else slot.key)
            odd[owners[listing.keys == ODD]] = True
        if slot.model is not None:
            source = FromObjects(values or []) if values is None or isinstance(values, list) else FromArrow(values)
            listing.things, below = self._things(source, slot.model, owners, odd)
            return listing, written + below
        assert slot.value is not None
        listing.values = listed_codes(values or [] if isinstance(values, list | None) else values, slot.value)
        odd[owners[listing.values == ODD]] = True
        return listing, written

    def _things(self, source: Any, model: Model, case: Ints, odd: Bools) -> tuple[Things, int]:
        things = Things(case)
        written = self._fill(things, source, model, (), np.arange(len(case)), odd)
        return things, written

    def _fill(self, things: Things, source: Any, model: Model, prefix: Path, at: Ints, odd: Bools) -> int:
        """Adds the fields of a section to its things, which stand ``at`` these rows; how many keys were written."""
        written, whole = 0, len(at) == len(things)
        for slot in model.slots:
            path = (*prefix, slot.name)
            if slot.mapped or slot.repeated:
                listing, count = self._listing(slot, things.case[at], source.items(slot), odd)
                if not whole:
                    listing.owner = at[listing.owner]
                    listing.state = spread(listing.state, at, len(things))
                things.lists[path] = listing
                written += count
            elif slot.model is not None:
                index, inner, count = source.section(slot)
                present = np.zeros(len(things), np.bool_)
                present[at[index]] = True
                things.sections[path] = present
                written += count + (self._fill(things, inner, slot.model, path, at[index], odd))
            else:
                codes, count = source.codes(slot)
                written += count
                if is_silent(codes):
                    things.codes[path] = silence(len(things))
                    continue
                if (wrong := codes == ODD).any():
                    odd[things.case[at[wrong]]] = True
                things.codes[path] = codes if whole else spread(codes, at, len(things))
        return written


def joined(blocks: list[Things]) -> Things:
    """The things of several blocks as one table."""
    if len(blocks) == 1:
        return blocks[0]
    first = blocks[0]
    lists = {}
    for path, listing in first.lists.items():
        parts = [block.lists[path] for block in blocks]
        offsets = np.cumsum([0, *(len(block) for block in blocks[:-1])])
        lists[path] = Listing(
            np.concatenate([part.state for part in parts]),
            np.concatenate([part.owner + offset for part, offset in zip(parts, offsets, strict=True)]),
            None if listing.keys is None else np.concatenate([part.keys for part in parts if part.keys is not None]),
            None
            if listing.values is None
            else np.concatenate([part.values for part in parts if part.values is not None]),
            None if listing.things is None else joined([part.things for part in parts if part.things is not None]),
            listing.names,
        )
    return Things(
        np.concatenate([block.case for block in blocks]),
        {path: _behind([block.codes[path] for block in blocks]) for path in first.codes},
        {path: np.concatenate([block.sections[path] for block in blocks]) for path in first.sections},
        lists,
    )


def _behind(parts: list[Codes]) -> Codes:
    """The values of several blocks, one behind the other."""
    return silence(sum(map(len, parts))) if all(map(is_silent, parts)) else np.concatenate(parts)


def _keys(cases: Things, size: int) -> Ints:
    """How many keys each case has at least."""
    found = np.zeros(size, np.int64)
    for things in cases.tables():
        written = [codes != SILENT for codes in things.codes.values()] + list(things.sections.values())
        written += [listing.state != SILENT for listing in things.lists.values()]
        for here in written:
            found += np.bincount(things.case[here], minlength=size)
        for listing in things.lists.values():
            if listing.keys is not None:
                found += np.bincount(things.case[listing.owner], minlength=size)
    return found
