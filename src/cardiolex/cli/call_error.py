"""A call that cannot be meant, told apart from work that failed."""

from cardiolex.errors import CardiolexError


class CallError(CardiolexError):
    """An option has an impossible value: exit status 2, as for an unknown option."""
