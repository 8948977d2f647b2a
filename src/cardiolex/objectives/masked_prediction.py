"""Telling what is hidden from what is not: the losses of wav2vec 2.0.

Source: arXiv 2006.11477, section 3.2, Eq. (3) and (4), as fairseq computes them.
Shapes: B batch, N tokens, E width, K negatives, G groups, V entries of a code book.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from cardiolex.objectives.gather import gather_rows, sum_over_processes
from cardiolex.objectives.reconstruction import mean_of_all


def draw_negatives(masked: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """For each token of `masked` (B, N) bool, `count` others of the same recording.

    Their places (B, N, K), drawn uniformly and with replacement among the other masked tokens,
    never the token itself, and whether there is any (B, N); elsewhere the places mean nothing.
    """
    b, n = masked.shape
    others = masked.sum(dim=1)[:, None, None] - 1  # (B, 1, 1)
    draw = torch.rand((b, n, count), device=masked.device)
    drawn = torch.minimum((draw * others).long(), others - 1).clamp(min=0)
    own = (masked.cumsum(dim=1) - 1).clamp(min=0).unsqueeze(-1)  # number among the masked
    drawn = drawn + (drawn >= own)
    order = torch.sort((~masked).to(torch.uint8), dim=1, stable=True).indices  # masked ones first
    places = order[:, None].expand(b, n, n).gather(2, drawn.clamp(max=n - 1))
    return places, masked & (others.squeeze(-1) > 0)


def masked_contrast(
    predicted: Tensor,
    targets: Tensor,
    codes: Tensor,
    masked: Tensor,
    negatives: int = 100,
    temperature: float = 0.1,
) -> Tensor:
    """Each masked token's prediction finds its target among those of others; mean over tokens.

    `predicted`, `targets` (B, N, E); a negative with the same `codes` (B, N, G) as the target is
    none and is left out. Tokens without any other masked one in their recording do not count.
    """
    places, asked = draw_negatives(masked, negatives)
    with torch.autocast(predicted.device.type, enabled=False):
        p, t = (F.normalize(x.float(), dim=-1) for x in (predicted, targets))
        cosine = p @ t.mT / temperature  # (B, N, N)
    same = (codes[:, :, None] == codes[:, None]).all(dim=-1)  # (B, N, N)
    others = cosine.gather(2, places).masked_fill(same.gather(2, places), -torch.inf)
    own = cosine.diagonal(dim1=1, dim2=2).unsqueeze(-1)  # (B, N, 1)
    loss = torch.cat([own, others], dim=-1).logsumexp(dim=-1) - own.squeeze(-1)
    return mean_of_all(loss, asked)


def mean_use(probabilities: Tensor, chosen: Tensor) -> Tensor:
    """Mean (G, V) of `probabilities` (B, N, G, V) over `chosen` (B, N) tokens of all processes."""
    total = probabilities.where(chosen[..., None, None], 0.0).sum(dim=(0, 1))
    count = sum_over_processes(chosen.sum().float()).clamp(min=1)
    return gather_rows(total[None]).sum(dim=0) / count


def code_perplexity(use: Tensor) -> Tensor:
    """How many entries of each group are in use, (G,), of shares `use` (G, V): 1 to V."""
    return torch.exp(-torch.xlogy(use, use.clamp(min=1e-7)).sum(dim=-1))


def diversity(use: Tensor) -> Tensor:
    """0 where all entries are used alike, near 1 where one does everything; `use` (G, V)."""
    return 1 - code_perplexity(use).sum() / use.numel()
