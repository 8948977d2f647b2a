from itertools import combinations, permutations

import numpy as np
import pytest

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.lead_importance import evaluate_lead_importance
from cardiolex.evaluation.lead_orders import coefficients, sampling_error
from cardiolex.evaluation.loading import load_table
from cardiolex.evaluation.metrics import auroc
from cardiolex.evaluation.partial_leads import every_subset, sampled_subsets
from cardiolex.recordings.leads import LEADS
from cardiolex.recordings.recording import Recording

AMONG = ("I", "II", "V1", "V5")


@pytest.fixture
def readings(table, labels):
    """Recordings whose leads I, V1, V5 each hold a noisy view of the label; II holds nothing."""
    rng = np.random.default_rng(0)
    views = {
        lead: np.nan_to_num(labels[:, 0]) + rng.normal(size=len(labels)) for lead in ("I", "V1")
    }
    views["V5"] = views["V1"]  # the same, told twice
    views["II"] = np.zeros(len(labels))

    def read(path):
        n = int(path.stem[1:])
        mv = np.array([[views[lead][n]] * 9 for lead in AMONG], np.float32)
        return Recording(mv, AMONG, 10.0, id=str(n))

    def score(recordings, conditions, leads):
        total = np.zeros(len(recordings))
        for lead in set(leads) - {"II"}:
            values = np.array([r.mv[r.leads.index(lead), 0] for r in recordings], float)
            total += np.where("V1" in leads and lead == "V5", 0, values)
        return np.tile(1 / (1 + np.exp(-total))[:, None], (1, len(conditions)))

    return load_table(table, read), score


def by_all_orders(loaded, score, labels):
    """The definition: mean gain over all 24 orders."""
    known = ~np.isnan(labels[:, 0])
    value = {(): 0.5}
    for size in range(1, 5):
        for subset in combinations(AMONG, size):
            scores = score(loaded.recordings, ("rhythm",), subset)[:, 0]
            value[subset] = auroc(labels[known, 0], scores[known])
    gains = {lead: [] for lead in AMONG}
    for order in permutations(AMONG):
        for k, lead in enumerate(order):
            before, after = (
                tuple(one for one in AMONG if one in order[:end]) for end in (k, k + 1)
            )
            gains[lead].append(value[after] - value[before])
    return np.array([np.mean(gains[lead]) for lead in AMONG]), value


def test_exhaustive_values_are_mean_gains_over_all_orders(readings, labels):
    loaded, score = readings
    found = evaluate_lead_importance(score, loaded, among=AMONG, orders=None, resamples=20)
    expected, value = by_all_orders(loaded, score, labels)
    row = found.conditions.index("rhythm")
    np.testing.assert_allclose(found.shapley[row], expected, atol=1e-6)
    assert found.shapley[row].sum() == pytest.approx(found.every[row] - 0.5, abs=1e-6)
    assert found.shapley[row, 1] == pytest.approx(0, abs=1e-9)  # II tells nothing
    assert found.shapley[row, 2] == pytest.approx(found.shapley[row, 3], abs=1e-9)  # equal views
    assert found.alone[row, 0] == pytest.approx(value[("I",)])
    assert found.without[row, 2] == pytest.approx(0, abs=1e-9)  # V5 tells the same as V1
    assert (found.subsets, found.orders) == (15, None)
    assert (found.low <= found.shapley + 1e-9).all() and (found.sampling_error == 0).all()


def test_sampled_orders_come_near_and_say_how_near(readings):
    loaded, score = readings
    exact = evaluate_lead_importance(score, loaded, among=AMONG, orders=None, resamples=5)
    drawn = evaluate_lead_importance(score, loaded, among=AMONG, orders=16, resamples=5, seed=1)
    again = evaluate_lead_importance(score, loaded, among=AMONG, orders=16, resamples=5, seed=1)
    np.testing.assert_array_equal(drawn.shapley, again.shapley)
    gap = np.abs(drawn.shapley - exact.shapley)[:-1]
    assert (gap <= 4 * drawn.sampling_error[:-1] + 1e-6).all() and gap.max() < 0.06
    total = drawn.shapley.sum(axis=1)
    np.testing.assert_allclose(total, drawn.every - 0.5, atol=1e-6)  # in every order
    assert "16 sampled orders" in drawn.to_markdown()


@pytest.mark.parametrize("orders", [2, 4, None])
def test_leads_that_tell_the_same_share_the_credit_however_few_orders(orders):
    leads = LEADS if orders else LEADS[:5]
    weights, sequences = coefficients(leads, orders, seed=0)
    values = sum(0.4 * weight for weight in weights.values())  # any lead tells all that there is
    np.testing.assert_allclose(values, 0.4 / len(leads), atol=1e-12)
    additive = {s: sum(leads.index(lead) for lead in s) for s in weights}  # each tells its own
    values = sum(additive[subset] * weight for subset, weight in weights.items())
    assert sum(values) == pytest.approx(additive[leads])
    if orders != 2:  # of one pair the two leads at its ends are not told apart
        np.testing.assert_allclose(values, np.arange(len(leads)), atol=1e-12)
    if orders == 4:
        gain = {subset: np.array([0.4]) for subset in weights}
        np.testing.assert_allclose(sampling_error(leads, gain, sequences), 0, atol=1e-12)


def test_the_heat_map_shows_the_values(readings, tmp_path):
    loaded, score = readings
    found = evaluate_lead_importance(score, loaded, among=AMONG, orders=2, resamples=5)
    axes = found.figure().axes[0]
    shown = axes.images[0].get_array()
    assert shown.shape == (len(found.conditions), 4)
    np.testing.assert_allclose(shown[-1], found.shapley[-1])  # the mean stays at the foot
    assert [path.suffix for path in found.write(tmp_path)] == [".json", ".md", ".png"]


def test_wrong_calls_are_named(readings):
    loaded, score = readings
    with pytest.raises(CardiolexError, match="3 orders: give an even number"):
        evaluate_lead_importance(score, loaded, among=AMONG, orders=3)
    with pytest.raises(CardiolexError, match="at least two"):
        evaluate_lead_importance(score, loaded, among=["I"])


def test_subsets_are_all_or_drawn_with_a_seed():
    every = every_subset(AMONG)
    assert len(every) == len(set(every.values())) == 15
    assert len(every_subset()) == 4095
    drawn = sampled_subsets(40, seed=3)
    assert drawn == sampled_subsets(40, seed=3) != sampled_subsets(40, seed=4)
    assert len({frozenset(one) for one in drawn.values()}) == 40
    assert all(one == tuple(x for x in LEADS if x in one) for one in drawn.values())
    with pytest.raises(CardiolexError, match="give 1 to 15"):
        sampled_subsets(16, among=AMONG)
