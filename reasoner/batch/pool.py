"""Pieces worked on by several processes of this machine, and given back in their order."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol, TypeVar

from reasoner.batch.sources import Piece, fetched
from reasoner.errors import CaseFileError, ReasonerError, RulesError, UsageError

AHEAD = 2  # pieces for each worker that wait for it or for their turn to be written
Found = TypeVar("Found", covariant=True)
T = TypeVar("T")


class Works(Protocol[Found]):
    """Does something with a piece."""

    def done(self, piece: Piece) -> Found:
        """What came of a piece."""
        ...

    def all(self, pieces: Iterable[Piece]) -> Iterator[Found]:
        """What came of pieces, in their order, as this process works on them."""
        ...


class BrokenOff(UsageError):
    """A run that ended before its archive did; what is done is kept, and can be gone on with."""

    exit_code = 1


@contextmanager
def kept(output: str) -> Iterator[None]:
    """Raises :class:`BrokenOff` for Ctrl-C and for what storage refuses: what an output has by then is kept."""
    try:
        yield
    except KeyboardInterrupt:
        raise BrokenOff("batch_interrupted", name=output) from None
    except OSError as error:
        reason = ": ".join(filter(None, (error.filename and str(error.filename), error.strerror or str(error))))
        raise BrokenOff("batch_broken_off", name=output, reason=reason) from None


class Failed(NamedTuple):
    """What was wrong, as plain data: not every error survives the way between processes."""

    kind: str
    first: Any
    second: Any


def ahead(left: Iterable[T]) -> Generator[T, None, None]:
    """What comes of something, the next one in a thread of its own while one is worked on."""
    from concurrent.futures import ThreadPoolExecutor

    source, pool = iter(left), ThreadPoolExecutor(1)
    try:
        coming = pool.submit(next, source, None)
        while (piece := coming.result()) is not None:
            coming = pool.submit(next, source, None)
            yield piece
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # what is being read may be a terminal or a pipe


def by_processes(count: int, worker: Works[Found], left: Iterable[Piece]) -> Iterator[Found]:
    """What came of pieces, in their order; no more are read than can soon be worked on.

    Raises what a worker raised, and :class:`BrokenOff` when one of them is gone.
    """
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(count, context, initializer=_begin, initargs=(worker,))
    waiting: deque[Any] = deque()
    try:
        for piece in left:
            with _deaf():
                waiting.append(pool.submit(_work, piece))
            if len(waiting) >= AHEAD * count:
                yield checked(waiting.popleft().result())
        while waiting:
            yield checked(waiting.popleft().result())
    except BrokenProcessPool:
        raise BrokenOff("batch_worker_gone") from None
    finally:
        for process in (pool._processes or {}).values() if waiting else ():
            process.terminate()
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _deaf() -> Iterator[None]:
    """Processes begun now never hear of Ctrl-C, which a terminal tells them all; this one hears of it a bit later."""
    import signal

    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_WORKER: list[Any] = []


def _begin(worker: Any) -> None:
    from threading import Thread

    Thread(target=_follow, daemon=True).start()
    _WORKER[:] = [worker]


def _follow() -> None:
    """Ends this process with the one above it, which may be killed without a chance to say so."""
    import multiprocessing
    import os

    above = multiprocessing.parent_process()
    if above is not None:
        above.join()
        os._exit(1)


def _work(piece: Piece) -> Any:
    return guarded(_WORKER[0], piece)


def guarded(worker: Works[Found], piece: Piece) -> Found | Failed:
    """What came of a piece, or what was wrong."""
    try:
        return worker.done(fetched(piece))
    except UsageError as error:
        return Failed("usage", error.code, error.values)
    except CaseFileError as error:
        return Failed("case", error.faults, error.file)
    except RulesError as error:
        return Failed("rules", error.message, error.faults)


def checked(found: Any) -> Any:
    """What :func:`guarded` gave, its errors raised."""
    if isinstance(found, Failed):
        raise _error(found)
    return found


def _error(found: Failed) -> ReasonerError:
    if found.kind == "usage":
        return UsageError(found.first, **found.second)
    return (CaseFileError if found.kind == "case" else RulesError)(found.first, found.second)
