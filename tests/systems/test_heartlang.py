"""What is HeartLang's own: beats, words, and that nothing of a hidden beat is left."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from tiny_systems import batch, made

from cardiolex.encoders.beat_transformer import BeatFinder
from cardiolex.errors import CardiolexError
from cardiolex.nn.beat_windows import cut_beats, even_peaks
from cardiolex.nn.code_book import CodeBook
from cardiolex.recordings.r_peaks import best_first, r_peaks
from cardiolex.simulation import simulate


def test_beats_end_half_way_to_their_neighbours():
    signal = torch.arange(1.0, 101.0).expand(1, 2, 100).clone()
    leads = torch.tensor([[True, False]])
    peaks = torch.tensor([[10, 30, 90, -1]])
    beats = cut_beats(signal, leads, torch.ones(1, 100).bool(), peaks, 40, 20.0)
    assert beats.samples.shape == (1, 2, 4, 40)
    assert beats.there.tolist() == [[[True, True, True, False], [False] * 4]]
    assert beats.second.tolist() == [[0, 1, 4, 0]]
    kept = [row[row > 0].tolist() for row in beats.samples[0, 0]]
    assert kept[0] == list(range(1, 21)) and kept[1] == list(range(21, 51))
    assert kept[2] == list(range(71, 101)) and kept[3] == []
    assert [int(row[20]) for row in beats.samples[0, 0, :3]] == [11, 31, 91]  # R in the middle
    assert beats.samples[0, 1].abs().max() == 0


def at_100_hz(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Twelve leads and, in samples, where the R peaks are."""
    one = simulate(number)
    mv = one.recording.resample(100.0).mv.astype(np.float32)
    return mv, np.median(one.beats.r_peak_s, axis=1) * 100


def test_r_peaks_are_found_in_the_best_lead_whichever_that_is():
    low, true_low = at_100_hz(5)  # of low voltage: in lead I, T waves pass for QRS complexes
    assert len(r_peaks(low[:1], 100.0)) > 1.5 * len(true_low)
    noisy, true = at_100_hz(3)
    noisy[:11] = np.random.default_rng(0).normal(0, 0.3, (11, noisy.shape[1]))
    noisy[0] = 0
    assert best_first(noisy[1:], 100.0)[0] == 10  # V6, the only one that is left
    for mv, peaks, detector in (
        (low, true_low, "xqrs"),
        (noisy, true, "xqrs"),
        (low, true_low, "energy"),
    ):
        found = r_peaks(mv, 100.0, detector)
        assert abs(len(found) - len(peaks)) <= 1
        assert all(np.abs(peaks - peak).min() < 10 for peak in found)


def test_without_r_peaks_there_are_even_windows():
    finder = BeatFinder(BeatFinder.Config())
    leads, samples = torch.ones(2, 12).bool(), torch.ones(2, 1000).bool()
    samples[1, :300] = False
    beats = finder(torch.zeros(2, 12, 1000), leads, samples)
    assert beats.there[:, 0].sum(dim=1).tolist() == [10, 7]
    assert even_peaks(samples[1], 96)[:2] == [348, 444]
    assert r_peaks(np.zeros((2, 1000), np.float32), 100.0).size == 0


def test_a_hidden_beat_changes_nothing_but_its_own_place():
    system = made("heartlang").eval()
    data = batch(3)
    beats = system._beats(data.ecg, data.lead_mask, data.sample_mask)
    masked = torch.zeros_like(beats.there)
    masked[0, 2, 4] = True
    before = system.encoder.embedded(beats, masked, system.hidden_beat)
    beats.samples[0, 2, 4] += 100.0
    assert torch.equal(system.encoder.embedded(beats, masked, system.hidden_beat), before)
    shown = system.encoder.embedded(beats)
    assert not torch.allclose(shown[0, 2, 3:6], before[0, 2, 3:6])
    assert torch.equal(shown[0, 3], before[0, 3])  # another lead is no neighbour


def test_half_of_the_beats_are_scored_by_their_words_and_padding_never():
    system, data, seen = made("heartlang"), batch(), []
    system.tell_word.register_forward_hook(lambda _, inputs, out: seen.append((inputs[0], out)))
    beats = system._beats(data.ecg, data.lead_mask, data.sample_mask)
    torch.manual_seed(5)
    loss = system.losses(data)["loss"]
    tokens, logits = seen[0]
    there = beats.there.flatten(1).sum(dim=1)
    assert there[1] == 30 and there[2] == 72  # three leads; six beats of ten
    assert len(logits) == (there // 2).sum()
    assert tokens.abs().sum(dim=1).min() > 0  # where no beat is, tokens are zero
    torch.manual_seed(5)
    data.ecg = data.ecg + 1e4 * ~(data.lead_mask[:, :, None] & data.sample_mask[:, None])
    assert torch.equal(system.losses(data)["loss"], loss)


def test_words_depend_on_lead_and_time():
    tokenizer = made("heartlang").tokenizer
    data = batch(4)
    beats = made("heartlang")._beats(data.ecg, data.lead_mask, data.sample_mask)
    words = tokenizer.codes(beats)
    with torch.no_grad():
        tokenizer.encoder.places.lead.normal_(std=3.0)
    assert not torch.equal(tokenizer.codes(beats), words)


def test_words_are_the_tokenizers_and_both_are_taken_off_in_the_end():
    system, data = made("heartlang").train(), batch()
    assert not system.tokenizer.training
    before = {name: value.clone() for name, value in system.tokenizer.state_dict().items()}
    system.losses(data)["loss"].backward()
    assert all(torch.equal(before[n], v) for n, v in system.tokenizer.state_dict().items())
    parts = (data.ecg, data.lead_mask, data.sample_mask)
    embedding = system.eval().embed_ecg(*parts)
    system.remove_scaffold()
    assert not [n for n in system.state_dict() if not n.startswith("encoder.")]
    type(system)(system.config).load_state_dict(system.state_dict())
    assert torch.equal(system.embed_ecg(*parts), embedding)
    with pytest.raises(CardiolexError, match="its tokeniser was taken off"):
        system.losses(data)


def test_the_code_book_starts_at_clusters_and_follows_them():
    torch.manual_seed(0)
    centres = F.normalize(torch.randn(6, 16), dim=1)
    rows = centres.repeat_interleave(20, dim=0) + 0.02 * torch.randn(120, 16)
    book = CodeBook(CodeBook.Config(codes=6, width=16, decay=0.5))
    book.start(rows)
    assert book.started
    codes = book.codes(rows).view(6, 20)
    assert (codes == codes[:, :1]).all() and len(codes[:, 0].unique()) == 6
    assert ((book.vectors @ centres.T).amax(dim=1) > 0.99).all()
    old, row = book.vectors.clone(), F.normalize(torch.randn(1, 16), dim=1)
    code = int(book.codes(row))
    book.follow(*book.usage(row, torch.tensor([code])))
    expected = F.normalize(0.5 * old[code] + 0.5 * row[0], dim=0)
    assert torch.allclose(book.vectors[code], expected, atol=1e-6)
    others = [n for n in range(6) if n != code]
    assert torch.equal(book.vectors[others], old[others])


def test_the_choice_of_a_code_lets_gradients_pass():
    system, data = made("heartlang_tokenizer"), batch()
    losses = system.losses(data)
    assert bool(system.tokenizer.book.started) and losses["codes_used"] > 2
    losses["reconstruction"].backward()
    assert system.tokenizer.encoder.embed.weight.grad.abs().sum() > 0


def test_beats_of_two_lengths_are_refused():
    with pytest.raises(ValueError, match="set both alike"):
        type(made("heartlang").config)(beats=BeatFinder.Config(samples=50))
