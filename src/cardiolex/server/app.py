"""The application: routes, errors, guards, the page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import ASGIApp

from cardiolex import __version__
from cardiolex.server import answers
from cardiolex.server.crew import Crew
from cardiolex.server.guards import Access, Guards
from cardiolex.server.limits import Limits
from cardiolex.server.metrics import Metrics
from cardiolex.server.problems import (
    ClientGone,
    Problem,
    answer_error,
    answer_nobody,
    answer_problem,
)
from cardiolex.server.routes import Api, router

PAGE = Path(__file__).parent / "static"
ABOUT = (
    "Findings for ECGs with any leads, asked in plain words. Research software, **not a medical "
    "device**: every finding needs a physician's eye.\n\nA recording comes as uploaded files "
    "(`multipart/form-data`), as numbers (`application/json`), or as the name of a bundled sample. "
    "Errors are `application/problem+json`."
)


def make_app(crew: Crew, about: Mapping[str, Any], access: Access, limits: Limits) -> ASGIApp:
    """The ASGI application over workers that have started."""
    metrics = Metrics(crew)
    app = FastAPI(
        title="cardiolex",
        version=__version__,
        description=ABOUT,
        docs_url=None,  # their pages load scripts from elsewhere
        redoc_url=None,
        openapi_url="/v1/openapi.json",
    )
    app.include_router(router(Api(crew, about, limits, metrics)))
    app.add_exception_handler(Problem, answer_problem)
    app.add_exception_handler(ClientGone, answer_nobody)
    app.add_exception_handler(Exception, answer_error)
    app.add_exception_handler(HTTPException, _plain)
    app.add_exception_handler(RequestValidationError, _invalid)
    for path in sorted(PAGE.rglob("*.*")):
        _add_file(app, path)
    app.openapi = lambda: _openapi(app, access)  # type: ignore[method-assign]
    return Guards(app, access, limits, metrics)


def _add_file(app: FastAPI, path: Path) -> None:
    """Serve one file of the page under its own name; there are no others to be found."""

    async def file(_: Request) -> Response:
        return FileResponse(path)

    name = path.relative_to(PAGE).as_posix()
    for address in ("/", "/index.html") if name == "index.html" else (f"/{name}",):
        app.add_route(address, file, methods=["GET"], include_in_schema=False)


def _openapi(app: FastAPI, access: Access) -> dict[str, Any]:
    """FastAPI's description, with the problem schema and the token."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
        )
        components = schema.setdefault("components", {})
        components.setdefault("schemas", {})["Problem"] = answers.Problem.model_json_schema()
        if access.token is not None:
            components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
            schema["security"] = [{"token": []}]
        app.openapi_schema = schema
    return app.openapi_schema


async def _plain(request: Request, error: Exception) -> Response:
    """Unknown paths and methods."""
    assert isinstance(error, HTTPException)
    detail = {404: "there is nothing here", 405: "this method is not served here"}
    headers = dict(error.headers or {})
    words = detail.get(error.status_code, str(error.detail))
    return Problem(error.status_code, words, headers=headers).response()


async def _invalid(request: Request, error: Exception) -> Response:
    """Query parameters that are not as documented."""
    assert isinstance(error, RequestValidationError)
    places = [
        {"place": ".".join(map(str, one["loc"])), "problem": str(one["msg"])}
        for one in error.errors()[:20]
    ]
    detail = f"{places[0]['place']}: {places[0]['problem']}"
    return Problem(422, detail, errors=places).response()
