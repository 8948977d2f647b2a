"""MERL's other published settings and what can be taken out of it: `--variant NAME`."""

from __future__ import annotations

from cardiolex.recipes.variants import Variant
from cardiolex.systems.merl import MERL
from cardiolex.training.config import TrainerConfig

BIO_CLINICAL_BERT = "emilyalsentzer/Bio_ClinicalBERT"
PUBMED_BERT = "microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract-fulltext"
"""PubMedBERT's present name."""

VARIANTS: dict[str, Variant] = {
    "quoted": Variant(
        "K-MERL App. B",
        {
            "trainer": TrainerConfig(
                batch_size=512,
                epochs=50,
                lr=2e-4,
                final_lr=0.0,
                restart_steps=None,
                weight_decay=1e-5,
            )
        },
    ),
    "six-text-layers": Variant(
        "released configuration", {"system": MERL.Config(text_layers_trained=6)}
    ),
    "no-uni-modal": Variant("ours", {"system": MERL.Config(uni_modal_weight=0.0)}),
    "uni-modal-only": Variant("ours", {"system": MERL.Config(contrast_weight=0.0)}),
    "no-dropout": Variant("ours", {"system": MERL.Config(dropout=0.0)}),
    "bio-clinical-bert": Variant("ours", {"text_encoder": BIO_CLINICAL_BERT}),
    "pubmed-bert": Variant("ours", {"text_encoder": PUBMED_BERT}),
}
