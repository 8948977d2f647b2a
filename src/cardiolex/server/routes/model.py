"""Routes about what the server holds: the vocabulary, the model, bundled recordings."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from cardiolex.recordings.samples import samples
from cardiolex.server import answers
from cardiolex.server.opening import sample_name
from cardiolex.server.routes.api import Api, as_json
from cardiolex.server.routes.described import COMMON, errors


def add_model(routes: APIRouter, api: Api) -> None:
    """`/conditions`, `/model`, `/samples`."""

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
            return as_json({"resolved": None, "conditions": api.conditions})
        resolved, part = api.vocabulary.resolve(text), text.strip().lower()
        found = [
            one
            for one in api.conditions
            if one["name"] == resolved
            or any(part in word.lower() for word in (one["name"], *one["synonyms"]))
        ]
        found.sort(key=lambda one: one["name"] != resolved)
        return as_json({"resolved": resolved, "conditions": found})

    @routes.get(
        "/model",
        summary="The model and its card",
        tags=["model"],
        response_model=answers.Model,
        responses=errors(*COMMON),
    )
    async def model() -> Response:
        """What the model was trained and measured on, and its limits."""
        return as_json({name: api.about[name] for name in answers.Model.model_fields})

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
        return as_json({"samples": listed})
