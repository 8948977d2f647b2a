"""MELP's first stage (arXiv 2506.21803): a text encoder adapted to cardiology by masked words.

Any BERT-like encoder, any texts. The authors' texts are PubMed's cardiology, Wikipedia and the
training reports of MIMIC-IV-ECG; their code for this stage is not published, so the settings are
ours: 15 % of the pieces hidden as in BERT, AdamW 5e-5, warm-up over 6 % of the steps, then cosine.
Texts that say the same are read once; a tenth is held out by content. Loss, perplexity and accuracy
on it are measured before and after, with the same pieces hidden.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, cast

import torch
from cyclopts import Parameter
from pydantic import Field

from cardiolex.datasets.token_chunks import TokenChunks, split_texts
from cardiolex.encoders.text import MEDCPT
from cardiolex.errors import CardiolexError
from cardiolex.files import write_text
from cardiolex.recipes.masked_text import MaskedText, frequency_baseline
from cardiolex.recipes.recipe_config import RecipeConfig
from cardiolex.recipes.run_record import RECORD, refuse_another
from cardiolex.reports.clean import report_text
from cardiolex.reports.tables.sources import read_reports
from cardiolex.training.config import TrainerConfig
from cardiolex.training.distributed import Processes, processes
from cardiolex.training.trainer import Trainer

PLAIN = (".txt", ".text", ".md")
TRAINER = TrainerConfig(
    batch_size=32, epochs=3, lr=5e-5, weight_decay=0.01, decayed="matrices", clip=1.0
)


class TextMLMRun(RecipeConfig):
    """Adaptation of a text encoder; every field can be overridden."""

    output: Path
    """Folder of the run: state, log, and in the end `model`, a text encoder."""
    encoder: str = MEDCPT
    """Hugging Face name or folder."""
    texts: Annotated[tuple[Path, ...], Parameter(consume_multiple=True, negative=())]
    """Text files (a text in each line), CSV, TSV or JSONL with reports, MIMIC-IV-ECG folders."""
    text: str | None = None
    """Column of tables or key of JSONL; None = the usual names."""
    control: Annotated[tuple[Path, ...], Parameter(consume_multiple=True, negative=())] = ()
    """Other texts on which the model is measured before and after, to see what it forgets."""
    held_out: float = Field(default=0.1, gt=0, lt=1)
    """Share of the texts kept out of training."""
    measured: int = Field(default=2000, gt=0)
    """At most so many chunks are measured."""
    tokens: int = Field(default=128, gt=4)
    """Pieces of a chunk; longer texts give several."""
    masked: float = Field(default=0.15, gt=0, lt=1)
    """Share of the pieces that is hidden."""
    warmup_share: float = Field(default=0.06, ge=0, lt=1)
    device: str | None = None
    trainer: TrainerConfig = TRAINER


def adapt(config: TextMLMRun) -> dict[str, Any] | None:
    """Train in `config.output`, going on where an earlier call was stopped.

    Returns what is also in `model`/cardiolex.json; None if it was stopped by SIGTERM.
    """
    texts = read_texts(config.texts, config.text)
    train, held_out = split_texts(texts, config.held_out)
    if not train or not held_out:
        raise CardiolexError(
            f"{len(texts)} different texts give {len(train)} to train on and {len(held_out)} held "
            "out; give more texts, or another held_out"
        )
    with processes(config.device) as group:
        torch.manual_seed(config.trainer.seed)
        system = MaskedText(config.encoder, config.masked)
        tokens = min(config.tokens, system.tokens)
        chunks = TokenChunks(train, system.tokenizer, tokens)
        sets = {"held_out": TokenChunks(held_out, system.tokenizer, tokens)}
        if config.control:
            control = read_texts(config.control, config.text)
            sets["control"] = TokenChunks(control, system.tokenizer, tokens)
        return _adapted(config, system, chunks, sets, texts, group)


def _adapted(
    config: TextMLMRun,
    system: MaskedText,
    chunks: TokenChunks,
    sets: dict[str, TokenChunks],
    texts: Sequence[str],
    group: Processes,
) -> dict[str, Any] | None:
    facts = _facts(config, system, texts)
    identity = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
    refuse_another(config.output, identity, facts)
    system.to(group.device)
    parts = {name: part.head(config.measured) for name, part in sets.items()}
    before = {name: system.measure(part) for name, part in parts.items()}
    if group.first:
        write_text(config.output / RECORD, json.dumps({"identity": identity, **facts}, indent=1))
    trainer = Trainer(
        system,
        cast(Any, chunks),
        _scheduled(config, len(chunks), group.size),
        config.output,
        group,
        collate_examples=cast(Any, chunks.collate),
        identity=identity,
    )
    trained = trainer.run()
    if not trained.finished:
        return None
    system.load_state_dict(trained.weights)
    record: dict[str, Any] = {
        **facts,
        "head_stored": system.head_stored,
        "steps": trained.step,
        "seconds": round(trained.seconds),
        "chunks": len(chunks),
        "frequency_perplexity": frequency_baseline(chunks, sets["held_out"], system.tokenizer),
        "before": before,
        "after": {name: system.measure(part) for name, part in parts.items()},
    }
    if group.first:
        system.cpu().save(config.output / "model", {"text_mlm": record})
    group.wait()
    return record


def text_mlm(config: Annotated[TextMLMRun, Parameter(name="*")]) -> int:
    """Adapt a text encoder to texts of a field; an interrupted run goes on where it was."""
    record = adapt(config)
    if record is None:
        return 1
    for line in told(record):
        print(line)
    return 0


def told(record: dict[str, Any]) -> Iterator[str]:
    """A table of what was measured, with what it means."""
    yield f"{'':24}{'loss':>8}{'perplexity':>12}{'accuracy':>10}   per hidden piece"
    for name, texts in (("held_out", "held-out texts"), ("control", "control texts")):
        for when in ("before", "after"):
            if figures := record[when].get(name):
                yield (
                    f"{texts + ', ' + when:24}{figures['loss']:8.3f}{figures['perplexity']:12.1f}"
                    f"{figures['accuracy']:10.3f}"
                )
    yield f"knowing frequencies only: perplexity {record['frequency_perplexity']:.1f}"
    if not record["head_stored"]:
        yield "before: the encoder came without its language model's head, so it could not answer"


def read_texts(sources: Sequence[Path], column: str | None = None) -> list[str]:
    """Different texts of all sources, in order; statements of a record are joined as reports are.

    CardiolexError for a source that cannot be read.
    """
    found: dict[str, None] = {}
    for source in sources:
        plain = source.suffix.lower() in PLAIN
        for report in read_reports(source, text=None if plain else column):
            text = " ".join(report.texts[0].split()) if plain else report_text(report.texts)
            if text:
                found.setdefault(text)
    return list(found)


def _scheduled(config: TextMLMRun, chunks: int, processes: int) -> TrainerConfig:
    trainer = config.trainer
    if "warmup_steps" in trainer.model_fields_set:
        return trainer
    per_epoch = chunks // (trainer.batch_size * trainer.accumulate * processes)
    steps = trainer.steps or max(1, round(trainer.epochs * per_epoch))
    return trainer.model_copy(update={"warmup_steps": round(config.warmup_share * steps)})


def _facts(config: TextMLMRun, system: MaskedText, texts: Sequence[str]) -> dict[str, Any]:
    """Anything that the weights depend on, as JSON."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode() + b"\n")
    weights = hashlib.sha256()
    for name, value in sorted(system.model.base_model.state_dict().items()):
        weights.update(name.encode())
        weights.update(value.contiguous().flatten().view(torch.uint8).numpy())
    return {
        "encoder": Path(config.encoder).name,
        "encoder_weights": weights.hexdigest()[:16],
        "sources": [path.name for path in config.texts],
        "texts": len(texts),
        "texts_digest": digest.hexdigest()[:16],
        "settings": config.model_dump(mode="json", include={"held_out", "tokens", "masked"}),
        "trainer": config.trainer.model_dump(mode="json", exclude={"log_every", "workers"}),
    }
