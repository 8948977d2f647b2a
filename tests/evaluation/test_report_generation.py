import json

import numpy as np
import pytest

from cardiolex.evaluation.report_generation import compare, evaluate_report_generation
from cardiolex.evaluation.report_table import ReportTable

REPORTS = ["sinus rhythm. normal ecg.", "atrial fibrillation.", "left bundle branch block."] * 6
PATIENTS = tuple(f"p{n // 2}" for n in range(18))
TABLE = ReportTable("made", tuple(f"r{n}" for n in range(18)), tuple(REPORTS), PATIENTS)


@pytest.fixture(scope="module")
def result():
    texts = {"copied": REPORTS, "always the same": [REPORTS[0]] * 18, "nothing": [""] * 18}
    return evaluate_report_generation(TABLE, texts, resamples=100, notes=["a note"])


def test_a_copy_is_perfect_but_for_the_form_of_meteor(result):
    figures = result.of("copied").figures
    perfect = [e.value for k, e in figures.items() if not k.startswith("METEOR")]
    np.testing.assert_allclose(perfect, 1)
    meteor = next(e for k, e in figures.items() if k.startswith("METEOR"))
    assert 0.9 < meteor.value < 1  # one chunk in one word is its largest penalty


def test_figures_of_one_report_for_all(result):
    figures = result.of("always the same").figures
    # six of eighteen are right; "sinus rhythm" and "normal ecg" are two findings of four
    assert figures["precision (micro)"].value == pytest.approx(12 / 36)
    assert figures["recall (micro)"].value == pytest.approx(12 / 24)
    assert figures["precision (macro)"].value == pytest.approx((1 / 3 + 1 / 3 + 0 + 0) / 4)
    assert figures["ROUGE-L"].value == pytest.approx(1 / 3)
    assert result.of("always the same").n_different == 1


def test_nothing_written_is_zero_or_undefined(result):
    figures, texts = result.of("nothing").figures, result.of("nothing")
    assert (texts.n_empty, texts.words) == (18, 0)
    assert figures["BLEU-1"].value == figures["recall (micro)"].value == 0
    assert np.isnan(figures["precision (micro)"].value)
    assert figures["precision (macro)"].value == 0


def test_intervals_hold_the_value_and_are_by_patient(result):
    rouge = result.of("always the same").figures["ROUGE-L"]
    assert rouge.low < rouge.value < rouge.high
    alone = evaluate_report_generation(
        ReportTable("t", TABLE.records, TABLE.reports), {"x": [REPORTS[0]] * 18}, resamples=100
    )
    assert alone.n_patients == 18 and result.n_patients == 9
    assert alone.of("x").figures["ROUGE-L"].value == pytest.approx(rouge.value)


def test_differences_are_paired(result):
    same = evaluate_report_generation(TABLE, {"a": REPORTS, "b": REPORTS}, resamples=50)
    for difference in same.of("b").first_minus_this.values():
        assert (difference.value, difference.low, difference.high) == (0, 0, 0)
    assert result.of("copied").first_minus_this == {}
    gain = result.of("always the same").first_minus_this["F1 (micro)"]
    assert gain.value == pytest.approx(1 - 0.4) and gain.low > 0


def test_findings_are_listed_by_frequency(result):
    rows = {row.name: row for row in result.of("always the same").entities}
    assert (rows["sinus rhythm"].n_references, rows["sinus rhythm"].n_written) == (6, 18)
    assert rows["sinus rhythm"].precision == pytest.approx(1 / 3)
    assert rows["sinus rhythm"].recall == 1
    assert np.isnan(rows["atrial fibrillation"].precision)


def test_the_order_of_records_changes_nothing():
    written = [*REPORTS[3:], "atrial flutter", "no infarct", "sinus"]
    order = np.random.default_rng(0).permutation(18)
    ones = np.ones((18, 1), np.float32)
    first = compare(written, REPORTS).figures(ones)
    again = compare([written[i] for i in order], [REPORTS[i] for i in order]).figures(ones)
    for key, value in first.items():
        np.testing.assert_allclose(again[key], value, rtol=1e-6)


def test_a_resample_is_the_figures_of_its_records():
    """Weights 2, 0, 1 … give what the records repeated so often give."""
    written = [*REPORTS[1:], "no infarct"]
    compared = compare(written, REPORTS)
    weights = np.tile([2, 0, 1], 6).astype(np.float32)
    rows = np.repeat(np.arange(18), weights.astype(int))
    repeated = compare([written[i] for i in rows], [REPORTS[i] for i in rows])
    want = repeated.figures(np.ones((len(rows), 1), np.float32))
    for key, value in compared.figures(weights[:, None]).items():
        np.testing.assert_allclose(value, want[key], rtol=1e-6, err_msg=key)


def test_files_are_strict_json_and_what_was_printed(result, tmp_path):
    written = result.write(tmp_path)
    content = json.loads(written[0].read_text())
    assert content["texts"][2]["figures"]["precision (micro)"]["value"] is None
    assert content["extractor"].startswith("rules ") and content["versions"]["sacrebleu"]
    printed = written[1].read_text()
    assert "| different texts | 3 | 1 | 1 |" in printed and "a note" in printed
    assert "texts,name,n_references" in written[2].read_text()
