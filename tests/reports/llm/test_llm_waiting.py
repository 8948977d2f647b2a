from datetime import UTC, datetime
from random import Random

import pytest

from cardiolex.reports.llm.waiting import LONGEST_HEEDED_S, back_off_s, retry_after_s

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


def test_waits_double_up_to_the_longest_with_jitter_in_the_upper_half() -> None:
    random = Random(1)
    for attempt in range(1, 12):
        whole = min(30.0, 2.0 ** (attempt - 1))
        drawn = [back_off_s(attempt, 1.0, 30.0, random) for _ in range(200)]
        assert whole / 2 <= min(drawn) < max(drawn) <= whole
        assert max(drawn) - min(drawn) > 0.4 * whole


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after": "9", "retry-after-ms": "150"}, 0.15),
        ({"retry-after": "Thu, 01 Jan 2026 12:00:30 GMT"}, 30),
        ({"retry-after": "Thu, 01 Jan 2026 11:00:00 GMT"}, 0),
        ({"retry-after": "-5"}, 0),
        ({"retry-after": "99999999"}, LONGEST_HEEDED_S),
        ({"retry-after": "inf"}, LONGEST_HEEDED_S),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_in_all_its_forms(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after_s(headers, NOW) == seconds
