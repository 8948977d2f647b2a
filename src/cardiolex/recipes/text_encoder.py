"""Train the compact text encoder: masked language model, then meaning from the vocabulary.

Meaning: every text composed from a wording must lie nearest to the canonical name it states, with
all other names, opposites among them, on the other side of a softmax; superclasses get a little of
the mass, so that kin stay nearer than strangers; "no X" is a name of its own.
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from cardiolex.encoders.compact_text import (
    Pooling,
    bert_config,
    embed,
    pool,
    save,
    train_tokenizer,
)
from cardiolex.objectives.masked_tokens import hide_tokens
from cardiolex.objectives.meaning import name_cross_entropy, spread
from cardiolex.recipes.text_encoder_quality import measure, opposite_pairs
from cardiolex.reports.compose import Composer, Statement, split_wordings
from cardiolex.reports.corpus import training_sentences
from cardiolex.reports.vocabulary import Vocabulary

if TYPE_CHECKING:
    from transformers import BertForMaskedLM, PreTrainedModel, PreTrainedTokenizerFast


@dataclass(frozen=True)
class Settings:
    """Sizes and lengths of the run; the defaults make the bundled encoder (2.4 M weights)."""

    pieces: int = 4000
    width: int = 192
    layers: int = 4
    heads: int = 6
    max_tokens: int = 128
    pooling: Pooling = "mean"
    held_out: float = 0.0  # share of English synonyms kept from training, to test with
    language_steps: int = 150
    language_batch: int = 96
    meaning_steps: int = 550
    meaning_batch: int = 192
    names_per_step: int = 160
    learning_rate: float = 1e-3
    temperature: float = 0.1
    kin: float = 0.03  # share of the target that goes to the direct superclasses
    opposite_margin: float = 0.5
    composed: int = 4000  # composed reports added to the language model's texts


def run(
    output: Path,
    seed: int = 0,
    settings: Settings | None = None,
    vocabulary: Vocabulary | None = None,
    log: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Train and write the folder `output`; returns what is also in its `cardiolex.json`.

    The folder loads with transformers' AutoModel and AutoTokenizer. Deterministic in the seed on
    one machine and one number of threads.
    """
    from transformers import BertForMaskedLM

    settings = settings or Settings()
    vocabulary = vocabulary or Vocabulary.load()
    torch.manual_seed(seed)
    random = Random(seed)
    train, held = split_wordings(vocabulary, settings.held_out, seed)
    composer = Composer(train, random)
    texts = _language_texts(vocabulary, composer, settings)
    tokenizer = train_tokenizer(texts, settings.pieces, settings.max_tokens)
    config = bert_config(
        len(tokenizer), settings.width, settings.layers, settings.heads, settings.max_tokens
    )
    model = BertForMaskedLM(config)
    started = time.monotonic()
    language = _train_language(model, tokenizer, texts, settings, random, log)
    meaning = _train_meaning(model.bert, tokenizer, composer, vocabulary, settings, log)
    encode = partial(embed, model.bert, tokenizer, pooling=settings.pooling)
    record: dict[str, Any] = {
        "seed": seed,
        "settings": asdict(settings),
        "vocabulary": {"version": vocabulary.version, "fingerprint": vocabulary.fingerprint},
        "weights": sum(p.numel() for p in model.bert.parameters()),
        "language_loss": language,
        "meaning_loss": meaning,
        "seconds": round(time.monotonic() - started, 1),
        "measured": measure(encode, vocabulary, held),
    }
    save(Path(output), _with_pooler(model.bert), tokenizer, settings.pooling, record)
    log(json.dumps(record["measured"]))
    return record


def _with_pooler(bert: "PreTrainedModel") -> "PreTrainedModel":
    """AutoModel expects BERT's tanh pooler; it is stored as identity and used by nobody."""
    from transformers.models.bert.modeling_bert import BertPooler

    pooler = BertPooler(bert.config)
    with torch.no_grad():
        pooler.dense.weight.copy_(torch.eye(bert.config.hidden_size))
        pooler.dense.bias.zero_()
    bert.pooler = pooler
    return bert


# ---------------------------------------------------------------- masked language model
def _language_texts(vocabulary: Vocabulary, composer: Composer, settings: Settings) -> list[str]:
    known = {text for texts in composer.wordings.values() for text in texts}
    hidden = {w.lower() for e in vocabulary.entities for w in e.wordings if w not in known}
    shipped = [text for text in training_sentences(vocabulary) if text not in hidden]
    return shipped + [statement.text for statement in composer.batch(settings.composed)]


def _train_language(
    model: "BertForMaskedLM",
    tokenizer: "PreTrainedTokenizerFast",
    texts: Sequence[str],
    settings: Settings,
    random: Random,
    log: Callable[[str], None],
) -> list[float]:
    """Masked language model (Devlin 2019): 15 % of the pieces, 80/10/10; returns losses."""
    step_of = _optimiser(model, settings.learning_rate, settings.language_steps)
    losses = []
    for step in range(settings.language_steps):
        chosen = random.sample(texts, min(settings.language_batch, len(texts)))
        tokens = tokenizer(chosen, padding=True, truncation=True, return_tensors="pt")
        ids, labels = mask_tokens(tokens["input_ids"], tokenizer)
        with torch.autocast("cpu", torch.bfloat16):
            out = model(input_ids=ids, attention_mask=tokens["attention_mask"], labels=labels)
        losses.append(step_of(out.loss))
        if step % 100 == 99:
            log(f"language {step + 1}: {sum(losses[-100:]) / 100:.3f}")
    return _ends(losses)


def mask_tokens(ids: Tensor, tokenizer: "PreTrainedTokenizerFast") -> tuple[Tensor, Tensor]:
    """Input with masks and labels (-100 where nothing is asked), both (B, T)."""
    special = torch.tensor(tokenizer.all_special_ids)
    return hide_tokens(ids, special, tokenizer.mask_token_id, len(tokenizer))


# ---------------------------------------------------------------- meaning
def _train_meaning(
    bert: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerFast",
    composer: Composer,
    vocabulary: Vocabulary,
    settings: Settings,
    log: Callable[[str], None],
) -> list[float]:
    step_of = _optimiser(bert, settings.learning_rate / 2, settings.meaning_steps)
    losses = []
    for step in range(settings.meaning_steps):
        statements = composer.batch(settings.meaning_batch)
        names = name_columns(statements, vocabulary, settings.names_per_step, composer.random)
        targets = soft_targets(statements, names, vocabulary, settings.kin)
        with torch.autocast("cpu", torch.bfloat16):
            texts = _vectors(bert, tokenizer, [s.text for s in statements], settings.pooling)
            columns = _vectors(bert, tokenizer, names, settings.pooling)
        loss = name_cross_entropy(texts, columns, targets, settings.temperature)
        apart = spread(columns, opposite_pairs(names, vocabulary), settings.opposite_margin)
        losses.append(step_of(loss + 2 * apart))
        if step % 100 == 99:
            log(f"meaning {step + 1}: {sum(losses[-100:]) / 100:.3f}")
    return _ends(losses)


def name_columns(
    statements: Sequence[Statement], vocabulary: Vocabulary, count: int, random: Random
) -> list[str]:
    """The names on the other side: all that are needed, their kin and opposites, others to fill."""
    stated = {name for s in statements for name in (*s.states, *s.denies)}
    near = {o for name in stated for o in (*vocabulary.opposites(name), *vocabulary[name].is_a)}
    rest = [name for name in vocabulary.names if name not in stated | near]
    fill = random.sample(rest, min(len(rest), max(0, count - len(stated | near))))
    denied = {f"no {name}" for s in statements if not s.states for name in s.denies}
    return sorted(stated | near) + fill + sorted(denied)


def soft_targets(
    statements: Sequence[Statement], names: Sequence[str], vocabulary: Vocabulary, kin: float
) -> Tensor:
    """Rows adding up to 1, shape (B, N): the stated names, and `kin` of each for its parents."""
    place = {name: i for i, name in enumerate(names)}
    targets = torch.zeros(len(statements), len(names))
    for row, statement in enumerate(statements):
        if not statement.states:
            for name in statement.denies:
                targets[row, place[f"no {name}"]] = 1 / len(statement.denies)
        for name in statement.states:
            parents = vocabulary[name].is_a
            share = 1 / len(statement.states)
            targets[row, place[name]] += share * (1 - kin if parents else 1)
            for parent in parents:
                targets[row, place[parent]] += share * kin / len(parents)
    return targets


def _vectors(
    bert: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerFast",
    texts: Sequence[str],
    pooling: Pooling,
) -> Tensor:
    """Vectors (N, D) with gradient; texts of like length go together, so that little is padding."""
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    parts = []
    for start in range(0, len(order), 64):
        chunk = [texts[i] for i in order[start : start + 64]]
        tokens = tokenizer(chunk, padding=True, truncation=True, return_tensors="pt")
        mask = tokens["attention_mask"]
        hidden = bert(input_ids=tokens["input_ids"], attention_mask=mask).last_hidden_state
        parts.append(pool(hidden.float(), mask, pooling))
    back = torch.tensor(order).argsort()
    return torch.cat(parts)[back]


def _ends(losses: Sequence[float]) -> list[float]:
    tenth = max(1, len(losses) // 10)
    return [round(sum(part) / len(part), 4) for part in (losses[:tenth], losses[-tenth:]) if part]


def _optimiser(model: torch.nn.Module, rate: float, steps: int) -> Callable[[Tensor], float]:
    """AdamW with a short warm-up and cosine decay; call with a loss to make one step."""
    adam = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        adam, max_lr=rate, total_steps=max(steps, 2), pct_start=0.1
    )
    model.train()

    def step(loss: Tensor) -> float:
        adam.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        adam.step()
        schedule.step()
        return float(loss.detach())

    return step


def text_encoder(output: Path, /, *, seed: int = 0) -> int:
    """Train the compact text encoder on report statements and the vocabulary's synonyms.

    Parameters
    ----------
    output
        Folder to write.
    seed
        Same seed, same weights on one machine and one number of threads.
    """
    run(output, seed)
    return 0
