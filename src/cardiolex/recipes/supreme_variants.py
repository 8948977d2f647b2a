"""SuPreME's ablations (arXiv 2502.19668): `cardiolex pretrain supreme --variant NAME`.

`published` is the mean zero-shot AUROC over six data sets; the full model has 77.20.
"""

from __future__ import annotations

from cardiolex.recipes.kmerl_variants import BIO_CLINICAL_BERT
from cardiolex.recipes.variants import Variant
from cardiolex.systems.supreme import Encoder, Fusion, SuPreME

PUBMED_BERT = "microsoft/BiomedNLP-BiomedBERT-base-uncased-abstract-fulltext"
"""PubMedBERT's present name."""


def _dropout(ratio: float, published: str) -> Variant:
    """One ratio everywhere, as the paper gives one."""
    encoder = Encoder(dropout=ratio, drop_path=ratio)
    system = SuPreME.Config(encoder=encoder, query_network=Fusion(dropout=ratio))
    return Variant("Tab. 1", {"system": system}, published)


VARIANTS: dict[str, Variant] = {
    "linear": Variant("Tab. 11", {"system": SuPreME.Config(head="linear")}, "72.70"),
    "resnet": Variant("Tab. 11", {"system": SuPreME.Config(backbone="resnet")}, "64.96"),
    "resnet-linear": Variant(
        "Tab. 11", {"system": SuPreME.Config(backbone="resnet", head="linear")}, "72.88"
    ),
    "bio-clinical-bert": Variant("Tab. 1", {"text_encoder": BIO_CLINICAL_BERT}, "62.95"),
    "pubmed-bert": Variant("Tab. 1", {"text_encoder": PUBMED_BERT}, "62.51"),
    "dropout-0.05": _dropout(0.05, "75.98"),
    "dropout-0.15": _dropout(0.15, "75.63"),
    "self-attention": Variant(
        "ours", {"system": SuPreME.Config(query_network=Fusion(self_attention=True))}
    ),
}
