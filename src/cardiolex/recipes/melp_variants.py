"""MELP's ablations (arXiv 2506.21803) and settings: `cardiolex pretrain melp --variant NAME`.

Of the paper's figures only their order is known to us: without the token loss it loses most,
without the rhythm loss zero-shot is lost (so the last weights are kept), without the beat loss it
loses moderately.
"""

from __future__ import annotations

from cardiolex.recipes.variants import Variant
from cardiolex.systems.melp import MELP
from cardiolex.training.config import TrainerConfig

ABLATION = "loss ablation"
CODE = "released code"

VARIANTS: dict[str, Variant] = {
    "no-token": Variant(ABLATION, {"system": MELP.Config(token_weight=0.0)}),
    "no-beat": Variant(ABLATION, {"system": MELP.Config(beat_weight=0.0)}),
    "no-rhythm": Variant(
        ABLATION,
        {
            "system": MELP.Config(rhythm_weight=0.0),
            "trainer": TrainerConfig(best_of=None, patience=None),  # nothing answers
        },
    ),
    "rhythm-only": Variant("ours", {"system": MELP.Config(token_weight=0.0, beat_weight=0.0)}),
    "released": Variant(
        CODE,
        {
            "system": MELP.Config(beats=12, rhythm_weight=1.0, token_weight=2.0, beat_weight=0.2),
            "restart_at_half": True,
            "warmup_share": 0.0,
            "trainer": TrainerConfig(decayed="all"),
        },
    ),
    "resnet18": Variant(CODE, {"system": MELP.Config(backbone="resnet")}),
    "no-lead-mask": Variant(CODE, {"system": MELP.Config(lead_mask_probability=0.0)}),
    "by-heart-rate": Variant("ours", {"system": MELP.Config(beats="by heart rate")}),
    "mean-over-sentences": Variant("ours", {"system": MELP.Config(beat_aggregation="mean")}),
    "bidirectional-text": Variant("ours", {"text_attention": "bidirectional"}),
    "cls-after-text": Variant("ours", {"cls_position": "after text"}),
}
