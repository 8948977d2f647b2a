"""Opening a desk, in the worker: the front imports this and stays free of torch."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cardiolex.server.limits import Limits

if TYPE_CHECKING:
    from cardiolex.server.answering import ModelDesk


def open_desk(model: Path | None, index: Path | None, threads: int, limits: Limits) -> ModelDesk:
    """Load the model; CardiolexError or OSError if that fails."""
    import torch

    from cardiolex.interpreter import load
    from cardiolex.server.answering import ModelDesk

    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(message)s"
    )
    torch.set_num_threads(threads)
    return ModelDesk(load(model, precision="auto"), index, limits)
