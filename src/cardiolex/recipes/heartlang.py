"""HeartLang's second stage on a store: the words are those of a trained tokeniser.

    cardiolex pretrain heartlang-tokenizer STORE WORDS
    cardiolex pretrain heartlang STORE RUN --tokenizer WORDS/model

Rates as published (5e-4, weight decay 0.05, gradients of norm 3 at most); epochs as for all
methods of `ecg_only`.
"""

from pathlib import Path
from typing import Annotated, Any, ClassVar

from cyclopts import Parameter

from cardiolex.checkpoint import load_checkpoint
from cardiolex.errors import CardiolexError
from cardiolex.recipes import ecg_only
from cardiolex.recipes.ecg_only import ECGOnlyRun
from cardiolex.recipes.pretrain import Run, pretrain
from cardiolex.systems.heartlang import HeartLang
from cardiolex.systems.heartlang_tokenizer import HeartLangTokenizer
from cardiolex.training.config import TrainerConfig

TAKEN = ("fs", "seconds", "highpass_hz", "lowpass_hz", "scale")
"""What the signals of both stages have in common."""


class HeartLangRun(ECGOnlyRun):
    """Settings of the second stage; every one can be overridden."""

    method: ClassVar[str] = "heartlang"

    name: str = "heartlang"
    tokenizer: Path | None = None
    """Model folder of the first stage, WORDS/model."""
    variant: Annotated[str | None, Parameter(show=False)] = None
    system: HeartLang.Config = HeartLang.Config()
    trainer: TrainerConfig = TrainerConfig(
        batch_size=512,
        epochs=50,
        lr=5e-4,
        betas=(0.9, 0.98),
        weight_decay=0.05,
        clip=3.0,
        warmup_steps=1000,
    )


def heartlang(config: Annotated[HeartLangRun, Parameter(name="*")]) -> int:
    """Pre-train on signals alone; an interrupted run goes on where it was."""
    return 0 if pretrain(run(config), config.output, config.device) else 1


def run(config: HeartLangRun) -> Run:
    """Resolve the configuration to a `Run`: beats and words are the tokeniser's."""
    if config.tokenizer is None:
        raise CardiolexError(
            "heartlang tells the words of a tokeniser: train one with `cardiolex pretrain "
            "heartlang-tokenizer` and name its model by --tokenizer"
        )
    checkpoint = load_checkpoint(config.tokenizer)
    words: Any = checkpoint.system.config
    if not isinstance(words, HeartLangTokenizer.Config):
        raise CardiolexError(
            f"{config.tokenizer}: is a {checkpoint.system_name}, not a heartlang_tokenizer"
        )
    lengths = words.tokenizer.encoder.model_dump(include={"beat_samples", "seconds"})
    update = {
        "beats": words.beats,
        "tokenizer": words.tokenizer,
        "encoder": config.system.encoder.model_copy(update=lengths),
    }
    system = config.system.model_copy(update=update)
    changes = {"system": system, "start_from": config.tokenizer}
    made = ecg_only.run(config.model_copy(update=changes))
    for name in TAKEN:
        here, there = getattr(made.preprocess, name), getattr(checkpoint.preprocess, name)
        if here != there:
            raise CardiolexError(
                f"{config.tokenizer}: was trained on signals with {name} = {there}, this store "
                f"has {here}; train the tokeniser on the same store"
            )
    return made
