"""The model of a row: taken as it is where its run is finished, else trained.

A run lies in `output`/runs/NAME and is the one that `cardiolex pretrain` would make there, so runs
made by hand (under torchrun, say) are taken too, and any number of tables share them.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cardiolex.datasets.simulated import simulate_to_store
from cardiolex.errors import CardiolexError
from cardiolex.interpreter import BUNDLED
from cardiolex.recipes.on_store import StoreRun
from cardiolex.recipes.pretrain import pretrain
from cardiolex.recipes.recipe_config import laid_over
from cardiolex.recipes.run_record import RECORD, differences
from cardiolex.recipes.variants import Variant, flat, variant_named
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.reproduction.definition import Training
from cardiolex.reproduction.recipes import recipe_named
from cardiolex.reproduction.scale import BATCH, FS, SYSTEMS, TRAINER, VARIANTS
from cardiolex.reproduction.settings import Settings
from cardiolex.simulation import Settings as Simulated

GET_MIMIC = (
    "no pre-training store: cardiolex download mimic-iv-ecg FOLDER, cardiolex prepare "
    "mimic-iv-ecg FOLDER STORE, then --store STORE"
)


class CannotRun(CardiolexError):
    """Something that a row needs is not there; the message says what, and how to get it."""


class Stopped(CardiolexError):
    """The process was told to end; its work so far is kept."""


def trained(training: Training, settings: Settings, progress: Any = None) -> Path:
    """Folder of the row's model; CannotRun where data or weights for it are missing.

    Stopped on SIGTERM, after the state was saved.
    """
    config = configured(training, settings)
    if settings.small and settings.store is None:
        simulate_corpus(settings, progress)
    run = recipe_named(training.recipe).run(config)
    model = config.output / "model"
    if finished(training, settings):
        record = json.loads((config.output / RECORD).read_text(encoding="utf-8"))
        if record.get("identity") == run.identity():
            return model
        found = differences(record, run.facts()) or ["a setting that run.json does not hold"]
        raise CardiolexError(
            f"{config.output} holds a finished run with other settings: {'; '.join(found)}. Give "
            "the former values, another output, or delete that folder"
        )
    made = pretrain(run, config.output, config.device)
    if made is None:
        raise Stopped(f"{training.name}: stopped; the same command goes on")
    return made


def finished(training: Training, settings: Settings) -> bool:
    """Whether a run of that name has a model; `trained` looks at its settings too."""
    folder = settings.output / "runs" / training.name
    return (folder / "model" / "config.json").is_file() and (folder / RECORD).is_file()


def configured(training: Training, settings: Settings) -> StoreRun:
    """The configuration of the row's recipe."""
    given = overrides(training, settings)
    if training.variant is not None:
        given["variant"] = training.variant
    return recipe_named(training.recipe).config.model_validate(given)


def overrides(training: Training, settings: Settings) -> dict[str, Any]:
    """What is set beside the variant, nested as in the recipe."""
    variant = _variant(training)
    changes = {} if variant is None else variant.override()
    given: dict[str, Any] = {
        "store": settings.store or _corpus(settings),
        "output": settings.output / "runs" / training.name,
        "device": settings.device,
        "trainer": {"seed": settings.seed},
    }
    labels = settings.labels.get(training.labels or "")
    if training.labels and labels is None:
        raise CannotRun(
            f"needs labels of its own: cardiolex extract (docs/ablations.md), then --labels "
            f"{training.labels}=FOLDER"
        )
    if labels is not None:
        given["labels"] = labels
    if "text_vectors" in recipe_named(training.recipe).config.model_fields:
        given["text_vectors"] = settings.output / "text-vectors"
    if "text_encoder" not in changes:
        encoder = settings.text_encoder or (str(BUNDLED / "text") if settings.small else None)
        if encoder is not None:
            given["text_encoder"] = encoder
    if settings.all_steps is not None:
        given["trainer"]["steps"] = settings.all_steps
    if settings.workers is not None:
        given["trainer"]["workers"] = settings.workers
    if settings.small:
        given = laid_over(_small(training), given)
        given = _variant_wins(given, changes, training)
    return laid_over(given, training.changes)


def command(training: Training, settings: Settings) -> str:
    """The same run as a call of `cardiolex pretrain`."""
    given = overrides(training, settings)
    words = ["cardiolex", "pretrain", training.recipe, given.pop("store"), given.pop("output")]
    if training.variant is not None:
        words += ["--variant", training.variant]
    for name, value in flat(given).items():
        if value is None and name in ("device", "labels"):
            continue
        words += [f"--{name.replace('_', '-')}", "none" if value is None else value]
    return shlex.join(map(str, words))


def simulate_corpus(settings: Settings, progress: Any = None) -> Path:
    """The recordings that small scale learns from; finished shards are kept."""
    folder = _corpus(settings)
    simulate_to_store(
        folder,
        settings.recordings,
        preprocess=Preprocess(fs=FS, highpass_hz=0.4, clip_mv=8.0),
        settings=Simulated(fs=FS),
        seed=settings.seed,
        progress=progress,
    )
    return folder


def _corpus(settings: Settings) -> Path:
    if settings.small:
        return settings.output / "corpus"
    raise CannotRun(GET_MIMIC)


def _variant(training: Training) -> Variant | None:
    if training.variant is None:
        return None
    return variant_named(training.variant, recipe_named(training.recipe).config.variants)


def _small(training: Training) -> dict[str, Any]:
    """Sizes and schedule of small scale."""
    if training.recipe not in SYSTEMS:
        raise CannotRun(f"{training.recipe} has no small size")
    own = VARIANTS.get((training.recipe, training.variant or ""), {})
    system = laid_over(SYSTEMS[training.recipe], own)
    share = training.changes.get("share", 1)  # a share of few recordings must fill a batch
    trainer = {**TRAINER, "batch_size": max(2, round(BATCH * share))}
    return {"held_out": 0.0, "system": system, "trainer": trainer}


def _variant_wins(
    given: dict[str, Any], changes: Mapping[str, Any], training: Training
) -> dict[str, Any]:
    """`given` without the sizes that the variant itself decides, unless they have a small form."""
    if (training.recipe, training.variant or "") in VARIANTS:
        return given
    mine = {name: value for name, value in changes.items() if isinstance(value, Mapping)}
    return laid_over(given, mine)
