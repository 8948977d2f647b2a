"""The language systems side by side: one simulated corpus, equal compute, small sizes.

A controlled experiment for two processor cores, not a reproduction of any paper's figures. Equal:
the recordings with their reports and labels, the text encoder, batch, optimiser and schedule, and
the processor seconds of training (steps = seconds / measured seconds of a step, everything in one
process). Not equal: what each system is; its encoder is shrunk to about a million weights, its
masks, losses and amplitude scale are the published ones. At 200 Hz segments keep their published
seconds: 0.2 s for K-MERL, 0.25 s for SuPreME, 0.1 s for MERL's ViT; MELP's 40 instead of 32 ms.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from cardiolex.capabilities import SystemConfig
from cardiolex.datasets.simulated import simulate_to_store
from cardiolex.datasets.store import Store
from cardiolex.encoders.causal_text import CausalText
from cardiolex.encoders.conv_transformer import ConvTransformer
from cardiolex.encoders.lead_vit import LeadViT
from cardiolex.encoders.resnet1d import ResNet1D
from cardiolex.encoders.text import HuggingFaceText
from cardiolex.encoders.vit import ViT
from cardiolex.errors import CardiolexError
from cardiolex.files import write_text
from cardiolex.nn.query_network import QueryNetwork
from cardiolex.recipes.on_store import StoreRun, run_on_store
from cardiolex.recipes.pretrain import Run, assembled, parameters, pretrain
from cardiolex.recipes.recipe_config import RecipeConfig
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.recordings.scaling import Scale
from cardiolex.reports.vocabulary import Vocabulary
from cardiolex.simulation import Settings
from cardiolex.systems.kmerl import KMERL
from cardiolex.systems.melp import MELP, Caption
from cardiolex.systems.merl import MERL
from cardiolex.systems.supreme import Encoder as SuPreMEEncoder
from cardiolex.systems.supreme import Fusion, SuPreME
from cardiolex.training.config import TrainerConfig

FS = 200.0
SAMPLES = round(10 * FS)
MEASURED_STEPS = 12
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Contender:
    """A system at the size of this comparison."""

    system_name: str
    system: SystemConfig
    scale: Scale = "mv"
    causal_text: bool = False
    """Whether the text encoder is read from left to right, as MELP does."""


CONTENDERS: Mapping[str, Contender] = {
    "K-MERL": Contender(
        "kmerl",
        KMERL.Config(
            encoder=LeadViT.Config(segment_samples=40, width=128, depth=4, heads=4),
            query_network=QueryNetwork.Config(width=128, layers=2, hidden=384),
            queries_per_step=96,
        ),
    ),
    "SuPreME": Contender(
        "supreme",
        SuPreME.Config(
            encoder=SuPreMEEncoder(segment_samples=50, width=128, depth=4, heads=4),
            query_network=Fusion(width=128, layers=2, hidden=384),
        ),
    ),
    "MERL-ResNet": Contender(
        "merl", MERL.Config(encoder=ResNet1D.Config(samples=SAMPLES, width=32)), "minmax"
    ),
    "MERL-ViT": Contender(
        "merl",
        MERL.Config(
            encoder=ViT.Config(samples=SAMPLES, segment_samples=20, width=128, depth=4, heads=4)
        ),
        "minmax",
    ),
    "MELP": Contender(
        "melp",
        MELP.Config(
            encoder=ConvTransformer.Config(
                channels=64, stages=3, width=128, depth=4, heads=4, position_kernel=64
            ),
            caption=Caption(tokens=32, layers=2, heads=4),
            fs=FS,
        ),
        "minmax",
        causal_text=True,
    ),
}


class ComparisonRun(RecipeConfig):
    """What is compared; every field can be overridden."""

    output: Path
    """Folder of corpus, runs and models."""
    text_encoder: Path
    """Folder that `cardiolex pretrain text-encoder` wrote, or any other encoder's."""
    recordings: int = 20_000
    seconds: float = 600
    """Processor seconds of training per system."""
    only: tuple[str, ...] = tuple(CONTENDERS)
    device: str | None = None
    trainer: TrainerConfig = TrainerConfig(
        batch_size=64,
        lr=1e-3,
        final_lr=1e-5,
        weight_decay=0.01,
        betas=(0.9, 0.98),
        clip=1.0,
        save_every=200,
        log_every=50,
    )


@dataclass(frozen=True)
class Model:
    """A trained contender: its checkpoint folder and what is told of its training."""

    folder: Path
    facts: dict[str, float]


def train_contenders(config: ComparisonRun, progress: Progress | None = None) -> dict[str, Model]:
    """Train each contender in `output`/NAME.

    What was done before is taken as it is, so an interrupted comparison goes on.
    """
    if strange := [name for name in config.only if name not in CONTENDERS]:
        raise CardiolexError(f"no contender {strange[0]!r}; there are {', '.join(CONTENDERS)}")
    folder = config.output / "corpus"
    simulate_to_store(
        folder,
        config.recordings,
        preprocess=Preprocess(fs=FS, highpass_hz=0.4, clip_mv=8.0),
        settings=Settings(fs=FS),
        seed=config.trainer.seed,
        progress=progress,
    )
    store = Store(folder, Vocabulary.load())
    return {name: _trained(name, config, store) for name in config.only}


def _trained(name: str, config: ComparisonRun, store: Store) -> Model:
    run = contender(name, config, store)
    if run.text is not None and run.system.reads == "vectors":  # once, and not in a step
        run.text.encode(store.table["report"].to_pylist(), run.report_pooling)
    cost = _seconds_per_step(run, config.output / name)
    steps = max(1, round(config.seconds / cost))
    trainer = run.trainer.model_copy(update={"steps": steps, "warmup_steps": steps // 20})
    run = replace(run, trainer=trainer)
    print(f"cardiolex: {name}: {steps} steps of {cost:.2f} s", file=sys.stderr)
    model = pretrain(run, config.output / name, config.device)
    if model is None:
        raise CardiolexError(f"{name}: stopped; the same command goes on")
    size = run.trainer.batch_size
    facts = {
        "weights": parameters(assembled(run)),
        "steps": steps,
        "epochs": round(steps * size / len(store), 2),
        "recordings per CPU second": round(size / cost, 1),
    }
    return Model(model, facts)


def contender(name: str, config: ComparisonRun, store: Store) -> Run:
    """The run of one system, its number of steps still open."""
    chosen = CONTENDERS[name]
    settings = StoreRun(
        store=store.folder,
        output=config.output / name,
        text_encoder=str(config.text_encoder),
        held_out=0.0,
        device=config.device,
        trainer=config.trainer,
    )
    device = config.device or "cpu"
    encoder = CausalText if chosen.causal_text else HuggingFaceText
    text = encoder(config.text_encoder, device=device)
    return run_on_store(
        settings,
        store,
        chosen.system_name,
        chosen.system,
        name=name,
        text=text,
        query_pooling=text.query_pooling,
        report_pooling=text.report_pooling,
        scale=chosen.scale,
    )


def _seconds_per_step(run: Run, root: Path) -> float:
    """Processor seconds of a step, reading included; measured once per run and written down."""
    record = root / "cost.json"
    if not record.is_file():
        trial = root / "trial"
        seconds = []
        for steps in (2, 2 + MEASURED_STEPS):
            shutil.rmtree(trial, ignore_errors=True)
            brief = run.trainer.model_copy(update={"steps": steps, "log_every": 10**6})
            started = time.process_time()
            pretrain(replace(run, trainer=brief), trial)
            seconds.append(time.process_time() - started)
        shutil.rmtree(trial)
        cost = (seconds[1] - seconds[0]) / MEASURED_STEPS
        write_text(record, json.dumps({"seconds_per_step": cost}) + "\n")
    return float(json.loads(record.read_text(encoding="utf-8"))["seconds_per_step"])
