"""Tests tried in several processes: chunks of them, similar ones by the same process."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from reasoner.engine import Engine
from reasoner.quality.suite import LawTest
from reasoner.quality.trial import Bench
from reasoner.quality.variants import Variants

CHUNK = 25  # tests that a process tries before it hears what the others have found

T = TypeVar("T")
Work = Callable[[Bench, Sequence[LawTest], int], T]


def shared(
    engine: Engine,
    variants: Variants,
    tests: Sequence[LawTest],
    alive: Callable[[], int],
    work: Work[T],
    processes: int | None = None,
) -> Iterator[tuple[T, int]]:
    """What ``work`` finds in each chunk of the tests, with the number of tests in it.

    It is called in as many processes as there are processors, with the variants (bits) that are ``alive`` by then.
    """
    chunks = _chunks(tests)
    count = min(processes or len(os.sched_getaffinity(0)), sum(map(len, chunks.values())))
    if count < 2:
        bench = Bench(engine, variants)
        for waiting in chunks.values():
            for chunk in waiting:
                yield work(bench, chunk, alive()), len(chunk)
        return
    ...


def _chunks(tests: Sequence[LawTest]) -> dict[tuple[int, int], list[Sequence[LawTest]]]:
    """The tests in chunks, by how many persons and applications their cases have: such cases share rule instances."""
    alike: dict[tuple[int, int], list[LawTest]] = {}
    for test in tests:
        size = len(test.case.get("persons", ())), len(test.case.get("applications", ()))
        alike.setdefault(size, []).append(test)
    return {
        size: [found[start : start + CHUNK] for start in range(0, len(found), CHUNK)] for size, found in alike.items()
    }
