"""Findings in everyday words that the vocabulary does not hold: a touchstone, never training."""

import tomllib
from functools import lru_cache
from pathlib import Path

FILE = Path(__file__).with_name("everyday.toml")


@lru_cache(maxsize=1)
def everyday_phrases() -> dict[str, tuple[str, ...]]:
    """Name of a finding -> phrases for it."""
    content = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {name: tuple(phrases) for name, phrases in content.items()}
