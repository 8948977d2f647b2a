import numpy as np
import pytest
from scipy.signal import welch

from cardiolex.simulation.electrodes import ELECTRODES, LEAD_MATRIX
from cardiolex.simulation.noise import (
    NoiseSettings,
    burst_envelope,
    drift,
    electrode_noise,
    lead_noise,
    mains,
    motion,
    muscle_noise,
    pops,
    respiration,
    tremor,
)
from cardiolex.simulation.noise_spectra import drift_shape, emg_shape

FS = 500.0
SAMPLES = 5000
EVERYTHING = NoiseSettings(
    burst_probability=1,
    mains_probability=1,
    tremor_probability=1,
    motion_probability=1,
    pop_probability=1,
)
STEADY = NoiseSettings(burst_probability=0, emg_spread=0, drift_spread=0, white_mv=0, slow_mv=0)


def band_rms(x, low, high, fs=FS):
    f, power = welch(x, fs, nperseg=2048, axis=-1)
    inside = (f >= low) & (f < high)
    return np.sqrt(power[..., inside].sum(-1) * (f[1] - f[0]))


@pytest.mark.parametrize("seed", range(5))
def test_noise_obeys_einthoven_and_goldberger(seed):
    mv, events = lead_noise(SAMPLES, FS, np.random.default_rng(seed), EVERYTHING)
    i, ii, iii, avr, avl, avf = mv[:6]
    assert mv.shape == (12, SAMPLES) and mv.dtype == np.float32
    assert np.abs(mv).max() > 1e-3
    np.testing.assert_allclose(i + iii, ii, atol=2e-5)
    np.testing.assert_allclose(avr, -(i + ii) / 2, atol=2e-5)
    np.testing.assert_allclose(avl, (i - iii) / 2, atol=2e-5)
    np.testing.assert_allclose(avf, (ii + iii) / 2, atol=2e-5)
    assert {"tremor", "motion artifact", "electrode pop"} <= set(events)


def test_potential_common_to_all_electrodes_reaches_no_lead():
    np.testing.assert_allclose(LEAD_MATRIX @ np.ones(len(ELECTRODES)), 0, atol=1e-6)


def test_precordial_electrode_reaches_its_own_lead_only():
    potentials = np.zeros(len(ELECTRODES))
    potentials[ELECTRODES.index("V4")] = 1.0
    leads = LEAD_MATRIX @ potentials
    assert leads[9] == 1.0 and np.count_nonzero(leads) == 1


def test_same_generator_state_gives_the_same_noise():
    first, _ = lead_noise(SAMPLES, FS, np.random.default_rng(7))
    second, _ = lead_noise(SAMPLES, FS, np.random.default_rng(7))
    other, _ = lead_noise(SAMPLES, FS, np.random.default_rng(8))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("fs", [100.0, 400.0, 500.0, 1000.0])
def test_muscle_noise_follows_its_spectrum_and_level(fs):
    rng = np.random.default_rng(0)
    samples = round(10 * fs)
    runs = np.stack([muscle_noise(samples, fs, rng, STEADY) for _ in range(40)])
    f, power = welch(runs, fs, nperseg=256, axis=-1)
    power = power.mean((0, 1))
    target = np.square(emg_shape(f))
    inside = (f > 15) & (f < min(200, 0.4 * fs))
    ratio = power[inside] / target[inside]
    np.testing.assert_allclose(ratio / np.median(ratio), 1, atol=0.2)
    full = np.sum(np.square(emg_shape(np.arange(0.0, 500.0))))
    share = np.sum(np.square(emg_shape(np.arange(0.0, fs / 2)))) / full
    arm = np.median(runs[:, :2].std(-1))
    assert arm == pytest.approx(STEADY.emg_mv * np.sqrt(share), rel=0.15)


def test_arms_have_more_muscle_noise_than_the_chest():
    rng = np.random.default_rng(1)
    rms = np.median([muscle_noise(SAMPLES, FS, rng, STEADY).std(1) for _ in range(40)], axis=0)
    assert rms[:2].min() > 1.8 * rms[3:].max()


def test_amplifier_noise_is_white_with_the_stated_level():
    settings = NoiseSettings(
        emg_mv=0, burst_probability=0, white_mv=0.002, white_spread=0, slow_mv=0
    )
    noise = muscle_noise(20 * SAMPLES, FS, np.random.default_rng(2), settings)
    assert noise.std() == pytest.approx(0.002, rel=0.03)
    low, high = band_rms(noise, 5, 105), band_rms(noise, 140, 240)
    np.testing.assert_allclose(low, high, rtol=0.1)


def test_unrest_lies_between_one_and_fifteen_hertz_at_its_level():
    settings = NoiseSettings(emg_mv=0, white_mv=0, burst_probability=0, slow_spread=0)
    noise = muscle_noise(20 * SAMPLES, FS, np.random.default_rng(4), settings)
    assert np.median(noise.std(1)) == pytest.approx(settings.slow_mv, rel=0.25)
    assert band_rms(noise, 1.2, 15.5).mean() > 0.97 * noise.std(1).mean()
    ratio = band_rms(noise, 2, 4) / band_rms(noise, 6, 12)
    np.testing.assert_allclose(ratio, np.sqrt((1 / 2 - 1 / 4) / (1 / 6 - 1 / 12)), rtol=0.1)


def test_drift_lies_below_two_hertz_and_falls_with_frequency():
    rng = np.random.default_rng(3)
    runs = np.concatenate([drift(20 * SAMPLES, FS, rng, STEADY) for _ in range(8)])
    f, power = welch(runs, FS, nperseg=50_000, axis=-1)
    power = power.mean(0)
    assert power[f > 2.5].sum() < 1e-3 * power.sum()
    inside = (f >= 0.06) & (f <= 1.5)
    slope = np.polyfit(np.log(f[inside]), np.log(power[inside]), 1)[0]
    assert slope == pytest.approx(-2.0, abs=0.3)
    assert np.all(drift_shape(np.array([0.0, 0.01, 2.5, 40.0])) == 0)
    limbs = np.median([run[:3].std(1) for run in np.split(runs, 8)])
    assert limbs == pytest.approx(STEADY.drift_mv, rel=0.3)


@pytest.mark.parametrize("seed", range(4))
def test_respiration_moves_electrodes_at_breathing_rate(seed):
    t = np.arange(60 * 500) / FS
    wave = respiration(t, np.random.default_rng(seed), NoiseSettings())
    f = np.fft.rfftfreq(len(t), 1 / FS)
    power = np.square(np.abs(np.fft.rfft(wave, axis=1))).sum(0)
    assert 0.13 <= f[power[1:].argmax() + 1] <= 0.85  # the rate or its second harmonic
    assert power[f > 1.5].sum() < 0.02 * power[1:].sum()


@pytest.mark.parametrize("frequency", [50.0, 60.0])
def test_mains_is_a_line_with_odd_harmonics(frequency):
    t = np.arange(SAMPLES) / FS
    wave = mains(t, FS, frequency, 0.02, np.random.default_rng(0))
    total = wave.std(1)
    line = band_rms(wave, frequency - 1, frequency + 1)
    third = band_rms(wave, 3 * frequency - 1, 3 * frequency + 1)
    assert np.median(line / total) > 0.9
    assert np.median(third / total) > 0.05
    rest = np.sqrt(np.maximum(total**2 - line**2 - third**2, 0))
    assert np.median(rest / total) < 0.2
    assert len(set(np.round(total, 6))) == len(ELECTRODES)  # each cable by itself


def test_mains_above_nyquist_leaves_nothing():
    t = np.arange(1000) / 100.0
    assert not mains(t, 100.0, 50.0, 0.02, np.random.default_rng(0)).any()


def test_tremor_is_rhythmic_at_four_to_eight_hertz():
    t = np.arange(SAMPLES) / FS
    for seed in range(6):
        wave = tremor(t, np.random.default_rng(seed), NoiseSettings())
        f, power = welch(wave, FS, nperseg=2048, axis=-1)
        assert 3.5 <= f[power.sum(0).argmax()] <= 8.6
        assert wave.shape == (2, SAMPLES)


def test_motion_recovers_exponentially_on_one_electrode():
    t = np.arange(SAMPLES) / FS
    noise = np.stack([motion(t, np.random.default_rng(seed)) for seed in range(40)])
    touched = np.abs(noise).max(2) > 0
    assert touched.any(1).all() and touched.sum(1).max() < len(ELECTRODES)
    single = next(n for n, hit in zip(noise, touched, strict=True) if hit.sum() == 1)
    trace = np.abs(single[np.abs(single).max(1).argmax()])
    after = trace[trace.argmax() :]
    assert np.all(np.diff(after) <= 1e-6)


def test_pops_are_short():
    t = np.arange(SAMPLES) / FS
    for seed in range(10):
        noise = np.abs(pops(t, np.random.default_rng(seed)))
        loose = noise[noise.max(1).argmax()]
        assert np.mean(loose > 0.1 * loose.max()) < 0.15


def test_bursts_only_ever_raise_the_noise():
    for seed in range(10):
        gain = burst_envelope(SAMPLES, FS, np.random.default_rng(seed))
        assert gain.min() >= 1.0 and 1.2 < gain.max() < 40


def test_most_recordings_are_clean_and_a_few_are_not():
    rng = np.random.default_rng(5)
    level = []
    for _ in range(300):
        noise, _ = electrode_noise(SAMPLES, FS, rng)
        level.append(np.median(band_rms(LEAD_MATRIX[:6] @ noise, 20, 45)) * 1000)
    median, tail = np.percentile(level, [50, 99])
    assert 1.0 < median < 5.0  # uV
    assert 8.0 < tail < 60.0


def test_very_short_and_long_recordings_work():
    rng = np.random.default_rng(6)
    assert np.isfinite(lead_noise(100, 100.0, rng, EVERYTHING)[0]).all()
    long, _ = lead_noise(60_000, 500.0, rng, EVERYTHING)
    assert long.shape == (12, 60_000) and np.isfinite(long).all()
