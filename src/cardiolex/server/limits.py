"""What one client may ask of the server."""

from __future__ import annotations

from dataclasses import dataclass, fields

from cardiolex.errors import CardiolexError


@dataclass(frozen=True)
class Limits:
    """Bounds on size, rate and time; every one is above 0."""

    upload_mib: int = 32
    """Largest request body."""
    files: int = 16
    """Files of one upload: a WFDB record has several."""
    unpacked_mib: int = 256
    """What compressed archives in an upload may unpack to."""
    conditions: int = 200
    """Conditions of one request."""
    longest_s: float = 3600.0
    """Longest recording, in seconds."""
    rate_per_s: float = 50.0
    """Requests of one client address a second, over a while; twice as many at once."""
    queue: int = 64
    """Requests that wait for a worker; further ones are told to come again."""
    batch: int = 8
    """Most requests in one forward pass."""
    gather_ms: float = 4.0
    """How long the first request of a batch waits for others."""
    work_s: float = 30.0
    """How long a worker may take before it is replaced."""
    wait_s: float = 60.0
    """How long a request waits for a worker, and how long its body may take to arrive."""
    worker_memory_mib: int = 4096
    """What a worker may take beyond what it holds once the model is loaded (Linux)."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not 0 < value < float("inf"):
                raise CardiolexError(f"limit {field.name} = {value}: give a number above 0")
