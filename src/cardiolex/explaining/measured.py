"""Which measured values speak most for an answer: each is made unknown in turn."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cardiolex.explanation import MeasuredValue
from cardiolex.nn.measurement_reader import MeasurementReader
from cardiolex.recordings.measurements import NAMES
from cardiolex.recordings.measurements.definitions import definition

MOST = 5


@torch.no_grad()
def speaking_values(
    reader: MeasurementReader, measured: NDArray[np.float32], vector: Tensor, most: int = MOST
) -> tuple[MeasuredValue, ...]:
    """The `most` values without which the fused logit falls farthest, the farthest first.

    `measured` (W, K) of the windows explained, `vector` (Dt,) of the question; falls are means
    over the windows in which the value is known. Only values that speak for the condition.
    """
    known = np.isfinite(measured)
    falls = np.zeros(measured.shape)
    for row, values in enumerate(measured):
        columns = np.flatnonzero(known[row])
        copies = np.repeat(values[None], len(columns) + 1, axis=0)
        copies[np.arange(len(columns)), columns] = np.nan
        read = reader(torch.from_numpy(copies).to(vector.device), vector[None])[:, 0]
        logits = read.double().cpu().numpy()
        falls[row, columns] = reader.config.share * (logits[-1] - logits[:-1])
    windows = np.maximum(known.sum(axis=0), 1)
    mean = falls.sum(axis=0) / windows
    order = [int(k) for k in np.argsort(-mean, kind="stable")[:most] if mean[k] > 0]
    values_of = [float(np.median(measured[known[:, k], k])) for k in order]
    return tuple(
        MeasuredValue(NAMES[k], value, definition(NAMES[k]).unit, float(mean[k]))
        for k, value in zip(order, values_of, strict=True)
    )
