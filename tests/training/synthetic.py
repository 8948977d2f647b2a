"""A tiny learnable data set and system for tests of the loop."""

from dataclasses import dataclass

import numpy as np

from cardiolex.datasets.batches import Example


@dataclass(frozen=True)
class Waves:
    """Each recording is a sine whose frequency class is its only finding."""

    recordings: int = 64
    samples: int = 200
    classes: int = 4

    def __len__(self) -> int:
        return self.recordings

    def __getitem__(self, index: int) -> Example:
        rng = np.random.default_rng([7, index])
        kind = index % self.classes
        t = np.arange(self.samples) / self.samples
        wave = np.sin(2 * np.pi * (3 + 4 * kind) * t + rng.uniform(0, 6))
        ecg = wave * rng.uniform(0.5, 1.5, (12, 1)) + 0.05 * rng.standard_normal((12, len(t)))
        return Example(
            ecg=ecg.astype(np.float32),
            lead_mask=np.ones(12, bool),
            sample_mask=np.ones(self.samples, bool),
            labels=np.eye(self.classes, dtype=np.float32)[kind],
            report=f"kind {kind}",
            id=str(index),
        )
