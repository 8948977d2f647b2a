"""Physics of the leads: Einthoven, Goldberger, Dower."""

import numpy as np
import pytest

from cardiolex.simulation import Settings, simulate
from cardiolex.simulation.anatomy import ventricles
from cardiolex.simulation.lead_field import (
    DOWER,
    ELECTRODES,
    HEART_AXES,
    Torso,
    standing,
    turned,
    twelve_lead_vectors,
    twelve_leads,
)


@pytest.mark.parametrize("index", range(6))
def test_limb_leads_of_a_noise_free_recording_obey_einthoven_and_goldberger(index: int) -> None:
    mv = simulate(index, seed=11, settings=Settings(noise=False)).recording.mv
    one, two, three, avr, avl, avf = mv[:6]
    np.testing.assert_allclose(one + three, two, atol=1e-6)
    np.testing.assert_allclose(avr, -(one + two) / 2, atol=1e-6)
    np.testing.assert_allclose(avl, (one - three) / 2, atol=1e-6)
    np.testing.assert_allclose(avf, (two + three) / 2, atol=1e-6)


def test_dower_has_eight_leads_that_look_where_they_should() -> None:
    assert DOWER.shape == (8, 3)
    assert DOWER[0].argmax() == 0  # I looks to the left
    assert DOWER[1].argmax() == 1  # II to the feet
    assert (DOWER[2:5, 2] < -0.9).all()  # V1-V3 to the front
    assert DOWER[7, 0] > 0.8 > DOWER[7, 2] > 0  # V6 to the left and a little back


def test_without_proximity_every_source_is_seen_through_dower() -> None:
    body = Torso(turned(5, 10, -5), np.zeros(3), ELECTRODES, np.ones(8), 0.0)
    field = body.field(ventricles().point)
    np.testing.assert_allclose(field, np.broadcast_to(DOWER[:, None, :], field.shape))


def test_with_proximity_the_right_ventricle_weighs_more_in_v1_than_the_lateral_wall() -> None:
    heart = ventricles()
    body = Torso(turned(0, 0, 0), np.zeros(3), ELECTRODES, np.ones(8), 0.6)
    size = np.linalg.norm(body.field(heart.point), axis=-1)
    outer = slice(heart.segments, None)
    right = size[2, outer][heart.is_rv].mean()
    lateral = size[2, outer][~heart.is_rv & (np.abs(heart.angle) > 150)].mean()
    assert right > 1.5 * lateral


def test_lead_vectors_and_signals_are_derived_alike() -> None:
    rng = np.random.default_rng(0)
    signal = rng.normal(size=(8, 50)).astype(np.float32)
    np.testing.assert_allclose(twelve_lead_vectors(signal), twelve_leads(signal), atol=1e-5)


def test_the_heart_points_to_the_left_the_feet_and_the_front() -> None:
    axes = standing(HEART_AXES)
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(axes) == pytest.approx(1)
    apex = turned(0, 0, 0)[:, 2]
    assert apex[0] > 0.3 and apex[1] > 0.3 and apex[2] < -0.3
    assert turned(0, 30, 0)[1, 2] > apex[1]  # a vertical heart points further down
