"""The compact text encoder: WordPiece and a small BERT, kept as a plain Hugging Face folder."""

import json
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from cardiolex.encoders.wordpieces import learn_pieces
from cardiolex.files import write_text

if TYPE_CHECKING:
    from transformers import BertConfig, PreTrainedModel, PreTrainedTokenizerFast

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
Pooling = Literal["cls", "mean"]


def train_tokenizer(texts: Iterable[str], size: int, max_tokens: int) -> "PreTrainedTokenizerFast":
    """A lower-casing WordPiece tokenizer of at most `size` pieces, [CLS] text [SEP]."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    normalizer = normalizers.BertNormalizer(lowercase=True, strip_accents=True)
    splitter = pre_tokenizers.BertPreTokenizer()
    words = (
        word
        for text in texts
        for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(text))
    )
    pieces = [*SPECIAL, *learn_pieces(words, size - len(SPECIAL))]
    vocabulary = {piece: place for place, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = splitter
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        special_tokens=[(token, vocabulary[token]) for token in ("[CLS]", "[SEP]")],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=max_tokens,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    )


def pool(hidden: Tensor, mask: Tensor, pooling: Pooling) -> Tensor:
    """Token vectors (B, T, D) and their mask (B, T) -> one vector a text (B, D)."""
    if pooling == "cls":
        return hidden[:, 0]
    weight = mask.to(hidden.dtype).unsqueeze(-1)
    return (hidden * weight).sum(dim=1) / weight.sum(dim=1).clamp(min=1)


@torch.no_grad()
def embed(
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerFast",
    texts: Sequence[str],
    *,
    pooling: Pooling,
    batch: int = 256,
) -> Tensor:
    """Vectors of texts in evaluation mode, shape (N, D), float32, not normalised."""
    was_training = model.training
    model.eval()
    parts = []
    for start in range(0, len(texts), batch):
        tokens = tokenizer(
            list(texts[start : start + batch]), padding=True, truncation=True, return_tensors="pt"
        )
        mask = tokens["attention_mask"]
        hidden = model(input_ids=tokens["input_ids"], attention_mask=mask).last_hidden_state
        parts.append(pool(hidden.float(), mask, pooling))
    model.train(was_training)
    return torch.cat(parts)


def save(
    folder: Path,
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerFast",
    pooling: Pooling,
    record: dict[str, object],
) -> None:
    """Write config, fp16 weights and tokenizer, and `cardiolex.json` with pooling and `record`.

    The folder appears, or is replaced, as a whole.
    """
    from copy import deepcopy

    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as temporary:
        new = Path(temporary) / "new"
        deepcopy(model).half().save_pretrained(new)
        tokenizer.save_pretrained(new)
        content = {"query_pooling": pooling, "report_pooling": pooling, **record}
        write_text(new / "cardiolex.json", json.dumps(content, indent=1) + "\n")
        for file in new.iterdir():
            file.chmod(0o644)
        if folder.exists():
            folder.rename(Path(temporary) / "old")
        new.rename(folder)


def bert_config(vocab_size: int, width: int, layers: int, heads: int, tokens: int) -> "BertConfig":
    """A BERT of the given size; the feed-forward layers are four times as wide."""
    from transformers import BertConfig

    return BertConfig(
        vocab_size=vocab_size,
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=4 * width,
        max_position_embeddings=tokens,
        type_vocab_size=1,
        pad_token_id=0,
    )
