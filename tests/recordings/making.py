"""Files and signals made for tests, written byte by byte from the format's definition."""

from pathlib import Path

import numpy as np

from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.recording import Recording


def write_format16(
    folder: Path,
    counts: np.ndarray,  # (C, T) int16
    names: list[str],
    *,
    record: str = "rec",
    fs: float = 500,
    gain: str = "1000/mV",
    offset: int = 0,
    comments: str = "",
) -> Path:
    """Write a WFDB record of one format-16 file by hand; return the header."""
    layout = f"16+{offset}" if offset else "16"
    lines = [f"{record} {len(names)} {fs} {counts.shape[1]}"]
    lines += [f"{record}.dat {layout} {gain} 16 0 0 0 0 {name}" for name in names]
    (folder / f"{record}.dat").write_bytes(b"\0" * offset + counts.T.astype("<i2").tobytes())
    header = folder / f"{record}.hea"
    header.write_text("\n".join(lines) + "\n" + comments)
    return header


def beats_like(rate: float = 75, seconds: float = 10, fs: float = 500) -> tuple[np.ndarray, list]:
    """Return a 12-lead strip (12, T) in mV that obeys Einthoven, and its R times in seconds."""
    time = np.arange(round(seconds * fs)) / fs
    peaks = np.arange(0.4, seconds - 0.2, 60 / rate)

    def wave(offset: float, width: float) -> np.ndarray:
        return sum(np.exp(-0.5 * ((time - r - offset) / width) ** 2) for r in peaks)

    shape = 0.12 * wave(-0.16, 0.025) + wave(0, 0.012) + 0.25 * wave(0.28, 0.05)
    one, two = 0.6 * shape, 1.0 * shape
    limb = [one, two, two - one, -(one + two) / 2, one - two / 2, two - one / 2]
    chest = [a * shape for a in (-0.6, -0.4, 0.3, 0.9, 1.1, 0.9)]
    return np.array(limb + chest, np.float32), list(peaks)


def strip(**keywords: float) -> Recording:
    """Return the strip of `beats_like` as a Recording."""
    mv, _ = beats_like(**keywords)
    return Recording(mv, LEADS, float(keywords.get("fs", 500)), id="strip")
