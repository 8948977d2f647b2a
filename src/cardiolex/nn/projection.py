"""Projectors from an encoder's vector to the shared space (MERL's shapes, used by K-MERL)."""

from torch import nn

from cardiolex.nn.batch_norm import GlobalBatchNorm


def ecg_projector(dim: int, out: int = 256) -> nn.Sequential:
    """Linear, BatchNorm, ReLU, Linear, BatchNorm: (B, dim) to (B, out)."""
    return nn.Sequential(
        nn.Linear(dim, out),
        GlobalBatchNorm(out),
        nn.ReLU(),
        nn.Linear(out, out),
        GlobalBatchNorm(out),
    )


def text_projector(dim: int, out: int = 256) -> nn.Sequential:
    """Linear, GELU, Linear: (B, dim) to (B, out)."""
    return nn.Sequential(nn.Linear(dim, out), nn.GELU(), nn.Linear(out, out))
