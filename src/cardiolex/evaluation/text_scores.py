"""How alike two texts are in words: BLEU-1 to 4, ROUGE-L, METEOR, by the usual libraries.

BLEU (Papineni et al. 2002) through sacrebleu: corpus level, one reference, its 13a tokens in lower
case, no smoothing. ROUGE-L (Lin 2004) through rouge-score: F1 of the longest common subsequence.
METEOR (Lavie & Agarwal 2007) through nltk. The latter two split texts into runs of letters and
digits of any alphabet. They are means over records. All three count words, not meaning: "no
atrial fibrillation" is close to "atrial fibrillation".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError

Floats = NDArray[np.float64]
ORDERS = (1, 2, 3, 4)
LIBRARIES = {"sacrebleu": "sacrebleu", "rouge_score": "rouge-score", "nltk": "nltk"}
_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> list[str]:
    """Runs of letters and digits, in lower case."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def check_libraries() -> None:
    """CardiolexError naming the remedy if a library of the text metrics is not installed."""
    missing = [name for module, name in LIBRARIES.items() if find_spec(module) is None]
    if missing:
        raise CardiolexError(
            f"text metrics need {', '.join(missing)}: pip install 'cardiolex[text]'"
        )


def bleu_counts(written: Sequence[str], references: Sequence[str]) -> Floats:
    """For each pair the counts (N, 10) that BLEU adds up: n-grams of 1 to 4 words found in the
    reference, n-grams written, words written, words of the reference.
    """
    from sacrebleu.metrics.bleu import BLEU

    library: Any = BLEU(lowercase=True, smooth_method="none")

    def one(text: str, reference: str) -> list[float]:
        found = library.corpus_score([text], [[reference]])
        return [*found.counts, *found.totals, found.sys_len, found.ref_len]

    return _by_pair(written, references, one).reshape(-1, 10)


def bleu(counts: Floats) -> Floats:
    """BLEU-1 to BLEU-4 (R, 4), from 0 to 1, of added counts (R, 10)."""
    from sacrebleu.metrics.bleu import BLEU

    scores = np.zeros((len(counts), len(ORDERS)))
    for row, sums in enumerate(np.rint(counts).astype(np.int64).tolist()):
        for n in ORDERS:
            found = BLEU.compute_bleu(
                sums[:n], sums[4 : 4 + n], sums[8], sums[9], "none", max_ngram_order=n
            )
            scores[row, n - 1] = found.score / 100
    return scores


def rouge_l(written: Sequence[str], references: Sequence[str]) -> Floats:
    """ROUGE-L F1 (N,) of each text with its reference."""
    from rouge_score.rouge_scorer import RougeScorer

    class Words:
        def tokenize(self, text: str) -> list[str]:
            return words(text)

    library: Any = RougeScorer(["rougeL"], tokenizer=Words())
    return _by_pair(
        written, references, lambda text, ref: library.score(ref, text)["rougeL"].fmeasure
    )


def meteor(written: Sequence[str], references: Sequence[str]) -> tuple[Floats, str]:
    """METEOR (N,) of each text with its reference, and the name of the form that was computed.

    With nltk's WordNet data, words also match by synonym: "METEOR". Without it they match exactly
    or by their English stem: "METEOR (exact, stem)", which is a little lower.
    """
    from nltk.translate.meteor_score import single_meteor_score

    synonyms = _wordnet()
    form = "METEOR (exact, stem)" if synonyms is None else "METEOR"
    data = _NoSynonyms() if synonyms is None else synonyms

    def one(text: str, reference: str) -> float:
        return float(single_meteor_score(words(reference), words(text), wordnet=data))

    return _by_pair(written, references, one), form


class _NoSynonyms:
    """Stands for WordNet where its data are not installed: no word has a synonym."""

    def synsets(self, word: str) -> list[Any]:
        return []


def _wordnet() -> Any:
    from nltk.corpus import wordnet

    try:
        wordnet.ensure_loaded()
    except LookupError:
        return None
    return wordnet


def _by_pair(
    written: Sequence[str],
    references: Sequence[str],
    score: Callable[[str, str], float | list[float]],
) -> Floats:
    """`score(text, reference)` of every pair, equal pairs computed once: reports repeat."""
    known: dict[tuple[str, str], float | list[float]] = {}
    for pair in zip(written, references, strict=True):
        if pair not in known:
            known[pair] = score(*pair)
    return np.array([known[pair] for pair in zip(written, references, strict=True)], np.float64)
