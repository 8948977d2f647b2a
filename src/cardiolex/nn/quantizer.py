"""Product quantiser with Gumbel noise: features become entries of a few learned code books.

Source: wav2vec 2.0 (arXiv 2006.11477), section 2 and Eq. (1), (4); sizes and start as in fairseq.
Shapes: B batch, N tokens, C features, G groups, V entries of each, E width of a target.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn


@dataclass(frozen=True)
class Quantized:
    """`values` (B, N, E), the `codes` they are of (B, N, G), `probabilities` (B, N, G, V)."""

    values: Tensor
    codes: Tensor
    probabilities: Tensor
    """Without noise and temperature: what the diversity of codes is judged by."""


class GumbelQuantizer(nn.Module):
    """One entry of each group, chosen with noise in training; gradients pass straight through."""

    class Config(BaseModel):
        """As published."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        groups: int = Field(default=2, gt=0)
        entries: int = Field(default=320, gt=0)
        width: int = Field(default=256, gt=0)
        """E, divided among the groups."""
        hot: float = Field(default=2.0, gt=0)
        """Temperature at the start…"""
        cold: float = Field(default=0.5, gt=0)
        """…and at the end."""

    def __init__(self, config: Config, channels: int) -> None:
        super().__init__()
        self.config = config
        groups, entries = config.groups, config.entries
        self.choose = nn.Linear(channels, groups * entries)
        nn.init.normal_(self.choose.weight)
        nn.init.zeros_(self.choose.bias)
        self.book = nn.Parameter(torch.rand(groups, entries, config.width // groups))

    def temperature(self, done: float) -> float:
        """From `hot` to `cold`, by the same factor in every step; `done` from 0 to 1."""
        return float(self.config.hot * (self.config.cold / self.config.hot) ** done)

    def forward(self, features: Tensor, done: float = 1.0) -> Quantized:
        """Quantise `features` (B, N, C); the share `done` of the training sets the temperature."""
        b, n, _ = features.shape
        with torch.autocast(features.device.type, enabled=False):
            weight, bias = self.choose.weight.float(), self.choose.bias.float()
            logits = F.linear(features.float(), weight, bias)
            logits = logits.view(b, n, self.config.groups, self.config.entries)
            noisy = logits
            if self.training:
                uniform = torch.rand(logits.shape, device=logits.device).clamp(1e-6, 1 - 1e-6)
                noisy = (logits - torch.log(-torch.log(uniform))) / self.temperature(done)
            codes = noisy.argmax(dim=-1)
            hard = F.one_hot(codes, self.config.entries).float()
            soft = noisy.softmax(dim=-1)
            chosen = hard + soft - soft.detach() if self.training else hard
            values = torch.einsum("bngv,gve->bnge", chosen, self.book.float()).flatten(2)
        return Quantized(values, codes, logits.softmax(dim=-1))
