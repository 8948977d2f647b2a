"""HeartLang, stage 2: half of the beats are hidden, their words are to be told from the sentence.

Paper: "Reading Your Heart: Learning ECG Words and Sentences via Pre-training ECG Language Model",
ICLR 2025, arXiv 2502.10707, section 3.3. Loss: cross-entropy of the words that the frozen tokeniser
of stage 1 gives the hidden beats. A linear probe reads the mean of all tokens.

Faults of the released code that are not here: the convolution over neighbouring beats sees hidden
ones (here they are replaced before it); padding is hidden and scored (here it has no tokens); the
tokeniser that gives the words is run without the leads and times it was trained with.
Beats, encoder and what deviates there: `encoders.beat_transformer`. After training the tokeniser
and the layer that tells words are taken off.
Shapes: B batch, L leads, T samples, K beats at most, P samples of a beat, D width, V words.
"""

from collections.abc import Mapping
from typing import ClassVar, Self

import torch
import torch.nn.functional as F
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor, nn

from cardiolex.capabilities import Reads
from cardiolex.datasets.batches import Batch
from cardiolex.encoders.beat_tokenizer import BeatTokenizer
from cardiolex.encoders.beat_transformer import BeatFinder, BeatTransformer, check_beats
from cardiolex.encoders.text import TextEncoder
from cardiolex.errors import CardiolexError
from cardiolex.nn.beat_windows import Beats
from cardiolex.nn.collapse import collapse_figures
from cardiolex.nn.masking import mask_segments
from cardiolex.nn.pooling import masked_mean
from cardiolex.nn.window import filled
from cardiolex.objectives.gather import gather_rows
from cardiolex.objectives.reconstruction import mean_of_all


class HeartLang(nn.Module):
    """See the module's text."""

    paper: ClassVar[str] = "HeartLang (arXiv 2502.10707)"
    parts_of: ClassVar[Mapping[str, str]] = {"heartlang_tokenizer": "tokenizer"}
    """Systems whose checkpoint gives a part of this one, and which."""

    class Config(BaseModel):
        """As published."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        beats: BeatFinder.Config = BeatFinder.Config()
        encoder: BeatTransformer.Config = BeatTransformer.Config()
        tokenizer: BeatTokenizer.Config | None = BeatTokenizer.Config()
        """That of stage 1; None once trained."""
        mask_ratio: float = Field(default=0.5, gt=0, lt=1)
        text_dim: int = 768
        """Not used: there is no text."""

        @model_validator(mode="after")
        def _beats_fit(self) -> Self:
            check_beats(self.beats, self.encoder)
            if self.tokenizer is not None:
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
        self.encoder = BeatTransformer(config.encoder)
        self.tokenizer: BeatTokenizer | None = None
        self.tell_word: nn.Linear | None = None
        self.hidden_beat: nn.Parameter | None = None
        if config.tokenizer is not None:
            self.tokenizer = BeatTokenizer(config.tokenizer).requires_grad_(False).eval()
            self.tell_word = nn.Linear(self.encoder.dim, config.tokenizer.book.codes)
            self.hidden_beat = nn.Parameter(torch.randn(config.beats.samples) * 0.02)

    @classmethod
    def assemble(cls, config: Config, text: TextEncoder | None, entity_vectors: Tensor) -> Self:
        """Of the configuration alone."""
        return cls(config)

    def train(self, mode: bool = True) -> Self:
        """The tokeniser stays as it is."""
        super().train(mode)
        if self.tokenizer is not None:
            self.tokenizer.eval()
        return self

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Return "loss", the share of words told rightly and the collapse figures of recordings."""
        if self.tokenizer is None or self.tell_word is None:
            raise CardiolexError("this HeartLang is trained: its tokeniser was taken off")
        beats = self._beats(batch.ecg, batch.lead_mask, batch.sample_mask)
        words = self.tokenizer.codes(beats)  # (B, L, K)
        masked = beats.there & ~mask_segments(beats.there, self.config.mask_ratio, "all")
        tokens = self.encoder(beats, masked, self.hidden_beat)
        logits = self.tell_word(tokens[masked]).float()  # (hidden beats, V)
        hidden = torch.ones(len(logits), dtype=torch.bool, device=logits.device)
        loss = F.cross_entropy(logits, words[masked], reduction="none")
        right = mean_of_all((logits.argmax(dim=1) == words[masked]).float(), hidden)
        z = _mean(tokens.detach(), beats)
        figures = collapse_figures(gather_rows(z))
        return {"loss": mean_of_all(loss, hidden), "told": right, **figures}

    def remove_scaffold(self) -> None:
        """Take off what only training needs."""
        self.tokenizer = self.tell_word = self.hidden_beat = None
        self.config = self.config.model_copy(update={"tokenizer": None})

    def embed_ecg(self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor) -> Tensor:
        """(B, D), mean of all tokens: the representation that a linear probe reads."""
        beats = self._beats(ecg, lead_mask, sample_mask)
        return _mean(self.encoder(beats), beats)

    def _beats(self, ecg: Tensor, lead_mask: Tensor, sample_mask: Tensor) -> Beats:
        return self.find_beats(filled(ecg, lead_mask, sample_mask), lead_mask, sample_mask)


def _mean(tokens: Tensor, beats: Beats) -> Tensor:
    """Mean (B, D) of `tokens` (B, L, K, D) over the beats that are there."""
    return masked_mean(tokens.flatten(1, 2), beats.there.flatten(1))
