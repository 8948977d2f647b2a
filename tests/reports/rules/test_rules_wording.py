"""Wordings no table lists: inflection, compounds, and statements put together by their grammar."""

from __future__ import annotations

from itertools import product

import pytest

from cardiolex.reports.extract import bundled_rules

SIGNS = {"?": "uncertain", "-": "absent"}


def said(text: str) -> set[str]:
    """Findings of a text, written "name", "?name" (uncertain) or "-name" (absent)."""
    marks = {assertion: sign for sign, assertion in SIGNS.items()}
    found = bundled_rules().extract(text).mentions
    return {marks.get(m.assertion, "") + m.name for m in found}


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Linksventrikelhypertrophie", {"left ventricular hypertrophy"}),
        ("Posteriorinfarkt", {"posterior myocardial infarction"}),
        ("Infarktverdacht", {"?myocardial infarction"}),
        ("keine Ischämiezeichen", {"-myocardial ischemia"}),
        ("inga ischemitecken", {"-myocardial ischemia"}),
        ("ST-höjningar i framväggen", {"st elevation in anterior leads"}),
        ("mit ventrikulären Extrasystolen", {"premature ventricular complex"}),
        (
            "inferoapical infarction",
            {"inferior myocardial infarction", "apical myocardial infarction"},
        ),
        ("chron. infero-posteriorer Infarkt", {"inferoposterior myocardial infarction"}),
        ("Vorhofflimmern, tachykard", {"atrial fibrillation with rapid ventricular response"}),
    ],
)
def test_forms_and_compounds_of_known_words(text: str, meant: set[str]) -> None:
    assert said(text) == meant


def test_a_compound_with_an_unknown_part_names_nothing() -> None:
    for word in ("Herzinsuffizienztherapie", "Blutdruckerhöhung", "Infarktpatientin"):
        extraction = bundled_rules().extract(word)
        assert not extraction.mentions and extraction.unaccounted, word


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("unspezifische ST-Senkung", {"st depression", "non-specific st changes"}),
        (
            "non-specific T wave flattening in I",
            {"low amplitude t wave", "non-specific t wave changes"},
        ),
        ("T waves are low. Non-specific but frequent.", {"low amplitude t wave"}),
        ("unspezifisches abnormes T", {"non-diagnostic t wave abnormalities"}),
    ],
)
def test_what_is_called_non_specific_keeps_its_looks(text: str, meant: set[str]) -> None:
    assert said(text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (
            "Possible inferior or lateral infarct",
            {"?inferior myocardial infarction", "?lateral myocardial infarction"},
        ),
        (
            "No inferior or lateral infarct",
            {"-inferior myocardial infarction", "-lateral myocardial infarction"},
        ),
        (
            "Inferior and possibly lateral infarct",
            {"inferior myocardial infarction", "?lateral myocardial infarction"},
        ),
        (
            "Anterior infarct, possible lateral extension",
            {"anterior myocardial infarction", "?lateral myocardial infarction"},
        ),
        (
            "Possible anterior infarct, old inferior infarct",
            {"?anterior myocardial infarction", "old inferior myocardial infarction"},
        ),
        (
            "ST depression, consider ischemia, lateral leads",
            {"st depression in lateral leads", "?lateral ischemia"},
        ),
        (
            "Extensive infarct with possible acute inferior changes",
            {"myocardial infarction", "?acute inferior myocardial infarction"},
        ),
    ],
)
def test_every_place_has_the_doubt_said_of_it(text: str, meant: set[str]) -> None:
    assert said(text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (
            "Possible LVH, LAE and RVH",
            {
                "?left ventricular hypertrophy",
                "?left atrial enlargement",
                "?right ventricular hypertrophy",
            },
        ),
        (
            "Possible LVH and T wave inversion",
            {"?left ventricular hypertrophy", "t wave inversion"},
        ),
        ("kein AV-Block, aber Rechtsschenkelblock", {"-av block", "right bundle branch block"}),
        (
            "infarkt kan inte uteslutas men ingen akut ischemi",
            {"?myocardial infarction", "-acute myocardial ischemia"},
        ),
        (
            "chronischer inferiorer Infarkt (DD: LAHB)",
            {"?old inferior myocardial infarction", "?left anterior fascicular block"},
        ),
        ("Nonspecific changes, not diagnostic of ischemia", {"-myocardial ischemia"}),
    ],
)
def test_how_far_a_cue_reaches(text: str, meant: set[str]) -> None:
    assert said(text) == meant


PLACES = {
    "Inferior": ["inferior"],
    "Ant/septal": ["anteroseptal"],
    "Inferior/lateral": ["inferolateral"],
    "Inferior and anterior": ["inferior", "anterior"],
    "Ant/septal+lateral": ["anteroseptal", "lateral"],
    "Extensive": [],
}
CHANGES = {"ST-T changes": "st-t changes", "T wave inversion": "t wave inversion"}
LINKS = (" may be due to ", " suggest ", " are consistent with ", ", consider ", " - possible ",
         " are likely due to ", " - cannot rule out ", ", R/O ", " could represent ")  # fmt: skip
CAUSES = {
    "myocardial ischemia": {"?myocardial ischemia"},
    "RVH or ischemia": {"?right ventricular hypertrophy", "?myocardial ischemia"},
    "digitalis effect": {"?digitalis effect"},
}


def test_a_change_is_stated_and_its_cause_is_not() -> None:
    for (where, places), (words, name) in product(PLACES.items(), CHANGES.items()):
        stated = {f"{name} in {place} leads" for place in places} or {name}
        for link, (cause, doubted) in product(LINKS, CAUSES.items()):
            text = f"{where} {words}{link}{cause}"
            assert said(text) == stated | doubted, text


BEATS = {
    "PVCs": "premature ventricular complex",
    "multifocal PVCs": "multifocal premature ventricular complex",
    "bigeminal PACs": "atrial bigeminy",
    "1st degree A-V block": "first degree av block",
}


def test_what_goes_with_a_doubted_rhythm_is_stated() -> None:
    rhythms = ("atrial fibrillation", "sinus bradycardia", "ectopic atrial rhythm")
    hedges = {"": "", "Possible ": "?", "Probable ": "?", "Cannot rule out ": "?"}
    for rhythm, (beat, name), (hedge, sign) in product(rhythms, BEATS.items(), hedges.items()):
        assert said(f"{hedge}{rhythm} with {beat}") == {sign + rhythm, name}


def test_the_same_statement_in_other_words_says_the_same() -> None:
    for words in ("infarct", "infarction", "myocardial infarction", "MI"):
        assert said(f"Possible old inferior {words}") == {"?old inferior myocardial infarction"}
    for beats in ("complexes", "beats", "contractions", "depolarizations"):
        assert said(f"Frequent premature ventricular {beats}") == {"premature ventricular complex"}
    for doubt in ("V.a. {}", "{}?", "fraglicher {}", "{} möglich", "{} mögl.", "evtl. {}"):
        text = doubt.format("anteriorer Infarkt")
        assert said(text) == {"?anterior myocardial infarction"}, text
