"""A language model that fills in what is hidden; how a text encoder is adapted to a field.

Source: BERT (arXiv:1810.04805); in MELP (arXiv 2506.21803) the first of three stages.
Shapes: N texts, W tokens, V word pieces.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from cardiolex.datasets.token_chunks import TokenBatch, TokenChunks
from cardiolex.encoders.text import STATEMENT, stated_pooling
from cardiolex.encoders.text_loading import load_masked_model, silence
from cardiolex.files import atomic_folder, write_text
from cardiolex.objectives.masked_tokens import NOT_ASKED, hide_tokens, masked_cross_entropy


class MaskedText(nn.Module):
    """The masked language model of a Hugging Face folder or hub name, to be trained.

    `head_stored` tells whether its head came with it; a new head knows nothing yet.
    """

    def __init__(self, name: str | Path, share: float = 0.15) -> None:
        super().__init__()
        self.name, self.share = str(name), share
        self.model, self.tokenizer, self.head_stored = load_masked_model(name)
        self.pooling = stated_pooling(name)
        special = torch.tensor(sorted(self.tokenizer.all_special_ids))
        self.register_buffer("special", special, persistent=False)

    @property
    def tokens(self) -> int:
        """The longest text that the model takes, in pieces."""
        return int(self.model.config.max_position_embeddings)

    def losses(self, batch: TokenBatch) -> dict[str, Tensor]:
        """ "loss": cross-entropy of hidden pieces; what is hidden is drawn anew each time."""
        ids, labels = self._hidden(batch.ids, None)
        return {"loss": masked_cross_entropy(self._logits(ids, batch.mask), labels)}

    @torch.no_grad()
    def measure(self, chunks: TokenChunks, seed: int = 0, size: int = 32) -> dict[str, float]:
        """Loss, perplexity and accuracy per hidden piece; the same pieces for equal seeds.

        Pieces are hidden for each chunk by itself, so two models are asked the same.
        """
        was_training = self.training
        self.eval()
        asked = right = 0
        total = 0.0
        for first in range(0, len(chunks), size):
            rows = [chunks[i] for i in range(first, min(first + size, len(chunks)))]
            batch = chunks.collate(rows)
            generator = torch.Generator().manual_seed(seed * 1_000_003 + first)
            ids, labels = self._hidden(batch.ids, generator)
            device = self.get_buffer("special").device
            logits = self._logits(ids.to(device), batch.mask.to(device)).cpu()
            where = labels != NOT_ASKED
            n = int(where.sum())
            total += n * float(masked_cross_entropy(logits, labels))
            right += int((logits.argmax(dim=2) == labels)[where].sum())
            asked += n
        self.train(was_training)
        loss = total / max(1, asked)
        return {
            "chunks": float(len(chunks)),
            "pieces_asked": float(asked),
            "loss": loss,
            "perplexity": float(torch.tensor(loss).exp()),
            "accuracy": right / max(1, asked),
        }

    def save(self, folder: Path, record: dict[str, Any]) -> None:
        """Write encoder and head as a Hugging Face folder that states pooling and `record`.

        A pooler is left out: nothing here trains it, so what it did before no longer fits.
        """
        query, report = ("cls" if p == "pooler" else p for p in self.pooling)
        stated = {"query_pooling": query, "report_pooling": report, **record}
        with atomic_folder(folder, mark=STATEMENT) as new:
            with silence():
                self.model.save_pretrained(new)
                self.tokenizer.save_pretrained(new)
            write_text(new / STATEMENT, json.dumps(stated, indent=1) + "\n")

    def _hidden(self, ids: Tensor, generator: torch.Generator | None) -> tuple[Tensor, Tensor]:
        special = self.get_buffer("special").to(ids.device)
        mask, size = int(self.tokenizer.mask_token_id), len(self.tokenizer)
        return hide_tokens(ids, special, mask, size, self.share, generator)

    def _logits(self, ids: Tensor, mask: Tensor) -> Tensor:
        logits: Tensor = self.model(input_ids=ids, attention_mask=mask).logits  # (N, W, V)
        return logits


def frequency_baseline(train: TokenChunks, held_out: TokenChunks, tokenizer: Any) -> float:
    """Perplexity of one who knows only how often each piece occurs in `train` (add-one)."""
    special = torch.tensor(sorted(tokenizer.all_special_ids))
    known, asked = (torch.from_numpy(chunks.flat).long() for chunks in (train, held_out))
    counts = torch.bincount(known[~torch.isin(known, special)], minlength=len(tokenizer)) + 1.0
    chances = (counts / counts.sum()).log()
    return float((-chances[asked[~torch.isin(asked, special)]].mean()).exp())
