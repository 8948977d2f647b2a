"""The one error that users of cardiolex are meant to read."""


class CardiolexError(ValueError):
    """Bad input or an impossible request; the message names the file, the value and the remedy."""
