"""Tests tried in several processes: chunks of them, similar ones by the same process."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from typing import TypeVar

from reasoner.engine import Engine
from reasoner.quality.suite import LawTest
from reasoner.quality.trial import Bench
from reasoner.quality.variants import Variants

CHUNK = 25  # tests that a process tries before it hears what the others have found

T = TypeVar("T")
Size = tuple[int, int]
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
    count = min(processes or _processors(), sum(map(len, chunks.values())))
    if count < 2:
        bench = Bench(engine, variants)
        for waiting in chunks.values():
            for chunk in waiting:
                yield work(bench, chunk, alive()), len(chunk)
        return
    # One pool for each process, so that a shape met before is given to the process that has it ground.
    context = multiprocessing.get_context("fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn")
    pools = [ProcessPoolExecutor(1, context, _start, (engine, variants)) for _ in range(count)]
    running: dict[Future[T], tuple[int, int]] = {}
    last: dict[int, Size | None] = dict.fromkeys(range(count))
    try:
        while True:
            for place in set(range(count)) - {place for place, _ in running.values()}:
                size = _next(chunks, last, place)
                if size is not None:
                    chunk, last[place] = chunks[size].pop(), size
                    running[pools[place].submit(_in_process, work, chunk, alive())] = place, len(chunk)
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                _, done = running.pop(future)
                yield future.result(), done
    finally:
        for pool in pools:
            pool.shutdown(wait=False, cancel_futures=True)


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _next(chunks: Mapping[Size, Sequence[object]], last: Mapping[int, Size | None], place: int) -> Size | None:
    """What a process does next: more of the same, else what nobody has begun, else what most is left of."""
    own, taken = last[place], {size for other, size in last.items() if other != place}
    left = {size: len(waiting) for size, waiting in chunks.items() if waiting}
    return max(left, key=lambda size: (size == own, size not in taken, left[size]), default=None)


_BENCH: list[Bench] = []  # of a process


def _start(engine: Engine, variants: Variants) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that asked is interrupted, and ends the others
    _BENCH[:] = [Bench(engine, variants)]


def _in_process(work: Work[T], tests: Sequence[LawTest], alive: int) -> T:
    return work(_BENCH[0], tests, alive)


def _chunks(tests: Sequence[LawTest]) -> dict[Size, list[Sequence[LawTest]]]:
    """The tests in chunks, by how many persons and applications their cases have: such cases share rule instances."""
    alike: dict[Size, list[LawTest]] = {}
    for test in tests:
        size = len(test.case.get("persons", ())), len(test.case.get("applications", ()))
        alike.setdefault(size, []).append(test)
    return {
        size: [found[start : start + CHUNK] for start in range(0, len(found), CHUNK)] for size, found in alike.items()
    }
