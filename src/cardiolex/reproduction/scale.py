"""How large everything is: as published, or small enough to see the machinery work in minutes.

Small scale: simulated recordings of 100 Hz, encoders of a few ten thousand weights, few steps, the
bundled text encoder. What a method is (masks, losses, views, segments in seconds) stays. Its
figures say nothing about any paper.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

Scale = Literal["full", "small"]
FS = 100.0
"""Sampling rate of small scale, Hz."""
RECORDINGS = 256
STEPS = 40
BATCH = 16

TRAINER: Mapping[str, Any] = {
    "batch_size": BATCH,
    "lr": 1e-3,
    "warmup_steps": 0,
    "restart_steps": None,
    "validate_every": None,
    "best_of": None,
    "patience": None,
    "save_every": 10**6,
}
_LEAD_VIT = {"width": 32, "depth": 2, "heads": 2}
_QUERIES = {"width": 64, "hidden": 128}
_CONV = {"channels": 16, "stages": 2, "position_kernel": 16, **_LEAD_VIT}
_RESNET = {"encoder": {"width": 16}}
SYSTEMS: Mapping[str, Mapping[str, Any]] = {
    "kmerl": {"encoder": _LEAD_VIT, "query_network": _QUERIES},
    "supreme": {"encoder": _LEAD_VIT, "query_network": _QUERIES, "resnet": {"width": 16}},
    "melp": {
        "encoder": _CONV,
        "caption": {"tokens": 8, "layers": 1, "heads": 2},
        "resnet": {"width": 16},
        "embedding_dim": 64,
    },
    "merl-resnet18": {**_RESNET, "embedding_dim": 64},
    "merl-vit-tiny": {"encoder": _LEAD_VIT, "embedding_dim": 64},
    "random-init": _RESNET,
    "simclr": _RESNET,
    "byol": {**_RESNET, "hidden": 256, "projection": 64},
    "barlow-twins": {**_RESNET, "projection": 128},
    "moco-v3": {**_RESNET, "hidden": 256, "projection": 64},
    "simsiam": {**_RESNET, "projection": 128, "hidden": 64},
    "ts-tcc": _RESNET,
    "clocs": _RESNET,
    "astcl": _RESNET,
    "crt": {"encoder": {"width": 32, "depth": 2, "heads": 2, "hidden": 64}},
    "st-mem": {"encoder": _LEAD_VIT, "decoder": {"width": 16, "depth": 1, "heads": 2}},
    "wav2vec2-cmsc": {"encoder": _CONV},
}
"""Recipe -> sizes at small scale."""
VARIANTS: Mapping[tuple[str, str], Mapping[str, Any]] = {
    ("random-init", "vit-tiny"): {"encoder": _LEAD_VIT},
    ("kmerl", "small"): {"encoder": {"width": 48, "depth": 2, "heads": 3}},
    ("kmerl", "middle"): {"encoder": {"width": 64, "depth": 2, "heads": 4}},
    ("kmerl", "base"): {"encoder": {"width": 96, "depth": 2, "heads": 6}},
}
"""Of variants that choose a size themselves, what differs from the recipe's small size."""
