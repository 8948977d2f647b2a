"""Heartbeats of all leads as the words of a sentence: found, and read by a transformer.

Source: "Reading Your Heart: Learning ECG Words and Sentences via Pre-training ECG Language Model",
ICLR 2025, arXiv 2502.10707 (HeartLang): R peaks by XQRS, beats of 0.96 s, a convolution over three
neighbouring beats, embeddings of the lead and of the second in which a beat lies, a transformer.

Deviations: R peaks are looked for in the best lead, not in lead I, which may be absent or flat;
without any, windows of a beat's length stand for beats. The convolution is over the beats of one
lead, zeros at its ends; the original goes round the whole sentence, padding and all. Every lead has
room for the same number of beats, where the original cuts the last leads off.
Shapes: B batch, L leads, T samples, K beats at most, P samples of a beat, D width.
"""

import hashlib
from typing import Self

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn

from cardiolex.errors import CardiolexError
from cardiolex.nn.beat_windows import Beats, cut_beats, even_peaks
from cardiolex.nn.patches import through
from cardiolex.nn.transformer import Block, check_heads
from cardiolex.recordings.r_peaks import Detector, r_peaks

REMEMBERED = 1_000_000
"""Recordings whose R peaks are kept in memory, so that a second epoch need not look for them."""


class BeatFinder:
    """Signals to beats. Not a network: it has no weights and no gradient."""

    class Config(BaseModel):
        """HeartLang's, but for the number of beats."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        fs: float = Field(default=100.0, gt=0)
        """Samples per second of a window."""
        samples: int = Field(default=96, gt=1)
        """P."""
        most: int = Field(default=24, gt=0)
        """K, of each lead: 144 per minute in 10 s; the last ones are left out beyond."""
        detector: Detector = "xqrs"

    def __init__(self, config: Config) -> None:
        self.config = config
        self.known: dict[bytes, list[int]] = {}

    def __call__(self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor) -> Beats:
        """Beats of `ecg` (B, L, T), zero where a mask, (B, L) or (B, T), is False."""
        c = self.config
        parts = (x.detach().cpu() for x in (ecg.float(), lead_mask, sample_mask))
        rows = [self._peaks(*row)[: c.most] for row in zip(*parts, strict=True)]
        peaks = torch.full((len(rows), c.most), -1)
        for row, found in enumerate(rows):
            peaks[row, : len(found)] = torch.tensor(found)
        return cut_beats(ecg, lead_mask, sample_mask, peaks.to(ecg.device), c.samples, c.fs)

    def _peaks(self, ecg: Tensor, leads: Tensor, samples: Tensor) -> list[int]:
        """R peaks of one recording, of its real samples in its present leads alone."""
        mv = np.ascontiguousarray(ecg[leads][:, samples].numpy(), np.float32)
        place = samples.nonzero().flatten()
        key = hashlib.blake2b(mv.tobytes() + samples.numpy().tobytes(), digest_size=16).digest()
        if key not in self.known:
            if len(self.known) >= REMEMBERED:
                self.known.clear()
            found = [int(place[n]) for n in r_peaks(mv, self.config.fs, self.config.detector)]
            self.known[key] = found or even_peaks(samples, self.config.samples)
        return self.known[key]


class BeatTransformer(nn.Module):
    """HeartLang's ST-ECGFormer."""

    class Config(BaseModel):
        """As published, for 10 s."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        beat_samples: int = Field(default=96, gt=1)
        """P."""
        seconds: int = Field(default=10, gt=0)
        """Length of a window, rounded up."""
        leads: int = 12
        width: int = 768
        depth: int = 12
        heads: int = 8
        hidden: int = 1024

        @model_validator(mode="after")
        def _heads_fit(self) -> Self:
            check_heads(self.width, self.heads)
            return self

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.embed = nn.Conv1d(config.beat_samples, config.width, 3, padding=1)
        self.places = Places(config)
        self.layers = Layers(config)

    @property
    def dim(self) -> int:
        """Width of a token."""
        return self.config.width

    def forward(
        self, beats: Beats, masked: Tensor | None = None, word: Tensor | None = None
    ) -> Tensor:
        """Tokens (B, L, K, D), zero where no beat is; `masked` (B, L, K) ones read as `word`."""
        return through(self.embedded(beats, masked, word), beats.there, self.layers)

    def embedded(
        self, beats: Beats, masked: Tensor | None = None, word: Tensor | None = None
    ) -> Tensor:
        """Tokens before the transformer, (B, L, K, D).

        A masked beat is replaced by `word` (P,) before the convolution, so nothing of it is left.
        """
        x = beats.samples
        if masked is not None and word is not None:
            x = torch.where(masked.unsqueeze(-1), word.to(x.dtype), x)
        b, leads, count, _ = x.shape
        y = self.embed(x.flatten(0, 1).transpose(1, 2)).transpose(1, 2)  # (B L, K, D)
        return self.places(y.view(b, leads, count, -1), beats)  # type: ignore[no-any-return]


class Places(nn.Module):
    """Adds to a token what its lead and its second are."""

    def __init__(self, config: BeatTransformer.Config) -> None:
        super().__init__()
        self.lead = nn.Parameter(torch.randn(config.leads, config.width) * 0.02)
        self.second = nn.Parameter(torch.randn(config.seconds, config.width) * 0.02)

    def forward(self, x: Tensor, beats: Beats) -> Tensor:
        """`x` (B, L, K, D)."""
        longest = len(self.second)
        if int(beats.second.max()) >= longest:
            raise CardiolexError(
                f"a beat lies {int(beats.second.max())} s from the start of a window; this network "
                f"takes {longest} s: choose a Preprocess with shorter windows, or more seconds"
            )
        return x + self.lead[:, None].to(x.dtype) + self.second[beats.second][:, None].to(x.dtype)


class Layers(nn.Module):
    """Transformer blocks and a last normalisation."""

    def __init__(self, config: BeatTransformer.Config) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            Block(config.width, config.heads, config.hidden) for _ in range(config.depth)
        )
        self.norm = nn.LayerNorm(config.width)

    def forward(self, x: Tensor, valid: Tensor | None) -> Tensor:
        """`x` (B, N, D), `valid` (B, N) or None."""
        for block in self.blocks:
            x = block(x, valid)
        result: Tensor = self.norm(x)
        return result


def check_beats(finder: BeatFinder.Config, network: BeatTransformer.Config) -> None:
    """CardiolexError unless the beats that are found are as long as those that are read."""
    if finder.samples != network.beat_samples:
        raise CardiolexError(
            f"beats of {finder.samples} samples (beats.samples), a network for "
            f"{network.beat_samples} (beat_samples); set both alike"
        )
