import itertools

import pytest

from cardiolex.reports.building import Guard
from cardiolex.reports.vocabulary import Vocabulary


@pytest.fixture(scope="module")
def guard() -> Guard:
    return Guard(Vocabulary.load())


@pytest.fixture(scope="module")
def words_alone() -> Guard:
    """A guard that sees words only: names come as if the vocabulary knew none of them."""
    guard = Guard(Vocabulary.load())
    guard._entities = lambda a, b: None  # type: ignore[method-assign]
    return guard


OPPOSITES = [
    ("left bundle branch block", "right bundle branch block"),
    ("high amplitude t wave", "low amplitude t wave"),
    ("third-degree AV block", "2nd degree A-V block"),
    ("mobitz type I block", "mobitz type II block"),
    ("complete block of the right bundle", "incomplete block of the right bundle"),
    ("inferior wall infarct", "anterior wall infarct"),
    ("myocardial ischaemia", "myocardial infarction"),
    ("ectopic atrial beats", "ectopic ventricular beats"),
    ("prolongation of the qt interval", "shortening of the qt interval"),
    ("increased r amplitude", "decreased r amplitude"),
    ("hyperkalaemia", "hypokalaemia"),
    ("sinus bradycardia", "sinus tachycardia"),
    ("st segment elevation", "st segment depression"),
    ("upright t waves", "inverted t waves"),
    ("old infarct", "acute infarct"),
    ("t wave changes", "u wave changes"),
    ("changes in v1", "changes in v2"),
    ("2:1 conduction", "3:1 conduction"),
    ("atrial flutter", "atrial fibrillation"),
    ("normal axis", "axis deviation"),
    ("st elevation", "no st elevation"),
    ("possible pericarditis", "pericarditis"),
    ("myocarditis", "pericarditis"),
    ("sustained vt", "nonsustained vt"),
    ("regular rhythm", "irregular rhythm"),
    ("left front bundle branch block", "left rear bundle branch block"),
]


@pytest.mark.parametrize(("a", "b"), OPPOSITES[:-1])
def test_opposites_are_never_free_by_words_alone(words_alone: Guard, a: str, b: str) -> None:
    assert words_alone.compare(a, b).relation == "apart"
    assert words_alone.compare(b, a).relation == "apart"


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("qtc prolonged", "prolonged qt interval"),
        ("leftward axis deviation", "left axis deviation"),
        ("t wave flattening", "flattened t waves"),
        ("osborn wave", "osborn waves"),
        ("prior inferior mi", "old inferior infarction"),
        ("1st degree A-V block", "first degree av block"),
        ("ischaemic st changes", "st changes of ischemia"),
    ],
)
def test_other_words_for_the_same_are_free(words_alone: Guard, a: str, b: str) -> None:
    assert words_alone.compare(a, b).relation == "free"


@pytest.mark.parametrize(
    ("narrow", "broad"),
    [
        ("left bundle branch block", "bundle branch block"),
        ("acute inferior wall infarct", "inferior wall infarct"),
        ("second degree exit block", "exit block"),
        ("st changes in v1", "st changes"),
        ("incomplete right bundle branch block", "right bundle branch block"),
    ],
)
def test_one_more_word_makes_a_kind_of_and_never_the_same(
    words_alone: Guard, narrow: str, broad: str
) -> None:
    assert words_alone.compare(narrow, broad).relation == "narrower"
    assert words_alone.compare(broad, narrow).relation == "broader"


def test_the_never_merge_lists_hold_by_words_alone(words_alone: Guard) -> None:
    """Not circular: the lists are a clinician's, the guard here sees words only."""
    vocabulary = words_alone.vocabulary
    pairs = {tuple(sorted((e.name, other))) for e in vocabulary.entities for other in e.never_merge}
    free = [pair for pair in pairs if words_alone.compare(*pair).relation == "free"]
    assert len(pairs) > 150
    assert len(free) <= 0.02 * len(pairs), free


def test_with_the_vocabulary_no_two_entities_are_free(guard: Guard) -> None:
    names = guard.vocabulary.names
    assert not [
        (a, b)
        for a, b in itertools.combinations(names, 2)
        if guard.compare(a, b).relation == "free"
    ]


def test_verdicts_mirror_one_another(words_alone: Guard) -> None:
    mirror = {"free": "free", "apart": "apart", "narrower": "broader", "broader": "narrower"}
    for a, b in itertools.combinations(words_alone.vocabulary.names[::4], 2):
        forth, back = words_alone.compare(a, b).relation, words_alone.compare(b, a).relation
        assert back == mirror[forth], (a, b)


def test_reasons_name_the_words_that_decide(guard: Guard) -> None:
    verdict = guard.compare("increased r/s ratio", "decreased r/s ratio")
    assert verdict.reason == "'increased' against 'decreased'"


def test_superclasses_may_use_other_words_but_no_opposites(guard: Guard) -> None:
    assert guard.kind_of("osborn waves in v3", "j wave syndromes").relation == "narrower"
    assert guard.kind_of("left axis shift, extreme", "right heart strain").relation == "apart"
    assert guard.kind_of("bundle branch block", "left bundle branch block").relation == "apart"
    assert guard.kind_of("left bundle branch block", "conduction disturbance").relation != "apart"
