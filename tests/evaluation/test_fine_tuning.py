"""Fine-tuning: what it can learn, what it must not see, and that nothing else moves it."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.fine_tuning import (
    FineTuning,
    Labelled,
    answers,
    cross_tuned,
    fine_tune,
    tuned_on_split,
)
from cardiolex.evaluation.probing import Probing
from cardiolex.recordings.preprocess import Windows

BRIEF = FineTuning(epochs=1, min_steps=60, batch_size=16, lr=1e-2, head_lr=5e-2)


class Spread(nn.Module):
    """Looks at two learnt mixtures of leads and gives the logarithm of their power."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.mix = nn.Linear(12, 2, bias=False)

    def embed_ecg(self, ecg, lead_mask, sample_mask):
        return self.mix(ecg.transpose(1, 2)).square().mean(dim=1).log()


def recordings(n=64, seed=0, windows=2):
    """Condition "a" doubles lead V1; "b" is a coin; a window or two each."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, (n, 2)).astype(np.float32)
    made = []
    for row in labels:
        ecg = rng.normal(size=(windows, 12, 50)).astype(np.float32)
        ecg[:, 6] *= 1 + 2 * row[0]
        there = np.ones((windows, 12), bool), np.ones((windows, 50), bool)
        made.append(Windows(ecg, *there, np.arange(windows) * 1.0))
    return Labelled.of(made, labels, [f"patient {i // 2}" for i in range(n)])


def test_the_encoder_learns_what_its_features_did_not_tell():
    data = recordings()
    result = cross_tuned(Spread, data, ("a", "b"), Probing(resamples=50), BRIEF, folds=2)
    found = {one.condition: one.auroc.value for one in result.classes}
    assert found["a"] > 0.9
    assert 0.3 < found["b"] < 0.7
    assert result.protocol == "2 folds by patient, fine-tuned"
    still = copy.deepcopy(Spread())
    tuned = fine_tune(still, data, np.arange(len(data)), BRIEF, seed=0)
    assert tuned.encoder is still
    weight = still.mix.weight.detach().abs()
    assert (weight[:, 6] > 2 * weight.mean(dim=1)).any()


def test_records_outside_the_training_rows_change_nothing():
    data, rows = recordings(), np.arange(32)
    other = copy.deepcopy(data)
    other.labels[32:] = 1 - other.labels[32:]
    other.ecg[torch.from_numpy(other.windows_of(np.arange(32, 64)))] = 7.0
    one, two = (fine_tune(Spread(), each, rows, BRIEF, seed=3) for each in (data, other))
    for name, value in one.state_dict().items():
        assert torch.equal(value, two.state_dict()[name]), name


def test_a_recording_is_answered_by_the_mean_of_its_windows():
    data = recordings(n=6, windows=3)
    network = fine_tune(Spread(), data, np.arange(6), BRIEF, seed=0)
    chosen = np.array([1, 4])
    got = answers(network, data, chosen, BRIEF)
    for row, place in zip(got, chosen, strict=True):
        with torch.no_grad():
            each = network(*data.inputs(data.windows_of(np.array([place])), "cpu"))
        assert np.allclose(row, each.mean(dim=0), atol=1e-5)


def test_unknown_labels_take_no_part_and_a_split_is_kept():
    train, test = recordings(seed=1), recordings(seed=2)
    train.labels[::2, 0] = np.nan
    result = tuned_on_split(Spread, train, test, ("a", "b"), Probing(resamples=50), BRIEF)
    assert result.n_test == len(test)
    assert result.n_train == len(train)
    assert result.classes[0].auroc.value > 0.9


def test_what_cannot_be_trained_is_refused():
    with pytest.raises(CardiolexError, match="at least 2"):
        FineTuning(batch_size=1)
    with pytest.raises(CardiolexError, match="cannot be divided"):
        cross_tuned(Spread, recordings(n=4), ("a", "b"), Probing(), BRIEF, folds=5)
