"""Figures on recordings that training never sees, logged as it goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from cardiolex.capabilities import ScoresQueries
from cardiolex.datasets.batches import Batch, collate
from cardiolex.evaluation.metrics import auroc
from cardiolex.recordings.leads import LEADS
from cardiolex.training.distributed import Processes
from cardiolex.training.trainer import Examples

LEAD_SETS = {"12": LEADS, "I": ("I",)}
MIN_POSITIVES = 5


class HeldOut:
    """Loss as in training, and macro AUROC of the entities with twelve leads and with lead I."""

    def __init__(
        self,
        examples: Examples,
        prepare: Callable[[Batch], Batch],
        processes: Processes,
        batch_size: int,
        entity_vectors: Callable[[], Tensor],
        at_most: int = 512,
    ) -> None:
        """`entity_vectors()` gives text vectors (Q, Dt) of the first Q labels, asked in the AUROC.

        Asked anew each time, since a text encoder may be trained along.
        """
        self.entity_vectors = entity_vectors
        n = min(len(examples), at_most)
        self.examples, self.prepare, self.processes = examples, prepare, processes
        self.batch_size = min(batch_size, max(1, n // processes.size))
        self.batches = max(1, n // (self.batch_size * processes.size))

    def figures(self, system: Any) -> dict[str, float]:
        """Means over processes; masks are the same every time."""
        torch.manual_seed(0)
        losses: list[dict[str, float]] = []
        labels: list[Tensor] = []
        lead_sets = LEAD_SETS if isinstance(system, ScoresQueries) else {}
        queries = self.entity_vectors().to(self.processes.device) if lead_sets else torch.empty(0)
        scores: dict[str, list[Tensor]] = {name: [] for name in lead_sets}
        for number in range(self.batches):
            batch = self._batch(number)
            losses.append({name: float(value) for name, value in system.losses(batch).items()})
            labels.append(batch.labels[:, : len(queries)].cpu())
            for name, leads in lead_sets.items():
                scores[name].append(_scores(system, batch, leads, queries).cpu())
        names = list(losses[0])
        means = [float(np.mean([row[name] for row in losses])) for name in names]
        means += [_macro_auroc(torch.cat(labels), torch.cat(scores[name])) for name in lead_sets]
        names += [f"auroc_{name}" for name in lead_sets]
        averaged = self.processes.mean(torch.tensor(means)).tolist()
        return {f"held_out_{name}": value for name, value in zip(names, averaged, strict=True)}

    def _batch(self, number: int) -> Batch:
        first = (number * self.processes.size + self.processes.rank) * self.batch_size
        rows = range(first, first + self.batch_size)
        batch = collate([self.examples[row] for row in rows])
        return self.prepare(batch.to(self.processes.device))


def _scores(system: Any, batch: Batch, leads: tuple[str, ...], queries: Tensor) -> Tensor:
    """Logits (B, Q) of the entities, in parts that fit into memory."""
    wanted = torch.tensor([lead in leads for lead in LEADS], device=batch.lead_mask.device)
    visible = batch.lead_mask & wanted
    visible[~visible.any(dim=1)] = batch.lead_mask[~visible.any(dim=1)]
    parts = [
        system.score_queries(
            batch.ecg[part], visible[part], batch.sample_mask[part], queries
        ).float()
        for part in torch.split(torch.arange(len(batch)), 32)
    ]
    return torch.cat(parts)


def _macro_auroc(labels: Tensor, scores: Tensor) -> float:
    areas = [
        auroc(y.numpy(), s.numpy())
        for y, s in zip(labels.T, scores.T, strict=True)
        if (y == 1).sum() >= MIN_POSITIVES and (y == 0).sum() >= MIN_POSITIVES
    ]
    return float(np.mean(areas)) if areas else float("nan")
