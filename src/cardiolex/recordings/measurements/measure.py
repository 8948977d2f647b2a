"""Everything measured on one recording."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import isfinite, nan, sqrt

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError
from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.measurements.atrial import f_waves, repeatability, tq_gaps
from cardiolex.recordings.measurements.axes import angle_between, frontal_axis
from cardiolex.recordings.measurements.baseline import above_pq
from cardiolex.recordings.measurements.conditioned import FS, Conditioned, condition
from cardiolex.recordings.measurements.definitions import GLOBAL, NAMES, PER_LEAD
from cardiolex.recordings.measurements.limits import (
    Limits,
    above_ends,
    find_p,
    p_window,
    qrs_limits,
    t_limits,
)
from cardiolex.recordings.measurements.median import (
    BEFORE,
    Shapes,
    choose,
    median_of,
    sort_by_shape,
    stack,
)
from cardiolex.recordings.measurements.p_waves import p_waves, terminal_force
from cardiolex.recordings.measurements.qrs_waves import qrs_waves
from cardiolex.recordings.measurements.r_waves import r_waves
from cardiolex.recordings.measurements.repolarization import st_segment, t_wave
from cardiolex.recordings.measurements.rhythm import early_beats, is_early, rr_statistics
from cardiolex.recordings.measurements.voltages import voltages
from cardiolex.recordings.recording import Recording

LEAST_HZ = 100.0
_LEAST_REPEATABILITY = 0.35
_MS = 1000 / FS
_AREA = {"qrs_axis": 1.0, "t_axis": 0.8, "p_axis": 0.3}
"""mV ms below which a vector has no direction."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Measured:
    """Values (len(NAMES),) of all measurements in the order of `NAMES`; NaN: not measurable.

    `beats_s` are the R peaks in seconds, `usual` says which beats have the usual QRS shape, and
    `median_beat` (L, N) at 250 Hz in the leads `leads` with its `limits` is what was measured.
    """

    values: NDArray[np.float32]
    beats_s: NDArray[np.float64]
    usual: NDArray[np.bool_]
    leads: tuple[str, ...] = ()
    median_beat: Floats | None = None
    limits: Limits | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the values."""
        return NAMES

    def __getitem__(self, name: str) -> float:
        """Return one value by name, "qrs_duration" or "st V2"; KeyError for an unknown name."""
        return float(self.values[_PLACE[name]])

    def to_dict(self) -> dict[str, float]:
        """Return all values that could be measured, by name."""
        return {
            name: float(value)
            for name, value in zip(NAMES, self.values, strict=True)
            if isfinite(value)
        }


_PLACE = {name: place for place, name in enumerate(NAMES)}


def measure(recording: Recording, seconds: float | None = 10.0) -> Measured:
    """Measure rate, intervals, waves and axes of `recording`, from the leads it has.

    The first `seconds` are used, all with None. What cannot be measured is NaN: PR without P
    waves, V1's waves without V1, everything without beats. Amplitudes are in mV, or in the
    file's unit where `recording.unit_known` is False. Raises CardiolexError below 100 Hz.
    """
    if recording.fs < LEAST_HZ:
        raise CardiolexError(
            f"recording {recording.id!r}: {recording.fs:g} Hz is too coarse to measure waves; "
            f"{LEAST_HZ:g} Hz or more is needed"
        )
    if seconds is not None and recording.duration > seconds:
        samples = max(1, round(seconds * recording.fs))
        recording = replace(recording, mv=recording.mv[:, :samples], other={})
    signal = condition(recording)
    beats = np.empty(0, np.intp) if signal is None else r_waves(signal)
    if signal is None or not beats.size:
        none = np.full(len(NAMES), np.nan, np.float32)
        return Measured(none, beats / FS, np.empty(0, np.bool_))
    return _measure(signal, beats)


def _measure(signal: Conditioned, beats: NDArray[np.intp]) -> Measured:
    rough_rr = np.diff(beats) / FS
    early = is_early(rough_rr)
    shapes = sort_by_shape(signal.mv, beats, early)
    rr_s = np.diff(shapes.beats) / FS
    chosen = choose(shapes, early, signal.mv.shape[1])
    beat, limits, stacked = _median_beat(signal, shapes, chosen, rr_s)
    per_lead: dict[str, NDArray[np.floating]] = {}
    per_lead |= _ventricular(beat, limits)
    overall = rr_statistics(rr_s) | early_beats(rr_s, shapes.usual)
    overall |= _other_shapes(signal, shapes)
    overall |= _atrial(signal, shapes, beat, limits, stacked, per_lead)
    if isfinite(overall.get("pr_interval", nan)):
        limits = replace(limits, p_on=limits.qrs_on - overall["pr_interval"] / _MS)
    overall |= _intervals(limits, rr_s)
    overall |= _frontal(per_lead, signal.leads)
    overall |= voltages(beat[:, _qrs(limits)], per_lead, signal.leads)
    overall["pacing_spikes"] = len(signal.spikes_s) / len(beats)
    per_lead["noise"] = np.sqrt(np.median(signal.fast[:, ::2] ** 2, axis=1) / 0.455)
    overall["noise"] = float(np.median(per_lead["noise"]))
    values = _in_order(overall, per_lead, signal.leads)
    return Measured(values, shapes.beats / FS, shapes.usual, signal.leads, beat, limits)


def _qrs(limits: Limits) -> slice:
    return slice(round(limits.qrs_on), round(limits.qrs_off) + 1)


def _median_beat(
    signal: Conditioned, shapes: Shapes, chosen: NDArray[np.bool_], rr_s: NDArray[np.float64]
) -> tuple[Floats, Limits, Floats]:
    """Return median beat (L, N), its limits without P, and the beats (B, L, N) it is made of."""
    present = None
    if signal.valid is not None:
        present = stack(signal.valid, shapes.beats[chosen]) > 0
    rough = median_of(stack(signal.mv, shapes.beats[chosen]), present)
    on, off = qrs_limits(rough)
    level = above_pq(signal.mv, shapes.beats, on - BEFORE)
    stacked = stack(level, shapes.beats[chosen])
    beat = median_of(stacked, present)
    quiet = beat[:, max(round(on) - 5, 0) : max(round(on) - 1, 1)]
    beat = beat - quiet.mean(axis=1, keepdims=True)
    rr = _usual_rr(rr_s, chosen)
    t_peak, t_end = t_limits(beat, off, on, rr)
    first, _ = p_window(on, t_end, rr)
    return beat, Limits(on, off, t_peak, t_end, float(first)), stacked


def _usual_rr(rr_s: NDArray[np.float64], chosen: NDArray[np.bool_]) -> float:
    """Return the median interval (samples) before the chosen beats; 0.8 s for a single beat."""
    if not rr_s.size:
        return 0.8 * FS
    before = rr_s[chosen[1:]]
    return float(np.median(before if before.size else rr_s)) * FS


def _ventricular(beat: Floats, limits: Limits) -> dict[str, NDArray[np.floating]]:
    return {
        **qrs_waves(beat[:, _qrs(limits)]),
        **st_segment(beat, limits.qrs_off),
        **t_wave(beat, limits),
    }


def _other_shapes(signal: Conditioned, shapes: Shapes) -> dict[str, float]:
    other = ~shapes.usual
    found = {
        "other_shape_count": float(other.sum()),
        "other_shape_similarity": float(shapes.similarity.min()),
    }
    if other.any():
        on, off = qrs_limits(median_of(stack(signal.mv, shapes.beats[other])))
        found["other_shape_qrs"] = (off - on) * _MS
    return found


def _atrial(
    signal: Conditioned,
    shapes: Shapes,
    beat: Floats,
    limits: Limits,
    stacked: Floats,
    per_lead: dict[str, NDArray[np.floating]],
) -> dict[str, float]:
    """Return P and f wave measurements; those of each lead are put into `per_lead`."""
    found: dict[str, float] = {}
    p_on = nan
    first, last = round(limits.p_from), round(limits.qrs_on - 0.008 * FS)
    on, peak, off = find_p(beat, first, last)
    if isfinite(peak):
        start, stop = max(first, round(peak - 0.09 * FS)), min(last, round(peak + 0.09 * FS))
        share, overall = repeatability(stacked[:, :, start:stop])
        per_lead["p_repeatability"], found["p_repeatability"] = share, overall
        if not overall < _LEAST_REPEATABILITY:
            p_on = on
            wave = above_ends(beat[:, round(on) : round(off) + 1])
            found["p_size"] = float(np.sqrt((wave**2).mean(axis=0)).max())
            found["pr_interval"] = (limits.qrs_on - on) * _MS
            found["p_duration"] = (off - on) * _MS
            per_lead |= p_waves(wave)
            if "V1" in signal.leads:
                found["p_terminal_v1"] = terminal_force(wave[signal.leads.index("V1")])
    t_end = limits.t_end if isfinite(limits.t_end) else limits.qrs_off + 0.25 * FS
    gaps = tq_gaps(
        shapes.beats, t_end - BEFORE, p_on - BEFORE, limits.qrs_on - BEFORE, signal.mv.shape[1]
    )
    per_lead["f_wave"], more = f_waves(signal.atrial, gaps)
    found |= more
    if more:
        found["f_wave"] = float(per_lead["f_wave"].max())
        p_size = found.get("p_size", 0.0)
        found["f_to_p"] = found["f_wave"] / max(found["f_wave"] + p_size, 1e-6)
    return found


def _intervals(limits: Limits, rr_s: NDArray[np.float64]) -> dict[str, float]:
    found = {"qrs_duration": (limits.qrs_off - limits.qrs_on) * _MS}
    qt = (limits.t_end - limits.qrs_on) * _MS
    if isfinite(qt):
        found["qt_interval"] = qt
        if rr_s.size:
            rr = float(np.median(rr_s))
            found |= {"qtc_bazett": qt / sqrt(rr), "qtc_fridericia": qt / rr ** (1 / 3)}
    return found


def _frontal(
    per_lead: Mapping[str, NDArray[np.floating]], leads: tuple[str, ...]
) -> dict[str, float]:
    found = {}
    for axis, least in _AREA.items():
        area = per_lead.get(axis.removesuffix("_axis") + "_area")
        if area is not None:
            found[axis] = frontal_axis(area, leads, least)
    if "qrs_axis" in found and "t_axis" in found:
        found["qrs_t_angle"] = angle_between(found["qrs_axis"], found["t_axis"])
    return found


def _in_order(
    overall: Mapping[str, float],
    per_lead: Mapping[str, NDArray[np.floating]],
    leads: tuple[str, ...],
) -> NDArray[np.float32]:
    """Return all values (len(NAMES),), NaN where there is none."""
    table = np.full((len(LEADS), len(PER_LEAD)), np.nan, np.float32)
    rows = [LEADS.index(lead) for lead in leads]
    for column, name in enumerate(PER_LEAD):
        if name in per_lead:
            table[rows, column] = per_lead[name]
    first = [overall.get(name, nan) for name in GLOBAL]
    return np.concatenate([np.asarray(first, np.float32), table.ravel()])
