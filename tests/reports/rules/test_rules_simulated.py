"""The simulator's reports through the rules, against what was simulated.

A finding that a report states counts as right if the simulation holds it for present or unknown,
or holds so all its direct superclasses (the simulator has no name for "paroxysmal" or for the place
of a T wave change). Names that the simulator does not judge at all are left out.
"""

from __future__ import annotations

from cardiolex.reports.extract import bundled_rules
from cardiolex.reports.tables import findings_of
from cardiolex.simulation import CONDITIONS, simulate

RECORDS = 40
VAGUE = {"abnormal ecg", "arrhythmia"}


def test_what_simulated_reports_state_is_what_was_simulated() -> None:
    rules = bundled_rules()
    vocabulary = rules.vocabulary
    judged = vocabulary.closure(CONDITIONS)
    stated = right = understood = 0
    for number in range(RECORDS):
        ecg = simulate(number, seed=20_000)
        extraction = rules.extract(ecg.recording.report or "")
        understood += not extraction.unaccounted
        possible = vocabulary.closure(ecg.present) | vocabulary.closure(ecg.unknown)
        for name in findings_of([extraction], vocabulary).present:
            parents = set(vocabulary[name].is_a)
            if name in judged or parents & (judged - VAGUE):
                stated += 1
                above = name not in CONDITIONS and parents and parents <= possible
                right += name in possible or bool(above)
    assert stated > 3 * RECORDS
    assert right >= 0.98 * stated
    assert understood >= 0.9 * RECORDS


def test_the_rhythm_of_most_simulated_reports_is_found() -> None:
    rules = bundled_rules()
    rhythms = ("atrial fibrillation", "atrial flutter", "sinus bradycardia", "sinus tachycardia")
    told = found = 0
    for number in range(RECORDS):
        ecg = simulate(number, seed=20_000)
        text = (ecg.recording.report or "").lower()
        extraction = rules.extract(ecg.recording.report or "")
        names = rules.vocabulary.closure(extraction.present | extraction.uncertain)
        for rhythm in rhythms:
            if rhythm in ecg.present and rhythm in text:
                told += 1
                found += rhythm in names
    assert found == told
