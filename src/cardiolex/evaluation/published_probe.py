"""Linear probes with the papers' own settings, for comparison with their tables only.

100 epochs at a rate of 1e-3:

| name | optimiser | decay | schedule | batch | reported |
| --- | --- | --- | --- | --- | --- |
| merl | Adam | 1e-4 | x 0.1 after 40 steps (see below) | 16 | best test AUC of all epochs |
| kmerl | AdamW | 1e-5 | cosine, 5 warm-up steps | 16 | last epoch |
| supreme | AdamW | 1e-8 | cosine, 5 warm-up steps | 16 | last epoch |
| melp | AdamW | 1e-4 | cosine by epoch to 1e-5, patience 5 | 128 | best on validation |

MERL's script means to lower the rate after 40 epochs, but advances its schedule at every step and
once more per epoch: nearly the whole run has a rate of 1e-4. It prints the largest test AUC over
epochs, which is chosen on the judged records. K-MERL (Tab. 4) names no weight decay for the probe;
that of its pre-training is taken. Which epoch K-MERL and SuPreME report is not said; the last is
taken. MELP's script computes AUC of a softmax over classes, which `softmax` repeats.
The shares of the labels are those of each script: MERL's is the tail of a permutation of the rows
(as scikit-learn's `train_test_split` with random_state 42), MELP's is another one's head (as
pandas' `sample`): the two 1 % are disjoint. Shapes: N records, D features, K classes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import cos, pi
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.linear_probe import macro_auroc
from cardiolex.evaluation.probing import Features, ProbeResult, Probing, judged

Floats = NDArray[np.float64]
Paper = Literal["merl", "kmerl", "supreme", "melp"]
Report = Literal["best on test", "last", "best on validation"]


@dataclass(frozen=True)
class ProbeSettings:
    """How one paper trains its probe; `decoupled` is AdamW, else Adam with L2."""

    decoupled: bool
    weight_decay: float
    schedule: Literal["merl", "cosine", "cosine by epoch"]
    batch: int
    report: Report
    rate: float = 1e-3
    epochs: int = 100
    patience: int | None = None
    softmax: bool = False
    head_of_permutation: bool = False


PAPERS: dict[Paper, ProbeSettings] = {
    "merl": ProbeSettings(False, 1e-4, "merl", 16, "best on test"),
    "kmerl": ProbeSettings(True, 1e-5, "cosine", 16, "last"),
    "supreme": ProbeSettings(True, 1e-8, "cosine", 16, "last"),
    "melp": ProbeSettings(
        True,
        1e-4,
        "cosine by epoch",
        128,
        "best on validation",
        patience=5,
        softmax=True,
        head_of_permutation=True,
    ),
}


def published_probe(
    train: Features,
    valid: Features,
    test: Features,
    conditions: Sequence[str],
    probing: Probing,
    paper: Paper,
) -> ProbeResult:
    """Train on the paper's share of `train` and report as the paper does, with our intervals.

    Rows must stand in the order of the published table, since the shares are drawn by row. Unknown
    labels (NaN) are an error: the published loss has none.
    """
    settings = PAPERS[paper]
    if any(np.isnan(part.labels).any() for part in (train, valid, test)):
        raise CardiolexError(f"{probing.table}: the published probe knows no unknown labels")
    rows = published_share(len(train), probing.share, settings.head_of_permutation)
    part = train.take(rows)
    epochs = _train(part, valid, test, settings, probing.seed)
    chosen = _reported(epochs, valid.labels, test.labels, settings.report)
    scores = epochs[chosen][1]
    told = f"{paper}'s probe, {settings.report} (epoch {chosen + 1} of {len(epochs)})"
    return judged(test, conditions, [scores], [len(part)], [settings.weight_decay], told, probing)


def published_share(n: int, share: float, head: bool = False) -> NDArray[np.intp]:
    """Rows of `share` of `n`: the tail of a permutation of seed 42 (MERL), or its head (MELP)."""
    if share == 1:
        return np.arange(n)
    order = np.random.RandomState(42).permutation(n)
    count = round(share * n) if head else int(share * n)
    if count < 1:
        raise CardiolexError(f"{share:.0%} of {n} records is not one record")
    return np.asarray(order[:count] if head else order[n - count :], np.intp)


def learning_rates(settings: ProbeSettings, steps: int) -> Callable[[int, int], float]:
    """The rate at (epoch, step in the whole run), `steps` per epoch."""
    total = steps * settings.epochs

    def merl(epoch: int, step: int) -> float:
        return settings.rate * (0.1 if step + epoch >= 40 else 1.0)

    def cosine(epoch: int, step: int) -> float:
        if step < 5:
            return settings.rate * (step + 1) / 5
        return settings.rate * (1 + cos(pi * (step - 5) / max(total - 5, 1))) / 2

    def by_epoch(epoch: int, step: int) -> float:
        low = 1e-5
        return low + (settings.rate - low) * (1 + cos(pi * epoch / settings.epochs)) / 2

    return {"merl": merl, "cosine": cosine, "cosine by epoch": by_epoch}[settings.schedule]


def _train(
    train: Features, valid: Features, test: Features, settings: ProbeSettings, seed: int
) -> list[tuple[Floats, Floats]]:
    """Scores of validation and test records after every epoch."""
    import torch

    torch.manual_seed(seed)
    x, y, u, v = (
        torch.from_numpy(np.array(part, np.float32))
        for part in (train.values, train.labels, valid.values, test.values)
    )
    layer = torch.nn.Linear(x.shape[1], y.shape[1])
    kind = torch.optim.AdamW if settings.decoupled else torch.optim.Adam
    optimiser = kind(layer.parameters(), lr=settings.rate, weight_decay=settings.weight_decay)
    loss = torch.nn.BCEWithLogitsLoss()
    rate = learning_rates(settings, -(-len(x) // settings.batch))
    epochs: list[tuple[Floats, Floats]] = []
    step, best, since = 0, -np.inf, 0
    for epoch in range(settings.epochs):
        order = torch.randperm(len(x))
        for start in range(0, len(x), settings.batch):
            rows = order[start : start + settings.batch]
            for group in optimiser.param_groups:
                group["lr"] = rate(epoch, step)
            optimiser.zero_grad()
            loss(layer(x[rows]), y[rows]).backward()
            optimiser.step()
            step += 1
        with torch.inference_mode():
            scores = [layer(part) for part in (u, v)]
            if settings.softmax:
                scores = [one.softmax(dim=1) for one in scores]
        epochs.append((scores[0].double().numpy(), scores[1].double().numpy()))
        figure = macro_auroc(valid.labels, epochs[-1][0])
        best, since = (figure, 0) if figure > best else (best, since + 1)
        if settings.patience is not None and since >= settings.patience:
            break
    return epochs


def _reported(
    epochs: Sequence[tuple[Floats, Floats]],
    valid: NDArray[np.floating],
    test: NDArray[np.floating],
    report: Report,
) -> int:
    if report == "last":
        return len(epochs) - 1
    side, labels = (1, test) if report == "best on test" else (0, valid)
    figures = [macro_auroc(labels, one[side]) for one in epochs]
    return int(np.nanargmax(figures))
