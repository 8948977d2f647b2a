import numpy as np
import pytest

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.entity_scores import count_entities, macro, micro
from cardiolex.evaluation.stated import in_plain_words, stated
from cardiolex.reports.extract import bundled_rules

RULES = bundled_rules()
VOCABULARY = RULES.vocabulary


def counts(written, references, weights=None, **options):
    found = count_entities(RULES(written), RULES(references), VOCABULARY, **options)
    ones = np.ones((len(written), 1), np.float32)
    return found, found.sums(ones if weights is None else weights)


def of(sums, name):
    return tuple(int(part[0, VOCABULARY.index[name]]) for part in sums)


def test_right_wrong_and_missed_by_hand():
    written = ["atrial fibrillation. left bundle branch block", "sinus rhythm"]
    references = ["atrial fibrillation", "sinus rhythm. atrial fibrillation"]
    _, sums = counts(written, references)
    assert of(sums, "atrial fibrillation") == (1, 0, 1)
    assert of(sums, "sinus rhythm") == (1, 0, 0)
    precision, recall, f1 = micro(*sums)
    assert (precision[0], recall[0]) == (2 / 3, 2 / 3) and f1[0] == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("text", "reference", "want"),
    [
        ("no atrial fibrillation", "atrial fibrillation", (0, 0, 1)),
        ("no atrial fibrillation", "no atrial fibrillation", (0, 0, 0)),
        ("atrial fibrillation", "no atrial fibrillation", (0, 1, 0)),
        ("possible atrial fibrillation", "atrial fibrillation", (0, 0, 1)),
        ("atrial fibrillation", "possible atrial fibrillation", (0, 0, 0)),
        ("", "possible atrial fibrillation", (0, 0, 0)),
        ("Vorhofflimmern", "atrial fibrillation", (1, 0, 0)),
    ],
)
def test_assertion_counts_and_language_does_not(text, reference, want):
    _, sums = counts([text], [reference])
    assert of(sums, "atrial fibrillation") == want


def test_superclasses_make_a_near_miss_half_right():
    written, references = ["anterior infarct"], ["inferior infarct"]
    _, apart = counts(written, references)
    _, kin = counts(written, references, superclasses=True)
    assert micro(*apart)[2][0] == 0 and 0 < micro(*kin)[2][0] < 1
    assert of(kin, "myocardial infarction") == (1, 0, 0)
    assert of(kin, "inferior myocardial infarction") == (0, 0, 1)


def test_an_uncertain_subtype_leaves_its_superclasses_open():
    _, sums = counts(["anterior infarct"], ["possible inferior infarct"], superclasses=True)
    assert of(sums, "myocardial infarction") == (0, 0, 0)
    assert of(sums, "anterior myocardial infarction") == (0, 1, 0)


def test_weights_repeat_records():
    written = ["sinus rhythm", "atrial fibrillation", ""]
    references = ["sinus rhythm", "sinus rhythm", "atrial fibrillation"]
    weights = np.array([[2], [0], [3]], np.float32)
    _, weighted = counts(written, references, weights)
    repeated = [0, 0, 2, 2, 2]
    _, plain = counts([written[i] for i in repeated], [references[i] for i in repeated])
    for one, other in zip(weighted, plain, strict=True):
        np.testing.assert_array_equal(one, other)


def test_macro_is_the_mean_over_the_counted_findings():
    right, wrong = np.array([[2.0, 0, 5]]), np.array([[0.0, 1, 0]])
    missed = np.array([[2.0, 3, 0]])
    counted = np.array([True, True, False])
    precision, recall, f1 = macro(right, wrong, missed, counted)
    assert (precision[0], recall[0]) == ((1 + 0) / 2, (0.5 + 0) / 2)
    assert f1[0] == pytest.approx((2 / 3 + 0) / 2)
    never_written, _, _ = macro(right * 0, wrong * 0, missed, counted)
    assert never_written[0] == 0
    absent, _, _ = macro(right * 0, wrong, missed * 0, counted)
    assert np.isnan(absent[0])


def test_who_states_what_is_counted():
    found, _ = counts(["sinus rhythm", "sinus rhythm"], ["sinus rhythm", "atrial flutter"])
    place = VOCABULARY.index["sinus rhythm"]
    assert (found.references()[place], found.written()[place]) == (1, 2)


def test_numbers_of_texts_must_agree():
    with pytest.raises(CardiolexError, match="1 texts for 0 references"):
        count_entities(RULES(["x"]), [], VOCABULARY)


def test_what_reports_state_compares_across_languages():
    english, german, possible = stated(
        RULES(["Atrial fibrillation.", "Vorhofflimmern", "possible atrial fibrillation"])
    )
    assert english == german == {"atrial fibrillation"} and possible == {"atrial fibrillation?"}
    assert in_plain_words("Vorhofflimmern, kein Infarkt", RULES) == (
        "atrial fibrillation. no myocardial infarction."
    )
    assert in_plain_words("trace only requested", RULES) == "trace only requested"
