"""A tiny learnable data set, and K-MERL small enough to train on it in a second."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from cardiolex.datasets.batches import Batch, Example
from cardiolex.encoders.lead_vit import LeadViT
from cardiolex.nn.query_network import QueryNetwork
from cardiolex.systems.kmerl import KMERL, Masking
from cardiolex.training.config import TrainerConfig
from cardiolex.training.distributed import Processes
from cardiolex.training.trainer import Trainer

KINDS = 4
ALONE = Processes(0, 1, torch.device("cpu"))


@dataclass(frozen=True)
class Waves:
    """Each recording is a sine whose frequency is its only finding; some labels are unknown."""

    recordings: int = 64
    samples: int = 200
    delay: float = 0.0
    """Seconds that a recording takes to arrive."""

    def __len__(self) -> int:
        return self.recordings

    def __getitem__(self, index: int) -> Example:
        time.sleep(self.delay)
        rng = np.random.default_rng([7, index])
        kind = int(rng.integers(KINDS))
        t = np.arange(self.samples) / self.samples
        wave = np.sin(2 * np.pi * (3 + 4 * kind) * t + rng.uniform(0, 6))
        ecg = wave * rng.uniform(0.5, 1.5, (12, 1)) + 0.05 * rng.standard_normal((12, len(t)))
        labels = np.eye(KINDS, dtype=np.float32)[kind]
        labels[rng.random(KINDS) < 0.2] = np.nan
        return Example(
            ecg=ecg.astype(np.float32),
            lead_mask=np.ones(12, bool),
            sample_mask=np.ones(self.samples, bool),
            labels=labels,
            report=f"kind {kind}",
            id=str(index),
        )


def vectors() -> torch.Tensor:
    """One text vector per kind."""
    return torch.randn(KINDS, 16, generator=torch.Generator().manual_seed(3))


def with_reports(batch: Batch) -> Batch:
    """Attach the vector of each report."""
    batch.report_vectors = vectors()[[int(report[-1]) for report in batch.reports]]
    return batch


def tiny_kmerl(random: bool = True) -> KMERL:
    """K-MERL with 20-sample segments; without `random`, neither masks nor dropout."""
    torch.manual_seed(0)
    masking = Masking() if random else Masking(masked_leads=(), segment_ratio=0)
    return KMERL(
        KMERL.Config(
            encoder=LeadViT.Config(segment_samples=20, max_segments=10, width=32, depth=2, heads=2),
            query_network=QueryNetwork.Config(
                width=32, layers=1, heads=2, hidden=64, dropout=0.1 if random else 0.0
            ),
            masking=masking,
            text_dim=16,
            embedding_dim=16,
        ),
        vectors(),
    )


def trainer(
    folder: Path,
    processes: Processes = ALONE,
    *,
    random: bool = True,
    delay: float = 0.0,
    identity: str = "waves",
    **settings: object,
) -> Trainer:
    """A run on `Waves`."""
    usual = {"batch_size": 8, "steps": 40, "lr": 3e-3, "average": 0.9}
    usual |= {"save_every": 5, "log_every": 1}
    return Trainer(
        tiny_kmerl(random),
        Waves(delay=delay),
        TrainerConfig.model_validate({**usual, **settings}),
        folder,
        processes,
        prepare=with_reports,
        identity=identity,
        quiet=True,
    )
