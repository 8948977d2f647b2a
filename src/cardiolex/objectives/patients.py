"""Losses whose positives are recordings of one patient.

Shapes: B batch per process, N global batch, G groups, V views, D width.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from cardiolex.objectives.gather import gather_rows

NEVER = -1e9
"""A logit that no softmax sees, and that keeps rows without any other finite."""


def patient_contrast(
    views: Tensor, there: Tensor, patients: Tensor, temperature: float = 0.1
) -> Tensor:
    """CLOCS' loss of `views` (B, G, V, D) of B recordings of `patients` (B,), integers.

    For each pair of views (a, b) the cosines of a of all recordings with b of all recordings form
    a matrix. Its diagonal is to stand out from its row and from its column; so are entries off the
    diagonal that belong to one patient, where there are any. The mean of these two or four terms,
    each a mean over its entries, is the loss of the pair; that of all pairs and groups is averaged.
    Denominators hold every entry, other positives too. Groups are contrasted each on its own. A
    recording takes part in a pair if both views are `there` (B, G, V); without any the loss is 0.

    Source: CLOCS, ICML 2021, arXiv 2005.13249, section 3. Its code overwrites the loss with every
    pair, so only the last one counts; and takes entries of one patient above the diagonal by rows,
    below by columns, so the order of a batch matters. Here all count, by rows and columns.
    """
    with torch.autocast(views.device.type, enabled=False):
        z = gather_rows(F.normalize(views.float(), dim=3)).permute(1, 2, 0, 3)  # (G, V, N, D)
        real = gather_rows(there.to(torch.uint8)).bool().permute(1, 2, 0)  # (G, V, N)
        who = gather_rows(patients)
        same = who[:, None] == who[None]
        a, b = torch.triu_indices(z.shape[1], z.shape[1], offset=1, device=z.device)
        both = (real[:, a] & real[:, b]).flatten(0, 1)  # (M, N), M = G V (V - 1) / 2 pairs
        logits = (z[:, a] @ z[:, b].mT).flatten(0, 1) / temperature  # (M, N, N)
        losses = _pairs(logits, both, same)
    return losses.sum() / both.any(dim=1).sum().clamp(min=1)


def _pairs(logits: Tensor, real: Tensor, same: Tensor) -> Tensor:
    """Loss of each pair, (M,): `logits` (M, N, N), `real` (M, N), `same` patient (N, N)."""
    inside = real[:, :, None] & real[:, None]
    logits = logits.masked_fill(~inside, NEVER)
    own = torch.eye(len(same), dtype=torch.bool, device=same.device)
    positives = (own & inside, same & ~own & inside)
    total = terms = logits.new_zeros(len(logits))
    for along in (2, 1):
        everything = logits.logsumexp(dim=along)  # (M, N)
        for positive in positives:
            counts = positive.sum(dim=along)
            apart = (everything * counts).sum(dim=1) - (logits * positive).sum(dim=(1, 2))
            count = counts.sum(dim=1)
            total = total + apart / count.clamp(min=1)
            terms = terms + (count > 0)
    return total / terms.clamp(min=1)


def patient_cosine(predictions: Tensor, targets: Tensor, patients: Tensor) -> Tensor:
    """Minus the cosine of `predictions` (B, D) with `targets` (B, D) of the same patient: -1 to 1.

    Mean over the targets of a row's patient in the global batch, its own among them, then over
    rows. No gradient reaches the targets. Where each patient has one recording, this is SimSiam's
    `negative_cosine`.
    """
    with torch.autocast(predictions.device.type, enabled=False):
        p = gather_rows(F.normalize(predictions.float(), dim=1))
        z = gather_rows(F.normalize(targets.detach().float(), dim=1))
        who = gather_rows(patients)
        same = (who[:, None] == who[None]).float()
        return -((p @ z.T) * same / same.sum(dim=1, keepdim=True)).sum(dim=1).mean()
