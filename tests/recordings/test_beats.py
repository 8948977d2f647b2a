import numpy as np
import pytest
import sleepecg
from scipy.ndimage import median_filter

from cardiolex.recordings.beats import find_beats, median_beat
from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.readers import read
from cardiolex.recordings.recording import Recording
from cardiolex.recordings.running_median import median_of_few
from cardiolex.recordings.samples import samples

from .making import beats_like, strip

UNPACED = [s.path for s in samples() if "paced" not in " ".join(s.conditions)]


@pytest.mark.parametrize("rate", [35, 60, 75, 110, 160, 200])
@pytest.mark.parametrize("fs", [100, 250, 500, 1000])
def test_every_generated_beat_is_found_where_it_is(rate, fs):
    mv, peaks = beats_like(rate, 12, fs)
    beats = find_beats(Recording(mv, LEADS, fs))
    assert len(beats) == len(peaks)
    np.testing.assert_allclose(beats.times_s, peaks, atol=0.02)
    assert beats.heart_rate == pytest.approx(rate, rel=0.02)


@pytest.mark.parametrize("lead", ["I", "aVR", "V2"])
def test_one_noisy_lead_is_enough(lead):
    mv, peaks = beats_like()
    noisy = mv + np.random.default_rng(0).normal(0, 0.04, mv.shape)
    beats = find_beats(Recording(noisy, LEADS, 500).select([lead]))
    assert len(beats) == len(peaks)
    np.testing.assert_allclose(beats.times_s, peaks, atol=0.05)


def test_gaps_spikes_and_a_dead_lead_do_no_harm():
    mv, peaks = beats_like()
    mv[3] = 0
    mv[5, 2000:3000] = np.nan
    mv[7, [700, 1900, 3300]] = 15  # electrostatic clicks
    beats = find_beats(Recording(mv, LEADS, 500))
    np.testing.assert_allclose(beats.times_s, peaks, atol=0.03)


@pytest.mark.parametrize("kind", ["flat", "missing", "noise", "walk", "short"])
def test_without_beats_there_are_none(kind):
    random = np.random.default_rng(5)
    mv = {
        "flat": np.full((12, 5000), 0.3),
        "missing": np.full((12, 5000), np.nan),
        "noise": random.normal(0, 0.1, (12, 5000)),
        "walk": np.cumsum(random.normal(0, 0.01, (12, 5000)), axis=1),
        "short": random.normal(0, 0.1, (12, 20)),
    }[kind]
    beats = find_beats(Recording(mv, LEADS, 500))
    assert len(beats) == 0 and beats.heart_rate is None
    assert median_beat(Recording(mv, LEADS, 500), beats) is None


@pytest.mark.parametrize("path", UNPACED, ids=lambda path: path.stem)
def test_real_beats_agree_with_an_independent_detector(path):
    """sleepecg (Hamilton's detector) run on each lead; the lead most others agree with counts."""
    recording = read(path)
    found = [sleepecg.detect_heartbeats(row.astype(float), recording.fs) for row in recording.mv]
    typical = np.median([len(beats) for beats in found])
    near = 0.1 * recording.fs
    beats = find_beats(recording).samples
    assert abs(len(beats) - typical) <= 1
    seen_by = [sum(bool(len(f)) and np.abs(f - beat).min() < near for f in found) for beat in beats]
    assert np.mean(np.array(seen_by) >= len(found) / 2) > 0.9


def test_the_median_beat_is_the_beat():
    recording = strip(rate=70).select(["II", "V5"])
    beat = median_beat(recording, find_beats(recording))
    assert beat.shape == (12, 350)
    assert np.isnan(beat[[0, 2, 11]]).all()
    assert beat[1].argmax() == pytest.approx(125, abs=2)  # R, 0.25 s after the start
    assert beat[1].max() == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize("width", [3, 5])
@pytest.mark.parametrize("length", [5, 6, 1000])
def test_the_running_median_of_few_samples(width, length):
    values = np.random.default_rng(length).normal(size=(4, length)).round(1).astype(np.float32)
    np.testing.assert_array_equal(median_of_few(values, width), median_filter(values, (1, width)))
