"""Configuration of a recipe: a field set by the caller changes that field and no other."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator


class RecipeConfig(BaseModel):
    """Base of the recipes' configurations.

    Part of a nested section (`--trainer.steps 100`) is laid over that section's default in the
    recipe, not over the defaults of the section's class. What neither sets is no member of a
    section's `model_fields_set`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _complete_sections(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        return {name: cls._completed(name, value) for name, value in given.items()}

    @classmethod
    def _completed(cls, name: str, value: Any) -> Any:
        field = cls.model_fields.get(name)
        default = None if field is None else field.get_default(call_default_factory=False)
        if isinstance(default, BaseModel) and isinstance(value, dict):
            return _laid_over(default.model_dump(exclude_unset=True), value)
        return value


def _laid_over(default: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """`default` with the values of `given`, section by section."""
    merged = dict(default)
    for name, value in given.items():
        inner = merged.get(name)
        if isinstance(inner, dict) and isinstance(value, dict):
            merged[name] = _laid_over(inner, value)
        else:
            merged[name] = value
    return merged
