"""Results as parts of a page that can be shown: what was measured, tables, pictures, cards."""

from cardiolex.evaluation.page_parts.accuracy import (
    benchmark_part,
    importance_part,
    partial_leads_part,
    probe_part,
    transfer_part,
    zero_shot_part,
)
from cardiolex.evaluation.page_parts.cards import data_card, model_card, run_part, text_part
from cardiolex.evaluation.page_parts.conduct import (
    calibration_part,
    paired_part,
    prompts_part,
    robustness_part,
    seen_part,
    subgroup_part,
)

__all__ = [
    "benchmark_part",
    "calibration_part",
    "data_card",
    "importance_part",
    "model_card",
    "paired_part",
    "partial_leads_part",
    "probe_part",
    "prompts_part",
    "robustness_part",
    "run_part",
    "seen_part",
    "subgroup_part",
    "text_part",
    "transfer_part",
    "zero_shot_part",
]
