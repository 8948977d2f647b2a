"""Models side by side: means over tables, paired differences, and what cannot be compared."""

import json

import numpy as np
import pytest

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.comparison import Comparison, Standing
from cardiolex.evaluation.partial_leads import NESTED_ORDER
from cardiolex.evaluation.zero_shot import evaluate_zero_shot


def standing(name, score, loaded, *, seed=0, numbers=(1, 2)):
    results = {
        n: [
            evaluate_zero_shot(score, table, NESTED_ORDER[:n], resamples=50, seed=seed)
            for table in (loaded, loaded)
        ]
        for n in numbers
    }
    return Standing(name, {"steps": 3}, results)


@pytest.fixture
def pair(loaded, oracle):
    rng = np.random.default_rng(0)

    def noisy(recordings, conditions, leads):
        answer = np.asarray(oracle(recordings, conditions, leads))
        return 0.5 * answer + 0.5 * rng.random(answer.shape)

    return standing("sure", oracle, loaded), standing("noisy", noisy, loaded)


def test_means_are_over_tables_and_differences_are_paired(pair):
    sure, noisy = pair
    comparison = Comparison(pair)
    for n in (1, 2):
        macros = [one.macro_auroc.value for one in noisy.results[n]]
        assert np.isclose(noisy.mean(n).value, np.mean(macros))
        both = [np.nanmean(one.auroc_samples, axis=1) for one in noisy.results[n]]
        low, high = np.quantile((both[0] + both[1]) / 2, [0.025, 0.975])
        assert np.allclose((noisy.mean(n).low, noisy.mean(n).high), (low, high))
        apart = comparison.difference(noisy, n)
        assert np.isclose(apart.value, noisy.mean(n).value - sure.mean(n).value)
        itself = comparison.difference(sure, n)
        assert (itself.value, itself.low, itself.high) == (0, 0, 0)
    assert np.isclose(sure.over_leads(), (sure.mean(1).value + sure.mean(2).value) / 2)


def test_files_say_the_same(pair, tmp_path):
    comparison = Comparison(pair)
    written = comparison.write(tmp_path)
    assert [path.suffix for path in written] == [".json", ".md", ".svg"]
    plain = json.loads(written[0].read_text(), parse_constant=pytest.fail)
    assert np.isclose(plain["noisy"]["leads"]["2"]["mean"]["value"], pair[1].mean(2).value)
    assert str(pair[1].mean(2)) in written[1].read_text()
    lines = comparison.plot().axes[0].lines
    assert np.allclose(lines[1].get_ydata(), [pair[1].mean(1).value, pair[1].mean(2).value])


def test_models_with_other_draws_are_not_compared(loaded, oracle, pair):
    with pytest.raises(CardiolexError, match="same records, tables and draws"):
        Comparison((pair[0], standing("other", oracle, loaded, seed=1)))
