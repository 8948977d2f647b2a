"""Measured values that speak for an answer: a reader that answers with one value is found out."""

import numpy as np
import torch

from cardiolex.explaining.measured import speaking_values
from cardiolex.nn.measurement_reader import MeasurementReader
from cardiolex.recordings.measurements import NAMES


class Sum(torch.nn.Module):
    """Answers 2 x the first value - the third + 3 x the fourth; an unknown one adds nothing."""

    config = MeasurementReader.Config(share=0.5)

    def forward(self, measured, vectors):
        known = measured.nan_to_num(0.0)
        logits = 2 * known[:, :1] - known[:, 2:3] + 3 * known[:, 3:4]
        return logits.expand(-1, len(vectors))


def test_values_are_ranked_by_what_their_absence_costs():
    measured = np.full((2, len(NAMES)), np.nan, np.float32)
    measured[:, 0], measured[:, 2], measured[0, 3], measured[:, 5] = 60, 10, 5, 9
    found = speaking_values(Sum(), measured, torch.zeros(4))
    assert [one.name for one in found] == [NAMES[0], NAMES[3]]
    assert [one.fall for one in found] == [60.0, 7.5]  # half of 2 x 60 and of 3 x 5
    assert found[0].unit == "/min" and found[0].value == 60
