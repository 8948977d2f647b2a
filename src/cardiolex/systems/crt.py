"""CRT: restore what was dropped of a recording in time and in frequency, from both together.

Paper: "Self-Supervised Time Series Representation Learning via Cross Reconstruction Transformer",
IEEE TNNLS 2023, arXiv 2205.09928. Sizes and weights as released; its code is not used. Magnitude
and phase are dropped at the same frequencies, time independently; the share that is dropped grows
with training from 0.3 to 0.8. Loss: squared error on all patches + 1e-4 x discrimination of tokens.
A linear probe reads the mean of the three class tokens.

Deviations and choices:
- Which patches are dropped is drawn for each recording (one draw for a batch in the released code).
- Magnitudes are those of an orthonormal transform, so they have the signal's unit; the frequency
  next to half the sampling rate is left out, so that there are half as many values as samples.
- The discrimination loss as released has no positive pair; `discrimination = "contrast"` is ours.
- Absent leads are zeros that nobody has to restore; a patch of padding is no token.
Shapes: B batch, L leads, T samples, M places of all three domains, p values of a patch, D width.
"""

from typing import ClassVar, Self

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from cardiolex.capabilities import Reads
from cardiolex.datasets.batches import Batch
from cardiolex.encoders.cross_domain import CrossDomain
from cardiolex.encoders.text import TextEncoder
from cardiolex.nn.collapse import collapse_figures
from cardiolex.nn.domain_decoder import DomainDecoder
from cardiolex.nn.masking import mask_segments
from cardiolex.nn.window import filled
from cardiolex.objectives.gather import gather_rows
from cardiolex.objectives.instance import Discrimination, discrimination
from cardiolex.objectives.reconstruction import masked_mse


class CRT(nn.Module):
    """See the module's text."""

    paper: ClassVar[str] = "CRT (arXiv 2205.09928)"

    class Config(BaseModel):
        """As released."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        encoder: CrossDomain.Config = CrossDomain.Config()
        decoder: DomainDecoder.Config = DomainDecoder.Config()
        least_dropped: float = Field(default=0.3, gt=0, lt=1)
        most_dropped: float = Field(default=0.8, gt=0, lt=1)
        discrimination: Discrimination = "repel"
        discrimination_weight: float = Field(default=1e-4, gt=0)
        text_dim: int = 768
        """Not used: there is no text."""

        @property
        def reads(self) -> Reads:
            """Nothing but signals."""
            return "labels"

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.encoder = CrossDomain(config.encoder)
        width, counts = self.encoder.dim, config.encoder.counts
        values = config.encoder.leads * config.encoder.patch_samples
        self.decoder = DomainDecoder(config.decoder, width, counts, values)
        self.before = nn.Linear(width, width)
        self.after = nn.Linear(width, width)
        self.done: Tensor
        self.register_buffer("done", torch.zeros(()))

    @classmethod
    def assemble(cls, config: Config, text: TextEncoder | None, entity_vectors: Tensor) -> Self:
        """Of the configuration alone."""
        return cls(config)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return "loss", its two parts and the collapse figures of the class tokens."""
        patches = self.encoder.patches(filled(batch.ecg, batch.lead_mask, batch.sample_mask))
        real = self.encoder.real(batch.sample_mask)
        kept = self.keep(real)
        encoded = self.encoder(patches, kept)
        restored = self.decoder(encoded.after, encoded.index, encoded.classes, kept, real)
        asked = real[:, :, None] & batch.lead_mask[:, None]  # (B, M, L)
        parts = {
            "reconstruction": masked_mse(restored.view_as(patches), patches, asked),
            "discrimination": discrimination(
                self.before(encoded.before),
                self.after(encoded.after),
                encoded.valid,
                self.config.discrimination,
            ),
        }
        weight = self.config.discrimination_weight
        loss = parts["reconstruction"] + weight * parts["discrimination"]
        z = encoded.classes.detach().mean(dim=1)
        return {"loss": loss, **parts, **collapse_figures(gather_rows(z))}

    def keep(self, real: Tensor) -> Tensor:
        """Which of the `real` (B, M) patches stay, (B, M): magnitude and phase in pairs."""
        share = min(max(float(self.done), self.config.least_dropped), self.config.most_dropped)
        in_time, magnitude, _ = torch.split(real, list(self.config.encoder.counts), dim=1)
        time, spectrum = (mask_segments(x[:, None], share)[:, 0] for x in (in_time, magnitude))
        return torch.cat([time, spectrum, spectrum], dim=1)

    def after_step(self, done: float) -> None:
        """The longer the training, the more is dropped."""
        self.done.fill_(done)

    def embed_ecg(self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor) -> Tensor:
        """(B, D), mean of the class tokens: the representation that a linear probe reads."""
        patches = self.encoder.patches(filled(ecg, lead_mask, sample_mask))
        embedding: Tensor = self.encoder(patches, self.encoder.real(sample_mask)).classes
        return embedding.mean(dim=1)
