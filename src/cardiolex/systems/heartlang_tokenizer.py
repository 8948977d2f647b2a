"""HeartLang, stage 1: a vocabulary of heartbeats, learned by restoring beats from single words.

Paper: "Reading Your Heart: Learning ECG Words and Sentences via Pre-training ECG Language Model",
ICLR 2025, arXiv 2502.10707, section 3.2. Loss: squared error of restored beats + `commitment` x
squared distance of what is quantised from its code; codes follow by moving averages. Beats, encoder
and what deviates there: `encoders.beat_transformer`, `encoders.beat_tokenizer`.

Choice: places without a beat are neither read nor restored. The checkpoint is what stage 2 needs;
it embeds recordings too, by the mean of the encoder's tokens, though no such row is published.
Shapes: B batch, L leads, T samples, K beats at most, D width.
"""

from typing import ClassVar, Self

import torch
from pydantic import BaseModel, ConfigDict, model_validator
from torch import Tensor, nn

from cardiolex.capabilities import Reads
from cardiolex.datasets.batches import Batch
from cardiolex.encoders.beat_tokenizer import BeatTokenizer
from cardiolex.encoders.beat_transformer import BeatFinder, BeatTransformer, check_beats
from cardiolex.encoders.text import TextEncoder
from cardiolex.nn.beat_windows import Beats
from cardiolex.nn.collapse import collapse_figures
from cardiolex.nn.pooling import masked_mean
from cardiolex.nn.window import filled
from cardiolex.objectives.gather import gather_rows, sum_over_processes
from cardiolex.objectives.masked_prediction import code_perplexity
from cardiolex.objectives.reconstruction import masked_mse, mean_of_all


class HeartLangTokenizer(nn.Module):
    """See the module's text."""

    paper: ClassVar[str] = "HeartLang, tokeniser (arXiv 2502.10707)"

    class Config(BaseModel):
        """As published."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        beats: BeatFinder.Config = BeatFinder.Config()
        tokenizer: BeatTokenizer.Config = BeatTokenizer.Config()
        commitment: float = 1.0
        text_dim: int = 768
        """Not used: there is no text."""

        @model_validator(mode="after")
        def _beats_fit(self) -> Self:
            check_beats(self.beats, self.tokenizer.encoder)
            return self

        @property
        def reads(self) -> Reads:
            """Nothing but signals."""
            return "labels"

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.find_beats = BeatFinder(config.beats)
        self.tokenizer = BeatTokenizer(config.tokenizer)

    @classmethod
    def assemble(cls, config: Config, text: TextEncoder | None, entity_vectors: Tensor) -> Self:
        """Of the configuration alone."""
        return cls(config)

    @property
    def encoder(self) -> BeatTransformer:
        """What reads the beats."""
        return self.tokenizer.encoder

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return "loss", its two parts, the codes in use and the collapse figures of recordings."""
        beats = self._beats(batch.ecg, batch.lead_mask, batch.sample_mask)
        tokens, before = self.tokenizer.read(beats)
        if self.training:
            self._learn_codes(before.detach(), beats.there)
        restored, quantized = self.tokenizer.write(before, beats)
        distance = (before - quantized).square().mean(dim=-1)
        parts = {
            "reconstruction": masked_mse(restored, beats.samples, beats.there),
            "commitment": mean_of_all(distance, beats.there),
        }
        loss = parts["reconstruction"] + self.config.commitment * parts["commitment"]
        z = _mean(tokens.detach(), beats)
        figures = {"codes_used": self._codes_used(before.detach(), beats.there)}
        return {"loss": loss, **parts, **figures, **collapse_figures(gather_rows(z))}

    def embed_ecg(self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor) -> Tensor:
        """(B, D), mean of the encoder's tokens."""
        beats = self._beats(ecg, lead_mask, sample_mask)
        return _mean(self.tokenizer.encoder(beats), beats)

    def _beats(self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor) -> Beats:
        return self.find_beats(filled(ecg, lead_mask, sample_mask), lead_mask, sample_mask)

    @torch.no_grad()
    def _learn_codes(self, before: Tensor, there: Tensor) -> None:
        """The code book starts from the first batch and follows all, those of every process."""
        book, rows = self.tokenizer.book, before[there]
        if not bool(book.started):
            everywhere = gather_rows(there.flatten().to(torch.uint8)).bool()
            book.start(gather_rows(before.flatten(0, 2))[everywhere])
        counts, sums = book.usage(rows, book.codes(rows))
        book.follow(sum_over_processes(counts), sum_over_processes(sums))

    def _codes_used(self, before: Tensor, there: Tensor) -> Tensor:
        """Perplexity of the codes in this process's batch."""
        rows = before[there]
        counts, _ = self.tokenizer.book.usage(rows, self.tokenizer.book.codes(rows))
        return code_perplexity((counts / counts.sum())[None])[0]


def _mean(tokens: Tensor, beats: Beats) -> Tensor:
    """Mean (B, D) of `tokens` (B, L, K, D) over the beats that are there."""
    return masked_mean(tokens.flatten(1, 2), beats.there.flatten(1))
