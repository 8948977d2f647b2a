"""K-MERL as published (arXiv 2502.17900, section 4.1 and appendix B), on a store of real records.

AdamW 2e-4, weight decay 1e-5, 50 epochs, cosine without warm-up, batch 512 on each of 8 devices,
MedCPT frozen. Start under torchrun for several devices. Ours, since the paper is silent: 2 % of
patients are held out for a loss that is logged, and recordings without a report of four words
(MERL's rule) are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, ClassVar

from cyclopts import Parameter
from pydantic import Field

from cardiolex.datasets.unasked import Unasked
from cardiolex.recipes.kmerl_variants import VARIANTS
from cardiolex.recipes.on_store import StoreRun, run_on_store
from cardiolex.recipes.pretrain import Run, pretrain
from cardiolex.recipes.segments import with_segments
from cardiolex.recipes.variants import Variant, listed
from cardiolex.systems.kmerl import KMERL


class KMERLRun(StoreRun):
    """The published run; every field can be overridden."""

    variants: ClassVar[Mapping[str, Variant]] = VARIANTS

    name: str = "kmerl"
    variant: Annotated[str | None, Parameter(help=listed(VARIANTS))] = None
    segment_s: float = Field(default=0.2, gt=0)
    """Seconds of a token, unless `system.encoder.segment_samples` is set."""
    superclasses: bool = True
    """Whether superclasses are asked beside the names under them."""
    system: KMERL.Config = KMERL.Config()


def run(config: KMERLRun) -> Run:
    """Resolve the published configuration to a `Run`."""
    store = config.open_store()
    encoder, notes = with_segments(config.system.encoder, config.segment_s, store.preprocess)
    text = config.open_text()
    made = run_on_store(
        config,
        store,
        "kmerl",
        config.system.model_copy(update={"encoder": encoder}),
        name=config.name,
        text=text,
        query_pooling=text.query_pooling,
        report_pooling=text.report_pooling,
        scale=store.preprocess.scale,
        variant=config.variant,
        notes=(*config.said(), *notes),
    )
    return made if config.superclasses else without_superclasses(made)


def kmerl(config: Annotated[KMERLRun, Parameter(name="*")]) -> int:
    """Pre-train K-MERL as published; an interrupted run goes on where it was."""
    return 0 if pretrain(run(config), config.output, config.device) else 1


def without_superclasses(run: Run) -> Run:
    """`run` in which names that others belong to are never asked (Tab. 2)."""
    broad = run.vocabulary.superclasses
    places = [run.vocabulary.index[name] for name in broad]
    return replace(
        run,
        examples=Unasked(run.examples, places),
        held_out=None if run.held_out is None else Unasked(run.held_out, places),
        data={**run.data, "superclasses": False},
        seen=run.seen - set(broad),
    )
