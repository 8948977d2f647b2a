"""Finding recordings and reports by likeness: an index on disk, and exact search in it."""

from cardiolex.search.entries import Entry, Hit, Kind, Maker, distinct
from cardiolex.search.index import FILE, SearchIndex
from cardiolex.search.writer import IndexWriter, write_index

__all__ = [
    "FILE",
    "Entry",
    "Hit",
    "IndexWriter",
    "Kind",
    "Maker",
    "SearchIndex",
    "distinct",
    "write_index",
]
