"""Where a token stands, as sines and cosines.

Source: "Attention Is All You Need" (arXiv 1706.03762), section 3.5; sines first, then cosines, as
vision transformers lay them out.
"""

import torch
from torch import Tensor


def sine_cosine(count: int, width: int, device: torch.device | None = None) -> Tensor:
    """(count, width) of positions 0 to count - 1; `width` must be even."""
    rates = 10_000.0 ** (-2 * torch.arange(width // 2, device=device) / width)
    angles = torch.arange(count, device=device)[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], dim=1)
