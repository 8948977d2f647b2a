"""Plain two-dimensional arrays: which axis is time, and on to a Recording."""

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.readers.errors import ReadError, bounded_shape
from cardiolex.recordings.readers.stated import Stated
from cardiolex.recordings.recording import Recording


def channels_first(path: Path, array: NDArray[Any], channels: int) -> NDArray[Any]:
    """Return `array` as (channels, T); the axis of the stated length holds the channels."""
    if array.ndim != 2 or array.dtype.kind not in "fiu":
        raise ReadError(path, f"holds {array.dtype} of shape {array.shape}, not a table of numbers")
    if channels not in array.shape:
        raise ReadError(path, f"holds {array.shape} values, but {channels} leads are stated")
    bounded_shape(path, channels, array.size // channels)
    return array if array.shape[0] == channels else array.T


def from_array(path: Path, array: NDArray[Any], facts: Stated) -> Recording:
    """Build the recording of an array whose rate, leads and unit are stated beside it."""
    names = facts.require_leads(path)
    values = channels_first(path, array, len(names))
    return Recording.from_channels(
        values, names, facts.require_fs(path), **facts.scale(), **facts.person(path)
    )


def twelve_leads(
    path: Path, array: NDArray[Any], fs: float, unit: str | None, layout: str, **metadata: Any
) -> Recording:
    """Build a recording of twelve unnamed channels in the order that `layout` documents.

    `unit` None = not known: the numbers stay as they are and `unit_known` is False.
    """
    notes = [f"leads are not named in the file; order I … V6 as {layout} documents it"]
    if unit is None:
        notes.append(f"unit unknown: {layout} does not state it, amplitudes are not millivolts")
    return Recording.from_channels(
        channels_first(path, array, len(LEADS)),
        LEADS,
        fs,
        unit=unit or "mV",
        unit_known=unit is not None,
        notes=(*notes, *metadata.pop("notes", ())),
        **metadata,
    )
