"""Tests tried in several processes: in chunks, similar ones by the same process."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

from reasoner.ground import Shape
from reasoner.quality.processes import ignore_interrupts, processors
from reasoner.quality.suite import LawTest
from reasoner.quality.trial import Bench

CHUNK = 25  # tests that a process tries before it hears what the others have found

T = TypeVar("T")
Work = Callable[[Bench, Sequence[LawTest], int], T]


def shared(
    bench: Bench, tests: Sequence[LawTest], alive: Callable[[], int], work: Work[T], processes: int | None = None
) -> Iterator[tuple[T, int]]:
    """What ``work`` finds in each chunk of the tests, with the number of tests in it.

    It is called in as many processes as there are processors, with the variants (bits) that are ``alive`` by then.
    """
    chunks = _chunks(bench, tests)
    count = min(processes or processors(), sum(map(len, chunks.values())))
    if count < 2:
        for waiting in chunks.values():
            for chunk in waiting:
                yield work(bench, chunk, alive()), len(chunk)
        return
    context = multiprocessing.get_context("fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn")
    started = [_start(context, bench, work) for _ in range(count)]
    last: dict[Connection, Shape] = {}
    running: dict[Connection, int] = {}
    try:
        while True:
            for pipe in [pipe for _, pipe in started if pipe not in running]:
                shape = _next(chunks, last, pipe)
                if shape is not None:
                    last[pipe], chunk = shape, chunks[shape].pop()
                    running[pipe] = len(chunk)
                    pipe.send((chunk, alive()))
            if not running:
                return
            ready = wait(list(running))
            for pipe in [pipe for pipe in running if pipe in ready]:
                found = pipe.recv()
                if isinstance(found, BaseException):
                    raise found
                yield found, running.pop(pipe)
    finally:
        for process, _ in started:
            process.terminate()
            process.join()


def _start(context: Any, bench: Bench, work: Work[T]) -> tuple[Any, Connection]:
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, bench, work), daemon=True)
    process.start()
    return process, here


def _serve(pipe: Connection, bench: Bench, work: Work[T]) -> None:
    ignore_interrupts()
    while True:
        tests, alive = pipe.recv()
        try:
            pipe.send(work(bench, tests, alive))
        except Exception as error:
            pipe.send(error)


def _next(chunks: Mapping[Shape, Sequence[object]], last: Mapping[Connection, Shape], pipe: Connection) -> Shape | None:
    """What a process does next: more of the same, else what no other has begun, else what most is left of."""
    left = {shape: len(waiting) for shape, waiting in chunks.items() if waiting}
    return max(left, key=lambda shape: (shape == last.get(pipe), shape not in last.values(), left[shape]), default=None)


def _chunks(bench: Bench, tests: Sequence[LawTest]) -> dict[Shape, list[Sequence[LawTest]]]:
    """The tests in chunks, by the shape of their case, for which the law is ground once."""
    alike: dict[Shape, list[LawTest]] = {}
    for test in tests:
        alike.setdefault(bench.shape(test), []).append(test)
    return {
        shape: [found[start : start + CHUNK] for start in range(0, len(found), CHUNK)] for shape, found in alike.items()
    }
