"""Functions run in several processes that train together, as torchrun would start them.

They are forked from one process that has imported torch already, which saves every group of
processes half a dozen seconds; `torchrun` itself is used in tests/training/test_distributed.py.
"""

import multiprocessing
import os
import socket
import sys
import traceback
from collections.abc import Callable
from typing import Any

PRELOADED = ["torch", "torch.distributed.tensor", "cardiolex.training.trainer", "cardiolex.systems"]
SECONDS = 250


def run_together(count: int, function: Callable[..., None], *arguments: Any) -> None:
    """Call `function(*arguments)` in `count` processes with the environment of torchrun."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    faults = context.SimpleQueue()
    port = _free_port()
    group = [
        context.Process(target=_member, args=(rank, count, port, faults, function, arguments))
        for rank in range(count)
    ]
    for process in group:
        process.start()
    try:
        for process in group:
            process.join(SECONDS)
        told = "" if faults.empty() else faults.get()
        assert [process.exitcode for process in group] == [0] * count, told
    finally:
        for process in group:
            process.kill()
            process.join()


def _member(rank: int, count: int, port: int, faults: Any, function: Any, arguments: Any) -> None:
    os.environ.update(
        RANK=str(rank),
        LOCAL_RANK=str(rank),
        WORLD_SIZE=str(count),
        MASTER_ADDR="localhost",
        MASTER_PORT=str(port),
        OMP_NUM_THREADS="1",
    )
    import torch

    torch.set_num_threads(1)
    try:
        function(*arguments)
    except BaseException:
        faults.put(traceback.format_exc()[-3000:])
        sys.exit(1)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("localhost", 0))
        return int(one.getsockname()[1])
