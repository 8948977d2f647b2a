"""CSV and TSV: a row of lead names, then one row per sample."""

import io
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cardiolex.recordings.leads import standard_name
from cardiolex.recordings.readers.errors import ReadError, bounded_shape, bounded_size
from cardiolex.recordings.readers.stated import Stated, read_sidecar
from cardiolex.recordings.recording import Recording
from cardiolex.recordings.units import is_voltage

_UNIT_SUFFIX = re.compile(r"^(?P<name>.+?)[ _]*[\[(_ ](?P<unit>[munµμ]?v|ms|s|us)[\])]?$", re.I)
_TIME = {"time", "t", "timestamp", "seconds", "zeit", "tiempo", "elapsed"}
_INDEX = {"sample", "samples", "index", "n", "#", ""}
_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6}
_COMMENT = re.compile(r"^#\s*(fs|unit)\s*[:=]\s*(\S+)", re.I | re.M)
_ROUNDED = 1e-3  # times are often printed in whole milliseconds


@dataclass(frozen=True)
class Head:
    """The start of a table: its delimiter, column names and units, and where numbers begin."""

    delimiter: str
    names: tuple[str, ...]
    units: tuple[str | None, ...]
    first_row: int  # lines before the numbers
    decimal: str = "."


def split_unit(column: str) -> tuple[str, str | None]:
    """Return name and unit of a column title: "II (mV)", "V1_uV", "time [ms]", "aVR"."""
    match = _UNIT_SUFFIX.match(column.strip())
    if match is None:
        return column.strip(), None
    return match["name"].strip(), match["unit"]


def parse_head(text: str) -> Head | None:
    """Find the row of column names in the first lines; None if none of them names a lead."""
    lines = text.splitlines()[:50]
    for number, line in enumerate(lines):
        if line.lstrip().startswith("#") or not line.strip():
            continue
        delimiter = max(",;\t", key=line.count) if any(d in line for d in ",;\t") else "\t"
        cells = [cell.strip().strip('"') for cell in line.split(delimiter)]
        titles = [split_unit(cell) for cell in cells]
        if not any(standard_name(name) for name, _ in titles):
            return None
        following = lines[number + 1] if number + 1 < len(lines) else ""
        below = [cell.strip(' "()[]') for cell in following.split(delimiter)]
        row_of_units = len(below) == len(cells) and any(is_voltage(cell) for cell in below)
        units = below if row_of_units else [unit for _, unit in titles]
        decimal = "," if delimiter == ";" and "," in text else "."
        first = number + (2 if row_of_units else 1)
        return Head(delimiter, tuple(n for n, _ in titles), tuple(units), first, decimal)
    return None


def read_table(path: Path, facts: Stated) -> Recording:
    """Read a delimited text file of lead columns.

    The unit stands in the titles ("II_mV"), in a row below them, in a line "# unit: uV", in the
    sidecar or in the call; the rate in "# fs: 500", in the sidecar, in the call, or follows from
    a time column, which must be even. Empty cells are missing samples.
    """
    size = bounded_size(path)
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    head = parse_head(text)
    if head is None:
        raise ReadError(path, "no column is named after a lead", "name the columns I, II, V1 …")
    bounded_shape(path, len(head.names), max(1, size // (2 * len(head.names))))
    values = _numbers(path, text, head)  # (columns, T)
    facts = facts.over(read_sidecar(path)).over(_comment_facts(path, text[:4096]))
    return _recording(path, head, values, facts)


def _comment_facts(path: Path, text: str) -> Stated:
    """Return what lines like "# fs: 500" and "# unit = uV" state."""
    found = {key.lower(): value for key, value in _COMMENT.findall(text)}
    unit = found.get("unit")
    if unit is not None and not is_voltage(unit):
        raise ReadError(path, f"states the unit {unit!r}", "use V, mV, uV or nV")
    try:
        return Stated(fs=float(found["fs"]) if "fs" in found else None, unit=unit)
    except ValueError:
        raise ReadError(path, f"states fs {found['fs']!r}, not a number") from None


def _numbers(path: Path, text: str, head: Head) -> NDArray[np.float64]:
    import pandas as pd

    try:
        table = pd.read_csv(
            io.StringIO(text),
            sep=head.delimiter,
            decimal=head.decimal,
            header=None,
            names=list(range(len(head.names))),
            index_col=False,
            skiprows=head.first_row,
            comment="#",
            skipinitialspace=True,
            on_bad_lines="error",
        )
    except Exception as error:
        raise ReadError(
            path, f"is no even table ({str(error).strip()})", "every row needs every column"
        ) from error
    if table.empty:
        raise ReadError(path, "has column names but no samples")
    kinds = [dtype.kind for dtype in table.dtypes]
    text_columns = [n for n, kind in zip(head.names, kinds, strict=True) if kind not in "fiu"]
    if text_columns:
        raise ReadError(path, f"columns {text_columns} hold text", "every cell must be a number")
    return np.asarray(table.to_numpy(np.float64).T)


def _recording(path: Path, head: Head, values: NDArray[np.float64], facts: Stated) -> Recording:
    lower = [name.lower() for name in head.names]
    times = [n for n, name in enumerate(lower) if name in _TIME]
    kept = [n for n, name in enumerate(lower) if name not in _TIME | _INDEX]
    if facts.fs is None and times:
        scale = _SECONDS.get((head.units[times[0]] or "s").lower(), 1.0)
        facts = facts.over(Stated(fs=_rate(path, values[times[0]] * scale)))
    names = [head.names[n] for n in kept]
    units = [head.units[n] for n in kept]
    scale_facts = facts.scale()
    if any(is_voltage(u or "") for u in units) and facts.gain is None:
        named = [u if u is not None and is_voltage(u) else facts.unit or "mV" for u in units]
        scale_facts = {"unit": named}
    return Recording.from_channels(
        values[kept], names, facts.require_fs(path), **scale_facts, **facts.person(path)
    )


def _rate(path: Path, seconds: NDArray[np.float64]) -> float:
    """Return the rate of an even time column."""
    steps = np.diff(seconds)
    if not steps.size or not np.isfinite(steps).all() or steps.min() <= 0:
        raise ReadError(path, "the time column does not rise from row to row", "state fs instead")
    step = float(seconds[-1] - seconds[0]) / steps.size
    if np.abs(seconds - seconds[0] - step * np.arange(seconds.size)).max() > step:
        raise ReadError(path, "the time column is uneven (samples missing?)", "resample it first")
    whole = round(1 / step)
    return float(whole) if abs(1 / step - whole) < _ROUNDED * whole else 1 / step
