"""The API, version 1."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from cardiolex.errors import CardiolexError
from cardiolex.recordings.leads import in_order
from cardiolex.recordings.samples import samples
from cardiolex.reports.vocabulary import Vocabulary
from cardiolex.server import answers
from cardiolex.server.asked import EmbedBody, ExplainBody, InspectBody, InterpretBody, SearchBody
from cardiolex.server.crew import Busy, Crew
from cardiolex.server.formats import to_csv, to_fhir
from cardiolex.server.jobs import Job, Reply, Source
from cardiolex.server.limits import Limits
from cardiolex.server.metrics import MEDIA_TYPE, Metrics
from cardiolex.server.opening import sample_name
from cardiolex.server.problems import MEDIA_TYPE as PROBLEM
from cardiolex.server.problems import ClientGone, Problem
from cardiolex.server.reading import described, has_recording, read_body

SAMPLE = "ptb-xl/00010_hr"
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


COMMON = (401, 403, 422, 429)
WORK = (*COMMON, 408, 413, 415, 500, 503, 504)


class Api:
    """The routes and what they need."""

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


def router(api: Api) -> APIRouter:
    """All routes below /v1."""
    routes = APIRouter(prefix="/v1")
    _add_work(routes, api)
    _add_facts(routes, api)
    _add_state(routes, api)
    return routes


def _add_work(routes: APIRouter, api: Api) -> None:
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
        return _json(answer)

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
        """Leads, rate, repairs, signal quality, automatic measurements; the signal if wanted."""
        body, source = await read_body(request, InspectBody, api.limits)
        options = {
            "signal": body.with_signal,
            "from_s": body.from_s,
            "seconds": body.seconds,
        }
        leads = api.leads(body.leads)
        job = Job("inspect", api.needed(source), leads=leads, options=options)
        return _json(await api.ask(request, job))

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
        return _json(await api.ask(request, job))

    @routes.post(
        "/explain",
        summary="Where the evidence for a condition lies",
        tags=["recordings"],
        responses={200: {"model": answers.Explained}, **errors(*WORK)},
        openapi_extra={
            "requestBody": described(
                ExplainBody, {"sample": SAMPLE, "condition": "atrial fibrillation"}
            )
        },
    )
    async def explain(request: Request) -> Response:
        """Relevance by lead and time, and a deletion test.

        The test takes the most relevant pieces away, and as many at random: marks that do no better
        than chance explain nothing. Of a long recording those windows are explained in which the
        condition shows most.
        """
        body, source = await read_body(request, ExplainBody, api.limits)
        options = {"condition": body.condition}
        job = Job("explain", api.needed(source), leads=api.leads(body.leads), options=options)
        return _json(await api.ask(request, job))

    @routes.post(
        "/search",
        summary="What is like a recording, or fits words",
        tags=["recordings"],
        responses={200: {"model": answers.Found}, **errors(*WORK)},
        openapi_extra={
            "requestBody": described(SearchBody, {"text": "atrial fibrillation", "top": 3})
        },
    )
    async def search(request: Request) -> Response:
        """The nearest recordings and reports of the index that the server was started with."""
        body, source = await read_body(request, SearchBody, api.limits)
        if (body.text is None) != has_recording(source):
            raise Problem(422, "give a recording or a text, one of them")
        options = {"text": body.text, "among": body.among, "top": body.top}
        job = Job("search", source, leads=api.leads(body.leads), options=options)
        return _json(await api.ask(request, job))


def _add_facts(routes: APIRouter, api: Api) -> None:
    @routes.get(
        "/conditions",
        summary="The vocabulary",
        tags=["model"],
        response_model=answers.Conditions,
        responses=errors(*COMMON),
    )
    async def conditions(
        text: Annotated[
            str | None,
            Query(max_length=300, description="Only those whose name or wording holds this."),
        ] = None,
    ) -> Response:
        """Conditions with their codes; any other words can be asked too."""
        if text is None or not text.strip():
            return _json({"resolved": None, "conditions": api.conditions})
        resolved, part = api.vocabulary.resolve(text), text.strip().lower()
        found = [
            one
            for one in api.conditions
            if one["name"] == resolved
            or any(part in word.lower() for word in (one["name"], *one["synonyms"]))
        ]
        found.sort(key=lambda one: one["name"] != resolved)
        return _json({"resolved": resolved, "conditions": found})

    @routes.get(
        "/model",
        summary="The model and its card",
        tags=["model"],
        response_model=answers.Model,
        responses=errors(*COMMON),
    )
    async def model() -> Response:
        """What the model was trained and measured on, and its limits."""
        return _json({name: api.about[name] for name in answers.Model.model_fields})

    @routes.get(
        "/samples",
        summary="Bundled real recordings",
        tags=["recordings"],
        response_model=answers.Samples,
        responses=errors(*COMMON),
    )
    async def bundled() -> Response:
        """Their names can stand in place of a file in every request."""
        listed = [
            {
                "sample": sample_name(sample),
                "dataset": sample.dataset,
                "diagnosis": sample.diagnosis,
                "age": sample.age,
                "sex": sample.sex,
            }
            for sample in samples()
        ]
        return _json({"samples": listed})


def _add_state(routes: APIRouter, api: Api) -> None:
    @routes.get("/health", summary="Is it alive?", tags=["state"], response_model=answers.Health)
    async def health() -> Response:
        """200 as long as the server answers at all."""
        return _json({"status": "alive"})

    @routes.get(
        "/ready",
        summary="Can it answer?",
        tags=["state"],
        response_model=answers.Health,
        responses=errors(503),
    )
    async def ready() -> Response:
        """200 while a worker is ready, else 503."""
        if not api.crew.pids:
            raise Problem(503, "no worker is ready")
        return _json({"status": "ready"})

    @routes.get(
        "/metrics",
        summary="Counters for Prometheus",
        tags=["state"],
        responses={200: {"content": {"text/plain": {}}}, **errors(*COMMON)},
        response_class=Response,
    )
    async def metrics() -> Response:
        """Requests, times, batches, workers; nothing about recordings."""
        return Response(api.metrics.text(), headers={"Content-Type": MEDIA_TYPE})


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


def _json(answer: Mapping[str, Any]) -> Response:
    return Response(json.dumps(answer, allow_nan=False), media_type="application/json")
