"""BYOL: what a network says of one view predicts what its slow copy says of the other.

Paper: "Bootstrap Your Own Latent", NeurIPS 2020, arXiv 2006.07733. Loss: Eq. (2), both directions,
averaged; momentum from 0.996 to 1 by a cosine. Sizes as published: projector d-4096-256, predictor
256-4096-256.

Choices: AdamW instead of LARS; the slow copy takes over every parameter and buffer (one ECG code
base moves only tensors with "weight" in their names, so biases stay at their first values). Each
view is a batch of its own for BatchNorm, over all processes.
Shapes: B batch, T samples, D width of the encoder.
"""

from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from cardiolex.capabilities import Reads
from cardiolex.datasets.batches import Batch
from cardiolex.encoders.pooled import PooledConfig, PooledEncoder
from cardiolex.encoders.resnet1d import ResNet1D
from cardiolex.encoders.text import TextEncoder
from cardiolex.nn.collapse import collapse_figures
from cardiolex.nn.heads import mlp
from cardiolex.nn.momentum import SlowCopy, momentum
from cardiolex.nn.views import Views
from cardiolex.objectives.gather import gather_rows
from cardiolex.objectives.similarity import negative_cosine


class BYOL(nn.Module):
    """See the module's text."""

    paper: ClassVar[str] = "BYOL (arXiv 2006.07733)"

    class Config(BaseModel):
        """As published, but for ResNet-18."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        encoder: PooledConfig = ResNet1D.Config(kind="resnet")
        views: Views = Views()
        hidden: int = Field(default=4096, gt=0)
        projection: int = Field(default=256, gt=0)
        momentum: float = Field(default=0.996, ge=0, le=1)
        """At the start; 0.99 suits short runs."""
        text_dim: int = 768
        """Not used: there is no text."""

        @property
        def reads(self) -> Reads:
            """Nothing but signals."""
            return "labels"

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.encoder = PooledEncoder(config.encoder)
        self.projector = mlp((self.encoder.dim, config.hidden, config.projection))
        self.predictor = mlp((config.projection, config.hidden, config.projection))
        self.slow_encoder = SlowCopy(self.encoder)
        self.slow_projector = SlowCopy(self.projector)

    @classmethod
    def assemble(cls, config: Config, text: TextEncoder | None, entity_vectors: Tensor) -> Self:
        """Of the configuration alone."""
        return cls(config)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return "loss" (0 to 4) and the collapse figures of the projections."""
        views = self.config.views.pair(batch.ecg, batch.lead_mask, batch.sample_mask)
        projections = [self.projector(self.encoder(*view)) for view in views]
        a, b = (self.predictor(z) for z in projections)
        slow_a, slow_b = (self.slow_projector(self.slow_encoder(*view)) for view in views)
        loss = 2 + negative_cosine(a, slow_b) + negative_cosine(b, slow_a)
        return {"loss": loss, **collapse_figures(gather_rows(projections[0].detach()))}

    def after_step(self, done: float) -> None:
        """The slow copy follows."""
        share = momentum(self.config.momentum, done)
        self.slow_encoder.follow(self.encoder, share)
        self.slow_projector.follow(self.projector, share)

    def embed_ecg(self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor) -> Tensor:
        """(B, D) before the projector: the representation that a linear probe reads."""
        embedding: Tensor = self.encoder(ecg, lead_mask, sample_mask)
        return embedding
