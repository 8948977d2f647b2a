import itertools

import numpy as np
import pytest
from scipy.signal import welch

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.loading import load_table
from cardiolex.evaluation.robustness import (
    Disturbance,
    Unsuitable,
    evaluate_robustness,
    standard_disturbances,
)
from cardiolex.evaluation.robustness.added_noise import KINDS, add_noise, signal_power
from cardiolex.evaluation.robustness.lead_faults import (
    REVERSALS,
    electrode_off,
    leads_of_noise,
    leads_off,
    reverse_leads,
)
from cardiolex.recordings.leads import DERIVABLE, LEADS
from cardiolex.recordings.recording import Recording
from cardiolex.simulation.electrodes import ELECTRODES, LEAD_MATRIX

FS, T = 250.0, 2500


def heartbeat(potentials=None):
    """Twelve leads of nine electrodes that each carry their own wave."""
    t = np.arange(T) / FS
    rng = np.random.default_rng(1)
    waves = [np.sin(2 * np.pi * (1 + n / 3) * t + n) * rng.uniform(0.5, 2) for n in range(9)]
    waves = np.array(waves if potentials is None else potentials)
    return Recording((LEAD_MATRIX @ waves).astype(np.float32), LEADS, FS, "beat"), waves


@pytest.fixture
def beat():
    return heartbeat()[0]


def lead(recording, name):
    return recording.mv[recording.leads.index(name)].astype(float)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("snr", [24.0, 0.0, -6.0])
def test_noise_has_the_stated_power_and_keeps_einthoven(beat, kind, snr):
    noisy = add_noise(beat, KINDS[kind], snr, np.random.default_rng(2))
    added = noisy.mv.astype(float) - beat.mv
    found = 10 * np.log10(signal_power(beat) / np.mean(added**2))
    assert found == pytest.approx(snr, abs=0.02)
    one, two = added[0], added[1]
    for name, (a, b) in DERIVABLE.items():
        part = added[LEADS.index(name)]
        np.testing.assert_allclose(part, a * one + b * two, atol=2e-5 * np.abs(added).max() + 1e-5)


def test_signal_power_is_that_of_a_sine_and_blind_to_wander():
    t = np.arange(T) / FS
    wave = (1.5 * np.sin(2 * np.pi * 8 * t)).astype(np.float32)
    plain = Recording(wave[None], ("II",), FS)
    assert signal_power(plain) == pytest.approx(1.5**2 / 2, rel=0.01)
    wander = (5 * np.sin(2 * np.pi * 0.1 * t)).astype(np.float32)
    assert signal_power(Recording((wave + wander)[None], ("II",), FS)) == pytest.approx(
        1.5**2 / 2, rel=0.05
    )


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [("baseline wander", 0.0, 2.0), ("muscle (EMG)", 10.0, 125.0), ("mains", 45.0, 65.0)],
)
def test_each_noise_lies_where_it_belongs(beat, kind, low, high):
    noisy = add_noise(beat, KINDS[kind], 0.0, np.random.default_rng(0))
    f, power = welch(noisy.mv - beat.mv, FS, nperseg=1250)
    inside = (f >= low) & (f <= high)
    assert power[:, inside].sum() > 0.9 * power.sum()


def test_the_same_noise_grows_along_a_curve_and_differs_between_records(beat):
    mild, strong = (d for d in standard_disturbances(["mains"]) if d.level in ("24 dB", "0 dB"))
    small = mild.disturb(beat, "a", 0).mv - beat.mv
    large = strong.disturb(beat, "a", 0).mv - beat.mv
    np.testing.assert_allclose(large, small * 10**1.2, rtol=1e-2, atol=1e-4)
    other = strong.disturb(beat, "b", 0).mv - beat.mv
    assert not np.allclose(other, large, atol=1e-3)
    np.testing.assert_array_equal(strong.disturb(beat, "a", 0).mv, strong.disturb(beat, "a", 0).mv)


def test_a_flat_recording_has_no_signal_to_compare_with():
    with pytest.raises(Unsuitable):
        add_noise(
            Recording(np.zeros((1, T), np.float32), ("I",), FS),
            KINDS["mains"],
            0.0,
            np.random.default_rng(0),
        )


@pytest.mark.parametrize("name", REVERSALS)
def test_reversed_leads_are_those_of_the_moved_electrodes(name):
    """The potentials at the body are exchanged first, then the leads are formed from them."""
    true, potentials = heartbeat()
    at = dict(zip(ELECTRODES, potentials, strict=True))
    at["RL"] = at["LL"]
    moved = np.array([at[REVERSALS[name].get(e, e)] for e in ELECTRODES])
    expected, _ = heartbeat(moved)
    found = reverse_leads(true, REVERSALS[name])
    np.testing.assert_allclose(found.mv, expected.mv, atol=1e-5)


def test_known_signs_of_reversals(beat):
    arms = reverse_leads(beat, REVERSALS["arms"])
    np.testing.assert_allclose(lead(arms, "I"), -lead(beat, "I"), atol=1e-6)
    np.testing.assert_allclose(lead(arms, "II"), lead(beat, "III"), atol=1e-5)
    np.testing.assert_allclose(lead(arms, "aVF"), lead(beat, "aVF"), atol=1e-5)
    np.testing.assert_array_equal(arms.mv[6:], beat.mv[6:])
    np.testing.assert_array_equal(reverse_leads(beat, REVERSALS["legs"]).mv, beat.mv)
    flat = reverse_leads(beat, REVERSALS["right arm, right leg"])
    assert np.abs(lead(flat, "II")).max() < 1e-5  # the well-known flat lead II
    twice = reverse_leads(arms, REVERSALS["arms"])
    np.testing.assert_allclose(twice.mv, beat.mv, atol=1e-5)


def test_recorded_leads_that_do_not_change_are_left_as_they_were_recorded(beat):
    """LUDB's III is not II - I; exchanging V1 and V2 must not repair it."""
    odd = Recording(beat.mv + np.eye(12, T, dtype=np.float32), LEADS, FS)
    found = reverse_leads(odd, REVERSALS["V1, V2"])
    np.testing.assert_array_equal(found.mv[:6], odd.mv[:6])
    np.testing.assert_array_equal(found.mv[6:8], odd.mv[[7, 6]])


def test_a_reversal_needs_the_leads_it_shows(beat):
    assert lead(reverse_leads(beat.select(["I"]), REVERSALS["arms"]), "I")[3] == pytest.approx(
        -lead(beat, "I")[3]
    )
    with pytest.raises(Unsuitable, match="has no I, which II would show"):
        reverse_leads(beat.select(["II"]), REVERSALS["arms"])


def test_leads_that_are_off_are_absent_and_nested(beat):
    kept = [set(leads_off(beat, n, np.random.default_rng(7)).leads) for n in (1, 3, 6, 11)]
    assert [len(one) for one in kept] == [11, 9, 6, 1]
    assert all(later < sooner for sooner, later in itertools.pairwise(kept))
    with pytest.raises(Unsuitable):
        leads_off(beat, 12, np.random.default_rng(7))


def test_an_electrode_takes_its_leads_along(beat):
    assert electrode_off(beat, "V3").leads == tuple(one for one in LEADS if one != "V3")
    assert electrode_off(beat, "RA").leads == ("III",)
    assert electrode_off(beat, "LL").leads == ("I",)
    with pytest.raises(Unsuitable):
        electrode_off(beat.select(["V1"]), "LA")


def test_noise_reaches_the_leads_that_are_there(beat):
    """Motion of a chest electrode spares lead I; it is drawn until something arrives."""
    alone = beat.select(["I"])
    for number in range(6):
        noisy = add_noise(alone, KINDS["electrode motion"], 0.0, np.random.default_rng(number))
        power = np.mean((noisy.mv.astype(float) - alone.mv) ** 2)
        assert power == pytest.approx(signal_power(alone), rel=0.01)
    with pytest.raises(Unsuitable, match="has 1 leads"):
        leads_of_noise(alone, 2, np.random.default_rng(0))


def test_loose_leads_carry_no_heart_but_its_amplitude(beat):
    found = leads_of_noise(beat, 2, np.random.default_rng(3))
    changed = [n for n in range(12) if not np.array_equal(found.mv[n], beat.mv[n])]
    assert len(changed) == 2
    for n in changed:
        assert found.mv[n].std() == pytest.approx(beat.mv[n].std(), rel=1e-3)
        assert abs(np.corrcoef(found.mv[n], beat.mv[n])[0, 1]) < 0.2


def test_points_are_paired_with_the_same_recordings(table, labels):
    """A model that reads the height of lead I: noise moves it, and who has no I is left out."""

    def read(path):
        number = int(path.stem[1:])
        t = np.arange(500) / 50
        wave = np.sin(2 * np.pi * t) * (1 + np.nan_to_num(labels[number, 0]) + 0.01 * number)
        leads = ("II",) if number in (8, 9) else ("I", "II")
        return Recording(np.tile(wave, (len(leads), 1)), leads, 50.0, id=str(number))

    def score(recordings, conditions, leads):
        heights = np.array([np.abs(r.mv[0]).mean() for r in recordings])
        return np.tile(heights[:, None] / (1 + heights[:, None]), (1, len(conditions)))

    loaded = load_table(table, read)
    harmless = Disturbance("nothing", "", lambda r, rng: r)
    deaf = Disturbance("deaf", "", lambda r, rng: Recording(0 * r.mv + 1, r.leads, r.fs))
    arms = standard_disturbances(["cables exchanged"])[0]
    found = evaluate_robustness(
        score, loaded, disturbances=[harmless, deaf, arms], resamples=50, model="m"
    )
    same, lost, moved = found.points
    assert same.change.value == 0 and same.macro.value == found.clean.value
    assert lost.macro.value == 0.5 and lost.change.high < 0
    assert (moved.n_records, moved.left_out) == (58, 2)  # where I is absent, II - I is unknown
    assert moved.macro is not None and "deaf" in found.to_markdown()
    no_one = evaluate_robustness(
        score, loaded, ["II"], disturbances=[arms], resamples=50, model="m"
    )
    assert no_one.points[0].macro is None and "0 recordings" in no_one.points[0].failed


def test_unknown_kinds_are_named():
    with pytest.raises(CardiolexError, match="no such disturbance: gravity; there are: baseline"):
        standard_disturbances(["gravity"])
