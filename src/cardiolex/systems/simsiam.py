"""SimSiam: each view predicts the other, and no gradient reaches what is predicted.

Paper: "Exploring Simple Siamese Representation Learning", CVPR 2021, arXiv 2011.10566. Loss:
Eq. (4). Sizes as published: projector d-2048-2048-2048 with BatchNorm after every layer, the last
one without parameters; predictor 2048-512-2048. The predictor's learning rate is not decayed.

Choices: AdamW instead of SGD with momentum. Each view is a batch of its own for BatchNorm, over all
processes.
Shapes: B batch, T samples, D width of the encoder.
"""

from collections.abc import Iterable
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
from cardiolex.nn.views import Views
from cardiolex.objectives.gather import gather_rows
from cardiolex.objectives.similarity import negative_cosine


class SimSiam(nn.Module):
    """See the module's text."""

    paper: ClassVar[str] = "SimSiam (arXiv 2011.10566)"

    class Config(BaseModel):
        """As published, but for ResNet-18."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        encoder: PooledConfig = ResNet1D.Config(kind="resnet")
        views: Views = Views()
        projection: int = Field(default=2048, gt=0)
        """Width of all three layers of the projector."""
        hidden: int = Field(default=512, gt=0)
        """The predictor's bottleneck."""
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
        width = config.projection
        self.projector = mlp((self.encoder.dim, width, width, width), last="plain norm")
        self.predictor = mlp((width, config.hidden, width))

    @classmethod
    def assemble(cls, config: Config, text: TextEncoder | None, entity_vectors: Tensor) -> Self:
        """Of the configuration alone."""
        return cls(config)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return "loss" (1 to -1) and the collapse figures of the projections."""
        views = self.config.views.pair(batch.ecg, batch.lead_mask, batch.sample_mask)
        a, b = (self.projector(self.encoder(*view)) for view in views)
        loss = negative_cosine(self.predictor(a), b) + negative_cosine(self.predictor(b), a)
        return {"loss": loss / 2, **collapse_figures(gather_rows(a.detach()))}

    def steady_parameters(self) -> Iterable[nn.Parameter]:
        """Those of the predictor: their learning rate is not decayed."""
        return self.predictor.parameters()

    def embed_ecg(self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor) -> Tensor:
        """(B, D) before the projector: the representation that a linear probe reads."""
        embedding: Tensor = self.encoder(ecg, lead_mask, sample_mask)
        return embedding
