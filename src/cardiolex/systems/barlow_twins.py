"""Barlow Twins: features that agree between two views and do not repeat one another.

Paper: "Barlow Twins: Self-Supervised Learning via Redundancy Reduction", ICML 2021, arXiv
2103.03230. Loss: Eq. (1), over the global batch, off-diagonal weight 0.005.

Choices: projector d-2048-2048-2048 (8192 in the paper), AdamW instead of LARS. Each view is a batch
of its own for BatchNorm, over all processes.
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
from cardiolex.nn.views import Views
from cardiolex.objectives.gather import gather_rows
from cardiolex.objectives.redundancy import barlow_twins


class BarlowTwins(nn.Module):
    """See the module's text."""

    paper: ClassVar[str] = "Barlow Twins (arXiv 2103.03230)"

    class Config(BaseModel):
        """ResNet-18 by default."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        encoder: PooledConfig = ResNet1D.Config(kind="resnet")
        views: Views = Views()
        projection: int = Field(default=2048, gt=0)
        """Width of all three layers of the projector."""
        off_diagonal_weight: float = Field(default=5e-3, ge=0)
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
        self.projector = mlp((self.encoder.dim, *[config.projection] * 3))

    @classmethod
    def assemble(cls, config: Config, text: TextEncoder | None, entity_vectors: Tensor) -> Self:
        """Of the configuration alone."""
        return cls(config)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return "loss" and the collapse figures of the projections."""
        views = self.config.views.pair(batch.ecg, batch.lead_mask, batch.sample_mask)
        a, b = (self.projector(self.encoder(*view)) for view in views)
        loss = barlow_twins(a, b, self.config.off_diagonal_weight)
        return {"loss": loss, **collapse_figures(gather_rows(a.detach()))}

    def embed_ecg(self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor) -> Tensor:
        """(B, D) before the projector: the representation that a linear probe reads."""
        embedding: Tensor = self.encoder(ecg, lead_mask, sample_mask)
        return embedding
