"""From a recording of any rate, length and leads to the arrays a network takes."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from math import isfinite
from typing import Any, Self, get_args

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError
from cardiolex.recordings.filters import zero_phase
from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.recording import Recording
from cardiolex.recordings.repair import fill_missing
from cardiolex.recordings.resampling import resample
from cardiolex.recordings.scaling import Scale, scale_window
from cardiolex.recordings.windowing import leads_with_signal, window_starts


@dataclass(frozen=True)
class Windows:
    """A recording cut to windows of one length: W windows, 12 leads, T samples.

    `ecg` is zero wherever `lead_mask` or `sample_mask` is False; those zeros are no signal.
    """

    ecg: NDArray[np.float32]  # (W, 12, T), leads in the order of LEADS
    lead_mask: NDArray[np.bool_]  # (W, 12) True = lead present
    sample_mask: NDArray[np.bool_]  # (W, T) True = recorded, False = padding
    start_s: NDArray[np.float64]  # (W,) where each window starts in the recording

    def __len__(self) -> int:
        return len(self.ecg)

    def at(self, rows: NDArray[np.intp]) -> "Windows":
        """Some of the windows."""
        return Windows(
            self.ecg[rows], self.lead_mask[rows], self.sample_mask[rows], self.start_s[rows]
        )


@dataclass(frozen=True)
class Preprocess:
    """How recordings become arrays; plain data that travels inside a checkpoint.

    Order: missing samples are interpolated along time in each lead; resampled to `fs`; zero-phase
    high-pass and low-pass where given; cut to windows of `seconds`; scaled per window. A longer
    recording gives several windows, the last aligned to its end, overlapping rather than padded;
    a shorter one is padded at its end. A lead counts as absent from a window where more than
    `max_missing` of its samples are missing or where it is constant (lead off).

    `scale`: "mv" leaves millivolts; "minmax" maps the window's smallest and largest sample over
    the visible leads to 0 and 1 (MERL, arXiv:2403.06659, but never over hidden leads); "zscore"
    removes the mean and divides by the standard deviation of the visible leads together.
    `clip_mv` limits amplitudes before scaling.
    """

    fs: float = 500.0
    seconds: float = 10.0
    highpass_hz: float | None = 0.5
    lowpass_hz: float | None = None
    scale: Scale = "mv"
    clip_mv: float | None = None
    max_missing: float = 0.5

    def __post_init__(self) -> None:
        """Refuse settings that cannot work."""
        for name in ("fs", "seconds", "highpass_hz", "lowpass_hz", "clip_mv"):
            value = getattr(self, name)
            if value is not None and not (isfinite(value) and value > 0):
                raise CardiolexError(f"preprocess: {name} must be above 0, not {value}")
        for name in ("highpass_hz", "lowpass_hz"):
            if (getattr(self, name) or 0.0) >= self.fs / 2:
                raise CardiolexError(f"preprocess: {name} must be below half of fs = {self.fs:g}")
        if self.scale not in get_args(Scale):
            raise CardiolexError(f"preprocess: scale must be one of {get_args(Scale)}")
        if not 0 <= self.max_missing < 1:
            raise CardiolexError("preprocess: max_missing must be from 0 to below 1")
        if self.samples < 1:
            raise CardiolexError(f"preprocess: {self.seconds} s at {self.fs} Hz is no sample")

    @property
    def samples(self) -> int:
        """Samples T of a window."""
        return round(self.fs * self.seconds)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Rebuild from `to_dict`; CardiolexError for keys that are unknown or missing."""
        known = {f.name for f in fields(cls)}
        if set(data) != known:
            unknown, missing = sorted(set(data) - known), sorted(known - set(data))
            raise CardiolexError(f"preprocess: unknown {unknown}, missing {missing}")
        return cls(**data)

    def windows(self, recording: Recording) -> Windows:
        """Cut, clean and scale `recording`; see the class.

        Windows without a single usable lead are left out; CardiolexError if none is left.
        """
        mv = self._prepared(recording)  # (L, N) at self.fs
        length = mv.shape[1]
        starts = window_starts(length, self.samples)
        spans = [(start, min(start + self.samples, length)) for start in starts]
        present = leads_with_signal(recording.mv, recording.fs / self.fs, spans, self.max_missing)
        kept = [w for w in range(len(spans)) if present[w].any()]
        if not kept:
            raise CardiolexError(
                f"recording {recording.id!r}: every lead is flat or missing; nothing to look at"
            )
        return self._assemble(mv, recording.leads, [spans[w] for w in kept], present[kept])

    def _prepared(self, recording: Recording) -> NDArray[np.float32]:
        mv = resample(fill_missing(recording.mv), recording.fs, self.fs)
        mv = zero_phase(mv, self.fs, self.highpass_hz, self.lowpass_hz)
        return mv if self.clip_mv is None else np.clip(mv, -self.clip_mv, self.clip_mv)

    def _assemble(
        self,
        mv: NDArray[np.float32],
        leads: tuple[str, ...],
        spans: list[tuple[int, int]],
        present: NDArray[np.bool_],
    ) -> Windows:
        rows = np.array([LEADS.index(lead) for lead in leads])
        ecg = np.zeros((len(spans), len(LEADS), self.samples), np.float32)
        lead_mask = np.zeros((len(spans), len(LEADS)), bool)
        sample_mask = np.zeros((len(spans), self.samples), bool)
        lead_mask[:, rows] = present
        for w, ((first, last), visible) in enumerate(zip(spans, present, strict=True)):
            window = scale_window(mv[visible, first:last], self.scale)
            ecg[w, rows[visible], : last - first] = window
            sample_mask[w, : last - first] = True
        return Windows(
            ecg, lead_mask, sample_mask, np.array([first for first, _ in spans]) / self.fs
        )
