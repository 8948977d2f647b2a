import math

import pytest

from cardiolex.reports.clean import clean, report_text, sentences, statements


def test_mimic_row_becomes_statements_in_order() -> None:
    row = {"report_1": "Sinus rhythm.", "report_0": "Abnormal ECG", "report_2": math.nan,
           "report_3": None, "report_4": "  ", "report_17": "last", "cart_id": "7"}  # fmt: skip
    assert statements(row) == ["Abnormal ECG", "Sinus rhythm.", "last"]
    assert sentences(row) == ["Abnormal ECG", "Sinus rhythm", "last"]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("*** ACUTE ANTERIOR INFARCT ***", "acute anterior infarct"),
        ("- ABNORMAL ECG -", "abnormal ecg"),
        ("--- Pediatric criteria used ---", "Pediatric criteria used"),
        ("Sinus rhythm.", "Sinus rhythm"),
        ("UNSUITABLE LEADS: I aVR V2 AND MORE", "unsuitable leads: i aVR V2 and more"),
        ("LBBB", "LBBB"),
        ("Sinus\trhythm\n with  PACs", "Sinus rhythm with PACs"),
        ("Wolff-Parkinson-White (WPW", "Wolff-Parkinson-White (WPW)"),
        ("PR 0.22 s", "PR 0.22 s"),
        ("\x00\x07", ""),
        ("****", ""),
    ],
)
def test_ornament_goes_and_meaning_stays(raw: str, expected: str) -> None:
    assert clean(raw) == expected


def test_sentences_split_at_stops_but_not_in_numbers_or_shorthand() -> None:
    text = "sinus rhythm. pr 0.22 sec. unspez. t-veränderung; linkstyp"
    assert sentences(text) == ["sinus rhythm", "pr 0.22 sec", "unspez. t-veränderung", "linkstyp"]


def test_wide_gaps_separate_findings() -> None:
    assert sentences("qrs(t) abnormal    inferiorer infarkt") == [
        "qrs(t) abnormal",
        "inferiorer infarkt",
    ]


def test_repeats_are_kept_once_and_order_stays() -> None:
    assert sentences(["A-flutter.", "Normal axis", "a", "Normal axis."]) == [
        "A-flutter",
        "Normal axis",
        "a",
    ]


@pytest.mark.parametrize("empty", [None, "", "   ", [], {}, [None, math.nan], "***", "."])
def test_nothing_stays_nothing(empty: object) -> None:
    assert sentences(empty) == []  # type: ignore[arg-type]
    assert report_text(empty) == ""  # type: ignore[arg-type]


def test_cleaning_is_idempotent_on_every_shipped_statement() -> None:
    from cardiolex.reports.corpus import MIMIC_STATEMENTS, lines

    cleaned = [clean(line) for line in lines(MIMIC_STATEMENTS)]
    assert len(cleaned) == 3862
    assert all(cleaned)
    assert [clean(text) for text in cleaned] == cleaned
    assert not any("***" in text or "--" in text or text.endswith(".") for text in cleaned)


def test_report_text_ends_every_sentence() -> None:
    assert report_text(["Sinus rhythm", "ABNORMAL ECG."]) == "Sinus rhythm. abnormal ecg."


def test_a_megabyte_is_cleaned_in_moderate_time() -> None:
    assert len(sentences("sinus rhythm. " * 70_000)) == 1
    assert clean("a" * 1_000_000) == "a" * 1_000_000
