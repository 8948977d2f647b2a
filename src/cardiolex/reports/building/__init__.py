"""Building a vocabulary: names found in reports are merged, mapped and put under superclasses."""

from cardiolex.reports.building.applying import extended, reasons, targets, warnings
from cardiolex.reports.building.build import Proposals, build
from cardiolex.reports.building.decision import Decision, DecisionTable
from cardiolex.reports.building.guards import Guard, Verdict
from cardiolex.reports.building.statistics import Statistic, statistics, statistics_csv

__all__ = [
    "Decision",
    "DecisionTable",
    "Guard",
    "Proposals",
    "Statistic",
    "Verdict",
    "build",
    "extended",
    "reasons",
    "statistics",
    "statistics_csv",
    "targets",
    "warnings",
]
