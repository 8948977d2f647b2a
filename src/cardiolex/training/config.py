"""How to train, as data."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cardiolex.errors import CardiolexError
from cardiolex.training.optim import Decayed, Precision


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
    restart_steps: int | None = Field(default=None, gt=0)
    """Steps after which the cosine begins anew at `lr`; None = one cosine over the run."""
    weight_decay: float = 1e-5
    decayed: Decayed = "all"
    """"matrices": biases, norms and scalars are not decayed."""
    betas: tuple[float, float] = (0.9, 0.999)
    clip: float | None = Field(default=None, gt=0)
    """Largest norm of the gradient; None = no limit, as published."""
    max_skipped: int = 20
    """Steps in a row with a gradient that is not finite before giving up."""
    average: float | None = Field(default=None, gt=0, lt=1)
    """Decay of a moving average of weights, kept as the result; None = last weights."""
    shard_text: bool = False
    """Spread a text model that is trained along over the processes (FSDP2)."""
    precision: Precision = "auto"
    seed: int = 0
    shuffle: bool = True
    pair_patients: bool = False
    """Two recordings of a patient stand side by side, so that methods with positives of the same
    patient find some in a batch; the batch must be even."""
    workers: int = Field(default=0, ge=0)
    log_every: int = Field(default=10, gt=0)
    save_every: int = Field(default=500, gt=0)
    validate_every: int | None = Field(default=1000, gt=0)
    """Steps between looks at the held-out recordings; None = once in an epoch."""
    best_of: str | None = None
    """Held-out figure, e.g. held_out_auroc_12: the result are the weights with which it was
    largest, of those validated; None = the last weights."""
    patience: int | None = Field(default=None, gt=0)
    """Validations in a row without a larger `best_of` that end the run; None = never."""

    @model_validator(mode="after")
    def _one_choice_of_weights(self) -> Self:
        if self.patience is not None and self.best_of is None:
            raise CardiolexError("patience needs a held-out figure to wait for: set best_of")
        if self.best_of is not None and self.average is not None:
            raise CardiolexError("best_of and average both choose the weights; set one to none")
        return self
