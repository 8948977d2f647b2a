"""Methods side by side: one simulated corpus, equal compute, small sizes.

A controlled experiment for processor cores, not a reproduction of any paper's figures. Equal: the
recordings with their reports and labels, the text encoder, batch, optimiser and schedule, and the
processor seconds of training (steps = seconds / measured seconds of a step, everything in one
process). Not equal: what each method is, see `contenders`.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cardiolex.checkpoint import load_checkpoint
from cardiolex.datasets.simulated import simulate_to_store
from cardiolex.datasets.store import Store
from cardiolex.encoders.causal_text import CausalText
from cardiolex.encoders.text import HuggingFaceText
from cardiolex.errors import CardiolexError
from cardiolex.files import write_text
from cardiolex.recipes.contenders import CONTENDERS, FS, SECONDS, Contender
from cardiolex.recipes.on_store import StoreRun, run_on_store
from cardiolex.recipes.pretrain import Run, assembled, parameters, pretrain
from cardiolex.recipes.recipe_config import RecipeConfig
from cardiolex.recipes.run_record import refuse_another
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.reports.vocabulary import Vocabulary
from cardiolex.simulation import Settings
from cardiolex.training.config import TrainerConfig
from cardiolex.training.trainer import Examples

WARM_UP, MEASURED = 3, 20
"""Steps of the trial that tells the cost of one."""
SIMULATED_FS = 2 * FS
Progress = Callable[[int, int], None]


class ComparisonRun(RecipeConfig):
    """What is compared; every field can be overridden."""

    output: Path
    """Folder of corpus, runs and models."""
    text_encoder: Path
    """Folder that `cardiolex pretrain text-encoder` wrote, or any other encoder's."""
    recordings: int = 16_000
    seconds: float = 600
    """Processor seconds of training per method."""
    only: tuple[str, ...]
    """Names of `CONTENDERS`."""
    device: str | None = None
    trainer: TrainerConfig = TrainerConfig(
        batch_size=32,
        lr=1e-3,
        final_lr=1e-5,
        weight_decay=0.01,
        betas=(0.9, 0.98),
        clip=1.0,
        precision="bf16",
        save_every=200,
        log_every=50,
    )


@dataclass(frozen=True)
class Model:
    """A trained contender: its checkpoint folder and what is told of its training."""

    folder: Path
    facts: dict[str, float]


def train_contenders(config: ComparisonRun, progress: Progress | None = None) -> dict[str, Model]:
    """Train each contender in `output`/runs/NAME.

    What was done before is taken as it is, so an interrupted comparison goes on, and another
    comparison in the same folder shares the runs that it has in common.
    """
    if strange := [name for name in config.only if name not in CONTENDERS]:
        raise CardiolexError(f"no contender {strange[0]!r}; there are {', '.join(CONTENDERS)}")
    folder = config.output / "corpus"
    simulate_to_store(
        folder,
        config.recordings,
        preprocess=Preprocess(fs=FS, seconds=SECONDS, highpass_hz=0.4, clip_mv=8.0),
        settings=Settings(fs=SIMULATED_FS, seconds=SECONDS),
        seed=config.trainer.seed,
        progress=progress,
    )
    store = Store(folder, Vocabulary.load())
    return {name: _in_stages(name, config, store) for name in config.only}


def _in_stages(name: str, config: ComparisonRun, store: Store) -> Model:
    """Train `name`, and before it what it starts from, each with an equal part of the compute."""
    chosen, folder = CONTENDERS[name], config.output / "runs" / name
    if chosen.first is None:
        return _trained(name, chosen, config.seconds, config, store, folder)
    half = config.seconds / 2
    before = _trained(f"{name}, first stage", chosen.first, half, config, store, folder / "first")
    first = before.folder
    model = _trained(name, chosen, half, config, store, folder, start_from=first)
    both = {key: model.facts[key] + before.facts[key] for key in ("steps", "epochs")}
    return Model(model.folder, {**model.facts, **both})


def _trained(
    name: str,
    chosen: Contender,
    seconds: float,
    config: ComparisonRun,
    store: Store,
    folder: Path,
    start_from: Path | None = None,
) -> Model:
    def made() -> Run:
        return contender(name, chosen, config, store, start_from)

    cost = _seconds_per_step(made, folder)
    run = made()  # anew: a text encoder may have been trained along
    steps = chosen.steps or max(1, round(seconds / cost))
    trainer = run.trainer.model_copy(update={"steps": steps, "warmup_steps": steps // 20})
    run = replace(run, trainer=trainer)
    model = _done_before(run, folder)
    if model is None:
        print(f"cardiolex: {name}: {steps} steps of {cost:.3f} s", file=sys.stderr)
        model = pretrain(run, folder, config.device)
    if model is None:
        raise CardiolexError(f"{name}: stopped; the same command goes on")
    size = run.trainer.batch_size
    facts = {
        "weights": parameters(assembled(run)),
        "encoder": _weights_of_encoder(model),
        "steps": steps,
        "epochs": round(steps * size / len(store), 2),
        "recordings per CPU second": round(size / cost, 1),
    }
    return Model(model, facts)


def _done_before(run: Run, folder: Path) -> Path | None:
    """The finished model of this very run; CardiolexError if it is of another one."""
    if not (folder / "model").is_dir():
        return None
    refuse_another(folder, run.identity(), run.facts())
    return folder / "model"


def contender(
    name: str,
    chosen: Contender,
    config: ComparisonRun,
    store: Store,
    start_from: Path | None = None,
) -> Run:
    """The run of one system, its number of steps still open."""
    settings = StoreRun(
        store=store.folder,
        output=config.output,  # whose text vectors all runs share
        text_encoder=str(config.text_encoder),
        held_out=0.0,
        start_from=start_from,
        device=config.device,
        trainer=config.trainer,
    )
    device = config.device or "cpu"
    encoder = CausalText if chosen.causal_text else HuggingFaceText
    text = encoder(config.text_encoder, device=device) if chosen.words else None
    pooling: dict[str, Any] = {}
    if text is not None:
        pooling = {"query_pooling": text.query_pooling, "report_pooling": text.report_pooling}
    run = run_on_store(
        settings,
        store,
        chosen.system_name,
        chosen.system,
        name=name,
        text=text,
        scale=chosen.scale,
        **pooling,
    )
    return run if chosen.words else replace(run, seen=frozenset())  # no label is read


@dataclass
class _Stopwatch:
    """Examples that note the processor time at which each was asked for."""

    examples: Examples
    times: list[float] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, index: int) -> Any:
        self.times.append(time.process_time())
        return self.examples[index]


def _seconds_per_step(made: Callable[[], Run], root: Path) -> float:
    """Processor seconds of a step, reading included; measured once per run and written down."""
    record = root / "cost.json"
    if not record.is_file():
        run = made()
        _embed_reports(run)
        trial, watch = root / "trial", _Stopwatch(run.examples)
        shutil.rmtree(trial, ignore_errors=True)
        steps = WARM_UP + MEASURED + 1
        changes = {"steps": steps, "log_every": 10**6, "workers": 0}
        pretrain(
            replace(run, examples=watch, trainer=run.trainer.model_copy(update=changes)), trial
        )
        shutil.rmtree(trial)
        begun = watch.times[:: run.trainer.batch_size]
        cost = (begun[WARM_UP + MEASURED] - begun[WARM_UP]) / MEASURED
        write_text(record, json.dumps({"seconds_per_step": cost}) + "\n")
    return float(json.loads(record.read_text(encoding="utf-8"))["seconds_per_step"])


def _embed_reports(run: Run) -> None:
    """Frozen text is embedded once, and not in a step."""
    if run.text is not None and run.system.reads == "vectors":
        rows = run.examples
        run.text.encode([rows[i].report for i in range(len(rows))], run.report_pooling)


def _weights_of_encoder(model: Path) -> int:
    """Number of weights that read the ECG."""
    encoder = load_checkpoint(model).system.get_submodule("encoder")
    return sum(p.numel() for p in encoder.parameters())
