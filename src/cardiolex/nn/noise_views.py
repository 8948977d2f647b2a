"""A recording with noise on it and without any: ASTCL's two views, in our reading.

Source: IEEE TNNLS 35(10) 13845, doi 10.1109/TNNLS.2023.3272153, of which only the description is
public: one view is enhanced with the noises of ECGs, the other one is denoised.
"""

from typing import Self

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from cardiolex.nn.augmentations import (
    baseline_step,
    baseline_wander,
    muscle_noise,
    powerline,
)
from cardiolex.nn.signal import Range, Signal, lead_means, sometimes


class NoiseViews(BaseModel):
    """Levels are multiples of the recording's own standard deviation; all are ours."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fs: float = Field(default=500.0, gt=0)
    """Samples per second of a window."""
    probability: float = Field(default=0.5, ge=0, le=1)
    """Of each noise in the noisy view."""
    wander: float = 0.5
    muscle: float = 0.2
    electrode: float = 0.5
    """Steps of the baseline, as where an electrode moves."""
    powerline: float = 0.2
    band_hz: Range = (0.5, 40.0)
    """What the denoised view keeps."""

    @classmethod
    def none(cls) -> Self:
        """Without noise; the other view is filtered all the same."""
        return cls(probability=0.0)

    @torch.no_grad()
    def pair(
        self,
        ecg: Tensor,
        lead_mask: Tensor,
        sample_mask: Tensor,
        generator: torch.Generator | None = None,
    ) -> tuple[Signal, Signal]:
        """The noisy and the denoised view of `ecg` (B, 12, T), masks (B, 12) and (B, T)."""
        signal = Signal.of(ecg, lead_mask, sample_mask)
        with torch.autocast(ecg.device.type, enabled=False):
            return self._noisy(signal, generator), keep_band(signal, self.fs, self.band_hz)

    def _noisy(self, signal: Signal, generator: torch.Generator | None) -> Signal:
        if not self.probability:
            return signal
        clean, p = signal, self.probability
        for noisy in (
            baseline_wander(clean, self.fs, self.wander, generator=generator),
            muscle_noise(clean, self.muscle, generator),
            baseline_step(clean, self.electrode, generator),
            powerline(clean, self.fs, self.powerline, generator=generator),
        ):
            added = signal.changed(signal.ecg + noisy.ecg - clean.ecg)
            signal = sometimes(signal, added, p, generator)
        return signal


def keep_band(signal: Signal, fs: float, band_hz: Range) -> Signal:
    """Band-pass without delay: all leads alike, so that Einthoven's law stays; offsets stay too.

    Rises over the octave below `band_hz`, falls over a quarter of its end above; the signal is
    mirrored at its ends.
    """
    low, high = band_hz
    offset = lead_means(signal)
    x = (signal.ecg - offset).masked_fill(~signal.there, 0.0)
    mirrored = torch.cat([x, x.flip(2)], dim=2)
    f = torch.fft.rfftfreq(mirrored.shape[2], 1 / fs, device=x.device)
    rise = ((f - low / 2) / (low / 2)).clamp(0, 1)
    fall = ((1.25 * high - f) / (0.25 * high)).clamp(0, 1)
    kept = (0.5 - 0.5 * torch.cos(torch.pi * rise)) * (0.5 - 0.5 * torch.cos(torch.pi * fall))
    filtered = torch.fft.irfft(torch.fft.rfft(mirrored, dim=2) * kept, n=mirrored.shape[2], dim=2)
    return signal.changed(offset + filtered[:, :, : x.shape[2]])
