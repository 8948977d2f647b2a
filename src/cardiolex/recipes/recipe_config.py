"""Configuration of a recipe: a field set by the caller changes that field and no other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, field_validator, model_validator

from cardiolex.errors import CardiolexError
from cardiolex.recipes.variants import Variant, said, variant_named


class RecipeConfig(BaseModel):
    """Base of the recipes' configurations.

    Part of a nested section (`--trainer.steps 100`) is laid over that section's default in the
    recipe, not over the defaults of the section's class. What neither sets is no member of a
    section's `model_fields_set`. A recipe with `variants` has a field `variant`; the changes of the
    one that is named lie between the recipe's defaults and what the caller sets. The word "none"
    is None, so that a command line can switch off what a recipe has on.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    variants: ClassVar[Mapping[str, Variant]] = {}

    @model_validator(mode="before")
    @classmethod
    def _complete_sections(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        given = cls._varied(_with_none(given))
        return {name: cls._completed(name, value) for name, value in given.items()}

    @field_validator("variant", check_fields=False)
    @classmethod
    def _known_variant(cls, name: str | None) -> str | None:
        if name is not None:
            variant_named(name, cls.variants)
        return name

    def said(self) -> tuple[str, ...]:
        """What the chosen variant changes, in a line for the start of the run; else nothing."""
        name = getattr(self, "variant", None)
        return () if name is None else (said(name, self.variants[name]),)

    @classmethod
    def _varied(cls, given: dict[str, Any]) -> dict[str, Any]:
        """`given` laid over the changes of its variant; an unknown one is refused later."""
        variant = cls.variants.get(str(given.get("variant")))
        if variant is None:
            return given
        changes = variant.override()
        for name, value in changes.items():
            if isinstance(value, dict) and not isinstance(given.get(name, {}), dict):
                raise CardiolexError(
                    f"variant {given['variant']!r} changes {name}, which is given as a whole; "
                    "give the fields that are to differ, or no variant"
                )
        return laid_over(changes, given)

    @classmethod
    def _completed(cls, name: str, value: Any) -> Any:
        field = cls.model_fields.get(name)
        default = None if field is None else field.get_default(call_default_factory=False)
        if isinstance(default, BaseModel) and isinstance(value, dict):
            return laid_over(default.model_dump(exclude_unset=True), value)
        return value


def _with_none(value: Any) -> Any:
    """`value` with None for the word "none" at any depth."""
    if isinstance(value, dict):
        return {name: _with_none(inner) for name, inner in value.items()}
    return None if isinstance(value, str) and value.lower() == "none" else value


def laid_over(default: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """`default` with the values of `given`, section by section."""
    merged = dict(default)
    for name, value in given.items():
        inner = merged.get(name)
        if isinstance(inner, dict) and isinstance(value, dict):
            merged[name] = laid_over(inner, value)
        else:
            merged[name] = value
    return merged
