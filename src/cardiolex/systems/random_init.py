"""Random weights: the floor under every pre-trained encoder.

The two rows "Random Init" of MERL's tables (arXiv 2403.06659): ResNet-18 and ViT-tiny. The paper
does not say whether the encoder is frozen. Frozen is what this gives: a linear probe of it tells
what pre-training is worth. Trained from scratch is fine-tuning it with all weights free.

No step changes a weight. BatchNorm's running statistics are another matter: as drawn they are those
of no data, and the branches of a residual network all but vanish beside its shortcuts. Steps take
them from the recordings (`statistics`), as MERL's probe does by leaving its frozen encoder in
training mode. A ViT has none.
Shapes: B batch, T samples, D width of the encoder.
"""

from typing import ClassVar, Self

import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn

from cardiolex.capabilities import Reads
from cardiolex.datasets.batches import Batch
from cardiolex.encoders.pooled import PooledConfig, PooledEncoder
from cardiolex.encoders.resnet1d import ResNet1D
from cardiolex.encoders.text import TextEncoder
from cardiolex.nn.collapse import collapse_figures
from cardiolex.objectives.gather import gather_rows


class RandomInit(nn.Module):
    """See the module's text."""

    paper: ClassVar[str] = "Random weights (MERL's baseline, arXiv 2403.06659)"

    class Config(BaseModel):
        """ResNet-18 by default."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        encoder: PooledConfig = ResNet1D.Config(kind="resnet")
        statistics: bool = True
        """BatchNorm's running statistics are taken from the recordings of the steps."""
        text_dim: int = 768
        """Not used: there is no text."""

        @property
        def reads(self) -> Reads:
            """Nothing but signals."""
            return "labels"

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.encoder = PooledEncoder(config.encoder).requires_grad_(False)

    @classmethod
    def assemble(cls, config: Config, text: TextEncoder | None, entity_vectors: Tensor) -> Self:
        """Of the configuration alone."""
        return cls(config)

    def train(self, mode: bool = True) -> Self:
        """Training mode is for statistics alone."""
        return super().train(mode and self.config.statistics)

    @torch.no_grad()
    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return "loss", which is nothing, and the collapse figures of the embeddings."""
        z = self.embed_ecg(batch.ecg, batch.lead_mask, batch.sample_mask)
        nothing = torch.zeros((), device=z.device, requires_grad=True)
        return {"loss": nothing, **collapse_figures(gather_rows(z))}

    def embed_ecg(self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor) -> Tensor:
        """(B, D): the representation that a linear probe reads."""
        embedding: Tensor = self.encoder(ecg, lead_mask, sample_mask)
        return embedding
