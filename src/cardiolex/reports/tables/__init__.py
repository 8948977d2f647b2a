"""A table of reports -> a folder of labels, mentions, statistics and an audit page."""

from cardiolex.reports.tables.labels import ReportLabels, findings_of
from cardiolex.reports.tables.run import Summary, extract_table
from cardiolex.reports.tables.sources import Report, Skips, read_reports, source_of

__all__ = [
    "Report",
    "ReportLabels",
    "Skips",
    "Summary",
    "extract_table",
    "findings_of",
    "read_reports",
    "source_of",
]
