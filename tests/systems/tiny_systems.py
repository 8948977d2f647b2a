"""Every system at test size, a batch for all of them, and what of a system can be compared."""

from dataclasses import dataclass

import torch
from pydantic import BaseModel

from cardiolex.capabilities import (
    Aligns,
    ExplainsQueries,
    ScoresQueries,
    TrainsText,
    WritesReports,
)
from cardiolex.datasets.batches import Batch
from cardiolex.encoders.beat_tokenizer import BeatTokenizer
from cardiolex.encoders.beat_transformer import BeatFinder, BeatTransformer
from cardiolex.encoders.causal_text import CausalText
from cardiolex.encoders.conv_gru import ConvGRU
from cardiolex.encoders.conv_transformer import ConvTransformer
from cardiolex.encoders.cross_domain import CrossDomain
from cardiolex.encoders.lead_sequences import LeadSequences
from cardiolex.encoders.lead_vit import LeadViT
from cardiolex.encoders.resnet1d import ResNet1D
from cardiolex.encoders.text import HuggingFaceText
from cardiolex.nn.code_book import CodeBook
from cardiolex.nn.domain_decoder import DomainDecoder
from cardiolex.nn.forecast import Forecast
from cardiolex.nn.lead_decoder import LeadDecoder
from cardiolex.nn.noise_views import NoiseViews
from cardiolex.nn.quantizer import GumbelQuantizer
from cardiolex.nn.query_network import QueryNetwork
from cardiolex.nn.views import Views
from cardiolex.nn.weak_strong import WeakStrong
from cardiolex.systems import SYSTEMS
from cardiolex.systems.astcl import ASTCL
from cardiolex.systems.barlow_twins import BarlowTwins
from cardiolex.systems.byol import BYOL
from cardiolex.systems.clocs import CLOCS
from cardiolex.systems.cpc import CPC
from cardiolex.systems.crt import CRT
from cardiolex.systems.heartlang import HeartLang
from cardiolex.systems.heartlang_tokenizer import HeartLangTokenizer
from cardiolex.systems.kmerl import KMERL
from cardiolex.systems.melp import MELP, Caption
from cardiolex.systems.merl import MERL
from cardiolex.systems.moco_v3 import MoCoV3
from cardiolex.systems.random_init import RandomInit
from cardiolex.systems.simclr import SimCLR
from cardiolex.systems.simsiam import SimSiam
from cardiolex.systems.st_mem import STMEM
from cardiolex.systems.supreme import Encoder, Fusion, SuPreME
from cardiolex.systems.ts_tcc import TSTCC
from cardiolex.systems.wav2vec2_cmsc import Wav2Vec2CMSC

Q, DT, T = 6, 32, 100
WORDS = ("left bundle branch block", "atrial fibrillation", "sinus rhythm", "right bundle")


@dataclass(frozen=True)
class Tiny:
    """A system of test size and what it must be able to do."""

    config: BaseModel
    can: tuple[type, ...]
    learns: float | None = 0.7
    """Its loss falls to this share in sixty steps; None if there is nothing to learn."""
    spread: float = 0.3
    """Its embeddings then spread at least so much over the sphere; means of tokens spread less."""
    text: type[HuggingFaceText] = HuggingFaceText
    """What it takes for a text encoder."""


TINY_RESNET = ResNet1D.Config(kind="resnet", samples=T, width=4)
UNMOVED = Views(fs=100.0, crop=(1.0, 1.0))
"""Of white noise a resampled view is unlike it."""
SMALL = {"encoder": TINY_RESNET, "views": UNMOVED, "projection": 32}
FORECAST = Forecast.Config(width=16, depth=1, heads=2, hidden=16, past=(0.5, 0.5))
BEATS = BeatFinder.Config(samples=10, most=10)
SENTENCES = BeatTransformer.Config(
    beat_samples=10, seconds=1, width=32, depth=2, heads=2, hidden=64
)
WORDS_OF_BEATS = BeatTokenizer.Config(
    encoder=SENTENCES, book=CodeBook.Config(codes=16, width=8), decoder_depth=1
)
TINY = {
    "astcl": Tiny(
        ASTCL.Config(
            encoder=TINY_RESNET,
            views=NoiseViews(fs=100.0),
            forecast=FORECAST,
            projection=32,
            hidden=16,
        ),
        (),
    ),
    "barlow_twins": Tiny(BarlowTwins.Config(**SMALL), ()),
    "byol": Tiny(BYOL.Config(**SMALL, hidden=32), ()),
    "clocs": Tiny(CLOCS.Config(encoder=TINY_RESNET), (), learns=0.9),
    "cpc": Tiny(
        CPC.Config(
            encoder=ConvGRU.Config(channels=16, width=16, layers=1), ahead=2, negatives=None
        ),
        (),
    ),
    "crt": Tiny(
        CRT.Config(
            encoder=CrossDomain.Config(
                samples=T, patch_samples=10, width=16, depth=2, heads=2, hidden=32
            ),
            decoder=DomainDecoder.Config(depth=1, heads=2, hidden=32),
        ),
        (),
        learns=0.97,
        spread=0.05,
    ),
    "heartlang": Tiny(
        HeartLang.Config(beats=BEATS, encoder=SENTENCES, tokenizer=WORDS_OF_BEATS),
        (),
        spread=0.02,
    ),
    "heartlang_tokenizer": Tiny(
        HeartLangTokenizer.Config(beats=BEATS, tokenizer=WORDS_OF_BEATS),
        (),
        learns=0.97,
        spread=0.05,
    ),
    "kmerl": Tiny(
        KMERL.Config(
            encoder=LeadViT.Config(segment_samples=10, max_segments=10, width=32, depth=2, heads=2),
            query_network=QueryNetwork.Config(width=32, layers=2, heads=2, hidden=64),
            text_dim=DT,
            embedding_dim=16,
        ),
        (Aligns, ExplainsQueries),
    ),
    "melp": Tiny(
        MELP.Config(
            encoder=ConvTransformer.Config(
                channels=16, width=32, depth=2, heads=2, position_kernel=8, position_groups=4
            ),
            beats=3,
            caption=Caption(tokens=5, layers=1, heads=2),
            text_dim=DT,
            embedding_dim=16,
            pooling_heads=2,
        ),
        (Aligns, ScoresQueries, WritesReports, TrainsText),
        text=CausalText,
    ),
    "merl": Tiny(
        MERL.Config(encoder=ResNet1D.Config(samples=T, width=4), text_dim=DT, embedding_dim=16),
        (Aligns, ScoresQueries),
    ),
    "moco_v3": Tiny(MoCoV3.Config(**SMALL, hidden=32), (), learns=0.9),
    "random_init": Tiny(RandomInit.Config(encoder=TINY_RESNET), (), learns=None),
    "simclr": Tiny(SimCLR.Config(**SMALL), (), learns=0.9),
    "simsiam": Tiny(SimSiam.Config(**SMALL, hidden=16), ()),
    "st_mem": Tiny(
        STMEM.Config(
            encoder=LeadSequences.Config(segment_samples=10, width=32, depth=2, heads=2),
            decoder=LeadDecoder.Config(width=16, depth=1, heads=2),
        ),
        (),
        learns=0.97,
        spread=0.05,
    ),
    "supreme": Tiny(
        SuPreME.Config(
            encoder=Encoder(segment_samples=10, max_segments=10, width=32, depth=2, heads=2),
            query_network=Fusion(width=32, layers=2, heads=2, hidden=64, projection_hidden=32),
            text_dim=DT,
        ),
        (ExplainsQueries,),
        learns=0.75,
    ),
    "wav2vec2_cmsc": Tiny(
        Wav2Vec2CMSC.Config(
            encoder=ConvTransformer.Config(
                channels=16,
                stages=2,
                width=32,
                depth=2,
                heads=2,
                position_kernel=8,
                position_groups=4,
                attention_dropout=0.0,
            ),
            quantizer=GumbelQuantizer.Config(entries=8, width=16),
            mask_length=2,
            negatives=8,
        ),
        (),
        learns=0.9,
        spread=0.03,
    ),
    "ts_tcc": Tiny(
        TSTCC.Config(
            encoder=TINY_RESNET,
            views=WeakStrong(segments=1),  # white noise cut up is unlike itself
            forecast=FORECAST,
            projection=16,
        ),
        (),
        learns=0.9,
    ),
}


def made(name: str, text=None, **changes):
    torch.manual_seed(0)
    config = TINY[name].config.model_copy(update=changes)
    return SYSTEMS[name].assemble(config, text(name) if text else None, torch.randn(Q, DT))


def queries() -> torch.Tensor:
    torch.manual_seed(4)
    return torch.randn(Q, DT)


def batch(b: int = 12) -> Batch:
    torch.manual_seed(1)
    labels = (torch.rand(b, Q) < 0.3).float()
    labels[0, 0] = torch.nan
    lead_mask = torch.ones(b, 12, dtype=torch.bool)
    lead_mask[1, 3:] = False
    sample_mask = torch.ones(b, T, dtype=torch.bool)
    sample_mask[2, 60:] = False
    ecg = torch.randn(b, 12, T) * lead_mask[:, :, None] * sample_mask[:, None]
    reports = [f"{WORDS[i % 4]}. {WORDS[i // 4]}." for i in range(b)]
    names = [str(i) for i in range(b)]
    patients = [str(i % 9) for i in range(b)]
    vectors = torch.randn(b, DT)
    return Batch(ecg, lead_mask, sample_mask, reports, vectors, labels, names, patients)


def outputs(system, data: Batch) -> list[torch.Tensor]:
    parts = (data.ecg, data.lead_mask, data.sample_mask)
    results = [system.embed_ecg(*parts)]
    if isinstance(system, Aligns):
        results.append(system.project_ecg(*parts))
    if isinstance(system, ScoresQueries):
        results.append(system.score_queries(*parts, queries()))
    return results
