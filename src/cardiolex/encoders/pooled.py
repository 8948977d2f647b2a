"""A convolutional or transformer encoder with its pooling: recording to one vector.

Shapes: B batch, T samples, N tokens, D width.
"""

from typing import Annotated, Any, TypeAlias

from pydantic import Field
from torch import Tensor, nn

from cardiolex.encoders.conv_blocks import ConvBlocks
from cardiolex.encoders.resnet1d import ResNet1D
from cardiolex.encoders.vit import ViT

PooledConfig: TypeAlias = Annotated[
    ResNet1D.Config | ViT.Config | ConvBlocks.Config, Field(discriminator="kind")
]
"""Which of them; each sees the leads it takes at once."""
NETWORKS: dict[str, type[ResNet1D | ViT | ConvBlocks]] = {
    "resnet": ResNet1D,
    "vit": ViT,
    "conv_blocks": ConvBlocks,
}


class PooledEncoder(nn.Module):
    """MERL's ResNet or ViT (arXiv 2403.06659), or a small CNN; what is absent is zero."""

    def __init__(self, config: ResNet1D.Config | ViT.Config | ConvBlocks.Config) -> None:
        super().__init__()
        network: Any = NETWORKS[config.kind]
        self.network: ResNet1D | ViT | ConvBlocks = network(config)

    @property
    def dim(self) -> int:
        """Width D of the vector."""
        return self.network.dim

    def forward(self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor) -> Tensor:
        """(B, D) of `ecg` (B, 12, T), `lead_mask` (B, 12), `sample_mask` (B, T)."""
        return self.network.pool(self.tokens(ecg, lead_mask, sample_mask))

    def tokens(self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor) -> Tensor:
        """Tokens (B, N, D) before pooling."""
        there = lead_mask[:, :, None] & sample_mask[:, None]
        tokens: Tensor = self.network(ecg.masked_fill(~there, 0.0))
        return tokens
