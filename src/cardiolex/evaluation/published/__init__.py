"""The papers' tables as data: every figure with the table, row and column it stands in."""

from cardiolex.evaluation.published.cells import Cell, Obtained
from cardiolex.evaluation.published.load import Paper, all_cells, papers, published_table

__all__ = ["Cell", "Obtained", "Paper", "all_cells", "papers", "published_table"]
