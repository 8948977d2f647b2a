"""The decoder that writes a report: text states read ECG tokens, logits over the vocabulary.

Source: the multimodal decoder of CoCa (arXiv:2205.01917) as open_clip builds it and MELP
(arXiv:2506.21803) uses it: in turns a causal self-attention block and a cross-attention block, each
pre-norm with a feed-forward part of its own, then LayerNorm and an output matrix. It has no
positions of its own; the text states bring them.
Deviation: MELP never initialises the output matrix; here it is N(0, width^-1/2), the rest as CoCa.
Shapes: B batch, K image tokens, S text positions, P positions seen before, D width, V words.
"""

from dataclasses import dataclass
from typing import Self

import torch
import torch.nn.functional as F
from pydantic import BaseModel, ConfigDict, model_validator
from torch import Tensor, nn

from cardiolex.errors import CardiolexError
from cardiolex.nn.transformer import attend, check_heads, key_mask, merge_heads, split_heads

KeysValues = tuple[Tensor, Tensor]
"""Keys and values, each (B, H, N, d)."""


@dataclass(frozen=True)
class LayerState:
    """Keys and values that a layer has computed, of the text so far and of the image."""

    text: KeysValues
    image: KeysValues


@dataclass(frozen=True)
class DecoderState:
    """What has been read so far: generation goes on from here without doing it again."""

    image: Tensor
    """Image tokens (B, K, D)."""
    valid: Tensor | None = None
    """Which of them exist, (B, K) bool."""
    layers: tuple[LayerState, ...] = ()
    """Empty before the first step."""

    @property
    def length(self) -> int:
        """Text positions seen, P."""
        return self.layers[0].text[0].shape[2] if self.layers else 0

    def select(self, rows: Tensor) -> "DecoderState":
        """Take rows (R,) of the batch, repeated or in another order, as beams need."""
        layers = (LayerState(_rows(x.text, rows), _rows(x.image, rows)) for x in self.layers)
        valid = None if self.valid is None else self.valid[rows]
        return DecoderState(self.image[rows], valid, tuple(layers))

    def reorder(self, rows: Tensor) -> "DecoderState":
        """As `select` for rows (B,) that stay within their recording: the image is not copied."""
        layers = (LayerState(_rows(x.text, rows), x.image) for x in self.layers)
        return DecoderState(self.image, self.valid, tuple(layers))


class DecoderBlock(nn.Module):
    """Pre-norm attention with residual, pre-norm feed-forward with residual."""

    def __init__(self, width: int, heads: int, hidden: int, memory_dim: int) -> None:
        super().__init__()
        check_heads(width, heads)
        self.heads = heads
        self.norm1 = nn.LayerNorm(width)
        self.q = nn.Linear(width, width)
        self.kv = nn.Linear(memory_dim, 2 * width)
        self.out = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.expand = nn.Linear(width, hidden)
        self.contract = nn.Linear(hidden, width)

    def keys_values(self, memory: Tensor) -> KeysValues:
        """Keys and values of normalised `memory` (B, N, memory_dim)."""
        k, v = (split_heads(part, self.heads) for part in self.kv(memory).chunk(2, dim=-1))
        return k, v

    def read(self, x: Tensor, y: Tensor, memory: KeysValues, mask: Tensor | None) -> Tensor:
        """Residual `x` and normalised `y` (B, S, D); `y` reads `memory` where `mask` is True."""
        attended, _ = attend(split_heads(self.q(y), self.heads), *memory, mask)
        x = x + self.out(merge_heads(attended))
        result: Tensor = x + self.contract(F.gelu(self.expand(self.norm2(x))))
        return result


class DecoderLayer(nn.Module):
    """A causal block on the text, then a block that reads the image tokens."""

    def __init__(self, width: int, heads: int, hidden: int, image_dim: int) -> None:
        super().__init__()
        self.text_block = DecoderBlock(width, heads, hidden, width)
        self.image_block = DecoderBlock(width, heads, hidden, image_dim)
        self.norm_image = nn.LayerNorm(image_dim)

    def forward(
        self, x: Tensor, state: DecoderState, past: LayerState | None, causal: Tensor | None
    ) -> tuple[Tensor, LayerState]:
        """`x` (B, S, D) after `past`; `causal` (S, P + S) says which text each position sees."""
        y = self.text_block.norm1(x)
        text = self.text_block.keys_values(y)
        if past is None:
            image = self.image_block.keys_values(self.norm_image(state.image))
        else:
            text, image = _append(past.text, text), past.image
        x = self.text_block.read(x, y, text, causal)
        x = self.image_block.read(x, self.image_block.norm1(x), image, key_mask(state.valid))
        return x, LayerState(text, image)


class TextDecoder(nn.Module):
    """`layers` x (causal self-attention block, cross-attention block) and the output matrix."""

    class Config(BaseModel):
        """MELP's sizes."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        width: int = 768
        layers: int = 6
        heads: int = 8
        mlp_ratio: int = 4
        tied: bool = False
        """True: no output matrix of its own; callers give the word embedding (V, D)."""

        @model_validator(mode="after")
        def _heads_fit(self) -> Self:
            check_heads(self.width, self.heads)
            return self

    def __init__(self, config: Config, vocabulary: int, image_dim: int | None = None) -> None:
        """`vocabulary` is V; `image_dim` the width of the image tokens, by default that of text."""
        super().__init__()
        self.config = config
        width, hidden = config.width, config.mlp_ratio * config.width
        image_dim = image_dim or width
        self.layers = nn.ModuleList(
            DecoderLayer(width, config.heads, hidden, image_dim) for _ in range(config.layers)
        )
        self.norm = nn.LayerNorm(width)
        self.output = None if config.tied else nn.Linear(width, vocabulary, bias=False)
        if self.output is not None:
            nn.init.normal_(self.output.weight, std=width**-0.5)
        for module in self.layers.modules():
            if isinstance(module, DecoderBlock):
                _initialise(module, width, config.layers)

    def start(self, image: Tensor, valid: Tensor | None = None) -> DecoderState:
        """State before the first word; `image` (B, K, D), `valid` (B, K) marks those that exist."""
        return DecoderState(image, valid)

    def step(self, state: DecoderState, text: Tensor) -> tuple[Tensor, DecoderState]:
        """Hidden states (B, S, D) of the next text states `text` (B, S, D), and the state after."""
        past, new = state.length, text.shape[1]
        causal = torch.ones(new, past + new, dtype=torch.bool, device=text.device).tril(past)
        x, seen = text, []
        for i, layer in enumerate(self.layers):
            before = state.layers[i] if state.layers else None
            x, after = layer(x, state, before, None if new == 1 else causal)
            seen.append(after)
        hidden: Tensor = self.norm(x)
        return hidden, DecoderState(state.image, state.valid, tuple(seen))

    def hidden(self, image: Tensor, text: Tensor, valid: Tensor | None = None) -> Tensor:
        """Hidden states (B, S, D) of a whole text at once; see `logits`."""
        return self.step(self.start(image, valid), text)[0]

    def logits(self, hidden: Tensor, embedding: Tensor | None = None) -> Tensor:
        """Logits (…, V) of hidden states (…, D); `embedding` (V, D) where the matrix is tied."""
        if self.output is not None:
            result: Tensor = self.output(hidden)
            return result
        if embedding is None:
            raise CardiolexError("the output matrix is tied: give the word embedding (V, D)")
        return F.linear(hidden, embedding)

    def forward(
        self,
        image: Tensor,
        text: Tensor,
        valid: Tensor | None = None,
        embedding: Tensor | None = None,
    ) -> Tensor:
        """Logits (B, S, V): position s has read `image` (B, K, D) and `text` (B, S, D) up to s.

        Padding at the end of a text cannot change the positions before it. Where few positions
        count, `logits(hidden(image, text)[chosen])` spares the output matrix the others.
        """
        return self.logits(self.hidden(image, text, valid), embedding)


def _initialise(block: DecoderBlock, width: int, layers: int) -> None:
    """CoCa's: standard deviations fall with width, and with depth where residuals add up."""
    residual = width**-0.5 * (2 * layers) ** -0.5
    for linear, std in (
        (block.q, width**-0.5),
        (block.kv, width**-0.5),
        (block.out, residual),
        (block.expand, (2 * width) ** -0.5),
        (block.contract, residual),
    ):
        nn.init.normal_(linear.weight, std=std)
        nn.init.zeros_(linear.bias)


def _append(past: KeysValues, new: KeysValues) -> KeysValues:
    return torch.cat([past[0], new[0]], dim=2), torch.cat([past[1], new[1]], dim=2)


def _rows(memory: KeysValues, rows: Tensor) -> KeysValues:
    return memory[0][rows], memory[1][rows]
