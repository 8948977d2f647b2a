"""A reader of measurements beside a trained model: the second half of the bundled default model.

A network that reads the signal learns shapes from hundreds of thousands of recordings, and times
and amplitudes slowly; a cart's measurements say these directly. The reader learns from them what
conditions mean, in minutes, and the answer of the model becomes a weighted mean of both logits.
It learns from simulated recordings, or from a store with labels, measured with all their leads,
with one and with a few.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from pydantic import Field
from torch import Tensor, nn

from cardiolex.calibration import Calibration
from cardiolex.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from cardiolex.checkpoint.reader import reader_facts
from cardiolex.datasets.measured import (
    Labelled,
    MeasuredBatch,
    MeasuredViews,
    collate_views,
    measure_examples,
)
from cardiolex.datasets.simulated import SimulatedECGs
from cardiolex.datasets.store import Store
from cardiolex.errors import CardiolexError
from cardiolex.evaluation.card import HEADING as MEASURED
from cardiolex.evaluation.card import with_section, without_section
from cardiolex.files import write_text
from cardiolex.nn.measurement_reader import MeasurementReader
from cardiolex.objectives.entities import entity_bce
from cardiolex.recipes.bundled import SIMULATOR, EveryCondition
from cardiolex.recipes.graded import graded
from cardiolex.recipes.pretrain import is_local
from cardiolex.recipes.recipe_config import RecipeConfig
from cardiolex.recipes.run_record import RECORD, refuse_another
from cardiolex.recipes.start_from import weights_digest
from cardiolex.recordings.measurements import NAMES
from cardiolex.recordings.measurements.edges import quantile_edges
from cardiolex.simulation import Settings
from cardiolex.training.config import TrainerConfig
from cardiolex.training.distributed import processes
from cardiolex.training.trainer import Trainer
from cardiolex.workers import cores

Progress = Callable[[int, int], None]

TRAINER = TrainerConfig(
    batch_size=512,
    epochs=4,
    lr=1e-3,
    final_lr=1e-5,
    warmup_steps=100,
    weight_decay=0.05,
    betas=(0.9, 0.98),
    clip=1.0,
    average=0.998,
    precision="fp32",
    log_every=20,
    save_every=100,
)


class ReaderRun(RecipeConfig):
    """A reader for a trained model; every field can be overridden."""

    model: Path
    """Checkpoint folder of a model that answers questions and reads millivolts."""
    output: Path
    """Folder of the run: measured recordings, state, log, and in the end `model`."""
    store: Path | None = None
    """Labelled recordings to learn from instead of simulated ones."""
    labels: Path | None = None
    """With `store`: labels that `cardiolex extract` took from reports."""
    recordings: int = Field(default=40_000, gt=0)
    """Simulated recordings, each measured with three sets of leads."""
    graded: bool = True
    """Soft labels where one measured value decides, see `recipes.graded`."""
    unmeasured: float = Field(default=0.05, ge=0, lt=0.5)
    """Mean share of values that are hidden in training."""
    processes: int | None = None
    """That measure; all cores by default."""
    device: str | None = None
    reader: MeasurementReader.Config = MeasurementReader.Config()
    trainer: TrainerConfig = TRAINER


class ReaderTraining(nn.Module):
    """The reader with the vectors of the names that its labels stand for."""

    def __init__(
        self, reader: MeasurementReader, names: Tensor, known: Tensor, hidden: float
    ) -> None:
        """`names` (Q, Dt); `known` (Q,) bool: columns in which anything is known."""
        super().__init__()
        self.reader, self.hidden = reader, hidden
        self.names: Tensor
        self.known: Tensor
        self.register_buffer("names", names[known], persistent=False)
        self.register_buffer("known", known, persistent=False)

    def losses(self, batch: MeasuredBatch) -> dict[str, Tensor]:
        """Entity loss over the names that are known, some values hidden."""
        measured = hide(batch.measured, self.hidden)
        logits = self.reader(measured, self.names)
        return {"loss": entity_bce(logits, batch.labels[:, self.known])}


def hide(measured: Tensor, mean_share: float) -> Tensor:
    """`measured` (B, K) with random values lacking: of each row a share from 0 to twice the mean.

    So no answer hangs on a single value that may not be measurable.
    """
    share = 2 * mean_share * torch.rand(len(measured), 1, device=measured.device)
    return measured.masked_fill(torch.rand_like(measured) < share, torch.nan)


def train_reader(config: ReaderRun, progress: Progress | None = None) -> Path | None:
    """Measure, train and write `output`/model; None if stopped, the same call goes on."""
    checkpoint = load_checkpoint(config.model)
    if checkpoint.text is None:
        raise CardiolexError(f"{config.model}: has no text encoder, so it understands no words")
    facts = _facts(config, checkpoint)
    identity = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
    refuse_another(config.output, identity, facts)
    views = measure_examples(
        config.output / "measured",
        _data(config, checkpoint).examples,
        checkpoint.preprocess.fs,
        seed=config.trainer.seed,
        identity=json.dumps(facts["data"], sort_keys=True),
        processes=config.processes or cores(),
        progress=progress,
    )
    with processes(config.device) as group:
        torch.manual_seed(config.trainer.seed)
        training = _training(config, checkpoint, views)
        names = checkpoint.vocabulary.names
        trainer = Trainer(
            training,
            views,
            config.trainer,
            config.output,
            group,
            collate_examples=partial(_collate, config.graded, names),  # type: ignore[arg-type]
            identity=identity,
        )
        if group.first:
            record = {"identity": identity, **facts}
            write_text(config.output / RECORD, json.dumps(record, indent=1) + "\n")
        trained = trainer.run()
        if not trained.finished:
            return None
        training.load_state_dict(trained.weights)
        facts |= {"steps": trained.step, "seconds": round(trained.seconds), "views": len(views)}
        if group.first:
            _write(config, checkpoint, training.cpu().reader, facts, _seen(checkpoint, views))
        group.wait()
    return config.output / "model"


@dataclass(frozen=True)
class _Data:
    """What is measured, and what names it in JSON."""

    examples: Labelled
    facts: dict[str, Any]


def _data(config: ReaderRun, checkpoint: Checkpoint) -> _Data:
    vocabulary, preprocess = checkpoint.vocabulary, checkpoint.preprocess
    if config.store is not None:
        store = Store(config.store, vocabulary, config.labels)
        if store.preprocess != preprocess:
            raise CardiolexError(
                f"{config.store}: was prepared otherwise ({store.preprocess}) than {config.model} "
                f"wants it ({preprocess})"
            )
        return _Data(store, {"store": store.manifest.source, "windows": len(store)})
    settings = Settings(fs=preprocess.fs)
    seed = config.trainer.seed
    plain = SimulatedECGs(config.recordings, vocabulary, preprocess, settings, seed)
    facts = {"count": config.recordings, "simulator": SIMULATOR, "seed": seed}
    return _Data(EveryCondition(plain), {"simulated": facts})


def _facts(config: ReaderRun, checkpoint: Checkpoint) -> dict[str, Any]:
    """Anything that the weights depend on, as JSON."""
    assert checkpoint.text is not None
    return {
        "model": weights_digest(config.model),
        "reader": reader_facts(
            MeasurementReader(config.reader, len(NAMES), checkpoint.text.dim), checkpoint.preprocess
        ),
        "data": _data(config, checkpoint).facts,
        "vocabulary": checkpoint.vocabulary.fingerprint,
        "text": checkpoint.text.fingerprint,
        "unmeasured": config.unmeasured,
        "graded": config.graded,
        "trainer": config.trainer.model_dump(mode="json"),
    }


def _training(config: ReaderRun, checkpoint: Checkpoint, views: MeasuredViews) -> ReaderTraining:
    vectors = checkpoint.encode_queries(checkpoint.vocabulary.names).float()
    fresh = MeasurementReader(config.reader, len(NAMES), vectors.shape[1])
    fresh.edges.copy_(torch.from_numpy(quantile_edges(views.values(), config.reader.bins)))
    return ReaderTraining(fresh, vectors, torch.from_numpy(views.known()), config.unmeasured)


def _collate(grade: bool, names: Sequence[str], views: Sequence[tuple[Any, Any]]) -> MeasuredBatch:
    batch = collate_views(views)
    if not grade:
        return batch
    labels = graded(batch.labels.numpy(), batch.whole.numpy(), names)
    return replace(batch, labels=torch.from_numpy(labels))


def _seen(checkpoint: Checkpoint, views: MeasuredViews) -> frozenset[str]:
    """Names with positive examples, in the model's training or in this one."""
    names = zip(checkpoint.vocabulary.names, views.positives(), strict=True)
    return checkpoint.seen | {name for name, here in names if here}


def _write(
    config: ReaderRun,
    checkpoint: Checkpoint,
    trained: MeasurementReader,
    facts: dict[str, Any],
    seen: frozenset[str],
) -> None:
    card = checkpoint.card
    for spoken_of_before in ("## Calibration", MEASURED):
        card = without_section(card, spoken_of_before)
    made = replace(
        checkpoint,
        reader=trained.eval(),
        calibration=Calibration(),
        seen=seen,
        training={**checkpoint.training, "reader": facts},
        card=with_section(card, _section(facts)),
    )
    save_checkpoint(made, config.output / "model", weights="float16", with_text=is_local(made.text))


def _section(facts: dict[str, Any]) -> str:
    """What the card says of the reader."""
    share = facts["reader"]["settings"]["share"]
    simulated = facts["data"].get("simulated")
    source = (
        f"{simulated['count']:,} further simulated recordings (simulator "
        f"{simulated['simulator']}, seed {simulated['seed']})"
        if simulated
        else f"{facts['data']['windows']:,} windows of {facts['data']['store']}"
    )
    return f"""## Measurements

Beside the signal the model reads {len(NAMES)} automatic measurements (rate, intervals, axes, waves
lead by lead; `cardiolex inspect` prints them) by a second network, trained on {source}, each
measured with all leads, with one and with a few: {facts["views"]:,} sets of values,
{facts["steps"]:,} steps of {facts["trainer"]["batch_size"]}, {facts["seconds"] / 60:.0f} minutes.
A logit is {1 - share:.2g} x that of the signal + {share:.2g} x that of the measurements.
"""
