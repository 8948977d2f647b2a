"""K-MERL's ablations (arXiv 2502.17900): `cardiolex pretrain kmerl --variant NAME`.

`published` is the paper's mean zero-shot AUROC over six data sets: with lead I / with twelve leads,
or with twelve alone; empty for what it shows in figures only. The full model has 71.61 / 76.52.
Ours where the paper is silent: a fixed number of masked leads is 9; heads keep their width of 64,
since 3 and 5 do not divide 256; superclasses are left out as questions, nothing else changes.
"""

from __future__ import annotations

from cardiolex.encoders.lead_vit import SIZES, LeadViT
from cardiolex.nn.query_network import QueryNetwork
from cardiolex.recipes.variants import Variant
from cardiolex.systems.kmerl import KMERL, Masking

BIO_CLINICAL_BERT = "emilyalsentzer/Bio_ClinicalBERT"
MED_KEBERT = "xmcmic/Med-KEBERT"
HEAD_WIDTH = 64


def _masking(table: str, masking: Masking, published: str = "") -> Variant:
    return Variant(table, {"system": KMERL.Config(masking=masking)}, published)


def _encoder(table: str, encoder: LeadViT.Config, published: str = "") -> Variant:
    return Variant(table, {"system": KMERL.Config(encoder=encoder)}, published)


def _query_network(table: str, network: QueryNetwork.Config, published: str = "") -> Variant:
    return Variant(table, {"system": KMERL.Config(query_network=network)}, published)


def _size(name: str) -> LeadViT.Config:
    width, depth, heads = SIZES[name]
    return LeadViT.Config(width=width, depth=depth, heads=heads)


VARIANTS: dict[str, Variant] = {
    # losses and entities
    "no-contrast": Variant(
        "Tab. 2", {"system": KMERL.Config(contrast_weight=0.0)}, "69.23 / 73.98"
    ),
    "no-queries": Variant("Tab. 2", {"system": KMERL.Config(query_weight=0.0)}, "65.44 / 68.95"),
    "no-superclasses": Variant("Tab. 2", {"superclasses": False}, "70.11 / 74.62"),
    # masking
    "segments-over-all": _masking("Tab. 2", Masking(segments_over="all"), "70.32 / 75.21"),
    "no-segment-masking": _masking("Tab. 2", Masking(segment_ratio=0.0), "68.93 / 74.74"),
    "fixed-masked-leads": _masking("Tab. 2", Masking(masked_leads=(9,)), "67.84 / 72.11"),
    "no-lead-masking": _masking("Tab. 2", Masking(masked_leads=()), "65.41 / 69.10"),
    "no-masking": _masking("ours", Masking(masked_leads=(), segment_ratio=0.0)),
    "masks-per-recording": _masking("ours", Masking(per="sample")),
    "mask-ratio-50": _masking("Fig. 7", Masking(segment_ratio=0.5)),
    "mask-ratio-75": _masking("Fig. 7", Masking(segment_ratio=0.75)),
    "masked-leads-from-6": _masking("Fig. 7", Masking(masked_leads=tuple(range(6, 12)))),
    "masked-leads-from-7": _masking("Fig. 7", Masking(masked_leads=tuple(range(7, 12)))),
    "masked-leads-from-8": _masking("Fig. 7", Masking(masked_leads=tuple(range(8, 12)))),
    "masked-leads-from-10": _masking("Fig. 7", Masking(masked_leads=(10, 11))),
    "masked-leads-from-11": _masking("Fig. 7", Masking(masked_leads=(11,))),
    # tokens: samples at 500 Hz
    "token-size-25": Variant("Fig. 7", {"segment_s": 0.05}),
    "token-size-50": Variant("Fig. 7", {"segment_s": 0.1}),
    "token-size-125": Variant("Fig. 7", {"segment_s": 0.25}),
    "token-size-200": Variant("Fig. 7", {"segment_s": 0.4}),
    "no-lead-tokens": _encoder("Tab. 7a", LeadViT.Config(tokens="mixed"), "68.47 / 74.23"),
    "no-lead-embedding": _encoder("Tab. 7a", LeadViT.Config(lead_embedding=False), "69.12 / 75.35"),
    "no-time-embedding": _encoder("Tab. 7a", LeadViT.Config(time_embedding=False), "70.84 / 75.10"),
    # text encoders
    "bio-clinical-bert": Variant("Tab. 7b", {"text_encoder": BIO_CLINICAL_BERT}, "68.25 / 73.21"),
    "med-kebert": Variant("Tab. 7b", {"text_encoder": MED_KEBERT}, "69.62 / 74.59"),
    # query network
    "query-layers-1": _query_network("Tab. 7d", QueryNetwork.Config(layers=1), "69.92 / 72.96"),
    "query-layers-2": _query_network("Tab. 7d", QueryNetwork.Config(layers=2), "70.14 / 73.13"),
    "query-layers-3": _query_network("Tab. 7d", QueryNetwork.Config(layers=3), "70.31 / 74.40"),
    "query-layers-5": _query_network("Tab. 7d", QueryNetwork.Config(layers=5), "69.25 / 74.94"),
    "query-heads-1": _query_network(
        "Tab. 7e", QueryNetwork.Config(heads=1, head_width=HEAD_WIDTH), "68.76 / 74.89"
    ),
    "query-heads-2": _query_network(
        "Tab. 7e", QueryNetwork.Config(heads=2, head_width=HEAD_WIDTH), "70.25 / 74.23"
    ),
    "query-heads-3": _query_network(
        "Tab. 7e", QueryNetwork.Config(heads=3, head_width=HEAD_WIDTH), "70.27 / 75.36"
    ),
    "query-heads-5": _query_network(
        "Tab. 7e", QueryNetwork.Config(heads=5, head_width=HEAD_WIDTH), "71.23 / 75.48"
    ),
    "query-self-attention": _query_network("ours", QueryNetwork.Config(self_attention=True)),
    "query-weight-0.25": Variant("Tab. 10", {"system": KMERL.Config(query_weight=0.25)}, "75.23"),
    "query-weight-0.5": Variant("Tab. 10", {"system": KMERL.Config(query_weight=0.5)}, "75.89"),
    "query-weight-0.75": Variant("Tab. 10", {"system": KMERL.Config(query_weight=0.75)}, "76.20"),
    "query-weight-1.25": Variant("Tab. 10", {"system": KMERL.Config(query_weight=1.25)}, "75.97"),
    # sizes
    "small": _encoder("Fig. 9", _size("small")),
    "middle": _encoder("Fig. 9", _size("middle")),
    "base": _encoder("Fig. 9", _size("base")),
}
