"""The API, version 1: one file per topic."""

from __future__ import annotations

from fastapi import APIRouter

from cardiolex.server.routes.api import Api
from cardiolex.server.routes.evidence import add_evidence
from cardiolex.server.routes.model import add_model
from cardiolex.server.routes.recordings import add_recordings
from cardiolex.server.routes.state import add_state

__all__ = ["Api", "router"]


def router(api: Api) -> APIRouter:
    """All routes below /v1."""
    routes = APIRouter(prefix="/v1")
    for add in (add_recordings, add_evidence, add_model, add_state):
        add(routes, api)
    return routes
