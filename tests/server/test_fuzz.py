"""Requests made up from the server's own OpenAPI description: whatever comes, never a 5xx."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def described(app):
    return schemathesis.openapi.from_asgi("/v1/openapi.json", app)


POSTS = ["interpret", "inspect", "embed", "explain", "sufficient-leads", "search"]
SLOW_S = 120  # machines that run tests may be busy
GETS = ["conditions", "model", "samples", "health", "ready", "metrics"]


@pytest.mark.parametrize(
    ("method", "name"), [*(("POST", name) for name in POSTS), *(("GET", name) for name in GETS)]
)
def test_no_request_is_a_server_error_and_answers_are_as_described(described, method, name):
    requests = described[f"/v1/{name}"][method].as_strategy()

    @settings(
        max_examples=7 if method == "POST" else 3,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=requests)
    def ask(case):
        case.call_and_validate(checks=CHECKS, timeout=SLOW_S)

    ask()


def test_every_route_is_described_with_an_example_and_its_errors(app, client):
    paths = client.get("/v1/openapi.json").json()["paths"]
    assert set(paths) == {f"/v1/{name}" for name in (*POSTS, *GETS)}
    for path, methods in paths.items():
        for method, route in methods.items():
            assert route["summary"], path
            assert route["description"], path
            if method == "post":
                body = route["requestBody"]["content"]
                assert set(body) == {"application/json", "multipart/form-data"}
                assert body["application/json"]["example"]
                assert {"401", "413", "422", "429", "503"} <= set(route["responses"])
                for code in ("422", "503"):
                    assert "application/problem+json" in route["responses"][code]["content"]


def test_the_examples_of_the_description_work(client):
    paths = client.get("/v1/openapi.json").json()["paths"]
    for path, methods in paths.items():
        for method, route in methods.items():
            if method == "post":
                example = route["requestBody"]["content"]["application/json"]["example"]
                assert client.post(path, json=example).status_code == 200, path
            else:
                assert client.get(path).status_code == 200, path
