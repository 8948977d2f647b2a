"""K-MERL as published (arXiv 2502.17900, section 4.1 and appendix B), on a store of real records.

AdamW 2e-4, weight decay 1e-5, 50 epochs, cosine without warm-up, batch 512 on each of 8 devices,
MedCPT frozen. Start under torchrun for several devices. Ours, since the paper is silent: 2 % of
patients are held out for a loss that is logged, and recordings without a report of four words
(MERL's rule) are left out.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Any

import pyarrow.compute as pc
from cyclopts import Parameter
from pydantic import Field

from cardiolex.datasets.store import Chosen, Store
from cardiolex.encoders.text import MEDCPT, HuggingFaceText
from cardiolex.errors import CardiolexError
from cardiolex.recipes.pretrain import Run, cached, pretrain
from cardiolex.recipes.recipe_config import RecipeConfig
from cardiolex.reports.vocabulary import Vocabulary
from cardiolex.systems.kmerl import KMERL
from cardiolex.training.config import TrainerConfig

MIN_WORDS = 4
SEGMENT_S = 0.2


class KMERLRun(RecipeConfig):
    """The published run; every field can be overridden."""

    store: Path
    """Recordings with reports and labels, as `prepare` writes them."""
    output: Path
    """Folder of the run: state, log, and in the end `model`."""
    name: str = "kmerl"
    text_encoder: str = MEDCPT
    """Hugging Face name or folder."""
    vocabulary: Path | None = None
    held_out: float = Field(default=0.02, ge=0, lt=1)
    """Share of patients kept out of training."""
    device: str | None = None
    system: KMERL.Config = KMERL.Config()
    trainer: TrainerConfig = TrainerConfig()


def run(config: KMERLRun) -> Run:
    """Resolve the published configuration to a `Run`."""
    store = Store(config.store, Vocabulary.load(config.vocabulary))
    system = with_segments(config.system, store.preprocess.fs)
    training, held_out = split(store, config.held_out, reports=config.system.contrast_weight > 0)
    text = HuggingFaceText(config.text_encoder, device=config.device or "cpu")
    return Run(
        name=config.name,
        system=system,
        trainer=config.trainer,
        examples=Chosen(store, training),
        held_out=Chosen(store, held_out) if held_out else None,
        data={"store": store.manifest.source, "windows": len(store), "used": len(training)},
        preprocess=store.preprocess,
        text=cached(text, config.output / "text-vectors"),
        query_pooling=text.query_pooling,
        report_pooling=text.report_pooling,
        vocabulary=store.vocabulary,
        seen=seen(store, training),
        notes=_notes(config.system, system, store.preprocess.fs),
    )


def kmerl(config: Annotated[KMERLRun, Parameter(name="*")]) -> int:
    """Pre-train K-MERL as published; an interrupted run goes on where it was."""
    return 0 if pretrain(run(config), config.output, config.device) else 1


def with_segments(system: KMERL.Config, fs: float) -> KMERL.Config:
    """`system` with segments of 0.2 s at `fs` Hz, unless its `segment_samples` was set."""
    encoder = system.encoder
    if "segment_samples" in encoder.model_fields_set:
        return system
    fitting = encoder.model_copy(update={"segment_samples": round(SEGMENT_S * fs)})
    return system.model_copy(update={"encoder": fitting})


def _notes(asked: KMERL.Config, used: KMERL.Config, fs: float) -> tuple[str, ...]:
    samples = used.encoder.segment_samples
    if samples == asked.encoder.segment_samples:
        return ()
    return (
        f"the store has {fs:g} Hz, so segments of {SEGMENT_S:g} s have {samples} samples "
        "(system.encoder.segment_samples sets another number)",
    )


def split(store: Store, share: float, reports: bool) -> tuple[list[int], list[int]]:
    """Rows to train on and rows held out, by patient; with `reports` only rows that have one."""
    table = store.table
    patients = pc.coalesce(table["patient"], table["id"]).to_pylist()
    usable = [True] * len(store)
    if reports:
        usable = [len((text or "").split()) >= MIN_WORDS for text in table["report"].to_pylist()]
    kept: tuple[list[int], list[int]] = ([], [])
    for row, (patient, good) in enumerate(zip(patients, usable, strict=True)):
        if good:
            kept[_fraction(str(patient)) < share].append(row)
    if not kept[0]:
        raise CardiolexError(
            f"{store.folder}: no recording with a report of {MIN_WORDS} words; prepare it with "
            "reports, or set system.contrast_weight = 0 to learn from labels alone"
        )
    return kept


def seen(store: Store, rows: list[int]) -> frozenset[str]:
    """Names, superclasses included, with at least one positive among `rows`."""
    positive = store.table["present"].take(rows)
    flat: Any = pc.unique(pc.list_flatten(positive).cast("string"))
    return store.vocabulary.closure(flat.to_pylist())


def _fraction(patient: str) -> float:
    """A number in [0, 1) that belongs to the patient, on any machine and in any store."""
    digest = hashlib.blake2b(patient.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
