"""Where the language model is, and how patiently it is asked."""

import os
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from cardiolex.errors import CardiolexError

KEY_VARIABLE = "CARDIOLEX_LLM_KEY"


@dataclass(frozen=True)
class Endpoint:
    """An OpenAI-compatible server; times in seconds.

    `attempts` counts requests for one answer, the first included. Waits between them double from
    `first_wait_s` to `longest_wait_s`, unless the server says how long (Retry-After).
    """

    url: str
    model: str
    api_key: str = field(default="none", repr=False)
    in_flight: int = 16
    timeout_s: float = 120.0
    attempts: int = 6
    first_wait_s: float = 1.0
    longest_wait_s: float = 60.0
    max_tokens: int = 1024
    temperature: float = 0.0

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise CardiolexError(
                f"{self.url!r} is no address of a language model server; "
                "give one like http://localhost:8000/v1"
            )
        if not self.model.strip():
            raise CardiolexError(f"{self.url}: no model named; name one that the server offers")
        for name in ("in_flight", "attempts", "max_tokens"):
            if getattr(self, name) < 1:
                raise CardiolexError(f"{name} is {getattr(self, name)}; it must be at least 1")
        if self.timeout_s <= 0:
            raise CardiolexError(f"timeout_s is {self.timeout_s}; it must be positive")


def key_from_environment(variable: str = KEY_VARIABLE) -> str:
    """The API key in an environment variable; servers of one's own need none.

    Only the named variable is read, so that a key for one provider never travels to another.
    """
    key = os.environ.get(variable, "")
    if not key and variable != KEY_VARIABLE:
        raise CardiolexError(f"environment variable {variable} is not set; put the API key there")
    return key or "none"
