"""The default model that comes with cardiolex: K-MERL on simulated ECGs and on nothing else.

Differences from the published K-MERL, for two processor cores, for a file of 25 MB, and because a
quarter of a million recordings are seen once instead of 0.7 million fifty times:
- 250 Hz and 6 of 12 layers; a segment stays 0.2 s; millivolts as they are, never min-max, since
  hypertrophy and low voltage are amplitudes.
- The compact text encoder in place of MedCPT; entities are those that the simulator can produce.
- Beside the entities, 245 statements about measurements ("QRS wider than 105 ms") are asked, which
  the simulator knows to be true or false; they are true about as often as not and teach to measure.
- Every token is asked what heartbeat lies in its segment: where the QRS and the P wave begin, the
  intervals around it, premature or paced. Rhythm needs exact times, which names alone teach slowly.
- Lead masking leaves 1 to 12 leads visible, mostly 1 to 4: the model is asked with 12 as well.
  Segments are not masked: a hidden heartbeat makes every rhythm irregular.
- A random 96 of the queries per step (unbiased); no dropout; moving average of the weights.
- Every second recording is made to have a condition, each in its turn, so that rare ones occur.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from pydantic import Field

from cardiolex.datasets.batches import Example
from cardiolex.datasets.simulated import SimulatedECGs
from cardiolex.encoders.lead_vit import LeadViT
from cardiolex.encoders.text import HuggingFaceText
from cardiolex.nn.query_network import QueryNetwork
from cardiolex.recipes.bundled_card import bundled_card
from cardiolex.recipes.pretrain import Run, pretrain
from cardiolex.recipes.recipe_config import RecipeConfig
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.reports.vocabulary import Vocabulary
from cardiolex.simulation import CONDITIONS, Settings
from cardiolex.simulation.statements import STATEMENTS
from cardiolex.systems.kmerl import KMERL, Masking
from cardiolex.training.config import TrainerConfig

FS = 250.0
SIMULATOR = "4"
"""Raised when the simulator changes, so that a resumed run never mixes two simulators."""
PREPROCESS = Preprocess(fs=FS, seconds=10.0, highpass_hz=0.4, clip_mv=8.0)
SYSTEM = KMERL.Config(
    encoder=LeadViT.Config(segment_samples=50, max_segments=50, width=192, depth=6, heads=3),
    query_network=QueryNetwork.Config(width=256, layers=4, heads=4, hidden=768, dropout=0.0),
    masking=Masking(
        masked_leads=(11, 10, 9, 8, 6, 4, 0),
        weights=(0.2, 0.2, 0.2, 0.15, 0.12, 0.08, 0.05),
        segment_ratio=0.0,
    ),
    contrast_weight=0.5,
    beat_weight=1.0,
    queries_per_step=96,
)
TRAINER = TrainerConfig(
    batch_size=32,
    steps=7000,
    lr=1e-3,
    final_lr=1e-5,
    warmup_steps=400,
    weight_decay=0.02,
    betas=(0.9, 0.98),
    clip=1.0,
    average=0.998,
    workers=1,
    log_every=50,
    save_every=500,
    validate_every=3500,
    shuffle=False,
)


@dataclass(frozen=True)
class EveryCondition:
    """Simulated recordings of which each `period`-th must have a condition, in rotation."""

    plain: SimulatedECGs
    period: int = 2

    def __len__(self) -> int:
        return len(self.plain)

    def __getitem__(self, index: int) -> Example:
        turn, rest = divmod(index, self.period)
        if rest:
            return self.plain[index]
        settings = Settings(fs=FS, require=CONDITIONS[turn % len(CONDITIONS)])
        return replace(self.plain, settings=settings)[index]


class BundledRun(RecipeConfig):
    """The run behind the bundled model; every field can be overridden."""

    output: Path
    """Folder of the run: state, log, and in the end `model`."""
    text_encoder: Path
    """Folder that `cardiolex pretrain text-encoder` wrote."""
    device: str | None = None
    held_out: int = Field(default=256, ge=0)
    """Simulated recordings for the loss that is logged; never trained on."""
    start_from: Path | None = None
    """Checkpoint folder of an earlier run to go on from, with fresh recordings."""
    system: KMERL.Config = SYSTEM
    trainer: TrainerConfig = TRAINER


def run(config: BundledRun) -> Run:
    """Resolve the configuration to a `Run`."""
    vocabulary = Vocabulary.load()
    trainer = config.trainer
    count = (trainer.steps or 1) * trainer.batch_size * trainer.accumulate
    settings = Settings(fs=FS)
    plain, held_out = (
        SimulatedECGs(number, vocabulary, PREPROCESS, settings, seed, statements=True)
        for number, seed in ((count, trainer.seed), (config.held_out, trainer.seed + 1))
    )
    if config.system.beat_weight:
        segment_s = config.system.encoder.segment_samples / FS
        plain, held_out = (replace(one, beat_segment_s=segment_s) for one in (plain, held_out))
    return Run(
        name="cardiolex-default",
        system_name="kmerl",
        system=config.system,
        trainer=trainer,
        examples=EveryCondition(plain),
        held_out=held_out if config.held_out else None,
        data={"simulated": {"count": count, "simulator": SIMULATOR, **asdict(settings)}},
        preprocess=PREPROCESS,
        text=HuggingFaceText(config.text_encoder, device=config.device or "cpu"),
        vocabulary=vocabulary,
        seen=vocabulary.closure(CONDITIONS),
        query_pooling="mean",
        report_pooling="mean",
        weights="float16",
        statements=len(STATEMENTS),
        start_from=config.start_from,
        card=bundled_card,
    )


def bundled(config: Annotated[BundledRun, Parameter(name="*")]) -> int:
    """Train the default model; an interrupted run goes on where it was."""
    return 0 if pretrain(run(config), config.output, config.device) else 1
