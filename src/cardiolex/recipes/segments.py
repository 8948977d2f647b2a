"""Segments of a lead-wise encoder, in seconds: the same at any sampling rate."""

from __future__ import annotations

from typing import TypeVar

from cardiolex.encoders.lead_vit import LeadViT
from cardiolex.errors import CardiolexError
from cardiolex.recipes.on_store import segment_samples
from cardiolex.recordings.preprocess import Preprocess

Encoder = TypeVar("Encoder", bound=LeadViT.Config)


def with_segments(
    encoder: Encoder, seconds: float, preprocess: Preprocess
) -> tuple[Encoder, tuple[str, ...]]:
    """`encoder` for segments of `seconds` and windows of `preprocess`, and what to say about it.

    An encoder whose `segment_samples` was set stays as it is. CardiolexError if a window is no
    whole number of segments.
    """
    if "segment_samples" in encoder.model_fields_set:
        return encoder, ()
    samples, notes = segment_samples(seconds, preprocess.fs, encoder.segment_samples)
    if samples < 1 or preprocess.samples % samples:
        near = " or ".join(f"{s:g}" for s in fitting(seconds, preprocess))
        raise CardiolexError(
            f"windows of {preprocess.seconds:g} s at {preprocess.fs:g} Hz cannot be cut into "
            f"segments of {seconds:g} s; set segment_s to {near}, or prepare the store at another "
            "rate"
        )
    update: dict[str, int] = {"segment_samples": samples}
    if "max_segments" not in encoder.model_fields_set:
        update["max_segments"] = preprocess.samples // samples
    return encoder.model_copy(update=update), notes


def fitting(seconds: float, preprocess: Preprocess) -> tuple[float, ...]:
    """The next shorter and longer segments of which a window of `preprocess` is a whole number."""
    whole = [n for n in range(1, preprocess.samples + 1) if preprocess.samples % n == 0]
    wanted = seconds * preprocess.fs
    shorter, longer = [n for n in whole if n < wanted], [n for n in whole if n > wanted]
    return tuple(n / preprocess.fs for n in (*shorter[-1:], *longer[:1]))
