from dataclasses import replace

import numpy as np
import pytest

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.metrics import auroc
from cardiolex.evaluation.prompt_styles import compare_prompts
from cardiolex.evaluation.seen import evaluate_seen, seen_rows
from cardiolex.evaluation.transfer import (
    DataSet,
    evaluate_transfer,
    joined_labels,
    shared_classes,
)
from cardiolex.reports.vocabulary import Vocabulary

VOCABULARY = Vocabulary.load()
PLACES = {
    "left bundle branch block": (1.0, 0.1),
    "right bundle branch block": (1.0, 0.0),
    "lbbb": (1.0, 0.12),
    "atrial flutter": (0.0, 1.0),
}


def embed(texts):
    return np.array([PLACES.get(text, (-1.0, 0.3)) for text in texts])


def test_the_two_verdicts_and_where_they_differ():
    """Met: LBBB. A cosine takes RBBB for it; an abbreviation the vocabulary knows is met too."""
    met = {"left bundle branch block"}
    rows = seen_rows(
        ["LBBB", "right bundle branch block", "atrial flutter", "lbbb"], met, VOCABULARY, embed
    )
    abbreviation, opposite, other, near = rows
    assert (abbreviation.by_vocabulary, abbreviation.by_similarity) == (True, False)
    assert (opposite.by_vocabulary, opposite.by_similarity) == (False, True)
    assert opposite.opposites == ("right", "left")
    assert (other.by_vocabulary, other.by_similarity) == (False, False)
    assert (near.differs, near.nearest) == (False, "left bundle branch block")
    with pytest.raises(CardiolexError, match="does not tell"):
        seen_rows(["LBBB"], set(), VOCABULARY, embed)


def test_macro_means_of_the_seen_and_the_unseen(answers_of):
    answers = replace(
        answers_of(noise=1.0), conditions=("left bundle branch block", "right bundle branch block")
    )
    rows = seen_rows(answers.conditions, {"left bundle branch block"}, VOCABULARY, embed)
    found = evaluate_seen(answers, rows, resamples=20)
    first = ~np.isnan(answers.labels[:, 0])
    expected = auroc(answers.labels[first, 0], answers.probabilities[first, 0])
    assert found.macro["seen by vocabulary"].value == pytest.approx(expected)
    assert found.macro["unseen by similarity"] is None
    assert found.macro["seen by similarity"].value == pytest.approx(
        np.mean([row.auroc.value for row in found.rows])
    )
    assert "differ for 1 of 2" in found.to_markdown()


def test_classes_are_shared_by_meaning_and_by_kind():
    source = ("conduction disturbance", "LBBB", "sinus rhythm")
    target = ("left bundle branch block", "right bundle branch block", "normal sinus rhythm", "x")
    same = shared_classes(source, target, VOCABULARY)
    assert same["LBBB"] == ("left bundle branch block",)
    assert "conduction disturbance" not in same
    kinds = shared_classes(source, target, VOCABULARY, kinds=True)
    assert kinds["conduction disturbance"] == target[:2]


def test_a_group_is_present_if_any_is_and_absent_if_all_are(answers_of):
    answers = answers_of()
    labels = np.array([[1, np.nan], [0, 0], [0, np.nan], [0, 1]], np.float32)
    part = replace(answers, labels=labels)
    found = joined_labels(part, {"any": answers.conditions})
    np.testing.assert_array_equal(found[:, 0], [1, 0, np.nan, 1])


def test_a_probe_of_the_source_answers_the_target(answers_of):
    """The features hold the first class; the zero-shot answers are turned round."""
    rng = np.random.default_rng(0)
    first = answers_of(table="a", columns=(0, 1))
    second = answers_of(table="b", columns=(1, 0), seed=3)
    second = replace(second, probabilities=1 - second.probabilities)
    features = np.nan_to_num(first.labels[:, [0]]) + 0.3 * rng.normal(size=(len(first), 4))
    found = evaluate_transfer([DataSet(first, features), DataSet(second, features)], VOCABULARY)
    assert [(t.source, t.target) for t in found.transfers] == [("a", "b"), ("b", "a")]
    one = found.transfers[0]
    assert set(one.classes) == {"rhythm", "everywhere"}
    alone = replace(found.transfers[0])
    assert alone.probe.value > 0.7 > 0.5 > alone.zero_shot.value
    strange = replace(second, conditions=("p", "q"))
    nothing = evaluate_transfer(
        [DataSet(first, features), DataSet(strange, features)], VOCABULARY, resamples=5
    )
    assert "no class" in nothing.transfers[0].failed and "no class" in nothing.to_markdown()


def test_styles_are_paired_with_the_first(answers_of):
    styles = {"name": answers_of(noise=3.0), "enriched": answers_of(noise=0.2)}
    texts = {style: {c: (f"{style} {c}",) for c in styles["name"].conditions} for style in styles}
    found = compare_prompts(styles, texts, resamples=100)
    assert found.change("enriched").low > 0 and found.change("name").value == 0
    assert found.to_dict()["styles"]["enriched"]["classes"][0]["asked"] == ["enriched rhythm"]
