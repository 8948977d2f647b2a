"""Many items worked on at once, never more than so many: memory stays flat."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


async def in_parallel(
    items: Iterable[T],
    work: Callable[[T], Awaitable[R]],
    limit: int,
    done: Callable[[int], None] = lambda count: None,
) -> dict[T, R]:
    """Item -> result, the first finished first; `done` is told how many are finished.

    The first exception stops all work and is raised.
    """
    results: dict[T, R] = {}
    waiting = iter(items)

    async def worker() -> None:
        for item in waiting:
            results[item] = await work(item)
            done(len(results))

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(limit):
                group.create_task(worker())
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from None
    return results
