"""Entities by a language model: any OpenAI-compatible server, K-MERL's and SuPreME's procedures."""

from cardiolex.reports.llm.dry_run import Cost, cost
from cardiolex.reports.llm.endpoint import KEY_VARIABLE, Endpoint, key_from_environment
from cardiolex.reports.llm.extractor import LLMExtractor, procedure_named
from cardiolex.reports.llm.failures import Unreachable
from cardiolex.reports.llm.journal import Journal

__all__ = [
    "KEY_VARIABLE",
    "Cost",
    "Endpoint",
    "Journal",
    "LLMExtractor",
    "Unreachable",
    "cost",
    "key_from_environment",
    "procedure_named",
]
