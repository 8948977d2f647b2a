"""Vector quantisation by directions: a code book that follows what it is asked to name.

Source: VQ-VAE (arXiv 1711.00937), with unit vectors, k-means start and moving averages as in LaBraM
(arXiv 2405.18765), from which HeartLang's tokeniser descends.
Shapes: R rows (any number), V codes, C width of a code.
"""

import torch
import torch.nn.functional as F
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

ROUNDS = 10
"""Of k-means."""


class CodeBook(nn.Module):
    """V unit vectors; no gradient reaches them."""

    class Config(BaseModel):
        """As published."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        codes: int = Field(default=8192, gt=1)
        width: int = Field(default=128, gt=0)
        decay: float = Field(default=0.99, ge=0, lt=1)

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.vectors: Tensor
        self.started: Tensor
        vectors = torch.randn(config.codes, config.width)
        self.register_buffer("vectors", F.normalize(vectors, dim=1))
        self.register_buffer("started", torch.zeros((), dtype=torch.bool))

    def codes(self, rows: Tensor) -> Tensor:
        """Number (R,) of the code nearest in direction to each of `rows` (R, C)."""
        with torch.autocast(rows.device.type, enabled=False):
            return (F.normalize(rows.float(), dim=1) @ self.vectors.T).argmax(dim=1)

    @torch.no_grad()
    def start(self, rows: Tensor) -> None:
        """K-means from evenly spaced `rows` (R, C); the same rows on all processes."""
        unit = F.normalize(rows.float(), dim=1)
        first = torch.linspace(0, len(unit) - 1, self.config.codes, device=unit.device).long()
        self.vectors.copy_(unit[first])
        for _ in range(ROUNDS):
            counts, sums = self.usage(unit, self.codes(unit))
            self._move(counts, sums, 0.0)
        self.started.fill_(True)

    def usage(self, rows: Tensor, codes: Tensor) -> tuple[Tensor, Tensor]:
        """How many of `rows` (R, C) have each of `codes` (R,), (V,), and their sums (V, C)."""
        counts = torch.bincount(codes, minlength=self.config.codes).float()
        sums = torch.zeros_like(self.vectors)
        return counts, sums.index_add(0, codes, F.normalize(rows.float(), dim=1))

    @torch.no_grad()
    def follow(self, counts: Tensor, sums: Tensor) -> None:
        """Move each code that was used towards the mean of its rows, of all processes together."""
        self._move(counts, sums, self.config.decay)

    def _move(self, counts: Tensor, sums: Tensor, decay: float) -> None:
        means = F.normalize(sums, dim=1)
        moved = F.normalize(decay * self.vectors + (1 - decay) * means, dim=1)
        self.vectors.copy_(torch.where((counts > 0)[:, None], moved, self.vectors))
