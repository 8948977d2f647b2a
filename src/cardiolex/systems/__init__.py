"""Every trainable system by name.

`cardiolex.systems` is this package and the public function of that name at once, so the package
can be called: once imported, a package hides whatever its parent has under its name.
"""

import sys
from types import ModuleType
from typing import Any, TypeAlias

from torch import Tensor

from cardiolex.capabilities import SystemConfig
from cardiolex.encoders.text import TextEncoder
from cardiolex.systems.astcl import ASTCL
from cardiolex.systems.barlow_twins import BarlowTwins
from cardiolex.systems.byol import BYOL
from cardiolex.systems.clocs import CLOCS
from cardiolex.systems.cpc import CPC
from cardiolex.systems.crt import CRT
from cardiolex.systems.heartlang import HeartLang
from cardiolex.systems.heartlang_tokenizer import HeartLangTokenizer
from cardiolex.systems.kmerl import KMERL
from cardiolex.systems.melp import MELP
from cardiolex.systems.merl import MERL, SignalMERL
from cardiolex.systems.moco_v3 import MoCoV3
from cardiolex.systems.random_init import RandomInit
from cardiolex.systems.simclr import SimCLR
from cardiolex.systems.simsiam import SimSiam
from cardiolex.systems.st_mem import STMEM
from cardiolex.systems.supreme import SuPreME
from cardiolex.systems.ts_tcc import TSTCC
from cardiolex.systems.wav2vec2_cmsc import Wav2Vec2CMSC

System: TypeAlias = (
    ASTCL
    | BarlowTwins
    | BYOL
    | CLOCS
    | CPC
    | CRT
    | HeartLang
    | HeartLangTokenizer
    | KMERL
    | MELP
    | MoCoV3
    | RandomInit
    | SignalMERL
    | SimCLR
    | SimSiam
    | STMEM
    | SuPreME
    | TSTCC
    | Wav2Vec2CMSC
)
SYSTEMS: dict[str, type[System]] = {
    "astcl": ASTCL,
    "barlow_twins": BarlowTwins,
    "byol": BYOL,
    "clocs": CLOCS,
    "cpc": CPC,
    "crt": CRT,
    "heartlang": HeartLang,
    "heartlang_tokenizer": HeartLangTokenizer,
    "kmerl": KMERL,
    "melp": MELP,
    "merl": MERL,
    "moco_v3": MoCoV3,
    "random_init": RandomInit,
    "simclr": SimCLR,
    "simsiam": SimSiam,
    "st_mem": STMEM,
    "supreme": SuPreME,
    "ts_tcc": TSTCC,
    "wav2vec2_cmsc": Wav2Vec2CMSC,
}


def systems() -> tuple[str, ...]:
    """Names of all trainable systems."""
    return tuple(SYSTEMS)


def build(
    name: str, settings: SystemConfig, text: TextEncoder | None, entity_vectors: Tensor
) -> System:
    """System `name` with fresh weights; `entity_vectors` (Q, Dt) of what labels name."""
    kind: Any = SYSTEMS[name]
    system: System = kind.assemble(settings, text, entity_vectors)
    return system


class _Callable(ModuleType):
    def __call__(self) -> tuple[str, ...]:
        return systems()


sys.modules[__name__].__class__ = _Callable
