"""Heartbeats to words: the tokeniser of HeartLang, VQ-HBR.

Source: HeartLang (arXiv 2502.10707), section 3.2: a transformer reads the beats of a recording,
each token becomes the nearest of 8192 codes, a second transformer restores the beats from these.
Choices where the paper is silent, as in LaBraM (arXiv 2405.18765), from which its code descends:
the encoder as deep as that of the second stage, a decoder of 3 layers, a tanh before the codes.
Shapes: B batch, L leads, K beats at most, P samples of a beat, D width, C width of a code.
"""

import torch
import torch.nn.functional as F
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from cardiolex.encoders.beat_transformer import BeatTransformer, Layers, Places
from cardiolex.nn.beat_windows import Beats
from cardiolex.nn.code_book import CodeBook
from cardiolex.nn.patches import through


class BeatTokenizer(nn.Module):
    """Encoder, code book, decoder."""

    class Config(BaseModel):
        """As published."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        encoder: BeatTransformer.Config = BeatTransformer.Config()
        book: CodeBook.Config = CodeBook.Config()
        decoder_depth: int = Field(default=3, gt=0)

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        dim, code = config.encoder.width, config.book.width
        self.encoder = BeatTransformer(config.encoder)
        self.to_code = nn.Sequential(nn.Linear(dim, dim), nn.Tanh(), nn.Linear(dim, code))
        self.book = CodeBook(config.book)
        self.from_code = nn.Linear(code, dim)
        shallow = config.encoder.model_copy(update={"depth": config.decoder_depth})
        self.places = Places(shallow)
        self.decoder = Layers(shallow)
        self.restore = nn.Linear(dim, config.encoder.beat_samples)

    def read(self, beats: Beats) -> tuple[Tensor, Tensor]:
        """The encoder's tokens (B, L, K, D), and the unit vectors (B, L, K, C) to be quantised."""
        tokens = self.encoder(beats)
        with torch.autocast(tokens.device.type, enabled=False):
            before = F.normalize(self.to_code(tokens.float()), dim=-1)
        return tokens, before

    def write(self, before: Tensor, beats: Beats) -> tuple[Tensor, Tensor]:
        """Beats (B, L, K, P) restored from the codes of `before` (B, L, K, C), and those codes."""
        quantized = self.book.vectors[self.book.codes(before.flatten(0, 2))].view_as(before)
        straight = before + (quantized - before).detach()  # gradients pass by the choice
        x = self.places(self.from_code(straight), beats)
        return self.restore(through(x, beats.there, self.decoder)), quantized

    @torch.no_grad()
    def codes(self, beats: Beats) -> Tensor:
        """Number (B, L, K) of the code of each beat; of no meaning where there is none."""
        _, before = self.read(beats)
        return self.book.codes(before.flatten(0, 2)).view(before.shape[:3])
