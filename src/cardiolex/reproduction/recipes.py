"""The recipe behind a command of `cardiolex pretrain`: its configuration and how a run is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cardiolex.errors import CardiolexError
from cardiolex.recipes import ecg_only, kmerl, melp, merl, supreme
from cardiolex.recipes.on_store import StoreRun
from cardiolex.recipes.pretrain import Run


@dataclass(frozen=True)
class Recipe:
    """Configuration of a recipe, and the function that resolves one to a run."""

    config: type[StoreRun]
    run: Callable[..., Run]


_MERL = {
    "merl-resnet18": merl.ResNet18,
    "merl-resnet34": merl.ResNet34,
    "merl-resnet50": merl.ResNet50,
    "merl-resnet101": merl.ResNet101,
    "merl-vit-tiny": merl.ViTTiny,
    "merl-vit-small": merl.ViTSmall,
    "merl-vit-middle": merl.ViTMiddle,
    "merl-vit-base": merl.ViTBase,
}
RECIPES: dict[str, Recipe] = {
    "kmerl": Recipe(kmerl.KMERLRun, kmerl.run),
    "supreme": Recipe(supreme.SuPreMERun, supreme.run),
    "melp": Recipe(melp.MELPRun, melp.run),
    **{name: Recipe(config, merl.run) for name, config in _MERL.items()},
    **{
        key.replace("_", "-"): Recipe(config, ecg_only.run) for key, config in ecg_only.RUNS.items()
    },
}


def recipe_named(command: str) -> Recipe:
    """The recipe of a command; CardiolexError if there is none."""
    if command not in RECIPES:
        raise CardiolexError(f"no recipe {command!r}; there are {', '.join(RECIPES)}")
    return RECIPES[command]
