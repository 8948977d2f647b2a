"""How to train, as data."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from cardiolex.training.optim import Precision


class TrainerConfig(BaseModel):
    """How to train; defaults are K-MERL's where the paper gives them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    batch_size: int = Field(default=512, gt=0)
    """Recordings per process and micro-batch."""
    accumulate: int = Field(default=1, gt=0)
    steps: int | None = Field(default=None, gt=0)
    """Optimiser steps; None = as many as `epochs` need."""
    epochs: float = Field(default=50, gt=0)
    lr: float = Field(default=2e-4, gt=0)
    final_lr: float = Field(default=0.0, ge=0)
    warmup_steps: int = Field(default=0, ge=0)
    weight_decay: float = 1e-5
    betas: tuple[float, float] = (0.9, 0.999)
    clip: float | None = Field(default=None, gt=0)
    """Largest norm of the gradient; None = no limit, as published."""
    max_skipped: int = 20
    """Steps in a row with a gradient that is not finite before giving up."""
    average: float | None = Field(default=None, gt=0, lt=1)
    """Decay of a moving average of weights, kept as the result; None = last weights."""
    precision: Precision = "auto"
    seed: int = 0
    shuffle: bool = True
    workers: int = Field(default=0, ge=0)
    log_every: int = Field(default=10, gt=0)
    save_every: int = Field(default=500, gt=0)
    validate_every: int = Field(default=1000, gt=0)
