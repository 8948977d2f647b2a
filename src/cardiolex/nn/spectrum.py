"""A recording in time, and what it is made of: magnitude and phase of its frequencies.

Shapes: B batch, L leads, T samples, F = T // 2 frequencies, M patches of p values.
"""

from typing import NamedTuple

import torch
from torch import Tensor


class Domains(NamedTuple):
    """The same recording three times: (B, L, T), (B, L, F), (B, L, F)."""

    time: Tensor
    magnitude: Tensor  # of an orthonormal transform: in the unit of the signal
    phase: Tensor  # radians, -pi to pi


def domains(ecg: Tensor) -> Domains:
    """Of `ecg` (B, L, T); the last of the T / 2 + 1 frequencies is left out.

    The phase of what is almost nothing is 0: there it would be chance.
    """
    with torch.autocast(ecg.device.type, enabled=False):
        bins = torch.fft.rfft(ecg.float(), norm="ortho")[:, :, : ecg.shape[2] // 2]
        magnitude = bins.abs()
        faint = magnitude <= 1e-6 * magnitude.amax(dim=2, keepdim=True)
        phase = bins.angle().masked_fill(faint, 0.0)
        phase[:, :, 0] = 0.0  # of the mean, a sign
    return Domains(ecg, magnitude, phase)


def patched(signal: Tensor, samples: int) -> Tensor:
    """(B, L, T) to M patches of all leads, (B, M, L, p); what fills none is left out."""
    b, leads, t = signal.shape
    whole = signal[:, :, : t // samples * samples]
    return whole.reshape(b, leads, -1, samples).transpose(1, 2)
