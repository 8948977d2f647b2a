"""Worker processes: bounded work ahead, errors that arrive."""

import os
from collections.abc import Iterator

import pytest

from cardiolex.workers import cores, finished, worker_pool

_told: list[int] = []


def remember(value: int) -> None:
    _told.append(value)


def times(number: int) -> int:
    if number == 99:
        raise ValueError("ninety-nine")
    return number * _told[0]


def test_results_come_from_other_processes_and_little_is_taken_ahead() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(20):
            taken.append(number)
            yield number

    with worker_pool(2, remember, 7) as pool:
        found = set()
        for result in finished(pool, times, items(), waiting=3):
            assert len(taken) <= len(found) + 4
            found.add(result)
    assert found == {7 * number for number in range(20)}
    assert not _told, "the initializer runs in the workers only"


def test_an_error_in_a_worker_ends_the_work() -> None:
    with pytest.raises(ValueError, match="ninety-nine"), worker_pool(1, remember, 1) as pool:
        list(finished(pool, times, iter([1, 99, *range(1000)]), waiting=2))


def test_cores_are_those_this_process_may_use() -> None:
    assert 1 <= cores() <= (os.cpu_count() or 1)
