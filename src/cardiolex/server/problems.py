"""Errors as application/problem+json (RFC 9457)."""

from __future__ import annotations

import json
import traceback
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """An answer that is an error; `more` are further members, `headers` go with it."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        self.more = more

    def response(self) -> Response:
        """The response to send."""
        body = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            **self.more,
        }
        return Response(json.dumps(body), self.status, headers=self.headers, media_type=MEDIA_TYPE)


async def answer_problem(_: Request, error: Exception) -> Response:
    """The handler of `Problem`."""
    assert isinstance(error, Problem)
    return error.response()


class ClientGone(Exception):
    """Nobody waits for the answer any more."""


async def answer_nobody(_: Request, error: Exception) -> Response:
    """The handler of `ClientGone`: a status for the log alone."""
    return Response(status_code=499)


async def answer_error(_: Request, error: Exception) -> Response:
    """The handler of every other exception; what it says goes nowhere, it may name a patient."""
    return internal(error).response()


def internal(error: BaseException) -> Problem:
    """The problem that a client sees of a fault in the server."""
    return Problem(500, f"an error of the server ({type(error).__name__}); its log says where")


def spot(error: BaseException) -> str:
    """Kind and place of an error, for the log: never its message."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}"
