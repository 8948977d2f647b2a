"""Spans, accounting, opposites, spelling, bad input and repeats of the rules extractor."""

from __future__ import annotations

import itertools
import re

import pytest

import cardiolex as clx
from cardiolex.errors import CardiolexError
from cardiolex.reports import Rules, Vocabulary
from cardiolex.reports.corpus import MIMIC_STATEMENTS, PTBXL_SENTENCES, lines
from cardiolex.reports.extract import bundled_rules

TEXTS = [
    "Sinus rhythm. Cannot rule out inferior infarct, age undetermined.",
    "sinusrhythmus Überdrehter linkstyp q in iii t flach in avl,v5-6 path. ekg",
    "fÖrmaksflimmer/-fladder vÄnster el-axel qt fÖrlÄngd",
    "st segments are slightly depressed in i, avl. t waves are low or flat throughout.",
]


@pytest.fixture(scope="module")
def rules() -> Rules:
    return bundled_rules()


@pytest.mark.parametrize("text", TEXTS)
def test_every_word_is_in_exactly_one_kind_of_span(text: str) -> None:
    extraction = clx.extract(text)
    mentions = {(m.start, m.end) for m in extraction.mentions}
    rest = [*extraction.qualifier_spans, *extraction.non_finding_spans, *extraction.unaccounted]
    for word in re.finditer(r"[^\W\d_]{2,}", text):
        inside = [s for s in rest if s[0] <= word.start() and word.end() <= s[1]]
        named = any(s[0] <= word.start() and word.end() <= s[1] for s in mentions)
        assert len(inside) == (0 if named else 1), word.group()


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        (TEXTS[0], "inferior myocardial infarction", "infarct"),
        (TEXTS[1], "low amplitude t wave", "t flach"),
        (TEXTS[2], "long qt interval", "qt fÖrlÄngd"),
        (TEXTS[3], "st depression", "st segments are slightly depressed"),
        ("Frequent PVC(s)", "premature ventricular complex", "PVC(s)"),
    ],
)
def test_a_span_holds_the_words_of_its_finding(text: str, name: str, words: str) -> None:
    (mention,) = [m for m in clx.extract(text).mentions if m.name == name]
    assert text[mention.start : mention.end] == words


def test_mimic_statements_are_accounted_for(rules: Rules) -> None:
    statements = lines(MIMIC_STATEMENTS)
    full = sum(not rules.extract(statement).unaccounted for statement in statements)
    assert len(statements) == 3862
    assert full >= 0.99 * len(statements)


def test_sentences_in_three_languages_are_accounted_for(rules: Rules) -> None:
    sentences = lines(PTBXL_SENTENCES)
    full = sum(not rules.extract(sentence).unaccounted for sentence in sentences)
    assert full >= 0.95 * len(sentences)


def test_unknown_words_are_told(rules: Rules) -> None:
    text = "Sinus rhythm with blorbic frangles"
    spans = rules.extract(text).unaccounted
    assert " ".join(text[start:end] for start, end in spans) == "blorbic frangles"


def test_a_name_gives_itself_and_never_its_opposite(rules: Rules) -> None:
    vocabulary = rules.vocabulary
    read_apart = {  # said in words that stand for two findings, or for the block they are made of
        "atrial fibrillation and flutter",
        "left anterior fascicular block / left posterior fascicular block",
    }
    wrong = []
    for entity in vocabulary.entities:
        found = {m.name for m in rules.extract(entity.name).mentions}
        if entity.name not in read_apart and found & vocabulary.opposites(entity.name):
            wrong.append((entity.name, found))
    assert not wrong


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("left", "right"),
        ("complete", "incomplete"),
        ("1st degree", "3rd degree"),
        ("anterior", "inferior"),
    ],
)
def test_laterality_degree_and_territory_are_kept_apart(rules: Rules, one: str, other: str) -> None:
    frames = {
        "left": "{} bundle branch block",
        "complete": "{} right bundle branch block",
        "1st degree": "{} av block",
        "anterior": "old {} infarct",
    }
    a, b = (rules.extract(frames[one].format(word)).present for word in (one, other))
    assert a and b and not a & b


@pytest.mark.parametrize(
    ("slip", "name"),
    [
        ("atrial fibrilation", "atrial fibrillation"),
        ("ventricular hypertorphy", "ventricular hypertrophy"),
        ("anterolareral infarct", "anterolateral myocardial infarction"),
    ],
)
def test_one_slip_of_the_pen_is_understood(rules: Rules, slip: str, name: str) -> None:
    assert name in rules.extract(slip).present


@pytest.mark.parametrize("word", ["hyperkalemia", "hypokalemia", "bradycardia", "tachycardia"])
def test_slips_never_lead_to_the_opposite(rules: Rules, word: str) -> None:
    opposites = rules.vocabulary.opposites(word)
    for place in range(1, len(word)):
        found = rules.extract(word[:place] + word[place + 1 :]).present
        assert not found & opposites


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "!!!", "\x00\x01", "12:30 4/5", "🫀"])
def test_nothing_to_read_gives_nothing(text: str) -> None:
    assert clx.extract(text).mentions == ()


def test_other_languages_are_told_apart_and_state_nothing() -> None:
    extraction = clx.extract(
        "Le patient présente une tachycardie avec des ondes anormales diffuses"
    )
    assert extraction.language == "other"
    assert clx.extract("sinusrhythmus lagetyp normal").language == "de"
    assert clx.extract("sinusrytm vänster el-axel").language == "sv"
    assert clx.extract("Normal sinus rhythm").language == "en"


def test_no_text_is_a_clear_error() -> None:
    with pytest.raises(CardiolexError, match="must be text, not float"):
        clx.extract(float("nan"))  # type: ignore[arg-type]
    with pytest.raises(CardiolexError, match="longer than"):
        clx.extract("a" * 1_000_001)


@pytest.mark.timeout(30)
def test_a_megabyte_is_read_in_moderate_time() -> None:
    text = "Sinus rhythm. Possible old inferior infarct.    T waves are flat in V5, V6. " * 2_500
    extraction = clx.extract(text)
    assert extraction.present == {"sinus rhythm", "low amplitude t wave"}
    assert extraction.uncertain == {"old inferior myocardial infarction"}
    assert len(extraction.mentions) == 7_500
    assert {text[m.start : m.end] for m in extraction.mentions if m.name == "sinus rhythm"} == {
        "Sinus rhythm"
    }
    blanks = clx.extract("sinus rhythm" + " " * 800_000 + "4.46")
    assert blanks.present == {"sinus rhythm"}


def test_repeats_are_read_once_and_memory_is_bounded() -> None:
    rules = Rules(remember=2)
    first = rules.extract("Sinus rhythm")
    assert rules.extract("Sinus rhythm") is first
    for text in ("a fib", "LBBB", "RBBB"):
        rules.extract(text)
    assert rules.extract("Sinus rhythm") is not first
    assert rules.extract("Sinus rhythm") == first


def test_the_version_follows_tables_and_vocabulary(rules: Rules) -> None:
    assert rules.version == Rules().version
    smaller = Vocabulary.from_dict(
        {"version": "1", "entity": [{"name": name} for name in rules.vocabulary.names]}
    )
    assert Rules(smaller).version != rules.version


def test_order_of_texts_and_neighbours_do_not_matter(rules: Rules) -> None:
    alone = {text: Rules(rules.vocabulary).extract(text) for text in TEXTS[:3]}
    for texts in itertools.permutations(TEXTS[:3]):
        assert rules(texts) == [alone[text] for text in texts]
