import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import matthews_corrcoef

from cardiolex.evaluation.card import HEADING, with_section
from cardiolex.evaluation.platt import MIN_CASES, best_threshold, fit_calibration, fit_platt


def drawn(n=400, scale=1.7, offset=-1.2, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(0.5, 2, n)
    return x, (rng.random(n) < expit(scale * x + offset)).astype(float)


def test_equal_to_logistic_regression_on_smoothed_targets():
    x, y = drawn()
    fit = fit_platt(x, y)
    up, down = y.sum(), (1 - y).sum()
    target = np.where(y == 1, (up + 1) / (up + 2), 1 / (down + 2))
    # each case once as positive and once as negative, weighted by its target
    reference = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10000).fit(
        np.concatenate([x, x])[:, None],
        np.repeat([1, 0], len(x)),
        sample_weight=np.concatenate([target, 1 - target]),
    )
    assert fit.scale == pytest.approx(reference.coef_[0, 0], rel=1e-3)
    assert fit.offset == pytest.approx(reference.intercept_[0], rel=1e-3, abs=1e-3)


def test_probabilities_agree_with_frequencies():
    fit = fit_platt(*drawn())
    x, y = drawn(4000, seed=1)
    p = expit(fit.scale * x + fit.offset)
    for low in (0.0, 0.2, 0.4, 0.6, 0.8):
        inside = (p >= low) & (p < low + 0.2)
        assert abs(p[inside].mean() - y[inside].mean()) < 0.08


def test_unknown_labels_do_not_count():
    x, y = drawn()
    more = np.concatenate([x, np.full(50, 9.0)])
    assert fit_platt(more, np.concatenate([y, np.full(50, np.nan)])) == fit_platt(x, y)


def test_too_few_cases_or_a_ranking_the_wrong_way_round_have_no_fit():
    x, y = drawn()
    assert fit_platt(-x, y) is None
    few = y.copy()
    few[np.flatnonzero(y)[MIN_CASES - 1 :]] = 0
    assert fit_platt(x, few) is None


@pytest.mark.parametrize("seed", range(5))
def test_no_threshold_has_a_larger_correlation(seed):
    rng = np.random.default_rng(seed)
    p = np.round(rng.random(60), 1 + seed % 3)  # with ties
    present = rng.random(60) < p
    reached = matthews_corrcoef(present, p >= best_threshold(p, present))
    assert reached == pytest.approx(max(matthews_corrcoef(present, p >= t) for t in np.unique(p)))


def test_logits_that_tell_nothing_have_no_fit():
    rng = np.random.default_rng(0)
    fits = [fit_platt(rng.normal(size=200), (rng.random(200) < 0.3) * 1.0) for _ in range(60)]
    assert sum(fit is not None for fit in fits) <= 5  # 5 % of them, half the wrong way round


def test_conditions_without_a_fit_share_one_of_all():
    x, y = drawn()
    rare = np.zeros(100)
    rare[:3] = 1
    fit = fit_calibration({"a": (x, y), "rare": (np.linspace(4, -4, 100), rare)}, "a few")
    assert set(fit.conditions) == {"a"} and not fit.is_fitted("rare")
    assert fit.default == fit_platt(
        np.concatenate([x, np.linspace(4, -4, 100)]), np.concatenate([y, rare])
    )


def test_a_section_of_a_card_is_replaced_and_the_rest_is_kept():
    first = with_section("# Model\n\nWords.\n", f"{HEADING}\n\nold\n")
    assert first == f"# Model\n\nWords.\n\n{HEADING}\n\nold\n"
    longer = first + "\n## Limits\n\nMany.\n"
    assert with_section(longer, f"{HEADING}\n\nnew\n") == longer.replace("old", "new")
