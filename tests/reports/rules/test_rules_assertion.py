"""Assertion by scope: which words reach which finding."""

from __future__ import annotations

import pytest

import cardiolex as clx

MI, ISCHEMIA, AF, LVH = (
    "myocardial infarction",
    "myocardial ischemia",
    "atrial fibrillation",
    "left ventricular hypertrophy",
)
CASES = [
    # English
    ("Atrial fibrillation", {AF: "present"}),
    ("No atrial fibrillation.", {AF: "absent"}),
    ("Cannot rule out inferior infarct", {"inferior myocardial infarction": "uncertain"}),
    ("Consider LVH or ischemia", {LVH: "uncertain", ISCHEMIA: "uncertain"}),
    ("No evidence of LVH, ischemia or infarction",
     {LVH: "absent", ISCHEMIA: "absent", MI: "absent"}),
    ("No LVH. Atrial fibrillation.", {LVH: "absent", AF: "present"}),
    ("Possible LVH with atrial fibrillation", {LVH: "uncertain", AF: "present"}),
    ("Atrial fibrillation, possible LVH", {AF: "present", LVH: "uncertain"}),
    ("Anterior infarction possible, atrial fibrillation",
     {"anterior myocardial infarction": "uncertain", AF: "present"}),
    ("T wave inversion, probably due to ischemia",
     {"t wave inversion": "present", ISCHEMIA: "uncertain"}),
    ("Myocardial ischemia is likely. Sinus rhythm.",
     {ISCHEMIA: "uncertain", "sinus rhythm": "present"}),
    ("Sinus rhythm has replaced atrial fibrillation", {"sinus rhythm": "present", AF: "absent"}),
    ("Atrial fibrillation has reverted to sinus rhythm", {AF: "absent", "sinus rhythm": "present"}),
    ("T waves are no longer inverted in chest leads", {"t wave inversion": "absent"}),
    ("Rhythm was previously atrial flutter", {"atrial flutter": "absent"}),
    ("PR interval is not short", {"short pr interval": "absent"}),
    ("There is no definite ECG evidence to suggest pericarditis", {"pericarditis": "absent"}),
    ("Acute pericarditis would be unlikely", {"pericarditis": "uncertain"}),
    ("T waves are flat rather than inverted",
     {"low amplitude t wave": "present", "t wave inversion": "absent"}),
    ("PVCs or aberrant ventricular conduction",
     {"premature ventricular complex": "uncertain", "aberrant conduction": "uncertain"}),
    ("Changes may be due to LVH which is also present", {LVH: "present"}),
    ("Q waves are not significant", {"abnormal q wave": "absent"}),
    ("Otherwise no definite pathology", {"abnormal ecg": "absent"}),
    ("Anterior T wave changes are normal for age",
     {"t wave abnormality in anterior leads": "absent"}),
    ("ST elevation, probably a normal variant", {"st elevation": "present"}),
    # German
    ("sinusrhythmus, kein vorhofflimmern", {"sinus rhythm": "present", AF: "absent"}),
    ("kein vorhofflimmern mehr", {AF: "absent"}),
    ("verdacht auf linkshypertrophie linkstyp",
     {LVH: "uncertain", "left axis deviation": "present"}),
    ("inferiorer infarkt nicht auszuschliessen linkstyp",
     {"inferior myocardial infarction": "uncertain", "left axis deviation": "present"}),
    ("vorderwandinfarkt kann nicht ausgeschlossen werden",
     {"anterior myocardial infarction": "uncertain"}),
    ("V.a. Vorhofflimmern", {AF: "uncertain"}),
    ("linkshypertrophie fraglich", {LVH: "uncertain"}),
    ("vorhofflimmern/-flattern lagetyp normal",
     {AF: "uncertain", "atrial flutter": "uncertain", "normal axis": "present"}),
    ("inferiorer infarkt     wahrscheinlich alt", {"inferior myocardial infarction": "present"}),
    ("st & t abnorm, wahrscheinlich    anteriore ischämie oder linksbelastung "
     "t abnorm in lateralen ableitungen",
     {"st-t changes": "present", "anterior ischemia": "uncertain",
      "left ventricular hypertrophy with strain": "uncertain",
      "t wave abnormality in lateral leads": "present"}),
    # Swedish
    ("sinusrytm inget säkert patologiskt", {"sinus rhythm": "present", "abnormal ecg": "absent"}),
    ("septal infarkt kan ej uteslutas", {"septal myocardial infarction": "uncertain"}),
    ("misstänkt vänster kammarhypertrofi", {LVH: "uncertain"}),
    ("inga tecken till förmaksflimmer", {AF: "absent"}),
    ("möjligen förmaksflimmer", {AF: "uncertain"}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[text[:40] for text, _ in CASES])
def test_scope(text: str, expected: dict[str, str]) -> None:
    found = {mention.name: mention.assertion for mention in clx.extract(text).mentions}
    assert found == expected


def test_one_name_can_be_denied_here_and_stated_there() -> None:
    extraction = clx.extract("Atrial fibrillation. Previously no atrial fibrillation.")
    assert {m.assertion for m in extraction.mentions} == {"present", "absent"}
    assert extraction.present == {AF}
    assert not extraction.absent


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Inferior and lateral ST elevation", "st elevation in inferolateral leads"),
        ("ST depression in II, III, aVF", "st depression in inferior leads"),
        ("Abnormal T, consider ischemia, inferior leads", "inferior ischemia"),
        ("Anterior infarct, acute", "acute anterior myocardial infarction"),
        ("infarkt anteroseptal chronisch sicher", "old anteroseptal myocardial infarction"),
        ("Atrial fibrillation with PVCs with rapid ventricular response",
         "atrial fibrillation with rapid ventricular response"),
        ("premature atrial contraction(s), bigeminy", "atrial bigeminy"),
        ("st segments are slightly depressed in i, avl", "st depression"),
        ("t negativ in v5,v6, flach in avl", "low amplitude t wave"),
        ("Frequent multifocal PVCs", "multifocal premature ventricular complex"),
        ("low limb lead voltage", "low qrs voltage in limb leads"),
        ("Second deg AVB, Mobitz I (Wenckebach)", "second degree av block type i"),
    ],
)  # fmt: skip
def test_words_about_a_finding_choose_its_name(text: str, name: str) -> None:
    assert name in {mention.name for mention in clx.extract(text).mentions}


def test_two_territories_are_two_findings() -> None:
    assert clx.extract("Inferior and anterior ST elevation").present == {
        "st elevation in inferior leads",
        "st elevation in anterior leads",
    }


@pytest.mark.parametrize(
    ("text", "qualifier"),
    [
        ("Inferior infarct, age undetermined", "age undetermined"),
        ("ST elevation in V2, V3", "V2"),
        ("Marked ST depression", "marked"),
        ("Otherwise normal ECG", "otherwise"),
    ],
)
def test_qualifiers_are_kept(text: str, qualifier: str) -> None:
    (mention,) = clx.extract(text).mentions
    assert any(qualifier in kept for kept in mention.qualifiers)
