"""Worker processes that end with the process that started them, however that ends."""

import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, as_completed, wait
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")
R = TypeVar("R")


def cores() -> int:
    """How many cores this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def worker_pool(
    processes: int, initializer: Callable[..., object], *arguments: Any
) -> Iterator[ProcessPoolExecutor]:
    """Yield a pool of at most so many processes; each calls `initializer(*arguments)` first.

    They start when there is work for them. An interruption lets them finish what they are at; if
    this process is killed, they end at once.
    """
    pool = ProcessPoolExecutor(
        processes,
        get_context("spawn"),
        initializer=_begin,
        initargs=(initializer, *arguments),
    )
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def finished(
    pool: ProcessPoolExecutor, work: Callable[[T], R], items: Iterable[T], waiting: int
) -> Iterator[R]:
    """Results of `work` as they come; at most `waiting` items are taken from `items` ahead."""
    under_way: set[Future[R]] = set()
    for item in items:
        under_way.add(pool.submit(work, item))
        if len(under_way) >= waiting:
            done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
    for future in as_completed(under_way):
        yield future.result()


def _begin(initializer: Callable[..., object], *arguments: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    follow_parent()
    initializer(*arguments)


def follow_parent() -> None:
    """Have this process end at once when the one that started it ends, however that ends."""
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
