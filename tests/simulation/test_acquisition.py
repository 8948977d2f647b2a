from dataclasses import replace

import numpy as np
import pytest

from cardiolex.recordings.leads import LEADS
from cardiolex.simulation.acquisition import (
    CARTS,
    LIMB_REVERSALS,
    AcquisitionSettings,
    acquire,
    convert,
    stretch,
)
from cardiolex.simulation.electrodes import ELECTRODES, LEAD_MATRIX
from cardiolex.simulation.filters import Filter, filter_leads

FS = 500.0
IDEAL = AcquisitionSettings.ideal()
SEEDS = range(200)


@pytest.fixture
def leads():
    """Twelve consistent leads of slow pseudo-cardiac potentials, (12, 5000) mV."""
    rng = np.random.default_rng(0)
    t = np.arange(5000) / FS
    tones = np.stack([np.sin(2 * np.pi * f * t) for f in (1.2, 3.1, 7.7, 12.9)])
    potentials = rng.standard_normal((len(ELECTRODES), 4)) @ tones
    return (LEAD_MATRIX @ potentials).astype(np.float32)


def by_name(mv):
    return dict(zip(LEADS, mv, strict=True))


def same(a, b):
    np.testing.assert_allclose(a, b, atol=2e-5)


def test_arm_reversal_has_the_known_relations(leads):
    before, after = by_name(leads), by_name(LIMB_REVERSALS["RA-LA"] @ leads)
    same(after["I"], -before["I"])
    same(after["II"], before["III"])
    same(after["III"], before["II"])
    same(after["aVR"], before["aVL"])
    same(after["aVL"], before["aVR"])
    same(after["aVF"], before["aVF"])


def test_right_arm_left_leg_reversal_has_the_known_relations(leads):
    before, after = by_name(leads), by_name(LIMB_REVERSALS["RA-LL"] @ leads)
    same(after["I"], -before["III"])
    same(after["II"], -before["II"])
    same(after["III"], -before["I"])
    same(after["aVR"], before["aVF"])
    same(after["aVL"], before["aVL"])
    same(after["aVF"], before["aVR"])


def test_left_arm_left_leg_reversal_has_the_known_relations(leads):
    before, after = by_name(leads), by_name(LIMB_REVERSALS["LA-LL"] @ leads)
    same(after["I"], before["II"])
    same(after["II"], before["I"])
    same(after["III"], -before["III"])
    same(after["aVR"], before["aVR"])
    same(after["aVL"], before["aVF"])
    same(after["aVF"], before["aVL"])


@pytest.mark.parametrize("pair", LIMB_REVERSALS)
def test_limb_reversal_spares_the_precordial_leads_and_undoes_itself(leads, pair):
    once = LIMB_REVERSALS[pair] @ leads
    np.testing.assert_array_equal(once[6:], leads[6:])
    same(LIMB_REVERSALS[pair] @ once, leads)


@pytest.mark.parametrize("seed", range(6))
def test_limb_reversal_is_applied_and_reported(leads, seed):
    wrong = replace(IDEAL, limb_reversal_probability=1.0, gain_spread=0.0)
    mv, present, events = acquire(leads, FS, np.random.default_rng(seed), wrong)
    assert present.all()
    (event,) = events
    pair = event.removeprefix("limb lead reversal ")
    similarity = np.sum(mv * (LIMB_REVERSALS[pair] @ leads)) / np.sum(mv * mv)
    assert similarity == pytest.approx(1, abs=0.2)


def test_precordial_swap_exchanges_two_leads(leads):
    wrong = replace(IDEAL, precordial_swap_probability=1.0, gain_spread=0.0)
    mv, _, events = acquire(leads, FS, np.random.default_rng(1), wrong)
    a, b = events[0].removeprefix("precordial swap ").split("-")
    order = list(LEADS)
    order[LEADS.index(a)], order[LEADS.index(b)] = b, a
    for row, name in enumerate(order):
        assert np.corrcoef(mv[row], leads[LEADS.index(name)])[0, 1] > 0.95


@pytest.mark.parametrize("step", [0.001, 0.0025, 0.00488, 0.005])
def test_converter_rounds_to_its_step(leads, step):
    mv = convert(leads, step, 10.0)
    counts = mv / step
    np.testing.assert_allclose(counts, np.rint(counts), atol=1e-2)
    assert np.abs(mv - leads).max() <= step / 2 * 1.01
    assert mv.dtype == np.float32


def test_converter_saturates(leads):
    mv = convert(leads, 0.005, 0.5)
    assert np.abs(mv).max() == pytest.approx(0.5)
    assert np.mean(np.abs(mv) == np.abs(mv).max()) > 0.05


def test_clipping_is_reported(leads):
    mv, _, events = acquire(
        leads, FS, np.random.default_rng(0), replace(IDEAL, clip_probability=1.0)
    )
    assert events == ("clipped",)
    top = np.abs(mv).max()
    assert np.sum(np.isclose(np.abs(mv), top, atol=1e-6)) > 5


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(
    ("stage", "cutoff"),
    [("highpass_hz", 0.05), ("highpass_hz", 0.5), ("lowpass_hz", 40.0), ("lowpass_hz", 150.0)],
)
def test_cutoff_is_the_half_power_point(stage, cutoff, causal):
    gain = np.abs(Filter(**{stage: cutoff}, causal=causal).response(np.array([cutoff])))
    assert 20 * np.log10(gain[0]) == pytest.approx(-3.01, abs=0.02)


@pytest.mark.parametrize("order", [1, 2, 4])
def test_slope_follows_the_order(order):
    two = Filter(highpass_hz=10.0, highpass_order=order).response(np.array([0.1, 0.2]))
    octave = 20 * np.log10(np.abs(two[1]) / np.abs(two[0]))
    assert octave == pytest.approx(6.02 * order, abs=0.05)
    assert np.abs(Filter(highpass_hz=10.0, highpass_order=order).response(np.array([10.0])))[
        0
    ] == pytest.approx(np.sqrt(0.5))


@pytest.mark.parametrize("causal", [False, True])
def test_filtered_tones_have_the_response_of_the_filter(causal):
    t = np.arange(20_000) / FS
    chosen = Filter(highpass_hz=0.5, lowpass_hz=40.0, notch_hz=50.0, causal=causal)
    for frequency in (0.5, 1.0, 10.0, 40.0, 49.0, 50.0, 90.0):
        tone = np.sin(2 * np.pi * frequency * t)[None].astype(np.float32)
        out = filter_leads(tone, FS, chosen)[0, 5000:15_000]
        expected = np.abs(chosen.response(np.array([frequency])))[0] / np.sqrt(2)
        assert out.std() == pytest.approx(expected, abs=0.012)


def test_zero_phase_filter_keeps_symmetry_and_causal_filter_delays():
    pulse = np.zeros((1, 2001), np.float32)
    pulse[0, 1000] = 1.0
    zero = filter_leads(pulse, FS, Filter(lowpass_hz=40.0))[0]
    causal = filter_leads(pulse, FS, Filter(lowpass_hz=40.0, causal=True))[0]
    np.testing.assert_allclose(zero[700:1300], zero[700:1301][:0:-1], atol=1e-6)
    assert zero.argmax() == 1000 and causal.argmax() > 1000
    assert np.abs(causal[:995]).max() < 0.01 * causal.max()


def test_offset_vanishes_and_a_step_between_the_ends_leaves_no_ringing():
    ramp = np.linspace(0, 1, 5000, dtype=np.float32)[None] + 3.0
    out = filter_leads(ramp, FS, Filter(lowpass_hz=40.0))
    np.testing.assert_allclose(out, ramp, atol=0.02)
    flat = filter_leads(np.full((1, 5000), 3.0, np.float32), FS, Filter(highpass_hz=0.5))
    np.testing.assert_allclose(flat, 0, atol=1e-5)


def test_notch_removes_mains(leads):
    t = np.arange(5000) / FS
    hum = (0.1 * np.sin(2 * np.pi * 50 * t)).astype(np.float32)
    cleaned = filter_leads(leads + hum, FS, Filter(notch_hz=50.0))
    assert np.abs(cleaned - leads)[:, 500:-500].max() < 0.02


def test_lead_off_is_marked_and_named():
    rng_leads = np.random.default_rng(3).standard_normal((12, 5000)).astype(np.float32)
    off = replace(IDEAL, precordial_off_probability=1.0, limb_off_probability=0.3)
    kinds = set()
    for seed in SEEDS:
        mv, present, events = acquire(rng_leads, FS, np.random.default_rng(seed), off)
        assert events
        for event in events:
            name, kind = event.removeprefix("lead off ").rstrip(")").split(" (")
            row = LEADS.index(name)
            kinds.add(kind)
            assert present[row] == (kind == "noise")
            if kind == "noise":
                assert mv[row].std() > 0.001
                assert abs(np.corrcoef(mv[row], rng_leads[row])[0, 1]) < 0.1
            else:
                assert not mv[row].any()
        touched = {e.split()[2] for e in events}
        assert present[[i for i, lead in enumerate(LEADS) if lead not in touched]].all()
    assert kinds == {"flat", "noise", "missing"}


def test_stretch_gives_every_lead_the_same_extent(leads):
    leads[3] = 0.0
    out = stretch(
        leads * np.linspace(0.1, 5, 12, dtype=np.float32)[:, None], np.random.default_rng(4)
    )
    extent = np.ptp(out, axis=1)
    assert extent[3] == 0.0
    others = np.delete(extent, 3)
    assert others.min() > 0.8 and others.max() < 1.2


def test_gain_errors_keep_the_limb_leads_consistent(leads):
    settings = replace(IDEAL, gain_spread=0.1)
    for seed in range(10):
        mv, _, events = acquire(leads / 4, FS, np.random.default_rng(seed), settings)
        assert not events
        np.testing.assert_allclose(mv[0] + mv[2], mv[1], atol=0.011)
        np.testing.assert_allclose(mv[3] + mv[4] + mv[5], 0, atol=0.011)


def test_same_generator_state_gives_the_same_recording(leads):
    first = acquire(leads, FS, np.random.default_rng(11))
    second = acquire(leads, FS, np.random.default_rng(11))
    np.testing.assert_array_equal(first[0], second[0])
    assert first[2] == second[2]


def test_input_is_left_untouched(leads):
    before = leads.copy()
    faulty = AcquisitionSettings(precordial_off_probability=1.0, limb_off_probability=1.0)
    for seed in range(20):
        acquire(leads, FS, np.random.default_rng(seed), faulty)
    np.testing.assert_array_equal(leads, before)


def test_faults_are_rare_by_default(leads):
    events = [acquire(leads, FS, np.random.default_rng(seed))[2] for seed in range(400)]
    assert 0 < sum(bool(e) for e in events) < 80


def test_every_cart_has_a_share():
    assert len(AcquisitionSettings().cart_shares) == len(CARTS)
    for cart in CARTS:
        for choices in (cart.highpass_hz, cart.lowpass_hz):
            assert sum(share for _, share in choices) == pytest.approx(1.0)
