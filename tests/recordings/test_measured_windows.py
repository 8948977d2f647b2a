import numpy as np

from cardiolex import measure, read
from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.measurements import NAMES
from cardiolex.recordings.measurements.edges import quantile_edges
from cardiolex.recordings.measurements.windows import measure_window, measure_windows
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.recordings.samples import sample_paths

PLAIN = Preprocess(fs=250.0, highpass_hz=None)


def test_a_window_is_measured_like_the_recording_it_is_of():
    recording = read(sample_paths()[0])
    values = measure_windows(PLAIN.windows(recording), 250.0)
    whole = measure(recording)
    assert values.shape == (1, len(NAMES))
    for name, tolerance in (("heart_rate", 1.0), ("qrs_duration", 12.0), ("r V5", 0.08)):
        assert abs(values[0, NAMES.index(name)] - whole[name]) <= tolerance, name


def test_absent_leads_and_padding_cannot_change_a_value():
    cut = PLAIN.windows(read(sample_paths()[1]))
    rng = np.random.default_rng(0)
    leads = np.array([lead in ("I", "V2") for lead in LEADS])
    samples = np.arange(cut.ecg.shape[2]) < 2000
    clean = measure_window(cut.ecg[0], leads, samples, 250.0)
    dirty = cut.ecg[0].copy()
    dirty[~leads] = rng.normal(0, 3, dirty[~leads].shape)
    dirty[:, 2000:] = 7.0
    assert np.array_equal(clean, measure_window(dirty, leads, samples, 250.0), equal_nan=True)
    for name in ("r II", "qrs_axis", "st V6"):
        assert np.isnan(clean[NAMES.index(name)]), name


def test_edges_are_quantiles_and_increase_even_where_values_repeat():
    values = np.full((200, 3), np.nan, np.float32)
    values[:, 0] = np.linspace(0, 10, 200)
    values[:, 1] = 4.0
    values[:5, 2] = 100.0  # too few to say
    edges = quantile_edges(values, 5)
    assert np.allclose(edges[0], np.linspace(0, 10, 6), atol=0.2)
    assert (np.diff(edges, axis=1) > 0).all()
    assert np.allclose(edges[2], np.linspace(0, 1, 6))
