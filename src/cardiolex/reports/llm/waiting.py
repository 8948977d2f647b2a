"""How long to wait before asking again."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import Random

LONGEST_HEEDED_S = 600.0


def back_off_s(attempt: int, first_s: float, longest_s: float, random: Random) -> float:
    """Seconds before the request after `attempt` failures (1 or more): doubling, with jitter.

    Jitter is uniform from one half to the whole, so that many waiting requests come back spread.
    """
    whole = min(longest_s, first_s * 2.0 ** (attempt - 1))
    return whole * random.uniform(0.5, 1.0)


def retry_after_s(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds that a server's Retry-After asks for (a number or a date, RFC 9110), or None.

    "retry-after-ms" is heeded first, as hosted services send it. At most ten minutes.
    """
    exact = headers.get("retry-after-ms", "")
    stated = headers.get("retry-after", "")
    for text, unit in ((exact, 0.001), (stated, 1.0)):
        try:
            return _bounded(float(text) * unit)
        except ValueError:
            continue
    try:
        until = parsedate_to_datetime(stated)
    except (TypeError, ValueError):
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return _bounded((until - (now or datetime.now(UTC))).total_seconds())


def _bounded(seconds: float) -> float | None:
    if seconds != seconds:  # not a number
        return None
    return min(max(seconds, 0.0), LONGEST_HEEDED_S)
