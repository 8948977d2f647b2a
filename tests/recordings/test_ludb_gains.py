"""LUDB's headers stretch each lead to 1 mV; the reader undoes that, and only that."""

from pathlib import Path

import numpy as np
import wfdb

from cardiolex.recordings.readers import read
from cardiolex.recordings.samples import samples


def _stretched(folder: Path, counts: np.ndarray, names: list[str]) -> Path:
    """Write integer counts (T, C) with LUDB's kind of gain: the lead's own peak to peak."""
    wfdb.wrsamp(
        "s1",
        fs=500,
        units=["mV"] * len(names),
        sig_name=names,
        d_signal=counts,
        fmt=["16"] * len(names),
        adc_gain=[float(np.ptp(column)) for column in counts.T],
        baseline=[0] * len(names),
        write_dir=str(folder),
    )
    return folder / "s1.hea"


def _limb_counts() -> np.ndarray:
    rng = np.random.default_rng(0)
    one, two = rng.integers(-900, 900, 4000), rng.integers(-400, 1500, 4000)
    return np.stack([one, two, two - one], axis=1)


def test_counts_become_microvolts_where_only_they_obey_einthoven(tmp_path: Path) -> None:
    counts = _limb_counts()
    recording = read(_stretched(tmp_path, counts, ["i", "ii", "iii"]))
    np.testing.assert_allclose(recording.mv.T, counts / 1000, atol=1e-5)
    assert any("Einthoven" in note for note in recording.notes)


def test_stretched_leads_whose_counts_disobey_einthoven_are_left_as_stated(tmp_path: Path) -> None:
    counts = _limb_counts()
    counts[:, 2] += 40 * np.arange(4000) % 300
    recording = read(_stretched(tmp_path, counts, ["i", "ii", "iii"]))
    np.testing.assert_allclose(np.ptp(recording.mv, axis=1), 1.0, atol=1e-5)
    assert not any("Einthoven" in note for note in recording.notes)


def test_bundled_ludb_record_obeys_einthoven() -> None:
    (sample,) = [s for s in samples() if s.dataset.startswith("LUDB")][:1]
    recording = read(sample.path)
    one, two, three = recording.mv[:3]
    assert np.abs(one + three - two).max() < 0.003
