import numpy as np
import torch

from cardiolex.nn.measurement_reader import MeasurementReader, fused

NAN = torch.nan


def make(values=3, bins=4, seed=0, **settings):
    torch.manual_seed(seed)
    config = MeasurementReader.Config(bins=bins, width=16, hidden=8, **settings)
    reader = MeasurementReader(config, values, query_dim=5).eval()
    reader.edges.copy_(torch.tensor([[0.0, 1, 2, 4, 8]] * values)[:, : bins + 1])
    return reader


def test_a_value_fills_the_bins_below_it_and_part_of_its_own():
    encoded = make(values=1).encode(torch.tensor([[3.0], [-5.0], [99.0], [NAN]]))
    expected = [[1, 1, 0.5, 0, 0], [0, 0, 0, 0, 0], [1, 1, 1, 1, 0], [0, 0, 0, 0, 1]]
    assert encoded.tolist() == expected


def test_an_answer_is_a_function_of_its_condition_and_its_recording_alone():
    reader = make()
    values, queries = torch.randn(6, 3) * 3, torch.randn(4, 5)
    values[2, 1] = NAN
    whole = reader(values, queries)
    assert torch.allclose(whole[2:3, 1:2], reader(values[2:3], queries[1:2]), atol=1e-6)
    assert whole.std(dim=0).min() > 1e-3 and whole.std(dim=1).min() > 1e-3


def test_a_value_that_cannot_be_measured_is_not_a_small_one():
    reader, query = make(), torch.randn(1, 5)
    low, lacking = torch.tensor([[-9.0, 1, 1]]), torch.tensor([[NAN, 1, 1]])
    assert not torch.allclose(reader(low, query), reader(lacking, query), atol=1e-4)


def test_logits_are_fused_by_share_and_the_signal_answers_where_nothing_was_measured():
    reader, query = make(share=0.25), torch.randn(2, 5)
    signal = np.array([[1.0, -2.0], [0.5, 3.0]], np.float32)
    measured = np.array([[1.0, np.nan, 2.0], [np.nan] * 3], np.float32)
    both = fused(reader, signal, measured, query)
    read = reader(torch.from_numpy(measured[:1]), query).detach().numpy()
    assert np.allclose(both[0], 0.75 * signal[0] + 0.25 * read[0], atol=1e-6)
    assert np.array_equal(both[1], signal[1])


def test_values_for_the_self_test_lie_within_the_bins():
    values = make(values=9).known_values()
    assert values.shape == (3, 9) and values[:, ::7].isnan().all()
    assert values[:, 1].tolist() == [1, 2, 4]
