import math

import numpy as np
import pytest

from cardiolex.errors import CardiolexError
from cardiolex.evaluation import text_scores
from cardiolex.evaluation.text_scores import (
    bleu,
    bleu_counts,
    check_libraries,
    meteor,
    rouge_l,
    words,
)

WRITTEN = ["sinus rhythm. normal ecg.", "Atrial fibrillation with rapid response", "", "lbbb"]
REFERENCES = [
    "Sinus rhythm. Normal ECG.",
    "atrial fibrillation",
    "sinus rhythm",
    "pacemaker rhythm",
]


def corpus(written, references):
    return bleu(bleu_counts(written, references).sum(axis=0)[None])[0]


def test_bleu_by_hand():
    """Papineni's example, clipped counts; then precision 1 and a text that is too short."""
    found = corpus(["the the the the the the the"], ["the cat is on the mat"])
    np.testing.assert_allclose(found, [2 / 7, 0, 0, 0])
    short = corpus(["sinus rhythm with"], ["sinus rhythm with premature beats"])
    penalty = math.exp(1 - 5 / 3)
    np.testing.assert_allclose(short, [penalty, penalty, penalty, 0])


def test_bleu_mixes_orders_as_a_geometric_mean():
    """Written: 4 words, 3 of them and 1 of 3 pairs in the reference, which is as long."""
    found = corpus(["a b x d"], ["a b c d"])
    np.testing.assert_allclose(found[:2], [3 / 4, math.sqrt(3 / 4 * 1 / 3)])


def test_bleu_of_added_counts_is_the_library_s_corpus_bleu():
    from sacrebleu.metrics.bleu import BLEU

    written = ["a b c d e", "a b", "q c d e f g h", "a b c d"]
    references = ["a b c d f", "a c b", "c d e f g", "a b c d"]
    found = corpus(written, references)
    for n in (1, 2, 3, 4):
        library = BLEU(lowercase=True, smooth_method="none", max_ngram_order=n)
        assert found[n - 1] == pytest.approx(
            library.corpus_score(written, [references]).score / 100
        )


def test_case_does_not_count_and_identity_is_one():
    np.testing.assert_allclose(
        corpus(["Sinus RHYTHM, normal ECG"], ["sinus rhythm, normal ecg"]), 1
    )


def test_rouge_l_by_hand():
    """The longest common subsequence of "a b c d" and "a x c y d e" is "a c d"."""
    (found,) = rouge_l(["a b c d"], ["a x c y d e"])
    assert found == pytest.approx(2 * (3 / 4) * (3 / 6) / (3 / 4 + 3 / 6))


def test_meteor_by_hand(monkeypatch):
    """3 of 4 written and of 5 reference words match, in 2 chunks (Lavie & Agarwal 2007)."""
    monkeypatch.setattr(text_scores, "_wordnet", lambda: None)
    scores, form = meteor(
        ["wide complexes seen tachycardia"], ["wide complex tachycardia in leads"]
    )
    precision, recall = 3 / 4, 3 / 5
    mean = precision * recall / (0.9 * precision + 0.1 * recall)
    assert scores[0] == pytest.approx(mean * (1 - 0.5 * (2 / 3) ** 3))
    assert form == "METEOR (exact, stem)"


def test_meteor_uses_synonyms_where_they_are_installed(monkeypatch):
    class Lemma:
        def name(self):
            return "infarct"

    class Synonyms:
        def synsets(self, word):
            return [self] if word == "infarction" else []

        def lemmas(self):
            return [Lemma()]

    pair = ["old infarction here"], ["old infarct here"]
    monkeypatch.setattr(text_scores, "_wordnet", lambda: Synonyms())
    with_synonyms, form = meteor(*pair)
    monkeypatch.setattr(text_scores, "_wordnet", lambda: None)
    assert form == "METEOR" and with_synonyms[0] >= meteor(*pair)[0][0]


def test_words_of_any_alphabet():
    assert words("Überleitung 2:1, V1-V6; Förmaksflimmer") == [
        "überleitung", "2", "1", "v1", "v6", "förmaksflimmer",
    ]  # fmt: skip
    assert rouge_l(["überdrehter Linkstyp"], ["Überdrehter linkstyp"])[0] == 1


def test_empty_texts_score_zero():
    assert rouge_l(WRITTEN, REFERENCES)[2] == 0 and meteor(WRITTEN, REFERENCES)[0][2] == 0
    np.testing.assert_array_equal(corpus([""], ["sinus rhythm"]), 0)


def test_scores_are_of_each_pair_whatever_the_order():
    order = [2, 0, 3, 1]
    mixed = [WRITTEN[i] for i in order], [REFERENCES[i] for i in order]
    np.testing.assert_array_equal(rouge_l(*mixed), rouge_l(WRITTEN, REFERENCES)[order])
    np.testing.assert_array_equal(meteor(*mixed)[0], meteor(WRITTEN, REFERENCES)[0][order])
    np.testing.assert_array_equal(bleu_counts(*mixed), bleu_counts(WRITTEN, REFERENCES)[order])


def test_missing_libraries_are_named_with_the_remedy(monkeypatch):
    monkeypatch.setitem(text_scores.LIBRARIES, "no_such_module", "no-such-library")
    with pytest.raises(CardiolexError, match=r"no-such-library: pip install 'cardiolex\[text\]'"):
        check_libraries()
