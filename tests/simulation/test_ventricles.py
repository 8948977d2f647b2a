"""The heart as a double layer: closure, activation, blocks, infarction."""

from dataclasses import replace

import numpy as np
import pytest

from cardiolex.simulation.activation import Conduction, activation_ms, normal_sites
from cardiolex.simulation.anatomy import ventricles
from cardiolex.simulation.conduction import blocked, from_focus, pacing_site
from cardiolex.simulation.infarction import TERRITORIES, infarct
from cardiolex.simulation.lead_field import ELECTRODES, Torso, turned, twelve_leads
from cardiolex.simulation.measure import QRST, axis_deg, measure_beat
from cardiolex.simulation.substrate import Substrate
from cardiolex.simulation.ventricular_beat import VentricularBeat, ventricular_beat

LEFT = ~ventricles().is_rv
V1, V6 = 6, 11


def average_body() -> Torso:
    place = np.array([1.05, 0.18, -0.84])
    return Torso(turned(-5.9, -1.6, -12.3), place, ELECTRODES, np.ones(8), 0.54)


def beat(substrate: Substrate) -> VentricularBeat:
    vectors = average_body().heart_field(ventricles().point)
    normal = activation_ms(Substrate.normal().conduction)
    return ventricular_beat(substrate, vectors, 500.0, normal - normal.min())


def measured(substrate: Substrate) -> QRST:
    return measure_beat(beat(substrate), 500.0)


def with_block(block: str) -> Substrate:
    substrate = Substrate.normal()
    rng = np.random.default_rng(1)
    return replace(substrate, conduction=blocked(substrate.conduction, block, rng))


def test_the_surface_is_closed_so_uniform_potential_gives_no_signal() -> None:
    np.testing.assert_allclose(ventricles().area_vector.sum(axis=0), 0, atol=1e-9)


def test_activation_starts_in_the_septum_and_ends_within_a_normal_qrs() -> None:
    times = activation_ms(Conduction(normal_sites()))
    heart = ventricles()
    first = int(times.argmin())
    assert heart.is_septum[first % heart.segments] and first < heart.segments
    assert 60 < times.max() < 110
    inner, outer = times[: heart.segments], times[heart.segments :]
    free = LEFT & ~heart.is_septum
    assert (outer[free] > inner[free]).all()  # from the inside to the outside


def test_activation_agrees_with_a_plain_shortest_path_search() -> None:
    heart = ventricles()
    conduction = Conduction(normal_sites())
    speed = np.array([1.84, 1.04, 0.53, 0.40, 0.40, 0.40])
    ms = heart.edge_cm * 10 / speed[heart.edge_kind]
    times = np.full(2 * heart.segments, np.inf)
    for site in conduction.sites:
        times[site.node] = min(times[site.node], site.ms)
    for _ in range(60):  # Bellman-Ford
        np.minimum.at(times, heart.edge_to, times[heart.edge_from] + ms)
        np.minimum.at(times, heart.edge_from, times[heart.edge_to] + ms)
    np.testing.assert_allclose(activation_ms(conduction), times, atol=1e-6)


def test_the_average_heart_has_a_normal_qrs() -> None:
    wave = measured(Substrate.normal())
    assert 0.4 < wave.r_mv[0] < 1.1 and 0.5 < wave.r_mv[1] < 1.5
    assert wave.s_mv[V1] > wave.r_mv[V1]  # rS in V1
    assert wave.r_mv[V6] > 0.6 and wave.s_mv[V6] < 0.3
    assert -30 < axis_deg(wave.net[0], wave.net[5]) < 90
    assert wave.t_mv[[0, 1, 9, 10, 11]].min() > 0.05  # upright T


def test_left_bundle_branch_block_is_wide_negative_in_v1_and_discordant() -> None:
    made = beat(with_block("lbbb"))
    wave = measure_beat(made, 500.0)
    assert made.qrs_ms >= 120
    assert wave.net[V1] < 0 < wave.net[V6]
    assert wave.q_mv[V6] < 0.1
    assert wave.t_net[V1] > 0


def test_right_bundle_branch_block_ends_rightward() -> None:
    made = beat(with_block("rbbb"))
    wave = measure_beat(made, 500.0)
    assert made.qrs_ms >= 120
    assert wave.r_prime_mv[V1] > 0.1 or wave.s_mv[V1] == 0
    assert wave.s_mv[0] > 0.03 and wave.end_mv[V6] < 0


def test_fascicular_blocks_turn_the_axis_up_and_down() -> None:
    normal = measured(Substrate.normal())
    anterior, posterior = measured(with_block("lafb")), measured(with_block("lpfb"))
    axes = [axis_deg(w.net[0], w.net[5]) for w in (anterior, normal, posterior)]
    assert axes[0] < axes[1] - 30 < axes[2] - 60


def test_right_ventricular_pacing_looks_like_left_bundle_branch_block() -> None:
    substrate = Substrate.normal()
    node = pacing_site(np.random.default_rng(0))
    made = beat(replace(substrate, conduction=from_focus(substrate.conduction, node)))
    assert made.qrs_ms > 140
    assert measure_beat(made, 500.0).net[V1] < 0


def test_inferior_scar_gives_q_waves_in_the_inferior_leads_only() -> None:
    substrate = Substrate.normal()
    infarct(substrate, "inferior", "old", 1.2, np.random.default_rng(3))
    wave, normal = measured(substrate), measured(Substrate.normal())
    assert wave.q_mv[[2, 5]].min() > 0.1
    assert np.abs(wave.q_mv[[9, 10, 11]] - normal.q_mv[[9, 10, 11]]).max() < 0.1


@pytest.mark.parametrize(
    ("name", "up", "down"), [("inferior", (1, 2, 5), 4), ("anteroseptal", (7, 8), 5)]
)
def test_acute_infarct_lifts_its_leads_and_not_the_opposite_ones(
    name: str, up: tuple[int, ...], down: int
) -> None:
    substrate = Substrate.normal()
    infarct(substrate, name, "acute", 1.1, np.random.default_rng(2))
    wave = measured(substrate)
    assert wave.st_mv[list(up)].min() > 0.05
    assert wave.st_mv[down] < 0.02


def test_every_territory_lies_in_the_left_ventricle() -> None:
    heart = ventricles()
    for patches in TERRITORIES.values():
        for patch in patches:
            assert heart.region(*patch)[heart.is_rv].max() == 0
            assert heart.region(*patch).max() > 0.5


def test_dead_muscle_leaves_no_st_shift() -> None:
    substrate = Substrate.normal()
    infarct(substrate, "anterior", "old", 1.0, np.random.default_rng(4))
    made = beat(substrate)
    mv = twelve_leads(made.rise - made.fall)
    assert np.abs(mv[:, -1]).max() < 0.01  # back on the baseline after the T wave
    assert np.abs(measure_beat(made, 500.0).j_mv).max() < 0.15
