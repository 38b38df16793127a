"""A chunk of cases as flat columns: one table for each kind of thing that a case file lists."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, get_args, get_origin

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import UNSET, UnsetType
from numpy.typing import NDArray
from pydantic import BaseModel

from reasoner.batch.values import EARLIEST, LATEST, ODD, SAID, SILENT, Coder, Codes, Words
from reasoner.case_values import Choices, Listed, OneOf, Scalar, read_person_id

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Path = tuple[str, ...]


def silence(size: int) -> Codes:
    """The values of a key that nothing has; they take no memory."""
    return np.broadcast_to(np.int32(SILENT), size)


def is_silent(codes: Codes) -> bool:
    """Whether these are the values of a key that nothing has."""
    return codes.strides == (0,)


@dataclass(eq=False, repr=False)
class Listing:
    """A list or mapping inside things: for each item the thing it belongs to, its key if it has one, and the item.

    ``state`` says of each thing whether its list is given (0), left out or said to be unknown; ``names`` whether the
    items name persons.
    """

    state: Codes
    owner: Ints
    keys: Codes | None = None
    values: Codes | None = None
    things: Things | None = None
    names: bool = False

    @property
    def counts(self) -> Ints:
        """How many items each thing has."""
        return np.bincount(self.owner, minlength=len(self.state))


@dataclass(eq=False, repr=False)
class Things:
    """Things of one kind with the case that each belongs to; fields inside sections by their whole path."""

    case: Ints
    codes: dict[Path, Codes] = field(default_factory=dict)
    sections: dict[Path, Bools] = field(default_factory=dict)
    lists: dict[Path, Listing] = field(default_factory=dict)
    _padded: dict[Path, Codes] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.case)

    def column(self, path: Path) -> Codes:
        """The values of a field, and silence at the end, where -1 points for a thing that is not there."""
        found = self._padded.get(path)
        if found is None:
            codes = self.codes[path]
            padded = silence(len(self) + 1) if is_silent(codes) else np.append(codes, np.int32(SILENT))
            found = self._padded[path] = padded
        return found

    def tables(self) -> Iterator[Things]:
        """This table and those of what its things list."""
        yield self
        for listing in self.lists.values():
            if listing.things is not None:
                yield from listing.things.tables()


class Slot:
    """What one key of a model holds, by its annotation."""

    def __init__(self, name: str, info: Any, words: Words, choices: Choices) -> None:
        parts = list(_parts(info.annotation)) + list(info.metadata)
        self.name, self.alias, self.required = name, info.alias or name, info.is_required()
        self.listed = next((part for part in parts if isinstance(part, Listed)), None)
        self.mapped = any(get_origin(part) is dict for part in parts)
        self.repeated = any(get_origin(part) is tuple for part in parts)
        model = next((part for part in parts if isinstance(part, type) and issubclass(part, BaseModel)), None)
        self.model = None if model is None else Model(model, words, choices)
        scalars = list(dict.fromkeys(part for part in parts if isinstance(part, Scalar | OneOf)))
        self.value = words.coder(scalars[-1], choices) if self.model is None else None
        self.key = None
        if self.mapped and (self.model or len(scalars) > 1) and isinstance(scalars[0], Scalar):
            self.key = words.coder(scalars[0], choices)  # else any text is a key
        items = self.key.annotation if self.key else scalars[-1] if scalars and self.repeated else None
        self.names = isinstance(items, Scalar) and items.read is read_person_id
        self.kinds = scalars[-1].schema if scalars and isinstance(scalars[-1], Scalar) else {}

    @property
    def type(self) -> Any:
        """The type that a strict decoder is given for it."""
        inner: Any = self.model.struct if self.model else self._scalar
        if self.mapped:
            return dict[str, inner] if self.required else dict[str, inner] | str | None | UnsetType
        if self.repeated:
            return list[inner] | str | None | UnsetType
        return inner | UnsetType if self.value else inner | None | UnsetType

    @property
    def _scalar(self) -> Any:
        if True in self.kinds.get("enum", ()):
            return bool | str | None
        return int | str | None if "integer" in self.kinds.get("type", ()) else str | None


def _parts(annotation: Any) -> Iterator[Any]:
    yield annotation
    for part in (*get_args(annotation), *getattr(annotation, "__metadata__", ())):
        yield from _parts(part)


class Model:
    """The keys of a model, and the type of the objects that a strict decoder makes of it."""

    def __init__(self, model: type[BaseModel], words: Words, choices: Choices) -> None:
        self.slots = [Slot(name, info, words, choices) for name, info in model.model_fields.items()]
        fields: list[Any] = [(s.name, s.type) if s.required else (s.name, s.type, UNSET) for s in self.slots]
        fields.sort(key=len)
        rename = {slot.name: slot.alias for slot in self.slots}
        self.struct: Any = msgspec.defstruct(
            model.__name__, fields, forbid_unknown_fields=True, rename=rename, gc=False, eq=False
        )


class FromObjects:
    """Things as the objects that a decoder made."""

    def __init__(self, objects: Sequence[Any]) -> None:
        self.objects = objects
        names = objects[0].__struct_fields__ if objects else ()
        self._columns = dict(zip(names, zip(*map(msgspec.structs.astuple, objects), strict=True), strict=True))

    def __len__(self) -> int:
        return len(self.objects)

    def _column(self, slot: Slot) -> Sequence[Any]:
        found: Sequence[Any] = self._columns.get(slot.name, ())
        return found

    def codes(self, slot: Slot) -> tuple[Codes, int]:
        """The values of a key, and how many things have it."""
        assert slot.value is not None
        values = self._column(slot)
        written = len(values) - values.count(UNSET)
        if not written:
            return silence(len(values)), 0
        slot.value[UNSET] = SILENT
        return slot.value.all(values, len(values)), written

    def section(self, slot: Slot) -> tuple[Ints, FromObjects, int]:
        """What stands in a section, and which things have it; how many say at least that they have not."""
        values = self._column(slot)
        index = [i for i, value in enumerate(values) if value is not UNSET and value is not None]
        written = len(values) - values.count(UNSET)
        return np.array(index, np.int64), FromObjects([values[i] for i in index]), written

    def items(self, slot: Slot) -> tuple[Codes, Ints, list[str] | None, Any]:
        """State and owners of a list or mapping, its keys, and its items."""
        values = self._column(slot)
        state = np.zeros(len(values), np.int32)
        if values.count(UNSET) == len(values):
            state[:] = SILENT
            return state, np.empty(0, np.int64), [] if slot.mapped else None, []
        listed: list[Any] = [() if value is UNSET else value for value in values]
        if set(map(type, listed)) <= {list, dict, tuple}:
            state[np.fromiter((value is UNSET for value in values), np.bool_, len(values))] = SILENT
        else:
            listed = self._each(slot, values, state)
        counts = np.fromiter(map(len, listed), np.int64, len(listed))
        owner = np.repeat(np.arange(len(listed)), counts)
        if not slot.mapped:
            return state, owner, None, list(chain.from_iterable(listed))
        pairs = [value for value in listed if value]
        keys = list(chain.from_iterable(pairs))
        return state, owner, keys, list(chain.from_iterable(value.values() for value in pairs))

    @staticmethod
    def _each(slot: Slot, values: Sequence[Any], state: Codes) -> list[Any]:
        """The lists or mappings of things, of which some are written otherwise."""
        listed: list[Any] = []
        for index, value in enumerate(values):
            if type(value) is list or type(value) is dict:
                listed.append(value)
                continue
            single = value
            value = ()
            if single is UNSET:
                state[index] = SILENT
            elif single is None or (single.lower() == "unknown" and slot.listed and slot.listed.missing is None):
                state[index] = SAID
            elif slot.listed and slot.listed.single:
                value = (single,)
            else:
                state[index] = ODD
            listed.append(value)
        return listed


class FromArrow:
    """Things as an array of structures."""

    def __init__(self, array: pa.StructArray) -> None:
        self.array = array
        self.index = {field.name: number for number, field in enumerate(array.type)}

    def __len__(self) -> int:
        return len(self.array)

    def _column(self, slot: Slot) -> Any:
        found = self.index.get(slot.alias)
        if found is None:
            return None
        array = self.array.field(found)
        return None if array.null_count == len(array) else array

    def codes(self, slot: Slot) -> tuple[Codes, int]:
        """The values of a key; how many things have it is of no use here."""
        array = self._column(slot)
        if array is None:
            return silence(len(self)), 0
        assert slot.value is not None
        return arrow_codes(array, slot.value), 0

    def section(self, slot: Slot) -> tuple[Ints, FromArrow, int]:
        """What stands in a section, and which things have it."""
        array = self._column(slot)
        if array is None:
            return np.empty(0, np.int64), FromArrow(pa.array([], pa.struct([]))), 0
        if not array.null_count:
            return np.arange(len(array)), FromArrow(array), len(array)
        valid = array.is_valid().to_numpy(zero_copy_only=False)
        index = np.flatnonzero(valid)
        return index, FromArrow(array.filter(pa.array(valid))), len(index)

    def items(self, slot: Slot) -> tuple[Codes, Ints, Any, Any]:
        """State and owners of a list or mapping, its keys, and its items."""
        array = self._column(slot)
        state = np.zeros(len(self), np.int32)
        if array is None:
            state[:] = SILENT
            return state, np.empty(0, np.int64), [] if slot.mapped else None, None
        if array.null_count:
            state[array.is_null().to_numpy(zero_copy_only=False)] = SILENT
        counts = pc.fill_null(pc.list_value_length(_as_list(array)), 0).to_numpy()
        owner = np.repeat(np.arange(len(array)), counts)
        values = _as_list(array).flatten()
        if not slot.mapped:
            return state, owner, None, values
        if pa.types.is_map(array.type):
            return state, owner, values.field(0), values.field(1)
        return state, owner, values.field(0), values


def _as_list(array: Any) -> Any:
    if not pa.types.is_map(array.type):
        return array
    entries = pa.struct([pa.field("key", array.type.key_type), pa.field("value", array.type.item_type)])
    return array.cast(pa.list_(entries))


def arrow_codes(array: Any, coder: dict[Any, int]) -> Codes:
    """The values of an array as numbers; a null is silence."""
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if not len(array):
        return np.empty(0, np.int32)
    valid = None if not array.null_count else _bits(array.buffers()[0], array)
    if pa.types.is_date32(array.type) and isinstance(coder, Coder) and coder.dated:
        found: Codes = _plain(array, np.int32)
        ends = pc.min_max(array.view(pa.int32())).as_py()
        if ends["min"] is not None and (ends["min"] < EARLIEST or ends["max"] > LATEST):
            found = np.where((found >= EARLIEST) & (found <= LATEST), found, np.int32(ODD))
        return found if valid is None else np.where(valid, found, np.int32(SILENT))
    if pa.types.is_boolean(array.type):
        numbers = _bits(array.buffers()[1], array).view(np.uint8)
        values = [False, True]
    else:
        array = array if pa.types.is_dictionary(array.type) else array.dictionary_encode()
        numbers, values = _plain(array.indices, array.indices.type.to_pandas_dtype()), array.dictionary.to_pylist()
    if values and not isinstance(values[0], str | int):
        values = [str(value) for value in values]  # dates
    table = np.fromiter(map(coder.__getitem__, values), np.int32, len(values))
    table = np.append(table, np.int32(SILENT))
    return table[numbers if valid is None else np.where(valid, numbers, len(values))]


def _plain(array: Any, kind: Any) -> Any:
    """The numbers of an array, with anything for a null."""
    return np.frombuffer(array.buffers()[1], kind)[array.offset : array.offset + len(array)]


def _bits(buffer: Any, array: Any) -> Bools:
    """The bits of an array in one of its buffers."""
    begin, end = array.offset, array.offset + len(array)
    data = np.frombuffer(buffer, np.uint8)[begin >> 3 : (end + 7) >> 3]
    return np.unpackbits(data, bitorder="little")[begin & 7 : (begin & 7) + len(array)].view(np.bool_)


def spread(codes: Codes, at: Ints, size: int) -> Codes:
    """Codes that stand at some places, with silence at all others."""
    found = np.full(size, SILENT, np.int32)
    found[at] = codes
    return found


def truth_names(model: Model) -> Iterator[str]:
    """The names of keys that are true or false."""
    for slot in model.slots:
        if slot.model is not None:
            yield from truth_names(slot.model)
        elif True in slot.kinds.get("enum", ()):
            yield slot.name


class PlainKey(dict[str, int]):
    """Any text as a word."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def __missing__(self, word: str) -> int:
        found = self[word] = self._words.of(word)
        return found


def listed_codes(values: Any, coder: Any) -> Codes:
    """The values of the items of a list as numbers."""
    if isinstance(values, list):
        return np.fromiter(map(coder.__getitem__, values), np.int32, len(values))
    codes = arrow_codes(values, coder)
    codes[codes == SILENT] = coder[None] if isinstance(coder, Coder) else ODD
    return codes


def repeats(row: bytes) -> bool:
    """Whether a mapping of a JSON document has a key twice."""

    def once(pairs: list[tuple[str, Any]]) -> None:
        if len({key for key, _ in pairs}) < len(pairs):
            raise ValueError

    try:
        json.loads(row, object_pairs_hook=once)
    except ValueError:
        return True
    return False


def packed(holds: Bools) -> int:
    """For which rows something holds, as the bits of a number."""
    return int.from_bytes(np.packbits(holds, bitorder="little").tobytes(), "little")


def unpacked(bits: int, size: int) -> Bools:
    """The rows, of so many, whose bits are set."""
    if not bits:
        return np.zeros(size, np.bool_)
    data = np.frombuffer(bits.to_bytes((size + 7) // 8, "little"), np.uint8)
    return np.unpackbits(data, count=size, bitorder="little").view(np.bool_)
