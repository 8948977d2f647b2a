"""CPC: from the past of a recording, which of many tokens comes next?

Paper: "Representation Learning with Contrastive Predictive Coding", arXiv 1807.03748, Eq. (4), with
bilinear scores, Eq. (3). On ECGs: Mehari & Strodthoff, arXiv 2103.12676, where it was the best of
four methods; recent comparisons find it the strongest objective of those that use ECGs alone, with
a state-space model in place of the recurrent network (arXiv 2509.25095 and 2605.12241). No views,
no augmentation.

Choices: a GRU, strides for 500 Hz (`encoders.conv_gru`); 12 steps ahead as in 2103.12676; negatives
are tokens of all recordings and times of the global batch, 512 drawn from each process for a step
(there 128 for each prediction). What a probe reads is the mean state over the recording.
Shapes: B batch, T samples, N tokens, C channels, D width of a state.
"""

from typing import ClassVar, Self

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from cardiolex.capabilities import Reads
from cardiolex.datasets.batches import Batch
from cardiolex.encoders.conv_gru import ConvGRU
from cardiolex.encoders.text import TextEncoder
from cardiolex.nn.collapse import collapse_figures
from cardiolex.nn.forecast import real_tokens
from cardiolex.objectives.gather import gather_rows
from cardiolex.objectives.predictive import step_contrast


class CPC(nn.Module):
    """See the module's text."""

    paper: ClassVar[str] = "CPC (arXiv 1807.03748)"

    class Config(BaseModel):
        """Sizes of the ECG paper."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        encoder: ConvGRU.Config = ConvGRU.Config()
        ahead: int = Field(default=12, gt=0)
        """Steps; fewer where a recording has fewer tokens."""
        negatives: int | None = Field(default=512, gt=0)
        """Drawn from each process; None = all tokens."""
        text_dim: int = 768
        """Not used: there is no text."""

        @property
        def reads(self) -> Reads:
            """Nothing but signals."""
            return "labels"

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.encoder = ConvGRU(config.encoder)
        self.maps = nn.ModuleList(
            nn.Linear(self.encoder.dim, config.encoder.channels, bias=False)
            for _ in range(config.ahead)
        )

    @classmethod
    def assemble(cls, config: Config, text: TextEncoder | None, entity_vectors: Tensor) -> Self:
        """Of the configuration alone."""
        return cls(config)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return "loss" and the collapse figures of the mean states."""
        tokens, states, real = self._run(batch.ecg, batch.lead_mask, batch.sample_mask)
        n = tokens.shape[1]
        said = [step(states[:, :-k]) for k, step in enumerate(self.maps, start=1) if k < n]
        loss = step_contrast(said, tokens, real, self._draw(real))
        figures = collapse_figures(gather_rows(_mean(states.detach(), real)))
        return {"loss": loss, **figures}

    def embed_ecg(self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor) -> Tensor:
        """(B, D): mean state over the recording, what a linear probe reads."""
        _, states, real = self._run(ecg, lead_mask, sample_mask)
        return _mean(states, real)

    def _run(
        self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Tokens (B, N, C), states (B, N, D), and which are of real samples (B, N)."""
        there = lead_mask[:, :, None] & sample_mask[:, None]
        tokens = self.encoder.tokens(ecg.masked_fill(~there, 0.0))
        return tokens, self.encoder.states(tokens), real_tokens(sample_mask, tokens.shape[1])

    def _draw(self, real: Tensor) -> Tensor:
        """Numbers of tokens that serve as negatives."""
        if self.config.negatives is None:
            return torch.arange(real.numel(), device=real.device)
        return torch.randint(real.numel(), (self.config.negatives,), device=real.device)


def _mean(states: Tensor, real: Tensor) -> Tensor:
    """States (B, N, D) averaged where `real` (B, N): (B, D)."""
    total: Tensor = (states * real[:, :, None]).sum(dim=1)
    return total / real.sum(dim=1).clamp(min=1)[:, None]
