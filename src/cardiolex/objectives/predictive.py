"""Losses of predicted tokens. B batch per process, R processes, K steps ahead, D width."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from cardiolex.objectives.gather import gather_rows, rank, sum_over_processes, world_size

NEVER = -1e9


def forecast_contrast(predictions: Tensor, targets: Tensor, real: Tensor) -> Tensor:
    """Each prediction (B, K, D) finds its target among those of all recordings for its step.

    `targets` (B, K, D); those that are not `real` (B, K) are neither sought nor in the way.
    Dot products, cross-entropy, mean over all real targets of all processes. Source: TS-TCC, arXiv
    2106.14112, Eq. (2); the released code normalises over predictions instead of targets.
    """
    with torch.autocast(predictions.device.type, enabled=False):
        everything = gather_rows(targets.float())  # (R B, K, D)
        logits = torch.einsum("bkd,nkd->bkn", predictions.float(), everything)
        there = gather_rows(real.to(torch.uint8)).bool()  # (R B, K)
        log_share = logits.masked_fill(~there.T, NEVER).log_softmax(dim=2)
        own = rank() * len(real) + torch.arange(len(real), device=real.device)
        found = log_share.gather(2, own[:, None, None].expand(-1, real.shape[1], 1))[:, :, 0]
        return -mean_of_real(found, real)


def forecast_cosine(predictions: Tensor, targets: Tensor, real: Tensor) -> Tensor:
    """Minus the cosine of each prediction (B, K, D) with its target (B, K, D), where `real`.

    No gradient reaches the targets, and there are no negatives.
    """
    with torch.autocast(predictions.device.type, enabled=False):
        p, z = predictions.float(), targets.detach().float()
        return -mean_of_real(F.cosine_similarity(p, z, dim=2), real)


def mean_of_real(values: Tensor, real: Tensor) -> Tensor:
    """Mean of `values` where `real`, such that the mean over processes is that of all; or 0."""
    count = sum_over_processes(real.sum()) / world_size()
    return (values * real).sum() / count.clamp(min=1 / world_size())


def step_contrast(
    predictions: Sequence[Tensor], tokens: Tensor, real: Tensor, drawn: Tensor
) -> Tensor:
    """CPC's loss: each prediction finds its token among others, of all recordings and times.

    Entry k - 1 of `predictions`, (B, N - k, D), is what is said at time t of token t + k of
    `tokens` (B, N, D). Negatives are the tokens numbered `drawn` (M,) in the flattened batch of
    each process, those of all processes together, without the one that is sought. Dot products,
    cross-entropy, mean over times at which both ends are `real` (B, N), then over steps. Source:
    arXiv 1807.03748, Eq. (4); negatives as in Mehari & Strodthoff, arXiv 2103.12676, but one draw
    serves all predictions of a step. Every process must bring the same M.
    """
    with torch.autocast(tokens.device.type, enabled=False):
        tokens = tokens.float()
        b, n, _ = tokens.shape
        number = (rank() * b * n + torch.arange(b * n, device=tokens.device)).view(b, n)
        pool = gather_rows(tokens.flatten(0, 1)[drawn])  # (R M, D)
        there = gather_rows(real.flatten()[drawn].to(torch.uint8)).bool()
        numbers = gather_rows(number.flatten()[drawn])
        losses = []
        for k, prediction in enumerate(predictions, start=1):
            p = prediction.float()
            sought = (p * tokens[:, k:]).sum(dim=2)  # (B, N - k)
            out = (number[:, k:, None] == numbers) | ~there
            others = (p @ pool.T).masked_fill(out, NEVER).logsumexp(dim=2)
            apart = torch.logaddexp(sought, others) - sought
            losses.append(mean_of_real(apart, real[:, k:] & real[:, :-k]))
    return torch.stack(losses).mean()
