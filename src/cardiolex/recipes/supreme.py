"""SuPreME as published (arXiv 2502.19668, section 4.1 and appendices), on a store of real records.

AdamW 1e-3, weight decay 1e-8, cosine with restarts every 5,000 steps down to 1e-8, batch 256, at
most 50 epochs, stopped after 10 without a better AUROC; MedCPT frozen; entities only. Labels are
those of the store, as `extract` or a CSV gave them; reports are not read. Ours, since the paper is
silent: 256 counts per process; the AUROC is the mean over entities of the 2 % of patients held out,
with twelve leads, once in an epoch; recordings without a report stay, since labels are enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from cyclopts import Parameter
from pydantic import Field

from cardiolex.recipes.on_store import StoreRun, run_on_store
from cardiolex.recipes.pretrain import Run, pretrain
from cardiolex.recipes.segments import with_segments
from cardiolex.recipes.supreme_variants import VARIANTS
from cardiolex.recipes.variants import Variant, listed
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.systems.supreme import SuPreME
from cardiolex.training.config import TrainerConfig

TRAINER = TrainerConfig(
    batch_size=256,
    epochs=50,
    lr=1e-3,
    final_lr=1e-8,
    restart_steps=5000,
    weight_decay=1e-8,
    validate_every=None,
    best_of="held_out_auroc_12",
    patience=10,
)


class SuPreMERun(StoreRun):
    """The published run; every field can be overridden."""

    variants: ClassVar[Mapping[str, Variant]] = VARIANTS

    name: str = "supreme"
    variant: Annotated[str | None, Parameter(help=listed(VARIANTS))] = None
    segment_s: float = Field(default=0.25, gt=0)
    """Seconds of a token, unless `system.encoder.segment_samples` is set."""
    system: SuPreME.Config = SuPreME.Config()
    trainer: TrainerConfig = TRAINER


def run(config: SuPreMERun) -> Run:
    """Resolve the published configuration to a `Run`."""
    store = config.open_store()
    system, notes = fitted(config.system, config.segment_s, store.preprocess)
    text = config.open_text()
    return run_on_store(
        config,
        store,
        "supreme",
        system,
        name=config.name,
        text=text,
        query_pooling=text.query_pooling,
        scale=store.preprocess.scale,
        prompts="concise",
        variant=config.variant,
        notes=(*config.said(), *notes),
    )


def supreme(config: Annotated[SuPreMERun, Parameter(name="*")]) -> int:
    """Pre-train SuPreME as published; an interrupted run goes on where it was."""
    return 0 if pretrain(run(config), config.output, config.device) else 1


def fitted(
    system: SuPreME.Config, segment_s: float, preprocess: Preprocess
) -> tuple[SuPreME.Config, tuple[str, ...]]:
    """`system` for windows of `preprocess`, unless lengths were set, and what to say about it."""
    if system.backbone == "resnet":
        if "samples" in system.resnet.model_fields_set:
            return system, ()
        resnet = system.resnet.model_copy(update={"samples": preprocess.samples})
        return system.model_copy(update={"resnet": resnet}), ()
    encoder, notes = with_segments(system.encoder, segment_s, preprocess)
    return system.model_copy(update={"encoder": encoder}), notes
