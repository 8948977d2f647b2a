"""Requests to an OpenAI-compatible server: many in flight, patient, never more often than wanted.

The official client sends; waiting and asking again is done here, so that Retry-After stops all
requests at once and every request can be counted.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING, Any, Self

from cardiolex.errors import CardiolexError
from cardiolex.reports.llm.answers import Answer, read_answer
from cardiolex.reports.llm.dialect import FORMS, PROBE_MESSAGES, Dialect, Probe
from cardiolex.reports.llm.endpoint import Endpoint
from cardiolex.reports.llm.failures import (
    Malformed,
    NotAccepted,
    Refused,
    Unanswered,
    Unreachable,
)
from cardiolex.reports.llm.waiting import back_off_s, retry_after_s

if TYPE_CHECKING:
    import openai

Messages = Sequence[Mapping[str, str]]
GIVE_UP_AFTER = 8  # requests in a row without any answer, each after all its attempts
_TOO_MANY = 0.1  # of an attempt is spent by "too many requests": the server is well, only busy
_NETWORK = ("time-outs", "dropped connections")


@dataclass(frozen=True)
class Reply:
    """What came back; `finish` is the server's reason for ending, e.g. "stop" or "length"."""

    content: str
    finish: str
    refusal: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0


class Chat:
    """One server and model; an async context manager. `counts` tells what happened on the wire."""

    def __init__(
        self, endpoint: Endpoint, dialect: Dialect | None = None, random: Random | None = None
    ) -> None:
        self.endpoint = endpoint
        self.known_dialect = dialect
        self.counts: Counter[str] = Counter()
        self._openai = _openai()
        self._random = random or Random()
        self._slots = asyncio.Semaphore(endpoint.in_flight)
        self._finding: asyncio.Task[Dialect] | None = None
        self._not_before = 0.0
        self._unanswered_in_a_row = 0

    async def __aenter__(self) -> Self:
        self._client = self._openai.AsyncOpenAI(
            base_url=self.endpoint.url,
            api_key=self.endpoint.api_key,
            max_retries=0,
            timeout=self.endpoint.timeout_s,
        )
        return self

    async def __aexit__(self, *exception: object) -> None:
        if self._finding is not None:
            self._finding.cancel()
        await self._client.close()

    async def dialect(self) -> Dialect:
        """How the server wants to be asked; found out at the first call, by up to five requests."""
        if self.known_dialect is None:
            self._finding = self._finding or asyncio.create_task(self._find_dialect())
            self.known_dialect = await asyncio.shield(self._finding)
        return self.known_dialect

    async def complete(self, messages: Messages, form: type[Answer], max_tokens: int) -> Reply:
        """One answer. Raises Unanswered, NotAccepted (this request), Unreachable (all of them)."""
        dialect = await self.dialect()
        arguments = dialect.arguments(form, max_tokens, self.endpoint.temperature)
        return await self._patiently(messages, arguments, self.endpoint.attempts)

    # ------------------------------------------------------------ dialect
    async def _find_dialect(self) -> Dialect:
        dialect, accepted = Dialect(), None
        for form in FORMS:
            dialect = replace(dialect, form=form)
            try:
                dialect, reply = await self._probe(dialect)
            except Unanswered as error:
                if error.kind in _NETWORK:
                    raise Unreachable(f"{self.endpoint.url}: {error}. Is it running?") from error
                continue
            except NotAccepted:
                continue
            accepted = accepted or dialect
            try:
                read_answer(reply.content, Probe)
            except (Malformed, Refused):
                continue
            return replace(dialect, enforced=True)
        if accepted is None:
            raise Unreachable(
                f"{self.endpoint.url}: model {self.endpoint.model!r} answers no request, not even "
                "without a schema; see the server's log"
            )
        return accepted

    async def _probe(self, dialect: Dialect) -> tuple[Dialect, Reply]:
        for _ in range(3):
            arguments = dialect.arguments(Probe, 400, self.endpoint.temperature)
            try:
                self.counts["probes"] += 1
                return dialect, await self._patiently(PROBE_MESSAGES, arguments, 2)
            except NotAccepted as error:
                told = _told(dialect, error.message)
                if told == dialect:
                    raise
                dialect = told
        raise NotAccepted(400, "no form of request was accepted")

    # ------------------------------------------------------------ one request, several attempts
    async def _patiently(
        self, messages: Messages, arguments: Mapping[str, Any], attempts: int
    ) -> Reply:
        async with self._slots:
            spent, failures = 0.0, 0
            while True:
                await self._until_allowed()
                try:
                    reply = await self._once(messages, arguments)
                except _Passing as passing:
                    self.counts[passing.kind] += 1
                    failures += 1
                    spent += _TOO_MANY if passing.kind == "HTTP 429" else 1.0
                    if spent > attempts - 0.5:
                        self._count_unanswered(str(passing))
                        raise Unanswered(passing.kind, str(passing)) from passing
                    await self._wait(failures, passing)
                else:
                    self._unanswered_in_a_row = 0
                    return reply

    async def _until_allowed(self) -> None:
        while (seconds := self._not_before - time.monotonic()) > 0:
            await asyncio.sleep(seconds)

    async def _wait(self, attempt: int, passing: _Passing) -> None:
        e = self.endpoint
        seconds = back_off_s(attempt, e.first_wait_s, e.longest_wait_s, self._random)
        if passing.retry_after_s is not None:
            self._not_before = max(self._not_before, time.monotonic() + passing.retry_after_s)
            seconds = self._random.uniform(0, min(0.1 * passing.retry_after_s, 1.0))
            await self._until_allowed()
        self.counts["asked again"] += 1
        await asyncio.sleep(seconds)

    def _count_unanswered(self, reason: str) -> None:
        self._unanswered_in_a_row += 1
        if self._unanswered_in_a_row >= GIVE_UP_AFTER:
            raise Unreachable(
                f"{self.endpoint.url}: {GIVE_UP_AFTER} requests in a row had no answer "
                f"({reason}). Answers so far are kept: start again when the server is well."
            )

    async def _once(self, messages: Messages, arguments: Mapping[str, Any]) -> Reply:
        self.counts["requests"] += 1
        openai = self._openai
        try:
            answer = await self._client.chat.completions.create(
                model=self.endpoint.model, messages=list(messages), **arguments
            )
        except openai.APITimeoutError as error:
            raise _Passing("time-outs", f"no answer in {self.endpoint.timeout_s:g} s") from error
        except openai.APIConnectionError as error:
            reason = error.__cause__ or error
            raise _Passing("dropped connections", f"connection: {reason}") from error
        except openai.APIStatusError as error:
            raise self._by_status(error) from error
        except (openai.APIError, json.JSONDecodeError, UnicodeDecodeError) as error:
            raise _Passing("broken responses", f"not an answer: {error}") from error
        return _reply(answer)

    def _by_status(self, error: openai.APIStatusError) -> Exception:
        status, message = error.status_code, f"{error.message} {error.body}"[:500]
        if status in (408, 409, 425, 429) or status >= 500:
            exhausted = "insufficient_quota" in message
            if not exhausted:
                kind = "HTTP 429" if status == 429 else f"HTTP {status}"
                waiting = retry_after_s(error.response.headers)
                return _Passing(kind, f"HTTP {status}: {message}", waiting)
        if status in (400, 413, 422):
            return NotAccepted(status, message)
        return Unreachable(
            f"{self.endpoint.url}: HTTP {status} for model {self.endpoint.model!r}: {message}. "
            "Check the address (it usually ends in /v1), the model's name and the API key."
        )


class _Passing(Exception):
    """A failure that may pass; `retry_after_s` if the server said when."""

    def __init__(self, kind: str, message: str, waiting: float | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.retry_after_s = waiting


def _told(dialect: Dialect, message: str) -> Dialect:
    """The dialect that an error message asks for."""
    if dialect.tokens_field == "max_tokens" and "max_completion_tokens" in message:
        return replace(dialect, tokens_field="max_completion_tokens")
    if dialect.temperature and "temperature" in message:
        return replace(dialect, temperature=False)
    return dialect


def _reply(answer: Any) -> Reply:
    choices = getattr(answer, "choices", None) or [None]
    message = getattr(choices[0], "message", None)
    if message is None:
        raise _Passing("broken responses", f"no choices in the answer: {str(answer)[:200]}")
    usage = getattr(answer, "usage", None)
    return Reply(
        content=str(message.content or ""),
        finish=str(getattr(choices[0], "finish_reason", None) or ""),
        refusal=str(getattr(message, "refusal", None) or ""),
        prompt_tokens=int(getattr(usage, "prompt_tokens", 0) or 0),
        completion_tokens=int(getattr(usage, "completion_tokens", 0) or 0),
    )


def _openai() -> Any:
    try:
        return importlib.import_module("openai")
    except ImportError as error:
        raise CardiolexError(
            "asking a language model needs the openai client: pip install 'cardiolex[llm]'"
        ) from error
