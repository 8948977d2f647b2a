"""Beats stacked, aligned, sorted by QRS shape, and their median."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cardiolex.recordings.measurements.conditioned import FS

BEFORE = round(0.42 * FS)
"""Samples of a stacked beat before its R peak."""
AFTER = round(0.62 * FS)
_QRS = slice(BEFORE - round(0.08 * FS), BEFORE + round(0.10 * FS))
_SHIFT = round(0.024 * FS)
_SAME = 0.85
_MOST_BEATS = 60  # the correlation of all pairs is taken of these

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Shapes:
    """Aligned beats: samples (B,), QRS correlation with the usual shape (B,), and which are it."""

    beats: NDArray[np.intp]
    similarity: NDArray[np.float64]
    usual: Flags


def stack(
    mv: Floats | Flags, beats: NDArray[np.intp], before: int = BEFORE, after: int = AFTER
) -> Floats:
    """Return (B, L, before + after) around `beats`; beyond the ends the outermost sample."""
    window = beats[:, None] + np.arange(-before, after)
    return np.ascontiguousarray(mv[:, np.clip(window, 0, mv.shape[1] - 1)].transpose(1, 0, 2))


def sort_by_shape(mv: Floats, beats: NDArray[np.intp], early: Flags) -> Shapes:
    """Find the commonest QRS shape, align every beat to it, and say which beats have it.

    The usual shape is that of the beat with the most beats like it; early beats stand back.
    Beats are shifted by up to 24 ms for the highest correlation over all leads.
    """
    reach = (BEFORE - _QRS.start + _SHIFT, _QRS.stop - BEFORE + _SHIFT)
    wide = stack(mv, beats, *reach)
    width = _QRS.stop - _QRS.start
    middle = _normalised(wide[:, :, _SHIFT : _SHIFT + width])
    some = middle[:_MOST_BEATS]
    pairs = some @ some.T
    like = (pairs > _SAME).sum(axis=1) + 0.1 * pairs.mean(axis=1) - 0.75 * early[: len(some)]
    seed = int(like.argmax())
    template = some[pairs[seed] > _SAME].mean(axis=0)
    for _ in range(2):
        fits = np.stack(
            [_normalised(wide[:, :, k : k + width]) @ template for k in range(2 * _SHIFT + 1)]
        )
        best = fits.argmax(axis=0)
        template = _template(wide, best, fits.max(axis=0), width)
    similarity = fits.max(axis=0) / max(float(np.linalg.norm(template)), 1e-9)
    similarity = np.clip(similarity, -1, 1).astype(np.float64)
    limit = min(_SAME, float(np.median(similarity)) - 0.12)
    usual = similarity >= limit
    return Shapes(beats + best - _SHIFT, similarity, usual)


def _template(wide: Floats, best: NDArray[np.intp], fit: Floats, width: int) -> Floats:
    moved = np.stack([w[:, k : k + width] for w, k in zip(wide, best, strict=True)])
    near = _normalised(moved[fit >= np.median(fit)])
    mean = near.mean(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9), np.float32)


def _normalised(part: Floats) -> Floats:
    """Return beats (B, L, n) as rows (B, L n) of mean 0 per lead and length 1."""
    centred = (part - part.mean(axis=2, keepdims=True)).reshape(len(part), -1)
    length = np.sqrt((centred**2).sum(axis=1, keepdims=True))
    return np.asarray(centred / np.maximum(length, 1e-9), np.float32)


def choose(shapes: Shapes, early: Flags, samples: int) -> Flags:
    """Return which beats (B,) make the median: the usual shape, not early, whole if three are."""
    whole = (shapes.beats >= BEFORE) & (shapes.beats + AFTER <= samples)
    for chosen in (shapes.usual & ~early & whole, shapes.usual & whole):
        if chosen.sum() >= 3:
            return chosen
    for chosen in (shapes.usual & whole, shapes.usual):
        if chosen.any():
            return chosen
    return np.ones(len(shapes.beats), np.bool_)


def median_of(stacked: Floats, present: Flags | None = None) -> Floats:
    """Return the median (L, N) of beats (B, L, N), over those where `present` if given."""
    if present is None or present.all():
        return np.median(stacked, axis=0)
    seen = np.where(present, stacked, np.nan)
    gone = ~present.any(axis=0)
    seen[:, gone] = 0
    middle = np.nanmedian(seen, axis=0)
    return np.asarray(middle, np.float32)
