"""MELP's text tower: a BERT read from left to right, `[BOS] text [SEP] ... [CLS]`.

Source: MELP (arXiv 2506.21803) and its code, after CoCa (arXiv 2205.01917). The state of a [CLS]
after everything is the global vector; the states before it feed the caption decoder (teacher
forcing) and, averaged over the tokens of a sentence, give sentence vectors. No language-model head
is computed anywhere. Deviations:
- Padding is never attended to, and a batch is padded to its longest text only. [CLS] keeps the
  position 127 that it has in the released code (`cls_position = "after text"` is the alternative).
- Sentences are split on the text, not on the id of a full stop, and mapped to tokens by character
  offsets: decimals and shorthand do not split, text after the last stop counts.
- The added embedding of [BOS] begins as the mean of all others, not as random numbers.
- With `attention = "bidirectional"` the global and sentence vectors come from a pass in which all
  see all; the decoder's states still come from a causal pass, or it would see what it must say.
Shapes: N texts, W tokens, S sentences, Dt width.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from torch import Tensor

from cardiolex.encoders.sentence_spans import sentence_weights
from cardiolex.encoders.text import (
    MEDCPT,
    HuggingFaceText,
    Pooling,
    statement_of,
    transformer_layers,
)
from cardiolex.encoders.text_prefix import Prefix, extend
from cardiolex.encoders.wordpieces import join_pieces
from cardiolex.errors import CardiolexError
from cardiolex.nn.pooling import masked_mean

Attention = Literal["causal", "bidirectional"]
ClsPosition = Literal["last", "after text"]
KIND = "causal"
BOS = "[BOS]"


@dataclass(frozen=True)
class TextStates:
    """What the tower says of N texts."""

    ids: Tensor  # (N, W) [BOS] text [SEP], then padding
    valid: Tensor  # (N, W) True where no padding
    tokens: Tensor  # (N, W, Dt) states of a causal pass
    whole: Tensor  # (N, Dt) global vectors
    sentences: Tensor  # (N, S, Dt) zero where there is none
    sentence_mask: Tensor  # (N, S)


class CausalText(HuggingFaceText):
    """A BERT folder or hub name as a causal tower; what its folder states is kept unless given.

    A text is cut so that it fits `tokens` with its three special tokens.
    """

    def __init__(
        self,
        model: str | Path = MEDCPT,
        *,
        attention: Attention | None = None,
        cls_position: ClsPosition | None = None,
        tokens: int | None = None,
        batch_size: int | None = None,
        device: str | torch.device = "cpu",
    ) -> None:
        super().__init__(model, batch_size=batch_size, device=device)
        stated = statement_of(model)
        self.attention: Attention = attention or stated.get("attention", "causal")
        self.cls_position: ClsPosition = cls_position or stated.get("cls_position", "last")
        most = self._most_tokens()
        self.tokens = min(tokens or stated.get("tokens", 128), most)
        if (
            self.attention not in get_args(Attention)
            or self.cls_position not in get_args(ClsPosition)
            or self.tokens < 4
        ):
            raise CardiolexError(
                f"text encoder {self.name!r}: attention {self.attention!r}, cls_position "
                f"{self.cls_position!r}, {self.tokens} tokens; choose from {get_args(Attention)}, "
                f"{get_args(ClsPosition)} and 4 to {most} tokens"
            )
        self.query_pooling = self.report_pooling = "cls"
        self._model.pooler = None
        self._add_bos()

    @property
    def vocabulary_size(self) -> int:
        """Number of word pieces, special ones included."""
        return int(self._model.get_input_embeddings().num_embeddings)

    @property
    def embedding(self) -> Tensor:
        """Word embedding (V, Dt)."""
        weight: Tensor = self._model.get_input_embeddings().weight
        return weight

    @property
    def ends(self) -> tuple[int, int]:
        """Ids of the tokens that open and close a text."""
        return int(self._tokenizer.bos_token_id), int(self._tokenizer.sep_token_id)

    def freeze_layers(self, first: int | None = None) -> None:
        """Train all but the `first` layers; the lower half if None (6 of 12, as published).

        Embeddings are trained, as published.
        """
        layers = len(transformer_layers(self._model))
        frozen = layers // 2 if first is None else first
        self.train_last_layers(layers - frozen, embeddings=True)

    def states(self, texts: Sequence[str]) -> TextStates:
        """Everything about `texts`, on the network's device, with gradients where enabled."""
        ids, valid, weights = self._tokenised(texts)
        hidden, whole = self._pass(ids, valid, self.attention)
        sentences = weights @ hidden.to(weights.dtype)  # (N, S, Dt)
        if self.attention != "causal" and texts:
            hidden, _ = self._pass(ids, valid, "causal")
        return TextStates(ids, valid, hidden, whole, sentences, weights.any(dim=2))

    def encode_with_gradient(self, texts: Sequence[str], pooling: Pooling) -> Tensor:
        """Global vectors ("cls") or means over the tokens, (N, Dt)."""
        self._check_pooling(pooling)
        if not texts:
            return torch.empty(0, self.dim, device=self.device)
        ids, valid, _ = self._tokenised(texts)
        hidden, whole = self._pass(ids, valid, self.attention)
        return whole if pooling == "cls" else masked_mean(hidden, valid)

    def extend(self, ids: Tensor, prefix: Prefix) -> tuple[Tensor, Prefix]:
        """Append one token to each text: `ids` (N,) to its causal state (N, 1, Dt)."""
        return extend(self._model, ids, prefix)

    @property
    def unwritten(self) -> tuple[int, ...]:
        """Ids that no report contains: special ones but for the last, and rows without a word."""
        special = set(self._tokenizer.all_special_ids) - {self.ends[1]}
        return (*sorted(special), *range(len(self._tokenizer), self.vocabulary_size))

    def decode(self, ids: Sequence[int]) -> str:
        """The text of `ids`, special tokens left out."""
        special = set(self._tokenizer.all_special_ids)
        pieces = self._tokenizer.convert_ids_to_tokens([i for i in ids if i not in special])
        return join_pieces(pieces)

    def _pass(self, ids: Tensor, valid: Tensor, attention: Attention) -> tuple[Tensor, Tensor]:
        """States (N, W, Dt) of the text's tokens and (N, Dt) of the [CLS] after them."""
        n, width = ids.shape
        cls = torch.full((n, 1), int(self._tokenizer.cls_token_id), device=ids.device)
        place = torch.arange(width, device=ids.device).expand(n, width)
        last = torch.full_like(cls, self.tokens - 1)
        if self.cls_position == "after text":
            last = valid.sum(dim=1, keepdim=True)
        keys = torch.cat([valid, torch.ones_like(cls, dtype=torch.bool)], dim=1)
        seen = keys[:, None, None, :].expand(n, 1, width + 1, width + 1)
        if attention == "causal":
            seen = seen & torch.ones(width + 1, width + 1, device=ids.device).tril().bool()
        hidden: Tensor = self._model(
            input_ids=torch.cat([ids, cls], dim=1),
            attention_mask=seen,
            position_ids=torch.cat([place, last], dim=1),
        ).last_hidden_state  # (N, W + 1, Dt)
        return hidden[:, :-1], hidden[:, -1]

    def _tokenised(self, texts: Sequence[str]) -> tuple[Tensor, Tensor, Tensor]:
        """Ids (N, W), valid (N, W) and the tokens' weights in each sentence (N, S, W)."""
        found = self._tokenizer(
            list(texts),
            add_special_tokens=False,
            truncation=True,
            max_length=self.tokens - 3,
            return_offsets_mapping=True,
            return_attention_mask=False,
            return_token_type_ids=False,
        )
        bos, sep = self.ends
        rows = [[bos, *row, sep] for row in found["input_ids"]]
        width = max((len(row) for row in rows), default=2)
        pad = int(self._tokenizer.pad_token_id)
        ids = torch.tensor([row + [pad] * (width - len(row)) for row in rows]).view(-1, width)
        lengths = torch.tensor([len(row) for row in rows]).view(-1, 1)
        valid = torch.arange(width) < lengths
        weights = sentence_weights(texts, found["offset_mapping"], width)
        return ids.long().to(self.device), valid.to(self.device), weights.to(self.device)

    def _most_tokens(self) -> int:
        config = self._model.config
        if getattr(config, "model_type", "") != "bert":
            raise CardiolexError(
                f"text encoder {self.name!r} is of type {getattr(config, 'model_type', '?')!r}; "
                "a causal tower needs a BERT (MedCPT, PubMedBERT, ...)"
            )
        return int(config.max_position_embeddings)

    def _add_bos(self) -> None:
        """Give tokeniser and embeddings a [BOS] where they have none."""
        if self._tokenizer.bos_token is not None:
            return
        self._tokenizer.add_special_tokens({"bos_token": BOS})
        known = len(self._tokenizer) - 1  # an embedding may have rows for no word beyond
        size = max(len(self._tokenizer), self.vocabulary_size)
        self._model.resize_token_embeddings(size, mean_resizing=False)
        weight = self._model.get_input_embeddings().weight
        weight.data[self._tokenizer.bos_token_id] = weight.data[:known].mean(dim=0)
        self._model.requires_grad_(False)

    def _statement(self) -> dict[str, Any]:
        return {**super()._statement(), "kind": KIND, **self._settings()}

    def _settings(self) -> dict[str, Any]:
        return {
            "attention": self.attention,
            "cls_position": self.cls_position,
            "tokens": self.tokens,
        }

    def _fingerprint(self) -> str:
        settings = json.dumps([KIND, self._settings()])
        return hashlib.sha256((super()._fingerprint() + settings).encode()).hexdigest()[:20]


def load_text(model: str | Path, *, device: str | torch.device = "cpu") -> HuggingFaceText:
    """The encoder in a folder (or of a hub name) as the kind that its folder states."""
    kind = CausalText if statement_of(model).get("kind") == KIND else HuggingFaceText
    return kind(model, device=device)
