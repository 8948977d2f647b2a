"""One multiplex group of a DICOM waveform: channels recorded together (PS3.3 C.10.9.1)."""

import re
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cardiolex.recordings.leads import standard_name
from cardiolex.recordings.readers.errors import ReadError, bounded_shape
from cardiolex.recordings.readers.lead_codes import lead_of_code
from cardiolex.recordings.readers.pieces import Piece, in_millivolts, require_rate

_SAMPLES = {
    (8, "SB"): "i1",
    (8, "UB"): "u1",
    (16, "SS"): "<i2",
    (16, "US"): "<u2",
    (32, "SL"): "<i4",
    (32, "UL"): "<u4",
}


@dataclass(frozen=True, eq=False)
class Group:
    """A group as a piece of the recording; `derived` = computed (median beats), not recorded."""

    piece: Piece
    derived: bool
    unit_known: bool
    notes: tuple[str, ...] = ()


def read_group(path: Path, item: Any, number: int) -> Group:
    """Read one item of the Waveform Sequence, in mV."""
    where = f"multiplex group {number}"
    channels = _whole(path, item, "NumberOfWaveformChannels", where)
    samples = _whole(path, item, "NumberOfWaveformSamples", where)
    bounded_shape(path, channels, samples)
    fs = require_rate(path, _real(path, item, "SamplingFrequency", where), where)
    start_s = float(item.get("MultiplexGroupTimeOffset") or 0.0) / 1000
    if not abs(start_s) < 1e7:
        raise ReadError(path, f"{where} starts at {start_s:g} s", "it is damaged")
    counts = _counts(path, item, channels, samples, where)
    definitions = list(item.get("ChannelDefinitionSequence") or ())
    if len(definitions) != channels:
        raise ReadError(path, f"{where} defines {len(definitions)} of {channels} channels")
    names = tuple(_name(definition, n + 1) for n, definition in enumerate(definitions))
    rows = [
        _in_units(path, definition, name, row)
        for definition, name, row in zip(definitions, names, counts, strict=True)
    ]
    known = all(unit for name, (_, unit) in zip(names, rows, strict=True) if standard_name(name))
    label = str(item.get("MultiplexGroupLabel") or "").strip()
    return Group(
        Piece(
            np.stack([row for row, _ in rows]),
            names,
            fs,
            start_s,
            f"{where}{f' {label!r}' if label else ''}",
        ),
        str(item.get("WaveformOriginality", "")).upper() == "DERIVED",
        known,
        _notes(definitions, names, where),
    )


def _counts(path: Path, item: Any, channels: int, samples: int, where: str) -> NDArray[np.float64]:
    """Return the raw samples (C, T); padding is NaN."""
    bits = int(item.get("WaveformBitsAllocated") or 0)
    kind = (bits, str(item.get("WaveformSampleInterpretation", "")))
    if kind == (0, ""):
        raise ReadError(path, f"{where} does not state its kind of samples", "it is damaged")
    if kind not in _SAMPLES:
        cause = f"{where} holds samples of the kind {kind[1]} with {bits} bits"
        raise ReadError(path, cause, "export it with 16-bit integers (SS)")
    dtype = np.dtype(_SAMPLES[kind])
    data = item.get("WaveformData")
    held = len(data) if isinstance(data, bytes) else 0
    if held < channels * samples * dtype.itemsize:
        raise ReadError(
            path,
            f"{where} states {channels} x {samples} samples, but holds {held} bytes",
            "it is cut off",
        )
    raw = np.frombuffer(data, dtype, channels * samples).reshape(samples, channels).T
    values = raw.astype(np.float64)
    padding = item.get("WaveformPaddingValue")
    if isinstance(padding, bytes) and len(padding) >= dtype.itemsize:
        values[raw == np.frombuffer(padding, dtype, 1)[0]] = np.nan
    return values


def _in_units(
    path: Path, definition: Any, name: str, counts: NDArray[np.float64]
) -> tuple[NDArray[np.float64], bool]:
    """Return counts * sensitivity * correction + baseline in mV, and whether the unit is known."""
    if definition.get("ChannelSensitivity") is None:
        return counts, False
    where = f"channel {name!r}"
    scale = _real(path, definition, "ChannelSensitivity", where)
    scale *= float(definition.get("ChannelSensitivityCorrectionFactor") or 1.0)
    baseline = float(definition.get("ChannelBaseline") or 0.0)
    if not (isfinite(scale) and isfinite(baseline) and scale != 0):
        raise ReadError(path, f"{where} has the sensitivity {scale:g}", "it is damaged")
    units = definition.get("ChannelSensitivityUnitsSequence")
    unit = str(units[0].get("CodeValue", "")) if units else ""
    if not unit:
        return counts * scale + baseline, False
    return in_millivolts(path, name, counts * scale + baseline, unit), True


def _name(definition: Any, number: int) -> str:
    """Return the lead by its code, else by the meaning of the code, else by the label."""
    label = str(definition.get("ChannelLabel") or "").strip()
    source = definition.get("ChannelSourceSequence")
    if not source:
        return label or f"channel {number}"
    scheme, code, meaning = (
        str(source[0].get(key) or "")
        for key in ("CodingSchemeDesignator", "CodeValue", "CodeMeaning")
    )
    lead = lead_of_code(scheme, code)
    if lead is not None:
        return lead
    words = re.sub(r"\s*\(.*\)|,.*", "", meaning).strip()
    named = [name for name in (code, words, label) if standard_name(name)]
    return named[0] if named else words or label or f"channel {number}"


def _notes(definitions: list[Any], names: tuple[str, ...], where: str) -> tuple[str, ...]:
    skewed = [
        name
        for name, one in zip(names, definitions, strict=True)
        if float(one.get("ChannelTimeSkew") or 0) or float(one.get("ChannelSampleSkew") or 0)
    ]
    return (f"{where}: time skew of {', '.join(skewed)} is not corrected",) if skewed else ()


def _whole(path: Path, item: Any, key: str, where: str) -> int:
    return int(_real(path, item, key, where))


def _real(path: Path, item: Any, key: str, where: str) -> float:
    try:
        value = float(item.get(key))
    except (TypeError, ValueError):
        raise ReadError(path, f"{where} has no number in {key}", "it is damaged") from None
    if not isfinite(value):
        raise ReadError(path, f"{where} states {value} in {key}", "it is damaged")
    return value
