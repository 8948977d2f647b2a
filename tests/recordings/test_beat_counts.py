import numpy as np
import pytest

from cardiolex.recordings.beat_counts import count_beats
from cardiolex.recordings.beats import find_beats
from cardiolex.simulation import simulate

FS = 500.0


@pytest.fixture(scope="module")
def recordings():
    found = (simulate(index, seed=3).recording for index in range(40))
    return [r for r in found if r.mv.shape == (12, 5000)][:4]


def test_counts_are_those_of_the_detector_whatever_the_scale(recordings):
    ecg = np.stack([np.nan_to_num(r.mv) for r in recordings])
    leads = np.ones((len(ecg), 12), bool)
    samples = np.ones((len(ecg), 5000), bool)
    want = [len(find_beats(r)) for r in recordings]
    assert count_beats(ecg, leads, samples, FS).tolist() == want
    assert min(want) > 3
    scaled = (ecg - ecg.min()) / np.ptp(ecg)
    assert count_beats(scaled.astype(np.float32), leads, samples, FS).tolist() == want


def test_absent_leads_and_padding_do_not_count(recordings):
    ecg = np.stack([np.nan_to_num(recordings[0].mv)] * 3)
    leads = np.ones((3, 12), bool)
    samples = np.ones((3, 5000), bool)
    leads[1, 3:] = False
    samples[2, 2500:] = False
    noise = np.random.default_rng(0).normal(size=ecg.shape).astype(np.float32)
    there = leads[:, :, None] & samples[:, None]
    assert np.array_equal(
        count_beats(np.where(there, ecg, noise), leads, samples, FS),
        count_beats(np.where(there, ecg, 0), leads, samples, FS),
    )
    whole, _, half = count_beats(ecg, leads, samples, FS)
    assert abs(whole / 2 - half) <= 2
    none = np.zeros_like(leads)
    assert count_beats(ecg, none, samples, FS).tolist() == [0, 0, 0]
