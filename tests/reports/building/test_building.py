import zlib
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from cardiolex.errors import CardiolexError
from cardiolex.reports.building import (
    Decision,
    DecisionTable,
    Proposals,
    build,
    extended,
    targets,
)
from cardiolex.reports.vocabulary import Vocabulary


def letters(texts: Sequence[str]) -> NDArray[np.float32]:
    """Vectors of letter triples: near in spelling, near in space. Opposites are very near."""
    vectors = np.zeros((len(texts), 512), dtype=np.float32)
    for row, text in enumerate(texts):
        padded = f"  {text}  "
        for place in range(len(padded) - 2):
            vectors[row, zlib.crc32(padded[place : place + 3].encode()) % 512] += 1
    return vectors


def all_alike(texts: Sequence[str]) -> NDArray[np.float32]:
    """An encoder for which everything means the same: only guards keep findings apart."""
    return np.ones((len(texts), 4), dtype=np.float32)


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary.load()


@pytest.fixture(scope="module")
def small() -> Vocabulary:
    return Vocabulary.from_dict(
        {
            "version": "1",
            "contrasts": [["left", "right"], ["high", "low"]],
            "entity": [
                {"name": "exit block"},
                {"name": "osborn wave", "synonyms": ["camel hump"]},
                {"name": "left atrial exit block", "is_a": ["exit block"]},
            ],
        }
    )


def decisions(table: DecisionTable) -> dict[str, tuple[str, str]]:
    return {r.name: (r.decision, r.target) for r in table if r.decision in ("same", "new", "drop")}


def test_wordings_of_the_vocabulary_need_no_similarity(vocabulary: Vocabulary) -> None:
    table = build({"pacs": 5, "lbbb": 3, "qtc prolonged": 1, "sinus rhythm": 1}, vocabulary)
    assert targets(table, vocabulary)["sinus rhythm"] == "sinus rhythm"
    assert decisions(table) == {
        "sinus rhythm": ("same", "sinus rhythm"),
        "pacs": ("same", "premature atrial complex"),
        "lbbb": ("same", "left bundle branch block"),
        "qtc prolonged": ("same", "long qt interval"),
    }
    assert {row.reason for row in table} == {"wording of the vocabulary"}


def test_similar_names_merge_and_the_frequent_one_leads(small: Vocabulary) -> None:
    names = {"notched p wave end": 2, "notched p waves end": 9, "delta slurring": 4}
    table = build(names, small, encode=letters)
    assert decisions(table) == {
        "notched p waves end": ("new", ""),
        "notched p wave end": ("same", "notched p waves end"),
        "delta slurring": ("new", ""),
    }
    (row,) = [row for row in table if row.decision == "same"]
    assert row.similarity is not None
    assert 0.8 < row.similarity < 1


def test_the_result_does_not_depend_on_the_order_of_names(vocabulary: Vocabulary) -> None:
    names = {"osborn deflection": 3, "osborn deflections": 3, "late transition zone": 1,
             "late transition zones": 7, "early transition zone": 2}  # fmt: skip
    backwards = dict(reversed(names.items()))
    assert build(names, vocabulary, encode=letters) == build(backwards, vocabulary, encode=letters)


HARD = ["left exit delay", "right exit delay", "high exit delay", "low exit delay",
        "first degree exit delay", "second degree exit delay", "complete exit delay",
        "incomplete exit delay", "anterior exit delay", "inferior exit delay",
        "ischemic exit delay", "infarction exit delay", "atrial exit delay",
        "ventricular exit delay", "prolonged exit delay", "short exit delay",
        "increased exit delay", "decreased exit delay", "exit delay", "no exit delay",
        "possible exit delay", "exit delay in v1", "exit delay in v2", "2:1 exit delay",
        "3:1 exit delay"]  # fmt: skip


def test_even_if_everything_is_similar_guards_keep_opposites_apart(vocabulary: Vocabulary) -> None:
    table = build(dict.fromkeys(HARD, 1), vocabulary, encode=all_alike, map_above=2)
    assert {r.name: r.decision for r in table if r.decision in ("same", "new")} == dict.fromkeys(
        HARD, "new"
    )
    prevented = {r.pair: r.reason for r in table if r.decision == "apart"}
    assert any("against" in reason for reason in prevented.values())
    assert all(reason.startswith("guard: ") for reason in prevented.values())


def test_no_chain_of_resemblances_joins_what_does_not_belong(small: Vocabulary) -> None:
    """a resembles b, b resembles c, a and c do not: mean or single linkage would join all."""
    places = {"alpha": 0.0, "beta": 0.6, "gamma": 1.2}

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        angles = [places.get(t, 3.0) for t in texts]
        return np.array([[np.cos(a), np.sin(a)] for a in angles], dtype=np.float32)

    table = build({"alpha": 3, "beta": 2, "gamma": 1}, small, encode=encode)
    assert decisions(table)["beta"] == ("same", "alpha")
    assert decisions(table)["gamma"] == ("new", "")


def test_what_is_narrower_becomes_a_kind_of_its_target(small: Vocabulary) -> None:
    table = build({"right exit block": 4}, small, encode=letters, map_above=0.6)
    rows = {(r.decision, r.target) for r in table}
    assert ("kind of", "exit block") in rows
    assert ("new", "") in rows
    assert targets(table, small) == {"right exit block": "exit block"}
    grown = extended(table, small, version="2")
    assert grown.closure(["right exit block"]) == {"right exit block", "exit block"}
    assert grown.label_vector(["right exit block"])[grown.index["exit block"]] == 1
    assert targets(table, grown) == {"right exit block": "right exit block"}


def test_a_models_merges_pass_the_guards(small: Vocabulary) -> None:
    merges = {"hump": "camel hump", "left slur": "right slur", "slurring": "slur"}
    names = {"hump": 1, "left slur": 1, "right slur": 2, "slur": 3, "slurring": 1}
    table = build(names, small, proposals=Proposals(merges=merges))
    assert decisions(table) == {
        "hump": ("same", "osborn wave"),
        "slurring": ("same", "slur"),
        "slur": ("new", ""),
        "left slur": ("new", ""),
        "right slur": ("new", ""),
    }
    (apart,) = [row for row in table if row.decision == "apart"]
    assert apart.pair == ("left slur", "right slur")
    assert apart.reason == "guard against the language model: 'left' against 'right'"


def test_superclasses_are_set_by_their_subtypes(small: Vocabulary) -> None:
    proposals = Proposals(superclasses={"slurs": ["left slur", "right slur"], "left things": [
        "left slur", "right slur"]}, no_terms=["aspirin"])  # fmt: skip
    names = {"left slur": 2, "right slur": 1, "aspirin": 9}
    table = build(names, small, proposals=proposals)
    grown = extended(table, small, version="2")
    assert grown.closure(["left slur"]) == {"left slur", "slurs", "left things"}
    assert grown.closure(["right slur"]) == {"right slur", "slurs"}
    assert "aspirin" not in grown
    assert targets(table, grown)["aspirin"] is None


def test_rare_new_findings_stay_out_unless_a_person_wants_them(small: Vocabulary) -> None:
    table = DecisionTable(
        (
            Decision("new", "slur", mentions=2),
            Decision("same", "slurring", "slur", mentions=2),
            Decision("new", "notch", mentions=3),
            Decision("new", "hook", mentions=1, by_hand=True),
        )
    )
    grown = extended(table, small, version="2", min_mentions=4)
    assert set(grown.names) - set(small.names) == {"slur", "hook"}
    assert grown.resolve("slurring") == "slur"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ((("same", "a", "b"), ("same", "b", "a")), "circle: a -> b -> a"),
        ((("same", "a", "nowhere"),), "target 'nowhere' of 'a' is neither in"),
    ],
)
def test_tables_that_lead_nowhere_are_refused(
    small: Vocabulary, rows: tuple[tuple[str, str, str], ...], message: str
) -> None:
    table = DecisionTable(tuple(Decision(*row) for row in rows))  # type: ignore[arg-type]
    with pytest.raises(CardiolexError, match=message):
        targets(table, small)


def test_encoders_that_give_nonsense_are_refused(small: Vocabulary) -> None:
    for bad in (
        lambda texts: np.zeros((len(texts), 3), dtype=np.float32),
        lambda texts: np.full((len(texts), 3), np.nan, dtype=np.float32),
        lambda texts: np.ones((1, 3), dtype=np.float32)[:0],
    ):
        with pytest.raises(CardiolexError, match="text encoder gave"):
            build({"slur": 1}, small, encode=bad)
