"""Published and ours stand side by side, never mixed, and what is missing is said."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest

from cardiolex.reproduction.catalogue import DEFINITIONS
from cardiolex.reproduction.drawing import drawn
from cardiolex.reproduction.figure import Figure, row_means, with_interval
from cardiolex.reproduction.outcome import Outcome


def _filled(name, value=50.0, **facts):
    table = DEFINITIONS[name]
    ours = Figure(
        value, value - 5, value + 5, 30, 4, per_class=(("atrial fibrillation", 5, value),)
    )
    figures = {row.name: dict.fromkeys(table.columns, ours) for row in table.rows}
    return Outcome(table, figures, {}, facts=facts)


def test_a_cell_holds_what_is_printed_and_ours():
    text = _filled("kmerl-table-2").to_markdown()
    assert "| no lead masking | 69.10 / 50.0 (45.0-55.0) |" in text
    rows = list(csv.DictReader(io.StringIO(_filled("kmerl-table-2").to_csv())))
    chosen = [row for row in rows if row["row"] == "no lead masking"]
    assert [row["published"] for row in chosen] == ["65.41", "69.10"]
    assert {row["ours"] for row in chosen} == {"50.0"}


def test_small_scale_is_never_shown_without_saying_so():
    assert "say nothing about the papers" in _filled("kmerl-table-1", scale="small").to_markdown()
    assert "say nothing" not in _filled("kmerl-table-1", scale="full").to_markdown()
    figure = drawn(_filled("kmerl-figure-7", scale="small"))
    assert "no statement" in figure._suptitle.get_text()


def test_rows_not_run_and_missing_records_are_listed():
    whole = _filled("kmerl-table-6")
    assert whole.complete
    figures = {name: row for name, row in whole.figures.items() if name != "K-MERL"}
    partly = replace(whole, figures=figures, not_run={"K-MERL": "no store"}, missing=("get csn",))
    assert not partly.complete
    text = partly.to_markdown()
    assert "- not run: K-MERL: no store" in text
    assert "- get csn" in text
    assert "| K-MERL | 76.5 ± 1.8 / – |" in text


def test_what_nobody_can_measure_does_not_make_a_table_incomplete():
    whole = _filled("melp-ablation")
    asked = {name: row for name, row in whole.figures.items() if name != "no rhythm supervision"}
    known = replace(whole, figures=asked, not_run={"no rhythm supervision": "nothing to ask"})
    assert known.complete
    assert not replace(known, not_run={"no beat supervision": "no store"}).complete
    parted = _filled("kmerl-figure-5")
    unseen = {c: Figure(records=30) for c in parted.definition.columns if c.classes == "unseen"}
    without = replace(parted, figures={n: row | unseen for n, row in parted.figures.items()})
    assert without.complete
    labels = [t.get_text() for t in drawn(without).axes[0].get_yticklabels()]
    assert labels and not any("unseen" in label for label in labels)
    by_hand = _filled("kmerl-table-8")
    accuracy = next(c for c in by_hand.definition.columns if c.metric == "accuracy")
    for column, complete in ((accuracy, True), (by_hand.definition.columns[-1], False)):
        rows = {name: row | {column: Figure()} for name, row in by_hand.figures.items()}
        assert replace(by_hand, figures=rows).complete == complete


def test_what_could_not_be_obtained_is_not_a_number():
    text = _filled("melp-linear-probe").to_markdown()
    assert "not available here / 50.0" in text


@pytest.mark.parametrize(
    "name",
    [
        "kmerl-table-1",
        "kmerl-figure-4",
        "kmerl-figure-6",
        "kmerl-figure-7",
        "supreme-per-class",
        "supreme-data-share",
    ],
)
def test_drawings_show_every_row_and_the_published_points(name):
    outcome = _filled(name)
    figure = drawn(outcome)
    lines = [line for axes in figure.axes for line in axes.lines]
    drawn_values = [x for line in lines for x in (*line.get_xdata(), *line.get_ydata())]
    assert 50.0 in drawn_values
    for cell in outcome.definition.published:
        if cell.value is not None and name != "supreme-per-class":
            assert cell.value in drawn_values
    assert drawn(replace(outcome, figures={})) is None
    assert drawn(_filled("kmerl-table-3")) is None  # counts, no AUROC


def test_written_files_are_read_again(tmp_path):
    outcome = _filled("merl-zero-shot", scale="small")
    paths = outcome.write(tmp_path)
    assert {path.suffix for path in paths} == {".md", ".csv", ".json", ".png", ".svg"}
    assert all(path.stat().st_size > 100 for path in paths)


def test_a_figure_survives_json():
    samples = np.array([49.0, 50.0, np.nan, 51.0])
    one = with_interval(50.0, samples, records=3, classes=2, per_class=(("a", 3, 50.0),))
    assert Figure.from_dict(one.to_dict(samples=True)) == one
    assert (one.low, one.high) == tuple(np.round(np.quantile([49, 50, 51], [0.025, 0.975]), 4))


def test_row_means_leave_unknown_classes_aside():
    samples = np.array([[0.5, np.nan], [0.6, 0.8], [np.nan, np.nan]])
    assert np.allclose(row_means(samples), [0.5, 0.7, np.nan], equal_nan=True)
