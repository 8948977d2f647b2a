"""The papers' probes against the libraries their scripts call, and against our optimum."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import train_test_split

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.linear_probe import fit_probe, macro_auroc
from cardiolex.evaluation.probing import Features, Probing
from cardiolex.evaluation.published_probe import (
    PAPERS,
    _train,
    learning_rates,
    published_probe,
    published_share,
)

N = 96


@pytest.fixture
def parts():
    """Training, validation and test records of three classes that a linear layer can tell."""
    rng = np.random.default_rng(0)
    to_class = rng.normal(size=(5, 3))

    def make(first):
        x = rng.normal(size=(N, 5)).astype(np.float32)
        y = (x @ to_class + rng.normal(size=(N, 3)) > 0.5).astype(np.float32)
        return Features(x, y, [f"{first}{i}" for i in range(N)])

    return [make(name) for name in "abc"]


@pytest.mark.parametrize(("n", "share"), [(17084, 0.01), (17084, 0.1), (7197, 0.01), (551, 0.1)])
def test_shares_are_the_rows_that_the_scripts_draw(n, share):
    kept, _ = train_test_split(np.arange(n), train_size=share, random_state=42)
    merl = published_share(n, share)
    np.testing.assert_array_equal(np.sort(merl), np.sort(kept))
    melp = published_share(n, share, head=True)
    drawn = pd.DataFrame({"row": np.arange(n)}).sample(frac=share, random_state=42)
    np.testing.assert_array_equal(melp, drawn.row.to_numpy())
    assert not set(merl) & set(melp)


def test_sizes_of_the_published_shares():
    sizes = {
        17084: (170, 171),
        7197: (71, 72),
        16832: (168, 168),
        4950: (49, 50),
        16546: (165, 165),
    }
    for n, (merl, melp) in sizes.items():
        assert len(published_share(n, 0.01)) == merl
        assert len(published_share(n, 0.01, head=True)) == melp
    with pytest.raises(CardiolexError, match="is not one record"):
        published_share(20, 0.01)


def test_schedules():
    merl = learning_rates(PAPERS["merl"], steps=30)
    assert [merl(0, 0), merl(0, 29), merl(1, 38), merl(1, 39), merl(99, 2999)] == pytest.approx(
        [1e-3, 1e-3, 1e-3, 1e-4, 1e-4]
    )
    cosine = learning_rates(PAPERS["supreme"], steps=10)
    assert cosine(0, 0) == pytest.approx(2e-4) and cosine(0, 4) == cosine(0, 5) == 1e-3
    assert cosine(99, 999) < 1e-8
    by_epoch = learning_rates(PAPERS["melp"], steps=10)
    assert by_epoch(0, 9) == 1e-3 and by_epoch(99, 0) == pytest.approx(1e-5, abs=1e-6)


def test_enough_steps_end_at_our_optimum(parts):
    """At the papers' rate of 1e-3 this takes their ten thousands of records; here it is 0.03."""
    settings = replace(PAPERS["supreme"], rate=0.03, epochs=40)
    scores = _train(*parts, settings, seed=0)[-1][1]
    ours = fit_probe(parts[0].values, parts[0].labels, 1e-6).logits(parts[2].values)
    for c in range(3):
        assert np.corrcoef(scores[:, c], ours[:, c])[0, 1] > 0.98
    theirs = macro_auroc(parts[2].labels, scores)
    assert theirs == pytest.approx(macro_auroc(parts[2].labels, ours), abs=0.01)
    assert theirs > 0.85


def test_merl_reports_the_best_epoch_on_the_judged_records(parts):
    probing = Probing("demo", "m", resamples=5)
    found = published_probe(*parts, ("a", "b", "c"), probing, "merl")
    assert "best on test" in found.protocol and found.n_train == N
    again = published_probe(*parts, ("a", "b", "c"), probing, "merl")
    assert found.macro_auroc == again.macro_auroc
    melp = published_probe(*parts, ("a", "b", "c"), probing, "melp")
    assert "best on validation" in melp.protocol


def test_unknown_labels_are_refused(parts):
    parts[0].labels[3, 1] = np.nan
    with pytest.raises(CardiolexError, match="no unknown labels"):
        published_probe(*parts, ("a", "b", "c"), Probing("demo", "m"), "merl")
