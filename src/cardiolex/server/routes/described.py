"""What every route says of itself in the OpenAPI description: an example, its errors."""

from __future__ import annotations

from typing import Any

from cardiolex.server.problems import MEDIA_TYPE as PROBLEM

SAMPLE = "ptb-xl/00010_hr"
COMMON = (401, 403, 422, 429)
WORK = (*COMMON, 408, 413, 415, 500, 503, 504)
_WORDS = {
    401: "The token is missing or wrong.",
    403: "Asked under a foreign name, or by a page of another site.",
    408: "The body came too slowly.",
    413: "Too large.",
    415: "Neither JSON nor a form.",
    422: "The request, or the recording in it, cannot be used.",
    429: "Too many requests.",
    500: "An error of the server.",
    503: "Too busy, or not ready; come again.",
    504: "It took too long.",
}


def errors(*status: int) -> dict[int | str, dict[str, Any]]:
    """The documentation of these errors."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        one: {"description": _WORDS[one], "content": {PROBLEM: {"schema": schema}}}
        for one in status
    }
