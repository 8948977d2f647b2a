import itertools
import math
from dataclasses import dataclass

import pytest
import torch

from cardiolex.nn.generation import Decoding, Words, drawn, generate
from cardiolex.nn.token_rules import TokenRules, keep_most_likely, repeats

V, END, START = 5, 4, 0
WORDS = Words(START, END)
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Written:
    """A toy language: the next word depends on the last two and on the text's own number."""

    tables: torch.Tensor  # (N, V, V, V)
    before: torch.Tensor  # (N,)

    def select(self, rows):
        return Written(self.tables[rows], self.before[rows])

    def reorder(self, rows):
        assert torch.equal(self.tables[rows], self.tables)  # beams stay with their text
        return Written(self.tables, self.before[rows])


def step(ids, state):
    rows = torch.arange(len(ids))
    return state.tables[rows, state.before, ids], Written(state.tables, ids)


def language(texts, seed=0, sharpness=1.5):
    generator = torch.Generator().manual_seed(seed)
    tables = sharpness * torch.randn(texts, V, V, V, generator=generator)
    return Written(tables, torch.zeros(texts, dtype=torch.long))


def log_probability(tables, words):
    before, last, total = 0, START, 0.0
    for word in words:
        total += float(tables[before, last].log_softmax(0)[word])
        before, last = last, word
    return total


def every_text(longest):
    words = range(V - 1)
    for length in range(1, longest + 1):
        yield from ([*text, END] for text in itertools.product(words, repeat=length - 1))
    yield from (list(text) for text in itertools.product(words, repeat=longest))


@pytest.mark.parametrize("penalty", [0.0, 1.0])
def test_a_beam_as_wide_as_the_language_finds_the_best_text_of_all(penalty):
    longest = 4
    state = language(6)
    decoding = Decoding(
        method="beam", beams=V**longest, min_tokens=0, max_tokens=longest, length_penalty=penalty
    )
    found = generate(step, state, 6, WORDS, decoding, CPU)
    for tables, text in zip(state.tables, found, strict=True):
        best = max(
            every_text(longest), key=lambda t: log_probability(tables, t) / len(t) ** penalty
        )
        assert text == [word for word in best if word != END]


def test_one_beam_is_greedy_and_greedy_takes_the_likeliest_word():
    state = language(20, seed=1)
    greedy = generate(step, state, 20, WORDS, Decoding(min_tokens=0, max_tokens=12), CPU)
    one = Decoding(method="beam", beams=1, min_tokens=0, max_tokens=12)
    assert generate(step, state, 20, WORDS, one, CPU) == greedy
    for tables, text in zip(state.tables, greedy, strict=True):
        before, last, want = 0, START, []
        while len(want) < 12 and (word := int(tables[before, last].argmax())) != END:
            want.append(word)
            before, last = last, word
        assert text == want
    assert len({len(text) for text in greedy}) > 3


def test_more_beams_find_likelier_texts():
    state = language(40, seed=2)

    def mean(beams):
        # so short that all are cut at the same length: scores can be compared
        decoding = Decoding(method="beam", beams=beams, min_tokens=6, max_tokens=6)
        texts = generate(step, state, 40, WORDS, decoding, CPU)
        assert {len(text) for text in texts} == {6}
        masked = state.tables.clone()
        masked[..., END] = -torch.inf
        return sum(log_probability(t, x) for t, x in zip(masked, texts, strict=True)) / 40

    one, two, many = mean(1), mean(2), mean(V**3)
    assert one < two < many + 1e-6


def test_an_early_end_that_is_unlikely_does_not_win():
    """Two unlikely ends come first; the likely text in work must not be given up for them."""
    table = torch.full((V, V, V), -8.0)
    table[:, START, 1] = table[:, 1, 2] = table[:, 2, 3] = table[:, 3, END] = 8.0
    table[:, :, END] += 2.0
    state = Written(table[None], torch.zeros(1, dtype=torch.long))
    decoding = Decoding(method="beam", beams=2, min_tokens=0, max_tokens=10)
    assert generate(step, state, 1, WORDS, decoding, CPU) == [[1, 2, 3]]


DECODINGS = [
    Decoding(),
    Decoding(method="beam", beams=6, groups=3, diversity=0.7, max_tokens=15),
    Decoding(method="sample", seed=3, top_p=0.9, temperature=1.3, max_tokens=15),
    Decoding(method="sample", seed=3, top_k=2, repetition_penalty=1.4, no_repeat=2, max_tokens=9),
]


@pytest.mark.parametrize("decoding", DECODINGS)
def test_neighbours_and_places_in_the_batch_do_not_matter(decoding):
    state = language(9, seed=4)
    together = generate(step, state, 9, WORDS, decoding, CPU)
    for row in range(9):
        alone = generate(step, state.select(torch.tensor([row])), 1, WORDS, decoding, CPU)
        assert alone == [together[row]]
    assert (
        generate(step, state.select(torch.tensor([], dtype=torch.long)), 0, WORDS, decoding, CPU)
        == []
    )


@pytest.mark.parametrize("decoding", DECODINGS)
def test_lengths_and_forbidden_words_are_kept(decoding):
    state = language(30, seed=5)
    decoding = decoding.model_copy(update={"min_tokens": 4, "max_tokens": 8})
    texts = generate(step, state, 30, Words(START, END, never=(2,)), decoding, CPU)
    assert all(4 <= len(text) <= 8 for text in texts)
    assert not {2, END} & {word for text in texts for word in text}
    if decoding.no_repeat:
        for text in texts:
            pairs = list(itertools.pairwise(text))
            assert len(pairs) == len(set(pairs))


def test_samples_follow_the_probabilities_and_the_seed():
    logits = torch.randn(1, V, generator=torch.Generator().manual_seed(6))
    state = Written(logits.expand(1, V, V, V), torch.zeros(1, dtype=torch.long))

    def first(seed, **more):
        decoding = Decoding(method="sample", seed=seed, min_tokens=0, max_tokens=1, **more)
        return (generate(step, state, 1, WORDS, decoding, CPU)[0] or [END])[0]

    words = torch.tensor([first(seed) for seed in range(3000)])
    counts = torch.bincount(words, minlength=V) / 3000
    assert torch.allclose(counts, logits.softmax(1)[0], atol=0.03)
    assert first(7) == first(7)
    assert {first(seed, top_k=1) for seed in range(20)} == {int(logits.argmax())}
    assert {first(seed, temperature=0.01) for seed in range(20)} == {int(logits.argmax())}


def test_top_p_keeps_the_fewest_words_with_that_mass():
    logits = torch.tensor([[0.5, 0.3, 0.15, 0.05], [0.05, 0.05, 0.1, 0.8]]).log()
    probabilities, order = keep_most_likely(logits, None, 0.7)
    assert (probabilities > 0).sum(dim=1).tolist() == [2, 1]
    assert order[:, 0].tolist() == [0, 3]
    assert torch.allclose(probabilities[0, :2], torch.tensor([0.5, 0.3]))
    probabilities, _ = keep_most_likely(logits, 2, None)
    assert torch.allclose(probabilities[0], torch.tensor([0.625, 0.375]))
    everything = Decoding(method="sample", top_p=0.7)
    drawn_words = {int(drawn(logits, c / 100, everything)[0]) for c in range(100)}
    assert drawn_words == {0, 1}
    assert int(drawn(logits, math.nextafter(1.0, 0.0), Decoding(method="sample"))[0]) == 3


def test_groups_begin_differently_where_diversity_asks_for_it():
    """With two equal groups the second takes another first word; the best answer stays."""
    state = language(30, seed=8)
    plain = Decoding(method="beam", beams=2, max_tokens=10)
    grouped = plain.model_copy(update={"beams": 6, "groups": 3})
    assert generate(step, state, 30, WORDS, grouped, CPU) == generate(
        step, state, 30, WORDS, plain, CPU
    )
    diverse = grouped.model_copy(update={"diversity": 2.0})
    answers = generate(step, state, 30, WORDS, diverse, CPU)
    found = generate(step, state, 30, WORDS, plain, CPU)
    scores = [
        [
            log_probability(t, [*x, END]) / (len(x) + 1)
            for t, x in zip(state.tables, texts, strict=True)
        ]
        for texts in (answers, found)
    ]
    gained = [a - b for a, b in zip(*scores, strict=True) if abs(a - b) > 1e-9]
    assert gained  # other texts were found


def test_rules_on_repeats():
    history = torch.tensor([[1, 2, 3, 1, 2], [1, 1, 1, 1, 1]])
    assert repeats(history, 3, V).nonzero().tolist() == [[0, 3], [1, 1]]
    assert repeats(history, 1, V)[0].tolist() == [False, True, True, True, False]
    assert not repeats(history[:, :2], 3, V).any()
    logits = torch.tensor([[1.0, 2.0, -1.0, 0.5, 0.0]])
    out = TokenRules(END, repetition_penalty=2.0)(logits, torch.tensor([[1, 2, 1]]))
    assert out.tolist() == [[1.0, 1.0, -2.0, 0.5, 0.0]]
    stuck = TokenRules(END, never=(0, 1, 2, 3), min_tokens=3)(logits, torch.zeros(1, 0).long())
    assert stuck.argmax() == END  # nothing else is left


def test_settings_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="6 beams cannot be divided among 4 groups"):
        Decoding(beams=6, groups=4)
    with pytest.raises(ValueError, match="min_tokens = 9 is more than max_tokens = 3"):
        Decoding(min_tokens=9, max_tokens=3)
    with pytest.raises(ValueError, match="Extra inputs"):
        Decoding(beem=3)
