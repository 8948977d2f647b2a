"""CRT's constraint that tokens of one recording tell themselves apart.

Source: arXiv 2205.09928, section III-D ("instance discrimination constraint"). B, N, D as ever.
"""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from cardiolex.objectives.reconstruction import mean_of_all

Discrimination = Literal["repel", "contrast"]


def discrimination(
    before: Tensor,
    after: Tensor,
    valid: Tensor | None,
    kind: Discrimination = "repel",
    temperature: float = 1.0,
) -> Tensor:
    """Mean over recordings; `before` and `after` the transformer (B, N, D), `valid` (B, N) or None.

    "repel", as released: log of the sum of exp(cosine) between different tokens, so tokens are only
    pushed apart. "contrast" is what would be expected: each token finds itself (InfoNCE).
    """
    b, n, _ = before.shape
    if valid is None:
        valid = torch.ones(b, n, dtype=torch.bool, device=before.device)
    with torch.autocast(before.device.type, enabled=False):
        one, other = (F.normalize(x.float(), dim=-1) for x in (before, after))
        cosine = one @ other.mT / temperature  # (B, N, N)
    if kind == "contrast":
        loss = cosine.masked_fill(~valid[:, None], -torch.inf).logsumexp(dim=2)
        return mean_of_all(loss - cosine.diagonal(dim1=1, dim2=2), valid)
    pair = valid[:, :, None] & valid[:, None] & ~torch.eye(n, dtype=torch.bool, device=one.device)
    several = valid.sum(dim=1) > 1
    cosine = cosine.masked_fill(~pair, -torch.inf).flatten(1)
    return mean_of_all(cosine.where(several[:, None], 0.0).logsumexp(dim=1), several)
