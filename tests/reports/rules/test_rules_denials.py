"""Denials, doubts and what is left unsaid: one construction each, in three languages."""

from __future__ import annotations

import pytest

import cardiolex as clx

AF, LVH, MI = "atrial fibrillation", "left ventricular hypertrophy", "myocardial infarction"


@pytest.mark.parametrize(
    ("text", "absent", "present"),
    [
        ("Atrial fibrillation is no longer seen, sinus rhythm.", AF, "sinus rhythm"),
        ("There is nothing to suggest myocardial infarction.", MI, ""),
        ("Previous ECG showed atrial fibrillation. Today sinus rhythm.", AF, "sinus rhythm"),
        ("Sinus rhythm, no longer with 2:1 AV block.", "2:1 av block", "sinus rhythm"),
        ("Weder Vorhofflimmern noch Vorhofflattern nachweisbar.", AF, ""),
        ("Kein Verdacht auf Infarkt.", MI, ""),
        ("PQ-Zeit nicht verlängert.", "prolonged pr interval", ""),
        ("QT nicht sicher verlängert.", "long qt interval", ""),
        ("Sinusrhythmus jetzt ohne Vorhofflimmern.", AF, "sinus rhythm"),
        ("Inget som talar för infarkt.", MI, ""),
        ("Förmaksflimmer har övergått i sinusrytm.", AF, "sinus rhythm"),
        ("Sinusrytm, ej längre förmaksflimmer.", AF, "sinus rhythm"),
    ],
)  # fmt: skip
def test_a_denial_reaches_its_finding_and_no_other(text: str, absent: str, present: str) -> None:
    found = clx.extract(text)
    assert absent in found.absent
    assert not found.uncertain
    assert found.present == (frozenset({present}) if present else frozenset())


@pytest.mark.parametrize(
    "text",
    [
        "Neither infarct nor LVH can be excluded.",
        "Infarkt weder bewiesen noch ausgeschlossen.",
        "LVH possible if there is no chest deformity.",
        "DD Infarkt, Aneurysma, Perikarditis.",
        "Snarare förmaksfladder än förmaksflimmer.",
        "ST elevation, infarction thought unlikely.",
    ],
)
def test_doubts_in_two_parts(text: str) -> None:
    found = clx.extract(text)
    assert found.uncertain and not found.absent
    assert found.present <= {"st elevation"}


@pytest.mark.parametrize(
    "text",
    [
        "LVH cannot be assessed.",
        "Linkshypertrophie nicht sicher beurteilbar.",
        "Ischemi kan ej bedömas.",
        "If the infarct is old, repeat later.",
        "Left posterior fascicular block if no pulmonary disease.",
    ],
)
def test_what_a_text_only_names_is_no_finding(text: str) -> None:
    found = clx.extract(text)
    assert found.present <= {"left posterior fascicular block"}
    assert not found.absent and not found.uncertain


def test_the_cause_that_is_not_evident_denies_nothing() -> None:
    found = clx.extract("Sinus bradycardia. The cause of the bradycardia is not evident.")
    assert found.present == {"sinus bradycardia", "bradycardia"}
    assert clx.extract("Bradycardia is not evident.").absent == {"bradycardia"}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Low voltage, but no electrical alternans to suggest pericardial effusion.",
         "pericardial effusion"),
        ("Keine ST-Hebung als Hinweis auf einen Infarkt.", "myocardial infarction"),
        ("Atrial fibrillation was present on the last ECG but is not seen now.",
         "atrial fibrillation"),
        ("Vorhofflimmern im Vor-EKG, jetzt Sinusrhythmus.", "atrial fibrillation"),
        ("Jämfört med tidigare har ST-sänkningarna försvunnit.", "st depression"),
        ("Ein Linksschenkelblock wurde nicht beobachtet.", "left bundle branch block"),
        ("Förmaksflimmer har ersatts av sinusrytm.", "atrial fibrillation"),
        ("No P wave abnormality.", "p wave abnormality"),
        ("Kein Anhalt für LAE.", "pulmonary embolism"),
    ],
)  # fmt: skip
def test_what_is_denied_roundabout_is_absent(text: str, name: str) -> None:
    extraction = clx.extract(text)
    assert name in extraction.absent
    assert name not in extraction.present | extraction.uncertain


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Left bundle branch block, not seen before.", "left bundle branch block"),
        ("Linksschenkelblock, im Vor-EKG nicht vorhanden.", "left bundle branch block"),
        ("Vänstergrenblock, ses ej tidigare.", "left bundle branch block"),
        ("Not only ischemia but also pericarditis.", "myocardial ischemia"),
        ("Nicht nur Ischämie, sondern auch Perikarditis.", "myocardial ischemia"),
        ("ST depression has not resolved.", "st depression"),
        ("No change since last ECG: left bundle branch block.", "left bundle branch block"),
        ("Inferior infarct, no acute changes.", "inferior myocardial infarction"),
        ("T waves are flat or slightly inverted.", "t wave inversion"),
    ],
)  # fmt: skip
def test_a_denial_beside_a_finding_is_not_its_own(text: str, name: str) -> None:
    assert name in clx.extract(text).present


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ischämie jedoch nicht auszuschließen.", "myocardial ischemia"),
        ("It is not clear whether this is atrial flutter.", "atrial flutter"),
        ("Probably acute infarction.", "acute myocardial infarction"),
        ("Linkshypertrophie wahrscheinlich.", "left ventricular hypertrophy"),
        ("Possible LAE.", "left atrial enlargement"),
    ],
)
def test_what_is_left_open_is_uncertain(text: str, name: str) -> None:
    assert name in clx.extract(text).uncertain
