"""What is compared at equal compute, and at which size: language systems, ablations, ECG-only.

Sized for processor cores: signals of 100 Hz, windows of 5 s, encoders of 0.1
to 0.6 million weights, features of 96.
What is a method's own stays as published: views, masks, heads' depth, losses and their weights,
amplitude scale, and segments in seconds: 0.2 s for K-MERL, 0.25 s for SuPreME, 0.1 s for MERL's
ViT, 0.3 s for ST-MEM, 80 ms for CPC, 0.96 s for HeartLang's beats. Coarser than published are the
tokens of MELP and Wav2Vec 2.0 + CMSC (40 instead of 32 ms; hidden spans of 0.32 s become 0.4 s) and
CRT's patches (0.1 s instead of 0.04 s). Widths of projectors follow the encoder's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cardiolex.capabilities import SystemConfig
from cardiolex.encoders.beat_tokenizer import BeatTokenizer
from cardiolex.encoders.beat_transformer import BeatFinder, BeatTransformer
from cardiolex.encoders.conv_gru import ConvGRU
from cardiolex.encoders.conv_transformer import ConvTransformer
from cardiolex.encoders.cross_domain import CrossDomain
from cardiolex.encoders.lead_sequences import LeadSequences
from cardiolex.encoders.lead_vit import LeadViT
from cardiolex.encoders.resnet1d import ResNet1D
from cardiolex.encoders.vit import ViT
from cardiolex.nn.code_book import CodeBook
from cardiolex.nn.lead_decoder import LeadDecoder
from cardiolex.nn.noise_views import NoiseViews
from cardiolex.nn.quantizer import GumbelQuantizer
from cardiolex.nn.query_network import QueryNetwork
from cardiolex.nn.views import Views
from cardiolex.recordings.scaling import Scale
from cardiolex.systems.astcl import ASTCL
from cardiolex.systems.barlow_twins import BarlowTwins
from cardiolex.systems.byol import BYOL
from cardiolex.systems.clocs import CLOCS
from cardiolex.systems.cpc import CPC
from cardiolex.systems.crt import CRT
from cardiolex.systems.heartlang import HeartLang
from cardiolex.systems.heartlang_tokenizer import HeartLangTokenizer
from cardiolex.systems.kmerl import KMERL, Masking
from cardiolex.systems.melp import MELP, Caption
from cardiolex.systems.merl import MERL
from cardiolex.systems.moco_v3 import MoCoV3
from cardiolex.systems.random_init import RandomInit
from cardiolex.systems.simclr import SimCLR
from cardiolex.systems.simsiam import SimSiam
from cardiolex.systems.st_mem import STMEM
from cardiolex.systems.supreme import Encoder as SuPreMEEncoder
from cardiolex.systems.supreme import Fusion, SuPreME
from cardiolex.systems.ts_tcc import TSTCC
from cardiolex.systems.wav2vec2_cmsc import Wav2Vec2CMSC

FS = 100.0
SECONDS = 5.0
SAMPLES = round(SECONDS * FS)
WIDTH, DEPTH, HEADS = 96, 3, 4
QUERIES = 96
"""Entities asked in a step by the systems that ask any."""


@dataclass(frozen=True)
class Contender:
    """A system at the size of the comparison."""

    system_name: str
    system: SystemConfig
    scale: Scale = "mv"
    causal_text: bool = False
    """Whether the text encoder is read from left to right, as MELP does."""
    words: bool = True
    """Whether reports or labels are read."""
    first: Contender | None = None
    """What is trained before and started from; it takes half of the compute."""
    steps: int | None = None
    """As many steps, whatever they cost."""


LEAD_VIT = LeadViT.Config(
    segment_samples=20, max_segments=25, width=WIDTH, depth=DEPTH, heads=HEADS
)
RESNET = ResNet1D.Config(kind="resnet", samples=SAMPLES, width=WIDTH // 8)
RESNET_1 = RESNET.model_copy(update={"leads": 1})
"""Of one lead, for what contrasts leads."""
VIT = ViT.Config(
    kind="vit", samples=SAMPLES, segment_samples=10, width=WIDTH, depth=DEPTH, heads=HEADS
)
CONV_TRANSFORMER = ConvTransformer.Config(
    kind="conv_transformer",
    channels=64,
    stages=2,
    width=WIDTH,
    depth=DEPTH,
    heads=HEADS,
    position_kernel=64,
)
VIEWS = Views(fs=FS)
BEATS = BeatFinder.Config(fs=FS, samples=96, most=12, detector="energy")
BEAT_TRANSFORMER = BeatTransformer.Config(
    beat_samples=96, seconds=round(SECONDS), width=WIDTH, depth=DEPTH, heads=HEADS, hidden=2 * WIDTH
)
TOKENIZER = BeatTokenizer.Config(
    encoder=BEAT_TRANSFORMER, book=CodeBook.Config(codes=512), decoder_depth=2
)


def _kmerl(masking: Masking | None = None, tokens: str = "lead", **weights: float) -> KMERL.Config:
    return KMERL.Config.model_validate(
        {
            "encoder": LEAD_VIT.model_copy(update={"tokens": tokens}),
            "query_network": QueryNetwork.Config(width=WIDTH, layers=2, hidden=3 * WIDTH),
            "queries_per_step": QUERIES,
            "masking": masking or Masking(),
            **weights,
        }
    )


LANGUAGE: Mapping[str, Contender] = {
    "K-MERL": Contender("kmerl", _kmerl()),
    "SuPreME": Contender(
        "supreme",
        SuPreME.Config(
            encoder=SuPreMEEncoder(
                segment_samples=25, max_segments=20, width=WIDTH, depth=DEPTH, heads=HEADS
            ),
            query_network=Fusion(width=WIDTH, layers=2, hidden=3 * WIDTH),
        ),
    ),
    "MELP": Contender(
        "melp",
        MELP.Config(
            encoder=CONV_TRANSFORMER,
            caption=Caption(tokens=32, layers=2, heads=4),
            embedding_dim=WIDTH,
            fs=FS,
        ),
        "minmax",
        causal_text=True,
    ),
    "MERL-ResNet": Contender("merl", MERL.Config(encoder=RESNET), "minmax"),
    "MERL-ViT": Contender(
        "merl",
        MERL.Config(encoder=VIT),
        "minmax",
    ),
}
"""Trained on signals and reports; K-MERL first, with which the others are compared."""

ABLATIONS: Mapping[str, Contender] = {
    "K-MERL": LANGUAGE["K-MERL"],
    "no lead masking": Contender("kmerl", _kmerl(Masking(masked_leads=()))),
    "no segment masking": Contender("kmerl", _kmerl(Masking(segment_ratio=0.0))),
    "no contrast": Contender("kmerl", _kmerl(contrast_weight=0.0)),
    "no entity queries": Contender("kmerl", _kmerl(query_weight=0.0)),
    "lead-agnostic tokens": Contender("kmerl", _kmerl(tokens="mixed")),
}
"""K-MERL's Tab. 2 and 7a: dynamic lead masking, lead-specific segment masking, the two losses,
tokens of single leads; each taken away alone."""


def _ecg_only(
    system_name: str,
    system: SystemConfig,
    first: Contender | None = None,
    steps: int | None = None,
) -> Contender:
    return Contender(system_name, system, words=False, first=first, steps=steps)


ECG_ONLY: Mapping[str, Contender] = {
    "random CNN": _ecg_only("random_init", RandomInit.Config(encoder=RESNET), steps=50),
    "random transformer": _ecg_only("random_init", RandomInit.Config(encoder=VIT), steps=50),
    "SimCLR": _ecg_only("simclr", SimCLR.Config(encoder=RESNET, views=VIEWS)),
    "BYOL": _ecg_only("byol", BYOL.Config(encoder=RESNET, views=VIEWS)),
    "Barlow Twins": _ecg_only("barlow_twins", BarlowTwins.Config(encoder=RESNET, views=VIEWS)),
    "MoCo-v3": _ecg_only("moco_v3", MoCoV3.Config(encoder=RESNET, views=VIEWS)),
    "SimSiam": _ecg_only("simsiam", SimSiam.Config(encoder=RESNET, views=VIEWS)),
    "TS-TCC": _ecg_only("ts_tcc", TSTCC.Config(encoder=RESNET)),
    "CLOCS": _ecg_only("clocs", CLOCS.Config(encoder=RESNET)),
    "CLOCS (CMLC)": _ecg_only("clocs", CLOCS.Config(encoder=RESNET_1, views="cmlc")),
    "CLOCS (CMSMLC)": _ecg_only("clocs", CLOCS.Config(encoder=RESNET_1, views="cmsmlc")),
    "ASTCL (our reading)": _ecg_only(
        "astcl", ASTCL.Config(encoder=RESNET, views=NoiseViews(fs=FS))
    ),
    "CPC": _ecg_only(
        "cpc",
        CPC.Config(
            encoder=ConvGRU.Config(
                channels=WIDTH, kernels=(4, 4, 4), strides=(2, 2, 2), width=WIDTH
            )
        ),
    ),
    "CRT": _ecg_only(
        "crt",
        CRT.Config(
            encoder=CrossDomain.Config(
                samples=SAMPLES, patch_samples=10, width=WIDTH, depth=DEPTH, heads=HEADS
            )
        ),
    ),
    "ST-MEM": _ecg_only(
        "st_mem",
        STMEM.Config(
            encoder=LeadSequences.Config(segment_samples=30, width=WIDTH, depth=DEPTH, heads=HEADS),
            decoder=LeadDecoder.Config(width=WIDTH // 2, depth=2),
        ),
    ),
    "Wav2Vec 2.0 + CMSC + RLM": _ecg_only(
        "wav2vec2_cmsc",
        Wav2Vec2CMSC.Config(
            encoder=CONV_TRANSFORMER, quantizer=GumbelQuantizer.Config(width=WIDTH)
        ),
    ),
    "HeartLang": _ecg_only(
        "heartlang",
        HeartLang.Config(beats=BEATS, encoder=BEAT_TRANSFORMER, tokenizer=TOKENIZER),
        first=_ecg_only(
            "heartlang_tokenizer", HeartLangTokenizer.Config(beats=BEATS, tokenizer=TOKENIZER)
        ),
    ),
}
"""Trained on signals alone."""

CONTENDERS: Mapping[str, Contender] = {**LANGUAGE, **ABLATIONS, **ECG_ONLY}
