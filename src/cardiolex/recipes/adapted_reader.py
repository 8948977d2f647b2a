"""A model gone on with on labelled real recordings: the last layer of its reader of measurements.

That layer turns the text vector of a condition into weights on what the measurements show. It is
moved a little, from where simulated recordings left it, so that the model's answer (the mean of
signal and measurements) fits the labels; conditions without labels move along as far as their words
are alike. A few hundred recordings suffice, since 132,000 weights are held near where they were.
What it brings is measured on patients left out. Shapes: N views, Q conditions, D features.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.bootstrap import Estimate, bootstrap
from cardiolex.evaluation.folds import folds_by_patient
from cardiolex.evaluation.metrics import countable
from cardiolex.nn.measurement_reader import MeasurementReader, fused
from cardiolex.recipes.labelled_views import KINDS, LabelledViews, Progress

_LR_OF_SCALES = 3e-2
_SCALE = 0.6  # of logits at the start: about that of Platt fits of such models


@dataclass(frozen=True)
class Adapting:
    """How far the layer may move.

    The defaults are the middle one of three settings that were tried with 534 public recordings:
    half the rate and three times the pull brought two thirds as much, and 1e-3 and 0.3 too little.
    """

    steps: int = 300
    batch_size: int = 1024
    lr: float = 6e-4
    pull: float = 1.0
    """Penalty of a move as large as the weights themselves."""
    full: int = 200
    """Positive views from which on a condition counts in full; rarer ones count less."""
    seed: int = 0


@dataclass(frozen=True)
class Gain:
    """Mean over conditions of the AUROC before and after, on patients that were left out."""

    views: str
    conditions: int
    before: Estimate
    after: Estimate
    difference: Estimate


def adapted(reader: MeasurementReader, views: LabelledViews, how: Adapting) -> MeasurementReader:
    """A copy of `reader` whose last layer fits all of `views`."""
    return _fit(reader, views, np.ones(len(views.record), np.bool_), how)


def left_out(
    reader: MeasurementReader,
    views: LabelledViews,
    folds: int,
    how: Adapting,
    progress: Progress | None = None,
) -> NDArray[np.float32]:
    """Logits (N, Q) of each view by a reader adapted without its patient."""
    owners = len(set(views.patients))
    if owners < folds:
        raise CardiolexError(f"{owners} patients: too few for {folds} folds")
    of_record = folds_by_patient(views.patients, folds, np.random.default_rng(how.seed))
    fold = of_record[views.record]
    logits = np.full(tuple(views.signal.shape), np.nan, np.float32)
    for part in range(folds):
        there = _fit(reader, views, fold != part, how)
        logits[fold == part] = answers(there, views)[fold == part]
        if progress is not None:
            progress(part + 1, folds)
    return logits


def answers(reader: MeasurementReader, views: LabelledViews) -> NDArray[np.float32]:
    """Logits (N, Q) of the signal and `reader` together."""
    return fused(reader, views.signal.numpy(), views.measured.numpy(), views.queries)


def gains(
    views: LabelledViews,
    before: NDArray[np.float32],
    after: NDArray[np.float32],
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> tuple[Gain, ...]:
    """What logits `after` (N, Q) rank better than `before`, with all leads and with one."""
    return tuple(_gain(views, before, after, kind, resamples, seed) for kind in (0, 1))


def _gain(
    views: LabelledViews,
    before: NDArray[np.float32],
    after: NDArray[np.float32],
    kind: int,
    resamples: int,
    seed: int,
) -> Gain:
    old, records = views.by_record(before, kind)
    new, _ = views.by_record(after, kind)
    labels = views.labels_of(records)
    counted, *_ = countable(labels)
    if not counted.any():
        raise CardiolexError("no condition has three positive and three negative recordings")
    patients = [views.patients[record] for record in records]
    each = [
        bootstrap(labels[:, counted], logits[:, counted], patients, resamples=resamples, seed=seed)
        for logits in (old, new)
    ]
    (was, _), (now, _) = each
    return Gain(KINDS[kind], int(counted.sum()), was.macro(), now.macro(), now.minus(was).macro())


def _fit(
    reader: MeasurementReader, views: LabelledViews, rows: NDArray[np.bool_], how: Adapting
) -> MeasurementReader:
    measurable = ~views.measured.isnan().all(dim=1).numpy()
    used = np.flatnonzero(rows & measurable)
    with torch.no_grad():
        features = reader.features(views.measured[used])
        hidden = reader.weigh[1](reader.weigh[0](views.queries))
    made = copy.deepcopy(reader).eval()
    layer = made.weigh[2]
    assert isinstance(layer, nn.Linear)
    start = [one.detach().clone() for one in layer.parameters()]
    share, signal, labels = reader.config.share, views.signal[used], views.labels[used]
    weights = _balanced(labels, how.full)
    spread = torch.zeros(labels.shape[1], requires_grad=True)  # scale and offset of a condition
    offset = torch.zeros(labels.shape[1], requires_grad=True)
    groups: list[dict[str, Any]] = [
        {"params": list(layer.parameters()), "lr": how.lr},
        {"params": [spread, offset]},
    ]
    optimizer = torch.optim.Adam(groups, lr=_LR_OF_SCALES)
    scheduler = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, how.steps)
    generator = torch.Generator().manual_seed(how.seed)
    for _ in range(how.steps):
        some = torch.randint(len(used), (how.batch_size,), generator=generator)
        read = reader.weighed(features[some], layer(hidden))
        logits = (1 - share) * signal[some] + share * read
        logits = logits * spread.exp() * _SCALE + offset
        loss = _loss(logits, labels[some], weights[some]) * len(used) / how.batch_size
        moved = [
            ((one - before) ** 2).sum() / (before**2).sum()
            for one, before in zip(layer.parameters(), start, strict=True)
        ]
        optimizer.zero_grad()
        (loss + how.pull * torch.stack(moved).sum()).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        scheduler.step()
    return made.requires_grad_(False)


def _loss(logits: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    each = F.binary_cross_entropy_with_logits(logits, labels.nan_to_num(0.0), reduction="none")
    return (each * weights).sum()


def _balanced(labels: Tensor, full: int) -> Tensor:
    """Weights (N, Q), 1 in all: of a condition its positives weigh as much as its negatives.

    An unknown label weighs nothing, a condition with few positives the root of its share of `full`.
    """
    positive, negative = (labels == 1).float(), (labels == 0).float()
    counts = positive.sum(dim=0), negative.sum(dim=0)
    both = (counts[0] > 0) & (counts[1] > 0)
    each = positive / counts[0].clamp(min=1) + negative / counts[1].clamp(min=1)
    each = each * both * (counts[0].clamp(max=full) / full).sqrt()
    return each / each.sum().clamp(min=1e-12)
