"""ECG-only methods on a store: signals alone, neither reports nor labels are read.

What the papers' tables call baselines (MERL's, and those that quote them). Neither views nor
encoders nor epochs behind those rows are public, so nobody can repeat them; here every method has
the published settings of its own paper where they are about the method, and one common protocol
for the rest, so that rows differ by method only: MERL's ResNet-18 on 10 s of twelve leads in
millivolts, AdamW 2e-4, weight decay 1e-5, one cosine, batch 256, 50 epochs, 2 % of patients held
out for a loss that is logged. `METHODS` says what differs; `--variant vit-tiny` and the like choose
another of MERL's encoders. Methods with an encoder of their own (`OWN`) have sizes for variants.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, ClassVar

from cyclopts import Parameter
from pydantic import BaseModel, create_model

from cardiolex.encoders.conv_blocks import ConvBlocks
from cardiolex.encoders.cross_domain import CrossDomain
from cardiolex.encoders.lead_sequences import LeadSequences
from cardiolex.encoders.lead_vit import SIZES
from cardiolex.encoders.pooled import PooledConfig
from cardiolex.encoders.resnet1d import ResNet1D
from cardiolex.encoders.vit import ViT
from cardiolex.recipes.ecg_only_methods import METHODS, OWN, Method
from cardiolex.recipes.on_store import StoreRun, run_on_store, segment_samples
from cardiolex.recipes.pretrain import Run, pretrain
from cardiolex.recipes.variants import Variant
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.recordings.scaling import Scale
from cardiolex.systems.heartlang_tokenizer import HeartLangTokenizer
from cardiolex.training.config import TrainerConfig

SEGMENT_S = 0.1
"""Seconds of a ViT's token, as in MERL."""
PATCH_S = 0.3
"""Seconds of a patch of ST-MEM."""
BEAT_S, BEATS_PER_S = 0.96, 2.4
"""Seconds of a beat of HeartLang, and for how many in a second there is room."""


class ECGOnlyRun(StoreRun):
    """A method's run; every field can be overridden."""

    method: ClassVar[str] = ""

    name: str
    text_encoder: Annotated[str, Parameter(parse=False)] = ""
    """None is used."""
    text_vectors: Annotated[Path | None, Parameter(parse=False)] = None
    """None are."""
    scale: Scale = "mv"
    """Millivolts as they are, "minmax" as MERL scales, or "zscore"."""
    variant: str | None = None
    """MERL's other encoders."""
    system: Any


def run(config: ECGOnlyRun) -> Run:
    """Resolve the configuration to a `Run`."""
    store = config.open_store()
    system, notes = fitted(config.system, store.preprocess)
    made = run_on_store(
        config,
        store,
        config.method,
        system,
        name=config.name,
        text=None,
        scale=config.scale,
        variant=config.variant,
        notes=(*config.said(), *notes),
    )
    return replace(made, seen=frozenset())  # no label is read


def fitted(system: Any, preprocess: Preprocess) -> tuple[Any, tuple[str, ...]]:
    """`system` for windows of `preprocess`, unless lengths were set, and what to say about it."""
    update: dict[str, object] = {}
    notes: tuple[str, ...] = ()
    views = getattr(system, "views", None)
    if isinstance(views, BaseModel) and _unset(views, "fs"):
        update["views"] = views.model_copy(update={"fs": preprocess.fs})
    encoder = getattr(system, "encoder", None)
    if isinstance(encoder, ResNet1D.Config | ViT.Config | ConvBlocks.Config):
        update["encoder"], notes = _fitted_encoder(encoder, preprocess)
    if isinstance(encoder, LeadSequences.Config) and not _set(encoder, "segment_samples"):
        samples, notes = segment_samples(PATCH_S, preprocess.fs, encoder.segment_samples)
        update["encoder"] = encoder.model_copy(update={"segment_samples": samples})
    if isinstance(encoder, CrossDomain.Config) and not _set(encoder, "samples"):
        update["encoder"] = encoder.model_copy(update={"samples": preprocess.samples})
    if isinstance(system, HeartLangTokenizer.Config):
        update.update(_fitted_beats(system, preprocess))
    return system.model_copy(update=update), notes


def _fitted_beats(
    system: HeartLangTokenizer.Config, preprocess: Preprocess
) -> dict[str, BaseModel]:
    samples = round(BEAT_S * preprocess.fs)
    most = math.ceil(BEATS_PER_S * preprocess.seconds)
    fitting = {"fs": preprocess.fs, "samples": samples, "most": most}
    unset = {name: value for name, value in fitting.items() if not _set(system.beats, name)}
    beats = system.beats.model_copy(update=unset)
    lengths = {"beat_samples": beats.samples, "seconds": math.ceil(preprocess.seconds)}
    encoder = system.tokenizer.encoder.model_copy(update=lengths)
    return {"beats": beats, "tokenizer": system.tokenizer.model_copy(update={"encoder": encoder})}


def _set(config: BaseModel, name: str) -> bool:
    return name in config.model_fields_set


def _unset(config: BaseModel, name: str) -> bool:
    """There is such a field, and nobody set it."""
    return name in type(config).model_fields and not _set(config, name)


def _fitted_encoder(
    encoder: ResNet1D.Config | ViT.Config | ConvBlocks.Config, preprocess: Preprocess
) -> tuple[BaseModel, tuple[str, ...]]:
    update: dict[str, int] = {}
    notes: tuple[str, ...] = ()
    if "samples" not in encoder.model_fields_set:
        update["samples"] = preprocess.samples
    if isinstance(encoder, ViT.Config) and "segment_samples" not in encoder.model_fields_set:
        update["segment_samples"], notes = segment_samples(
            SEGMENT_S, preprocess.fs, encoder.segment_samples
        )
    settings = {**encoder.model_dump(), **update}  # checked anew: segments must fill the window
    return type(encoder).model_validate(settings), notes


def encoder_variants(method: Method) -> dict[str, Variant]:
    """Every other encoder of MERL's for a method that takes one, and the method's own variants."""
    if not hasattr(method.system, "encoder") or isinstance(method.system.encoder, OWN):
        return dict(method.variants)
    encoders: dict[str, BaseModel] = {
        **{f"resnet{n}": ResNet1D.Config(kind="resnet", depth=n) for n in (34, 50, 101)},
        **{f"vit-{size}": ViT.Config.of_size(size) for size in SIZES},
    }
    variants = dict(method.variants)
    for name, encoder in encoders.items():
        changes: dict[str, Any] = {"system": {"encoder": encoder.model_dump(exclude_unset=True)}}
        if isinstance(encoder, ViT.Config) and method.vit_trainer is not None:
            changes["trainer"] = method.vit_trainer
        variants[name] = Variant("encoders", changes)
    return variants


def _configured(key: str, method: Method) -> type[ECGOnlyRun]:
    """The configuration of a method's run."""
    variants: Mapping[str, Variant] = encoder_variants(method)
    what = "A variant" if method.variants else "Encoder"
    choice = Parameter(help=f"{what}: {', '.join(variants)}.", show=bool(variants))
    system = _on_command_line(method.system)
    made: type[ECGOnlyRun] = create_model(
        "Configured",
        __base__=ECGOnlyRun,
        name=(str, key.replace("_", "-")),
        variant=(Annotated[str | None, choice], None),
        system=(type(system), system),
        trainer=(TrainerConfig, method.trainer),
    )
    made.method, made.variants = key, variants
    return made


def _on_command_line(system: BaseModel) -> BaseModel:
    """The same settings, without options for the encoder, since it may be of two kinds."""
    field = type(system).model_fields.get("encoder")
    if field is None or isinstance(field.default, OWN):
        return system
    hidden = Annotated[PooledConfig, Parameter(parse=False)]
    kind = create_model("Config", __base__=type(system), encoder=(hidden, field.default))
    given = {"encoder": field.default.model_dump(exclude_unset=True)}
    return kind.model_validate({**given, **system.model_dump(exclude_unset=True)})


def _command(configured: Any) -> Callable[..., int]:
    """A command whose options are the fields of a configuration."""

    def command(config: Annotated[configured, Parameter(name="*")]) -> int:
        return 0 if pretrain(run(config), config.output, config.device) else 1

    command.__doc__ = "Pre-train on signals alone; an interrupted run goes on where it was."
    return command


RUNS: dict[str, type[ECGOnlyRun]] = {key: _configured(key, m) for key, m in METHODS.items()}
"""Key of `SYSTEMS` -> configuration."""


def __getattr__(name: str) -> Any:
    """The command of a method, `ecg_only.simclr`, or its configuration, `ecg_only.simclr_run`."""
    key = name.removesuffix("_run")
    if key not in RUNS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return RUNS[key] if name.endswith("_run") else _command(RUNS[key])
