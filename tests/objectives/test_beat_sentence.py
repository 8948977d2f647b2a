import math

import pytest
import torch

from cardiolex.objectives.beat_sentence import beat_sentence_loss, beat_sentence_scores

COUNTS, BEATS = (3, 1, 4, 2), (5, 3, 6, 1)


def pairs(counts=COUNTS, beat_counts=BEATS):
    """Padded sentences and beats with masks; what is padding is far from zero."""
    torch.manual_seed(0)
    sentences, beats = torch.randn(len(counts), 5, 8), torch.randn(len(counts), 6, 8)
    has_sentence = torch.arange(5) < torch.tensor(counts)[:, None]
    has_beat = torch.arange(6) < torch.tensor(beat_counts)[:, None]
    sentences[~has_sentence] = 50.0
    beats[~has_beat] = -50.0
    return sentences, has_sentence, beats, has_beat


def softmax(values):
    top = max(values)
    powers = [math.exp(v - top) for v in values]
    return [p / sum(powers) for p in powers]


def dot(a, b):
    return sum(float(x) * float(y) for x, y in zip(a, b, strict=True))


def slow_score(sentences, beats, mean):
    """One report, one recording, in plain numbers, step by step as GLoRIA describes it."""
    table = [[dot(s, b) for s in sentences] for b in beats]
    table = [softmax(row) for row in table]  # over sentences, for each beat
    total = 0.0
    for i, sentence in enumerate(sentences):
        weights = softmax([4 * row[i] for row in table])  # over beats, for each sentence
        attended = [dot(weights, column) for column in zip(*beats, strict=True)]
        length = math.sqrt(dot(sentence, sentence) * dot(attended, attended))
        total += math.exp(5 * dot(sentence, attended) / length)
    return 10 * math.log(total / len(sentences) if mean else total)


def slow_scores(counts, beat_counts, mean=False):
    sentences, _, beats, _ = pairs(counts, beat_counts)
    cut = [beats[j, :n].double().tolist() for j, n in enumerate(beat_counts)]
    return [
        [slow_score(sentences[i, :n].double().tolist(), b, mean) for b in cut]
        for i, n in enumerate(counts)
    ]


def slow_loss(scores):
    n, total = len(scores), 0.0
    for i in range(n):
        for line in (scores[i], [row[i] for row in scores]):
            top = max(line)
            total += top + math.log(sum(math.exp(x - top) for x in line)) - scores[i][i]
    return total / n / 2


@pytest.mark.parametrize("aggregation", ["sum", "mean"])
def test_it_agrees_with_the_loops_written_out(aggregation):
    slow = slow_scores(COUNTS, BEATS, mean=aggregation == "mean")
    fast = beat_sentence_scores(*pairs(), aggregation)
    assert torch.allclose(fast, torch.tensor(slow), rtol=1e-4)
    loss = beat_sentence_loss(*pairs(), aggregation)
    assert float(loss) == pytest.approx(slow_loss(slow), rel=1e-4)


def test_without_a_mask_all_beats_count():
    slow = slow_scores(COUNTS, (6, 6, 6, 6))
    sentences, has_sentence, beats, _ = pairs(beat_counts=(6, 6, 6, 6))
    loss = beat_sentence_loss(sentences, has_sentence, beats)
    assert float(loss) == pytest.approx(slow_loss(slow), rel=1e-4)


def test_mixed_precision_around_it_changes_nothing():
    exact = beat_sentence_loss(*pairs())
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(beat_sentence_loss(*pairs()), exact)


def test_a_report_without_sentences_is_skipped_and_shifts_nobody():
    sentences, has_sentence, beats, has_beat = pairs((3, 0, 4, 2))
    rest = [0, 2, 3]
    expected = beat_sentence_loss(sentences[rest], has_sentence[rest], beats[rest], has_beat[rest])
    loss = beat_sentence_loss(sentences, has_sentence, beats, has_beat)
    assert float(loss) == pytest.approx(float(expected), rel=1e-6)


def test_gradients_are_finite_and_reach_only_what_exists():
    sentences, has_sentence, beats, has_beat = pairs((3, 0, 4, 2))
    sentences.requires_grad_()
    beats.requires_grad_()
    beat_sentence_loss(sentences, has_sentence, beats, has_beat).backward()
    assert ((sentences.grad != 0).any(dim=2) == has_sentence).all()
    has_beat[1] = False
    assert ((beats.grad != 0).any(dim=2) == has_beat).all()
    assert sentences.grad.isfinite().all()
    assert beats.grad.isfinite().all()


def test_no_sentence_at_all_is_no_loss_but_can_go_backward():
    sentences, has_sentence, beats, has_beat = pairs((0, 0, 0, 0))
    beats.requires_grad_()
    loss = beat_sentence_loss(sentences, has_sentence, beats, has_beat)
    loss.backward()
    assert loss == 0
    assert not beats.grad.any()


def test_zero_vectors_give_no_nan():
    sentences, has_sentence = torch.zeros(2, 3, 8, requires_grad=True), torch.ones(2, 3).bool()
    beats = torch.zeros(2, 4, 8, requires_grad=True)
    loss = beat_sentence_loss(sentences, has_sentence, beats)
    loss.backward()
    assert float(loss) == pytest.approx(math.log(2))
    assert sentences.grad.isfinite().all()
    assert beats.grad.isfinite().all()


def test_sum_favours_long_reports_and_mean_does_not():
    sentence, beats = torch.randn(1, 1, 8), torch.randn(1, 4, 8)
    once, thrice = torch.ones(1, 1).bool(), torch.ones(1, 3).bool()
    said_again = sentence.expand(1, 3, 8)
    for aggregation, gain in (("sum", 10 * math.log(3)), ("mean", 0.0)):
        one = beat_sentence_scores(sentence, once, beats.mean(1, True), None, aggregation)
        three = beat_sentence_scores(said_again, thrice, beats.mean(1, True), None, aggregation)
        assert float(three - one) == pytest.approx(gain, abs=1e-3)


def test_matching_pairs_lose_least():
    torch.manual_seed(0)
    beats = torch.nn.functional.normalize(torch.randn(6, 3, 64), dim=2) * 8
    valid = torch.ones(6, 3, dtype=torch.bool)
    matched = beat_sentence_loss(beats, valid, beats)
    assert matched < 0.01
    assert beat_sentence_loss(beats.roll(1, 0), valid, beats) > 5
