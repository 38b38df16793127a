"""Work on many things at once, by as many processes as there are processors."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

Item = TypeVar("Item")
T = TypeVar("T")
_work: Callable[[Any], Any]


def processors() -> int:
    """How many there are for this process."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def ignore_interrupts() -> None:
    """The process that asked is interrupted, and ends this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def spread(work: Callable[[Item], T], items: Sequence[Item], processes: int | None = None) -> Iterator[T]:
    """What ``work`` finds for each item, in their order.

    The first is worked on before processes are forked, so that they share what it prepared; where they cannot be
    forked, this one does everything.
    """
    yield from map(work, items[:1])
    rest, count = items[1:], min(processes or processors(), len(items) - 1)
    if count < 2 or "fork" not in multiprocessing.get_all_start_methods():
        yield from map(work, rest)
        return
    with multiprocessing.get_context("fork").Pool(count, _begin, (work,)) as pool:
        yield from pool.imap(_go_on, rest)


def _begin(work: Callable[[Any], Any]) -> None:
    global _work
    _work = work
    ignore_interrupts()


def _go_on(item: Any) -> Any:
    return _work(item)
