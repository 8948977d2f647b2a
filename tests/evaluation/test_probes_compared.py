"""Encoders side by side: means over tables, paired differences; questions asked once."""

import json

import numpy as np
import pytest
from scipy.special import expit

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.asked_once import AskedOnce
from cardiolex.evaluation.probes_compared import Probed, ProbesCompared
from cardiolex.evaluation.probing import Features, Probing, cross_validated


def probed(model, noise, *, seed=0):
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 2, (60, 2)).astype(float)
    values = labels + noise * rng.normal(size=labels.shape)
    features = Features(values, labels, [f"patient {i // 2}" for i in range(60)])
    results = {
        share: [
            cross_validated(
                features, ("a", "b"), Probing(table, model, share, 1, 60, seed), folds=3
            )
            for table in ("one", "other")
        ]
        for share in (0.5, 1.0)
    }
    return Probed(model, {"steps": 5}, results)


def test_differences_are_paired_and_files_say_the_same(tmp_path):
    rows = probed("noise", 50.0), probed("sure", 0.2)
    compared = ProbesCompared(rows)
    apart = compared.difference(rows[1], 1.0)
    assert np.isclose(apart.value, rows[1].mean(1.0).value - rows[0].mean(1.0).value)
    draws = rows[1].draws(1.0) - rows[0].draws(1.0)
    assert np.allclose((apart.low, apart.high), np.quantile(draws, [0.025, 0.975]))
    assert apart.low > 0.2
    itself = compared.difference(rows[0], 0.5)
    assert (itself.value, itself.low, itself.high) == (0, 0, 0)
    written = compared.write(tmp_path, "baselines")
    plain = json.loads(written[0].read_text(), parse_constant=pytest.fail)
    assert np.isclose(plain["sure"]["shares"]["1"]["minus_first"]["value"], apart.value)
    assert str(rows[1].mean(0.5)) in written[1].read_text()


def test_other_draws_are_not_compared():
    rows = probed("noise", 1.0), probed("sure", 0.2)
    fewer = Probed("fewer", {}, {1.0: rows[1].results[1.0]})
    with pytest.raises(CardiolexError, match="same records, tables and draws"):
        ProbesCompared((rows[0], fewer))


def test_a_recording_is_asked_once_for_the_conditions_of_all_tables(loaded):
    asked = []

    def logits(recordings, conditions, leads):
        asked.append((len(recordings), tuple(conditions), leads))
        return (
            np.array([[len(one.id) + 10 * len(c) for c in conditions] for one in recordings]) / 99
        )

    score = AskedOnce(logits, [loaded, loaded])
    conditions = loaded.table.conditions
    first = score(loaded.recordings[:3], conditions[:1], None)
    again = score(loaded.recordings[:4], conditions[::-1], None)
    assert [count for count, _, _ in asked] == [3, 1]
    assert all(
        set(names) == set(conditions) and len(names) == len(conditions) for _, names, _ in asked
    )
    assert np.allclose(first[:, 0], again[:3, -1])
    wanted = expit((len(loaded.recordings[3].id) + 10 * len(conditions[0])) / 99)
    assert np.isclose(again[3, -1], wanted)
    score(loaded.recordings[:2], conditions, ["I"])
    assert asked[-1][0] == 2  # with other leads they are asked anew
