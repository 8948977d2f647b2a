"""Every trainable system by name."""

from cardiolex.systems.kmerl import KMERL

SYSTEMS = {"kmerl": KMERL}


def systems() -> tuple[str, ...]:
    """Names of all trainable systems."""
    return tuple(SYSTEMS)
