"""Which rows of a matrix are alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

_SEED = 20240901
_MOST = 2**62  # combinations that a number can tell apart
_SMALL = 2**8


def numbered(codes: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each value its number among the distinct ones, and where each of these stands first."""
    encoded = pa.array(codes).dictionary_encode()
    number = encoded.indices.to_numpy()
    first = np.searchsorted(np.maximum.accumulate(number), np.arange(len(encoded.dictionary), dtype=number.dtype))
    return number.astype(np.int64), first


def alike(columns: list[NDArray[Any]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each row of these columns its number among the distinct rows, and where each of these stands first."""
    mixed, size = np.zeros(len(columns[0]), np.int64), 1
    for column in columns if len(mixed) else ():
        least = int(column.min())
        width = int(column.max()) - least + 1
        if width == 1:
            continue
        if size * width > _MOST:
            mixed, first = numbered(mixed)
            size = len(first)
        if size * width > _MOST:
            column, first = numbered(column)
            least, width = 0, len(first)
        mixed *= width
        mixed += column
        mixed -= least
        size *= width
    return numbered(mixed.astype(np.uint8) if size <= _SMALL else mixed)


def alike_lists(values: NDArray[Any], ends: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each list of values its number among the distinct lists, and where each of these stands first.

    A list has the values from one of the ``ends`` to the next.
    """
    values, ends = values[ends[0] : ends[-1]].astype(np.int64), (ends - ends[0]).astype(np.int64)
    start, size = ends[:-1], np.diff(ends)
    place = np.arange(len(values)) - np.repeat(start, size)
    drawn = np.random.default_rng(_SEED).integers(1, 2**62, int(size.max(initial=0)) + 1) * 2 + 1
    sums = np.zeros(len(values) + 1, np.uint64)
    np.cumsum((values.view(np.uint64) + drawn.astype(np.uint64)[-1]) * drawn.astype(np.uint64)[place], out=sums[1:])
    number, first = numbered(sums[ends[1:]] - sums[ends[:-1]])
    where = start[first][number]
    if np.array_equal(size[first][number], size) and np.array_equal(values[place + np.repeat(where, size)], values):
        return number, first
    known: dict[bytes, int] = {}  # two lists that mix to the same
    whole = [values[a:b].tobytes() for a, b in zip(start.tolist(), ends[1:].tolist(), strict=True)]
    for row, its in enumerate(whole):
        known.setdefault(its, row)
    rank = {its: index for index, its in enumerate(known)}
    return np.array([rank[its] for its in whole], np.int64), np.array(list(known.values()), np.int64)
