"""Reports in words: the text tower reads what is written, the decoder adds the ECG.

N recordings, K ECG tokens, D width.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from cardiolex.encoders.causal_text import CausalText
from cardiolex.encoders.text_prefix import Prefix
from cardiolex.nn.generation import Decoding, Words, generate
from cardiolex.nn.text_decoder import DecoderState, TextDecoder


@dataclass(frozen=True)
class Writing:
    """What tower and decoder keep of N reports in work."""

    prefix: Prefix
    decoder: DecoderState

    def select(self, rows: Tensor) -> Writing:
        """The reports at `rows` (M,), which may repeat."""
        return Writing(self.prefix.select(rows), self.decoder.select(rows))

    def reorder(self, rows: Tensor) -> Writing:
        """As `select` where each row stays with its recording."""
        return Writing(self.prefix.reorder(rows), self.decoder.reorder(rows))


def write_texts(
    text: CausalText,
    decoder: TextDecoder,
    image: Tensor,
    decoding: Decoding,
) -> list[str]:
    """One text for each row of ECG tokens `image` (N, K, D); no longer than the tower can read."""

    def step(ids: Tensor, state: Writing) -> tuple[Tensor, Writing]:
        states, prefix = text.extend(ids, state.prefix)
        hidden, after = decoder.step(state.decoder, states)
        return decoder.logits(hidden[:, -1], text.embedding), Writing(prefix, after)

    start, end = text.ends
    most = min(decoding.max_tokens, text.tokens - 2)  # [BOS] before, [CLS] after in training
    least = min(decoding.min_tokens, most)
    decoding = decoding.model_copy(update={"max_tokens": most, "min_tokens": least})
    words = Words(start, end, text.unwritten)
    state = Writing(Prefix(), decoder.start(image))
    found = generate(step, state, len(image), words, decoding, image.device)
    return [text.decode(ids) for ids in found]
