"""Wordings of conditions: every class has them, and none says what the condition is not."""

import re

import pytest

from cardiolex.errors import CardiolexError
from cardiolex.reports.prompts import benchmark_conditions, phrases, prompt
from cardiolex.reports.queries import query_text
from cardiolex.reports.vocabulary import Vocabulary

VOCABULARY = Vocabulary.load()
# Names and codes of the classes of the six sets, as the sets call them.
CLASSES = """hypertrophy; normal; myocardial infarction; conduction disturbance; st-t changes;
anterior myocardial infarction; left anterior fascicular block; left posterior fascicular block;
left ventricular hypertrophy; inferior myocardial infarction; septal hypertrophy; complete right
bundle branch block; wolff-parkinson-white syndrome; left atrial enlargement; left atrial
overload; non-specific ischemic st-t changes; av block; right atrial enlargement; right atrial
overload; lateral myocardial infarction; ischemic in inferior leads; ischemic in anterior leads;
non-specific st changes; complete left bundle branch block; incomplete left bundle branch block;
incomplete right bundle branch block; posterior myocardial infarction; right ventricular
hypertrophy; non-specific intraventricular conduction disturbance; atrial premature complex;
digitalis effect; high qrs voltage; st depression; prolonged pr interval; q waves present;
voltage criteria for left ventricular hypertrophy; non-diagnostic t abnormalities; t wave
abnormality; low amplitude t waves; abnormal qrs; long qt interval; premature complex;
non-specific t wave changes; st elevation; ventricular premature complex; inverted t waves; low
qrs voltages in the frontal and horizontal leads; supraventricular arrhythmia; bigeminal
pattern; sinus tachycardia; sinus arrhythmia; sinus bradycardia; trigeminal pattern; atrial
fibrillation; sinus rhythm; supraventricular tachycardia; paroxysmal supraventricular
tachycardia; atrial flutter; normal functioning artificial pacemaker; first degree av block;
right bundle branch block; left bundle branch block; abnormal q wave; u wave; second degree av
block; atrial tachycardia; ventricular bigeminy; axis right shift; ventricular premature beat; t
wave opposite; st tilt up; axis left shift; atrial premature beats; second degree av block type
1; pr interval extension; counterclockwise rotation; clockwise rotation; qt interval extension;
ventricular escape beat; st drop down; t wave change; p wave change; early repolarization of the
ventricles; junctional escape beat"""


@pytest.mark.parametrize("condition", [" ".join(c.split()) for c in CLASSES.split(";")])
def test_every_class_of_the_six_sets_has_a_short_and_a_long_wording(condition):
    name = VOCABULARY.resolve(condition)
    assert name in phrases(), condition
    long = prompt(condition, VOCABULARY, "enriched")
    assert long.startswith(f"{name}, ")
    assert len(long) > len(prompt(condition, VOCABULARY, "concise"))


def test_the_benchmark_conditions_are_distinct_and_have_wordings():
    names = benchmark_conditions()
    assert len(set(names)) == len(names) > 70
    assert set(names) <= set(phrases()) <= set(VOCABULARY.names)


# What is seen on paper and is no diagnosis; names of such signs may explain a diagnosis.
SIGNS = {
    "abnormal qrs morphology",
    "axis deviation",
    "clockwise rotation",
    "p wave abnormality",
    "qrs voltage abnormality",
    "qt abnormality",
    "short pr interval",
    "st segment abnormality",
    "t wave abnormality",
    "u wave abnormality",
}
SEEN = {
    name
    for name in VOCABULARY.names
    if VOCABULARY.closure([name]) & SIGNS and "hypertrophy" not in VOCABULARY.closure([name])
}


@pytest.mark.parametrize("name", sorted(phrases()))
def test_a_wording_never_means_another_condition(name):
    """A sign is told by itself and its kinds, a diagnosis also by signs; none by a stranger."""
    kinds = {n for n in VOCABULARY.names if name in VOCABULARY.closure([n])}
    may = kinds | VOCABULARY.closure([name]) | (set() if name in SEEN else SEEN)
    for phrase in phrases()[name].enriched:
        parts = [part for part in re.split(r" (?:or|and|with) |, ", phrase) if " " in part]
        for part in (phrase, *parts):
            meant = VOCABULARY.resolve(part)
            assert meant is None or meant in may, (phrase, meant)


@pytest.mark.parametrize("name", sorted(phrases()))
def test_a_short_wording_means_the_condition_itself(name):
    assert VOCABULARY.resolve(phrases()[name].concise) == name


@pytest.mark.parametrize("name", sorted(phrases()))
def test_no_opposite_and_no_sibling_is_in_a_wording(name):
    """Words that exclude one another: none of a pair in the name, the other in the wording."""
    text = " ".join(phrases()[name].enriched)
    for one, other in PAIRS:
        if re.search(rf"\b{one}\b", name) and not re.search(rf"\b{other}\b", name):
            assert not re.search(rf"\b{other}\b", text), (one, other)


PAIRS = [
    ("complete", "incomplete"),
    ("incomplete", "complete"),
    ("clockwise", "counterclockwise"),
    ("counterclockwise", "clockwise"),
    ("bradycardia", "tachycardia"),
    ("tachycardia", "bradycardia"),
    ("fibrillation", "flutter"),
    ("flutter", "fibrillation"),
    ("st elevation", "depression"),
    ("st depression", "elevation"),
    ("type i", "type ii"),
    ("type ii", "type i"),
    ("infarction", "ischemia"),
    ("ischemia", "infarction"),
    ("hypokalemia", "high potassium"),
    ("hyperkalemia", "low potassium"),
    ("bundle branch block", "fascicular"),
]


def test_styles_fall_back_to_the_question_by_name():
    for style in ("name", "concise", "enriched"):
        assert prompt("Osborn wave in V3", VOCABULARY, style) == "osborn wave in v3"
        assert prompt("fQRS of no use", VOCABULARY, style) == query_text(
            "fQRS of no use", VOCABULARY
        )
    assert (
        prompt("LBBB", VOCABULARY) == query_text("LBBB", VOCABULARY) == "left bundle branch block"
    )
    assert prompt("PVC", VOCABULARY, "concise") == "ventricular premature complex"
    assert prompt("pvc", VOCABULARY, "enriched") == prompt("VPB", VOCABULARY, "enriched")


def test_an_unknown_style_is_refused():
    with pytest.raises(CardiolexError, match="name, concise, enriched"):
        prompt("sinus rhythm", VOCABULARY, "long")


def test_wordings_are_lower_case_plain_phrases():
    for name, row in phrases().items():
        for phrase in (row.concise, *row.enriched):
            assert phrase == " ".join(phrase.lower().split()), name
            assert not re.search(r"[:*!?;]|\.$", phrase.replace(":1", "")), phrase
        assert len(set(row.enriched)) == len(row.enriched)
        assert name not in row.enriched
