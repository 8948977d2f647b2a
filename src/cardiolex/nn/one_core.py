"""Pieces of work beside one another, each on one core, instead of one after the other on all.

A small network on all cores waits at the end of every product for the slowest core; whole
recordings need not wait for one another.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

Item = TypeVar("Item")
Result = TypeVar("Result")


def each_on_one_core(work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """`work` of every item, in order; a single item has all cores that torch may use.

    No gradients are kept. torch may use as many cores afterwards as before.
    """
    cores = torch.get_num_threads()
    if len(items) < 2 or cores < 2:
        return [work(item) for item in items]

    def alone(item: Item) -> Result:
        with torch.no_grad():
            return work(item)

    workers = min(cores, len(items))
    try:
        with ThreadPoolExecutor(workers, "cardiolex", torch.set_num_threads, (1,)) as pool:
            return list(pool.map(alone, items))
    finally:
        torch.set_num_threads(cores)  # threads that others start later take this number
