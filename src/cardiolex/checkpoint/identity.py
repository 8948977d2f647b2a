"""Which model made a vector: vectors of two models must never be compared."""

from __future__ import annotations

import hashlib
import json

import torch
from torch import Tensor

from cardiolex.checkpoint.folder import Checkpoint


def fingerprint(checkpoint: Checkpoint) -> str:
    """20 hexadecimal digits of all that embeddings depend on: weights, preprocessing, text encoder.

    The same for every copy of a checkpoint, and whatever device it is on.
    """
    digest = hashlib.sha256(json.dumps(checkpoint.preprocess.to_dict(), sort_keys=True).encode())
    digest.update(checkpoint.system.config.model_dump_json().encode())
    for name, value in sorted(checkpoint.system.state_dict().items()):
        digest.update(name.encode())
        digest.update(_bytes(value))
    if checkpoint.text is not None:
        digest.update(checkpoint.text.fingerprint.encode())
    return digest.hexdigest()[:20]


def _bytes(value: Tensor) -> bytes:
    return value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes()
