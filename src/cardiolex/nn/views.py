"""Two views of one recording: what joint-embedding methods learn to hold equal."""

from typing import Self

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from cardiolex.nn.augmentations import (
    baseline_wander,
    blur,
    crop_resize,
    drop_band,
    gain,
    lead_out,
    muscle_noise,
    powerline,
    time_out,
    warp,
    white_noise,
)
from cardiolex.nn.signal import Range, Signal, sometimes

Chance = float


class Views(BaseModel):
    """How a view is made; the default is safe for rhythm: no more than a quarter slower.

    The pair that Mehari & Strodthoff (arXiv 2103.12676) found best, crop and time-out, with noise,
    gain, wander and hum. Their crop starts at a half, which turns a pulse of 80 into one of 40:
    `crop = (0.5, 1.0)` is theirs. Nothing flips a sign or moves a lead to another name.
    Levels are multiples of the recording's own standard deviation. A probability of 0, a crop of
    (1, 1) or a noise of 0 switches a change off.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    fs: float = Field(default=500.0, gt=0)
    """Samples per second of a window."""
    crop: Range = (0.8, 1.0)
    time_out: Range = (0.2, 0.4)
    """Share of the recording taken away."""
    time_out_probability: Chance = Field(default=0.5, ge=0, le=1)
    noise: float = Field(default=0.05, ge=0)
    gain: Range = (0.5, 2.0)
    gain_probability: Chance = Field(default=0.5, ge=0, le=1)
    wander: float = 0.5
    wander_probability: Chance = Field(default=0.3, ge=0, le=1)
    powerline: float = 0.2
    powerline_probability: Chance = Field(default=0.2, ge=0, le=1)
    muscle: float = 0.2
    muscle_probability: Chance = Field(default=0.0, ge=0, le=1)
    blur_s: float = 0.01
    blur_probability: Chance = Field(default=0.0, ge=0, le=1)
    band_hz: float = 5.0
    band_probability: Chance = Field(default=0.0, ge=0, le=1)
    warp: float = Field(default=0.1, ge=0, lt=1)
    warp_probability: Chance = Field(default=0.0, ge=0, le=1)
    lead_out_probability: Chance = Field(default=0.0, ge=0, lt=1)
    """Of each lead; one stays."""

    @classmethod
    def none(cls) -> Self:
        """Views that are the recording itself."""
        return cls(
            crop=(1.0, 1.0), noise=0.0, time_out_probability=0.0, gain_probability=0.0,
            wander_probability=0.0, powerline_probability=0.0,
        )  # fmt: skip

    @torch.no_grad()
    def view(self, signal: Signal, generator: torch.Generator | None = None) -> Signal:
        """One view; chance is torch's own without a `generator` on the signal's device."""
        with torch.autocast(signal.ecg.device.type, enabled=False):
            return self._masked(self._noisy(self._moved(signal, generator), generator), generator)

    def pair(
        self,
        ecg: Tensor,
        lead_mask: Tensor,
        sample_mask: Tensor,
        generator: torch.Generator | None = None,
    ) -> tuple[Signal, Signal]:
        """Two views of `ecg` (B, 12, T), `lead_mask` (B, 12), `sample_mask` (B, T)."""
        signal = Signal.of(ecg, lead_mask, sample_mask)
        return self.view(signal, generator), self.view(signal, generator)

    def _moved(self, signal: Signal, generator: torch.Generator | None) -> Signal:
        if self.crop != (1.0, 1.0):
            signal = crop_resize(signal, self.crop, generator)
        if self.warp_probability:
            changed = warp(signal, self.warp, generator)
            signal = sometimes(signal, changed, self.warp_probability, generator)
        return signal

    def _noisy(self, signal: Signal, generator: torch.Generator | None) -> Signal:
        if self.gain_probability:
            changed = gain(signal, self.gain, generator)
            signal = sometimes(signal, changed, self.gain_probability, generator)
        if self.blur_probability:
            changed = blur(signal, self.fs, self.blur_s)
            signal = sometimes(signal, changed, self.blur_probability, generator)
        if self.band_probability:
            changed = drop_band(signal, self.fs, width_hz=self.band_hz, generator=generator)
            signal = sometimes(signal, changed, self.band_probability, generator)
        if self.noise:
            signal = white_noise(signal, self.noise, generator)
        if self.muscle_probability:
            changed = muscle_noise(signal, self.muscle, generator)
            signal = sometimes(signal, changed, self.muscle_probability, generator)
        if self.wander_probability:
            changed = baseline_wander(signal, self.fs, self.wander, generator=generator)
            signal = sometimes(signal, changed, self.wander_probability, generator)
        if self.powerline_probability:
            changed = powerline(signal, self.fs, self.powerline, generator=generator)
            signal = sometimes(signal, changed, self.powerline_probability, generator)
        return signal

    def _masked(self, signal: Signal, generator: torch.Generator | None) -> Signal:
        if self.time_out_probability:
            changed = time_out(signal, self.time_out, generator)
            signal = sometimes(signal, changed, self.time_out_probability, generator)
        if self.lead_out_probability:
            signal = lead_out(signal, self.lead_out_probability, generator)
        return signal
