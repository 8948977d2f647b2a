"""Whole recordings: determinism, truth against independent detection, exclusivity."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.signal import find_peaks

from cardiolex.errors import CardiolexError
from cardiolex.simulation import CONDITIONS, Settings, SimulatedECG, simulate

CLEAN = Settings(noise=False)
EXCLUSIVE = (
    {"atrial fibrillation", "sinus rhythm", "atrial flutter", "junctional rhythm"},
    {"sinus bradycardia", "sinus tachycardia"},
    {"complete right bundle branch block", "complete left bundle branch block"},
    {"normal ecg", "st depression"},
    {"normal ecg", "premature ventricular complex"},
    {"left axis deviation", "right axis deviation"},
)


def required(condition: str, index: int = 0, noise: bool = False) -> SimulatedECG:
    return simulate(index, seed=5, settings=Settings(require=condition, noise=noise))


def test_the_same_seed_and_index_give_the_same_recording_and_others_differ() -> None:
    a, b, c = (simulate(k, seed=s) for k, s in ((3, 1), (3, 1), (3, 2)))
    np.testing.assert_array_equal(a.recording.mv, b.recording.mv)
    assert a.recording.report == b.recording.report and a.present == b.present
    assert a.recording.mv.shape != c.recording.mv.shape or (a.recording.mv != c.recording.mv).any()
    other = simulate(4, seed=1)
    assert a.recording.report != other.recording.report or a.present != other.present


@pytest.mark.parametrize("fs", [100.0, 250.0, 360.0])
def test_any_sampling_rate_and_length(fs: float) -> None:
    ecg = simulate(0, settings=Settings(fs=fs, seconds=7.0, noise=False))
    assert ecg.recording.mv.shape == (12, round(7 * fs))
    assert np.isfinite(ecg.recording.mv).all() and np.abs(ecg.recording.mv).max() > 0.2


def test_truth_is_consistent_over_many_recordings() -> None:
    for index in range(150):
        ecg = simulate(index, seed=21, settings=Settings(fs=250.0))
        assert not ecg.present & ecg.unknown
        assert ecg.present <= set(CONDITIONS)
        for group in EXCLUSIVE:
            assert len(group & ecg.present) <= 1, (index, group & ecg.present)
        assert np.isfinite(ecg.recording.mv).all()
        assert ecg.recording.report
        assert ecg.recording.age is not None and 16 <= ecg.recording.age <= 95
        on, off = ecg.beats.qrs_on_s, ecg.beats.qrs_off_s
        assert (off > on).all() and (np.diff(on) > 0).all()
        assert (ecg.beats.t_off_s > off).all()


@pytest.mark.parametrize("condition", CONDITIONS)
def test_every_condition_can_be_required(condition: str) -> None:
    assert condition in simulate(1, settings=Settings(fs=250.0, require=condition)).present


def test_r_peaks_are_found_where_the_truth_has_them() -> None:
    sleepecg = pytest.importorskip("sleepecg")
    found = total = 0
    for index in range(12):
        ecg = required("sinus rhythm", index)
        lead = int(np.abs(ecg.recording.mv[:, 500:4500]).max(axis=1).argmax())
        detected = sleepecg.detect_heartbeats(ecg.recording.mv[lead].astype(float), 500.0) / 500.0
        truth = ecg.beats.r_peak_s[:, lead]
        inside = (truth > 0.4) & (truth < 9.6)
        total += int(inside.sum())
        found += sum(np.abs(detected - t).min() < 0.06 for t in truth[inside])
    assert found >= 0.97 * total


def test_largest_deflection_of_each_lead_is_at_the_true_peak() -> None:
    ecg = required("normal ecg")
    for lead in (0, 1, 7, 10):
        for beat in range(1, len(ecg.beats) - 1):
            peak = ecg.beats.r_peak_s[beat, lead]
            first, last = ecg.beats.qrs_on_s[beat], ecg.beats.qrs_off_s[beat]
            samples = slice(round(first * 500), round(last * 500))
            at = first + np.abs(ecg.recording.mv[lead, samples]).argmax() / 500
            assert abs(at - peak) <= 0.008


def test_measured_intervals_match_an_independent_measurement() -> None:
    for index in range(8):
        ecg = required("normal ecg", index)
        mv, m = ecg.recording.mv.astype(float), ecg.measurements
        steep = np.sqrt((np.diff(mv[[0, 1, 6, 7, 8, 9, 10, 11]], axis=1) ** 2).sum(axis=0))
        peaks, _ = find_peaks(
            np.convolve(steep, np.ones(30) / 30, "same"),
            distance=150,
            height=0.35 * np.percentile(steep, 99.5),
        )
        rate = 60 / np.median(np.diff(peaks) / 500)
        assert rate == pytest.approx(m.heart_rate_bpm, rel=0.08)
        widths = []
        for on, off in zip(ecg.beats.qrs_on_s, ecg.beats.qrs_off_s, strict=True):
            part = steep[max(round((on - 0.008) * 500), 0) : round((off + 0.06) * 500)]
            active = np.flatnonzero(part > 0.08 * part.max())
            widths.append((active[-1] - active[0]) * 2)
        assert np.median(widths) == pytest.approx(m.qrs_ms, abs=22)
        assert 80 < m.pr_ms < 230 and 300 < m.qt_ms < 520 and 60 < m.p_ms < 140


def test_atrial_fibrillation_is_irregular_and_has_no_p_waves() -> None:
    for index in range(4):
        ecg = required("atrial fibrillation", index)
        assert len(ecg.beats.p_wave_s) == 0 and np.isnan(ecg.beats.p_on_s).all()
        assert np.isnan(ecg.measurements.pr_ms)
        assert ecg.measurements.rr_sd_ms > 0.04 * ecg.measurements.rr_ms


def test_third_degree_block_dissociates_atria_and_ventricles() -> None:
    ecg = required("third degree av block")
    assert len(ecg.beats.p_wave_s) > len(ecg.beats)
    gaps = [on - ecg.beats.p_wave_s[ecg.beats.p_wave_s < on] for on in ecg.beats.qrs_on_s]
    pr = np.array([g.min() for g in gaps if len(g)])
    assert np.ptp(pr) > 0.08
    assert np.diff(ecg.beats.qrs_on_s).std() < 0.08


def test_wenckebach_lengthens_pr_until_a_beat_drops() -> None:
    ecg = required("second degree av block type i", 2)
    pr = ecg.beats.qrs_on_s - ecg.beats.p_on_s
    longer = np.diff(pr)[np.diff(ecg.beats.qrs_on_s) < 1.5 * np.median(np.diff(ecg.beats.p_wave_s))]
    assert (longer > 0.005).mean() > 0.6
    assert len(ecg.beats.p_wave_s) > len(ecg.beats)


def test_ventricular_premature_beats_are_early_and_wide() -> None:
    for index in range(4):
        ecg = required("premature ventricular complex", index)
        normal = [k for k, kind in enumerate(ecg.beats.kind) if kind == "normal"]
        early = [k for k, kind in enumerate(ecg.beats.kind) if kind.startswith("pvc") and k > 0]
        width = ecg.beats.qrs_off_s - ecg.beats.qrs_on_s
        assert width[early].min() > width[normal].mean() + 0.02
        usual = np.median(np.diff(ecg.beats.qrs_on_s))
        first = [k for k in early if ecg.beats.kind[k - 1] == "normal"]
        coupling = [ecg.beats.qrs_on_s[k] - ecg.beats.qrs_on_s[k - 1] for k in first]
        if coupling and len(early) * 3 < len(normal):
            assert min(coupling) < 0.9 * usual


def test_a_compensatory_pause_follows_most_ventricular_premature_beats() -> None:
    pauses, whole = [], []
    for index in range(30):
        beats = required("premature ventricular complex", index).beats
        at, kinds = beats.qrs_on_s, beats.kind
        both = [k == n == "normal" for k, n in pairwise(kinds)]
        normal = np.diff(at)[both]
        for k in range(1, len(at) - 1):
            if kinds[k - 1 : k + 2] == ("normal", "pvc", "normal") and len(normal):
                pauses.append(at[k + 1] - at[k])
                whole.append((at[k + 1] - at[k - 1]) / np.median(normal))
    assert len(pauses) > 30
    assert np.mean(np.array(pauses) < 0.45) < 0.1  # interpolated ones are rare
    assert 1.8 < np.median(whole) < 2.2


def test_bundle_branch_blocks_are_at_least_120_ms_wide() -> None:
    for condition in ("complete left bundle branch block", "complete right bundle branch block"):
        for index in range(3):
            assert required(condition, index).measurements.qrs_ms >= 117


def test_flutter_waves_have_the_stated_rate() -> None:
    ecg = required("atrial flutter", 1)
    three = ecg.recording.mv[1].astype(float)
    for on, off in zip(ecg.beats.qrs_on_s, ecg.beats.t_off_s, strict=True):
        three[max(round((on - 0.02) * 500), 0) : round(off * 500)] = 0
    spectrum = np.abs(np.fft.rfft(three * np.hanning(len(three)), 2**16))
    hz = np.fft.rfftfreq(2**16, 1 / 500)
    band = (hz > 3.3) & (hz < 6.2)
    top = hz[band][spectrum[band].argmax()] * 60
    assert 200 < ecg.measurements.atrial_rate_bpm < 360
    assert min(abs(top - ecg.measurements.atrial_rate_bpm * f) for f in (1, 0.75, 1.25)) < 45


def test_reversed_arms_invert_lead_one() -> None:
    ecg = required("limb lead reversal")
    assert "limb lead reversal" in ecg.present
    one = ecg.recording.mv[0]
    assert one[np.abs(one).argmax()] < 0


def test_unknown_requirement_and_bad_settings_are_refused() -> None:
    with pytest.raises(CardiolexError, match="CONDITIONS"):
        simulate(0, settings=Settings(require="broken heart"))
    with pytest.raises(CardiolexError, match="fs"):
        Settings(fs=0.0)
    with pytest.raises(CardiolexError, match="seconds"):
        Settings(seconds=0.0)
    with pytest.raises(CardiolexError, match="mix"):
        Settings(mix="wild")  # type: ignore[arg-type]
    with pytest.raises(CardiolexError, match="index"):
        simulate(-1)
