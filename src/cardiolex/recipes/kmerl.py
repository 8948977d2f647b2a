"""K-MERL as published (arXiv 2502.17900, section 4.1 and appendix B), on a store of real records.

AdamW 2e-4, weight decay 1e-5, 50 epochs, cosine without warm-up, batch 512 on each of 8 devices,
MedCPT frozen. Start under torchrun for several devices. Ours, since the paper is silent: 2 % of
patients are held out for a loss that is logged, and recordings without a report of four words
(MERL's rule) are left out.
"""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from cardiolex.recipes.on_store import StoreRun, run_on_store, segment_samples
from cardiolex.recipes.pretrain import Run, pretrain
from cardiolex.systems.kmerl import KMERL

SEGMENT_S = 0.2


class KMERLRun(StoreRun):
    """The published run; every field can be overridden."""

    name: str = "kmerl"
    system: KMERL.Config = KMERL.Config()


def run(config: KMERLRun) -> Run:
    """Resolve the published configuration to a `Run`."""
    store = config.open_store()
    system, notes = with_segments(config.system, store.preprocess.fs)
    text = config.open_text()
    return run_on_store(
        config,
        store,
        "kmerl",
        system,
        name=config.name,
        text=text,
        query_pooling=text.query_pooling,
        report_pooling=text.report_pooling,
        scale=store.preprocess.scale,
        notes=notes,
    )


def kmerl(config: Annotated[KMERLRun, Parameter(name="*")]) -> int:
    """Pre-train K-MERL as published; an interrupted run goes on where it was."""
    return 0 if pretrain(run(config), config.output, config.device) else 1


def with_segments(system: KMERL.Config, fs: float) -> tuple[KMERL.Config, tuple[str, ...]]:
    """`system` with segments of 0.2 s at `fs` Hz, unless its `segment_samples` was set."""
    encoder = system.encoder
    if "segment_samples" in encoder.model_fields_set:
        return system, ()
    samples, notes = segment_samples(SEGMENT_S, fs, encoder.segment_samples)
    fitting = encoder.model_copy(update={"segment_samples": samples})
    return system.model_copy(update={"encoder": fitting}), notes
