"""Hard answers: whatever a server does, nothing invalid is used and nothing valid is lost."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from scripted_server import (
    Drop,
    Fail,
    Hold,
    Raw,
    Say,
    Server,
    Step,
    completion,
    data_of,
    knows,
    serving,
)

from cardiolex.errors import CardiolexError
from cardiolex.reports.llm import Endpoint, LLMExtractor, Unreachable
from cardiolex.reports.llm.chat import GIVE_UP_AFTER

pytestmark = pytest.mark.timeout(60)

TABLE = {
    "sinus rhythm": ["sinus rhythm"],
    "left axis deviation": ["left axis deviation"],
    "atrial fibrillation": ["atrial fibrillation"],
}


def extractor(server: Server, **changes: Any) -> LLMExtractor:
    settings: dict[str, Any] = {"first_wait_s": 0.01, "longest_wait_s": 0.05, "timeout_s": 5.0}
    fields = {f: changes.pop(f) for f in list(changes) if f in Endpoint.__dataclass_fields__}
    return LLMExtractor(Endpoint(server.url, "m", **(settings | fields)), **changes)


def first_then(bad: Step, good: Callable[[dict[str, Any], int], Step]) -> Any:
    """Every request fails once in the given way, then is answered well."""
    return lambda request, before: bad if before == 0 else good(request, before)


GOOD = json.dumps(completion(Say('{"entities": []}'))).encode()


@pytest.mark.parametrize(
    ("bad", "counted"),
    [
        (Fail(500), "HTTP 500"),
        (Fail(503), "HTTP 503"),
        (Fail(429), "HTTP 429"),
        (Drop(), "dropped connections"),
        (Raw(GOOD[:40], claimed=len(GOOD)), "dropped connections"),
        (Raw(b"<html>busy</html>"), "broken responses"),
        (Raw(b'{"choices": []}'), "broken responses"),
        (Raw(b'{"choices": ['), "broken responses"),
    ],
)
def test_passing_failures_are_asked_again_until_answered(bad: Step, counted: str) -> None:
    with serving(first_then(bad, knows(TABLE))) as server:
        found = extractor(server)
        results = found(list(TABLE))
        assert [r.present for r in results] == [{name} for name in TABLE]
        assert found.counts[counted] == 6  # three statements and three verdicts, each failed once
        assert found.counts["asked again"] == 6


def test_time_outs_are_asked_again() -> None:
    with serving(first_then(Hold(), knows(TABLE))) as server:
        found = extractor(server, timeout_s=0.3)
        assert found(["sinus rhythm"])[0].present == {"sinus rhythm"}
        assert found.counts["time-outs"] == 2


def test_retry_after_stops_all_requests_and_spends_no_attempts() -> None:
    arrived: list[float] = []

    def script(request: dict[str, Any], before: int) -> Step:
        arrived.append(time.monotonic())
        if len(arrived) == 1:
            return Fail(429, {"Retry-After": "0.6"})
        if before < 3:
            return Fail(429, {"Retry-After": "0.02"})
        return knows(TABLE)(request, before)

    with serving(script) as server:
        found = extractor(server, in_flight=1, attempts=1)
        assert found(["sinus rhythm"])[0].present == {"sinus rhythm"}
    assert arrived[1] - arrived[0] >= 0.6


@pytest.mark.parametrize(
    "bad",
    [
        Say("not json at all"),
        Say('{"entities": ["sinus rhythm", "atrial fib'),
        Say('{"entities": ["sinus rhythm"', finish="length"),
        Say('{"entities": "sinus rhythm"}'),
        Say('{"entities": [1, 2]}'),
        Say('{"findings": ["sinus rhythm"]}'),
        Say('["sinus rhythm"]'),
        Say(""),
        Say(None),
        Say(json.dumps({"entities": ["x" * 5000]})),
        Say(json.dumps({"entities": ["sinus rhythm"] * 5000})),
        Say("[" * 100_000),
    ],
)
def test_malformed_answers_are_asked_again_never_repaired(bad: Say) -> None:
    def script(request: dict[str, Any], before: int) -> Step:
        again = len(request["messages"]) > 2
        return knows(TABLE)(request, before) if again or "finding" in data_of(request) else bad

    with serving(script) as server:
        found = extractor(server)
        assert found(["sinus rhythm"])[0].present == {"sinus rhythm"}
        assert found.counts["kmerl/extract: asked"] == 2
        told = server.requests[1]["messages"][-1]["content"]
        assert "only the JSON object" in told
        if bad.finish == "length":
            assert server.requests[1]["max_tokens"] == 2 * server.requests[0]["max_tokens"]


def test_what_stays_malformed_is_counted_and_not_asked_for_ever() -> None:
    with serving(lambda request, before: Say("no json")) as server:
        found = extractor(server)
        result = found(["sinus rhythm", "sinus rhythm"])
        assert not any(r.present for r in result), "uncertain at most, by the rules"
        assert result[0].uncertain == {"sinus rhythm"}
        assert found.tally.outcomes == {"malformed": 2}
        assert len(server.requests) == 3
        found(["sinus rhythm"])
        assert len(server.requests) == 3


@pytest.mark.parametrize(
    "refusal",
    [
        Say(None, refusal="I will not read medical records."),
        Say("", finish="content_filter"),
        Say("I'm sorry, but I can't help with medical content."),
        Fail(400, message="blocked: content_filter triggered"),
    ],
)
def test_refusals_are_counted_and_asked_once(refusal: Step) -> None:
    with serving(lambda request, before: refusal) as server:
        found = extractor(server)
        (result,) = found(["sinus rhythm"])
        assert not result.present
        assert result.uncertain == {"sinus rhythm"}, "unknown: it may be there"
        assert found.tally.outcomes == {"refused": 1}
        assert len(server.requests) == 1


def test_one_statement_that_always_fails_does_not_stop_the_others() -> None:
    def script(request: dict[str, Any], before: int) -> Step:
        if data_of(request)["report"] == "atrial fibrillation":
            return Fail(500)
        return knows(TABLE)(request, before)

    with serving(script) as server:
        found = extractor(server, attempts=3)
        results = found(list(TABLE))
        assert [bool(r.present) for r in results] == [True, True, False]
        assert found.tally.outcomes == {"answered": 2, "unanswered": 1}


def test_a_server_that_dies_ends_the_run_and_keeps_what_was_answered(tmp_path: Any) -> None:
    texts = [f"sinus rhythm {n}" for n in range(40)]
    table = {text: ["sinus rhythm"] for text in texts}
    alive = knows(table)

    def dies(request: dict[str, Any], before: int) -> Step:
        return alive(request, before) if len(server.requests) <= 20 else Fail(502)

    with serving(dies) as server:
        found = extractor(server, journal=tmp_path / "j.sqlite", attempts=1, in_flight=2)
        with pytest.raises(Unreachable, match="start again"):
            found(texts)
        answered = sum(n for *_, status, n in found.journal.counts() if status == "valid")
        assert answered == 20
        assert len(server.requests) <= 20 + 2 * GIVE_UP_AFTER
        server.script = alive
        again = extractor(server, journal=tmp_path / "j.sqlite")
        assert all(r.present == {"sinus rhythm"} for r in again(texts))
        valid = sum(n for *_, status, n in again.journal.counts() if status == "valid")
        assert valid == 80  # 40 statements, 40 verdicts: each answered exactly once


@pytest.mark.parametrize("status", [401, 403, 404])
def test_wrong_key_or_model_stops_at_once_with_the_remedy(status: int) -> None:
    with serving(knows(TABLE), probe=lambda request, before: Fail(status)) as server:
        with pytest.raises(CardiolexError, match=rf"HTTP {status} for model 'm'.*API key"):
            extractor(server)(["sinus rhythm"])
        assert len(server.probes) == 1


def test_no_server_at_all_is_said_soon() -> None:
    endpoint = Endpoint("http://127.0.0.1:9/v1", "m", first_wait_s=0.01)
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:9.*Is it running"):
        LLMExtractor(endpoint)(["sinus rhythm"])


def test_many_requests_are_in_flight_but_not_too_many() -> None:
    texts = [f"sinus rhythm {n}" for n in range(30)]

    def slow(request: dict[str, Any], before: int) -> Step:
        time.sleep(0.05)
        return Say('{"entities": []}')

    with serving(slow) as server:
        extractor(server, in_flight=10)(texts)
        assert 5 <= server.most_at_once <= 10
