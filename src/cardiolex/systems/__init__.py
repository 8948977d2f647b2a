"""Every trainable system by name."""

from typing import TypeAlias

from cardiolex.systems.kmerl import KMERL

System: TypeAlias = KMERL
SYSTEMS = {"kmerl": KMERL}


def systems() -> tuple[str, ...]:
    """Names of all trainable systems."""
    return tuple(SYSTEMS)
