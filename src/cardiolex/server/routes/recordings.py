"""Routes about one recording: findings, what is in it, its vector."""

from __future__ import annotations

import json
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from cardiolex.server import answers
from cardiolex.server.asked import EmbedBody, InspectBody, InterpretBody
from cardiolex.server.fhir import to_fhir
from cardiolex.server.findings_csv import to_csv
from cardiolex.server.jobs import Job
from cardiolex.server.problems import Problem
from cardiolex.server.reading import described, read_body
from cardiolex.server.routes.api import Api, as_json
from cardiolex.server.routes.described import SAMPLE, WORK, errors


def add_recordings(routes: APIRouter, api: Api) -> None:
    """`/interpret`, `/inspect`, `/embed`."""

    @routes.post(
        "/interpret",
        summary="Findings for a recording",
        tags=["recordings"],
        responses={
            200: {
                "model": answers.Interpretation,
                "content": {"text/csv": {}, "application/fhir+json": {}},
                "description": "Findings in the form asked for.",
            },
            **errors(*WORK),
        },
        openapi_extra={
            "requestBody": described(
                InterpretBody,
                {"sample": SAMPLE, "conditions": ["atrial fibrillation"], "leads": ["I", "II"]},
            )
        },
    )
    async def interpret(
        request: Request,
        format: Annotated[Literal["json", "csv", "fhir"], Query()] = "json",
    ) -> Response:
        """Answer conditions in plain words, using all leads or some.

        A condition's probability depends neither on what else is asked nor on other requests.
        `format` is json, csv (a row per condition) or fhir (R4: a Bundle of a DiagnosticReport and
        an Observation per condition, with SNOMED CT, SCP-ECG and AHA codes where known, and per
        automatic measurement).
        """
        body, source = await read_body(request, InterpretBody, api.limits)
        if body.conditions is not None and len(body.conditions) > api.limits.conditions:
            raise Problem(422, f"at most {api.limits.conditions} conditions are answered at once")
        conditions = None if body.conditions is None else tuple(dict.fromkeys(body.conditions))
        leads, options = api.leads(body.leads), {"measure": format == "fhir"}
        job = Job("interpret", api.needed(source), conditions, leads, options)
        answer = await api.ask(request, job)
        if format == "csv":
            return Response(to_csv(answer), media_type="text/csv")
        if format == "fhir":
            bundle = to_fhir(answer, api.codes)
            return Response(json.dumps(bundle), media_type="application/fhir+json")
        return as_json(answer)

    @routes.post(
        "/inspect",
        summary="What is in a recording, and how good the signal is",
        tags=["recordings"],
        responses={200: {"model": answers.Inspection}, **errors(*WORK)},
        openapi_extra={
            "requestBody": described(InspectBody, {"sample": SAMPLE, "with_signal": False})
        },
    )
    async def inspect(request: Request) -> Response:
        """What was understood, repaired and not read; signal quality, automatic measurements.

        With the signal itself if wanted. The patient's identifier is not repeated.
        """
        body, source = await read_body(request, InspectBody, api.limits)
        options = {
            "signal": body.with_signal,
            "from_s": body.from_s,
            "seconds": body.seconds,
        }
        leads = api.leads(body.leads)
        job = Job("inspect", api.needed(source), leads=leads, options=options)
        return as_json(await api.ask(request, job))

    @routes.post(
        "/embed",
        summary="A recording as a vector",
        tags=["recordings"],
        responses={200: {"model": answers.Embedding}, **errors(*WORK)},
        openapi_extra={"requestBody": described(EmbedBody, {"sample": SAMPLE})},
    )
    async def embed(request: Request) -> Response:
        """A vector of unit length; `aligned` puts it into the space shared with texts."""
        body, source = await read_body(request, EmbedBody, api.limits)
        job = Job(
            "embed",
            api.needed(source),
            leads=api.leads(body.leads),
            options={"aligned": body.aligned},
        )
        return as_json(await api.ask(request, job))
