"""What a summary counts, piece by piece: sums that can be added up in any order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

RESULTS, GROUNDS, NEAR, PAPERS, LACKING, OPEN, FAULTS = (
    *("results", "grounds", "near", "papers", "lacking", "open", "faults"),
)
SECTIONS = (RESULTS, GROUNDS, NEAR, PAPERS, LACKING, OPEN, FAULTS)
Tally = dict[str, Counter[tuple[Any, ...]]]


def tally(table: pa.Table, faults: Iterable[str] = ()) -> Tally:
    """What the rows of a piece add to the summary.

    ``results``: route and result. ``grounds``: conditions that fail where the result is a refusal. ``near``: condition,
    unit and amount where one condition alone fails, and by how much. ``lacking``: how many papers an eligible person
    lacks; ``papers``: which, where it is one. ``open``: what an undetermined result depends on.
    """
    import pyarrow.compute as pc

    found: Tally = {name: Counter() for name in SECTIONS}
    found[FAULTS].update((code,) for code in faults)
    if not len(table):
        return found
    result = table["result"]
    found[RESULTS] = _counted([table["route"], result])
    refused = table.select(["failing", "distances"]).filter(_is(result, "not_eligible"))
    found[GROUNDS] = _counted([pc.list_flatten(refused["failing"])])
    alone = refused.filter(
        pc.and_(
            pc.equal(pc.list_value_length(refused["failing"]), 1),
            pc.equal(pc.list_value_length(refused["distances"]), 1),
        )
    )
    gaps = pc.list_flatten(alone["distances"])
    found[NEAR] = _counted([pc.struct_field(gaps, name) for name in ("condition", "unit", "amount")])
    eligible = table.select(["missing", "defective"]).filter(_is(result, "eligible"))
    papers = [pc.fill_null(pc.list_value_length(eligible[name]), 0) for name in ("missing", "defective")]
    lacking = pc.add(*papers)
    found[LACKING] = _counted([lacking])
    found[LACKING].pop((0,), None)
    one = eligible.filter(pc.equal(lacking, 1))
    found[PAPERS] = _counted([pc.list_flatten(one["missing"])]) + _counted([pc.list_flatten(one["defective"])])
    undetermined = table.select(["depends_on"]).filter(_is(result, "undetermined"))
    for (path,), number in _counted([pc.list_flatten(undetermined["depends_on"])]).items():
        found[OPEN][generic(path),] += number
    return found


def _is(column: Any, word: str) -> Any:
    """Which rows of a column have a word."""
    import pyarrow as pa

    codes, words = _coded(column)
    return pa.array(codes == (words.index(word) if word in words else -1))


def _counted(columns: list[Any]) -> Counter[tuple[Any, ...]]:
    """How often the values of columns stand side by side."""
    import numpy as np

    from reasoner.batch.distinct import alike

    coded = [_coded(column) for column in columns]
    number, first = alike([codes for codes, _ in coded])
    values = [[words[code] for code in codes[first].tolist()] for codes, words in coded]
    return Counter(dict(zip(zip(*values, strict=True), np.bincount(number).tolist(), strict=True)))


def _coded(column: Any) -> tuple[Any, list[Any]]:
    """The number of each value, and the values; None at the end."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    words = [*coded.dictionary.to_pylist(), None]
    return pc.fill_null(coded.indices, len(words) - 1).to_numpy(zero_copy_only=False), words


_PERSON = re.compile(r"^(persons)\.[^.\[]+|\[\d+\]")


def generic(path: str) -> str:
    """A path without whom and which it is about: ``persons.*.born``."""
    return _PERSON.sub(lambda found: f"{found[1]}.*" if found[1] else "[*]", path)


def add(total: Tally, part: Mapping[str, Mapping[tuple[Any, ...], int]]) -> None:
    """Adds a part to a total."""
    for name, counts in part.items():
        total.setdefault(name, Counter()).update(counts)


def as_data(found: Tally) -> dict[str, list[list[Any]]]:
    """Plain data for JSON; :func:`from_data` is the inverse."""
    return {name: [[*key, number] for key, number in counts.items()] for name, counts in found.items() if counts}


def from_data(data: Mapping[str, list[list[Any]]]) -> Tally:
    """The tally that :func:`as_data` described."""
    return {name: Counter({tuple(key): number for *key, number in rows}) for name, rows in data.items()}
