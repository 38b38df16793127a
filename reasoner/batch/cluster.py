"""Pieces worked on by a Dask cluster, and given back in their order.

A piece, or where it can be read, travels with its task, so that the scheduler can give it to another worker when one
is lost; its result is written here, once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from hashlib import sha256
from threading import Lock
from typing import Any

from reasoner.batch.extras import distributed
from reasoner.batch.pool import AHEAD, BrokenOff, Found, Works, checked, guarded
from reasoner.batch.sources import Piece
from reasoner.errors import UsageError


def on_cluster(address: str, worker: Works[Found], left: Iterable[Piece]) -> Iterator[Found]:
    """What came of pieces, in their order.

    Raises UsageError when nothing answers at the address, what a worker raised, and :class:`BrokenOff` when a piece
    was lost with several workers.
    """
    import pickle

    dask = distributed()
    try:
        client = dask.Client(address, timeout=10, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UsageError("batch_no_cluster", name=address, reason=str(error).partition("\n")[0]) from None
    packed = pickle.dumps(worker)
    name = sha256(packed).hexdigest()
    waiting: deque[Any] = deque()
    try:
        for piece in left:
            waiting.append(client.submit(_work, name, packed, piece, pure=False))
            if len(waiting) >= AHEAD * max(1, len(client.nthreads())):
                yield _result(waiting.popleft(), dask)
        while waiting:
            yield _result(waiting.popleft(), dask)
    finally:
        for future in waiting:
            future.cancel()
        client.close()


def _result(future: Any, dask: Any) -> Any:
    try:
        return checked(future.result())
    except (dask.KilledWorker, dask.client.FutureCancelledError) as error:
        raise BrokenOff("batch_broken_off_cluster", reason=str(error).partition("\n")[0]) from None


_WORKERS: dict[str, Any] = {}
_LOCK = Lock()


def _work(name: str, packed: bytes, piece: Piece) -> Any:
    """On a worker of the cluster: keeps what it needs for the pieces to come; one piece at a time."""
    import pickle

    with _LOCK:
        if name not in _WORKERS:
            _WORKERS.clear()
            _WORKERS[name] = pickle.loads(packed)
        return guarded(_WORKERS[name], piece)
