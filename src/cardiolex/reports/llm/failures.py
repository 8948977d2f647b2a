"""What can go wrong between asking and a valid answer."""

from cardiolex.errors import CardiolexError


class Unreachable(CardiolexError):
    """The server refuses every request or never answers: there is no point in going on."""


class Unanswered(Exception):
    """One request had no answer after all attempts; others may have one."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class NotAccepted(Exception):
    """The server refuses this request as it is (HTTP 400, 413, 422): asking again cannot help."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"HTTP {status}: {message}")
        self.message = message

    @property
    def filtered(self) -> bool:
        """Whether a content filter of the provider refused the text."""
        return "content_filter" in self.message or "content management" in self.message


class Malformed(ValueError):
    """An answer that is not JSON of the demanded form; the message says in which way."""


class Refused(Exception):
    """The model declines to answer."""


class CutOff(Malformed):
    """An answer that ended at the limit of tokens."""


class NoAnswer(Exception):
    """A question has no valid answer; `outcome` says why, e.g. "refused"."""

    def __init__(self, outcome: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome
