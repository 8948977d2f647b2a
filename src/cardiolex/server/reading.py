"""From a request's body to a job's parts, whichever of the two forms it has; and their schema."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from cardiolex.server.asked import Recorded, UploadFields
from cardiolex.server.jobs import Source
from cardiolex.server.limits import Limits
from cardiolex.server.problems import Problem

Body = TypeVar("Body", bound=Recorded)
JSON, FORM = "application/json", "multipart/form-data"
_NAMES = re.compile(r"[,;\s]+")
_LISTS = {"conditions": re.compile(r"[;\n]"), "leads": _NAMES, "channels": _NAMES}
"""Fields of a form that may hold several entries, and what parts them."""


async def read_body(request: Request, kind: type[Body], limits: Limits) -> tuple[Body, Source]:
    """The checked body and where its recording comes from; Problem if it is not as documented."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media == JSON:
        body = await _json(request, kind)
        source = Source(signal=body.signal.signal() if body.signal else None, sample=body.sample)
    elif media == FORM:
        body, source = await _form(request, kind, limits)
    else:
        raise Problem(415, f"send {JSON} or {FORM}, not {media or 'nothing'!r}")
    given = [bool(source.files), source.signal is not None, source.sample is not None]
    if sum(given) > 1:
        raise Problem(422, "name one recording: files, a signal or a sample")
    return body, source


def has_recording(source: Source) -> bool:
    """Whether the request brought a recording."""
    return bool(source.files) or source.signal is not None or source.sample is not None


async def _json(request: Request, kind: type[Body]) -> Body:
    content = await request.body()
    try:
        return await asyncio.to_thread(kind.model_validate_json, content)
    except ValidationError as error:
        raise refused(error) from None


async def _form(request: Request, kind: type[Body], limits: Limits) -> tuple[Body, Source]:
    try:
        form = await request.form(max_files=limits.files, max_fields=200, max_part_size=1 << 18)
    except (MultiPartException, HTTPException) as error:
        detail = getattr(error, "message", None) or getattr(error, "detail", "")
        raise Problem(422, f"the form cannot be read: {detail}") from None
    async with _closing(form):
        files = tuple(
            [
                (value.filename or "", await value.read())
                for key, value in form.multi_items()
                if isinstance(value, UploadFile) and key == "files" and value.filename
            ]
        )
        fields = _fields(form)
    own = {name: fields.pop(name) for name in UploadFields.model_fields if name in fields}
    try:
        body, upload = kind.model_validate(fields), UploadFields.model_validate(own)
    except ValidationError as error:
        raise refused(error) from None
    return body, upload.source(files, body.sample)


class _closing:
    def __init__(self, form: FormData) -> None:
        self.form = form

    async def __aenter__(self) -> FormData:
        return self.form

    async def __aexit__(self, *_: object) -> None:
        await self.form.close()


def _fields(form: FormData) -> dict[str, Any]:
    """Text fields by name; blank ones are left out, lists are taken apart."""
    fields: dict[str, Any] = {}
    for key, value in form.multi_items():
        if isinstance(value, UploadFile):
            if key != "files":
                raise Problem(422, f"files come in the field 'files', not in {key[:40]!r}")
            continue
        if not value.strip():
            continue
        if key in _LISTS:
            fields.setdefault(key, []).extend(
                part.strip() for part in _LISTS[key].split(value) if part.strip()
            )
        elif key in fields:
            raise Problem(422, f"the field {key[:40]!r} is given twice")
        else:
            fields[key] = value
    if "signal" in fields:
        raise Problem(422, "a signal is sent as JSON")
    return fields


def refused(error: ValidationError) -> Problem:
    """What a body got wrong, place by place, without repeating what it said."""
    errors = [
        {"place": ".".join(map(str, one["loc"])), "problem": one["msg"]}
        for one in error.errors(include_url=False, include_context=False, include_input=False)[:20]
    ]
    first = errors[0]
    where = f"{first['place']}: " if first["place"] else ""
    return Problem(422, f"{where}{first['problem']}", errors=errors)


def described(kind: type[Recorded], example: Mapping[str, Any]) -> dict[str, Any]:
    """The OpenAPI `requestBody` of both forms."""
    schema = flat(kind)
    fields = {name: value for name, value in schema["properties"].items() if name != "signal"}
    fields |= flat(UploadFields)["properties"]
    fields["files"] = {
        "type": "array",
        "items": {"type": "string", "format": "binary"},
        "description": "The files of one recording: one file, or a WFDB header with its signal.",
    }
    form = {
        "type": "object",
        "properties": fields,
        "required": schema.get("required", []),
        "additionalProperties": False,
    }
    return {
        "required": True,
        "content": {
            JSON: {"schema": schema, "example": dict(example)},
            FORM: {"schema": form},
        },
    }


def flat(kind: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of a model with every reference written out."""
    schema = kind.model_json_schema()
    definitions = schema.pop("$defs", {})

    def written_out(part: Any) -> Any:
        if isinstance(part, dict):
            if "$ref" in part:
                return written_out(definitions[part["$ref"].rpartition("/")[2]])
            return {key: written_out(value) for key, value in part.items()}
        return [written_out(item) for item in part] if isinstance(part, list) else part

    flattened: dict[str, Any] = written_out(schema)
    return flattened
