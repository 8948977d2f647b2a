"""Shards on a Ray cluster: the same function as on one machine, one task per shard.

Every node must see the data set and the store under the same paths. A task that a lost node had
begun is given to another; the store's markers make that safe.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from cardiolex.datasets.store_writer import ShardSource, write_shard
from cardiolex.errors import CardiolexError


def on_ray(root: Path, source: ShardSource, todo: Sequence[int]) -> Iterator[int]:
    """An `Engine`: the cluster in RAY_ADDRESS, else one started on this machine.

    Raises CardiolexError where ray is not installed or the cluster cannot be reached.
    """
    try:
        import ray
    except ImportError as error:
        raise CardiolexError(
            "the engine ray needs the package ray: pip install 'cardiolex[cluster]'"
        ) from error
    own = not ray.is_initialized()
    if own:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        address = os.environ.get("RAY_ADDRESS")
        try:
            if address:
                ray.init(address=address, log_to_driver=False)
            else:
                ray.init(include_dashboard=False, log_to_driver=False)
        except ConnectionError as error:
            raise CardiolexError(
                f"no Ray cluster answers at RAY_ADDRESS={address}: {error}"
            ) from error
    try:
        yield from _tasks(ray, root, source, todo)
    finally:
        if own:
            ray.shutdown()


def _tasks(ray: Any, root: Path, source: ShardSource, todo: Sequence[int]) -> Iterator[int]:
    shared = ray.put(source)
    write = ray.remote(num_cpus=1, max_retries=3)(write_shard)
    waiting = [write.remote(root, shared, number) for number in todo]
    while waiting:
        done, waiting = ray.wait(waiting)
        yield from ray.get(done)
