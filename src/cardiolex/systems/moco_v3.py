"""MoCo-v3: a view finds the other one among all, as the slow copy sees them; no queue.

Paper: "An Empirical Study of Training Self-Supervised Vision Transformers", ICCV 2021, arXiv
2104.02057. Loss: algorithm 1, both directions added, temperature 0.2, keys of the global batch;
momentum from 0.99 to 1 by a cosine. Heads as in the released code: hidden width 4096, 256 at the
end; projector of two layers for a ResNet, three for a ViT, ending in BatchNorm without parameters,
as the ViT's predictor does, while that of the ResNet ends in a linear layer. A ViT's projection of
segments stays as it was drawn (section 4.2), which keeps the training stable.

Choices: learned positions as in MERL's ViT where the paper has sine and cosine; AdamW for ResNets
too, instead of LARS. Each view is a batch of its own for BatchNorm, over all processes.
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
from cardiolex.encoders.vit import ViT
from cardiolex.nn.collapse import collapse_figures
from cardiolex.nn.heads import Last, mlp
from cardiolex.nn.momentum import SlowCopy, momentum
from cardiolex.nn.views import Views
from cardiolex.objectives.contrastive import key_contrast
from cardiolex.objectives.gather import gather_rows


class MoCoV3(nn.Module):
    """See the module's text."""

    paper: ClassVar[str] = "MoCo-v3 (arXiv 2104.02057)"

    class Config(BaseModel):
        """As published, but for ResNet-18."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        encoder: PooledConfig = ResNet1D.Config(kind="resnet")
        views: Views = Views()
        hidden: int = Field(default=4096, gt=0)
        projection: int = Field(default=256, gt=0)
        temperature: float = Field(default=0.2, gt=0)
        momentum: float = Field(default=0.99, ge=0, le=1)
        """At the start."""
        freeze_segments: bool = True
        """A ViT's projection of segments is not trained."""
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
        network, hidden, out = self.encoder.network, config.hidden, config.projection
        between = [hidden] * (2 if isinstance(network, ViT) else 1)
        self.projector = mlp((network.dim, *between, out), last="plain norm")
        last: Last = "plain norm" if isinstance(network, ViT) else "linear"
        self.predictor = mlp((out, hidden, out), last=last)
        self.slow_encoder = SlowCopy(self.encoder)
        self.slow_projector = SlowCopy(self.projector)
        if isinstance(network, ViT) and config.freeze_segments:
            network.embed.requires_grad_(False)

    @classmethod
    def assemble(cls, config: Config, text: TextEncoder | None, entity_vectors: Tensor) -> Self:
        """Of the configuration alone."""
        return cls(config)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return "loss" and the collapse figures of the projections."""
        views = self.config.views.pair(batch.ecg, batch.lead_mask, batch.sample_mask)
        projections = [self.projector(self.encoder(*view)) for view in views]
        a, b = (self.predictor(z) for z in projections)
        key_a, key_b = (self.slow_projector(self.slow_encoder(*view)) for view in views)
        t = self.config.temperature
        loss = key_contrast(a, key_b, t) + key_contrast(b, key_a, t)
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
