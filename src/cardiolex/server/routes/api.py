"""What the routes need: the workers, the vocabulary, the limits."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from fastapi import Request
from starlette.responses import Response

from cardiolex.errors import CardiolexError
from cardiolex.recordings.leads import in_order
from cardiolex.reports.vocabulary import Vocabulary
from cardiolex.server.crew import Busy, Crew
from cardiolex.server.jobs import Job, Reply, Source
from cardiolex.server.limits import Limits
from cardiolex.server.metrics import Metrics
from cardiolex.server.problems import ClientGone, Problem
from cardiolex.server.reading import has_recording


class Api:
    """What stands behind the routes."""

    def __init__(
        self, crew: Crew, about: Mapping[str, Any], limits: Limits, metrics: Metrics
    ) -> None:
        self.crew = crew
        self.about = about
        self.limits = limits
        self.metrics = metrics
        self.vocabulary = Vocabulary.from_dict(about["vocabulary"], "the model's vocabulary")
        self.codes = {entity.name: entity.codes for entity in self.vocabulary.entities}
        self.conditions = [self._condition(name) for name in self.vocabulary.names]

    async def ask(self, request: Request, job: Job) -> dict[str, Any]:
        """The answer of a worker; Problem if it has none, ClientGone if nobody waits for it."""
        try:
            future = self.crew.submit(job)
        except Busy:
            raise Problem(503, "too many wait; come again", headers={"Retry-After": "1"}) from None
        reply = await _unless_gone(request, future)
        if "problem" in reply:
            raise Problem(reply["problem"]["status"], reply["problem"]["detail"])
        answer: dict[str, Any] = reply["answer"]
        return answer

    def leads(self, asked: list[str] | None) -> tuple[str, ...] | None:
        """Standard names; Problem for a name that is none."""
        if asked is None:
            return None
        try:
            return in_order(asked)
        except CardiolexError as error:
            raise Problem(422, str(error)) from None

    def needed(self, source: Source) -> Source:
        """`source` if there is a recording in it."""
        if not has_recording(source):
            raise Problem(422, "name a recording: files, a signal or a sample")
        return source

    def _condition(self, name: str) -> dict[str, Any]:
        entity = self.vocabulary[name]
        return {
            "name": name,
            "is_a": list(entity.is_a),
            "synonyms": [*entity.english[1:], *entity.abbreviations],
            "codes": {system: list(codes) for system, codes in entity.codes.items()},
            "seen": name in self.about["seen"],
            "calibrated": name in self.about["calibrated"],
            "default": name in self.about["default_conditions"],
        }


def as_json(answer: Mapping[str, Any]) -> Response:
    """An answer as strict JSON, which knows no NaN."""
    return Response(json.dumps(answer, allow_nan=False), media_type="application/json")


async def _unless_gone(request: Request, future: Future[Reply]) -> Reply:
    """The reply to come; given up when the client goes away before it is there."""
    waiting: asyncio.Future[Any] = asyncio.wrap_future(future)
    gone: asyncio.Future[Any] = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({waiting, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not waiting.done():
            waiting.cancel()  # and the job with it, unless a worker is at it
            raise ClientGone
        reply: Reply = waiting.result()
        return reply
    finally:
        gone.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
