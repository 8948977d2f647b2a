from pathlib import Path

import numpy as np
import pytest

import cardiolex
from cardiolex.errors import CardiolexError
from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.measurements import GLOBAL, NAMES, PER_LEAD, definition, measure
from cardiolex.recordings.measurements.axes import angle_between, frontal_axis
from cardiolex.recordings.measurements.rhythm import early_beats, rr_statistics
from cardiolex.recordings.measurements.spikes import without_spikes
from cardiolex.recordings.measurements.voltages import transition
from cardiolex.recordings.recording import Recording
from cardiolex.simulation import Settings, simulate

from .making import beats_like, strip

TIMES = [name for name in NAMES if definition(name).unit in ("ms", "s", "/min", "deg", "Hz")]


@pytest.fixture(scope="module")
def simulated():
    settings = Settings(noise=False, require="sinus rhythm")
    return [simulate(index, seed=11, settings=settings) for index in range(12)]


@pytest.fixture(scope="module")
def measured(simulated):
    return [measure(ecg.recording) for ecg in simulated]


def same(one, other, names=NAMES, **tolerance):
    for name in names:
        np.testing.assert_allclose(one[name], other[name], err_msg=name, **tolerance)


def test_every_value_has_a_name_a_unit_and_a_meaning():
    assert len(NAMES) == len(set(NAMES)) == len(GLOBAL) + 12 * len(PER_LEAD)
    assert all(definition(name).text for name in NAMES)
    assert measure(strip()).values.shape == (len(NAMES),)


@pytest.mark.parametrize(
    ("name", "truth", "error"),
    [
        ("heart_rate", "heart_rate_bpm", 2),
        ("pr_interval", "pr_ms", 5),
        ("p_duration", "p_ms", 15),
        ("qrs_duration", "qrs_ms", 8),
        ("qt_interval", "qt_ms", 15),
        ("qrs_axis", "qrs_axis_deg", 3),
        ("t_axis", "t_axis_deg", 4),
        ("p_axis", "p_axis_deg", 6),
    ],
)
def test_intervals_and_axes_are_those_of_the_simulated_heart(
    simulated, measured, name, truth, error
):
    difference = [
        m[name] - getattr(e.measurements, truth) for e, m in zip(simulated, measured, strict=True)
    ]
    assert np.isfinite(difference).sum() >= 11
    assert np.nanmedian(np.abs(difference)) < error


@pytest.mark.parametrize(("wave", "error"), [("r", 0.03), ("s", 0.02), ("t", 0.02), ("p", 0.01)])
def test_amplitudes_are_those_of_the_simulated_heart(simulated, measured, wave, error):
    found = np.array([[m[f"{wave} {lead}"] for lead in LEADS] for m in measured])
    true = np.array([getattr(e.measurements, f"{wave}_mv") for e in simulated])
    assert np.median(np.abs(found - true)) < error
    assert np.corrcoef(found.ravel(), true.ravel())[0, 1] > 0.97


@pytest.mark.parametrize("fs", [100, 128, 250, 360, 1000])
def test_the_sampling_rate_hardly_matters(fs):
    usual, other = measure(strip(fs=500)), measure(strip(fs=fs))
    same(usual, other, ["heart_rate", "qrs_axis"], rtol=0.02)
    same(usual, other, ["pr_interval", "qrs_duration", "qt_interval"], atol=8)
    same(usual, other, ["t I", "p II", "t V5"], atol=0.02)


def test_absent_leads_change_nothing(simulated):
    whole = simulated[0].recording
    hidden = np.where(np.isin(LEADS, ("II", "V2"))[:, None], whole.mv, np.nan)
    few, masked = whole.select(["V2", "II"]), Recording(hidden, LEADS, whole.fs)
    np.testing.assert_array_equal(measure(few).values, measure(masked).values)
    alone = measure(few)
    for name in ("qrs_axis", "sokolow_lyon", "cornell", "p_terminal_v1", "transition", "r V1"):
        assert np.isnan(alone[name]), name
    assert np.isfinite(alone["qrs_duration"]) and np.isfinite(alone["r V2"])


def test_offset_and_slow_wander_do_not_matter(simulated, measured):
    ecg = simulated[1].recording
    time = np.arange(ecg.mv.shape[1]) / ecg.fs
    moved = ecg.mv + 3 + 0.3 * np.sin(2 * np.pi * 0.15 * time) * np.linspace(-1, 1, 12)[:, None]
    other = measure(Recording(moved, LEADS, ecg.fs))
    same(measured[1], other, ["heart_rate", "pr_interval", "qrs_duration"], atol=4)
    same(measured[1], other, [f"{wave} {lead}" for wave in "rst" for lead in LEADS], atol=0.03)


def test_scale_leaves_times_alone(simulated, measured):
    ecg = simulated[2].recording
    other = measure(Recording(1.5 * ecg.mv, LEADS, ecg.fs))
    main = ["heart_rate", "pr_interval", "p_duration", "qrs_duration", "qt_interval", "qrs_axis"]
    assert set(main) <= set(TIMES)
    same(measured[2], other, main, rtol=0.01)
    np.testing.assert_allclose(other["t V3"], 1.5 * measured[2]["t V3"], rtol=0.01)


@pytest.mark.parametrize("leads", [("I",), ("V1",), ("II", "V5")])
def test_any_leads_and_short_strips_are_measured(leads):
    short = measure(strip(seconds=2.5).select(leads))
    assert short["heart_rate"] == pytest.approx(75, abs=1)
    assert short["pr_interval"] == pytest.approx(measure(strip())["pr_interval"], abs=12)


def test_a_long_strip_counts_as_far_as_asked():
    mv = np.concatenate([beats_like(60, 10)[0], beats_like(120, 30)[0]], axis=1)
    ecg = Recording(mv, LEADS, 500)
    assert measure(ecg)["heart_rate"] == pytest.approx(60, abs=1)
    assert measure(ecg, seconds=None)["heart_rate"] == pytest.approx(120, abs=2)


@pytest.mark.parametrize(
    "mv",
    [np.zeros((12, 5000)), np.full((12, 5000), np.nan), np.ones((12, 1)), np.zeros((12, 40))],
)
def test_nothing_is_made_of_nothing(mv):
    assert np.isnan(measure(Recording(mv, LEADS, 500)).values).all()


def test_noise_spikes_and_gaps_raise_nothing():
    rng = np.random.default_rng(0)
    for samples in (60, 300, 1250, 5000):
        mv = rng.normal(0, 1, (12, samples)).astype(np.float32)
        mv[2, ::7] = np.nan
        mv[4, samples // 2 :] = np.nan
        mv[5, ::50] += 20
        assert not np.isinf(measure(Recording(mv, LEADS, 250)).values).any()


def test_too_coarse_a_rate_is_refused():
    with pytest.raises(CardiolexError, match="60 Hz is too coarse"):
        cardiolex.measure(Recording(np.zeros((12, 600)), LEADS, 60))


def test_early_wide_beats_are_kept_apart():
    mv, peaks = beats_like(60, 10)
    time = np.arange(mv.shape[1]) / 500
    wide = np.exp(-0.5 * ((time - peaks[5] + 0.4) / 0.045) ** 2)
    mv[:, np.abs(time - peaks[5]) < 0.25] = 0  # the early beat takes the place of this one
    found = measure(Recording(mv - 1.8 * wide * np.sign(mv.sum(axis=1))[:, None], LEADS, 500))
    assert found["other_shape_count"] == 1 and found["early_other_shape"] > 0
    assert found["pause_index"] == pytest.approx(1, abs=0.03)
    assert found["other_shape_qrs"] > found["qrs_duration"] + 30
    assert found["qrs_duration"] == pytest.approx(measure(strip(rate=60))["qrs_duration"], abs=4)


def test_interval_statistics_by_hand():
    rr = np.array([0.8, 0.8, 0.5, 1.1, 0.8, 0.8, 0.8])
    found = rr_statistics(rr) | early_beats(rr, np.array([True] * 3 + [False] + [True] * 4))
    assert found["heart_rate"] == pytest.approx(75)
    assert (found["rr_min"], found["rr_max"]) == pytest.approx((0.625, 1.375))
    assert found["pause_index"] == pytest.approx(1)
    assert found["early_other_shape"] == pytest.approx(1 / 7) and found["early_same_shape"] == 0


@pytest.mark.parametrize("degrees", [-150, -60, 0, 45, 90, 170])
@pytest.mark.parametrize("leads", [("I", "aVF"), ("I", "II"), ("II", "aVL"), LEADS[:6]])
def test_the_axis_is_the_same_from_any_limb_leads(degrees, leads):
    one = np.cos(np.radians(degrees))
    two = np.cos(np.radians(degrees - 60))
    values = {"I": one, "II": two, "III": two - one, "aVR": -(one + two) / 2}
    values |= {"aVL": one - two / 2, "aVF": two - one / 2}
    found = frontal_axis(np.array([values[lead] for lead in leads]), leads, 0.1)
    assert angle_between(found, degrees) < 0.01
    assert np.isnan(frontal_axis(np.array([values["I"]]), ("I",), 0.1))


def test_transition_is_where_r_exceeds_s():
    assert transition([-1, -1, 1, 2, 1, 1]) == pytest.approx(2.5)
    assert transition([1, 1, 1, 1, 1, 1]) == 1 and transition([1, 1, 1, 1, 1, -1]) == 7


def test_pacing_spikes_go_and_narrow_r_waves_stay():
    mv, peaks = beats_like(75, 10)
    at = np.round((np.array(peaks) - 0.06) * 500).astype(int)
    paced = mv.copy()
    paced[:, at] += 2
    clean, times = without_spikes(paced, 500)
    np.testing.assert_allclose(times, at / 500, atol=0.002)
    assert np.abs(clean - mv).max() < 0.05
    assert measure(Recording(paced, LEADS, 500))["pacing_spikes"] == pytest.approx(1)
    assert not len(without_spikes(mv, 500)[1])


def test_every_measurement_is_documented():
    page = Path(__file__).parents[2] / "docs" / "recordings.md"
    text = page.read_text(encoding="utf-8")
    for name, what in (GLOBAL | PER_LEAD).items():
        assert f"| `{name}` | {what.unit or '-'} | {what.text} |" in text, name
