"""From the values an electrocardiograph prints to answers about conditions put in words.

Each measured value is spread over the quantiles of the training data (piecewise linear encoding,
Gorishniy et al. 2022, arXiv 2203.05556, Eq. 1); one that could not be measured is all zeros and a
flag. A residual network makes features of them, and the text vector of a condition becomes the
weights of a linear layer on these features: the answer to a condition is a function of that
condition and the recording alone. Shapes: B batch, K values, Q queries, Dt text vector.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

SPREAD = 2.0  # of the logits at the start


class MeasurementReader(nn.Module):
    """See the module's text."""

    class Config(BaseModel):
        """Sizes, and what its answer weighs beside that of the network that reads the signal."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        bins: int = Field(default=16, ge=1)
        width: int = Field(default=512, ge=1)
        blocks: int = Field(default=2, ge=0)
        hidden: int = Field(default=256, ge=1)
        """Of the network that turns a text vector into weights."""
        dropout: float = Field(default=0.2, ge=0, lt=1)
        share: float = Field(default=0.5, ge=0, le=1)
        """Logit = (1 - share) x that of the signal + share x that of the measurements."""

    def __init__(self, config: Config, values: int, query_dim: int) -> None:
        """`values` is the number K of measurements, `query_dim` the length Dt of a text vector."""
        super().__init__()
        self.config = config
        self.edges: Tensor
        even = torch.linspace(0, 1, config.bins + 1).repeat(values, 1)
        self.register_buffer("edges", even)  # (K, bins + 1), increasing
        self.first = nn.Linear(values * (config.bins + 1), config.width)
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.LayerNorm(config.width),
                nn.Linear(config.width, config.width),
                nn.GELU(),
                nn.Dropout(config.dropout),
                nn.Linear(config.width, config.width),
            )
            for _ in range(config.blocks)
        )
        self.norm = nn.LayerNorm(config.width)
        self.dropout = nn.Dropout(config.dropout)
        self.weigh = nn.Sequential(
            nn.Linear(query_dim, config.hidden),
            nn.GELU(),
            nn.Linear(config.hidden, config.width + 1),
        )

    def forward(self, measured: Tensor, query_vectors: Tensor) -> Tensor:
        """`measured` (B, K), NaN where not measurable, `query_vectors` (Q, Dt) to logits (B, Q)."""
        return self.weighed(self.features(measured), self.weigh(query_vectors))

    def weighed(self, features: Tensor, weights: Tensor) -> Tensor:
        """Features (B, width) under weights (Q, width + 1), the last of which is added: (B, Q)."""
        scale = SPREAD / math.sqrt(self.config.width)
        return features @ weights[:, :-1].T * scale + weights[:, -1]

    def features(self, measured: Tensor) -> Tensor:
        """(B, K) to (B, width)."""
        x = self.dropout(F.gelu(self.first(self.encode(measured))))
        for block in self.blocks:
            x = x + self.dropout(block(x))
        normed: Tensor = self.norm(x)
        return normed

    def encode(self, measured: Tensor) -> Tensor:
        """How far each value (B, K) fills each bin, and whether it lacks: (B, K x (bins + 1))."""
        low, high = self.edges[:, :-1], self.edges[:, 1:]
        missing = measured.isnan().unsqueeze(-1)  # (B, K, 1)
        filled = ((measured.nan_to_num(0.0).unsqueeze(-1) - low) / (high - low)).clamp(0, 1)
        filled = filled.masked_fill(missing, 0.0)
        return torch.cat([filled, missing.to(filled.dtype)], dim=2).flatten(1)

    def known_values(self) -> Tensor:
        """Three rows (3, K) of ordinary values, every seventh lacking: what a self-test reads."""
        places = torch.linspace(0, self.config.bins, 5).round().long()[1:4]
        rows = self.edges[:, places].T.clone()
        rows[:, ::7] = torch.nan
        return rows


@torch.inference_mode()
def fused(
    reader: MeasurementReader,
    signal: NDArray[np.float32],
    measured: NDArray[np.float32],
    query_vectors: Tensor,
) -> NDArray[np.float32]:
    """Logits (B, Q) of both: `signal` (B, Q) of the network that reads the ECG, `measured` (B, K).

    Where nothing could be measured the signal answers alone.
    """
    values = torch.from_numpy(measured).to(query_vectors.device)
    read = reader(values, query_vectors).float().cpu().numpy()
    share = np.where(np.isnan(measured).all(axis=1, keepdims=True), 0.0, reader.config.share)
    return np.asarray((1 - share) * signal + share * read, np.float32)
