"""Whether embeddings still differ: what is logged beside the loss of methods that can collapse.

Shapes: B batch, D width.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

ROWS = 256
"""At most so many embeddings are looked at: eigenvalues of more cost time in each step."""


def feature_std(z: Tensor) -> Tensor:
    """Spread of rows `z` (B, D) on the unit sphere: 0 if all are equal, 1 if they fill it.

    Standard deviation of each feature of the normalised rows, averaged, times the square root of D
    (SimSiam, arXiv 2011.10566, Fig. 2, shows it without that factor).
    """
    unit = F.normalize(z.detach().float(), dim=1)
    spread: Tensor = unit.std(dim=0, correction=0).mean() * unit.shape[1] ** 0.5
    return spread


def effective_rank(z: Tensor) -> Tensor:
    """Number of directions that rows `z` (B, D) use: from 1 to the smaller of B - 1 and D.

    Exponential of the entropy of the singular values of the centred rows, scaled to add up to 1
    (Roy & Vetterli 2007). NaN if `z` is not finite; 0 if all rows are equal.
    """
    rows = z.detach().float()
    rows = rows[:: max(1, len(rows) // ROWS)][:ROWS]
    with torch.autocast(rows.device.type, enabled=False):
        centred = (rows - rows.mean(dim=0)).nan_to_num(0.0, 0.0, 0.0)
        gram = centred @ centred.T if len(rows) <= rows.shape[1] else centred.T @ centred
        values = torch.linalg.eigvalsh(gram.double()).clamp(min=0)
    values = values.where(values > 1e-9 * values.amax(), 0.0).sqrt()  # rounding is no direction
    share = values / values.sum().clamp(min=1e-12)
    rank = torch.exp(-torch.xlogy(share, share).sum()) * (values.sum() > 0)
    return torch.where(torch.isfinite(rows).all(), rank.float(), torch.nan)


def collapse_figures(z: Tensor) -> dict[str, Tensor]:
    """Both figures by name, without gradient."""
    return {"feature_std": feature_std(z), "effective_rank": effective_rank(z)}
