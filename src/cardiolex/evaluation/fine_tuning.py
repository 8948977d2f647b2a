"""Fine-tuning: the encoder and a linear layer learn from labelled recordings together.

The settings are fixed beforehand and the last weights are taken, so nothing is chosen on any
record. Records are divided as for the linear probe (`probing`): never a patient on both sides.
With an encoder of fresh weights the same is training from scratch.
Features are standardised over the batch before the layer, so that encoders of any scale learn at
one rate. Shapes: N records, W windows, T samples, D features, K classes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cardiolex.capabilities import EmbedsECG
from cardiolex.errors import CardiolexError
from cardiolex.evaluation.folds import folds_by_patient
from cardiolex.evaluation.probing import (
    Features,
    ProbeResult,
    Probing,
    check_folds,
    judged,
    sample_patients,
)
from cardiolex.objectives.entities import entity_bce
from cardiolex.recordings.preprocess import Windows

Rows = NDArray[np.intp]
Floats = NDArray[np.float64]
AT_ONCE = 64


@dataclass(frozen=True)
class FineTuning:
    """How long and how fast; one cosine with a tenth of warm-up, AdamW, gradients of norm 1."""

    epochs: float = 30
    """Over the training windows..."""
    min_steps: int = 100
    """...but at least so many steps."""
    batch_size: int = 32
    lr: float = 5e-4
    head_lr: float = 5e-3
    """Of the linear layer."""
    weight_decay: float = 0.01
    device: str = "cpu"

    def __post_init__(self) -> None:
        """Refuse what cannot be trained."""
        if self.epochs <= 0 or self.batch_size < 2 or self.lr <= 0 or self.head_lr <= 0:
            raise CardiolexError(
                f"epochs {self.epochs:g}, batch {self.batch_size}, rates {self.lr:g} and "
                f"{self.head_lr:g}: give positive numbers and a batch of at least 2"
            )


@dataclass(frozen=True, eq=False)
class Labelled:
    """The windows of N recordings; window w is of recording `owner[w]`."""

    ecg: Tensor  # (W, 12, T)
    lead_mask: Tensor  # (W, 12)
    sample_mask: Tensor  # (W, T)
    owner: Rows  # (W,)
    labels: NDArray[np.floating]  # (N, K) 1, 0 or NaN
    patients: Sequence[str]  # (N,)

    @classmethod
    def of(
        cls, windows: Sequence[Windows], labels: NDArray[np.floating], patients: Sequence[str]
    ) -> Labelled:
        """One entry of `windows` and `patients` and one row of `labels` for each recording."""
        counts = [len(one) for one in windows]
        return cls(
            torch.from_numpy(np.concatenate([one.ecg for one in windows])),
            torch.from_numpy(np.concatenate([one.lead_mask for one in windows])),
            torch.from_numpy(np.concatenate([one.sample_mask for one in windows])),
            np.repeat(np.arange(len(counts)), counts),
            np.asarray(labels),
            patients,
        )

    def windows_of(self, rows: Rows) -> Rows:
        """Numbers of the windows of these recordings."""
        return np.flatnonzero(np.isin(self.owner, rows))

    def inputs(self, windows: Rows, device: str) -> tuple[Tensor, Tensor, Tensor]:
        """What an encoder takes of these windows."""
        ecg, leads, samples = (x[windows] for x in (self.ecg, self.lead_mask, self.sample_mask))
        return ecg.to(device), leads.to(device), samples.to(device)

    def __len__(self) -> int:
        return len(self.labels)


class Classifier(nn.Module):
    """An encoder, standardised features, a linear layer: windows to logits (W, K)."""

    def __init__(self, encoder: nn.Module, dim: int, classes: int) -> None:
        super().__init__()
        self.encoder = encoder.requires_grad_(True)
        self.norm = nn.BatchNorm1d(dim, affine=False)
        self.head = nn.Linear(dim, classes)
        nn.init.zeros_(self.head.weight)

    def forward(self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor) -> Tensor:
        """`ecg` (W, 12, T), masks (W, 12) and (W, T) to logits (W, K)."""
        assert isinstance(self.encoder, EmbedsECG)
        features = self.encoder.embed_ecg(ecg, lead_mask, sample_mask)
        logits: Tensor = self.head(self.norm(features.float()))
        return logits


def fine_tune(
    encoder: nn.Module, data: Labelled, rows: Rows, settings: FineTuning, seed: int
) -> Classifier:
    """Train `encoder` (it is changed) and a layer on the recordings `rows` of `data`."""
    windows = data.windows_of(rows)
    if len(windows) < 2:
        raise CardiolexError("one window is not enough to learn from; raise the share of labels")
    torch.manual_seed(seed)
    encoder = encoder.to(settings.device)
    with torch.no_grad():
        dim = encoder.eval().embed_ecg(*data.inputs(windows[:1], settings.device)).shape[1]  # type: ignore[operator]
    network = Classifier(encoder, dim, data.labels.shape[1]).to(settings.device)
    labels = torch.from_numpy(data.labels[data.owner]).float().to(settings.device)  # (W, K)
    network.head.bias.data = _log_odds(labels[torch.from_numpy(windows)])
    per_epoch = max(1, len(windows) // settings.batch_size)
    steps = max(settings.min_steps, round(settings.epochs * per_epoch))
    parts: list[dict[str, Any]] = [
        {"params": list(network.encoder.parameters())},
        {"params": list(network.head.parameters()), "lr": settings.head_lr},
    ]
    optimiser = torch.optim.AdamW(parts, lr=settings.lr, weight_decay=settings.weight_decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step, steps))
    rng = np.random.default_rng(seed)
    order = np.empty(0, np.intp)
    network.train()
    for _ in range(steps):
        if len(order) < min(settings.batch_size, len(windows)):
            order = rng.permutation(windows)
        batch, order = order[: settings.batch_size], order[settings.batch_size :]
        loss = entity_bce(network(*data.inputs(batch, settings.device)), labels[batch])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
    return network.eval()


@torch.inference_mode()
def answers(network: Classifier, data: Labelled, rows: Rows, settings: FineTuning) -> Floats:
    """Logits (len(rows), K): mean over the windows of each recording."""
    windows = data.windows_of(rows)
    parts = [
        network(*data.inputs(windows[start : start + AT_ONCE], settings.device)).float().cpu()
        for start in range(0, len(windows), AT_ONCE)
    ]
    logits = torch.cat(parts).double().numpy()
    place = np.searchsorted(rows, data.owner[windows])
    sums = np.zeros((len(rows), logits.shape[1]))
    np.add.at(sums, place, logits)
    return np.asarray(sums / np.bincount(place, minlength=len(rows))[:, None])


def cross_tuned(
    make: Callable[[], nn.Module],
    data: Labelled,
    conditions: Sequence[str],
    probing: Probing,
    settings: FineTuning,
    folds: int = 5,
    progress: Callable[[int, int], None] | None = None,
) -> ProbeResult:
    """Every record is answered by a network that saw none of its patient; see `cross_validated`.

    `make()` gives the encoder to begin with, a new one for each fold.
    """
    check_folds(data.patients, folds)
    logits, sizes = [], []
    for draw in range(probing.draws):
        rng = np.random.default_rng([probing.seed, draw])
        fold = folds_by_patient(data.patients, folds, rng)
        out = np.empty(data.labels.shape)
        for number in range(folds):
            rows = sample_patients(data.patients, fold != number, probing.share, rng)
            seed = int(rng.integers(2**31))
            network = fine_tune(make(), data, rows, settings, seed)
            others = np.flatnonzero(fold == number)
            # without the bias, which follows how frequent a class is in this training part
            bias = network.head.bias.detach().double().cpu().numpy()
            out[others] = answers(network, data, others, settings) - bias
            sizes.append(len(rows))
            if progress is not None:
                progress(draw * folds + number + 1, probing.draws * folds)
        logits.append(out)
    protocol = f"{folds} folds by patient, fine-tuned"
    return judged(_features(data), conditions, logits, sizes, (), protocol, probing)


def tuned_on_split(
    make: Callable[[], nn.Module],
    train: Labelled,
    test: Labelled,
    conditions: Sequence[str],
    probing: Probing,
    settings: FineTuning,
) -> ProbeResult:
    """A given split: learn from a share of `train`, judge on `test`; nothing is chosen."""
    logits, sizes = [], []
    everyone, every = np.ones(len(train), bool), np.arange(len(test))
    for draw in range(probing.draws):
        rng = np.random.default_rng([probing.seed, draw])
        rows = sample_patients(train.patients, everyone, probing.share, rng)
        network = fine_tune(make(), train, rows, settings, int(rng.integers(2**31)))
        logits.append(answers(network, test, every, settings))
        sizes.append(len(rows))
    protocol = "given split, fine-tuned"
    return judged(_features(test), conditions, logits, sizes, (), protocol, probing)


def _features(data: Labelled) -> Features:
    """Labels and patients as the measurement takes them; there are no features."""
    return Features(np.zeros((len(data), 0)), data.labels, data.patients)


def _rate(step: int, steps: int) -> float:
    warm_up = max(1, steps // 10)
    if step < warm_up:
        return (step + 1) / warm_up
    return 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(1, steps - warm_up)))


def _log_odds(labels: Tensor) -> Tensor:
    """Where the layer begins: log odds (K,) of the known labels (W, K)."""
    known = (~labels.isnan()).sum(dim=0).clamp(min=1)
    rate = (labels.nan_to_num(0.0).sum(dim=0) / known).clamp(1e-2, 1 - 1e-2)
    return torch.log(rate / (1 - rate))
