from random import Random

from cardiolex.encoders.wordpieces import learn_pieces

WORDS = ["block"] * 5 + ["blocked"] * 3 + ["flutter"] * 4 + ["lock"] * 2 + ["x"]


def spell(word: str, pieces: set[str]) -> list[str]:
    """Greedy longest match, as WordPiece does it."""
    result: list[str] = []
    at = 0
    while at < len(word):
        prefix = "##" if at else ""
        ends = [e for e in range(len(word), at, -1) if prefix + word[at:e] in pieces]
        assert ends, (word, at)
        result.append(prefix + word[at : ends[0]])
        at = ends[0]
    return result


def test_frequent_words_become_one_piece_and_rare_ones_stay_spellable() -> None:
    pieces = set(learn_pieces(WORDS, 100))
    assert spell("block", pieces) == ["block"]
    assert spell("flutter", pieces) == ["flutter"]
    assert "".join(p.removeprefix("##") for p in spell("flock", pieces)) == "flock"


def test_size_is_kept_and_letters_come_first() -> None:
    pieces = learn_pieces(WORDS, 20)
    assert len(pieces) == 20
    assert len(set(pieces)) == 20
    letters = {p for p in pieces if len(p.removeprefix("##")) == 1}
    assert set(pieces[: len(letters)]) == letters
    assert len(learn_pieces(WORDS, 3)) == len(letters)


def test_pairs_seen_once_are_not_merged() -> None:
    assert learn_pieces(["ab"], 50) == ["##b", "a"]
    assert learn_pieces(["ab", "ab"], 50) == ["##b", "a", "ab"]


def test_order_of_the_texts_does_not_matter() -> None:
    shuffled = list(WORDS)
    Random(4).shuffle(shuffled)
    assert learn_pieces(shuffled, 60) == learn_pieces(WORDS, 60)
