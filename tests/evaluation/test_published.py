"""The papers' tables as data: complete, readable, and their own disagreements found."""

import csv
from dataclasses import replace
from importlib.resources import files

import pytest

from cardiolex.errors import CardiolexError
from cardiolex.evaluation.published import all_cells, papers, published_table
from cardiolex.evaluation.published.cells import SPLIT_SETS, cell_of
from cardiolex.evaluation.published.checks import disagreements, printed_twice, wrong_means


def _value(paper: str, table: str, row: str, **column: object) -> float | None:
    found = [
        cell
        for cell in published_table(paper, table)
        if cell.row == row and all(getattr(cell, k) == v for k, v in column.items())
    ]
    (cell,) = found
    return cell.value


@pytest.mark.parametrize(
    ("paper", "table", "rows", "cells"),
    [
        ("kmerl", "1", 15, 15 * 18),
        ("kmerl", "2", 9, 18),
        ("kmerl", "3", 3, 18),
        ("kmerl", "6", 3, 6),
        ("kmerl", "7", 20, 40),
        ("kmerl", "8", 4, 8),
        ("kmerl", "9", 3, 6),
        ("kmerl", "10", 5, 5),
        ("supreme", "9", 14, 14 * 18),
        ("supreme", "10", 1, 14),
        ("supreme", "11", 4, 28),
        ("supreme", "14", 2, 12),
    ],
)
def test_tables_are_whole(paper: str, table: str, rows: int, cells: int) -> None:
    found = published_table(paper, table)
    assert len({cell.row for cell in found}) == rows
    assert len(found) == cells
    keys = [(cell.part, cell.row, *cell.column) for cell in found]
    assert len(set(keys)) == len(keys)


def test_figures_stand_where_the_papers_have_them() -> None:
    assert _value("kmerl", "1", "K-MERL", split_set="csn", share=100) == 93.71
    assert _value("kmerl", "1", "BYOL", split_set="ptbxl_rhythm", share=1) == 41.99
    assert _value("kmerl", "2", "no lead masking", leads=1) == 65.41
    assert _value("kmerl", "7", "3 heads", leads=12) == 75.36
    assert _value("supreme", "10", "SuPreME", split_set="ptbxl_form", classes="unseen") == 61.36
    assert _value("supreme", "11", "linear, ResNet", split_set="cpsc2018") == 83.35
    assert _value("melp", "linear-probe", "MELP", split_set="ptbxl_super", share=1) == 87.63


def test_the_full_model_has_one_figure_in_all_ablations_of_kmerl() -> None:
    full = {"K-MERL", "MedCPT", "Llama-3.1-70B", "4 layers", "4 heads", "query loss weight 1.0"}
    cells = [c for c in all_cells("kmerl") if c.row in full and c.table not in ("1", "6")]
    values = {(c.leads, c.value) for c in cells if c.metric == "AUROC"}
    assert values == {(1, 71.61), (12, 76.52)}


def test_what_cannot_be_had_says_so_and_holds_no_number() -> None:
    melp = published_table("melp", "linear-probe")
    missing = [cell for cell in melp if cell.obtained == "not available"]
    assert {c.split_set for c in missing if c.share == 1 and c.row == "MELP"} == {
        "ptbxl_sub",
        "ptbxl_form",
    }
    assert all(c.value is None and c.printed == "not available here" for c in missing)
    (dash,) = [c for c in published_table("supreme", "10") if c.value is None]
    assert dash.printed == "–"


def test_disagreements_in_the_papers() -> None:
    told = "\n".join(map(str, disagreements()))
    assert len(disagreements()) == 5
    assert (
        "kmerl 6, MERL ViT, mean linear-probe at 1 % of labels: 63.53 ± 2.6 against 63.57" in told
    )
    assert "supreme 9, Random Transformer, ptbxl_sub" in told
    assert told.count("ST-MEM") == 2


@pytest.mark.parametrize("paper", ["kmerl", "supreme"])
def test_a_digit_changed_is_found(paper: str) -> None:
    cells = list(all_cells(paper))
    before = len(wrong_means(cells))
    place = next(
        i
        for i, c in enumerate(cells)
        if c.row in ("K-MERL", "SuPreME") and c.split_set in SPLIT_SETS and c.share == 1
    )
    assert cells[place].value is not None
    cells[place] = replace(cells[place], value=cells[place].value + 0.3)
    assert len(wrong_means(cells)) == before + 1
    assert printed_twice(cells, all_cells(paper))


def test_every_table_and_paper_is_described() -> None:
    for key, paper in papers().items():
        assert {cell.table for cell in all_cells(key)} == set(paper.tables)
        assert paper.arxiv and paper.version and paper.read


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"value": "705"}, "no percentage"),
        ({"value": "7o.45"}, "no number"),
        ({"obtained": "recalled"}, "not known"),
        ({"split_set": "ptb"}, "split set"),
        ({"obtained": "not available"}, "cannot be there"),
    ],
)
def test_a_line_that_is_no_figure_is_refused(changed: dict[str, str], said: str) -> None:
    text = files("cardiolex.evaluation.published").joinpath("kmerl.csv").read_text()
    row = next(csv.DictReader(text.splitlines()))
    with pytest.raises(CardiolexError, match=said):
        cell_of("kmerl", {**row, **changed})


def test_unknown_tables_name_the_known_ones() -> None:
    with pytest.raises(CardiolexError, match="kmerl, supreme, melp, merl"):
        all_cells("clip")
    with pytest.raises(CardiolexError, match=r"no table '4'.*10"):
        published_table("kmerl", "4")
