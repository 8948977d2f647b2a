"""ST-MEM: hide three quarters of each lead, restore them from what is left of all leads.

Paper: "Guiding Masked Representation Learning to Capture Spatio-Temporal Relationship of
Electrocardiogram", ICLR 2024, arXiv 2402.09450. Masking: section 3.2, 75 % of the patches of every
lead, each lead by itself. Loss: Eq. (1), squared error on hidden patches, each normalised. Sizes
as in the released settings; its code is not used. `masking` "time" and "leads" are its siblings
MTAE and MLAE ("MaeFE", Zhang et al., IEEE TIM 72, 2023).

Deviations and choices:
- The whole window instead of a random crop of 9 s, and one window instead of three at test; a
  window need not be a multiple of a patch, its last samples are then left out.
- What a linear probe reads is the mean over all tokens without separators, as published.
- Normalisation of patches at both ends takes the amplitude of each patch away, and with it what
  voltage criteria need: `patch_norm = false` (ours) leaves millivolts as they are, at both ends.
- Absent leads and padding have no tokens and nothing to restore; a lead so short that nothing would
  stay visible keeps one patch.
Shapes: B batch, L leads, T samples, M patches of p samples, D width.
"""

from typing import ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from cardiolex.capabilities import Reads
from cardiolex.datasets.batches import Batch
from cardiolex.encoders.lead_sequences import LeadSequences, with_separators
from cardiolex.encoders.text import TextEncoder
from cardiolex.nn.collapse import collapse_figures
from cardiolex.nn.lead_decoder import LeadDecoder
from cardiolex.nn.masking import hide_most
from cardiolex.nn.pooling import masked_mean
from cardiolex.nn.window import filled
from cardiolex.objectives.gather import gather_rows
from cardiolex.objectives.reconstruction import masked_mse, standardised


class STMEM(nn.Module):
    """See the module's text."""

    paper: ClassVar[str] = "ST-MEM (arXiv 2402.09450)"

    class Config(BaseModel):
        """The published system by default, of size "base"."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        encoder: LeadSequences.Config = LeadSequences.Config()
        decoder: LeadDecoder.Config = LeadDecoder.Config()
        mask_ratio: float = Field(default=0.75, gt=0, lt=1)
        masking: Literal["lead", "time", "leads"] = "lead"
        """Patches of each lead; moments of all leads (MTAE); whole leads (MLAE)."""
        text_dim: int = 768
        """Not used: there is no text."""

        @property
        def reads(self) -> Reads:
            """Nothing but signals."""
            return "labels"

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.encoder = LeadSequences(config.encoder)
        samples = config.encoder.segment_samples
        self.decoder = LeadDecoder(config.decoder, self.encoder.dim, samples)

    @classmethod
    def assemble(cls, config: Config, text: TextEncoder | None, entity_vectors: Tensor) -> Self:
        """Of the configuration alone."""
        return cls(config)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return "loss" and the collapse figures of the mean of visible tokens."""
        ecg = filled(batch.ecg, batch.lead_mask, batch.sample_mask)
        real = self.encoder.real(batch.lead_mask, batch.sample_mask)  # (B, L, M)
        visible = hide_most(real, self.config.mask_ratio, self.config.masking)
        encoded = self.encoder(ecg, real, visible)  # (B, L, M + 2, D)
        there = real.any(dim=2)  # (B, L)
        edges = (with_separators(mask, there)[there] for mask in (visible, real))
        patches = self.encoder.patches(ecg)[there]  # (leads of all recordings, M, p)
        target = standardised(patches) if self.config.encoder.patch_norm else patches
        restored = self.decoder(encoded[there], *edges)
        loss = masked_mse(restored, target, (real & ~visible)[there])
        z = _mean(encoded.detach(), visible)
        return {"loss": loss, **collapse_figures(gather_rows(z))}

    def embed_ecg(self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor) -> Tensor:
        """(B, D), mean of all tokens but separators: the representation that a probe reads."""
        real = self.encoder.real(lead_mask, sample_mask)
        return _mean(self.encoder(filled(ecg, lead_mask, sample_mask), real), real)


def _mean(encoded: Tensor, chosen: Tensor) -> Tensor:
    """Mean (B, D) of `encoded` (B, L, M + 2, D) over patches with `chosen` (B, L, M) True."""
    return masked_mean(encoded[:, :, 1:-1].flatten(1, 2), chosen.flatten(1))
