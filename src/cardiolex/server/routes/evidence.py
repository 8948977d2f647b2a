"""Routes about why: where the evidence lies, which leads suffice, what is alike."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from cardiolex.server import answers
from cardiolex.server.asked import ExplainBody, LeadsBody, SearchBody
from cardiolex.server.jobs import Job
from cardiolex.server.problems import Problem
from cardiolex.server.reading import described, has_recording, read_body
from cardiolex.server.routes.api import Api, as_json
from cardiolex.server.routes.described import SAMPLE, WORK, errors


def add_evidence(routes: APIRouter, api: Api) -> None:
    """`/explain`, `/sufficient-leads`, `/search`."""

    @routes.post(
        "/explain",
        summary="Where the evidence for a condition lies",
        tags=["evidence"],
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
        return as_json(await api.ask(request, job))

    @routes.post(
        "/sufficient-leads",
        summary="Which few leads suffice for the answer",
        tags=["evidence"],
        responses={200: {"model": answers.SufficientLeads}, **errors(*WORK)},
        openapi_extra={
            "requestBody": described(
                LeadsBody, {"sample": SAMPLE, "condition": "sinus rhythm", "leads": ["I", "II"]}
            )
        },
    )
    async def sufficient_leads(request: Request) -> Response:
        """The smallest subset with the decision of all leads and a probability `within` theirs.

        All subsets of one and two leads are tried; larger ones grow lead by lead. `leads` limits
        what they are chosen from.
        """
        body, source = await read_body(request, LeadsBody, api.limits)
        options = {"condition": body.condition, "within": body.within}
        job = Job("leads", api.needed(source), leads=api.leads(body.leads), options=options)
        return as_json(await api.ask(request, job))

    @routes.post(
        "/search",
        summary="What is like a recording, or fits words",
        tags=["evidence"],
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
        return as_json(await api.ask(request, job))
