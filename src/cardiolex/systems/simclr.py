"""SimCLR: two views of one recording lie nearer to each other than to any other view.

Paper: "A Simple Framework for Contrastive Learning of Visual Representations", ICML 2020, arXiv
2002.05709. Loss: Eq. (1), NT-Xent over both views of the global batch.

Choices where nothing is published for these recordings (the K-MERL paper's rows are MERL's, whose
settings are not public): ResNet-18; views of `nn.views`; temperature 0.1, as for ECGs in
fairseq-signals (0.5 in Mehari & Strodthoff, arXiv 2103.12676); projector d-d-128 with BatchNorm
between, over the batches of all processes.
Shapes: B batch, T samples, D width of the encoder.
"""

from typing import ClassVar, Self

import torch
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
from cardiolex.objectives.contrastive import nt_xent
from cardiolex.objectives.gather import gather_rows


class SimCLR(nn.Module):
    """See the module's text."""

    paper: ClassVar[str] = "SimCLR (arXiv 2002.05709)"

    class Config(BaseModel):
        """ResNet-18 by default."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        encoder: PooledConfig = ResNet1D.Config(kind="resnet")
        views: Views = Views()
        projection: int = Field(default=128, gt=0)
        temperature: float = Field(default=0.1, gt=0)
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
        dim = self.encoder.dim
        self.projector = mlp((dim, dim, config.projection))

    @classmethod
    def assemble(cls, config: Config, text: TextEncoder | None, entity_vectors: Tensor) -> Self:
        """Of the configuration alone."""
        return cls(config)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return "loss" and the collapse figures of the projections."""
        one, two = self.config.views.pair(batch.ecg, batch.lead_mask, batch.sample_mask)
        both = [torch.cat(parts) for parts in zip(one, two, strict=True)]
        a, b = self.projector(self.encoder(*both)).chunk(2)  # one batch for BatchNorm, as published
        loss = nt_xent(a, b, self.config.temperature)
        return {"loss": loss, **collapse_figures(gather_rows(a.detach()))}

    def embed_ecg(self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor) -> Tensor:
        """(B, D) before the projector: the representation that a linear probe reads."""
        embedding: Tensor = self.encoder(ecg, lead_mask, sample_mask)
        return embedding
