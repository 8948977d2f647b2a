import itertools

import pytest

from cardiolex.reports.llm.support import Support
from cardiolex.reports.llm.whole import TextSupport, rest_of
from cardiolex.reports.vocabulary import Vocabulary

VOCABULARY = Vocabulary.load()


def words(text: str, entity: str) -> str | None:
    span = Support(text, VOCABULARY).find(entity)
    return None if span is None else text[slice(*span)]


@pytest.mark.parametrize(
    ("text", "entity", "found"),
    [
        ("Sinus rhythm with PACs", "sinus rhythm", "Sinus rhythm"),
        ("Sinus rhythm with PACs", "premature atrial complexes", "PACs"),
        ("LBBB", "left bundle branch block", "LBBB"),
        ("1ST DEGREE A-V BLOCK", "first degree av block", "1ST DEGREE A-V BLOCK"),
        ("Sinusrhythmus, Linksschenkelblock", "left bundle branch block", "Linksschenkelblock"),
        ("T abnormalities, lateral leads", "lateral t wave abnormality",
         "T abnormalities, lateral leads"),
        ("left and right atrial enlargement", "left atrial enlargement",
         "left and right atrial enlargement"),
        ("inferior, septal and/or anterior infarct", "septal infarct",
         "septal and/or anterior infarct"),
        ("Inferior/lateral T changes", "inferior t changes", "Inferior/lateral T changes"),
        ("ST elevation or depression in V1", "st depression", "ST elevation or depression"),
        ("ST & T wave abnormality", "st abnormality", "ST & T wave abnormality"),
        ("ST depression and T wave inversion in anterior leads", "st depression in anterior leads",
         "ST depression and T wave inversion in anterior leads"),
        ("strange flutterlike hum", "flutterlike hum", "flutterlike hum"),
    ],
)  # fmt: skip
def test_what_a_text_says_is_found_with_its_words(text: str, entity: str, found: str) -> None:
    assert words(text, entity) == found


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        ("Sinus rhythm", "atrial fibrillation"),
        ("RBBB", "left bundle branch block"),
        ("left axis deviation and right bundle branch block", "left bundle branch block"),
        ("left axis deviation, right bundle branch block", "right axis deviation"),
        ("inferior ischemia and anterior infarct", "inferior infarct"),
        ("inferior ischemia and anterior infarct", "anterior ischemia"),
        ("inferior T wave inversion with lateral ST depression", "lateral t wave inversion"),
        ("atrial fibrillation with rapid ventricular response", "ventricular fibrillation"),
        ("left ventricular hypertrophy and right atrial enlargement", "left atrial enlargement"),
        ("First degree AV block", "second degree av block"),
        ("Inferior infarct, age undetermined", "old inferior myocardial infarction"),
        ("ST elevation in V1", "st elevation in v2"),
        ("Rate 45", "bradycardia"),
        ("fibrillation", "fib"),
        ("normal axis", "normal ecg"),
        ("wandering atrial pacemaker", "paced rhythm"),
        ("", "sinus rhythm"),
        ("sinus rhythm", ""),
        ("sinus rhythm", "?!"),
    ],
)
def test_what_a_text_does_not_say_is_not_found(text: str, entity: str) -> None:
    assert words(text, entity) is None


def test_a_canonical_name_supports_itself_and_not_its_opposites() -> None:
    for name in VOCABULARY.names:
        support = Support(name, VOCABULARY)
        assert support.find(name) == (0, len(name))
        for opposite in VOCABULARY.opposites(name):
            # "av block" stands in "first degree av block", "flutter" in "fibrillation and flutter"
            if opposite not in name and " and " not in name:
                assert support.find(opposite) is None, (name, opposite)


def test_two_findings_joined_support_both_and_no_mixture() -> None:
    sides = [("left", "right"), ("right", "left")]
    things = ["axis deviation", "bundle branch block", "atrial enlargement",
              "ventricular hypertrophy"]  # fmt: skip
    for (a, b), (one, other) in itertools.product(sides, itertools.permutations(things, 2)):
        for joint in (" and ", ", ", " with ", "/", " & "):
            support = Support(f"{a} {one}{joint}{b} {other}", VOCABULARY)
            assert support.find(f"{a} {one}") and support.find(f"{b} {other}")
            assert not support.find(f"{b} {one}"), (a, one, joint, b, other)
            assert not support.find(f"{a} {other}"), (a, one, joint, b, other)


def test_words_never_join_over_a_full_stop() -> None:
    text = "Possible left axis. Bundle branch block. Inferior infarct"
    support = TextSupport(text, VOCABULARY)
    assert support.find("left bundle branch block") is None
    span = support.find("inferior infarct")
    assert span is not None
    assert text[slice(*span)] == "Inferior infarct"


def test_long_hostile_statements_take_bounded_time() -> None:
    text = "left or right, high and low axis in " * 110
    assert Support(text, VOCABULARY).find("left axis") is not None


def test_the_rest_of_a_text_is_every_word_that_no_span_covers() -> None:
    text = "odd words, sinus rhythm, more"
    assert [text[slice(*span)] for span in rest_of(text, [(11, 23)])] == ["odd words", "more"]
    assert rest_of("", []) == ()
