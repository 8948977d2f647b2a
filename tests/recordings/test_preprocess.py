import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.signal import butter, sosfiltfilt

from cardiolex.errors import CardiolexError
from cardiolex.recordings.filters import continued, zero_phase
from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.recordings.recording import Recording
from cardiolex.recordings.repair import fill_missing
from cardiolex.recordings.windowing import window_starts

from .making import strip

PLAIN = Preprocess(highpass_hz=None)


def test_a_ten_second_recording_is_one_window_of_its_own_samples():
    recording = strip()
    windows = PLAIN.windows(recording)
    np.testing.assert_array_equal(windows.ecg[0], recording.mv)
    assert windows.lead_mask.all() and windows.sample_mask.all()
    assert windows.start_s.tolist() == [0]


def test_leads_go_to_their_own_row_and_the_rest_is_masked():
    windows = PLAIN.windows(strip().select(["II", "V3"]))
    present = [lead in ("II", "V3") for lead in LEADS]
    assert windows.lead_mask[0].tolist() == present
    assert not windows.ecg[0][~np.array(present)].any()
    np.testing.assert_array_equal(windows.ecg[0][8], strip().mv[8])


@settings(deadline=None)
@given(st.integers(1, 40_000))
@example(25_001)
def test_windows_cover_every_sample_once_or_more_and_stay_inside(length):
    starts = window_starts(length, 5000)
    covered = np.zeros(length, bool)
    for start in starts:
        assert start == 0 or start + 5000 <= length
        covered[start : start + 5000] = True
    assert covered[: max(5000, length - 1)].all()
    assert len(starts) == max(1, -(-(length - 1) // 5000))


def test_long_recordings_end_with_a_window_aligned_to_the_end():
    recording = strip(seconds=27)
    windows = PLAIN.windows(recording)
    assert windows.start_s.tolist() == [0, 10, 17]
    np.testing.assert_array_equal(windows.ecg[2], recording.mv[:, -5000:])
    assert windows.sample_mask.all()


def test_short_recordings_are_padded_and_the_padding_is_masked():
    recording = strip(seconds=7.3)
    windows = Preprocess().windows(recording)
    assert windows.sample_mask.sum() == 3650 and windows.sample_mask[0, :3650].all()
    assert not windows.ecg[0, :, 3650:].any()


@pytest.mark.parametrize("scale", ["mv", "minmax", "zscore"])
def test_scales_use_only_what_is_visible(scale):
    """A hidden lead, an absent one and the padding must not change any visible number."""
    recording = strip(seconds=6)
    wild = recording.mv.copy()
    wild[5] *= 50
    leads = ["I", "II", "V1"]
    preprocess = Preprocess(scale=scale)
    alone = preprocess.windows(recording.select(leads))
    beside = preprocess.windows(replace(recording, mv=wild).select(leads))
    np.testing.assert_array_equal(alone.ecg, beside.ecg)
    seen = alone.ecg[0][alone.lead_mask[0]][:, alone.sample_mask[0]]
    if scale == "minmax":
        assert seen.min() == 0 and seen.max() == pytest.approx(1)
    if scale == "zscore":
        assert seen.mean() == pytest.approx(0, abs=1e-5) and seen.std() == pytest.approx(
            1, rel=1e-4
        )
    hidden = alone.ecg[0][~alone.lead_mask[0]]
    assert not hidden.any() and not alone.ecg[0][:, ~alone.sample_mask[0]].any()


def test_minmax_is_merls_formula():
    mv = strip().mv
    expected = (mv - mv.min()) / (mv.max() - mv.min() + 1e-8)
    got = Preprocess(highpass_hz=None, scale="minmax").windows(strip()).ecg[0]
    np.testing.assert_allclose(got, expected, atol=1e-6)


def test_missing_samples_are_bridged_along_time_within_their_lead():
    mv = np.array([[0, np.nan, np.nan, 3, 4], [np.inf, 1, 1, 1, np.nan]], np.float32)
    np.testing.assert_allclose(fill_missing(mv), [[0, 1, 2, 3, 4], [1, 1, 1, 1, 1]])
    assert np.isnan(mv[0, 1])  # the input is left alone


def test_a_missing_sample_changes_nothing_elsewhere():
    recording = strip()
    broken = recording.mv.copy()
    broken[3, 777] = np.nan
    got = Preprocess(lowpass_hz=40).windows(replace(recording, mv=broken)).ecg
    expected = Preprocess(lowpass_hz=40).windows(recording).ecg
    np.testing.assert_allclose(got, expected, atol=0.02)
    np.testing.assert_array_equal(np.delete(got, 3, 1), np.delete(expected, 3, 1))


def test_lost_leads_are_absent_not_zero():
    mv = strip().mv.copy()
    mv[0] = np.nan  # nothing measured
    mv[1] = 0.123  # lead off: a constant
    mv[2, :2600] = np.inf  # more than half lost
    mv[3, :2400] = np.nan  # less than half lost
    windows = Preprocess(fs=250).windows(Recording(mv, LEADS, 500))
    assert windows.lead_mask[0].tolist() == [False] * 3 + [True] * 9
    assert not windows.ecg[0, :3].any() and np.isfinite(windows.ecg).all()


def test_a_lead_lost_for_one_window_is_absent_there_only():
    recording = strip(seconds=30)
    mv = recording.mv.copy()
    mv[4, 5000:10_000] = 0
    windows = Preprocess(fs=250).windows(replace(recording, mv=mv))
    assert windows.lead_mask[:, 4].tolist() == [True, False, True]
    assert windows.lead_mask[:, 5].all()


def test_windows_without_any_lead_are_left_out_and_nothing_at_all_is_an_error():
    recording = strip(seconds=30)
    mv = recording.mv.copy()
    mv[:, 5000:10_000] = np.nan
    assert PLAIN.windows(replace(recording, mv=mv)).start_s.tolist() == [0, 20]
    with pytest.raises(CardiolexError, match="flat or missing"):
        PLAIN.windows(replace(recording, mv=np.full_like(mv, 2)))


def test_the_filter_passes_the_band_and_removes_offset_drift_and_mains():
    time_s = np.arange(5000) / 500
    beat_band = np.sin(2 * np.pi * 8 * time_s)
    drift = 2 + 3 * np.sin(2 * np.pi * 0.05 * time_s)
    hum = np.sin(2 * np.pi * 100 * time_s)
    filtered = zero_phase((beat_band + drift + hum)[None].astype(np.float32), 500, 0.5, 40)[0]
    np.testing.assert_allclose(filtered[500:-500], beat_band[500:-500], atol=0.12)  # no delay
    assert np.abs(filtered).max() < 1.6  # and no step at the ends, where drift starts at 2


@pytest.mark.parametrize("samples", [1, 2, 3, 9, 50, 600])
def test_filters_accept_any_length(samples):
    assert zero_phase(np.ones((2, samples), np.float32), 500, 0.5, 40).shape == (2, samples)


@pytest.mark.parametrize("edges", [(0.5, None), (8.0, 25.0)])
def test_both_passes_are_those_of_scipy(edges):
    values = np.random.default_rng(1).normal(size=(3, 2000)).astype(np.float32)
    sections = np.concatenate(
        [
            butter(2, edge, kind, fs=500, output="sos")
            for edge, kind in zip(edges, ("highpass", "lowpass"), strict=True)
            if edge is not None
        ]
    )
    reach = round(500 / edges[0])
    both = sosfiltfilt(sections, continued(values, reach, 500), axis=1, padtype=None)
    expected = both[:, reach:-reach]
    np.testing.assert_allclose(zero_phase(values, 500, *edges), expected, atol=1e-6)


def test_a_rate_of_100_and_of_500_look_alike_after_preprocessing():
    preprocess = Preprocess(fs=250, lowpass_hz=40)
    fine = preprocess.windows(strip(fs=500)).ecg[0]
    coarse = preprocess.windows(strip(fs=100)).ecg[0]
    assert np.abs(fine - coarse).max() < 0.05 * np.abs(fine).max()


def test_settings_travel_as_plain_data_and_refuse_what_they_do_not_know():
    preprocess = Preprocess(fs=250, scale="zscore", lowpass_hz=None, clip_mv=5)
    data = preprocess.to_dict()
    assert Preprocess.from_dict(data) == preprocess
    with pytest.raises(CardiolexError, match=r"unknown.*notch"):
        Preprocess.from_dict(data | {"notch": 50})
    with pytest.raises(CardiolexError, match=r"missing.*fs"):
        Preprocess.from_dict({key: value for key, value in data.items() if key != "fs"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"fs": 0},
        {"seconds": -1},
        {"highpass_hz": 300},
        {"lowpass_hz": 250},
        {"scale": "none"},
        {"max_missing": 1.0},
        {"clip_mv": float("nan")},
    ],
)
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(CardiolexError, match="preprocess"):
        Preprocess(**wrong)


def test_clip_limits_spikes():
    mv = strip().mv.copy()
    mv[0, 100] = 40
    windows = Preprocess(highpass_hz=None, clip_mv=5).windows(Recording(mv, LEADS, 500))
    assert windows.ecg.max() == 5


def test_it_is_quick():
    """At least 100 recordings a second even on a busy machine; about 600 on a free core."""
    recording, preprocess = strip(), Preprocess(fs=250)
    preprocess.windows(recording)
    best = min(_seconds(lambda: preprocess.windows(recording)) for _ in range(10))
    assert best < 0.01


def _seconds(work) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start
