"""TS-TCC: the past of one view predicts the future of another one, and both pasts agree.

Paper: "Time-Series Representation Learning via Temporal and Contextual Contrasting", IJCAI 2021,
arXiv 2106.14112. Loss: Eq. (6), 1 x (temporal contrast of both directions) + 0.7 x contextual
contrast, which is NT-Xent of the two summaries at temperature 0.2. Views: `nn.weak_strong`.

Choices: tokens are the encoder's before pooling, of unit length as in the released code; for
ResNet-18 the map before its mean over time. Views are made anew in each step (once, when the data
are loaded, in the released code); each recording has a cut of its own (there one for the batch).
`Config.original` has the paper's small encoder and views. Each view is a batch of its own for
BatchNorm, over all processes.
Shapes: B batch, T samples, N tokens, D width of the encoder.
"""

from typing import ClassVar, Self

import torch.nn.functional as F
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn

from cardiolex.capabilities import Reads
from cardiolex.datasets.batches import Batch
from cardiolex.encoders.conv_blocks import ConvBlocks
from cardiolex.encoders.pooled import PooledConfig, PooledEncoder
from cardiolex.encoders.resnet1d import ResNet1D
from cardiolex.encoders.text import TextEncoder
from cardiolex.errors import CardiolexError
from cardiolex.nn.collapse import collapse_figures
from cardiolex.nn.forecast import Forecast, real_tokens
from cardiolex.nn.heads import mlp
from cardiolex.nn.weak_strong import WeakStrong
from cardiolex.objectives.contrastive import nt_xent
from cardiolex.objectives.gather import gather_rows
from cardiolex.objectives.predictive import forecast_contrast


class TSTCC(nn.Module):
    """See the module's text."""

    paper: ClassVar[str] = "TS-TCC (arXiv 2106.14112)"

    class Config(BaseModel):
        """ResNet-18 and views for ECGs by default."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        encoder: PooledConfig = ResNet1D.Config(kind="resnet")
        views: WeakStrong = WeakStrong()
        forecast: Forecast.Config = Forecast.Config()
        projection: int = Field(default=32, gt=0)
        """Width at the end of the head of summaries; twice as wide between."""
        temperature: float = Field(default=0.2, gt=0)
        contextual_weight: float = Field(default=0.7, ge=0)
        text_dim: int = 768
        """Not used: there is no text."""

        @classmethod
        def original(cls) -> Self:
            """As published: a small network, a factor for each sample."""
            return cls(encoder=ConvBlocks.Config.ts_tcc(), views=WeakStrong.original())

        @model_validator(mode="after")
        def _tokens_are_kept(self) -> Self:
            if isinstance(self.encoder, ConvBlocks.Config) and self.encoder.flat is not None:
                raise CardiolexError("encoder.flat is not used where tokens are; leave it out")
            return self

        @property
        def reads(self) -> Reads:
            """Nothing but signals."""
            return "labels"

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.encoder = PooledEncoder(config.encoder)
        width = config.forecast.width
        self.forecast = Forecast(self.encoder.dim, self.encoder.network.tokens, config.forecast)
        self.head = mlp((width, 2 * config.projection, config.projection))

    @classmethod
    def assemble(cls, config: Config, text: TextEncoder | None, entity_vectors: Tensor) -> Self:
        """Of the configuration alone."""
        return cls(config)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return "loss", its parts, and the collapse figures of projected summaries."""
        views = self.config.views.pair(batch.ecg, batch.lead_mask, batch.sample_mask)
        tokens = [F.normalize(self.encoder.tokens(*view), dim=2) for view in views]  # (B, N, D)
        real = [real_tokens(view.sample_mask, tokens[0].shape[1]) for view in views]
        summaries, temporal = [], tokens[0].new_zeros(())
        for one, other in ((0, 1), (1, 0)):
            cut = self.forecast.cut(tokens[one])
            summary = self.forecast.summarise(tokens[one], real[one], cut)
            future = self.forecast.after(tokens[other], real[other], cut)
            temporal = temporal + forecast_contrast(self.forecast(summary), *future)
            summaries.append(summary)
        a, b = (self.head(summary) for summary in summaries)
        contextual = nt_xent(a, b, self.config.temperature)
        loss = temporal + self.config.contextual_weight * contextual
        figures = collapse_figures(gather_rows(a.detach()))
        return {"loss": loss, "temporal": temporal, "contextual": contextual, **figures}

    def embed_ecg(self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor) -> Tensor:
        """(B, D): mean of the tokens, what a linear probe reads."""
        embedding: Tensor = self.encoder(ecg, lead_mask, sample_mask)
        return embedding
