"""Help of a recipe whose sections have defaults of their own."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cyclopts.help import HelpEntry, HelpPanel
    from rich.console import Console, ConsoleOptions


@dataclass(frozen=True)
class RecipeHelp:
    """Formatter that shows the recipe's defaults, where cyclopts shows those of a section's class.

    `recipe` is "module:class" of a RecipeConfig, imported when help is asked for.
    """

    recipe: str

    def __call__(self, console: Console, options: ConsoleOptions, panel: HelpPanel) -> None:
        """Print one panel."""
        from cyclopts.help import DefaultFormatter

        entries = [self._corrected(entry) for entry in panel.entries]
        DefaultFormatter()(console, options, panel.copy(entries=entries))

    def render_usage(self, console: Console, options: ConsoleOptions, usage: Any) -> None:
        """Print the line above the panels as cyclopts does."""
        from cyclopts.help import DefaultFormatter

        DefaultFormatter().render_usage(console, options, usage)

    def _corrected(self, entry: HelpEntry) -> HelpEntry:
        name = next((name for name in entry.positive_names if "." in name), None)
        if name is None:
            return entry
        default = self.default(name)
        return entry.copy(default=None if default is None else str(default))

    def default(self, option: str) -> Any:
        """Value that the field behind an option "--section.field" has in the recipe."""
        module, name = self.recipe.split(":")
        section, *rest = option.removeprefix("--").replace("-", "_").split(".")
        value = getattr(import_module(module), name).model_fields[section].default
        for field in rest:
            value = getattr(value, field)
        return value
