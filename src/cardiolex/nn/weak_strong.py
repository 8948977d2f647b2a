"""TS-TCC's two views: one hardly changed, one cut up and noisy.

Source: arXiv 2106.14112, section 3.1, and its code: weak is "jitter and scale", strong "permutation
and jitter". What is said of amplitudes and of permutation in `augmentations` holds here; the
released code permutes by the first channel and gives its samples to all others.
"""

from typing import Self

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from cardiolex.nn.augmentations import gain, permute, white_noise
from cardiolex.nn.signal import Range, Signal, lead_means


class WeakStrong(BaseModel):
    """How both are made; the default is ours, for ECGs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    gain: Range = (0.84, 1.19)
    """Weak: of each lead, the limb leads alike; log-uniform, a tenth of standard deviation."""
    step_gain: tuple[float, float] | None = None
    """Weak, instead: mean and deviation of a normal factor of each sample, equal in all leads."""
    segments: int = Field(default=8, ge=1)
    """Strong: at most so many are shuffled."""
    jitter: float = Field(default=0.1, ge=0)
    """Strong: noise, in multiples of the recording's standard deviation."""

    @classmethod
    def original(cls) -> Self:
        """Values of the released code for human activity (HAR), signals of unit size.

        "Scale" there draws a factor for each sample, which makes it noise.
        """
        return cls(step_gain=(2.0, 1.1), segments=8, jitter=0.8)

    @classmethod
    def none(cls) -> Self:
        """Views that are the recording itself."""
        return cls(gain=(1.0, 1.0), segments=1, jitter=0.0)

    @torch.no_grad()
    def pair(
        self,
        ecg: Tensor,
        lead_mask: Tensor,
        sample_mask: Tensor,
        generator: torch.Generator | None = None,
    ) -> tuple[Signal, Signal]:
        """The weak and the strong view of `ecg` (B, 12, T), masks (B, 12) and (B, T)."""
        signal = Signal.of(ecg, lead_mask, sample_mask)
        with torch.autocast(ecg.device.type, enabled=False):
            return self._weak(signal, generator), self._strong(signal, generator)

    def _weak(self, signal: Signal, generator: torch.Generator | None) -> Signal:
        if self.step_gain is not None:
            return gain_of_samples(signal, *self.step_gain, generator)
        return gain(signal, self.gain, generator) if self.gain != (1.0, 1.0) else signal

    def _strong(self, signal: Signal, generator: torch.Generator | None) -> Signal:
        if self.segments > 1:
            signal = permute(signal, self.segments, generator)
        return white_noise(signal, self.jitter, generator) if self.jitter else signal


def gain_of_samples(
    signal: Signal, mean: float, deviation: float, generator: torch.Generator | None = None
) -> Signal:
    """Multiply each sample by a normal draw, the same in all leads."""
    shape = (len(signal.ecg), 1, signal.ecg.shape[2])
    draw = torch.randn(shape, device=signal.ecg.device, generator=generator)
    offset = lead_means(signal)
    return signal.changed(offset + (mean + deviation * draw) * (signal.ecg - offset))
