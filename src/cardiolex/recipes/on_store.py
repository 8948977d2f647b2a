"""What recipes on a store of real records share: its rows, their split, the text encoder."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pyarrow.compute as pc
from pydantic import Field

from cardiolex.capabilities import SystemConfig
from cardiolex.datasets.rescaled import Rescaled
from cardiolex.datasets.store import Chosen, Store
from cardiolex.encoders.text import MEDCPT, HuggingFaceText, Pooling, TextEncoder
from cardiolex.errors import CardiolexError
from cardiolex.recipes.pretrain import Run, cached
from cardiolex.recipes.recipe_config import RecipeConfig
from cardiolex.recordings.scaling import Scale
from cardiolex.reports.prompts import Style
from cardiolex.reports.vocabulary import Vocabulary
from cardiolex.training.config import TrainerConfig
from cardiolex.training.trainer import Examples

MIN_WORDS = 4
"""MERL leaves out reports of fewer words."""


class StoreRun(RecipeConfig):
    """Settings of every recipe that trains on a store; each can be overridden."""

    store: Path
    """Recordings with reports and labels, as `prepare` writes them."""
    output: Path
    """Folder of the run: state, log, and in the end `model`."""
    text_encoder: str = MEDCPT
    """Hugging Face name or folder."""
    vocabulary: Path | None = None
    """Vocabulary of the labels (.toml or .json); the bundled one if not given."""
    labels: Path | None = None
    """Output folder of `cardiolex extract` whose labels take the place of the store's."""
    held_out: float = Field(default=0.02, ge=0, lt=1)
    """Share of patients kept out of training."""
    share: float = Field(default=1, gt=0, le=1)
    """Share of the other patients that are trained on; a larger share holds a smaller one."""
    text_vectors: Path | None = None
    """Where vectors of reports are kept, for other runs too; None = in the folder of the run."""
    start_from: Path | None = None
    """Checkpoint folder whose weights are taken instead of fresh ones."""
    device: str | None = None
    trainer: TrainerConfig = TrainerConfig()

    def open_store(self) -> Store:
        """The store, read with the vocabulary of this run."""
        return Store(self.store, Vocabulary.load(self.vocabulary), self.labels)

    def open_text(self) -> HuggingFaceText:
        """The text encoder, on the device of this run."""
        return HuggingFaceText(self.text_encoder, device=self.device or "cpu")


def run_on_store(
    config: StoreRun,
    store: Store,
    system_name: str,
    system: SystemConfig,
    *,
    name: str,
    text: HuggingFaceText | None,
    query_pooling: Pooling = "cls",
    report_pooling: Pooling = "mean",
    scale: Scale = "mv",
    prompts: Style = "name",
    variant: str | None = None,
    notes: tuple[str, ...] = (),
) -> Run:
    """Wire `system` to the rows of `store` that it can learn from.

    Where the text encoder stays as it is, its vectors are kept in the run's folder.
    """
    encoder: TextEncoder | None = text
    if text is not None and system.reads != "texts":
        encoder = cached(text, config.text_vectors or config.output / "text-vectors")
    reports = system.reads != "labels"
    training, held_out = split(store, config.held_out, reports, config.share)
    return Run(
        name=name,
        system_name=system_name,
        system=system,
        trainer=config.trainer,
        examples=_scaled(Chosen(store, training), scale),
        held_out=_scaled(Chosen(store, held_out), scale) if held_out else None,
        data={
            "store": store.manifest.source,
            "windows": len(store),
            "used": len(training),
            **_labels_of(store),
        },
        preprocess=replace(store.preprocess, scale=scale),
        text=encoder,
        query_pooling=query_pooling,
        report_pooling=report_pooling,
        prompts=prompts,
        vocabulary=store.vocabulary,
        seen=store.positives(training),
        start_from=config.start_from,
        variant=variant,
        notes=(*notes, *_unlabelled(store)),
    )


def split(
    store: Store, held_out: float, reports: bool, share: float = 1.0
) -> tuple[list[int], list[int]]:
    """Rows to train on and rows held out, by patient; with `reports` only rows that have one.

    Where the data set names its parts, "val" is held out and "test" is in neither; rows that it
    assigns to none are divided by patient. `held_out` is a share of all patients, `share` one of
    those that are left.
    """
    table = store.table
    patients = pc.coalesce(table["patient"], table["id"]).to_pylist()
    usable = [True] * len(store)
    if reports:
        usable = [len((text or "").split()) >= MIN_WORDS for text in table["report"].to_pylist()]
    parts: list[str | None] = [None] * len(store)
    if "split" in table.column_names:
        parts = table["split"].to_pylist()
    kept: tuple[list[int], list[int]] = ([], [])
    for row, (patient, good, part) in enumerate(zip(patients, usable, parts, strict=True)):
        if not good or part == "test":
            continue
        place = _fraction(str(patient))
        out = part == "val" if part else place < held_out
        left = place if part else (place - held_out) / (1 - held_out)
        if out or left < share:
            kept[out].append(row)
    if not kept[0]:
        raise CardiolexError(
            f"{store.folder}: no recording with a report of {MIN_WORDS} words; prepare it with "
            "reports, or set system.contrast_weight = 0 to learn from labels alone"
        )
    return kept


def _labels_of(store: Store) -> dict[str, str]:
    """What the weights depend on where labels were given beside the store."""
    return {} if store.extracted is None else {"labels": store.extracted.digest}


def _unlabelled(store: Store) -> tuple[str, ...]:
    """What to say where the labels given do not know all recordings."""
    rows = store.label_rows
    missing = 0 if rows is None else int((rows < 0).sum())
    if store.extracted is None or not missing:
        return ()
    folder = store.extracted.folder
    return (f"{missing} of {len(store)} windows have no labels in {folder}: unknown throughout",)


def segment_samples(seconds: float, fs: float, usual: int) -> tuple[int, tuple[str, ...]]:
    """Samples of a segment of `seconds` at `fs`, and what to say where it is not the `usual`."""
    samples = round(seconds * fs)
    if samples == usual:
        return samples, ()
    return samples, (
        f"the store has {fs:g} Hz, so segments of {seconds:g} s have {samples} samples "
        "(system.encoder.segment_samples sets another number)",
    )


def _scaled(windows: Chosen, scale: Scale) -> Examples:
    if windows.store.preprocess.scale == scale:
        return windows
    if windows.store.preprocess.scale != "mv":
        raise CardiolexError(
            f"{windows.store.folder}: is scaled by {windows.store.preprocess.scale!r}, this recipe "
            f"needs {scale!r}; prepare the store in millivolts"
        )
    return Rescaled(windows, scale)


def _fraction(patient: str) -> float:
    """A number in [0, 1) that belongs to the patient, on any machine and in any store."""
    digest = hashlib.blake2b(patient.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
