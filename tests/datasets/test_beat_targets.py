"""Heartbeats on the grid of segments: known beats, and those of a simulated recording."""

import numpy as np

from cardiolex.datasets.beat_targets import BINARY, CONTINUOUS, beat_targets
from cardiolex.datasets.simulated import SimulatedECGs
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.reports.vocabulary import Vocabulary
from cardiolex.simulation import Beats, Settings

COLUMN = {name: i for i, name in enumerate((*BINARY, *CONTINUOUS))}


def column(table, name):
    return table[..., COLUMN[name]]


def three_beats() -> Beats:
    on = np.array([0.25, 1.05, 1.85])
    return Beats(
        kind=("normal", "normal", "pvc"),
        qrs_on_s=on,
        qrs_off_s=on + np.array([0.09, 0.09, 0.15]),
        p_on_s=np.array([0.09, 0.89, np.nan]),
        p_off_s=np.array([0.19, 0.99, np.nan]),
        t_on_s=on + 0.2,
        t_off_s=on + 0.4,
        r_peak_s=np.repeat(on[:, None] + 0.04, 12, axis=1),
        p_wave_s=np.array([0.14, 0.94]),
    )


def test_what_is_known_of_three_beats_stands_where_they_begin():
    table = beat_targets(three_beats(), 0.2, 10)
    assert np.flatnonzero(column(table, "qrs")).tolist() == [1, 5, 9]
    np.testing.assert_allclose(column(table, "qrs place")[[1, 5, 9]], 0.25, atol=1e-5)
    assert np.flatnonzero(column(table, "p wave")).tolist() == [0, 4]
    np.testing.assert_allclose(column(table, "p place")[[0, 4]], 0.7, atol=1e-5)
    np.testing.assert_allclose(column(table, "rr before")[[1, 5, 9]], [np.nan, 0, 0], atol=1e-6)
    np.testing.assert_allclose(column(table, "pr")[[1, 5, 9]], [1, 1, np.nan], atol=1e-5)
    np.testing.assert_allclose(column(table, "qrs duration")[[1, 5, 9]], [0.9, 0.9, 1.5], atol=1e-5)
    assert column(table, "ventricular")[[1, 5, 9]].tolist() == [0, 0, 1]
    elsewhere = np.setdiff1d(np.arange(10), [1, 5, 9])
    assert np.isnan(table[elsewhere][:, [COLUMN[n] for n in ("ventricular", "pr", "qt")]]).all()


def test_examples_carry_them_only_where_asked():
    plain = SimulatedECGs(2, Vocabulary.load(), Preprocess(fs=250.0), Settings(fs=250.0))
    assert plain[0].beats is None
    asked = SimulatedECGs(2, plain.vocabulary, plain.preprocess, plain.settings, beat_segment_s=0.2)
    table = asked[0].beats
    assert table is not None and table.shape == (50, len(COLUMN))
    with_qrs = np.flatnonzero(column(table, "qrs"))
    starts = (with_qrs + column(table, "qrs place")[with_qrs]) * 0.2
    before = 0.8 * 2.0 ** column(table, "rr before")[with_qrs]
    known = np.isfinite(before[1:])
    np.testing.assert_allclose(np.diff(starts)[known], before[1:][known], atol=1e-3)
