"""Gradients of every system's loss on this process's share of one batch; see test_two_processes.

What is random (masks, dropout) is switched off, since each process draws its own; where nothing
would be left to learn without, `torch.rand` draws the same for all recordings.
"""

from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from safetensors.torch import save_file
from tiny_systems import TINY, batch, made

from cardiolex.datasets.batches import Batch
from cardiolex.nn.drop_path import DropPath
from cardiolex.nn.noise_views import NoiseViews
from cardiolex.nn.post_norm import PostNormBlock
from cardiolex.nn.views import Views
from cardiolex.nn.weak_strong import WeakStrong
from cardiolex.systems.kmerl import Masking
from cardiolex.training.distributed import processes

SAME_VIEWS = {"views": Views.none()}
WITHOUT_CHANCE = {
    "astcl": {"views": NoiseViews.none()},
    "kmerl": {"masking": Masking(masked_leads=(), segment_ratio=0.0)},
    "melp": {"lead_mask_probability": 0.0},
    **dict.fromkeys(("barlow_twins", "byol", "moco_v3", "simclr", "simsiam"), SAME_VIEWS),
    "ts_tcc": {"views": WeakStrong.none()},
}

ALIKE = ("crt", "heartlang", "st_mem", "wav2vec2_cmsc")


def alike(*shape, device=None, generator=None) -> torch.Tensor:
    """What stands in for `torch.rand`: every row is the same, spread over (0, 1)."""
    shape = shape[0] if isinstance(shape[0], tuple | torch.Size) else shape
    steps = torch.arange(shape[-1]) * 0.618 % 1
    return (0.05 + 0.9 * steps).expand(shape).clone()


def share(whole: Batch, rank: int, size: int) -> Batch:
    """Rows rank * n to (rank + 1) * n."""
    n = len(whole) // size
    rows = slice(rank * n, (rank + 1) * n)
    parts = {name: value[rows] for name, value in whole.__dict__.items() if value is not None}
    return Batch(**{"report_vectors": None, **parts})


def gradients(name: str, bert: Path, group) -> dict[str, torch.Tensor]:
    """Gradients by parameter, averaged over processes as the trainer does, and the loss."""
    system = made(name, lambda one: TINY[one].text(bert), **WITHOUT_CHANCE.get(name, {}))
    for module in system.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
        if isinstance(module, DropPath):
            module.rate = 0.0
        if isinstance(module, PostNormBlock):
            module.attention_dropout = 0.0
    system.train()
    whole = batch()
    whole.labels = whole.labels.nan_to_num(0.0)
    with pytest.MonkeyPatch.context() as patch:
        if name in ALIKE:
            patch.setattr(torch, "rand", alike)
        losses = system.losses(share(whole, group.rank, group.size))
    losses["loss"].backward()
    group.average_gradients(system.parameters())
    found = {n: p.grad for n, p in system.named_parameters() if p.grad is not None}
    return {**found, "loss": group.mean(losses["loss"].detach().reshape(1))}


def write_gradients(folder: Path, bert: Path) -> None:
    """Write FOLDER/NAME.safetensors for every system, alone or as a member of a group."""
    with processes("cpu") as group:
        for name in TINY:
            found = gradients(name, bert, group)
            if group.first:
                tensors = {n: g.detach().clone().contiguous() for n, g in found.items()}
                save_file(tensors, folder / f"{name}.safetensors")
        if dist.is_initialized():
            dist.barrier()
