"""WFDB header files, parsed by the specification (header(5), physionet.org/physiotools/wag).

The public parsers refuse or misread headers that are in circulation (record lines that name the
`.mat` file, day-month-year dates), and take milliseconds; this one reads what signals need.
"""

import re
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path

from cardiolex.recordings.readers.errors import MOST_CHANNELS, ReadError, read_text

DEFAULT_FS = 250.0
DEFAULT_GAIN = 200.0

_RECORD = re.compile(
    r"^(?P<name>[^\s/]+)(?:/(?P<segments>\d+))?\s+(?P<signals>-?\d+)(?P<rest>\s.*)?$"
)
_FORMAT = re.compile(r"^(?P<fmt>\d+)(?:x(?P<spf>\d+))?(?::(?P<skew>\d+))?(?:\+(?P<offset>\d+))?$")
_GAIN = re.compile(r"^(?P<gain>[^(/\s]+)(?:\((?P<baseline>[^)]*)\))?(?:/(?P<unit>\S+))?$")


@dataclass(frozen=True)
class Signal:
    """One signal line: where the samples are and how counts become physical units."""

    file: str
    fmt: int
    name: str
    gain: float | None  # counts per unit; None = not stated (uncalibrated)
    baseline: float = 0.0
    unit: str = "mV"
    samples_per_frame: int = 1
    skew: int = 0
    offset: int = 0  # bytes before the first sample
    adc_zero: int = 0


@dataclass(frozen=True)
class Header:
    """A header file; `segments` holds (record name, samples) of a multi-segment record."""

    path: Path
    record: str
    fs: float
    samples: int | None  # per signal; None = not stated
    signals: tuple[Signal, ...] = ()
    segments: tuple[tuple[str, int], ...] = ()
    comments: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def looks_like_header(text: str) -> bool:
    """Tell whether a text begins like a WFDB header."""
    lines = (line.strip() for line in text.splitlines())
    first = next((line for line in lines if line and not line.startswith("#")), "")
    return _RECORD.match(first) is not None and "," not in first


def parse_header(path: Path) -> Header:
    """Parse the header at `path`; ReadError naming the line and field that is wrong."""
    lines = [line.strip() for line in read_text(path).splitlines()]
    comments = tuple(line[1:].strip() for line in lines if line.startswith("#"))
    body = [line for line in lines if line and not line.startswith("#")]
    match = _RECORD.match(body[0]) if body else None
    if match is None:
        raise ReadError(
            path, f"the record line {body[:1]} is not of the form 'name signals fs samples'"
        )
    record, notes = match["name"], []
    if record.lower().endswith((".mat", ".dat", ".hea")):
        notes.append(f"record line names the file {record!r}; taken as record {record[:-4]!r}")
        record = record[:-4]
    fs, samples = _rate_and_length(path, (match["rest"] or "").split())
    count = int(match["segments"]) if match["segments"] else int(match["signals"])
    if not 1 <= count <= (1_000_000 if match["segments"] else MOST_CHANNELS):
        raise ReadError(path, f"states {count} signals", "there is no signal to read")
    if len(body) - 1 < count:
        raise ReadError(
            path, f"states {count} signal lines but has {len(body) - 1}", "is it cut off?"
        )
    lines = body[1 : count + 1]
    header = Header(path, record, fs, samples, comments=comments, notes=tuple(notes))
    if match["segments"]:
        return replace(header, segments=tuple(_segment(path, line) for line in lines))
    return replace(header, signals=tuple(_signal(path, line, n) for n, line in enumerate(lines, 1)))


def _number(path: Path, text: str, what: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ReadError(path, f"{what} is {text!r}, not a number") from None
    if not isfinite(value):
        raise ReadError(path, f"{what} is {text!r}", "it must be finite")
    return value


def _rate_and_length(path: Path, fields: list[str]) -> tuple[float, int | None]:
    fs = DEFAULT_FS
    if fields:
        fs = _number(path, fields[0].split("/")[0].split("(")[0], "the sampling rate")
    if fs <= 0:
        raise ReadError(path, f"states a sampling rate of {fs:g} Hz", "write the true rate")
    if len(fields) < 2 or fields[1] == "0":
        return fs, None
    samples = _number(path, fields[1], "the number of samples")
    if samples != int(samples) or samples < 0:
        raise ReadError(path, f"states {fields[1]} samples", "it must be a whole number above 0")
    return fs, int(samples)


def _segment(path: Path, line: str) -> tuple[str, int]:
    fields = line.split()
    if len(fields) < 2 or not fields[1].isdecimal():
        raise ReadError(path, f"the segment line {line!r} is not of the form 'name samples'")
    return fields[0], int(fields[1])


def _signal(path: Path, line: str, number: int) -> Signal:
    fields = line.split(None, 8)
    layout = _FORMAT.match(fields[1]) if len(fields) > 1 else None
    if layout is None:
        raise ReadError(path, f"signal line {number} ({line!r}) states no storage format")
    spf = int(layout["spf"] or 1)
    if spf < 1:
        raise ReadError(path, f"signal {number} states 0 samples per frame")
    adc_zero = (
        int(_number(path, fields[4], f"the ADC zero of signal {number}")) if len(fields) > 4 else 0
    )
    gain, baseline, unit = _calibration(path, fields, number, adc_zero)
    return Signal(
        file=fields[0],
        fmt=int(layout["fmt"]),
        name=fields[8] if len(fields) > 8 else "",
        gain=gain,
        baseline=baseline,
        unit=unit,
        samples_per_frame=spf,
        skew=int(layout["skew"] or 0),
        offset=int(layout["offset"] or 0),
        adc_zero=adc_zero,
    )


def _calibration(
    path: Path, fields: list[str], number: int, adc_zero: int
) -> tuple[float | None, float, str]:
    """Return gain, baseline and unit; the baseline defaults to the ADC zero, the unit to mV."""
    if len(fields) < 3:
        return None, float(adc_zero), "mV"
    match = _GAIN.match(fields[2])
    if match is None:
        raise ReadError(path, f"signal {number} states the gain {fields[2]!r}")
    gain = _number(path, match["gain"], f"the gain of signal {number}")
    if gain <= 0:
        raise ReadError(
            path, f"signal {number} states a gain of {gain:g}", "write the true counts per mV"
        )
    baseline = float(adc_zero)
    if match["baseline"]:
        baseline = _number(path, match["baseline"], f"the baseline of signal {number}")
    return gain, baseline, match["unit"] or "mV"
