"""Wiring of a pre-training run: data, text, system, trainer, checkpoint. A recipe fills a `Run`."""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from cardiolex.capabilities import HasScaffold, SystemConfig
from cardiolex.checkpoint import Checkpoint, save_checkpoint
from cardiolex.checkpoint.folder import WeightFormat
from cardiolex.datasets.batches import Batch
from cardiolex.encoders.text import Pooling, TextEncoder
from cardiolex.encoders.text_cache import TextEmbeddingCache
from cardiolex.errors import CardiolexError
from cardiolex.files import write_text
from cardiolex.recipes.held_out import HeldOut
from cardiolex.recipes.run_record import RECORD, refuse_another
from cardiolex.recipes.start_from import take_weights, weights_digest
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.reports.prompts import Style
from cardiolex.reports.vocabulary import Vocabulary
from cardiolex.systems import SYSTEMS, System, build
from cardiolex.training.config import TrainerConfig
from cardiolex.training.distributed import Processes, processes
from cardiolex.training.optim import Precision, uses_bf16
from cardiolex.training.trainer import Examples, Trained, Trainer

FREE = ("log_every", "workers")
"""Settings of the trainer that leave the weights as they are."""


@dataclass(frozen=True, eq=False)
class Run:
    """Everything a run needs; `data` says in JSON where `examples` come from."""

    name: str
    system_name: str
    """Key of `SYSTEMS`."""
    system: SystemConfig
    trainer: TrainerConfig
    examples: Examples
    data: dict[str, Any]
    preprocess: Preprocess
    text: TextEncoder | None
    """None for a system that learns from signals alone."""
    vocabulary: Vocabulary = field(default_factory=Vocabulary.load)
    seen: frozenset[str] = frozenset()
    default_conditions: tuple[str, ...] = ()
    held_out: Examples | None = None
    query_pooling: Pooling = "cls"
    report_pooling: Pooling = "mean"
    prompts: Style = "name"
    """How the trained model is asked for a condition."""
    weights: WeightFormat = "float32"
    statements: int = 0
    """So many labels follow the vocabulary's in each example. They are asked with random vectors
    that the trained model does not keep."""
    start_from: Path | None = None
    """Checkpoint folder whose weights are taken instead of fresh ones."""
    variant: str | None = None
    """Name of the ablation that the recipe was asked for; a record, the settings say it all."""
    notes: tuple[str, ...] = ()
    """Choices that the recipe made for the caller; said on stderr at the start."""
    card: Callable[[dict[str, Any]], str] | None = None
    """Model card from the facts of the training; a plain one if None."""

    def facts(self) -> dict[str, Any]:
        """Anything that the weights depend on, as JSON."""
        return {
            "system_name": self.system_name,
            "system": self.system.model_dump(mode="json"),
            "trainer": self._trainer_facts(),
            "data": self.data,
            "preprocess": self.preprocess.to_dict(),
            "vocabulary": self.vocabulary.fingerprint,
            "statements": self.statements,
            "text": None if self.text is None else self._text_facts(),
            **({} if self.start_from is None else {"start_from": weights_digest(self.start_from)}),
        }

    def _trainer_facts(self) -> dict[str, Any]:
        """A switch that is newer than runs begun before counts only where it is on."""
        off = () if self.trainer.pair_patients else ("pair_patients",)
        return self.trainer.model_dump(mode="json", exclude={*FREE, *off})

    def _text_facts(self) -> list[str]:
        return [self._text_at_start, self.query_pooling, self.report_pooling]

    @cached_property
    def _text_at_start(self) -> str:
        """Of an encoder that is trained along, what it was before."""
        return "" if self.text is None else self.text.fingerprint

    def identity(self) -> str:
        """Changes with anything that the weights depend on."""
        return hashlib.sha256(json.dumps(self.facts(), sort_keys=True).encode()).hexdigest()[:16]


def pretrain(run: Run, folder: str | Path, device: str | None = None) -> Path | None:
    """Train `run` in `folder`, resuming if it was begun there; returns `folder`/model.

    None if the run was stopped by SIGTERM: its state is saved, the same call goes on. Start it
    under torchrun to use several devices.
    """
    with processes(device) as group:
        root = Path(folder)
        refuse_another(root, run.identity(), run.facts())
        trainer, system = _trainer(run, root, group)
        if group.first:
            for note in run.notes:
                print(f"cardiolex: {note}", file=sys.stderr)
            write_text(root / RECORD, json.dumps(_settings(run), indent=1) + "\n")
        trained = trainer.run()
        if not trained.finished:
            return None
        if group.first:
            system.load_state_dict(trained.weights)
            if isinstance(system, HasScaffold):
                system.remove_scaffold()
            if run.statements:
                kept = system.get_buffer("entity_vectors")[: len(run.vocabulary)]
                system.register_buffer("entity_vectors", kept.clone())
            _checkpoint(run, system, trained, root / "model", group)
        group.wait()  # when any process returns, the folder is whole
        return root / "model"


def _trainer(run: Run, root: Path, group: Processes) -> tuple[Trainer, System]:
    torch.manual_seed(run.trainer.seed)
    system = assembled(run)
    prepare = _with_reports(run)
    validate = None
    if run.held_out is not None:
        size, names = run.trainer.batch_size, partial(_entity_vectors, run)
        validate = HeldOut(run.held_out, prepare, group, size, names).figures
    trainer = Trainer(
        system,
        run.examples,
        run.trainer,
        root,
        group,
        prepare=prepare,
        validate=validate,
        identity=run.identity(),
    )
    return trainer, system


def assembled(run: Run) -> System:
    """The system with fresh weights, or with those that the run starts from."""
    text = run.text.encoder if isinstance(run.text, TextEmbeddingCache) else run.text
    vectors = with_statements(_entity_vectors(run), run.statements)
    settings = run.system.model_copy(update={"text_dim": vectors.shape[1]})
    system = build(run.system_name, settings, text, vectors)
    if run.start_from is not None:
        take_weights(system, run.system_name, run.start_from)
    return system


def _entity_vectors(run: Run) -> Tensor:
    """Vectors (Q, Dt) of the vocabulary's names, as the text encoder gives them now."""
    if run.text is None:
        return torch.zeros(len(run.vocabulary), run.system.text_dim)
    return run.text.encode(run.vocabulary.names, run.query_pooling)


def with_statements(queries: Tensor, count: int) -> Tensor:
    """`queries` (Q, Dt) and after them `count` random vectors of the same mean and spread.

    They are the same in every run, so that a later run can go on from an earlier one.
    """
    noise = torch.randn(count, queries.shape[1], generator=torch.Generator().manual_seed(0))
    return torch.cat([queries, queries.mean(dim=0) + noise * queries.std(dim=0)])


def _with_reports(run: Run) -> Callable[[Batch], Batch]:
    """A function that adds report vectors where the system reads them."""
    text = run.text

    def prepare(batch: Batch) -> Batch:
        if run.system.reads != "vectors":
            return batch
        if text is None:
            raise CardiolexError(f"{run.system_name} contrasts with reports: name a text encoder")
        if "" in batch.reports:
            name = batch.ids[batch.reports.index("")]
            raise CardiolexError(
                f"recording {name!r} has no report to contrast with; leave such recordings out "
                "or switch the contrast off"
            )
        with _text_precision(text, run.trainer.precision):
            vectors = text.encode(batch.reports, run.report_pooling)
        batch.report_vectors = vectors.to(batch.ecg.device)
        return batch

    return prepare


def _text_precision(text: TextEncoder, precision: Precision) -> AbstractContextManager[Any]:
    """bf16 where it pays, but never for vectors that are kept on disk."""
    kept = isinstance(text, TextEmbeddingCache)
    device = torch.device(getattr(text, "device", "cpu"))
    if kept or not uses_bf16(precision, device):
        return nullcontext()
    return torch.autocast(device.type, torch.bfloat16)


def _checkpoint(run: Run, system: System, trained: Trained, folder: Path, group: Processes) -> Path:
    facts = {
        **_settings(run),
        "steps": trained.step,
        "seconds": round(trained.seconds),
        "skipped_steps": trained.skipped,
        "processes": group.size,
        "device": str(group.device),
        "machine": f"{platform.machine()}, {torch.get_num_threads()} thread(s)",
    }
    checkpoint = Checkpoint(
        name=run.name,
        system_name=run.system_name,
        system=system.cpu().eval(),
        preprocess=run.preprocess,
        vocabulary=run.vocabulary,
        text=run.text,
        seen=run.seen,
        default_conditions=run.default_conditions or _conditions(run),
        query_pooling=run.query_pooling,
        prompts=run.prompts,
        training=facts,
        card=(run.card or plain_card)(facts),
    )
    return save_checkpoint(checkpoint, folder, weights=run.weights, with_text=is_local(run.text))


def _settings(run: Run) -> dict[str, Any]:
    return {
        "name": run.name,
        "variant": run.variant,
        "identity": run.identity(),
        **run.facts(),
        "trainer": run.trainer.model_dump(mode="json"),
        "text_encoder": _text_name(run.text),
        "versions": {
            "cardiolex": version("cardiolex"),
            "torch": torch.__version__,
            "python": platform.python_version(),
        },
    }


def _conditions(run: Run) -> tuple[str, ...]:
    broad = set(run.vocabulary.superclasses)
    return tuple(n for n in run.vocabulary.names if n in run.seen and n not in broad)


def is_local(text: TextEncoder | None) -> bool:
    """Whether the encoder is a folder of this machine, which others do not have."""
    return text is not None and Path(text.name).is_dir()


def _text_name(text: TextEncoder | None) -> str | None:
    if text is None:
        return None
    return Path(text.name).name if is_local(text) else text.name


def plain_card(facts: dict[str, Any]) -> str:
    """A model card that claims nothing that was not measured."""
    return f"""# {facts["name"]}

{SYSTEMS[facts["system_name"]].paper}, {facts["steps"]} steps, seed {facts["trainer"]["seed"]}.

- Trained on: {json.dumps(facts["data"])}
- Text encoder: {facts["text_encoder"] or "none"}
- Measured on: nothing yet; run `cardiolex evaluate`.
- Probabilities are the network's own, not calibrated.
- Not a medical device.
"""


def parameters(system: nn.Module) -> int:
    """Number of trainable numbers."""
    return sum(p.numel() for p in system.parameters() if p.requires_grad)


def cached(text: TextEncoder, folder: str | Path | None) -> TextEncoder:
    """The same encoder, remembering its vectors in `folder` if one is given."""
    return text if folder is None else TextEmbeddingCache(text, folder)
