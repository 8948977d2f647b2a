"""MELP as published (arXiv 2506.21803, code at 088741d), on a store of real records.

AdamW 2e-4, betas 0.9 and 0.95, weight decay 0.2, batch 64 on each of 4 devices, at most 100 epochs,
stopped after 5 validations without a better AUROC. Windows of 10 s scaled from 0 to 1 over their
leads, each lead hidden with probability 0.5; losses 1 rhythm + 2 token + 0.2 beat; text: a BERT
adapted to cardiology by `cardiolex pretrain text-mlm` (the authors' is on the hub as
fuyingw/heart_bert), read causally, its lower half frozen.

Ours: linear warm-up over the first 5 % of steps, then one cosine (the code has no warm-up and
begins anew at half of the epochs; variant "released"); no weight decay on biases, norms and the
logit scale; the AUROC is the mean over entities of the 2 % of patients held out, with twelve leads,
once in an epoch, where the authors look at the validation parts of six labelled test sets.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, ClassVar

from cyclopts import Parameter
from pydantic import Field

from cardiolex.encoders.causal_text import Attention, CausalText, ClsPosition
from cardiolex.recipes.melp_variants import VARIANTS
from cardiolex.recipes.on_store import StoreRun, run_on_store
from cardiolex.recipes.pretrain import Run, pretrain
from cardiolex.recipes.variants import Variant, listed
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.systems.melp import MELP
from cardiolex.training.config import TrainerConfig

TRAINER = TrainerConfig(
    batch_size=64,
    epochs=100,
    lr=2e-4,
    weight_decay=0.2,
    decayed="matrices",
    betas=(0.9, 0.95),
    validate_every=None,
    best_of="held_out_auroc_12",
    patience=5,
)


class MELPRun(StoreRun):
    """The published run; every field can be overridden."""

    variants: ClassVar[Mapping[str, Variant]] = VARIANTS

    name: str = "melp"
    variant: Annotated[str | None, Parameter(help=listed(VARIANTS))] = None
    text_attention: Attention | None = None
    """Which way the text is read; None = as its folder states, else "causal"."""
    cls_position: ClsPosition | None = None
    """Where the [CLS] of the global vector stands; None = as its folder states, else "last"."""
    warmup_share: float = Field(default=0.05, ge=0, lt=1)
    """Share of all steps with rising rate, unless `trainer.warmup_steps` is set."""
    restart_at_half: bool = False
    """The cosine begins anew after half of the steps, as released."""
    system: MELP.Config = MELP.Config()
    trainer: TrainerConfig = TRAINER

    def open_text(self) -> CausalText:
        """The text tower, on the device of this run."""
        return CausalText(
            self.text_encoder,
            attention=self.text_attention,
            cls_position=self.cls_position,
            device=self.device or "cpu",
        )


def run(config: MELPRun) -> Run:
    """Resolve the published configuration to a `Run`."""
    store = config.open_store()
    system, notes = fitted(config.system, store.preprocess)
    made = run_on_store(
        config,
        store,
        "melp",
        system,
        name=config.name,
        text=config.open_text(),
        report_pooling="cls",
        scale="minmax",
        prompts="enriched",
        variant=config.variant,
        notes=(*config.said(), *notes),
    )
    return replace(made, trainer=scheduled(config, len(made.examples)))


def melp(config: Annotated[MELPRun, Parameter(name="*")]) -> int:
    """Pre-train MELP as published; an interrupted run goes on where it was."""
    return 0 if pretrain(run(config), config.output, config.device) else 1


def fitted(system: MELP.Config, preprocess: Preprocess) -> tuple[MELP.Config, tuple[str, ...]]:
    """`system` for windows of `preprocess`, unless lengths were set, and what to say about it."""
    update: dict[str, object] = {}
    if "fs" not in system.model_fields_set:
        update["fs"] = preprocess.fs
    if system.backbone == "resnet" and "samples" not in system.resnet.model_fields_set:
        update["resnet"] = system.resnet.model_copy(update={"samples": preprocess.samples})
    notes: tuple[str, ...] = ()
    if system.backbone == "conv_transformer" and preprocess.fs != 500.0:
        ms = 1000 * 2**system.encoder.stages / preprocess.fs
        notes = (
            f"the store has {preprocess.fs:g} Hz, so a token covers {ms:.0f} ms instead of 32 ms "
            "(system.encoder.stages sets another number of halvings)",
        )
    return system.model_copy(update=update), notes


def scheduled(config: MELPRun, recordings: int) -> TrainerConfig:
    """The trainer's settings with the steps of warm-up and restart for so many recordings."""
    trainer = config.trainer
    processes = int(os.environ.get("WORLD_SIZE", 1))
    per_epoch = recordings // (trainer.batch_size * trainer.accumulate * processes)
    steps = trainer.steps or max(1, round(trainer.epochs * per_epoch))
    update: dict[str, int] = {}
    if "warmup_steps" not in trainer.model_fields_set:
        update["warmup_steps"] = round(config.warmup_share * steps)
    if config.restart_at_half:
        update["restart_steps"] = max(1, steps // 2)
    return trainer.model_copy(update=update)
