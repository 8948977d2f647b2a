"""Settings of the ECG-only methods: what each paper publishes, and one protocol for the rest."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel

from cardiolex.encoders.conv_gru import ConvGRU
from cardiolex.encoders.conv_transformer import ConvTransformer
from cardiolex.encoders.cross_domain import CrossDomain
from cardiolex.encoders.lead_sequences import LeadSequences
from cardiolex.recipes.variants import Variant
from cardiolex.systems.astcl import ASTCL
from cardiolex.systems.barlow_twins import BarlowTwins
from cardiolex.systems.byol import BYOL
from cardiolex.systems.clocs import CLOCS, CLOCSViews
from cardiolex.systems.cpc import CPC
from cardiolex.systems.crt import CRT
from cardiolex.systems.heartlang_tokenizer import HeartLangTokenizer
from cardiolex.systems.moco_v3 import MoCoV3
from cardiolex.systems.random_init import RandomInit
from cardiolex.systems.simclr import SimCLR
from cardiolex.systems.simsiam import SimSiam
from cardiolex.systems.st_mem import STMEM
from cardiolex.systems.ts_tcc import TSTCC
from cardiolex.systems.wav2vec2_cmsc import Wav2Vec2CMSC
from cardiolex.training.config import TrainerConfig

OWN = (ConvGRU.Config, ConvTransformer.Config, CrossDomain.Config, LeadSequences.Config)
"""Encoders that belong to one method."""
CLOCS_VIEWS: dict[str, CLOCSViews] = {
    "original": "cmsc",
    "original-cmlc": "cmlc",
    "original-cmsmlc": "cmsmlc",
}
COMMON = TrainerConfig(batch_size=256, epochs=50, lr=2e-4, weight_decay=1e-5)
BY_PATIENT = COMMON.model_copy(update={"pair_patients": True})
"""For methods whose positives are recordings of one patient."""


@dataclass(frozen=True)
class Method:
    """A system's settings and how it is trained."""

    system: BaseModel
    """Has `encoder` where a ResNet or a ViT can be chosen, `views` where it makes any."""
    trainer: TrainerConfig = COMMON
    vit_trainer: TrainerConfig | None = None
    """What differs with a ViT."""
    variants: Mapping[str, Variant] = field(default_factory=dict)
    """Beside those that choose another of MERL's encoders."""


METHODS: dict[str, Method] = {
    "astcl": Method(ASTCL.Config(), BY_PATIENT),
    "barlow_twins": Method(BarlowTwins.Config()),
    "byol": Method(BYOL.Config()),
    "clocs": Method(
        CLOCS.Config(),
        BY_PATIENT,
        variants={
            name: Variant("original", {"system": CLOCS.Config.original(views), "trainer": trainer})
            for name, views in CLOCS_VIEWS.items()
            for trainer in [
                TrainerConfig(
                    lr=1e-4,
                    final_lr=1e-4,
                    weight_decay=0.0,
                    batch_size=256,
                    epochs=400,
                    pair_patients=True,
                )
            ]
        },
    ),
    "cpc": Method(CPC.Config()),
    "crt": Method(
        CRT.Config(), TrainerConfig(batch_size=128, epochs=50, lr=1e-3, weight_decay=0.0)
    ),
    "heartlang_tokenizer": Method(
        HeartLangTokenizer.Config(), TrainerConfig(batch_size=512, epochs=50, lr=5e-5)
    ),
    "moco_v3": Method(
        MoCoV3.Config(), vit_trainer=TrainerConfig(lr=1.5e-4, weight_decay=0.1)
    ),  # rate at batch 256
    "random_init": Method(RandomInit.Config(), TrainerConfig(batch_size=256, steps=50)),
    "simclr": Method(SimCLR.Config()),
    "simsiam": Method(SimSiam.Config()),
    "st_mem": Method(
        STMEM.Config(),
        TrainerConfig(
            batch_size=256,
            epochs=50,
            lr=1.5e-4,
            weight_decay=0.01,
            betas=(0.9, 0.95),
            warmup_steps=1000,
        ),
        variants={
            **{
                size: Variant("sizes", {"system": STMEM.Config(encoder=encoder)})
                for size in ("tiny", "small")
                for encoder in [LeadSequences.Config.of_size(size)]
            },
            "mtae": Variant("siblings", {"system": STMEM.Config(masking="time")}),
            "mlae": Variant("siblings", {"system": STMEM.Config(masking="leads")}),
            "with-amplitude": Variant(
                "ours",
                {"system": STMEM.Config(encoder=LeadSequences.Config(patch_norm=False))},
            ),
        },
    ),
    "ts_tcc": Method(
        TSTCC.Config(),
        variants={
            "original": Variant(
                "original",
                {
                    "system": TSTCC.Config.original(),
                    "trainer": TrainerConfig(
                        batch_size=128,
                        epochs=40,
                        lr=3e-4,
                        final_lr=3e-4,  # it does not change
                        weight_decay=3e-4,
                        betas=(0.9, 0.99),
                    ),
                },
            )
        },
    ),
    "wav2vec2_cmsc": Method(
        Wav2Vec2CMSC.Config(),
        TrainerConfig(
            batch_size=256,
            epochs=50,
            lr=5e-5,
            final_lr=5e-5,  # it does not change
            weight_decay=0.01,
            betas=(0.9, 0.98),
            pair_patients=True,
        ),
        variants={
            size: Variant(
                "sizes",
                {"system": Wav2Vec2CMSC.Config(encoder=ConvTransformer.Config.of_size(size))},
            )
            for size in ("small", "large")
        },
    ),
}
"""Key of `SYSTEMS` -> settings; the command is the key with hyphens."""
