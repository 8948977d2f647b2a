"""Words that one phrase lends another: every finding of "left or right block" is read."""

from __future__ import annotations

import pytest

from cardiolex.reports.extract import bundled_rules

LEFT_RIGHT_BLOCK = {"left bundle branch block", "right bundle branch block"}
HYPERTROPHY = {"left ventricular hypertrophy", "right ventricular hypertrophy"}
EXTRAS = {"premature atrial complex", "premature ventricular complex"}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("No left or right bundle branch block.", LEFT_RIGHT_BLOCK),
        ("Neither right nor left ventricular hypertrophy.", HYPERTROPHY),
        ("No atrial, but no ventricular premature complexes either.", EXTRAS),
        ("No first, second or third degree AV block.", {"first degree av block",
         "second degree av block", "third degree av block"}),
        ("Kein Links- oder Rechtsschenkelblock.", LEFT_RIGHT_BLOCK),
        ("Weder Rechts- noch Linksherzhypertrophie.", HYPERTROPHY),
        ("Keine links- oder rechtsventrikuläre Hypertrophie.", HYPERTROPHY),
        ("Kein Vorder- oder Hinterwandinfarkt.", {"anterior myocardial infarction",
         "inferior myocardial infarction"}),
        ("Keine Vorhof- oder Kammerextrasystolen.", EXTRAS),
        ("Varken vänster- eller högersidigt skänkelblock.", LEFT_RIGHT_BLOCK),
        ("Inga förmaks- eller kammarextraslag.", EXTRAS),
    ],
)  # fmt: skip
def test_a_denial_of_two_denies_both(text: str, names: set[str]) -> None:
    extraction = bundled_rules().extract(text)
    assert extraction.absent == names
    assert not extraction.present | extraction.uncertain


@pytest.mark.parametrize(
    ("text", "present", "absent"),
    [
        ("Atrial flutter rather than fibrillation.", "atrial flutter", "atrial fibrillation"),
        ("Keine ventrikulären, aber einzelne supraventrikuläre Extrasystolen.",
         "supraventricular premature complex", "premature ventricular complex"),
        ("Inte längre pacemakerrytm utan sinusrytm.", "sinus rhythm", "paced rhythm"),
    ],
)  # fmt: skip
def test_one_of_two_may_be_there(text: str, present: str, absent: str) -> None:
    extraction = bundled_rules().extract(text)
    assert (extraction.present, extraction.absent) == ({present}, {absent})


@pytest.mark.parametrize(
    "text",
    ["Sinus rhythm and atrial flutter.", "Left axis deviation and right bundle branch block.",
     "Right bundle branch block or inferior infarction.", "sinusrhythmus, linkstyp, av-block i"],
)  # fmt: skip
def test_nothing_is_filled_in_where_both_are_whole(text: str) -> None:
    """A second rhythm, block or axis must not arise from the words of its neighbour."""
    found = {mention.name for mention in bundled_rules().extract(text).mentions}
    assert len(found) == text.count(",") + text.count(" and ") + text.count(" or ") + 1


def test_what_is_filled_in_stands_where_its_word_is_printed() -> None:
    text = "No left or right bundle branch block."
    spans = {m.name: text[m.start : m.end] for m in bundled_rules().extract(text).mentions}
    assert spans["left bundle branch block"] == "left"
    assert spans["right bundle branch block"] == "right bundle branch block"
