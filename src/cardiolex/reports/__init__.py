"""Reports: clean text, the vocabulary of findings, labels and query texts. No torch."""

from cardiolex.reports.clean import clean, report_text, sentences
from cardiolex.reports.entities_found import Extraction, Extractor, Mention
from cardiolex.reports.extract import Rules
from cardiolex.reports.labels import Findings, SparseLabels, label_matrix
from cardiolex.reports.queries import query_text
from cardiolex.reports.vocabulary import Vocabulary

__all__ = [
    "Extraction",
    "Extractor",
    "Findings",
    "Mention",
    "Rules",
    "SparseLabels",
    "Vocabulary",
    "clean",
    "label_matrix",
    "query_text",
    "report_text",
    "sentences",
]
