"""Which rows of a matrix are alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

_SEED = 20240901


def numbered(codes: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each value its number among the distinct ones, and where each of these stands first."""
    encoded = pa.array(codes).dictionary_encode()
    number = encoded.indices.to_numpy().astype(np.int64)
    first = np.zeros(len(encoded.dictionary), np.int64)
    first[number[::-1]] = np.arange(len(codes))[::-1]
    return number, first


def alike(columns: list[NDArray[Any]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each row of these columns its number among the distinct rows, and where each of these stands first."""
    drawn = np.random.default_rng(_SEED).integers(1, 2**62, len(columns)) * 2 + 1
    mixed = np.zeros(len(columns[0]), np.uint64)
    for factor, column in zip(drawn.astype(np.uint64), columns, strict=True):
        mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0x9E3779B97F4A7C15)
        mixed += column.astype(np.int64).view(np.uint64) * factor
    number, first = numbered(mixed)
    if all(np.array_equal(column[first][number], column) for column in columns):
        return number, first
    _, first, number = np.unique(np.stack(columns, axis=1), axis=0, return_index=True, return_inverse=True)
    return number.reshape(-1).astype(np.int64), first  # two rows that mix to the same


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
