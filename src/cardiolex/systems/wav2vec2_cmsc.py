"""Wav2Vec 2.0 + CMSC + RLM: name what is hidden among other moments; halves belong together.

Paper: "Lead-agnostic Self-supervised Learning for Local and Global Representations of
Electrocardiogram", CHIL 2022, arXiv 2203.06889; wav2vec 2.0 is arXiv 2006.11477, CMSC is of CLOCS
(2005.13249). The encoder is MELP's, which was pre-trained so: `encoders.conv_transformer`.
Loss: contrast of hidden tokens (section 3.1) + 0.1 x diversity of codes + 10 x feature penalty
+ CMSC, temperatures 0.1. Random lead masking hides each lead of a segment with probability 0.5.

Deviations and choices:
- A window of 10 s is cut into its two halves, the two segments of CMSC; a linear probe reads the
  mean over tokens of the whole window.
- One lead at least stays; the original may hide all. Spans are drawn by recording, and none has
  fewer of them because another one is shorter.
- Recordings of one patient in a batch are positives of CMSC, as in CLOCS; the data of the original
  has no patients.
- The temperature of the quantiser falls by the same factor in every step and reaches 0.5 at the
  end, not after 277,000 steps. AdamW instead of Adam.
Shapes: B batch, T samples, N tokens, C channels, D width.
"""

from typing import ClassVar, Self

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from cardiolex.capabilities import Reads
from cardiolex.datasets.batches import Batch
from cardiolex.encoders.conv_transformer import ConvTransformer
from cardiolex.encoders.text import TextEncoder
from cardiolex.nn.collapse import collapse_figures
from cardiolex.nn.masking import drop_leads, mask_spans
from cardiolex.nn.pooling import masked_mean
from cardiolex.nn.quantizer import GumbelQuantizer
from cardiolex.nn.window import filled, halves
from cardiolex.objectives.gather import gather_rows
from cardiolex.objectives.masked_prediction import (
    code_perplexity,
    diversity,
    masked_contrast,
    mean_use,
)
from cardiolex.objectives.patients import patient_contrast
from cardiolex.objectives.reconstruction import mean_of_all


class Weights(BaseModel):
    """Of what is added to the contrast of hidden tokens."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    diversity: float = 0.1
    penalty: float = 10.0
    """Of the squared output of the convolutions."""
    cmsc: float = 1.0


class Wav2Vec2CMSC(nn.Module):
    """See the module's text."""

    paper: ClassVar[str] = "Wav2Vec 2.0 + CMSC + RLM (arXiv 2203.06889)"

    class Config(BaseModel):
        """As published, with 12 layers."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        encoder: ConvTransformer.Config = ConvTransformer.Config.of_size("base")
        quantizer: GumbelQuantizer.Config = GumbelQuantizer.Config()
        mask_share: float = Field(default=0.65, gt=0, le=1)
        """Covered by spans, if they did not overlap."""
        mask_length: int = Field(default=10, gt=0)
        negatives: int = Field(default=100, gt=0)
        temperature: float = Field(default=0.1, gt=0)
        lead_mask_probability: float = Field(default=0.5, ge=0, lt=1)
        weights: Weights = Weights()
        text_dim: int = 768
        """Not used: there is no text."""

        @property
        def reads(self) -> Reads:
            """Nothing but signals, and whose they are."""
            return "labels"

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.encoder = ConvTransformer(config.encoder)
        channels, width = config.encoder.channels, config.quantizer.width
        self.mask = nn.Parameter(torch.rand(self.encoder.dim))
        self.quantizer = GumbelQuantizer(config.quantizer, channels)
        self.project_target = nn.Linear(width, width)
        self.predict = nn.Linear(self.encoder.dim, width)
        self.done: Tensor
        self.register_buffer("done", torch.zeros(()))

    @classmethod
    def assemble(cls, config: Config, text: TextEncoder | None, entity_vectors: Tensor) -> Self:
        """Of the configuration alone."""
        return cls(config)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return "loss", its parts, the codes in use and the collapse figures of segments."""
        c = self.config
        ecg, samples = halves(batch.ecg, batch.sample_mask)
        leads = drop_leads(batch.lead_mask.repeat(2, 1), c.lead_mask_probability)
        raw = self.encoder.local(filled(ecg, leads, samples), samples)
        real = self._real(samples, raw)
        features = self.encoder.norm_features(raw)
        masked = mask_spans(real, c.mask_share, c.mask_length)
        tokens = self.encoder.dropout(self.encoder.embed(features))
        tokens = torch.where(masked.unsqueeze(-1), self.mask.to(tokens.dtype), tokens)
        context = self.encoder.context(tokens, real)
        target = self.quantizer(features, float(self.done))
        use = mean_use(target.probabilities, masked)
        z = masked_mean(context, real)
        parts = {
            "contrast": masked_contrast(
                self.predict(context),
                self.project_target(target.values),
                target.codes,
                masked,
                c.negatives,
                c.temperature,
            ),
            "diversity": diversity(use),
            "penalty": mean_of_all(raw.float().square().mean(dim=-1), real),
            "cmsc": self._cmsc(z, batch),
        }
        weights = {"contrast": 1.0, **c.weights.model_dump()}
        loss = torch.stack([weights[name] * part for name, part in parts.items()]).sum()
        codes = {"codes_used": code_perplexity(use.detach()).mean()}
        return {"loss": loss, **parts, **codes, **collapse_figures(gather_rows(z.detach()))}

    def after_step(self, done: float) -> None:
        """The quantiser cools down."""
        self.done.fill_(done)

    def embed_ecg(self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor) -> Tensor:
        """(B, D), mean of all tokens: the representation that a linear probe reads."""
        tokens = self.encoder(filled(ecg, lead_mask, sample_mask), sample_mask)
        return masked_mean(tokens, self.encoder.real(sample_mask))

    def _real(self, samples: Tensor, raw: Tensor) -> Tensor:
        """(B, N) bool: which tokens exist."""
        real = self.encoder.real(samples)
        return raw.new_ones(raw.shape[:2], dtype=torch.bool) if real is None else real

    def _cmsc(self, z: Tensor, batch: Batch) -> Tensor:
        """Contrast of the first with the second segments, `z` (2 B, D)."""
        views = torch.stack(z.chunk(2), dim=1)[:, None]  # (B, 1, 2, D)
        there = views.new_ones(views.shape[:3], dtype=torch.bool)
        return patient_contrast(views, there, batch.patient_numbers(), self.config.temperature)
