"""ASTCL, our reading: noise is ignored, the future foreseen, and a patient stays the same.

Paper: "Adversarial Spatiotemporal Contrastive Learning for Electrocardiogram Signals", IEEE TNNLS
35(10) 13845, doi 10.1109/TNNLS.2023.3272153. There is no public code, and layer sizes and weights
are not given in what is public. THIS IS OUR READING OF THE DESCRIPTION, not a reproduction; its
figures say nothing about the authors' network. Described, and done here:
- two views, one with the noises of ECGs added, one denoised (`nn.noise_views`);
- an adversary tells from the embedding which view it is; its gradient into the encoder is reversed
  (arXiv 1505.07818), with a strength that grows from 0 as training goes on;
- the past of one view predicts the tokens of the other one that follow, as in TS-TCC;
- positives are views of one patient, of other recordings in the batch too; no negatives: a
  predictor and stopped gradients, as in SimSiam.
Ours: ResNet-18; cosines; all sizes; weights 1, 1 and up to 0.1 for the reversed gradient. Both
views are one batch for BatchNorm, so that its statistics do not tell them apart.
Shapes: B batch, T samples, N tokens, D width of the encoder.
"""

import math
from typing import ClassVar, Self

import torch
import torch.nn.functional as F
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from cardiolex.capabilities import Reads
from cardiolex.datasets.batches import Batch
from cardiolex.encoders.pooled import PooledConfig, PooledEncoder
from cardiolex.encoders.resnet1d import ResNet1D
from cardiolex.encoders.text import TextEncoder
from cardiolex.nn.collapse import collapse_figures
from cardiolex.nn.forecast import Forecast, real_tokens
from cardiolex.nn.heads import mlp
from cardiolex.nn.noise_views import NoiseViews
from cardiolex.nn.strided_conv import scale_gradient
from cardiolex.objectives.gather import gather_rows
from cardiolex.objectives.patients import patient_cosine
from cardiolex.objectives.predictive import forecast_cosine


class ASTCL(nn.Module):
    """See the module's text."""

    paper: ClassVar[str] = "ASTCL, our reading (doi 10.1109/TNNLS.2023.3272153)"

    class Config(BaseModel):
        """All of it ours."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        encoder: PooledConfig = ResNet1D.Config(kind="resnet")
        views: NoiseViews = NoiseViews()
        forecast: Forecast.Config = Forecast.Config()
        projection: int = Field(default=2048, gt=0)
        hidden: int = Field(default=512, gt=0)
        """The predictor's bottleneck."""
        temporal_weight: float = Field(default=1.0, ge=0)
        patient_weight: float = Field(default=1.0, ge=0)
        adversary_weight: float = Field(default=0.1, ge=0)
        """Of the reversed gradient in the end; the adversary itself learns with weight 1."""
        text_dim: int = 768
        """Not used: there is no text."""

        @property
        def reads(self) -> Reads:
            """Nothing but signals, and whose they are."""
            return "labels"

    done: Tensor

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.encoder = PooledEncoder(config.encoder)
        dim, out = self.encoder.dim, config.projection
        self.projector = mlp((dim, out, out), last="plain norm")
        self.predictor = mlp((out, config.hidden, out))
        self.forecast = Forecast(dim, self.encoder.network.tokens, config.forecast)
        self.adversary = mlp((dim, dim, 1))
        self.register_buffer("done", torch.zeros(()))  # a run that is resumed goes on with it

    @classmethod
    def assemble(cls, config: Config, text: TextEncoder | None, entity_vectors: Tensor) -> Self:
        """Of the configuration alone."""
        return cls(config)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return "loss", its three parts, and the collapse figures of projections."""
        noisy, clean = self.config.views.pair(batch.ecg, batch.lead_mask, batch.sample_mask)
        both = [torch.cat(parts) for parts in zip(noisy, clean, strict=True)]
        tokens = self.encoder.tokens(*both)  # (2 B, N, D)
        embedding = self.encoder.network.pool(tokens)
        temporal = self._temporal(tokens, real_tokens(both[2], tokens.shape[1]))
        z = self.projector(embedding)
        patient = self._patient(z, batch.patient_numbers())
        adversary = self._adversary(embedding)
        c = self.config
        loss = c.temporal_weight * temporal + c.patient_weight * patient + adversary
        parts = {"temporal": temporal, "patient": patient, "adversary": adversary}
        figures = collapse_figures(gather_rows(z.detach()[: len(batch)]))
        return {"loss": loss, **parts, **figures}

    def after_step(self, done: float) -> None:
        """The reversed gradient grows."""
        self.done.fill_(done)

    def embed_ecg(self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor) -> Tensor:
        """(B, D): the representation that a linear probe reads."""
        embedding: Tensor = self.encoder(ecg, lead_mask, sample_mask)
        return embedding

    def _temporal(self, tokens: Tensor, real: Tensor) -> Tensor:
        """Each view foresees the other one; `tokens` (2 B, N, D), `real` (2 B, N)."""
        cut = self.forecast.cut(tokens)
        summary = self.forecast.summarise(tokens, real, cut)
        future, there = self.forecast.after(_swapped(tokens), _swapped(real), cut)
        return forecast_cosine(self.forecast(summary), future, there)

    def _patient(self, z: Tensor, patients: Tensor) -> Tensor:
        """Each view agrees with what the other one says of the patient; `z` (2 B, E)."""
        (a, b), (p, q) = z.chunk(2), self.predictor(z).chunk(2)
        return (patient_cosine(p, b, patients) + patient_cosine(q, a, patients)) / 2

    def _adversary(self, embedding: Tensor) -> Tensor:
        """How badly noisy and denoised are told apart: log 2 where they cannot be."""
        growth = 2 / (1 + math.exp(-10 * float(self.done))) - 1
        strength = self.config.adversary_weight * growth
        says = self.adversary(scale_gradient(embedding, -strength))[:, 0].float()
        is_noisy = (torch.arange(len(says), device=says.device) < len(says) // 2).float()
        return F.binary_cross_entropy_with_logits(says, is_noisy)


def _swapped(x: Tensor) -> Tensor:
    """The second half of the rows before the first."""
    return x.roll(len(x) // 2, dims=0)
