"""Learn from ECGs and their reports; answer plain-word questions about any ECG with any leads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = [
    "CardiolexError",
    "Recording",
    "__version__",
    "extract",
    "load",
    "measure",
    "read",
    "simulate",
    "systems",
]

if TYPE_CHECKING:
    from cardiolex.errors import CardiolexError
    from cardiolex.loading import load
    from cardiolex.recordings.measurements import measure
    from cardiolex.recordings.readers import read
    from cardiolex.recordings.recording import Recording
    from cardiolex.reports.extract import extract
    from cardiolex.simulation import simulate
    from cardiolex.systems import systems

_HOMES = {
    "CardiolexError": "cardiolex.errors",
    "Recording": "cardiolex.recordings.recording",
    "extract": "cardiolex.reports.extract",
    "load": "cardiolex.loading",
    "measure": "cardiolex.recordings.measurements",
    "read": "cardiolex.recordings.readers",
    "simulate": "cardiolex.simulation",
    "systems": "cardiolex.systems",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `import cardiolex` costs no torch."""
    if name not in _HOMES:
        raise AttributeError(f"module 'cardiolex' has no attribute {name!r}")
    from importlib import import_module

    module = import_module(_HOMES[name])
    # the package `systems` is its own public function
    value = module if module.__name__ == f"{__name__}.{name}" else getattr(module, name)
    globals()[name] = value
    return value
