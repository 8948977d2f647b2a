"""Beat-to-beat intervals and P waves against what public recordings show."""

import numpy as np
import pytest

from cardiolex.simulation import Settings, simulate
from cardiolex.simulation.atria import sinus_p
from cardiolex.simulation.causes import Causes
from cardiolex.simulation.heart_rate import fibrillation_intervals, sinus_intervals
from cardiolex.simulation.lead_field import twelve_leads
from cardiolex.simulation.measure import measure_p
from cardiolex.simulation.person import torso

FS = 500.0


def variation(gaps: np.ndarray) -> float:
    return float(gaps.std() / gaps.mean())


@pytest.mark.parametrize("rate", [50.0, 88.0, 150.0])
def test_fibrillation_keeps_its_rate_without_memory_or_impossible_intervals(rate: float) -> None:
    rng = np.random.default_rng(0)
    runs = [fibrillation_intervals(rng, rate, 60.0) for _ in range(60)]
    assert all(r.min() >= 0.26 for r in runs)
    assert np.median([60 / r.mean() for r in runs]) == pytest.approx(rate, rel=0.06)
    memory = [np.corrcoef(r[1:], r[:-1])[0, 1] for r in runs]
    assert abs(np.mean(memory)) < 0.15


def test_fibrillation_reaches_from_nearly_regular_to_chaotic() -> None:
    rng = np.random.default_rng(1)
    spread = [variation(fibrillation_intervals(rng, 85.0, 40.0)) for _ in range(400)]
    low, middle, high = np.quantile(spread, [0.05, 0.5, 0.95])
    assert 0.05 < low < 0.12 and 0.14 < middle < 0.22 and 0.24 < high < 0.38


def test_sinus_intervals_breathe_fibrillation_does_not() -> None:
    rng = np.random.default_rng(2)

    def turns(gaps: np.ndarray) -> float:
        step = np.diff(gaps[:40])
        return float(np.mean(step[1:] * step[:-1] < 0))

    sinus = [turns(sinus_intervals(rng, 65.0, 40.0, 0.1)) for _ in range(60)]
    chaos = [turns(fibrillation_intervals(rng, 65.0, 40.0)) for _ in range(60)]
    assert np.mean(sinus) < 0.55 < np.mean(chaos)


def p_waves(lae: float) -> list[np.ndarray]:
    rng = np.random.default_rng(3)
    causes = Causes(lae=lae)
    waves = [sinus_p(causes, torso(causes, rng), rng, FS) for _ in range(60)]
    return [np.concatenate([twelve_leads(w.mv), np.zeros((12, 1))], axis=1) for w in waves]


def test_healthy_p_waves_are_one_smooth_bump_in_lead_two() -> None:
    notched = 0
    for wave in p_waves(0.0):
        two = wave[1].astype(float)
        size = two.max()
        assert size > 0.02
        falls = np.maximum.accumulate(two) - two
        rises_again = np.maximum.accumulate(two[::-1])[::-1] - two
        notched += bool(np.minimum(falls, rises_again).max() > 0.1 * size)
    assert notched <= 6


def test_half_width_of_healthy_p_waves_is_that_of_public_recordings() -> None:
    widths = [2.0 * (w[1] > 0.5 * w[1].max()).sum() for w in p_waves(0.0)]
    assert 48 <= np.median(widths) <= 68


def test_an_enlarged_left_atrium_widens_p_and_deepens_its_end_in_v1() -> None:
    rng = np.random.default_rng(4)

    def measured(lae: float) -> tuple[float, float]:
        causes = Causes(lae=lae)
        both = [measure_p(sinus_p(causes, torso(causes, rng), rng, FS), FS) for _ in range(80)]
        return (
            float(np.median([p.duration_ms for p in both])),
            float(np.median([p.v1_terminal for p in both])),
        )

    (width, terminal), (wide, deep) = measured(0.0), measured(1.0)
    assert wide > width + 10 and deep > 2 * terminal


def test_normal_tracings_seldom_have_a_second_r_wave_in_v1() -> None:
    shown = [
        simulate(k, seed=9, settings=Settings(fs=250.0, require="normal ecg", noise=False))
        for k in range(60)
    ]
    second = np.array([s.measurements.r_prime_mv[6] for s in shown])
    assert np.mean(second > 0.1) < 0.15


def test_regional_ischemia_is_open_in_few_recordings() -> None:
    shown = [simulate(k, seed=12, settings=Settings(fs=250.0, noise=False)) for k in range(150)]
    for where in ("anterior", "lateral", "anterolateral", "inferior", "inferolateral"):
        assert np.mean([f"{where} ischemia" in s.unknown for s in shown]) < 0.18


def test_atrial_premature_beats_are_early_and_mostly_few() -> None:
    few = 0
    for k in range(12):
        ecg = simulate(
            k, seed=6, settings=Settings(fs=250.0, require="premature atrial complex", noise=False)
        )
        early = [n for n, kind in enumerate(ecg.beats.kind) if kind.startswith("pac")]
        few += len(early) <= 3
        gaps = np.diff(ecg.beats.qrs_on_s)
        assert min(gaps[n - 1] for n in early if n > 0) < 0.95 * np.median(gaps) or early == [0]
    assert few >= 6
