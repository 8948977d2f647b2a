"""Workers that die or dawdle take no other request with them; requests that come together go so."""

import os
import signal
import time
from contextlib import closing

import pytest
from fake_desk import FakeDesk, broken

from cardiolex.errors import CardiolexError
from cardiolex.server.crew import Busy, Crew
from cardiolex.server.jobs import Job
from cardiolex.server.limits import Limits


def job(**options):
    return Job("interpret", options=options)


def started(workers=1, make_desk=FakeDesk, **limits):
    crew = Crew(make_desk, workers, Limits(**limits))
    crew.start()
    return closing(crew)


@pytest.fixture(scope="module")
def crew():
    with started(workers=2, work_s=1.0, gather_ms=50.0) as crew:
        yield crew


def test_requests_that_come_together_are_answered_together_each_its_own(crew):
    futures = [crew.submit(job(echo=n)) for n in range(6)]
    answers = [future.result(60)["answer"] for future in futures]
    assert [answer["echo"] for answer in answers] == list(range(6))
    assert max(answer["together"] for answer in answers) > 1


def test_a_killed_worker_loses_no_request(crew):
    wait_for(lambda: len(crew.pids) == 2)
    lost = crew.counts.lost
    futures = [crew.submit(job(echo=n, seconds=0.05)) for n in range(30)]
    time.sleep(0.1)
    os.kill(crew.pids[0], signal.SIGKILL)
    answers = [future.result(60)["answer"]["echo"] for future in futures]
    assert answers == list(range(30))
    assert crew.counts.lost == lost + 1
    wait_for(lambda: len(crew.pids) == 2)  # and it is replaced


def test_a_worker_killed_while_idle_is_replaced_unasked(crew):
    wait_for(lambda: len(crew.pids) == 2)
    first = crew.pids[0]
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: len(crew.pids) == 2 and first not in crew.pids)


def test_a_request_that_kills_its_worker_is_given_up_and_takes_no_other_with_it(crew):
    futures = [crew.submit(job(echo=n, die=n == 2)) for n in range(5)]
    replies = [future.result(60) for future in futures]
    assert replies[2]["problem"]["status"] == 500
    others = [reply["answer"]["echo"] for n, reply in enumerate(replies) if n != 2]
    assert others == [0, 1, 3, 4]


def test_a_request_that_takes_too_long_is_ended_and_takes_no_other_with_it(crew):
    wait_for(lambda: len(crew.pids) == 2)
    futures = [crew.submit(job(echo=n, seconds=5 if n == 1 else 0)) for n in range(4)]
    replies = [future.result(60) for future in futures]
    assert replies[1]["problem"]["status"] == 504
    others = [reply["answer"]["echo"] for n, reply in enumerate(replies) if n != 1]
    assert others == [0, 2, 3]


def test_the_queue_is_bounded_and_nobody_waits_for_ever():
    with started(queue=2, wait_s=0.3, batch=1, work_s=10.0) as crew:
        first = crew.submit(job(seconds=1.0))
        wait_for(lambda: crew.waiting == 0)  # it is being answered
        late = [crew.submit(job(echo=n)) for n in range(2)]
        with pytest.raises(Busy):
            crew.submit(job())
        assert first.result(60)["answer"]["together"] == 1
        assert [future.result(60)["problem"]["status"] for future in late] == [503, 503]


def test_who_has_gone_away_is_not_worked_for():
    with started(batch=1) as crew:
        first = crew.submit(job(seconds=0.5))
        wait_for(lambda: crew.waiting == 0)
        gone, last = crew.submit(job(seconds=60)), crew.submit(job(echo="last"))
        assert gone.cancel()
        assert last.result(45)["answer"]["echo"] == "last"
        assert first.done()


def test_closing_answers_everybody_and_ends_all_workers():
    with started(batch=1) as crew:
        futures = [crew.submit(job(seconds=30)) for _ in range(3)]
        wait_for(lambda: crew.waiting == 2)
        pids = crew.pids
        began = time.monotonic()
        crew.close()
        assert [future.result(20)["problem"]["status"] for future in futures] == [503] * 3
        assert time.monotonic() - began < 25  # not the 30 s that the work would take
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)


def test_a_model_that_cannot_be_loaded_is_said_at_the_start():
    crew = Crew(broken, 1, Limits())
    with pytest.raises(CardiolexError, match="no such checkpoint folder"):
        crew.start()


def test_an_answer_that_is_no_number_is_a_problem_of_its_own(crew):
    futures = [crew.submit(job(echo=value)) for value in (1.0, float("nan"), 2.0)]
    replies = [future.result(60) for future in futures]
    assert replies[1]["problem"]["status"] == 422
    assert [replies[n]["answer"]["echo"] for n in (0, 2)] == [1.0, 2.0]


def test_limits_are_above_zero():
    with pytest.raises(CardiolexError, match="queue = 0"):
        Limits(queue=0)


def wait_for(condition, seconds=60):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)
