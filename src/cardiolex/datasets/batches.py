"""What a training step sees. B batch, T samples, Q entities, Dt text vector."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True)
class Example:
    """One window: `ecg` (12, T) float32 or int16 counts of `gain` mV, its masks and its truth."""

    ecg: NDArray[np.float32] | NDArray[np.int16]
    lead_mask: NDArray[np.bool_]  # (12,)
    sample_mask: NDArray[np.bool_]  # (T,)
    labels: NDArray[np.float32]  # (Q,) 1 present, 0 absent, NaN unknown
    report: str = ""
    id: str = ""
    patient: str = ""
    """Whose it is; empty if unknown."""
    gain: float = 1.0  # mV per count
    beats: NDArray[np.float32] | None = None  # (M, K), see `beat_targets`


@dataclass
class Batch:
    """A batch; `ecg` is zero where `lead_mask` or `sample_mask` is False."""

    ecg: Tensor  # (B, 12, T) float32
    lead_mask: Tensor  # (B, 12) bool
    sample_mask: Tensor  # (B, T) bool
    reports: list[str]
    report_vectors: Tensor | None  # (B, Dt)
    labels: Tensor  # (B, Q) 1, 0 or NaN
    ids: list[str]
    patients: list[str] = field(default_factory=list)
    """Whose each recording is; one nobody is known of counts as a patient of its own."""
    beats: Tensor | None = None  # (B, M, K), see `beat_targets`

    def __len__(self) -> int:
        return len(self.ecg)

    def patient_numbers(self) -> Tensor:
        """Integers (B,), on the device of `ecg`: equal where the patient is, in any process."""
        whose = self.patients or [f"of {i}" for i in self.ids]
        digests = [hashlib.blake2b(name.encode(), digest_size=8).digest() for name in whose]
        numbers = [int.from_bytes(digest, "big", signed=True) for digest in digests]
        return torch.tensor(numbers, dtype=torch.int64, device=self.ecg.device)

    def to(self, device: torch.device | str) -> Batch:
        """The same batch with its tensors on `device`."""
        moved = {
            one.name: value.to(device, non_blocking=True)
            for one in fields(self)
            if isinstance(value := getattr(self, one.name), Tensor)
        }
        return Batch(**{**self.__dict__, **moved})


def collate(examples: Sequence[Example]) -> Batch:
    """Stack examples of equal length; integer counts become float32 here."""
    gains = {example.gain for example in examples}
    beats = [e.beats for e in examples if e.beats is not None]
    if len(gains) == 1:
        ecg = torch.from_numpy(np.stack([example.ecg for example in examples])).float()
        ecg = ecg if gains == {1.0} else ecg * gains.pop()
    else:
        ecg = torch.stack([torch.from_numpy(e.ecg).float() * e.gain for e in examples])
    return Batch(
        ecg=ecg,
        lead_mask=torch.from_numpy(np.stack([e.lead_mask for e in examples])),
        sample_mask=torch.from_numpy(np.stack([e.sample_mask for e in examples])),
        reports=[e.report for e in examples],
        report_vectors=None,
        labels=torch.from_numpy(np.stack([e.labels for e in examples])),
        ids=[e.id for e in examples],
        patients=[e.patient or f"of {e.id}" for e in examples],
        beats=torch.from_numpy(np.stack(beats)) if len(beats) == len(examples) else None,
    )
