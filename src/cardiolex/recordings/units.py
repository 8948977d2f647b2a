"""Voltage units and analogue-to-digital counts, all to millivolts."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cardiolex.errors import CardiolexError

_MV_PER_UNIT = {
    "v": 1e3,
    "volt": 1e3,
    "volts": 1e3,
    "mv": 1.0,
    "millivolt": 1.0,
    "millivolts": 1.0,
    "uv": 1e-3,
    "\u00b5v": 1e-3,  # micro sign
    "\u03bcv": 1e-3,  # Greek mu
    "microvolt": 1e-3,
    "microvolts": 1e-3,
    "nv": 1e-6,
    "nanovolt": 1e-6,
    "nanovolts": 1e-6,
}


def is_voltage(unit: str) -> bool:
    """Tell whether `unit` names a voltage this package converts."""
    return unit.strip().lower() in _MV_PER_UNIT


def millivolts_per(unit: str) -> float:
    """Return how many millivolts one `unit` is (V, mV, uV, µV, nV, in any case).

    Raises CardiolexError for anything else.
    """
    try:
        return _MV_PER_UNIT[unit.strip().lower()]
    except KeyError:
        raise CardiolexError(f"unknown unit {unit!r}; use V, mV, uV or nV") from None


def _column(value: ArrayLike, channels: int, what: str) -> NDArray[np.float64]:
    column = np.asarray(value, np.float64).reshape(-1)
    if column.size not in (1, channels):
        raise CardiolexError(f"{column.size} values of {what} for {channels} channels")
    return np.broadcast_to(column, (channels,))[:, None]


def to_millivolts(
    values: NDArray[np.number[Any]],
    unit: str | Sequence[str] = "mV",
    gain: ArrayLike | None = None,
    baseline: ArrayLike = 0.0,
) -> NDArray[np.float32]:
    """Convert (C, T) values to float32 millivolts.

    With `gain` (counts per `unit`) the values are counts: (values - baseline) / gain in `unit`.
    `unit`, `gain` and `baseline` are one for all channels or one per channel. A gain that is not
    a finite number above zero raises CardiolexError.
    """
    channels = values.shape[0]
    units = [unit] * channels if isinstance(unit, str) else list(unit)
    if len(units) != channels:
        raise CardiolexError(f"{len(units)} units for {channels} channels")
    factor = np.array([millivolts_per(u) for u in units])[:, None]
    if gain is None:
        return _float32(values, factor)
    counts_per_unit = _column(gain, channels, "gain")
    if not np.all(np.isfinite(counts_per_unit) & (counts_per_unit > 0)):
        raise CardiolexError(f"gain must be above 0 counts per unit, not {gain}")
    return _float32(values - _column(baseline, channels, "baseline"), factor / counts_per_unit)


def _float32(values: NDArray[Any], factor: NDArray[np.float64]) -> NDArray[np.float32]:
    """Multiply and narrow; what overflows becomes Inf, which counts as a missing sample."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(values * factor, np.float32)
