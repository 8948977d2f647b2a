"""The tables as data: every row is printed or ours, and every run exists as a recipe's variant."""

import pytest

from cardiolex.datasets.splits import SPLIT_SETS as SETS
from cardiolex.errors import CardiolexError
from cardiolex.evaluation.published.cells import SPLIT_SETS
from cardiolex.reproduction.catalogue import DEFINITIONS, definition
from cardiolex.reproduction.recipes import RECIPES

EVERY = pytest.mark.parametrize("table", DEFINITIONS.values(), ids=lambda one: one.name)
TRAININGS = {
    row.training.name: row.training
    for table in DEFINITIONS.values()
    for row in table.rows
    if row.training is not None
}


@EVERY
def test_every_printed_row_has_a_row_and_every_printed_column_a_column(table):
    names = [row.name for row in table.rows]
    assert len(set(names)) == len(names)
    found = {(cell.row, column) for column in table.columns for cell in [*table.published]}
    assert {cell.row for cell in table.published} <= set(names)
    assert found or not table.published
    shown = [
        table.printed(row.name, column)
        for row in table.rows
        for column in table.columns
        if table.printed(row.name, column)
    ]
    assert len(shown) == len(table.published)


def test_rows_that_cannot_be_run_say_why():
    silent = [
        (table.name, row.name)
        for table in DEFINITIONS.values()
        for row in table.rows
        if row.training is None and not row.why and table.name != "kmerl-table-3"
    ]
    assert silent == []


@pytest.mark.parametrize("training", TRAININGS.values(), ids=lambda one: one.name)
def test_every_run_is_a_recipe_and_a_variant_of_it(training):
    config = RECIPES[training.recipe].config
    assert training.variant is None or training.variant in config.variants
    assert set(training.changes) <= set(config.model_fields)


@pytest.mark.parametrize("recipe", ["kmerl", "supreme"])
def test_variants_quote_the_figures_that_the_tables_hold(recipe):
    """`pretrain --help` and docs/ablations.md print these strings."""
    checked = 0
    for table in DEFINITIONS.values():
        for row in table.rows:
            training = row.training
            if training is None or training.recipe != recipe or training.variant is None:
                continue
            quoted = RECIPES[recipe].config.variants[training.variant].published
            means = {
                cell.leads: cell.printed.split(" ")[0]
                for cell in table.published
                if cell.row == row.name and cell.split_set == "mean"
            }
            if quoted and means:
                assert quoted in (" / ".join(means.values()), means[12])
                checked += 1
    assert checked >= (20 if recipe == "kmerl" else 6)


def test_sets_are_those_of_the_split_tables():
    assert set(SPLIT_SETS) == set(SETS)


def test_a_misspelt_table_is_refused_with_the_nearest():
    with pytest.raises(CardiolexError, match="kmerl-table-2"):
        definition("kmerl-tabel-2")
    with pytest.raises(CardiolexError, match="not available: the paper prints no numbers"):
        definition("supreme-figure-12")
