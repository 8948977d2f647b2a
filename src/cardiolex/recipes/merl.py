"""MERL as released (arXiv 2403.06659, code at 38799b7), on a store of real records.

Two settings are known. The released configuration, our default because the released weights are
said to come of it: AdamW 1e-3, weight decay 1e-8, cosine with restarts every 5,000 steps down to
1e-8, batch 128 on each of 8 devices, 21 epochs (`max_epochs` 20, the loop runs one more). Variant
"quoted": what K-MERL's appendix B gives as MERL's, AdamW 2e-4, weight decay 1e-5, one cosine,
batch 512 on each of 8 devices, 50 epochs.

As released: 500 Hz, 10 s, each window scaled from 0 to 1 over its leads; reports of four words or
more; MedCPT frozen, its pooler read. Ours: 2 % are held out by patient and not by record; the last
weights are the result (the authors chose by AUROC on six labelled sets, which is no longer
zero-shot; `--trainer.best-of` chooses by the labels of the held-out patients); bfloat16 where the
device is fast at it instead of float16; no rounding of the signal to a thousand steps.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar, Literal

from cyclopts import Parameter
from pydantic import create_model

from cardiolex.encoders.lead_vit import SIZES
from cardiolex.encoders.resnet1d import ResNet1D
from cardiolex.encoders.vit import ViT
from cardiolex.recipes.merl_variants import VARIANTS
from cardiolex.recipes.on_store import StoreRun, run_on_store, segment_samples
from cardiolex.recipes.pretrain import Run, pretrain
from cardiolex.recipes.variants import Variant, listed
from cardiolex.recordings.preprocess import Preprocess
from cardiolex.systems.merl import MERL
from cardiolex.training.config import TrainerConfig

SEGMENT_S = 0.1
TRAINER = TrainerConfig(
    batch_size=128,
    epochs=21,
    lr=1e-3,
    final_lr=1e-8,
    restart_steps=5000,
    weight_decay=1e-8,
)


class MERLRun(StoreRun):
    """The released run; every field can be overridden."""

    variants: ClassVar[Mapping[str, Variant]] = VARIANTS

    name: str = "merl-resnet18"
    variant: Annotated[str | None, Parameter(help=listed(VARIANTS))] = None
    system: MERL.Config = MERL.Config()
    trainer: TrainerConfig = TRAINER


def run(config: MERLRun) -> Run:
    """Resolve the configuration to a `Run`."""
    store = config.open_store()
    system, notes = fitted(config.system, store.preprocess)
    text = config.open_text() if system.contrast_weight else None
    return run_on_store(
        config,
        store,
        "merl",
        system,
        name=config.name,
        text=text,
        query_pooling=system.text_pooling,
        report_pooling=system.text_pooling,
        scale="minmax",
        prompts="enriched",
        variant=config.variant,
        notes=(*config.said(), *notes),
    )


def fitted(system: MERL.Config, preprocess: Preprocess) -> tuple[MERL.Config, tuple[str, ...]]:
    """`system` for windows of `preprocess`, unless lengths were set, and what to say about it."""
    encoder = system.encoder
    update: dict[str, int] = {}
    notes: tuple[str, ...] = ()
    if "samples" not in encoder.model_fields_set:
        update["samples"] = preprocess.samples
    if isinstance(encoder, ViT.Config) and "segment_samples" not in encoder.model_fields_set:
        update["segment_samples"], notes = segment_samples(
            SEGMENT_S, preprocess.fs, encoder.segment_samples
        )
    settings = {**encoder.model_dump(), **update}  # checked anew: segments must fill the window
    return system.model_copy(update={"encoder": type(encoder).model_validate(settings)}), notes


class ResNetSystem(MERL.Config):
    """MERL with a ResNet: the command line offers its settings and no others."""

    encoder: ResNet1D.Config = ResNet1D.Config(kind="resnet")


class ViTSystem(MERL.Config):
    """MERL with a vision transformer."""

    encoder: ViT.Config = ViT.Config(kind="vit")


def _resnet(depth: Literal[18, 34, 50, 101]) -> type[MERLRun]:
    encoder = ResNet1D.Config(kind="resnet", depth=depth)
    return _configured(f"resnet{depth}", ResNetSystem(encoder=encoder))


def _vit(size: str) -> type[MERLRun]:
    return _configured(f"vit-{size}", ViTSystem(encoder=ViT.Config.of_size(size)))


def _configured(size: str, system: MERL.Config) -> type[MERLRun]:
    """The released run with this system by default."""
    return create_model(
        "Configured", __base__=MERLRun, name=(str, f"merl-{size}"), system=(type(system), system)
    )


def _command(configured: Any) -> Callable[..., int]:
    """A command whose options are the fields of a configuration."""

    def command(config: Annotated[configured, Parameter(name="*")]) -> int:
        return 0 if pretrain(run(config), config.output, config.device) else 1

    command.__doc__ = "Pre-train MERL as released; an interrupted run goes on where it was."
    return command


ResNet18, ResNet34, ResNet50, ResNet101 = _resnet(18), _resnet(34), _resnet(50), _resnet(101)
ViTTiny, ViTSmall, ViTMiddle, ViTBase = (_vit(size) for size in SIZES)
resnet18, resnet34, resnet50, resnet101 = map(_command, (ResNet18, ResNet34, ResNet50, ResNet101))
vit_tiny, vit_small, vit_middle, vit_base = map(_command, (ViTTiny, ViTSmall, ViTMiddle, ViTBase))
