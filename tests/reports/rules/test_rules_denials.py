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
